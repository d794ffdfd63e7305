import type * as SqlClient from "@effect/sql/SqlClient"
import type { Fragment } from "@effect/sql/Statement"
import * as Effect from "effect/Effect"
import type { OwnerId } from "han-core/Viewer"
import { Database, storeError } from "../database/Database.ts"
import type { Table } from "../readmodels/ReadModels.ts"
import { ReadModelTables } from "../readmodels/ReadModelTables.ts"

/** A connection for reading the read models, with the names of their tables. */
export interface Reader {
  readonly sql: SqlClient.SqlClient
  /** The name of a table in use. A rebuild changes it, so each statement asks anew. */
  readonly table: (name: Table) => string
  /** The same, as a part of a statement. */
  readonly t: (name: Table) => Fragment
  /** Turns whatever the driver threw into a `StoreError` of `operation`. */
  readonly failing: (operation: string) => ReturnType<typeof storeError>
}

/** A reader on somebody's behalf. */
export interface Reading extends Reader {
  readonly owner: OwnerId
}

export const reader: Effect.Effect<Reader, never, Database | ReadModelTables> = Effect.gen(function* () {
  const { location, read: sql } = yield* Database
  const { table } = yield* ReadModelTables
  return { sql, table, t: (name) => sql.literal(table(name)), failing: (operation) => storeError(location, operation) }
})
