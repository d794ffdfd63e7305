import * as Fs from "node:fs"
import * as Context from "effect/Context"
import * as Effect from "effect/Effect"
import * as Either from "effect/Either"
import * as Layer from "effect/Layer"
import * as Runtime from "effect/Runtime"
import type * as Scope from "effect/Scope"
import type { GraphQLSchema } from "graphql"
import type { Options as ExecutionOptions } from "han-graphql/Execution"
import { HttpOff, type HttpState } from "han-rpc/Coordinator"
import * as Defect from "../home/Defect.ts"
import { attempt, type Home, type HomeUnusable } from "../home/Home.ts"
import { SocketUnusable } from "../home/UnixSocket.ts"
import * as LoopbackGuard from "../loopback/LoopbackGuard.ts"
import * as LoopbackListener from "../loopback/LoopbackListener.ts"
import * as PortOwner from "../loopback/PortOwner.ts"
import type { Dashboard } from "./Dashboard.ts"
import { type HookRoute, maxInput } from "./HookRoute.ts"
import * as HttpRoutes from "./HttpRoutes.ts"
import * as OpenPage from "./OpenPage.ts"
import * as Token from "./Token.ts"
import * as WebSockets from "./WebSockets.ts"

/** The schema that is served, and the context value of its resolvers. */
export interface GraphqlSource {
  readonly schema: GraphQLSchema
  readonly contextOf: ExecutionOptions<Token.Viewing>["contextOf"]
  readonly limits?: ExecutionOptions<Token.Viewing>["limits"]
}

export interface Options {
  readonly home: Home
  /** 0: any free one. */
  readonly port: number
  /** True: goes on without HTTP when the port is taken. */
  readonly optional: boolean
  /** As `LoopbackGuard.Options` has them. */
  readonly allowHosts?: ReadonlyArray<string> | undefined
  readonly allowOrigins?: ReadonlyArray<string> | undefined
  /** Loaded with the first request for it: a schema takes its time. */
  readonly graphql?: (() => Promise<GraphqlSource>) | undefined
  /** Runs hooks; without it there are none. */
  readonly hooks?: HookRoute | undefined
  /** Loads the dashboard when a page is first asked for; without it there are no pages. */
  readonly dashboard?: (() => Promise<Dashboard | undefined>) | undefined
  /** Connections at the same time; as many as the process can bear when it is not given. */
  readonly maxConnections?: number | undefined
}

/** HTTP and WebSockets of this machine's own clients, at 127.0.0.1. */
export class HttpServer extends Context.Tag("han-server/HttpServer")<
  HttpServer,
  {
    readonly state: HttpState
    /** See `Coordinator.openUrl`. */
    readonly openUrl: Effect.Effect<string, HttpOff>
  }
>() {}

/** The port of a coordinator that was not told another. */
export const standardPort = 41956

/** Milliseconds that open requests may still take when the server ends. */
const graceMs = 1000

/** The port that is served, and the token, stand in files of the home; that of the port is gone when the server has ended in good order. */
export const layer = (options: Options): Layer.Layer<HttpServer, LoopbackListener.PortUnusable | HomeUnusable | SocketUnusable> =>
  Layer.scoped(
    HttpServer,
    Effect.gen(function* () {
      const { home, port } = options
      const token = yield* Token.open(home.token)
      // Of a coordinator that was killed.
      yield* attempt(home.port, "cannot be removed", () => Fs.rmSync(home.port, { force: true }))
      const served = yield* Effect.either(serve(options, token))
      if (Either.isRight(served)) return served.right
      if (served.left._tag !== "PortUnusable") return yield* served.left
      const { message, taken } = served.left
      const why = taken ? `the port ${port} is taken by ${yield* PortOwner.describe(port)}` : message
      if (!options.optional)
        return yield* new LoopbackListener.PortUnusable({
          port,
          taken,
          message: `${why}; ${taken ? "end it, or " : ""}choose another port: \`--port\`, HAN_PORT, or "port" in ${home.path}/config.json (0: any free one)`
        })
      const reason = `${why}; HTTP and GraphQL are not served. Set HAN_PORT, or "port" in ${home.path}/config.json (0: any free one), then \`han coordinator stop\``
      yield* Effect.logWarning(reason)
      return off(reason)
    })
  )

/** For a coordinator without HTTP. */
export const layerOff: Layer.Layer<HttpServer> = Layer.sync(HttpServer, () => off("this coordinator was started without HTTP"))

const off = (reason: string): typeof HttpServer.Service => ({ state: { state: "off", reason }, openUrl: Effect.fail(new HttpOff({ message: reason })) })

