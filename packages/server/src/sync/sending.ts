import * as Clock from "effect/Clock"
import * as Effect from "effect/Effect"
import * as Random from "effect/Random"
import * as Redacted from "effect/Redacted"
import type { SessionId } from "han-core/Entry"
import type { Journal } from "han-core/Journal"
import type { StoreError } from "han-core/StoreError"
import { type ForgetOutcome, type SyncPayload, type SyncResponse, type SyncSession, syncLimits, syncVersion } from "han-core/Sync"
import { type Sent, type SyncState, SyncStopped } from "han-core/SyncClient"
import { checksumOf } from "han-core/unstable/SyncChain"
import type { OutboxTranscript } from "han-core/unstable/SyncOutbox"
import type { Viewer } from "han-core/Viewer"
import { applyResponse, beginning, settle } from "./answers.ts"
import { build, type Item, sessionOf } from "./batches.ts"
import { type Engine, eligibility, newId } from "./Engine.ts"
import type { SyncRemote, SyncSettings } from "./settings.ts"
import { SendFailed, send } from "./transport.ts"

/** Settings are looked at so often while nothing can be sent. */
const idleLookMs = 60_000
const hourMs = 3_600_000
const maxBackoffMs = hourMs

/** Milliseconds until `at`. No wait is longer than an hour: a clock that was put back may say so, and then it is over. */
const untilTime = (at: number, now: number): number => (at - now > hourMs ? 0 : Math.max(0, at - now))

/** Milliseconds until the sender looks again by itself. */
export const dueIn = ({ intervalMs, nextAttemptAt, retryAt, state }: Engine, now: number): number => {
  if (nextAttemptAt !== null) return untilTime(nextAttemptAt, now)
  const pauseMs = state === "IDLE" ? intervalMs : idleLookMs
  return retryAt === null ? pauseMs : Math.min(pauseMs, untilTime(retryAt, now))
}

/** One look in the background: sends what waits, unless it has to wait itself. */
export const round = (engine: Engine): Effect.Effect<void, never, Journal | Viewer> =>
  Effect.gen(function* () {
    const now = yield* Clock.currentTimeMillis
    if (engine.nextAttemptAt !== null && untilTime(engine.nextAttemptAt, now) > 0) return
    const { remote } = yield* engine.options.settings
    const { refusedKey } = engine
    if (refusedKey !== null && remote?.endpoint === refusedKey.endpoint && Redacted.value(remote.apiKey) === refusedKey.apiKey) return
    yield* Effect.asVoid(sendAll(engine, { manual: false })).pipe(
      Effect.catchTag("SyncStopped", () => Effect.void),
      Effect.catchTag("StoreError", (error) => Effect.logWarning(`sync waits for the store: ${error.message}`))
    )
  }).pipe(
    // Whatever happens, it is tried again. Its words are nobody's to read: they may be of a line.
    Effect.catchAllDefect((defect) => {
      const name = defect instanceof Error ? defect.name : typeof defect
      return Effect.asVoid(noteFailure(engine, backsOff("internal", `sync met a fault of its own (${name}), and tries again`)))
    })
  )

/** Sends until nothing waits that may go. `manual`: no backoff holds it up, and it fails with what stopped it. */
export const sendAll = (
  engine: Engine,
  { manual, sessionId }: { readonly manual: boolean; readonly sessionId?: SessionId | undefined }
): Effect.Effect<Sent, SyncStopped | StoreError, Journal | Viewer> =>
  engine.turn.withPermits(1)(
    Effect.gen(function* () {
      const sent = { sent: 0, sessions: 0, bytes: 0, requests: 0 }
      const touched = new Set<string>()
      const tried = new Set<number>()
      engine.begunAnew.clear()
      let renewed = false
      const run = Effect.gen(function* () {
        while (true) {
          const settings = yield* engine.options.settings
          engine.intervalMs = settings.intervalMs
          const remote = yield* usable(engine, settings)
          const opened = yield* engine.options.outbox.open({ endpoint: remote.endpoint, clientId: remote.clientId, isNewClient: remote.isNewClient })
          if (yield* isUnknown(engine, remote)) {
            sent.requests++
            yield* probe(engine, remote)
          }
          if (opened.adopting) {
            const unknown = yield* unknownOf(engine, settings)
            if (unknown.length > 0) {
              sent.requests += yield* settle(engine, remote, unknown, (sessions) => exchange(engine, remote, { sessions }))
              continue
            }
          }
          if (opened.wordless && !renewed && engine.sendsWords(settings.includeContent)) {
            renewed = true
            yield* renew(engine, settings)
          }
          const items = yield* nextItems(engine, settings, remote, { manual, sessionId, tried })
          if (items.length === 0) return
          for (const { of } of items) tried.add(of.no)
          yield* engine.set("SYNCING")
          const told = yield* exchangeItems(engine, remote, settings.includeContent, items)
          sent.requests++
          if (told === undefined) continue
          for (const item of told.acked) touched.add(item.of.transcript.sessionId)
          if (told.acked.length === 0) continue
          const messages = told.acked.reduce((sum, { messages: own }) => sum + own.length, 0)
          sent.sent += messages
          sent.bytes += told.bytes
          sent.sessions = touched.size
          const now = yield* Clock.currentTimeMillis
          yield* engine.options.outbox.noteSent(remote.endpoint, { at: now, messages, bytes: told.bytes })
          succeeded(engine)
        }
      })
      yield* Effect.matchEffect(run, {
        onSuccess: () =>
          Effect.zipRight(
            Effect.sync(() => succeeded(engine)),
            engine.set("IDLE")
          ),
        onFailure: (error): Effect.Effect<never, SyncStopped | StoreError> => {
          if (error instanceof SendFailed) return Effect.flatMap(noteFailure(engine, error), (stopped) => stopped)
          return error._tag === "SyncStopped" ? Effect.fail(error) : Effect.zipRight(noteFailure(engine, backsOff("store", error.message)), Effect.fail(error))
        }
      })
      return sent
    })
  )

