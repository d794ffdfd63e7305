import * as Clock from "effect/Clock"
import * as Effect from "effect/Effect"
import { GraphQLObjectType } from "graphql"
import { type DayActivity, type HourActivity, Metrics, type ModelActivity, noActivity } from "han-core/Metrics"
import { addDays, dayIn, startOf } from "han-core/unstable/Calendar"
import { field, float, int, listOf, text } from "../context/Field.ts"
import type { GraphqlContext } from "../context/GraphqlContext.ts"
import { type ScopeArgs, scopeOf } from "../projects/Projects.ts"
import { daysOf } from "../relay/ArgumentDates.ts"
import { modelName } from "../usage/ModelName.ts"
import { authorOf } from "../workspace/Person.ts"

const DailyActivity = new GraphQLObjectType<DayActivity>({
  name: "DailyActivity",
  description: "What happened on a day.",
  fields: {
    date: text("The day, `2026-11-22`, in the server's time zone."),
    sessionCount: int("Sessions with something on that day.", ({ sessions }) => sessions),
    messageCount: int("Lines of conversation.", ({ messages }) => messages),
    inputTokens: int("Input tokens outside of the cache.", ({ input }) => input),
    outputTokens: int("Output tokens.", ({ output }) => output),
    cachedTokens: int("Tokens read from the cache.", ({ cacheRead }) => cacheRead),
    linesAdded: int("Lines that tool calls added to files."),
    linesRemoved: int("Lines that tool calls took out of files."),
    filesChanged: int("Changes of files by tool calls.", ({ fileChanges }) => fileChanges)
  }
})
const HourlyActivity = new GraphQLObjectType<HourActivity>({
  name: "HourlyActivity",
  description: "What happened in an hour of the day, all days together.",
  fields: {
    hour: int("From 0 to 23, in the server's time zone."),
    sessionCount: int("Sessions with something in it.", ({ sessions }) => sessions),
    messageCount: int("Lines of conversation.", ({ messages }) => messages)
  }
})
const TokenUsageStats = new GraphQLObjectType({
  name: "TokenUsageStats",
  description: "Tokens and money of a time.",
  fields: {
    totalInputTokens: int("Input tokens outside of the cache."),
    totalOutputTokens: int("Output tokens."),
    totalCachedTokens: int("Tokens read from the cache."),
    totalTokens: int("All tokens, those written to the cache included."),
    estimatedCostUsd: float("What they cost by list price, in dollars."),
    messageCount: int("Lines of conversation."),
    sessionCount: int("Sessions with something in that time.")
  }
})
const ModelTokenEntry = new GraphQLObjectType({
  name: "ModelTokenEntry",
  description: "Tokens and money of a model on a day.",
  fields: {
    model: text("The model's id."),
    displayName: text("What people call it."),
    tokens: int("All its tokens."),
    costUsd: float("What they cost by list price, in dollars; null when none of its responses has a known price."),
    unpricedResponses: int("Responses, and parts of them, without a known cost; `costUsd` lacks them.")
  }
})
const DailyModelTokens = new GraphQLObjectType({
  name: "DailyModelTokens",
  description: "Tokens of a day by model.",
  fields: { date: text("The day."), models: listOf(ModelTokenEntry, "The model with most tokens first."), totalTokens: int("All of them.") }
})
const ModelUsageStats = new GraphQLObjectType({
  name: "ModelUsageStats",
  description: "Tokens and money of a model.",
  fields: {
    model: text("The model's id."),
    displayName: text("What people call it."),
    inputTokens: int("Input tokens outside of the cache."),
    outputTokens: int("Output tokens."),
    cacheReadTokens: int("Tokens read from the cache."),
    cacheCreationTokens: int("Tokens written to the cache."),
    totalTokens: int("All of them."),
    costUsd: float("What they cost by list price, in dollars; 0 for a model without a known price.")
  }
})

export const ActivityData = new GraphQLObjectType({
  name: "ActivityData",
  description: "What happened in the last days.",
  fields: {
    dailyActivity: listOf(DailyActivity, "Every day of the time, in order, also those without anything."),
    hourlyActivity: listOf(HourlyActivity, "All 24 hours of the day."),
    tokenUsage: field(TokenUsageStats, "Tokens and money."),
    dailyModelTokens: listOf(DailyModelTokens, "Tokens by day and model."),
    modelUsage: listOf(ModelUsageStats, "Tokens and money by model, the one with most tokens first."),
    totalSessions: int("Sessions with something in that time."),
    totalMessages: int("Lines of conversation."),
    streakDays: int("Days in a row with anything, up to today or yesterday."),
    totalActiveDays: int("Days with anything."),
    firstSessionDate: text("The first of them.")
  }
})

