/**
 * GraphQL over WebSockets, by the protocol graphql-transport-ws, for any platform's sockets.
 *
 * @example
 * ```ts
 * import type * as Execution from "han-graphql/Execution"
 * import * as GraphqlSocket from "han-graphql/GraphqlSocket"
 *
 * const accept = (execution: Execution.Execution<string>, users: ReadonlyMap<string, string>, socket: WebSocket) => {
 *   const server = GraphqlSocket.make({ execution, viewerOf: (token) => users.get(token) })
 *   const connection = server.open(
 *     { send: (text) => socket.send(text), buffered: () => socket.bufferedAmount, close: (code, reason) => socket.close(code, reason) },
 *     { viewer: undefined, acknowledged: () => {} }
 *   )
 *   socket.addEventListener("message", ({ data }) => connection.message(String(data)))
 *   socket.addEventListener("close", ({ code, reason }) => connection.closed(code, reason))
 * }
 * ```
 */

import { type DocumentNode, type ExecutionArgs, GraphQLError } from "graphql"
import { CloseCode, GRAPHQL_TRANSPORT_WS_PROTOCOL, handleProtocols, makeServer } from "graphql-ws"
import type { Asker, Execution, Operation } from "./Execution.ts"
import { Outbox, type Wire } from "./Outbox.ts"

/** An execution, who may use it, and the limits of connections. */
export interface Options<Viewer> {
  readonly execution: Execution<Viewer>
  /** Whom `token` of `connection_init` lets in; undefined for a token that lets nobody in. */
  readonly viewerOf: (token: string) => Viewer | undefined | Promise<Viewer | undefined>
  /** What somebody is told who is not let in; where the coordinator's token stands if absent. */
  readonly refusal?: string | undefined
  /** A defect of a connection as a whole; it is closed with 4500. */
  readonly onDefect?: ((defect: unknown) => void) | undefined
  /** Milliseconds that a client may take to say who it is; 3,000 without. */
  readonly initTimeoutMs?: number | undefined
  /** UTF-16 units of a message at most; 1 MiB without. */
  readonly maxMessage?: number | undefined
  /** Operations of one connection at the same time; 250 without. */
  readonly maxOperations?: number | undefined
  /** See `Outbox`. */
  readonly maxBuffered?: number | undefined
  readonly maxQueued?: number | undefined
  readonly patienceMs?: number | undefined
}

/** One client. The platform tells what happens to its socket. */
export interface Connection {
  readonly message: (text: string) => void
  /** The client has taken what was sent. */
  readonly drained: () => void
  /** The socket is closed, whoever closed it. */
  readonly closed: (code: number, reason: string) => void
}

/** A client as the request shows it that opened its socket. */
export interface Caller<Viewer> {
  /** Whom the request let in; undefined: `token` of `connection_init` has to. */
  readonly viewer: Viewer | undefined
  /** Called when the client is let in, with whom it is. */
  readonly acknowledged: (viewer: Viewer) => void
}

/** The WebSocket side of one execution. */
export interface GraphqlSocket<Viewer> {
  /** The subprotocol that is served, when a client offers it in its `Sec-WebSocket-Protocol`. */
  readonly protocolOf: (offered: string | null) => string | undefined
  /** A socket that has just been opened with the subprotocol. */
  readonly open: (wire: Wire, caller: Caller<Viewer>) => Connection
}

/** The close code for a client that is too slow; a library that knows the protocol does not come back by itself. */
const tooSlow = 4429
/** The close code of WebSockets themselves for a message that is too big. */
const tooBig = 1009

interface Running<Viewer> {
  readonly operation: Operation<Viewer>
  readonly viewer: Viewer
  readonly controller: AbortController
  /** graphql-ws has its result, and will say when it is through with it. */
  settled: boolean
}

interface Client<Viewer> {
  viewer: Viewer | undefined
  readonly acknowledged: (viewer: Viewer) => void
  readonly close: (code: number, reason: string) => void
  /** By id. */
  readonly running: Map<string, Running<Viewer>>
}

/**
 * graphql-transport-ws: queries, mutations and subscriptions over one socket. `complete` ends an operation at its source, and the end of the socket ends them all. A client
 * that does not take what it asked for is told so, by 4429.
 */
export const make = <Viewer>(options: Options<Viewer>): GraphqlSocket<Viewer> => {
  const server = serverOf(options)
  return {
    open: (wire, caller) => opened(options, server, wire, caller),
    protocolOf: (offered) => (offered === null ? undefined : handleProtocols(offered) || undefined)
  }
}

type Params = Record<string, unknown> | undefined

