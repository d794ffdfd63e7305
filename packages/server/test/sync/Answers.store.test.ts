import { assert, describe, it } from "@effect/vitest"
import * as Effect from "effect/Effect"
import type { SyncState } from "han-core/SyncClient"
import { type Scripted, scripted } from "./scripted.ts"
import type { Answer } from "./scriptedServer.ts"

const hour = 3_600_000
const day = 24 * hour
const failure = (status: number, code: string, more: object = {}, headers: Readonly<Record<string, string>> = {}): Answer => ({
  status,
  headers,
  body: { code, message: `${code}, said the server`, ...more }
})
const html = "<html>Bad Gateway</html>"

/** A cause for which a request does nothing. */
interface Row {
  readonly cause: string
  readonly answer: Answer
  readonly state: SyncState
  readonly code: string
  /** Milliseconds until it asks again, at least and at most; null: only when a person did something. */
  readonly again: readonly [number, number] | null
  readonly attempts: number
  /** Milliseconds until it is known that it did nothing. */
  readonly takes?: number
  /** Happens to one kind of request alone. */
  readonly only?: "probe" | "lines"
}
const retried = (cause: string, answer: Answer, code: string, more: Partial<Row> = {}): Row => ({
  cause,
  answer,
  state: "BACKING_OFF",
  code,
  again: [500, 1000],
  attempts: 1,
  ...more
})
const awaited = (cause: string, answer: Answer, code: string, ms: number): Row => ({ ...retried(cause, answer, code), again: [ms, ms], attempts: 0 })
const hourly = (cause: string, answer: Answer, code: string, state: SyncState = "PAUSED_CONFIG"): Row => ({ ...awaited(cause, answer, code, hour), state })
const stopping = (cause: string, status: number, code: string): Row => ({
  ...awaited(cause, failure(status, code), code, 0),
  state: "PAUSED_AUTH",
  again: null
})

const rows: ReadonlyArray<Row> = [
  retried("no connection", "no connection", "network", { state: "OFFLINE" }),
  retried("no answer for a minute", "no answer", "timeout", { state: "OFFLINE", takes: 61_000 }),
  retried("an answer that breaks off", "no whole answer", "network", { state: "OFFLINE" }),
  retried("status 500", failure(500, "internal"), "internal"),
  retried("status 500 of somebody else", { status: 500, body: html }, "http_500"),
  retried("status 502", { status: 502, body: html }, "http_502"),
  retried("status 503", failure(503, "storage"), "storage"),
  retried("status 504", { status: 504, body: "" }, "http_504"),
  retried("status 408", failure(408, "timeout"), "timeout"),
  retried("status 418", { status: 418, body: "" }, "http_418"),
  retried("status 429 that names no time", failure(429, "rate_limited"), "rate_limited"),
  retried("status 429 that names a date", failure(429, "rate_limited", {}, { "retry-after": "Sun, 01 Mar 2026 00:00:10 GMT" }), "rate_limited"),
  retried("status 429 that says at once", failure(429, "rate_limited", {}, { "retry-after": "0" }), "rate_limited"),
  awaited("status 429 that says 7 seconds", failure(429, "rate_limited", {}, { "retry-after": "7" }), "rate_limited", 7000),
  awaited("status 429 that says 1,500 ms", failure(429, "rate_limited", { retryAfterMs: 1500 }, { "retry-after": "2" }), "rate_limited", 1500),
  awaited("status 429 that says a day", failure(429, "rate_limited", {}, { "retry-after": "86400" }), "rate_limited", hour),
  awaited("status 503 that says 120 seconds", failure(503, "storage", {}, { "retry-after": "120" }), "storage", 120_000),
  retried("status 200 with no JSON", { status: 200, body: html }, "invalid_answer"),
  retried("status 200 with half of the JSON", { status: 200, body: '{"status":"success","cursor":{' }, "invalid_answer"),
  retried("status 200 with other JSON", { status: 200, body: { ok: true } }, "invalid_answer"),
  retried("an answer to another request", (right) => ({ ...right, batchId: "another" }), "invalid_answer"),
  retried("an answer about other sessions", (right) => ({ ...right, positions: [...right.positions, ...right.positions] }), "invalid_answer", {
    only: "lines"
  }),
  retried("an answer that tells nobody's name", ({ person, workspace, ...right }) => right, "invalid_answer", { only: "probe" }),
  retried(
    "a success that stored nothing",
    (right) => ({ ...right, positions: right.positions.map((one) => ({ ...one, lines: 0, chain: "0".repeat(64) })) }),
    "invalid_answer",
    {
      only: "lines"
    }
  ),
  retried("status 413 to a probe", failure(413, "too_large"), "too_large", { only: "probe" }),
  hourly("status 400 about the shape", failure(400, "schema"), "schema"),
  hourly("status 400 about the version", failure(400, "unsupported_version"), "unsupported_version"),
  hourly("status 400 of somebody else", { status: 400, body: html }, "http_400"),
  hourly("status 415", failure(415, "encoding"), "encoding"),
  hourly("status 426", failure(426, "min_client"), "min_client"),
  hourly("status 404", { status: 404, body: html }, "endpoint"),
  hourly("status 405", { status: 405, body: html }, "endpoint"),
  hourly("a redirect", { status: 302, headers: { location: "https://elsewhere.example/api/sync" }, body: "" }, "endpoint"),
  hourly("a redirect for good", { status: 308, headers: { location: "https://elsewhere.example/api/sync" }, body: "" }, "endpoint"),
  hourly("status 402", failure(402, "plan_limit"), "plan_limit", "PAUSED_PLAN"),
  stopping("status 401 about an unknown key", 401, "invalid_key"),
  stopping("status 401 about an expired key", 401, "expired_key"),
  stopping("status 401 about a revoked key", 401, "revoked_key"),
  stopping("status 403 about the person", 403, "user_mismatch"),
  stopping("status 403 about the scope", 403, "scope"),
  stopping("status 403 about a member who left", 403, "not_member"),
  stopping("status 403 about another person's machine", 403, "client_taken")
]

