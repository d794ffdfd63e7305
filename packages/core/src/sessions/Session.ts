/**
 * Sessions as lists show them, their subagents, compactions and summaries, and the problems of their transcripts.
 *
 * @example
 * ```ts
 * import { formatUsd } from "han-core/Pricing"
 * import type { Session } from "han-core/Session"
 *
 * const summaryOf = (session: Session): string => {
 *   const origin = session.forkOf === null ? "" : ` (fork of ${session.forkOf})`
 *   return `${session.displayTitle}${origin}: ${session.status}, ${session.prompts} prompts, ${formatUsd(session.costNanoUsd)}`
 * }
 * ```
 */

import * as Schema from "effect/Schema"
import { AgentId, SessionId, type Transcript, TranscriptId } from "../journal/Entry.ts"
import { clipped } from "../text/Clip.ts"

/** Milliseconds since 1970, UTC. */
export const Instant = Schema.Number
export type Instant = number

/** The state of a session. `active`: written to within five minutes · `idle`: within a day · `completed`: ended by the client, or silent for longer. */
export const SessionStatus = Schema.Literal("active", "idle", "completed")
export type SessionStatus = typeof SessionStatus.Type

/**
 * The session from which another one came. `fork`: it copied the history of `sessionId` · `branch`: the same, made by `/branch` or the SDK · `resume`: an older
 * client copied the history to go on · `clear`: it began when `/clear` ended `sessionId`.
 */
export const SessionLink = Schema.Struct({ kind: Schema.Literal("fork", "branch", "resume", "clear"), sessionId: SessionId })
export type SessionLink = typeof SessionLink.Type

/**
 * A session with its figures. Texts are null where no line says them, times are milliseconds since 1970. Tokens are those of distinct API responses: a response
 * that several lines repeat counts once.
 */
export class Session extends Schema.Class<Session>("han-core/Session")({
  id: SessionId,
  /** The harness that wrote it, e.g. `claude-code`. */
  source: Schema.String,
  machine: Schema.String,
  /** The person whose session it is; null on a machine with one person. */
  author: Schema.NullOr(Schema.String),
  /** The title that the user gave, else the model's, else null. `displayTitle` falls back to the first prompt. */
  title: Schema.NullOr(Schema.String),
  /** The first prompt of a human or a script, at most 2,000 characters; the first command where there were only commands. */
  firstPrompt: Schema.NullOr(Schema.String),
  /** The directory the session worked in first; null for a session whose lines never say. */
  cwd: Schema.NullOr(Schema.String),
  /** The `id` of its `Project`; null where `cwd` is. */
  projectId: Schema.NullOr(Schema.String),
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
  /** Conversation lines: prompts, commands, answers, tool results. Those that a fork copied count, for its page shows them. */
  messages: Schema.Int,
  prompts: Schema.Int,
  /** Calls that this session made itself; those that a fork copied count where they were made. */
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
  /** Responses without a known cost. Their tokens count, `costNanoUsd` lacks them. */
  unpricedResponses: Schema.Int
}) {
  /** The title, else the first line of the first prompt (at most 120 characters), else the slug, else the id. */
  get displayTitle(): string {
    return this.title ?? firstLineOf(this.firstPrompt) ?? this.slug ?? this.id
  }
  /** The session whose history this one copied; null for one that copied none. */
  get forkOf(): SessionId | null {
    return this.link === null || this.link.kind === "clear" ? null : this.link.sessionId
  }
}

/**
 * Tells if a transcript makes a session that lists show. han's own lines about a session of Claude Code do not: its id is all that they know of it. A bridge's
 * log does, for nothing else tells of that harness's session.
 */
export const makesSession = ({ kind, source }: Pick<Transcript, "kind" | "source">): boolean => kind !== "han" || (source !== "han" && source !== "claude-code")

/** The name of a session without a title: the first line of its first prompt, at most 120 characters; null without a prompt. */
export const firstLineOf = (prompt: string | null): string | null => (prompt === null ? null : clipped(prompt.split("\n", 1)[0] ?? "", 120))

/** A subagent of a session. Texts and times are null where no line says them. */
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

/** A compaction of a session's or a subagent's context: the line of its boundary together with the one of its summary. */
export class Compaction extends Schema.Class<Compaction>("han-core/Compaction")({
  id: Schema.String,
  sessionId: SessionId,
  /** The subagent whose context was compacted; null for the session's own. */
  agentId: Schema.NullOr(AgentId),
  /** The time of its line; where that tells none, of the line before it, else behind it. */
  at: Schema.NullOr(Instant),
  trigger: Schema.Literal("auto", "manual", "continuation", "unknown"),
  preTokens: Schema.NullOr(Schema.Number),
  postTokens: Schema.NullOr(Schema.Number),
  durationMs: Schema.NullOr(Schema.Number),
  /** Null when only the boundary is there. */
  summary: Schema.NullOr(Schema.String)
}) {}

/** A summary line that an older client wrote. A session has several; the newest holds. */
export class Summary extends Schema.Class<Summary>("han-core/Summary")({
  id: Schema.String,
  sessionId: SessionId,
  text: Schema.String,
  leafUuid: Schema.NullOr(Schema.String),
  /** The time of the message that it summarises; null when that is not known. */
  at: Schema.NullOr(Instant)
}) {}

/**
 * A line that a person should know about: no JSON object (`unreadable`), a value that cannot be (`impossible`), or a kind that han does not know
 * (`unrecognized`).
 */
export class IndexProblem extends Schema.Class<IndexProblem>("han-core/IndexProblem")({
  kind: Schema.Literal("unreadable", "impossible", "unrecognized"),
  transcript: TranscriptId,
  /** The file as it was last seen. */
  path: Schema.NullOr(Schema.String),
  line: Schema.Int,
  /** The byte of the file at which the line begins. */
  offset: Schema.Int,
  reason: Schema.String,
  /** The number of lines that this problem stands for: 1 for an unreadable line, all such lines of the transcript for the others. */
  lines: Schema.Int
}) {}

/** The fewest characters of the beginning of an id by which a session is looked up. */
export const minBeginning = 4

/** No session of the viewer's has this id, or several have an id that begins so. `message` says what to do. */
export class SessionNotFound extends Schema.TaggedError<SessionNotFound>("han-core/SessionNotFound")("SessionNotFound", {
  id: Schema.String,
  /** Ids of the sessions that begin with `id`; empty when none does. */
  candidates: Schema.Array(Schema.String)
}) {
  /** The beginning has fewer than `minBeginning` characters, so no session was looked up. */
  get isTooShort(): boolean {
    return this.id.length < minBeginning
  }
  override get message() {
    if (this.isTooShort) return `"${this.id}" is too short: the beginning of a session's id needs ${minBeginning} characters at least`
    return this.candidates.length === 0
      ? `there is no session "${this.id}"; \`han sessions\` lists them`
      : `"${this.id}" begins several sessions: ${this.candidates.join(", ")}`
  }
}
