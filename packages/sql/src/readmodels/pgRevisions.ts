import * as SqlClient from "@effect/sql/SqlClient"
import type { SqlError } from "@effect/sql/SqlError"
import * as Effect from "effect/Effect"
import { anyOf } from "../database/Database.ts"
import { roles } from "../database/pgRoles.ts"
import { protect } from "../database/pgSecurity.ts"
import { wordsFunctionOf } from "./pgWords.ts"
import { type Model, tableOf } from "./revisions.ts"

/** The revision that serves a model of this version and variant; the newest that is complete. */
export const registered = (sql: SqlClient.SqlClient, { name, variant, version }: Model): Effect.Effect<number | undefined, SqlError> =>
  Effect.map(
    sql<{ revision: number }>`
      SELECT revision FROM projection WHERE name = ${name} AND version = ${version} AND variant = ${variant} AND serving ORDER BY revision DESC LIMIT 1`,
    ([row]) => row?.revision
  )

/** Makes the empty tables of a new revision, which nobody is served from yet. As the one whose the tables are. */
export const startRevision = Effect.fnUntraced(function* (sql: SqlClient.SqlClient, model: Model): Effect.fn.Return<number, SqlError> {
  yield* sql`LOCK TABLE projection IN EXCLUSIVE MODE`
  const [last] = yield* sql<{ revision: number | null }>`SELECT MAX(revision) AS revision FROM projection WHERE name = ${model.name}`
  const revision = (last?.revision ?? 0) + 1
  const table = tableOf(model, revision)
  yield* Effect.provideService(model.create(table), SqlClient.SqlClient, sql)
  const made = yield* sql<{ name: string }>`
    SELECT tablename AS name FROM pg_tables WHERE schemaname = current_schema() AND tablename ${anyOf(sql, model.tables.map(table))} ORDER BY tablename`
  const tables = made.map(({ name }) => name)
  yield* protect(sql, tables)
  yield* sql`INSERT INTO projection ${sql.insert({ name: model.name, version: model.version, variant: model.variant, revision, serving: false, tables: JSON.stringify(tables) })}`
  return revision
})

/** A revision of this version and variant that somebody began to fill, and that serves nobody yet. */
export const begun = (sql: SqlClient.SqlClient, { name, variant, version }: Model): Effect.Effect<number | undefined, SqlError> =>
  Effect.map(
    sql<{
      revision: number
    }>`SELECT revision FROM projection WHERE name = ${name} AND version = ${version} AND variant = ${variant} AND NOT serving ORDER BY revision DESC LIMIT 1`,
    ([row]) => row?.revision
  )

/** Puts a revision to use. Processes learn it with their next look. */
export const serve = (sql: SqlClient.SqlClient, { name }: Model, revision: number): Effect.Effect<void, SqlError> =>
  Effect.asVoid(sql`UPDATE projection SET serving = true WHERE name = ${name} AND revision = ${revision}`)

/** Drops revisions, and gives their numbers, that a newer one of the same version and variant took the place of, and that no process has used for a minute. As the one whose the tables are. */
export const retire = Effect.fnUntraced(function* (sql: SqlClient.SqlClient, model: Model): Effect.fn.Return<ReadonlyArray<number>, SqlError> {
  const old = yield* sql<{ revision: number; tables: string }>`
    SELECT p.revision, p.tables FROM projection p WHERE p.name = ${model.name}
      AND EXISTS (SELECT 1 FROM projection n WHERE n.name = p.name AND n.version = p.version AND n.variant = p.variant AND n.serving AND n.revision > p.revision)
      AND NOT EXISTS (SELECT 1 FROM replica r WHERE r.name = p.name AND r.revision = p.revision AND r.seen_at > now() - INTERVAL '60 seconds')`
  for (const { revision, tables } of old) {
    const names: ReadonlyArray<string> = JSON.parse(tables)
    for (const name of names) yield* dropTable(sql, name)
    yield* sql`DELETE FROM projection WHERE name = ${model.name} AND revision = ${revision}`
  }
  yield* sql`DELETE FROM replica WHERE seen_at < now() - INTERVAL '1 hour'`
  return old.map(({ revision }) => revision)
})

/** Drops a table and the function that searches its words, if it has one. */
const dropTable = Effect.fnUntraced(function* (sql: SqlClient.SqlClient, table: string) {
  yield* sql`SET LOCAL client_min_messages = warning`
  yield* sql.unsafe(`SET LOCAL ROLE ${roles.words}`)
  yield* sql`DROP FUNCTION IF EXISTS ${sql(wordsFunctionOf(table))}`
  yield* sql.unsafe(`SET LOCAL ROLE ${roles.owner}`)
  yield* sql`DROP TABLE IF EXISTS ${sql(table)}`
})

/** Removes what says how far owners were in revisions that are gone. As the one who sees all owners. */
export const dropCursors = (sql: SqlClient.SqlClient, { name }: Model, revisions: ReadonlyArray<number>): Effect.Effect<void, SqlError> =>
  revisions.length === 0 ? Effect.void : Effect.asVoid(sql`DELETE FROM projection_cursor WHERE name = ${name} AND revision ${anyOf(sql, revisions)}`)
