import { Buffer } from "node:buffer"
import * as Cache from "effect/Cache"
import * as Clock from "effect/Clock"
import * as Duration from "effect/Duration"
import * as Effect from "effect/Effect"
import { claudeCode } from "../../harness/claude/ClaudeCode.ts"
import { hanLog } from "../../harness/han/HanLog.ts"
import { type Entry, SessionId, type Transcript, transcriptFileId } from "../../journal/Entry.ts"
import type { Journal } from "../../journal/Journal.ts"
import type { Append, JournalWriter } from "../../journal/JournalWriter.ts"
import type { StoreError } from "../../store/StoreError.ts"
import { Viewer } from "../../store/Viewer.ts"

/** One line of han's own, before it has a place in the journal. */
export interface HanLine {
  readonly sessionId: string
  readonly agentId: string | null
  readonly uuid: string
  readonly type: string
  readonly cwd: string
  readonly hookRunId: string | null
  readonly data: unknown
}

export interface HookLog {
  /**
   * Takes lines down, and never waits. They are in the journal soon, in this order, and at the latest when the scope of the log closes. While the journal cannot
   * be written they wait. When more than `maxWaiting` lines do, those that were noted first are left out, which is logged.
   */
  readonly note: (lines: ReadonlyArray<HanLine>) => Effect.Effect<void>
}

/** Lines that wait for the journal at most. */
export const maxWaiting = 20_000
const maxAtOnce = 200
const maxKnown = 1000
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
export const hookLog = Effect.fnUntraced(function* (
  journal: Pick<typeof Journal.Service, "transcripts">,
  writer: Pick<typeof JournalWriter.Service, "appendAll">,
  machine: string,
  { failed, stored }: HookLogWatcher
) {
  const waiting = new WaitingLines()
  const store = yield* journalWriter(journal, writer, machine)
  let closing = false
  const called = yield* Effect.makeLatch()
  const ending = yield* Effect.makeLatch()

  /** False: they are to be tried again. */
  const write = (lines: ReadonlyArray<NotedLine>): Effect.Effect<boolean> =>
    store(lines).pipe(
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

  const work = Effect.gen(function* () {
    while (!closing || waiting.count > 0) {
      yield* called.await
      yield* called.close
      while (waiting.count > 0) {
        const leftOut = waiting.takeLeftOut()
        if (leftOut > 0) yield* Effect.logError(`${leftOut} lines about hooks are not in the history: more than ${maxWaiting} waited for the journal`)
        const lines = waiting.take()
        if (yield* write(lines)) continue
        waiting.putBack(lines)
        // Nothing is left out by itself: with the end of the log it is tried a last time.
        if (!closing) yield* Effect.timeoutOption(Effect.interruptible(ending.await), pauseMs)
      }
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
      Effect.flatMap(Clock.currentTimeMillis, (at) => {
        if (lines.length === 0 || closing) return Effect.void
        waiting.push(lines.map((line) => ({ ...line, at })))
        return called.open
      })
  } satisfies HookLog
})

/** `at`: when it was noted, in milliseconds since 1970. */
interface NotedLine extends HanLine {
  readonly at: number
}

/** Lines in the batches in which they were noted. Beyond `maxWaiting` lines the oldest batches are left out; the newest stays, however long it is. */
class WaitingLines {
  count = 0
  private leftOut = 0
  private readonly batches: Array<ReadonlyArray<NotedLine>> = []

  push(batch: ReadonlyArray<NotedLine>): void {
    this.batches.push(batch)
    this.count += batch.length
    while (this.count > maxWaiting && this.batches.length > 1) {
      const left = this.batches.shift()?.length ?? 0
      this.count -= left
      this.leftOut += left
    }
  }

  /** The oldest batches, whole. */
  take(): ReadonlyArray<NotedLine> {
    const lines: Array<NotedLine> = []
    while (lines.length < maxAtOnce) {
      const batch = this.batches.shift()
      if (batch === undefined) break
      for (const line of batch) lines.push(line)
    }
    this.count -= lines.length
    return lines
  }

  putBack(lines: ReadonlyArray<NotedLine>): void {
    this.batches.unshift(lines)
    this.count += lines.length
  }

  /** The number of lines that were left out since the last question. */
  takeLeftOut(): number {
    const lines = this.leftOut
    this.leftOut = 0
    return lines
  }
}

/** Appends lines to their sessions' logs. Whatever goes wrong, the ends of the logs are looked up anew; a forgotten session's log begins again. */
const journalWriter = Effect.fnUntraced(function* (
  journal: Pick<typeof Journal.Service, "transcripts">,
  writer: Pick<typeof JournalWriter.Service, "appendAll">,
  machine: string
) {
  const transcriptOf = (sessionId: string): Transcript => ({
    machine,
    source: hanLog.source,
    sessionId: SessionId.make(sessionId),
    kind: "han",
    agentId: null,
    generation: 1
  })
  /** The next line of a session's log, and where it begins. */
  const ends = yield* Cache.make({
    capacity: maxKnown,
    timeToLive: Duration.infinity,
    lookup: Effect.fnUntraced(
      function* (sessionId: string) {
        const fileId = transcriptFileId(transcriptOf(sessionId))
        const mine = (yield* journal.transcripts({ sessionId: SessionId.make(sessionId) })).filter((one) => transcriptFileId(one.transcript) === fileId)
        const last = mine.at(-1)
        return { line: last?.lines ?? 0, offset: last?.bytes ?? 0 }
      },
      Effect.provideService(Viewer, Viewer.local)
    )
  })
  const append = Effect.fnUntraced(function* (lines: ReadonlyArray<NotedLine>) {
    const appends: Array<Append> = []
    const after: Array<readonly [string, { readonly line: number; readonly offset: number }]> = []
    for (const [sessionId, mine] of Map.groupBy(lines, (line) => line.sessionId)) {
      let { line, offset } = yield* ends.get(sessionId)
      const entries: Array<Entry> = []
      for (const one of mine) {
        const bytes = Buffer.from(textOf(one))
        entries.push({ line, offset, bytes })
        line++
        offset += bytes.length + 1
      }
      appends.push({ transcript: transcriptOf(sessionId), entries })
      after.push([sessionId, { line, offset }])
    }
    yield* writer.appendAll(appends)
    yield* Effect.forEach(after, ([sessionId, end]) => ends.set(sessionId, end), { discard: true })
  })
  return (lines: ReadonlyArray<NotedLine>) =>
    append(lines).pipe(
      Effect.provideService(Viewer, Viewer.local),
      Effect.tapErrorCause(() => ends.invalidateAll)
    )
})

const textOf = ({ agentId, at, cwd, data, hookRunId, sessionId, type, uuid }: NotedLine): string =>
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
