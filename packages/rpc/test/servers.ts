import * as Fs from "node:fs"
import * as Os from "node:os"
import * as Path from "node:path"
import * as HttpLayerRouter from "@effect/platform/HttpLayerRouter"
import * as HttpServer from "@effect/platform/HttpServer"
import * as BunHttpServer from "@effect/platform-bun/BunHttpServer"
import * as BunSocketServer from "@effect/platform-bun/BunSocketServer"
import * as RpcServer from "@effect/rpc/RpcServer"
import * as Context from "effect/Context"
import * as Effect from "effect/Effect"
import * as Layer from "effect/Layer"
import * as Stream from "effect/Stream"
import { HookCacheAdmin } from "han-core/HookCache"
import { Indexer } from "han-core/Indexer"
import { Journal } from "han-core/Journal"
import { Search } from "han-core/Search"
import { Sessions } from "han-core/Sessions"
import { StoreError } from "han-core/StoreError"
import { Usage } from "han-core/Usage"
import * as Authentication from "han-rpc/Authentication"
import { Coordinator, HttpOff } from "han-rpc/Coordinator"
import type { Services } from "han-rpc/HanClient"
import * as HanHandlers from "han-rpc/HanHandlers"
import { HanRpcs, storeContracts } from "han-rpc/HanRpcs"
import { MachineRpcs, machineContracts } from "han-rpc/MachineRpcs"
import { loosely, methodsOf } from "han-rpc/unstable/Contract"
import * as Serialization from "han-rpc/unstable/Serialization"
import { protocol, version } from "han-rpc/Version"

const error = new StoreError({ operation: "test", reason: "corrupt", message: "han.db is no database; restore it from a copy" })

/** The answers that a test gives by service and method. */
export interface Says {
  readonly sessions?: Partial<typeof Sessions.Service>
  readonly search?: Partial<typeof Search.Service>
  readonly usage?: Partial<typeof Usage.Service>
  readonly journal?: Partial<typeof Journal.Service>
  readonly indexer?: Partial<typeof Indexer.Service>
  readonly hookCacheAdmin?: Partial<typeof HookCacheAdmin.Service>
  readonly coordinator?: Partial<typeof Coordinator.Service>
}

/** A store that is broken altogether, except for what a test says. */
const storeLayer = (says: Says): Layer.Layer<Services> => {
  const contracts = loosely([...storeContracts, ...machineContracts])
  const broken = contracts.reduce<Context.Context<never>>((context, { group, tag }) => {
    const members = methodsOf(group).map(({ isStream, method, names }) => {
      const answer = isStream ? Stream.fail(error) : Effect.fail(error)
      return [method, names.length === 0 ? answer : () => answer]
    })
    return Context.add(context, tag, Object.fromEntries(members))
  }, Context.empty()) as Context.Context<Exclude<Services, Coordinator>>
  const said = <Self, S extends object>(context: Context.Context<Self | Services>, tag: Context.Tag<Self, S>, some: Partial<S> | undefined) =>
    Context.add(context, tag, { ...Context.get(context, tag), ...some })
  let context = Context.add(broken, Coordinator, {
    handshake: Effect.succeed({ version, protocol, pid: process.pid }),
    status: Effect.dieMessage("no status in this test"),
    doctor: Effect.fail(error),
    openUrl: Effect.fail(new HttpOff({ message: "no HTTP in this test" })),
    stop: Effect.void,
    ...says.coordinator
  })
  context = said(context, Sessions, says.sessions)
  context = said(context, Search, says.search)
  context = said(context, Usage, says.usage)
  context = said(context, Journal, says.journal)
  context = said(context, Indexer, says.indexer)
  context = said(context, HookCacheAdmin, says.hookCacheAdmin)
  return Layer.succeedContext(context)
}

/** A folder that goes with the scope. */
export const folder = Effect.acquireRelease(
  Effect.sync(() => Fs.mkdtempSync(Path.join(Os.tmpdir(), "han-"))),
  (path) => Effect.sync(() => Fs.rmSync(path, { recursive: true, force: true }))
)

/** Serves a coordinator's services on a unix socket. */
export const socketServer = (path: string, says: Says, authentication = Authentication.layerLocal) => serveSocket(path, storeLayer(says), authentication)

export const serveSocket = <E, R>(path: string, services: Layer.Layer<Services, E, R>, authentication = Authentication.layerLocal) =>
  RpcServer.layer(MachineRpcs, { disableFatalDefects: true }).pipe(
    Layer.provide(Layer.merge(Layer.provide(HanHandlers.layerMachine, services), authentication)),
    Layer.provide(RpcServer.layerProtocolSocketServer),
    Layer.provide([BunSocketServer.layer({ path }), Serialization.layerNdjson])
  )

/** Serves a store on a free port of this machine. Answers the address. */
export const httpServer = (says: Says, authentication = Authentication.layerLocal) =>
  Effect.gen(function* () {
    const context = yield* Layer.build(
      HttpLayerRouter.serve(
        RpcServer.layerHttpRouter({ group: HanRpcs, path: "/rpc", protocol: "http", disableFatalDefects: true }).pipe(
          Layer.provide([Layer.merge(Layer.provide(HanHandlers.layer, storeLayer(says)), authentication), Serialization.layerNdjson])
        ),
        { disableLogger: true, disableListenLog: true }
      ).pipe(Layer.provideMerge(BunHttpServer.layer({ port: 0, hostname: "127.0.0.1" })))
    )
    const { address } = yield* Effect.provide(HttpServer.HttpServer, context)
    return address._tag === "TcpAddress" ? `http://127.0.0.1:${address.port}` : yield* Effect.dieMessage("no port")
  })
