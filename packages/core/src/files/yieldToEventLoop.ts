import * as Effect from "effect/Effect"

/** Lets all else that waits have its turn, sockets and timers among it; `Effect.yieldNow` does so for other fibers only. */
export const yieldToEventLoop: Effect.Effect<void> = Effect.async((resume) => {
  const turn = setImmediate(() => resume(Effect.void))
  return Effect.sync(() => clearImmediate(turn))
})
