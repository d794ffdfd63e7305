import * as Clock from "effect/Clock"
import * as Effect from "effect/Effect"
import { entryText, type SessionId } from "han-core/Entry"
import { endsRun, hookFactsOf } from "han-core/HookRun"
import { Journal, type JournalChange } from "han-core/Journal"
import * as Message from "han-core/Message"
import { hiddenKinds, type MessageLine, Messages } from "han-core/Messages"
import { type Project, repoId } from "han-core/Project"
import { makesSession, type Session } from "han-core/Session"
import { SessionDetails } from "han-core/SessionDetails"
import type { DecodedLine } from "han-core/SessionEvent"
import { Sessions } from "han-core/Sessions"
import { originOf } from "han-core/unstable/Origin"

/** An event of a subscription. */
export type FeedEvent =
  | {
      readonly _tag: "SessionChanged"
      readonly sessionId: SessionId
      /** Subagents that got new lines. */
      readonly agentIds: ReadonlyArray<string>
      readonly path: string | null
      readonly at: number
    }
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

/** The most tool calls, and the most directories, that are remembered. */
const maxRemembered = 10_000

/** Remembers what was seen since somebody began to subscribe: tool calls, directories, projects and repositories. */
export class Memory {
  private readonly calls = new Map<string, { readonly name: string; readonly at: number | null; changesFile: boolean }>()
  private readonly looked = new Set<string>()
  private projects: ReadonlySet<string> = new Set()
  private directories: ReadonlySet<string> = new Set()
  private repos: ReadonlySet<string> = new Set()

  called(id: string, call: { readonly name: string; readonly at: number | null }): void {
    this.calls.set(id, { ...call, changesFile: this.calls.get(id)?.changesFile ?? false })
    if (this.calls.size > maxRemembered) for (const oldest of this.calls.keys()) return void this.calls.delete(oldest)
  }
  changes(id: string): void {
    const call = this.calls.get(id)
    if (call !== undefined) call.changesFile = true
  }
  call(id: string) {
    return this.calls.get(id)
  }
  /** True the first time that a session is seen in this directory: it may have made it a project. */
  mayBeNew(sessionId: SessionId, path: string | null): boolean {
    const place = `${sessionId}\0${path}`
    if (path === null || this.directories.has(path) || this.looked.has(place)) return false
    this.looked.add(place)
    if (this.looked.size > maxRemembered) for (const oldest of this.looked) return this.looked.delete(oldest)
    return true
  }
  /** Projects and repositories that were not there when this was last asked. */
  readonly newProjects = Effect.gen(this, function* () {
    const sessions = yield* Sessions
    const now = yield* sessions.projects
    // Compared with what is known when the answer is there: two that ask at the same time do not find the same thing twice.
    const [projects, repos] = [this.projects, this.repos]
    this.projects = new Set(now.map(({ id }) => id))
    this.directories = new Set(now.flatMap(({ directories }) => directories.map(({ path }) => path)))
    this.repos = new Set(now.flatMap(({ repo }) => (repo === null ? [] : [repo])))
    const added = now.filter(({ id }) => !projects.has(id)).map((project): FeedEvent => ({ _tag: "ProjectAdded", project }))
    const remotes = [...this.repos].filter((remote) => !repos.has(remote)).map((remote): FeedEvent => ({ _tag: "RepoAdded", repoId: repoId(remote) }))
    return [...added, ...remotes]
  })
}

