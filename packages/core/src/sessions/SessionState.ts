import * as Schema from "effect/Schema"
import { commandLine } from "../harness/spokenText.ts"
import type { JournalEvent, SessionEvent } from "../journal/SessionEvent.ts"
import { clipped } from "../text/Clip.ts"
import { isObject } from "../text/json.ts"
import { conversationKinds, type MessageKind } from "./Message.ts"

const Text = Schema.String
const OrNone = Schema.NullOr(Schema.String)

/** The facts of a session and their types. The last line that tells a fact counts, or the first where it says "first". */
const facts = {
  userTitle: OrNone,
  modelTitle: OrNone,
  /** first */
  firstPrompt: Text,
  /** first */
  firstCommand: Text,
  /** first */
  cwd: Text,
  /** first: the uuid of the first line in the chain, which every copy of the history shares. */
  firstUuid: Text,
  branch: Text,
  version: Text,
  model: Text,
  permissionMode: OrNone,
  slug: Text,
  agentName: OrNone,
  tag: OrNone,
  team: Text,
  pullRequest: Schema.Struct({ number: Schema.Number, url: Text }),
  worktree: OrNone,
  /** The session that the newest copied line was made in. */
  copiedFrom: Schema.Struct({ kind: Schema.Literal("fork", "branch"), sessionId: Text }),
  clearedFrom: Text,
  /** True while nobody has gone on since the client's closing account. */
  ended: Schema.Boolean
}
type Facts = typeof facts

/** The facts that the lines of a transcript, or of all transcripts of a session, tell of the session, beside sums. `stamp` is the line that told a fact. */
export type SessionState = { readonly [Fact in keyof Facts]?: { readonly value: Facts[Fact]["Type"]; readonly stamp: number } }

// Fact by fact, for a schema of the whole takes four times as long, and every list reads a state a session.
const isFact = new Map<string, (value: unknown) => boolean>(
  Object.entries<Schema.Schema.AnyNoContext>(facts).map(([fact, schema]) => [fact, Schema.is(schema)])
)

/** True for a value that can have been stored as a state. Facts that this version does not know are let pass. */
export const isSessionState = (value: unknown): value is SessionState => {
  if (!isObject(value)) return false
  for (const fact in value) {
    const told = value[fact]
    if (!isObject(told) || typeof told["stamp"] !== "number" || isFact.get(fact)?.(told["value"]) === false) return false
  }
  return true
}

export const empty: SessionState = {}

const maxPromptLength = 2000

/** Adds one more event to what a transcript says of its session. Subagents' transcripts say nothing about it. */
export const evolve = (state: SessionState, happened: JournalEvent): SessionState => {
  const { envelope, event, line: stamp, transcript } = happened
  if (transcript.kind === "agent") return state
  let next = state
  const last = <Key extends keyof SessionState>(key: Key, value: NonNullable<SessionState[Key]>["value"]) => {
    const have = next[key]
    if (have === undefined || have.stamp <= stamp) next = { ...next, [key]: { value, stamp } }
  }
  const first = <Key extends keyof SessionState>(key: Key, value: NonNullable<SessionState[Key]>["value"]) => {
    const have = next[key]
    if (have === undefined || have.stamp > stamp) next = { ...next, [key]: { value, stamp } }
  }
  /** For facts that most lines repeat: the object is not touched while they do. */
  const repeated = <Key extends "branch" | "version" | "slug" | "model">(key: Key, value: string) => {
    const have = next[key]
    if (have === undefined || (have.value !== value && have.stamp <= stamp)) next = { ...next, [key]: { value, stamp } }
  }

  if (envelope.cwd !== null) first("cwd", envelope.cwd)
  if (envelope.uuid !== null && transcript.kind === "main" && envelope.parentUuid === null && chained.has(event._tag)) first("firstUuid", envelope.uuid)
  if (envelope.branch !== null) repeated("branch", envelope.branch)
  if (envelope.version !== null) repeated("version", envelope.version)
  if (envelope.slug !== null) repeated("slug", envelope.slug)
  if (transcript.kind === "main") {
    const from = envelope.forkedFrom ?? envelope.requestSessionId ?? envelope.sessionId
    if (from !== null && from !== transcript.sessionId) last("copiedFrom", { kind: envelope.forkedFrom === null ? "fork" : "branch", sessionId: from })
    if (envelope.processSessionId !== null && envelope.processSessionId !== transcript.sessionId) last("clearedFrom", envelope.processSessionId)
    if (event._tag === "CostStated") last("ended", true)
    else if (state.ended?.value === true && envelope.uuid !== null && goesOn(event)) last("ended", false)
  }
  switch (event._tag) {
    case "Titled":
      last(event.by === "user" ? "userTitle" : "modelTitle", event.title === "" ? null : event.title)
      break
    case "Prompted":
      if (event.origin !== "machine" && event.text.trim() !== "") first("firstPrompt", clipped(event.text.trim(), maxPromptLength))
      if (event.permissionMode !== null) last("permissionMode", event.permissionMode)
      break
    case "CommandRun":
      first("firstCommand", clipped(commandLine(event), maxPromptLength))
      break
    case "Answered":
      if (event.model !== null) repeated("model", event.model)
      break
    case "StateNoted": {
      const value = event.value === "" ? null : event.value
      if (event.state === "permission-mode") last("permissionMode", value)
      else if (event.state === "agent-name") last("agentName", value)
      else if (event.state === "tag") last("tag", value)
      break
    }
    case "PullRequestLinked":
      last("pullRequest", { number: event.number, url: event.url })
      break
    case "TeamJoined":
      last("team", event.name)
      break
    case "WorktreeEntered":
      last("worktree", event.path)
      break
    default:
  }
  return next
}

