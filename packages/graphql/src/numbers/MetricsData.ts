import * as Effect from "effect/Effect"
import { GraphQLObjectType } from "graphql"
import type { HanTask } from "han-core/HanTask"
import { Metrics, type MetricsScope } from "han-core/Metrics"
import { field, float, int, listOf } from "../context/Field.ts"
import type { GraphqlContext } from "../context/GraphqlContext.ts"
import { type ScopeArgs, scopeOf } from "../projects/Projects.ts"
import { TaskOutcome, TaskType } from "../relay/Enums.ts"
import { workOf } from "../sessions/Tasks.ts"

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

/** What a task came to, whatever list it stands on. */
export interface TaskInNumbers {
  readonly type: "FIX" | "IMPLEMENTATION" | "REFACTOR" | "RESEARCH"
  readonly outcome: "SUCCESS" | "PARTIAL" | "FAILURE"
  readonly confidence: number | null
  readonly seconds: number | null
  readonly sessionId: string
  readonly createdAt: number | null
}

export const tasksIn = Effect.fnUntraced(function* (scope: MetricsScope) {
  const metrics = yield* Metrics
  const own = (yield* metrics.tasks(scope)).map(
    ({ completedAt, createdAt, sessionId, status, subject }): TaskInNumbers => ({
      type: workOf(subject),
      outcome: status === "completed" ? "SUCCESS" : status === "in_progress" ? "PARTIAL" : "FAILURE",
      confidence: null,
      seconds: createdAt === null || completedAt === null ? null : (completedAt - createdAt) / 1000,
      sessionId,
      createdAt
    })
  )
  const announced = (yield* metrics.hanTasks(scope)).map(
    (task: HanTask): TaskInNumbers => ({
      type: workOf(task.type),
      outcome: task.status === "active" || task.outcome === "partial" ? "PARTIAL" : task.status === "failed" ? "FAILURE" : "SUCCESS",
      confidence: task.confidence,
      seconds: task.durationSeconds,
      sessionId: task.sessionId,
      createdAt: task.startedAt
    })
  )
  return [...own, ...announced]
})

const mean = (values: ReadonlyArray<number>): number | null => (values.length === 0 ? null : values.reduce((sum, value) => sum + value, 0) / values.length)
export const given = (values: ReadonlyArray<number | null>): ReadonlyArray<number> => values.filter((value) => value !== null)
export const meanOf = (values: ReadonlyArray<number | null>): number | null => mean(given(values))

export const metricsOf = async (args: ScopeArgs & { readonly period?: keyof typeof periods | null }, context: GraphqlContext) => {
  const paths = await scopeOf(args, context)
  const scope: MetricsScope = { paths, ...(args.period != null && { since: Date.now() - periods[args.period] * 86_400_000 }) }
  const tasks = await context.run(tasksIn(scope))
  const moods = await context.run(Effect.flatMap(Metrics, (metrics) => metrics.moods(scope)))
  const done = tasks.filter(({ outcome }) => outcome === "SUCCESS").length
  const judged = tasks.filter(({ confidence, outcome }) => confidence !== null && outcome !== "PARTIAL")
  const frustrated = moods.low + moods.moderate + moods.high
  const countsOf = <Key extends "type" | "outcome">(key: Key, values: ReadonlyArray<TaskInNumbers[Key]>) =>
    values.flatMap((value) => {
      const count = tasks.filter((task) => task[key] === value).length
      return count === 0 ? [] : [{ [key]: value, count }]
    })
  return {
    totalTasks: tasks.length,
    completedTasks: done,
    successRate: tasks.length === 0 ? 0 : done / tasks.length,
    averageConfidence: meanOf(tasks.map(({ confidence }) => confidence)),
    averageDuration: meanOf(tasks.map(({ seconds }) => seconds)),
    calibrationScore: meanOf(judged.map(({ confidence, outcome }) => 1 - Math.abs((confidence ?? 0) - Number(outcome === "SUCCESS")))),
    significantFrustrations: moods.high,
    significantFrustrationRate: frustrated === 0 ? 0 : moods.high / frustrated,
    tasksByType: countsOf("type", ["FIX", "IMPLEMENTATION", "REFACTOR", "RESEARCH"]),
    tasksByOutcome: countsOf("outcome", ["SUCCESS", "PARTIAL", "FAILURE"])
  }
}
