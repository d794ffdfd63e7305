import * as Context from "effect/Context"
import type * as Effect from "effect/Effect"
import type { FileValidation } from "../hooks/HookRun.ts"
import type { SessionId } from "../journal/Entry.ts"
import type { HanTask } from "../sessions/HanTask.ts"
import type { StoreError } from "../store/StoreError.ts"
import type { Viewer } from "../store/Viewer.ts"

/** Sessions, and a part of their time: to the quarter of an hour in which a bound lies. */
export interface MetricsScope {
  /** Milliseconds since 1970. */
  readonly since?: number | undefined
  readonly until?: number | undefined
  /** Sessions that worked in one of these directories first; all without. */
  readonly paths?: ReadonlyArray<string> | undefined
  /** Only these sessions. */
  readonly sessionIds?: ReadonlyArray<SessionId> | undefined
}

export interface Activity {
  /** Sessions with something in that time. */
  readonly sessions: number
  /** Conversation lines, subagents' and copies' not counted. */
  readonly messages: number
  readonly prompts: number
  readonly toolCalls: number
  readonly linesAdded: number
  readonly linesRemoved: number
  /** Changes of files by tool calls that succeeded. */
  readonly fileChanges: number
  /** Quarters of an hour with something in them, in milliseconds: of all sessions together. */
  readonly activeMs: number
  /** Milliseconds that typing and reading the prompts took a human, by their length. */
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

export interface DayActivity extends Activity {
  /** `2026-11-22` in the time zone that was asked for: the day, or the one with which the week (Monday) or month begins. */
  readonly date: string
}
export interface HourActivity {
  /** 0 to 23. */
  readonly hour: number
  readonly sessions: number
  readonly messages: number
}
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
  /** Nano-dollars that the cache reads would have cost more as plain input; 0 without a price. */
  readonly cacheSavingNanoUsd: number
}
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
  /** Prompts with words, and the sum of their scores. */
  readonly analysed: number
  readonly scoreSum: number
}

/** Sums that are kept with the rows they are made of: a question reads no message. */
export class Metrics extends Context.Tag("han-core/Metrics")<
  Metrics,
  {
    /** Days, weeks or months with anything, in order. `timeZone`: an IANA name. */
    readonly days: (
      scope: MetricsScope & { readonly timeZone: string; readonly by?: "day" | "week" | "month" | undefined }
    ) => Effect.Effect<ReadonlyArray<DayActivity>, StoreError, Viewer>
    /** All 24. */
    readonly hours: (scope: MetricsScope & { readonly timeZone: string }) => Effect.Effect<ReadonlyArray<HourActivity>, StoreError, Viewer>
    /** The model with most tokens first; with `daysIn` a row for each day of that time zone, in order of days. */
    readonly models: (scope: MetricsScope & { readonly daysIn?: string | undefined }) => Effect.Effect<ReadonlyArray<ModelActivity>, StoreError, Viewer>
    /** Sessions with anything in that time, the latest activity first. */
    readonly sessions: (scope: MetricsScope) => Effect.Effect<ReadonlyArray<SessionActivity>, StoreError, Viewer>
    /** Whole days, in UTC, that the scope touches. The most called first. */
    readonly tools: (scope: MetricsScope) => Effect.Effect<ReadonlyArray<{ readonly name: string; readonly calls: number }>, StoreError, Viewer>
    /** Subagents that were started, by their type. */
    readonly agents: (scope: MetricsScope) => Effect.Effect<ReadonlyArray<{ readonly type: string; readonly calls: number }>, StoreError, Viewer>
    readonly hooks: (
      scope: MetricsScope
    ) => Effect.Effect<
      ReadonlyArray<{ readonly hook: string; readonly runs: number; readonly passed: number; readonly totalDurationMs: number }>,
      StoreError,
      Viewer
    >
    /** By what caused them, and in how many sessions. */
    readonly compactions: (
      scope: MetricsScope
    ) => Effect.Effect<
      { readonly auto: number; readonly manual: number; readonly continuation: number; readonly unknown: number; readonly sessions: number },
      StoreError,
      Viewer
    >
    /** Tasks that were created in that time, as they are now. */
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
    /** Tasks that were announced through han, by those of their lines that were written in that time. */
    readonly hanTasks: (scope: MetricsScope) => Effect.Effect<ReadonlyArray<HanTask>, StoreError, Viewer>
    /** Checks that files passed, the newest first. */
    readonly validations: (scope: MetricsScope) => Effect.Effect<ReadonlyArray<FileValidation>, StoreError, Viewer>
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
