/**
 * The HTTP server of a team server: its own routes, and those that it is given.
 *
 * @example
 * ```ts
 * import * as HttpRouter from "@effect/platform/HttpRouter"
 * import * as HttpServerResponse from "@effect/platform/HttpServerResponse"
 * import * as Effect from "effect/Effect"
 * import * as Layer from "effect/Layer"
 * import * as Redacted from "effect/Redacted"
 * import { Sessions } from "han-core/Sessions"
 * import { OwnerId, Viewer } from "han-core/Viewer"
 * import * as TeamServer from "han-server/TeamServer"
 * import * as PgStore from "han-sql/PgStore"
 *
 * const sessions = Effect.gen(function* () {
 *   const count = yield* (yield* Sessions).count({}).pipe(Effect.provideService(Viewer, { owner: OwnerId.make("acme"), person: null }))
 *   return yield* HttpServerResponse.json({ count })
 * })
 * const server = TeamServer.layer({ host: "127.0.0.1", port: 8080, routes: HttpRouter.empty.pipe(HttpRouter.get("/count", sessions)) })
 *
 * await Effect.runPromise(Layer.launch(Layer.provide(server, PgStore.layer({ url: Redacted.make(process.env.DATABASE_URL ?? "") }))))
 * ```
 */

import { randomBytes } from "node:crypto"
import * as HttpApp from "@effect/platform/HttpApp"
import * as HttpRouter from "@effect/platform/HttpRouter"
import * as HttpServerRequest from "@effect/platform/HttpServerRequest"
import * as HttpServerResponse from "@effect/platform/HttpServerResponse"
import type { Server, WebSocketHandler } from "bun"
import * as Cause from "effect/Cause"
import * as Context from "effect/Context"
import * as Effect from "effect/Effect"
import * as Layer from "effect/Layer"
import * as Schema from "effect/Schema"
import type * as EffectScope from "effect/Scope"
import { version } from "han-rpc/Version"
import { PgHealth } from "han-sql/unstable/PgHealth"
import * as Defect from "../home/Defect.ts"
import * as TrustedProxies from "./TrustedProxies.ts"

/** WebSockets of a team server, at the addresses of its choice. */
export interface TeamSockets<Data> {
  readonly handlers: WebSocketHandler<Data>
  /** Answers a request to open one: undefined when it became one, null when it is no such request. `client`: the address that it comes from. */
  readonly upgrade: (request: Request, client: string, server: Server<Data>) => Promise<Response | undefined | null>
  /** Tells every client that the server goes away. Called when it takes no more connections. */
  readonly closeAll: () => void
}

/** Where a team server listens, and what it serves beside `/health` and `/ready`. */
export interface TeamServerOptions<E = never, R = never> {
  /** The address, or the name of one, at which it listens: `127.0.0.1`, `::`. */
  readonly host: string
  /** 0: any free one. */
  readonly port: number
  /** The address that people use; with `https:` browsers are told to come by no other way. */
  readonly publicUrl?: URL | undefined
  /** Whose `X-Forwarded-For` is believed; nobody's if absent. Routes find the client's address in `remoteAddress` of the request. */
  readonly trustedProxies?: TrustedProxies.TrustedProxies | undefined
  /** Further routes. An error that they let through is answered with 500, and told in the log. */
  readonly routes?: HttpRouter.HttpRouter<E, R> | undefined
  /** WebSockets; none if absent. */
  readonly sockets?: TeamSockets<unknown> | undefined
  /** The most bytes of a request's body, whatever its route; 16 MiB if absent. Routes have bounds of their own below it. */
  readonly maxBodyBytes?: number | undefined
  /** Milliseconds that requests may still take when the server ends; 10,000 if absent. */
  readonly graceMs?: number | undefined
}

/** Nothing can listen at the address: somebody else does, or the system does not let it. */
export class CannotListen extends Schema.TaggedError<CannotListen>("han-server/CannotListen")("CannotListen", { message: Schema.String }) {}

/** The address of the server that runs, without a slash at its end. */
export class TeamServer extends Context.Tag("han-server/TeamServer")<TeamServer, { readonly url: string; readonly port: number }>() {}

/**
 * Serves until the scope closes; then it takes no more connections, and waits for the requests that it has. Every answer has security headers. What is not there is answered with
 * 404 and `{"code": "not_found", "message"}`, and other errors in the same form.
 */
