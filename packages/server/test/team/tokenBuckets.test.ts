import { expect, it } from "@effect/vitest"
import * as Effect from "effect/Effect"
import * as TestClock from "effect/TestClock"
import { tokenBuckets } from "../../src/team/tokenBuckets.ts"

it.effect("Somebody may do so much at once and so much a second, whatever others do, and is told when there is more", () =>
  Effect.gen(function* () {
    const take = tokenBuckets({ burst: 3, perSecond: 20 })
    const waits = (who: string, count: number) => Effect.all(Array.from({ length: count }, () => take(who)))
    expect(yield* waits("ada", 5)).toEqual([0, 0, 0, 50, 50])
    expect(yield* waits("bob", 4)).toEqual([0, 0, 0, 50])
    yield* TestClock.adjust("49 millis")
    expect(yield* waits("ada", 1)).toEqual([1])
    yield* TestClock.adjust("1 millis")
    expect(yield* waits("ada", 2)).toEqual([0, 50])
    yield* TestClock.adjust("1 hour")
    expect(yield* waits("ada", 4)).toEqual([0, 0, 0, 50])
  })
)

it.effect("A clock that is set back lets nobody wait for longer", () =>
  Effect.gen(function* () {
    const take = tokenBuckets({ burst: 1, perSecond: 1 })
    yield* TestClock.setTime(1_000_000)
    yield* take("ada")
    yield* TestClock.setTime(0)
    expect(yield* take("ada")).toBe(1000)
    yield* TestClock.setTime(1000)
    expect(yield* take("ada")).toBe(0)
  })
)