const succeeded = (engine: Engine): void => {
  engine.attempts = 0
  engine.nextAttemptAt = null
  engine.rebuilds = 0
  engine.refusedKey = null
}

/** The remote of settings with which something can be sent. */
const usable = (engine: Engine, { enabled, problem, remote }: SyncSettings): Effect.Effect<SyncRemote, SyncStopped> => {
  const stop = (state: SyncState, code: string, message: string) => Effect.zipRight(engine.set(state), new SyncStopped({ state, code, message }))
  if (!enabled) return stop("DISABLED", "disabled", "sync is off; `han sync enable` turns it on")
  if (problem !== null) return stop("PAUSED_CONFIG", "config_invalid", problem)
  if (remote === null) return stop("PAUSED_CONFIG", "config_invalid", "there is no endpoint, or no API key; `han sync enable` asks for both")
  return Effect.succeed(remote)
}

const isUnknown = (engine: Engine, remote: SyncRemote): Effect.Effect<boolean> =>
  Effect.map(
    Clock.currentTimeMillis,
    (now) =>
      engine.server === null ||
      engine.server.at + hourMs <= now ||
      engine.server.at > now ||
      engine.server.remote.endpoint !== remote.endpoint ||
      Redacted.value(engine.server.remote.apiKey) !== Redacted.value(remote.apiKey)
  )

/** Asks the server who it is. What it refused because of its owners of repositories is tried again when they are others. */
export const probe = (engine: Engine, remote: SyncRemote, verify = false): Effect.Effect<SyncResponse, SendFailed> =>
  Effect.gen(function* () {
    const { response } = yield* exchange(engine, remote, { sessions: [], verify })
    const { person, workspace } = response
    if (workspace === undefined || person === undefined) return yield* backsOff("invalid_answer", "the server does not say who it is")
    const before = engine.server?.workspace
    const at = yield* Clock.currentTimeMillis
    engine.server = { workspace, person: person.id, at, remote }
    // What it was before this process asked, nobody knows.
    if (before === undefined || JSON.stringify(before) !== JSON.stringify(workspace)) engine.isOtherWorkspace = true
    return response
  })

/** The parts of a payload that differ from one request to the next. */
interface Content {
  readonly sessions: ReadonlyArray<SyncSession>
  readonly verify?: boolean | undefined
  readonly forget?: ReadonlyArray<string> | undefined
}

/** A request of this moment, with an id of its own. */
export const payloadOf = (engine: Engine, remote: SyncRemote, { forget, sessions, verify = false }: Content): Effect.Effect<SyncPayload> =>
  Effect.map(Clock.currentTimeMillis, (now) => ({
    version: syncVersion,
    clientId: remote.clientId,
    userId: engine.server?.person ?? "",
    timestamp: new Date(now).toISOString(),
    cursor: { lastSessionId: null, lastMessageLineNumber: 0, lastSyncTimestamp: null },
    sessions,
    checksum: checksumOf(remote.clientId, sessions),
    batchId: newId(now),
    machine: engine.options.machine,
    ...(verify && { verify }),
    ...(forget !== undefined && { forget })
  }))

/** Sends a request and gives the answer to it. */
const exchange = (engine: Engine, remote: SyncRemote, content: Content) =>
  Effect.gen(function* () {
    const payload = yield* payloadOf(engine, remote, content)
    const { sessions } = content
    engine.lastAttemptAt = yield* Clock.currentTimeMillis
    const answer = yield* send(engine.options.client, remote, payload)
    if (answer.response.batchId !== undefined && answer.response.batchId !== payload.batchId)
      return yield* backsOff("invalid_answer", "the answer is to another request")
    if (answer.response.positions.length !== sessions.length) return yield* backsOff("invalid_answer", "the answer is not about these sessions")
    return answer
  })

