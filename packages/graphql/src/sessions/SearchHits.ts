import { GraphQLEnumType, GraphQLNonNull, GraphQLObjectType } from "graphql"
import type { MessageKind as Kind } from "han-core/Message"
import type { SearchHit } from "han-core/Search"
import { always, field, float, isoOf, text } from "../context/Field.ts"
import type { GraphqlContext } from "../context/GraphqlContext.ts"
import { memoized } from "../context/memoized.ts"
import type { SchemaParts } from "../context/SchemaParts.ts"
import { connectionType } from "../relay/Connection.ts"
import { globalId } from "../relay/GlobalId.ts"
import { sessionType } from "./SessionType.ts"

const enumOf = (name: string, description: string, values: Readonly<Record<string, string>>) =>
  new GraphQLEnumType({
    name,
    description,
    values: Object.fromEntries(Object.entries(values).map(([value, says]) => [value.toUpperCase().replaceAll("-", "_"), { value, description: says }]))
  })

const kinds: Readonly<Record<Kind, string>> = {
  prompt: "What a human or a script asked.",
  machine: "What another program asked: a notice of a task, a teammate's mail.",
  command: "A slash command, or a shell command typed after an exclamation mark.",
  output: "What a command printed.",
  interrupt: "Somebody stopped the model.",
  meta: "Text for the model that nobody typed.",
  compaction: "What a compaction left of the conversation.",
  "tool-result": "What tools answered.",
  answer: "What the model said.",
  "tool-call": "Calls of tools without words.",
  system: "A notice of the client.",
  attachment: "What was put in front of the model beside prompts.",
  summary: "What an older client called the conversation.",
  queue: "A change of the queue of prompts.",
  title: "A title of the session.",
  snapshot: "Copies of files that the client kept.",
  progress: "How far a tool is.",
  han: "A line of han's own log.",
  unrecognized: "A line of a kind that this version of han does not know.",
  unreadable: "A line that is no JSON object."
}
export const MessageKindType = enumOf("MessageKind", "What a line is to a reader.", kinds)
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
