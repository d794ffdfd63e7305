import * as Clock from "effect/Clock"
import * as Effect from "effect/Effect"

/** A clock that shows another time than the system's, and waits as long. `ahead` moves it. */
export const movedClock = () => {
  const real = Clock.make()
  let ms = 0
  const clock: Clock.Clock = {
    [Clock.ClockTypeId]: Clock.ClockTypeId,
    sleep: (duration) => real.sleep(duration),
    unsafeCurrentTimeMillis: () => real.unsafeCurrentTimeMillis() + ms,
    unsafeCurrentTimeNanos: () => real.unsafeCurrentTimeNanos() + BigInt(ms) * 1_000_000n,
    currentTimeMillis: Effect.sync(() => real.unsafeCurrentTimeMillis() + ms),
    currentTimeNanos: Effect.sync(() => real.unsafeCurrentTimeNanos() + BigInt(ms) * 1_000_000n)
  }
  return { clock, ahead: (by: number) => void (ms += by) }
}
