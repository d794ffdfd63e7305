import type * as SqlClient from "@effect/sql/SqlClient"
import type { SqlError } from "@effect/sql/SqlError"
import * as Effect from "effect/Effect"
import type { PriceTable, PricedTokens as Tokens } from "han-core/Pricing"
import { maxCostNanoUsd } from "han-core/SessionEvent"
import { insertRows, storable, type Value } from "../database/Database.ts"
import { idHash } from "../database/idHash.ts"
import { termsOf } from "../database/terms.ts"
import { type Chunks, type Deltas, loadProvenance, noUsage, type ProvenanceRow, provenanceOf, seenIn, type UsageDelta, writeNumbered } from "./chunk.ts"
import { merge, type Provenance } from "./provenance.ts"
import { type Identity, identify, isPlace } from "./responseIds.ts"

interface Response extends Identity {
  readonly part: number
  readonly seen: Provenance
  readonly model: string
  readonly at: number | null
  readonly input: number
  readonly output: number
  readonly cacheRead: number
  readonly cacheWrite5m: number
  readonly cacheWrite1h: number
  readonly webSearches: number
  /** Surcharges that the record shows. */
  readonly terms: string
  /** True when its record states what cannot be. */
  readonly garbled: boolean
  readonly statedCost: number | null
}
interface ResponseRow extends ProvenanceRow {
  readonly no: number
  readonly message_id: string
  readonly request_id: string
  readonly part: number
  readonly model: string
  readonly at: number | null
  readonly input: number
  readonly output: number
  readonly cache_read: number
  readonly cache_write_5m: number
  readonly cache_write_1h: number
  readonly web_searches: number
  readonly terms: string
  readonly garbled: number
  readonly unsure: number
  readonly stated_cost: number | null
}

const columns = [
  "owner_no",
  "id_hash",
  "message_id",
  "request_id",
  "part",
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
  "terms",
  "garbled",
  "unsure",
  "stated_cost",
  "cost"
]

/** Part of a key, which PostgreSQL keeps short. */
const maxModel = 200

/** The ledger: one row an API response, however many lines, forks and resumes repeat it. */
export const projectResponses = Effect.fnUntraced(function* (sql: SqlClient.SqlClient, chunks: Chunks, deltas: Deltas): Effect.fn.Return<void, SqlError> {
  const [{ owner, prices, table }] = chunks
  const seen = yield* responsesIn(sql, chunks)
  if (seen.size === 0) return
  // Of another id with the same hash, too: it is written as it was.
  const rows = yield* loadProvenance<ResponseRow>(sql, chunks, "response", "id_hash", [...seen.keys()].map(idHash))
  const numbers = new Map<string, number>()
  for (const row of rows) {
    const before = responseOf(row)
    numbers.set(placeOf(before), row.no)
    count(prices, deltas, before, -1)
    put(seen, before)
  }
  const written: Array<{ readonly no: number | undefined; readonly values: ReadonlyArray<Value> }> = []
  for (const byRequest of seen.values()) {
    for (const anonymous of joinAnonymous(byRequest)) {
      const no = numbers.get(placeOf(anonymous))
      if (no !== undefined) yield* sql`DELETE FROM ${sql.literal(table("response"))} WHERE owner_no = ${owner} AND no = ${no}`
    }
    for (const response of byRequest.values()) {
      count(prices, deltas, response, 1)
      written.push({ no: numbers.get(placeOf(response)), values: valuesOf(owner, prices, response) })
    }
  }
  yield* writeNumbered(sql, table("response"), columns, written)
  yield* addSums(sql, table("usage_sum"), owner, deltas)
})

/** The responses that the chunks tell of, by their message ids and then by their requests. */
const responsesIn = Effect.fnUntraced(function* (sql: SqlClient.SqlClient, chunks: Chunks) {
  const [{ prices }] = chunks
  const seen = new Map<string, Map<string, Response>>()
  for (const { chunk, decoded, event, identity } of yield* identify(sql, chunks)) {
    put(seen, {
      messageId: identity.messageId,
      requestId: identity.requestId,
      unsure: identity.unsure,
      part: event.part,
      seen: seenIn(chunk, decoded.envelope, decoded.line),
      model: storable(event.model.slice(0, maxModel)),
      at: decoded.envelope.at,
      input: event.input,
      output: event.output,
      cacheRead: event.cacheRead,
      cacheWrite5m: event.cacheWrite5m,
      cacheWrite1h: event.cacheWrite1h,
      webSearches: event.webSearches,
      terms: termsOf(event.surcharges, promptOf(event) > longPrompt),
      garbled: event.impossible.length > 0 || costsTooMuch(prices, event, decoded.envelope.at),
      statedCost: event.statedCostNanoUsd
    })
  }
  return seen
})

/** In the order of `columns`. */
const valuesOf = (owner: number, prices: PriceTable, response: Response): ReadonlyArray<Value> => [
  owner,
  idHash(response.messageId),
  response.messageId,
  response.requestId,
  response.part,
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
  response.terms,
  Number(response.garbled),
  Number(response.unsure),
  response.statedCost,
  costOf(prices, response)
]

