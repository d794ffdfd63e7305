/**
 * Brings transcripts into the journal: in one pass, or for ever.
 *
 * @example
 * ```ts
 * import * as Effect from "effect/Effect"
 * import * as Stream from "effect/Stream"
 * import { Indexer } from "han-core/Indexer"
 *
 * const index = Effect.gen(function* () {
 *   const indexer = yield* Indexer
 *   yield* Stream.runForEach(indexer.index, (progress) =>
 *     progress._tag === "Indexed"
 *       ? Effect.logInfo(`${progress.report.appended} new lines, ${progress.report.entries} in all`)
 *       : Effect.logInfo(`${progress.filesDone} of ${progress.files} files`)
 *   )
 * })
 * ```
 */

import * as Clock from "effect/Clock"
import * as Context from "effect/Context"
import * as Effect from "effect/Effect"
import * as Layer from "effect/Layer"
import * as Schedule from "effect/Schedule"
import * as Schema from "effect/Schema"
import * as Stream from "effect/Stream"
import { StoreError } from "../store/StoreError.ts"
import { type OwnerId, Viewer } from "../store/Viewer.ts"
import { indexAll, indexPaths } from "./indexPass.ts"
import { type Known, knownOf, newTally, type Tally, type Work } from "./indexWork.ts"
import { Journal } from "./Journal.ts"
import { type EntryGap, JournalWriter } from "./JournalWriter.ts"
import { pathQueue } from "./pathQueue.ts"
import type { ToolOutputGap } from "./ToolOutput.ts"
import { FileProblem, NotTakenFiles, RootState, Transcripts } from "./Transcripts.ts"

/** `transcripts`, `entries`, `unreadable`, `unrecognized` are totals of the journal; `bytesRead`, `appended`, `durationMs` are of this pass. */
export const IndexReport = Schema.Struct({
  transcripts: Schema.Int,
  bytesRead: Schema.Int,
  entries: Schema.Int,
  appended: Schema.Int,
  unreadable: Schema.Int,
  unrecognized: Schema.Int,
  durationMs: Schema.Number,
  /** Files and folders that could not be read in this pass. */
  problems: Schema.Array(FileProblem),
  /** Files that are named as a transcript and are none. */
  notTaken: NotTakenFiles
})
export type IndexReport = typeof IndexReport.Type

/** A step of a pass: `Indexing` at most ten times a second, `Indexed` once, as the last. */
export const IndexProgress = Schema.Union(
  /** `bytes`: of the files that have something new; `bytesDone` of them are in the journal. */
  Schema.TaggedStruct("Indexing", { files: Schema.Int, filesDone: Schema.Int, bytes: Schema.Int, bytesDone: Schema.Int }),
  Schema.TaggedStruct("Indexed", { report: IndexReport })
)
export type IndexProgress = typeof IndexProgress.Type

/** Something cannot be written. `message`: what, why, and what to do. */
export const CannotWrite = Schema.Struct({
  /** Milliseconds since 1970: the first failure of those that have gone on until now. */
  since: Schema.Number,
  message: Schema.String
})
export type CannotWrite = typeof CannotWrite.Type

/** The state of the indexer of a process. Times are milliseconds since 1970. */
export const IndexerStatus = Schema.Struct({
  /** The progress of the pass that is running; null between passes. */
  running: Schema.NullOr(Schema.Struct({ files: Schema.Int, filesDone: Schema.Int, bytes: Schema.Int, bytesDone: Schema.Int })),
  following: Schema.Boolean,
  lastPassAt: Schema.NullOr(Schema.Number),
  /** Bytes of transcripts read since the start. */
  bytesRead: Schema.Int,
  /** The reason why lines of transcripts are not in the journal; null when the last pass could store all that it found. */
  failing: Schema.NullOr(CannotWrite),
  roots: Schema.Array(RootState),
  problems: Schema.Array(FileProblem)
})
export type IndexerStatus = typeof IndexerStatus.Type

/** Brings transcripts into the journal. */
export class Indexer extends Context.Tag("han-core/Indexer")<
  Indexer,
  {
    /** One pass over every transcript, after the one that is running if any: how far it is, and the report as its last element. */
    readonly index: Stream.Stream<IndexProgress, StoreError, Viewer>
    /** The state now, a running pass included. */
    readonly status: Effect.Effect<IndexerStatus, StoreError>
    /** Looks at every folder now for files that are named as a transcript and are none. */
    readonly notTaken: Effect.Effect<NotTakenFiles, StoreError>
  }
>() {}

/** Keeps the journal up to date. A process that owns the database has it; it is on no wire. */
export class IndexerFollow extends Context.Tag("han-core/IndexerFollow")<
  IndexerFollow,
  {
    /** Indexes everything, then follows the transcripts for ever. */
    readonly follow: Effect.Effect<never, StoreError, Viewer>
  }
