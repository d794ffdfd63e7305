import { randomBytes } from "node:crypto"
import type * as HttpClient from "@effect/platform/HttpClient"
import * as Effect from "effect/Effect"
import * as PubSub from "effect/PubSub"
import * as Queue from "effect/Queue"
import * as Redacted from "effect/Redacted"
import type { Journal } from "han-core/Journal"
import { mask } from "han-core/Mask"
import { type Eligibility, eligibilityOf } from "han-core/Privacy"
import { type Redactor, redactor } from "han-core/Redaction"
import type { SyncState } from "han-core/SyncClient"
import type { OutboxTranscript, SyncOutbox } from "han-core/unstable/SyncOutbox"
import type { Workspace } from "han-core/Workspaces"
import type { Writing } from "./batches.ts"
import type { ProjectRules } from "./projectRules.ts"
import type { SyncRemote, SyncSettings } from "./settings.ts"

interface EngineOptions {
  readonly machine: string
  readonly settings: Effect.Effect<SyncSettings>
  readonly environment?: Readonly<Record<string, string | undefined>> | undefined
  readonly projects?: ProjectRules | undefined
  readonly outbox: typeof SyncOutbox.Service
  readonly journal: typeof Journal.Service
  readonly client: HttpClient.HttpClient
}

/** The sender: what it knows at this moment, and what wakes it. What has to outlive the process is in the outbox. */
export class Engine {
  readonly options: EngineOptions
  readonly changed: PubSub.PubSub<void>
  /** One request at a time. */
  readonly turn: Effect.Semaphore
  private readonly redact: Redactor
  private readonly wakes: Queue.Queue<boolean>
  state: SyncState = "DISABLED"
  attempts = 0
  nextAttemptAt: number | null = null
  /** When a session that the server could not take goes again; the others do not wait for it. */
  retryAt: number | null = null
  lastAttemptAt: number | null = null
  lastError: { readonly code: string; readonly message: string; readonly at: number } | null = null
  /** The server as it named itself, whose the key is, and when. */
  server: { readonly workspace: Workspace; readonly person: string; readonly at: number; readonly remote: SyncRemote } | null = null
  /** The workspace may take repositories that it refused: it is not what it was, or nobody knows what it was. */
  isOtherWorkspace = false
  readonly notices = new Set<string>()
  /** Lines that the server would not have, by transcript. */
  readonly refused = new Map<number, Set<number>>()
  /** Transcripts that began a new generation since this run began. */
  readonly begunAnew = new Set<number>()
  /** The lines of the next request, at most: fewer after one was too large. */
  size = Number.POSITIVE_INFINITY
  rebuilds = 0
  /** The key that did not let in: it is tried again when a person says so, or it is another one. */
  refusedKey: { readonly endpoint: string; readonly apiKey: string } | null = null
  /** Until then what is appended goes at once, for a session has ended. */
  hurryUntil = 0
  /** As the settings last said. */
  intervalMs = 300_000

  private constructor(options: EngineOptions, changed: PubSub.PubSub<void>, wakes: Queue.Queue<boolean>) {
    this.options = options
    this.changed = changed
    this.wakes = wakes
    this.turn = Effect.unsafeMakeSemaphore(1)
    const environment = Object.fromEntries(Object.entries(options.environment ?? {}).flatMap(([name, value]) => (value === undefined ? [] : [[name, value]])))
    const home = environment["HOME"] ?? environment["USERPROFILE"]
    const redact = redactor(environment, home === undefined ? {} : { home })
    this.redact = redact
  }

  static make(options: EngineOptions): Effect.Effect<Engine> {
    return Effect.zipWith(PubSub.sliding<void>(16), Queue.sliding<boolean>(1), (changed, wakes) => new Engine(options, changed, wakes))
  }

