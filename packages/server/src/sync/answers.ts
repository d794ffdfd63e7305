import * as Clock from "effect/Clock"
import * as Effect from "effect/Effect"
import * as Redacted from "effect/Redacted"
import type { Journal } from "han-core/Journal"
import type { StoreError } from "han-core/StoreError"
import type { SyncError, SyncPosition, SyncResponse, SyncSession } from "han-core/Sync"
import { syncLimits } from "han-core/Sync"
import { noChain } from "han-core/unstable/SyncChain"
import type { Acked, OutboxProblem, OutboxTranscript } from "han-core/unstable/SyncOutbox"
import type { Viewer } from "han-core/Viewer"
import { chainAt, type Item, sessionOf } from "./batches.ts"
import { type Engine, newId } from "./Engine.ts"
import type { SyncRemote } from "./settings.ts"
import type { SendFailed } from "./transport.ts"

const hourMs = 3_600_000

/** Notes what the server says of each item, and gives those whose lines it has; undefined when it says nothing that would change what goes next. */
export const applyResponse = Effect.fnUntraced(function* (
  engine: Engine,
  remote: SyncRemote,
  items: ReadonlyArray<Item>,
  response: SyncResponse,
  whole: boolean
) {
  const now = yield* Clock.currentTimeMillis
  const { outbox } = engine.options
  const errors = new Map(response.errors.map((error) => [error.sessionId, error]))
  const acked: Array<Item> = []
  const positions: Array<Position> = []
  let isNews = false
  for (const [index, item] of items.entries()) {
    const position = response.positions[index]!
    const error = errors.get(item.of.transcript.sessionId)
    // Where the server is instead, its position says.
    if (error !== undefined && error.code !== "position") {
      yield* noteError(engine, item, error, now)
      isNews = true
      continue
    }
    if (position.lines === item.from + item.messages.length && position.chain === item.chain) {
      acked.push(item)
      positions.push(positionAt(item, position, whole))
      isNews = true
    } else {
      const place = yield* continued(engine, remote, item, position, now, whole)
      if (place === undefined) continue
      if (place.lines !== item.from || place.generationId !== item.generationId) isNews = true
      positions.push(place)
    }
  }
  if (positions.length > 0) yield* outbox.acked(positions, now)
  return isNews ? acked : undefined
})

type Position = { readonly no: number } & Omit<Acked, "at">

/** The position of a transcript of which nothing was sent. */
export const beginning = (no: number, generationId: string): Position => ({
  no,
  generationId,
  lines: 0,
  chain: noChain,
  whole: true,
  takesPlaceOf: null
})

const positionAt = ({ generationId, of }: Item, { chain, lines }: SyncPosition, whole: boolean): Position => ({
  no: of.no,
  generationId,
  lines,
  chain,
  whole: whole && of.acked?.whole !== false,
  takesPlaceOf: of.acked?.takesPlaceOf ?? null
})

/**
 * Where to go on when the server is elsewhere than was thought: there, if that is a beginning of the same lines, and else with a new generation. Undefined when it has other lines of a new
 * generation, too.
 */
const continued = Effect.fnUntraced(function* (engine: Engine, remote: SyncRemote, item: Item, position: SyncPosition, now: number, whole: boolean) {
  const { of } = item
  const own = position.lines > of.lines ? undefined : yield* ownChain(remote, of, position.lines)
  if (own === position.chain) return positionAt(item, position, whole)
  if (engine.begunAnew.has(of.no)) return undefined
  engine.begunAnew.add(of.no)
  return beginning(of.no, yield* anew(engine, of, now))
})

const ownChain = ({ clientSecret }: SyncRemote, of: OutboxTranscript, lines: number) =>
  chainAt(of, lines, Redacted.value(clientSecret)).pipe(Effect.catchTag("TranscriptNotFound", () => Effect.succeed(undefined)))

/** A new generation of a transcript, whose lines go again from the first one on. */
const anew = Effect.fnUntraced(function* (engine: Engine, of: OutboxTranscript, now: number) {
  engine.notices.add(`the server has other lines of session ${of.transcript.sessionId}: ${of.lines} lines go again, as a new generation`)
  yield* Effect.annotateLogs(Effect.logWarning("sync.generation"), { session: of.transcript.sessionId, lines: of.lines })
  return newId(now)
})

/** Codes after which a session stays at home until a person does something, or something changes elsewhere. */
const final = new Set(["repo_not_allowed", "session_conflict", "gone"])

const noteError = Effect.fnUntraced(function* (engine: Engine, item: Item, { code, message, messageIds }: SyncError, now: number) {
  const { no, problem: before } = item.of
  const wanted = new Set(messageIds)
  const lines = item.messages.flatMap(({ id, lineNumber }) => (wanted.has(id) ? [lineNumber] : []))
  if (code === "validation" && lines.length > 0) {
    const known = engine.refused.get(no) ?? new Set<number>()
    const isNews = lines.some((line) => !known.has(line))
    engine.refused.set(no, new Set([...known, ...lines]))
    // What was withheld already and is refused again is no matter of its text.
    if (isNews) return
  }
  // Its owners of repositories may be others by now.
  if (code === "repo_not_allowed") engine.askAgain()
  const attempts = (before?.attempts ?? 0) + 1
  const state: OutboxProblem["state"] = final.has(code) || code === "validation" ? "quarantined" : "waiting"
  const waitMs = code === "quota" ? hourMs : Math.min(2 ** Math.min(attempts, 12) * 1000, hourMs)
  yield* engine.options.outbox.noteProblem(no, { code, message, state, attempts, at: now, nextAttemptAt: state === "waiting" ? now + waitMs : null })
  yield* Effect.annotateLogs(Effect.logWarning(state === "waiting" ? "sync.retry" : "sync.quarantined"), { session: item.of.transcript.sessionId, code })
})

type Exchange = (sessions: ReadonlyArray<SyncSession>) => Effect.Effect<{ readonly response: SyncResponse; readonly bytes: number }, SendFailed, Viewer>

/**
 * Finds out what the server has already of transcripts of which this store knows nothing: they go on where the server's chain is one of theirs, or begin anew. Gives the number of
 * requests. The questions name sessions, and nothing that they worked on.
 */
export const settle = (
  engine: Engine,
  remote: SyncRemote,
  unknown: ReadonlyArray<OutboxTranscript>,
  exchange: Exchange
): Effect.Effect<number, SendFailed | StoreError, Journal | Viewer> =>
  Effect.gen(function* () {
    const { outbox } = engine.options
    const now = yield* Clock.currentTimeMillis
    const writing = engine.writer(remote, false)
    let requests = 0
    for (let from = 0; from < unknown.length; from += syncLimits.sessions) {
      const asked = unknown.slice(from, from + syncLimits.sessions).map((of) => ({ of, generationId: newId(now), from: 0, chainBefore: noChain, messages: [] }))
      const bare = { directory: null, meta: null, repoRemote: null, projectSlug: null }
      const { response } = yield* exchange(asked.map((item) => ({ ...sessionOf(item, [], writing), ...bare })))
      requests++
      const found: Array<Position> = []
      for (const [index, { generationId, of }] of asked.entries()) {
        const others = (response.positions[index]?.others ?? []).toSorted((a, b) => b.lines - a.lines)
        let place = beginning(of.no, generationId)
        for (const other of others) {
          if (other.lines > of.lines || (yield* ownChain(remote, of, other.lines)) !== other.chain) continue
          place = { ...place, ...other }
          break
        }
        found.push(place)
      }
      yield* outbox.acked(found, null)
    }
    return requests
  })
