import * as SqlClient from "@effect/sql/SqlClient"
import type { SqlError } from "@effect/sql/SqlError"
import * as Effect from "effect/Effect"
import * as Layer from "effect/Layer"
import * as Option from "effect/Option"
import * as PubSub from "effect/PubSub"
import * as Schedule from "effect/Schedule"
import * as Stream from "effect/Stream"
import type { SessionId } from "han-core/Entry"
import type { RebuildProgress } from "han-core/JournalAdmin"
import type { PriceTable } from "han-core/Pricing"
import { Database, driverText, yieldUntilIdle } from "../database/Database.ts"
import { fillBare, fillStep } from "./fill.ts"
import type { Projection } from "./Projection.ts"
import { ReadModelTables } from "./ReadModelTables.ts"
import { createRevision, dropRevision, type Installed, install, isReadModels, type Model, modelOf, readModels, tableOf } from "./revisions.ts"

type Options = { readonly prices: PriceTable; readonly projections: ReadonlyArray<Projection> }

/** The tables of a store in one file, which one process writes: what is behind the journal is filled by that process, all owners together. */
export const layer = (options: Options): Layer.Layer<ReadModelTables, SqlError, Database> => Layer.scoped(ReadModelTables, make(options))

const make = Effect.fnUntraced(function* (options: Options) {
  const database = yield* Database
  const maintenance = yield* Effect.makeSemaphore(1)
  const filler = yield* fillerOf(database, options)
  const { installed, main } = filler
  yield* catchUpAll(filler, options.prices).pipe(
    maintenance.withPermits(1),
    Effect.retry({ times: 5, schedule: Schedule.spaced("10 seconds") }),
    Effect.catchAll((error) => Effect.logError(`rebuild failed on ${database.location}: ${driverText(error.cause).text}`)),
    Effect.forkScoped
  )
  return ReadModelTables.of({
    write: (effect) => filler.write(database.transaction(effect)),
    writeAlone: (effect) => filler.write(database.administer("jobs", effect)),
    apply: (_owner, _step, how) =>
      Effect.forEach(
        installed,
        (of) => {
          const table = tableOf(of.model, of.revision)
          const take = (chunks: Parameters<Model["apply"]>[0]) => Effect.provideService(of.model.apply(chunks, table), SqlClient.SqlClient, database.write)
          return of.filling ? Effect.void : how({ isMain: isReadModels(of.model), table, take })
        },
        { discard: true }
      ),
    reapply: (chunks) => Effect.provideService(main.model.apply(chunks, tableOf(main.model, main.revision)), SqlClient.SqlClient, database.write),
    level: () => Effect.void,
    table: (name) => tableOf(main.model, main.revision)(name),
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
    committed: yield* PubSub.sliding<{ readonly owner: number; readonly sessionId: SessionId }>(4096)
  })
})

/** The tables of a store, and what brings them up to the journal. */
interface Filler {
  readonly database: typeof Database.Service
  readonly installed: ReadonlyArray<Installed>
  /** The read models. */
  readonly main: Installed
  /** Runs a transaction as the only writer. */
  readonly write: <A, E, R>(transaction: Effect.Effect<A, E, R>) => Effect.Effect<A, E, Exclude<R, SqlClient.SqlClient>>
  progress: RebuildProgress | null
}

const fillerOf = Effect.fnUntraced(function* (database: typeof Database.Service, options: Options): Effect.fn.Return<Filler, SqlError> {
  const writer = yield* Effect.makeSemaphore(1)
  const write: Filler["write"] = (transaction) => writer.withPermits(1)(Effect.provideService(transaction, SqlClient.SqlClient, database.write))
  const installed = yield* write(database.administer("schema", install([readModels(options.prices), ...options.projections.map(modelOf)])))
  return { database, installed, main: installed[0]!, write, progress: null }
})

/** One step of bringing the tables of `revision` up to the journal, in a transaction. The step that finds nothing left puts them to use. */
const bringStep = Effect.fnUntraced(function* ({ database: { write: sql } }: Filler, of: Installed, revision: number, prices: PriceTable) {
  const { model } = of
  const owners = yield* sql<{ owner: number; sequence: number; done: number | null }>`
    SELECT h.owner_no AS owner, h.sequence, c.sequence AS done FROM owner_head h
    LEFT JOIN projection_cursor c ON c.owner_no = h.owner_no AND c.name = ${model.name} AND c.revision = ${revision} ORDER BY h.owner_no`
  const entries = owners.reduce((sum, row) => sum + (row.done ?? 0), 0)
  const total = owners.reduce((sum, row) => sum + row.sequence, 0)
  const next = owners.find((row) => (row.done ?? 0) < row.sequence)
  if (next !== undefined) {
    const done = yield* fillStep(sql, { model, revision, owner: next.owner, prices }, next.done ?? 0, next.sequence)
    yield* sql`INSERT INTO projection_cursor ${sql.insert({ owner_no: next.owner, name: model.name, revision, sequence: done })}
      ON CONFLICT (owner_no, name, revision) DO UPDATE SET sequence = excluded.sequence`
    return { finished: false, entries, total }
  }
  for (const { no: owner } of yield* sql<{ no: number }>`SELECT no FROM owner ORDER BY no`) yield* fillBare(sql, { model, revision, owner, prices })
  yield* sql`UPDATE projection SET revision = ${revision}, version = ${model.version}, variant = ${model.variant}, filling = 0 WHERE name = ${model.name}`
  return { finished: true, entries: total, total }
})

/** Brings `revision` of a model up to the journal, step by step, so that appends and reads get in between. Writers wait until this has seen how far a step came. */
const bring = (filler: Filler, of: Installed, revision: number, prices: PriceTable): Stream.Stream<RebuildProgress, SqlError> =>
  Stream.repeatEffectOption(
    filler
      .write(
        Effect.map(filler.database.administer("jobs", bringStep(filler, of, revision, prices)), ({ entries, finished, total }) => {
          filler.progress = finished ? null : { projection: of.model.name, entries, total }
          if (finished) {
            of.revision = revision
            of.filling = false
          }
          return Option.fromNullable(filler.progress)
        })
      )
      .pipe(
        Effect.mapError(Option.some),
        Effect.flatMap(Option.match({ onNone: () => Effect.fail(Option.none()), onSome: Effect.succeed })),
        Effect.tap(() => yieldUntilIdle)
      )
  )

const dropOld = ({ database, write }: Filler, of: Installed, revision: number) =>
  Effect.suspend(() =>
    Effect.forEach(
      Array.from({ length: Math.min(8, revision - 1) }, (_, n) => revision - 1 - n),
      (old) => write(database.administer("schema", dropRevision(of.model, old))),
      { discard: true }
    )
  )

const rebuildOne = (filler: Filler, of: Installed, prices: PriceTable): Stream.Stream<RebuildProgress, SqlError> =>
  Stream.unwrap(
    Effect.gen(function* () {
      const revision = of.revision + 1
      yield* filler.write(filler.database.administer("schema", createRevision(of.model, revision)))
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
