import type * as SqlClient from "@effect/sql/SqlClient"
import * as Effect from "effect/Effect"
import type { PriceTable } from "han-core/Pricing"
import { type BlockRow, entriesOf, type TranscriptRow, transcriptOf, withPayloads } from "../blocks/storedEntries.ts"
import { anyOf } from "../database/Database.ts"
import { storedChunk } from "./chunk.ts"
import { PendingWords } from "./pendingWords.ts"
import { type Table, tables } from "./ReadModels.ts"
import type { ReadModelTables } from "./ReadModelTables.ts"
import { takeOut } from "./rollUps.ts"

type Family = ReadonlyArray<number>

/** Tables whose rows do not name their session, or are not projected anew. Every other table is one of rows by session. */
const otherwise: ReadonlySet<Table> = new Set<Table>(["session", "message_text", "problem", "session_move", "time_sum", "model_sum", "session_day"])

/** Finds these sessions, and everybody whose rows may refer to their lines or the other way round: forks, their origins, and so on. */
export const familyOf = Effect.fnUntraced(function* (
  sql: SqlClient.SqlClient,
  models: typeof ReadModelTables.Service,
  owner: number,
  sessions: ReadonlyArray<number>
) {
  const t = (name: Table) => sql.literal(models.table(name))
  const family = new Set(sessions)
  for (let size = -1; size !== family.size; ) {
    size = family.size
    const relatives = yield* sql<{ no: number }>`
      SELECT o.no FROM ${t("session")} s JOIN ${t("session")} o ON o.owner_no = s.owner_no AND (o.first_uuid = s.first_uuid OR o.mark_session = s.id OR o.id = s.mark_session)
      WHERE s.owner_no = ${owner} AND s.no ${anyOf(sql, [...family])}
      UNION SELECT x.session_no FROM ${t("tool_call")} x JOIN transcript t ON t.owner_no = x.owner_no AND t.no = x.transcript_no WHERE t.owner_no = ${owner} AND t.session_no ${anyOf(sql, [...family])}
      UNION SELECT x.session_no FROM ${t("response")} x JOIN transcript t ON t.owner_no = x.owner_no AND t.no = x.transcript_no WHERE t.owner_no = ${owner} AND t.session_no ${anyOf(sql, [...family])}`
    for (const row of relatives) family.add(row.no)
  }
  return [...family]
})

/** Takes sessions out of the read models. */
export const clearSessions = Effect.fnUntraced(function* (sql: SqlClient.SqlClient, models: typeof ReadModelTables.Service, owner: number, family: Family) {
  const t = (name: Table) => sql.literal(models.table(name))
  const nos = anyOf(sql, family)
  yield* sql.onDialectOrElse({
    pg: () => takeOut(sql, models.table, owner, family),
    orElse: () => sql`DELETE FROM ${t("message_text")} WHERE rowid IN (SELECT id FROM ${t("message")} WHERE owner_no = ${owner} AND session_no ${nos})`
  })
  const transcripts = (yield* sql<{ no: number }>`SELECT no FROM transcript WHERE owner_no = ${owner} AND session_no ${nos}`).map((row) => row.no)
  for (const name of tables) {
    if (otherwise.has(name)) continue
    yield* sql`DELETE FROM ${t(name)} WHERE owner_no = ${owner} AND session_no ${nos}`
  }
  yield* sql`DELETE FROM ${t("session")} WHERE owner_no = ${owner} AND no ${nos}`
  yield* sql`DELETE FROM ${t("problem")} WHERE owner_no = ${owner} AND transcript_no ${anyOf(sql, transcripts)}`
})

/** Projects sessions that were taken out from what the journal has of them. */
export const projectAgain = Effect.fnUntraced(function* (
  sql: SqlClient.SqlClient,
  models: typeof ReadModelTables.Service,
  owner: number,
  family: Family,
  prices: PriceTable
) {
  const transcripts = yield* sql<TranscriptRow>`
    SELECT t.*, k.session_id FROM transcript t JOIN session_key k ON k.owner_no = t.owner_no AND k.no = t.session_no
    WHERE t.owner_no = ${owner} AND t.session_no ${anyOf(sql, family)} ORDER BY t.no`
  for (const row of transcripts) {
    const words = new PendingWords()
    const transcript = transcriptOf(row)
    let next = 0
    do {
      const rows = yield* sql<BlockRow>`
        SELECT transcript_no, first_line, lines, sequence, byte_offset, codec, data FROM block WHERE owner_no = ${owner} AND transcript_no = ${row.no} AND first_line >= ${next} ORDER BY first_line LIMIT 16`
      const last = rows.at(-1)
      if (last === undefined && next > 0) break
      const chunk = yield* storedChunk(sql, {
        prices,
        owner,
        author: row.author,
        transcript,
        no: row.no,
        sessionNo: row.session_no,
        replaced: row.replaced_by !== null,
        entries: yield* withPayloads(
          sql,
          owner,
          row.no,
          rows.flatMap((block) => entriesOf(block))
        ),
        words
      })
      yield* models.reapply([chunk])
      yield* words.insert(sql)
      next = last === undefined ? 0 : last.first_line + last.lines
    } while (next > 0)
  }
})
