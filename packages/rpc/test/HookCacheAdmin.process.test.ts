import * as Path from "node:path"
import { assert, describe, it } from "@effect/vitest"
import * as Effect from "effect/Effect"
import * as Layer from "effect/Layer"
import { HookCacheAdmin, type HookPass } from "han-core/HookCache"
import { StoreError } from "han-core/StoreError"
import * as HanClient from "han-rpc/HanClient"
import { HanRpcs } from "han-rpc/HanRpcs"
import { MachineRpcs } from "han-rpc/MachineRpcs"
import { folder, socketServer } from "./servers.ts"

const over = (hookCacheAdmin: Partial<typeof HookCacheAdmin.Service>) =>
  Layer.unwrapScoped(
    Effect.gen(function* () {
      const path = Path.join(yield* folder, "s")
      yield* Layer.build(socketServer(path, { hookCacheAdmin }))
      return HanClient.layerSocket({ path })
    })
  )

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
describe("the cache of hooks over a unix socket", () => {
  it.scopedLive("every question and answer arrives as it is", () => {
    const asked: Array<unknown> = []
    const note =
      <A>(answer: A) =>
      (question: unknown) =>
        Effect.sync(() => {
          asked.push(question)
          return answer
        })
    return Effect.gen(function* () {
      const cache = yield* HookCacheAdmin
      assert.deepStrictEqual(yield* cache.list({ hook: "lint", limit: 3 }), [pass, pass])
      assert.strictEqual(yield* cache.clear({ directory: "/work" }), 7)
      assert.strictEqual(yield* cache.clear({}), 7)
      assert.deepStrictEqual(asked, [{ hook: "lint", limit: 3 }, { directory: "/work" }, {}])
    }).pipe(Effect.provide(over({ list: note([pass, pass]), clear: note(7) })))
  })

  it.scopedLive("An error of the store arrives with its class, operation, reason and message", () => {
    const full = new StoreError({ operation: "clear passes of hooks", reason: "full", message: "no space left; make room" })
    return Effect.gen(function* () {
      const error = yield* Effect.flip(Effect.flatMap(HookCacheAdmin, (cache) => cache.clear({})))
      assert.instanceOf(error, StoreError)
      assert.deepStrictEqual([error.operation, error.reason, error.message], [full.operation, full.reason, full.message])
    }).pipe(Effect.provide(over({ clear: () => Effect.fail(full) })))
  })

  it("No procedure on a wire writes passes, and a server of a store can neither list nor clear them", () => {
    const names = (group: { readonly requests: ReadonlyMap<string, unknown> }) =>
      [...group.requests.keys()].filter((name) => /^(HookCache|JournalAdmin|JournalWriter)/.test(name))
    assert.deepStrictEqual(names(MachineRpcs).sort(), [
      "HookCacheAdmin.clear",
      "HookCacheAdmin.list",
      "JournalAdmin.forget",
      "JournalAdmin.forgettable",
      "JournalAdmin.rebuild"
    ])
    assert.deepStrictEqual(names(HanRpcs), [])
  })
})
