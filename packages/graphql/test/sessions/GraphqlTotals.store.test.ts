import { afterAll, beforeAll, describe, expect, it } from "vitest"
import { corpus, type Expected } from "../../../../test/transcriptFiles.ts"
import { answer, log, noted, session, text, user } from "../../../../test/transcriptLines.ts"
import { type Answer, type Asking, open, stores } from "../graphqlAsking.ts"

const sum = (rows: ReadonlyArray<Answer>, of: (row: Answer) => number): number => rows.reduce((so, row) => so + of(row), 0)
/** Days enough for everything that is there. */
const always = 36_500
const zones = ["UTC", "Asia/Kathmandu", "America/St_Johns", "Australia/Lord_Howe", "America/Santiago"]

for (const [name, fresh] of stores)
  for (const chaos of [false, true])
    describe(`${name}: a${chaos ? " broken" : ""} corpus`, () => {
      const { appends, expected }: { readonly appends: ReturnType<typeof corpus>["appends"]; readonly expected: Expected } = corpus({
        seed: chaos ? 51 : 52,
        sessions: chaos ? 41 : 20,
        lines: 40,
        chaos
      })
      const { cacheRead, cacheWrite1h, cacheWrite5m, input, output } = expected.tokens
      const tokens = input + output + cacheRead + cacheWrite5m + cacheWrite1h
      const dollars = expect.closeTo(expected.costNanoUsd / 1e9, 9)
      let asking: Asking
      beforeAll(async () => {
        asking = await open(fresh())
        await asking.append(...appends)
      })
      afterAll(() => asking.close())
      const ask = async (field: string, fields: string): Promise<Answer> => Object.values(await asking.ask(`{ ${field} { ${fields} } }`))[0]

      it("A corpus has the totals that its sessions add up to", async () => {
        const { edges, totalCount } = await ask(
          "sessions(first: 1000)",
          `totalCount edges { node { sessionId toolCallCount toolErrorCount compactionCount fileChangeCount fileChanges { totalCount edges { node { filePath } } } subagents { agentId }
            link { kind sessionId } nativeTasks { status } compactions { id } usage { input output cacheRead cacheWrite5m cacheWrite1h responses costNanoUsd unpricedResponses } estimatedCostUsd } }`
        )
        const nodes = edges.map((edge: Answer) => edge.node)
        const total = (of: (node: Answer) => number) => sum(nodes, of)
        const usage = (key: string) => total((node) => Number(node.usage[key]))
        expect({
          sessions: totalCount,
          toolCalls: total((node) => node.toolCallCount),
          toolErrors: total((node) => node.toolErrorCount),
          compactions: total((node) => node.compactionCount),
          listed: total((node) => node.compactions.length),
          forks: nodes.filter((node: Answer) => node.link !== null).length,
          subagents: total((node) => node.subagents.length),
          created: total((node) => node.nativeTasks.length),
          completed: total((node) => node.nativeTasks.filter((task: Answer) => task.status === "completed").length),
          filesTouched: total((node) => new Set(node.fileChanges.edges.map((edge: Answer) => edge.node.filePath)).size),
          responses: usage("responses"),
          unpriced: usage("unpricedResponses"),
          tokens: [usage("input"), usage("output"), usage("cacheRead"), usage("cacheWrite5m"), usage("cacheWrite1h")],
          costNanoUsd: usage("costNanoUsd")
        }).toEqual({
          sessions: expected.sessions,
          toolCalls: expected.toolCalls,
          toolErrors: expected.toolErrors,
          compactions: expected.compactions,
          listed: expected.compactions,
          forks: expected.forks,
          subagents: expected.subagents,
          created: expected.tasks.created,
          completed: expected.tasks.completed,
          filesTouched: expected.filesTouched,
          responses: expected.apiResponses,
          unpriced: 0,
          tokens: [input, output, cacheRead, cacheWrite5m, cacheWrite1h],
          costNanoUsd: expected.costNanoUsd
        })
        expect(total((node) => node.estimatedCostUsd)).toBeCloseTo(expected.costNanoUsd / 1e9, 9)
        for (const node of nodes) expect(node.fileChangeCount).toBe(node.fileChanges.totalCount)
      })

      it("A corpus has the totals that its days, hours, models, projects and periods add up to, in every time zone", async () => {
        const found = await ask(
          `activity(days: ${always})`,
          `totalSessions totalMessages dailyActivity { messageCount inputTokens outputTokens cachedTokens } hourlyActivity { messageCount }
          tokenUsage { totalInputTokens totalOutputTokens totalCachedTokens totalTokens estimatedCostUsd messageCount sessionCount }
          dailyModelTokens { totalTokens models { tokens } } modelUsage { totalTokens costUsd }`
        )
        expect(found.tokenUsage).toEqual({
          totalInputTokens: input,
          totalOutputTokens: output,
          totalCachedTokens: cacheRead,
          totalTokens: tokens,
          estimatedCostUsd: dollars,
          messageCount: found.totalMessages,
          sessionCount: expected.sessions
        })
        expect(found.totalSessions).toBe(expected.sessions)
        expect([sum(found.dailyActivity, (day) => day.inputTokens), sum(found.dailyActivity, (day) => day.outputTokens)]).toEqual([input, output])
        expect(sum(found.dailyActivity, (day) => day.messageCount)).toBe(found.totalMessages)
        expect(sum(found.hourlyActivity, (hour) => hour.messageCount)).toBe(found.totalMessages)
        expect(sum(found.dailyModelTokens, (day) => day.totalTokens)).toBe(tokens)
        expect(sum(found.dailyModelTokens, (day) => sum(day.models, (model) => model.tokens))).toBe(tokens)
        expect(sum(found.modelUsage, (model) => model.totalTokens)).toBe(tokens)
        expect(sum(found.modelUsage, (model) => model.costUsd)).toBeCloseTo(expected.costNanoUsd / 1e9, 9)
        const projects = await ask("projects(first: 1000)", "projectId totalSessions")
        expect(sum(projects, (project) => project.totalSessions)).toBe(expected.sessions)
        let [ofProjects, messages] = [0, 0]
        for (const { projectId } of projects) {
          const part = await ask(`activity(days: ${always}, projectId: "${projectId}")`, "totalMessages tokenUsage { totalTokens }")
          ofProjects += part.tokenUsage.totalTokens
          messages += part.totalMessages
        }
        expect([ofProjects, messages]).toEqual([tokens, found.totalMessages])
        for (const timeZone of zones) {
          const { rows, totals } = await ask(`usage(by: DAY, timeZone: "${timeZone}")`, "totals { costNanoUsd } rows { costNanoUsd responses }")
          expect([totals.costNanoUsd, sum(rows, (row) => Number(row.costNanoUsd)), sum(rows, (row) => row.responses)]).toEqual([
            String(expected.costNanoUsd),
            expected.costNanoUsd,
            expected.apiResponses
          ])
        }
      })

      it("A corpus has the totals that its team and its dashboard show", async () => {
        for (const granularity of ["day", "week", "month"]) {
          const team = await ask(
            `teamMetrics(granularity: ${granularity})`,
            `totalSessions totalTasks totalTokens estimatedCostUsd sessionsByPeriod { tokenUsage taskCount } activityTimeline { tokens tasks messageCount }
            sessionsByProject { count taskCount } tokenUsageAggregation { totalCacheCreationTokens totalTokens } taskCompletionMetrics { totalCompleted successRate }
            topContributors { sessionCount tokenCount taskCount }`
          )
          expect(team).toMatchObject({
            totalSessions: expected.sessions,
            totalTasks: expected.tasks.created,
            totalTokens: tokens,
            estimatedCostUsd: dollars,
            tokenUsageAggregation: { totalCacheCreationTokens: cacheWrite5m + cacheWrite1h, totalTokens: tokens },
            taskCompletionMetrics: {
              totalCompleted: expected.tasks.completed,
              successRate: expected.tasks.created === 0 ? 0 : expected.tasks.completed / expected.tasks.created
            },
            topContributors: [{ sessionCount: expected.sessions, tokenCount: tokens, taskCount: expected.tasks.created }]
          })
          expect(sum(team.sessionsByPeriod, (period) => period.tokenUsage)).toBe(tokens)
          expect(sum(team.activityTimeline, (period) => period.tokens)).toBe(tokens)
          expect(sum(team.sessionsByPeriod, (period) => period.taskCount)).toBe(expected.tasks.created)
          expect(sum(team.sessionsByProject, (project) => project.count)).toBe(expected.sessions)
          expect(sum(team.sessionsByProject, (project) => project.taskCount)).toBe(expected.tasks.created)
        }
        const board = await ask(
          `dashboardAnalytics(days: ${always})`,
          `toolUsage { count } compactionStats { totalCompactions sessionsWithCompactions sessionsWithoutCompactions autoCompactCount manualCompactCount continuationCount }
          costAnalysis { estimatedCostUsd dailyCostTrend { costUsd } weeklyCostTrend { costUsd } costPerSession costPerCompletedTask cacheHitRate }`
        )
        expect(sum(board.toolUsage, (tool) => tool.count)).toBe(expected.toolCalls)
        // Each boundary once, whatever forks carry of it.
        const triggers = new Map<string, string>()
        for (const { entries } of appends)
          for (const { bytes } of entries) {
            const found = /"trigger":"(auto|manual)".*"uuid":"([^"]+)"/.exec(Buffer.from(bytes).toString())
            if (found !== null) triggers.set(found[2] ?? "", found[1] ?? "")
          }
        const by = (trigger: string) => [...triggers.values()].filter((one) => one === trigger).length
        expect(board.compactionStats).toMatchObject({
          totalCompactions: expected.compactions,
          autoCompactCount: by("auto"),
          manualCompactCount: by("manual"),
          continuationCount: 0
        })
        expect(board.compactionStats.sessionsWithCompactions + board.compactionStats.sessionsWithoutCompactions).toBe(expected.sessions)
        const cost = board.costAnalysis
        expect(cost).toMatchObject({
          estimatedCostUsd: dollars,
          costPerSession: expect.closeTo(expected.costNanoUsd / 1e9 / expected.sessions, 9),
          costPerCompletedTask: expect.closeTo(expected.costNanoUsd / 1e9 / expected.tasks.completed, 9),
          cacheHitRate: expect.closeTo(cacheRead / (tokens - output), 9)
        })
        expect(sum(cost.dailyCostTrend, (day) => day.costUsd)).toBeCloseTo(expected.costNanoUsd / 1e9, 9)
        expect(sum(cost.weeklyCostTrend, (week) => week.costUsd)).toBeCloseTo(expected.costNanoUsd / 1e9, 9)
      })

      it("A search finds the markers of a corpus where they were put", async () => {
        for (const [marker, ids] of Object.entries(expected.markers)) {
          const { edges, totalCount } = await ask(`search(text: "${marker}", first: 100)`, "totalCount edges { node { sessionId excerpt } }")
          expect([...new Set(edges.map((edge: Answer) => edge.node.sessionId))].sort()).toEqual([...ids].sort())
          expect(totalCount).toBe(edges.length)
          for (const { node } of edges) expect(node.excerpt).toContain(marker)
        }
      })
    })

