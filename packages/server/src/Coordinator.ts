/**
 * The coordinator in a process of one's own: the store, the indexer and the socket that answers for them.
 *
 * @example
 * ```ts
 * import * as Deferred from "effect/Deferred"
 * import * as Effect from "effect/Effect"
 * import * as Coordinator from "han-server/Coordinator"
 * import * as Home from "han-server/Home"
 *
 * const serve = Effect.gen(function* () {
 *   const home = yield* Home.open("/home/dev/.han")
 *   const stopped = yield* Deferred.make<void>()
 *   const coordinator = Coordinator.layer({
 *     home,
 *     roots: [{ path: "/home/dev/.claude" }],
 *     environment: process.env,
 *     stop: Effect.asVoid(Deferred.succeed(stopped, undefined))
 *   })
 *   yield* Effect.provide(Deferred.await(stopped), coordinator)
 * })
 * ```
 */

import * as Os from "node:os"
import * as RpcServer from "@effect/rpc/RpcServer"
import * as Clock from "effect/Clock"
import * as Context from "effect/Context"
import * as Duration from "effect/Duration"
import * as Effect from "effect/Effect"
import * as Layer from "effect/Layer"
import type * as Runtime from "effect/Runtime"
import * as Schedule from "effect/Schedule"
import * as ClaudeFolders from "han-core/ClaudeFolders"
import type { ClaudeSettings } from "han-core/ClaudeSettings"
import * as ClaudeSettingsFiles from "han-core/ClaudeSettingsFiles"
import { ConfigDirs } from "han-core/ConfigDirs"
import type { Directories } from "han-core/Directories"
import * as HookRunner from "han-core/HookRunner"
import * as HookSettings from "han-core/HookSettings"
import type { Hooks } from "han-core/Hooks"
import * as Indexer from "han-core/Indexer"
import type { Journal } from "han-core/Journal"
import * as MemoryRules from "han-core/MemoryRules"
import * as PluginFiles from "han-core/PluginFiles"
import type { Plugins } from "han-core/Plugins"
import type { Sessions } from "han-core/Sessions"
import type { StoreUnusable } from "han-core/StoreError"
import type { StoreFiles } from "han-core/StoreFiles"
import { StoreInfo } from "han-core/StoreInfo"
import { SyncClient } from "han-core/SyncClient"
import * as TranscriptFiles from "han-core/TranscriptFiles"
import type { Usage } from "han-core/Usage"
import { Viewer } from "han-core/Viewer"
import type { GraphqlRequirements, MachineRequirements } from "han-graphql/GraphqlRequirements"
import * as Authentication from "han-rpc/Authentication"
import { Coordinator, type CoordinatorStatus, type RemakeProgress } from "han-rpc/Coordinator"
import * as HanHandlers from "han-rpc/HanHandlers"
import { MachineRpcs } from "han-rpc/MachineRpcs"
import * as Serialization from "han-rpc/unstable/Serialization"
import { protocol, version } from "han-rpc/Version"
import * as Doctor from "./Doctor.ts"
import * as ConfigRoots from "./home/ConfigRoots.ts"
import * as Defect from "./home/Defect.ts"
import type { Home, HomeUnusable } from "./home/Home.ts"
import * as Lock from "./home/Lock.ts"
import * as UnixSocket from "./home/UnixSocket.ts"
import { hookRoute } from "./http/HookRoute.ts"
import * as HttpServer from "./http/HttpServer.ts"
import type { PortUnusable } from "./loopback/LoopbackListener.ts"
import * as Repos from "./Repos.ts"
import * as CoordinatorFiles from "./store/CoordinatorFiles.ts"
import * as CoordinatorStore from "./store/CoordinatorStore.ts"
import type { StoreServices } from "./store/LateStore.ts"
import * as WriteState from "./WriteState.ts"

