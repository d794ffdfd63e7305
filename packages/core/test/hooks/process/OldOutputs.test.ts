import { mkdirSync, readdirSync, rmSync, symlinkSync, truncateSync, utimesSync } from "node:fs"
import * as path from "node:path"
import { describe, expect, it } from "@effect/vitest"
import * as Chunk from "effect/Chunk"
import * as Duration from "effect/Duration"
import * as Effect from "effect/Effect"
import * as Fiber from "effect/Fiber"
import * as TestClock from "effect/TestClock"
import * as TestServices from "effect/TestServices"
import { eventually, put, temporary } from "../../../../../test/transcriptTree.ts"
import { oldOutputsGone } from "../../../src/hooks/process/oldOutputs.ts"

const seconds = (day: number) => day * 24 * 3600
/** Written so many days after 1970, where the clock of these tests begins; of so many bytes, none of which takes room. */
const written = (file: string, day: number, bytes = 3) => {
  put(file, "all")
  truncateSync(file, bytes)
  utimesSync(file, seconds(day), seconds(day))
}
const left = (folder: string, names: ReadonlyArray<string>) =>
  TestServices.provideLive(
    eventually(
      () => readdirSync(folder).sort(),
      (found) => found.join() === [...names].sort().join()
    )
  )

/** A look has ended, and the next one is waited for. */
const waiting = Effect.repeat(Effect.zipRight(TestServices.provideLive(Effect.sleep(5)), TestClock.sleeps()), { until: (sleeps) => Chunk.size(sleeps) > 0 })

describe("outputs that nobody will look for", () => {
  it.scoped("Old outputs go after two weeks, once a day, as long as somebody waits for it", () =>
    Effect.gen(function* () {
      const folder = yield* temporary
      written(path.join(folder, "a.txt"), 0)
      written(path.join(folder, "b.txt"), 1.5)
      yield* TestClock.setTime(1000 * seconds(15))
      const fiber = yield* Effect.fork(oldOutputsGone(folder))
      yield* left(folder, ["b.txt"])
      for (const [day, name] of [
        [2.5, "c.txt"],
        [3.5, "d.txt"]
      ] as const) {
        written(path.join(folder, name), day)
        yield* waiting
        // To the very moment at which it wakes: past it, it may read either time.
        yield* TestClock.adjust(Duration.days(1))
        yield* left(folder, [name])
      }
      yield* waiting
      yield* Fiber.interrupt(fiber)
      yield* TestClock.adjust(Duration.days(30))
      yield* TestServices.provideLive(Effect.sleep(50))
      expect(readdirSync(folder)).toEqual(["d.txt"])
    })
  )

  it.scoped("Old outputs go the oldest first, while there are more than 2 GB", () =>
    Effect.gen(function* () {
      const folder = yield* temporary
      for (const [name, day] of [
        ["new", 4],
        ["old", 1],
        ["newer", 5],
        ["older", 0]
      ] as const)
        written(path.join(folder, name), day, 1_000_000_000)
      yield* TestClock.setTime(1000 * seconds(6))
      const fiber = yield* Effect.fork(oldOutputsGone(folder))
      yield* left(folder, ["new", "newer"])
      yield* Fiber.interrupt(fiber)
    })
  )

  it.scoped("Old outputs go past what cannot be removed or goes away by itself, and a folder need not be there", () =>
    Effect.gen(function* () {
      const folder = yield* temporary
      mkdirSync(path.join(folder, "a"))
      symlinkSync("nowhere", path.join(folder, "b"))
      const names = Array.from({ length: 300 }, (_, index) => `c${index}`)
      for (const name of names) written(path.join(folder, name), 0)
      yield* TestClock.setTime(Date.now() + 1000 * seconds(15))
      written(path.join(folder, "d"), Date.now() / 1000 / seconds(1) + 15)
      const fiber = yield* Effect.fork(oldOutputsGone(folder))
      // Between its look at the folder and those at the files, wherever it is.
      yield* TestServices.provideLive(Effect.sleep(0))
      for (const name of names.slice(150)) rmSync(path.join(folder, name), { force: true })
      yield* left(folder, ["a", "d"])
      yield* waiting
      yield* Fiber.interrupt(fiber)
      const none = yield* Effect.fork(oldOutputsGone(path.join(folder, "none")))
      yield* waiting
      expect(none.unsafePoll()).toBeNull()
      yield* Fiber.interrupt(none)
    })
  )
})