>() {}

/** Brings files into the journal, one after the other: a transcript's lines are appended in order and by one fiber at a time. */
export const layer: Layer.Layer<Indexer | IndexerFollow, never, Transcripts | Journal | JournalWriter> = Layer.effectContext(
  Effect.gen(function* () {
    const transcripts = yield* Transcripts
    const journal = yield* Journal
    const passes = yield* makePasses({ transcripts, journal, writer: yield* JournalWriter })
    const failures = makeFailures()
    // Of those who follow: everything is to be looked at again, for a pass that somebody asked for has failed.
    const lookAgain = new Set<() => void>()
    let following = 0
    const follow: typeof IndexerFollow.Service.follow = Effect.acquireUseRelease(
      Effect.sync(() => following++),
      () => Effect.scoped(followAll(transcripts, passes, failures, lookAgain)),
      () => Effect.sync(() => following--)
    )
    const status = Effect.map(
      transcripts.roots,
      (roots): IndexerStatus => ({ ...passes.status(), following: following > 0, failing: failures.current(), roots })
    )
    const notTaken = Effect.map(transcripts.list, (found) => found.notTaken)
    return Context.make(Indexer, { index: indexNow(journal, passes, failures, lookAgain), status, notTaken }).pipe(Context.add(IndexerFollow, { follow }))
  })
)

/** The pause between two reports of progress. */
const progressMs = 100

type Tell = (tally: Tally) => void

interface Passes {
  /** One pass over every transcript, after the one that is running. */
  readonly everything: (tell: Tell) => Effect.Effect<Tally, StoreError, Viewer>
  /** One pass over these paths, after the one that is running. */
  readonly some: (paths: ReadonlyArray<string>) => Effect.Effect<void, StoreError, Viewer>
  readonly status: () => Pick<IndexerStatus, "running" | "lastPassAt" | "bytesRead" | "problems">
}

const makePasses = (sources: Pick<Work, "transcripts" | "journal" | "writer">): Effect.Effect<Passes> =>
  Effect.map(Effect.makeSemaphore(1), (oneAtATime) => {
    const known = new Map<OwnerId, Known>()
    const problems = new Map<string, FileProblem>()
    let running: Tally | null = null
    let lastPassAt: number | null = null
    let bytesReadBefore = 0

    const knownTo = Effect.fn("Indexer.load")(function* (owner: OwnerId) {
      const before = known.get(owner)
      if (before !== undefined) return before
      const loaded = knownOf(yield* sources.journal.transcripts(), yield* sources.journal.outputs())
      known.set(owner, loaded)
      return loaded
    })
    const pass = (run: Run, tell: Tell) =>
      Effect.gen(function* () {
        const { owner } = yield* Viewer
        const tally = newTally(yield* Clock.currentTimeMillis)
        running = tally
        const attempt = Effect.flatMap(knownTo(owner), (mine) =>
          run({ ...sources, known: mine, tally, pending: { appends: [], outputs: [], bytes: 0 }, stepped: steps(tally, tell) })
        ).pipe(
          // What was remembered may be ahead of what was stored.
          Effect.tapErrorCause(() => Effect.sync(() => known.delete(owner)))
        )
        yield* Effect.ensuring(
          repeated(attempt),
          Effect.sync(() => {
            running = null
            bytesReadBefore += tally.bytesRead
          })
        )
        tell(tally)
        return tally
      }).pipe(oneAtATime.withPermits(1))
    const note = (tally: Tally) => {
      for (const problem of tally.problems.values()) problems.set(problem.path, problem)
    }
    return {
      everything: (tell) =>
        Effect.gen(function* () {
          const tally = yield* pass(indexAll, tell)
          problems.clear()
          note(tally)
          lastPassAt = yield* Clock.currentTimeMillis
          return tally
        }),
      some: (paths) =>
        Effect.map(
          pass(
            (work) => indexPaths(work, paths),
            () => {}
          ),
          (tally) => {
            for (const path of paths) problems.delete(path)
            note(tally)
          }
        ),
      status: () => ({
        running: running === null ? null : counts(running),
        lastPassAt,
        bytesRead: bytesReadBefore + (running?.bytesRead ?? 0),
        problems: [...problems.values()]
      })
    }
  })

type Run = (work: Work) => Effect.Effect<unknown, EntryGap | ToolOutputGap | StoreError, Viewer>

/** Tells how far a pass is, after its first step and then now and then. */
const steps = (tally: Tally, tell: Tell): Effect.Effect<void> => {
  let toldAt = Number.NEGATIVE_INFINITY
  return Effect.map(Clock.currentTimeMillis, (now) => {
    if (now - toldAt < progressMs) return
    toldAt = now
    tell(tally)
  })
}

