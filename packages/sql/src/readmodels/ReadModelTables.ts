import * as SqlClient from "@effect/sql/SqlClient"
import type { SqlError } from "@effect/sql/SqlError"
import * as Context from "effect/Context"
import * as Effect from "effect/Effect"
import * as Layer from "effect/Layer"
import * as Option from "effect/Option"
import * as PubSub from "effect/PubSub"
import * as Schedule from "effect/Schedule"
import * as Stream from "effect/Stream"
import type { SessionId } from "han-core/Entry"
import type { RebuildProgress } from "han-core/JournalAdmin"
import type { PriceTable } from "han-core/Pricing"
import type { OwnerId } from "han-core/Viewer"
import { Database, fromDriver, yieldUntilIdle } from "../database/Database.ts"
import { backfill } from "./backfill.ts"
import type { Chunks } from "./chunk.ts"
import type { Projection, TableName } from "./Projection.ts"
import type { Table } from "./ReadModels.ts"
import { createRevision, dropRevision, type Installed, install, modelOf, readModels, tableOf } from "./revisions.ts"

/** The read models and projections of a store: which tables are in use, who may write, and bringing new tables up to the journal. */
export class ReadModelTables extends Context.Tag("han-sql/ReadModelTables")<
  ReadModelTables,
  {
    /** Runs `effect` in a transaction of its own; one at a time on SQLite, where there is one writer. */
    readonly write: <A, E, R>(effect: Effect.Effect<A, E, R>) => Effect.Effect<A, E | SqlError, Exclude<R, SqlClient.SqlClient>>
    /** Fills all tables in use that are not behind the journal. */
    readonly apply: (chunks: Chunks) => Effect.Effect<void, SqlError>
    /** Fills the read models alone, with lines that they had and lost. */
    readonly reapply: (chunks: Chunks) => Effect.Effect<void, SqlError>
    /** Runs what may not meet a rebuild, after the one that is running. */
    readonly maintain: <A, E, R>(effect: Effect.Effect<A, E, R>) => Effect.Effect<A, E, R>
    /** The read model's table in use. */
    readonly table: (name: Table) => string
    /** The read model's tables in use, and those that are being filled beside them. */
    readonly tablesToFill: () => ReadonlyArray<(name: Table) => string>
    readonly projectionTable: (projection: Projection) => TableName | undefined
    readonly rebuild: (prices: PriceTable) => Stream.Stream<RebuildProgress, SqlError>
    /** Rebuilds the projections of others, which cannot remove single sessions. */
    readonly rebuildOthers: (prices: PriceTable) => Effect.Effect<void, SqlError>
    readonly progress: Effect.Effect<RebuildProgress | null>
    readonly erase: Effect.Effect<void, SqlError>
    /** Whose journal grew in this process, and by which session's lines; after the commit. */
    readonly committed: PubSub.PubSub<{ readonly owner: OwnerId; readonly sessionId: SessionId }>
  }
>() {}

type Options = { readonly prices: PriceTable; readonly projections: ReadonlyArray<Projection> }

export const layer = (options: Options): Layer.Layer<ReadModelTables, SqlError, Database> => Layer.scoped(ReadModelTables, make(options))

export const make = Effect.fnUntraced(function* (options: Options) {
  const database = yield* Database
  const maintenance = yield* Effect.makeSemaphore(1)
  const filler = yield* fillerOf(database, options)
  const { installed, main } = filler
  yield* catchUpAll(filler, options.prices).pipe(
    maintenance.withPermits(1),
    Effect.retry({ times: 5, schedule: Schedule.spaced("10 seconds") }),
    Effect.catchAll((error) => Effect.logError(fromDriver(database.location, "rebuild", error.cause).message)),
    Effect.forkScoped
  )
  return ReadModelTables.of({
    write: filler.write,
    apply: (chunks) => Effect.forEach(installed, (of) => (of.filling ? Effect.void : applyTo(database, of, chunks)), { discard: true }),
    reapply: (chunks) => applyTo(database, main, chunks),
    table: (name) => tableOf(main.model, main.revision)(name),
    tablesToFill: () => [...new Set([main.revision, filler.filled])].map((revision) => tableOf(main.model, revision)),
    projectionTable: (projection) => {
      const found = installed.find((of) => of.model.name === projection.name)
      return found === undefined ? undefined : tableOf(found.model, found.revision)
    },
    maintain: maintenance.withPermits(1),
    rebuild: (prices) =>
      Stream.unwrapScoped(
        Effect.as(
          Effect.acquireRelease(maintenance.take(1), () => maintenance.release(1)),
          Stream.flatMap(Stream.fromIterable(installed), (of) => rebuildOne(filler, of, prices))
        )
      ),
    rebuildOthers: (prices) => Stream.runDrain(Stream.flatMap(Stream.fromIterable(installed.slice(1)), (of) => rebuildOne(filler, of, prices))),
    progress: Effect.sync(() => filler.progress),
    erase: database.erase,
    committed: yield* PubSub.sliding<{ readonly owner: OwnerId; readonly sessionId: SessionId }>(4096)
  })
})

