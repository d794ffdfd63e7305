import type * as SqlClient from "@effect/sql/SqlClient"
import type { SqlError } from "@effect/sql/SqlError"
import * as Effect from "effect/Effect"
import { transcriptFileId } from "han-core/Entry"
import type { DecodedLine, SessionEventOf } from "han-core/SessionEvent"
import { storable } from "../database/Database.ts"
import type { Chunk, Chunks } from "./chunk.ts"
import { type LinesAbove, linesAbove } from "./linesAbove.ts"

type Metered = SessionEventOf<"ResponseMetered">

/** The key that tells a response from all others. */
export interface Identity {
  /** The vendor's, or a place: see `isPlace`. */
  readonly messageId: string
  /** The vendor's, empty, or a place. */
  readonly requestId: string
  /** True when the response may be a part or a copy of another one: no line says so, and none says that it is not. */
  readonly unsure: boolean
}

/** Tells whether an id is made of where a response stands, by this file. */
export const isPlace = (id: string): boolean => id.startsWith("line:") || id.startsWith("ref:")

/** A line's record of a response, and of which one. */
export interface ResponseRecord {
  readonly chunk: Chunk
  readonly decoded: DecodedLine
  readonly event: Metered
  readonly identity: Identity
}

/**
 * Vendors give each response an id that is long and random. Gateways leave it out, give a word of their own to all responses, or a new one to each line. Then it is told
 * by what the client itself writes: its id of the request, or else the line with which the response begins. That is found from the lines above in the transcript alone, so
 * that it is the same however lines come. Lines with both of the vendor's ids need no look at others.
 */
export const identify = Effect.fnUntraced(function* (sql: SqlClient.SqlClient, chunks: Chunks): Effect.fn.Return<ReadonlyArray<ResponseRecord>, SqlError> {
  const records: Array<ResponseRecord> = []
  // Each block of a response has a line, with the vendor's ids again.
  let last: Identity | undefined
  for (const chunk of chunks) {
    let above: LinesAbove | undefined
    for (const decoded of chunk.decoded) {
      let identity: Identity | undefined
      let nth = 0
      for (const event of decoded.events) {
        if (event._tag !== "ResponseMetered") continue
        if (identity === undefined || event.part === 0) {
          identity = last !== undefined && isOf(last, event) ? last : stated(decoded, event)
          if (identity === undefined) {
            above ??= linesAbove(sql, chunk)
            identity = yield* byPlace(chunk, above, { line: decoded, event }, nth)
          } else if (decoded.envelope.type === "assistant" && isOf(identity, event)) last = identity
          nth++
        }
        records.push({ chunk, decoded, event, identity })
      }
    }
  }
  return records
})

const uuid = /^[0-9a-f]{8}-[0-9a-f]{4}-[0-9a-f]{4}-[0-9a-f]{4}-[0-9a-f]{12}$/i
const longRun = 16
/** Long and random: a run of letters and digits as vendors make them, or a uuid. */
const isOneOfItsKind = (id: string | null): id is string => {
  if (id === null || id.length < longRun) return false
  let run = 0,
    digits = 0
  for (let at = 0; at < id.length; at++) {
    const unit = id.charCodeAt(at)
    const isDigit = unit >= 0x30 && unit <= 0x39
    if (isDigit || (unit >= 0x61 && unit <= 0x7a) || (unit >= 0x41 && unit <= 0x5a)) {
      run++
      if (isDigit) digits++
      if (run >= longRun && digits > 0) return true
    } else run = digits = 0
  }
  return uuid.test(id)
}

const isOf = ({ messageId, requestId }: Identity, event: Metered): boolean => messageId === event.messageId && requestId === event.requestId

/** The identity that the line tells itself; undefined when other lines must be looked at. */
const stated = ({ envelope }: DecodedLine, { messageId, requestId, requestRef }: Metered): Identity | undefined => {
  if (isOneOfItsKind(messageId) && isOneOfItsKind(requestId)) return sure(messageId, requestId)
  // Lines of other kinds are a response each, whose id is the line's.
  if (envelope.type !== "assistant") return sure(messageId ?? "", requestId ?? "")
  if (requestRef === null) return undefined
  return isOneOfItsKind(messageId) ? sure(messageId, `ref:${requestRef}`) : sure(`ref:${requestRef}`, "")
}
const sure = (messageId: string, requestId: string): Identity => ({ messageId: storable(messageId), requestId: storable(requestId), unsure: false })

/** A line, and what it says of its response. */
interface Told {
  readonly line: DecodedLine
  readonly event: Metered
}