/** Fails once, and from then on nothing happens but time. */
const failsOnce = ({ server, start, time }: Scripted, { again, answer, attempts, code, state, takes = 0 }: Row, at: "probe" | "lines") =>
  Effect.gen(function* () {
    const failing = at === "probe" ? 0 : 1
    server.script = (request) => (request === failing ? answer : "well")
    const { queue, reload, status } = yield* start({ interval: "30 days" })
    yield* time.pass(takes)
    const now = yield* status
    assert.deepStrictEqual([server.asked.length, now.state, now.lastError?.code, now.attempts, now.pendingMessages], [failing + 1, state, code, attempts, 3])
    if (again === null) {
      assert.isNull(now.nextAttemptAt)
      yield* time.pass(2 * hour)
      assert.strictEqual(server.asked.length, failing + 1)
      yield* reload
    } else {
      const waits = (now.nextAttemptAt ?? 0) - time.now
      assert.isTrue(waits >= again[0] && waits <= again[1], `it waits ${waits} ms`)
      assert.deepStrictEqual(
        (yield* queue).map(({ nextAttemptAt }) => nextAttemptAt),
        [now.nextAttemptAt]
      )
      yield* time.pass(waits - 1)
      assert.strictEqual(server.asked.length, failing + 1)
      yield* time.pass(1)
    }
    assert.strictEqual(server.textsOf("one").length, 3)
    const after = yield* status
    assert.deepStrictEqual([after.state, after.pendingMessages, after.attempts, after.nextAttemptAt, server.mostOpen], ["IDLE", 0, 0, null, 1])
    assert.deepStrictEqual(yield* queue, [])
  })

describe("SYN-17: a request that failed once, after which nothing happens but time", () => {
  for (const row of rows)
    for (const at of ["probe", "lines"] as const)
      if (row.only === undefined || row.only === at)
        it.scopedLive(
          `SYN-17: After ${row.cause} to ${at === "probe" ? "the first question" : "lines"} it ${row.again === null ? "waits for a person, and then all arrives" : "asks again by itself in its time, and all arrives"}`,
          () => Effect.flatMap(scripted(), (world) => failsOnce(world, row, at))
        )
})