/** The home, the folders and the environment of a coordinator, and what it serves beside the socket. */
export interface Options {
  readonly home: Home
  /** The configuration folders to index, beside those of `home.config`. */
  readonly roots: ReadonlyArray<{ readonly path: string; readonly source?: string | undefined }>
  /** Called when a client asks the coordinator to end; it must close the layer's scope. The client's answer is sent before. */
  readonly stop: Effect.Effect<void>
  /** Files of managed settings of Claude Code, the weakest first; none if absent. */
  readonly managedSettings?: ReadonlyArray<string> | undefined
  /** The environment of the programs that it starts (git); `~` in the configuration is its HOME. */
  readonly environment: Readonly<Record<string, string | undefined>>
  /** HTTP for clients of this machine; without it there is none. */
  readonly http?: Omit<HttpServer.Options, "home" | "graphql" | "hooks"> | undefined
  /** Called with each step of the start, as the end of a sentence that begins with its name: `opens the database`. */
  readonly step?: ((step: string) => Effect.Effect<void>) | undefined
  /** Told of each step of making the store of an earlier build anew, before it is done. That goes on after the layer is built. */
  readonly remaking?: ((progress: RemakeProgress) => Effect.Effect<void>) | undefined
  /** The state of this process's other writes, as those of its log. The coordinator notes its own writes there, too. */
  readonly writing?: WriteState.WriteState | undefined
  /** The sending end of sync; nothing is sent if absent. */
  readonly sync?: Layer.Layer<SyncClient, never, StoreServices> | undefined
  /** Makes the GraphQL that HTTP serves, with the first request for it. The runtime runs effects on the coordinator's own services. */
  readonly graphql?: ((runtime: Runtime.Runtime<GraphqlRequirements | MachineRequirements>) => Promise<HttpServer.GraphqlSource>) | undefined
}

/** The services over Claude Code's files and han's own configuration. */
export type FileServices = ConfigDirs | ClaudeSettings | MemoryRules.MemoryRules | Plugins | Hooks

/** The services of a coordinator in its own process. Other processes get the same from `HanClient.layerSocket`, without `IndexerFollow` and what only the store needs. */
export type Services =
  | StoreServices
  | CoordinatorStore.StoreState
  | Indexer.Indexer
  | Indexer.IndexerFollow
  | Coordinator
  | HookRunner.HookRunner
  | FileServices
  | StoreFiles
  | SyncClient

/** The time that another coordinator that is stopping, or has not begun to listen, may hold the lock without getting on. */
const lockWaitMs = 5000
/** The longest time that a client that does not read may hold up the end. */
const hangUpAfter = Duration.seconds(2)

/**
 * The coordinator: the store, the indexer, and the socket that answers for them. The built layer answers at the socket; indexing begins after that and goes on
 * for ever. When its scope closes it ends its writes, hangs up, removes the socket, closes the database and gives back the lock, in this order. Fails when
 * another coordinator has the home, or when the home, the socket, the port or the store cannot be used; `message` says what to do.
 */
export const layer = (
  options: Options
): Layer.Layer<Services, Lock.CoordinatorAlreadyRunning | HomeUnusable | UnixSocket.SocketUnusable | PortUnusable | StoreUnusable> => {
  const { environment, home } = options
  const configRoots = ConfigRoots.make({
    configFile: home.configFile,
    config: home.config,
    hanHome: home.path,
    given: options.roots,
    userHome: environment["HOME"] ?? environment["USERPROFILE"]
  })
  const writing = options.writing ?? WriteState.make()
  const repos = Repos.progress()
  const step = options.step ?? (() => Effect.void)
  return Layer.unwrapEffect(
    Effect.map(configRoots, ({ dirs, roots }) =>
      layerBackground(options.environment, writing, repos).pipe(
        Layer.provide(layerServer),
        Layer.provide(UnixSocket.layer({ path: home.socket })),
        Layer.provideMerge(layerCoordinator(options, dirs, writing, repos)),
        Layer.provide(layerHttp(options)),
        Layer.provideMerge(layerHookRunner(options, writing)),
        Layer.provideMerge(layerFiles(options, dirs)),
        Layer.provideMerge(options.sync ?? SyncClient.layerOff),
        Layer.provideMerge(CoordinatorFiles.layer(home)),
        Layer.provideMerge(Indexer.layer),
        Layer.provide(TranscriptFiles.layer({ machine: home.machine, roots, hanHome: home.path })),
        Layer.provideMerge(Layer.tap(CoordinatorStore.layer({ home, remaking: options.remaking }), () => step("begins to listen"))),
        Layer.provide(
          Layer.scopedDiscard(
            Effect.zipRight(
              Lock.acquire({ home: home.path, lock: home.lock, socket: home.socket, waitMs: lockWaitMs }),
              step("opens the database, and brings it up to date")
            )
          )
        )
      )
    )
  )
}

