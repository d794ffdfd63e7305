import type * as SqlClient from "@effect/sql/SqlClient"
import type { SqlError } from "@effect/sql/SqlError"
import * as Effect from "effect/Effect"
import { roles } from "./pgRoles.ts"

/** The owner of the transaction; no row has none. (The setting is an empty text, not null, behind its first use on a connection.) */
export const currentOwner = "NULLIF(current_setting('han.owner', true), '')::bigint"

/** Lets the application see and write the rows of one owner in these tables, and nobody anything else; not even the one whose the tables are. */
export const protect = Effect.fnUntraced(function* (sql: SqlClient.SqlClient, tables: ReadonlyArray<string>): Effect.fn.Return<void, SqlError> {
  for (const table of tables) {
    const name = sql(table)
    yield* sql`ALTER TABLE ${name} ENABLE ROW LEVEL SECURITY`
    yield* sql`ALTER TABLE ${name} FORCE ROW LEVEL SECURITY`
    yield* sql.unsafe(`CREATE POLICY owner_rows ON "${table}" FOR ALL TO ${roles.app} USING (owner_no = ${currentOwner})`)
    yield* sql.unsafe(`GRANT SELECT, INSERT, UPDATE, DELETE ON "${table}" TO ${roles.app}`)
  }
})

/** Lets jobs see how far all owners are, and clear what no revision needs. */
export const openToJobs = Effect.fnUntraced(function* (sql: SqlClient.SqlClient): Effect.fn.Return<void, SqlError> {
  for (const [table, rights] of [
    ["owner_head", "SELECT"],
    ["projection_cursor", "SELECT, DELETE"]
  ] as const) {
    yield* sql.unsafe(`CREATE POLICY all_rows ON "${table}" FOR ALL TO ${roles.jobs} USING (true) WITH CHECK (false)`)
    yield* sql.unsafe(`GRANT ${rights} ON "${table}" TO ${roles.jobs}`)
  }
  yield* sql.unsafe(`GRANT SELECT ON han_migration, projection, owner TO ${roles.app}, ${roles.jobs}`)
  yield* sql.unsafe(`GRANT INSERT ON owner TO ${roles.app}`)
  yield* sql.unsafe(`GRANT UPDATE ON projection TO ${roles.jobs}`)
  yield* sql.unsafe(`GRANT SELECT, INSERT, UPDATE, DELETE ON replica TO ${roles.jobs}`)
})
