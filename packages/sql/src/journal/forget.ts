import type * as SqlClient from "@effect/sql/SqlClient"
import * as Effect from "effect/Effect"
import type { SessionId } from "han-core/Entry"
import type { ForgottenSession } from "han-core/JournalWriter"
import type { PriceTable } from "han-core/Pricing"
import type { PersonId } from "han-core/Viewer"
import { anyOf, storable } from "../database/Database.ts"
import { lockOwner } from "../database/lockOwner.ts"
import type { ReadModelTables } from "../readmodels/ReadModelTables.ts"
import { clearSessions, familyOf, projectAgain } from "../readmodels/reproject.ts"
import { ofTranscripts } from "../sync/syncTables.ts"
import { audit } from "../workspaces/audit.ts"

/**
 * Removes sessions from the journal and the read models. Sessions that share history with them (forks and their origins) are taken out of the read models
 * with them and projected again from what the journal still has, so that the rows are what a rebuild would give.
 */
export const forgetSessions = Effect.fnUntraced(function* (
  sql: SqlClient.SqlClient,
  models: typeof ReadModelTables.Service,
  owner: number,
  person: string | null,
  ids: ReadonlyArray<SessionId>,
  prices: PriceTable
) {
  const now = Date.now()
  yield* sql.onDialectOrElse({ pg: () => Effect.void, orElse: () => sql`PRAGMA secure_delete = ON` })
  yield* lockOwner(sql, owner)
  yield* models.level(owner)
  const gone = yield* sql<{
    no: number
    session_id: string
  }>`SELECT k.no, k.session_id FROM session_key k WHERE k.owner_no = ${owner} AND k.session_id ${anyOf(sql, ids)}
    AND (EXISTS (SELECT 1 FROM transcript t WHERE t.owner_no = ${owner} AND t.session_no = k.no) OR EXISTS (SELECT 1 FROM tool_output o WHERE o.owner_no = ${owner} AND o.session_no = k.no))`
  // A session that is there is its author's, whoever forgets it.
  const authors = yield* sql<{ session_id: string; author: string | null }>`
    SELECT DISTINCT k.session_id, t.author FROM session_key k JOIN transcript t ON t.owner_no = k.owner_no AND t.session_no = k.no
    WHERE k.owner_no = ${owner} AND k.session_id ${anyOf(sql, ids)}`
  const known = new Set(authors.map(({ session_id }) => session_id))
  const others = ids.map(storable).filter((id) => !known.has(id))
  for (const { author, session_id } of [...authors, ...others.map((session_id) => ({ session_id, author: person }))])
    yield* noteForgotten(sql, owner, author, [{ sessionId: session_id as SessionId, at: now }])
  if (gone.length === 0) return { sessions: 0, entries: 0 }
  const family = yield* familyOf(
    sql,
    models,
    owner,
    gone.map((row) => row.no)
  )
  yield* clearSessions(sql, models, owner, family)

  const forgotten = anyOf(
    sql,
    gone.map((row) => row.no)
  )
  const [counted] = yield* sql<{ entries: number | null }>`SELECT SUM(lines) AS entries FROM transcript WHERE owner_no = ${owner} AND session_no ${forgotten}`
  for (const name of ["block", "entry_payload", ...ofTranscripts]) {
    yield* sql`DELETE FROM ${sql.literal(name)} WHERE owner_no = ${owner} AND transcript_no IN (SELECT no FROM transcript WHERE owner_no = ${owner} AND session_no ${forgotten})`
  }
  yield* sql`DELETE FROM tool_output_piece WHERE owner_no = ${owner} AND output_no IN (SELECT no FROM tool_output WHERE owner_no = ${owner} AND session_no ${forgotten})`
  yield* sql`DELETE FROM tool_output WHERE owner_no = ${owner} AND session_no ${forgotten}`
  yield* sql`DELETE FROM transcript WHERE owner_no = ${owner} AND session_no ${forgotten}`
  yield* sql`DELETE FROM ${sql.literal(models.table("session_move"))} WHERE owner_no = ${owner} AND session_no ${forgotten}`
  yield* projectAgain(sql, models, owner, family, prices)
  // Who looks after their own machine keeps no log of it.
  if (person !== null)
    yield* sql.onDialectOrElse({
      pg: () =>
        Effect.forEach(gone, ({ session_id }) =>
          audit(sql, { person: person as PersonId, action: "session.forget", resource: session_id, outcome: "done", detail: {} })
        ),
      orElse: () => Effect.void
    })
  return { sessions: gone.length, entries: Number(counted?.entries ?? 0) }
})

/** From then on nothing of these sessions is stored that is the author's. */
export const noteForgotten = (sql: SqlClient.SqlClient, owner: number, author: string | null, sessions: ReadonlyArray<ForgottenSession>) =>
  Effect.forEach(
    sessions,
    ({ at, sessionId }) =>
      sql`INSERT INTO tombstone ${sql.insert({ owner_no: owner, session_id: storable(sessionId), author: author ?? "", forgotten_at: at })} ON CONFLICT DO NOTHING`,
    { discard: true }
  )
