import * as Effect from "effect/Effect"
import * as Schedule from "effect/Schedule"
import * as Stream from "effect/Stream"
import {
  GraphQLBoolean,
  GraphQLError,
  type GraphQLFieldConfigMap,
  GraphQLInt,
  GraphQLList,
  GraphQLNonNull,
  GraphQLObjectType,
  GraphQLSchema,
  GraphQLString
} from "graphql"
import { StoreError } from "han-core/StoreError"
import * as Execution from "han-graphql/Execution"
import type { Limits } from "han-graphql/Limits"

/** What the resolvers saw. */
export interface Seen {
  /** Event sources that were opened and have not ended. */
  readonly sources: Set<unknown>
  contexts: number
  readonly defects: Array<{ readonly defect: unknown; readonly id: string }>
  /** Give one event to an open `emitted` each. */
  readonly emitters: Set<(value: number) => void>
}

interface Context {
  readonly number: number
  readonly signal: AbortSignal
}

const page = { first: { type: GraphQLInt }, last: { type: GraphQLInt } }
const text = { type: GraphQLString }

const node: GraphQLObjectType = new GraphQLObjectType({
  name: "Node",
  fields: (): GraphQLFieldConfigMap<unknown, Context> => ({
    name: { type: GraphQLString, resolve: () => "node" },
    child: { type: node, resolve: () => ({}) },
    children: { type: new GraphQLList(node), args: page, resolve: (_, { first }) => Array.from({ length: Math.min(first ?? 2, 1000) }, () => ({})) }
  })
})

const query = new GraphQLObjectType<unknown, Context>({
  name: "Query",
  fields: {
    echo: { type: GraphQLString, args: { text }, resolve: (_, args) => args.text },
    long: { type: GraphQLString, args: { length: { type: GraphQLInt } }, resolve: (_, { length }) => "é\u2028\0\ud800".repeat(length / 4) },
    node: { type: node, resolve: () => ({}) },
    nodes: { type: new GraphQLList(node), args: page, resolve: () => [{}] },
    context: { type: GraphQLInt, resolve: (_, __, { number }) => number },
    broken: { type: GraphQLString, resolve: () => Promise.reject(new Error("a secret of the house")) },
    nothing: { type: new GraphQLNonNull(GraphQLString), resolve: () => null },
    told: { type: GraphQLString, resolve: () => Promise.reject(new StoreError({ operation: "x", reason: "failed", message: "the store said no" })) },
    asEffect: {
      type: GraphQLString,
      resolve: () => Effect.runPromise(Effect.fail(new StoreError({ operation: "x", reason: "failed", message: "the effect said no" })))
    },
    refused: { type: GraphQLString, resolve: () => Promise.reject(new GraphQLError("refused in words", { extensions: { code: "WORDS" } })) },
    never: {
      type: GraphQLBoolean,
      resolve: (_, __, { signal }) => new Promise((_, reject) => signal.addEventListener("abort", () => reject(new Error("nobody waits"))))
    }
  }
})

const subscriptions = (seen: Seen) =>
  new GraphQLObjectType<unknown, Context>({
    name: "Subscription",
    fields: {
      /** From an emitter, as of a shared publisher. */
      emitted: { type: GraphQLInt, subscribe: () => emitted(seen), resolve: (value) => value },
      /** The number of the context of each event. */
      contexts: { type: GraphQLInt, subscribe: () => emitted(seen), resolve: (_, __, { number }) => number },
      /** From a stream of Effect that waits for ever. */
      streamed: {
        type: GraphQLInt,
        subscribe: () => {
          const source = {}
          const opened = Effect.acquireRelease(
            Effect.sync(() => seen.sources.add(source)),
            () => Effect.sync(() => seen.sources.delete(source))
          )
          return Stream.toAsyncIterable(Stream.unwrapScoped(Effect.as(opened, Stream.fromSchedule(Schedule.spaced("1 hour")))))
        },
        resolve: (value) => value
      },
      /** From a generator that waits for something, and looks at the signal. */
      generated: {
        type: GraphQLInt,
        subscribe: async function* (_, __, { signal }) {
          const source = {}
          seen.sources.add(source)
          try {
            yield 1
            await new Promise((resolve) => (signal.aborted ? resolve(null) : signal.addEventListener("abort", resolve)))
          } finally {
            seen.sources.delete(source)
          }
        },
        resolve: (value) => value
      },
      counted: {
        type: GraphQLString,
        args: { to: { type: GraphQLInt }, size: { type: GraphQLInt } },
        subscribe: async function* (_, { size, to }) {
          const source = {}
          seen.sources.add(source)
          try {
            for (let i = 1; i <= to; i++) yield `${i}`.padEnd(size ?? 1, "x")
          } finally {
            seen.sources.delete(source)
          }
        },
        resolve: (value) => value
      },
      broken: {
        type: GraphQLInt,
        subscribe: async function* () {
          yield 1
          throw new Error("a secret of the source")
        },
        resolve: (value) => value
      },
      refused: { type: GraphQLInt, subscribe: () => Promise.reject(new GraphQLError("not this one")) }
    }
  })

const emitted = (seen: Seen): AsyncIterableIterator<number> => {
  const queue: Array<number> = []
  let waiting: ((result: IteratorResult<number, undefined>) => void) | undefined
  let over = false
  const emit = (value: number) => {
    if (waiting === undefined) queue.push(value)
    else waiting({ done: false, value })
    waiting = undefined
  }
  seen.sources.add(emit)
  seen.emitters.add(emit)
  return {
    next: () => {
      const value = queue.shift()
      if (value !== undefined) return Promise.resolve({ done: false, value })
      if (over) return Promise.resolve({ done: true, value: undefined })
      return new Promise((resolve) => (waiting = resolve))
    },
    return: () => {
      over = true
      seen.sources.delete(emit)
      seen.emitters.delete(emit)
      waiting?.({ done: true, value: undefined })
      return Promise.resolve({ done: true, value: undefined })
    },
    [Symbol.asyncIterator]() {
      return this
    }
  }
}

/** A schema that shows what a transport does, and what it saw. */
export const source = (): { readonly schema: GraphQLSchema; readonly contextOf: Execution.Options<unknown>["contextOf"]; readonly seen: Seen } => {
  const seen: Seen = { sources: new Set(), contexts: 0, defects: [], emitters: new Set() }
  return {
    schema: new GraphQLSchema({
      query,
      mutation: new GraphQLObjectType({ name: "Mutation", fields: { set: { type: GraphQLString, args: { text }, resolve: (_, args) => args.text } } }),
      subscription: subscriptions(seen)
    }),
    contextOf: ({ signal }): Context => ({ number: ++seen.contexts, signal }),
    seen
  }
}

export const transport = (limits?: Partial<Limits>): { readonly execution: Execution.Execution<string>; readonly seen: Seen } => {
  const { contextOf, schema, seen } = source()
  return { execution: Execution.make({ schema, contextOf, limits, onDefect: (defect, id) => seen.defects.push({ defect, id }) }), seen }
}
