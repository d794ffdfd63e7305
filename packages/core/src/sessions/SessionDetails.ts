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
import * as Schema from "effect/Schema"
import * as Struct from "effect/Struct"
import type { FileValidation, HookRun } from "../hooks/HookRun.ts"
import { SessionId } from "../journal/Entry.ts"
import type { StoreError } from "../store/StoreError.ts"
import type { Viewer } from "../store/Viewer.ts"
import type { FileChange } from "./FileChange.ts"
import type { HanTask } from "./HanTask.ts"
import { Agent, type Compaction, Session } from "./Session.ts"
import type { Task, TodoList } from "./Task.ts"

/** The mood of the humans in a session, from the words of their prompts (see `Sentiment`). */
export const Mood = Schema.Struct({
  sessionId: SessionId,
  /** Prompts with words. */
  analysed: Schema.Int,
  /** From -5 to 5. */
  averageScore: Schema.Number,
  low: Schema.Int,
  moderate: Schema.Int,
  high: Schema.Int,
  /** The most frustrated prompt's score; 0 without one. */
  peakFrustration: Schema.Number,
  averageFrustration: Schema.Number,
  /** The words and signs that showed frustration, the most frequent first. */
  signals: Schema.Array(Schema.String)
})
export type Mood = typeof Mood.Type

/** A subagent's conversation with its own figures, as `Session` has them of a whole session. */
export const AgentConversation = Schema.Struct({
  ...Struct.pick(
    Session.fields,
    "firstPrompt",
    "toolCalls",
    "toolErrors",
    "compactions",
    "responses",
    "unpricedResponses",
    "input",
    "output",
    "cacheRead",
    "cacheWrite5m",
    "cacheWrite1h",
    "costNanoUsd"
  ),
  agent: Agent
})
export type AgentConversation = typeof AgentConversation.Type

type Of<A> = (ids: ReadonlyArray<SessionId>) => Effect.Effect<ReadonlyMap<SessionId, A>, StoreError, Viewer>

/** Details of several sessions at once: the number of statements does not grow with the number of sessions. A session without any is not in the map. */
export class SessionDetails extends Context.Tag("han-core/SessionDetails")<
  SessionDetails,
  {
    /** In the order in which they were created. */
    readonly tasks: Of<ReadonlyArray<Task>>
    /** The list as it was last written. */
    readonly todos: Of<TodoList>
    /** In order of time. */
    readonly fileChanges: Of<ReadonlyArray<FileChange>>
    /** The lengths of the lists that `fileChanges` gives, for less. */
    readonly fileChangeCounts: Of<number>
    /** In order of time. */
    readonly compactions: Of<ReadonlyArray<Compaction>>
    /** Subagents in the order in which they began. */
    readonly agents: Of<ReadonlyArray<Agent>>
    /** By the ids of subagents of any session. An id that several sessions have means the subagent of the first one. */
    readonly agentConversations: (ids: ReadonlyArray<string>) => Effect.Effect<ReadonlyMap<string, AgentConversation>, StoreError, Viewer>
    /** In the order in which they began. */
    readonly hookRuns: Of<ReadonlyArray<HookRun>>
    /** Checks that files passed, in the order in which they were noted. */
    readonly validations: Of<ReadonlyArray<FileValidation>>
    /** Tasks that were announced through han, in the order in which they began. */
    readonly hanTasks: Of<ReadonlyArray<HanTask>>
    /** Sessions without a prompt that has words are not in the map. */
    readonly moods: Of<Mood>
    /** The configuration folder that its newest transcript was found under. */
    readonly roots: Of<string>
  }
>() {}
