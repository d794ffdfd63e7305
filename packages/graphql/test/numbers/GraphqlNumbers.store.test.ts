import { Effect } from "effect"
import { DirectoryWriter } from "han-core/Directories"
import { afterAll, beforeAll, describe, expect, it, vi } from "vitest"
import { answer, call, log, noted, result, session, text, user } from "../../../../test/transcriptLines.ts"
import { type Answer, type Asking, open, stores } from "../graphqlAsking.ts"

// Days are those of Berlin, where clocks went forward in the night to March 29: 03:15 follows 01:59.
const now = Date.parse("2026-04-02T12:00:00.000Z")
const sonnet = "claude-sonnet-4-5-20250929"
const inWorktree = { cwd: "/work/app-wt" }
const inLibrary = { cwd: "/work/lib" }

// Hooks may run elsewhere: the project is the one that the transcript tells.
const inLog = { cwd: "/work/lib/below" }

const alpha = session("alpha", [
  user("a-1", "2026-03-28T10:00:00.000Z", "This is terrible and I hate it"),
  answer(
    "a-2",
    "2026-03-28T10:00:10.000Z",
    [text("Sorry."), call("a-edit", "Edit", { file_path: "/work/app/a.ts", old_string: "a", new_string: "a\nb\nc" })],
    // 100 × 5 + 200 × 25 + 1000 × 0.5 + 40 × 6.25 + 10 × 10 = 6350 millionths of a dollar.
    { input: 100, output: 200, read: 1000, write5m: 40, write1h: 10 }
  ),
  user("a-3", "2026-03-28T10:00:20.000Z", [result("a-edit", "done")]),
  answer(
    "a-4",
    "2026-03-28T10:01:00.000Z",
    [call("a-task-1", "TaskCreate", { subject: "Fix the login" }), call("a-task-2", "TaskCreate", { subject: "Research caching" })],
    // 550
    { input: 10, output: 20 }
  ),
  user("a-5", "2026-03-28T10:01:05.000Z", [result("a-task-1", "Task #1"), result("a-task-2", "Task #2")]),
  user("a-6", "2026-03-29T01:15:00.000Z", "Just stop. Forget it."),
  // 400
  answer("a-7", "2026-03-29T01:15:30.000Z", [call("a-update", "TaskUpdate", { taskId: "1", status: "completed" })], { input: 5, output: 15 }),
  user("a-8", "2026-03-29T01:15:40.000Z", [result("a-update", "Updated")], { toolUseResult: { success: true, taskId: "1" } }),
  {
    type: "system",
    subtype: "compact_boundary",
    uuid: "a-9",
    timestamp: "2026-03-29T01:16:00.000Z",
    content: "Conversation compacted",
    compactMetadata: { trigger: "auto", preTokens: 150_000 }
  }
])
const beta = session("beta", [
  user("b-1", "2026-03-29T21:45:00.000Z", "Please add tests", inWorktree),
  // 4500
  answer("b-2", "2026-03-29T21:45:10.000Z", [text("Sure.")], { input: 1000, output: 100, model: sonnet, ...inWorktree }),
  user("b-3", "2026-03-29T22:15:00.000Z", "THIS IS AMAZING! I LOVE IT!", inWorktree),
  // 150
  answer("b-4", "2026-03-29T22:15:10.000Z", [call("b-agent", "Agent", { subagent_type: "Explore" })], { output: 10, model: sonnet, ...inWorktree }),
  user("b-5", "2026-03-29T22:15:20.000Z", [result("b-agent", "explored")], inWorktree)
])
const gamma = session("gamma", [
  user("c-1", "2026-04-02T08:00:00.000Z", "hello", inLibrary),
  answer("c-2", "2026-04-02T08:00:05.000Z", [text("hi")], { output: 7, model: "house-model", ...inLibrary })
])
const gammaLog = log("gamma", [
  noted("task_start", "t-1", "2026-04-02T08:00:06.000Z", { task_id: "t", description: "Fix it", task_type: "fix" }, inLog),
  noted("task_complete", "t-2", "2026-04-02T08:00:09.000Z", { task_id: "t", outcome: "success", confidence: 0.9, duration_seconds: 3 }, inLog)
])

const usd = (millionths: number) => millionths / 1e6
const isAbout = (value: number) => expect.closeTo(value, 9)

