import * as Effect from "effect/Effect"
import { GraphQLBoolean, GraphQLList, GraphQLNonNull, GraphQLString } from "graphql"
import type { SessionId } from "han-core/Entry"
import { HookHistory } from "han-core/HookHistory"
import type { GraphqlContext } from "../context/GraphqlContext.ts"
import { notNegative } from "../relay/Connection.ts"
import { sessionIdOf } from "../relay/GlobalId.ts"
import { Int } from "../relay/Int.ts"
import { HookExecutionType } from "./HookExecutions.ts"

export const HookRunsType = new GraphQLNonNull(new GraphQLList(new GraphQLNonNull(HookExecutionType)))

export interface HookRunsArgs {
  readonly first?: number | null
  readonly failed?: boolean | null
  readonly sessionId?: string | null
  readonly hook?: string | null
  readonly event?: string | null
  readonly directory?: string | null
}

const standardLimit = 100
const maxLimit = 1000

export const hookRunsArgs = {
  first: { type: Int, description: `At most so many; ${standardLimit} without, never more than ${maxLimit}.` },
  failed: { type: GraphQLBoolean, description: "True: only runs that ended and did not let the agent go on as it was." },
  sessionId: { type: GraphQLString, description: "Only of this session, by its `sessionId` or `id`." },
  hook: { type: GraphQLString, description: "Only of the hook, or of the hooks of the plugin, with this name." },
  event: { type: GraphQLString, description: "Only at this event of the client, e.g. `Stop`." },
  directory: { type: GraphQLString, description: "Only in this folder or below it; absolute." }
}

export const hookRunsOf = ({ directory, event, failed, first, hook, sessionId }: HookRunsArgs, { run }: GraphqlContext) =>
  run(
    Effect.flatMap(HookHistory, (history) =>
      history.runs({
        limit: Math.min(notNegative("first", first) ?? standardLimit, maxLimit),
        ...(failed === true && { failed }),
        ...(sessionId != null && { sessionId: sessionIdOf(sessionId) as SessionId }),
        ...(hook != null && { hook }),
        ...(event != null && { event }),
        ...(directory != null && { directory })
      })
    )
  )
