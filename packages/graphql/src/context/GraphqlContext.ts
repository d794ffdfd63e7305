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