const backsOff = (code: string, message: string) => new SendFailed({ state: "BACKING_OFF", remedy: "retry", code, message, retryAfterMs: null })

/** Asks the server to remove sessions for good, in requests of 200. Gives the outcome of each. */
export const forgetThere = (engine: Engine, remote: SyncRemote, ids: ReadonlyArray<SessionId>): Effect.Effect<ReadonlyArray<ForgetOutcome>, SendFailed> =>
  Effect.gen(function* () {
    if (yield* isUnknown(engine, remote)) yield* probe(engine, remote)
    const outcomes: Array<ForgetOutcome> = []
    for (let from = 0; from < ids.length; from += syncLimits.sessions) {
      const forget = ids.slice(from, from + syncLimits.sessions)
      const { forgotten } = (yield* exchange(engine, remote, { sessions: [], forget })).response
      if (forgotten === undefined || forgotten.length !== forget.length)
        return yield* backsOff("invalid_answer", "the server does not say what it forgot; it may be too old for that")
      outcomes.push(...forgotten)
    }
    return outcomes
  })

/** Transcripts that may go, and of which nothing is known here. */
const unknownOf = Effect.fnUntraced(function* (engine: Engine, settings: SyncSettings) {
  const pending = (yield* engine.options.outbox.transcripts({ pending: true })).filter(({ acked }) => acked === null)
  return yield* Effect.filter(pending, (of) => Effect.map(eligibility(engine, settings, engine.server?.workspace, of), ({ eligible }) => eligible))
})

/** Begins transcripts anew of which lines went without their words, now that words may go: each as a new generation that takes the place of the former. */
const renew = Effect.fnUntraced(function* (engine: Engine, settings: SyncSettings) {
  const { journal, outbox } = engine.options
  const now = yield* Clock.currentTimeMillis
  const wordless = (yield* outbox.transcripts({ pending: false })).filter(({ acked }) => acked?.whole === false)
  const going = yield* Effect.filter(wordless, (of) =>
    Effect.map(eligibility(engine, settings, engine.server?.workspace, of), ({ eligible }) => eligible && of.problem?.state !== "quarantined")
  )
  if (going.length === 0) return
  yield* outbox.acked(
    going.map(({ acked, no }) => ({ ...beginning(no, newId(now)), takesPlaceOf: acked!.generationId })),
    null
  )
  const ids = new Set(going.map(({ id }) => id))
  const bytes = (yield* journal.transcripts()).reduce((sum, info) => sum + (ids.has(info.id) ? info.bytes : 0), 0)
  const lines = going.reduce((sum, of) => sum + of.lines, 0)
  engine.notices.add(`words are sent from now on: ${lines} lines that went without theirs, ${(bytes / 1e6).toFixed(1)} MB, go again`)
  yield* Effect.annotateLogs(Effect.logInfo("sync.renewed"), { transcripts: going.length, lines })
})

/** Picks what goes next. Each transcript has the id of its generation before anything of it leaves. `tried`: transcripts that this command has sent lines of. */
const nextItems = Effect.fnUntraced(function* (
  engine: Engine,
  settings: SyncSettings,
  remote: SyncRemote,
  { manual, sessionId, tried }: { readonly manual: boolean; readonly sessionId: SessionId | undefined; readonly tried: ReadonlySet<number> }
) {
  const { outbox } = engine.options
  const now = yield* Clock.currentTimeMillis
  const waiting: Array<OutboxTranscript & { readonly generationId: string }> = []
  const made: Array<ReturnType<typeof beginning>> = []
  engine.retryAt = null
  for (const of of yield* outbox.transcripts({ pending: true })) {
    const problem = engine.isOtherWorkspace && of.problem?.code === "repo_not_allowed" ? null : of.problem
    if (problem !== of.problem) yield* outbox.noteProblem(of.no, null)
    const waits = problem?.state === "waiting" && untilTime(problem.nextAttemptAt ?? now, now) > 0
    if (waits) engine.retryAt = Math.min(engine.retryAt ?? Number.POSITIVE_INFINITY, problem.nextAttemptAt ?? now)
    if (sessionId !== undefined && of.transcript.sessionId !== sessionId) continue
    // A command tries each once, whatever it waits for.
    if (problem !== null && (problem.state === "quarantined" || (manual ? tried.has(of.no) : waits))) continue
    if (!(yield* eligibility(engine, settings, engine.server?.workspace, of)).eligible) continue
    const generationId = of.acked?.generationId ?? newId(now)
    if (of.acked === null) made.push(beginning(of.no, generationId))
    waiting.push({ ...of, generationId })
    if (waiting.length === maxWaiting) break
  }
  if (waiting.length < maxWaiting) engine.isOtherWorkspace = false
  if (made.length > 0) yield* outbox.acked(made, null)
  const size = Math.max(1, Math.min(settings.batchSize, engine.size))
  return yield* build(waiting, size, engine.writer(remote, settings.includeContent)).pipe(
    // Forgotten at this moment: the next look does not find it.
    Effect.catchTag("TranscriptNotFound", () => Effect.succeed<ReadonlyArray<Item>>([]))
  )
})
const maxWaiting = 200

