/**
 * Read models of one's own beside the built-in ones, filled from the events of the journal.
 *
 * @example
 * ```ts
 * import * as SqlClient from "@effect/sql/SqlClient"
 * import * as Effect from "effect/Effect"
 * import type { Projection } from "han-sql/Projection"
 *
 * const toolUses: Projection = {
 *   name: "tool_uses",
 *   version: 1,
 *   tables: ["tool_use"],
 *   create: Effect.fn(function* (table) {
 *     const sql = yield* SqlClient.SqlClient
 *     yield* sql`CREATE TABLE ${sql(table("tool_use"))} (owner_no BIGINT NOT NULL, call TEXT NOT NULL, tool TEXT NOT NULL, PRIMARY KEY (owner_no, call))`
 *   }),
 *   apply: Effect.fn(function* (events, { ownerNo, table }) {
 *     const sql = yield* SqlClient.SqlClient
 *     const rows = events.flatMap(({ event }) => (event._tag === "ToolCalled" ? [{ owner_no: ownerNo, call: event.toolUseId, tool: event.name }] : []))
 *     // Forks repeat calls: the same events give the same table however often they come.
 *     if (rows.length > 0) yield* sql`INSERT INTO ${sql(table("tool_use"))} ${sql.insert(rows)} ON CONFLICT DO NOTHING`
 *   })
 * }
 * ```
 */

import type * as SqlClient from "@effect/sql/SqlClient"
import type { SqlError } from "@effect/sql/SqlError"
import * as Context from "effect/Context"
import type * as Effect from "effect/Effect"
import type { Transcript, TranscriptId } from "han-core/Entry"
import type { JournalEvent } from "han-core/SessionEvent"
import type { StoreError } from "han-core/StoreError"
import type { Viewer } from "han-core/Viewer"

/** Gives the name in the database of a projection's table. The name is another one while the projection is rebuilt, so it must not be kept. */
export type TableName = (table: string) => string

/**
 * A read model of one's own. Its tables are filled in the transaction that stores the entries, and anew, beside the ones in use, when `version` changes,
 * on `Journal.rebuild`, and after something was forgotten. `apply` must give the same tables for the same events however they are batched:
 * events of one transcript come in order, transcripts in any.
 */
export interface Projection {
  /** Letters, digits and `_`; unique in a store. */
  readonly name: string
  /** Raise it with every change of `create` or `apply`: the projection is then filled anew. */
  readonly version: number
  /** All names that `create` and `apply` give to `table`. */
  readonly tables: ReadonlyArray<string>
  /** Makes the tables, empty, in the dialect of the store's database. Each has a column `owner_no BIGINT NOT NULL`, the first of every key: PostgreSQL shows an owner no other rows. */
  readonly create: (table: TableName) => Effect.Effect<void, SqlError, SqlClient.SqlClient>
  /** Adds the events of one transcript of the owner, in the transaction that stores them: a failure undoes the append. */
  readonly apply: (
    events: ReadonlyArray<JournalEvent>,
    context: { readonly ownerNo: number; readonly transcript: Transcript; readonly transcriptId: TranscriptId; readonly table: TableName }
  ) => Effect.Effect<void, SqlError, SqlClient.SqlClient>
}

/** Reads the tables of projections. */
export class Projections extends Context.Tag("han-sql/Projections")<
  Projections,
  {
    /** Runs `read` with the names of the tables in use and the viewer's number. A projection that the store was not made with is a defect. */
    readonly query: <A>(
      projection: Projection,
      read: (table: TableName, ownerNo: number) => Effect.Effect<A, SqlError, SqlClient.SqlClient>
    ) => Effect.Effect<A, StoreError, Viewer>
  }
>() {}
