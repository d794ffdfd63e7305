/**
 * Runs the hooks that are due at an event, and says what to tell the agent.
 *
 * @example
 * ```ts
 * import * as Effect from "effect/Effect"
 * import { HookRunner } from "han-core/HookRunner"
 *
 * // What a program that Claude Code calls at the event `Stop` does with its standard input.
 * const atStop = (input: string) =>
 *   Effect.gen(function* () {
 *     const runner = yield* HookRunner
 *     const environment = { PATH: process.env.PATH ?? "" }
 *     return yield* runner.answer({ event: "Stop", input, cwd: process.cwd(), environment, only: null, cache: true, answerAs: "command" })
 *   })
 * ```
 */

import type * as Chunk from "effect/Chunk"
import * as Context from "effect/Context"
import * as Deferred from "effect/Deferred"
import * as Effect from "effect/Effect"
import * as Fiber from "effect/Fiber"
import * as FiberSet from "effect/FiberSet"
import * as Layer from "effect/Layer"
import * as Mailbox from "effect/Mailbox"
import * as Stream from "effect/Stream"
import { Journal } from "../../journal/Journal.ts"
import { JournalWriter } from "../../journal/JournalWriter.ts"
import type { StoreError } from "../../store/StoreError.ts"
import { cachedPasses } from "../decision/cachedPasses.ts"
import { hookDeciding } from "../decision/hookDecision.ts"
import type { HookAnswer } from "../HookAnswer.ts"
import { HookCache } from "../HookCache.ts"
import type { HookCall, HookCallInvalid, HookPlan, HookProgress } from "../HookCall.ts"
import { type HookProjectInvalid, Hooks } from "../Hooks.ts"
import { oldOutputsGone } from "../process/oldOutputs.ts"
import { failClosedIndex } from "./failClosedIndex.ts"
import { hookCalls } from "./hookCalls.ts"
import { type HookLogWatcher, hookLog } from "./hookLog.ts"
import { hookSessionState } from "./hookSessionState.ts"
import { hookSlots } from "./hookSlots.ts"

/**
 * Runs the hooks of plugins. Each command has a process group of its own, which ends with the call: when its caller goes away, when it takes too long, and when
 * this process ends. A hook's exit code is no error; a `StoreError` means that whoever has the hooks does not answer.
 */
export class HookRunner extends Context.Tag("han-core/HookRunner")<
  HookRunner,
  {
    /**
     * Runs what is due, and says what to tell the agent. However many entries of the client call for an event, each hook is run, and told of, once. It ends with its
     * caller, unless the client does not wait for it: then it runs to its end all the same.
     */
    readonly answer: (call: HookCall) => Effect.Effect<HookAnswer, HookCallInvalid | HookProjectInvalid | StoreError>
    /** The same for somebody who looks on: told while it happens, whatever else is asked meanwhile; ends with `Answered`. Whoever stops to listen ends it. */
    readonly run: (call: HookCall) => Stream.Stream<HookProgress, HookCallInvalid | HookProjectInvalid | StoreError>
    /** Explains why each hook would run, or not. Runs nothing but `dir_test` and `file_test` of trusted hooks. */
    readonly explain: (call: HookCall) => Effect.Effect<HookPlan, HookCallInvalid | HookProjectInvalid | StoreError>
  }
>() {}

/** The folders of a runner, and its limits. */
export interface HookRunnerOptions {
  /** The id of this machine, in the journal. */
  readonly machine: string
  /** The folder for outputs that are too long for memory, used for nothing else, 0700. They are kept for two weeks, 2 GB of them at most; one has 1 GB at most. */
  readonly outputFolder: string
  /** Commands that run at once, of all calls; as many again for what an agent waits for while it works. */
  readonly slots: number
  /** The consecutive blocks of an agent that wants to stop, at most. */
  readonly maxBlocks: number
  /**
   * The file that notes which gates block while nobody runs them (`on_error: closed`), by project and by the configuration folder that the call named, "" for
   * none; see `ClosedGate`.
   */
  readonly failClosedFile: string
  /** Told why lines about hooks cannot be written to the journal, with every attempt, and null when they were. */
  readonly history?: ((failure: string | null) => Effect.Effect<void>) | undefined
  /** Told when the client says that a session is over. */
  readonly sessionEnded?: Effect.Effect<void> | undefined
  /** Git's environment. */
  readonly environment: Readonly<Record<string, string | undefined>>
}

/** Runs hooks in this process. When the layer's scope closes, every command is ended and what is to be written down is. */
export const layer = (options: HookRunnerOptions): Layer.Layer<HookRunner, never, Hooks | HookCache | Journal | JournalWriter> =>
  Layer.scoped(HookRunner, make(options))

