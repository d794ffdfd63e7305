/**
 * Runs GraphQL operations on a schema, within limits. Every transport runs on one; `Viewer` is whatever its program knows its clients by.
 *
 * @example
 * ```ts
 * import { buildSchema } from "graphql"
 * import * as Execution from "han-graphql/Execution"
 *
 * const execution = Execution.make<string>({
 *   schema: buildSchema("type Query { viewer: String }"),
 *   contextOf: ({ viewer }) => ({ viewer }),
 *   joinedAs: (viewer) => viewer,
 *   limits: { depth: 10 }
 * })
 * const operation = execution.prepare({ query: "{ viewer }" })
 * if ("execute" in operation) console.log(await operation.execute({ viewer: "ada", signal: AbortSignal.timeout(5000) }))
 * ```
 */

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

/** An operation as a client sends it. */
export interface OperationRequest {
  readonly query: string
  readonly operationName?: string | null | undefined
  readonly variables?: Readonly<Record<string, unknown>> | null | undefined
}

/** A schema, the context of its resolvers, and the limits of its operations. */
export interface Options<Viewer> {
  readonly schema: GraphQLSchema
  /** The context value of a request, and of each event of a subscription. May be a promise. */
  readonly contextOf: (request: Asker<Viewer>) => unknown
  /**
   * The name of a viewer. A query that requests of the same name ask at the same time is then answered once for all of them, and a client that goes away does not end it for the
   * others. Without it each request is answered on its own.
   */
  readonly joinedAs?: ((viewer: Viewer) => string) | undefined
  /** Called before a subscription begins: refuses it with an error, or gives what is called when it has ended. */
  readonly admit?: ((viewer: Viewer) => GraphQLError | (() => void)) | undefined
  /** Each limit that is not given is as in `Limits.standard`. */
  readonly limits?: Partial<Limits> | undefined
  readonly onDefect?: OnDefect | undefined
}

/** On whose behalf an operation runs. `signal`: nobody waits for the answer any longer. */
export interface Asker<Viewer> {
  readonly viewer: Viewer
  readonly signal: AbortSignal
}

/** An operation that can be run, once. Its results hold only errors that a client may see. */
export interface Operation<Viewer> {
  readonly type: OperationTypeNode
  readonly document: DocumentNode
  readonly name: string | undefined
  /** Runs a query or a mutation. Rejects when the signal says that nobody waits. */
  readonly execute: (asker: Asker<Viewer>) => Promise<ExecutionResult>
  /** Begins a subscription. The signal ends it, as its `return()` does; without an event source there is a result with errors. */
  readonly subscribe: (asker: Asker<Viewer>) => Promise<Feed<ExecutionResult> | ExecutionResult>
}

/** Operations on one schema. It remembers accepted documents, so make one for all transports. */
export interface Execution<Viewer> {
  readonly schema: GraphQLSchema
  /** The operation, or why it is refused before anything was run. */
  readonly prepare: (request: OperationRequest) => Operation<Viewer> | ReadonlyArray<GraphQLError>
  /** Subscriptions whose event source has not ended. */
  readonly live: () => number
  /** Hides the words of an error that happened outside an operation. */
  readonly masked: (error: unknown) => GraphQLError
}

/** Runs operations on a schema; all transports share one, and with it the documents and the limits. */
export const make = <Viewer>(options: Options<Viewer>): Execution<Viewer> => {
  const { joinedAs, schema } = options
  const limits = { ...standard, ...options.limits }
  const running: Running<Viewer> = {
    contextOf: options.contextOf,
    onDefect: options.onDefect ?? (() => {}),
    admit: options.admit ?? (() => () => {}),
    open: new Set()
  }
  const documents = Documents.make(schema, limits)
  const joined = JoinedRuns.make<ExecutionResult>()
  const prepare: Execution<Viewer>["prepare"] = ({ operationName, query, variables }) => {
    if (holdsMoreThan(variables, limits.variables)) return [new GraphQLError(`the variables hold too many values: at most ${limits.variables}`)]
    const accepted = documents.accept(query)
    if (!("document" in accepted)) return accepted
    const { document, weight } = accepted
    const args = validateExecutionArgs({ schema, document, operationName: operationName ?? null, variableValues: variables ?? {} })
    if (!("schema" in args)) return args
    const { name, operation: type } = args.operation
    const cost = weight.cost(name?.value, args.variableValues.coerced)
    if (cost > limits.cost) return [new GraphQLError(`the operation asks for too much: about ${cost} fields, at most ${limits.cost}; ask for smaller pages`)]
    return {
      type,
      document,
      name: name?.value,
      execute: ({ signal, viewer }) =>
        joinedAs !== undefined && type === "query"
          ? joined.run(JSON.stringify([joinedAs(viewer), query, operationName, variables]), (all) => execute(running, args, { viewer, signal: all }), signal)
          : execute(running, args, { viewer, signal }),
      subscribe: async (asker) => (isSubscription(args) ? subscribe(running, args, asker) : { errors: [new GraphQLError(`a ${type} cannot be subscribed to`)] })
    }
  }
  return { schema, prepare, live: () => running.open.size, masked: (error) => maskedError(error, running.onDefect) }
}

interface Running<Viewer> {
  readonly contextOf: Options<Viewer>["contextOf"]
  readonly onDefect: OnDefect
  readonly admit: NonNullable<Options<Viewer>["admit"]>
  /** Subscriptions whose event source has not ended. */
  readonly open: Set<Feed<ExecutionResult>>
}

const execute = async <Viewer>({ contextOf, onDefect }: Running<Viewer>, args: ValidatedExecutionArgs, asker: Asker<Viewer>): Promise<ExecutionResult> => {
  const { signal } = asker
  try {
    return masked(await executeRootSelectionSet({ ...args, contextValue: await contextOf(asker), externalAbortSignal: signal }), onDefect)
  } catch (error) {
    signal.throwIfAborted()
    return { errors: [maskedError(error, onDefect)] }
  }
}

const subscribe = async <Viewer>(running: Running<Viewer>, args: ValidatedSubscriptionArgs, asker: Asker<Viewer>) => {
  const admitted = running.admit(asker.viewer)
  if (admitted instanceof GraphQLError) return { errors: [admitted] }
  const begun = await begin(running, args, asker, admitted)
  if (!(begun instanceof Feed)) admitted()
  return begun
}

/** `ended` is called when the event source of a feed has ended. */
const begin = async <Viewer>(
  { contextOf, onDefect, open }: Running<Viewer>,
  args: ValidatedSubscriptionArgs,
  { signal: wanted, viewer }: Asker<Viewer>,
  ended: () => void
) => {
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
    const source = await createSourceEventStream({ ...args, contextValue: await contextOf({ viewer, signal }) })
    if (!(Symbol.asyncIterator in source)) return masked(source, onDefect)
    const opened = new Feed<ExecutionResult>(source, {
      of: async (event) => {
        const contextValue = await contextOf({ viewer, signal })
        return masked(await executeSubscriptionEvent({ ...args, rootValue: event, contextValue, externalAbortSignal: signal }), onDefect)
      },
      failed: (error) => maskedError(error, onDefect),
      ending: () => {
        wanted.removeEventListener("abort", end)
        controller.abort()
      },
      ended: () => {
        open.delete(opened)
        ended()
      }
    })
    open.add(opened)
    feed = opened
    if (signal.aborted) feed.end()
    return feed
  } catch (error) {
    return { errors: [maskedError(error, onDefect)] }
  }
}

const isSubscription = (args: ValidatedExecutionArgs): args is ValidatedSubscriptionArgs => args.operation.operation === "subscription"
