import * as SqlClient from "@effect/sql/SqlClient"
import type { SqlError } from "@effect/sql/SqlError"
import * as Effect from "effect/Effect"
import type { Entry } from "han-core/Entry"
import type { PriceTable } from "han-core/Pricing"
import type { OwnerId } from "han-core/Viewer"
import { type BlockRow, entriesOf, type TranscriptRow, transcriptOf, withPayloads } from "../blocks/storedEntries.ts"
import { storedChunk } from "./chunk.ts"
import { PendingWords } from "./pendingWords.ts"
import { type Model, tableOf } from "./revisions.ts"

type StoredBlock = BlockRow & Omit<TranscriptRow, "no" | "lines">

/** One step of bringing the tables of `revision` up to the journal, inside a transaction. The step that finds nothing left puts them to use. */
export const backfill = Effect.fnUntraced(function* (
  sql: SqlClient.SqlClient,
  model: Model,
  revision: number,
  prices: PriceTable
): Effect.fn.Return<{ readonly finished: boolean; readonly entries: number; readonly total: number }, SqlError> {
  const lock = sql.onDialectOrElse({ pg: () => sql.literal("FOR UPDATE OF h"), orElse: () => sql.literal("") })
  const owners = yield* sql<{ owner: string; sequence: number; done: number | null }>`
    SELECT h.owner, h.sequence, c.sequence AS done FROM owner_head h
    LEFT JOIN projection_cursor c ON c.owner = h.owner AND c.name = ${model.name} AND c.revision = ${revision} ORDER BY h.owner ${lock}`
  const entries = owners.reduce((sum, row) => sum + (row.done ?? 0), 0)
  const total = owners.reduce((sum, row) => sum + row.sequence, 0)
  const next = owners.find((row) => (row.done ?? 0) < row.sequence)
  const table = tableOf(model, revision)
  const words = new PendingWords()
  const owner = next?.owner as OwnerId
  if (next !== undefined) {
    const rows = yield* sql<StoredBlock>`
      SELECT b.transcript_no, b.first_line, b.lines, b.sequence, b.byte_offset, b.codec, b.data, t.id, t.session_no, t.machine, t.source, t.kind, t.agent_id, t.generation, t.replaced_by, k.session_id
      FROM block b JOIN transcript t ON t.no = b.transcript_no JOIN session_key k ON k.no = t.session_no
      WHERE b.owner = ${next.owner} AND b.sequence > ${next.done ?? 0} ORDER BY b.sequence LIMIT 16`
    for (let from = 0; from < rows.length; ) {
      const first = rows[from]!
      const found: Array<Entry> = []
      let to = from
      for (; to < rows.length && rows[to]!.transcript_no === first.transcript_no; to++) {
        const block = rows[to]!
        for (const entry of entriesOf(block)) found.push(entry)
      }
      const chunk = yield* storedChunk(sql, {
        prices,
        owner,
        transcript: transcriptOf(first),
        no: first.transcript_no,
        sessionNo: first.session_no,
        replaced: first.replaced_by !== null,
        entries: yield* withPayloads(sql, first.transcript_no, found),
        words
      })
      yield* Effect.provideService(model.apply([chunk], table), SqlClient.SqlClient, sql)
      from = to
    }
    yield* words.insert(sql)
    // Sequences of forgotten sessions are no longer there.
    const done = rows.at(-1)?.sequence ?? next.sequence
    yield* sql`INSERT INTO projection_cursor ${sql.insert({ name: model.name, revision, owner: next.owner, sequence: done })}
      ON CONFLICT (name, revision, owner) DO UPDATE SET sequence = excluded.sequence`
    return { finished: false, entries, total }
  }
  const bare = yield* sql<TranscriptRow & { owner: string }>`
    SELECT t.*, k.session_id FROM transcript t JOIN session_key k ON k.no = t.session_no WHERE t.lines = 0`
  for (const row of bare) {
    const chunk = yield* storedChunk(sql, {
      prices,
      owner: row.owner as OwnerId,
      transcript: transcriptOf(row),
      no: row.no,
      sessionNo: row.session_no,
      replaced: row.replaced_by !== null,
      entries: [],
      words
    })
    yield* Effect.provideService(model.apply([chunk], table), SqlClient.SqlClient, sql)
  }
  yield* words.insert(sql)
  yield* sql`UPDATE projection SET revision = ${revision}, version = ${model.version}, variant = ${model.variant}, filling = 0 WHERE name = ${model.name}`
  return { finished: true, entries: total, total }
})
