import type * as SqlClient from "@effect/sql/SqlClient"
import { type Fragment, join } from "@effect/sql/Statement"
import { directoryKey } from "han-core/Directories"
import type { Session } from "han-core/Session"
import type { SessionField } from "han-core/SessionQueries"
import type { Scalar } from "han-core/Where"
import type { ColumnOf } from "../database/where.ts"
import { directory } from "./inProject.ts"
import { statusByAge } from "./rows.ts"

/** A field of sessions, as a statement over session "s" calls it and as a session has it: both are the same for every session. */
interface Field {
  readonly column: (sql: SqlClient.SqlClient, now: number) => Fragment
  readonly read: (session: Session) => Scalar
}

const fields: { readonly [Name in SessionField]: Field } = {
  id: { column: (sql) => sql`s.id`, read: ({ id }) => id },
  path: { column: (sql) => sql`s.cwd`, read: ({ cwd }) => cwd },
  directory: { column: directory, read: ({ cwd, machine }) => (cwd === null ? null : directoryKey({ machine, path: cwd })) },
  source: { column: (sql) => sql`s.source`, read: ({ source }) => source },
  author: { column: (sql) => sql`s.author`, read: ({ author }) => author },
  title: {
    column: (sql) => sql`COALESCE(${fact(sql, "userTitle")}, ${fact(sql, "modelTitle")}, ${fact(sql, "firstPrompt")}, ${fact(sql, "firstCommand")})`,
    read: ({ firstPrompt, title }) => title ?? firstPrompt
  },
  branch: { column: (sql) => fact(sql, "branch"), read: ({ branch }) => branch },
  model: { column: (sql) => fact(sql, "model"), read: ({ model }) => model },
  startedAt: { column: (sql) => sql`s.started_at`, read: ({ startedAt }) => startedAt },
  updatedAt: { column: (sql) => sql`NULLIF(s.updated_at, 0)`, read: ({ updatedAt }) => updatedAt },
  cost: { column: (sql) => sql`(CASE WHEN s.cost = 0 AND s.unpriced > 0 THEN NULL ELSE s.cost END)`, read: ({ costNanoUsd }) => costNanoUsd },
  messages: { column: (sql) => sql`s.messages`, read: ({ messages }) => messages },
  toolErrors: { column: (sql) => sql`s.tool_errors`, read: ({ toolErrors }) => toolErrors },
  slug: { column: (sql) => fact(sql, "slug"), read: ({ slug }) => slug },
  team: { column: (sql) => fact(sql, "team"), read: ({ team }) => team },
  pullRequest: {
    column: (sql) => {
      const number = fact(sql, "pullRequest", ",number", ".number")
      return sql.onDialectOrElse({ pg: () => sql`${number}::bigint`, orElse: () => number })
    },
    read: ({ pullRequest }) => pullRequest?.number ?? null
  },
  status: {
    column: (sql, now) => {
      const ended = sql.onDialectOrElse({
        pg: () => sql`COALESCE(${fact(sql, "ended")}, 'false') = 'true'`,
        orElse: () => sql`COALESCE(${fact(sql, "ended")}, 0) = 1`
      })
      const ages = statusByAge.map(([status, ms]) => sql`WHEN ${now} - s.updated_at < ${ms} THEN ${sql.literal(`'${status}'`)}`)
      return sql`CASE WHEN ${ended} THEN 'completed' ${join(" ", false)(ages)} ELSE 'completed' END`
    },
    read: ({ status }) => status
  }
}

/** The value of a fact of the state, or a part of it. */
const fact = (sql: SqlClient.SqlClient, name: string, pgPart = "", part = ""): Fragment =>
  sql.onDialectOrElse({
    pg: () => sql`(s.state::json #>> ${`{${name},value${pgPart}}`}::text[])`,
    orElse: () => sql`json_extract(s.state, ${`$.${name}.value${part}`})`
  })

export const sessionColumn =
  (sql: SqlClient.SqlClient, now: number): ColumnOf<SessionField> =>
  (field) =>
    fields[field].column(sql, now)
export const sessionField = (session: Session, field: SessionField): Scalar => fields[field].read(session)
