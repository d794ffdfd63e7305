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
import { breathe, Database, fromDriver } from "../database/Database.ts"
import type { Chunks } from "./chunk.ts"
import { fill } from "./fill.ts"
import type { Projection, TableName } from "./Projection.ts"
import type { Table } from "./ReadModels.ts"
import { createRevision, dropRevision, type Installed, install, modelOf, readModels, tableOf } from "./revisions.ts"

/** The read models and projections of a store: which tables are in use, who may write, and bringing new tables up to the journal. */
export class Models extends Context.Tag("han-sql/Models")<
  Models,
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
    /** Of the projections of others, which cannot remove single sessions. */
    readonly rebuildOthers: (prices: PriceTable) => Effect.Effect<void, SqlError>
    readonly progress: Effect.Effect<RebuildProgress | null>
    readonly erase: Effect.Effect<void, SqlError>
    /** Whose journal grew in this process, and by which session's lines; after the commit. */
    readonly committed: PubSub.PubSub<{ readonly owner: OwnerId; readonly sessionId: SessionId }>
  }
>() {}

export const layer = (options: { readonly prices: PriceTable; readonly projections: ReadonlyArray<Projection> }): Layer.Layer<Models, SqlError, Database> =>
  Layer.scoped(
    Models,
    Effect.gen(function* () {
      const database = yield* Database
      const sql = database.write
      const writer = yield* Effect.makeSemaphore(1)
      const maintenance = yield* Effect.makeSemaphore(1)
      const sqlite = sql.onDialectOrElse({ pg: () => false, orElse: () => true })
      // A span for each of a chunk's fifty statements would cost a fifth of its time; the operation has one.
      const inTransaction = <A, E, R>(effect: Effect.Effect<A, E, R>) =>
        Effect.withTracerEnabled(Effect.zipLeft(Effect.provideService(sql.withTransaction(effect), SqlClient.SqlClient, sql), database.afterCommit), false)
      // A commit that the disk refuses leaves SQLite's transaction open; nothing may follow in it.
      const closeTransaction = Effect.ignore(sql.unsafe("ROLLBACK"))
      const write = <A, E, R>(effect: Effect.Effect<A, E, R>) =>
        sqlite ? writer.withPermits(1)(Effect.tapErrorCause(inTransaction(effect), () => closeTransaction)) : inTransaction(effect)

      const installed = yield* write(install([readModels(options.prices), ...options.projections.map(modelOf)]))
      const main = installed[0]!
      let progress: RebuildProgress | null = null
      /** The revision of the read models that a rebuild fills; the one in use when there is none. */
      let filled = main.revision

      const apply = (chunks: Chunks) =>
        Effect.forEach(installed, ({ filling, model, revision }) => (filling ? Effect.void : model.apply(chunks, tableOf(model, revision))), {
          discard: true
        }).pipe(Effect.provideService(SqlClient.SqlClient, sql))

      const reapply = (chunks: Chunks) => {
        const table = tableOf(main.model, main.revision)
        return Effect.provideService(main.model.apply(chunks, table), SqlClient.SqlClient, sql)
      }

      /** Brings `revision` of a model up to the journal, step by step, so that appends and reads get in between; the last step puts it to use. */
      const bring = (of: Installed, revision: number, prices: PriceTable): Stream.Stream<RebuildProgress, SqlError> =>
        Stream.repeatEffectOption(
          writer
            .withPermits(1)(
              Effect.gen(function* () {
                const step = yield* Effect.tapErrorCause(inTransaction(fill(sql, of.model, revision, prices)), () => (sqlite ? closeTransaction : Effect.void))
                progress = { projection: of.model.name, entries: step.entries, total: step.total }
                if (step.finished) {
                  of.revision = revision
                  of.filling = false
                  progress = null
                  return Option.none<RebuildProgress>()
                }
                return Option.some(progress)
              })
            )
            .pipe(
              Effect.mapError(Option.some),
              Effect.flatMap(Option.match({ onNone: () => Effect.fail(Option.none()), onSome: Effect.succeed })),
              Effect.tap(() => breathe)
            )
        )

      const dropOld = (of: Installed, revision: number) =>
        Effect.suspend(() =>
          Effect.forEach(
            Array.from({ length: Math.min(8, revision - 1) }, (_, n) => revision - 1 - n),
            (old) => write(dropRevision(of.model, old)),
            { discard: true }
          )
        )

      const rebuildOne = (of: Installed, prices: PriceTable): Stream.Stream<RebuildProgress, SqlError> =>
        Stream.unwrap(
          Effect.gen(function* () {
            const revision = of.revision + 1
            yield* write(createRevision(of.model, revision))
            if (of === main) filled = revision
            return Stream.concat(bring(of, revision, prices), Stream.drain(Stream.fromEffect(dropOld(of, revision))))
          })
        )

      // Tables of a version that this program cannot read are already out of use; the new ones are filled while they answer.
      const catchUp = (of: Installed): Effect.Effect<void, SqlError> =>
        of.filling
          ? Effect.zipRight(Stream.runDrain(bring(of, of.revision, options.prices)), dropOld(of, of.revision))
          : Stream.runDrain(rebuildOne(of, options.prices))
      // Whatever an earlier process did not get to: filling, other prices, and tables that are out of use.
      yield* Effect.forEach(installed, (of) => (of.filling || of.stale ? catchUp(of) : dropOld(of, of.revision)), { discard: true }).pipe(
        maintenance.withPermits(1),
        Effect.retry({ times: 5, schedule: Schedule.spaced("10 seconds") }),
        Effect.catchAll((error) => Effect.logError(fromDriver(database.location, "rebuild", error.cause).message)),
        Effect.forkScoped
      )

      return Models.of({
        write,
        apply,
        table: (name) => tableOf(main.model, main.revision)(name),
        tablesToFill: () => [...new Set([main.revision, filled])].map((revision) => tableOf(main.model, revision)),
        projectionTable: (projection) => {
          const found = installed.find((of) => of.model.name === projection.name)
          return found === undefined ? undefined : tableOf(found.model, found.revision)
        },
        reapply,
        maintain: maintenance.withPermits(1),
        rebuild: (prices) =>
          Stream.unwrapScoped(
            Effect.as(
              Effect.acquireRelease(maintenance.take(1), () => maintenance.release(1)),
              Stream.flatMap(Stream.fromIterable(installed), (of) => rebuildOne(of, prices))
            )
          ),
        rebuildOthers: (prices) => Stream.runDrain(Stream.flatMap(Stream.fromIterable(installed.slice(1)), (of) => rebuildOne(of, prices))),
        progress: Effect.sync(() => progress),
        erase: database.erase,
        committed: yield* PubSub.sliding<{ readonly owner: OwnerId; readonly sessionId: SessionId }>(4096)
      })
    })
  )
