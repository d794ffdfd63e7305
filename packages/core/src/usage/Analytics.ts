/**
 * Figures made of the sums of `Metrics`: how well sessions went, what they cost beside a subscription, what the work would have taken a human, what came of tasks.
 * Pure functions, the same for every client.
 *
 * @example
 * ```ts
 * import * as Effect from "effect/Effect"
 * import { effectivenessOf, humanTimeOf } from "han-core/Analytics"
 * import { Metrics } from "han-core/Metrics"
 *
 * const lastWeek = (since: number) =>
 *   Effect.gen(function* () {
 *     const metrics = yield* Metrics
 *     const [best] = effectivenessOf(yield* metrics.sessions({ since }))
 *     const days = yield* metrics.days({ since, timeZone: "UTC" })
 *     return { best, hoursSaved: humanTimeOf(days, yield* metrics.tools({ since })).hoursSaved }
 *   })
 * ```
 */

import type { HanTask } from "../sessions/HanTask.ts"
import { dayIn, labelOf, weekOf } from "./Calendar.ts"
import type { DayActivity, ModelActivity, SessionActivity } from "./Metrics.ts"

const sumOf = <Row>(rows: ReadonlyArray<Row>, value: (row: Row) => number): number => rows.reduce((sum, row) => sum + value(row), 0)
const round = (value: number, digits: number): number => Number(value.toFixed(digits))

/** The mean of the values that are known; null without any. */
export const meanOf = (values: ReadonlyArray<number | null>): number | null => {
  const known = values.filter((value) => value !== null)
  return known.length === 0 ? null : sumOf(known, (value) => value) / known.length
}

/** The figures that say how well a session went. */
export interface Effectiveness {
  readonly session: SessionActivity
  /** 0 to 100: 40 for tasks that were done (20 without tasks), 20 for focus, 20 for the mood of the prompts, 20 for few prompts beside the longest session. */
  readonly score: number
  /** Mean score of the prompts with words, from -5 to 5; null without any. */
  readonly mood: number | null
  /** `improving` with a mean mood above 0.3, `declining` below -0.3. */
  readonly moodTrend: "improving" | "declining" | "stable"
  /** Tasks done of all that were made, from 0 to 1; null without tasks. */
  readonly completion: number | null
  /** 1 without a compaction, 0 from three on. */
  readonly focus: number
}

/** Ranks the sessions with two prompts or more, the one that went best first. */
export const effectivenessOf = (sessions: ReadonlyArray<SessionActivity>): ReadonlyArray<Effectiveness> => {
  const long = sessions.filter(({ prompts }) => prompts >= 2)
  const most = Math.max(1, ...long.map(({ prompts }) => prompts))
  return long
    .map((session): Effectiveness => {
      const completion = session.tasks === 0 ? null : session.tasksCompleted / session.tasks
      const mood = session.analysed === 0 ? null : session.scoreSum / session.analysed
      const focus = 1 - Math.min(session.compactions / 3, 1)
      const score = Math.round(100 * (0.4 * (completion ?? 0.5) + 0.2 * focus + 0.2 * (((mood ?? 0) + 5) / 10) + 0.2 * (1 - session.prompts / most)))
      return { session, score, mood, moodTrend: (mood ?? 0) > 0.3 ? "improving" : (mood ?? 0) < -0.3 ? "declining" : "stable", completion, focus }
    })
    .sort((a, b) => b.score - a.score || (a.session.sessionId < b.session.sessionId ? -1 : 1))
}

/** Means of the sessions that began in each week of the time zone, in the order of weeks. A session without a beginning is in none. */
export const effectivenessByWeek = (ranked: ReadonlyArray<Effectiveness>, timeZone: string) => {
  const weeks = new Map<string, Array<Effectiveness>>()
  for (const one of ranked) {
    const { startedAt } = one.session
    if (startedAt === null) continue
    const week = weekOf(dayIn(timeZone, startedAt))
    weeks.set(week, [...(weeks.get(week) ?? []), one])
  }
  return [...weeks]
    .sort(([a], [b]) => (a < b ? -1 : 1))
    .map(([weekStart, list]) => {
      const mean = (value: (one: Effectiveness) => number, digits: number) => round(sumOf(list, value) / list.length, digits)
      return {
        weekStart,
        weekLabel: labelOf(weekStart),
        sessionCount: list.length,
        avgTurns: mean(({ session }) => session.prompts, 1),
        avgCompactions: mean(({ session }) => session.compactions, 2),
        avgEffectiveness: mean(({ score }) => score, 1)
      }
    })
}