for (const [name, fresh] of stores)
  describe(`${name}: numbers`, () => {
    let asking: Asking
    const project: Record<string, string> = {}
    let repo = ""
    beforeAll(async () => {
      vi.useFakeTimers({ now, toFake: ["Date"] })
      asking = await open(fresh(), { timeZone: "Europe/Berlin" })
      await asking.append(alpha, beta, gamma, gammaLog)
      const git = { remote: "git.example/me/app", defaultBranch: "main" }
      await asking.run(
        Effect.flatMap(DirectoryWriter, (directories) =>
          Effect.all([
            directories.note({ machine: "test", path: "/work/app" }, { ...git, root: "/work/app", worktreeOf: null }),
            directories.note({ machine: "test", path: "/work/app-wt" }, { ...git, root: "/work/app-wt", worktreeOf: "/work/app" })
          ])
        )
      )
      const found = await asking.ask("{ projects { projectId path } repos { repoId } }")
      for (const one of found.projects) project[one.path] = one.projectId
      repo = found.repos[0].repoId
    })
    afterAll(async () => {
      await asking.close()
      vi.useRealTimers()
    })
    /** One root field of an answer. */
    const ask = async (field: string, fields: string): Promise<Answer> => Object.values(await asking.ask(`{ ${field} { ${fields} } }`))[0]

    it("Sessions show their numbers, costs and compactions", async () => {
      const { edges, totalCount } = await ask(
        "sessions",
        `totalCount edges { node {
          id sessionId name title summary firstPrompt date projectName projectPath projectId projectSlug worktreeName project { id } startedAt updatedAt duration status harness
          messageCount turnCount toolCallCount toolErrorCount compactionCount estimatedCostUsd model
          usage { input output cacheRead cacheWrite5m cacheWrite1h responses unpricedResponses costNanoUsd costUsd }
          compactions { trigger tokensBefore tokensAfter at summary } fileChangeCount orgId owner { id } todoCounts { total }
        } }`
      )
      expect(totalCount).toBe(3)
      expect(edges.map((edge: Answer) => edge.node.sessionId)).toEqual(["gamma", "beta", "alpha"])
      expect(edges[2].node).toEqual({
        id: "Session:/work/app:alpha",
        sessionId: "alpha",
        name: "This is terrible and I hate it",
        title: null,
        summary: "This is terrible and I hate it",
        firstPrompt: "This is terrible and I hate it",
        date: "2026-03-28",
        projectName: "app",
        projectPath: "/work/app",
        projectId: project["/work/app"],
        projectSlug: "-work-app",
        project: { id: `Project:${project["/work/app"]}` },
        worktreeName: null,
        startedAt: "2026-03-28T10:00:00.000Z",
        updatedAt: "2026-03-29T01:16:00.000Z",
        duration: 54_960,
        status: "completed",
        harness: "claude-code",
        messageCount: 8,
        turnCount: 2,
        toolCallCount: 4,
        toolErrorCount: 0,
        compactionCount: 1,
        estimatedCostUsd: usd(7300),
        model: "claude-opus-4-5-20251101",
        usage: {
          input: 115,
          output: 235,
          cacheRead: 1000,
          cacheWrite5m: 40,
          cacheWrite1h: 10,
          responses: 3,
          unpricedResponses: 0,
          costNanoUsd: "7300000",
          costUsd: usd(7300)
        },
        compactions: [{ trigger: "auto", tokensBefore: 150_000, tokensAfter: null, at: "2026-03-29T01:16:00.000Z", summary: null }],
        fileChangeCount: 1,
        orgId: null,
        owner: null,
        todoCounts: { total: 0 }
      })
      expect(edges[1].node).toMatchObject({ estimatedCostUsd: usd(4650), messageCount: 5, turnCount: 2 })
      // Nobody knows what the house's model costs; its tokens count.
      expect(edges[0].node).toMatchObject({ estimatedCostUsd: null, status: "idle", usage: { output: 7, costNanoUsd: "0", unpricedResponses: 1 } })
    })

    it("Projects and repositories show their numbers", async () => {
      const fields = "path name repoId relativePath isWorktree createdAt updatedAt totalSessions sessionCount lastActivity worktrees { path } subdirs { path }"
      const [library, worktree, app] = await ask("projects", fields)
      expect(app).toEqual({
        path: "/work/app",
        name: "app",
        repoId: repo,
        relativePath: "",
        isWorktree: false,
        createdAt: "2026-03-28T10:00:00.000Z",
        updatedAt: "2026-03-29T01:16:00.000Z",
        lastActivity: "2026-03-29T01:16:00.000Z",
        totalSessions: 1,
        sessionCount: 1,
        worktrees: [{ path: "/work/app-wt" }],
        subdirs: []
      })
      expect(worktree).toMatchObject({ path: "/work/app-wt", isWorktree: true, repoId: repo, worktrees: [] })
      expect(library).toMatchObject({ path: "/work/lib", name: "lib", repoId: null, relativePath: null })
      expect(await ask("repos", "remote name path defaultBranch totalSessions lastActivity createdAt projects { path }")).toEqual([
        {
          remote: "git.example/me/app",
          path: "git.example/me/app",
          name: "app",
          defaultBranch: "main",
          totalSessions: 2,
          createdAt: "2026-03-28T10:00:00.000Z",
          lastActivity: "2026-03-29T22:15:20.000Z",
          projects: [{ path: "/work/app-wt" }, { path: "/work/app" }]
        }
      ])
      expect(await ask(`project(id: "Project:${project["/work/lib"]}")`, "path")).toEqual({ path: "/work/lib" })
      expect(await ask(`project(id: "${project["/work/lib"]}")`, "path")).toEqual({ path: "/work/lib" })
      expect(await ask(`repo(id: "Repo:${repo}")`, "name")).toEqual({ name: "app" })
      expect(await asking.ask('{ project(id: "nobody") { path } repo(id: "nobody") { path } }')).toEqual({ project: null, repo: null })
      expect(await asking.ask("{ projects(first: 1) { path } repos(first: 0) { path } }")).toEqual({ projects: [{ path: "/work/lib" }], repos: [] })
    })

    const activity = `dailyActivity { date sessionCount messageCount inputTokens outputTokens cachedTokens linesAdded linesRemoved filesChanged }
      hourlyActivity { hour sessionCount messageCount }
      tokenUsage { totalInputTokens totalOutputTokens totalCachedTokens totalTokens estimatedCostUsd messageCount sessionCount }
      dailyModelTokens { date totalTokens models { model displayName tokens } }
      modelUsage { model displayName inputTokens outputTokens cacheReadTokens cacheCreationTokens totalTokens costUsd }
      totalSessions totalMessages streakDays totalActiveDays firstSessionDate`
    const day = (date: string, sessionCount: number, messageCount: number, inputTokens: number, outputTokens: number) => ({
      date,
      sessionCount,
      messageCount,
      inputTokens,
      outputTokens,
      cachedTokens: 0,
      linesAdded: 0,
      linesRemoved: 0,
      filesChanged: 0
    })
    const days = [
      { ...day("2026-03-28", 1, 5, 110, 220), cachedTokens: 1000, linesAdded: 2, filesChanged: 1 },
      day("2026-03-29", 2, 5, 1005, 115),
      day("2026-03-30", 1, 3, 0, 10),
      day("2026-04-02", 1, 2, 0, 7)
    ]

    it("Activity counts days and hours in the time zone of the server", async () => {
      const found = await ask("activity(days: 30)", activity)
      expect(found).toMatchObject({ totalSessions: 3, totalMessages: 15, streakDays: 1, totalActiveDays: 4, firstSessionDate: "2026-03-28" })
      expect(found.dailyActivity).toHaveLength(31)
      expect([found.dailyActivity[0].date, found.dailyActivity.at(-1).date]).toEqual(["2026-03-03", "2026-04-02"])
      expect(found.dailyActivity.filter((one: Answer) => one.messageCount > 0)).toEqual(days)
      expect(found.dailyActivity[0]).toEqual(day("2026-03-03", 0, 0, 0, 0))
      expect(found.hourlyActivity).toHaveLength(24)
      expect(found.hourlyActivity.filter((hour: Answer) => hour.messageCount > 0)).toEqual([
        { hour: 0, sessionCount: 1, messageCount: 3 },
        { hour: 3, sessionCount: 1, messageCount: 3 },
        { hour: 10, sessionCount: 1, messageCount: 2 },
        { hour: 11, sessionCount: 1, messageCount: 5 },
        { hour: 23, sessionCount: 1, messageCount: 2 }
      ])
      expect(found.tokenUsage).toEqual({
        totalInputTokens: 1115,
        totalOutputTokens: 352,
        totalCachedTokens: 1000,
        totalTokens: 2517,
        estimatedCostUsd: usd(11_950),
        messageCount: 15,
        sessionCount: 3
      })
      const opus = { model: "claude-opus-4-5-20251101", displayName: "Opus 4.5" }
      expect(found.modelUsage).toEqual([
        { ...opus, inputTokens: 115, outputTokens: 235, cacheReadTokens: 1000, cacheCreationTokens: 50, totalTokens: 1400, costUsd: usd(7300) },
        {
          model: sonnet,
          displayName: "Sonnet 4.5",
          inputTokens: 1000,
          outputTokens: 110,
          cacheReadTokens: 0,
          cacheCreationTokens: 0,
          totalTokens: 1110,
          costUsd: usd(4650)
        },
        {
          model: "house-model",
          displayName: "house-model",
          inputTokens: 0,
          outputTokens: 7,
          cacheReadTokens: 0,
          cacheCreationTokens: 0,
          totalTokens: 7,
          costUsd: 0
        }
      ])
      expect(found.dailyModelTokens.map(({ date, totalTokens }: Answer) => [date, totalTokens])).toEqual([
        ["2026-03-28", 1380],
        ["2026-03-29", 1120],
        ["2026-03-30", 10],
        ["2026-04-02", 7]
      ])
      expect(found.dailyModelTokens[1].models).toEqual([
        { model: sonnet, displayName: "Sonnet 4.5", tokens: 1100 },
        { ...opus, tokens: 20 }
      ])
    })

    it("Activity covers fewer days and parts where they are asked for", async () => {
      const of = async (args: string) => {
        const { dailyActivity, totalSessions } = await ask(`activity(${args})`, "totalSessions dailyActivity { date messageCount }")
        return [totalSessions, dailyActivity.flatMap((one: Answer) => (one.messageCount === 0 ? [] : [`${one.date} ${one.messageCount}`]))]
      }
      const dates = async (args: string) => (await ask(`activity(${args})`, "dailyActivity { date }")).dailyActivity.map((one: Answer) => one.date)
      expect(await dates("days: 3")).toEqual(["2026-03-30", "2026-03-31", "2026-04-01", "2026-04-02"])
      expect(await dates('days: 1, projectId: "nobody"')).toEqual(["2026-04-01", "2026-04-02"])
      expect((await dates("days: 100")).slice(0, 11)).toEqual([
        "2025-12-23",
        "2025-12-24",
        "2025-12-25",
        "2025-12-26",
        "2025-12-27",
        "2025-12-28",
        "2025-12-29",
        "2025-12-30",
        "2025-12-31",
        "2026-01-01",
        "2026-01-02"
      ])
      expect(await of("days: 3")).toEqual([2, ["2026-03-30 3", "2026-04-02 2"]])
      expect(await of("days: 0")).toEqual([1, ["2026-04-02 2"]])
      expect(await of("days: -5")).toEqual([1, ["2026-04-02 2"]])
      expect((await of("days: 2147483647"))[0]).toBe(3)
      expect((await of('projectId: "", repoId: ""'))[0]).toBe(3)
      expect((await of("projectId: null, repoId: null"))[0]).toBe(3)
      expect(await of(`projectId: "${project["/work/app"]}"`)).toEqual([1, ["2026-03-28 5", "2026-03-29 3"]])
      expect(await of(`projectId: "Project:${project["/work/app"]}", repoId: ""`)).toEqual([1, ["2026-03-28 5", "2026-03-29 3"]])
      expect(await of(`repoId: "${repo}"`)).toEqual([2, ["2026-03-28 5", "2026-03-29 5", "2026-03-30 3"]])
      expect(await of(`repoId: "Repo:${repo}", projectId: ""`)).toEqual([2, ["2026-03-28 5", "2026-03-29 5", "2026-03-30 3"]])
      expect(await of(`repoId: "${repo}", projectId: "${project["/work/lib"]}"`)).toEqual([0, []])
      expect(await of('projectId: "nobody"')).toEqual([0, []])
      const models = await ask(
        `activity(repoId: "${repo}")`,
        "modelUsage { model } hourlyActivity { messageCount } tokenUsage { sessionCount estimatedCostUsd }"
      )
      expect(models.modelUsage.map((one: Answer) => one.model)).toEqual(["claude-opus-4-5-20251101", sonnet])
      expect(models.hourlyActivity.reduce((sum: number, one: Answer) => sum + one.messageCount, 0)).toBe(13)
      expect(models.tokenUsage).toEqual({ sessionCount: 2, estimatedCostUsd: usd(11_950) })
    })

    it("Metrics count tasks and moods", async () => {
      const fields = `totalTasks completedTasks successRate averageConfidence averageDuration calibrationScore significantFrustrations significantFrustrationRate
        tasksByType { type count } tasksByOutcome { outcome count }`
      const all = {
        totalTasks: 3,
        completedTasks: 2,
        successRate: 2 / 3,
        averageConfidence: 0.9,
        // 54,870 seconds from 10:01 to 01:15:30 in the night, and 3.
        averageDuration: 27_436.5,
        calibrationScore: isAbout(0.9),
        significantFrustrations: 1,
        significantFrustrationRate: 0.5,
        tasksByType: [
          { type: "FIX", count: 2 },
          { type: "RESEARCH", count: 1 }
        ],
        tasksByOutcome: [
          { outcome: "SUCCESS", count: 2 },
          { outcome: "FAILURE", count: 1 }
        ]
      }
      expect(await ask("metrics", fields)).toEqual(all)
      expect(await ask("metrics(period: WEEK)", fields)).toEqual(all)
      expect(await ask('metrics(period: MONTH, projectId: "", repoId: "")', fields)).toEqual(all)
      expect(await ask("metrics(period: DAY)", fields)).toEqual({
        ...all,
        totalTasks: 1,
        completedTasks: 1,
        successRate: 1,
        averageDuration: 3,
        significantFrustrations: 0,
        significantFrustrationRate: 0,
        tasksByType: [{ type: "FIX", count: 1 }],
        tasksByOutcome: [{ outcome: "SUCCESS", count: 1 }]
      })
      expect(await ask(`metrics(projectId: "${project["/work/app"]}")`, "totalTasks completedTasks averageConfidence")).toEqual({
        totalTasks: 2,
        completedTasks: 1,
        averageConfidence: null
      })
      expect(await ask(`metrics(projectId: "${project["/work/app-wt"]}")`, fields)).toEqual({
        totalTasks: 0,
        completedTasks: 0,
        successRate: 0,
        averageConfidence: null,
        averageDuration: null,
        calibrationScore: null,
        significantFrustrations: 0,
        significantFrustrationRate: 0,
        tasksByType: [],
        tasksByOutcome: []
      })
    })

    it("The dashboard shows the numbers of all its parts", async () => {
      const found = await ask(
        "dashboardAnalytics(days: 30)",
        `topSessions { sessionId slug summary startedAt score sentimentTrend avgSentimentScore turnCount taskCompletionRate compactionCount focusScore }
        bottomSessions { sessionId }
        compactionStats { totalCompactions sessionsWithCompactions sessionsWithoutCompactions avgCompactionsPerSession autoCompactCount manualCompactCount continuationCount }
        subagentUsage { subagentType count } toolUsage { toolName count }
        performanceTrend { weekStart weekLabel sessionCount avgTurns avgCompactions avgEffectiveness }
        humanTimeEstimate { totalHumanSeconds totalAiSeconds speedupFactor hoursSaved breakdown { category humanSeconds percent } toolBreakdown { toolName invocations humanSeconds } }
        costAnalysis { estimatedCostUsd isEstimated cacheHitRate cacheSavingsUsd costPerSession costPerCompletedTask maxSubscriptionCostUsd costUtilizationPercent breakEvenDailySpend
          billingType dailyCostTrend { date costUsd sessionCount } weeklyCostTrend { weekStart weekLabel costUsd sessionCount avgDailyCost }
          topSessionsByCost { sessionId costUsd inputTokens outputTokens cacheReadTokens messageCount startedAt } potentialSavingsUsd
          subscriptionComparisons { tierName monthlyCostUsd apiCreditCostUsd savingsUsd savingsPercent } configDirBreakdowns { configDirId } }`
      )
      // 40 × ½ + 20 × ⅔ + 20 × (5 − 3.137…) / 10, and 40 × ½ + 20 + 20 × (5 + 2.95…) / 10.
      expect(found.topSessions).toEqual([
        {
          sessionId: "beta",
          slug: null,
          summary: "Please add tests",
          startedAt: "2026-03-29T21:45:00.000Z",
          score: 56,
          sentimentTrend: "improving",
          avgSentimentScore: isAbout((1.59105498385621 + 4.3096590127964385) / 2),
          turnCount: 2,
          taskCompletionRate: null,
          compactionCount: 0,
          focusScore: 1
        },
        {
          sessionId: "alpha",
          slug: null,
          summary: "This is terrible and I hate it",
          startedAt: "2026-03-28T10:00:00.000Z",
          score: 37,
          sentimentTrend: "declining",
          avgSentimentScore: isAbout((-3.8912666107531297 - 2.383288027872872) / 2),
          turnCount: 2,
          taskCompletionRate: 0.5,
          compactionCount: 1,
          focusScore: isAbout(2 / 3)
        }
      ])
      expect(found.bottomSessions).toEqual([])
      expect(found.compactionStats).toEqual({
        totalCompactions: 1,
        sessionsWithCompactions: 1,
        sessionsWithoutCompactions: 2,
        avgCompactionsPerSession: isAbout(1 / 3),
        autoCompactCount: 1,
        manualCompactCount: 0,
        continuationCount: 0
      })
      expect(found.subagentUsage).toEqual([{ subagentType: "Explore", count: 1 }])
      expect(found.toolUsage).toEqual([
        { toolName: "TaskCreate", count: 2 },
        { toolName: "Agent", count: 1 },
        { toolName: "Edit", count: 1 },
        { toolName: "TaskUpdate", count: 1 }
      ])
      expect(found.performanceTrend).toEqual([
        { weekStart: "2026-03-23", weekLabel: "Mar 23", sessionCount: 2, avgTurns: 2, avgCompactions: 0.5, avgEffectiveness: 46.5 }
      ])
      // 352 tokens × 0.32 s + 2 lines × 12 s + prompts of 15, 10.5, 8, 13.5 and 5 s + 45 + 60 + 3 × 15 s of tools; five quarters of an hour.
      const human = 112.64 + 24 + 52 + 150
      expect(found.humanTimeEstimate).toEqual({
        totalHumanSeconds: isAbout(human),
        totalAiSeconds: 4500,
        speedupFactor: isAbout(human / 4500),
        hoursSaved: 0,
        breakdown: [
          { category: "Reading and writing text", humanSeconds: isAbout(112.64), percent: isAbout((100 * 112.64) / human) },
          { category: "Writing code", humanSeconds: 24, percent: isAbout(2400 / human) },
          { category: "Prompts", humanSeconds: 52, percent: isAbout(5200 / human) },
          { category: "Tools", humanSeconds: 150, percent: isAbout(15_000 / human) }
        ],
        toolBreakdown: [
          { toolName: "Agent", invocations: 1, humanSeconds: 60 },
          { toolName: "Edit", invocations: 1, humanSeconds: 45 },
          { toolName: "TaskCreate", invocations: 2, humanSeconds: 30 },
          { toolName: "TaskUpdate", invocations: 1, humanSeconds: 15 }
        ]
      })
      const { costAnalysis: cost } = found
      expect(cost).toMatchObject({
        estimatedCostUsd: isAbout(usd(11_950)),
        isEstimated: true,
        cacheHitRate: isAbout(1000 / 2165),
        // 1000 tokens at 5 and not at 0.5 millionths.
        cacheSavingsUsd: isAbout(usd(4500)),
        costPerSession: isAbout(usd(11_950) / 3),
        costPerCompletedTask: isAbout(usd(11_950) / 2),
        maxSubscriptionCostUsd: 200,
        costUtilizationPercent: isAbout((100 * usd(11_950)) / 200),
        breakEvenDailySpend: isAbout(200 / 30),
        billingType: "max_subscription",
        potentialSavingsUsd: 0,
        configDirBreakdowns: []
      })
      expect(cost.dailyCostTrend).toEqual([
        { date: "2026-03-28", costUsd: usd(6900), sessionCount: 1 },
        { date: "2026-03-29", costUsd: usd(4900), sessionCount: 2 },
        { date: "2026-03-30", costUsd: usd(150), sessionCount: 1 },
        { date: "2026-04-02", costUsd: 0, sessionCount: 1 }
      ])
      expect(cost.weeklyCostTrend).toEqual([
        { weekStart: "2026-03-23", weekLabel: "Mar 23", costUsd: usd(11_800), sessionCount: 2, avgDailyCost: isAbout(usd(11_800) / 7) },
        { weekStart: "2026-03-30", weekLabel: "Mar 30", costUsd: usd(150), sessionCount: 2, avgDailyCost: isAbout(usd(150) / 7) }
      ])
      expect(
        cost.topSessionsByCost.map((one: Answer) => [one.sessionId, one.costUsd, one.inputTokens, one.outputTokens, one.cacheReadTokens, one.messageCount])
      ).toEqual([
        ["alpha", usd(7300), 115, 235, 1000, 8],
        ["beta", usd(4650), 1000, 110, 0, 5],
        ["gamma", 0, 0, 7, 0, 2]
      ])
      expect(cost.subscriptionComparisons.map((one: Answer) => [one.tierName, one.monthlyCostUsd, one.apiCreditCostUsd])).toEqual([
        ["Pro", 20, isAbout(usd(11_950))],
        ["Max 5x", 100, isAbout(usd(11_950))],
        ["Max 20x", 200, isAbout(usd(11_950))]
      ])
    })

    it("The dashboard counts fewer days, a part or another plan where they are asked for", async () => {
      const fields =
        "toolUsage { toolName } compactionStats { totalCompactions } costAnalysis { estimatedCostUsd maxSubscriptionCostUsd costUtilizationPercent billingType }"
      // Ten days of a subscription that costs 20 dollars a month, and three times that in a month.
      expect(await ask(`dashboardAnalytics(days: 10, subscriptionTier: 20, projectId: "${project["/work/app-wt"]}", repoId: "")`, fields)).toEqual({
        toolUsage: [{ toolName: "Agent" }],
        compactionStats: { totalCompactions: 0 },
        costAnalysis: {
          estimatedCostUsd: isAbout(usd(4650)),
          maxSubscriptionCostUsd: 20,
          costUtilizationPercent: isAbout((100 * 3 * usd(4650)) / 20),
          billingType: "pro_subscription"
        }
      })
      expect((await ask("dashboardAnalytics(days: 1)", fields)).costAnalysis.estimatedCostUsd).toBe(0)
      const scoped = await ask(`dashboardAnalytics(repoId: "${repo}", projectId: "")`, fields)
      expect(scoped.costAnalysis.estimatedCostUsd).toBeCloseTo(usd(11_950), 9)
      expect(scoped.compactionStats.totalCompactions).toBe(1)
    })

    it("Team metrics add up by period and project", async () => {
      const fields = `totalSessions totalTasks totalTokens estimatedCostUsd
        sessionsByPeriod { period count sessionCount taskCount tokenUsage } sessionsByProject { projectId projectName count sessionCount taskCount successRate }
        topContributors { contributorId sessionCount taskCount tokenCount successRate }
        activityTimeline { date period sessions sessionCount tasks taskCount tokens messageCount }
        tokenUsageAggregation { totalInputTokens totalOutputTokens totalCacheReadTokens totalCachedTokens totalCacheCreationTokens totalTokens estimatedCostUsd }
        taskCompletionMetrics { totalTasks totalCreated totalCompleted completedTasks successCount partialCount failureCount successRate averageConfidence }`
      const all = await ask("teamMetrics(granularity: month)", fields)
      expect(all).toMatchObject({ totalSessions: 3, totalTasks: 3, totalTokens: 2517, estimatedCostUsd: isAbout(usd(11_950)) })
      expect(all.sessionsByPeriod).toEqual([
        { period: "2026-03-01", count: 2, sessionCount: 2, taskCount: 2, tokenUsage: 2510 },
        { period: "2026-04-01", count: 1, sessionCount: 1, taskCount: 1, tokenUsage: 7 }
      ])
      expect(all.activityTimeline.map((one: Answer) => [one.date, one.sessions, one.tasks, one.tokens, one.messageCount])).toEqual([
        ["2026-03-01", 2, 2, 2510, 13],
        ["2026-04-01", 1, 1, 7, 2]
      ])
      expect(all.sessionsByProject).toEqual([
        { projectId: project["/work/app-wt"], projectName: "app", count: 1, sessionCount: 1, taskCount: 0, successRate: null },
        { projectId: project["/work/app"], projectName: "app", count: 1, sessionCount: 1, taskCount: 2, successRate: 0.5 },
        { projectId: project["/work/lib"], projectName: "lib", count: 1, sessionCount: 1, taskCount: 1, successRate: 1 }
      ])
      expect(all.topContributors).toEqual([{ contributorId: "local", sessionCount: 3, taskCount: 3, tokenCount: 2517, successRate: isAbout(2 / 3) }])
      expect(all.tokenUsageAggregation).toEqual({
        totalInputTokens: 1115,
        totalOutputTokens: 352,
        totalCacheReadTokens: 1000,
        totalCachedTokens: 1000,
        totalCacheCreationTokens: 50,
        totalTokens: 2517,
        estimatedCostUsd: isAbout(usd(11_950))
      })
      expect(all.taskCompletionMetrics).toEqual({
        totalTasks: 3,
        totalCreated: 3,
        totalCompleted: 2,
        completedTasks: 2,
        successCount: 2,
        partialCount: 0,
        failureCount: 1,
        successRate: isAbout(2 / 3),
        averageConfidence: 0.9
      })
      const periods = async (args: string) => {
        const found = await ask(`teamMetrics(${args})`, "totalSessions totalTasks totalTokens sessionsByPeriod { period count }")
        return [found.totalSessions, found.totalTasks, found.totalTokens, found.sessionsByPeriod.map((one: Answer) => `${one.period} ${one.count}`)]
      }
      expect(await periods("granularity: week")).toEqual([3, 3, 2517, ["2026-03-23 2", "2026-03-30 2"]])
      expect(await periods("granularity: day")).toEqual([3, 3, 2517, ["2026-03-28 1", "2026-03-29 2", "2026-03-30 1", "2026-04-02 1"]])
      // The 29th of Berlin has 23 hours: from 23:00 to 22:00 in UTC.
      expect(await periods('startDate: "2026-03-29", endDate: "2026-03-29"')).toEqual([2, 0, 1120, ["2026-03-29 2"]])
      expect(await periods('startDate: "2026-03-29T22:00:00Z"')).toEqual([2, 1, 17, ["2026-03-30 1", "2026-04-02 1"]])
      expect(await periods('endDate: "2026-03-28"')).toEqual([1, 2, 1380, ["2026-03-28 1"]])
      expect(await periods(`projectIds: ["${project["/work/app"]}", "Project:${project["/work/lib"]}"]`)).toEqual([
        2,
        3,
        1407,
        ["2026-03-28 1", "2026-03-29 1", "2026-04-02 1"]
      ])
      expect((await periods("projectIds: []"))[0]).toBe(3)
      expect((await periods('projectIds: [], projectId: "", repoId: ""'))[0]).toBe(3)
      expect((await periods(`repoId: "${repo}"`))[0]).toBe(2)
      for (const wrong of ["yesterday", "2026-02-30", "2026-13-01"]) {
        const [error] = await asking.errors(`{ teamMetrics(startDate: "${wrong}") { totalSessions } }`)
        expect(error).toMatchObject({ message: `startDate is "${wrong}"; it should be a day like 2026-11-22`, extensions: { code: "DateInvalid" } })
      }
    })

    it("The ledger adds up by each of its rows", async () => {
      const fields =
        "totals { responses costNanoUsd input output cacheRead cacheWrite5m cacheWrite1h unpricedResponses } rows { key label costNanoUsd output } unpricedModels"
      const rows = async (args: string) => (await ask(`usage(${args})`, fields)).rows.map((row: Answer) => [row.key, row.label, row.costNanoUsd])
      const { totals, unpricedModels } = await ask("usage(by: DAY)", fields)
      expect([totals, unpricedModels]).toEqual([
        { responses: 6, costNanoUsd: "11950000", input: 1115, output: 352, cacheRead: 1000, cacheWrite5m: 40, cacheWrite1h: 10, unpricedResponses: 1 },
        ["house-model"]
      ])
      const plain = (...list: ReadonlyArray<readonly [string, string]>) => list.map(([key, cost]) => [key, key, cost])
      expect(await rows("by: DAY")).toEqual(plain(["2026-03-28", "6900000"], ["2026-03-29", "4900000"], ["2026-03-30", "150000"], ["2026-04-02", "0"]))
      expect(await rows('by: DAY, timeZone: "America/Los_Angeles"')).toEqual(plain(["2026-03-28", "7300000"], ["2026-03-29", "4650000"], ["2026-04-02", "0"]))
      expect(await rows("by: MODEL")).toEqual(plain(["claude-opus-4-5-20251101", "7300000"], [sonnet, "4650000"], ["house-model", "0"]))
      expect(await rows("by: PROJECT")).toEqual([
        [project["/work/app"], "app", "7300000"],
        [project["/work/app-wt"], "app", "4650000"],
        [project["/work/lib"], "lib", "0"]
      ])
      expect(await rows("by: SESSION")).toEqual([
        ["alpha", "This is terrible and I hate it", "7300000"],
        ["beta", "Please add tests", "4650000"],
        ["gamma", "hello", "0"]
      ])
      expect(await rows('by: DAY, sessionId: "Session:/work/app:alpha"')).toEqual(plain(["2026-03-28", "6900000"], ["2026-03-29", "400000"]))
      // A project is a directory, by the ids that activity and metrics take; a name and a remote are of all that have them.
      for (const called of ["git.example/me/app", "app", repo, `Repo:${repo}`]) expect(await rows(`by: SESSION, project: "${called}"`)).toHaveLength(2)
      for (const called of ["/work/app", project["/work/app"], `Project:${project["/work/app"]}`])
        expect(await rows(`by: PROJECT, project: "${called}"`)).toEqual([[project["/work/app"], "app", "7300000"]])
      // A day is one of the time zone that is asked for: the 30th of Berlin begins at 22:00 in UTC.
      expect(await rows('by: DAY, since: "2026-03-30", until: "2026-04-01"')).toEqual(plain(["2026-03-30", "150000"]))
      expect(await rows('by: DAY, timeZone: "UTC", since: "2026-03-30", until: "2026-04-01"')).toEqual([])
      expect(await rows('by: DAY, since: "2026-03-29T22:00:00Z", until: "2026-03-29T22:30:00Z"')).toEqual(plain(["2026-03-30", "150000"]))
      for (const [args, code] of [
        ['project: "nothing"', "ProjectNotFound"],
        ['sessionId: "nobody"', "SessionNotFound"],
        ['timeZone: "Middle/Earth"', "TimeZoneInvalid"],
        ['since: "soon"', "DateInvalid"]
      ] as const) {
        const [error] = await asking.errors(`{ usage(by: DAY, ${args}) { totals { input } } }`)
        expect(error?.extensions["code"]).toBe(code)
      }
    })

    it("A search gives its hits and counts them", async () => {
      const hits = async (args: string) => {
        const { edges, totalCount } = await ask(
          `search(${args})`,
          "totalCount edges { node { messageId sessionId session { id } agentId kind role at excerpt score } }"
        )
        expect(totalCount).toBe(edges.length)
        return edges.map((edge: Answer) => edge.node.messageId.replace("Message:", ""))
      }
      expect(
        (await ask('search(text: "terrible hate")', "edges { node { messageId sessionId session { id } agentId kind role at excerpt score } }")).edges
      ).toEqual([
        {
          node: {
            messageId: "Message:a-1",
            sessionId: "alpha",
            session: { id: "Session:/work/app:alpha" },
            agentId: null,
            kind: "PROMPT",
            role: "USER",
            at: "2026-03-28T10:00:00.000Z",
            excerpt: "This is terrible and I hate it",
            score: null
          }
        }
      ])
      // han's own lines are found when they are asked for.
      expect(await hits('text: "it"')).toEqual(["b-3", "a-6", "a-1"])
      expect(await hits('text: "it", role: USER')).toEqual(["b-3", "a-6", "a-1"])
      expect(await hits('text: "it", kinds: [HAN]')).toEqual(["t-1"])
      expect(await hits('text: "it", kinds: []')).toEqual([])
      expect(await hits('text: "it", sessionId: "Session:/work/app:alpha"')).toEqual(["a-6", "a-1"])
      expect(await hits('text: "it", project: "git.example/me/app"')).toEqual(["b-3", "a-6", "a-1"])
      // A day is one of Berlin, whose 29th begins at 23:00 in UTC and ends at 22:00.
      expect(await hits('text: "it", role: USER, since: "2026-03-29"')).toEqual(["b-3", "a-6"])
      expect(await hits('text: "it", role: USER, since: "2026-03-29", until: "2026-03-30"')).toEqual(["a-6"])
      expect(await hits('text: "it", role: USER, until: "2026-03-29T01:15:00Z"')).toEqual(["a-1"])
      const ranked = (await ask('search(text: "it", order: RANK)', "edges { node { score } }")).edges.map((edge: Answer) => edge.node.score)
      expect(ranked).toEqual([...ranked].sort((a, b) => b - a))
      expect(await hits('text: "   "')).toEqual([])
      expect(await hits('text: "\\"\\" * - ( OR \\" AND"')).toEqual([])
    })

    it("The program that answers tells its version and who needs a restart", async () => {
      expect(
        await asking.ask(
          '{ none: coordinatorStatus { version needsRestart } newer: coordinatorStatus(clientVersion: "1.10.0") { needsRestart } older: coordinatorStatus(clientVersion: "1.2.2") { needsRestart } }'
        )
      ).toEqual({
        none: { version: "1.2.3", needsRestart: false },
        newer: { needsRestart: true },
        older: { needsRestart: false }
      })
    })

    it("An empty store answers every number with nothing or zero", async () => {
      const empty = await open(fresh())
      try {
        const found = await empty.ask(`{
          sessions { totalCount edges { node { id } } pageInfo { hasNextPage hasPreviousPage startCursor endCursor } } projects { id } repos { id } indexProblems { line }
          metrics { totalTasks successRate } activity { ${activity} } teamMetrics { totalSessions sessionsByPeriod { count } taskCompletionMetrics { successRate } topContributors { userId } }
          dashboardAnalytics { topSessions { score } compactionStats { avgCompactionsPerSession } costAnalysis { estimatedCostUsd cacheHitRate costPerSession costPerCompletedTask isEstimated }
            hookHealth { passRate } performanceTrend { avgTurns } humanTimeEstimate { speedupFactor breakdown { percent } } }
          usage(by: DAY) { totals { costNanoUsd } rows { key } } search(text: "x") { totalCount edges { cursor } } cacheEntries { id } cacheStats { totalEntries oldestEntry }
        }`)
        expect(found.sessions).toEqual({
          totalCount: 0,
          edges: [],
          pageInfo: { hasNextPage: false, hasPreviousPage: false, startCursor: null, endCursor: null }
        })
        expect(found.activity).toMatchObject({ totalSessions: 0, streakDays: 0, firstSessionDate: null })
        expect(found.activity.dailyActivity.every((day: Answer) => day.messageCount === 0)).toBe(true)
        expect(found.teamMetrics).toEqual({ totalSessions: 0, sessionsByPeriod: [], taskCompletionMetrics: { successRate: 0 }, topContributors: [] })
        expect(JSON.stringify(found)).not.toContain("NaN")
        expect(found.dashboardAnalytics.costAnalysis).toEqual({
          estimatedCostUsd: 0,
          cacheHitRate: 0,
          costPerSession: 0,
          costPerCompletedTask: null,
          isEstimated: false
        })
      } finally {
        await empty.close()
      }
    })
  })
