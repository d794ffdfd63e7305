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

/** The feelings of humans in a session, from the words of their prompts (see `Sentiment`). */
export interface Mood {
  readonly sessionId: SessionId
  /** Prompts with words. */
  readonly analysed: number
  /** From -5 to 5. */
  readonly averageScore: number
  readonly low: number
  readonly moderate: number
  readonly high: number
  /** The most frustrated prompt's score; 0 without one. */
  readonly peakFrustration: number
  readonly averageFrustration: number
  /** Signals of frustration, the most frequent first. */
  readonly signals: ReadonlyArray<string>
}

/** A subagent's conversation with its own figures, as `Session` has them of a whole session. */
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

/** Details of several sessions at once: the number of statements does not depend on how many. A session without any is not in the map. */
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
    /** By the ids of subagents, whichever sessions they belong to; the first session's for an id that several have. */
    readonly agentConversations: (ids: ReadonlyArray<string>) => Effect.Effect<ReadonlyMap<string, AgentConversation>, StoreError, Viewer>
    readonly hookRuns: Of<ReadonlyArray<HookRun>>
    readonly validations: Of<ReadonlyArray<FileValidation>>
    readonly hanTasks: Of<ReadonlyArray<HanTask>>
    readonly moods: Of<Mood>
    /** The configuration folder that its newest transcript was found under. */
    readonly roots: Of<string>
  }
>() {}
