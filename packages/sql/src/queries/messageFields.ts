import type * as SqlClient from "@effect/sql/SqlClient"
import { isPrompt, MessageKind, type MessageRole, roleOf, spokenText, typeOf } from "han-core/Message"
import type { MessageField } from "han-core/MessageQueries"
import type { MessageLine } from "han-core/Messages"
import * as Sentiment from "han-core/Sentiment"
import type { Scalar } from "han-core/Where"
import type { Columns } from "../database/where.ts"
import { kindNumber } from "../readmodels/messageKey.ts"
import type { Table } from "../readmodels/ReadModels.ts"

/** Fields that a statement over "message" knows; the others are in the lines. */
type IndexedField = "id" | "agentId" | "type" | "role" | "toolName" | "line"
export const indexedFields: ReadonlySet<MessageField> = new Set<IndexedField>(["id", "agentId", "type", "role", "toolName", "line"])

/** What is known of a line beside its own words. */
export interface MessageFacts {
  readonly inputTokens: number | null
  readonly outputTokens: number | null
  readonly cacheReadTokens: number | null
  readonly cacheCreationTokens: number | null
  readonly linesAdded: number | null
  readonly linesRemoved: number | null
  readonly filesChanged: number | null
}
export const unknownFacts: MessageFacts = {
  inputTokens: null,
  outputTokens: null,
  cacheReadTokens: null,
  cacheCreationTokens: null,
  linesAdded: null,
  linesRemoved: null,
  filesChanged: null
}

/** What a statement over message "m" calls each field that it knows. The same as `messageField` of the line. */
export const messageColumns = (sql: SqlClient.SqlClient, table: (name: Table) => string): Columns<MessageField> => {
  const byKind = (of: (kind: MessageKind) => MessageRole | string | null) =>
    sql.literal(`CASE m.kind ${MessageKind.literals.map((kind) => `WHEN ${kindNumber(kind)} THEN ${quoted(of(kind))}`).join(" ")} END`)
  const never = sql`NULL`
  return {
    id: sql`m.uuid`,
    agentId: sql`(SELECT x.agent_id FROM transcript x WHERE x.no = m.transcript_no)`,
    type: sql`${byKind(typeOf)}`,
    role: sql`${byKind(roleOf)}`,
    toolName: sql`CASE WHEN m.kind = ${sql.literal(String(kindNumber("han")))} THEN (SELECT h.name FROM ${sql.literal(table("han_event"))} h WHERE h.session_no = m.session_no AND h.id = m.uuid) END`,
    line: sql`m.line`,
    parentId: never,
    at: never,
    sentimentScore: never,
    sentimentLevel: never,
    frustrationScore: never,
    frustrationLevel: never,
    inputTokens: never,
    outputTokens: never,
    cacheReadTokens: never,
    cacheCreationTokens: never,
    linesAdded: never,
    linesRemoved: never,
    filesChanged: never
  }
}
const quoted = (value: string | null) => (value === null ? "NULL" : `'${value}'`)

export const messageField = ({ message }: MessageLine, facts: MessageFacts, field: MessageField): Scalar => {
  switch (field) {
    case "id":
      return message.id
    case "agentId":
      return message.agentId
    case "parentId":
      return message.envelope.parentUuid
    case "type":
      return typeOf(message.kind)
    case "role":
      return roleOf(message.kind)
    case "toolName":
      return message.events.find((event) => event._tag === "HanNoted")?.name ?? null
    case "at":
      return message.at === null ? null : new Date(message.at).toISOString()
    case "line":
      return message.line
    case "sentimentScore":
      return moodOf(message)?.score ?? null
    case "sentimentLevel":
      return moodOf(message)?.level ?? null
    case "frustrationScore":
      return moodOf(message)?.frustration?.score ?? null
    case "frustrationLevel":
      return moodOf(message)?.frustration?.level ?? null
    default:
      return facts[field]
  }
}
const moodOf = (message: MessageLine["message"]) => (isPrompt(message.kind, message) ? Sentiment.analyse(spokenText(message) ?? "") : null)
