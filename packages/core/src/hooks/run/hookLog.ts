import { Buffer } from "node:buffer"
import * as Effect from "effect/Effect"
import { claudeCode } from "../../harness/claude/ClaudeCode.ts"
import { hanLog } from "../../harness/han/HanLog.ts"
import { type Entry, SessionId, type Transcript, transcriptFileId } from "../../journal/Entry.ts"
import type { Append, Journal } from "../../journal/Journal.ts"
import type { StoreError } from "../../store/StoreError.ts"
import { Viewer } from "../../store/Viewer.ts"

/** One line of han's own, before it has a place in the journal. */
export interface HanLine {
  readonly sessionId: string
  readonly agentId: string | null
  readonly uuid: string
  readonly type: string
  /** Milliseconds since 1970. */
  readonly at: number
  readonly cwd: string
  readonly hookRunId: string | null
  readonly data: unknown
}

export interface HookLog {
  /**
   * Takes lines down, and never waits. They are in the journal soon, in this order, and at the latest when the scope of the log closes. While the journal cannot
   * be written they wait. When more than `mostWaiting` lines do, those that were noted first are left out, which is logged.
   */
  readonly note: (lines: ReadonlyArray<HanLine>) => Effect.Effect<void>
}

/** Lines that wait for the journal at most. */
export const mostWaiting = 20_000
const mostAtOnce = 200
const mostKnown = 1000
/** The pause before lines that could not be stored are tried again. */
const pauseMs = 2000

export interface HookLogWatcher {
  /** Lines could not be stored after three attempts. They are kept and tried again, unless the log is closing: then they are `lost`. */
  readonly failed: (error: StoreError, lines: number, lost: boolean) => Effect.Effect<void>
  /** Lines were stored. */
  readonly stored: Effect.Effect<void>
}

/**
 * Writes han's own lines into the journal: transcript `(machine, "han", session)`, its lines without a gap. Lines of a forgotten session are not stored, as
 * nothing of it is. Whatever goes wrong with lines but the store's own failures is logged, and later ones are stored.
 */
export const hookLog = Effect.fnUntraced(function* (journal: typeof Journal.Service, machine: string, { failed, stored }: HookLogWatcher) {
  const waiting: Array<ReadonlyArray<HanLine>> = []
  let waitingLines = 0
  let leftOut = 0
  let closing = false
  const called = yield* Effect.makeLatch()
  const ending = yield* Effect.makeLatch()
  /** The next line of a session's log, and where it begins. */
  const ends = new Map<string, { line: number; offset: number }>()

  const endOf = Effect.fnUntraced(function* (transcript: Transcript) {
    const known = ends.get(transcript.sessionId)
    if (known !== undefined) return known
    const fileId = transcriptFileId(transcript)
    const mine = (yield* journal.transcripts({ sessionId: transcript.sessionId })).filter((one) => transcriptFileId(one.transcript) === fileId)
    const last = mine.at(-1)
    return { line: last?.lines ?? 0, offset: last?.bytes ?? 0 }
  })

  const store = Effect.fnUntraced(function* (lines: ReadonlyArray<HanLine>) {
    const appends: Array<Append> = []
    const after = new Map<string, { line: number; offset: number }>()
    for (const sessionId of new Set(lines.map((line) => line.sessionId))) {
      const transcript: Transcript = { machine, source: hanLog.source, sessionId: SessionId.make(sessionId), kind: "han", agentId: null, generation: 1 }
      let { line, offset } = yield* endOf(transcript)
      const entries: Array<Entry> = []
      for (const one of lines) {
        if (one.sessionId !== sessionId) continue
        const bytes = Buffer.from(textOf(one))
        entries.push({ line, offset, bytes })
        line++
        offset += bytes.length + 1
      }
      appends.push({ transcript, entries })
      after.set(sessionId, { line, offset })
    }
    yield* journal.appendAll(appends)
    if (ends.size > mostKnown) ends.clear()
    for (const [sessionId, end] of after) ends.set(sessionId, end)
  })

  /** False: they are to be tried again. */
  const write = (lines: ReadonlyArray<HanLine>): Effect.Effect<boolean> =>
    Effect.suspend(() => store(lines)).pipe(
      Effect.provideService(Viewer, Viewer.local),
      // Whatever was wrong, the places are looked up anew; a forgotten session's log begins again.
      Effect.tapErrorCause(() => Effect.sync(() => ends.clear())),
      Effect.retry({ times: 2 }),
      Effect.zipRight(Effect.as(stored, true)),
      Effect.catchTags({
        EntryGap: (gap) => Effect.as(Effect.logError("a line of han's own did not fit into the journal", gap.message), true),
        StoreError: (error) => Effect.suspend(() => Effect.as(failed(error, lines.length, closing), closing))
      }),
      // Who writes must not end with one of the writes.
      Effect.catchAllCause((cause) =>
        Effect.as(Effect.logError(`${lines.length} lines about hooks are not in the history: writing them broke down`, cause), true)
      )
    )

  /** The oldest batches, whole. */
  const take = (): ReadonlyArray<HanLine> => {
    const lines: Array<HanLine> = []
    while (lines.length < mostAtOnce) {
      const batch = waiting.shift()
      if (batch === undefined) break
      for (const line of batch) lines.push(line)
    }
    waitingLines -= lines.length
    return lines
  }

  const work = Effect.gen(function* () {
    while (true) {
      yield* called.await
      yield* called.close
      while (waiting.length > 0) {
        if (leftOut > 0) {
          const lines = leftOut
          leftOut = 0
          yield* Effect.logError(`${lines} lines about hooks are not in the history: more than ${mostWaiting} waited for the journal`)
        }
        const lines = take()
        if (yield* write(lines)) continue
        waiting.unshift(lines)
        waitingLines += lines.length
        // Nothing is left out by itself: with the end of the log it is tried a last time.
        if (!closing) yield* Effect.timeoutOption(Effect.interruptible(ending.await), pauseMs)
      }
      if (closing) return
    }
  })
  // Not interrupted with the scope: what was noted is written first.
  const fiber = yield* Effect.forkDaemon(Effect.uninterruptible(work))
  yield* Effect.addFinalizer(() =>
    Effect.suspend(() => {
      closing = true
      return Effect.all([ending.open, called.open, fiber.await], { discard: true })
    })
  )

  return {
    note: (lines) =>
      Effect.suspend(() => {
        if (lines.length === 0 || closing) return Effect.void
        waiting.push(lines)
        waitingLines += lines.length
        // The newest batch stays, however long it is.
        while (waitingLines > mostWaiting && waiting.length > 1) {
          const left = waiting.shift()?.length ?? 0
          waitingLines -= left
          leftOut += left
        }
        return called.open
      })
  } satisfies HookLog
})

const textOf = ({ agentId, at, cwd, data, hookRunId, sessionId, type, uuid }: HanLine): string =>
  JSON.stringify({
    uuid,
    sessionId,
    ...(agentId === null ? {} : { agentId }),
    type,
    timestamp: new Date(at).toISOString(),
    cwd,
    harness: claudeCode.source,
    ...(hookRunId === null ? {} : { hookRunId }),
    data
  })
