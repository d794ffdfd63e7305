import type { Fragment } from "@effect/sql/Statement"
import { isPrompt, MessageKind, roleOf, spokenText, typeOf } from "han-core/Message"
import type { MessageField } from "han-core/MessageQueries"
import type { MessageLine } from "han-core/Messages"
import * as Sentiment from "han-core/Sentiment"
import { fieldsOf, type Scalar, type Where } from "han-core/Where"
import type { ColumnOf } from "../database/where.ts"
import { kindNumbers } from "../readmodels/messageKey.ts"
import type { Reading } from "./reader.ts"

/** Facts about a line that are not in it. */
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

/** A field of messages, as a line has it and, where a statement over message "m" can tell it, as that calls it: both are the same for every line. */
interface Field {
  readonly read: (line: MessageLine, facts: MessageFacts) => Scalar
  readonly column?: (reading: Reading) => Fragment
}

const fields: { readonly [Name in MessageField]: Field } = {
  id: { read: ({ message }) => message.id, column: ({ sql }) => sql`m.uuid` },
  agentId: {
    read: ({ message }) => message.agentId,
    column: ({ owner, sql }) => sql`(SELECT x.agent_id FROM transcript x WHERE x.owner_no = ${owner} AND x.no = m.transcript_no)`
  },
  parentId: { read: ({ message }) => message.envelope.parentUuid },
  type: { read: ({ message }) => typeOf(message.kind), column: (reading) => byKind(reading, typeOf) },
  role: { read: ({ message }) => roleOf(message.kind), column: (reading) => byKind(reading, roleOf) },
  toolName: {
    read: ({ message }) => message.events.find((event) => event._tag === "HanNoted")?.name ?? null,
    column: ({ owner, sql, t }) =>
      sql`CASE WHEN m.kind = ${sql.literal(String(kindNumbers.han))} THEN (SELECT h.name FROM ${t("han_event")} h WHERE h.owner_no = ${owner} AND h.session_no = m.session_no AND h.id = m.uuid) END`
  },
  at: { read: ({ message }) => (message.at === null ? null : new Date(message.at).toISOString()) },
  line: { read: ({ message }) => message.line, column: ({ sql }) => sql`m.line` },
  sentimentScore: { read: (line) => moodOf(line)?.score ?? null },
  sentimentLevel: { read: (line) => moodOf(line)?.level ?? null },
  frustrationScore: { read: (line) => moodOf(line)?.frustration?.score ?? null },
  frustrationLevel: { read: (line) => moodOf(line)?.frustration?.level ?? null },
  inputTokens: { read: (_, facts) => facts.inputTokens },
  outputTokens: { read: (_, facts) => facts.outputTokens },
  cacheReadTokens: { read: (_, facts) => facts.cacheReadTokens },
  cacheCreationTokens: { read: (_, facts) => facts.cacheCreationTokens },
  linesAdded: { read: (_, facts) => facts.linesAdded },
  linesRemoved: { read: (_, facts) => facts.linesRemoved },
  filesChanged: { read: (_, facts) => facts.filesChanged }
}
const byKind = ({ sql }: Reading, of: (kind: MessageKind) => string | null) =>
  sql.literal(`CASE m.kind ${MessageKind.literals.map((kind) => `WHEN ${kindNumbers[kind]} THEN ${quoted(of(kind))}`).join(" ")} END`)
const quoted = (value: string | null) => (value === null ? "NULL" : `'${value}'`)
const moodOf = ({ message }: MessageLine) => (isPrompt(message.kind, message) ? Sentiment.analyse(spokenText(message) ?? "") : null)

/** True for a condition that a statement can ask; the lines have to be read for others. */
export const isIndexed = (where: Where<MessageField> | undefined): boolean =>
  where === undefined || [...fieldsOf(where)].every((field) => fields[field].column !== undefined)

/** The columns of a condition that is indexed. */
export const messageColumn =
  (reading: Reading): ColumnOf<MessageField> =>
  (field) =>
    fields[field].column?.(reading) ?? reading.sql`NULL`
export const messageField = (line: MessageLine, facts: MessageFacts, field: MessageField): Scalar => fields[field].read(line, facts)
