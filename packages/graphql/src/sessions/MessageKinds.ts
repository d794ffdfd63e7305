import { GraphQLEnumType } from "graphql"
import type { MessageKind as Kind } from "han-core/Message"

/** An enum whose values are written as GraphQL writes them: `tool-call` is `TOOL_CALL`. */
export const enumOf = (name: string, description: string, values: Readonly<Record<string, string>>) =>
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
