/**
 * Core's services over RPC: the same Tags, answered at the other end of a unix socket or of HTTP.
 *
 * @example
 * ```ts
 * import * as Effect from "effect/Effect"
 * import * as Layer from "effect/Layer"
 * import { Sessions } from "han-core/Sessions"
 * import { Viewer } from "han-core/Viewer"
 * import * as HanClient from "han-rpc/HanClient"
 *
 * const program = Effect.flatMap(Sessions, (sessions) => sessions.list({ project: "han" }, { first: 10 }))
 *
 * // The socket lies in HAN_HOME. A server of several people's sessions: `HanClient.layerHttp({ url })`.
 * const client = HanClient.layerSocket({ path: "/home/dev/.han/coordinator.sock" })
 * const page = await Effect.runPromise(Effect.provide(program, Layer.merge(client, Viewer.layerLocal)))
 * ```
 */

import * as HttpClient from "@effect/platform/HttpClient"
import * as HttpClientRequest from "@effect/platform/HttpClientRequest"
import * as RpcClient from "@effect/rpc/RpcClient"
import { RpcClientError } from "@effect/rpc/RpcClientError"
import * as Cause from "effect/Cause"
import * as Context from "effect/Context"
import * as Effect from "effect/Effect"
import * as Layer from "effect/Layer"
import * as Stream from "effect/Stream"
import { StoreError } from "han-core/StoreError"
import { Unauthorized } from "./Authentication.ts"
import { clientOf, type Send, type ServiceOf } from "./Contract.ts"
import { Coordinator, CoordinatorUnreachable } from "./Coordinator.ts"
import { HanRpcs, storeContracts } from "./HanRpcs.ts"
import { MachineRpcs, machineContracts } from "./MachineRpcs.ts"
import * as Serialization from "./Serialization.ts"
import * as SocketProtocol from "./SocketProtocol.ts"

/** The services that any server of a store answers. */
export type StoreServices = ServiceOf<(typeof storeContracts)[number]>

/** All that a coordinator answers at its unix socket. */
export type Services = StoreServices | ServiceOf<(typeof machineContracts)[number]> | Coordinator

/**
 * The services of a store, answered by whoever is at the other end of the protocol; whose data it is, the other end decides, whatever `Viewer` is provided here.
 * Errors keep their class. When the other end cannot be reached, or goes away, what is under way fails with a `StoreError` of reason `unreachable`.
 */
export const layer = (options: { readonly location: string }): Layer.Layer<StoreServices, never, RpcClient.Protocol> =>
  Layer.scopedContext(Effect.map(RpcClient.make(HanRpcs, { flatten: true }), (client) => clientOf(storeContracts, sending(client), asking(options.location))))

/** The same with the services of the machine and its coordinator, which fails with a `CoordinatorUnreachable` where the others do with a `StoreError`. */
export const layerMachine = (options: { readonly location: string }): Layer.Layer<Services, never, RpcClient.Protocol> =>
  Layer.scopedContext(
    Effect.map(RpcClient.make(MachineRpcs, { flatten: true }), (client) => {
      const { ask, follow, reach } = asking(options.location)
      return clientOf([...storeContracts, ...machineContracts], sending(client), { ask, follow }).pipe(
        Context.add(Coordinator, {
          handshake: reach(client("Coordinator.handshake", undefined)),
          status: reach(client("Coordinator.status", undefined)),
          doctor: ask("Coordinator.doctor", client("Coordinator.doctor", undefined)),
          openUrl: Effect.flatten(
            reach(
              client("Coordinator.openUrl", undefined).pipe(
                Effect.map(Effect.succeed),
                Effect.catchTag("HttpOff", (off) => Effect.succeed(Effect.fail(off)))
              )
            )
          ),
          stop: reach(client("Coordinator.stop", undefined))
        })
      )
    })
  )

const sending = (client: unknown) => client as Send

/** Over the coordinator's unix socket, on Node and Bun. Connects with the first request, and anew with the next one after the connection ended. */
export const layerSocket = (options: { readonly path: string }): Layer.Layer<Services> =>
  layerMachine({ location: options.path }).pipe(Layer.provide(SocketProtocol.layer(options)), Layer.provide(Serialization.layerNdjson))

/** Over HTTP, at `<url>/rpc`: the services of a store. */
export const layerHttp = (options: { readonly url: string }): Layer.Layer<StoreServices, never, HttpClient.HttpClient> =>
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

/** True for a defect about the shape of what went over the wire: this end throws the schema's error, the other one sends its text. */
const isOfTheWire = (defect: unknown): boolean => {
  if (typeof defect === "object" && defect !== null && "_tag" in defect && defect._tag === "ParseError") return true
  const text = typeof defect === "string" ? defect : defect instanceof Error ? defect.message : ""
  return text.includes("\n└─ ")
}
const misread = (operation: string, location: string): string =>
  `${operation}: ${location} has an answer that does not fit the wire, so nothing of it can be shown; if \`han doctor\` says that client and coordinator are of one release, this is a fault of han's`

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
