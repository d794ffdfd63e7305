import * as Clock from "effect/Clock"
import * as Effect from "effect/Effect"
import { GraphQLObjectType } from "graphql"
import { announcedTask, listedTask, type TaskResult, taskFiguresOf, taskOutcomes, taskTypes } from "han-core/Analytics"
import { Metrics, type MetricsScope } from "han-core/Metrics"
import { field, float, int, listOf } from "../context/Field.ts"
import type { GraphqlContext } from "../context/GraphqlContext.ts"
import { type ScopeArgs, scopeOf } from "../projects/Projects.ts"
import { TaskOutcome, TaskType } from "../relay/Enums.ts"
import { authorOf } from "../workspace/Person.ts"

const TaskTypeCount = new GraphQLObjectType({
  name: "TaskTypeCount",
  description: "How many tasks are of a kind.",
  fields: { type: field(TaskType, "The kind."), count: int("How many.") }
})
const TaskOutcomeCount = new GraphQLObjectType({
  name: "TaskOutcomeCount",
  description: "How many tasks ended in a way.",
  fields: { outcome: field(TaskOutcome, "The way."), count: int("How many.") }
})

export const MetricsData = new GraphQLObjectType({
  name: "MetricsData",
  description: "Tasks and moods of a time: of the agent's own list and of those that were announced through han.",
  fields: {
    totalTasks: int("Tasks that were made."),
    completedTasks: int("Those that are done."),
    successRate: float("Done of all that were made, from 0 to 1; 0 without tasks."),
    averageConfidence: float("How sure agents said they were of what they had done, from 0 to 1; null when none said."),
    averageDuration: float("Seconds from a task's making to its end; null when none ended."),
    calibrationScore: float("How well that confidence met what came of the tasks, from 0 to 1; null when none said."),
    significantFrustrations: int("Prompts that show high frustration."),
    significantFrustrationRate: float("Those of all that show any, from 0 to 1."),
    tasksByType: listOf(TaskTypeCount, "Tasks by the kind of work that their words tell; kinds that occur."),
    tasksByOutcome: listOf(TaskOutcomeCount, "Tasks by how they stand; ways that occur.")
  }
})

const periods = { DAY: 1, WEEK: 7, MONTH: 30 } as const

/** Tasks of a scope: of the agents' own lists, and those that were announced through han. */
export const tasksIn = Effect.fnUntraced(function* (scope: MetricsScope) {
  const metrics = yield* Metrics
  return [...(yield* metrics.tasks(scope)).map(listedTask), ...(yield* metrics.hanTasks(scope)).map(announcedTask)]
})

export const metricsOf = async (args: ScopeArgs & { readonly period?: keyof typeof periods | null }, context: GraphqlContext) => {
  const directories = await scopeOf(args, context)
  const now = await context.run(Clock.currentTimeMillis)
  const scope: MetricsScope = { directories, ...authorOf(args.author), ...(args.period != null && { since: now - periods[args.period] * 86_400_000 }) }
  const tasks = await context.run(tasksIn(scope))
  const moods = await context.run(Effect.flatMap(Metrics, (metrics) => metrics.moods(scope)))
  const figures = taskFiguresOf(tasks)
  const frustrated = moods.low + moods.moderate + moods.high
  const countsOf = <Key extends "type" | "outcome">(key: Key, values: ReadonlyArray<TaskResult[Key]>) =>
    values.map((value) => ({ [key]: value, count: tasks.filter((task) => task[key] === value).length })).filter(({ count }) => count !== 0)
  return {
    totalTasks: figures.total,
    completedTasks: figures.succeeded,
    successRate: figures.successRate ?? 0,
    averageConfidence: figures.confidence,
    averageDuration: figures.seconds,
    calibrationScore: figures.calibration,
    significantFrustrations: moods.high,
    significantFrustrationRate: frustrated === 0 ? 0 : moods.high / frustrated,
    tasksByType: countsOf("type", taskTypes),
    tasksByOutcome: countsOf("outcome", taskOutcomes)
  }
}
