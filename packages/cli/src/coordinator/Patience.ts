import * as Effect from "effect/Effect"

const napMs = 50
/** A nap that took longer than this was not one: the machine had no time for this process, and none for those it waits for. */
const maxNapMs = 100

/** Milliseconds that count of those that have passed since a nap began. */
export const counted = (passedMs: number): number => Math.max(0, Math.min(passedMs, maxNapMs))

/** Fails with `onTimeout` when an effect has had `ms` milliseconds; those in which this process itself was kept from working do not count. */
export const within = <A, E, R, E2>(effect: Effect.Effect<A, E, R>, ms: number, onTimeout: () => E2): Effect.Effect<A, E | E2, R> =>
  Effect.raceFirst(
    effect,
    Effect.flatMap(passed(ms), () => Effect.fail(onTimeout()))
  )

const passed = (ms: number) =>
  Effect.gen(function* () {
    for (let left = ms; left > 0; ) {
      const begun = Date.now()
      yield* Effect.sleep(Math.min(napMs, left))
      left -= Math.max(1, counted(Date.now() - begun))
    }
  })
