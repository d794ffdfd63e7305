import type { Server } from "bun"
import type { GraphqlHttp } from "han-graphql/GraphqlHttp"
import type { GraphqlSocket } from "han-graphql/GraphqlSocket"
import { version } from "han-rpc/Version"
import type { LoopbackGuard } from "../loopback/LoopbackGuard.ts"
import type { Health } from "../loopback/PortOwner.ts"
import type { Dashboard } from "./Dashboard.ts"
import { type HookRoute, hookPath } from "./HookRoute.ts"
import * as OpenPage from "./OpenPage.ts"
import { type Token, type Viewing, viewerOf } from "./Token.ts"
import type { SocketData, WebSockets } from "./WebSockets.ts"

/** GraphQL, over both of its transports. */
export interface GraphqlApi {
  readonly http: GraphqlHttp<Viewing>
  readonly socket: GraphqlSocket<Viewing>
}

export interface Options {
  readonly guard: LoopbackGuard
  readonly token: Token
  readonly tickets: OpenPage.Tickets
  readonly sockets: WebSockets
  /** Called for each request; `undefined` when there is no GraphQL. */
  readonly graphql: (() => Promise<GraphqlApi>) | undefined
  /** Called for each request for a page; `undefined` when there are none. */
  readonly dashboard: () => Promise<Dashboard | undefined>
  /** `undefined` when no hooks are run here. */
  readonly hooks: HookRoute | undefined
}

export const cookieName = "han_token"

/** Seconds that a request of somebody who was let in may take, its answer included. Bun's own limit is for those who send nothing. */
const requestSeconds = 120

type Respond = (request: Request, server: Server<SocketData>) => Response | undefined | Promise<Response | undefined>

/** Answers the requests that come over HTTP. `undefined`: it has become a WebSocket. */
export const make = (options: Options): Respond => {
  const { guard } = options
  const routes: Readonly<Record<string, Respond>> = {
    "/health": health,
    "/open": (request) => openPage(options, request),
    "/graphql": (request, server) => graphql(options, request, server)
  }
  return async (request, server) => {
    const { headers, method } = request
    const refused = guard.refusal(headers)
    if (refused !== null) return finished(says(403, refused), { vary: "Origin" })
    const { pathname } = new URL(request.url)
    const route = Object.hasOwn(routes, pathname)
      ? routes[pathname]
      : pathname.startsWith(hookPath)
        ? hookOf(options, pathname.slice(hookPath.length))
        : undefined
    if (method === "OPTIONS") return finished(new Response(null, { status: route === undefined ? 404 : 204 }), guard.preflight(headers))
    const response = route === undefined ? await pageOf(options, request) : await route(request, server)
    return response === undefined ? undefined : finished(response, guard.cors(headers))
  }
}

/** Adds the headers that every answer carries, whoever made it. */
const finished = (response: Response, headers: Readonly<Record<string, string>>): Response => {
  response.headers.set("x-content-type-options", "nosniff")
  response.headers.set("cross-origin-resource-policy", "same-origin")
  for (const [name, value] of Object.entries(headers)) response.headers.set(name, value)
  return response
}

const says = (status: number, message: string, headers: Readonly<Record<string, string>> = {}): Response =>
  Response.json({ errors: [{ message }] }, { status, headers: { "cache-control": "no-store", ...headers } })

/** The shell of a page is for anybody; what it shows is asked for at /graphql. */
const pageOf = async ({ dashboard }: Options, request: Request): Promise<Response> =>
  (isRead(request) ? (await dashboard())?.answer(request) : undefined) ?? says(404, "there is nothing here; the API is at /graphql")

const isRead = ({ method }: Request) => method === "GET" || method === "HEAD"

const health: Respond = (request) =>
  isRead(request)
    ? Response.json({ name: "han", status: "ok", pid: process.pid, uptime: Math.floor(process.uptime()), version } satisfies Health, {
        headers: { "cache-control": "no-store" }
      })
    : says(405, "send a GET", { allow: "GET, HEAD, OPTIONS" })

