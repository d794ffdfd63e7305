import * as Fs from "node:fs"
import * as Os from "node:os"
import * as Path from "node:path"
import * as HttpLayerRouter from "@effect/platform/HttpLayerRouter"
import * as HttpServer from "@effect/platform/HttpServer"
import * as BunHttpServer from "@effect/platform-bun/BunHttpServer"
import * as BunSocketServer from "@effect/platform-bun/BunSocketServer"
import * as RpcServer from "@effect/rpc/RpcServer"
import * as Effect from "effect/Effect"
import * as Layer from "effect/Layer"
import * as Stream from "effect/Stream"
import { HookCache } from "han-core/HookCache"
import { HookHistory } from "han-core/HookHistory"
import { HookRunner } from "han-core/HookRunner"
import { Hooks } from "han-core/Hooks"
import { Indexer } from "han-core/Indexer"
import { Journal } from "han-core/Journal"
import { Search } from "han-core/Search"
import { Sessions } from "han-core/Sessions"
import { StoreError } from "han-core/StoreError"
import { Usage } from "han-core/Usage"
import * as Authentication from "han-rpc/Authentication"
import { Coordinator, HttpOff } from "han-rpc/Coordinator"
import * as CoordinatorHandlers from "han-rpc/CoordinatorHandlers"
import type { Services } from "han-rpc/HanClient"
import { HanRpcs } from "han-rpc/HanRpcs"
import * as HookCacheHandlers from "han-rpc/HookCacheHandlers"
import * as HookHandlers from "han-rpc/HookHandlers"
import * as HookHistoryHandlers from "han-rpc/HookHistoryHandlers"
import * as HookRunnerHandlers from "han-rpc/HookRunnerHandlers"
import * as IndexHandlers from "han-rpc/IndexHandlers"
import * as JournalHandlers from "han-rpc/JournalHandlers"
import * as SearchHandlers from "han-rpc/SearchHandlers"
import * as SessionHandlers from "han-rpc/SessionHandlers"
import * as UsageHandlers from "han-rpc/UsageHandlers"
import * as Serialization from "han-rpc/unstable/Serialization"
import { protocol, version } from "han-rpc/Version"

const broken = new StoreError({ operation: "test", reason: "corrupt", message: "han.db is no database; restore it from a copy" })
const failed = Effect.fail(broken)

