import * as Effect from "effect/Effect"
import { entryText, type SessionId, transcriptId } from "han-core/Entry"
import type { JournalChange } from "han-core/Journal"
import * as Message from "han-core/Message"
import { hiddenKinds, type MessageLine, Messages } from "han-core/Messages"
import { type Project, repoId } from "han-core/Project"
import type { Session } from "han-core/Session"
import { SessionDetails } from "han-core/SessionDetails"
import type { DecodedLine } from "han-core/SessionEvent"
import { Sessions } from "han-core/Sessions"

/** Something that subscriptions tell of. */
export type FeedEvent =
  | { readonly _tag: "SessionChanged"; readonly sessionId: SessionId; readonly path: string | null; readonly at: number }
  | { readonly _tag: "SessionAdded"; readonly session: Session }
  | { readonly _tag: "MessageAdded"; readonly sessionId: SessionId; readonly line: MessageLine; readonly cursor: string }
  | {
      readonly _tag: "ToolReturned"
      readonly sessionId: SessionId
      readonly callId: string
      readonly type: string
      readonly success: boolean
      readonly durationMs: number
    }
  | {
      readonly _tag: "HookReturned"
      readonly sessionId: SessionId
      readonly runId: string
      readonly plugin: string
      readonly hook: string
      readonly success: boolean
      readonly durationMs: number
    }
  | { readonly _tag: "HooksChanged"; readonly sessionId: SessionId; readonly plugin: string; readonly hook: string; readonly event: string }
  | { readonly _tag: "TodosChanged"; readonly sessionId: SessionId; readonly statuses: ReadonlyArray<string> }
  | { readonly _tag: "FilesChanged"; readonly sessionId: SessionId; readonly toolName: string; readonly count: number }
  | { readonly _tag: "ProjectAdded"; readonly project: Project }
  | { readonly _tag: "RepoAdded"; readonly repoId: string }
export type FeedEventOf<Tag extends FeedEvent["_tag"]> = Extract<FeedEvent, { readonly _tag: Tag }>

/** Tool calls and sessions that are remembered. */
const mostRemembered = 10_000

/** What was seen since somebody began to subscribe. */
export class Memory {
  private readonly calls = new Map<string, { readonly name: string; readonly at: number | null; changesFile: boolean }>()
  private readonly announced = new Set<SessionId>()
  private projects = new Set<string>()
  private repos = new Set<string>()

  called(id: string, call: { readonly name: string; readonly at: number | null }): void {
    this.calls.set(id, { ...call, changesFile: this.calls.get(id)?.changesFile ?? false })
    if (this.calls.size > mostRemembered) for (const oldest of this.calls.keys()) return void this.calls.delete(oldest)
  }
  changes(id: string): void {
    const call = this.calls.get(id)
    if (call !== undefined) call.changesFile = true
  }
  call(id: string) {
    return this.calls.get(id)
  }
  /** Whether the session was not announced before; it is from now on. */
  announce(id: SessionId): boolean {
    if (this.announced.has(id)) return false
    this.announced.add(id)
    if (this.announced.size > mostRemembered) for (const oldest of this.announced) return this.announced.delete(oldest)
    return true
  }
  isKnown(path: string): boolean {
    return this.projects.has(path)
  }
  readonly learnProjects = Effect.gen(this, function* () {
    const projects = yield* (yield* Sessions).projects
    this.projects = new Set(projects.map(({ path }) => path))
    this.repos = new Set(projects.flatMap(({ repo }) => (repo === null ? [] : [repo])))
    return projects
  })
  /** Projects and repositories that were not there at the last look. */
  readonly newProjects = Effect.gen(this, function* () {
    const [projects, repos] = [this.projects, this.repos]
    const now = yield* this.learnProjects
    const added = now.filter(({ path }) => !projects.has(path)).map((project): FeedEvent => ({ _tag: "ProjectAdded", project }))
    const remotes = [...this.repos].filter((remote) => !repos.has(remote)).map((remote): FeedEvent => ({ _tag: "RepoAdded", repoId: repoId(remote) }))
    return [...added, ...remotes]
  })
}

/** What changes mean to subscribers, in their order; what concerns a session as a whole comes once, behind its lines. */
export const eventsOf = Effect.fnUntraced(function* (changes: ReadonlyArray<JournalChange>, memory: Memory) {
  const events: Array<FeedEvent> = []
  const touched = new Map<SessionId, { readonly cwd: string | null; readonly at: number; readonly isNew: boolean }>()
  for (const change of changes) {
    const { sessionId } = change.transcript
    const begins = change.transcript.generation === 1 && change.entries[0]?.line === 0 && change.transcript.kind !== "agent"
    const before = touched.get(sessionId)
    touched.set(sessionId, {
      cwd: change.decoded.find(({ envelope }) => envelope.cwd !== null)?.envelope.cwd ?? before?.cwd ?? null,
      at: change.decoded.findLast(({ envelope }) => envelope.at !== null)?.envelope.at ?? before?.at ?? Date.now(),
      isNew: begins || before?.isNew === true
    })
    events.push(...(yield* messagesIn(change)))
    for (const decoded of change.decoded) events.push(...(yield* factsIn(sessionId, decoded, memory)))
  }
  const fresh = [...touched].filter(([id, { isNew }]) => isNew && memory.announce(id)).map(([id]) => id)
  if (fresh.length > 0) {
    for (const session of yield* (yield* Sessions).getMany(fresh)) events.unshift({ _tag: "SessionAdded", session })
  }
  if ([...touched.values()].some(({ cwd }) => cwd !== null && !memory.isKnown(cwd))) events.push(...(yield* memory.newProjects))
  for (const [sessionId, { at, cwd }] of touched) events.push({ _tag: "SessionChanged", sessionId, path: cwd, at })
  return events
})

