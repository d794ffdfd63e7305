import { GraphQLEnumType, GraphQLNonNull, GraphQLObjectType } from "graphql"
import { MessageKind } from "han-core/Message"
import type { SearchHit } from "han-core/Search"
import { connectionType } from "./Connection.ts"
import { always, field, float, isoOf, text } from "./Field.ts"
import { globalId } from "./GlobalId.ts"
import type { GraphqlContext } from "./GraphqlContext.ts"
import { SessionType } from "./SessionType.ts"

const enumOf = (name: string, description: string, values: ReadonlyArray<string>) =>
  new GraphQLEnumType({ name, description, values: Object.fromEntries(values.map((value) => [value.toUpperCase().replaceAll("-", "_"), { value }])) })

export const MessageKindType = enumOf("MessageKind", "What a line is to a reader.", MessageKind.literals)
export const MessageRoleType = enumOf("MessageRole", "Who speaks.", ["user", "assistant", "system"])
export const SearchOrder = new GraphQLEnumType({
  name: "SearchOrder",
  description: "In which order hits come.",
  values: { NEWEST: { value: "newest", description: "The newest first." }, RANK: { value: "rank", description: "The best match first." } }
})

const SearchHitType = new GraphQLObjectType<SearchHit, GraphqlContext>({
  name: "SearchHit",
  description: "A message in which words were found.",
  fields: {
    messageId: always(text("The message's `id`.", ({ messageId }) => globalId("Message", messageId))),
    sessionId: always(text("The session, by its `sessionId`.")),
    session: field(SessionType, "The session.", (hit, _, { loaders }) => loaders.session.load(hit.sessionId)),
    agentId: text("The subagent whose message it is; null for the session's own."),
    kind: field(new GraphQLNonNull(MessageKindType), "What the line is."),
    role: field(MessageRoleType, "Who speaks; null for lines beside the conversation."),
    at: text("When.", ({ at }) => isoOf(at)),
    excerpt: always(text("A part of its text around the first match, in one line.")),
    score: float("How well it matches: greater is better, comparable within one answer only. Null in the order of time.")
  }
})
export const { connection: SearchHitConnection } = connectionType("SearchHit", SearchHitType, "messages in which words were found")
