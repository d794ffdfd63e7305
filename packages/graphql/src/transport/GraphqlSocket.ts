import { type DocumentNode, type ExecutionArgs, GraphQLError } from "graphql"
import { CloseCode, GRAPHQL_TRANSPORT_WS_PROTOCOL, handleProtocols, makeServer } from "graphql-ws"
import type { Execution, Operation } from "./Execution.ts"
import { Outbox, type Wire } from "./Outbox.ts"

export interface Options {
  readonly execution: Execution
  /** Whether a token lets its owner in. */
  readonly admits: (token: string) => boolean
  /** A defect of a connection as a whole; it is closed with 4500. */
  readonly onDefect?: ((defect: unknown) => void) | undefined
  /** How long a client may take to say who it is. */
  readonly initTimeoutMs?: number | undefined
  /** Characters of a message. */
  readonly maxMessage?: number | undefined
  /** Operations of one connection at the same time. */
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

export interface GraphqlSocket {
  /** The subprotocol that is served, when a client offers it in its `Sec-WebSocket-Protocol`. */
  readonly protocolOf: (offered: string | null) => string | undefined
  /**
   * A socket that has just been opened with the subprotocol. `admitted`: its request showed who it is; else `token` of `connection_init` has to.
   * `acknowledged` is called when it is let in.
   */
  readonly open: (wire: Wire, client: { readonly admitted: boolean; readonly acknowledged: () => void }) => Connection
}

/** The close code for a client that is too slow; a library that knows the protocol does not come back by itself. */
const tooSlow = 4429
/** Of WebSockets themselves: a message is too big. */
const tooBig = 1009

interface Running {
  readonly operation: Operation
  readonly controller: AbortController
  /** graphql-ws has its result, and will say when it is through with it. */
  settled: boolean
}

interface Client {
  readonly admitted: boolean
  readonly acknowledged: () => void
  readonly close: (code: number, reason: string) => void
  /** By id. */
  readonly running: Map<string, Running>
}

/**
 * graphql-transport-ws: queries, mutations and subscriptions over one socket. `complete` ends an operation at its source, and the end of the socket ends them all. A client
 * that does not take what it asked for is told so, by 4429.
 */
export const make = (options: Options): GraphqlSocket => {
  const { execution } = options
  const maxOperations = options.maxOperations ?? 250
  const maxMessage = options.maxMessage ?? 1024 * 1024
  const maxBuffered = options.maxBuffered ?? 1024 * 1024
  const started = new WeakMap<ExecutionArgs, Running>()

  const server = makeServer<Record<string, unknown> | undefined, Client>({
    connectionInitWaitTimeout: options.initTimeoutMs ?? 3000,
    onConnect: ({ connectionParams, extra }) => {
      const token = connectionParams?.["token"]
      const admitted = token === undefined || token === null ? extra.admitted : typeof token === "string" && options.admits(token)
      if (admitted) extra.acknowledged()
      else extra.close(CloseCode.Forbidden, "`token` of connection_init is missing or wrong; it stands in the file token of HAN_HOME")
      return admitted
    },
    onSubscribe: ({ extra }, id, payload) => {
      const { close, running } = extra
      // graphql-ws has seen its end; what it began has not come to one.
      if (running.has(id)) {
        close(CloseCode.SubscriberAlreadyExists, "Subscriber already exists")
        return [new GraphQLError("the id is in use")]
      }
      if (running.size >= maxOperations) return [new GraphQLError(`there are ${maxOperations} operations on this socket already; complete some`)]
      const operation = execution.prepare({ query: payload.query, operationName: payload.operationName, variables: payload.variables })
      if (!("execute" in operation)) return operation
      const begun: Running = { operation, controller: new AbortController(), settled: false }
      running.set(id, begun)
      const args = argsOf(execution, operation)
      started.set(args, begun)
      return args
    },
    execute: (args) => settledFor(args, (operation, signal) => operation.execute(signal)),
    subscribe: (args) => settledFor(args, (operation, signal) => operation.subscribe(signal)),
    onComplete: ({ extra }, id) => {
      extra.running.delete(id)
    },
    onError: (_, __, ___, errors) =>
      // What a feed throws is fit to be shown; graphql-ws has put it into an error of its own.
      errors.map((error) => (error.originalError instanceof GraphQLError ? error.originalError : error).toJSON())
  })

  /** Never settles for a client that no longer waits: graphql-ws would take it for the answer to a later operation of the same id. */
  const settledFor = <A>(args: ExecutionArgs, run: (operation: Operation, signal: AbortSignal) => Promise<A>): Promise<A> => {
    const found = started.get(args)
    if (found === undefined) return Promise.reject(new Error("an operation that was never asked for"))
    const { signal } = found.controller
    return new Promise((resolve, reject) => {
      run(found.operation, signal).then(
        (result) => {
          if (signal.aborted) return
          found.settled = true
          resolve(result)
        },
        (error) => {
          if (signal.aborted) return
          found.settled = true
          reject(error)
        }
      )
    })
  }

  const open: GraphqlSocket["open"] = (wire, { acknowledged, admitted }) => {
    const running = new Map<string, Running>()
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
      { admitted, acknowledged, close, running }
    )
    return {
      message: (text) => {
        if (over) return
        if (text.length > maxMessage) return close(tooBig, `the message is too large: at most ${maxMessage} characters`)
        const id = completedId(text)
        const ended = id === undefined ? undefined : running.get(id)
        if (id !== undefined && ended !== undefined) {
          ended.controller.abort()
          if (!ended.settled) running.delete(id)
        }
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

  return { open, protocolOf: (offered) => (offered === null ? undefined : handleProtocols(offered) || undefined) }
}

const argsOf = (execution: Execution, operation: Operation): ExecutionArgs & { readonly document: DocumentNode } => ({
  schema: execution.schema,
  document: operation.document,
  ...(operation.name === undefined ? {} : { operationName: operation.name }),
  rootValue: undefined,
  contextValue: undefined
})

/** The id that a `complete` names. It is a short message; graphql-ws does not tell of it when the operation is a query. */
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
