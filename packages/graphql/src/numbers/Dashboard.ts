import * as Clock from "effect/Clock"
import * as Effect from "effect/Effect"
import { type CostSums, costsOf, type Effectiveness, effectivenessByWeek, effectivenessOf, humanTimeOf, taskFiguresOf } from "han-core/Analytics"
import { Metrics, type MetricsScope, type SessionActivity } from "han-core/Metrics"
import type { StoreError } from "han-core/StoreError"
import { addDays, dayIn, startOf } from "han-core/unstable/Calendar"
import type { Viewer } from "han-core/Viewer"
import { isoOf } from "../context/Field.ts"
import type { GraphqlContext } from "../context/GraphqlContext.ts"
import { type ScopeArgs, scopeOf } from "../projects/Projects.ts"
import { daysOf } from "../relay/ArgumentDates.ts"
import { summaryOf } from "../sessions/summary.ts"
import { authorOf } from "../workspace/Person.ts"
import { shownCosts } from "./CostAnalysis.ts"
import { tasksIn } from "./MetricsData.ts"

export interface DashboardArgs extends ScopeArgs {
  readonly days?: number | null
  readonly subscriptionTier?: number | null
}

/** Sums that several parts of a dashboard read, each asked for once, and only when a part wants it. */
interface Sums {
  readonly scope: MetricsScope
  readonly timeZone: string
  /** Days. */
  readonly span: number
  readonly tier: number | null
  readonly ask: <A>(of: (metrics: typeof Metrics.Service) => Effect.Effect<A, StoreError, Viewer>) => Promise<A>
  readonly sessions: () => Promise<CostSums["sessions"]>
  readonly days: () => Promise<CostSums["days"]>
  readonly tools: () => Promise<ReadonlyArray<{ readonly name: string; readonly calls: number }>>
  readonly ranked: () => Promise<ReadonlyArray<Effectiveness>>
}

const sumsOf = async (args: DashboardArgs, context: GraphqlContext): Promise<Sums> => {
  const { timeZone } = context.host
  const today = dayIn(timeZone, await context.run(Clock.currentTimeMillis))
  const span = daysOf(args.days, 30, 1)
  const scope = { since: startOf(timeZone, addDays(today, -span)), directories: await scopeOf(args, context), ...authorOf(args.author) }
  const ask: Sums["ask"] = (of) => context.run(Effect.flatMap(Metrics, of))
  const sessions = once(() => ask((metrics) => metrics.sessions(scope)))
  return {
    scope,
    timeZone,
    span,
    tier: args.subscriptionTier ?? null,
    ask,
    sessions,
    days: once(() => ask((metrics) => metrics.days({ ...scope, timeZone }))),
    tools: once(() => ask((metrics) => metrics.tools(scope))),
    ranked: once(async () => effectivenessOf(await sessions()))
  }
}

const once = <A>(of: () => Promise<A>): (() => Promise<A>) => {
  let found: Promise<A> | undefined
  return () => {
    found ??= of()
    return found
  }
}

/** Each part is asked for on its own, so that nobody pays for one that he does not look at. */
export const dashboardOf = async (args: DashboardArgs, context: GraphqlContext) => {
  const sums = await sumsOf(args, context)
  const { ask, days, ranked, scope, timeZone, tools } = sums
  return {
    topSessions: async () => (await ranked()).slice(0, 5).map(shownEffectiveness),
    bottomSessions: async () => (await ranked()).slice(5).slice(-5).reverse().map(shownEffectiveness),
    compactionStats: () => compactionsOf(sums),
    costAnalysis: () => costAnalysisOf(sums, context),
    hookHealth: async () =>
      (await ask((metrics) => metrics.hooks(scope))).map(({ hook, passed, runs, totalDurationMs }) => ({
        hookName: hook,
        totalRuns: runs,
        passCount: passed,
        failCount: runs - passed,
        passRate: passed / runs,
        avgDurationMs: totalDurationMs / runs
      })),
    subagentUsage: async () => (await ask((metrics) => metrics.agents(scope))).map(({ calls, type }) => ({ subagentType: type, count: calls })),
    toolUsage: async () => (await tools()).slice(0, 20).map(({ calls, name }) => ({ toolName: name, count: calls })),
    performanceTrend: async () => effectivenessByWeek(await ranked(), timeZone),
    humanTimeEstimate: async () => humanTimeOf(await days(), await tools())
  }
}

const shownEffectiveness = ({ completion, focus, mood, moodTrend, score, session }: Effectiveness) => ({
  sessionId: session.sessionId,
  slug: session.slug,
  summary: summaryOf(session, 120),
  startedAt: isoOf(session.startedAt),
  score,
  sentimentTrend: moodTrend,
  avgSentimentScore: mood,
  turnCount: session.prompts,
  taskCompletionRate: completion,
  compactionCount: session.compactions,
  focusScore: focus
})

const compactionsOf = async ({ ask, scope, sessions }: Sums) => {
  const found = await ask((metrics) => metrics.compactions(scope))
  const all = (await sessions()).length
  const total = found.auto + found.manual + found.continuation + found.unknown
  return {
    totalCompactions: total,
    sessionsWithCompactions: found.sessions,
    sessionsWithoutCompactions: Math.max(0, all - found.sessions),
    avgCompactionsPerSession: all === 0 ? 0 : total / all,
    autoCompactCount: found.auto,
    manualCompactCount: found.manual,
    continuationCount: found.continuation
  }
}

const weeksAndModels = ({ ask, timeZone }: Sums, scope: MetricsScope) =>
  Promise.all([ask((metrics) => metrics.days({ ...scope, timeZone, by: "week" })), ask((metrics) => metrics.models(scope))])

const costAnalysisOf = async (sums: Sums, context: GraphqlContext) => {
  const { scope, span, tier } = sums
  const [sessions, days, [weeks, models]] = await Promise.all([sums.sessions(), sums.days(), weeksAndModels(sums, scope)])
  const costs = costsOf({ sessions, days, weeks, models }, span, tier)
  return {
    ...shownCosts(costs),
    costPerCompletedTask: async () => {
      const { succeeded } = taskFiguresOf(await context.run(tasksIn(scope)))
      return succeeded === 0 ? null : costs.estimatedCostUsd / succeeded
    },
    byRoot: () => costsByRoot(sums, sessions, context)
  }
}

const costsByRoot = async (sums: Sums, sessions: ReadonlyArray<SessionActivity>, { loaders }: GraphqlContext) => {
  const { ask, scope, span, tier, timeZone } = sums
  const byRoot = new Map<string, Array<SessionActivity>>()
  const roots = await Promise.all(sessions.map(async (session) => [session, await loaders.root.load(session.sessionId)] as const))
  for (const [session, root] of roots) if (root !== null) byRoot.set(root, [...(byRoot.get(root) ?? []), session])
  if (byRoot.size < 2) return []
  return Promise.all(
    [...byRoot].map(async ([root, own]) => {
      const part = { ...scope, sessionIds: own.map(({ sessionId }) => sessionId) }
      const [days, [weeks, models]] = await Promise.all([ask((metrics) => metrics.days({ ...part, timeZone })), weeksAndModels(sums, part)])
      return {
        costs: costsOf({ sessions: own, days, weeks, models }, span, tier),
        root,
        sessions: own.length,
        messages: own.reduce((sum, { messages }) => sum + messages, 0),
        models: models.length
      }
    })
  )
}
