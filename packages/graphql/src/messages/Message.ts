import { type GraphQLFieldConfigMap, GraphQLInterfaceType, GraphQLNonNull, GraphQLObjectType } from "graphql"
import { typeOf } from "han-core/Message"
import type { MessageLine } from "han-core/Messages"
import { clipped } from "han-core/unstable/Clip"
import { always, type Field, id } from "../context/Field.ts"
import type { GraphqlContext } from "../context/GraphqlContext.ts"
import { instantOf, isoOf } from "../relay/instant.ts"
import { givenText, textField } from "./lineFields.ts"
import { eventOf, recordOf } from "./lineRecord.ts"
import { MessageKindType } from "./MessageKinds.ts"
import { messageTypeName } from "./messageTypeName.ts"

/** The `id` of the message that this line is. */
export const messageGlobalId = (uuid: string): string => `Message:${uuid}`

/** The length of a message's text in `searchText`, in UTF-16 units. */
const searchedLength = 10_000

export type MessageFields = GraphQLFieldConfigMap<MessageLine, GraphqlContext>

/** The words of the line that a reader is shown; the thought of a model that said nothing else. Null where there are no words. */
export const wordsOf = (line: MessageLine): string | null => {
  const words = line.message.text === "" ? (eventOf(line, "Answered")?.thinking ?? "") : line.message.text
  return words === "" ? null : words
}

/** A line without any time is as old as can be. */
const timeOf = (line: MessageLine): string => isoOf(line.message.at) ?? isoOf(instantOf(recordOf(line)["timestamp"])) ?? isoOf(0) ?? ""

/** The names by which the line can be looked for: of the tools that it calls, or of han's event. */
const namesOf = ({ message }: MessageLine): string =>
  message.events.flatMap((event) => (event._tag === "ToolCalled" || event._tag === "HanNoted" ? [event.name] : [])).join(" ")

const searchTextOf = (line: MessageLine): string =>
  `${clipped(wordsOf(line) ?? "", searchedLength)} ${typeOf(line.message.kind)} ${namesOf(line)}`.trim().toLowerCase()

const messageFields: MessageFields = {
  id: always(id("`Message:` and the uuid.", ({ message }) => messageGlobalId(message.id))),
  kind: { type: new GraphQLNonNull(MessageKindType), description: "What the line is to a reader.", resolve: ({ message }) => message.kind },
  uuid: givenText("The line's own uuid. A line without one has an id made of its content, the same on every reading.", ({ message }) => message.id),
  timestamp: givenText("When it was written, ISO 8601 in UTC with milliseconds. 1970 for a line that does not say.", timeOf),
  rawJson: textField("The original line, unchanged.", ({ raw }) => raw),
  agentId: textField("The subagent that wrote it; null for the session's own messages.", ({ message }) => message.agentId),
  parentId: textField(
    "The id of the line that it follows, which may be of a kind that pages leave out. Null for the first one and for lines of han's log.",
    ({ message }) => (message.envelope.parentUuid === null ? null : messageGlobalId(message.envelope.parentUuid))
  ),
  searchText: textField("Lower-case text to filter a list by: its words (at most 10,000 characters), its type, the tools that it calls.", searchTextOf)
}

export const Message = new GraphQLInterfaceType<MessageLine, GraphqlContext>({
  name: "Message",
  description: "One line of a session's transcript, or of han's own log of it. The concrete type says what the line means.",
  fields: messageFields,
  resolveType: messageTypeName
})

/** A concrete type of message. `more`: the interfaces that it has beside `Message`. */
export const messageType = (
  name: string,
  description: string,
  fields: MessageFields,
  more: ReadonlyArray<GraphQLInterfaceType> = []
): GraphQLObjectType<MessageLine, GraphqlContext> =>
  new GraphQLObjectType({ name, description, interfaces: [Message, ...more], fields: { ...messageFields, ...fields } })

/** An interface of some types of messages. Clients were built for one that stands beside `Message`, not below it. */
export const messageInterface = (name: string, description: string, fields: MessageFields): GraphQLInterfaceType<MessageLine, GraphqlContext> =>
  new GraphQLInterfaceType({ name, description, fields: { ...messageFields, ...fields }, resolveType: messageTypeName })

export const content: Field<MessageLine> = textField("What it says, as text. Null where it says nothing in words.", wordsOf)
