import DataLoader from "dataloader"
import {
  type DocumentNode,
  type ExecutionResult,
  execute,
  GraphQLList,
  GraphQLNonNull,
  GraphQLObjectType,
  type GraphQLOutputType,
  GraphQLSchema,
  getNamedType,
  isAbstractType,
  isObjectType,
  parse,
  validate
} from "graphql"
import { decodeEntry } from "han-core/Decode"
import type { Entry, SessionId, Transcript } from "han-core/Entry"
import { fromLine, type ToolResult } from "han-core/Message"
import type { MessageLine } from "han-core/Messages"
import type { Agent } from "han-core/Session"
import { entryOf, transcriptOf } from "../../../test/fixtureLines.ts"
import type { GraphqlContext } from "../src/context/GraphqlContext.ts"
import type { Loaders } from "../src/context/Loaders.ts"
import { Message } from "../src/messages/Message.ts"
import { messageTypes } from "../src/messages/MessageFamily.ts"
import { UserMessage } from "../src/messages/UserMessages.ts"

/** What the loaders of a test know. */
export interface Known {
  readonly results?: ReadonlyMap<string, ToolResult>
  readonly agents?: ReadonlyArray<Agent>
  readonly lines?: ReadonlyArray<MessageLine>
}

const Query = new GraphQLObjectType<ReadonlyArray<MessageLine>, GraphqlContext>({
  name: "Query",
  fields: {
    messages: { type: new GraphQLNonNull(new GraphQLList(new GraphQLNonNull(Message))), resolve: (lines) => lines },
    user: { type: UserMessage, resolve: ([line]) => line }
  }
})

export const schema = new GraphQLSchema({ query: Query, types: messageTypes })

/** A message needs nothing else of a request than these. */
export const contextOf = ({ agents = [], lines = [], results = new Map() }: Known): { readonly loaders: Pick<Loaders, "agents" | "toolResult" | "reply"> } => ({
  loaders: {
    agents: new DataLoader<SessionId, ReadonlyArray<Agent>>(async (ids) => ids.map((id) => agents.filter(({ sessionId }) => sessionId === id))),
    toolResult: new DataLoader<string, ToolResult | null>(async (ids) => ids.map((id) => results.get(id) ?? null)),
    reply: new DataLoader(
      async (asked: ReadonlyArray<{ readonly sessionId: SessionId; readonly id: string }>) =>
        asked.map(
          ({ id, sessionId }) =>
            lines.find(
              ({ message }) =>
                message.sessionId === sessionId &&
                message.events.some((event) => event._tag === "HanNoted" && event.name.endsWith("_result") && event.replyTo === id)
            ) ?? null
        ),
      { cacheKeyFn: ({ id, sessionId }) => `${sessionId}/${id}` }
    )
  }
})

/** The line as the store gives it; null for one that no page shows. */
export const lineOf = (transcript: Transcript, entry: Entry): MessageLine | null => {
  const message = fromLine(transcript, decodeEntry(transcript, entry), entry)
  return message === null ? null : { message, raw: new TextDecoder().decode(entry.bytes) }
}

/** The line of a record that a page shows. */
export const shown = (record: string | object, kind: Transcript["kind"] = "main", payload?: string): MessageLine => {
  const line = lineOf(transcriptOf(kind), entryOf(record, payload))
  if (line === null) throw new Error("no page shows this line")
  return line
}
/** A line of han's own log. */
export const logged = (type: string, data?: unknown, more: object = {}): MessageLine =>
  shown({ uuid: "e", type, timestamp: "2026-03-01T10:00:02.000Z", ...(data === undefined ? {} : { data }), ...more }, "han")

/** Every field that can be asked of the type. */
const everything = (type: GraphQLOutputType): string => {
  const named = getNamedType(type)
  if (isAbstractType(named))
    return `{ __typename ${schema
      .getPossibleTypes(named)
      .map((each) => `... on ${each.name} ${everything(each)}`)
      .join(" ")} }`
  if (!isObjectType(named)) return ""
  return `{ __typename ${Object.values(named.getFields())
    .map((field) => `${field.name} ${everything(field.type)}`)
    .join(" ")} }`
}
export const wholeDocument = `{ messages ${everything(Message)} }`

const documents = new Map<string, DocumentNode>()
/** Parsed and validated once, however often it is asked. */
const documentOf = (source: string): DocumentNode => {
  let document = documents.get(source)
  if (document === undefined) {
    document = parse(source)
    const errors = validate(schema, document)
    if (errors.length > 0) throw new AggregateError(errors, errors.map(({ message }) => message).join("\n"))
    documents.set(source, document)
  }
  return document
}

export const ask = async (
  source: string,
  lines: ReadonlyArray<MessageLine>,
  known: Known = {},
  contextValue = contextOf({ lines, ...known })
): Promise<ExecutionResult> => execute({ schema, document: documentOf(source), rootValue: lines, contextValue })

export type Answer = Record<string, unknown>
/** What the whole document says of these lines. Fails on any error. */
export const tell = async (lines: ReadonlyArray<MessageLine>, known: Known = {}): Promise<ReadonlyArray<Answer>> => {
  const { data, errors } = await ask(wholeDocument, lines, known)
  if (errors !== undefined) throw new AggregateError(errors, errors.map(({ message, path }) => `${path?.join(".")}: ${message}`).join("\n"))
  const told: ReadonlyArray<Answer> = JSON.parse(JSON.stringify(data?.["messages"]))
  return told
}
export const tellOne = async (line: MessageLine, known: Known = {}): Promise<Answer> => (await tell([line], known))[0] ?? {}