const make = Effect.fnUntraced(function* (options: HookRunnerOptions) {
  const hooks = yield* Hooks
  const journal = yield* Journal
  const log = yield* hookLog(journal, yield* JournalWriter, options.machine, historyWatcher(options.history ?? (() => Effect.void)))
  const scope = yield* Effect.scope
  // Ends before the log is closed, and what it runs with it.
  const calls: Calls = yield* FiberSet.make()
  yield* Effect.forkIn(oldOutputsGone(options.outputFolder), scope)
  const passes = cachedPasses(yield* HookCache)
  const { execute, explain } = yield* hookCalls({
    hooks,
    passes,
    log,
    deciding: yield* hookDeciding({ passes, environment: options.environment, outputFolder: options.outputFolder }),
    sessionState: hookSessionState({ maxBlocks: options.maxBlocks }),
    slots: yield* hookSlots(options.slots),
    outputFolder: options.outputFolder,
    sessionEnded: options.sessionEnded ?? Effect.void,
    noteClosed: failClosedIndex(options.failClosedFile),
    inBackground: (work) => Effect.asVoid(Effect.forkIn(work, scope))
  })
  return HookRunner.of({
    answer: Effect.fn("HookRunner.answer")((call: HookCall) => outliving(calls, (stays) => execute(call, null, stays))),
    run: (call) => progressOf((emit) => owned(calls, execute(call, emit))),
    explain: Effect.fn("HookRunner.explain")(explain)
  })
})

type Calls = FiberSet.FiberSet<unknown, unknown>
type Failure = HookCallInvalid | HookProjectInvalid | StoreError

/** Logs once why lines about hooks cannot be written, and each time that some are lost. */
const historyWatcher = (history: (failure: string | null) => Effect.Effect<void>): HookLogWatcher => {
  let told = ""
  return {
    failed: ({ message }, lines, lost) => {
      const isNews = told !== message
      told = message
      const noted = lost
        ? Effect.logError(`${lines} lines about hooks are not in the history: ${message}`)
        : isNews
          ? Effect.logWarning(`lines about hooks wait to be written: ${message}`)
          : Effect.void
      return Effect.zipRight(noted, history(message))
    },
    stored: Effect.suspend(() => {
      told = ""
      return history(null)
    })
  }
}

/** Runs a call in a fiber of the runner's own, which ends with its caller. */
const owned = <A, E>(calls: Calls, call: Effect.Effect<A, E>): Effect.Effect<A, E> =>
  Effect.uninterruptibleMask((restore) =>
    Effect.flatMap(FiberSet.run(calls, restore(call)), (fiber) => Effect.onInterrupt(restore(Fiber.join(fiber)), () => Fiber.interrupt(fiber)))
  )

/** The same, but it goes on without its caller where the client does not wait for it, which is known when it is planned. */
const outliving = <A, E>(calls: Calls, call: (stays: (stays: boolean) => Effect.Effect<boolean>) => Effect.Effect<A, E>): Effect.Effect<A, E> =>
  Effect.uninterruptibleMask((restore) =>
    Effect.gen(function* () {
      const known = yield* Deferred.make<boolean>()
      const run = restore(call((stays) => Deferred.succeed(known, stays)))
      const fiber = yield* FiberSet.run(
        calls,
        Effect.onExit(run, () => Deferred.succeed(known, false))
      )
      const leave = Effect.flatMap(Deferred.await(known), (stays) => (stays ? Effect.void : Fiber.interrupt(fiber)))
      return yield* Effect.onInterrupt(restore(Fiber.join(fiber)), () => leave)
    })
  )

/** Streams what a call emits, and its answer as the last. */
const progressOf = (call: (emit: (progress: HookProgress) => void) => Effect.Effect<HookAnswer, Failure>): Stream.Stream<HookProgress, Failure> =>
  Stream.unwrapScoped(
    Effect.gen(function* () {
      const progress = yield* Mailbox.make<HookProgress, Failure>()
      const { emit, taken } = boundedTo(progress)
      yield* call(emit).pipe(
        Effect.tap((answer) => progress.offer({ _tag: "Answered", answer })),
        Mailbox.into(progress),
        Effect.forkScoped
      )
      return Stream.mapChunks(Mailbox.toStream(progress), taken)
    })
  )

/** Characters of lines that wait for a listener at most; a command is never held up by one that reads slowly. */
const maxWaiting = 16_000_000

/** Hands on what happens, and counts what was taken. Lines for which a slow listener has no room are left out, and it is told how many. */
const boundedTo = <E>(progress: Mailbox.Mailbox<HookProgress, E>) => {
  let waiting = 0
  let left: { lines: number; runId: string } | null = null
  const offer = (one: HookProgress) => {
    waiting += sizeOf(one)
    progress.unsafeOffer(one)
  }
  return {
    emit: (one: HookProgress): void => {
      if (one._tag === "Line" && waiting >= maxWaiting) {
        left = { lines: (left?.lines ?? 0) + 1, runId: one.runId }
        return
      }
      if (left !== null) offer({ _tag: "Line", runId: left.runId, stream: "stderr", text: `… ${left.lines} lines were left out here` })
      left = null
      offer(one)
    },
    taken: (all: Chunk.Chunk<HookProgress>): Chunk.Chunk<HookProgress> => {
      for (const one of all) waiting -= sizeOf(one)
      return all
    }
  }
}

const sizeOf = (one: HookProgress): number => (one._tag === "Line" ? one.text.length + 100 : 0)
