/** Pairs services with the Rpcs that carry them, and makes handlers and clients of such pairs. */

import type * as Rpc from "@effect/rpc/Rpc"
import type * as RpcGroup from "@effect/rpc/RpcGroup"
import * as RpcSchema from "@effect/rpc/RpcSchema"
import * as Context from "effect/Context"
import * as Effect from "effect/Effect"
import * as Layer from "effect/Layer"
import * as Schema from "effect/Schema"
import * as Stream from "effect/Stream"

/**
 * Ties a service to the Rpcs that carry it: one for each of its methods, named `Service.method`, with a payload whose fields are the method's arguments in their order.
 * From that alone the handlers and the client follow, so nothing lists the methods again.
 *
 * ```ts
 * contract(Search, SearchRpcs) // Search.messages(query, page) is the Rpc "Search.messages" with { query, page }
 * ```
 */
export interface Contract<Self, S, R extends Rpc.Any, Name extends string> {
  readonly name: Name
  readonly tag: Context.Tag<Self, S>
  readonly group: RpcGroup.RpcGroup<R>
}

/** Pairs a service with its Rpcs. A method without an Rpc that has the same arguments, answer and errors does not compile: its name is what the compiler then asks for. */
export const contract = <Self, Id extends string, S, R extends Rpc.Any>(
  tag: Context.TagClass<Self, Id, S>,
  group: RpcGroup.RpcGroup<R>,
  ..._unlike: [Unlike<S, Id, R>] extends [never] ? [] : [method: Unlike<S, Id, R>]
): Contract<Self, S, R, NameOf<Id>> => ({
  name: tag.key.slice(tag.key.lastIndexOf("/") + 1) as NameOf<Id>,
  tag,
  group
})

/** Some contract, as `contract` made it. */
export interface AnyContract {
  readonly name: string
  readonly tag: object
  readonly group: object
}
export type ServiceOf<C extends AnyContract> = C extends Contract<infer Self, infer _S, infer _R, infer _Name> ? Self : never
export type RpcOf<C extends AnyContract> = C extends Contract<infer _Self, infer _S, infer R, infer _Name> ? R : never

export type Loose = Contract<never, unknown, Rpc.Any, string>
/** Contracts of which only names and schemas are looked at. */
export const loosely = (contracts: ReadonlyArray<AnyContract>) => contracts as ReadonlyArray<unknown> as ReadonlyArray<Loose>

/** Answers the Rpcs of contracts by the services themselves. `contract` has compared each pair; over a list of them the compiler cannot follow, hence the casts. */
export const handlersOf = <const C extends ReadonlyArray<AnyContract>>(
  contracts: C
): Layer.Layer<Rpc.ToHandler<RpcOf<C[number]>>, never, ServiceOf<C[number]>> => {
  const layers = loosely(contracts).map(({ group, tag }) => {
    const handlers = Effect.map(tag, (service) =>
      Object.fromEntries(methodsOf(group).map(({ names, tag, method }) => [tag, answering(service, method, names)]))
    )
    return group.toLayer(handlers as unknown as Effect.Effect<RpcGroup.HandlersFrom<Rpc.Any>, never, never>)
  })
  return layers.reduce((all, layer) => Layer.merge(all, layer) as typeof layer) as unknown as Layer.Layer<
    Rpc.ToHandler<RpcOf<C[number]>>,
    never,
    ServiceOf<C[number]>
  >
}

const answering = <S>(service: S, method: string, names: ReadonlyArray<string>) => {
  const member = memberOf(service, method)
  return typeof member === "function"
    ? (payload: Readonly<Record<string, unknown>>): unknown => member(...names.map((name) => payload[name]))
    : (): unknown => member
}

/** Sends one request: an effect, or a stream for an Rpc that streams. */
export type Send = (tag: string, payload: unknown) => unknown

/** Turns what can go wrong on the way into a service's own errors. */
export interface Asking {
  readonly ask: (operation: string, request: Effect.Effect<unknown, unknown>) => Effect.Effect<unknown, unknown>
  readonly follow: (operation: string, request: Stream.Stream<unknown, unknown>) => Stream.Stream<unknown, unknown>
}

