import type { SessionId } from "han-core/Entry"
import type { MessageField } from "han-core/MessageQueries"
import { holds, type OrderBy, type Where } from "han-core/Where"
import { connectionType } from "../relay/Connection.ts"
import { conditionsOn, filterType, onFloat, onInt, onText, orderOf, orderType } from "../relay/Filters.ts"
import { rawIdOf, sessionIdOf } from "../relay/GlobalId.ts"
import { Message } from "./Message.ts"

const columns = {
  id: onText("The message, by its `id` or `uuid`."),
  sessionId: onText("The session, by its `id` or `sessionId`."),
  agentId: onText("The subagent that wrote it; null for the session's own messages."),
  parentId: onText("The line that it follows, by its `id` or `uuid`."),
  messageType: onText("`user`, `assistant`, `system`, `summary`, `file-history-snapshot`, `queue-operation`, `han_event` or `unknown`."),
  role: onText("Who speaks: `user`, `assistant`, `system`; null for lines beside the conversation."),
  toolName: onText("The name of han's event, e.g. `hook_result`; null for all other lines."),
  timestamp: onText("When it was written, ISO 8601 in UTC with milliseconds."),
  lineNumber: onInt("Its line in the transcript, from 0."),
  sentimentScore: onFloat("How the human who wrote it sounds, from -5 to 5; null for what no human wrote."),
  sentimentLevel: onText("`positive`, `neutral` or `negative`."),
  frustrationScore: onFloat("How strongly it speaks of frustration; null where it does not."),
  frustrationLevel: onText("`low`, `moderate` or `high`; null where there is no frustration."),
  inputTokens: onInt("Input tokens of the API response, on the one of its lines that counts; null on all others."),
  outputTokens: onInt("Output tokens, as `inputTokens`."),
  cacheReadTokens: onInt("Tokens read from the cache, as `inputTokens`."),
  cacheCreationTokens: onInt("Tokens written to the cache, as `inputTokens`."),
  linesAdded: onInt("Lines that its calls of tools added to files; null where they changed none."),
  linesRemoved: onInt("Lines that they took out of files."),
  filesChanged: onInt("How many changes of files they made.")
}
export const MessageFilter = filterType("MessageFilter", "messages", columns)
export const MessageOrderBy = orderType("MessageOrderBy", columns)
export const { connection: MessageConnection, edge: MessageEdge } = connectionType("Message", Message, "messages")

const renamed: Readonly<Record<string, MessageField>> = { messageType: "type", timestamp: "at", lineNumber: "line" }
const messageColumn = (name: string): MessageField => renamed[name] ?? (name as MessageField)

/** The order that an argument states. All messages of a session have the same `sessionId`. */
export const messageOrder = (given: unknown): ReadonlyArray<OrderBy<MessageField>> =>
  orderOf(MessageOrderBy, given, (name) => (name === "sessionId" ? undefined : messageColumn(name)))

/** Conditions on the messages of one session. */
export const messageCondition =
  (sessionId: SessionId) =>
  (name: string, conditions: Readonly<Record<string, unknown>>): Where<MessageField> => {
    if (name === "sessionId") {
      const meant = conditionsOn("sessionId", conditions, (value) => (typeof value === "string" ? sessionIdOf(value) : value))
      return holds(meant, () => sessionId) ? { _tag: "And", of: [] } : { _tag: "Or", of: [] }
    }
    return conditionsOn(messageColumn(name), conditions, (value) =>
      typeof value === "string" && (name === "id" || name === "parentId") ? rawIdOf("Message", value) : value
    )
  }