/** Sends items and notes what became of them; undefined when they have to be built anew. */
const exchangeItems = Effect.fnUntraced(function* (engine: Engine, remote: SyncRemote, content: boolean, items: ReadonlyArray<Item>) {
  const replaced = yield* replacedBy(engine, items)
  const writing = engine.writer(remote, content)
  const sessions = items.map((item) => sessionOf(item, replaced.get(item.of.no) ?? [], writing))
  const answer = yield* Effect.either(exchange(engine, remote, { sessions }))
  if (answer._tag === "Right") {
    engine.size = Number.POSITIVE_INFINITY
    const acked = yield* applyResponse(engine, remote, items, answer.right.response, writing.whole)
    return acked === undefined
      ? yield* backsOff("invalid_answer", "the server says neither that it has these lines nor where to go on")
      : { bytes: answer.right.bytes, acked }
  }
  const error = answer.left
  const lines = items.reduce((sum, { messages }) => sum + messages.length, 0)
  if (error.remedy === "split" && lines > 1) engine.size = Math.max(1, Math.floor(lines / 2))
  else if (error.remedy === "split") {
    // It is not for its text that it is too large.
    if (!refuse(engine, items)) return yield* error
  } else if (error.remedy === "rebuild" && ++engine.rebuilds <= 3) return undefined
  else return yield* error
  return undefined
})

/** Withholds the one line of a request that is too large; one that is withheld already may come whole again, and false is the answer. */
const refuse = (engine: Engine, items: ReadonlyArray<Item>): boolean => {
  const [item] = items
  const [message] = item?.messages ?? []
  if (item === undefined || message === undefined) return false
  const known = engine.refused.get(item.of.no) ?? new Set<number>()
  engine.refused.set(item.of.no, known)
  if (known.delete(message.lineNumber)) return false
  known.add(message.lineNumber)
  return true
}

/** The ids of the generations that these transcripts take the place of. */
export const replacedBy = Effect.fnUntraced(function* (engine: Engine, items: ReadonlyArray<Item>) {
  const replacing = items.filter(({ of }) => of.replaces.length > 0)
  const found = new Map<number, ReadonlyArray<string>>(items.flatMap(({ of }) => (of.acked?.takesPlaceOf == null ? [] : [[of.no, [of.acked.takesPlaceOf]]])))
  if (replacing.length === 0) return found
  const all = yield* engine.options.outbox.transcripts({ pending: false })
  for (const { of } of replacing) {
    const fileOf = (id: string) => id.slice(0, id.lastIndexOf("/"))
    const older = all.filter((one) => fileOf(one.id) === fileOf(of.id) && of.replaces.includes(one.transcript.generation))
    found.set(of.no, [...(found.get(of.no) ?? []), ...older.flatMap(({ acked }) => (acked === null ? [] : [acked.generationId]))])
  }
  return found
})

/** Notes a failure, and says what a command is told. */
const noteFailure = (engine: Engine, error: SendFailed): Effect.Effect<Effect.Effect<never, SyncStopped>> =>
  Effect.gen(function* () {
    const now = yield* Clock.currentTimeMillis
    const { code, message } = error
    engine.lastError = { code, message, at: now }
    if (error.remedy === "never") {
      engine.nextAttemptAt = null
      const { remote } = yield* engine.options.settings
      engine.refusedKey = remote === null ? null : { endpoint: remote.endpoint, apiKey: Redacted.value(remote.apiKey) }
      engine.askAgain()
    } else if (error.remedy === "wait") engine.nextAttemptAt = now + (error.retryAfterMs ?? 0)
    else if (error.remedy === "hourly" || error.remedy === "rebuild") engine.nextAttemptAt = now + hourMs
    else {
      const full = Math.min(2 ** Math.min(engine.attempts, 30) * 1000, maxBackoffMs)
      engine.attempts++
      engine.nextAttemptAt = now + Math.round(full * (yield* Random.nextRange(0.5, 1)))
    }
    yield* engine.set(error.remedy === "rebuild" ? "PAUSED_CONFIG" : error.state)
    yield* Effect.annotateLogs(Effect.logWarning("sync.retry"), { code, attempts: engine.attempts, nextAttemptAt: engine.nextAttemptAt ?? 0 })
    return Effect.fail(new SyncStopped({ state: engine.state, code, message }))
  })
