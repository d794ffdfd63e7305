import { GraphQLObjectType } from "graphql"
import type { Agent, Compaction, Session } from "han-core/Session"
import { always, field, id, int, isoOf, text } from "../context/Field.ts"
import type { GraphqlContext } from "../context/GraphqlContext.ts"
import { globalId, sessionIdOf } from "../relay/GlobalId.ts"

/** `conversation`: the type of its conversation. */
export const subagentType = (conversation: GraphQLObjectType<Session, GraphqlContext>): GraphQLObjectType<Agent, GraphqlContext> =>
  new GraphQLObjectType<Agent, GraphqlContext>({
    name: "Subagent",
    description: "An agent that a session started.",
    fields: {
      id: always(id("`Subagent:`, the session and `agentId`.", (agent) => globalId("Subagent", `${agent.sessionId}:${agent.id}`))),
      agentId: always(text("The client's id of it; what `agentId` of its messages says.", (agent) => agent.id)),
      type: text("Its kind, e.g. `general-purpose`."),
      description: text("What it was to do, in a few words."),
      name: text("The name that it was given."),
      model: text("The model that it was to use."),
      parentAgentId: text("The agent that started it; null when the session itself did."),
      toolCallId: text("The call that started it.", ({ toolUseId }) => toolUseId),
      messageCount: always(int("Lines of its conversation.", ({ messages }) => messages)),
      startedAt: text("When its first line was written.", ({ startedAt }) => isoOf(startedAt)),
      updatedAt: text("When its newest line was written.", ({ updatedAt }) => isoOf(updatedAt)),
      session: field(conversation, "Its conversation, as a session of its own.", ({ id }, _, { loaders }) => loaders.session.load(sessionIdOf(id)))
    }
  })

export const CompactionType = new GraphQLObjectType<Compaction, GraphqlContext>({
  name: "Compaction",
  description: "That the context was compacted: the boundary and the summary that it left are one.",
  fields: {
    id: always(id("`Compaction:` and the line of the boundary.", (compaction) => globalId("Compaction", compaction.id))),
    at: text("When.", ({ at }) => isoOf(at)),
    trigger: always(text("`auto`, `manual`, `continuation` (an older client went on in a new session) or `unknown`.")),
    tokensBefore: int("Tokens of the context before.", ({ preTokens }) => preTokens),
    tokensAfter: int("Tokens of the context after.", ({ postTokens }) => postTokens),
    durationMs: int("Milliseconds that it took."),
    summary: text("What was left of the conversation; null when only the boundary is there.")
  }
})
