import * as Effect from "effect/Effect"
import { type DayActivity, Metrics, type ModelActivity, type SessionActivity } from "han-core/Metrics"
import { addDays, dayIn, labelOf, startOf, weekOf } from "han-core/unstable/Calendar"
import { isoOf } from "../context/Field.ts"
import type { GraphqlContext } from "../context/GraphqlContext.ts"
import { configDirsOf } from "../machine/ConfigDirList.ts"
import { type ScopeArgs, scopeOf } from "../projects/Projects.ts"
import { daysOf } from "../relay/ArgumentDates.ts"
import { globalId } from "../relay/GlobalId.ts"
import { summaryOf } from "../sessions/summary.ts"
import { tasksIn } from "./MetricsData.ts"

export interface DashboardArgs extends ScopeArgs {
  readonly days?: number | null
  readonly subscriptionTier?: number | null
}

/** Each part is asked for on its own, so that nobody pays for what he does not look at; what several need is asked for once. */
export const dashboardOf = async (args: DashboardArgs, context: GraphqlContext) => {
  const { run } = context
  const { timeZone } = context.host
  const today = dayIn(timeZone, Date.now())
  const span = daysOf(args.days, 30, 1)
  const scope = { since: startOf(timeZone, addDays(today, -span)), paths: await scopeOf(args, context) }
  const ask = <A, E>(of: (metrics: typeof Metrics.Service) => Effect.Effect<A, E, GraphqlRequirementsOf>) => run(Effect.flatMap(Metrics, of))
  const sessions = once(() => ask((metrics) => metrics.sessions(scope)))
  const days = once(() => ask((metrics) => metrics.days({ ...scope, timeZone })))
  const models = once(() => ask((metrics) => metrics.models(scope)))
  const tools = once(() => ask((metrics) => metrics.tools(scope)))
  const ranked = once(async () => rankOf(await sessions()))
  return {
    topSessions: async () => (await ranked()).slice(0, 5).map(({ shown }) => shown),
    bottomSessions: async () =>
      (await ranked())
        .slice(5)
        .slice(-5)
        .reverse()
        .map(({ shown }) => shown),
    compactionStats: async () => {
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
    },
    costAnalysis: async () => {
      const tier = args.subscriptionTier ?? null
      const [list, byDay, byModel, byWeek] = await Promise.all([
        sessions(),
        days(),
        models(),
        ask((metrics) => metrics.days({ ...scope, timeZone, by: "week" }))
      ])
      const done = async () => (await run(tasksIn(scope))).filter(({ outcome }) => outcome === "SUCCESS").length
      const cost = costsOf({ sessions: list, days: byDay, weeks: byWeek, models: byModel, span, tier })
      return {
        ...cost,
        costPerCompletedTask: async () => {
          const count = await done()
          return count === 0 ? null : cost.estimatedCostUsd / count
        },
        configDirBreakdowns: async () => {
          const roots = await Promise.all(list.map(async (session) => [session, await context.loaders.root.load(session.sessionId)] as const))
          const byRoot = new Map<string, Array<SessionActivity>>()
          for (const [session, root] of roots) if (root !== null) byRoot.set(root, [...(byRoot.get(root) ?? []), session])
          if (byRoot.size < 2) return []
          const names = new Map((await configDirsOf(context)).map((dir) => [dir.path, dir.name]))
          return Promise.all(
            [...byRoot].map(async ([root, ofRoot]) => {
              const part = { ...scope, sessionIds: ofRoot.map(({ sessionId }) => sessionId) }
              const [ownDays, ownWeeks, ownModels] = await Promise.all([
                ask((metrics) => metrics.days({ ...part, timeZone })),
                ask((metrics) => metrics.days({ ...part, timeZone, by: "week" })),
                ask((metrics) => metrics.models(part))
              ])
              return {
                ...costsOf({ sessions: ofRoot, days: ownDays, weeks: ownWeeks, models: ownModels, span, tier }),
                configDirId: globalId("ConfigDir", root),
                configDirName: names.get(root) ?? root,
                totalSessions: ofRoot.length,
                totalMessages: ofRoot.reduce((sum, { messages }) => sum + messages, 0),
                modelCount: ownModels.length
              }
            })
          )
        }
      }
    },
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
    performanceTrend: async () => trendOf(await ranked(), timeZone),
    humanTimeEstimate: async () => humanTimeOf(await days(), await tools())
  }
}
type GraphqlRequirementsOf = Parameters<GraphqlContext["run"]>[0] extends Effect.Effect<infer _A, infer _E, infer R> ? R : never

