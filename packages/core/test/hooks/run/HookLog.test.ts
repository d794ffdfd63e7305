import { describe, expect, it } from "@effect/vitest"
import * as Deferred from "effect/Deferred"
import * as Effect from "effect/Effect"
import * as Exit from "effect/Exit"
import * as Logger from "effect/Logger"
import * as Scope from "effect/Scope"
import { type HanLine, hookLog, maxWaiting } from "../../../src/hooks/run/hookLog.ts"
import { type SessionId, type Transcript, transcriptFileId, transcriptId } from "../../../src/journal/Entry.ts"
import { type Append, EntryGap } from "../../../src/journal/JournalWriter.ts"
import { StoreError } from "../../../src/store/StoreError.ts"

interface Kept {
  readonly transcript: Transcript
  readonly lines: Array<string>
}

/** Transcripts in memory. `before` is run before each transaction, which does not happen when it ends otherwise; `after` when it has happened. */
const journalOf = (kept: Map<string, Kept>, before: Effect.Effect<void, StoreError>, after: Effect.Effect<void, StoreError>) => ({
  appendAll: (appends: ReadonlyArray<Append>) =>
    Effect.gen(function* () {
      yield* before
      let appended = 0
      for (const { entries, transcript } of appends) {
        const id = transcriptFileId(transcript)
        const lines = [...(kept.get(id)?.lines ?? [])]
        for (const { bytes, line } of entries) {
          if (line < lines.length) continue
          if (line !== lines.length) return yield* new EntryGap({ transcript: transcriptId(transcript), expected: lines.length, received: line })
          lines.push(Buffer.from(bytes).toString("utf8"))
          appended++
        }
        kept.set(id, { transcript, lines })
      }
      yield* after
      return { appended }
    }),
  transcripts: (options?: { readonly sessionId?: SessionId | undefined }) =>
    Effect.sync(() =>
      [...kept.values()]
        .filter(({ transcript }) => transcript.sessionId === options?.sessionId)
        .map(({ lines, transcript }) => ({
          id: transcriptId(transcript),
          transcript,
          lines: lines.length,
          bytes: lines.reduce((sum, line) => sum + Buffer.byteLength(line) + 1, 0),
          file: null,
          meta: null,
          author: null,
          missingSince: null,
          replacedBy: null
        }))
    )
})

/** A log whose scope the test closes; what it told whom. */
const opened = Effect.fn(function* (
  before: Effect.Effect<void, StoreError>,
  failed: (lines: number, lost: boolean) => Effect.Effect<void> = () => Effect.void,
  after: Effect.Effect<void, StoreError> = Effect.void
) {
  const kept = new Map<string, Kept>()
  const said: Array<string> = []
  const scope = yield* Scope.make()
  const logger = Logger.replace(
    Logger.defaultLogger,
    Logger.make(({ message }) => void said.push(String(message)))
  )
  const journal = journalOf(kept, before, after)
  const watcher = { failed: (_: StoreError, lines: number, lost: boolean) => failed(lines, lost), stored: Effect.void }
  const log = yield* hookLog(journal, journal, "m", watcher).pipe(Scope.extend(scope), Effect.provide(logger))
  const uuids = (session = "s") =>
    [...kept.values()].filter(({ transcript }) => transcript.sessionId === session).flatMap(({ lines }) => lines.map((line): unknown => JSON.parse(line).uuid))
  return { log, said, uuids, close: Scope.close(scope, Exit.void) }
})

const line = (uuid: string, session = "s"): HanLine => ({
  sessionId: session,
  agentId: null,
  uuid,
  type: "hook_run",
  cwd: "/",
  hookRunId: null,
  data: {}
})
const numbered = (from: number, count: number) => Array.from({ length: count }, (_, index) => line(String(from + index)))

/** Does these one after the other, then nothing any more; `count` says how often it was asked. */
const inTurn = (...acts: ReadonlyArray<Effect.Effect<void, StoreError>>) => {
  const turns = { count: 0 }
  const next: Effect.Effect<void, StoreError> = Effect.suspend(() => acts[turns.count++] ?? Effect.void)
  return { turns, next }
}

