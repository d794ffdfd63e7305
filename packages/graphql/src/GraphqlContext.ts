import * as Cause from "effect/Cause"
import type * as Effect from "effect/Effect"
import * as Exit from "effect/Exit"
import * as Runtime from "effect/Runtime"
import { GraphQLError } from "graphql"
import type { ClaudeSettings } from "han-core/ClaudeSettings"
import type { ConfigDirs } from "han-core/ConfigDirs"
import type { Directories } from "han-core/Directories"
import type { Journal } from "han-core/Journal"
import type { MemoryRules } from "han-core/MemoryRules"
import type { Messages } from "han-core/Messages"
import type { Metrics } from "han-core/Metrics"
import type { Plugins } from "han-core/Plugins"
import type { Search } from "han-core/Search"
import type { SessionDetails } from "han-core/SessionDetails"
import type { Sessions } from "han-core/Sessions"
import type { Usage } from "han-core/Usage"
import type { Viewer } from "han-core/Viewer"
import type { ChangeFeed } from "./ChangeFeed.ts"
import * as Loaders from "./Loaders.ts"

/** The core services that the schema is made of; any layers will do. */
export type GraphqlServices =
  | ClaudeSettings
  | ConfigDirs
  | Directories
  | Journal
  | MemoryRules
  | Messages
  | Metrics
  | Plugins
  | Search
  | SessionDetails
  | Sessions
  | Usage
  | Viewer

/** Facts of the program that serves the schema. */
export interface GraphqlHost {
  readonly version: string
  /** The time zone in which days are counted. */
  readonly timeZone: string
}

/** What every resolver gets: one for each request, and for each event of a subscription. */
export interface GraphqlContext {
  /** Runs on behalf of the viewer of the request. A tagged error becomes a GraphQL error with its message, and its tag as `extensions.code`. */
  readonly run: <A, E>(effect: Effect.Effect<A, E, GraphqlServices>) => Promise<A>
  /** Batches of lookups of this request. */
  readonly loaders: Loaders.Loaders
  readonly host: GraphqlHost
  readonly live: ChangeFeed
}

/** `live` is one for all requests of a viewer. */
export const make = (runtime: Runtime.Runtime<GraphqlServices>, host: GraphqlHost, live: ChangeFeed): GraphqlContext => {
  const runExit = Runtime.runPromiseExit(runtime)
  const run: GraphqlContext["run"] = async (effect) => {
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
