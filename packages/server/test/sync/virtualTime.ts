import * as Clock from "effect/Clock"
import * as Duration from "effect/Duration"
import * as Effect from "effect/Effect"
import * as Logger from "effect/Logger"
import * as LogLevel from "effect/LogLevel"
import * as Random from "effect/Random"

interface Sleeper {
  readonly due: number
  readonly wake: () => void
}

/** Fibers of a sender that sleep when it has nothing to do: one looks for what grew, the other sends. */
const fibers = 2
/** The turns of the event loop for which nothing may move before it counts as still. */
const stillTurns = 2
const longestTurnMs = 60_000

/** Time that passes when a test says so, and not while anything works. */
export class VirtualTime {
  now = Date.UTC(2026, 2, 1)
  /** What the clock on the wall is wrong by; nobody sleeps longer or shorter for it. */
  wrongBy = 0
  /** Requests on their way. */
  busy = 0
  private readonly sleepers = new Set<Sleeper>()
  private readonly clock: Clock.Clock = {
    [Clock.ClockTypeId]: Clock.ClockTypeId,
    unsafeCurrentTimeMillis: () => this.now + this.wrongBy,
    unsafeCurrentTimeNanos: () => BigInt(this.now + this.wrongBy) * 1_000_000n,
    currentTimeMillis: Effect.sync(() => this.now + this.wrongBy),
    currentTimeNanos: Effect.sync(() => BigInt(this.now + this.wrongBy) * 1_000_000n),
    sleep: (duration) =>
      Effect.async<void>((resume) => {
        const sleeper = { due: this.now + Duration.toMillis(duration), wake: () => resume(Effect.void) }
        this.sleepers.add(sleeper)
        return Effect.sync(() => {
          this.sleepers.delete(sleeper)
        })
      })
  }

  /** Lives in this time, and draws the same numbers each time. */
  readonly within = <A, E, R>(effect: Effect.Effect<A, E, R>): Effect.Effect<A, E, R> =>
    effect.pipe(Effect.withClock(this.clock), Effect.withRandom(Random.make("sync")), Logger.withMinimumLogLevel(LogLevel.None))

  /** Everything has happened that happens now. */
  readonly settled: Effect.Effect<void> = Effect.promise(() => this.settle())

  /** Lets so many milliseconds pass, in which all happens in its order. */
  pass(ms: number): Effect.Effect<void> {
    return Effect.promise(async () => {
      const end = this.now + ms
      for (;;) {
        await this.settle()
        let next: Sleeper | undefined
        for (const sleeper of this.sleepers) if (sleeper.due <= end && (next === undefined || sleeper.due < next.due)) next = sleeper
        if (next === undefined) break
        this.now = Math.max(this.now, next.due)
        this.sleepers.delete(next)
        next.wake()
      }
      this.now = end
    })
  }

  private async settle(): Promise<void> {
    const deadline = Date.now() + longestTurnMs
    for (let still = 0; still < stillTurns; ) {
      await new Promise((resolve) => setImmediate(resolve))
      still = this.sleepers.size >= fibers && this.busy === 0 ? still + 1 : 0
      if (still === 0 && Date.now() > deadline) throw new Error("the sender neither sleeps nor ends what it does")
    }
  }
}
