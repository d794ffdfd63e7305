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
import type * as Redacted from "effect/Redacted"
import * as Runtime from "effect/Runtime"
import { GraphQLError } from "graphql"
import type { Joined } from "han-core/Membership"
import { Viewer } from "han-core/Viewer"
import type { Principal } from "han-core/Workspaces"
import { type Access, onThisMachine } from "./Access.ts"
import type { ChangeFeed, ChangeFeeds } from "./ChangeFeed.ts"
import type { GraphqlRequirements, MachineRequirements, Run, TeamRequirements } from "./GraphqlRequirements.ts"
import * as Loaders from "./Loaders.ts"

/** Facts of the program that serves the schema. */
export interface GraphqlHost {
  readonly version: string
  /** The time zone in which days are counted. */
  readonly timeZone: string
}

/** A team server's side of a request: who asks, and the services of workspaces. */
export interface TeamAsked {
  readonly principal: Principal
  readonly run: Run<TeamRequirements>
  /** See `TeamSide`. */
  readonly redeem: (code: Redacted.Redacted) => Promise<Joined>
}

/** The side of a request that only a team server has. */
export interface TeamSide {
  readonly principal: Principal
  readonly runtime: Runtime.Runtime<TeamRequirements>
  /** Makes whoever asks a member of another workspace; fails for whoever tried too many codes. */
  readonly redeem: (code: Redacted.Redacted) => Effect.Effect<Joined, Error>
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
  readonly access: Access
  /** Null on a machine with one person. */
  readonly team: TeamAsked | null
}

/** The context of resolvers of the `machine` part. */
export type MachineContext = GraphqlContext<MachineRequirements>

/** The context of one request of `viewer`. `runtime` and `feeds` are the same for all requests. */
export const make = <More = never>(options: {
  readonly runtime: Runtime.Runtime<GraphqlRequirements | More>
  readonly host: GraphqlHost
  readonly feeds: ChangeFeeds
  readonly viewer: Context.Tag.Service<typeof Viewer>
  /** Everything if absent, as for the one person of a machine. */
  readonly access?: Access | undefined
  /** The team server's side, if it is one that answers. */
  readonly team?: TeamSide | undefined
}): GraphqlContext<More> => {
  const { access = onThisMachine, feeds, host, runtime, team, viewer } = options
  const run = runOn(runtime, viewer)
  const asked = team === undefined ? null : askedOf(team, viewer)
  return { run, loaders: Loaders.make(run, asked?.run ?? null), host, viewer, live: feeds.of(viewer), access, team: asked }
}

const askedOf = ({ principal, redeem, runtime }: TeamSide, viewer: Context.Tag.Service<typeof Viewer>): TeamAsked => {
  const run = runOn(runtime, viewer)
  return { principal, run, redeem: (code) => run(redeem(code)) }
}

const runOn = <Services>(runtime: Runtime.Runtime<Services>, viewer: Context.Tag.Service<typeof Viewer>): Run<Services> => {
  const runExit = Runtime.runPromiseExit(runtime)
  return async (effect) => {
    const exit = await runExit(Effect.provideService(effect, Viewer, viewer))
    if (Exit.isSuccess(exit)) return exit.value
    const error: unknown = Cause.squash(exit.cause)
    throw isTagged(error) ? new GraphQLError(error.message, { extensions: { code: error._tag } }) : error
  }
}

/** Errors that a client may be told of: their messages say what is wrong and what to do. */
const isTagged = (error: unknown): error is { readonly _tag: string; readonly message: string } =>
  typeof error === "object" && error !== null && "_tag" in error && typeof error._tag === "string" && "message" in error && typeof error.message === "string"