/** Answers the services of contracts by requests. */
export const clientOf = <C extends AnyContract>(contracts: ReadonlyArray<C>, send: Send, asking: Asking): Context.Context<ServiceOf<C>> =>
  loosely(contracts).reduce<Context.Context<never>>(
    (context, { group, tag }) =>
      Context.add(context, tag, Object.fromEntries(methodsOf(group).map((method) => [method.method, requesting(method, send, asking)]))),
    Context.empty()
  ) as Context.Context<ServiceOf<C>>

const requesting = ({ isStream, names, tag }: Method, send: Send, { ask, follow }: Asking) => {
  const request = (payload: unknown) =>
    isStream
      ? follow(
          tag,
          Stream.suspend(() => send(tag, payload) as Stream.Stream<unknown, unknown>)
        )
      : ask(
          tag,
          Effect.suspend(() => send(tag, payload) as Effect.Effect<unknown, unknown>)
        )
  return names.length === 0 ? request(undefined) : (...given: ReadonlyArray<unknown>) => request(payloadOf(names, given))
}

/** A method that an Rpc carries, with the names of its arguments. */
export type Method = ReturnType<typeof methodsOf>[number]
export const methodsOf = <R extends Rpc.Any>(group: RpcGroup.RpcGroup<R>) =>
  // Every Rpc has these properties; the constraint that groups are typed by leaves them out.
  [...(group.requests as unknown as ReadonlyMap<string, Rpc.AnyWithProps>).values()].map((rpc) => ({
    tag: rpc._tag,
    method: rpc._tag.slice(rpc._tag.indexOf(".") + 1),
    isStream: RpcSchema.isStreamSchema(rpc.successSchema),
    names: Object.keys(fieldsOf(rpc)),
    arguments: Schema.Struct(fieldsOf(rpc))
  }))

/** The schemas of an Rpc's arguments, by their names. None of han's Rpcs has one that asks for a service. */
const fieldsOf = ({ payloadSchema }: Rpc.AnyWithProps) =>
  ("fields" in payloadSchema ? payloadSchema.fields : {}) as Readonly<Record<string, Schema.Schema.AnyNoContext>>

/** A member of a service by its name: a method, or an effect or stream. */
export const memberOf = (service: unknown, name: string) =>
  (service as Readonly<Record<string, unknown>>)[name] as
    | ((...given: ReadonlyArray<unknown>) => unknown)
    | Effect.Effect<unknown, unknown>
    | Stream.Stream<unknown, unknown>

const payloadOf = (names: ReadonlyArray<string>, given: ReadonlyArray<unknown>) =>
  Object.fromEntries(names.flatMap((name, index) => (given[index] === undefined ? [] : [[name, given[index]]])))

/** The methods of a service for which the group has no Rpc like them. */
type Unlike<S, Id extends string, R extends Rpc.Any> = {
  [M in keyof S & string]: IsLike<S[M], Extract<R, { readonly _tag: `${NameOf<Id>}.${M}` }>> extends true ? never : M
}[keyof S & string]

type NameOf<Id extends string> = Id extends `${string}/${infer Name}` ? Name : Id

type IsLike<M, R extends Rpc.Any> = [R] extends [never]
  ? false
  : M extends (...given: infer Given) => infer Out
    ? [Exclude<Given[number], undefined>] extends [FieldsOf<Rpc.Payload<R>>]
      ? Same<Outcome<Out>, Carried<R>>
      : false
    : Same<Outcome<M>, Carried<R>>

type FieldsOf<Payload> = Payload extends object ? Payload[keyof Payload] : never
// Every effect is a stream to the compiler, so effects come first.
type Outcome<Out> =
  Out extends Effect.Effect<infer A, infer E, infer _R> ? ["effect", A, E] : Out extends Stream.Stream<infer A, infer E, infer _R> ? ["stream", A, E] : never
type Carried<R extends Rpc.Any> =
  Rpc.SuccessSchema<R> extends RpcSchema.Stream<infer A, infer E> ? ["stream", A["Type"], E["Type"]] : ["effect", Rpc.Success<R>, Rpc.Error<R>]
type Same<A, B> = [A] extends [B] ? ([B] extends [A] ? true : false) : false
