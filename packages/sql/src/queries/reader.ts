import type * as SqlClient from "@effect/sql/SqlClient"
import type { Fragment } from "@effect/sql/Statement"
import * as Effect from "effect/Effect"
import { answer, Database, OwnerNo } from "../database/Database.ts"
import type { Table } from "../readmodels/ReadModels.ts"
import { ReadModelTables } from "../readmodels/ReadModelTables.ts"

/** A connection for reading the read models, with the names of their tables. */
export interface Reader {
  readonly sql: SqlClient.SqlClient
  readonly projects: (typeof Database.Service)["projects"]
  /** The name of a table in use. A rebuild changes it, so each statement asks anew. */
  readonly table: (name: Table) => string
  /** The same, as a part of a statement. */
  readonly t: (name: Table) => Fragment
  /** Answers an operation on the viewer's behalf: see `answer` of Database.ts. */
  readonly answer: (operation: string) => ReturnType<typeof answer>
}

/** A reader on somebody's behalf. */
export interface Reading extends Reader {
  /** The owner's number. */
  readonly owner: number
}

export const reader: Effect.Effect<Reader, never, Database | ReadModelTables> = Effect.gen(function* () {
  const database = yield* Database
  const { table } = yield* ReadModelTables
  return {
    sql: database.read,
    projects: database.projects,
    table,
    t: (name) => database.read.literal(table(name)),
    answer: (operation) => answer(database, operation)
  }
})

/** This reader on behalf of the viewer whose question is being answered. */
export const onBehalf = (reader: Reader): Effect.Effect<Reading, never, OwnerNo> => Effect.map(OwnerNo, (owner) => ({ ...reader, owner }))
