// GraphQL: the pages of a dashboard on 75,000 messages in 150 sessions, in process and through HTTP; how soon subscribers hear of an appended line, and what they cost while nothing happens.
import { randomUUID } from "node:crypto"
import { appendFileSync, cpSync, mkdtempSync, readFileSync, rmSync } from "node:fs"
import { tmpdir } from "node:os"
import { join } from "node:path"
import * as Effect from "effect/Effect"
import * as Layer from "effect/Layer"
import * as ManagedRuntime from "effect/ManagedRuntime"
import { createClient } from "graphql-ws"
import * as ClaudeFolders from "han-core/ClaudeFolders"
import * as ClaudeSettingsFiles from "han-core/ClaudeSettingsFiles"
import { ConfigDirs } from "han-core/ConfigDirs"
import * as MemoryRules from "han-core/MemoryRules"
import * as PluginFiles from "han-core/PluginFiles"
import { Viewer } from "han-core/Viewer"
import * as ChangeFeed from "han-graphql/ChangeFeed"
import * as Execution from "han-graphql/Execution"
import * as GraphqlContext from "han-graphql/GraphqlContext"
import * as Machine from "han-graphql/Machine"
import { makeSchema } from "han-graphql/Schema"
import * as SqliteStore from "han-sql/SqliteStore"
import { dashboardCorpus, transcriptsOf } from "./Corpora.ts"
import { indexed, makeHome, processorTime, startDaemon } from "./Daemon.ts"
import { indexOnce } from "./IndexOnce.ts"
import { machine, percentile, row, spread, timed } from "./Measure.ts"

const list = `query List { sessions(first: 50) { totalCount pageInfo { hasNextPage endCursor } edges { cursor node { id sessionId slug name date projectName projectPath projectId projectSlug
  worktreeName summary messageCount startedAt updatedAt gitBranch version harness status prNumber prUrl teamName turnCount compactionCount estimatedCostUsd duration fileChangeCount
  currentTodo { id content status } todoCounts { total inProgress } activeTasks { totalCount edges { node { id description } } } currentTask { id } frustrationSummary { overallLevel } } } } }`
const page = `query Page($id: ID!) { node(id: $id) { ... on Session { id name messageCount turnCount hookStats { passRate } messages(first: 50) { totalCount pageInfo { hasNextPage endCursor }
  edges { cursor node { __typename id uuid timestamp rawJson agentId parentId searchText
    ... on RegularUserMessage { content sentimentAnalysis { id sentimentScore } }
    ... on AssistantMessage { content model stopReason inputTokens outputTokens cachedTokens contentBlocks { type ... on TextBlock { text } ... on ThinkingBlock { thinking preview }
      ... on ToolUseBlock { name input toolCallId result { content isError preview } } } }
    ... on ToolResultUserMessage { toolResultCount contentBlocks { type } } } } } } } }`
const dashboard = `query Dashboard($project: String, $repo: String) {
  metrics(period: WEEK, projectId: $project, repoId: $repo) { totalTasks completedTasks successRate averageDuration significantFrustrations tasksByType { type count } tasksByOutcome { outcome count } }
  activity(days: 730, projectId: $project, repoId: $repo) { dailyActivity { date sessionCount messageCount inputTokens outputTokens } hourlyActivity { hour sessionCount messageCount }
    tokenUsage { totalTokens estimatedCostUsd } dailyModelTokens { date totalTokens models { displayName tokens } } modelUsage { displayName totalTokens costUsd }
    totalSessions totalMessages streakDays totalActiveDays firstSessionDate }
  dashboardAnalytics(days: 30, projectId: $project, repoId: $repo) { topSessions { sessionId score summary } bottomSessions { sessionId score } compactionStats { totalCompactions autoCompactCount }
    costAnalysis { estimatedCostUsd cacheHitRate cacheSavingsUsd costPerCompletedTask dailyCostTrend { date costUsd } weeklyCostTrend { weekStart costUsd sessionCount }
      topSessionsByCost { sessionId costUsd } subscriptionComparisons { tierName savingsUsd } configDirBreakdowns { configDirName } }
    hookHealth { hookName passRate } subagentUsage { subagentType count } toolUsage { toolName count } performanceTrend { weekStart avgTurns avgEffectiveness }
    humanTimeEstimate { totalHumanSeconds totalAiSeconds speedupFactor breakdown { category percent } toolBreakdown { toolName humanSeconds } } }
  pluginStats { totalPlugins } pluginCategories { category count } projects(first: 100) { id name totalSessions } sessions(first: 5) { edges { node { id name } } } }`

const runs = 100
const folder = mkdtempSync(join(tmpdir(), "han-bench-"))

