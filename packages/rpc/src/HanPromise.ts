/**
 * Core's services for scripts, as promises and async iterables.
 *
 * @example
 * ```ts
 * import { connect } from "han-rpc/HanPromise"
 *
 * await using han = await connect()
 * for (const { node } of (await han.sessions.list({}, { first: 10 })).items) console.log(node.id, node.displayTitle)
 * for await (const change of han.journal.changes({ live: false })) console.log(change.sequence, change.decoded.length)
 * ```
 */

import * as Os from "node:os"
import * as Path from "node:path"
import type * as Brand from "effect/Brand"
import * as Cause from "effect/Cause"
import * as Context from "effect/Context"
import * as Effect from "effect/Effect"
import * as Exit from "effect/Exit"
import * as Layer from "effect/Layer"
import * as ManagedRuntime from "effect/ManagedRuntime"
import * as Schema from "effect/Schema"
import * as Stream from "effect/Stream"
import { Indexer, type IndexProgress, type IndexReport } from "han-core/Indexer"
import { StoreError } from "han-core/StoreError"
import { socketPath } from "han-core/unstable/CoordinatorSocket"
import { Viewer } from "han-core/Viewer"
import { type Loose, loosely, type Method, memberOf, methodsOf } from "./Contract.ts"
import { Coordinator, CoordinatorIncompatible, CoordinatorUnreachable } from "./Coordinator.ts"
import * as HanClient from "./HanClient.ts"
import { storeContracts } from "./HanRpcs.ts"
import { machineContracts } from "./MachineRpcs.ts"
import { protocol, version } from "./Version.ts"

type Contracts = (typeof storeContracts)[number] | (typeof machineContracts)[number]

/**
 * han for scripts: every service that a coordinator answers, by its name, with promises and async iterables in place of effects and streams. Whatever fails is thrown as its
 * class (`SessionNotFound`, `StoreError`, …). An iterable ends its stream when the loop is left. Ids are plain strings here; what is handed over is checked, and rejects with a
 * `ParseError` when it is wrong. A condition or page with nothing in it can be left out.
 *
 * ```ts
 * await using han = await connect()
 * for (const { node } of (await han.sessions.list({}, { first: 10 })).items) console.log(node.id)
 * ```
 */
export type Han = { readonly [C in Contracts as Uncapitalize<C["name"]>]: Promising<Context.Tag.Service<C["tag"]>> } & {
  readonly coordinator: Promising<typeof Coordinator.Service>
  /** One pass over every transcript; resolves with its report. */
  readonly index: (options?: { readonly onProgress?: (progress: IndexProgress) => void }) => Promise<IndexReport>
  /** Ends the connection; what is under way is rejected. `await using` calls it. */
  readonly close: () => Promise<void>
} & AsyncDisposable

/** A service with promises and async iterables in place of its effects and streams. */
export type Promising<S> = {
  readonly [M in keyof S]: S[M] extends (...given: infer Given) => infer Out ? (...given: Handed<Given>) => Promised<Out> : () => Promised<S[M]>
}

type Promised<Out> =
  Out extends Effect.Effect<infer A, infer _E, infer _R> ? Promise<A> : Out extends Stream.Stream<infer A, infer _E, infer _R> ? AsyncIterable<A> : never
type Handed<Given extends ReadonlyArray<unknown>> = Optional<{ [I in keyof Given]: Plain<Given[I]> }>
/** Arguments for which `{}` will do can be left out at the end. */
type Optional<Given extends ReadonlyArray<unknown>> =
  AllEmpty<Given> extends true ? Partial<Given> : Given extends readonly [infer First, ...infer Rest] ? [First, ...Optional<Rest>] : Given
type AllEmpty<Given extends ReadonlyArray<unknown>> = Given extends readonly [infer First, ...infer Rest]
  ? Record<never, never> extends First
    ? AllEmpty<Rest>
    : false
  : true
/** The same without brands. */
type Plain<A> = A extends string & Brand.Brand<infer _B> ? string : A extends object ? { [K in keyof A]: Plain<A[K]> } : A

/**
 * Connects to this machine's coordinator: at `socket`, else in `HAN_HOME`, else in `~/.han`. Rejects with `CoordinatorUnreachable` when none is running and with
 * `CoordinatorIncompatible` when it speaks another protocol. It does not start one: `han coordinator start` does.
 */
