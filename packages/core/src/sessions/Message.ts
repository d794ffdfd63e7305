/**
 * Lines of a session as its page shows them: their kind, role and text, tool calls with their results, and the words by which they are found.
 *
 * @example
 * ```ts
 * import { conversationKinds, type Message } from "han-core/Message"
 *
 * const asMarkdown = (messages: ReadonlyArray<Message>): string =>
 *   messages
 *     .filter(({ kind }) => conversationKinds.includes(kind) && kind !== "meta")
 *     .map(({ at, role, text }) => `**${role}** ${at === null ? "" : new Date(at).toISOString()}\n\n${text}`)
 *     .join("\n\n")
 * ```
 */

import * as Schema from "effect/Schema"
import { lineHash } from "../harness/decodedLine.ts"
import { partsOf, withoutTags } from "../harness/promptParts.ts"
import { commandOf } from "../harness/spokenText.ts"
import { AgentId, type Entry, SessionId, type Transcript, TranscriptId, transcriptId } from "../journal/Entry.ts"
import { type DecodedLine, Envelope, SessionEvent } from "../journal/SessionEvent.ts"
import { unwrapped } from "../text/terminal.ts"
import { messageKinds, messageRoles } from "./MessageKinds.ts"
import { type FoundText, foundText, shownText } from "./messageText.ts"

/**
 * The kind of a line for a reader. The client's `user` lines are of eight kinds: `prompt` (of a human, a script, or the queue), `machine` (a task notification,
 * a teammate), `command`, `output` (of a command), `interrupt`, `meta`, `compaction`, `tool-result`.
 */
export const MessageKind = Schema.Literal(...messageKinds)
export type MessageKind = typeof MessageKind.Type

/** The speaker of a line. */
export const MessageRole = Schema.Literal(...messageRoles)
export type MessageRole = typeof MessageRole.Type

/** The kinds that are conversation. `Session.messages` counts lines of these. */
export const conversationKinds: ReadonlyArray<MessageKind> = [
  "prompt",
  "machine",
  "command",
  "output",
  "interrupt",
  "meta",
  "compaction",
  "tool-result",
  "answer",
  "tool-call"
]

/** One line of a session as its page shows it, decoded from the entry when it is read. */
export class Message extends Schema.Class<Message>("han-core/Message")({
  /** The line's uuid; for lines without one a hash of session and content. */
  id: Schema.String,
  sessionId: SessionId,
  agentId: Schema.NullOr(AgentId),
  transcript: TranscriptId,
  line: Schema.Int,
  kind: MessageKind,
  role: Schema.NullOr(MessageRole),
  at: Schema.NullOr(Schema.Number),
  /** The text for a reader: prompt, answer, tool output, notice. The model's thinking is among the events only. */
  text: Schema.String,
  envelope: Envelope,
  events: Schema.Array(SessionEvent)
}) {}

/** The result of a tool call. `structured`: the client's own record of it, of any shape. Times are milliseconds since 1970. */
export const ToolResult = Schema.Struct({
  text: Schema.String,
  isError: Schema.Boolean,
  hasImage: Schema.Boolean,
  denied: Schema.Boolean,
  at: Schema.NullOr(Schema.Number),
  /** The milliseconds from the line of the call to the line of the result; null where one of them tells no time. */
  durationMs: Schema.NullOr(Schema.Number),
  structured: Schema.Unknown
})
export type ToolResult = typeof ToolResult.Type

/** A tool call with its result. `input` is the call's own, of any shape. */
export class ToolCall extends Schema.Class<ToolCall>("han-core/ToolCall")({
  id: Schema.String,
  sessionId: SessionId,
  agentId: Schema.NullOr(AgentId),
  name: Schema.String,
  input: Schema.Unknown,
  at: Schema.NullOr(Schema.Number),
  /** Null while there is no result. */
  result: Schema.NullOr(ToolResult)
}) {}

/**
 * The kind of a decoded line; null for a line that no page shows: state, request logs, the client's own totals. The words of a human go before the rest of a
 * line. A slash command with words is a `command`, though its words are a prompt (`isPrompt`).
 */
export const kindOf = ({ events }: DecodedLine): MessageKind | null => {
  let kind: MessageKind | null = null,
    unreadable = false
  let said = false,
    called = false
  for (const event of events) {
    if (event._tag === "Unreadable") unreadable = true
    else if (event._tag === "Prompted") {
      if (commandOf(events, event) !== null) return "command"
      return event.origin === "machine" ? "machine" : "prompt"
    } else if (event._tag === "CompactionSummarized") return "compaction"
    else if (event._tag === "ToolCalled") called = true
    else if (event._tag === "Answered" && (event.text.trim() !== "" || event.thinking !== "" || event.apiError !== null)) said = true
    kind ??= kinds[event._tag]
  }
  if (kind === "answer" && called && !said) return "tool-call"
  return kind ?? (unreadable && events.length === 1 ? "unreadable" : null)
}

