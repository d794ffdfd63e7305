import type * as SqlClient from "@effect/sql/SqlClient"
import type { SqlError } from "@effect/sql/SqlError"
import * as Effect from "effect/Effect"
import { decoder } from "han-core/Decode"
import { type Entry, type Transcript, type TranscriptId, transcriptId } from "han-core/Entry"
import type { PriceTable } from "han-core/Pricing"
import type { DecodedLine, Envelope, SessionEvent } from "han-core/SessionEvent"
import { fitOf, originOf } from "han-core/unstable/Origin"
import { sessionNumbers, sessionsNamed } from "../blocks/storedEntries.ts"
import { anyOf, insertRows, type Value } from "../database/Database.ts"
import type { PendingWords } from "./pendingWords.ts"
import type { Provenance } from "./provenance.ts"
import type { Table } from "./ReadModels.ts"

/** Consecutive lines of one transcript, on their way into the read models. */
export interface Chunk {
  /** The owner's number. */
  readonly owner: number
  /** The person whose transcript it is. */
  readonly author: string | null
  readonly transcript: Transcript
  readonly id: TranscriptId
  readonly no: number
  readonly sessionNo: number
  /** True when another generation replaced this one: only the ledger takes its lines. */
  readonly replaced: boolean
  readonly entries: ReadonlyArray<Entry>
  readonly decoded: ReadonlyArray<DecodedLine>
  /** The names of the tables to fill. */
  readonly table: (name: Table) => string
  readonly prices: PriceTable
  /** Holds words back until the end of the transaction. */
  readonly words: PendingWords
  /** True for lines that have just come; others are projected again. */
  readonly isNew: boolean
  /** True when the store has nothing of the session but this chunk. */
  readonly isFirst: boolean
  /** Numbers of the sessions that lines of this chunk name as the one they were copied from. */
  readonly numbers: ReadonlyMap<string, number>
}

const knowledge = { request: 0, branch: 1, line: 3 } as const

export const seenIn = (chunk: Chunk, envelope: Envelope, line: number): Provenance => {
  const origin = originOf(chunk.transcript, envelope)
  // A file that somebody copied or renamed: what its lines tell of is its own unless the session that they name has them, too.
  const other = origin === null || origin.by === "line" ? undefined : chunk.numbers.get(origin.sessionId)
  const known = origin === null ? 2 : knowledge[origin.by]
  return {
    sessionNo: other ?? chunk.sessionNo,
    mark: known + 4 * fitOf(chunk.transcript, envelope),
    transcriptNo: chunk.no,
    transcriptId: chunk.id,
    transcriptSessionNo: chunk.sessionNo,
    line
  }
}

/** Chunks that go into the same tables in one transaction: all of one owner, a transcript's in order. Together they cost as many statements as one. */
export type Chunks = readonly [Chunk, ...ReadonlyArray<Chunk>]

export const forEachEvent = (chunks: Chunks, visit: (chunk: Chunk, event: SessionEvent, envelope: Envelope, line: number) => void): void => {
  for (const chunk of chunks) for (const { envelope, events, line } of chunk.decoded) for (const event of events) visit(chunk, event, envelope, line)
}

/** Sums of a session that a chunk changes. */
export interface Delta {
  messages: number
  prompts: number
  tool_calls: number
  tool_errors: number
  compactions: number
  responses: number
  unpriced: number
  input: number
  output: number
  cache_read: number
  cache_write_5m: number
  cache_write_1h: number
  cost: number
}
export const noDelta = (): Delta => ({
  messages: 0,
  prompts: 0,
  tool_calls: 0,
  tool_errors: 0,
  compactions: 0,
  responses: 0,
  unpriced: 0,
  input: 0,
  output: 0,
  cache_read: 0,
  cache_write_5m: 0,
  cache_write_1h: 0,
  cost: 0
})

