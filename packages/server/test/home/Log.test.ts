import * as Fs from "node:fs"
import * as Path from "node:path"
import { assert, it } from "@effect/vitest"
import * as Effect from "effect/Effect"
import { folder, mode } from "../../../../test/temporary.ts"
import * as Log from "../../src/home/Log.ts"

const lines = (path: string): ReadonlyArray<Record<string, unknown>> =>
  Fs.readFileSync(path, "utf8")
    .trimEnd()
    .split("\n")
    .map((line) => JSON.parse(line))

it.scopedLive("A line of the log is an object with time, level, message and annotations", () =>
  Effect.gen(function* () {
    const path = Path.join(yield* folder, "log")
    yield* Effect.logWarning("disk", new Error("full"), { at: 1 }).pipe(Effect.annotateLogs({ pid: 7 }), Effect.provide(Log.layer({ path })))
    const [line] = lines(path)
    assert.deepInclude(line, { level: "warn", message: 'disk Error: full {"at":1}', pid: 7 })
    assert.match(String(line?.["at"]), /^\d{4}-\d\d-\d\dT.*Z$/)
    assert.strictEqual(mode(path), "600")
  })
)

it.scopedLive("A full log is put aside, only so many old ones are kept, and a start goes on with the last", () =>
  Effect.gen(function* () {
    const path = Path.join(yield* folder, "log")
    const write = (from: number, to: number) =>
      Effect.forEach(
        Array.from({ length: to - from }, (_, index) => from + index),
        (n) => Effect.logInfo(`line ${n} ${"x".repeat(100)}`),
        { discard: true }
      ).pipe(Effect.provide(Log.layer({ path, maxBytes: 1000, keep: 3 })))
    yield* write(0, 10)
    yield* write(10, 100)
    const names = Fs.readdirSync(Path.dirname(path)).sort()
    assert.deepStrictEqual(names, ["log", "log.1", "log.2", "log.3"])
    const kept = ["log.3", "log.2", "log.1", "log"].flatMap((name) =>
      lines(Path.join(Path.dirname(path), name)).map(({ message }) => Number(String(message).split(" ")[1]))
    )
    assert.deepStrictEqual(
      kept,
      Array.from({ length: kept.length }, (_, index) => 100 - kept.length + index)
    )
    for (const name of names) {
      assert.isAtMost(Fs.statSync(Path.join(Path.dirname(path), name)).size, 1000)
      assert.strictEqual(mode(Path.join(Path.dirname(path), name)), "600")
    }
  })
)

it.scopedLive("The log says when it cannot be written and when it can again, and how much it lacks", () =>
  Effect.gen(function* () {
    const path = Path.join(yield* folder, "logs", "coordinator.log")
    // A file where its folder should be.
    Fs.writeFileSync(Path.dirname(path), "")
    const told: Array<string | null> = []
    const write = (message: string) => Effect.logInfo(message)
    yield* Effect.gen(function* () {
      yield* write("one")
      yield* write("two")
      Fs.rmSync(Path.dirname(path))
      Fs.mkdirSync(Path.dirname(path))
      // By itself, for there may be nothing more to say.
      yield* Effect.repeat(Effect.sleep(20), { until: () => told.at(-1) === null })
      yield* write("three")
    }).pipe(Effect.provide(Log.layer({ path, failing: (failure) => told.push(failure) })))
    assert.include(String(told[0]), "coordinator.log cannot be written")
    const messages = Fs.readFileSync(path, "utf8")
      .split("\n")
      .flatMap((line): ReadonlyArray<unknown> => (line === "" ? [] : [JSON.parse(line).message]))
    assert.deepStrictEqual(messages, ["2 lines are missing here: the log could not be written", "three"])
  })
)
