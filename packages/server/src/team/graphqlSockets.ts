import type { ServerWebSocket } from "bun"
import * as Either from "effect/Either"
import type { Connection, GraphqlSocket } from "han-graphql/GraphqlSocket"
import { type Asking, answerOf, type Refusal, type Viewing } from "./Entrance.ts"
import type { OpenConnections } from "./openConnections.ts"
import type { TeamSockets } from "./TeamServer.ts"

interface Options {
  readonly watched: OpenConnections
  readonly maxConnections: number
  readonly letIn: (asking: Asking) => Promise<Either.Either<Viewing, Refusal>>
  /** The socket side of the execution, for clients whom `viewerOf` lets in. */
  readonly graphqlOf: (viewerOf: (token: string) => Promise<Viewing | undefined>) => GraphqlSocket<Viewing>
}

/** The data that Bun keeps with a socket. */
interface SocketData {
  /** Whom its request let in; undefined when it has not said who it is. */
  readonly viewer: Viewing | undefined
  readonly asking: Asking
  connection: Connection | undefined
  release: (() => void) | undefined
}

/** Sockets of everybody together, and among them those that have not said who they are; the oldest of these goes for a new one. */
const most = { sockets: 10_000, strangers: 500 }

/** Close codes: the server goes away, the data is of a kind that is not served, it starts anew, try again later; and of the protocol: not let in. */
const codes = { goingAway: 1001, unsupportedData: 1003, restart: 1012, tryAgainLater: 1013, forbidden: 4403 }

/** GraphQL on the WebSockets of a team server. */
export const graphqlSockets = ({ graphqlOf, letIn, maxConnections, watched }: Options): TeamSockets<unknown> => {
  const open = new Set<ServerWebSocket<SocketData>>()
  const strangers = new Set<ServerWebSocket<SocketData>>()

  const acknowledged = (socket: ServerWebSocket<SocketData>, viewing: Viewing) => {
    strangers.delete(socket)
    if (watched.of(viewing.principal) >= maxConnections) return socket.close(codes.tryAgainLater, `you have ${maxConnections} connections open already`)
    socket.data.release = watched.hold(viewing, (reason) =>
      reason === "gone" ? socket.close(codes.forbidden, "you are not let in any more") : socket.close(codes.restart, "your rights have changed; connect again")
    )
  }
  const sockets: TeamSockets<SocketData> = {
    upgrade: async (request, client, server) => {
      const { headers, method, url } = request
      if (method !== "GET" || headers.get("upgrade")?.toLowerCase() !== "websocket" || new URL(url).pathname !== "/graphql") return null
      const asking: Asking = { headers, client }
      // A browser cannot send the header: it says who it is in its first message.
      const entered = headers.has("authorization") || headers.has("cookie") ? await letIn(asking) : undefined
      if (entered !== undefined && Either.isLeft(entered) && headers.has("authorization")) return answerOf(entered.left)
      const protocol = plain.protocolOf(headers.get("sec-websocket-protocol"))
      if (protocol === undefined) return answerOf({ status: 400, code: "malformed", message: "the subprotocol of this WebSocket is graphql-transport-ws" })
      if (open.size >= most.sockets) return answerOf({ status: 503, code: "too_many", message: "there are too many WebSockets; try again later" })
      const viewer = entered === undefined || Either.isLeft(entered) ? undefined : entered.right
      const data: SocketData = { viewer, asking, connection: undefined, release: undefined }
      return server.upgrade(request, { data, headers: { "Sec-WebSocket-Protocol": protocol } })
        ? undefined
        : answerOf({ status: 400, code: "malformed", message: "this is no handshake of a WebSocket" })
    },
    closeAll: () => {
      for (const socket of open) socket.close(codes.goingAway, "the server is stopping; connect again")
    },
    handlers: {
      maxPayloadLength: 4 * 1024 * 1024,
      backpressureLimit: 0,
      perMessageDeflate: false,
      idleTimeout: 120,
      sendPings: true,
      open: (socket) => {
        open.add(socket)
        strangers.add(socket)
        const [oldest] = strangers
        if (strangers.size > most.strangers) oldest?.close(codes.tryAgainLater, "too many sockets that have not said who they are")
        const { asking, viewer } = socket.data
        const graphql = graphqlOf(async (token) => {
          const entered = await letIn({ ...asking, token })
          return Either.isRight(entered) ? entered.right : undefined
        })
        socket.data.connection = graphql.open(
          {
            send: (text) => void socket.sendText(text),
            buffered: () => socket.getBufferedAmount(),
            close: (code, reason) => socket.close(code, reason)
          },
          { viewer, acknowledged: (viewing) => acknowledged(socket, viewing) }
        )
      },
      message: (socket, data) => {
        if (typeof data === "string") socket.data.connection?.message(data)
        else socket.close(codes.unsupportedData, "send text")
      },
      drain: (socket) => socket.data.connection?.drained(),
      close: (socket, code, reason) => {
        open.delete(socket)
        strangers.delete(socket)
        socket.data.release?.()
        socket.data.connection?.closed(code, reason)
      }
    }
  }
  const plain = graphqlOf(async () => undefined)
  return sockets as TeamSockets<unknown>
}
