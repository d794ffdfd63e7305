/**
 * Activity of sessions over time: by day, hour, model, tool, subagent and hook.
 *
 * @example
 * ```ts
 * import * as Effect from "effect/Effect"
 * import { Metrics } from "han-core/Metrics"
 *
 * const hoursPerWeek = (since: number) =>
 *   Effect.gen(function* () {
 *     const metrics = yield* Metrics
 *     const weeks = yield* metrics.days({ since, timeZone: "America/New_York", by: "week" })
 *     return weeks.map(({ activeMs, date, prompts }) => ({ week: date, hours: activeMs / 3_600_000, prompts }))
 *   })
 * ```
 */

import * as Context from "effect/Context"
import type * as Effect from "effect/Effect"
import * as Schema from "effect/Schema"
import * as Struct from "effect/Struct"
import type { FileValidation } from "../hooks/HookRun.ts"
import { SessionId } from "../journal/Entry.ts"
import { Directory } from "../sessions/Directories.ts"
import type { HanTask } from "../sessions/HanTask.ts"
import type { StoreError } from "../store/StoreError.ts"
import type { Viewer } from "../store/Viewer.ts"

/** Sessions and a part of their time: to the quarter of an hour in which a bound lies. */
export const MetricsScope = Schema.Struct({
  /** Milliseconds since 1970. */
  since: Schema.optional(Schema.Number),
  until: Schema.optional(Schema.Number),
  /** Sessions that worked in one of these directories first; all without. */
  directories: Schema.optional(Schema.Array(Directory)),
  /** Only these sessions. */
  sessionIds: Schema.optional(Schema.Array(SessionId)),
  /** Only sessions of this person. */
  author: Schema.optional(Schema.String)
})
export type MetricsScope = typeof MetricsScope.Type

/** Sums of a time. `responses` are the model's API responses; `input`, `output`, `cacheRead` and `cacheWrite` are their tokens. */
export const Activity = Schema.Struct({
  /** Sessions with something in that time. */
  sessions: Schema.Number,
  /** Conversation lines, subagents' and copies' not counted. */
  messages: Schema.Number,
  prompts: Schema.Number,
  toolCalls: Schema.Number,
  linesAdded: Schema.Number,
  linesRemoved: Schema.Number,
  /** Changes of files by tool calls that succeeded. */
  fileChanges: Schema.Number,
  /** Quarters of an hour with something in them, in milliseconds: of all sessions together. */
  activeMs: Schema.Number,
  /** Milliseconds that a human needed to type and read the prompts, by their length. */
  promptMs: Schema.Number,
  responses: Schema.Number,
  input: Schema.Number,
  output: Schema.Number,
  cacheRead: Schema.Number,
  cacheWrite: Schema.Number,
  /** Integer nano-dollars of priced responses. */
  costNanoUsd: Schema.Number
})
export type Activity = typeof Activity.Type

/** The activity of a time in which nothing happened. */
export const noActivity: Activity = {
  sessions: 0,
  messages: 0,
  prompts: 0,
  toolCalls: 0,
  linesAdded: 0,
  linesRemoved: 0,
  fileChanges: 0,
  activeMs: 0,
  promptMs: 0,
  responses: 0,
  input: 0,
  output: 0,
  cacheRead: 0,
  cacheWrite: 0,
  costNanoUsd: 0
}

/** The activity of one day, week or month. */
export const DayActivity = Schema.Struct({
  ...Activity.fields,
  /** `2026-11-22` in the time zone that was asked for: the day, or the one with which the week (Monday) or month begins. */
  date: Schema.String
})
export type DayActivity = typeof DayActivity.Type
/** The activity of one hour of the day, of all days together. */
export const HourActivity = Schema.Struct({
  /** 0 to 23. */
  hour: Schema.Number,
  sessions: Schema.Number,
  messages: Schema.Number
})
export type HourActivity = typeof HourActivity.Type
/** The responses of one model, of a day or of all. `unpriced`: those without a price, which the cost leaves out. */
export const ModelActivity = Schema.Struct({
  /** Null for all days together. */
  date: Schema.NullOr(Schema.String),
  model: Schema.String,
  responses: Schema.Number,
  unpriced: Schema.Number,
  input: Schema.Number,
  output: Schema.Number,
  cacheRead: Schema.Number,
  cacheWrite: Schema.Number,
  costNanoUsd: Schema.Number,
  /** The amount by which the cache reads would have cost more as plain input; 0 without a price. */
  cacheSavingNanoUsd: Schema.Number
})
export type ModelActivity = typeof ModelActivity.Type
/** The activity of one session. Times are milliseconds since 1970. */
export const SessionActivity = Schema.Struct({
  ...Struct.omit(Activity.fields, "sessions"),
  sessionId: SessionId,
  /** The person whose session it is; null on a machine with one person. */
  author: Schema.NullOr(Schema.String),
  title: Schema.NullOr(Schema.String),
  slug: Schema.NullOr(Schema.String),
  firstPrompt: Schema.NullOr(Schema.String),
  /** The directory it worked in first, and the `id` of its project. */
  path: Schema.NullOr(Schema.String),
  projectId: Schema.NullOr(Schema.String),
  startedAt: Schema.NullOr(Schema.Number),
  updatedAt: Schema.NullOr(Schema.Number),
  compactions: Schema.Number,
  tasks: Schema.Number,
  tasksCompleted: Schema.Number,
  /** Prompts with words, and the sum of their scores. */
  analysed: Schema.Number,
  scoreSum: Schema.Number
})
export type SessionActivity = typeof SessionActivity.Type

