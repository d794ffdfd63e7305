import type * as SqlClient from "@effect/sql/SqlClient"
import type { SqlError } from "@effect/sql/SqlError"
import * as Effect from "effect/Effect"
import { decoder } from "han-core/Decode"
import type { Entry, Transcript } from "han-core/Entry"
import type { DecodedLine } from "han-core/SessionEvent"
import * as blocks from "./blocks.ts"
import { type BlockRow, entriesOf, type TranscriptRow, transcriptOf } from "./storedEntries.ts"

/** A line with its transcript and its meaning. */
export interface Found {
  readonly transcriptId: string
  readonly transcript: Transcript
  readonly entry: Entry
  readonly decoded: DecodedLine
}
interface Place {
  readonly transcriptNo: number
  readonly line: number
}

/** Lines by their places, in two statements whatever their number. A place that is no longer there gives undefined. */
export const entriesAt = Effect.fnUntraced(function* (
  sql: SqlClient.SqlClient,
  owner: number,
  places: ReadonlyArray<Place>
): Effect.fn.Return<(place: Place) => Found | undefined, SqlError> {
  if (places.length === 0) return () => undefined
  const pairs = sql.onDialectOrElse({
    pg: () =>
      sql`unnest(${`{${places.map((place) => place.transcriptNo).join(",")}}`}::bigint[], ${`{${places.map((place) => place.line).join(",")}}`}::bigint[]) AS j(t, l)`,
    orElse: () =>
      sql`(SELECT value ->> 0 AS t, value ->> 1 AS l FROM json_each(${JSON.stringify(places.map((place) => [place.transcriptNo, place.line]))})) AS j`
  })
  const rows = yield* sql<BlockRow & Omit<TranscriptRow, "no" | "lines">>`
    SELECT b.transcript_no, b.first_line, b.lines, b.sequence, b.byte_offset, b.codec, b.data, t.id, t.machine, t.source, t.kind, t.agent_id, t.generation, k.session_id
    FROM block b JOIN transcript t ON t.owner_no = b.owner_no AND t.no = b.transcript_no JOIN session_key k ON k.owner_no = t.owner_no AND k.no = t.session_no
    WHERE b.owner_no = ${owner} AND (b.transcript_no, b.first_line) IN (SELECT j.t, (SELECT MAX(x.first_line) FROM block x WHERE x.owner_no = ${owner} AND x.transcript_no = j.t AND x.first_line <= j.l) FROM ${pairs})`
  const payloads = yield* sql<{ transcript_no: number; line: number; codec: number; data: Uint8Array }>`
    SELECT p.transcript_no, p.line, p.codec, p.data FROM entry_payload p WHERE p.owner_no = ${owner} AND (p.transcript_no, p.line) IN (SELECT j.t, j.l FROM ${pairs})`
  const key = (transcriptNo: number, line: number) => `${transcriptNo}/${line}`
  const wanted = new Set(places.map((place) => key(place.transcriptNo, place.line)))
  const payloadAt = new Map(payloads.map((row) => [key(row.transcript_no, row.line), row]))
  const decode = yield* decoder
  const found = new Map<string, Found>()
  for (const row of rows) {
    const transcript = transcriptOf(row)
    for (const plain of entriesOf(row)) {
      const at = key(row.transcript_no, plain.line)
      if (!wanted.has(at)) continue
      const payload = payloadAt.get(at)
      const entry = payload === undefined ? plain : { ...plain, payload: blocks.decompress(payload) }
      found.set(at, { transcriptId: row.id, transcript, entry, decoded: decode(transcript, entry) })
    }
  }
  return (place) => found.get(key(place.transcriptNo, place.line))
})

/** A row that names a line. */
export interface LineRow {
  readonly transcript_no: number
  readonly line: number
}

/** The lines that rows name, as `entriesAt` finds them. */
export const entriesOfRows = (
  sql: SqlClient.SqlClient,
  owner: number,
  rows: ReadonlyArray<LineRow>
): Effect.Effect<(row: LineRow) => Found | undefined, SqlError> => Effect.map(entriesAt(sql, owner, rows.map(placeOf)), (find) => (row) => find(placeOf(row)))

const placeOf = (row: LineRow): Place => ({ transcriptNo: row.transcript_no, line: row.line })
