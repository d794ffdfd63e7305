import { assert, describe, it } from "@effect/vitest"
import * as Effect from "effect/Effect"
import * as Layer from "effect/Layer"
import { type Entry, SessionId, type Transcript } from "han-core/Entry"
import { HookHistory, hookRunLimit, maxHookRuns } from "han-core/HookHistory"
import { flakyRuns } from "han-core/HookRun"
import { Messages } from "han-core/Messages"
import { SessionDetails } from "han-core/SessionDetails"
import type { StoreUnusable } from "han-core/StoreError"
import { Viewer } from "han-core/Viewer"
import * as SqliteStore from "han-sql/SqliteStore"
import { freshPgStore } from "../../../../test/postgresStore.ts"
import { type JournalServices, wholeJournal } from "../../../../test/wholeJournal.ts"

type Services = JournalServices | HookHistory | SessionDetails | Messages
type Store = Layer.Layer<Services, StoreUnusable>

const stores: ReadonlyArray<readonly [name: string, layer: () => Store]> = [
  ["SqliteStore", () => SqliteStore.layer({ filename: ":memory:" })],
  ["PgStore", () => freshPgStore()]
]

const at = (second: number) => new Date(Date.UTC(2026, 2, 1, 10, 0, second)).toISOString()

interface Ran {
  readonly session: string
  readonly id: string
  readonly second: number
  readonly hook?: string
  readonly directory?: string
  readonly event?: string
  /** Absent: it has not ended. */
  readonly exitCode?: number
  readonly key?: string
}

/** Han's own lines of one session, as its runs wrote them. */
const append = Effect.fn(function* (runs: ReadonlyArray<Ran>) {
  const journal = yield* wholeJournal
  for (const session of new Set(runs.map((run) => run.session))) {
    const transcript: Transcript = { machine: "m", source: "han", sessionId: SessionId.make(session), kind: "han", agentId: null, generation: 1 }
    const lines = runs
      .filter((run) => run.session === session)
      .flatMap(({ directory = "/work/app", event = "Stop", exitCode, hook = "check", id, key, second }) => {
        const data = {
          plugin: "gate",
          hook,
          hook_type: event,
          directory,
          cached: false,
          reason_text: "changed: a.ts",
          files: ["a.ts"],
          file_count: 7,
          content_key: key
        }
        return [
          { uuid: id, sessionId: session, type: "hook_run", timestamp: at(second), data },
          ...(exitCode === undefined
            ? []
            : [
                {
                  uuid: `${id}-end`,
                  sessionId: session,
                  type: "hook_result",
                  timestamp: at(second + 1),
                  hookRunId: id,
                  data: {
                    ...data,
                    duration_ms: 1000,
                    exit_code: exitCode,
                    success: exitCode === 0,
                    verdict: exitCode === 0 ? "passed" : "failed",
                    output: "said"
                  }
                }
              ])
        ]
      })
    const entries: Array<Entry> = []
    let offset = 0
    for (const [line, value] of lines.entries()) {
      const bytes = Buffer.from(JSON.stringify(value))
      entries.push({ line, offset, bytes })
      offset += bytes.length + 1
    }
    yield* journal.append(transcript, entries)
  }
})

const [a, b] = ["aaaaaaaa-0000-4000-8000-000000000000", "bbbbbbbb-0000-4000-8000-000000000000"]

it("a limit counts within its bounds", () => {
  assert.deepStrictEqual([-1, 0, 1, 7, maxHookRuns, maxHookRuns + 1, Number.POSITIVE_INFINITY].map(hookRunLimit), [1, 1, 1, 7, 10_000, 10_000, 10_000])
})