const serverOf = <Viewer>(options: Options<Viewer>) => {
  const { execution } = options
  const maxOperations = options.maxOperations ?? 250
  const started = new WeakMap<ExecutionArgs, Running<Viewer>>()
  return makeServer<Params, Client<Viewer>>({
    connectionInitWaitTimeout: options.initTimeoutMs ?? 3000,
    onConnect: async ({ connectionParams, extra }) => {
      const token = connectionParams?.["token"]
      if (token !== undefined && token !== null) extra.viewer = typeof token === "string" ? await options.viewerOf(token) : undefined
      if (extra.viewer !== undefined) extra.acknowledged(extra.viewer)
      else extra.close(CloseCode.Forbidden, options.refusal ?? "`token` of connection_init is missing or wrong; it stands in the file token of HAN_HOME")
      return extra.viewer !== undefined
    },
    onSubscribe: ({ extra }, id, payload) => {
      const { close, running, viewer } = extra
      // graphql-ws has seen its end; what it began has not come to one.
      if (running.has(id)) {
        close(CloseCode.SubscriberAlreadyExists, "Subscriber already exists")
        return [new GraphQLError("the id is in use")]
      }
      if (running.size >= maxOperations) return [new GraphQLError(`there are ${maxOperations} operations on this socket already; complete some`)]
      const operation = execution.prepare({ query: payload.query, operationName: payload.operationName, variables: payload.variables })
      if (!("execute" in operation)) return operation
      // graphql-ws lets nobody subscribe before `onConnect` let the client in.
      if (viewer === undefined) return [new GraphQLError("the client has not said who it is")]
      const begun: Running<Viewer> = { operation, viewer, controller: new AbortController(), settled: false }
      running.set(id, begun)
      const args = argsOf(execution, operation)
      started.set(args, begun)
      return args
    },
    execute: (args) => settledFor(started.get(args), ({ execute }, asker) => execute(asker)),
    subscribe: (args) => settledFor(started.get(args), ({ subscribe }, asker) => subscribe(asker)),
    onComplete: ({ extra }, id) => {
      extra.running.delete(id)
    },
    onError: (_, __, ___, errors) =>
      // An error that a feed throws is fit to be shown; graphql-ws has put it into an error of its own.
      errors.map((error) => (error.originalError instanceof GraphQLError ? error.originalError : error).toJSON())
  })
}

/** Never settles for a client that no longer waits: graphql-ws would take it for the answer to a later operation of the same id. */
const settledFor = <Viewer, A>(begun: Running<Viewer> | undefined, run: (operation: Operation<Viewer>, asker: Asker<Viewer>) => Promise<A>): Promise<A> => {
  if (begun === undefined) return Promise.reject(new Error("an operation that was never asked for"))
  const { signal } = begun.controller
  return new Promise((resolve, reject) => {
    const settle = (settled: () => void) => {
      if (signal.aborted) return
      begun.settled = true
      settled()
    }
    run(begun.operation, { viewer: begun.viewer, signal }).then(
      (result) => settle(() => resolve(result)),
      (error) => settle(() => reject(error))
    )
  })
}

const opened = <Viewer>(options: Options<Viewer>, server: ReturnType<typeof serverOf<Viewer>>, wire: Wire, caller: Caller<Viewer>): Connection => {
  const maxMessage = options.maxMessage ?? 1024 * 1024
  const maxBuffered = options.maxBuffered ?? 1024 * 1024
  const running = new Map<string, Running<Viewer>>()
  let over = false
  const end = () => {
    over = true
    outbox.close()
    for (const { controller } of running.values()) controller.abort()
    running.clear()
  }
  const close = (code: number, reason: string) => {
    if (over) return
    end()
    wire.close(code, reason)
  }
  const outbox = new Outbox(wire, {
    maxBuffered,
    maxQueued: options.maxQueued ?? 4 * maxBuffered,
    patienceMs: options.patienceMs ?? 10_000,
    tooSlow: () => close(tooSlow, "too slow: what was sent is not being read")
  })
  let receive = (_: string): Promise<void> => Promise.resolve()
  const closed = server.opened(
    {
      protocol: GRAPHQL_TRANSPORT_WS_PROTOCOL,
      send: (text) => outbox.send(text),
      close: (code, reason) => close(code ?? 1000, reason ?? ""),
      onMessage: (callback) => {
        receive = callback
      }
    },
    { ...caller, close, running }
  )
  return {
    message: (text) => {
      if (over) return
      if (text.length > maxMessage) return close(tooBig, `the message is too large: at most ${maxMessage} characters`)
      endCompleted(running, text)
      receive(text).catch((error: unknown) => {
        if (over) return
        if (error instanceof Error && error.message.startsWith("Unexpected message")) return close(CloseCode.BadRequest, "Invalid message received")
        options.onDefect?.(error)
        close(CloseCode.InternalServerError, "internal error")
      })
    },
    drained: () => outbox.drained(),
    closed: (code, reason) => {
      end()
      closed(code, reason).catch((error: unknown) => options.onDefect?.(error))
    }
  }
}

/** Ends the operation that a `complete` names: graphql-ws does not tell of it when the operation is a query. */
const endCompleted = <Viewer>(running: Map<string, Running<Viewer>>, text: string): void => {
  const id = completedId(text)
  const ended = id === undefined ? undefined : running.get(id)
  if (id === undefined || ended === undefined) return
  ended.controller.abort()
  if (!ended.settled) running.delete(id)
}

const argsOf = <Viewer>(execution: Execution<Viewer>, operation: Operation<Viewer>): ExecutionArgs & { readonly document: DocumentNode } => ({
  schema: execution.schema,
  document: operation.document,
  ...(operation.name === undefined ? {} : { operationName: operation.name }),
  rootValue: undefined,
  contextValue: undefined
})

/** The id that a `complete` names. It is a short message. */
const completedId = (text: string): string | undefined => {
  if (text.length > 300 || !text.includes('"complete"')) return undefined
  try {
    const message: unknown = JSON.parse(text)
    return typeof message === "object" &&
      message !== null &&
      "type" in message &&
      message.type === "complete" &&
      "id" in message &&
      typeof message.id === "string"
      ? message.id
      : undefined
  } catch {
    return undefined
  }
}
