import { Database } from "bun:sqlite"
import * as Path from "node:path"
import { assert, describe, it } from "@effect/vitest"
import * as Effect from "effect/Effect"
import { folder } from "../../../../test/temporary.ts"
import { scripted } from "./scripted.ts"

const hour = 3_600_000
const day = 24 * hour
const soak = process.env["HAN_SOAK"] === "1"

describe("a machine that is offline for long, or whose clock is wrong", () => {
  it.scopedLive(`SYN-27: After 14 days offline, in which ${soak ? "50,000" : "10,000"} lines came, all of them arrive, the oldest session first`, () =>
    Effect.gen(function* () {
      const [sessions, lines] = soak ? [50, 72] : [20, 36]
      const { append, server, start, time } = yield* scripted({})
      let isOffline = true
      server.script = () => (isOffline ? "no connection" : "well")
      const { status } = yield* start()
      const oldestFirst: Array<string> = []
      for (let today = 0; today < 14; today++) {
        const ids = Array.from({ length: sessions }, (_, at) => `day-${today}-${String(at).padStart(2, "0")}`)
        oldestFirst.push(...ids)
        yield* append(Object.fromEntries(ids.map((id) => [id, Array.from({ length: lines }, (_, line) => `${id} says ${line}`)])), today * 86_400)
        yield* time.pass(day)
      }
      const before = yield* status
      const written = 14 * sessions * lines
      assert.deepStrictEqual([before.state, before.lastSuccessAt, before.totals.messages], ["OFFLINE", null, 0])
      const attempts = server.asked.length
      assert.strictEqual(before.attempts, attempts)
      assert.isTrue(attempts > 14 * 24 && attempts < 2 * 14 * 24 + 20, `${attempts} attempts`)
      isOffline = false
      yield* time.pass(hour)
      const after = yield* status
      assert.deepStrictEqual([after.state, after.pendingMessages, after.totals.messages, server.mostOpen], ["IDLE", 0, written, 1])
      const order = server.asked.slice(attempts).flatMap(({ payload }) => payload.sessions.map(({ id }) => id))
      assert.deepStrictEqual([...new Set(order)], oldestFirst)
      for (const id of oldestFirst) assert.strictEqual(server.textsOf(id).length, lines)
    })
  )

  for (const [name, wrongBy] of [
    ["three days behind", -3 * day],
    ["three days ahead", 3 * day]
  ] as const)
    it.scopedLive(`SYN-28: A clock that is put ${name} while it waits makes no difference`, () =>
      Effect.gen(function* () {
        const { append, server, start, time } = yield* scripted({ one: ["a", "b"], bad: ["c"] })
        server.script = (request) => (request === 1 ? "no connection" : "well")
        server.refusal = ({ id }) => (id === "bad" ? { code: "quota" } : undefined)
        const { status } = yield* start()
        assert.strictEqual((yield* status).state, "OFFLINE")
        time.wrongBy = wrongBy
        yield* time.pass(1000)
        assert.deepStrictEqual([server.textsOf("one").length, (yield* status).state], [2, "IDLE"])
        // The session that waits for an hour is not held up by the way back either.
        time.wrongBy = 0
        server.refusal = () => undefined
        yield* append({ late: ["d"] }, 50)
        yield* time.pass(hour)
        assert.deepStrictEqual([server.textsOf("bad").length, server.textsOf("late").length, (yield* status).pendingMessages], [1, 1, 0])
      })
    )

  it.scopedLive("SYN-28: A clock that jumps to and fro makes no difference to what arrives, and to no line", () =>
    Effect.gen(function* () {
      const { append, server, start, time } = yield* scripted({ one: ["a"] })
      const { status } = yield* start()
      for (let round = 1; round <= 12; round++) {
        time.wrongBy = (round % 2 === 0 ? -1 : 1) * round * 5 * hour
        if (round % 3 === 0) server.script = (request, payload) => (payload.sessions.length > 0 && request % 2 === 0 ? "no connection" : "well")
        yield* append({ one: Array.from({ length: round + 1 }, (_, at) => (at === 0 ? "a" : `line ${at}`)) })
        yield* time.pass(60_000)
      }
      server.script = () => "well"
      yield* time.pass(hour / 4)
      assert.deepStrictEqual([server.textsOf("one").length, (yield* status).pendingMessages], [13, 0])
      assert.strictEqual(new Set(server.textsOf("one")).size, 13)
    })
  )
})

describe("a disk that is full", () => {
  it.scopedLive("SYN-24: A position that cannot be written is not taken for written: it stops, says so, and goes on when there is space", () =>
    Effect.gen(function* () {
      const file = Path.join(yield* folder, "han.db")
      const { server, start, time } = yield* scripted({ one: ["a", "b", "c"], two: ["d"] }, file)
      const disk = new Database(file)
      disk.run("CREATE TRIGGER full BEFORE INSERT ON sync_position WHEN NEW.lines > 0 BEGIN SELECT RAISE(ABORT, 'database or disk is full'); END")
      const { queue, status, sync } = yield* start()
      const now = yield* status
      assert.deepStrictEqual([now.state, now.lastError?.code, now.pendingMessages, now.totals.messages], ["BACKING_OFF", "store", 4, 0])
      assert.deepStrictEqual(
        (yield* queue).map(({ sessionId }) => sessionId),
        ["one", "two"]
      )
      const asked = server.asked.length
      yield* time.pass(10 * hour)
      // As often as after any failure.
      assert.isTrue(server.asked.length > asked + 10 && server.asked.length < asked + 60)
      assert.strictEqual((yield* Effect.flip(sync))._tag, "StoreError")
      disk.run("DROP TRIGGER full")
      disk.close()
      yield* time.pass(hour)
      assert.deepStrictEqual([server.textsOf("one").length, server.textsOf("two").length], [3, 1])
      const after = yield* status
      assert.deepStrictEqual([after.state, after.pendingMessages], ["IDLE", 0])
    })
  )
})