/** The days up to and including today. */
export const activityOf = async (args: ScopeArgs & { readonly days?: number | null }, context: GraphqlContext) => {
  const { timeZone } = context.host
  const today = dayIn(timeZone, await context.run(Clock.currentTimeMillis))
  const first = addDays(today, -daysOf(args.days, 30, 0))
  const scope = { since: startOf(timeZone, first), directories: await scopeOf(args, context), ...authorOf(args.author) }
  const days = await context.run(Effect.flatMap(Metrics, (metrics) => metrics.days({ ...scope, timeZone })))
  const sum = (of: (day: DayActivity) => number) => days.reduce((so, day) => so + of(day), 0)
  let counted: Promise<number> | undefined
  const sessions = () => {
    counted ??= context.run(Effect.flatMap(Metrics, (metrics) => metrics.sessionCount(scope)))
    return counted
  }
  const models = () => context.run(Effect.flatMap(Metrics, (metrics) => metrics.models(scope)))
  return {
    dailyActivity: () => everyDay(days, first, today),
    hourlyActivity: () => context.run(Effect.flatMap(Metrics, (metrics) => metrics.hours({ ...scope, timeZone }))),
    tokenUsage: async () => ({
      totalInputTokens: sum((day) => day.input),
      totalOutputTokens: sum((day) => day.output),
      totalCachedTokens: sum((day) => day.cacheRead),
      totalTokens: sum((day) => day.input + day.output + day.cacheRead + day.cacheWrite),
      estimatedCostUsd: sum((day) => day.costNanoUsd) / 1e9,
      messageCount: sum((day) => day.messages),
      sessionCount: await sessions()
    }),
    dailyModelTokens: async () => {
      const rows = await context.run(Effect.flatMap(Metrics, (metrics) => metrics.models({ ...scope, daysIn: timeZone })))
      const byDay = new Map<string, Array<ReturnType<typeof modelTokensOf>>>()
      for (const row of rows) byDay.set(row.date ?? "", [...(byDay.get(row.date ?? "") ?? []), modelTokensOf(row)])
      return [...byDay].map(([date, list]) => ({ date, models: list, totalTokens: list.reduce((so, { tokens }) => so + tokens, 0) }))
    },
    modelUsage: async () =>
      (await models()).map((row) => ({
        model: row.model,
        displayName: modelName(row.model),
        inputTokens: row.input,
        outputTokens: row.output,
        cacheReadTokens: row.cacheRead,
        cacheCreationTokens: row.cacheWrite,
        totalTokens: row.input + row.output + row.cacheRead + row.cacheWrite,
        costUsd: row.costNanoUsd / 1e9
      })),
    totalSessions: sessions,
    totalMessages: sum((day) => day.messages),
    streakDays: streak(new Set(days.map(({ date }) => date)), today),
    totalActiveDays: days.length,
    firstSessionDate: days[0]?.date ?? null
  }
}

const modelTokensOf = ({ cacheRead, cacheWrite, costNanoUsd, input, model, output, responses, unpriced }: ModelActivity) => ({
  model,
  displayName: modelName(model),
  tokens: input + output + cacheRead + cacheWrite,
  costUsd: responses > 0 && unpriced >= responses ? null : costNanoUsd / 1e9,
  unpricedResponses: unpriced
})

/** All days from the first to the last, those on which nothing happened among them. */
const everyDay = (days: ReadonlyArray<DayActivity>, first: string, last: string): ReadonlyArray<DayActivity> => {
  const known = new Map(days.map((day) => [day.date, day]))
  const all: Array<DayActivity> = []
  for (let date = first; date <= last; date = addDays(date, 1)) all.push(known.get(date) ?? { ...noActivity, date })
  // A clock that was wrong may have written of a day to come.
  return [...all, ...days.filter(({ date }) => date > last)]
}

const streak = (active: ReadonlySet<string>, today: string): number => {
  let day = active.has(today) ? today : addDays(today, -1)
  let count = 0
  for (; active.has(day); day = addDays(day, -1)) count++
  return count
}
