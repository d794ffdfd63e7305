import * as Effect from "effect/Effect"
import { GraphQLObjectType } from "graphql"
import { type TaskResult, taskFiguresOf } from "han-core/Analytics"
import { type DayActivity, Metrics, type ModelActivity, noActivity, type SessionActivity } from "han-core/Metrics"
import type { Project } from "han-core/Project"
import { addDays, dayIn, monthOf, startOf, weekOf } from "han-core/unstable/Calendar"
import { field, float, int, listOf, text } from "../context/Field.ts"
import type { GraphqlContext } from "../context/GraphqlContext.ts"
import { type ScopeArgs, scopeOf } from "../projects/Projects.ts"
import { dayOf } from "../relay/ArgumentDates.ts"
import { authorOf, personOf } from "../workspace/Person.ts"
import { tasksIn } from "./MetricsData.ts"

const PeriodSessionCount = new GraphQLObjectType({
  name: "PeriodSessionCount",
  description: "A day, week or month in numbers.",
  fields: {
    period: text("The day with which it begins."),
    count: int("Sessions with something in it."),
    sessionCount: int("The same as `count`."),
    taskCount: int("Tasks that were made in it."),
    tokenUsage: int("All tokens.")
  }
})
const ProjectSessionCount = new GraphQLObjectType({
  name: "ProjectSessionCount",
  description: "A project in numbers.",
  fields: {
    projectId: text("The project, as `project(id:)` takes it."),
    projectName: text("What people call it."),
    count: int("Sessions with something in that time."),
    sessionCount: int("The same as `count`."),
    taskCount: int("Tasks that were made."),
    successRate: float("Tasks done of all that were made, from 0 to 1; null without tasks.")
  }
})
const ContributorMetrics = new GraphQLObjectType({
  name: "ContributorMetrics",
  description: "A person in numbers.",
  fields: {
    userId: text("Who."),
    contributorId: text("The same as `userId`."),
    displayName: text("What they are called."),
    sessionCount: int("Sessions with something in that time."),
    taskCount: int("Tasks that were made."),
    tokenCount: int("All tokens."),
    successRate: float("Tasks done of all that were made, from 0 to 1; null without tasks.")
  }
})
const ActivityTimelineEntry = new GraphQLObjectType({
  name: "ActivityTimelineEntry",
  description: "A day, week or month of a timeline.",
  fields: {
    date: text("The day with which it begins."),
    period: text("The same as `date`."),
    sessions: int("Sessions with something in it."),
    sessionCount: int("The same as `sessions`."),
    tasks: int("Tasks that were made in it."),
    taskCount: int("The same as `tasks`."),
    tokens: int("All tokens."),
    messageCount: int("Lines of conversation.")
  }
})
const TokenUsageAggregation = new GraphQLObjectType({
  name: "TokenUsageAggregation",
  description: "Tokens and money of a time.",
  fields: {
    totalInputTokens: int("Input tokens outside of the cache."),
    totalOutputTokens: int("Output tokens."),
    totalCacheReadTokens: int("Tokens read from the cache."),
    totalCachedTokens: int("The same as `totalCacheReadTokens`."),
    totalCacheCreationTokens: int("Tokens written to the cache."),
    totalTokens: int("All of them."),
    estimatedCostUsd: float("What they cost by list price, in dollars.")
  }
})
const TaskCompletionMetrics = new GraphQLObjectType({
  name: "TaskCompletionMetrics",
  description: "Tasks of a time in numbers.",
  fields: {
    totalTasks: int("Tasks that were made."),
    totalCreated: int("The same as `totalTasks`."),
    totalCompleted: int("Those that are done."),
    completedTasks: int("The same as `totalCompleted`."),
    successCount: int("The same as `totalCompleted`."),
    partialCount: int("Those that are under way."),
    failureCount: int("Those that were not begun, or given up."),
    successRate: float("Done of all that were made, from 0 to 1; 0 without tasks."),
    averageConfidence: float("How sure agents said they were, from 0 to 1; null when none said.")
  }
})