/** Calls of one tool. */
export const ToolActivity = Schema.Struct({ name: Schema.String, calls: Schema.Int })
export type ToolActivity = typeof ToolActivity.Type
/** Subagents of one type that were started. */
export const AgentActivity = Schema.Struct({ type: Schema.String, calls: Schema.Int })
export type AgentActivity = typeof AgentActivity.Type
/** Runs of one hook, and the sum of their durations. */
export const HookActivity = Schema.Struct({ hook: Schema.String, runs: Schema.Int, passed: Schema.Int, totalDurationMs: Schema.Number })
export type HookActivity = typeof HookActivity.Type
/** Compactions by their causes, and the sessions that had any. */
export const CompactionActivity = Schema.Struct({
  auto: Schema.Int,
  manual: Schema.Int,
  continuation: Schema.Int,
  unknown: Schema.Int,
  sessions: Schema.Int
})
export type CompactionActivity = typeof CompactionActivity.Type
/** A task as it is now. */
export const TaskActivity = Schema.Struct({
  sessionId: SessionId,
  subject: Schema.String,
  status: Schema.String,
  createdAt: Schema.NullOr(Schema.Number),
  completedAt: Schema.NullOr(Schema.Number)
})
export type TaskActivity = typeof TaskActivity.Type
/** Prompts with words: their number, the sum of their scores, and how many of them showed how much frustration. */
export const MoodActivity = Schema.Struct({
  analysed: Schema.Int,
  scoreSum: Schema.Number,
  low: Schema.Int,
  moderate: Schema.Int,
  high: Schema.Int
})
export type MoodActivity = typeof MoodActivity.Type

/** Sums that the store keeps up to date with the journal: a question reads no message. */
export class Metrics extends Context.Tag("han-core/Metrics")<
  Metrics,
  {
    /** Days, weeks or months with any activity, in order of date; days if `by` is absent. `timeZone`: an IANA name. */
    readonly days: (
      scope: MetricsScope & { readonly timeZone: string; readonly by?: "day" | "week" | "month" | undefined }
    ) => Effect.Effect<ReadonlyArray<DayActivity>, StoreError, Viewer>
    /** The 24 hours of the day, in order. */
    readonly hours: (scope: MetricsScope & { readonly timeZone: string }) => Effect.Effect<ReadonlyArray<HourActivity>, StoreError, Viewer>
    /** The model with most tokens first; with `daysIn`, a time zone, rows for each day there, in order of days. */
    readonly models: (scope: MetricsScope & { readonly daysIn?: string | undefined }) => Effect.Effect<ReadonlyArray<ModelActivity>, StoreError, Viewer>
    /** Sessions with anything in that time, the latest activity first. */
    readonly sessions: Of<ReadonlyArray<SessionActivity>>
    /** How many `sessions` gives, without reading them. */
    readonly sessionCount: Of<number>
    /** Whole days, in UTC, that the scope touches. The most called first. */
    readonly tools: Of<ReadonlyArray<ToolActivity>>
    /** Subagents by type, the most started first; of whole days, as `tools`. */
    readonly agents: Of<ReadonlyArray<AgentActivity>>
    /** The most run first. */
    readonly hooks: Of<ReadonlyArray<HookActivity>>
    /** Compactions in that time, of sessions and subagents. */
    readonly compactions: Of<CompactionActivity>
    /** Tasks that were created in that time. */
    readonly tasks: Of<ReadonlyArray<TaskActivity>>
    /** Tasks that were announced through han, by those of their lines that were written in that time. */
    readonly hanTasks: Of<ReadonlyArray<HanTask>>
    /** Checks that files passed, the newest first. */
    readonly validations: Of<ReadonlyArray<FileValidation>>
    /** The moods of prompts that were written in that time. */
    readonly moods: Of<MoodActivity>
  }
>() {}

type Of<A> = (scope: MetricsScope) => Effect.Effect<A, StoreError, Viewer>
