import * as Path from "node:path"
import { describe, expect, it } from "vitest"
import * as EveryMessage from "./everyMessage.ts"
import { type JsonObject, misnamed } from "./normalized.ts"
import * as Recorded from "./recorded.ts"
import type { Served } from "./serving.ts"
import { longCount, longSession, remote, type Workspace, worktreeSession } from "./workspace.ts"

type Rows = ReadonlyArray<JsonObject>
/** Lists and sums over everything, and what is on the machine. */
export const dashboardSuite = (served: () => Served<Workspace>) => {
  const query = <A>(name: string, variables?: JsonObject) => served().client.query<A>(name, variables)
  const projects = async (more: JsonObject = {}) => (await query<{ readonly projects: Rows }>("ProjectListPageQuery", { first: 100, ...more })).projects
  const repos = async (more: JsonObject = {}) => (await query<{ readonly repos: Rows }>("RepoListPageQuery", { first: 100, ...more })).repos
  const projectAt = async (path: string) => (await projects()).find((project) => project["path"] === path) ?? {}
  const node = async (id: unknown) => (await query<{ readonly node: JsonObject | null }>("NodePageQuery", { id })).node
  const dashboard = (variables: JsonObject = {}) =>
    query<{
      readonly sessions: { readonly totalCount: number }
      readonly metrics: JsonObject
      readonly activity: JsonObject & {
        readonly dailyActivity: Rows
        readonly hourlyActivity: Rows
        readonly modelUsage: Rows
        readonly dailyModelTokens: Rows
      }
      readonly dashboardAnalytics: JsonObject & { readonly toolUsage: Rows; readonly subagentUsage: Rows; readonly costAnalysis: JsonObject }
    }>("DashboardPageQuery", { projectId: "", repoId: "", hasProjectId: false, hasRepoId: false, days: 36_500, ...variables })

  describe("projects and repositories", () => {
    it("Projects and repositories are told apart and joined as git says", async () => {
      const { below, project, worktree } = served().workspace
      const [repo = {}] = await repos()
      expect(repo).toMatchObject({ name: "rocket", remote, path: remote, totalSessions: 3, lastActivity: "2026-11-20T10:00:50.000Z" })
      expect(new Set((repo["projects"] as Rows).map(({ path }) => path))).toEqual(new Set([project, below, worktree]))
      expect(await projectAt(project)).toMatchObject({
        name: "rocket",
        projectRepo: repo["repoId"],
        isWorktree: false,
        totalSessions: 1,
        sessionCount: 1,
        createdAt: "2026-11-20T10:00:01.000Z",
        updatedAt: "2026-11-20T10:00:50.000Z",
        lastActivity: "2026-11-20T10:00:50.000Z",
        worktrees: [{ path: worktree }],
        subdirs: [{ path: below }],
        plugins: [
          { name: "beta", scope: "PROJECT" },
          { name: "gamma", scope: "LOCAL" }
        ]
      })
      expect(await projectAt(below)).toMatchObject({ relativePath: "engine", isWorktree: false, projectRepo: repo["repoId"] })
      expect(await projectAt(worktree)).toMatchObject({ isWorktree: true, projectRepo: repo["repoId"] })
      expect(await projectAt("/home/dev/project")).toMatchObject({ projectRepo: null, slug: "-home-dev-project", subdirs: [], worktrees: [] })
      const { session } = await query<{ readonly session: JsonObject }>("SessionPageBareQuery", { id: worktreeSession })
      expect(session).toMatchObject({ worktreeName: "worktree", projectName: "rocket" })
    })

    it("Projects and repositories are found by their ids, filters and orders", async () => {
      const [repo] = await repos({ filter: { name: { _eq: "rocket" }, remote: { _startsWith: "github.com/" } }, orderBy: { updatedAt: "ASC" } })
      for (const id of [repo?.["repoId"], repo?.["id"]]) expect((await query<JsonObject>("RepoListPageRepoQuery", { id }))["repo"]).toEqual(repo)
      expect(await repos({ filter: { defaultBranch: { _isNull: false } } })).toEqual([])
      const project = await projectAt(served().workspace.project)
      for (const id of [project["projectId"], project["id"]])
        expect((await query<JsonObject>("ProjectListPageProjectQuery", { id }))["project"]).toEqual(project)
      const names = (await projects({ orderBy: { path: "DESC" } })).map(({ path }) => String(path))
      expect(names).toEqual(names.toSorted().toReversed())
      const ofRepo = await projects({ filter: { repoId: { _eq: repo?.["repoId"] } } })
      expect(ofRepo.length).toBe(3)
      // As the sessions' page of a repository asks.
      const filter = { project: { repoId: { _eq: repo?.["repoId"] } } }
      const { sessions } = await query<{ readonly sessions: { readonly edges: ReadonlyArray<{ readonly node: JsonObject }> } }>("SessionListPageQuery", {
        first: 9,
        filter
      })
      expect(sessions.edges.map(({ node }) => node["sessionId"])).toEqual([EveryMessage.sessionId, longSession, worktreeSession])
    })

    it("Projects and repositories are nodes, like every object with an id", async () => {
      const { client, workspace } = served()
      const long = `Session:${workspace.project}:${EveryMessage.sessionId}`
      for (const id of [long, `Session:${EveryMessage.sessionId}`])
        expect(await node(id)).toMatchObject({ __typename: "Session", id: long, name: EveryMessage.question })
      const seen = [...client.records()].filter(([, type]) => ["Project", "Repo", "ConfigDir", "NativeTask", "HookExecution"].includes(type))
      await query("HooksTabRefetchQuery", { id: long })
      await query("TasksTabRefetchQuery", { id: "Session:11111111-1111-4111-8111-111111111109" })
      await query("ConfigDirsPageQuery")
      const nodes = [...client.records()].filter(([, type]) => ["Project", "Repo", "ConfigDir", "NativeTask", "HookExecution"].includes(type))
      expect(nodes.length).toBeGreaterThan(seen.length)
      expect(new Set(nodes.map(([, type]) => type)).size).toBe(5)
      for (const [id, type] of nodes) expect(await node(id)).toMatchObject({ __typename: type, id })
      for (const id of ["Message:e1", "Task:t1", "Plugin:alpha", "Session:nobody", "Nothing:1"]) expect([id, await node(id)]).toEqual([id, null])
      await expect(node("nonsense")).rejects.toThrow("Invalid global ID format")
    })
  })

  describe("the dashboard", () => {
    it("The dashboard adds up what the transcripts say", async () => {
      const files = [...Recorded.recorded(served().workspace.projects).values()]
      const { activity, dashboardAnalytics, sessions } = await dashboard()
      expect(sessions.totalCount).toBe(files.length)
      // A call that forks repeat is one; one without an id is one of its own.
      const calls = new Map(Recorded.toolCalls(files.flatMap(Recorded.all)).map(({ id, name }) => [id ?? Symbol(), name]))
      expect(dashboardAnalytics.toolUsage.length).toBe(20)
      for (const { count, toolName } of dashboardAnalytics.toolUsage)
        expect([toolName, count]).toEqual([toolName, [...calls.values()].filter((name) => name === toolName).length])
      const spawned = Recorded.toolCalls(files.flatMap(Recorded.all)).filter(({ name }) => name === "Agent" || name === "Task")
      expect(dashboardAnalytics.subagentUsage.reduce((sum, { count }) => sum + Number(count), 0)).toBe(new Set(spawned.map(({ id }) => id)).size)
      expect(activity.dailyActivity.find(({ date }) => date === "2026-11-20")).toEqual({
        date: "2026-11-20",
        sessionCount: 1,
        messageCount: 8,
        inputTokens: 7,
        outputTokens: 11,
        cachedTokens: 13,
        linesAdded: 0,
        linesRemoved: 0,
        filesChanged: 0
      })
      expect(activity.dailyActivity.find(({ date }) => date === "2026-11-19")).toMatchObject({ sessionCount: 2, messageCount: longCount + 1 })
      expect(activity.hourlyActivity.length).toBe(24)
      expect(activity).toMatchObject({ firstSessionDate: "2026-03-01", totalActiveDays: 4 })
      expect(activity.modelUsage[0]).toMatchObject({ model: "claude-opus-5-5", displayName: "Opus 5.5" })
    })

    it("The dashboard agrees with the ledger, the team and the lists", async () => {
      const { activity, dashboardAnalytics, metrics } = await dashboard()
      const { usage } = await query<{ readonly usage: { readonly totals: JsonObject; readonly rows: Rows } }>("UsagePageQuery", {
        by: "MODEL",
        timeZone: "UTC"
      })
      const { teamMetrics } = await query<{ readonly teamMetrics: JsonObject & { readonly sessionsByProject: Rows; readonly sessionsByPeriod: Rows } }>(
        "TeamPageQuery",
        {
          granularity: "month"
        }
      )
      const { input, output, cacheRead, costUsd } = usage.totals
      expect(activity["tokenUsage"]).toMatchObject({
        totalInputTokens: input,
        totalOutputTokens: output,
        totalCachedTokens: cacheRead,
        estimatedCostUsd: costUsd
      })
      expect(dashboardAnalytics.costAnalysis).toMatchObject({ estimatedCostUsd: costUsd, isEstimated: true })
      expect(teamMetrics).toMatchObject({ estimatedCostUsd: costUsd, totalSessions: activity["totalSessions"], totalTasks: metrics["totalTasks"] })
      expect(teamMetrics.sessionsByPeriod.map(({ period }) => period)).toEqual(["2026-03-01", "2026-11-01"])
      expect(usage.totals["costNanoUsd"]).toBe(String(usage.rows.reduce((sum, row) => sum + Number(row["costNanoUsd"]), 0)))
      const oneDay = await query<{ readonly teamMetrics: JsonObject }>("TeamPageQuery", { startDate: "2026-11-20", endDate: "2026-11-20", granularity: "day" })
      expect(oneDay.teamMetrics).toMatchObject({
        totalSessions: 1,
        totalTokens: 31,
        totalTasks: 2,
        activityTimeline: [{ date: "2026-11-20", messageCount: 8 }]
      })
    })

    it("The dashboard is the same for no scope and for empty ones, and narrower for a project and a repository", async () => {
      const { below } = served().workspace
      const everything = await dashboard()
      expect(await dashboard({ projectId: "", repoId: "" })).toEqual(everything)
      const project = await projectAt(below)
      const ofProject = await dashboard({ projectId: project["projectId"], hasProjectId: true, sessionFilter: { projectId: { _eq: project["projectId"] } } })
      expect(ofProject).toMatchObject({ project: { id: project["id"] }, sessions: { totalCount: 1 }, activity: { totalSessions: 1, totalMessages: longCount } })
      expect(ofProject.dashboardAnalytics.toolUsage).toEqual([])
      const [repo] = await repos()
      const ofRepo = await dashboard({ repoId: repo?.["repoId"], hasRepoId: true, period: "MONTH", tier: 100 })
      expect(ofRepo).toMatchObject({ repo: { id: repo?.["id"] }, activity: { totalSessions: 3, totalMessages: longCount + 9 } })
      expect(ofRepo.dashboardAnalytics.toolUsage).toEqual(["Agent", "TodoWrite", "Write"].map((toolName) => ({ toolName, count: 1 })))
      expect(ofRepo.dashboardAnalytics.costAnalysis).toMatchObject({ maxSubscriptionCostUsd: 100 })
      const team = await query<{ readonly teamMetrics: JsonObject }>("TeamPageQuery", { projectIds: [project["projectId"]], repoId: repo?.["repoId"] })
      expect(team.teamMetrics).toMatchObject({ totalSessions: 1 })
    })
  })

  describe("what is on this machine", () => {
    it("The settings of this machine are answered to the page that asks for them", async () => {
      const { config, project } = served().workspace
      const { projectId } = await projectAt(project)
      const { coordinatorStatus, settings } = await query<{ readonly coordinatorStatus: JsonObject; readonly settings: JsonObject }>("SettingsPageQuery", {
        projectId,
        clientVersion: "99.0.0"
      })
      expect(coordinatorStatus).toMatchObject({ needsRestart: true })
      const [user, shared, local] = [`${config}/settings.json`, `${project}/.claude/settings.json`, `${project}/.claude/settings.local.json`]
      expect(settings["claudeSettings"]).toMatchObject({ userFile: user, projectFile: shared, localFile: local, exists: true, pluginCount: 3 })
      expect((settings["claudeSettingsFiles"] as Rows).filter(({ exists }) => exists).map(({ path }) => path)).toEqual([user, shared, local])
      const alone = await query<{ readonly settings: JsonObject }>("SettingsPageQuery", { projectId: null, clientVersion: null })
      expect(alone.settings["claudeSettings"]).toMatchObject({ userFile: user, projectFile: null, localFile: null, pluginCount: 1 })
    })

    it("The plugins of this machine are answered to the page that asks for them", async () => {
      const { config, project } = served().workspace
      const { pluginCategories, pluginStats, plugins } = await query<JsonObject>("PluginListPageQuery", {})
      expect(plugins).toMatchObject([
        { id: `Plugin:user:${config}:alpha@local-market`, name: "alpha", marketplace: "local-market", scope: "USER", enabled: true, category: "quality" },
        { id: `Plugin:project:${project}:beta@local-market`, scope: "PROJECT", enabled: true, category: "quality" },
        { id: `Plugin:local:${project}:gamma@local-market`, scope: "LOCAL", enabled: true, category: null }
      ])
      expect(pluginStats).toEqual({ totalPlugins: 3, userPlugins: 1, projectPlugins: 1, localPlugins: 1, enabledPlugins: 3 })
      expect(pluginCategories).toEqual([
        { category: "quality", count: 2 },
        { category: "uncategorized", count: 1 }
      ])
      expect((await query<{ readonly plugins: Rows }>("PluginListPageQuery", { scope: "LOCAL" })).plugins.map(({ name }) => name)).toEqual(["gamma"])
    })

    it("The memory answers rules and what transcripts say", async () => {
      const { config, project } = served().workspace
      const { memory } = await query<{ readonly memory: { readonly rules: Rows; readonly search: JsonObject } }>("MemoryPageQuery", {
        query: "picture",
        projectPath: remote,
        layers: ["rules", "transcripts"]
      })
      expect(memory.rules).toContainEqual(
        expect.objectContaining({ path: Path.join(config, "CLAUDE.md"), content: "Be kind.\n", scope: "USER", domain: "CLAUDE", size: 9, projectPath: null })
      )
      expect(memory.rules).toContainEqual(expect.objectContaining({ path: Path.join(project, "CLAUDE.md"), scope: "PROJECT", projectPath: project }))
      expect(memory.search).toMatchObject({
        layersSearched: ["rules", "transcripts"],
        citations: [{ layer: "transcripts", author: "user", excerpt: expect.stringContaining("picture"), source: expect.stringMatching(/^Message:/) }]
      })
    })

    it("The machine's passed checks are listed, and lines that nobody understands are told", async () => {
      const { project } = served().workspace
      const { cacheEntries, cacheStats } = await query<JsonObject>("CachePageQuery")
      expect(cacheEntries).toMatchObject([
        { pluginName: "biome", hookName: "types", path: Path.join(project, "web"), fileCount: 2, lastModified: "2026-11-20T10:00:28.000Z" },
        { pluginName: "biome", hookName: "lint", path: "/fx/proj-alpha", fileCount: 2, lastModified: "2026-03-01T10:00:06.000Z" }
      ])
      expect(cacheStats).toEqual({ totalEntries: 2, totalFiles: 4, oldestEntry: "2026-03-01T10:00:06.000Z", newestEntry: "2026-11-20T10:00:28.000Z" })
      const { indexProblems, settings } = await query<{ readonly indexProblems: Rows; readonly settings: JsonObject }>("MachinePageQuery", { first: 50 })
      const at = (name: string) => indexProblems.filter(({ path }) => String(path).includes(name)).map(({ kind, line }) => [kind, line])
      expect(new Set(at("111111111107.jsonl"))).toEqual(
        new Set([
          ["unreadable", 2],
          ["unreadable", 1]
        ])
      )
      expect(at("111111111112-han.jsonl")).toEqual([["unreadable", 3]])
      expect(settings["problems"]).toEqual([])
      expect((await query<{ readonly indexProblems: Rows }>("MachinePageQuery", { first: 1 })).indexProblems.length).toBe(1)
    })
  })

  it("Every query is answered over the socket as it is over HTTP", async () => {
    const { another, client } = served()
    const socket = another("socket")
    const asked: ReadonlyArray<readonly [string, JsonObject]> = [
      ["DashboardPageQuery", { projectId: "", repoId: "", hasProjectId: false, hasRepoId: false, days: 730 }],
      ["SessionListPageQuery", { first: 50 }],
      ["SessionPageQuery", { id: `Session:${EveryMessage.sessionId}` }],
      ["SessionDepthsQuery", { id: EveryMessage.sessionId }],
      ["TeamPageQuery", {}],
      ["PluginListPageQuery", {}],
      ["UsagePageQuery", { by: "SESSION" }],
      ["RepoListPageQuery", {}]
    ]
    for (const [name, variables] of asked) expect(await socket.query(name, variables)).toEqual(await client.query(name, variables))
    for (const one of [socket, client]) {
      expect(one.warnings).toEqual([])
      expect(one.differences()).toEqual([])
      expect(misnamed(one.records())).toEqual([])
    }
  })
}