const serve = (
  options: Options,
  token: Token.Token
): Effect.Effect<typeof HttpServer.Service, LoopbackListener.PortUnusable | HomeUnusable | SocketUnusable, Scope.Scope> =>
  Effect.gen(function* () {
    const { home } = options
    const maxConnections = options.maxConnections ?? LoopbackListener.mostConnections()
    const listener = yield* LoopbackListener.listen({ port: options.port, socket: home.httpSocket, maxConnections })
    const tickets = OpenPage.tickets(Date.now)
    // A page opens two; what is not a WebSocket keeps room.
    const sockets = WebSockets.make({ most: Math.ceil(maxConnections / 2), maxStrangers: Math.ceil(maxConnections / 10) })
    const runtime = yield* Effect.runtime()
    const note = (message: string, defect: unknown, annotations: Readonly<Record<string, string>>) =>
      Runtime.runFork(runtime)(Effect.annotateLogs(Effect.logError(message, Defect.inWords(defect)), annotations))
    const graphql = options.graphql === undefined ? undefined : loaded(options.graphql, token, note)
    yield* answering({
      path: home.httpSocket,
      sockets,
      end: () => graphql?.close(),
      failed: (defect) => note("a request died", defect, {}),
      respond: HttpRoutes.make({
        guard: LoopbackGuard.make({ port: listener.port, hosts: options.allowHosts ?? [], origins: options.allowOrigins ?? [] }),
        token,
        tickets,
        sockets,
        graphql: graphql?.get,
        dashboard: once(options.dashboard ?? (async () => undefined)),
        hooks: options.hooks
      })
    })
    yield* Effect.acquireRelease(
      attempt(home.port, "cannot be written", () => Fs.writeFileSync(home.port, `${listener.port}\n`, { mode: 0o600 })),
      () => Effect.sync(() => Fs.rmSync(home.port, { force: true }))
    )
    const url = `http://127.0.0.1:${listener.port}`
    return {
      state: { state: "listening", port: listener.port, url },
      openUrl: Effect.sync(() => `${url}/open?token=${tickets.issue()}`)
    }
  })

/** Loads once; when that fails it is tried again with the next call. */
const once = <A>(load: () => Promise<A>): (() => Promise<A>) => {
  let loading: Promise<A> | undefined
  return () => {
    loading ??= load().catch((error: unknown) => {
      loading = undefined
      throw error
    })
    return loading
  }
}

type Note = (message: string, defect: unknown, annotations: Readonly<Record<string, string>>) => void

/** GraphQL, made when it is first asked for. When that fails it is tried again with the next request. */
const loaded = (source: () => Promise<GraphqlSource>, token: Token.Token, note: Note) => {
  let made: Promise<HttpRoutes.GraphqlApi> | undefined
  let ready: HttpRoutes.GraphqlApi | undefined
  const make = async (): Promise<HttpRoutes.GraphqlApi> => {
    const [Execution, GraphqlHttp, GraphqlSocket, { contextOf, limits, schema }] = await Promise.all([
      import("han-graphql/Execution"),
      import("han-graphql/GraphqlHttp"),
      import("han-graphql/GraphqlSocket"),
      source()
    ])
    const execution = Execution.make({
      schema,
      contextOf,
      joinedAs: ({ owner }) => owner,
      limits,
      onDefect: (defect, id) => note("a field died", defect, { id })
    })
    ready = {
      http: GraphqlHttp.make({ execution }),
      socket: GraphqlSocket.make({ execution, viewerOf: (text) => Token.viewerOf(token, text), onDefect: (defect) => note("a WebSocket died", defect, {}) })
    }
    return ready
  }
  return {
    get: () => {
      made ??= make().catch((error: unknown) => {
        made = undefined
        throw error
      })
      return made
    },
    close: () => ready?.http.close()
  }
}

/** Bun's server, behind the listener: at a socket that only its owner can open. */
const answering = (options: {
  readonly path: string
  readonly sockets: WebSockets.WebSockets
  readonly respond: ReturnType<typeof HttpRoutes.make>
  readonly failed: (defect: unknown) => void
  /** Ends what would not end by itself. */
  readonly end: () => void
}) =>
  Effect.acquireRelease(
    Effect.try({
      try: () => {
        Fs.rmSync(options.path, { force: true })
        const server = Bun.serve<WebSockets.SocketData>({
          unix: options.path,
          development: false,
          // The limits of GraphQL are lower, and say why, as that of hooks does.
          maxRequestBodySize: 2 * maxInput,
          fetch: options.respond,
          websocket: options.sockets.handlers,
          error: (defect) => {
            options.failed(defect)
            return Response.json({ errors: [{ message: "internal error" }] }, { status: 500 })
          }
        })
        Fs.chmodSync(options.path, 0o600)
        return server
      },
      catch: (cause) =>
        new SocketUnusable({ path: options.path, message: `cannot listen at ${options.path} (${cause instanceof Error ? cause.message : String(cause)})` })
    }),
    (server) =>
      Effect.gen(function* () {
        options.sockets.closeAll()
        options.end()
        // A release is not interrupted by itself; this wait may be.
        yield* Effect.timeoutOption(Effect.interruptible(Effect.promise(() => server.stop())), graceMs)
        yield* Effect.promise(() => server.stop(true))
        Fs.rmSync(options.path, { force: true })
      })
  )
