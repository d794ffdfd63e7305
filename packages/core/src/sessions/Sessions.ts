/**
 * The sessions of a viewer: lists, single ones, and what is in them.
 *
 * @example
 * ```ts
 * import * as Effect from "effect/Effect"
 * import { Sessions } from "han-core/Sessions"
 *
 * const lastPrompts = (project: string) =>
 *   Effect.gen(function* () {
 *     const sessions = yield* Sessions
 *     const [latest] = (yield* sessions.list({ project }, { first: 1 })).items
 *     if (latest === undefined) return []
 *     const messages = yield* sessions.messages({ sessionId: latest.node.id }, { last: 50 })
 *     return messages.items.flatMap(({ node }) => (node.role === "user" ? [node.text] : []))
 *   })
 * ```
 */

import * as Context from "effect/Context"
import type * as Effect from "effect/Effect"
import * as Schema from "effect/Schema"
import type * as Stream from "effect/Stream"
import { AgentId, SessionId, type TranscriptId } from "../journal/Entry.ts"
import type { Page, PageCursorInvalid, PageRequest } from "../store/Page.ts"
import type { StoreError } from "../store/StoreError.ts"
import type { Viewer } from "../store/Viewer.ts"
import type { FileChange } from "./FileChange.ts"
import type { Message, ToolCall } from "./Message.ts"
import type { Project } from "./Project.ts"
import type { Agent, Compaction, IndexProblem, Session, SessionNotFound, Summary } from "./Session.ts"
import type { Task, TodoList } from "./Task.ts"

/** The sessions of a project or a person, or since a time; all without a field. */
export const SessionFilter = Schema.Struct({
  /** A project's name, a directory, or a repository. */
  project: Schema.optional(Schema.String),
  /** Milliseconds since 1970: sessions with a line at or after it. */
  since: Schema.optional(Schema.Number),
  /** The person whose sessions they are. */
  author: Schema.optional(Schema.String)
})
export type SessionFilter = typeof SessionFilter.Type

/** A conversation of a session: its own, or a subagent's. */
export const MessagesOf = Schema.Struct({ sessionId: SessionId, agentId: Schema.optional(AgentId) })
export type MessagesOf = typeof MessagesOf.Type

/** The sessions of the viewer. */
export class Sessions extends Context.Tag("han-core/Sessions")<
  Sessions,
  {
    /** Latest activity first. */
    readonly list: (filter: SessionFilter, page: PageRequest) => Effect.Effect<Page<Session>, PageCursorInvalid | StoreError, Viewer>
    /** The number of sessions that `list` gives on all pages together. */
    readonly count: (filter: SessionFilter) => Effect.Effect<number, StoreError, Viewer>
    /** By id, or by the beginning of one that means a single session. */
    readonly get: (id: string) => Effect.Effect<Session, SessionNotFound | StoreError, Viewer>
    /** The sessions of these ids, in any order. An id that no session has is left out. */
    readonly getMany: (ids: ReadonlyArray<SessionId>) => Effect.Effect<ReadonlyArray<Session>, StoreError, Viewer>
    /** The directories that sessions worked in, the one with the latest activity first. */
    readonly projects: Effect.Effect<ReadonlyArray<Project>, StoreError, Viewer>
    /** In the order of the file. A line that a later generation of the file repeats is there once. */
    readonly messages: (of: MessagesOf, page: PageRequest) => Effect.Effect<Page<Message>, PageCursorInvalid | StoreError, Viewer>
    /** In order of time. An unknown session has no calls; so it is with the lists below. */
    readonly toolCalls: (sessionId: SessionId) => Effect.Effect<ReadonlyArray<ToolCall>, StoreError, Viewer>
    /** In the order in which they were created. */
    readonly tasks: (sessionId: SessionId) => Effect.Effect<ReadonlyArray<Task>, StoreError, Viewer>
    /** Every list that was written, the newest first. */
    readonly todos: (sessionId: SessionId) => Effect.Effect<ReadonlyArray<TodoList>, StoreError, Viewer>
    /** In order of time. */
    readonly fileChanges: (sessionId: SessionId) => Effect.Effect<ReadonlyArray<FileChange>, StoreError, Viewer>
    /** Subagents in the order in which they began. */
    readonly agents: (sessionId: SessionId) => Effect.Effect<ReadonlyArray<Agent>, StoreError, Viewer>
    /** In order of time. */
    readonly compactions: (sessionId: SessionId) => Effect.Effect<ReadonlyArray<Compaction>, StoreError, Viewer>
    /** The newest first. */
    readonly summaries: (sessionId: SessionId) => Effect.Effect<ReadonlyArray<Summary>, StoreError, Viewer>
    /** The session now, and again each time it changes. */
    readonly watch: (id: SessionId) => Stream.Stream<Session, SessionNotFound | StoreError, Viewer>
    /** Lines that are no JSON object, then line kinds that are not known, the newest first. */
    readonly problems: (options: {
      readonly limit: number
      readonly transcript?: TranscriptId | undefined
    }) => Effect.Effect<ReadonlyArray<IndexProblem>, StoreError, Viewer>
  }
>() {}
