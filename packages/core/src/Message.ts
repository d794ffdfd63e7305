import * as Schema from "effect/Schema"
import { AgentId, SessionId, TranscriptId } from "./Entry.ts"
import { Envelope, SessionEvent } from "./SessionEvent.ts"

/**
 * What a line is to a reader. `user` lines of the client are told apart: `prompt` (a human, a script, or queued), `machine` (a task notification, a teammate),
 * `command`, `output` (what a command printed), `interrupt`, `meta`, `compaction`, `tool-result`.
 */
export const MessageKind = Schema.Literal(
  "prompt", "machine", "command", "output", "interrupt", "meta", "compaction", "tool-result", "answer", "tool-call", "system", "attachment", "summary",
  "queue", "title", "snapshot", "progress", "han", "unrecognized", "unreadable"
)
export type MessageKind = typeof MessageKind.Type

export const MessageRole = Schema.Literal("user", "assistant", "system")
export type MessageRole = typeof MessageRole.Type

/** Kinds that are conversation: what `Session.messages` counts. */
export const conversationKinds: ReadonlyArray<MessageKind> = ["prompt", "machine", "command", "output", "interrupt", "meta", "compaction", "tool-result", "answer", "tool-call"]

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
  /** The text as a reader wants it: prompt, answer, tool output, notice. Without the model's thinking, which is among the events. */
  text: Schema.String,
  envelope: Envelope,
  events: Schema.Array(SessionEvent)
}) {}

/** A message with its original line. */
export const MessageWithRaw = Schema.Struct({ message: Message, raw: Schema.String })

export class ToolCall extends Schema.Class<ToolCall>("han-core/ToolCall")({
  id: Schema.String,
  sessionId: SessionId,
  agentId: Schema.NullOr(AgentId),
  name: Schema.String,
  input: Schema.Unknown,
  at: Schema.NullOr(Schema.Number),
  /** Null while there is no result. */
  result: Schema.NullOr(Schema.Struct({ text: Schema.String, isError: Schema.Boolean, hasImage: Schema.Boolean, denied: Schema.Boolean, at: Schema.NullOr(Schema.Number), structured: Schema.Unknown }))
}) {}
