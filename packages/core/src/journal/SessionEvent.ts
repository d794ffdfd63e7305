/**
 * The events that a transcript line may mean, as every agent's lines are decoded to them.
 *
 * @example
 * ```ts
 * import type { DecodedLine, SessionEventOf } from "han-core/SessionEvent"
 *
 * const edits = ({ events }: DecodedLine): ReadonlyArray<SessionEventOf<"FileChanged">> => events.filter((event) => event._tag === "FileChanged")
 *
 * const promptOf = ({ envelope, events }: DecodedLine): string | null => {
 *   const prompted = events.find((event) => event._tag === "Prompted")
 *   return prompted?.origin === "human" && !envelope.isSidechain ? prompted.text : null
 * }
 * ```
 */

import * as Schema from "effect/Schema"
import type { Transcript } from "./Entry.ts"

const text = Schema.String
const optionalText = Schema.NullOr(Schema.String)
const amount = Schema.Number

/** The circumstances of a line: who, where, when, and which line it follows. Null where the line does not say. */
export const Envelope = Schema.Struct({
  /** The line's own `type`, and `subtype` or `attachment.type` after a slash where it has one. Empty for a line without one. */
  type: Schema.String,
  uuid: optionalText,
  parentUuid: optionalText,
  /** Milliseconds since 1970, UTC; from the line, or from the snapshot that it carries. */
  at: Schema.NullOr(Schema.Number),
  sessionId: optionalText,
  agentId: optionalText,
  cwd: optionalText,
  branch: optionalText,
  version: optionalText,
  slug: optionalText,
  /** In a copy of another session's history: the session whose request it was. */
  requestSessionId: optionalText,
  /** In a branch: the session that the line was copied from. */
  forkedFrom: optionalText,
  /** The session in which the client process began; another one than `sessionId` after `/clear`. */
  processSessionId: optionalText,
  isMeta: Schema.Boolean,
  /** True for a line of a subagent's conversation. */
  isSidechain: Schema.Boolean
})
export type Envelope = typeof Envelope.Type

