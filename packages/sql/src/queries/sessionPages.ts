import type * as SqlClient from "@effect/sql/SqlClient"
import type { Fragment } from "@effect/sql/Statement"
import * as Clock from "effect/Clock"
import * as Effect from "effect/Effect"
import type { PageRequest } from "han-core/Page"
import type { SessionField } from "han-core/SessionQueries"
import type { OwnerId } from "han-core/Viewer"
import { inOrder, type OrderBy } from "han-core/Where"
import { decodeCursor, encodeCursor, pageOf, plan, slice } from "../database/page.ts"
import type { Table } from "../readmodels/ReadModels.ts"
import { forkOf } from "./family.ts"
import { type SessionRow, sessionFromRow } from "./rows.ts"
import { sessionField } from "./sessionFields.ts"

/** Where a session stands in the list, as it was after the move "begun". */
interface Place {
  readonly place: number
  readonly begun: number
}

/** Pages of the list of sessions, whose conditions are over session "s" and its directory "d". */
export const sessionPages = (sql: SqlClient.SqlClient, table: (name: Table) => string) => {
  // Tables change their names when read models are rebuilt.
  const t = (name: Table) => sql.literal(table(name))
  const select = (place: Fragment = sql`s.updated_at`) => sql`SELECT s.*, ${place} AS place, ${forkOf(sql, table)} AS fork_of, d.name AS repo_name, d.remote,
    (SELECT COUNT(DISTINCT x.agent_id) FROM transcript x WHERE x.session_no = s.no AND x.kind = 'agent') AS subagents
    FROM ${t("session")} s LEFT JOIN directory d ON d.owner = s.owner AND d.path = s.cwd`
  const lastMove = (owner: OwnerId) => sql`(SELECT COALESCE(MAX(v.id), 0) FROM ${t("session_move")} v WHERE v.owner = ${owner})`

  /**
   * A page of the sessions that fulfil the condition, the latest activity first. A cursor says when its list was begun: what has moved since then is where it was at that time,
   * so that no session of the list is passed over or met again.
   */
  const recent = Effect.fnUntraced(function* (owner: OwnerId, condition: Fragment, page: PageRequest) {
    const { backward, size } = plan(page)
    const after = page.after === undefined ? undefined : yield* decodeCursor("sessions", 3, page.after)
    const before = page.before === undefined ? undefined : yield* decodeCursor("sessions", 3, page.before)
    const begun = (after ?? before)?.[2]
    const between = (place: Fragment) =>
      sql`${after === undefined ? sql`1 = 1` : sql`(${place}, s.no) < (${after[0]!}, ${after[1]!})`} AND ${
        before === undefined ? sql`1 = 1` : sql`(${place}, s.no) > (${before[0]!}, ${before[1]!})`
      }`
    const direction = sql.literal(backward ? "" : "DESC")
    const updatedAt = sql`s.updated_at`
    const list = (more: Fragment) =>
      sql`${select()} WHERE ${condition} AND ${more} AND ${between(updatedAt)} ORDER BY s.updated_at ${direction}, s.no ${direction} LIMIT ${size + 1}`
    const moved = (what: Fragment) => sql`SELECT ${what} FROM ${t("session_move")} v WHERE v.owner = ${owner} AND v.id > ${begun ?? 0}`
    const beforeAt = sql`f.before_at`
    const rows = yield* begun === undefined
      ? sql<SessionRow & Place>`SELECT y.*, ${lastMove(owner)} AS begun FROM (${list(sql`1 = 1`)}) y ORDER BY y.place ${direction}, y.no ${direction}`
      : sql<SessionRow & Place>`
          SELECT y.* FROM (
            SELECT * FROM (${list(sql`s.no NOT IN (${moved(sql`v.session_no`)})`)}) still
            UNION ALL ${select(beforeAt)}
              JOIN (SELECT w.session_no, w.before_at FROM ${t("session_move")} w
                WHERE w.owner = ${owner} AND w.id IN (${moved(sql`MIN(v.id)`)} GROUP BY v.session_no)) f ON f.session_no = s.no
              WHERE ${condition} AND ${between(beforeAt)}) y
          ORDER BY y.place ${direction}, y.no ${direction} LIMIT ${size + 1}`
    const now = yield* Clock.currentTimeMillis
    return pageOf(
      page,
      rows,
      (row) => sessionFromRow(row, now),
      (row) => encodeCursor("sessions", [row.place, row.no, begun ?? row.begun])
    )
  })

  /** A page in another order, of which all sessions are looked at: cursors are ids, so that rows that arrive move none out of reach. */
  const sorted = Effect.fnUntraced(function* (condition: Fragment, orderBy: ReadonlyArray<OrderBy<SessionField>>, page: PageRequest) {
    const now = yield* Clock.currentTimeMillis
    // In the list's own order, which stays for those that are equal in the other.
    const rows = (yield* sql<SessionRow>`${select()} WHERE ${condition} ORDER BY s.updated_at DESC, s.no DESC`).map((row) => ({
      no: row.no,
      session: sessionFromRow(row, now)
    }))
    rows.sort((a, b) =>
      inOrder(
        orderBy,
        (field) => sessionField(a.session, field),
        (field) => sessionField(b.session, field)
      )
    )
    return yield* slice(
      "sorted sessions",
      page,
      rows,
      ({ no }) => no,
      ({ session }) => session
    )
  })
  return { select, lastMove, recent, sorted }
}
