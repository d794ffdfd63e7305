import * as Schema from "effect/Schema"
import { AgentId, SessionId, type Transcript, TranscriptId } from "../journal/Entry.ts"
import { clipped } from "../text/Clip.ts"

/** Milliseconds since 1970, UTC. */
export const Instant = Schema.Number
export type Instant = number

/** `active`: written to within five minutes · `idle`: within a day · `completed`: the client ended it, or nothing came for longer. */
export const SessionStatus = Schema.Literal("active", "idle", "completed")
export type SessionStatus = typeof SessionStatus.Type

/**
 * `fork`: its history is a copy of `sessionId`'s · `branch`: the same, made by `/branch` or the SDK · `resume`: an older client copied the history to go on ·
 * `clear`: began when `/clear` ended `sessionId`.
 */
export const SessionLink = Schema.Struct({ kind: Schema.Literal("fork", "branch", "resume", "clear"), sessionId: SessionId })
export type SessionLink = typeof SessionLink.Type

export class Session extends Schema.Class<Session>("han-core/Session")({
  id: SessionId,
  /** The harness that wrote it, e.g. `claude-code`. */
  source: Schema.String,
  machine: Schema.String,
  /** The title that the user gave, else the model's, else null. `displayTitle` falls back to the first prompt. */
  title: Schema.NullOr(Schema.String),
  /** The first thing a human (or a script) asked, at most 2,000 characters; where only commands were given the first of them. */
  firstPrompt: Schema.NullOr(Schema.String),
  /** The directory the session worked in first; null for a session whose lines never say. */
  cwd: Schema.NullOr(Schema.String),
  /** The directory's own name, or the repository's when it is known. */
  project: Schema.NullOr(Schema.String),
  /** The git remote of `cwd`, e.g. `github.com/owner/name`. */
  repo: Schema.NullOr(Schema.String),
  branch: Schema.NullOr(Schema.String),
  version: Schema.NullOr(Schema.String),
  /** The model that answered last. */
  model: Schema.NullOr(Schema.String),
  permissionMode: Schema.NullOr(Schema.String),
  slug: Schema.NullOr(Schema.String),
  agentName: Schema.NullOr(Schema.String),
  tag: Schema.NullOr(Schema.String),
  team: Schema.NullOr(Schema.String),
  pullRequest: Schema.NullOr(Schema.Struct({ number: Schema.Number, url: Schema.String })),
  worktree: Schema.NullOr(Schema.String),
  status: SessionStatus,
  startedAt: Schema.NullOr(Instant),
  updatedAt: Schema.NullOr(Instant),
  link: Schema.NullOr(SessionLink),
  /** Conversation lines: prompts, commands, answers, tool results. Copied ones of a fork are counted, its page shows them. */
  messages: Schema.Int,
  prompts: Schema.Int,
  /** Counts calls that this session made. Calls that a fork copied count in the session that made them. */
  toolCalls: Schema.Int,
  toolErrors: Schema.Int,
  compactions: Schema.Int,
  subagents: Schema.Int,
  responses: Schema.Int,
  input: Schema.Int,
  output: Schema.Int,
  cacheRead: Schema.Int,
  cacheWrite5m: Schema.Int,
  cacheWrite1h: Schema.Int,
  /** Integer nano-dollars of the priced responses; null when there are responses and none has a price. */
  costNanoUsd: Schema.NullOr(Schema.Int),
  /** Responses of models without a price; their tokens count, their cost is unknown. */
  unpricedResponses: Schema.Int
}) {
  get displayTitle(): string {
    return this.title ?? firstLineOf(this.firstPrompt) ?? this.slug ?? this.id
  }
  get forkOf(): SessionId | null {
    return this.link === null || this.link.kind === "clear" ? null : this.link.sessionId
  }
}

/**
 * True for a transcript that makes a session which lists show. han's own lines about one do not: its id is all that they know of it. A bridge's log does, for it is all that
 * there is of another harness's session.
 */