/** A quarter of an hour: days of every time zone are made of whole ones. */
export const bucketMs = 15 * 60_000
export const bucketOf = (at: number | null): number => (at === null ? -1 : Math.floor(at / bucketMs))
const dayMs = 86_400_000
export const dayOf = (at: number | null): number => (at === null ? -1 : Math.floor(at / dayMs))
/** Quarters of an hour of a day in UTC. */
export const daysQuarters = dayMs / bucketMs
export const dayOfBucket = (bucket: number): number => Math.floor(bucket / daysQuarters)

/** Sums of a session's quarter of an hour that a chunk changes. */
export interface ActivityDelta {
  messages: number
  prompts: number
  prompt_ms: number
  tool_calls: number
  lines_added: number
  lines_removed: number
  file_changes: number
  analysed: number
  score: number
  low: number
  moderate: number
  high: number
}
export const noActivity = (): ActivityDelta => ({
  messages: 0,
  prompts: 0,
  prompt_ms: 0,
  tool_calls: 0,
  lines_added: 0,
  lines_removed: 0,
  file_changes: 0,
  analysed: 0,
  score: 0,
  low: 0,
  moderate: 0,
  high: 0
})

/** Sums of a session's quarter of an hour, of one model and one kind of terms, that a chunk changes. */
export interface UsageDelta {
  charges: number
  responses: number
  unpriced: number
  garbled: number
  unsure: number
  input: number
  output: number
  cache_read: number
  cache_write_5m: number
  cache_write_1h: number
  web_searches: number
  cost: number
}
export const noUsage = (): UsageDelta => ({
  charges: 0,
  responses: 0,
  unpriced: 0,
  garbled: 0,
  unsure: 0,
  input: 0,
  output: 0,
  cache_read: 0,
  cache_write_5m: 0,
  cache_write_1h: 0,
  web_searches: 0,
  cost: 0
})
interface Charged {
  readonly sessionNo: number
  readonly bucket: number
  readonly model: string
  readonly terms: string
  readonly sums: UsageDelta
}

/** The sums that chunks change, by session. */
export class Deltas {
  readonly bySession = new Map<number, Delta>()
  readonly byBucket = new Map<string, { readonly sessionNo: number; readonly bucket: number; readonly sums: ActivityDelta }>()
  readonly byCharge = new Map<string, Charged>()
  readonly byTool = new Map<string, { readonly sessionNo: number; readonly day: number; readonly name: string; readonly agentType: string; calls: number }>()
  /** Sessions whose task lists are to be added up again. */
  readonly withTasks = new Set<number>()
  /** Most lines are of the same quarter of an hour as the line before. */
  private last: { readonly sessionNo: number; readonly bucket: number; readonly sums: ActivityDelta } | undefined
  activity(sessionNo: number, at: number | null): ActivityDelta {
    const bucket = bucketOf(at)
    if (this.last?.sessionNo === sessionNo && this.last.bucket === bucket) return this.last.sums
    const key = `${sessionNo}/${bucket}`
    let found = this.byBucket.get(key)
    if (found === undefined) this.byBucket.set(key, (found = { sessionNo, bucket, sums: noActivity() }))
    this.last = found
    return found.sums
  }
  usage(sessionNo: number, at: number | null, model: string, terms: string): UsageDelta {
    const bucket = bucketOf(at)
    const key = `${sessionNo} ${bucket} ${model}\0${terms}`
    let found = this.byCharge.get(key)
    if (found === undefined) this.byCharge.set(key, (found = { sessionNo, bucket, model, terms, sums: noUsage() }))
    return found.sums
  }
  countTool(sessionNo: number, at: number | null, name: string, agentType: string, calls: number): void {
    const day = dayOf(at)
    const key = `${sessionNo}/${day}/${agentType}/${name}`
    const found = this.byTool.get(key)
    if (found === undefined) this.byTool.set(key, { sessionNo, day, name, agentType, calls })
    else found.calls += calls
  }
  of(sessionNo: number): Delta {
    let delta = this.bySession.get(sessionNo)
    if (delta === undefined) this.bySession.set(sessionNo, (delta = noDelta()))
    return delta
  }
}