  /** `now`: whatever holds it up is over, for something changed that a person did. */
  wake(now: boolean): Effect.Effect<void> {
    return Effect.suspend(() => {
      if (now) {
        this.nextAttemptAt = null
        this.askAgain()
        this.refusedKey = null
      }
      return Effect.asVoid(Queue.offer(this.wakes, now))
    })
  }

  /** Has the server asked who it is before anything else goes. What it said is what is known until then. */
  askAgain(): void {
    if (this.server !== null) this.server = { ...this.server, at: Number.NEGATIVE_INFINITY }
  }

  /** Waits until it is woken, or so many milliseconds. */
  waitFor(due: Effect.Effect<number>): Effect.Effect<void> {
    return Effect.flatMap(due, (ms) => Effect.asVoid(Effect.timeoutOption(Queue.take(this.wakes), ms)))
  }

  set(state: SyncState): Effect.Effect<void> {
    return Effect.suspend(() => {
      if (this.state === state) return Effect.void
      this.state = state
      return Effect.asVoid(PubSub.publish(this.changed, undefined))
    })
  }

  sendsWords(content: boolean): boolean {
    return content && this.server?.workspace.contentAllowed !== false
  }

  /** `content`: whether texts go, as the person wants it; the workspace may not. Secrets go either way to nobody. */
  writer(remote: SyncRemote, content: boolean): Writing {
    const { redact } = this
    const whole = this.sendsWords(content)
    return {
      whole,
      mend: (transcript, entry) => redact.entry(whole ? entry : mask(transcript, entry)),
      mendText: redact.text,
      mendMeta: (meta) => (whole ? redact.text(meta) : withoutWords(meta)),
      secret: Redacted.value(remote.clientSecret),
      isRefused: (no, line) => this.refused.get(no)?.has(line) === true
    }
  }
}

/** Decides whether a transcript stays at home, and why. Decided when it is about to be sent, from what is known then. */
export const eligibility = (
  engine: Engine,
  settings: SyncSettings,
  workspace: Workspace | undefined,
  of: OutboxTranscript
): Effect.Effect<Eligibility | { readonly eligible: false; readonly reason: "odd_id" }> => {
  const { agentId, machine, sessionId, source } = of.transcript
  if (![sessionId, machine, source, ...(agentId === null ? [] : [agentId])].every(isId)) return Effect.succeed({ eligible: false, reason: "odd_id" as const })
  const decided = eligibilityOf({ path: of.cwd, remote: of.directory?.remote ?? null }, settings.rules, workspace ?? { owners: [], logins: [] })
  const { projects } = engine.options
  if (!decided.eligible || of.cwd === null || projects === undefined) return Effect.succeed(decided)
  return Effect.map(projects.isExcluded({ path: of.cwd, remote: of.directory?.remote ?? null }), (is) =>
    is ? { eligible: false, reason: "project_excluded" as const } : decided
  )
}

/** A uuid of version 7: of a time, and random. */
export const newId = (now: number): string => {
  const bytes = randomBytes(16)
  bytes.writeUIntBE(now, 0, 6)
  bytes[6] = (bytes[6]! & 0x0f) | 0x70
  bytes[8] = (bytes[8]! & 0x3f) | 0x80
  const hex = bytes.toString("hex")
  return `${hex.slice(0, 8)}-${hex.slice(8, 12)}-${hex.slice(12, 16)}-${hex.slice(16, 20)}-${hex.slice(20)}`
}

/** Tells whether the wire can carry an id. */
const isId = (text: string): boolean => /^[A-Za-z0-9._:-]{1,128}$/.test(text)

/** The facts beside a subagent's transcript that are no words of anybody. */
const wordless = new Set(["agentType", "model", "toolUseId", "spawnDepth", "parentAgentId"])

const withoutWords = (meta: string): string | null => {
  try {
    return JSON.stringify(Object.fromEntries(Object.entries(JSON.parse(meta)).filter(([name]) => wordless.has(name))))
  } catch {
    return null
  }
}
