import * as Analytics from "han-core/Analytics"
import { SessionId } from "han-core/Entry"
import { type DayActivity, type ModelActivity, noActivity, type SessionActivity } from "han-core/Metrics"
import { describe, expect, it } from "vitest"

const session = (id: string, more: Partial<SessionActivity> = {}): SessionActivity => ({
  ...noActivity,
  sessionId: SessionId.make(id),
  author: null,
  title: null,
  slug: null,
  firstPrompt: null,
  path: null,
  projectId: null,
  startedAt: null,
  updatedAt: null,
  compactions: 0,
  tasks: 0,
  tasksCompleted: 0,
  analysed: 0,
  scoreSum: 0,
  prompts: 2,
  ...more
})
const day = (date: string, more: Partial<DayActivity> = {}): DayActivity => ({ ...noActivity, date, ...more })
const model = (name: string, more: Partial<ModelActivity> = {}): ModelActivity => ({
  date: null,
  model: name,
  responses: 1,
  unpriced: 0,
  input: 0,
  output: 0,
  cacheRead: 0,
  cacheWrite: 0,
  costNanoUsd: 0,
  cacheSavingNanoUsd: 0,
  ...more
})
const task = (outcome: Analytics.TaskResult["outcome"], confidence: number | null = null, seconds: number | null = null): Analytics.TaskResult => ({
  type: "FIX",
  outcome,
  confidence,
  seconds,
  sessionId: "s",
  createdAt: null
})

describe("effectiveness", () => {
  it("Effectiveness weighs tasks, compactions, mood and prompts, and ranks the best first, equals by id", () => {
    const ranked = Analytics.effectivenessOf([
      session("short", { prompts: 1 }),
      session("b"),
      session("a"),
      session("good", { tasks: 2, tasksCompleted: 2, analysed: 2, scoreSum: 10 }),
      session("bad", { prompts: 4, tasks: 1, compactions: 5, analysed: 1, scoreSum: -5 })
    ])
    expect(
      ranked.map(({ completion, focus, mood, moodTrend, score, session: { sessionId } }) => [sessionId, score, mood, moodTrend, completion, focus])
    ).toEqual([
      ["good", 90, 5, "improving", 1, 1],
      ["a", 60, null, "stable", null, 1],
      ["b", 60, null, "stable", null, 1],
      ["bad", 0, -5, "declining", 0, 0]
    ])
    expect(Analytics.effectivenessOf([])).toEqual([])
  })

  it("Effectiveness is averaged by the week in which a session began, in its time zone", () => {
    // A Sunday in UTC, a Monday in Auckland.
    const startedAt = Date.parse("2026-03-08T20:00:00Z")
    const ranked = Analytics.effectivenessOf([
      session("a", { startedAt, compactions: 1 }),
      session("b", { startedAt: startedAt + 86_400_000, prompts: 5 }),
      session("undated")
    ])
    expect(Analytics.effectivenessByWeek(ranked, "Pacific/Auckland")).toMatchObject([
      { weekStart: "2026-03-09", weekLabel: "Mar 9", sessionCount: 2, avgTurns: 3.5, avgCompactions: 0.5 }
    ])
    expect(Analytics.effectivenessByWeek(ranked, "UTC").map(({ sessionCount, weekStart }) => [weekStart, sessionCount])).toEqual([
      ["2026-03-02", 1],
      ["2026-03-09", 1]
    ])
  })
})

