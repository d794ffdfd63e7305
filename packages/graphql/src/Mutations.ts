import * as Effect from "effect/Effect"
import { GraphQLBoolean, GraphQLError, GraphQLID, GraphQLNonNull, GraphQLObjectType } from "graphql"
import { JournalAdmin } from "han-core/JournalAdmin"
import { mayWith } from "han-core/Roles"
import { type Fields, field } from "./context/Field.ts"
import type { GraphqlContext, MachineContext } from "./context/GraphqlContext.ts"
import type { SchemaParts } from "./context/SchemaParts.ts"
import { sessionIdOf } from "./relay/GlobalId.ts"
import { workspaceMutations } from "./workspace/workspaceMutations.ts"

/** Whoever may not forget it is told nothing about it but what they may read anyway. */
const forgetSession = async (id: string, { loaders, team }: GraphqlContext): Promise<boolean> => {
  if (team === null) throw new GraphQLError("only a team server forgets sessions for somebody; run `han forget`", { extensions: { code: "OnlyOnATeamServer" } })
  const { principal, run } = team
  const session = await loaders.session.load(sessionIdOf(id))
  if (session === null) throw new GraphQLError("it is not there, or not any more", { extensions: { code: "ChangeRefused" } })
  if (session.author !== principal.person && !mayWith(principal, "forget.any"))
    throw new GraphQLError("it is somebody else's; only admins and owners forget it", { extensions: { code: "NotAllowed" } })
  await run(Effect.flatMap(JournalAdmin, (journal) => journal.forget({ sessionIds: [session.id] })))
  return true
}

const sessionMutations: Fields<unknown> = {
  forgetSession: {
    ...field<unknown>(
      GraphQLBoolean,
      "Removes a session from the workspace for good: one's own, or for admins and owners anybody's. It is not taken again.",
      (_, { id }: { readonly id: string }, context) => forgetSession(id, context)
    ),
    args: { id: { type: new GraphQLNonNull(GraphQLID), description: "The session, by its `id` or `sessionId`." } }
  }
}

export const mutationRoot = (parts: SchemaParts) =>
  new GraphQLObjectType<unknown, MachineContext>({
    name: "MutationRoot",
    description: "Changes of a workspace, and of what is configured on a machine. What a transcript says is never changed.",
    fields: { ...workspaceMutations, ...sessionMutations, ...parts.machine?.mutation }
  })
