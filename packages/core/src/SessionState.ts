import { clipped } from "./Clip.ts"
import { conversationKinds, type MessageKind } from "./Message.ts"
import type { JournalEvent } from "./SessionEvent.ts"

/** A fact with the place of the line that told it, so that the same facts add up to the same whatever order transcripts come in. */
interface Told<A> {
  readonly value: A
  readonly stamp: number
}

/** What the lines of a session say about it, beside sums. Facts are kept with the place they come from; a later one replaces an earlier one unless the field says "first". */
export interface SessionState {
  readonly userTitle?: Told<string | null>
  readonly modelTitle?: Told<string | null>
  /** first */
  readonly firstPrompt?: Told<string>
  /** first */
  readonly cwd?: Told<string>
  /** first: the uuid of the first line in the chain, which every copy of the history shares. */
  readonly firstUuid?: Told<string>
  readonly branch?: Told<string>
  readonly version?: Told<string>
  readonly model?: Told<string>
  readonly permissionMode?: Told<string | null>
  readonly slug?: Told<string>
  readonly agentName?: Told<string | null>
  readonly tag?: Told<string | null>
  readonly team?: Told<string>
  readonly pullRequest?: Told<{ readonly number: number; readonly url: string }>
  readonly worktree?: Told<string | null>
  /** The session that the newest copied line was made in. */
  readonly copiedFrom?: Told<{ readonly kind: "fork" | "branch"; readonly sessionId: string }>
  readonly clearedFrom?: Told<string>
  /** Whether the newest line is the client's closing account. */
  readonly ended?: Told<boolean>
}

export const empty: SessionState = {}

/** A later generation comes behind an earlier one. What the main transcript says goes before what han's own log says, whether the first or the last that is said holds. */
const stampOf = ({ line, transcript }: JournalEvent, holds: "first" | "last"): number =>
  (((transcript.kind === "main") === (holds === "last") ? 2048 : 0) + Math.min(transcript.generation, 2047)) * 2 ** 40 + line

const maxPromptLength = 2000

/** The session after one more event. Events of subagents say nothing about it. */
export const evolve = (state: SessionState, happened: JournalEvent): SessionState => {
  const { envelope, event, transcript } = happened
  if (transcript.kind === "agent") return state
  const stamp = stampOf(happened, "last")
  const firstStamp = stampOf(happened, "first")
  let next = state
  const last = <Key extends keyof SessionState>(key: Key, value: NonNullable<SessionState[Key]>["value"]) => {
    const have = next[key]
    if (have === undefined || have.stamp <= stamp) next = { ...next, [key]: { value, stamp } }
  }
  const first = <Key extends keyof SessionState>(key: Key, value: NonNullable<SessionState[Key]>["value"]) => {
    const have = next[key]
    if (have === undefined || have.stamp > firstStamp) next = { ...next, [key]: { value, stamp: firstStamp } }
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
    const from = envelope.forkedFrom ?? envelope.requestSessionId
    if (from !== null && from !== transcript.sessionId) last("copiedFrom", { kind: envelope.forkedFrom === null ? "fork" : "branch", sessionId: from })
    if (envelope.processSessionId !== null && envelope.processSessionId !== transcript.sessionId) last("clearedFrom", envelope.processSessionId)
    if (event._tag === "CostStated") last("ended", true)
    else if (envelope.uuid !== null && state.ended?.value === true) last("ended", false)
  }
  switch (event._tag) {
    case "Titled":
      last(event.by === "user" ? "userTitle" : "modelTitle", event.title === "" ? null : event.title)
      break
    case "Prompted":
      if (event.origin !== "machine" && event.text.trim() !== "") first("firstPrompt", clipped(event.text.trim(), maxPromptLength))
      if (event.permissionMode !== null) last("permissionMode", event.permissionMode)
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
