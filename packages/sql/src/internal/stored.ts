import type * as SqlClient from "@effect/sql/SqlClient"
import * as Effect from "effect/Effect"
import * as Schema from "effect/Schema"
import { decodeEntry } from "han-core/Decode"
import { type Entry, type SessionId, type Transcript, type TranscriptId, transcriptId } from "han-core/Entry"
import { SourceFile, type TranscriptInfo } from "han-core/Journal"
import type { PriceTable } from "han-core/Pricing"
import type { DecodedLine } from "han-core/SessionEvent"
import type { OwnerId } from "han-core/Viewer"
import * as blocks from "./blocks.ts"
import type { Chunk } from "./chunk.ts"
import { storable } from "./Database.ts"
import type { PendingWords } from "./pendingWords.ts"

const isSourceFile = Schema.is(SourceFile)
/** Facts that an older version wrote in another shape are no facts: the file is looked at anew. */
const decodeFile = (text: string): SourceFile | null => {
  const file: unknown = JSON.parse(text)
  return isSourceFile(file) ? file : null
}

/** A row of "transcript" with its session's id. */
export interface TranscriptRow {
  readonly no: number
  readonly id: string
  readonly session_no: number
  readonly session_id: string
  readonly machine: string
  readonly source: string
  readonly kind: Transcript["kind"]
  readonly agent_id: string | null
  readonly generation: number
  readonly lines: number
  readonly bytes: number
  readonly file: string | null
  readonly meta: string | null
  readonly missing_since: number | null
}

export const transcriptOf = (row: Pick<TranscriptRow, "machine" | "source" | "session_id" | "kind" | "agent_id" | "generation">): Transcript => ({
  machine: row.machine,
  source: row.source,
  sessionId: row.session_id as SessionId,
  kind: row.kind,
  agentId: row.agent_id as Transcript["agentId"],
  generation: row.generation
})

export const infoOf = (row: TranscriptRow): TranscriptInfo => ({
  id: row.id as TranscriptId,
  transcript: transcriptOf(row),
  lines: row.lines,
  bytes: row.bytes,
  file: row.file === null ? null : decodeFile(row.file),
  meta: row.meta,
  missingSince: row.missing_since
})

export interface BlockRow {
  readonly transcript_no: number
  readonly first_line: number
  readonly lines: number
  readonly sequence: number
  readonly byte_offset: number
  readonly codec: number
  readonly data: Uint8Array
}
export const entriesOf = (row: BlockRow, from?: number, to?: number): ReadonlyArray<Entry> =>
  blocks.unpack({ firstLine: row.first_line, lines: row.lines, offset: row.byte_offset, codec: row.codec, data: row.data }, from, to)

/** Entries with the content they point to. */
export const withPayloads = Effect.fnUntraced(function* (sql: SqlClient.SqlClient, transcriptNo: number, entries: ReadonlyArray<Entry>) {
  const first = entries[0]
  const last = entries.at(-1)
  if (first === undefined || last === undefined) return entries
  const rows = yield* sql<{ line: number; codec: number; data: Uint8Array }>`
    SELECT line, codec, data FROM entry_payload WHERE transcript_no = ${transcriptNo} AND line BETWEEN ${first.line} AND ${last.line}`
  if (rows.length === 0) return entries
  const byLine = new Map(rows.map((found) => [found.line, found]))
  return entries.map((entry) => {
    const found = byLine.get(entry.line)
    return found === undefined ? entry : { ...entry, payload: blocks.decompress(found) }
  })
})

/** The number of a session, made when it has none yet. */
export const sessionNumber = Effect.fnUntraced(function* (sql: SqlClient.SqlClient, owner: OwnerId, sessionId: string) {
  const find = sql<{ no: number }>`SELECT no FROM session_key WHERE owner = ${owner} AND session_id = ${sessionId}`
  const [found] = yield* find
  if (found !== undefined) return found.no
  yield* sql`INSERT INTO session_key ${sql.insert({ owner, session_id: sessionId })} ON CONFLICT DO NOTHING`
  return (yield* find)[0]!.no
})

/** A chunk with the numbers of the sessions that it names. */
export const chunkOf = Effect.fnUntraced(function* (
  sql: SqlClient.SqlClient,
  prices: PriceTable,
  of: {
    readonly owner: OwnerId
    readonly transcript: Transcript
    readonly no: number
    readonly sessionNo: number
    readonly entries: ReadonlyArray<Entry>
    readonly decoded?: ReadonlyArray<DecodedLine>
    readonly words: PendingWords
    readonly isNew?: boolean
  }
) {
  const decoded = of.decoded ?? of.entries.map((entry) => decodeEntry(of.transcript, entry))
  const named = new Set<string>()
  for (const { envelope } of decoded) {
    const other = envelope.requestSessionId ?? envelope.forkedFrom
    if (other !== null && other !== of.transcript.sessionId) named.add(other)
  }
  const numbers = new Map<string, number>()
  for (const id of named) numbers.set(id, yield* sessionNumber(sql, of.owner, storable(id)))
  // Which tables is for the model to say that takes it.
  const chunk: Chunk = { ...of, id: transcriptId(of.transcript), decoded, numbers, prices, isNew: of.isNew === true, table: (name) => name }
  return chunk
})