/** As the coordinator has it, without a socket. */
const pages = async () => {
  const filename = join(folder, "han.db")
  const { report } = await indexOnce("sqlite", filename, dashboardCorpus().path)
  const none = Effect.die("there are no configuration folders here")
  const files = Layer.mergeAll(ClaudeSettingsFiles.layer, MemoryRules.layer, PluginFiles.layer).pipe(
    Layer.provide(ClaudeFolders.layer({ folders: [join(folder, "claude")] })),
    Layer.merge(Layer.succeed(ConfigDirs, { list: Effect.succeed([]), register: () => none, unregister: () => none }))
  )
  const managed = ManagedRuntime.make(Layer.mergeAll(files, SqliteStore.layer({ filename })))
  try {
    const runtime = await managed.runtime()
    const feeds = ChangeFeed.make(runtime)
    const host = { version: "0.0.0", timeZone: "Europe/Berlin" }
    const { local: viewer } = Viewer
    const contextOf = () => GraphqlContext.make({ runtime, host, feeds, viewer })
    const execution = Execution.make({ schema: makeSchema({ machine: Machine.machine }), joinedAs: () => viewer.owner, contextOf })
    const ask = async (query: string, variables: Record<string, unknown> = {}) => {
      const operation = execution.prepare({ query, variables })
      if (!("execute" in operation)) throw new Error(operation.map(({ message }) => message).join("; "))
      const { data, errors } = await operation.execute({ viewer, signal: new AbortController().signal })
      if (errors !== undefined) throw new Error(errors.map(({ message }) => message).join("; "))
      // What goes over the wire is a part of the answer.
      return JSON.parse(JSON.stringify(data))
    }
    const measure = async (what: string, work: (run: number) => Promise<unknown>) => {
      await timed(10, work)
      const one = await timed(runs, work)
      const eight = await timed(20, () => Promise.all(Array.from({ length: 8 }, (_, n) => work(n))))
      row(what, spread(one), `8 at once p50 ${percentile(eight, 0.5).toFixed(1)} ms = ${(percentile(eight, 0.5) / percentile(one, 0.5)).toFixed(1)} × one`)
    }
    const { sessions } = await ask(list)
    const { projects } = await ask("{ projects(first: 100) { id } }")
    const note = `${report.entries} lines, ${sessions.totalCount} sessions`
    console.log(note)
    await measure("first 50 sessions with all fields of a list", () => ask(list))
    await measure("session page with 50 messages and rawJson", () => ask(page, { id: sessions.edges[3].node.id }))
    await measure("dashboard, global", () => ask(dashboard, { project: "", repo: "" }))
    await measure("dashboard, one project", () => ask(dashboard, { project: projects[0].id, repo: "" }))
    await measure("dashboard, projects by turns", (run) => ask(dashboard, { project: projects[run % projects.length].id, repo: "" }))
  } finally {
    await managed.dispose()
  }
}

const pause = (milliseconds: number) => new Promise((resolve) => setTimeout(resolve, milliseconds))
const subscribers = 50

const subscriptions = async () => {
  const { home, remove } = makeHome()
  try {
    const config = join(home, "claude")
    cpSync(dashboardCorpus().path, config, { recursive: true })
    await using daemon = await startDaemon(home, config)
    await indexed(daemon)
    const port = readFileSync(join(home, ".han", "port"), "utf8").trim()
    const token = readFileSync(join(home, ".han", "token"), "utf8").trim()
    const files = transcriptsOf(config).filter((path) => !path.includes("subagents"))
    const sessionOf = (file: string) => file.slice(file.lastIndexOf("/") + 1, -".jsonl".length)
    const client = createClient({ url: `ws://127.0.0.1:${port}/graphql`, connectionParams: { token } })
    const waiting = new Map<string, (at: number) => void>()
    for (const file of files.slice(0, subscribers)) {
      const query = "subscription ($id: ID!) { sessionMessageAdded(sessionId: $id) { newMessageEdge { node { uuid rawJson } } } }"
      client.subscribe<{ sessionMessageAdded: { newMessageEdge: { node: { uuid: string } } } }>(
        { query, variables: { id: sessionOf(file) } },
        {
          next: ({ data }) => waiting.get(data?.sessionMessageAdded.newMessageEdge.node.uuid ?? "")?.(performance.now()),
          error: (error) => console.error(error),
          complete: () => {}
        }
      )
    }
    const seconds = 60
    const first = processorTime(daemon.pid)
    await pause(seconds * 1000)
    const began = processorTime(daemon.pid)
    row(`the first ${seconds} s after indexing, with ${subscribers} subscriptions`, `${((began - first) / (seconds * 10)).toFixed(2)} % of one processor`)
    await pause(seconds * 1000)
    row(`idle for ${seconds} s with ${subscribers} subscriptions`, `${((processorTime(daemon.pid) - began) / (seconds * 10)).toFixed(2)} % of one processor`)

    const samples: Array<number> = []
    for (let n = 0; n < 200; n++) {
      const file = files[n % subscribers]
      if (file === undefined) throw new Error("there are too few sessions")
      const uuid = randomUUID()
      const line = {
        type: "user",
        uuid,
        sessionId: sessionOf(file),
        cwd: "/home/dev/web",
        timestamp: new Date().toISOString(),
        message: { role: "user", content: `line number ${n}` }
      }
      const heard = new Promise<number>((resolve, reject) => {
        waiting.set(uuid, resolve)
        setTimeout(() => reject(new Error("a subscriber heard nothing for 10 s")), 10_000)
      })
      const wrote = performance.now()
      appendFileSync(file, `${JSON.stringify(line)}\n`)
      samples.push((await heard) - wrote)
      waiting.delete(uuid)
      await pause(50 + ((n * 37) % 150))
    }
    row(`appended line → subscriber, ${subscribers} subscriptions`, spread(samples), "200 lines, each to another session")
    await client.dispose()
  } finally {
    remove()
  }
}

try {
  console.log(machine())
  await pages()
  await subscriptions()
} finally {
  rmSync(folder, { recursive: true, force: true })
}
process.exit(0)
