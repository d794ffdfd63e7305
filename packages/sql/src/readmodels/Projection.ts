import type * as SqlClient from "@effect/sql/SqlClient"
import type { SqlError } from "@effect/sql/SqlError"
import * as Context from "effect/Context"
import type * as Effect from "effect/Effect"
import type { Transcript, TranscriptId } from "han-core/Entry"
import type { JournalEvent } from "han-core/SessionEvent"
import type { StoreError } from "han-core/StoreError"
import type { OwnerId } from "han-core/Viewer"

/** Gives the table of a projection its name in the database; another one while the projection is being rebuilt. */
export type TableName = (table: string) => string

/**
 * A read model of one's own. Its tables are filled in the transaction that stores the entries, and anew, beside the ones in use, when `version` changes,
 * on `Journal.rebuild`, and after something was forgotten. `apply` must give the same tables for the same events however they are batched:
 * events of one transcript come in order, transcripts in any.
 */
export interface Projection {
  /** Letters, digits and `_`; unique in a store. */
  readonly name: string
  readonly version: number
  /** The names given to `table`. */
  readonly tables: ReadonlyArray<string>
  readonly create: (table: TableName) => Effect.Effect<void, SqlError, SqlClient.SqlClient>
  readonly apply: (
    events: ReadonlyArray<JournalEvent>,
    context: { readonly owner: OwnerId; readonly transcript: Transcript; readonly transcriptId: TranscriptId; readonly table: TableName }
  ) => Effect.Effect<void, SqlError, SqlClient.SqlClient>
}

/** Reads the tables of projections. */
export class Projections extends Context.Tag("han-sql/Projections")<
  Projections,
  {
    /** `read` is given the names of the tables in use. A projection that the store was not made with is a defect. */
    readonly query: <A>(projection: Projection, read: (table: TableName) => Effect.Effect<A, SqlError, SqlClient.SqlClient>) => Effect.Effect<A, StoreError>
  }
>() {}
