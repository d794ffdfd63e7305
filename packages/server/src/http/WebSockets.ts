import type { ServerWebSocket, WebSocketHandler } from "bun"
import type { Connection, GraphqlSocket } from "han-graphql/GraphqlSocket"
import type { Viewing } from "./Token.ts"

/** The data that Bun keeps with a socket. */
export interface SocketData {
  readonly graphql: GraphqlSocket<Viewing>
  /** Whom its request let in; undefined when it has not said who it is. */
  readonly viewer: Viewing | undefined
  connection: Connection | undefined
}

export interface Options {
  /** Sockets at the same time. */
  readonly most: number
  /** Sockets among these that have not said who they are; the oldest goes for a new one. */
  readonly maxStrangers: number
}

export interface WebSockets {
  readonly handlers: WebSocketHandler<SocketData>
  readonly isFull: () => boolean
  /** Tells every client that the server goes away. */
  readonly closeAll: () => void
}

/** Close codes of WebSockets themselves: the server goes away, the data is of a kind that is not served, and: try again later. */
const goingAway = 1001
const unsupportedData = 1003
const tryAgainLater = 1013

/** GraphQL on the WebSockets of a `Bun.serve`. */
export const make = ({ most, maxStrangers }: Options): WebSockets => {
  const open = new Set<ServerWebSocket<SocketData>>()
  const strangers = new Set<ServerWebSocket<SocketData>>()
  return {
    isFull: () => open.size >= most,
    closeAll: () => {
      for (const socket of open) socket.close(goingAway, "the coordinator is stopping")
    },
    handlers: {
      // GraphQL's own limits are lower, and are told to the client; what is held back for a slow one is bounded there as well.
      maxPayloadLength: 4 * 1024 * 1024,
      backpressureLimit: 0,
      perMessageDeflate: false,
      idleTimeout: 120,
      sendPings: true,
      open: (socket) => {
        open.add(socket)
        strangers.add(socket)
        const [oldest] = strangers
        if (strangers.size > maxStrangers) oldest?.close(tryAgainLater, "too many sockets that have not said who they are")
        const { graphql, viewer } = socket.data
        socket.data.connection = graphql.open(
          {
            send: (text) => void socket.sendText(text),
            buffered: () => socket.getBufferedAmount(),
            close: (code, reason) => socket.close(code, reason)
          },
          { viewer, acknowledged: () => void strangers.delete(socket) }
        )
      },
      message: (socket, data) => {
        if (typeof data === "string") socket.data.connection?.message(data)
        else socket.close(unsupportedData, "send text")
      },
      drain: (socket) => socket.data.connection?.drained(),
      close: (socket, code, reason) => {
        open.delete(socket)
        strangers.delete(socket)
        socket.data.connection?.closed(code, reason)
      }
    }
  }
}
