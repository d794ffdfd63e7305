import {
  createSourceEventStream,
  type DocumentNode,
  type ExecutionResult,
  executeRootSelectionSet,
  executeSubscriptionEvent,
  GraphQLError,
  type GraphQLSchema,
  type OperationTypeNode,
  type ValidatedExecutionArgs,
  type ValidatedSubscriptionArgs,
  validateExecutionArgs
} from "graphql"
import * as Documents from "./Documents.ts"
import { masked, maskedError, type OnDefect } from "./ErrorMask.ts"
import { Feed } from "./Feed.ts"
import * as JoinedRuns from "./JoinedRuns.ts"
import { holdsMoreThan, type Limits, standard } from "./Limits.ts"

/** What a client asks for. */
export interface OperationRequest {
  readonly query: string
  readonly operationName?: string | null | undefined
  readonly variables?: Readonly<Record<string, unknown>> | null | undefined
}

export interface Options {
  readonly schema: GraphQLSchema
  /** The context value of a request, and of each event of a subscription. `signal`: nobody waits for the answer any longer. May be a promise. */
  readonly contextOf: (request: { readonly signal: AbortSignal }) => unknown
  /** All requests are on behalf of one viewer: the same query asked at the same time is then answered once for all. A client that goes away does not end it for the others. */
  readonly oneViewer?: boolean | undefined
  /** What is not given is as in `Limits.standard`. */
  readonly limits?: Partial<Limits> | undefined
  readonly onDefect?: OnDefect | undefined
}

/** An operation that can be run, once. Its results hold only errors that a client may see. */
export interface Operation {
  readonly type: OperationTypeNode
  readonly document: DocumentNode
  readonly name: string | undefined
  /** Of a query or a mutation. Rejects when the signal says that nobody waits. */
  readonly execute: (signal: AbortSignal) => Promise<ExecutionResult>
  /** Of a subscription. The signal ends it, as its `return()` does; without an event source there is a result with errors. */
  readonly subscribe: (signal: AbortSignal) => Promise<Feed<ExecutionResult> | ExecutionResult>
}

export interface Execution {
  readonly schema: GraphQLSchema
  /** The operation, or why it is refused before anything was run. */
  readonly prepare: (request: OperationRequest) => Operation | ReadonlyArray<GraphQLError>
  /** Subscriptions whose event source has not ended. */
  readonly live: () => number
  /** For what failed outside an operation. */
  readonly masked: (error: unknown) => GraphQLError
}

/** Runs operations on a schema; all transports share one, and with it the documents and the limits. */
export const make = (options: Options): Execution => {
  const { contextOf, schema } = options
  const limits = { ...standard, ...options.limits }
  const onDefect = options.onDefect ?? (() => {})
  const documents = Documents.make(schema, limits)
  const open = new Set<Feed<ExecutionResult>>()
  const joined = JoinedRuns.make<ExecutionResult>()

  const execute = async (args: ValidatedExecutionArgs, signal: AbortSignal): Promise<ExecutionResult> => {
    try {
      return masked(await executeRootSelectionSet({ ...args, contextValue: await contextOf({ signal }), externalAbortSignal: signal }), onDefect)
    } catch (error) {
      signal.throwIfAborted()
      return { errors: [maskedError(error, onDefect)] }
    }
  }

  const subscribe = async (args: ValidatedSubscriptionArgs, wanted: AbortSignal) => {
    const controller = new AbortController()
    const { signal } = controller
    let feed: Feed<ExecutionResult> | undefined
    const end = () => {
      controller.abort()
      feed?.end()
    }
    if (wanted.aborted) end()
    else wanted.addEventListener("abort", end, { once: true })
    try {
      // graphql is not given the signal here: it would drop an event source that comes too late, and nobody would end it.
      const source = await createSourceEventStream({ ...args, contextValue: await contextOf({ signal }) })
      if (!(Symbol.asyncIterator in source)) return masked(source, onDefect)
      const opened = new Feed<ExecutionResult>(source, {
        of: async (event) => {
          const contextValue = await contextOf({ signal })
          return masked(await executeSubscriptionEvent({ ...args, rootValue: event, contextValue, externalAbortSignal: signal }), onDefect)
        },
        failed: (error) => maskedError(error, onDefect),
        ending: () => {
          wanted.removeEventListener("abort", end)
          controller.abort()
        },
        ended: () => open.delete(opened)
      })
      open.add(opened)
      feed = opened
      if (signal.aborted) feed.end()
      return feed
    } catch (error) {
      return { errors: [maskedError(error, onDefect)] }
    }
  }

  return {
    schema,
    prepare: ({ operationName, query, variables }) => {
      if (holdsMoreThan(variables, limits.variables)) return [new GraphQLError(`the variables hold too many values: at most ${limits.variables}`)]
      const accepted = documents.accept(query)
      if (!("document" in accepted)) return accepted
      const { document, weight } = accepted
      const args = validateExecutionArgs({ schema, document, operationName: operationName ?? null, variableValues: variables ?? {} })
      if (!("schema" in args)) return args
      const cost = weight.cost(args.operation.name?.value, args.variableValues.coerced)
      if (cost > limits.cost) return [new GraphQLError(`the operation asks for too much: about ${cost} fields, at most ${limits.cost}; ask for smaller pages`)]
      return {
        type: args.operation.operation,
        document,
        name: args.operation.name?.value,
        execute: (signal) =>
          options.oneViewer === true && args.operation.operation === "query"
            ? joined.run(JSON.stringify([query, operationName, variables]), (all) => execute(args, all), signal)
            : execute(args, signal),
        subscribe: async (signal) =>
          isSubscription(args) ? subscribe(args, signal) : { errors: [new GraphQLError(`a ${args.operation.operation} cannot be subscribed to`)] }
      }
    },
    live: () => open.size,
    masked: (error) => maskedError(error, onDefect)
  }
}

const isSubscription = (args: ValidatedExecutionArgs): args is ValidatedSubscriptionArgs => args.operation.operation === "subscription"