export const TeamMetrics = new GraphQLObjectType({
  name: "TeamMetrics",
  description: "A time in numbers, over all whose sessions the viewer may see.",
  fields: {
    totalSessions: int("Sessions with something in that time."),
    totalTasks: int("Tasks that were made."),
    totalTokens: int("All tokens."),
    estimatedCostUsd: float("What they cost by list price, in dollars."),
    sessionsByPeriod: listOf(PeriodSessionCount, "Days, weeks or months with anything, in order."),
    sessionsByProject: listOf(ProjectSessionCount, "The 20 projects with most sessions."),
    topContributors: listOf(ContributorMetrics, "The people whose sessions they are; on one's own machine one's own."),
    activityTimeline: listOf(ActivityTimelineEntry, "The same periods with more of what happened."),
    tokenUsageAggregation: field(TokenUsageAggregation, "Tokens and money."),
    taskCompletionMetrics: field(TaskCompletionMetrics, "Tasks.")
  }
})

export interface TeamArgs extends ScopeArgs {
  readonly startDate?: string | null
  readonly endDate?: string | null
  readonly granularity?: "day" | "week" | "month" | null
}

const tokensOf = (day: Pick<DayActivity, "input" | "output" | "cacheRead" | "cacheWrite">) => day.input + day.output + day.cacheRead + day.cacheWrite

export const teamMetricsOf = async (args: TeamArgs, context: GraphqlContext) => {
  const { loaders, run } = context
  const { timeZone } = context.host
  const from = dayOf("startDate", args.startDate, timeZone)
  const to = dayOf("endDate", args.endDate, timeZone)
  const scope = {
    directories: await scopeOf(args, context),
    ...authorOf(args.author),
    ...(from !== undefined && { since: startOf(timeZone, from) }),
    ...(to !== undefined && { until: startOf(timeZone, addDays(to, 1)) })
  }
  const by = args.granularity ?? "day"
  const [days, models, sessions, tasks, projects] = await Promise.all([
    run(Effect.flatMap(Metrics, (metrics) => metrics.days({ ...scope, timeZone, by }))),
    run(Effect.flatMap(Metrics, (metrics) => metrics.models(scope))),
    run(Effect.flatMap(Metrics, (metrics) => metrics.sessions(scope))),
    run(tasksIn(scope)),
    loaders.projects()
  ])
  const periods = periodsOf(days, tasks, by, timeZone)
  const tokens = tokenUsageOf(models)
  const figures = taskFiguresOf(tasks)
  return {
    totalSessions: sessions.length,
    totalTasks: figures.total,
    totalTokens: tokens.totalTokens,
    estimatedCostUsd: tokens.estimatedCostUsd,
    sessionsByPeriod: periods.map((period) => ({ period: period.date, taskCount: period.taskCount, tokenUsage: period.tokens, ...bothNames(period.sessions) })),
    sessionsByProject: byProject(sessions, tasks, projects),
    topContributors: () => contributorsOf(sessions, tasks, tokens.totalTokens, context),
    activityTimeline: periods.map((period) => ({ ...period, period: period.date, sessionCount: period.sessions, tasks: period.taskCount })),
    tokenUsageAggregation: tokens,
    taskCompletionMetrics: {
      totalTasks: figures.total,
      totalCreated: figures.total,
      totalCompleted: figures.succeeded,
      completedTasks: figures.succeeded,
      successCount: figures.succeeded,
      partialCount: figures.partial,
      failureCount: figures.failed,
      successRate: figures.successRate ?? 0,
      averageConfidence: figures.confidence
    }
  }
}

const bothNames = (sessions: number) => ({ count: sessions, sessionCount: sessions })

