import * as Effect from "effect/Effect"
import type { Append } from "han-core/JournalWriter"
import { Sessions } from "han-core/Sessions"
import { Usage } from "han-core/Usage"
import { indexingCase, scenario } from "../../../test/transcriptFiles.ts"
import { wholeJournal } from "../../../test/wholeJournal.ts"
import { assert } from "../src/testing/assertions.ts"
import { type Case, test } from "../src/testing/cases.ts"
import { found, sessionId } from "../src/testing/readEverything.ts"

const appendAll = (appends: ReadonlyArray<Append>) =>
  Effect.flatMap(wholeJournal, (journal) => Effect.forEach(appends, (append) => journal.appendAll([append]), { discard: true }))

/** Forks of forks, tasks and subagents of the real client. */
export const recorded: ReadonlyArray<Append> = ["08-resume-fork", "13-tasks", "04-subagents"].flatMap(scenario)

/** Cases over the recorded and the hand-written transcripts in fixtures/, which are no part of the package. */
export const recordedCases: ReadonlyArray<Case> = [
  test("A search finds what the conformance queries say", () =>
    Effect.gen(function* () {
      for (const name of [
        "F01-basic",
        "F02-blocks",
        "F03-split-usage",
        "F04-tool-results",
        "F05-summary-compact",
        "F06-other-kinds",
        "F07-malformed",
        "F08-todos",
        "F09-native-tasks",
        "F10-sentiment",
        "F11-agent",
        "F12-han-events",
        "F13-bridged",
        "F14-incremental",
        "F15-legacy-tools"
      ]) {
        yield* appendAll(indexingCase(name))
      }
      const ids = (text: string, more: Parameters<typeof found>[1] = {}) => Effect.map(found(text, more), (list) => [...list].sort())
      assert.deepStrictEqual(yield* ids("LINE ONE"), ["u-101"])
      assert.deepStrictEqual(yield* ids("main line"), ["u-10m1", "u-10m2", "u-10m3", "u-10m4", "u-10m5"])
      assert.deepStrictEqual(yield* ids("main line", { sessionId: sessionId("11111111-1111-4111-8111-111111111111") }), [
        "u-10m1",
        "u-10m2",
        "u-10m3",
        "u-10m4",
        "u-10m5"
      ])
      assert.deepStrictEqual(yield* ids("lin"), [])
      assert.deepStrictEqual((yield* ids("lin*")).includes("u-101"), true)
      assert.deepStrictEqual([yield* ids("biome lint"), yield* ids("biome lint", { kinds: ["han"] })], [[], ["e1", "e2", "e6"]])
      assert.deepStrictEqual(yield* ids("https://github.com/o/r/pull/77"), ["u-15"])
      assert.deepStrictEqual(yield* ids("ecrire"), ["a-08a", "a-08b"])
      assert.deepStrictEqual(yield* ids("CLAUDE_SESSION_ID"), ["u-10c"])
      assert.deepStrictEqual(yield* ids('"terrible and"'), ["u-10a"])
      assert.deepStrictEqual(yield* ids('"and terrible"'), [])
      assert.deepStrictEqual(yield* ids("terrible OR amazing"), [])
      assert.deepStrictEqual(yield* ids("NOT working"), ["u-10b"])
      for (const nothing of ['"', "???", "", "   ", "*", "-", "-terrible", '""', "(", "a NEAR(", ":"])
        assert.deepStrictEqual((yield* ids(nothing)).length === 0 || nothing === "a NEAR(", true, nothing)
      assert.deepStrictEqual(yield* ids("going???"), ["u-10l"])
      assert.deepStrictEqual(yield* ids("07a"), [])
      assert.deepStrictEqual((yield* ids("compacted")).includes("s-05c"), true)
      assert.deepStrictEqual(yield* ids("stop -forget", { kinds: ["prompt"] }), [])
      assert.deepStrictEqual(yield* ids("terrible", { role: "assistant" }), [])
      assert.deepStrictEqual(yield* ids("terrible", { kinds: ["prompt"] }), ["u-10a"])
      assert.deepStrictEqual(yield* ids("line", { until: Date.UTC(2026, 2, 1, 10, 0, 1) + 1, sessionId: sessionId("11111111-1111-4111-8111-111111111114") }), [
        "u-101"
      ])
    })),

  test("The real client's compactions, forks, tasks, subagents and titles are read as it meant them", () =>
    Effect.gen(function* () {
      for (const name of ["06-compact", "08-resume-fork", "13-tasks", "04-subagents", "02-streaming", "27-titles"]) yield* appendAll(scenario(name))
      const sessions = yield* Sessions
      const compactions = yield* sessions.compactions(sessionId("5b701211-d820-4a2b-a533-715b28c0132f"))
      // Between the second boundary and its summary there are attachments.
      assert.deepStrictEqual(
        compactions.map((compacted) => [compacted.trigger, compacted.preTokens, compacted.summary?.startsWith("This session is being continued")]),
        [
          ["manual", 2773, true],
          ["auto", 115_165, true]
        ]
      )
      const link = (id: string) => Effect.map(sessions.get(id), (session) => session.link)
      assert.deepStrictEqual(yield* link("11111111-1111-4111-8111-111111111111"), null)
      assert.deepStrictEqual((yield* link("da328736"))?.sessionId as string, "11111111-1111-4111-8111-111111111111")
      assert.deepStrictEqual(yield* link("22222222"), { kind: "fork", sessionId: sessionId("da328736-2a00-4ee4-8965-f372232844c8") })
      assert.deepStrictEqual(yield* link("5d54a007"), { kind: "branch", sessionId: sessionId("11111111-1111-4111-8111-111111111111") })
      const tasks = yield* sessions.tasks(sessionId("e191ec92-a00d-4d93-a729-fbdc4058ffa4"))
      assert.deepStrictEqual(
        tasks.map((task) => [task.sequence, task.subject, task.status]),
        [[1, "First task", "completed"]]
      )
      const [todos] = yield* sessions.todos(sessionId("d48f4ee4-09c8-4440-9d28-3731a21d077e"))
      assert.deepStrictEqual(todos?.todos.map((todo) => todo.status).length, 2)
      const agents = yield* sessions.agents(sessionId("6f98be24-c350-4312-9c8d-ea91b7333a1d"))
      assert.strictEqual(agents.length, 6)
      // The client's own account, to the nano-dollar, of a session whose every response is in its transcript.
      const [check] = yield* (yield* Usage).reconcile({ sessionId: sessionId("cda7bc31-9c1b-465e-9161-7a8a37a39378") })
      assert.deepStrictEqual([check?.clientNanoUsd, check?.differenceNanoUsd, check?.reasons], [14_946_000, 0, []])
      const titled = yield* sessions.get("4d026f50-10c5-4b32-9508-cad1bdcd48a0")
      assert.strictEqual(titled.title, "Fix the alpha file")
    })),

  test("the hand-written cases come out better than they did elsewhere", () =>
    Effect.gen(function* () {
      for (const name of [
        "F01-basic",
        "F03-split-usage",
        "F05-summary-compact",
        "F08-todos",
        "F09-native-tasks",
        "F12-han-events",
        "F13-bridged",
        "F15-legacy-tools"
      ])
        yield* appendAll(indexingCase(name))
      const sessions = yield* Sessions
      const id = (n: number) => sessionId(`11111111-1111-4111-8111-1111111111${String(n).padStart(2, "0")}`)
      const split = yield* sessions.get(id(3))
      assert.deepStrictEqual([split.input, split.output, split.cacheRead, split.responses], [7, 50, 1000, 1])
      const compactions = yield* sessions.compactions(id(5))
      assert.deepStrictEqual(compactions.map((compaction) => `${compaction.trigger} ${compaction.preTokens}`).sort(), [
        "auto 150000",
        "continuation null",
        "unknown null"
      ])
      assert.deepStrictEqual(
        (yield* sessions.summaries(id(5))).map((summary) => [summary.text, summary.at]),
        [
          ["Known leaf", Date.UTC(2026, 2, 1, 10, 0, 9)],
          ["Orphan summary", null]
        ]
      )
      assert.deepStrictEqual(
        (yield* sessions.tasks(id(9))).map((task) => [task.sequence, task.subject, task.status, task.owner, task.blockedBy, task.blocks]),
        [
          [1, "Build", "in_progress", "me", [], []],
          [2, "Test", "completed", null, ["1"], ["3"]],
          [3, "Build", "completed", null, [], []]
        ]
      )
      const bridged = yield* sessions.get(id(13))
      assert.deepStrictEqual([bridged.source, bridged.output, bridged.costNanoUsd], ["omp", 340, 12_300_000])
      assert.deepStrictEqual(
        (yield* sessions.fileChanges(id(13))).map((change) => [change.path, change.action]),
        [["/fx/a", "modified"]]
      )
      const legacy = yield* sessions.get(id(15))
      assert.deepStrictEqual([legacy.pullRequest?.number, legacy.team], [77, "alpha"])
      assert.deepStrictEqual(
        (yield* sessions.todos(id(8)))[0]?.todos.map((todo) => [todo.content, todo.status]),
        [["Écrire", "completed"]]
      )
    }))
]