const summed = Object.keys(noUsage()) as ReadonlyArray<keyof UsageDelta>
const addSums = (sql: SqlClient.SqlClient, table: string, owner: number, { byCharge }: Deltas) =>
  insertRows(
    sql,
    {
      table,
      columns: `owner_no, session_no, bucket, model, terms, ${summed.join(", ")}`,
      suffix: `ON CONFLICT (owner_no, session_no, bucket, model, terms) DO UPDATE SET ${summed.map((column) => `${column} = ${table}.${column} + excluded.${column}`).join(", ")}`
    },
    [...byCharge.values()].map(({ bucket, model, sessionNo, sums, terms }) => [owner, sessionNo, bucket, model, terms, ...summed.map((column) => sums[column])])
  )

/** Stored texts hold no NUL, so no two places are the same. */
const placeOf = ({ messageId, part, requestId }: Pick<Response, "messageId" | "part" | "requestId">): string => `${messageId}\0${keyOf(requestId, part)}`
const keyOf = (requestId: string, part: number): string => `${requestId}\0${part}`

const put = (into: Map<string, Map<string, Response>>, response: Response) => {
  let byRequest = into.get(response.messageId)
  if (byRequest === undefined) into.set(response.messageId, (byRequest = new Map()))
  const key = keyOf(response.requestId, response.part)
  const have = byRequest.get(key)
  byRequest.set(key, have === undefined ? response : mergeResponses(have, response))
}

const isAnonymous = ({ requestId }: Response): boolean => requestId === "" || isPlace(requestId)

/** A record without a request id is one of the response that has one. Gives those that are no longer responses of their own. */
const joinAnonymous = (byRequest: Map<string, Response>): ReadonlyArray<Response> => {
  if (byRequest.size < 2) return []
  const all = [...byRequest.values()]
  const requestId = all.flatMap((response) => (isAnonymous(response) ? [] : [response.requestId])).sort()[0]
  if (requestId === undefined) return []
  const joined = all.filter(isAnonymous)
  for (const anonymous of joined) {
    byRequest.delete(keyOf(anonymous.requestId, anonymous.part))
    const key = keyOf(requestId, anonymous.part)
    const response = byRequest.get(key)
    byRequest.set(key, { ...(response === undefined ? anonymous : mergeResponses(response, anonymous)), requestId })
  }
  return joined
}

/** The record with the largest output counts. */
const mergeResponses = (a: Response, b: Response): Response => ({ ...(weigh(a, b) >= 0 ? a : b), seen: merge(a.seen, b.seen), unsure: a.unsure || b.unsure })
const weigh = (a: Response, b: Response): number =>
  Number(b.garbled) - Number(a.garbled) ||
  a.output - b.output ||
  a.input - b.input ||
  a.cacheRead - b.cacheRead ||
  a.cacheWrite5m - b.cacheWrite5m ||
  a.cacheWrite1h - b.cacheWrite1h ||
  a.webSearches - b.webSearches ||
  a.terms.length - b.terms.length ||
  (b.at ?? 0) - (a.at ?? 0) ||
  (a.statedCost ?? -1) - (b.statedCost ?? -1) ||
  (a.model === b.model ? 0 : a.model < b.model ? 1 : -1) ||
  (a.terms <= b.terms ? 1 : -1)

/** Null when it is not known. */
const costOf = (prices: PriceTable, response: Response): number | null => {
  if (response.garbled) return null
  return response.statedCost ?? prices.costOf(response.model, response.at, response)
}

const promptOf = (event: Tokens): number => event.input + event.cacheRead + event.cacheWrite5m + event.cacheWrite1h
/** From here on vendors may charge more for every token. */
const longPrompt = 200_000
/** Fewer tokens cost less than the bound at every published price. */
const manyTokens = 100_000_000
const costsTooMuch = (prices: PriceTable, event: Tokens & { readonly model: string }, at: number | null): boolean =>
  promptOf(event) + event.output > manyTokens && (prices.costOf(event.model, at, event) ?? 0) > maxCostNanoUsd

const count = (prices: PriceTable, deltas: Deltas, response: Response, sign: 1 | -1) => {
  const { sessionNo } = response.seen
  const sum = deltas.usage(sessionNo, response.at, response.model, response.terms)
  const cost = costOf(prices, response)
  for (const target of [deltas.of(sessionNo), sum]) {
    if (response.part === 0) target.responses += sign
    target.input += sign * response.input
    target.output += sign * response.output
    target.cache_read += sign * response.cacheRead
    target.cache_write_5m += sign * response.cacheWrite5m
    target.cache_write_1h += sign * response.cacheWrite1h
    if (cost === null) target.unpriced += sign
    else target.cost += sign * cost
  }
  sum.charges += sign
  if (response.garbled) sum.garbled += sign
  if (response.unsure) sum.unsure += sign
  sum.web_searches += sign * response.webSearches
}

const responseOf = (row: ResponseRow): Response => ({
  messageId: row.message_id,
  requestId: row.request_id,
  unsure: row.unsure === 1,
  part: row.part,
  seen: provenanceOf(row),
  model: row.model,
  at: row.at,
  input: row.input,
  output: row.output,
  cacheRead: row.cache_read,
  cacheWrite5m: row.cache_write_5m,
  cacheWrite1h: row.cache_write_1h,
  webSearches: row.web_searches,
  terms: row.terms,
  garbled: row.garbled === 1,
  statedCost: row.stated_cost
})