const once = <A>(of: () => Promise<A>): (() => Promise<A>) => {
  let found: Promise<A> | undefined
  return () => {
    found ??= of()
    return found
  }
}
const round = (value: number, digits: number): number => Number(value.toFixed(digits))

interface Ranked {
  readonly session: SessionActivity
  readonly score: number
  readonly shown: object
}

/** Sessions with two prompts or more, the one that went best first. */
const rankOf = (sessions: ReadonlyArray<SessionActivity>): ReadonlyArray<Ranked> => {
  const long = sessions.filter(({ prompts }) => prompts >= 2)
  const most = Math.max(1, ...long.map(({ prompts }) => prompts))
  return long
    .map((session): Ranked => {
      const done = session.tasks === 0 ? null : session.tasksCompleted / session.tasks
      const mood = session.analysed === 0 ? 0 : session.scoreSum / session.analysed
      const focus = 1 - Math.min(session.compactions / 3, 1)
      const score = Math.round(100 * (0.4 * (done ?? 0.5) + 0.2 * focus + 0.2 * ((mood + 5) / 10) + 0.2 * (1 - session.prompts / most)))
      return {
        session,
        score,
        shown: {
          sessionId: session.sessionId,
          slug: session.slug,
          summary: summaryOf(session, 120),
          startedAt: isoOf(session.startedAt),
          score,
          sentimentTrend: mood > 0.3 ? "improving" : mood < -0.3 ? "declining" : "stable",
          avgSentimentScore: session.analysed === 0 ? null : mood,
          turnCount: session.prompts,
          taskCompletionRate: done,
          compactionCount: session.compactions,
          focusScore: focus
        }
      }
    })
    .sort((a, b) => b.score - a.score || (a.session.sessionId < b.session.sessionId ? -1 : 1))
}

const trendOf = (ranked: ReadonlyArray<Ranked>, timeZone: string) => {
  const weeks = new Map<string, Array<Ranked>>()
  for (const one of ranked) {
    const { startedAt } = one.session
    if (startedAt === null) continue
    const week = weekOf(dayIn(timeZone, startedAt))
    weeks.set(week, [...(weeks.get(week) ?? []), one])
  }
  return [...weeks]
    .sort(([a], [b]) => (a < b ? -1 : 1))
    .map(([weekStart, list]) => {
      const average = (of: (one: Ranked) => number) => list.reduce((sum, one) => sum + of(one), 0) / list.length
      return {
        weekStart,
        weekLabel: labelOf(weekStart),
        sessionCount: list.length,
        avgTurns: round(
          average(({ session }) => session.prompts),
          1
        ),
        avgCompactions: round(
          average(({ session }) => session.compactions),
          2
        ),
        avgEffectiveness: round(
          average(({ score }) => score),
          1
        )
      }
    })
}

const tiers = [
  { name: "Pro", usd: 20 },
  { name: "Max 5x", usd: 100 },
  { name: "Max 20x", usd: 200 }
] as const

