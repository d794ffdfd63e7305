import * as HttpClient from "@effect/platform/HttpClient"
import * as HttpClientRequest from "@effect/platform/HttpClientRequest"
import * as RpcClient from "@effect/rpc/RpcClient"
import { RpcClientError } from "@effect/rpc/RpcClientError"
import * as Cause from "effect/Cause"
import * as Context from "effect/Context"
import * as Effect from "effect/Effect"
import * as Layer from "effect/Layer"
import * as Stream from "effect/Stream"
import { HookCache } from "han-core/HookCache"
import { HookHistory, hookRunLimit } from "han-core/HookHistory"
import { HookRunner } from "han-core/HookRunner"
import { Hooks } from "han-core/Hooks"
import { Indexer } from "han-core/Indexer"
import { Journal } from "han-core/Journal"
import { Search } from "han-core/Search"
import { Sessions } from "han-core/Sessions"
import { StoreError } from "han-core/StoreError"
import { Usage } from "han-core/Usage"
import { Unauthorized } from "./Authentication.ts"
import { Coordinator, CoordinatorUnreachable } from "./Coordinator.ts"
import { HanRpcs } from "./HanRpcs.ts"
import * as Serialization from "./Serialization.ts"
import * as SocketProtocol from "./SocketProtocol.ts"

/** What a client answers: the core services, and the daemon behind them. */
export type Services = Sessions | Search | Usage | Journal | Indexer | Hooks | HookRunner | HookHistory | HookCache | Coordinator

/**
 * The core services, answered by whoever is at the other end of the protocol; whose data it is, the other end decides, whatever `Viewer` is provided here.
 * Errors keep their class. When the other end cannot be reached, or goes away, what is under way fails with a `StoreError` of reason `unreachable`
 * (`CoordinatorUnreachable` for `Coordinator`). What only the owner of a database does (`append`, `appendAll`, `markMissing`, `Sessions.find` and its kin,
 * `Indexer.follow`) fails with a `StoreError` that says so. `Indexer.status` has no error of its own: it dies when nobody answers; `Coordinator.status` fails.
 */
