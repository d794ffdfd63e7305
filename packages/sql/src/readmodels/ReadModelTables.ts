import type * as SqlClient from "@effect/sql/SqlClient"
import type { SqlError } from "@effect/sql/SqlError"
import * as Context from "effect/Context"
import type * as Effect from "effect/Effect"
import type * as PubSub from "effect/PubSub"
import type * as Stream from "effect/Stream"
import type { SessionId } from "han-core/Entry"
import type { RebuildProgress } from "han-core/JournalAdmin"
import type { PriceTable } from "han-core/Pricing"
import type { OwnerNo } from "../database/Database.ts"
import type { Chunks } from "./chunk.ts"
import type { Projection, TableName } from "./Projection.ts"
import type { Table } from "./ReadModels.ts"

/** How far an owner's journal was before something was added to it, and is afterwards. */
export interface Step {
  readonly before: number
  readonly after: number
}

/** The read models and projections of a store: which tables are in use, who may write, and bringing new tables up to the journal. */
export class ReadModelTables extends Context.Tag("han-sql/ReadModelTables")<
  ReadModelTables,
  {
    /** Runs `effect` in a transaction of the owner's; one at a time on SQLite, where there is one writer. */
    readonly write: <A, E, R>(effect: Effect.Effect<A, E, R>) => Effect.Effect<A, E | SqlError, Exclude<R, SqlClient.SqlClient> | OwnerNo>
    /** The same for what is of no owner. */
    readonly writeAlone: <A, E, R>(effect: Effect.Effect<A, E, R>) => Effect.Effect<A, E | SqlError, Exclude<R, SqlClient.SqlClient>>
    /** Takes a step of the owner's journal into all tables in use that are not behind it; the others are brought up to it later. In the transaction that stores it. */
    readonly apply: (owner: number, step: Step, how: (tables: ModelTables) => Effect.Effect<void, SqlError>) => Effect.Effect<void, SqlError>
    /** Fills the read models alone, with lines that they had and lost. */
    readonly reapply: (chunks: Chunks) => Effect.Effect<void, SqlError>
    /** Brings the owner's rows in all tables up to the journal before rows are taken out of them, and empties tables that others fill. In a transaction, behind `lockOwner`. */
    readonly level: (owner: number) => Effect.Effect<void, SqlError>
    /** Runs what may not meet a rebuild, after the one that is running. */
    readonly maintain: <A, E, R>(effect: Effect.Effect<A, E, R>) => Effect.Effect<A, E, R>
    /** The read model's table in use. */
    readonly table: (name: Table) => string
    readonly projectionTable: (projection: Projection) => TableName | undefined
    readonly rebuild: (prices: PriceTable) => Stream.Stream<RebuildProgress, SqlError>
    /** Fills the projections of others anew, which cannot remove single sessions. */
    readonly rebuildOthers: (prices: PriceTable) => Effect.Effect<void, SqlError, OwnerNo>
    readonly progress: Effect.Effect<RebuildProgress | null>
    readonly erase: Effect.Effect<void, SqlError>
    /** Whose journal grew in this process, and by which session's lines; after the commit. */
    readonly committed: PubSub.PubSub<{ readonly owner: number; readonly sessionId: SessionId }>
  }
>() {}

/** A set of tables, and what fills it. */
export interface ModelTables {
  /** True for the read models, false for somebody's own projection. */
  readonly isMain: boolean
  readonly table: (name: string) => string
  readonly take: (chunks: Chunks) => Effect.Effect<void, SqlError>
}
