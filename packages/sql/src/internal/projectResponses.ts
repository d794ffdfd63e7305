import type * as SqlClient from "@effect/sql/SqlClient"
import type { SqlError } from "@effect/sql/SqlError"
import * as Effect from "effect/Effect"
import type { PriceTable } from "han-core/Pricing"
import { bucketOf, type Chunks, type Deltas, forEachEvent, loadSightings, type SightingRow, seenIn, sightingOf, writeNumbered } from "./chunk.ts"
import { insertRows, storable, type Value } from "./Database.ts"
import { idHash } from "./idHash.ts"
import { merge, type Sighting } from "./sighting.ts"

interface Response {
  readonly messageId: string
  readonly requestId: string
  readonly seen: Sighting
  readonly model: string
  readonly at: number | null
  readonly input: number
  readonly output: number
  readonly cacheRead: number
  readonly cacheWrite5m: number
  readonly cacheWrite1h: number
  readonly webSearches: number
  readonly tier: string | null
  readonly statedCost: number | null
}
interface ResponseRow extends SightingRow {
  readonly no: number
  readonly message_id: string
  readonly request_id: string
  readonly model: string
  readonly at: number | null
  readonly input: number
  readonly output: number
  readonly cache_read: number
  readonly cache_write_5m: number
  readonly cache_write_1h: number
  readonly web_searches: number
  readonly tier: string | null
  readonly stated_cost: number | null
}

const columns = [
  "owner",
  "id_hash",
  "message_id",
  "request_id",
  "session_no",
  "mark",
  "transcript_no",
  "line",
  "model",
  "at",
  "input",
  "output",
  "cache_read",
  "cache_write_5m",
  "cache_write_1h",
  "web_searches",
  "tier",
  "stated_cost",
  "cost"
]

/** The ledger: one row an API response, however many lines, forks and resumes repeat it. */
export const projectResponses = Effect.fnUntraced(function* (sql: SqlClient.SqlClient, chunks: Chunks, deltas: Deltas): Effect.fn.Return<void, SqlError> {
  const [{ owner, prices, table }] = chunks
  const seen = new Map<string, Map<string, Response>>()
  const sums = new Map<string, Sum>()
  forEachEvent(chunks, (chunk, event, envelope, line) => {
    if (event._tag !== "ResponseMetered") return
    const response: Response = {
      messageId: storable(event.messageId),
      requestId: storable(event.requestId ?? ""),
      seen: seenIn(chunk, envelope, line),
      model: storable(event.model),
      at: envelope.at,
      input: event.input,
      output: event.output,
      cacheRead: event.cacheRead,
      cacheWrite5m: event.cacheWrite5m,
      cacheWrite1h: event.cacheWrite1h,
      webSearches: event.webSearches,
      tier: event.tier === null ? null : storable(event.tier),
      statedCost: event.statedCostNanoUsd
    }
    put(seen, response)
  })
  if (seen.size === 0) return
  // Of another id with the same hash, too: it is written as it was.
  const rows = yield* loadSightings<ResponseRow>(sql, chunks, "response", "id_hash", [...seen.keys()].map(idHash))
  const numbers = new Map<string, number>()
  for (const row of rows) {
    const before = responseOf(row)
    numbers.set(placeOf(before), row.no)
    count(prices, deltas, sums, before, -1)
    put(seen, before)
  }
  const written: Array<{ readonly no: number | undefined; readonly values: ReadonlyArray<Value> }> = []
  for (const [messageId, byRequest] of seen) {
    if (byRequest.size > 1 && byRequest.has("")) {
      identify(byRequest)
      const anonymous = numbers.get(placeOf({ messageId, requestId: "" }))
      if (anonymous !== undefined) yield* sql`DELETE FROM ${sql.literal(table("response"))} WHERE no = ${anonymous}`
    }
    for (const response of byRequest.values()) {
      count(prices, deltas, sums, response, 1)
      const values = [
        owner,
        idHash(response.messageId),
        response.messageId,
        response.requestId,
        response.seen.sessionNo,
        response.seen.mark,
        response.seen.transcriptNo,
        response.seen.line,
        response.model,
        response.at,
        response.input,
        response.output,
        response.cacheRead,
        response.cacheWrite5m,
        response.cacheWrite1h,
        response.webSearches,
        response.tier,
        response.statedCost,
        costOf(prices, response)
      ]
      written.push({ no: numbers.get(placeOf(response)), values })
    }
  }
  yield* writeNumbered(sql, table("response"), columns, written)
  const usageSum = table("usage_sum")
  yield* insertRows(
    sql,
    {
      table: usageSum,
      columns: `session_no, bucket, model, tier, owner, ${summed.join(", ")}`,
      suffix: `ON CONFLICT (session_no, bucket, model, tier) DO UPDATE SET ${summed.map((column) => `${column} = ${usageSum}.${column} + excluded.${column}`).join(", ")}`
    },
    [...sums.values()].map((sum) => [sum.sessionNo, sum.bucket, sum.model, sum.tier, owner, ...summed.map((column) => sum[column])])
  )
})

