import { Buffer } from "node:buffer"
import * as Effect from "effect/Effect"
import * as Mailbox from "effect/Mailbox"
import { type Entry, SessionId, type Transcript, transcriptFileId } from "../Entry.ts"
import type { Append, Journal } from "../Journal.ts"
import type { StoreError } from "../StoreError.ts"
import { Viewer } from "../Viewer.ts"

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
  /** Takes lines down. They are in the journal soon, in this order, and at the latest when the scope of the log closes. */
  readonly note: (lines: ReadonlyArray<HanLine>) => Effect.Effect<void>
  /** Waits until everything that was noted before is in the journal. */
  readonly settled: Effect.Effect<void>
}

const mostAtOnce = 200
const mostKnown = 1000

/**
 * Writes han's own lines into the journal: transcript `(machine, "han", session)`, its lines without a gap. `failed` is told of lines that could not be stored
 * after three attempts; lines of a forgotten session are not stored, as nothing of it is.
 */
export const hookLog = Effect.fnUntraced(function* (
  journal: typeof Journal.Service,
  machine: string,
  failed: (error: StoreError, lines: number) => Effect.Effect<void>
) {
  const queue = yield* Mailbox.make<{ readonly lines: ReadonlyArray<HanLine>; readonly done: (() => void) | null }>()
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
      const transcript: Transcript = { machine, source: "han", sessionId: SessionId.make(sessionId), kind: "han", agentId: null, generation: 1 }
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

  const write = (lines: ReadonlyArray<HanLine>) =>
    Effect.suspend(() => store(lines)).pipe(
      Effect.provideService(Viewer, Viewer.local),
      // Whatever was wrong, the places are looked up anew; a forgotten session's log begins again.
      Effect.tapError(() => Effect.sync(() => ends.clear())),
      Effect.retry({ times: 2 }),
      Effect.catchTags({
        EntryGap: (gap) => Effect.logError("a line of han's own did not fit into the journal", gap.message),
        StoreError: (error) => failed(error, lines.length)
      })
    )

  const drain = Effect.fnUntraced(function* (batches: Iterable<{ readonly lines: ReadonlyArray<HanLine>; readonly done: (() => void) | null }>) {
    let lines: Array<HanLine> = []
    const done: Array<() => void> = []
    for (const batch of batches) {
      lines.push(...batch.lines)
      if (batch.done !== null) done.push(batch.done)
      if (lines.length < mostAtOnce) continue
      yield* write(lines)
      lines = []
    }
    if (lines.length > 0) yield* write(lines)
    for (const tell of done) tell()
  })

  const work = Effect.gen(function* () {
    while (true) {
      const [batches, ended] = yield* queue.takeAll
      yield* drain(batches)
      if (ended) return
    }
  })
  // Not interrupted with the scope: what was noted is written first.
  const fiber = yield* Effect.forkDaemon(Effect.uninterruptible(work))
  yield* Effect.addFinalizer(() => Effect.zipRight(queue.end, fiber.await))

  return {
    note: (lines) => (lines.length === 0 ? Effect.void : Effect.asVoid(queue.offer({ lines, done: null }))),
    settled: Effect.async<void>((resume) => {
      const offered = queue.unsafeOffer({ lines: [], done: () => resume(Effect.void) })
      if (!offered) resume(Effect.void)
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
    harness: "claude-code",
    ...(hookRunId === null ? {} : { hookRunId }),
    data
  })