const byPlace = Effect.fnUntraced(function* (chunk: Chunk, above: LinesAbove, told: Told, nth: number): Effect.fn.Return<Identity, SqlError> {
  // A line that holds several records, one behind the other, says of the first alone what it follows.
  const first = nth === 0 ? yield* firstOf(above, told) : told
  const whole = first === told ? undefined : stated(first.line, first.event)
  if (whole !== undefined) return whole
  const { messageId, requestId } = first.event
  const named = ({ event, line }: Told) =>
    `line:${event.originUuid ?? line.envelope.uuid ?? `${transcriptFileId(chunk.transcript)}#${line.line}`}${nth === 0 ? "" : `#${nth}`}`
  if (isOneOfItsKind(messageId)) return sure(messageId, named(yield* firstOfTurn(above, first)))
  if (isOneOfItsKind(requestId)) return sure(`req:${requestId}`, messageId ?? "")
  // Nothing would tell a copy of such a line from another one.
  const bare = messageId === null && requestId === null && first.event.originUuid === null && first.line.envelope.uuid === null
  return { ...sure(named(first), ""), unsure: bare || (yield* mayGoOn(above, first)) }
})

const meteredOn = ({ events }: DecodedLine): Metered | undefined => events.find((event): event is Metered => event._tag === "ResponseMetered")
const toldBy = (line: DecodedLine | null): Told | null => {
  const event = line === null || line.envelope.type !== "assistant" ? undefined : meteredOn(line)
  return line === null || event === undefined ? null : { line, event }
}

/** The line with which the response of this one begins: each block of a response has a line, which follows the one before. */
const firstOf = Effect.fnUntraced(function* (above: LinesAbove, told: Told): Effect.fn.Return<Told, SqlError> {
  for (let first = told; ; ) {
    const before: Told | null = toldBy(yield* above.before(first.line))
    if (before === null || !goesOn(before.event, first)) return first
    first = before
  }
})

const prompt = ["input", "cacheRead", "cacheWrite5m", "cacheWrite1h"] as const
const samePrompt = (a: Metered, b: Metered): boolean => prompt.every((key) => a[key] === b[key])
const hasPrompt = (event: Metered): boolean => prompt.some((key) => event[key] > 0)
/** To the last token: the next response of a conversation has read more than the one before. */
const sameTokens = (a: Metered, b: Metered): boolean => a.model === b.model && a.output === b.output && samePrompt(a, b) && (hasPrompt(a) || a.output > 0)

/** Tells whether two lines with one id may be of one response. The prompt of a response that is still coming may not be counted yet. */
const sameResponse = (a: Metered, b: Metered): boolean =>
  a.messageId !== null && a.messageId === b.messageId && (samePrompt(a, b) || !hasPrompt(a) || !hasPrompt(b))

/** Tells whether a line that follows another one is of the same response. */
const goesOn = (before: Metered, { event, line }: Told): boolean => {
  if (before.requestId !== null && event.requestId !== null && before.requestId !== event.requestId) return false
  if (before.requestRef !== event.requestRef) return false
  if (before.messageId !== null && before.messageId === event.messageId) return sameResponse(before, event)
  // Only a line that names the one before as its parent follows it for certain.
  return line.envelope.parentUuid !== null && sameTokens(before, event)
}

/** Results of tools, and text for the model that came with them: they may stand between lines of one response, a prompt does not. */
const isWithinTurn = ({ envelope, events }: DecodedLine): boolean => envelope.isMeta || events.some(({ _tag }) => _tag === "ToolReturned")

/** The first line of the turn with this line's response: the vendor's id of a response may come without one of the request, and a gateway's again with every response. */
const firstOfTurn = Effect.fnUntraced(function* (above: LinesAbove, told: Told): Effect.fn.Return<Told, SqlError> {
  let first = told
  for (let line = told.line; ; ) {
    const before: DecodedLine | null = yield* above.before(line)
    const other = toldBy(before)
    if (before === null || (before.envelope.type !== "assistant" && !isWithinTurn(before))) return first
    if (other !== null && sameResponse(other.event, told.event)) first = other
    line = before
  }
})

/** Tells whether the response could be the rest of one above, from which results of tools divide it: the client runs tools before all blocks have come. */
const mayGoOn = Effect.fnUntraced(function* (above: LinesAbove, { event, line }: Told): Effect.fn.Return<boolean, SqlError> {
  let before = yield* above.before(line)
  if (before === null || before.envelope.type === "assistant") return false
  while (before !== null && before.envelope.type !== "assistant" && isWithinTurn(before)) before = yield* above.before(before)
  const other = toldBy(before)
  return other !== null && other.event.messageId === event.messageId && sameTokens(other.event, event)
})
