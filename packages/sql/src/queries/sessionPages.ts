import type { Fragment } from "@effect/sql/Statement"
import * as Clock from "effect/Clock"
import * as Effect from "effect/Effect"
import type { PageRequest } from "han-core/Page"
import type { Session } from "han-core/Session"
import type { SessionField } from "han-core/SessionQueries"
import { inOrder, type OrderBy } from "han-core/Where"
import { decodeCursor, encodeCursor, pageOf, plan, slice } from "../database/page.ts"
import { forkOf } from "./family.ts"
import { projectKey } from "./inProject.ts"
import type { Reading } from "./reader.ts"
import { type SessionRow, sessionFromRow } from "./rows.ts"
import { sessionField } from "./sessionFields.ts"

/** The place of a session in the list as it was after the move "begun". */
interface Place {
  readonly place: number
  readonly begun: number
}

/** Begins a statement over session "s" and its directory "d" that gives a `SessionRow`. */
export const selectSessions = (reading: Reading, place?: Fragment): Fragment => {
  const { owner, sql, t } = reading
  return sql`SELECT s.*, ${place ?? sql`s.updated_at`} AS place, ${forkOf(reading)} AS fork_of, d.name AS repo_name, d.remote, ${projectKey(reading)} AS project_key,
    (SELECT COUNT(DISTINCT x.agent_id) FROM transcript x WHERE x.owner_no = ${owner} AND x.session_no = s.no AND x.kind = 'agent') AS subagents
    FROM ${t("session")} s LEFT JOIN directory d ON d.owner_no = s.owner_no AND d.machine = s.machine AND d.path = s.cwd`
}

/** Rows as sessions are now. */
export const sessionsFrom = Effect.fnUntraced(function* <Row extends SessionRow>(rows: ReadonlyArray<Row>) {
  const now = yield* Clock.currentTimeMillis
  const sessions: Array<{ readonly row: Row; readonly session: Session }> = []
  for (const row of rows) sessions.push({ row, session: yield* sessionFromRow(row, now) })
  return sessions
})

/** The number of the last move in an owner's list. */
export const lastMove = ({ owner, sql, t }: Reading): Fragment => sql`(SELECT COALESCE(MAX(v.id), 0) FROM ${t("session_move")} v WHERE v.owner_no = ${owner})`

/**
 * A page of the sessions that fulfil a condition over session "s" and its directory "d", the latest activity first. A cursor says when its list was begun: what has moved since
 * then is where it was at that time, so that no session of the list is passed over or met again.
 */
export const recent = Effect.fnUntraced(function* (reading: Reading, condition: Fragment, page: PageRequest) {
  const { owner, sql, t } = reading
  const { backward, size } = plan(page)
  const after = page.after === undefined ? undefined : yield* decodeCursor("sessions", 3, page.after)
  const before = page.before === undefined ? undefined : yield* decodeCursor("sessions", 3, page.before)
  const begun = (after ?? before)?.[2]
  const between = (place: Fragment) =>
    sql`${after === undefined ? sql`1 = 1` : sql`(${place}, s.no) < (${after[0]!}, ${after[1]!})`} AND ${
      before === undefined ? sql`1 = 1` : sql`(${place}, s.no) > (${before[0]!}, ${before[1]!})`
    }`
  const direction = sql.literal(backward ? "" : "DESC")
  const list = (more: Fragment) =>
    sql`${selectSessions(reading)} WHERE ${condition} AND ${more} AND ${between(sql`s.updated_at`)} ORDER BY s.updated_at ${direction}, s.no ${direction} LIMIT ${size + 1}`
  const moved = (what: Fragment) => sql`SELECT ${what} FROM ${t("session_move")} v WHERE v.owner_no = ${owner} AND v.id > ${begun ?? 0}`
  const beforeAt = sql`f.before_at`
  const rows = yield* begun === undefined
    ? sql<SessionRow & Place>`SELECT y.*, ${lastMove(reading)} AS begun FROM (${list(sql`1 = 1`)}) y ORDER BY y.place ${direction}, y.no ${direction}`
    : sql<SessionRow & Place>`
        SELECT y.* FROM (
          SELECT * FROM (${list(sql`s.no NOT IN (${moved(sql`v.session_no`)})`)}) still
          UNION ALL ${selectSessions(reading, beforeAt)}
            JOIN (SELECT w.session_no, w.before_at FROM ${t("session_move")} w
              WHERE w.owner_no = ${owner} AND w.id IN (${moved(sql`MIN(v.id)`)} GROUP BY v.session_no)) f ON f.session_no = s.no
            WHERE ${condition} AND ${between(beforeAt)}) y
        ORDER BY y.place ${direction}, y.no ${direction} LIMIT ${size + 1}`
  return pageOf(
    page,
    yield* sessionsFrom(rows),
    ({ session }) => session,
    ({ row }) => encodeCursor("sessions", [row.place, row.no, begun ?? row.begun])
  )
})

/** A page in another order, of which all sessions are looked at: cursors are ids, so that rows that arrive move none out of reach. */
export const sorted = Effect.fnUntraced(function* (reading: Reading, condition: Fragment, orderBy: ReadonlyArray<OrderBy<SessionField>>, page: PageRequest) {
  // In the list's own order, which stays for those that are equal in the other.
  const found = yield* sessionsFrom(yield* reading.sql<SessionRow>`${selectSessions(reading)} WHERE ${condition} ORDER BY s.updated_at DESC, s.no DESC`)
  found.sort((a, b) =>
    inOrder(
      orderBy,
      (field) => sessionField(a.session, field),
      (field) => sessionField(b.session, field)
    )
  )
  return yield* slice(
    "sorted sessions",
    page,
    found,
    ({ row }) => row.no,
    ({ session }) => session
  )
})
