import { GraphQLObjectType } from "graphql"
import type { Costs } from "han-core/Analytics"
import { flag, float, int, isoOf, listOf, text } from "../context/Field.ts"
import type { MachineContext } from "../context/GraphqlContext.ts"
import { memoized } from "../context/memoized.ts"
import type { CostsByRoot, SchemaParts } from "../context/SchemaParts.ts"

const DailyCost = new GraphQLObjectType({
  name: "DailyCost",
  description: "What a day cost.",
  fields: { date: text("The day."), costUsd: float("Dollars, by list price."), sessionCount: int("Sessions with something on it.") }
})
const WeeklyCost = new GraphQLObjectType({
  name: "WeeklyCost",
  description: "What a week of the calendar cost.",
  fields: {
    weekStart: text("Its Monday."),
    weekLabel: text("The same for a chart, e.g. `Mar 2`."),
    costUsd: float("Dollars, by list price."),
    sessionCount: int("Sessions with something in it."),
    avgDailyCost: float("A seventh of it.")
  }
})
const SessionCost = new GraphQLObjectType({
  name: "SessionCost",
  description: "What a session cost in that time.",
  fields: {
    sessionId: text("The session, by its `sessionId`."),
    slug: text("What people call it."),
    costUsd: float("Dollars, by list price."),
    inputTokens: int("Input tokens outside of the cache."),
    outputTokens: int("Output tokens."),
    cacheReadTokens: int("Tokens read from the cache."),
    messageCount: int("Lines of conversation."),
    startedAt: text("When it began.")
  }
})
const SubscriptionComparison = new GraphQLObjectType({
  name: "SubscriptionComparison",
  description: "The same use under a subscription.",
  fields: {
    tierName: text("The subscription."),
    monthlyCostUsd: float("What it costs a month."),
    apiCreditCostUsd: float("What 30 days of this use cost by list price."),
    savingsUsd: float("What it would save a month; negative when it costs more."),
    savingsPercent: float("The same of the list price, in percent."),
    recommendation: text("What to make of it, in words.")
  }
})

const shared = {
  estimatedCostUsd: float("What the API responses of that time cost by list price, in dollars."),
  isEstimated: flag("Whether some of them have no known price, so that the cost lacks them."),
  cacheHitRate: float("Input tokens that came from the cache, of all input, from 0 to 1."),
  cacheSavingsUsd: float("What the cached tokens would have cost more as plain input."),
  costPerSession: float("Cost by sessions; 0 without sessions."),
  costUtilizationPercent: float("30 days of this use, of the subscription's price, in percent."),
  breakEvenDailySpend: float("Dollars a day from which the subscription is cheaper."),
  dailyCostTrend: listOf(DailyCost, "Days with anything, in order."),
  weeklyCostTrend: listOf(WeeklyCost, "Weeks with anything, in order."),
  topSessionsByCost: listOf(SessionCost, "The five dearest sessions."),
  potentialSavingsUsd: float("What the subscription that saves most would save a month; 0 when none does."),
  subscriptionComparisons: listOf(SubscriptionComparison, "The same use under each subscription.")
}
export const ConfigDirCostBreakdown = new GraphQLObjectType({
  name: "ConfigDirCostBreakdown",
  description: "What the sessions of one configuration folder cost.",
  fields: {
    configDirId: text("The folder's id."),
    configDirName: text("What people call it."),
    ...shared,
    totalSessions: int("Sessions with something in that time."),
    totalMessages: int("Lines of conversation."),
    modelCount: int("Models that answered.")
  }
})

export const costAnalysis = memoized(
  (parts: SchemaParts) =>
    new GraphQLObjectType<CostsByRoot, MachineContext>({
      name: "CostAnalysis",
      description: "What a time cost. All of it is of the days that were asked for.",
      fields: {
        ...shared,
        costPerCompletedTask: float("Cost by tasks that were done; null when none was."),
        maxSubscriptionCostUsd: float(
          "The price of the subscription that the figures are compared with: the one asked for, else the largest when an Opus model answered, else the smallest."
        ),
        billingType: text("`max_subscription` or `pro_subscription`: which one that is."),
        ...parts.machine?.costAnalysis
      }
    })
)

/** Costs as both types show them. */
export const shownCosts = ({ dearest, ...costs }: Costs) => ({
  ...costs,
  topSessionsByCost: dearest.map((session) => ({
    sessionId: session.sessionId,
    slug: session.slug ?? session.title,
    costUsd: session.costNanoUsd / 1e9,
    inputTokens: session.input,
    outputTokens: session.output,
    cacheReadTokens: session.cacheRead,
    messageCount: session.messages,
    startedAt: isoOf(session.startedAt)
  }))
})