/** What is stored holds no NUL, so no two places are the same. */
const placeOf = ({ messageId, requestId }: Pick<Response, "messageId" | "requestId">): string => `${messageId}\0${requestId}`

const put = (into: Map<string, Map<string, Response>>, response: Response) => {
  let byRequest = into.get(response.messageId)
  if (byRequest === undefined) into.set(response.messageId, (byRequest = new Map()))
  const have = byRequest.get(response.requestId)
  byRequest.set(response.requestId, have === undefined ? response : mergeResponses(have, response))
}

/** A record without a request id is one of the response that has one. */
const identify = (byRequest: Map<string, Response>) => {
  const anonymous = byRequest.get("")
  const [requestId] = [...byRequest.keys()].filter((key) => key !== "").sort()
  const response = requestId === undefined ? undefined : byRequest.get(requestId)
  if (anonymous === undefined || response === undefined) return
  byRequest.set(response.requestId, { ...mergeResponses(response, anonymous), requestId: response.requestId })
  byRequest.delete("")
}

/** The record with the largest output counts. */
const mergeResponses = (a: Response, b: Response): Response => ({ ...(weigh(a, b) >= 0 ? a : b), seen: merge(a.seen, b.seen) })
const weigh = (a: Response, b: Response): number =>
  a.output - b.output ||
  a.input - b.input ||
  a.cacheRead - b.cacheRead ||
  a.cacheWrite5m - b.cacheWrite5m ||
  a.cacheWrite1h - b.cacheWrite1h ||
  (b.at ?? 0) - (a.at ?? 0) ||
  (a.model < b.model ? -1 : 1)

const costOf = (prices: PriceTable, response: Response): number | null => response.statedCost ?? prices.costOf(response.model, response.at, response)

const count = (prices: PriceTable, deltas: Deltas, sums: Map<string, Sum>, response: Response, sign: 1 | -1) => {
  const { sessionNo } = response.seen
  const bucket = bucketOf(response.at)
  const key = `${sessionNo} ${bucket} ${response.model} ${response.tier ?? ""}`
  let sum = sums.get(key)
  if (sum === undefined) {
    sum = {
      ...{ sessionNo, bucket, model: response.model, tier: response.tier ?? "" },
      ...{ responses: 0, unpriced: 0, input: 0, output: 0, cache_read: 0, cache_write_5m: 0, cache_write_1h: 0, web_searches: 0, cost: 0 }
    }
    sums.set(key, sum)
  }
  const cost = costOf(prices, response)
  for (const target of [deltas.of(sessionNo), sum]) {
    target.responses += sign
    target.input += sign * response.input
    target.output += sign * response.output
    target.cache_read += sign * response.cacheRead
    target.cache_write_5m += sign * response.cacheWrite5m
    target.cache_write_1h += sign * response.cacheWrite1h
    if (cost === null) target.unpriced += sign
    else target.cost += sign * cost
  }
  sum.web_searches += sign * response.webSearches
}

const summed = ["responses", "unpriced", "input", "output", "cache_read", "cache_write_5m", "cache_write_1h", "web_searches", "cost"] as const

/** What a chunk changes in one row of the sums. */
type Sum = { readonly sessionNo: number; readonly bucket: number; readonly model: string; readonly tier: string } & Record<(typeof summed)[number], number>

const responseOf = (row: ResponseRow): Response => ({
  messageId: row.message_id,
  requestId: row.request_id,
  seen: sightingOf(row),
  model: row.model,
  at: row.at,
  input: row.input,
  output: row.output,
  cacheRead: row.cache_read,
  cacheWrite5m: row.cache_write_5m,
  cacheWrite1h: row.cache_write_1h,
  webSearches: row.web_searches,
  tier: row.tier,
  statedCost: row.stated_cost
})