describe("costs", () => {
  const sums = (models: ReadonlyArray<ModelActivity>, sessions: ReadonlyArray<SessionActivity> = []) => ({
    sessions,
    days: [day("2026-03-01", { costNanoUsd: 7e9, sessions: 2 })],
    weeks: [day("2026-02-23", { costNanoUsd: 7e9, sessions: 2 })],
    models
  })

  it("Costs are those of the models, compared with each subscription for 30 days", () => {
    const costs = Analytics.costsOf(sums([model("claude-opus-5", { costNanoUsd: 50e9, input: 10, cacheRead: 30 })], [session("s")]), 10, null)
    expect(costs).toMatchObject({
      estimatedCostUsd: 50,
      isEstimated: false,
      cacheHitRate: 0.75,
      costPerSession: 50,
      maxSubscriptionCostUsd: 200,
      costUtilizationPercent: 75,
      billingType: "max_subscription",
      dailyCostTrend: [{ date: "2026-03-01", costUsd: 7, sessionCount: 2 }],
      weeklyCostTrend: [{ weekStart: "2026-02-23", weekLabel: "Feb 23", costUsd: 7, sessionCount: 2, avgDailyCost: 1 }],
      potentialSavingsUsd: 130
    })
    expect(costs.subscriptionComparisons.map(({ recommendation, savingsUsd, tierName }) => [tierName, savingsUsd, recommendation])).toEqual([
      ["Pro", 130, "saves $130.00 a month"],
      ["Max 5x", 50, "saves $50.00 a month"],
      ["Max 20x", -50, "costs $50.00 a month more than paying by use"]
    ])
  })

  it("Costs are zero, and never no number, where nothing was used", () => {
    const { subscriptionComparisons, ...costs } = Analytics.costsOf({ sessions: [], days: [], weeks: [], models: [] }, 1, null)
    expect(costs).toMatchObject({
      estimatedCostUsd: 0,
      cacheHitRate: 0,
      costPerSession: 0,
      billingType: "pro_subscription",
      potentialSavingsUsd: 0,
      dearest: []
    })
    expect(subscriptionComparisons.map(({ savingsPercent }) => savingsPercent)).toEqual([0, 0, 0])
  })

  it("Costs say when a response has no price, take the subscription asked for, and name the five dearest sessions", () => {
    const sessions = [1, 3, 2, 3, 5, 4].map((cost, index) => session(`s${index}`, { costNanoUsd: cost }))
    const costs = Analytics.costsOf(sums([model("other", { unpriced: 1 })], sessions), 30, 100)
    expect(costs).toMatchObject({ isEstimated: true, maxSubscriptionCostUsd: 100, breakEvenDailySpend: 100 / 30 })
    expect(costs.dearest.map(({ sessionId }) => sessionId)).toEqual(["s4", "s5", "s1", "s3", "s2"])
  })
})

it("Human time is made of tokens, lines, prompts and tools", () => {
  const days = [day("2026-03-01", { output: 100, linesAdded: 5, promptMs: 8000, activeMs: 100_000 })]
  const time = Analytics.humanTimeOf(days, [
    { name: "Read", calls: 2 },
    { name: "Unheard", calls: 2 },
    { name: "Edit", calls: 2 },
    { name: "TodoWrite", calls: 9 }
  ])
  expect(time.breakdown.map(({ humanSeconds }) => humanSeconds)).toEqual([32, 60, 8, 150])
  expect(time.toolBreakdown.map(({ humanSeconds, toolName }) => [toolName, humanSeconds])).toEqual([
    ["Edit", 90],
    ["Read", 30],
    ["Unheard", 30],
    ["TodoWrite", 0]
  ])
  expect(time).toMatchObject({ totalHumanSeconds: 250, totalAiSeconds: 100, speedupFactor: 2.5, hoursSaved: 150 / 3600 })
  expect(Analytics.humanTimeOf([], [])).toMatchObject({ totalHumanSeconds: 0, speedupFactor: 0, hoursSaved: 0 })
})

describe("tasks", () => {
  it("Tasks are sorted by the word they begin with", () => {
    expect(["Fix it", "bugfix", "Refactor", "investigate", "Research x", "Add", ""].map(Analytics.workOf)).toEqual([
      "FIX",
      "FIX",
      "REFACTOR",
      "RESEARCH",
      "RESEARCH",
      "IMPLEMENTATION",
      "IMPLEMENTATION"
    ])
  })

  it("Tasks of the agent's list succeed when completed, and last from their making to their end", () => {
    const listed = (status: string) => Analytics.listedTask({ sessionId: "s", subject: "Fix it", status, createdAt: 1000, completedAt: 3500 })
    expect(["completed", "in_progress", "pending"].map((status) => listed(status).outcome)).toEqual(["SUCCESS", "PARTIAL", "FAILURE"])
    expect(listed("completed")).toMatchObject({ type: "FIX", seconds: 2.5, confidence: null })
  })

  it("Tasks give rates, means of what is known, and how well confidence met the outcome", () => {
    expect(Analytics.taskFiguresOf([task("SUCCESS", 1, 10), task("FAILURE", 0.5), task("PARTIAL", 0.6, 20), task("SUCCESS")])).toEqual({
      total: 4,
      succeeded: 2,
      partial: 1,
      failed: 1,
      successRate: 0.5,
      confidence: 0.7000000000000001,
      seconds: 15,
      calibration: 0.75
    })
    expect(Analytics.taskFiguresOf([])).toEqual({
      total: 0,
      succeeded: 0,
      partial: 0,
      failed: 0,
      successRate: null,
      confidence: null,
      seconds: null,
      calibration: null
    })
  })
})