export const layer = <E = never, R = never>(options: TeamServerOptions<E, R>): Layer.Layer<TeamServer, CannotListen, PgHealth | R> =>
  Layer.scoped(
    TeamServer,
    Effect.gen(function* () {
      const peers = new WeakMap<Request, string>()
      const routes = yield* ownRoutes
      const app = HttpRouter.concat(routes, options.routes ?? HttpRouter.empty).pipe(
        answered,
        bounded(options),
        withClient(options, peers),
        withHeaders(options)
      )
      const runtime = yield* Effect.runtime<R>()
      const respond = HttpApp.toWebHandlerRuntime(runtime)(app)
      const { sockets } = options
      const server = yield* listening(options, async (request, peer, server) => {
        peers.set(request, peer)
        const opened = await sockets?.upgrade(request, clientOf(options, peer, request.headers.get("x-forwarded-for") ?? undefined), server)
        // Undefined: there are no WebSockets, or it has become one.
        return opened === null || sockets === undefined ? respond(request) : opened && secured(options, opened)
      })
      const port = server.port ?? options.port
      return TeamServer.of({ port, url: `http://${options.host.includes(":") ? `[${options.host}]` : options.host}:${port}` })
    })
  )

const maxBody = ({ maxBodyBytes = 16 * 1024 * 1024 }: { readonly maxBodyBytes?: number | undefined }) => maxBodyBytes

/** Bun's server, at the address of the options. */
const listening = (
  options: Pick<TeamServerOptions<unknown, unknown>, "host" | "port" | "maxBodyBytes" | "graceMs" | "sockets">,
  respond: (request: Request, peer: string, server: Server<unknown>) => Promise<Response | undefined>
): Effect.Effect<ReturnType<typeof Bun.serve>, CannotListen, EffectScope.Scope> =>
  Effect.acquireRelease(
    Effect.try({
      try: () =>
        Bun.serve<unknown>({
          hostname: options.host,
          port: options.port,
          development: false,
          // Without it Bun lets two servers that are no development ones have one port.
          reusePort: false,
          // What says its length is refused in words before; what says none is cut off here.
          maxRequestBodySize: maxBody(options) + 1024,
          // Seconds without a byte; routes that take longer say something meanwhile.
          idleTimeout: 120,
          fetch: (request, server) => respond(request, server.requestIP(request)?.address ?? "", server),
          websocket: options.sockets?.handlers ?? { message: () => {} },
          error: () => Response.json({ code: "internal", message: "the server could not answer" }, { status: 500 })
        }),
      catch: (cause) =>
        new CannotListen({
          message: `nothing can listen at ${options.host}, port ${options.port} (${cause instanceof Error ? cause.message : String(cause)}); choose another with HAN_HOST, and PORT or HAN_PORT`
        })
    }),
    (server) =>
      Effect.gen(function* () {
        // Connections are taken no more; those that are open end with their requests.
        const ended = server.stop()
        options.sockets?.closeAll()
        yield* Effect.timeoutOption(Effect.interruptible(Effect.promise(() => ended)), options.graceMs ?? 10_000)
        yield* Effect.promise(() => server.stop(true))
      })
  )

const ownRoutes = Effect.gen(function* () {
  const health = yield* PgHealth
  // Anybody may ask, and takes a connection at most once a second.
  const check = yield* Effect.cachedWithTTL(
    Effect.tapError(health.check, ({ message }) => Effect.logWarning(`not ready: ${message}`)),
    "1 second"
  )
  const live = Effect.flatMap(health.announcements, (announcements) =>
    HttpServerResponse.json({ name: "han-server", status: "ok", version, uptime: Math.floor(process.uptime()), announcements }, uncached)
  )
  const ready = Effect.matchEffect(check, {
    onSuccess: () => HttpServerResponse.json({ status: "ready" }, uncached),
    onFailure: ({ reason }) => Effect.succeed(says(503, "not_ready", reason === "unmigrated" || reason === "newer" ? whyNot[reason] : whyNot.unreachable))
  })
  return HttpRouter.empty.pipe(HttpRouter.get("/health", live), HttpRouter.get("/ready", ready))
})

const uncached = { headers: { "cache-control": "no-store" } }
/** For anybody: without the name of the database. The log has the rest. */
const whyNot = {
  unreachable: "the database does not answer",
  unmigrated: "the database has no tables of this version; run `han-server migrate`",
  newer: "a newer han-server has changed the database; update this one"
} as const

const says = (status: number, code: string, message: string) => HttpServerResponse.unsafeJson({ code, message }, { ...uncached, status })

