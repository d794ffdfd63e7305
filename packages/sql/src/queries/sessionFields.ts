import type * as SqlClient from "@effect/sql/SqlClient"
import type { Fragment } from "@effect/sql/Statement"
import type { Session } from "han-core/Session"
import type { SessionField } from "han-core/SessionQueries"
import type { Scalar } from "han-core/Where"
import type { Columns } from "../database/where.ts"
import { activeMs, idleMs } from "./rows.ts"

/** What a statement over session "s" calls each field. The same as `sessionField` of the session that is made of the row. */
export const sessionColumns = (sql: SqlClient.SqlClient, now: number): Columns<SessionField> => {
  const told = (key: string, field = "value"): Fragment =>
    sql.onDialectOrElse({
      pg: () => sql`(s.state::json #>> ${`{${key},${field.replaceAll(".", ",")}}`}::text[])`,
      orElse: () => sql`json_extract(s.state, ${`$.${key}.${field}`})`
    })
  const number = sql.onDialectOrElse({
    pg: () => sql`(s.state::json #>> '{pullRequest,value,number}')::bigint`,
    orElse: () => told("pullRequest", "value.number")
  })
  const ended = sql.onDialectOrElse({ pg: () => sql`COALESCE(${told("ended")}, 'false') = 'true'`, orElse: () => sql`COALESCE(${told("ended")}, 0) = 1` })
  return {
    id: sql`s.id`,
    path: sql`s.cwd`,
    source: sql`s.source`,
    slug: told("slug"),
    team: told("team"),
    pullRequest: number,
    status: sql`CASE WHEN ${ended} THEN 'completed' WHEN ${now} - s.updated_at < ${activeMs} THEN 'active' WHEN ${now} - s.updated_at < ${idleMs} THEN 'idle' ELSE 'completed' END`
  }
}

export const sessionField = (session: Session, field: SessionField): Scalar => {
  switch (field) {
    case "path":
      return session.cwd
    case "pullRequest":
      return session.pullRequest?.number ?? null
    default:
      return session[field]
  }
}
