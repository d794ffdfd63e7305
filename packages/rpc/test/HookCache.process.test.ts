import * as Path from "node:path"
import * as FetchHttpClient from "@effect/platform/FetchHttpClient"
import { assert, describe, it } from "@effect/vitest"
import * as Effect from "effect/Effect"
import * as Layer from "effect/Layer"
import { HookCache, type HookFile, type HookPass, type HookPassed } from "han-core/HookCache"
import { StoreError } from "han-core/StoreError"
import * as HanClient from "han-rpc/HanClient"
import { folder, httpServer, socketServer } from "./servers.ts"

type Cache = typeof HookCache.Service

const overSocket = (hookCache: Partial<Cache>) =>
  Layer.unwrapScoped(
    Effect.gen(function* () {
      const path = Path.join(yield* folder, "s")
      yield* Layer.build(socketServer(path, { hookCache }))
      return HanClient.layerSocket({ path })
    })
  )
const overHttp = (hookCache: Partial<Cache>) =>
  Layer.unwrapScoped(Effect.map(httpServer({ hookCache }), (url) => HanClient.layerHttp({ url }).pipe(Layer.provide(FetchHttpClient.layer))))

const pass: HookPass = {
  key: "ab",
  gate: "cd",
  hook: "lint@mine/check",
  directory: "/work/it's \\ here",
  command: 'echo "$x"\n\u0000\u2028',
  files: 3,
  durationMs: 0.25,
  passedAt: 1_700_000_000_000,
  usedAt: null,
  uses: 0
}
const files: ReadonlyArray<HookFile> = Array.from({ length: 20_000 }, (_, n) => ({
  path: `packages/core/src/${n}/\ufffd é.ts`,
  digest: `${n}`.padStart(64, "0")
}))
const passed: HookPassed = {
  key: "ab",
  gate: "cd",
  hook: "lint@mine/check",
  directory: "/work/app",
  command: "true",
  durationMs: 1,
  passedAt: 2,
  reads: files,
  tree: "/work",
  each: files.slice(0, 10),
  whole: true
}

for (const [name, over] of [
  ["a unix socket", overSocket],
  ["HTTP", overHttp]
] as const) {
  describe(`the cache of hooks over ${name}`, () => {
    it.scopedLive("every question and answer arrives as it is", () => {
      const asked: Array<unknown> = []
      const note =
        <A>(answer: A) =>
        (...question: ReadonlyArray<unknown>) =>
          Effect.sync(() => {
            asked.push(question)
            return answer
          })
      const some = new Set(["a", "", "\ufffd"])
      return Effect.gen(function* () {
        const cache = yield* HookCache
        assert.deepStrictEqual(yield* cache.use("k", 5), { ...pass, usedAt: 5, uses: 1 })
        assert.isNull(yield* cache.find("k"))
        assert.deepStrictEqual(yield* cache.passedFiles("g", files), some)
        assert.deepStrictEqual(yield* cache.lastReads("g", "/work"), some)
        assert.isUndefined(yield* cache.record(passed))
        assert.deepStrictEqual(yield* cache.list({ hook: "lint", limit: 3 }), [pass, pass])
        assert.strictEqual(yield* cache.clear({ directory: "/work" }), 7)
        assert.strictEqual(yield* cache.clear({}), 7)
        assert.deepStrictEqual(asked, [["k", 5], ["k"], ["g", files], ["g", "/work"], [passed], [{ hook: "lint", limit: 3 }], [{ directory: "/work" }], [{}]])
      }).pipe(
        Effect.provide(
          over({
            use: note({ ...pass, usedAt: 5, uses: 1 }),
            find: note(null),
            passedFiles: note(some),
            lastReads: note(some),
            record: note(undefined),
            list: note([pass, pass]),
            clear: note(7)
          })
        )
      )
    })

    it.scopedLive("a gate that never passed as a whole read nothing, which is not the same as no file", () =>
      Effect.gen(function* () {
        const cache = yield* HookCache
        assert.isNull(yield* cache.lastReads("g", "never"))
        assert.deepStrictEqual(yield* cache.lastReads("g", "empty"), new Set())
      }).pipe(Effect.provide(over({ lastReads: (_, tree) => Effect.succeed(tree === "never" ? null : new Set()) })))
    )

    it.scopedLive("an error of the store is what it was", () => {
      const full = new StoreError({ operation: "record a hook's pass", reason: "full", message: "no space left; make room" })
      return Effect.gen(function* () {
        const error = yield* Effect.flip(Effect.flatMap(HookCache, (cache) => cache.record(passed)))
        assert.instanceOf(error, StoreError)
        assert.deepStrictEqual([error.operation, error.reason, error.message], [full.operation, full.reason, full.message])
      }).pipe(Effect.provide(over({ record: () => Effect.fail(full) })))
    })
  })
}
