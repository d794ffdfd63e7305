import * as Cause from "effect/Cause"
import * as Exit from "effect/Exit"
import * as Runtime from "effect/Runtime"
import { GraphQLError } from "graphql"
import type { ChangeFeed } from "./ChangeFeed.ts"
import type { GraphqlRequirements, Run } from "./GraphqlRequirements.ts"
import * as Loaders from "./Loaders.ts"

/** Facts of the program that serves the schema. */
export interface GraphqlHost {
  readonly version: string
  /** The time zone in which days are counted. */
  readonly timeZone: string
}

/** What every resolver gets: one for each request, and for each event of a subscription. */
export interface GraphqlContext {
  readonly run: Run
  /** Batches of lookups of this request. */
  readonly loaders: Loaders.Loaders
  readonly host: GraphqlHost
  readonly live: ChangeFeed
}

/** `live` is one for all requests of a viewer. */
export const make = (runtime: Runtime.Runtime<GraphqlRequirements>, host: GraphqlHost, live: ChangeFeed): GraphqlContext => {
  const runExit = Runtime.runPromiseExit(runtime)
  const run: Run = async (effect) => {
    const exit = await runExit(effect)
    if (Exit.isSuccess(exit)) return exit.value
    const error: unknown = Cause.squash(exit.cause)
    throw isTagged(error) ? new GraphQLError(error.message, { extensions: { code: error._tag } }) : error
  }
  return { run, loaders: Loaders.make(run), host, live }
}

/** Errors that a client may be told of: their messages say what is wrong and what to do. */
const isTagged = (error: unknown): error is { readonly _tag: string; readonly message: string } =>
  typeof error === "object" && error !== null && "_tag" in error && typeof error._tag === "string" && "message" in error && typeof error.message === "string"
