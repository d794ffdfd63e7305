import * as Fs from "node:fs"
import * as Path from "node:path"
import { assert, it } from "@effect/vitest"
import * as Effect from "effect/Effect"
import * as Home from "han-server/Home"
import { folder, mode } from "../../../../test/temporary.ts"

const refused = (path: string) => Effect.flip(Home.open(path))

it.scopedLive("The home is made for its owner alone, and the machine keeps its id", () =>
  Effect.gen(function* () {
    const path = Path.join(yield* folder, "a", "han")
    const home = yield* Home.open(path)
    assert.deepStrictEqual([mode(path), mode(Path.join(path, "logs")), mode(Path.join(path, "machine"))], ["700", "700", "600"])
    assert.match(home.machine, /^[0-9a-f-]{36}$/)
    assert.deepStrictEqual(yield* Home.open(path), home)
    assert.notStrictEqual((yield* Home.open(Path.join(yield* folder, "han"))).machine, home.machine)
  })
)

it.scopedLive("A home that others may look into is closed to them", () =>
  Effect.gen(function* () {
    const path = yield* folder
    Fs.chmodSync(path, 0o755)
    yield* Home.open(path)
    assert.strictEqual(mode(path), "700")
  })
)

it.scopedLive("A home of another user is refused", () =>
  Effect.gen(function* () {
    const path = yield* folder
    const root = process.getuid?.() === 0
    // Only root can give a folder away; everybody else finds one of root's at hand.
    if (root) Fs.chownSync(path, 4711, 4711)
    const { message } = yield* refused(root ? path : "/usr")
    assert.include(message, root ? path : "/usr")
    if (root) assert.include(message, "belongs to another user (uid 4711")
    if (root) Fs.chownSync(path, 0, 0)
  })
)

it.scopedLive("A path that cannot be a home is named, with what to do", () =>
  Effect.gen(function* () {
    const path = yield* folder
    Fs.writeFileSync(Path.join(path, "file"), "")
    assert.include((yield* refused(Path.join(path, "file"))).message, `${Path.join(path, "file")} is no folder`)
    assert.include((yield* refused("han")).message, "absolute path")
    assert.include((yield* refused(Path.join(path, "x".repeat(120)))).message, "set HAN_HOME to a shorter path")
  })
)

it.scopedLive("The home's config.json is read, and a mistake in it is named by file and key", () =>
  Effect.gen(function* () {
    const path = yield* folder
    const config = Path.join(path, "config.json")
    const set = (value: unknown) => Fs.writeFileSync(config, typeof value === "string" ? value : JSON.stringify(value))
    const price = { model: "m", from: 0, price: { input: 1, output: 2, cacheRead: 3, cacheWrite5m: null, cacheWrite1h: null } }
    const good = { roots: ["/a", { path: "/b", source: "omp" }], prices: [price] }
    set(good)
    assert.deepStrictEqual((yield* Home.open(path)).config, good)
    for (const [value, key] of [
      [{ roots: [5] }, "roots.0"],
      [{ root: ["/a"] }, "root: "],
      [{ prices: [{ ...price, model: "" }] }, "prices.0.model"],
      ["{", "the file"]
    ] as const) {
      set(value)
      const { message } = yield* refused(path)
      assert.include(message, config)
      assert.include(message, key)
      assert.include(message, "Correct it")
    }
  })
)