/** The subscriptions that use is compared with, the smallest first. */
export const tiers = [
  { name: "Pro", usd: 20 },
  { name: "Max 5x", usd: 100 },
  { name: "Max 20x", usd: 200 }
] as const

/** 30 days of a use that costs `monthly` dollars by list price, under each subscription. Savings are negative where the subscription costs more. */
export const tierComparisons = (monthly: number) =>
  tiers.map(({ name, usd }) => ({
    tierName: name,
    monthlyCostUsd: usd,
    apiCreditCostUsd: monthly,
    savingsUsd: monthly - usd,
    savingsPercent: monthly === 0 ? 0 : (100 * (monthly - usd)) / monthly,
    recommendation: monthly > usd ? `saves $${(monthly - usd).toFixed(2)} a month` : `costs $${(usd - monthly).toFixed(2)} a month more than paying by use`
  }))

/** The sums of a time, as `Metrics` answers them for one scope. */
export interface CostSums {
  readonly sessions: ReadonlyArray<SessionActivity>
  readonly days: ReadonlyArray<DayActivity>
  readonly weeks: ReadonlyArray<DayActivity>
  readonly models: ReadonlyArray<ModelActivity>
}

/** Dollars of a time of `span` days, by list price. `tier`: dollars a month of the subscription to compare with; null for the one that fits the models. */
export const costsOf = ({ days, models, sessions, weeks }: CostSums, span: number, tier: number | null) => {
  // The models have what was done in sessions that are known only through their forks, too.
  const total = sumOf(models, ({ costNanoUsd }) => costNanoUsd) / 1e9
  const read = sumOf(models, ({ cacheRead }) => cacheRead)
  const input = read + sumOf(models, (model) => model.input + model.cacheWrite)
  const plan = tier ?? (models.some(({ model }) => model.includes("opus")) ? 200 : 20)
  const monthly = (total / span) * 30
  const compared = tierComparisons(monthly)
  return {
    estimatedCostUsd: total,
    isEstimated: models.some(({ unpriced }) => unpriced > 0),
    cacheHitRate: input === 0 ? 0 : read / input,
    cacheSavingsUsd: sumOf(models, ({ cacheSavingNanoUsd }) => cacheSavingNanoUsd) / 1e9,
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
    /** The five dearest sessions. */
    dearest: sessions.toSorted((a, b) => b.costNanoUsd - a.costNanoUsd || (a.sessionId < b.sessionId ? -1 : 1)).slice(0, 5),
    potentialSavingsUsd: Math.max(0, ...compared.map(({ savingsUsd }) => savingsUsd)),
    subscriptionComparisons: compared
  }
}
/** The answer of `costsOf`: dollars by list price, rates from 0 to 1, and days and weeks in the order of `CostSums`. */
export type Costs = ReturnType<typeof costsOf>

/** Seconds that a human takes for the work of one call of a tool. */
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

/** Estimates by fixed rates what the work of some days would have taken a human, beside the time in which sessions were at work. */
export const humanTimeOf = (days: ReadonlyArray<DayActivity>, tools: ReadonlyArray<{ readonly name: string; readonly calls: number }>) => {
  const byTool = tools
    .map(({ calls, name }) => ({ toolName: name, invocations: calls, humanSeconds: calls * (toolSeconds[name] ?? anyToolSeconds) }))
    .sort((a, b) => b.humanSeconds - a.humanSeconds || (a.toolName < b.toolName ? -1 : 1))
  const parts = [
    { category: "Reading and writing text", humanSeconds: sumOf(days, (day) => day.output) * secondsAToken },
    { category: "Writing code", humanSeconds: sumOf(days, (day) => day.linesAdded) * secondsALine },
    { category: "Prompts", humanSeconds: sumOf(days, (day) => day.promptMs) / 1000 },
    { category: "Tools", humanSeconds: sumOf(byTool, ({ humanSeconds }) => humanSeconds) }
  ]
  const human = sumOf(parts, ({ humanSeconds }) => humanSeconds)
  const ai = sumOf(days, (day) => day.activeMs) / 1000
  return {
    totalHumanSeconds: human,
    totalAiSeconds: ai,
    speedupFactor: ai === 0 ? 0 : human / ai,
    hoursSaved: Math.max(0, human - ai) / 3600,
    breakdown: parts.map((part) => ({ ...part, percent: human === 0 ? 0 : (100 * part.humanSeconds) / human })),
    toolBreakdown: byTool.slice(0, 15)
  }
}

