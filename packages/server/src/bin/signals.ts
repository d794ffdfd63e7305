import * as Deferred from "effect/Deferred"
import * as Effect from "effect/Effect"

/** The first signal ends it in good order, a second one at once. */
export const onSignals = (stopping: Deferred.Deferred<string>) =>
  Effect.acquireRelease(
    Effect.sync(() => {
      let signalled = false
      const listener = (signal: NodeJS.Signals) => {
        if (signalled) process.exit(130)
        signalled = true
        Deferred.unsafeDone(stopping, Effect.succeed(signal))
      }
      const signals = ["SIGINT", "SIGTERM", "SIGHUP"] as const
      for (const signal of signals) process.on(signal, listener)
      return () => {
        for (const signal of signals) process.off(signal, listener)
      }
    }),
    (off) => Effect.sync(off)
  )
