import * as Path from "node:path"
import * as RpcServer from "@effect/rpc/RpcServer"
import * as Context from "effect/Context"
import * as Duration from "effect/Duration"
import * as Effect from "effect/Effect"
import * as Layer from "effect/Layer"
import * as Ref from "effect/Ref"
import * as Schedule from "effect/Schedule"
import * as Indexer from "han-core/Indexer"
import type { Journal } from "han-core/Journal"
import type { Search } from "han-core/Search"
import type { Sessions } from "han-core/Sessions"
import type { StoreUnusable } from "han-core/StoreError"
import { StoreInfo } from "han-core/StoreInfo"
import * as TranscriptFiles from "han-core/TranscriptFiles"
import type { Usage } from "han-core/Usage"
import { Viewer } from "han-core/Viewer"
import * as Authentication from "han-rpc/Authentication"
import { Coordinator, type CoordinatorStatus } from "han-rpc/Coordinator"
import * as CoordinatorHandlers from "han-rpc/CoordinatorHandlers"
import { HanRpcs } from "han-rpc/HanRpcs"
import * as IndexHandlers from "han-rpc/IndexHandlers"
import * as JournalHandlers from "han-rpc/JournalHandlers"
import * as SearchHandlers from "han-rpc/SearchHandlers"
import * as Serialization from "han-rpc/Serialization"
import * as SessionHandlers from "han-rpc/SessionHandlers"
import * as UsageHandlers from "han-rpc/UsageHandlers"
import { protocol, version } from "han-rpc/Version"
import * as SqliteStore from "han-sql/SqliteStore"
import * as Doctor from "./Doctor.ts"
import type { Home, HomeUnusable } from "./Home.ts"
import * as Lock from "./Lock.ts"
import * as Repos from "./Repos.ts"
import * as UnixSocket from "./UnixSocket.ts"

export interface Options {
  readonly home: Home
  /** The configuration folders to index, beside those of `home.config`. */
  readonly roots: ReadonlyArray<{ readonly path: string; readonly source?: string | undefined }>
  /** What to do when a client asks the coordinator to end. It must close the layer's scope; the answer is on its way first. */
  readonly stop: Effect.Effect<void>
  /** The environment of the programs that it starts (git). */
  readonly environment: Readonly<Record<string, string | undefined>>
}

/** What a coordinator answers in its own process; other processes get the same from `HanClient.layerSocket`. */
export type Services = Journal | Sessions | Search | Usage | Indexer.Indexer | Coordinator | StoreInfo

/** How long another coordinator that is stopping, or has not begun to listen, may hold the lock. */
const lockWaitMs = 5000
/** How long a client that does not read may hold up the end. */
const hangUpAfter = Duration.seconds(2)

/**
 * The daemon: the store, the indexer, and the socket that answers for them. When the layer is built it answers; indexing begins after that and goes on for ever.
 * When its scope closes it ends what it is writing, hangs up, removes the socket, closes the database and gives back the lock, in this order.
 */
export const layer = (options: Options): Layer.Layer<Services, Lock.CoordinatorAlreadyRunning | HomeUnusable | UnixSocket.SocketUnusable | StoreUnusable> => {
  const { home } = options
  const roots = distinct([...options.roots, ...(home.config.roots ?? []).map((root) => (typeof root === "string" ? { path: root } : root))])
  const claudeRoots = roots.filter(({ source }) => source === undefined || source === "claude-code").map(({ path }) => Path.resolve(path))
  return Layer.unwrapEffect(
    Effect.map(Ref.make<Failure | null>(null), (failure) =>
      layerBackground(options.environment, failure).pipe(
        Layer.provide(layerServer),
        Layer.provide(UnixSocket.layer({ path: home.socket })),
        Layer.provideMerge(layerCoordinator(options, claudeRoots, failure)),
        Layer.provideMerge(Indexer.layer),
        Layer.provide(TranscriptFiles.layer({ machine: home.machine, roots, hanHome: home.path })),
        Layer.provideMerge(SqliteStore.layer({ filename: home.database, prices: home.config.prices ?? [] })),
        Layer.provide(Layer.scopedDiscard(Lock.acquire({ home: home.path, lock: home.lock, socket: home.socket, waitMs: lockWaitMs })))
      )
    )
  )
}

const distinct = <A extends { readonly path: string }>(roots: ReadonlyArray<A>): ReadonlyArray<A> => [
  ...new Map(roots.map((root) => [root.path, root])).values()
]

/** Why following ended, and when. A pass that ended later has shown that it is over. */
interface Failure {
  readonly message: string
  readonly at: number
}