describe("han's own lines", () => {
  it.scopedLive("Han's own lines are in the journal when the scope has closed, in order, and later ones are not taken", () =>
    Effect.gen(function* () {
      const { close, log, uuids } = yield* opened(Effect.void)
      for (let number = 0; number < 1000; number++) yield* log.note([line(`a${number}`, "a"), line(`b${number}`, "b")])
      yield* close
      yield* log.note([line("late", "a")])
      for (const session of ["a", "b"]) expect(uuids(session)).toEqual(Array.from({ length: 1000 }, (_, number) => session + number))
    })
  )

  it.scopedLive("Han's own lines are stored after a write broke down, and that is logged", () =>
    Effect.gen(function* () {
      const { next, turns } = inTurn(Effect.void, Effect.die("out of luck"))
      const wrote = (count: number) => Effect.repeat(Effect.sleep(2), { until: () => turns.count >= count })
      const { close, log, said, uuids } = yield* opened(next)
      yield* log.note([line("1")])
      yield* wrote(1)
      yield* log.note([line("2"), line("3")])
      yield* wrote(2)
      yield* log.note([line("4")])
      yield* wrote(3)
      yield* log.note([line("5")])
      yield* close
      expect(uuids()).toEqual(["1", "4", "5"])
      expect(said).toEqual([expect.stringMatching(/^2 lines about hooks are not in the history: writing them broke down/)])
    })
  )

  it.scopedLive("Han's own lines follow those of a write that broke down when it was done", () =>
    Effect.gen(function* () {
      const { next, turns } = inTurn(Effect.void, Effect.die("out of luck"))
      const { close, log, uuids } = yield* opened(Effect.void, undefined, next)
      for (const number of [1, 2, 3]) {
        yield* log.note([line(String(number))])
        yield* Effect.repeat(Effect.sleep(2), { until: () => turns.count >= number })
      }
      yield* close
      expect(uuids()).toEqual(["1", "2", "3"])
    })
  )

  it.scopedLive("Han's own lines are stored after something that has no text, and after a failing listener", () =>
    Effect.gen(function* () {
      const broken = new StoreError({ operation: "test", reason: "busy", message: "not now" })
      const { next, turns } = inTurn(Effect.fail(broken), Effect.fail(broken), Effect.fail(broken))
      const { close, log, said, uuids } = yield* opened(next, (lines) => Effect.dieMessage(`told of ${lines}`))
      yield* log.note([line("1")])
      yield* Effect.repeat(Effect.sleep(2), { until: () => turns.count >= 3 })
      yield* log.note([{ ...line("2"), data: 2n }])
      yield* Effect.repeat(Effect.sleep(2), { until: () => said.length >= 2 })
      yield* log.note([line("3")])
      yield* close
      expect([uuids(), said.length, turns.count]).toEqual([["3"], 2, 4])
    })
  )

  it.scopedLive("Han's own lines wait in order while the journal cannot be written, and lost ones are told of", () =>
    Effect.gen(function* () {
      const full = new StoreError({ operation: "test", reason: "full", message: "no space" })
      let free = false
      const told: Array<string> = []
      const refusing = Effect.suspend(() => (free ? Effect.void : Effect.fail(full)))
      const { close, log, uuids } = yield* opened(refusing, (lines, lost) => Effect.sync(() => void told.push(`${lines} ${lost ? "lost" : "kept"}`)))
      yield* log.note([line("1"), line("2")])
      yield* Effect.repeat(Effect.sleep(2), { until: () => told.length === 1 })
      yield* log.note([line("3")])
      free = true
      yield* Effect.repeat(Effect.sleep(2), { until: () => uuids().length === 3 })
      expect([uuids(), told]).toEqual([["1", "2", "3"], ["2 kept"]])
      free = false
      yield* log.note([line("4")])
      yield* close
      expect([uuids(), told.at(-1)]).toEqual([["1", "2", "3"], "1 lost"])
    })
  )

  it.scopedLive("Han's own lines wait for a slow journal up to a bound, and the oldest are left out", () =>
    Effect.gen(function* () {
      const slow = yield* Deferred.make<void>()
      const { next, turns } = inTurn(Deferred.await(slow))
      const { close, log, said, uuids } = yield* opened(next)
      yield* log.note([line("first")])
      yield* Effect.repeat(Effect.sleep(2), { until: () => turns.count === 1 })
      for (let from = 0; from < maxWaiting + 5000; from += 100) yield* log.note(numbered(from, 100))
      yield* Deferred.succeed(slow, undefined)
      yield* close
      expect(uuids()).toEqual(["first", ...numbered(5000, maxWaiting).map(({ uuid }) => uuid)])
      expect(said).toEqual([`5000 lines about hooks are not in the history: more than ${maxWaiting} waited for the journal`])
    })
  )
})
