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
import type { FileValidation } from "../hooks/HookRun.ts"
import type { SessionId } from "../journal/Entry.ts"
import type { HanTask } from "../sessions/HanTask.ts"
import type { StoreError } from "../store/StoreError.ts"
import type { Viewer } from "../store/Viewer.ts"

/** The sessions, and the part of their time, that a question is about. Bounds are exact to the quarter of an hour in which they lie. */
export interface MetricsScope {
  /** Milliseconds since 1970, as `until`. */
  readonly since?: number | undefined
  readonly until?: number | undefined
  /** Only sessions that worked first in one of these directories; all if absent. */
  readonly paths?: ReadonlyArray<string> | undefined
  /** Only these sessions. */
  readonly sessionIds?: ReadonlyArray<SessionId> | undefined
}

/** Sums over sessions in a part of their time. Tokens and money are those of distinct API responses. */
export interface Activity {
  /** Sessions with any line in that time. */
  readonly sessions: number
  /** Conversation lines, without those of subagents and copies. */
  readonly messages: number
  readonly prompts: number
  readonly toolCalls: number
  readonly linesAdded: number
  readonly linesRemoved: number
  /** Changes of files by tool calls that succeeded. */
  readonly fileChanges: number
  /** Quarters of an hour with a line of any session, in milliseconds. */
  readonly activeMs: number
  /** The estimated time, in milliseconds, that a human took to type and read the prompts, by their length. */
  readonly promptMs: number
  readonly responses: number
  readonly input: number
  readonly output: number
  readonly cacheRead: number
  readonly cacheWrite: number
  /** Integer nano-dollars of priced responses. */
  readonly costNanoUsd: number
}

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

/** The activity of a day, week or month. */
export interface DayActivity extends Activity {
  /** `2026-11-22` in the time zone that was asked for: the day, or the one with which the week (Monday) or month begins. */
  readonly date: string
}
/** The activity of one hour of the day, over all days. */
export interface HourActivity {
  /** 0 to 23. */
  readonly hour: number
  readonly sessions: number
  readonly messages: number
}
/** Responses of a model with their tokens, and their cost in integer nano-dollars. `unpriced`: responses without a known cost. */
export interface ModelActivity {
  /** Null for all days together. */
  readonly date: string | null
  readonly model: string
  readonly responses: number
  readonly unpriced: number
  readonly input: number
  readonly output: number
  readonly cacheRead: number
  readonly cacheWrite: number
  readonly costNanoUsd: number
  /** The further cost of the cache reads, had they been plain input; 0 without a price. */
  readonly cacheSavingNanoUsd: number
}
/** The activity of a session. Texts and times (milliseconds since 1970) are null where no line says them. */
export interface SessionActivity extends Omit<Activity, "sessions"> {
  readonly sessionId: SessionId
  readonly title: string | null
  readonly slug: string | null
  readonly firstPrompt: string | null
  readonly path: string | null
  readonly startedAt: number | null
  readonly updatedAt: number | null
  readonly compactions: number
  readonly tasks: number
  readonly tasksCompleted: number
  /** Prompts with words, and the sum of their sentiment scores. */
  readonly analysed: number
  readonly scoreSum: number
}

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
    /** Sessions with any activity in that time, the latest first. */
    readonly sessions: (scope: MetricsScope) => Effect.Effect<ReadonlyArray<SessionActivity>, StoreError, Viewer>
    /** Calls of each tool on the whole UTC days that the scope touches, the most called first. */
    readonly tools: (scope: MetricsScope) => Effect.Effect<ReadonlyArray<{ readonly name: string; readonly calls: number }>, StoreError, Viewer>
    /** Starts of subagents by their type. */
    readonly agents: (scope: MetricsScope) => Effect.Effect<ReadonlyArray<{ readonly type: string; readonly calls: number }>, StoreError, Viewer>
    /** Runs of each hook. `totalDurationMs`: the sum of those that state a duration. */
    readonly hooks: (
      scope: MetricsScope
    ) => Effect.Effect<
      ReadonlyArray<{ readonly hook: string; readonly runs: number; readonly passed: number; readonly totalDurationMs: number }>,
      StoreError,
      Viewer
    >
    /** Compactions by their cause, and the number of sessions with one. */
    readonly compactions: (
      scope: MetricsScope
    ) => Effect.Effect<
      { readonly auto: number; readonly manual: number; readonly continuation: number; readonly unknown: number; readonly sessions: number },
      StoreError,
      Viewer
    >
    /** Tasks that were created in that time, in their present state. */
    readonly tasks: (scope: MetricsScope) => Effect.Effect<
      ReadonlyArray<{
        readonly sessionId: SessionId
        readonly subject: string
        readonly status: string
        readonly createdAt: number | null
        readonly completedAt: number | null
      }>,
      StoreError,
      Viewer
    >
    /** Tasks that agents announced through han, folded from the lines of that time. */
    readonly hanTasks: (scope: MetricsScope) => Effect.Effect<ReadonlyArray<HanTask>, StoreError, Viewer>
    /** Checks that files passed, the newest first. */
    readonly validations: (scope: MetricsScope) => Effect.Effect<ReadonlyArray<FileValidation>, StoreError, Viewer>
    /** Prompts with words, the sum of their sentiment scores, and the prompts with each level of frustration. */
    readonly moods: (scope: MetricsScope) => Effect.Effect<
      {
        readonly analysed: number
        readonly scoreSum: number
        readonly low: number
        readonly moderate: number
        readonly high: number
      },
      StoreError,
      Viewer
    >
  }
>() {}
