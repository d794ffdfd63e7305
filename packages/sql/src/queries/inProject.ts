import type * as SqlClient from "@effect/sql/SqlClient"
import type { Fragment } from "@effect/sql/Statement"
import { storable } from "../database/Database.ts"

/** A condition: session "s" with its directory "d" belongs to the project of this name, directory or repository. */
export const inProject = (sql: SqlClient.SqlClient, called: string): Fragment => {
  const project = storable(called)
  return sql`(COALESCE(d.name, s.project) = ${project} OR s.project = ${project} OR s.cwd = ${project} OR d.remote = ${project})`
}