const costsOf = ({
  days,
  models,
  sessions,
  span,
  tier,
  weeks
}: {
  readonly sessions: ReadonlyArray<SessionActivity>
  readonly days: ReadonlyArray<DayActivity>
  readonly weeks: ReadonlyArray<DayActivity>
  readonly models: ReadonlyArray<ModelActivity>
  readonly span: number
  readonly tier: number | null
}) => {
  // The models have what was done in sessions that are known only through their forks, too.
  const total = models.reduce((sum, { costNanoUsd }) => sum + costNanoUsd, 0) / 1e9
  const read = models.reduce((sum, { cacheRead }) => sum + cacheRead, 0)
  const input = read + models.reduce((sum, one) => sum + one.input + one.cacheWrite, 0)
  const plan = tier ?? (models.some(({ model }) => model.includes("opus")) ? 200 : 20)
  const monthly = (total / span) * 30
  const compared = tiers.map(({ name, usd }) => ({
    tierName: name,
    monthlyCostUsd: usd,
    apiCreditCostUsd: monthly,
    savingsUsd: monthly - usd,
    savingsPercent: monthly === 0 ? 0 : (100 * (monthly - usd)) / monthly,
    recommendation: monthly > usd ? `saves ${dollars(monthly - usd)} a month` : `costs ${dollars(usd - monthly)} a month more than paying by use`
  }))
  return {
    estimatedCostUsd: total,
    isEstimated: models.some(({ unpriced }) => unpriced > 0),
    cacheHitRate: input === 0 ? 0 : read / input,
    cacheSavingsUsd: models.reduce((sum, { cacheSavingNanoUsd }) => sum + cacheSavingNanoUsd, 0) / 1e9,
    costPerSession: sessions.length === 0 ? 0 : total / sessions.length,
    maxSubscriptionCostUsd: plan,
    costUtilizationPercent: (100 * monthly) / plan,
    breakEvenDailySpend: plan / 30,
    billingType: plan > 20 ? "max_subscription" : "pro_subscription",
    dailyCostTrend: days.map(({ costNanoUsd, date, sessions: count }) => ({ date, costUsd: costNanoUsd / 1e9, sessionCount: count })),
    weeklyCostTrend: weeks.map(({ costNanoUsd, date, sessions: count }) => ({
      weekStart: date,
      weekLabel: labelOf(date),
      costUsd: costNanoUsd / 1e9,
      sessionCount: count,
      avgDailyCost: costNanoUsd / 1e9 / 7
    })),
    topSessionsByCost: sessions
      .toSorted((a, b) => b.costNanoUsd - a.costNanoUsd || (a.sessionId < b.sessionId ? -1 : 1))
      .slice(0, 5)
      .map((session) => ({
        sessionId: session.sessionId,
        slug: session.slug ?? session.title,
        costUsd: session.costNanoUsd / 1e9,
        inputTokens: session.input,
        outputTokens: session.output,
        cacheReadTokens: session.cacheRead,
        messageCount: session.messages,
        startedAt: isoOf(session.startedAt)
      })),
    potentialSavingsUsd: Math.max(0, ...compared.map(({ savingsUsd }) => savingsUsd)),
    subscriptionComparisons: compared
  }
}
const dollars = (usd: number): string => `$${usd.toFixed(2)}`

/** Seconds that a human takes for what a tool does. */
const toolSeconds: Readonly<Record<string, number>> = {
  Read: 15,
  Write: 30,
  Edit: 45,
  NotebookEdit: 45,
  Bash: 20,
  Grep: 30,
  Glob: 30,
  WebSearch: 60,
  WebFetch: 60,
  Agent: 60,
  Task: 60,
  TodoWrite: 0,
  TodoRead: 0
}
const anyToolSeconds = 15
const secondsALine = 12
const secondsAToken = 0.32

const humanTimeOf = (days: ReadonlyArray<DayActivity>, tools: ReadonlyArray<{ readonly name: string; readonly calls: number }>) => {
  const sum = (of: (day: DayActivity) => number) => days.reduce((so, day) => so + of(day), 0)
  const byTool = tools
    .map(({ calls, name }) => ({ toolName: name, invocations: calls, humanSeconds: calls * (toolSeconds[name] ?? anyToolSeconds) }))
    .sort((a, b) => b.humanSeconds - a.humanSeconds || (a.toolName < b.toolName ? -1 : 1))
  const parts = [
    { category: "Reading and writing text", humanSeconds: sum((day) => day.output) * secondsAToken },
    { category: "Writing code", humanSeconds: sum((day) => day.linesAdded) * secondsALine },
    { category: "Prompts", humanSeconds: sum((day) => day.promptMs) / 1000 },
    { category: "Tools", humanSeconds: byTool.reduce((so, { humanSeconds }) => so + humanSeconds, 0) }
  ]
  const human = parts.reduce((so, { humanSeconds }) => so + humanSeconds, 0)
  const ai = sum((day) => day.activeMs) / 1000
  return {
    totalHumanSeconds: human,
    totalAiSeconds: ai,
    speedupFactor: ai === 0 ? 0 : human / ai,
    hoursSaved: Math.max(0, human - ai) / 3600,
    breakdown: parts.map((part) => ({ ...part, percent: human === 0 ? 0 : (100 * part.humanSeconds) / human })),
    toolBreakdown: byTool.slice(0, 15)
  }
}