for (const [name, store] of stores) {
  describe(name, () => {
    const inStore = <A, E>(effect: Effect.Effect<A, E, Services | Viewer>) => Effect.provide(effect, Layer.merge(Layer.orDie(store()), Viewer.layerLocal))

    it.live("The history shows runs of all sessions, the newest first, each whole, with those under way", () =>
      inStore(
        Effect.gen(function* () {
          const history = yield* HookHistory
          assert.deepStrictEqual(yield* history.runs({ limit: 10 }), [])
          yield* append([
            { session: a, id: "1", second: 1, exitCode: 0, key: "k" },
            { session: b, id: "2", second: 2, exitCode: 1, key: "k", hook: "lint", directory: "/work/app/web", event: "PostToolUse" },
            { session: a, id: "3", second: 3, directory: "/work/application" }
          ])
          const runs = yield* history.runs({ limit: 10 })
          assert.deepStrictEqual(
            runs.map(({ exitCode, id, sessionId, status, verdict }) => [id, sessionId, status, exitCode, verdict]),
            [
              ["3", a, "abandoned", null, null],
              ["2", b, "failed", 1, "failed"],
              ["1", a, "passed", 0, "passed"]
            ]
          )
          assert.deepInclude(runs[1], {
            hook: "lint",
            plugin: "gate",
            event: "PostToolUse",
            durationMs: 1000,
            output: "said",
            reason: "changed: a.ts",
            fileCount: 7,
            contentKey: "k"
          })
          assert.deepStrictEqual([...flakyRuns(runs)].sort(), ["1", "2"])
          const ids = (filter: Parameters<typeof history.runs>[0]) => Effect.map(history.runs(filter), (found) => found.map(({ id }) => id))
          assert.deepStrictEqual(yield* ids({ limit: 1 }), ["3"])
          assert.deepStrictEqual(yield* ids({ limit: 9, sessionId: SessionId.make(a) }), ["3", "1"])
          assert.deepStrictEqual(yield* ids({ limit: 9, directory: "/work/app" }), ["2", "1"])
          assert.deepStrictEqual(yield* ids({ limit: 9, hook: "lint" }), ["2"])
          assert.deepStrictEqual(yield* ids({ limit: 9, hook: "gate" }), ["3", "2", "1"])
          assert.deepStrictEqual(yield* ids({ limit: 9, event: "PostToolUse" }), ["2"])
          assert.deepStrictEqual(yield* ids({ limit: 9, failed: true }), ["2"])
          yield* Effect.flatMap(wholeJournal, (journal) => journal.forget({ sessionIds: [SessionId.make(b)] }))
          assert.deepStrictEqual(yield* ids({ limit: 9 }), ["3", "1"])
        })
      )
    )

    it.live("A run that is asked for is found behind many others", () =>
      inStore(
        Effect.gen(function* () {
          const history = yield* HookHistory
          const many = Array.from({ length: 700 }, (_, index): Ran => ({ session: a, id: `n${index}`, second: 10 + index, exitCode: 0 }))
          yield* append([{ session: b, id: "old", second: 1, exitCode: 0, hook: "rare" }, ...many])
          assert.deepStrictEqual(
            (yield* history.runs({ limit: 5, hook: "rare" })).map(({ id }) => id),
            ["old"]
          )
          assert.strictEqual((yield* history.runs({ limit: 650 })).length, 650)
          assert.strictEqual((yield* history.runs({ limit: 1_000_000_000 })).length, 701)
          for (const limit of [0, -7, 1.9]) assert.strictEqual((yield* history.runs({ limit })).length, 1)
        })
      )
    )

    it.live("Lines that do not name their run or call it otherwise are joined, and runs without an end are told", () =>
      inStore(
        Effect.gen(function* () {
          const history = yield* HookHistory
          const journal = yield* wholeJournal
          const details = yield* SessionDetails
          const messages = yield* Messages
          const sessionId = SessionId.make(a)
          const now = Date.now()
          const log = (kind: "han" | "main", list: ReadonlyArray<object>) =>
            journal.append(
              { machine: "m", source: kind === "han" ? "han" : "claude-code", sessionId, kind, agentId: null, generation: 1 },
              list.map((value, line) => ({ line, offset: line * 1000, bytes: Buffer.from(JSON.stringify(value)) }))
            )
          const line = (type: string, uuid: string, msAgo: number, data: object, more: object = {}) => ({
            uuid,
            sessionId: a,
            type,
            timestamp: new Date(now - msAgo).toISOString(),
            data: { plugin: "gate", hook: "check", hook_type: "Stop", directory: "/work/app", cached: false, ...data },
            ...more
          })
          const end = { duration_ms: 5, exit_code: 0, success: true }
          const lines = [
            line("hook_run", "lost", 90 * 60_000, { hook: "lost" }),
            line("hook_run", "r1", 50_000, {}),
            line("hook_run", "r2", 49_000, { directory: "/work/web" }),
            line("hook_result", "e1", 48_000, end),
            line("hook_result", "e2", 47_000, { ...end, directory: "/work/web", success: false, exit_code: 2 }),
            line("hook_run", "r3", 46_000, { hook_run_id: "own-3" }),
            line("hook_result", "e3", 45_000, end, { hookRunId: "r3" }),
            line("hook_run", "r4", 44_000, { hook_run_id: "own-4" }),
            line("hook_result", "e4", 43_000, { ...end, hook_run_id: "own-4" }),
            line("hook_result", "alone", 42_000, { ...end, hook: "other" }, { hookRunId: "gone" }),
            line("hook_run", "open", 1000, {})
          ]
          yield* log("han", lines)
          const expected = [
            ["open", null, "running"],
            ["alone", "alone", "passed"],
            ["r4", "e4", "passed"],
            ["r3", "e3", "passed"],
            ["r2", "e2", "failed"],
            ["r1", "e1", "passed"],
            ["lost", null, "abandoned"]
          ]
          const told = Effect.map(history.runs({ limit: 20 }), (runs) => runs.map(({ endId, id, status }) => [id, endId, status]))
          assert.deepStrictEqual(yield* told, expected)
          const runs = (yield* details.hookRuns([sessionId])).get(sessionId) ?? []
          assert.deepStrictEqual(runs.map(({ endId, id, status }) => [id, endId, status]).reverse(), expected)
          const replies = yield* messages.replies(sessionId, ["r1", "r2", "own-3", "r3", "own-4", "r4", "open", "lost"])
          assert.deepStrictEqual([...replies].map(([id, { message }]) => [id, message.id]).sort(), [
            ["own-3", "e3"],
            ["own-4", "e4"],
            ["r1", "e1"],
            ["r2", "e2"],
            ["r3", "e3"],
            ["r4", "e4"]
          ])
          // The client closes the session: nobody waits for anything any more.
          yield* log("main", [
            { type: "user", uuid: "u", timestamp: new Date(now - 60_000).toISOString(), message: { role: "user", content: "go" } },
            { type: "cost-state", sessionId: a, totalCostUSD: 0, modelUsage: {} }
          ])
          assert.deepStrictEqual((yield* told)[0], ["open", null, "abandoned"])
        })
      )
    )
  })
}