/** Answers each request, whatever becomes of it. */
const answered = <E, R>(router: HttpRouter.HttpRouter<E, R>) =>
  Effect.catchAllCause(router, (cause) => {
    const failure = Cause.failureOption(cause)
    if (failure._tag === "Some" && isNotFound(failure.value)) return Effect.succeed(says(404, "not_found", "there is nothing here"))
    if (failure._tag === "Some" && isRequestError(failure.value)) return Effect.succeed(says(400, "malformed", "the request could not be read"))
    if (Cause.isInterruptedOnly(cause)) return Effect.succeed(says(503, "interrupted", "the server is ending, or the client has gone"))
    const id = randomBytes(4).toString("hex")
    return Effect.as(
      Effect.annotateLogs(Effect.logError("a request died", Defect.inWords(Cause.squash(cause))), { error: id }),
      says(500, "internal", `the server could not answer (error ${id} in its log)`)
    )
  })

const tagOf = (error: unknown): unknown => (typeof error === "object" && error !== null && "_tag" in error ? error._tag : undefined)
const isNotFound = (error: unknown) => tagOf(error) === "RouteNotFound"
const isRequestError = (error: unknown) => tagOf(error) === "RequestError"

/** Refuses a body that says that it is too long. */
const bounded =
  (options: { readonly maxBodyBytes?: number | undefined }) =>
  <E, R>(app: HttpApp.Default<E, R>): HttpApp.Default<E, R> =>
    Effect.flatMap(HttpServerRequest.HttpServerRequest, ({ headers }) =>
      Number(headers["content-length"] ?? 0) > maxBody(options) ? Effect.succeed(says(413, "too_large", `a request may hold ${maxBody(options)} bytes`)) : app
    )

const maxLoggedPath = 200

/** Headers by which a proxy says for whom it asks. */
const forwarded = ["forwarded", "x-forwarded-for", "x-forwarded-host", "x-forwarded-proto", "x-real-ip"]

const clientOf = ({ trustedProxies = TrustedProxies.none }: TeamServerOptions<unknown, unknown>, peer: string, forwardedFor: string | undefined): string =>
  TrustedProxies.clientOf(trustedProxies, peer, forwardedFor)

/** Tells routes the address of the client, takes out what anybody could have written about it, and notes the request. */
const withClient =
  ({ trustedProxies = TrustedProxies.none }: TeamServerOptions<unknown, unknown>, peers: WeakMap<Request, string>) =>
  <E, R>(app: HttpApp.Default<E, R>): HttpApp.Default<E, R> =>
    Effect.gen(function* () {
      const request = yield* HttpServerRequest.HttpServerRequest
      const peer = request.source instanceof Request ? (peers.get(request.source) ?? "") : ""
      const client = TrustedProxies.clientOf(trustedProxies, peer, request.headers["x-forwarded-for"])
      const headers = Object.fromEntries(Object.entries(request.headers).filter(([name]) => trustedProxies.has(peer) || !forwarded.includes(name)))
      const known = request.modify({ remoteAddress: client, headers: headers as typeof request.headers })
      const began = performance.now()
      const response = yield* Effect.provideService(app, HttpServerRequest.HttpServerRequest, known)
      const path = request.url.split("?", 1)[0]?.slice(0, maxLoggedPath)
      const level = path === "/health" || path === "/ready" ? Effect.logDebug("request") : Effect.logInfo("request")
      yield* Effect.annotateLogs(level, { method: request.method, path, status: response.status, ms: Math.round(performance.now() - began), client })
      return response
    })

/** The headers with which every answer speaks to browsers. */
const withHeaders =
  (options: TeamServerOptions<unknown, unknown>) =>
  <E, R>(app: HttpApp.Default<E, R>): HttpApp.Default<E, R> =>
    Effect.map(app, (response) =>
      HttpServerResponse.setHeaders(response, {
        ...headersOf(options),
        // A page with a form says `same-origin`: without a referrer browsers would not tell the form's origin.
        ...(response.headers["referrer-policy"] !== undefined && { "referrer-policy": response.headers["referrer-policy"] })
      })
    )

const headersOf = ({ publicUrl }: TeamServerOptions<unknown, unknown>): Readonly<Record<string, string>> => ({
  "x-content-type-options": "nosniff",
  "referrer-policy": "no-referrer",
  ...(publicUrl?.protocol === "https:" ? { "strict-transport-security": "max-age=31536000" } : {})
})

/** The same for an answer that was made beside the routes. */
const secured = (options: TeamServerOptions<unknown, unknown>, response: Response): Response => {
  for (const [name, value] of Object.entries(headersOf(options))) response.headers.set(name, value)
  return response
}