const layerFiles = (options: Options, dirs: typeof ConfigDirs.Service): Layer.Layer<FileServices> =>
  Layer.mergeAll(ClaudeSettingsFiles.layer, MemoryRules.layer, PluginFiles.layer, HookSettings.layerSettings({ trustFile: options.home.trust })).pipe(
    Layer.provide(ClaudeFolders.layerConfigDirs({ managed: options.managedSettings })),
    Layer.provideMerge(Layer.succeed(ConfigDirs, dirs))
  )

/** The times in a row that an agent that wants to stop is sent on; the client itself gives up after nine. */
const standardBlocks = 5

const layerHookRunner = ({ environment, home }: Options, writing: WriteState.WriteState) =>
  Layer.unwrapEffect(
    Effect.map(SyncClient, ({ sessionEnded }) =>
      HookRunner.layer({
        machine: home.machine,
        outputFolder: home.hookOutput,
        slots: home.config.hookSlots ?? Math.max(2, Os.availableParallelism()),
        maxBlocks: home.config.hookBlocks ?? standardBlocks,
        failClosedFile: home.failClosed,
        history: (failure) => Effect.sync(() => writing.note("history", failure === null ? null : `what hooks did is not in the history yet: ${failure}`)),
        sessionEnded: Effect.ignore(sessionEnded),
        environment
      })
    )
  )

const layerCoordinator = (options: Options, dirs: typeof ConfigDirs.Service, writing: WriteState.WriteState, repos: Repos.Progress) =>
  Layer.effect(
    Coordinator,
    Effect.gen(function* () {
      const services = yield* Effect.context<Directories | Journal | Sessions | Usage>()
      const indexer = yield* Indexer.Indexer
      const store = yield* StoreInfo
      const { remaking } = yield* CoordinatorStore.StoreState
      const http = yield* HttpServer.HttpServer
      const startedAt = yield* Clock.currentTimeMillis
      const handshake = { version, protocol, pid: process.pid }
      const status = Effect.gen(function* () {
        // The indexer of this process always answers.
        const indexing = yield* Effect.orDie(indexer.status)
        yield* Effect.sync(() => WriteState.look(writing, options.home))
        return {
          ...handshake,
          startedAt,
          home: options.home.path,
          socket: options.home.socket,
          http: http.state,
          database: { engine: store.engine, version: store.version, location: store.location, warning: store.warning },
          indexer: indexing,
          // A store that cannot be read says so where something is asked of it.
          lookingUp: yield* Repos.isLookingUp(repos).pipe(
            Effect.orElseSucceed(() => false),
            Effect.provide(Layer.merge(Layer.succeedContext(services), Viewer.layerLocal))
          ),
          cannotWrite: WriteState.longest([indexing.failing, writing.current()].filter((one) => one !== null)),
          rebuilding: yield* store.rebuilding,
          remaking: yield* remaking
        } satisfies CoordinatorStatus
      })
      return {
        handshake: Effect.succeed(handshake),
        status,
        doctor: Effect.gen(function* () {
          const now = yield* status
          const claudeRoots = (yield* dirs.list).filter(({ source }) => source === "claude-code").map(({ path }) => path)
          return yield* Doctor.report({ status: now, claudeRoots, notTaken: yield* indexer.notTaken })
        }).pipe(Effect.provide(services)),
        openUrl: http.openUrl,
        stop: Effect.zipRight(Effect.logInfo("asked to stop"), options.stop)
      }
    })
  )

