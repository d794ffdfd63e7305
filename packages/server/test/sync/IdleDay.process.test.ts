import { Socket } from "node:net"
import { join } from "node:path"
import * as FetchHttpClient from "@effect/platform/FetchHttpClient"
import { assert, describe, it } from "@effect/vitest"
import * as Clock from "effect/Clock"
import * as Context from "effect/Context"
import * as Duration from "effect/Duration"
import * as Effect from "effect/Effect"
import * as Layer from "effect/Layer"
import * as Redacted from "effect/Redacted"
import * as Stream from "effect/Stream"
import * as ApiKey from "han-core/ApiKey"
import { Indexer } from "han-core/Indexer"
import { SyncClient } from "han-core/SyncClient"
import { Viewer } from "han-core/Viewer"
import { vi } from "vitest"
import * as Coordinator from "../../src/Coordinator.ts"
import * as Home from "../../src/home/Home.ts"
import { coordinatorSettings } from "../../src/sync/coordinatorSettings.ts"
import * as Sync from "../../src/sync/Sync.ts"
import { id, place, write } from "../coordinators.ts"

/** Every connection that this process opens from now on, whoever opens it. */
const connections = Effect.acquireRelease(
  Effect.sync(() => {
    const opened: Array<string> = []
    const spies = [
      vi.spyOn(globalThis, "fetch").mockImplementation((request) => {
        opened.push(String(request instanceof Request ? request.url : request))
        return Promise.reject(new Error("no network"))
      }),
      vi.spyOn(Bun, "connect").mockImplementation(() => {
        opened.push("Bun.connect")
        return Promise.reject(new Error("no network"))
      }),
      vi.spyOn(Socket.prototype, "connect").mockImplementation(function (this: Socket) {
        opened.push("Socket.connect")
        return this
      })
    ]
    return { opened, spies }
  }),
  ({ spies }) =>
    Effect.sync(() => {
      for (const spy of spies) spy.mockRestore()
    })
)

/** A coordinator of this process, with the settings of sync that its environment says, for which time is simulated. */
const coordinator = (environment: Readonly<Record<string, string>>) =>
  Effect.gen(function* () {
    const at = yield* place
    write(at, id(1), ["hello", "and bye"])
    const home = yield* Home.open(at.home)
    const sync = Sync.layerSettings({
      machine: home.machine,
      settings: coordinatorSettings({ configFile: join(at.home, "config.json"), home: at.home, environment }),
      environment
    }).pipe(Layer.provide([FetchHttpClient.layer, Viewer.layerLocal]))
    return yield* Layer.build(Coordinator.layer({ home, roots: [{ path: at.claude }], environment: at.environment, stop: Effect.void, sync }))
  })

const factor = 20_000
/** A clock on which a day takes four seconds: what waits for an hour waits 0.2 s, and a look every second is one every few milliseconds. */
const fast: Clock.Clock = (() => {
  const began = Date.now()
  const now = () => began + (Date.now() - began) * factor
  return {
    [Clock.ClockTypeId]: Clock.ClockTypeId,
    unsafeCurrentTimeMillis: now,
    unsafeCurrentTimeNanos: () => BigInt(now()) * 1_000_000n,
    currentTimeMillis: Effect.sync(now),
    currentTimeNanos: Effect.sync(() => BigInt(now()) * 1_000_000n),
    sleep: (duration) =>
      Effect.async((resume) => {
        const timer = setTimeout(() => resume(Effect.void), Math.min(Duration.toMillis(duration) / factor, 2 ** 31 - 1))
        return Effect.sync(() => clearTimeout(timer))
      })
  }
})()

/** Runs a coordinator for a day that has one session, of which nothing more is written. */
const day = (environment: Readonly<Record<string, string>>) =>
  Effect.scoped(
    Effect.gen(function* () {
      const services = yield* coordinator(environment)
      yield* Stream.runDrain(Context.get(services, Indexer).index).pipe(Effect.provide(Viewer.layerLocal))
      yield* Effect.sleep("1 day")
      return yield* Context.get(services, SyncClient).status.pipe(Effect.provide(Viewer.layerLocal))
    })
  ).pipe(Effect.withClock(fast))

describe("a coordinator on a day on which nothing happens", () => {
  it.scopedLive(
    "No connection leaves it until a server is connected, and then only to that server",
    () =>
      Effect.gen(function* () {
        const { opened } = yield* connections
        assert.strictEqual((yield* day({})).state, "DISABLED")
        assert.deepStrictEqual(opened, [])
        // The same with a server, so that the silence proves something.
        const { text } = yield* ApiKey.make
        const connected = yield* day({ HAN_SYNC_ENDPOINT: "http://127.0.0.1:9", HAN_SYNC_API_KEY: Redacted.value(text) })
        assert.strictEqual(connected.state, "OFFLINE")
        assert.isAbove(connected.attempts, 5)
        assert.deepStrictEqual([...new Set(opened)], ["http://127.0.0.1:9/api/sync"])
      }),
    120_000
  )
})
