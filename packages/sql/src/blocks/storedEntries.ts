import type * as SqlClient from "@effect/sql/SqlClient"
import type { SqlError } from "@effect/sql/SqlError"
import * as Effect from "effect/Effect"
import * as Schema from "effect/Schema"
import type { Entry, SessionId, Transcript, TranscriptId } from "han-core/Entry"
import { SourceFile, type TranscriptInfo } from "han-core/Journal"
import type { DecodedLine } from "han-core/SessionEvent"
import { originOf } from "han-core/unstable/Origin"
import { anyOf, insertRows, storable } from "../database/Database.ts"
import * as blocks from "./blocks.ts"

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
  readonly replaced_by: number | null
  readonly author: string | null
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
  author: row.author,
  missingSince: row.missing_since,
  replacedBy: row.replaced_by
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
export const withPayloads = Effect.fnUntraced(function* (sql: SqlClient.SqlClient, owner: number, transcriptNo: number, entries: ReadonlyArray<Entry>) {
  const first = entries[0]
  const last = entries.at(-1)
  if (first === undefined || last === undefined) return entries
  const rows = yield* sql<{ line: number; codec: number; data: Uint8Array }>`
    SELECT line, codec, data FROM entry_payload WHERE owner_no = ${owner} AND transcript_no = ${transcriptNo} AND line BETWEEN ${first.line} AND ${last.line}`
  if (rows.length === 0) return entries
  const byLine = new Map(rows.map((found) => [found.line, found]))
  return entries.map((entry) => {
    const found = byLine.get(entry.line)
    return found === undefined ? entry : { ...entry, payload: blocks.decompress(found) }
  })
})

/** The numbers of sessions by their ids; `made`: of those that had none yet. */
export interface SessionNumbers {
  readonly numbers: ReadonlyMap<string, number>
  readonly made: ReadonlySet<number>
}

/** Finds the numbers of sessions, and makes them where there is none yet. */
export const sessionNumbers = Effect.fnUntraced(function* (
  sql: SqlClient.SqlClient,
  owner: number,
  sessionIds: Iterable<string>
): Effect.fn.Return<SessionNumbers, SqlError> {
  const numbers = new Map<string, number>()
  const made = new Set<number>()
  const ids = [...new Set(sessionIds)]
  const missing = () => ids.filter((id) => !numbers.has(id))
  const look = Effect.fnUntraced(function* () {
    const asked = missing()
    const rows = yield* sql<{
      session_id: string
      no: number
    }>`SELECT session_id, no FROM session_key WHERE owner_no = ${owner} AND session_id ${anyOf(sql, asked)}`
    const found = new Map(rows.map((row) => [row.session_id, row.no]))
    for (const id of asked) {
      const no = found.get(storable(id))
      if (no !== undefined) numbers.set(id, no)
    }
  })
  if (ids.length === 0) return { numbers, made }
  yield* look()
  const unknown = missing()
  if (unknown.length === 0) return { numbers, made }
  yield* insertRows(
    sql,
    { table: "session_key", columns: "owner_no, session_id", suffix: "ON CONFLICT DO NOTHING" },
    unknown.map((id) => [owner, storable(id)])
  )
  yield* look()
  for (const id of unknown) made.add(numbers.get(id)!)
  return { numbers, made }
})

/** Sessions, other than their own, that lines name as the one they were copied from. */
export const sessionsNamed = (transcript: Transcript, decoded: ReadonlyArray<DecodedLine>): ReadonlyArray<string> => {
  const named = new Set<string>()
  for (const { envelope } of decoded) {
    const origin = originOf(transcript, envelope)
    if (origin !== null && origin.by !== "line") named.add(origin.sessionId)
  }
  return [...named]
}