export const layer = (options: { readonly location: string }): Layer.Layer<Services, never, RpcClient.Protocol> =>
  Layer.scopedContext(
    Effect.map(RpcClient.make(HanRpcs), (client) => {
      const { ask, reach, follow } = asking(options.location)
      return Context.empty().pipe(
        Context.add(Sessions, {
          list: (filter, page) => ask("Sessions.list", client.Sessions.list({ filter, page })),
          count: (filter) => ask("Sessions.count", client.Sessions.count({ filter })),
          get: (id) => ask("Sessions.get", client.Sessions.get({ id })),
          getMany: (ids) => ask("Sessions.getMany", client.Sessions.getMany({ ids })),
          projects: ask("Sessions.projects", client.Sessions.projects()),
          messages: (of, page) => ask("Sessions.messages", client.Sessions.messages({ of, page })),
          toolCalls: (sessionId) => ask("Sessions.toolCalls", client.Sessions.toolCalls({ sessionId })),
          tasks: (sessionId) => ask("Sessions.tasks", client.Sessions.tasks({ sessionId })),
          todos: (sessionId) => ask("Sessions.todos", client.Sessions.todos({ sessionId })),
          fileChanges: (sessionId) => ask("Sessions.fileChanges", client.Sessions.fileChanges({ sessionId })),
          agents: (sessionId) => ask("Sessions.agents", client.Sessions.agents({ sessionId })),
          compactions: (sessionId) => ask("Sessions.compactions", client.Sessions.compactions({ sessionId })),
          summaries: (sessionId) => ask("Sessions.summaries", client.Sessions.summaries({ sessionId })),
          watch: (id) => follow("Sessions.watch", client.Sessions.watch({ id })),
          problems: (which) => ask("Sessions.problems", client.Sessions.problems(which)),
          find: () => notOnTheWire("Sessions.find"),
          countFound: () => notOnTheWire("Sessions.countFound"),
          cursorOf: () => notOnTheWire("Sessions.cursorOf")
        }),
        Context.add(Search, {
          messages: (query, page) => ask("Search.messages", client.Search.messages({ query, page })),
          count: (query) => ask("Search.count", client.Search.count({ query }))
        }),
        Context.add(Usage, {
          report: (query) => ask("Usage.report", client.Usage.report({ query })),
          reconcile: (which) => ask("Usage.reconcile", client.Usage.reconcile(which))
        }),
        Context.add(Journal, {
          append: () => notOnTheWire("Journal.append"),
          appendAll: () => notOnTheWire("Journal.appendAll"),
          keepOutputs: () => notOnTheWire("Journal.keepOutputs"),
          outputs: (which) => ask("Journal.outputs", client.Journal.outputs(which ?? {})),
          outputBytes: (id) => follow("Journal.outputBytes", client.Journal.outputBytes({ id })),
          outputTotals: ask("Journal.outputTotals", client.Journal.outputTotals()),
          transcripts: (which) => ask("Journal.transcripts", client.Journal.transcripts(which ?? {})),
          markMissing: () => notOnTheWire("Journal.markMissing"),
          read: (id, line, limit) => ask("Journal.read", client.Journal.read({ id, line, limit })),
          bytes: (id) => follow("Journal.bytes", client.Journal.bytes({ id })),
          changes: (which) => follow("Journal.changes", client.Journal.changes(which ?? {})),
          head: ask("Journal.head", client.Journal.head()),
          totals: ask("Journal.totals", client.Journal.totals()),
          rebuild: follow("Journal.rebuild", client.Journal.rebuild()),
          forget: (which) => ask("Journal.forget", client.Journal.forget({ which })),
          forgettable: (which) => ask("Journal.forgettable", client.Journal.forgettable(which)),
          isForgotten: (sessionId) => ask("Journal.isForgotten", client.Journal.isForgotten({ sessionId }))
        }),
        Context.add(Indexer, {
          index: follow("Indexer.index", client.Indexer.index()),
          follow: notOnTheWire("Indexer.follow"),
          notTaken: notOnTheWire("Indexer.notTaken"),
          status: Effect.orDie(reach(client.Indexer.status()))
        }),
        Context.add(Hooks, {
          list: (query) => ask("Hooks.list", client.Hooks.list({ query })),
          trust: (query) => ask("Hooks.trust", client.Hooks.trust({ query })),
          revoke: (projectPath) => ask("Hooks.revoke", client.Hooks.revoke({ projectPath })),
          decisions: ask("Hooks.decisions", client.Hooks.decisions())
        }),
        Context.add(HookRunner, {
          answer: (call) => ask("HookRunner.answer", client.HookRunner.answer({ call })),
          run: (call) => follow("HookRunner.run", client.HookRunner.run({ call })),
          explain: (call) => ask("HookRunner.explain", client.HookRunner.explain({ call }))
        }),
        Context.add(HookHistory, {
          runs: (filter) => ask("HookHistory.runs", client.HookHistory.runs({ filter: { ...filter, limit: hookRunLimit(filter.limit) } }))
        }),
        Context.add(HookCache, {
          use: (key, at) => ask("HookCache.use", client.HookCache.use({ key, at })),
          find: (key) => ask("HookCache.find", client.HookCache.find({ key })),
          passedFiles: (gate, files) => ask("HookCache.passedFiles", client.HookCache.passedFiles({ gate, files })),
          lastReads: (gate, tree) => ask("HookCache.lastReads", client.HookCache.lastReads({ gate, tree })),
          record: (passed) => ask("HookCache.record", client.HookCache.record({ passed })),
          list: (filter) => ask("HookCache.list", client.HookCache.list({ filter })),
          clear: (filter) => ask("HookCache.clear", client.HookCache.clear({ filter }))
        }),
        Context.add(Coordinator, {
          handshake: reach(client.Coordinator.handshake()),
          status: reach(client.Coordinator.status()),
          doctor: ask("Coordinator.doctor", client.Coordinator.doctor()),
          openUrl: Effect.flatten(
            reach(
              client.Coordinator.openUrl().pipe(
                Effect.map(Effect.succeed),
                Effect.catchTag("HttpOff", (off) => Effect.succeed(Effect.fail(off)))
              )
            )
          ),
          stop: reach(client.Coordinator.stop())
        })
      )
    })
  )

/** Over the coordinator's unix socket, on Node and Bun. Connects with the first request, and anew with the next one after the connection ended. */
export const layerSocket = (options: { readonly path: string }): Layer.Layer<Services> =>
  layer({ location: options.path }).pipe(Layer.provide(SocketProtocol.layer(options)), Layer.provide(Serialization.layerNdjson))

/** Over HTTP, at `<url>/rpc`. */
export const layerHttp = (options: { readonly url: string }): Layer.Layer<Services, never, HttpClient.HttpClient> =>
  layer({ location: options.url }).pipe(Layer.provide(layerProtocolHttp(`${options.url.replace(/\/+$/, "")}/rpc`)), Layer.provide(Serialization.layerNdjson))

