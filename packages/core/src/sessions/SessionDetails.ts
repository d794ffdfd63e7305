/**
 * Tasks, file changes, hooks, subagents and moods of many sessions with one question for all of them.
 *
 * @example
 * ```ts
 * import * as Effect from "effect/Effect"
 * import type { SessionId } from "han-core/Entry"
 * import { SessionDetails } from "han-core/SessionDetails"
 *
 * const changedPaths = (ids: ReadonlyArray<SessionId>) =>
 *   Effect.gen(function* () {
 *     const changes = yield* (yield* SessionDetails).fileChanges(ids)
 *     return ids.map((id) => ({ id, paths: new Set(changes.get(id)?.map(({ path }) => path)) }))
 *   })
 * ```
 */

import * as Context from "effect/Context"
import type * as Effect from "effect/Effect"
import type { FileValidation, HookRun } from "../hooks/HookRun.ts"
import type { SessionId } from "../journal/Entry.ts"
import type { StoreError } from "../store/StoreError.ts"
import type { Viewer } from "../store/Viewer.ts"
import type { FileChange } from "./FileChange.ts"
import type { HanTask } from "./HanTask.ts"
import type { Agent, Compaction, Session } from "./Session.ts"
import type { Task, TodoList } from "./Task.ts"

/** The sentiment of the prompts that humans wrote in a session, by the words of these (see `Sentiment`). */
export interface Mood {
  readonly sessionId: SessionId
  /** Prompts with words. */
  readonly analysed: number
  /** From -5 to 5. */
  readonly averageScore: number
  /** Prompts with frustration of this level. */
  readonly low: number
  readonly moderate: number
  readonly high: number
  /** The most frustrated prompt's score; 0 without one. */
  readonly peakFrustration: number
  readonly averageFrustration: number
  /** The signals of frustration, the most frequent first. */
  readonly signals: ReadonlyArray<string>
}

/** A subagent with the figures of its own conversation, in the units of `Session`. */
export interface AgentConversation
  extends Pick<
    Session,
    | "firstPrompt"
    | "toolCalls"
    | "toolErrors"
    | "compactions"
    | "responses"
    | "unpricedResponses"
    | "input"
    | "output"
    | "cacheRead"
    | "cacheWrite5m"
    | "cacheWrite1h"
    | "costNanoUsd"
  > {
  readonly agent: Agent
}

type Of<A> = (ids: ReadonlyArray<SessionId>) => Effect.Effect<ReadonlyMap<SessionId, A>, StoreError, Viewer>

/** Details of several sessions at once: the number of statements does not grow with the number of sessions. A session without any is not in the map. */
export class SessionDetails extends Context.Tag("han-core/SessionDetails")<
  SessionDetails,
  {
    readonly tasks: Of<ReadonlyArray<Task>>
    /** The list as it was last written. */
    readonly todos: Of<TodoList>
    /** In order of time. */
    readonly fileChanges: Of<ReadonlyArray<FileChange>>
    readonly fileChangeCounts: Of<number>
    readonly compactions: Of<ReadonlyArray<Compaction>>
    readonly agents: Of<ReadonlyArray<Agent>>
    /** By the ids of subagents of any session. An id that several sessions have means the subagent of the first one. */
    readonly agentConversations: (ids: ReadonlyArray<string>) => Effect.Effect<ReadonlyMap<string, AgentConversation>, StoreError, Viewer>
    readonly hookRuns: Of<ReadonlyArray<HookRun>>
    readonly validations: Of<ReadonlyArray<FileValidation>>
    readonly hanTasks: Of<ReadonlyArray<HanTask>>
    readonly moods: Of<Mood>
    /** The configuration folder that its newest transcript was found under. */
    readonly roots: Of<string>
  }
>() {}
