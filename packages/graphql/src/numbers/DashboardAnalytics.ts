import { GraphQLObjectType } from "graphql"
import { field, float, int, listOf, text } from "../context/Field.ts"
import { memoized } from "../context/memoized.ts"
import type { SchemaParts } from "../context/SchemaParts.ts"
import { costAnalysis } from "./CostAnalysis.ts"

const SessionEffectiveness = new GraphQLObjectType({
  name: "SessionEffectiveness",
  description: "How well a session went, by what can be counted.",
  fields: {
    sessionId: text("The session, by its `sessionId`."),
    slug: text("The name that the client made up for it."),
    summary: text("What it was about, at most 120 characters; three dots stand for the rest."),
    startedAt: text("When it began."),
    score: float(
      "From 0 to 100: 40 for tasks that were done (20 without tasks), 20 for few compactions (none left at three), 20 for the mood of the prompts, 20 for few prompts beside the longest session."
    ),
    sentimentTrend: text("`improving`, `declining` or `stable`: whether the average mood of its prompts is above 0.3, below -0.3, or between."),
    avgSentimentScore: float("Average mood of its prompts, from -5 to 5."),
    turnCount: int("Prompts in that time."),
    taskCompletionRate: float("Tasks done of all that were made, from 0 to 1; null without tasks."),
    compactionCount: int("How often its context was compacted."),
    focusScore: float("From 0 to 1: 1 without a compaction, 0 from three on.")
  }
})
const CompactionStats = new GraphQLObjectType({
  name: "CompactionStats",
  description: "Compactions of a time, in numbers.",
  fields: {
    totalCompactions: int("All."),
    sessionsWithCompactions: int("Sessions with any."),
    sessionsWithoutCompactions: int("Sessions of that time without."),
    avgCompactionsPerSession: float("Compactions for each session of that time."),
    autoCompactCount: int("Those that the client began by itself."),
    manualCompactCount: int("Those that a human asked for."),
    continuationCount: int("Sessions that went on from an older client's summary.")
  }
})
const HookHealthStats = new GraphQLObjectType({
  name: "HookHealthStats",
  description: "How a hook fares.",
  fields: {
    hookName: text("The hook."),
    totalRuns: int("Runs that ended."),
    passCount: int("Those that passed."),
    failCount: int("Those that did not."),
    passRate: float("How many passed, from 0 to 1."),
    avgDurationMs: float("Milliseconds that a run took on average.")
  }
})
const SubagentUsageStats = new GraphQLObjectType({
  name: "SubagentUsageStats",
  description: "How often a kind of subagent was started.",
  fields: { subagentType: text("The kind."), count: int("How often.") }
})
const ToolUsageStats = new GraphQLObjectType({
  name: "ToolUsageStats",
  description: "How often a tool was called.",
  fields: { toolName: text("The tool."), count: int("How often.") }
})
const SessionPerformancePoint = new GraphQLObjectType({
  name: "SessionPerformancePoint",
  description: "How sessions that began in a week went.",
  fields: {
    weekStart: text("Its Monday."),
    weekLabel: text("The same for a chart, e.g. `Mar 2`."),
    sessionCount: int("Sessions with two prompts or more."),
    avgTurns: float("Prompts of one on average."),
    avgCompactions: float("Compactions of one on average."),
    avgEffectiveness: float("Their average score, from 0 to 100.")
  }
})
const HumanTimeBreakdown = new GraphQLObjectType({
  name: "HumanTimeBreakdown",
  description: "A part of the time that a human would have taken.",
  fields: { category: text("What for."), humanSeconds: float("Seconds."), percent: float("Of all, in percent.") }
})
const ToolTimeEstimate = new GraphQLObjectType({
  name: "ToolTimeEstimate",
  description: "What calls of a tool would have taken a human.",
  fields: { toolName: text("The tool."), invocations: int("Calls."), humanSeconds: float("Seconds.") }
})
const HumanTimeEstimate = new GraphQLObjectType({
  name: "HumanTimeEstimate",
  description: "What the same work would have taken a human, estimated by fixed rates.",
  fields: {
    totalHumanSeconds: float("Seconds that a human would have taken."),
    totalAiSeconds: float("Seconds in which sessions were at work, by quarters of an hour."),
    speedupFactor: float("The first by the second; 0 when nothing was done."),
    hoursSaved: float("Hours between the two; 0 when the human would have been faster."),
    breakdown: listOf(HumanTimeBreakdown, "What the time is made of."),
    toolBreakdown: listOf(ToolTimeEstimate, "The part of tools, the 15 that took most.")
  }
})

export const dashboardAnalytics = memoized(
  (parts: SchemaParts) =>
    new GraphQLObjectType({
      name: "DashboardAnalytics",
      description: "The last days in numbers.",
      fields: {
        topSessions: listOf(SessionEffectiveness, "The five sessions with two prompts or more that went best."),
        bottomSessions: listOf(SessionEffectiveness, "The five of the others that went worst, the worst first."),
        compactionStats: field(CompactionStats, "Compactions."),
        costAnalysis: field(costAnalysis(parts), "Money."),
        hookHealth: listOf(HookHealthStats, "Hooks, the most frequent first."),
        subagentUsage: listOf(SubagentUsageStats, "Subagents by their kind, the most frequent first; by whole days in UTC."),
        toolUsage: listOf(ToolUsageStats, "The 20 tools that were called most; by whole days in UTC."),
        performanceTrend: listOf(SessionPerformancePoint, "How sessions went, week by week."),
        humanTimeEstimate: field(HumanTimeEstimate, "What the work would have taken a human.")
      }
    })
)