/** Somebody asked for something. `queued`: typed while the model was busy. `machine`: no human typed it (a task notification, a teammate's mail). */
export const Prompted = Schema.TaggedStruct("Prompted", {
  origin: Schema.Literal("human", "sdk", "queued", "machine"),
  text,
  images: amount,
  permissionMode: optionalText
})
/** A slash command (`shell: false`, `name` with its slash) or a `!command` (`shell: true`). */
export const CommandRun = Schema.TaggedStruct("CommandRun", { name: text, args: text, shell: Schema.Boolean })
/** The output of a command that a person ran, without colours. */
export const CommandPrinted = Schema.TaggedStruct("CommandPrinted", { text, isError: Schema.Boolean })
/** A person interrupted the model. `forToolUse`: while it wanted to use a tool. */
export const Interrupted = Schema.TaggedStruct("Interrupted", { text, forToolUse: Schema.Boolean })
/** Text for the model that nobody typed: command bodies, hook feedback, caveats. */
export const MetaAdded = Schema.TaggedStruct("MetaAdded", { text, sourceToolUseId: optionalText })
/** The context was compacted here. `continuation`: an older client's summary line without a boundary. */
export const Compacted = Schema.TaggedStruct("Compacted", {
  trigger: Schema.Literal("auto", "manual", "continuation", "unknown"),
  preTokens: Schema.NullOr(amount),
  postTokens: Schema.NullOr(amount),
  durationMs: Schema.NullOr(amount),
  /** The line of the summary that it left, where the client names it; else the summary hangs on the boundary's own line. */
  summaryUuid: optionalText
})
/** The summary that a compaction left of the conversation; belongs to the boundary that is its parent. */
export const CompactionSummarized = Schema.TaggedStruct("CompactionSummarized", { text })
/** One content block, or several, of the model's answer. `messageId` joins the lines of one API message. */
export const Answered = Schema.TaggedStruct("Answered", {
  messageId: optionalText,
  requestId: optionalText,
  /** Null for what the client wrote in the model's place. */
  model: optionalText,
  text,
  thinking: text,
  stopReason: optionalText,
  /** The API error that this line reports, e.g. `rate_limit`; null for an answer. */
  apiError: optionalText
})
/** The work of a tool: changes files · reads or finds something · runs a command · starts a subagent · keeps the list of what is to be done · asks the web · belongs to an MCP server. */
export const ToolKind = Schema.Literal("edit", "read", "run", "agent", "task", "web", "mcp", "other")
export type ToolKind = typeof ToolKind.Type
/** The change that a call makes to the session's list of tasks. `fields`: texts and lists of texts of the input, by Claude Code's names (`subject`, `taskId`, `status` …). */
export const TaskWrite = Schema.Struct({
  action: Schema.Literal("create", "update"),
  fields: Schema.Record({ key: text, value: Schema.Union(text, Schema.Array(text)) })
})
export type TaskWrite = typeof TaskWrite.Type
/** The model called a tool. `input` is as the model wrote it; `ToolReturned` with the same `toolUseId` has the result. */
export const ToolCalled = Schema.TaggedStruct("ToolCalled", {
  toolUseId: text,
  name: text,
  kind: ToolKind,
  input: Schema.Unknown,
  /** The kind of subagent that the call starts; null for a call that starts none. */
  agentType: optionalText,
  task: Schema.NullOr(TaskWrite)
})
/** The result of a tool call. `denied`: a person, a rule or a hook refused the call. */
export const ToolReturned = Schema.TaggedStruct("ToolReturned", {
  toolUseId: text,
  text,
  isError: Schema.Boolean,
  hasImage: Schema.Boolean,
  denied: Schema.Boolean,
  /** The client's own record of the result. */
  structured: Schema.Unknown,
  /** The lines that the client says it changed in a file. */
  changed: Schema.NullOr(Schema.Struct({ added: amount, removed: amount })),
  /** The number of the task that was made (null for a change of one), and whether anything changed. */
  task: Schema.NullOr(Schema.Struct({ sequence: Schema.NullOr(amount), success: Schema.Boolean }))
})
/** A property of a response that the vendor charges for beside tokens at list price: a service tier, a speed, a region of inference, a tool of the vendor's own. */
export const Surcharge = Schema.Struct({ kind: Schema.Literal("tier", "speed", "region", "tool"), name: text })
export type Surcharge = typeof Surcharge.Type
/** Tokens of one API response, as one of its lines tells them; the largest record of a response counts. */
export const ResponseMetered = Schema.TaggedStruct("ResponseMetered", {
  /** As the line gives them: gateways leave ids out, give the same one to every response, or a new one to every line. */
  messageId: optionalText,
  requestId: optionalText,
  /** The client's own id of the request, which it also gives where the response has none. */
  requestRef: optionalText,
  /** The line that this one is a copy of, where it says so: a copy may have another uuid. */
  originUuid: optionalText,
  /** 0 for the response itself; 1 and on for what was charged beside it within the same response, e.g. an adviser's answers. */
  part: amount,
  model: text,
  input: amount,
  output: amount,
  cacheRead: amount,
  cacheWrite5m: amount,
  cacheWrite1h: amount,
  webSearches: amount,
  surcharges: Schema.Array(Surcharge),
  /** Fields with a number of tokens that no response can have; the amounts leave them out, so the cost is not known. */
  impossible: Schema.Array(text),
  /** The cost that the harness states itself, in integer nano-dollars; null for most. */
  statedCostNanoUsd: Schema.NullOr(amount)
})
/** A tool changed a file. `path` is as the tool was given it. */
export const FileChanged = Schema.TaggedStruct("FileChanged", {
  path: text,
  action: Schema.Literal("created", "modified", "deleted"),
  toolName: text,
  /** The tool call whose success makes the change true; null when the line itself is the proof. */
  toolUseId: optionalText,
  linesAdded: amount,
  linesRemoved: amount
})
/** The whole list of what is to be done, as a tool wrote it; it replaces the one before. */
export const TodosWritten = Schema.TaggedStruct("TodosWritten", {
  toolUseId: optionalText,
  todos: Schema.Array(Schema.Struct({ content: text, status: text, activeForm: optionalText }))
})
/** A notice of the client. `level`: `info`, `warning` …, where it says one. */
export const SystemNoted = Schema.TaggedStruct("SystemNoted", { subtype: text, text, level: optionalText })
/** Something that was put in front of the model beside prompts. `text` is what a reader wants to find again; empty for bulk listings. */
export const Attached = Schema.TaggedStruct("Attached", { kind: text, text })
/** A title that the client gave to a conversation. `leafUuid`: the last line of that conversation. */
export const Summarized = Schema.TaggedStruct("Summarized", { text, leafUuid: optionalText })
/** A prompt entered the queue of prompts, or left it; `operation` is the client's word (`enqueue`, `dequeue` …). */
export const QueueChanged = Schema.TaggedStruct("QueueChanged", { operation: text, text, reason: optionalText })
/** The session got a title; one by a person counts more than one by a model. */
export const Titled = Schema.TaggedStruct("Titled", { by: Schema.Literal("user", "model"), title: text })
/** A state line: the last one of a kind holds. Null or empty takes it back. */
export const StateNoted = Schema.TaggedStruct("StateNoted", {
  state: Schema.Literal("mode", "permission-mode", "agent-name", "agent-color", "agent-setting", "tag", "latch"),
  value: optionalText
})
/** The session belongs to this pull request. */
export const PullRequestLinked = Schema.TaggedStruct("PullRequestLinked", { number: amount, url: text, repository: optionalText })
/** The session works in a team of agents of this name. */
export const TeamJoined = Schema.TaggedStruct("TeamJoined", { name: text })
/** The session works in this worktree from here on; all null when it left it. */
export const WorktreeEntered = Schema.TaggedStruct("WorktreeEntered", {
  path: optionalText,
  name: optionalText,
  branch: optionalText,
  originalCwd: optionalText
})
/** The session works in this directory from here on. */
export const Relocated = Schema.TaggedStruct("Relocated", { cwd: text })
/** The client's own running total of the session, forks' and resumes' history included. Dollars are as the client wrote them. */
export const CostStated = Schema.TaggedStruct("CostStated", {
  totalCostUsd: amount,
  models: Schema.Array(
    Schema.Struct({ model: text, input: amount, output: amount, cacheRead: amount, cacheWrite: amount, costUsd: amount, webSearches: amount })
  ),
  linesAdded: amount,
  linesRemoved: amount,
  durationMs: amount,
  apiDurationMs: amount
})
/** The client kept copies of files, to be able to go back. `isUpdate`: it adds to an earlier snapshot. */
export const FilesSnapshotted = Schema.TaggedStruct("FilesSnapshotted", { messageId: optionalText, paths: Schema.Array(text), isUpdate: Schema.Boolean })
/** The client's log of its own API requests; `part` is the line kind's last word. */
export const RequestLogged = Schema.TaggedStruct("RequestLogged", {
  part: Schema.Literal("request", "shape", "blob"),
  id: optionalText,
  querySource: optionalText,
  model: optionalText
})
/** The client noted the last prompt of the conversation that ends with `leafUuid`. */
export const PromptRemembered = Schema.TaggedStruct("PromptRemembered", { text: optionalText, leafUuid: optionalText, explicit: Schema.Boolean })
/** The names of tools that the session used. */
export const ToolsListed = Schema.TaggedStruct("ToolsListed", { tools: Schema.Array(text) })
/** A sign of life of a tool that is still running. */
export const Progressed = Schema.TaggedStruct("Progressed", { parentToolUseId: optionalText })
/** A line of han's own log, or of a bridge that writes in its format. `replyTo` joins a result to its run or call; a call, and a run with an id of its own, name themselves. `missingPayload`: the file it points to was not there. */
export const HanNoted = Schema.TaggedStruct("HanNoted", { name: text, data: Schema.Unknown, replyTo: optionalText, missingPayload: Schema.Boolean })
/** A line whose content stayed on its machine, and holds its place: `reason` says why, `bytes` is the length of what is not here. */
export const Withheld = Schema.TaggedStruct("Withheld", { reason: text, bytes: amount })
/** A line kind that this version of han does not know; kept, counted and shown. */
export const Unrecognized = Schema.TaggedStruct("Unrecognized", { type: text, text })
/** A complete line that is no JSON object. `recovered`: a whole record was found behind the broken one and is among the events of this line. */
export const Unreadable = Schema.TaggedStruct("Unreadable", { reason: text, recovered: Schema.Boolean })