export const connect = async (options?: { readonly socket?: string }): Promise<Han> => {
  const path = options?.socket ?? socketPath(process.env["HAN_HOME"] || Path.join(Os.homedir(), ".han"))
  const managed = ManagedRuntime.make(Layer.merge(HanClient.layerSocket({ path }), Viewer.layerLocal))
  try {
    const services = await managed.runPromise(Effect.context<HanClient.Services | Viewer>())
    const theirs = await settled(managed.runPromiseExit(Context.get(services, Coordinator).handshake))
    if (theirs.protocol !== protocol) throw new CoordinatorIncompatible({ location: path, theirs, ours: { version, protocol } })
    return promising(managed, services, path)
  } catch (error) {
    await managed.dispose()
    throw error
  }
}

const settled = async <A, E>(exit: Promise<Exit.Exit<A, E>>): Promise<A> =>
  Exit.match(await exit, {
    onSuccess: (value) => value,
    onFailure: (cause) => {
      throw Cause.squash(cause)
    }
  })

const promising = (
  managed: ManagedRuntime.ManagedRuntime<HanClient.Services | Viewer, never>,
  services: Context.Context<HanClient.Services | Viewer>,
  path: string
): Han => {
  let open = true
  const whenOpen = Effect.suspend(() =>
    open ? Effect.void : Effect.fail(new CoordinatorUnreachable({ location: path, reason: "closed", message: "this connection was closed; connect again" }))
  )
  const run = <A, E>(effect: Effect.Effect<A, E, Viewer>) => settled(Effect.runPromiseExit(Effect.provide(Effect.zipRight(whenOpen, effect), services)))
  const iterate = <A, E>(stream: Stream.Stream<A, E, Viewer>) =>
    Stream.toAsyncIterable(Stream.provideContext(Stream.unwrap(Effect.as(whenOpen, stream)), services))
  const service = ({ group, name, tag }: Loose) => {
    const members = Context.get(services as Context.Context<never>, tag)
    const methods = methodsOf(group).map((method) => [
      method.method,
      (...given: ReadonlyArray<unknown>) => {
        const asked = Effect.map(argumentsOf(method, given), (given) => {
          const member = memberOf(members, method.method)
          return typeof member === "function" ? member(...given) : member
        })
        return method.isStream
          ? iterate(Stream.unwrap(asked as Effect.Effect<Stream.Stream<unknown, unknown>, unknown>))
          : run(Effect.flatten(asked as Effect.Effect<Effect.Effect<unknown, unknown>, unknown>))
      }
    ])
    return [name.charAt(0).toLowerCase() + name.slice(1), Object.fromEntries(methods)]
  }
  const coordinator = Context.get(services, Coordinator)
  const close = async () => {
    open = false
    await managed.dispose()
  }
  return {
    ...(Object.fromEntries(loosely([...storeContracts, ...machineContracts]).map(service)) as Omit<Han, "coordinator" | "index" | "close">),
    coordinator: {
      handshake: () => run(coordinator.handshake),
      status: () => run(coordinator.status),
      doctor: () => run(coordinator.doctor),
      openUrl: () => run(coordinator.openUrl),
      stop: () => run(coordinator.stop)
    },
    index: (options) => run(indexed(Context.get(services, Indexer), options?.onProgress)),
    close,
    [Symbol.asyncDispose]: close
  }
}

/** Checks what was handed over by the method's own schema. What must be there and is not counts as a condition or page with nothing in it. */
const argumentsOf = ({ arguments: schema, names }: Method, given: ReadonlyArray<unknown>) => {
  const filled = names.flatMap((name, index) => {
    const value = given[index]
    if (value !== undefined) return [[name, value]]
    return Schema.isPropertySignature(schema.fields[name]) ? [] : [[name, {}]]
  })
  return Effect.map(Schema.decodeUnknown(schema)(Object.fromEntries(filled)), (values) => names.map((name) => values[name]))
}

const indexed = (indexer: typeof Indexer.Service, onProgress: ((progress: IndexProgress) => void) | undefined) =>
  indexer.index.pipe(
    Stream.tap((progress) => Effect.sync(() => onProgress?.(progress))),
    Stream.runLast,
    Effect.flatMap((last) =>
      last._tag === "Some" && last.value._tag === "Indexed"
        ? Effect.succeed(last.value.report)
        : Effect.fail(
            new StoreError({ operation: "Indexer.index", reason: "failed", message: "the pass ended without a report; `han coordinator logs` may say why" })
          )
    )
  )