/** The kinds of work that `workOf` tells apart. */
export const taskTypes = ["FIX", "IMPLEMENTATION", "REFACTOR", "RESEARCH"] as const
/** The ends of a task; one that is still under way is `PARTIAL`. */
export const taskOutcomes = ["SUCCESS", "PARTIAL", "FAILURE"] as const

/** The kind of work that a word, or a task that begins with it, stands for; unknown words are building. */
export const workOf = (type: string): (typeof taskTypes)[number] => {
  const word = type.toLowerCase()
  if (word.startsWith("fix") || word.startsWith("bug")) return "FIX"
  if (word.startsWith("refactor")) return "REFACTOR"
  return word.startsWith("research") || word.startsWith("investigat") ? "RESEARCH" : "IMPLEMENTATION"
}

/** A task of the agent's own list, or one that was announced through han. */
export interface TaskResult {
  readonly type: (typeof taskTypes)[number]
  readonly outcome: (typeof taskOutcomes)[number]
  /** 0 to 1; null where the agent did not say. */
  readonly confidence: number | null
  readonly seconds: number | null
  readonly sessionId: string
  /** Milliseconds since 1970. */
  readonly createdAt: number | null
}

/** The result of a task of the agent's own list: under way is partial, not begun is a failure. */
export const listedTask = (task: {
  readonly sessionId: string
  readonly subject: string
  readonly status: string
  readonly createdAt: number | null
  readonly completedAt: number | null
}): TaskResult => ({
  type: workOf(task.subject),
  outcome: task.status === "completed" ? "SUCCESS" : task.status === "in_progress" ? "PARTIAL" : "FAILURE",
  confidence: null,
  seconds: task.createdAt === null || task.completedAt === null ? null : (task.completedAt - task.createdAt) / 1000,
  sessionId: task.sessionId,
  createdAt: task.createdAt
})

/** The result of a task that was announced through han: active is partial. */
export const announcedTask = (task: HanTask): TaskResult => ({
  type: workOf(task.type),
  outcome: task.status === "active" || task.outcome === "partial" ? "PARTIAL" : task.status === "failed" ? "FAILURE" : "SUCCESS",
  confidence: task.confidence,
  seconds: task.durationSeconds,
  sessionId: task.sessionId,
  createdAt: task.startedAt
})

/** Tasks in numbers. Rates are from 0 to 1. */
export const taskFiguresOf = (tasks: ReadonlyArray<TaskResult>) => {
  const count = (outcome: TaskResult["outcome"]) => tasks.filter((task) => task.outcome === outcome).length
  const judged = tasks.filter(({ confidence, outcome }) => confidence !== null && outcome !== "PARTIAL")
  return {
    total: tasks.length,
    succeeded: count("SUCCESS"),
    partial: count("PARTIAL"),
    failed: count("FAILURE"),
    /** Null without tasks. */
    successRate: tasks.length === 0 ? null : count("SUCCESS") / tasks.length,
    /** Null when no agent said how sure it was. */
    confidence: meanOf(tasks.map(({ confidence }) => confidence)),
    /** From a task's making to its end; null when none ended. */
    seconds: meanOf(tasks.map(({ seconds }) => seconds)),
    /** Agreement of confidence and outcome, from 0 to 1; null when no agent said how sure it was of a task that ended. */
    calibration: meanOf(judged.map(({ confidence, outcome }) => 1 - Math.abs((confidence ?? 0) - Number(outcome === "SUCCESS"))))
  }
}
