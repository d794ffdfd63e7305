import { assert, describe, it } from "@effect/vitest"
import * as Effect from "effect/Effect"
import { scripted } from "./scripted.ts"
import { acme } from "./scriptedServer.ts"

const hour = 3_600_000
const three = { bad: ["b0", "b1", "b2"], good: ["g0"], late: ["l0", "l1"] }
const refusing = (code: string) => (session: { readonly id: string }) => (session.id === "bad" ? { code } : undefined)

describe("one session that the server does not take", () => {
  it.scopedLive("SYN-11: One bad session among three is tried again by itself, each time after longer, and arrives when the server can take it", () =>
    Effect.gen(function* () {
      const { server, start, time } = yield* scripted(three)
      server.refusal = refusing("storage")
      const { queue, sessions, status } = yield* start({ interval: "30 days" })
      assert.deepStrictEqual([server.textsOf("good").length, server.textsOf("late").length, server.textsOf("bad").length], [1, 2, 0])
      const now = yield* status
      assert.deepStrictEqual([now.state, now.queueSize, now.pendingMessages, now.attempts], ["IDLE", 1, 3, 0])
      assert.deepStrictEqual(
        (yield* queue).map(({ attempts, lastErrorCode, nextAttemptAt, sessionId, state }) => [
          sessionId,
          state,
          lastErrorCode,
          attempts,
          (nextAttemptAt ?? 0) - time.now
        ]),
        [["bad", "pending", "storage", 1, 2000]]
      )
      assert.deepStrictEqual((yield* sessions).map(({ sessionId, state }) => `${sessionId} ${state}`).toSorted(), ["bad waiting", "good synced", "late synced"])
      const asked = server.asked.length
      yield* time.pass(1999)
      assert.strictEqual(server.asked.length, asked)
      yield* time.pass(1)
      assert.strictEqual(server.asked.length, asked + 1)
      assert.strictEqual(((yield* queue)[0]?.nextAttemptAt ?? 0) - time.now, 4000)
      yield* time.pass(hour / 2)
      const pauses = server.asked
        .slice(asked + 1)
        .flatMap(({ at, payload }, index) => (payload.sessions.length === 0 ? [] : at - server.asked[asked + index]!.at))
      assert.isAtMost(Math.max(...pauses), hour / 2)
      server.refusal = () => undefined
      yield* time.pass(hour)
      assert.strictEqual(server.textsOf("bad").length, 3)
      assert.deepStrictEqual([(yield* status).pendingMessages, (yield* queue).length], [0, 0])
    })
  )

  it.scopedLive("SYN-11: A person's command tries it once, and ends", () =>
    Effect.gen(function* () {
      const { server, start } = yield* scripted(three)
      server.refusal = refusing("storage")
      const { sync } = yield* start()
      const asked = server.asked.length
      assert.strictEqual((yield* sync).sent, 0)
      assert.strictEqual(server.asked.length, asked + 1)
      server.refusal = () => undefined
      assert.strictEqual((yield* sync).sent, 3)
    })
  )

  it.scopedLive("SYN-17: A session over its quota waits for an hour", () =>
    Effect.gen(function* () {
      const { server, start, time } = yield* scripted(three)
      server.refusal = refusing("quota")
      const { queue } = yield* start()
      assert.strictEqual(((yield* queue)[0]?.nextAttemptAt ?? 0) - time.now, hour)
      server.refusal = () => undefined
      yield* time.pass(hour - 1)
      assert.strictEqual(server.textsOf("bad").length, 0)
      yield* time.pass(1)
      assert.strictEqual(server.textsOf("bad").length, 3)
    })
  )

  it.scopedLive("SYN-17: Messages that the server cannot store leave their places to notes, and the rest of the session arrives at once", () =>
    Effect.gen(function* () {
      const { server, start } = yield* scripted(three)
      server.refusal = ({ id, messages }) => {
        const messageIds = messages.flatMap((message) => (message.text?.includes('"b1"') === true ? [message.id] : []))
        return id === "bad" && messageIds.length > 0 ? { code: "validation", messageIds } : undefined
      }
      const { status } = yield* start()
      assert.deepStrictEqual(
        server.textsOf("bad").map((text) => (text.startsWith("withheld") ? text : "whole")),
        ["whole", "withheld: refused", "whole"]
      )
      assert.deepStrictEqual([(yield* status).state, (yield* status).pendingMessages], ["IDLE", 0])
    })
  )

  for (const code of ["validation", "session_conflict", "gone"])
    it.scopedLive(`SYN-17: A session that is refused as ${code} stays at home with this reason, and holds nobody up`, () =>
      Effect.gen(function* () {
        const { append, server, start, time } = yield* scripted(three)
        server.refusal = refusing(code)
        const { queue, sessions, status } = yield* start({ interval: "2 minutes" })
        const now = yield* status
        assert.deepStrictEqual([now.state, now.quarantined, now.queueSize], ["IDLE", 1, 0])
        assert.deepStrictEqual(
          (yield* queue).map(({ lastErrorCode, sessionId, state }) => [sessionId, state, lastErrorCode]),
          [["bad", "quarantined", code]]
        )
        assert.deepStrictEqual(
          (yield* sessions).flatMap(({ reason, sessionId, state }) => (sessionId === "bad" ? [[state, reason]] : [])),
          [["quarantined", code]]
        )
        server.asked.length = 0
        yield* append({ after: ["a0"] }, 500)
        yield* time.pass(600_000)
        assert.strictEqual(server.textsOf("after").length, 1)
        assert.isFalse(server.asked.some(({ payload }) => payload.sessions.some(({ id }) => id === "bad")))
      })
    )

  it.scopedLive("SYN-17: After repo_not_allowed it asks at once who the server is, and the session goes when the workspace's owners are others", () =>
    Effect.gen(function* () {
      const { server, start, time } = yield* scripted(three)
      server.refusal = refusing("repo_not_allowed")
      const { sessions } = yield* start({ interval: "2 minutes" })
      assert.deepStrictEqual(
        server.asked.map(({ payload }) => payload.sessions.length),
        [0, 3, 0]
      )
      assert.strictEqual((yield* sessions).find(({ sessionId }) => sessionId === "bad")?.reason, "repo_not_allowed")
      server.refusal = () => undefined
      time.wrongBy = hour
      yield* time.pass(300_000)
      assert.strictEqual(server.textsOf("bad").length, 0)
      server.workspace = { ...acme, owners: [...acme.owners, { host: "github.com", owner: "beta" }] }
      time.wrongBy = 2 * hour
      yield* time.pass(300_000)
      assert.strictEqual(server.textsOf("bad").length, 3)
    })
  )

  it.scopedLive("SYN-17: What was refused as repo_not_allowed is tried once more by a process that begins, for nobody told it what changed before", () =>
    Effect.gen(function* () {
      const { server, start } = yield* scripted(three)
      server.refusal = refusing("repo_not_allowed")
      yield* Effect.scoped(start())
      assert.strictEqual(server.textsOf("bad").length, 0)
      server.refusal = () => undefined
      yield* start()
      assert.strictEqual(server.textsOf("bad").length, 3)
    })
  )
})