/** The columns that rows of shared things have in common. */
export interface ProvenanceRow {
  readonly session_no: number
  readonly mark: number
  readonly transcript_no: number
  readonly line: number
  readonly seen_id: string
  readonly seen_session: number
}
export const provenanceOf = (row: ProvenanceRow): Provenance => ({
  sessionNo: row.session_no,
  mark: row.mark,
  transcriptNo: row.transcript_no,
  transcriptId: row.seen_id,
  transcriptSessionNo: row.seen_session,
  line: row.line
})

/** The rows of a shared table that have one of these keys, with the transcript that each refers to. */
export const loadProvenance = <A extends ProvenanceRow>(
  sql: SqlClient.SqlClient,
  [chunk]: Chunks,
  table: Table,
  key: string,
  keys: ReadonlyArray<string> | ReadonlyArray<number>
): Effect.Effect<ReadonlyArray<A>, SqlError> =>
  keys.length === 0
    ? Effect.succeed([])
    : sql<A>`SELECT x.*, t.id AS seen_id, t.session_no AS seen_session FROM ${sql.literal(chunk.table(table))} x JOIN transcript t ON t.owner_no = x.owner_no AND t.no = x.transcript_no
        WHERE x.owner_no = ${chunk.owner} AND x.${sql.literal(key)} ${anyOf(sql, keys)}`

/** Writes rows of a numbered table: those with a number instead of the one that has it, the others as new ones. */
export const writeNumbered = Effect.fnUntraced(function* (
  sql: SqlClient.SqlClient,
  table: string,
  columns: ReadonlyArray<string>,
  rows: ReadonlyArray<{ readonly no: number | undefined; readonly values: ReadonlyArray<Value> }>
): Effect.fn.Return<void, SqlError> {
  yield* insertRows(
    sql,
    { table, columns: columns.join(", ") },
    rows.flatMap(({ no, values }) => (no === undefined ? [values] : []))
  )
  yield* upsert(
    sql,
    table,
    sql.onDialectOrElse({ pg: () => ["owner_no", "no"], orElse: () => ["no"] }),
    ["no", ...columns],
    rows.flatMap(({ no, values }) => (no === undefined ? [] : [[no, ...values]]))
  )
})

/** Writes rows by their key, replacing all other columns. */
export const upsert = (
  sql: SqlClient.SqlClient,
  table: string,
  key: ReadonlyArray<string>,
  columns: ReadonlyArray<string>,
  rows: Parameters<typeof insertRows>[2]
): Effect.Effect<void, SqlError> => {
  const rest = columns.filter((column) => !key.includes(column))
  const suffix = `ON CONFLICT (${key.join(", ")}) DO UPDATE SET ${rest.map((column) => `${column} = excluded.${column}`).join(", ")}`
  return rows.length === 0 ? Effect.void : Effect.asVoid(insertRows(sql, { table, columns: columns.join(", "), suffix }, rows))
}

/** Lines that the journal has, as a chunk that is projected again. Which tables is for the model to say that takes it. */
export const storedChunk = Effect.fnUntraced(function* (
  sql: SqlClient.SqlClient,
  of: Pick<Chunk, "owner" | "author" | "transcript" | "no" | "sessionNo" | "replaced" | "entries" | "prices" | "words">
): Effect.fn.Return<Chunk, SqlError> {
  const decode = yield* decoder
  const decoded = of.entries.map((entry) => decode(of.transcript, entry))
  const { numbers } = yield* sessionNumbers(sql, of.owner, sessionsNamed(of.transcript, decoded))
  return { ...of, id: transcriptId(of.transcript), decoded, numbers, isNew: false, isFirst: false, table: (name) => name }
})