for (const [name, fresh] of stores)
  it(`${name}: parts and totals agree on what only a session's fork or only han's log tells`, async () => {
    const asking = await open(fresh())
    try {
      const copied = { forkedFrom: { sessionId: "lost", messageUuid: "x" } }
      await asking.append(
        session("fork", [
          { ...user("f-1", 0, "asked elsewhere"), ...copied },
          { ...answer("f-2", 1, [text("answered elsewhere")], { input: 100, output: 10 }), ...copied },
          user("f-3", 2, "asked here"),
          answer("f-4", 3, [text("answered here")], { input: 200, output: 20 })
        ]),
        log("bridged", [noted("task_start", "t-1", 86_400 * 40, { task_id: "t", description: "d", task_type: "fix" })])
      )
      const { activity, dashboardAnalytics, teamMetrics, usage } = await asking.ask(`{
        activity(days: ${always}) { tokenUsage { totalTokens estimatedCostUsd sessionCount } }
        dashboardAnalytics(days: ${always}) { costAnalysis { estimatedCostUsd dailyCostTrend { costUsd } } }
        teamMetrics(granularity: month) { totalTokens totalTasks totalSessions estimatedCostUsd sessionsByPeriod { period tokenUsage taskCount count } }
        usage(by: SESSION) { totals { costNanoUsd } rows { key costNanoUsd } }
      }`)
      const tokens = 330
      expect([activity.tokenUsage.totalTokens, teamMetrics.totalTokens, sum(teamMetrics.sessionsByPeriod, (period) => period.tokenUsage)]).toEqual([
        tokens,
        tokens,
        tokens
      ])
      expect(sum(teamMetrics.sessionsByPeriod, (period) => period.taskCount)).toBe(teamMetrics.totalTasks)
      const dollars = Number(usage.totals.costNanoUsd) / 1e9
      expect([activity.tokenUsage.estimatedCostUsd, teamMetrics.estimatedCostUsd, dashboardAnalytics.costAnalysis.estimatedCostUsd]).toEqual([
        dollars,
        dollars,
        dollars
      ])
      expect(sum(dashboardAnalytics.costAnalysis.dailyCostTrend, (day) => day.costUsd)).toBeCloseTo(dollars, 9)
      expect(teamMetrics.totalSessions).toBe(activity.tokenUsage.sessionCount)
    } finally {
      await asking.close()
    }
  })