/** Somebody else appended to the same transcript: the journal knows better where it ends, so a pass is tried again. */
const repeated = (attempt: ReturnType<Run>): Effect.Effect<unknown, StoreError, Viewer> =>
  attempt.pipe(
    Effect.retry({ times: 3, while: (error) => error._tag !== "StoreError" }),
    Effect.mapError((error) =>
      error._tag === "StoreError"
        ? error
        : new StoreError({ operation: "index", reason: "busy", message: `${error.message}: another process appends to this journal, too` })
    )
  )

interface Failures {
  readonly current: () => CannotWrite | null
  readonly over: Effect.Effect<void>
  readonly note: (error: StoreError) => Effect.Effect<void>
}

/** The reason why nothing can be stored, and since when. */
const makeFailures = (): Failures => {
  let failing: CannotWrite | null = null
  return {
    current: () => failing,
    over: Effect.sync(() => {
      failing = null
    }),
    note: ({ message }) =>
      Effect.map(Clock.currentTimeMillis, (now) => {
        failing = { since: failing?.since ?? now, message }
      })
  }
}

type LookAgain = Set<() => void>

const indexNow = (
  journal: typeof Journal.Service,
  passes: Passes,
  failures: Failures,
  lookAgain: LookAgain
): Stream.Stream<IndexProgress, StoreError, Viewer> => {
  const report = Effect.fn("Indexer.index")(function* (tell: (progress: IndexProgress) => void) {
    const { appended, begunAt, bytesRead, notTaken, problems } = yield* passes.everything((tally) => tell(progressOf(tally)))
    yield* failures.over
    const { entries, transcripts, unreadable, unrecognized } = yield* journal.totals
    const durationMs = (yield* Clock.currentTimeMillis) - begunAt
    return { transcripts, bytesRead, entries, appended, unreadable, unrecognized, durationMs, problems: [...problems.values()], notTaken }
  })
  return Stream.asyncPush<IndexProgress, StoreError, Viewer>(
    (emit) =>
      report((progress) => {
        emit.single(progress)
      }).pipe(
        Effect.tapError((error) =>
          Effect.map(failures.note(error), () => {
            for (const again of lookAgain) again()
          })
        ),
        Effect.matchCause({
          onFailure: (cause) => emit.halt(cause),
          onSuccess: (report) => {
            emit.single({ _tag: "Indexed", report })
            emit.end()
          }
        }),
        Effect.forkScoped
      ),
    { bufferSize: "unbounded" }
  )
}

const followAll = (transcripts: typeof Transcripts.Service, passes: Passes, failures: Failures, lookAgain: LookAgain) =>
  Effect.gen(function* () {
    const queue = yield* pathQueue
    const again = () => queue.add(null)
    yield* Effect.acquireRelease(
      Effect.sync(() => lookAgain.add(again)),
      () => Effect.sync(() => lookAgain.delete(again))
    )
    const collect = Stream.runForEach(transcripts.changes, (paths) => Effect.sync(() => queue.add(paths)))
    const turn = Effect.flatMap(queue.take, (taken) =>
      // What could not be stored is still to be done, together with what comes meanwhile: a turn that succeeds has done all of it.
      Effect.zipLeft(
        Effect.onError(taken === null ? passes.everything(() => {}) : passes.some([...taken]), () => Effect.sync(() => queue.add(taken))),
        failures.over
      )
    )
    const turns = turn.pipe(
      Effect.tapError((error) => {
        // A failure that lasts is told once, not with every attempt.
        const isNews = failures.current()?.message !== error.message
        const told = isNews && isPassing(error) ? Effect.logWarning(`cannot index now, trying again: ${error.message}`) : Effect.void
        return Effect.zipRight(failures.note(error), told)
      }),
      Effect.retry({ while: isPassing, schedule: backoff }),
      Effect.forever
    )
    return yield* Effect.raceFirst(turns, Effect.zipRight(collect, Effect.never))
  })

const counts = ({ bytes, bytesDone, files, filesDone }: Tally) => ({ files, filesDone, bytes, bytesDone })
const progressOf = (tally: Tally): IndexProgress => ({ _tag: "Indexing", ...counts(tally) })

/** Another process holds the database, the disk is full, the database does not answer: it may be over soon, and nothing is lost by waiting. */
const isPassing = (error: StoreError): boolean => error.reason === "busy" || error.reason === "full" || error.reason === "unreachable"
/** Soon after there is space again everything is as it should be; an attempt costs a look at the files. */
const backoff = Schedule.union(Schedule.exponential("250 millis"), Schedule.spaced("5 seconds"))
