/** Carries RPC over a unix socket, for clients on Node and Bun. */

import * as Net from "node:net"
import * as RpcClient from "@effect/rpc/RpcClient"
import { RpcClientError } from "@effect/rpc/RpcClientError"
import { constPing, type FromServerEncoded } from "@effect/rpc/RpcMessage"
import * as RpcSerialization from "@effect/rpc/RpcSerialization"
import * as Effect from "effect/Effect"
import * as FiberSet from "effect/FiberSet"
import * as Layer from "effect/Layer"
import { CoordinatorUnreachable } from "./Coordinator.ts"

const pingEveryMs = 10_000
const pingsUnanswered = 6

interface Connection {
  readonly socket: Net.Socket
  readonly parser: RpcSerialization.Parser
  /** Requests without an answer yet. While there are none, the connection does not keep the process alive. */
  readonly pending: Set<string>
}

/**
 * RPC over a unix socket, on Node and Bun. It connects with the first request. When the connection cannot be made or ends, every request under way fails at
 * once, with a `CoordinatorUnreachable` as the cause, and the next request connects anew; nothing is retried behind the caller's back.
 */
export const layer = (options: { readonly path: string }): Layer.Layer<RpcClient.Protocol, never, RpcSerialization.RpcSerialization> =>
  Layer.scoped(RpcClient.Protocol, make(options.path))

const make = (path: string) =>
  Effect.gen(function* () {
    const serialization = yield* RpcSerialization.RpcSerialization
    const fork = yield* FiberSet.makeRuntime<never>()
    // Nothing arrives before the first request, and the client runs before it can make one.
    let writeResponse: (response: FromServerEncoded) => Effect.Effect<void> = () => Effect.void
    let current: Connection | undefined

    const connect = (): Connection => {
      const connection: Connection = { socket: Net.createConnection({ path }), parser: serialization.unsafeMake(), pending: new Set() }
      listen(connection, path, {
        // One fiber each: a stream whose consumer waits must not hold up the answer to another request.
        received: (response) => fork(writeResponse(response)),
        ended: (cause) => {
          if (current !== connection) return
          current = undefined
          connection.socket.destroy()
          fork(writeResponse({ _tag: "ClientProtocolError", error: new RpcClientError({ reason: "Protocol", message: cause.message, cause }) }))
        }
      })
      return connection
    }

    yield* Effect.addFinalizer(() =>
      Effect.sync(() => {
        if (current === undefined) return
        const { socket } = current
        current = undefined
        socket.end()
        socket.unref()
      })
    )

    return RpcClient.Protocol.of({
      supportsAck: true,
      supportsTransferables: false,
      // Not `Protocol.make`, which waits by `Effect.never`: that holds a timer, and a script that forgets to close would never end.
      run: (write) =>
        Effect.async<never>(() => {
          writeResponse = write
        }),
      send: (request) =>
        Effect.sync(() => {
          if (request._tag === "Request") {
            current ??= connect()
            current.pending.add(request.id)
            current.socket.ref()
          } else if (current === undefined) return
          const encoded = current.parser.encode(request)
          if (encoded !== undefined) current.socket.write(encoded)
          if (request._tag === "Interrupt") settle(current, request.requestId)
        })
    })
  })

/** Hands on what arrives, and pings while an answer is owed. `ended` may be told more than once. */
const listen = (
  connection: Connection,
  path: string,
  { ended, received }: { readonly received: (response: FromServerEncoded) => void; readonly ended: (cause: CoordinatorUnreachable) => void }
) => {
  const { parser, pending, socket } = connection
  let connected = false
  let unanswered = 0
  const pinger = setInterval(() => {
    if (pending.size === 0) return
    if (unanswered === pingsUnanswered) return end(silent(path))
    unanswered++
    socket.write(parser.encode(constPing) ?? "")
  }, pingEveryMs)
  pinger.unref()
  const end = (cause: CoordinatorUnreachable) => {
    clearInterval(pinger)
    ended(cause)
  }
  socket.on("connect", () => {
    connected = true
  })
  socket.on("data", (bytes) => {
    unanswered = 0
    let responses: ReadonlyArray<FromServerEncoded>
    try {
      // The wire: whatever this is, each answer is decoded by its own schema.
      responses = parser.decode(bytes) as ReadonlyArray<FromServerEncoded>
    } catch {
      return end(garbled(path))
    }
    for (const response of responses) {
      if (response._tag === "Exit") settle(connection, response.requestId)
      received(response)
    }
  })
  socket.on("error", (error: NodeJS.ErrnoException) => end(connected ? closed(path) : notConnected(path, error)))
  socket.on("end", () => end(closed(path)))
  socket.on("close", () => end(closed(path)))
}

const settle = ({ pending, socket }: Connection, requestId: string) => {
  pending.delete(requestId)
  if (pending.size === 0) socket.unref()
}

const notConnected = (path: string, error: NodeJS.ErrnoException) =>
  error.code === "ENOENT"
    ? new CoordinatorUnreachable({
        location: path,
        reason: "absent",
        message: `no coordinator is running (there is no ${path}); \`han coordinator start\` starts it`
      })
    : error.code === "EACCES" || error.code === "EPERM"
      ? new CoordinatorUnreachable({
          location: path,
          reason: "refused",
          message: `${path} may not be opened by this user; run as the user whose coordinator it is`
        })
      : new CoordinatorUnreachable({
          location: path,
          reason: "refused",
          message: `the coordinator at ${path} does not answer (${error.code ?? error.message}); \`han coordinator start\` starts it anew`
        })

const closed = (path: string) =>
  new CoordinatorUnreachable({
    location: path,
    reason: "closed",
    message: `the coordinator at ${path} closed the connection; \`han coordinator status\` says whether it is running`
  })

const silent = (path: string) =>
  new CoordinatorUnreachable({
    location: path,
    reason: "silent",
    message: `the coordinator at ${path} gave no sign of life for ${(pingsUnanswered * pingEveryMs) / 1000} s; \`han coordinator logs\` may say why, \`han coordinator stop\` ends it`
  })

const garbled = (path: string) =>
  new CoordinatorUnreachable({ location: path, reason: "refused", message: `what listens at ${path} is no han coordinator; is HAN_HOME the right folder?` })