/** Lines that are messages of their own; one that a file repeats is none. */
const messagesIn = Effect.fnUntraced(function* (change: JournalChange) {
  const lines = change.entries.flatMap((entry, index): ReadonlyArray<MessageLine> => {
    const decoded = change.decoded[index]
    const message = decoded === undefined ? null : Message.fromLine(change.transcript, decoded, entry)
    return message === null || hiddenKinds.includes(message.kind) ? [] : [{ message, raw: entryText({ bytes: entry.payload ?? entry.bytes }) }]
  })
  if (lines.length === 0) return []
  const { sessionId } = change.transcript
  const places = yield* (yield* Messages).cursors(
    sessionId,
    lines.map(({ message }) => message.id)
  )
  const transcript = transcriptId(change.transcript)
  return lines.flatMap((line): ReadonlyArray<FeedEvent> => {
    const place = places.get(line.message.id)
    return place === undefined || place.transcript !== transcript || place.line !== line.message.line
      ? []
      : [{ _tag: "MessageAdded", sessionId, line, cursor: place.cursor }]
  })
})

const factsIn = Effect.fnUntraced(function* (sessionId: SessionId, { envelope, events: found }: DecodedLine, memory: Memory) {
  const events: Array<FeedEvent> = []
  for (const event of found) {
    switch (event._tag) {
      case "ToolCalled":
        memory.called(event.toolUseId, { name: event.name, at: envelope.at })
        break
      case "FileChanged":
        if (event.toolUseId !== null) memory.changes(event.toolUseId)
        else events.push({ _tag: "FilesChanged", sessionId, toolName: event.toolName, count: yield* changesOf(sessionId) })
        break
      case "ToolReturned": {
        const call = memory.call(event.toolUseId)
        const known = call?.at ?? null
        const took = known === null || envelope.at === null ? null : Math.max(0, envelope.at - known)
        const durationMs = took ?? (yield* (yield* Messages).results([event.toolUseId])).get(event.toolUseId)?.durationMs ?? 0
        events.push({ _tag: "ToolReturned", sessionId, callId: event.toolUseId, type: "tool_result", success: !event.isError, durationMs })
        if (event.isError) break
        const changed = call === undefined ? yield* changeBy(sessionId, event.toolUseId) : call.changesFile ? call.name : null
        if (changed !== null) events.push({ _tag: "FilesChanged", sessionId, toolName: changed, count: yield* changesOf(sessionId) })
        break
      }
      case "TodosWritten":
        events.push({ _tag: "TodosChanged", sessionId, statuses: event.todos.map(({ status }) => status) })
        break
      case "HanNoted":
        events.push(...hanEvents(sessionId, event.name, event.replyTo, event.data))
        break
      default:
    }
  }
  return events
})

const changesOf = (sessionId: SessionId) =>
  Effect.map(
    Effect.flatMap(SessionDetails, (details) => details.fileChangeCounts([sessionId])),
    (counts) => counts.get(sessionId) ?? 0
  )
/** The tool of a call that was made before anybody subscribed, if it changed a file. */
const changeBy = (sessionId: SessionId, callId: string) =>
  Effect.map(
    Effect.flatMap(SessionDetails, (details) => details.fileChanges([sessionId])),
    (changes) => changes.get(sessionId)?.find(({ id }) => id === callId)?.toolName ?? null
  )

const hanEvents = (sessionId: SessionId, name: string, replyTo: string | null, data: unknown): ReadonlyArray<FeedEvent> => {
  const facts: Readonly<Record<string, unknown>> = typeof data === "object" && data !== null ? { ...data } : {}
  const text = (key: string) => (typeof facts[key] === "string" ? facts[key] : "")
  const durationMs = typeof facts["duration_ms"] === "number" ? Math.round(facts["duration_ms"]) : 0
  const success = facts["success"] === true || (facts["success"] === undefined && facts["exit_code"] === 0)
  const hook = { plugin: text("plugin"), hook: text("hook") }
  const events: Array<FeedEvent> = []
  if (name === "hook_run" || name === "hook_result" || name === "hook_validation") events.push({ _tag: "HooksChanged", sessionId, ...hook, event: name })
  if (replyTo === null) return events
  if (name === "hook_result") events.push({ _tag: "HookReturned", sessionId, runId: replyTo, ...hook, success, durationMs })
  if (name === "mcp_tool_result" || name === "exposed_tool_result")
    events.push({ _tag: "ToolReturned", sessionId, callId: replyTo, type: name, success, durationMs })
  return events
}