/** The events of some changes of the journal, in the order of the changes: new sessions first; an event about a session as a whole comes once, behind those of its lines. */
export const eventsOf = Effect.fnUntraced(function* (changes: ReadonlyArray<JournalChange>, memory: Memory) {
  const events: Array<FeedEvent> = []
  const touched = new Map<SessionId, { readonly cwd: string | null; readonly at: number; readonly agentIds: ReadonlySet<string> }>()
  const fresh: Array<SessionId> = []
  const files = new ChangedFiles()
  const now = yield* Clock.currentTimeMillis
  for (const change of changes) {
    const { sessionId } = change.transcript
    const lines = yield* newLines(change)
    if (lines.length === 0) continue
    if (yield* begins(change)) fresh.push(sessionId)
    const before = touched.get(sessionId)
    touched.set(sessionId, {
      cwd: lines.find(({ decoded }) => decoded.envelope.cwd !== null)?.decoded.envelope.cwd ?? before?.cwd ?? null,
      at: lines.findLast(({ decoded }) => decoded.envelope.at !== null)?.decoded.envelope.at ?? before?.at ?? now,
      agentIds: new Set([...(before?.agentIds ?? []), ...(change.transcript.agentId === null ? [] : [change.transcript.agentId])])
    })
    for (const { decoded, shown } of lines) {
      if (shown !== null) events.push({ _tag: "MessageAdded", sessionId, ...shown })
      if (originOf(change.transcript, decoded.envelope) === null) events.push(...(yield* factsIn(sessionId, decoded, memory, files)))
    }
  }
  const sessions = yield* Sessions
  const added = new Map((yield* sessions.getMany(fresh)).map((session) => [session.id, session]))
  events.unshift(...fresh.flatMap((id): ReadonlyArray<FeedEvent> => (added.has(id) ? [{ _tag: "SessionAdded", session: added.get(id)! }] : [])))
  if ([...touched].filter(([id, { cwd }]) => memory.mayBeNew(id, cwd)).length > 0) events.push(...(yield* memory.newProjects))
  for (const [sessionId, { agentIds, at, cwd }] of touched) events.push({ _tag: "SessionChanged", sessionId, agentIds: [...agentIds], path: cwd, at })
  return events
})

/** True when the session was not there before these lines. A subagent's transcript may come before the one that started it. */
const begins = Effect.fnUntraced(function* ({ entries, id, transcript }: JournalChange) {
  if (transcript.generation !== 1 || transcript.kind === "agent" || !makesSession(transcript) || entries[0]?.line !== 0) return false
  const journal = yield* Journal
  const known = yield* journal.transcripts({ sessionId: transcript.sessionId })
  return known.find((one) => one.transcript.kind !== "agent" && makesSession(one.transcript))?.id === id
})

interface NewLine {
  readonly decoded: DecodedLine
  /** Null for a line that is not on pages. */
  readonly shown: { readonly line: MessageLine; readonly cursor: string } | null
}

/** Lines that are new. A message that a rewritten file repeats is not; a line that is no message always is. */
const newLines = Effect.fnUntraced(function* (change: JournalChange) {
  const found = change.entries.flatMap((entry, index) => {
    const decoded = change.decoded[index]
    return decoded === undefined ? [] : [{ decoded, entry, message: Message.fromLine(change.transcript, decoded, entry) }]
  })
  const ids = found.flatMap(({ message }) => (message === null ? [] : [message.id]))
  const messages = yield* Messages
  const places = ids.length === 0 ? new Map<string, never>() : yield* messages.cursors(change.transcript.sessionId, ids)
  return found.flatMap(({ decoded, entry, message }): ReadonlyArray<NewLine> => {
    if (message === null) return [{ decoded, shown: null }]
    const place = places.get(message.id)
    if (place === undefined || place.transcript !== change.id || place.line !== message.line) return []
    if (hiddenKinds.includes(message.kind)) return [{ decoded, shown: null }]
    // A line without a time has the one of the line before it, as on a page.
    const dated = message.at === null ? new Message.Message({ ...message, at: place.at }, { disableValidation: true }) : message
    return [{ decoded, shown: { line: { message: dated, raw: entryText({ bytes: entry.payload ?? entry.bytes }) }, cursor: place.cursor } }]
  })
})

/** Changes of files of the sessions that some changes of the journal are about, each asked for once. */
class ChangedFiles {
  private readonly counts = new Map<SessionId, number>()
  private readonly tools = new Map<SessionId, ReadonlyMap<string, string>>()

