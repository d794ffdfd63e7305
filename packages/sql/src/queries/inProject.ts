import type * as SqlClient from "@effect/sql/SqlClient"
import type { Fragment } from "@effect/sql/Statement"
import type { Directory } from "han-core/Directories"
import { arrayOf, storable } from "../database/Database.ts"
import type { Reader } from "./reader.ts"

/**
 * Identifies the project of session "s" with its directory "d": its id is `projectId` of it. On one machine a project is a directory. Where many machines' sessions are, it is
 * the repository that directories are checkouts of, for the same path is another one elsewhere; without a remote the directory of its machine.
 */
export const projectKey = ({ projects, sql }: Reader): Fragment => (projects === "directory" ? sql`s.cwd` : sql`COALESCE(d.remote, ${directory(sql)})`)

/** The `directoryKey` of session "s". */
export const directory = (sql: SqlClient.SqlClient): Fragment => sql`(s.machine || ':' || s.cwd)`

/** A condition: session "s" worked in one of these directories first. */
export const inDirectories = (sql: SqlClient.SqlClient, directories: ReadonlyArray<Directory>): Fragment => {
  const machines = directories.map(({ machine }) => storable(machine))
  const paths = directories.map(({ path }) => storable(path))
  return sql.onDialectOrElse({
    pg: () => sql`(s.machine, s.cwd) IN (SELECT * FROM UNNEST(${arrayOf(machines)}::text[], ${arrayOf(paths)}::text[]))`,
    orElse: () =>
      sql`(s.machine, s.cwd) IN (SELECT value ->> 0, value ->> 1 FROM json_each(${JSON.stringify(machines.map((machine, at) => [machine, paths[at]]))}))`
  })
}

/** A condition: session "s" with its directory "d" belongs to the project of this name, directory or repository. */
export const inProject = (sql: SqlClient.SqlClient, called: string): Fragment => {
  const project = storable(called)
  return sql`(COALESCE(d.name, s.project) = ${project} OR s.project = ${project} OR s.cwd = ${project} OR d.remote = ${project})`
}
