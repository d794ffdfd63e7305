import { afterAll, beforeAll, describe, expect, it } from "vitest"
import { indexingCase } from "../../../../test/transcriptFiles.ts"
import { answer, at, call, log, noted, result, session, user } from "../../../../test/transcriptLines.ts"
import { type Answer, type Asking, open, stores } from "../graphqlAsking.ts"

const run = (id: string, when: number, more: object = {}) =>
  noted("hook_run", id, when, { plugin: "biome", hook: "lint", hook_type: "Stop", directory: "/work/app", command: "biome check", ...more })
const ended = (id: string, when: number, of: string | undefined, data: object) =>
  noted("hook_result", id, when, { plugin: "biome", hook: "lint", hook_type: "Stop", ...data }, of === undefined ? {} : { hookRunId: of })
const edit = (id: string, when: number, path: string) => [
  answer(`${id}-call`, when, [call(id, "Edit", { file_path: path, old_string: "a", new_string: "b" })]),
  user(`${id}-result`, when + 0.5, [result(id, "done")])
]
const checked = (id: string, when: number, hook: string, files: Readonly<Record<string, string>>, directory = ".") =>
  noted("hook_validation_cache", id, when, { plugin: "biome", hook, directory, command_hash: "c", files })

for (const [name, fresh] of stores)
  describe(`${name}: what depends on han's own log`, () => {
    let asking: Asking
    beforeAll(async () => {
      asking = await open(fresh())
      await asking.append(
        session("hooked", [
          user("u-1", 0, "go"),
          ...edit("one", 10, "/work/app/one.ts"),
          ...edit("two", 11, "/work/app/two.ts"),
          ...edit("one-again", 30, "/work/app/one.ts"),
          ...edit("never", 31, "/work/app/never.ts"),
          answer("failing", 32, [call("failing-call", "Write", { file_path: "/work/app/x.ts", content: "x" })]),
          user("failing-result", 33, [result("failing-call", "no", { is_error: true })])
        ]),
        log("hooked", [
          run("r-1", 12, { orchestration_id: "o-1", task_id: "t-1" }),
          ended("e-1", 13, "r-1", { success: true, exit_code: 0, duration_ms: 100, output: "fine" }),
          run("r-2", 14),
          ended("e-2", 15, "r-2", { exit_code: 0, duration_ms: 200 }),
          run("r-3", 16, { hook: "test", hook_type: "PostToolUse", cached: true }),
          ended("e-3", 17, "r-3", { hook: "test", hook_type: "PostToolUse", success: false, exit_code: 2, duration_ms: 600, error: "2 failed" }),
          // The end of a run whose beginning nobody wrote down, and a check.
          ended("e-4", 18, undefined, { exit_code: 1, duration_ms: 1 }),
          noted("hook_validation", "v-1", 19, {
            plugin: "biome",
            hook: "build",
            directory: "/work/app",
            success: true,
            exit_code: 0,
            duration_ms: 5,
            hook_type: "Stop"
          }),
          run("r-5", 50, { hook: "slow" }),
          checked("c-1", 20, "lint", { "/work/app/one.ts": "h1", "/work/app/two.ts": "h2" }),
          checked("c-2", 21, "types", { "/work/app/one.ts": "h1" }),
          checked("c-3", 40, "lint", { "/work/app/one.ts": "h3" })
        ]),
        // The same check in the same folder of another project, as its log sees it.
        session("elsewhere", [{ ...user("x-1", 0, "go"), cwd: "/work/lib" }]),
        log("elsewhere", [{ ...checked("x-2", 60, "lint", { "/work/lib/a.ts": "h" }), cwd: "/work/lib" }]),
        ...indexingCase("F08-todos"),
        ...indexingCase("F10-sentiment"),
        ...indexingCase("F12-han-events"),
        session("listing", [
          answer("l-1", 1, [
            call("l-t", "TodoWrite", {
              todos: [
                { content: "one", status: "completed", activeForm: "doing one" },
                { content: "two", status: "in_progress", activeForm: "doing two" },
                { content: "three", status: "pending", activeForm: "doing three" },
                { content: "four", status: "someday", activeForm: "doing four" }
              ]
            })
          ])
        ]),
        log("listing", [
          noted("task_start", "k-1", 1, { task_id: "done", description: "Fix it", task_type: "bugfix" }),
          noted("task_start", "k-2", 2, { task_id: "open", description: "Look", task_type: "investigate" }),
          noted("task_update", "k-3", 3, { task_id: "open", notes: "halfway" }),
          noted("task_complete", "k-4", 6.4, {
            task_id: "done",
            outcome: "success",
            confidence: 0.5,
            files_modified: ["a", 1, "b"],
            tests_added: 3,
            notes: "good"
          }),
          noted("task_start", "k-5", 7, { task_id: "failed", description: "Try", task_type: "refactor" }),
          noted("task_fail", "k-6", 8, { task_id: "failed", reason: "too hard", duration_seconds: 1 }),
          noted("task_start", "k-7", 9, { task_id: "last", description: "Build", task_type: "feature" })
        ])
      )
    })
    afterAll(() => asking.close())
    const of = async (id: string, fields: string): Promise<Answer> =>
      (await asking.ask(`query ($id: String!) { session(id: $id) { ${fields} } }`, { id })).session

    it("Runs of hooks are answered with what came of them", async () => {
      const { hookExecutions, hookStats } = await of(
        "hooked",
        `hookExecutions { totalCount edges { node { id orchestrationId sessionId taskId hookType hookName hookSource directory durationMs exitCode passed output error command executedAt timestamp status cached } } }
        hookStats { totalHooks passedHooks failedHooks totalDurationMs passRate byHookType { hookType total passed } }`
      )
      const nodes = hookExecutions.edges.map((edge: Answer) => edge.node)
      expect(nodes[0]).toEqual({
        id: "HookExecution:hooked:r-1",
        orchestrationId: "o-1",
        sessionId: "hooked",
        taskId: "t-1",
        hookType: "Stop",
        hookName: "lint",
        hookSource: "biome",
        directory: "/work/app",
        durationMs: 100,
        exitCode: 0,
        passed: true,
        output: "fine",
        error: null,
        command: "biome check",
        executedAt: at(12),
        timestamp: at(12),
        status: "passed",
        cached: false
      })
      expect(
        nodes.map((node: Answer) => [node.id.split(":").at(-1), node.hookName, node.status, node.passed, node.exitCode, node.durationMs, node.cached])
      ).toEqual([
        ["r-1", "lint", "passed", true, 0, 100, false],
        // Its exit code says that it passed.
        ["r-2", "lint", "passed", true, 0, 200, false],
        ["r-3", "test", "failed", false, 2, 600, true],
        ["e-4", "lint", "failed", false, 1, 1, false],
        ["v-1", "build", "passed", true, 0, 5, false],
        // Long ago, and nobody said how it ended.
        ["r-5", "slow", "abandoned", false, -1, 0, false]
      ])
      // In percent, as the page prints it; what was abandoned has not ended.
      expect(hookStats).toEqual({
        totalHooks: 5,
        passedHooks: 3,
        failedHooks: 2,
        totalDurationMs: 906,
        passRate: 60,
        byHookType: [
          { hookType: "PostToolUse", total: 1, passed: 0 },
          { hookType: "Stop", total: 4, passed: 3 }
        ]
      })
    })

    it("Hooks over all sessions agree with those of each", async () => {
      const { dashboardAnalytics, sessions } = await asking.ask(`{
        dashboardAnalytics(days: 36500) { hookHealth { hookName totalRuns passCount failCount passRate avgDurationMs } }
        sessions(first: 100) { edges { node { hookStats { totalHooks passedHooks passRate } } } }
      }`)
      // From 0 to 1 here. F12 has a run of lint, too, that passed in 12 ms; what came of another one is lost.
      expect(dashboardAnalytics.hookHealth).toEqual([
        { hookName: "lint", totalRuns: 4, passCount: 3, failCount: 1, passRate: 0.75, avgDurationMs: (100 + 200 + 1 + 12) / 4 },
        { hookName: "build", totalRuns: 1, passCount: 1, failCount: 0, passRate: 1, avgDurationMs: 5 },
        { hookName: "test", totalRuns: 1, passCount: 0, failCount: 1, passRate: 0, avgDurationMs: 600 }
      ])
      const sum = (rows: ReadonlyArray<Answer>, of: (row: Answer) => number) => rows.reduce((so, row) => so + of(row), 0)
      const stats = sessions.edges.map((edge: Answer) => edge.node.hookStats)
      expect(sum(stats, (one) => one.passedHooks)).toBe(sum(dashboardAnalytics.hookHealth, (one) => one.passCount))
      for (const { passRate } of stats) expect(passRate >= 0 && passRate <= 100).toBe(true)
    })

    it("The conversation shows cards of hooks and tools with their results", async () => {
      const { messages } = await of(
        "hooked",
        'messages(filter: { toolName: { _eq: "hook_run" } }) { edges { node { ... on HookRunMessage { hookRunId hookName plugin hookType cached result { id success output error durationMs exitCode cached } } } } }'
      )
      const cards = new Map(messages.edges.map((edge: Answer) => [edge.node.hookRunId, edge.node]))
      expect(cards.get("r-3")).toEqual({
        hookRunId: "r-3",
        hookName: "test",
        plugin: "biome",
        hookType: "PostToolUse",
        cached: true,
        result: { id: "HookResult:e-3", success: false, output: null, error: "2 failed", durationMs: 600, exitCode: 2, cached: null }
      })
      expect(cards.get("r-2")).toMatchObject({ result: { id: "HookResult:e-2", success: true } })
      expect(cards.get("r-5")).toMatchObject({ result: null })
    })

    it("Changes of files come the newest first, with the checks that they passed", async () => {
      const fields = "pluginName hookName validatedAt directory"
      const { fileChangeCount, fileChanges } = await of(
        "hooked",
        `fileChangeCount fileChanges { totalCount edges { node { id filePath action toolName recordedAt sessionId isValidated fileHashBefore fileHashAfter validations { ${fields} } missingValidations { ${fields} } } } }`
      )
      expect([fileChangeCount, fileChanges.totalCount]).toEqual([4, 4])
      const [never, again, two, one] = fileChanges.edges.map((edge: Answer) => edge.node)
      const check = (hookName: string, when: number) => ({ pluginName: "biome", hookName, validatedAt: at(when), directory: "." })
      expect(one).toEqual({
        id: "FileChange:one",
        filePath: "/work/app/one.ts",
        action: "modified",
        toolName: "Edit",
        recordedAt: at(10),
        sessionId: "hooked",
        isValidated: true,
        fileHashBefore: null,
        fileHashAfter: "h1",
        validations: [check("lint", 20), check("types", 21)],
        missingValidations: []
      })
      expect(two).toMatchObject({ filePath: "/work/app/two.ts", isValidated: true, fileHashAfter: "h2", validations: [check("lint", 20)] })
      // Of two checks that it had passed before, it has passed one again.
      expect(again).toMatchObject({
        filePath: "/work/app/one.ts",
        isValidated: false,
        fileHashBefore: "h1",
        fileHashAfter: "h3",
        validations: [check("lint", 40)],
        missingValidations: [check("types", 21)]
      })
      expect(never).toMatchObject({
        filePath: "/work/app/never.ts",
        isValidated: false,
        fileHashBefore: null,
        fileHashAfter: null,
        validations: [],
        missingValidations: []
      })
    })

    it("Passes of checks that stand are listed, each in its project", async () => {
      const { cacheEntries, cacheStats } = await asking.ask(
        "{ cacheEntries { id pluginName hookName path fileCount lastModified } cacheStats { totalEntries totalFiles oldestEntry newestEntry } }"
      )
      expect(cacheEntries.map(({ id: _, ...entry }: Answer) => entry)).toEqual([
        { pluginName: "biome", hookName: "lint", path: "/work/lib", fileCount: 1, lastModified: at(60) },
        { pluginName: "biome", hookName: "lint", path: "/work/app", fileCount: 1, lastModified: at(40) },
        { pluginName: "biome", hookName: "types", path: "/work/app", fileCount: 1, lastModified: at(21) },
        { pluginName: "biome", hookName: "lint", path: "/fx/proj-alpha", fileCount: 2, lastModified: "2026-03-01T10:00:06.000Z" }
      ])
      expect(new Set(cacheEntries.map((entry: Answer) => entry.id)).size).toBe(4)
      expect(cacheStats).toEqual({ totalEntries: 4, totalFiles: 5, oldestEntry: "2026-03-01T10:00:06.000Z", newestEntry: at(60) })
    })

    it("To-dos are answered as they were written last", async () => {
      const fields =
        "todos { totalCount edges { node { id content status activeForm } } } activeTodos { totalCount edges { node { content } } } todoCounts { total pending inProgress completed } currentTodo { id content }"
      const found = await of("listing", fields)
      expect(found.todos.edges.map((edge: Answer) => edge.node)).toEqual([
        { id: "Todo:listing:0", content: "one", status: "completed", activeForm: "doing one" },
        { id: "Todo:listing:1", content: "two", status: "in_progress", activeForm: "doing two" },
        { id: "Todo:listing:2", content: "three", status: "pending", activeForm: "doing three" },
        { id: "Todo:listing:3", content: "four", status: "pending", activeForm: "doing four" }
      ])
      expect([found.todos.totalCount, found.activeTodos.totalCount, found.todoCounts, found.currentTodo]).toEqual([
        4,
        3,
        { total: 4, pending: 2, inProgress: 1, completed: 1 },
        { id: "Todo:listing:1", content: "two" }
      ])
      expect(await of("11111111-1111-4111-8111-111111111108", fields)).toMatchObject({
        todos: { edges: [{ node: { content: "Écrire", status: "completed", activeForm: "Writing" } }] },
        activeTodos: { totalCount: 0 },
        currentTodo: null
      })
      expect((await of("hooked", fields)).todoCounts).toEqual({ total: 0, pending: 0, inProgress: 0, completed: 0 })
    })

    it("Tasks that were announced are answered with their state and outcome", async () => {
      const fields = "id taskId description taskType type status outcome confidence notes filesModified testsAdded startedAt completedAt durationSeconds"
      const { activeTasks, currentTask, tasks } = await of(
        "listing",
        `tasks { totalCount edges { node { ${fields} } } } activeTasks { totalCount edges { node { taskId } } } currentTask { taskId notes }`
      )
      const [done, active, failed] = tasks.edges.map((edge: Answer) => edge.node)
      expect(done).toEqual({
        id: "Task:listing:done",
        taskId: "done",
        description: "Fix it",
        taskType: "bugfix",
        type: "FIX",
        status: "COMPLETED",
        outcome: "success",
        confidence: 0.5,
        notes: "good",
        filesModified: ["a", "b"],
        testsAdded: 3,
        startedAt: at(1),
        completedAt: at(6.4),
        durationSeconds: 5
      })
      expect(active).toMatchObject({ type: "RESEARCH", status: "ACTIVE", notes: "halfway", outcome: null, completedAt: null, durationSeconds: null })
      expect(failed).toMatchObject({ type: "REFACTOR", status: "FAILED", outcome: "failed", notes: "too hard", durationSeconds: 1 })
      expect([tasks.totalCount, activeTasks.edges.map((edge: Answer) => edge.node.taskId), currentTask]).toEqual([
        4,
        ["open", "last"],
        { taskId: "last", notes: null }
      ])
    })

    it("A session says how its prompts sound", async () => {
      const found = await of(
        "11111111-1111-4111-8111-111111111110",
        "frustrationSummary { totalAnalyzed moderateCount highCount overallLevel averageScore peakScore topSignals } messages(first: 100) { edges { node { uuid ... on RegularUserMessage { sentimentAnalysis { id sentimentScore sentimentLevel frustrationScore frustrationLevel signals } } } } }"
      )
      // Of F10 the lines a, b and d; e, i and j show none, whatever the table of the older product says.
      const [hate, caps, stop] = [3.8912666107531297, 4, 6.383288027872872]
      expect(found.frustrationSummary).toMatchObject({
        totalAnalyzed: 9,
        moderateCount: 2,
        highCount: 1,
        overallLevel: "high",
        averageScore: expect.closeTo((hate + caps + stop) / 3, 8),
        peakScore: expect.closeTo(stop, 8)
      })
      expect(found.frustrationSummary.topSignals.length).toBeGreaterThan(0)
      expect(found.frustrationSummary.topSignals.length).toBeLessThanOrEqual(5)
      const sounds = new Map(found.messages.edges.map((edge: Answer) => [edge.node.uuid, edge.node.sentimentAnalysis]))
      expect(sounds.get("u-10d")).toMatchObject({
        id: "SentimentAnalysis:u-10d",
        sentimentScore: expect.closeTo(-2.383288027872872, 9),
        sentimentLevel: "negative",
        frustrationLevel: "high"
      })
      expect(sounds.get("u-10f")).toMatchObject({ sentimentScore: expect.closeTo(4.3096590127964385, 9), frustrationScore: null, frustrationLevel: null })
      expect(sounds.get("u-10k")).toBeNull()
      expect((await of("hooked", "frustrationSummary { totalAnalyzed overallLevel averageScore peakScore topSignals }")).frustrationSummary).toEqual({
        totalAnalyzed: 1,
        overallLevel: "none",
        averageScore: 0,
        peakScore: 0,
        topSignals: []
      })
    })

    it("A line of the log shows as soon as it is there", async () => {
      const lines = [run("late-1", 100)]
      await asking.append(session("late", [user("late-0", 99, "go")]), log("late", lines))
      const fields = "hookStats { totalHooks passRate } hookExecutions { edges { node { status } } } messages { totalCount }"
      expect(await of("late", fields)).toEqual({
        hookStats: { totalHooks: 0, passRate: 0 },
        hookExecutions: { edges: [{ node: { status: "abandoned" } }] },
        messages: { totalCount: 2 }
      })
      await asking.append(log("late", [...lines, ended("late-2", 101, "late-1", { success: true, duration_ms: 3 })]))
      expect(await of("late", fields)).toEqual({
        hookStats: { totalHooks: 1, passRate: 100 },
        hookExecutions: { edges: [{ node: { status: "passed" } }] },
        messages: { totalCount: 3 }
      })
    })
  })