/** Takes what was asked first, or where nobody asked for anything the first command. */
export const askedFirst = ({ firstCommand, firstPrompt }: SessionState): string | null => firstPrompt?.value ?? firstCommand?.value ?? null

/** Tells whether the line is one of a session under way. A client that is interrupted writes what it has of an answer, and that it was, behind its closing account. */
const goesOn = (event: SessionEvent): boolean =>
  event._tag === "Prompted" ||
  event._tag === "CommandRun" ||
  (event._tag === "Answered" && event.stopReason !== null) ||
  (event._tag === "ToolReturned" && !event.isError)

/** The facts of a session that one transcript tells. */
export interface Part {
  readonly id: string
  readonly kind: "main" | "han"
  /** Milliseconds since 1970 of its first and last line; null where none tells a time. */
  readonly startedAt: number | null
  readonly updatedAt: number | null
  readonly state: SessionState
}

const firstFields: ReadonlySet<string> = new Set<keyof SessionState>(["firstPrompt", "firstCommand", "cwd", "firstUuid"])

/**
 * Combines the states of a session's transcripts, in whatever order they came. For "first" facts the transcript counts that began first, for all others the one that was
 * written to last. The session's own transcripts go before han's own log of it.
 */
export const combine = (parts: ReadonlyArray<Part>): SessionState => {
  const [only, ...more] = parts
  if (only === undefined) return empty
  if (more.length === 0) return only.state
  const byId = (a: Part, b: Part) => (a.id < b.id ? -1 : 1)
  const main = (part: Part) => Number(part.kind === "main")
  const earliest = [...parts].sort((a, b) => main(b) - main(a) || (a.startedAt ?? Number.MAX_VALUE) - (b.startedAt ?? Number.MAX_VALUE) || byId(a, b))
  const latest = [...parts].sort((a, b) => main(b) - main(a) || (b.updatedAt ?? -1) - (a.updatedAt ?? -1) || byId(b, a))
  const pick = (ordered: ReadonlyArray<Part>, fits: (field: string) => boolean): SessionState =>
    Object.fromEntries([...ordered].reverse().flatMap(({ state }) => Object.entries(state).filter(([field]) => fits(field))))
  return { ...pick(latest, (field) => !firstFields.has(field)), ...pick(earliest, (field) => firstFields.has(field)) }
}

/** Events of lines that hang in the conversation. */
const chained: ReadonlySet<JournalEvent["event"]["_tag"]> = new Set([
  "Prompted",
  "CommandRun",
  "CommandPrinted",
  "Interrupted",
  "MetaAdded",
  "CompactionSummarized",
  "Answered",
  "ToolReturned",
  "Attached",
  "SystemNoted"
])

export const isConversation = (kind: MessageKind): boolean => conversationKinds.includes(kind)

/** The name of a directory: what people call the project. */
export const projectOf = (directory: string): string => directory.split(/[/\\]/).findLast((part) => part !== "") ?? directory
