import type { SessionId } from "han-core/Entry"
import type { MessageField } from "han-core/Messages"
import { holds, type Where } from "han-core/Where"
import { connectionType } from "./Connection.ts"
import { conditionsOn, FloatFilter, filterType, IntFilter, orderType, StringFilter } from "./Filters.ts"
import { rawIdOf, sessionIdOf } from "./GlobalId.ts"
import { Message } from "./Message.ts"

const columns = {
  id: StringFilter,
  sessionId: StringFilter,
  agentId: StringFilter,
  parentId: StringFilter,
  messageType: StringFilter,
  role: StringFilter,
  toolName: StringFilter,
  timestamp: StringFilter,
  lineNumber: IntFilter,
  sentimentScore: FloatFilter,
  sentimentLevel: StringFilter,
  frustrationScore: FloatFilter,
  frustrationLevel: StringFilter,
  inputTokens: IntFilter,
  outputTokens: IntFilter,
  cacheReadTokens: IntFilter,
  cacheCreationTokens: IntFilter,
  linesAdded: IntFilter,
  linesRemoved: IntFilter,
  filesChanged: IntFilter
}
export const MessageFilter = filterType("MessageFilter", "messages", columns)
export const MessageOrderBy = orderType("MessageOrderBy", Object.keys(columns))
export const { connection: MessageConnection, edge: MessageEdge } = connectionType("Message", Message, "messages")

const renamed: Readonly<Record<string, MessageField>> = { messageType: "type", timestamp: "at", lineNumber: "line", sessionId: "id" }
export const messageColumn = (name: string): MessageField => renamed[name] ?? (name as MessageField)

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
