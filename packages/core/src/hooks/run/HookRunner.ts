import type * as Chunk from "effect/Chunk"
import * as Context from "effect/Context"
import * as Deferred from "effect/Deferred"
import * as Effect from "effect/Effect"
import * as Fiber from "effect/Fiber"
import * as FiberId from "effect/FiberId"
import * as FiberSet from "effect/FiberSet"
import * as Layer from "effect/Layer"
import * as Mailbox from "effect/Mailbox"
import * as Stream from "effect/Stream"
import { Journal } from "../../journal/Journal.ts"
import { JournalWriter } from "../../journal/JournalWriter.ts"
import type { StoreError } from "../../store/StoreError.ts"
import { hookDeciding } from "../decision/hookDecision.ts"
import { passesIn } from "../decision/passes.ts"
import type { HookAnswer } from "../HookAnswer.ts"
import { HookCache } from "../HookCache.ts"
import type { HookCall, HookCallInvalid, HookPlan, HookProgress } from "../HookCall.ts"
import { type HookProjectInvalid, Hooks } from "../Hooks.ts"
import { oldOutputsGone } from "../process/oldOutputs.ts"
import { closedGates } from "./closedGates.ts"
import { hookCalls } from "./hookCalls.ts"
import { hookLog } from "./hookLog.ts"
import { hookSlots } from "./hookSlots.ts"
import { hookStanding } from "./hookStanding.ts"

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
    /** Why each hook would run, or not. Runs nothing but `dir_test` and `file_test` of trusted hooks. */
    readonly explain: (call: HookCall) => Effect.Effect<HookPlan, HookCallInvalid | HookProjectInvalid | StoreError>
  }
>() {}

export interface HookRunnerOptions {
  /** The id of this machine, in the journal. */
  readonly machine: string
  /** Where outputs go that are too long for memory: a folder of their own, 0700. They are kept for two weeks, 2 GB of them at most; one has 1 GB at most. */
  readonly outputFolder: string
  /** Commands that run at once, of all calls; as many again for what an agent waits for while it works. */
  readonly slots: number
  /** How often in a row an agent that wants to stop is sent on. */
  readonly mostBlocks: number
  /**
   * Where it is noted which gates block while nobody runs them (`on_error: closed`), by project and by the configuration folder that the call named, "" for
   * none; see `ClosedGate`.
   */
  readonly failClosedFile: string
  /** Told why lines about hooks cannot be written to the journal, with every attempt, and null when they were. */
  readonly history?: ((failure: string | null) => Effect.Effect<void>) | undefined
  /** Git's environment. */
  readonly environment: Readonly<Record<string, string | undefined>>
}

/** Runs hooks in this process. When the layer's scope closes, every command is ended and what is to be written down is. */
export const layer = (options: HookRunnerOptions): Layer.Layer<HookRunner, never, Hooks | HookCache | Journal | JournalWriter> =>
  Layer.scoped(
    HookRunner,
    Effect.gen(function* () {
      const hooks = yield* Hooks
      const cache = yield* HookCache
      const journal = yield* Journal
      const history = options.history ?? (() => Effect.void)
      let told = ""
      const log = yield* hookLog(journal, yield* JournalWriter, options.machine, {
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
      })
      const scope = yield* Effect.scope
      // Ends before the log is closed, and what it runs with it.
      const calls = yield* FiberSet.make()
      const owned = <A, E>(call: Effect.Effect<A, E>): Effect.Effect<A, E> =>
        Effect.uninterruptibleMask((restore) =>
          Effect.flatMap(FiberSet.run(calls, restore(call)), (fiber) => Effect.onInterrupt(restore(Fiber.join(fiber)), () => Fiber.interrupt(fiber)))
        )
      /** The same, but it goes on without its caller where the client does not wait for it, which is known when it is planned. */
      const outliving = <E>(call: (stays: (stays: boolean) => void) => Effect.Effect<HookAnswer, E>): Effect.Effect<HookAnswer, E> =>
        Effect.uninterruptibleMask((restore) =>
          Effect.suspend(() => {
            const known = Deferred.unsafeMake<boolean>(FiberId.none)
            const run = call((stays) => Deferred.unsafeDone(known, Effect.succeed(stays)))
            const fiber = FiberSet.run(
              calls,
              Effect.onExit(restore(run), () => Deferred.succeed(known, false))
            )
            const left = (fiber: Fiber.RuntimeFiber<HookAnswer, E>) =>
              Effect.flatMap(Deferred.await(known), (stays) => (stays ? Effect.void : Effect.asVoid(Fiber.interrupt(fiber))))
            return Effect.flatMap(fiber, (fiber) => Effect.onInterrupt(restore(Fiber.join(fiber)), () => left(fiber)))
          })
        )
      yield* Effect.forkIn(oldOutputsGone(options.outputFolder), scope)
      const passes = passesIn(cache)
      const { execute, explain } = hookCalls({
        hooks,
        passes,
        log,
        deciding: hookDeciding({ passes, environment: options.environment, outputFolder: options.outputFolder }),
        standing: hookStanding({ mostBlocks: options.mostBlocks }),
        slots: hookSlots(options.slots),
        outputFolder: options.outputFolder,
        noteClosed: closedGates(options.failClosedFile),
        inBackground: (work) => Effect.asVoid(Effect.forkIn(work, scope))
      })
      return {
        answer: Effect.fn("HookRunner.answer")((call: HookCall) => outliving((stays) => execute(call, null, stays))),
        run: (call) =>
          Stream.unwrapScoped(
            Effect.gen(function* () {
              const progress = yield* Mailbox.make<HookProgress, HookCallInvalid | HookProjectInvalid | StoreError>()
              const { emit, taken } = boundedTo(progress)
              yield* owned(execute(call, emit)).pipe(
                Effect.tap((answer) => progress.offer({ _tag: "Answered", answer })),
                Mailbox.into(progress),
                Effect.forkScoped
              )
              return Stream.mapChunks(Mailbox.toStream(progress), taken)
            })
          ),
        explain: Effect.fn("HookRunner.explain")(explain)
      }
    })
  )

/** Characters of lines that wait for a listener at most; a command is never held up by one that reads slowly. */
const mostWaiting = 16_000_000

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
      if (one._tag === "Line" && waiting >= mostWaiting) {
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
