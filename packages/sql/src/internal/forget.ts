import type * as SqlClient from "@effect/sql/SqlClient"
import * as Effect from "effect/Effect"
import type { Entry, SessionId } from "han-core/Entry"
import type { PriceTable } from "han-core/Pricing"
import type { OwnerId } from "han-core/Viewer"
import { type Table, tables } from "../ReadModels.ts"
import { anyOf } from "./Database.ts"
import type { Models } from "./Models.ts"
import { PendingWords } from "./pendingWords.ts"
import { type BlockRow, entriesOf, storedChunk, type TranscriptRow, transcriptOf, withPayloads } from "./stored.ts"

/** Tables whose rows do not name their session, or are not projected anew for relatives. Every other table is one of rows by session. */
const otherwise: ReadonlySet<Table> = new Set<Table>(["session", "message_text", "problem", "session_move"])

/**
 * Removes sessions from the journal and the read models. Sessions that share history with them (forks and their origins) are taken out of the read models
 * with them and projected again from what the journal still has, so that the rows are what a rebuild would give.
 */
export const forgetSessions = Effect.fnUntraced(function* (
  sql: SqlClient.SqlClient,
  models: typeof Models.Service,
  owner: OwnerId,
  ids: ReadonlyArray<SessionId>,
  prices: PriceTable
) {
  const t = (name: Parameters<typeof models.table>[0]) => sql.literal(models.table(name))
  const now = Date.now()
  yield* sql.onDialectOrElse({ pg: () => Effect.void, orElse: () => sql`PRAGMA secure_delete = ON` })
  yield* sql`UPDATE owner_head SET sequence = sequence WHERE owner = ${owner}`
  const gone = yield* sql<{
    no: number
    session_id: string
  }>`SELECT k.no, k.session_id FROM session_key k WHERE k.owner = ${owner} AND k.session_id ${anyOf(sql, ids)}
    AND (EXISTS (SELECT 1 FROM transcript t WHERE t.session_no = k.no) OR EXISTS (SELECT 1 FROM tool_output o WHERE o.session_no = k.no))`
  for (const id of ids) yield* sql`INSERT INTO tombstone ${sql.insert({ owner, session_id: id, forgotten_at: now })} ON CONFLICT DO NOTHING`
  if (gone.length === 0) return { sessions: 0, entries: 0 }

  // Everybody whose rows may refer to a forgotten one's lines, or the other way round.
  const family = new Set(gone.map((row) => row.no))
  for (let size = -1; size !== family.size; ) {
    size = family.size
    const relatives = yield* sql<{ no: number }>`
      SELECT o.no FROM ${t("session")} s JOIN ${t("session")} o ON o.owner = s.owner AND (o.first_uuid = s.first_uuid OR o.mark_session = s.id OR o.id = s.mark_session)
      WHERE s.no ${anyOf(sql, [...family])}
      UNION SELECT x.session_no FROM ${t("tool_call")} x JOIN transcript t ON t.no = x.transcript_no WHERE t.session_no ${anyOf(sql, [...family])}
      UNION SELECT x.session_no FROM ${t("response")} x JOIN transcript t ON t.no = x.transcript_no WHERE t.session_no ${anyOf(sql, [...family])}`
    for (const row of relatives) family.add(row.no)
  }
  const nos = anyOf(sql, [...family])
  const transcripts = (yield* sql<{ no: number }>`SELECT no FROM transcript WHERE session_no ${nos}`).map((row) => row.no)
  yield* sql.onDialectOrElse({
    pg: () => sql`DELETE FROM ${t("message_text")} WHERE owner = ${owner} AND id IN (SELECT id FROM ${t("message")} WHERE session_no ${nos})`,
    orElse: () => sql`DELETE FROM ${t("message_text")} WHERE rowid IN (SELECT id FROM ${t("message")} WHERE session_no ${nos})`
  })
  for (const name of tables) {
    if (otherwise.has(name)) continue
    yield* sql`DELETE FROM ${t(name)} WHERE session_no ${nos}`
  }
  yield* sql`DELETE FROM ${t("session")} WHERE no ${nos}`
  yield* sql`DELETE FROM ${t("problem")} WHERE transcript_no ${anyOf(sql, transcripts)}`

  const forgotten = anyOf(
    sql,
    gone.map((row) => row.no)
  )
  const [counted] = yield* sql<{ entries: number | null }>`SELECT SUM(lines) AS entries FROM transcript WHERE session_no ${forgotten}`
  for (const name of ["block", "entry_payload"]) {
    yield* sql`DELETE FROM ${sql.literal(name)} WHERE transcript_no IN (SELECT no FROM transcript WHERE session_no ${forgotten})`
  }
  yield* sql`DELETE FROM tool_output_piece WHERE output_no IN (SELECT no FROM tool_output WHERE session_no ${forgotten})`
  yield* sql`DELETE FROM tool_output WHERE session_no ${forgotten}`
  yield* sql`DELETE FROM transcript WHERE session_no ${forgotten}`
  yield* sql`DELETE FROM ${t("session_move")} WHERE session_no ${forgotten}`

  // The relatives, from what is left of the journal.
  const rest = yield* sql<TranscriptRow>`
    SELECT t.*, k.session_id FROM transcript t JOIN session_key k ON k.no = t.session_no WHERE t.session_no ${nos} ORDER BY t.no`
  for (const row of rest) {
    const words = new PendingWords()
    const transcript = transcriptOf(row)
    let next = 0
    do {
      const rows = yield* sql<BlockRow>`
        SELECT transcript_no, first_line, lines, sequence, byte_offset, codec, data FROM block WHERE transcript_no = ${row.no} AND first_line >= ${next} ORDER BY first_line LIMIT 16`
      const found: ReadonlyArray<Entry> = rows.flatMap((block) => entriesOf(block))
      const last = rows.at(-1)
      if (last === undefined && next > 0) break
      const chunk = yield* storedChunk(sql, {
        prices,
        owner,
        transcript,
        no: row.no,
        sessionNo: row.session_no,
        entries: yield* withPayloads(sql, row.no, found),
        words
      })
      yield* models.reapply([chunk])
      yield* words.insert(sql)
      next = last === undefined ? 0 : last.first_line + last.lines
    } while (next > 0)
  }
  return { sessions: gone.length, entries: Number(counted?.entries ?? 0) }
})
