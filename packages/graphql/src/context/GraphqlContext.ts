/**
 * The context value of han's resolvers: services, batches of lookups and events, on behalf of one viewer.
 *
 * @example
 * ```ts
 * import type * as Runtime from "effect/Runtime"
 * import { OwnerId } from "han-core/Viewer"
 * import * as ChangeFeed from "han-graphql/ChangeFeed"
 * import * as Execution from "han-graphql/Execution"
 * import * as GraphqlContext from "han-graphql/GraphqlContext"
 * import type { GraphqlRequirements } from "han-graphql/GraphqlRequirements"
 * import { makeSchema } from "han-graphql/Schema"
 *
 * const executionOver = (runtime: Runtime.Runtime<GraphqlRequirements>) => {
 *   const feeds = ChangeFeed.make(runtime)
 *   const host = { version: "1.0.0", timeZone: "Europe/Berlin" }
 *   const contextOf = ({ viewer }: Execution.Asker<string>) => GraphqlContext.make({ runtime, host, feeds, viewer: { owner: OwnerId.make(viewer), person: null } })
 *   return Execution.make<string>({ schema: makeSchema(), contextOf, joinedAs: (viewer) => viewer })
 * }
 * ```
 */

import * as Cause from "effect/Cause"
import type * as Context from "effect/Context"
import * as Effect from "effect/Effect"
import * as Exit from "effect/Exit"
import * as Runtime from "effect/Runtime"
import { GraphQLError } from "graphql"
import { Viewer } from "han-core/Viewer"
import type { ChangeFeed, ChangeFeeds } from "./ChangeFeed.ts"
import type { GraphqlRequirements, MachineRequirements, Run } from "./GraphqlRequirements.ts"
import * as Loaders from "./Loaders.ts"

/** Facts of the program that serves the schema. */
export interface GraphqlHost {
  readonly version: string
  /** The time zone in which days are counted. */
  readonly timeZone: string
}

/** The context value of every resolver: one for each request, and for each event of a subscription. `More`: services of parts of the schema. */
export interface GraphqlContext<More = never> {
  readonly run: Run<GraphqlRequirements | More>
  /** Batches of lookups of this request. */
  readonly loaders: Loaders.Loaders
  readonly host: GraphqlHost
  readonly viewer: Context.Tag.Service<typeof Viewer>
  /** Events of this viewer's sessions. */
  readonly live: ChangeFeed
}

/** The context of resolvers of the `machine` part. */
export type MachineContext = GraphqlContext<MachineRequirements>

/** The context of one request of `viewer`. `runtime` and `feeds` are the same for all requests. */
export const make = <More = never>(options: {
  readonly runtime: Runtime.Runtime<GraphqlRequirements | More>
  readonly host: GraphqlHost
  readonly feeds: ChangeFeeds
  readonly viewer: Context.Tag.Service<typeof Viewer>
}): GraphqlContext<More> => {
  const { feeds, host, runtime, viewer } = options
  const runExit = Runtime.runPromiseExit(runtime)
  const run: Run<GraphqlRequirements | More> = async (effect) => {
    const exit = await runExit(Effect.provideService(effect, Viewer, viewer))
    if (Exit.isSuccess(exit)) return exit.value
    const error: unknown = Cause.squash(exit.cause)
    throw isTagged(error) ? new GraphQLError(error.message, { extensions: { code: error._tag } }) : error
  }
  return { run, loaders: Loaders.make(run), host, viewer, live: feeds.of(viewer) }
}

/** Errors that a client may be told of: their messages say what is wrong and what to do. */
const isTagged = (error: unknown): error is { readonly _tag: string; readonly message: string } =>
  typeof error === "object" && error !== null && "_tag" in error && typeof error._tag === "string" && "message" in error && typeof error.message === "string"
