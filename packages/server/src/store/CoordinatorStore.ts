import { Database } from "bun:sqlite"
import * as Context from "effect/Context"
import * as Deferred from "effect/Deferred"
import * as Effect from "effect/Effect"
import * as Layer from "effect/Layer"
import { StoreError, type StoreUnusable } from "han-core/StoreError"
import type { RemakeProgress } from "han-rpc/Coordinator"
import * as SqliteStore from "han-sql/SqliteStore"
import * as EarlierStore from "han-sql/unstable/EarlierStore"
import type { Home, HomeUnusable } from "../home/Home.ts"
import { recover } from "./databaseFiles.ts"
import * as LateStore from "./LateStore.ts"
import { checkRoom, remake } from "./remake.ts"

/** Tells whether the coordinator's store is there. */
export class StoreState extends Context.Tag("han-server/StoreState")<
  StoreState,
  {
    /** The progress of making it anew; null when it is there. */
    readonly remaking: Effect.Effect<RemakeProgress | null>
    /** Lets it be made anew, if that is to be done: when the coordinator listens, for somebody waits for its first answer. */
    readonly begin: Effect.Effect<void>
    /** Waits until it is there: for ever when it could not be made anew. */
    readonly ready: Effect.Effect<void>
  }
>() {}

export interface Options {
  readonly home: Home
  /** Told of each step of making the store of an earlier build anew, before it is done. */
  readonly remaking?: ((progress: RemakeProgress) => Effect.Effect<void>) | undefined
}

/**
 * The coordinator's store. That of an earlier build is made anew in the background: the services are there at once, and fail with a `StoreError` until the store is. For the holder of the
 * lock alone. Fails when the file cannot be used, or the disk has not the space to make it anew.
 */
export const layer = (options: Options): Layer.Layer<LateStore.StoreServices | StoreState, StoreUnusable | HomeUnusable> =>
  Layer.unwrapEffect(
    Effect.gen(function* () {
      const { database } = options.home
      const finished = yield* recover(database)
      if (finished !== null) yield* Effect.logInfo(finished)
      const version = EarlierStore.versionOf(database)
      if (version === null)
        return Layer.merge(layerStore(options.home), Layer.succeed(StoreState, { remaking: Effect.succeed(null), begin: Effect.void, ready: Effect.void }))
      yield* checkRoom(database)
      return layerRemade(options, version)
    })
  )

const layerStore = ({ config, database }: Home) => SqliteStore.layer({ filename: database, prices: config.prices ?? [] })

const layerRemade = ({ home, remaking }: Options, version: number): Layer.Layer<LateStore.StoreServices | StoreState> =>
  Layer.scopedContext(
    Effect.gen(function* () {
      const scope = yield* Effect.scope
      const begun = yield* Deferred.make<void>()
      const ready = yield* Deferred.make<void>()
      let progress: RemakeProgress | null = { phase: "copying", version, lines: 0, total: 0, message: null }
      const note = (now: RemakeProgress) =>
        Effect.suspend(() => {
          progress = now
          return remaking === undefined ? Effect.void : remaking(now)
        })
      const engine = sqliteVersion()
      const late = LateStore.make((operation) => absent(home.database, operation, progress), {
        engine: "sqlite",
        version: engine,
        location: home.database,
        warning: SqliteStore.versionWarning(engine)
      })
      const work = Effect.gen(function* () {
        yield* Deferred.await(begun)
        yield* Effect.logInfo("makes the store of an earlier build anew", { database: home.database, version })
        const former = yield* remake({ database: home.database, prices: home.config.prices ?? [], step: note })
        late.open(yield* Layer.buildWithScope(layerStore(home), scope))
        progress = null
        yield* Deferred.succeed(ready, undefined)
        yield* Effect.logInfo("the store was made anew", { former })
      })
      yield* work.pipe(
        Effect.catchAll(({ message }) =>
          Effect.suspend(() => {
            const { lines, total } = progress ?? { lines: 0, total: 0 }
            progress = { phase: "failed", version, lines, total, message }
            return Effect.logError(`the store of an earlier build could not be made anew: ${message}`)
          })
        ),
        Effect.forkScoped
      )
      return Context.add(late.services, StoreState, {
        remaking: Effect.sync(() => progress),
        begin: Effect.asVoid(Deferred.succeed(begun, undefined)),
        ready: Deferred.await(ready)
      })
    })
  )

const absent = (database: string, operation: string, progress: RemakeProgress | null): StoreError =>
  progress?.phase === "failed"
    ? new StoreError({
        operation,
        reason: "failed",
        message: `${database} was written by an earlier build of han and could not be made anew, nothing of it was changed: ${progress.message}; \`han coordinator stop\`, and the next command tries again`
      })
    : new StoreError({
        operation,
        reason: "busy",
        message: `${database} was written by an earlier build of han and is being made anew (${progress?.phase ?? "opening"}, ${progress?.lines ?? 0} of ${progress?.total ?? 0} lines); \`han coordinator status\` tells how far it is`
      })

const sqliteVersion = (): string => {
  const database = new Database(":memory:")
  try {
    return database.query<{ version: string }, []>("SELECT sqlite_version() AS version").get()!.version
  } finally {
    database.close()
  }
}