describe("SYN-17: requests that fail more than once", () => {
  it.scopedLive("SYN-17: The pauses are 1, 2, 4 … 3,600 seconds or up to half less, without an end, and all arrives after any number of them", () =>
    Effect.gen(function* () {
      const { server, start, time } = yield* scripted()
      let isOffline = true
      server.script = () => (isOffline ? "no connection" : "well")
      const { status } = yield* start()
      yield* time.pass(3 * day)
      const pauses = server.asked.slice(1).map(({ at }, index) => at - server.asked[index]!.at)
      assert.isAbove(pauses.length, 80)
      for (const [index, pause] of pauses.entries()) {
        const full = Math.min(2 ** index * 1000, hour)
        assert.isTrue(pause >= full / 2 && pause <= full, `pause ${index} is ${pause} ms`)
      }
      // They are not all the same: clients that lost a server at one moment do not come back at one moment.
      assert.isAbove(new Set(pauses.slice(20)).size, 50)
      const before = yield* status
      assert.deepStrictEqual([before.state, before.attempts], ["OFFLINE", pauses.length + 1])
      isOffline = false
      yield* time.pass(hour)
      assert.strictEqual(server.textsOf("one").length, 3)
      const after = yield* status
      assert.deepStrictEqual([after.state, after.attempts, after.pendingMessages], ["IDLE", 0, 0])
    })
  )

  it.scopedLive("SYN-17: New lines do not shorten a pause; a person's command does not wait for it, and is told what is the matter", () =>
    Effect.gen(function* () {
      const { append, server, start, time } = yield* scripted()
      server.script = () => failure(503, "storage", { retryAfterMs: 600_000 })
      const { status, sync } = yield* start()
      yield* append({ two: ["d"] }, 100)
      yield* time.pass(500_000)
      assert.strictEqual(server.asked.length, 1)
      const told = yield* Effect.flip(sync)
      assert.deepStrictEqual(
        [server.asked.length, told._tag, "code" in told ? told.code : "", told.message],
        [2, "SyncStopped", "storage", "storage, said the server"]
      )
      server.script = () => "well"
      assert.strictEqual((yield* sync).sent, 4)
      assert.strictEqual((yield* status).state, "IDLE")
    })
  )

  it.scopedLive("SYN-17: A checksum that is wrong on the way is made again three times at once, and then hourly", () =>
    Effect.gen(function* () {
      const { server, start, time } = yield* scripted()
      server.script = (_, { sessions }) => (sessions.length === 0 ? "well" : failure(400, "checksum_mismatch"))
      const { status } = yield* start()
      assert.strictEqual(server.asked.length, 1 + 4)
      const now = yield* status
      assert.deepStrictEqual([now.state, (now.nextAttemptAt ?? 0) - time.now], ["PAUSED_CONFIG", hour])
      yield* time.pass(hour - 1)
      assert.strictEqual(server.asked.length, 1 + 4)
      server.script = () => "well"
      yield* time.pass(1)
      assert.strictEqual(server.textsOf("one").length, 3)
    })
  )

  it.scopedLive("SYN-17: A request that is too large goes in halves, and a line that is too large alone leaves its place to a note", () =>
    Effect.gen(function* () {
      const texts = Array.from({ length: 20 }, (_, at) => (at === 7 ? "x".repeat(5000) : `text ${at}`))
      const { server, start } = yield* scripted({ one: texts, two: ["y"] })
      server.script = (_, payload) => (JSON.stringify(payload).length > 4000 ? failure(413, "too_large") : "well")
      const { status } = yield* start()
      const kept = server.textsOf("one")
      assert.deepStrictEqual(
        kept.map((text) => text.startsWith("withheld")),
        texts.map((_, at) => at === 7)
      )
      assert.strictEqual(kept[7], "withheld: refused")
      assert.strictEqual(server.textsOf("two").length, 1)
      assert.deepStrictEqual([(yield* status).state, (yield* status).pendingMessages], ["IDLE", 0])
    })
  )

  it.scopedLive("SYN-17: A server to which everything is too large is asked again later, and then has every line whole", () =>
    Effect.gen(function* () {
      const { server, start, time } = yield* scripted()
      server.script = (_, { sessions }) => (sessions.length === 0 ? "well" : failure(413, "too_large"))
      const { status } = yield* start()
      const asked = server.asked.length
      assert.isBelow(asked, 8)
      assert.strictEqual((yield* status).lastError?.code, "too_large")
      yield* time.pass(hour)
      assert.isBelow(server.asked.length, asked + 60)
      server.script = () => "well"
      yield* time.pass(hour)
      assert.deepStrictEqual(
        server.textsOf("one").map((text) => text.startsWith("withheld")),
        [false, false, false]
      )
    })
  )

  it.scopedLive("SYN-17: A key that is refused is not tried again, and another one is", () =>
    Effect.gen(function* () {
      const { server, start, time } = yield* scripted()
      server.script = () => failure(401, "revoked_key")
      const one = yield* start()
      yield* time.pass(2 * hour)
      assert.strictEqual(server.asked.length, 1)
      assert.deepStrictEqual([(yield* one.status).state, (yield* Effect.flip(one.sync)).message], ["PAUSED_AUTH", "revoked_key, said the server"])
      assert.strictEqual(server.asked.length, 2)
    })
  )

  it.scopedLive("SYN-17: A fault within the sender is said, and it tries again", () =>
    Effect.gen(function* () {
      const { server, start, time } = yield* scripted()
      server.script = (request) => {
        if (request === 1) throw new RangeError("of the text of a line")
        return "well"
      }
      const { status } = yield* start()
      const now = yield* status
      assert.deepStrictEqual([now.state, now.lastError?.code, now.attempts], ["BACKING_OFF", "internal", 1])
      assert.notInclude(JSON.stringify(now), "the text of a line")
      yield* time.pass(1000)
      assert.strictEqual(server.textsOf("one").length, 3)
    })
  )
})