/** The meaning of a line. One line may mean several things; none is ever dropped. */
export const SessionEvent = Schema.Union(
  Prompted,
  CommandRun,
  CommandPrinted,
  Interrupted,
  MetaAdded,
  Compacted,
  CompactionSummarized,
  Answered,
  ToolCalled,
  ToolReturned,
  ResponseMetered,
  FileChanged,
  TodosWritten,
  SystemNoted,
  Attached,
  Summarized,
  QueueChanged,
  Titled,
  StateNoted,
  PullRequestLinked,
  TeamJoined,
  WorktreeEntered,
  Relocated,
  CostStated,
  FilesSnapshotted,
  RequestLogged,
  PromptRemembered,
  ToolsListed,
  Progressed,
  HanNoted,
  Withheld,
  Unrecognized,
  Unreadable
)
export type SessionEvent = typeof SessionEvent.Type
/** The event of one kind. */
export type SessionEventOf<Tag extends SessionEvent["_tag"]> = Extract<SessionEvent, { readonly _tag: Tag }>

/** A line with its meaning. */
export const DecodedLine = Schema.Struct({ line: Schema.Int, offset: Schema.Int, envelope: Envelope, events: Schema.Array(SessionEvent) })
export type DecodedLine = typeof DecodedLine.Type

/** One event with its place in the journal. */
export interface JournalEvent {
  readonly transcript: Transcript
  readonly line: number
  readonly envelope: Envelope
  readonly event: SessionEvent
}

/** More than any response costs, a hundred thousand dollars: a record that comes to more than this is wrong, and the cost not known. */
export const maxCostNanoUsd = 1e14