const layerCoordinator = (options: Options, claudeRoots: ReadonlyArray<string>, failure: Ref.Ref<Failure | null>) =>
  Layer.effect(
    Coordinator,
    Effect.gen(function* () {
      const services = yield* Effect.context<Journal | Sessions>()
      const indexer = yield* Indexer.Indexer
      const store = yield* StoreInfo
      const startedAt = Date.now()
      const handshake = { version, protocol, pid: process.pid }
      const status = Effect.gen(function* () {
        return {
          ...handshake,
          startedAt,
          home: options.home.path,
          socket: options.home.socket,
          database: { engine: store.engine, version: store.version, location: store.location, warning: store.warning },
          indexer: yield* indexer.status,
          rebuilding: yield* store.rebuilding
        } satisfies CoordinatorStatus
      })
      return {
        handshake: Effect.succeed(handshake),
        status,
        doctor: Effect.gen(function* () {
          const now = yield* status
          const failed = yield* Ref.get(failure)
          const over = failed === null || (now.indexer.lastPassAt !== null && now.indexer.lastPassAt > failed.at)
          return yield* Doctor.report({ status: now, claudeRoots, failure: over ? null : failed.message })
        }).pipe(Effect.provide(services)),
        stop: Effect.zipRight(Effect.logInfo("asked to stop"), options.stop)
      }
    })
  )

/** Answers at the socket. A defect of one request fails that request alone, and is logged. */
const layerServer = Layer.scopedDiscard(
  Effect.gen(function* () {
    const { hangUp } = yield* UnixSocket.Connections
    yield* Effect.addFinalizer(() => Effect.forkDaemon(Effect.delay(hangUp, hangUpAfter)))
  })
).pipe(
  Layer.provideMerge(RpcServer.layer(HanRpcs, { disableFatalDefects: true, disableTracing: true })),
  Layer.provide([
    SessionHandlers.layer,
    SearchHandlers.layer,
    UsageHandlers.layer,
    JournalHandlers.layer,
    IndexHandlers.layer,
    CoordinatorHandlers.layer,
    Authentication.layerLocal
  ]),
  Layer.provide(
    Layer.map(RpcServer.layerProtocolSocketServer, (context) => {
      const protocol = Context.get(context, RpcServer.Protocol)
      return Context.make(RpcServer.Protocol, {
        ...protocol,
        send: (client, response, transferables) =>
          response._tag === "Exit" && response.exit._tag === "Failure" && response.exit.cause._tag === "Die"
            ? Effect.zipRight(Effect.logError("a request died", defectInWords(response.exit.cause.defect)), protocol.send(client, response, transferables))
            : protocol.send(client, response, transferables)
      })
    })
  ),
  Layer.provide(Serialization.layerNdjson)
)

/** A value that did not fit its schema is printed in the defect, and may be what somebody said: it stays out of the log. */
const defectInWords = (defect: unknown): string =>
  typeof defect === "object" && defect !== null && "name" in defect && "message" in defect && defect.name !== "ParseError"
    ? `${String(defect.name)}: ${String(defect.message).split("\n", 1)[0]?.slice(0, 200)}`
    : "a value did not fit its schema"

const layerBackground = (environment: Options["environment"], failure: Ref.Ref<Failure | null>) =>
  Layer.merge(layerFollow(failure), Repos.layer({ environment })).pipe(Layer.provide(Viewer.layerLocal))

/** A store that fails is tried again; until then the reason stands in the log and in `doctor`. */
const layerFollow = (failure: Ref.Ref<Failure | null>) =>
  Layer.scopedDiscard(
    Effect.gen(function* () {
      const indexer = yield* Indexer.Indexer
      const note = (message: string) => Ref.set(failure, { message, at: Date.now() })
      // Whoever started it is waiting for its first answer, which comes before the look at every file of a large archive.
      yield* indexer.follow.pipe(
        Effect.delay("100 millis"),
        Effect.tapError(({ message, operation, reason }) =>
          Effect.zipRight(note(`indexing stopped and is tried again every minute: ${message}`), Effect.logError(message, { operation, reason }))
        ),
        Effect.retry(Schedule.exponential("1 second").pipe(Schedule.union(Schedule.spaced("1 minute")))),
        Effect.catchAllDefect((defect) =>
          Effect.zipRight(
            note("indexing ended by a defect of han; `han coordinator logs` has it, a new start begins again"),
            Effect.logFatal("indexing died", defect)
          )
        ),
        Effect.forkScoped
      )
    })
  )
