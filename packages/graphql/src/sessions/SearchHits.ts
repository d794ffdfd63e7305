import { GraphQLEnumType, GraphQLNonNull, GraphQLObjectType } from "graphql"
import type { SearchHit } from "han-core/Search"
import { always, field, float, isoOf, text } from "../context/Field.ts"
import type { GraphqlContext } from "../context/GraphqlContext.ts"
import { memoized } from "../context/memoized.ts"
import type { SchemaParts } from "../context/SchemaParts.ts"
import { connectionType } from "../relay/Connection.ts"
import { globalId } from "../relay/GlobalId.ts"
import { enumOf, MessageKindType } from "./MessageKinds.ts"
import { sessionType } from "./SessionType.ts"

export const MessageRoleType = enumOf("MessageRole", "Who speaks.", {
  user: "A human, or what stands for one.",
  assistant: "The model.",
  system: "The client."
})
export const SearchOrder = new GraphQLEnumType({
  name: "SearchOrder",
  description: "In which order hits come.",
  values: { NEWEST: { value: "newest", description: "The newest first." }, RANK: { value: "rank", description: "The best match first." } }
})

export const searchHitConnection = memoized((parts: SchemaParts) => {
  const node = new GraphQLObjectType<SearchHit, GraphqlContext>({
    name: "SearchHit",
    description: "A message in which words were found.",
    fields: {
      messageId: always(text("The message's `id`.", ({ messageId }) => globalId("Message", messageId))),
      sessionId: always(text("The session, by its `sessionId`.")),
      session: field(sessionType(parts), "The session.", (hit, _, { loaders }) => loaders.session.load(hit.sessionId)),
      agentId: text("The subagent whose message it is; null for the session's own."),
      kind: field(new GraphQLNonNull(MessageKindType), "What the line is."),
      role: field(MessageRoleType, "Who speaks; null for lines beside the conversation."),
      at: text("When.", ({ at }) => isoOf(at)),
      excerpt: always(text("A part of its text around the first match, in one line.")),
      score: float("How well it matches: greater is better, comparable within one answer only. Null in the order of time.")
    }
  })
  return connectionType("SearchHit", node, "messages in which words were found").connection
})