const asking = (location: string) => {
  const unreachable = (error: RpcClientError) =>
    error.cause instanceof CoordinatorUnreachable
      ? error.cause
      : new CoordinatorUnreachable({ location, reason: "refused", message: `${location} does not answer as han does: ${error.message}` })
  const ended = new CoordinatorUnreachable({
    location,
    reason: "closed",
    message: `the coordinator at ${location} ended before it had answered; is it being stopped?`
  })

  const asStoreError =
    (operation: string) =>
    <E>(error: E | RpcClientError | Unauthorized) => {
      if (error instanceof Unauthorized) return new StoreError({ operation, reason: "failed", message: `${operation}: ${error.message}` })
      if (!(error instanceof RpcClientError)) return error
      const cause = unreachable(error)
      return new StoreError({ operation, reason: "unreachable", message: cause.message, cause })
    }
  // A request that the far end interrupts comes back as an interruption; the caller was not interrupted, so for it that is an error.
  const storeCause =
    (operation: string) =>
    <E>(cause: Cause.Cause<E | RpcClientError | Unauthorized>) =>
      Cause.isInterruptedOnly(cause)
        ? Cause.fail(new StoreError({ operation, reason: "unreachable", message: ended.message, cause: ended }))
        : Cause.map(cause, asStoreError(operation)<E>)
  // The schema's words print the answer, or what is wrong with a request: they help nobody who asked.
  const storeFailure =
    (operation: string) =>
    <E>(cause: Cause.Cause<E | RpcClientError | Unauthorized>) => {
      const defect = [...Cause.defects(cause)].find(isOfTheWire)
      return defect === undefined
        ? storeCause(operation)(cause)
        : Cause.fail(new StoreError({ operation, reason: "failed", message: misread(operation, location), cause: defect }))
    }

  return {
    ask: <A, E, R>(operation: string, effect: Effect.Effect<A, E | RpcClientError | Unauthorized, R>) =>
      Effect.catchAllCause(effect, (cause) => Effect.failCause(storeFailure(operation)<E>(cause))),
    follow: <A, E, R>(operation: string, stream: Stream.Stream<A, E | RpcClientError | Unauthorized, R>) =>
      Stream.catchAllCause(stream, (cause) => Stream.failCause(storeFailure(operation)<E>(cause))),
    reach: <A, R>(effect: Effect.Effect<A, RpcClientError | Unauthorized, R>) =>
      Effect.catchAllCause(effect, (cause) =>
        Effect.failCause(
          Cause.isInterruptedOnly(cause)
            ? Cause.fail(ended)
            : Cause.map(cause, (error) =>
                error instanceof RpcClientError ? unreachable(error) : new CoordinatorUnreachable({ location, reason: "refused", message: error.message })
              )
        )
      )
  }
}

/** Whether a defect is about the shape of what went over the wire: this end throws the schema's error, the other one sends its text. */
const isOfTheWire = (defect: unknown): boolean => {
  if (typeof defect === "object" && defect !== null && "_tag" in defect && defect._tag === "ParseError") return true
  const text = typeof defect === "string" ? defect : defect instanceof Error ? defect.message : ""
  return text.includes("\n└─ ")
}
const misread = (operation: string, location: string): string =>
  `${operation}: ${location} has an answer that does not fit the wire, so nothing of it can be shown; if \`han doctor\` says that client and coordinator are of one release, this is a fault of han's`

const notOnTheWire = (operation: string) =>
  Effect.fail(
    new StoreError({ operation, reason: "failed", message: `${operation} is not available over RPC; only the process that owns the database does it` })
  )

/** `RpcClient.layerProtocolHttp` lets a request wait for ever when its answer breaks off; here it fails. */
const layerProtocolHttp = (url: string) =>
  Layer.scoped(
    RpcClient.Protocol,
    Effect.gen(function* () {
      const client = (yield* HttpClient.HttpClient).pipe(HttpClient.mapRequest(HttpClientRequest.prependUrl(url)), HttpClient.filterStatusOk)
      const protocol = yield* RpcClient.makeProtocolHttp(client)
      const open = new Set<string>()
      const failure = (message: string, reason: CoordinatorUnreachable["reason"], cause?: unknown) =>
        new RpcClientError({
          reason: "Protocol",
          message,
          cause: new CoordinatorUnreachable({
            location: url,
            reason,
            message: cause === undefined ? message : `${message}: ${cause instanceof Error ? cause.message : String(cause)}`
          })
        })
      return RpcClient.Protocol.of({
        ...protocol,
        run: (f) =>
          protocol.run((message) => {
            if (message._tag === "Exit") open.delete(message.requestId)
            return f(message)
          }),
        send: (request) =>
          request._tag !== "Request"
            ? protocol.send(request)
            : Effect.suspend(() => {
                open.add(request.id)
                return protocol.send(request).pipe(
                  Effect.mapError((error) => failure(`no answer from ${url}`, "refused", error.cause)),
                  Effect.catchAllDefect((defect) => Effect.fail(failure(`what ${url} answers is not han's`, "refused", defect))),
                  Effect.zipRight(
                    Effect.suspend(() => (open.has(request.id) ? Effect.fail(failure(`the answer from ${url} broke off`, "closed")) : Effect.void))
                  ),
                  Effect.ensuring(Effect.sync(() => open.delete(request.id)))
                )
              })
      })
    })
  )