describe("a server that is elsewhere", () => {
  it.scopedLive("SYN-17: A server that went back to an earlier backup gets what it lost again", () =>
    Effect.gen(function* () {
      const { append, server, start, time } = yield* scripted()
      const { status } = yield* start()
      server.forget()
      yield* append({ one: ["a", "b", "c", "d"] })
      yield* time.pass(10_000)
      assert.deepStrictEqual([server.textsOf("one").length, (yield* status).pendingMessages, (yield* status).notices.length], [4, 0, 0])
    })
  )

  it.scopedLive("SYN-17: A server that has other lines of a session gets all of them as a new generation, once", () =>
    Effect.gen(function* () {
      const { append, server, start, time } = yield* scripted()
      const { status } = yield* start()
      // Whatever comes for this generation, the server's lines are others.
      const [known] = server.asked.at(-1)!.payload.sessions
      server.script = () => (right) => ({
        ...right,
        positions: right.positions.map((one) => (one.generationId === known?.generationId ? { ...one, lines: 2, chain: "f".repeat(64) } : one))
      })
      yield* append({ one: ["a", "b", "c", "d"] })
      yield* time.pass(10_000)
      const now = yield* status
      assert.deepStrictEqual([now.state, now.pendingMessages, now.notices.length], ["IDLE", 0, 1])
      const last = server.asked.at(-1)!.payload.sessions[0]!
      assert.deepStrictEqual([last.fromLine, last.messages.length, last.generationId === known?.generationId], [0, 4, false])
    })
  )

  it.scopedLive("SYN-17: A server that has other lines of every generation is not sent one after the other", () =>
    Effect.gen(function* () {
      const { server, start, time } = yield* scripted()
      server.script = (_, { sessions }) =>
        sessions.length === 0 ? "well" : (right) => ({ ...right, positions: right.positions.map((one) => ({ ...one, lines: 1, chain: "f".repeat(64) })) })
      const { status } = yield* start()
      assert.isBelow(server.asked.length, 5)
      assert.deepStrictEqual([(yield* status).state, (yield* status).lastError?.code], ["BACKING_OFF", "invalid_answer"])
      const asked = server.asked.length
      yield* time.pass(hour)
      assert.isBelow(server.asked.length, asked + 60)
    })
  )
})