const applyTo = ({ write: sql }: typeof Database.Service, { model, revision }: Installed, chunks: Chunks) =>
  Effect.provideService(model.apply(chunks, tableOf(model, revision)), SqlClient.SqlClient, sql)

/** The tables of a store, and what brings them up to the journal. */
interface Filler {
  readonly installed: ReadonlyArray<Installed>
  /** The read models. */
  readonly main: Installed
  readonly write: (typeof ReadModelTables.Service)["write"]
  /** Does one step of filling a revision. Writers wait until `after` has seen how far it came. */
  readonly step: <A>(of: Installed, revision: number, prices: PriceTable, after: (step: Step) => A) => Effect.Effect<A, SqlError>
  /** The revision of the read models that a rebuild fills; the one in use when there is none. */
  filled: number
  progress: RebuildProgress | null
}
type Step = Effect.Effect.Success<ReturnType<typeof backfill>>

const fillerOf = Effect.fnUntraced(function* (database: typeof Database.Service, options: Options): Effect.fn.Return<Filler, SqlError> {
  const sql = database.write
  const writer = yield* Effect.makeSemaphore(1)
  const sqlite = sql.onDialectOrElse({ pg: () => false, orElse: () => true })
  // A commit that the disk refuses leaves SQLite's transaction open; nothing may follow in it.
  const closeTransaction = sqlite ? Effect.ignore(sql.unsafe("ROLLBACK")) : Effect.void
  // A span for each of a chunk's fifty statements would cost a fifth of its time; the operation has one.
  const inTransaction = <A, E, R>(effect: Effect.Effect<A, E, R>) =>
    Effect.zipLeft(Effect.provideService(sql.withTransaction(effect), SqlClient.SqlClient, sql), database.afterCommit).pipe(
      Effect.withTracerEnabled(false),
      Effect.tapErrorCause(() => closeTransaction)
    )
  const write = <A, E, R>(effect: Effect.Effect<A, E, R>) => (sqlite ? writer.withPermits(1)(inTransaction(effect)) : inTransaction(effect))
  const installed = yield* write(install([readModels(options.prices), ...options.projections.map(modelOf)]))
  const main = installed[0]!
  return {
    installed,
    main,
    write,
    step: (of, revision, prices, after) => writer.withPermits(1)(Effect.map(inTransaction(backfill(sql, of.model, revision, prices)), after)),
    filled: main.revision,
    progress: null
  }
})

/** Brings `revision` of a model up to the journal, step by step, so that appends and reads get in between; the last step puts it to use. */
const bring = (filler: Filler, of: Installed, revision: number, prices: PriceTable): Stream.Stream<RebuildProgress, SqlError> =>
  Stream.repeatEffectOption(
    filler
      .step(of, revision, prices, ({ entries, finished, total }) => {
        filler.progress = finished ? null : { projection: of.model.name, entries, total }
        if (finished) {
          of.revision = revision
          of.filling = false
        }
        return Option.fromNullable(filler.progress)
      })
      .pipe(
        Effect.mapError(Option.some),
        Effect.flatMap(Option.match({ onNone: () => Effect.fail(Option.none()), onSome: Effect.succeed })),
        Effect.tap(() => yieldUntilIdle)
      )
  )

const dropOld = ({ write }: Filler, of: Installed, revision: number) =>
  Effect.suspend(() =>
    Effect.forEach(
      Array.from({ length: Math.min(8, revision - 1) }, (_, n) => revision - 1 - n),
      (old) => write(dropRevision(of.model, old)),
      { discard: true }
    )
  )

const rebuildOne = (filler: Filler, of: Installed, prices: PriceTable): Stream.Stream<RebuildProgress, SqlError> =>
  Stream.unwrap(
    Effect.gen(function* () {
      const revision = of.revision + 1
      yield* filler.write(createRevision(of.model, revision))
      if (of === filler.main) filler.filled = revision
      return Stream.concat(bring(filler, of, revision, prices), Stream.drain(Stream.fromEffect(dropOld(filler, of, revision))))
    })
  )

// Tables of a version that this program cannot read are already out of use; the new ones are filled while they answer.
const catchUp = (filler: Filler, of: Installed, prices: PriceTable): Effect.Effect<void, SqlError> =>
  of.filling
    ? Effect.zipRight(Stream.runDrain(bring(filler, of, of.revision, prices)), dropOld(filler, of, of.revision))
    : Stream.runDrain(rebuildOne(filler, of, prices))

/** Does whatever an earlier process did not get to: filling, other prices, and tables that are out of use. */
const catchUpAll = (filler: Filler, prices: PriceTable): Effect.Effect<void, SqlError> =>
  Effect.forEach(filler.installed, (of) => (of.filling || of.stale ? catchUp(filler, of, prices) : dropOld(filler, of, of.revision)), { discard: true })