/** Lets a browser in whose address has a ticket, or the token itself, and takes that out of the address. */
const openPage = async ({ dashboard, tickets, token }: Options, request: Request): Promise<Response> => {
  if (!isRead(request)) return says(405, "send a GET", { allow: "GET, HEAD, OPTIONS" })
  const shown = new URL(request.url).searchParams.get("token")
  if (request.method === "GET" && shown !== null && (tickets.redeem(shown) || token.isRight(shown)))
    return new Response(null, {
      status: 303,
      headers: {
        location: (await dashboard()) === undefined ? "/open" : "/",
        "set-cookie": `${cookieName}=${token.value}; Path=/; HttpOnly; SameSite=Strict`,
        "cache-control": "no-store",
        "referrer-policy": "no-referrer"
      }
    })
  const admitted = typeof standingOf(request.headers, token) === "object"
  return new Response(OpenPage.page(admitted), { status: admitted ? 200 : 401, headers: { ...OpenPage.headers, "cache-control": "no-store" } })
}

/** Only with the key for it, or the token itself: a browser, which sends its cookie by itself, has nothing to run here. */
const hookOf =
  ({ hooks, token }: Options, event: string): Respond =>
  (request, server) => {
    if (request.method !== "POST") return says(405, "send a POST", { allow: "POST, OPTIONS" })
    const bearer = bearerOf(request.headers)
    if (bearer === undefined) return unauthorized("stranger")
    if (!token.isHookKey(bearer) && !token.isRight(bearer)) return unauthorized("impostor")
    if (request.headers.get("content-type")?.split(";")[0]?.trim().toLowerCase() !== "application/json") return says(415, "send application/json")
    if (hooks === undefined || !/^[A-Za-z]{1,64}$/.test(event)) return says(404, "there are no hooks here")
    // Hooks have limits of their own, and end with the connection.
    server.timeout(request, 0)
    return hooks(event, request)
  }

const graphql = async (options: Options, request: Request, server: Server<SocketData>): Promise<Response | undefined> => {
  const { headers, method } = request
  const isUpgrade = method === "GET" && headers.get("upgrade")?.toLowerCase() === "websocket"
  if (method !== "POST" && !isUpgrade) return says(405, "send a POST, or open a WebSocket", { allow: "POST, OPTIONS" })
  const standing = standingOf(headers, options.token)
  // A WebSocket may still say who it is; but one that says it wrongly is told at once.
  if (standing === "impostor" || (standing === "stranger" && !isUpgrade)) return unauthorized(standing)
  const viewer = standing === "stranger" ? undefined : standing
  if (options.graphql === undefined) return says(404, "this coordinator serves no GraphQL")
  const api = await options.graphql()
  if (!isUpgrade && viewer !== undefined) {
    server.timeout(request, requestSeconds)
    const response = await api.http.handle(request, viewer)
    // A stream is open for as long as its client reads it, and ends itself when it does not.
    if (response.headers.get("content-type")?.startsWith("text/event-stream") === true) server.timeout(request, 0)
    return response
  }
  const protocol = api.socket.protocolOf(headers.get("sec-websocket-protocol"))
  if (protocol === undefined) return says(400, "the subprotocol of this WebSocket is graphql-transport-ws")
  if (options.sockets.isFull()) return says(503, "there are too many WebSockets; close some pages")
  const data: SocketData = { graphql: api.socket, viewer, connection: undefined }
  return server.upgrade(request, { data, headers: { "Sec-WebSocket-Protocol": protocol } }) ? undefined : says(400, "this is no handshake of a WebSocket")
}

/**
 * The viewer whom a request shows to be let in. `impostor`: it says that it has the token, and has not. A cookie says nothing: browsers send old ones, and those of other servers
 * of this machine.
 */
type Standing = Viewing | "stranger" | "impostor"

const standingOf = (headers: Headers, token: Token): Standing => {
  const bearer = bearerOf(headers)
  if (bearer !== undefined) return viewerOf(token, bearer) ?? "impostor"
  const viewers = cookiesOf(headers).map((cookie) => viewerOf(token, cookie))
  return viewers.find((viewer) => viewer !== undefined) ?? "stranger"
}

const bearerOf = (headers: Headers): string | undefined => /^Bearer +(\S+) *$/i.exec(headers.get("authorization") ?? "")?.[1]

const cookiesOf = (headers: Headers): ReadonlyArray<string> =>
  (headers.get("cookie") ?? "").split(";").flatMap((part) => {
    const [name, value] = part.trim().split("=", 2)
    return name === cookieName && value !== undefined ? [value] : []
  })

const unauthorized = (standing: "stranger" | "impostor"): Response =>
  says(
    401,
    standing === "impostor"
      ? "the token is wrong; it stands in the file token of HAN_HOME"
      : "the token is missing: in a browser run `han open`, elsewhere send `Authorization: Bearer` with what the file token of HAN_HOME holds",
    { "www-authenticate": 'Bearer realm="han"' }
  )