const layerHttp = ({ environment, graphql, home, http }: Options) =>
  http === undefined
    ? HttpServer.layerOff
    : Layer.unwrapEffect(
        Effect.map(Effect.runtime<GraphqlRequirements | MachineRequirements | HookRunner.HookRunner>(), (runtime) =>
          HttpServer.layer({ ...http, home, graphql: graphql === undefined ? undefined : () => graphql(runtime), hooks: hookRoute(runtime, environment) })
        )
      )

/** Answers at the socket. A defect of one request fails that request alone, and is logged. */
const layerServer = Layer.scopedDiscard(
  Effect.gen(function* () {
    const { hangUp } = yield* UnixSocket.Connections
    yield* Effect.addFinalizer(() => Effect.forkDaemon(Effect.delay(hangUp, hangUpAfter)))
  })
).pipe(
  Layer.provideMerge(RpcServer.layer(MachineRpcs, { disableFatalDefects: true, disableTracing: true })),
  Layer.provide([HanHandlers.layerMachine, Authentication.layerLocal]),
  Layer.provide(
    Layer.map(RpcServer.layerProtocolSocketServer, (context) => {
      const protocol = Context.get(context, RpcServer.Protocol)
      return Context.make(RpcServer.Protocol, {
        ...protocol,
        send: (client, response, transferables) =>
          response._tag === "Exit" && response.exit._tag === "Failure" && response.exit.cause._tag === "Die"
            ? Effect.zipRight(Effect.logError("a request died", Defect.inWords(response.exit.cause.defect)), protocol.send(client, response, transferables))
            : protocol.send(client, response, transferables)
      })
    })
  ),
  Layer.provide(Serialization.layerNdjson)
)

/** Begins when the store is there. */
const layerBackground = (environment: Options["environment"], writing: WriteState.WriteState, repos: Repos.Progress) =>
  Layer.scopedDiscard(
    Effect.gen(function* () {
      const { begin, ready } = yield* CoordinatorStore.StoreState
      yield* begin
      const scope = yield* Effect.scope
      const work = Layer.merge(layerFollow(writing), Repos.layer({ environment, progress: repos })).pipe(Layer.provide(Viewer.layerLocal))
      yield* Effect.forkScoped(Effect.zipRight(ready, Layer.buildWithScope(work, scope)))
    })
  )

/** A store that fails is tried again; until then the reason stands in the status, and once in the log. */
const layerFollow = (writing: WriteState.WriteState) =>
  Layer.scopedDiscard(
    Effect.gen(function* () {
      const { follow } = yield* Indexer.IndexerFollow
      let told = ""
      // Whoever started it is waiting for its first answer, which comes before the look at every file of a large archive.
      yield* follow.pipe(
        Effect.delay("100 millis"),
        Effect.tapError(({ message, operation, reason }) => {
          const isNews = told !== message
          told = message
          return isNews ? Effect.logError(`indexing stopped and is tried again: ${message}`, { operation, reason }) : Effect.void
        }),
        Effect.retry(Schedule.exponential("1 second").pipe(Schedule.union(Schedule.spaced("5 seconds")))),
        Effect.catchAllDefect((defect) =>
          Effect.zipRight(
            Effect.sync(() =>
              writing.note(
                "indexing",
                "indexing ended by a defect of han; `han coordinator logs` has it, `han coordinator stop` lets the next command begin again"
              )
            ),
            Effect.logFatal("indexing died", defect)
          )
        ),
        Effect.forkScoped
      )
    })
  )