export const makesSession = ({ kind, source }: Pick<Transcript, "kind" | "source">): boolean => kind !== "han" || (source !== "han" && source !== "claude-code")

/** The name of a session without a title: the first line of its first prompt, at most 120 characters. */
export const firstLineOf = (prompt: string | null): string | null => (prompt === null ? null : clipped(prompt.split("\n", 1)[0] ?? "", 120))

/** A subagent of a session. */
export class Agent extends Schema.Class<Agent>("han-core/Agent")({
  id: AgentId,
  sessionId: SessionId,
  type: Schema.NullOr(Schema.String),
  description: Schema.NullOr(Schema.String),
  name: Schema.NullOr(Schema.String),
  model: Schema.NullOr(Schema.String),
  /** The agent that started it; null when the session itself did. */
  parentAgentId: Schema.NullOr(AgentId),
  /** The call that started it. */
  toolUseId: Schema.NullOr(Schema.String),
  spawnDepth: Schema.NullOr(Schema.Number),
  messages: Schema.Int,
  startedAt: Schema.NullOr(Instant),
  updatedAt: Schema.NullOr(Instant)
}) {}

/** One compaction; the boundary and its summary are one. */
export class Compaction extends Schema.Class<Compaction>("han-core/Compaction")({
  id: Schema.String,
  sessionId: SessionId,
  /** The subagent whose context it was; null for the session's own. */
  agentId: Schema.NullOr(AgentId),
  /** Where its line tells no time, the time of the line before it, or else behind it. */
  at: Schema.NullOr(Instant),
  trigger: Schema.Literal("auto", "manual", "continuation", "unknown"),
  preTokens: Schema.NullOr(Schema.Number),
  postTokens: Schema.NullOr(Schema.Number),
  durationMs: Schema.NullOr(Schema.Number),
  /** Null when only the boundary is there. */
  summary: Schema.NullOr(Schema.String)
}) {}

/** A summary line that an older client wrote; the newest is the session's. */
export class Summary extends Schema.Class<Summary>("han-core/Summary")({
  id: Schema.String,
  sessionId: SessionId,
  text: Schema.String,
  leafUuid: Schema.NullOr(Schema.String),
  /** When the message it summarises was written, if that is known. */
  at: Schema.NullOr(Instant)
}) {}

/** Something that a person should know about a transcript: a line that is no JSON object, one of an unknown kind, or one that states what cannot be. */
export class IndexProblem extends Schema.Class<IndexProblem>("han-core/IndexProblem")({
  kind: Schema.Literal("unreadable", "impossible", "unrecognized"),
  transcript: TranscriptId,
  /** The file as it was last seen. */
  path: Schema.NullOr(Schema.String),
  line: Schema.Int,
  /** Where the line begins, in bytes. */
  offset: Schema.Int,
  reason: Schema.String,
  /** The number of such lines that this row stands for: 1 for an unreadable line, all such lines in the transcript for the others. */
  lines: Schema.Int
}) {}

/** The characters that are enough of an id to look for the session that has it. */
export const shortestBeginning = 4

export class SessionNotFound extends Schema.TaggedError<SessionNotFound>("han-core/SessionNotFound")("SessionNotFound", {
  id: Schema.String,
  /** Sessions that the given beginning of an id could mean; empty when none does. */
  candidates: Schema.Array(Schema.String)
}) {
  /** Whatever begins so, nobody is asked for it. */
  get isTooShort(): boolean {
    return this.id.length < shortestBeginning
  }
  override get message() {
    if (this.isTooShort) return `"${this.id}" is too short: the beginning of a session's id needs ${shortestBeginning} characters at least`
    return this.candidates.length === 0
      ? `there is no session "${this.id}"; \`han sessions\` lists them`
      : `"${this.id}" begins several sessions: ${this.candidates.join(", ")}`
  }
}