/** A store that is broken altogether, except for what a test says. */
export const storeLayer = (says: {
  readonly sessions?: Partial<typeof Sessions.Service>
  readonly search?: Partial<typeof Search.Service>
  readonly usage?: Partial<typeof Usage.Service>
  readonly journal?: Partial<typeof Journal.Service>
  readonly hooks?: Partial<typeof Hooks.Service>
  readonly hookRunner?: Partial<typeof HookRunner.Service>
  readonly hookHistory?: Partial<typeof HookHistory.Service>
  readonly hookCache?: Partial<typeof HookCache.Service>
  readonly indexer?: Partial<typeof Indexer.Service>
  readonly coordinator?: Partial<typeof Coordinator.Service>
}): Layer.Layer<Services> =>
  Layer.mergeAll(
    Layer.succeed(Sessions, {
      list: () => failed,
      count: () => failed,
      get: () => failed,
      getMany: () => failed,
      projects: failed,
      messages: () => failed,
      toolCalls: () => failed,
      tasks: () => failed,
      todos: () => failed,
      fileChanges: () => failed,
      agents: () => failed,
      compactions: () => failed,
      summaries: () => failed,
      watch: () => failed,
      problems: () => failed,
      find: () => failed,
      countFound: () => failed,
      cursorOf: () => failed,
      ...says.sessions
    }),
    Layer.succeed(Search, { messages: () => failed, count: () => failed, ...says.search }),
    Layer.succeed(Usage, { report: () => failed, reconcile: () => failed, ...says.usage }),
    Layer.succeed(Journal, {
      append: () => failed,
      appendAll: () => failed,
      keepOutputs: () => failed,
      outputs: () => failed,
      outputBytes: () => Stream.fail(broken),
      outputTotals: failed,
      transcripts: () => failed,
      markMissing: () => failed,
      read: () => failed,
      bytes: () => failed,
      changes: () => failed,
      head: failed,
      totals: failed,
      rebuild: failed,
      forget: () => failed,
      forgettable: () => failed,
      isForgotten: () => failed,
      ...says.journal
    }),
    Layer.succeed(Indexer, {
      index: Stream.fail(broken),
      follow: failed,
      notTaken: failed,
      status: Effect.succeed({ running: null, following: false, lastPassAt: null, bytesRead: 0, failing: null, roots: [], problems: [] }),
      ...says.indexer
    }),
    Layer.succeed(Hooks, { list: () => failed, trust: () => failed, revoke: () => failed, decisions: failed, ...says.hooks }),
    Layer.succeed(HookRunner, { answer: () => failed, run: () => Stream.fail(broken), explain: () => failed, ...says.hookRunner }),
    Layer.succeed(HookHistory, { runs: () => failed, ...says.hookHistory }),
    Layer.succeed(HookCache, {
      use: () => failed,
      find: () => failed,
      passedFiles: () => failed,
      lastReads: () => failed,
      record: () => failed,
      list: () => failed,
      clear: () => failed,
      ...says.hookCache
    }),
    Layer.succeed(Coordinator, {
      handshake: Effect.succeed({ version, protocol, pid: process.pid }),
      status: Effect.dieMessage("no status in this test"),
      doctor: failed,
      openUrl: Effect.fail(new HttpOff({ message: "no HTTP in this test" })),
      stop: Effect.void,
      ...says.coordinator
    })
  )

const handlers = (says: Parameters<typeof storeLayer>[0], authentication: Layer.Layer<Authentication.Authentication>) =>
  Layer.mergeAll(
    SessionHandlers.layer,
    SearchHandlers.layer,
    UsageHandlers.layer,
    JournalHandlers.layer,
    IndexHandlers.layer,
    HookHandlers.layer,
    HookCacheHandlers.layer,
    HookRunnerHandlers.layer,
    HookHistoryHandlers.layer,
    CoordinatorHandlers.layer,
    authentication
  ).pipe(Layer.provide(storeLayer(says)))

/** A folder that goes with the scope. */
export const folder = Effect.acquireRelease(
  Effect.sync(() => Fs.mkdtempSync(Path.join(Os.tmpdir(), "han-"))),
  (path) => Effect.sync(() => Fs.rmSync(path, { recursive: true, force: true }))
)

/** Serves the store on a unix socket. */
export const socketServer = (path: string, says: Parameters<typeof storeLayer>[0], authentication = Authentication.layerLocal) =>
  RpcServer.layer(HanRpcs, { disableFatalDefects: true }).pipe(
    Layer.provide(handlers(says, authentication)),
    Layer.provide(RpcServer.layerProtocolSocketServer),
    Layer.provide([BunSocketServer.layer({ path }), Serialization.layerNdjson])
  )

/** Serves the store on a free port of this machine. Answers the address. */
export const httpServer = (says: Parameters<typeof storeLayer>[0], authentication = Authentication.layerLocal) =>
  Effect.gen(function* () {
    const context = yield* Layer.build(
      HttpLayerRouter.serve(
        RpcServer.layerHttpRouter({ group: HanRpcs, path: "/rpc", protocol: "http", disableFatalDefects: true }).pipe(
          Layer.provide([handlers(says, authentication), Serialization.layerNdjson])
        ),
        { disableLogger: true, disableListenLog: true }
      ).pipe(Layer.provideMerge(BunHttpServer.layer({ port: 0, hostname: "127.0.0.1" })))
    )
    const { address } = yield* Effect.provide(HttpServer.HttpServer, context)
    return address._tag === "TcpAddress" ? `http://127.0.0.1:${address.port}` : yield* Effect.dieMessage("no port")
  })