  count(sessionId: SessionId) {
    return Effect.gen(this, function* () {
      const known = this.counts.get(sessionId)
      if (known !== undefined) return known
      const details = yield* SessionDetails
      const count = (yield* details.fileChangeCounts([sessionId])).get(sessionId) ?? 0
      this.counts.set(sessionId, count)
      return count
    })
  }
  /** The tool of a call that was made before anybody subscribed, if it changed a file. */
  toolOf(sessionId: SessionId, callId: string) {
    return Effect.gen(this, function* () {
      let tools = this.tools.get(sessionId)
      if (tools === undefined) {
        const details = yield* SessionDetails
        const changes = (yield* details.fileChanges([sessionId])).get(sessionId) ?? []
        this.tools.set(sessionId, (tools = new Map(changes.map(({ id, toolName }) => [id, toolName]))))
      }
      return tools.get(callId) ?? null
    })
  }
}

const factsIn = Effect.fnUntraced(function* (sessionId: SessionId, { envelope, events: found }: DecodedLine, memory: Memory, files: ChangedFiles) {
  const events: Array<FeedEvent> = []
  const messages = yield* Messages
  const changed = (toolName: string) => Effect.map(files.count(sessionId), (count) => void events.push({ _tag: "FilesChanged", sessionId, toolName, count }))
  for (const event of found) {
    switch (event._tag) {
      case "ToolCalled":
        memory.called(event.toolUseId, { name: event.name, at: envelope.at })
        break
      case "FileChanged":
        if (event.toolUseId !== null) memory.changes(event.toolUseId)
        else yield* changed(event.toolName)
        break
      case "ToolReturned": {
        const call = memory.call(event.toolUseId)
        const known = call?.at ?? null
        const took = known === null || envelope.at === null ? null : Math.max(0, envelope.at - known)
        const durationMs = took ?? (yield* messages.results([event.toolUseId])).get(event.toolUseId)?.durationMs ?? 0
        events.push({ _tag: "ToolReturned", sessionId, callId: event.toolUseId, type: "tool_result", success: !event.isError, durationMs })
        if (event.isError) break
        const tool = call === undefined ? yield* files.toolOf(sessionId, event.toolUseId) : call.changesFile ? call.name : null
        if (tool !== null) yield* changed(tool)
        break
      }
      case "TodosWritten":
        events.push({ _tag: "TodosChanged", sessionId, statuses: event.todos.map(({ status }) => status) })
        break
      case "HanNoted":
        events.push(...hanEvents(sessionId, event.name, event.replyTo ?? (yield* runOf(sessionId, event.name, envelope.uuid)), event.data))
        break
      default:
    }
  }
  return events
})

/** The run that ends with this line, which does not name it; null when there is none. */
const runOf = Effect.fnUntraced(function* (sessionId: SessionId, name: string, id: string | null) {
  if (!endsRun(name) || id === null) return null
  const details = yield* SessionDetails
  const runs = (yield* details.hookRuns([sessionId])).get(sessionId) ?? []
  return runs.find((run) => run.endId === id && run.id !== id)?.id ?? null
})

const hanEvents = (sessionId: SessionId, name: string, replyTo: string | null, data: unknown): ReadonlyArray<FeedEvent> => {
  const { durationMs: took, hook: called, passed: success, plugin } = hookFactsOf(data)
  const durationMs = Math.round(took ?? 0)
  const hook = { plugin: plugin ?? "", hook: called ?? "" }
  const events: Array<FeedEvent> = []
  if (name === "hook_run" || endsRun(name)) events.push({ _tag: "HooksChanged", sessionId, ...hook, event: name })
  if (replyTo === null) return events
  if (endsRun(name)) events.push({ _tag: "HookReturned", sessionId, runId: replyTo, ...hook, success, durationMs })
  if (name === "mcp_tool_result" || name === "exposed_tool_result")
    events.push({ _tag: "ToolReturned", sessionId, callId: replyTo, type: name, success, durationMs })
  return events
}
