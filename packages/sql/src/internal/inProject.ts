import type * as SqlClient from "@effect/sql/SqlClient"
import type { Fragment } from "@effect/sql/Statement"

/** Whether session "s" with its directory "d" belongs to what people call `project`: a name, a directory, or a repository. */
export const inProject = (sql: SqlClient.SqlClient, project: string): Fragment =>
  sql`(COALESCE(d.name, s.project) = ${project} OR s.project = ${project} OR s.cwd = ${project} OR d.remote = ${project})`