/** Periods with anything, in order. A task that was announced through han may be all that there is of one. */
const periodsOf = (days: ReadonlyArray<DayActivity>, tasks: ReadonlyArray<TaskResult>, by: "day" | "week" | "month", timeZone: string) => {
  const periodOf = { day: (day: string) => day, week: weekOf, month: monthOf }[by]
  const tasksByPeriod = new Map<string, number>()
  for (const { createdAt } of tasks) {
    if (createdAt === null) continue
    const period = periodOf(dayIn(timeZone, createdAt))
    tasksByPeriod.set(period, (tasksByPeriod.get(period) ?? 0) + 1)
  }
  const byDate = new Map(days.map((period) => [period.date, period]))
  return [...new Set([...byDate.keys(), ...tasksByPeriod.keys()])].sort().map((date) => {
    const period = byDate.get(date) ?? noActivity
    return { date, sessions: period.sessions, taskCount: tasksByPeriod.get(date) ?? 0, tokens: tokensOf(period), messageCount: period.messages }
  })
}

/** The ledger's sums: they have what was done in sessions that are known only through their forks, too. */
const tokenUsageOf = (models: ReadonlyArray<ModelActivity>) => {
  const sum = (of: (model: ModelActivity) => number) => models.reduce((total, model) => total + of(model), 0)
  const read = sum(({ cacheRead }) => cacheRead)
  return {
    totalInputTokens: sum(({ input }) => input),
    totalOutputTokens: sum(({ output }) => output),
    totalCacheReadTokens: read,
    totalCachedTokens: read,
    totalCacheCreationTokens: sum(({ cacheWrite }) => cacheWrite),
    totalTokens: sum(tokensOf),
    estimatedCostUsd: sum(({ costNanoUsd }) => costNanoUsd) / 1e9
  }
}

const byProject = (sessions: ReadonlyArray<SessionActivity>, tasks: ReadonlyArray<TaskResult>, projects: ReadonlyArray<Project>) => {
  const byId = new Map<string, { readonly path: string | null; readonly ids: Set<string> }>()
  for (const { path, projectId, sessionId } of sessions) {
    if (projectId === null) continue
    const known = byId.get(projectId) ?? { path, ids: new Set() }
    known.ids.add(sessionId)
    byId.set(projectId, known)
  }
  return [...byId]
    .map(([projectId, { ids, path }]) => {
      const { successRate, total } = taskFiguresOf(tasks.filter(({ sessionId }) => ids.has(sessionId)))
      const projectName = projects.find(({ id }) => id === projectId)?.name ?? path
      return { projectId, projectName, ...bothNames(ids.size), taskCount: total, successRate }
    })
    .sort((a, b) => b.count - a.count || (`${a.projectName}\0${a.projectId}` < `${b.projectName}\0${b.projectId}` ? -1 : 1))
    .slice(0, 20)
}

/** The people whose sessions they are, who has most of them first. On a machine with one person sessions name nobody. */
const contributorsOf = async (sessions: ReadonlyArray<SessionActivity>, tasks: ReadonlyArray<TaskResult>, tokenCount: number, context: GraphqlContext) => {
  const byAuthor = Map.groupBy(sessions, ({ author }) => author)
  const contributors = await Promise.all(
    [...byAuthor].map(async ([author, own]) => {
      const ids = new Set<string>(own.map(({ sessionId }) => sessionId))
      const { successRate, total } = taskFiguresOf(tasks.filter(({ sessionId }) => ids.has(sessionId)))
      const userId = author ?? context.viewer.owner
      return {
        userId,
        contributorId: userId,
        displayName: (await personOf(author, context))?.name ?? userId,
        sessionCount: own.length,
        taskCount: total,
        // The ledger's sum has what sessions do not: of one person it is the whole.
        tokenCount: byAuthor.size === 1 ? tokenCount : own.reduce((sum, session) => sum + tokensOf(session), 0),
        successRate
      }
    })
  )
  return contributors.sort((a, b) => b.sessionCount - a.sessionCount || (a.userId < b.userId ? -1 : 1))
}
