import { assert, it } from "@effect/vitest"
import { Effect, Exit, Scope } from "effect"
import { checkpoints } from "../../src/database/checkpoints.ts"

/** Runs `effect` while every new thread is one of this text. */
const withThreads = <A, E, R>(text: string | null, effect: Effect.Effect<A, E, R>) =>
  Effect.acquireUseRelease(
    Effect.sync(() => {
      const before = globalThis.Worker
      globalThis.Worker = class extends before {
        constructor() {
          if (text === null) throw new Error("no more threads")
          super(URL.createObjectURL(new Blob([text], { type: "application/javascript" })), { ref: false } as WorkerOptions)
        }
      }
      return before
    }),
    () => effect,
    (before) => Effect.sync(() => void (globalThis.Worker = before))
  )

for (const [what, text] of [
  ["cannot be made", null],
  ["dies", "throw new Error('no')"],
  ["cannot open the file", "onmessage = ({ data }) => postMessage({ word: data.word, failed: true })"]
] as const)
  it.live(`a thread that ${what} holds nobody up`, () =>
    withThreads(
      text,
      Effect.gen(function* () {
        const scope = yield* Scope.make()
        const { look, ready } = yield* Scope.extend(checkpoints("/nowhere/han.db"), scope)
        yield* look
        yield* Effect.sleep(100)
        yield* look
        yield* Scope.close(scope, Exit.void)
        assert.isTrue((yield* Effect.timeoutOption(ready, 10))._tag === "None")
      })
    )
  )