/** Tells if a human, a script or the queue asked for something on the line. Text that programs put into a prompt does not count. */
export const isPrompt = (kind: MessageKind, { events }: Pick<DecodedLine, "events">): boolean =>
  kind === "prompt" || (kind === "command" && events.some((event) => event._tag === "Prompted" && event.origin !== "machine"))

/** The words of the human, script or queue that asked, for `Sentiment`: of a slash command those behind its name. Null for a line on which nobody asked. */
export const spokenText = ({ events }: Pick<DecodedLine, "events">): string | null => {
  const said = events.flatMap((event) => (event._tag === "Prompted" && event.origin !== "machine" ? [commandOf(events, event)?.args ?? event.text] : []))
  return said.length === 0 ? null : said.join("\n")
}

/** The speaker of a line of this kind. Null for lines beside the conversation. */
export const roleOf = (kind: MessageKind): MessageRole | null =>
  kind === "answer" || kind === "tool-call" ? "assistant" : kind === "system" ? "system" : conversationKinds.includes(kind) ? "user" : null

/** The `type` of the lines that this kind is made of, as clients of the older contract know it; `han_event` for all of han's own. */
export const typeOf = (kind: MessageKind): string => {
  switch (kind) {
    case "answer":
    case "tool-call":
      return "assistant"
    case "summary":
    case "system":
    case "attachment":
    case "progress":
      return kind
    case "queue":
      return "queue-operation"
    case "snapshot":
      return "file-history-snapshot"
    case "han":
      return "han_event"
    case "title":
    case "unrecognized":
    case "unreadable":
      return "unknown"
    default:
      return "user"
  }
}

/**
 * The id of a line, the same on every reading and every machine: its uuid, else a hash. Lines of one session without a uuid share an id when their bytes are
 * the same.
 */
export const idOf = (transcript: Transcript, decoded: DecodedLine, entry: Entry): string => decoded.envelope.uuid ?? lineHash(transcript, entry)

/** The message that a decoded line makes; null for a line that no page shows. */
export const fromLine = (transcript: Transcript, decoded: DecodedLine, entry: Entry): Message | null => {
  const kind = kindOf(decoded)
  return kind === null
    ? null
    : new Message(
        {
          id: idOf(transcript, decoded, entry),
          sessionId: transcript.sessionId,
          agentId: transcript.agentId,
          transcript: transcriptId(transcript),
          line: decoded.line,
          kind,
          role: roleOf(kind),
          at: decoded.envelope.at,
          text: textOf(decoded),
          envelope: decoded.envelope,
          events: decoded.events
        },
        { disableValidation: true }
      )
}

/** The text of a line as `Message.text` has it. */
export const textOf = (decoded: DecodedLine): string => shownText(decoded)

/** The words of the asker in one text of a prompt, without those that programs put before, behind or between them. */
export const saidIn = (text: string): string => partsOf(text).said

/** The words that programs wrote, without the tags around them. */
export const bareText = (text: string): string => withoutTags(text)

/** The words of a tool's result, without the tag `<tool_use_error>` that the client sets around an error. */
export const bareResult = (text: string): string => unwrapped(text, "tool_use_error")

/**
 * The words by which a search finds the line; null when there are none. `prompt`: prompts of a human, a script or the queue, and commands · `answer`: the
 * model's text and thinking · `tool`: names, inputs (of each string 4,000 characters) and results of tools, with the client's notes beside a result's text (up
 * to 1,048,576 characters) and `outputs`, the texts of the files that the line points to · `other`: notices, attachments, summaries, titles, han's own events.
 */
export const searchTextOf = (decoded: DecodedLine, outputs: ReadonlyArray<string> = []): FoundText | null => foundText(decoded, outputs)?.text ?? null

/** As `searchTextOf`; `isCut`: the line has words that a bound keeps out, so that no search finds them. */
export const boundedSearchTextOf = (decoded: DecodedLine, outputs: ReadonlyArray<string>): { readonly text: FoundText; readonly isCut: boolean } | null =>
  foundText(decoded, outputs)

const kinds: { readonly [Tag in SessionEvent["_tag"]]: MessageKind | null } = {
  Prompted: "prompt",
  CommandRun: "command",
  CommandPrinted: "output",
  Interrupted: "interrupt",
  MetaAdded: "meta",
  Compacted: "system",
  CompactionSummarized: "compaction",
  Answered: "answer",
  ToolCalled: "tool-call",
  ToolReturned: "tool-result",
  ResponseMetered: null,
  FileChanged: null,
  TodosWritten: null,
  SystemNoted: "system",
  Attached: "attachment",
  Summarized: "summary",
  QueueChanged: "queue",
  Titled: "title",
  StateNoted: null,
  PullRequestLinked: "system",
  TeamJoined: null,
  WorktreeEntered: null,
  Relocated: null,
  CostStated: null,
  FilesSnapshotted: "snapshot",
  RequestLogged: null,
  PromptRemembered: null,
  ToolsListed: null,
  Progressed: "progress",
  HanNoted: "han",
  Withheld: null,
  Unrecognized: "unrecognized",
  Unreadable: null
}
