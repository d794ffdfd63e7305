/**
 * The messages of sessions, page by page, and single messages with their original lines.
 *
 * @example
 * ```ts
 * import * as Effect from "effect/Effect"
 * import type { SessionId } from "han-core/Entry"
 * import { Messages } from "han-core/Messages"
 *
 * const latestAnswers = (sessionId: SessionId) =>
 *   Effect.gen(function* () {
 *     const messages = yield* Messages
 *     const { items } = yield* messages.page({ sessionId, agentId: null }, { first: 50 })
 *     return items.flatMap(({ node: { message } }) => (message.role === "assistant" ? [message.text] : []))
 *   })
 * ```
 */

import * as Context from "effect/Context"
import type * as Effect from "effect/Effect"
import * as Schema from "effect/Schema"
import { AgentId, SessionId, TranscriptId } from "../journal/Entry.ts"
import type { Page, PageCursorInvalid, PageRequest } from "../store/Page.ts"
import type { StoreError } from "../store/StoreError.ts"
import type { Viewer } from "../store/Viewer.ts"
import { Message, type MessageKind, type ToolResult } from "./Message.ts"

/** A message with its original line as text; what was not UTF-8 is U+FFFD. */
export const MessageLine = Schema.Struct({ message: Message, raw: Schema.String })
export type MessageLine = typeof MessageLine.Type

/** Messages of a session and of its subagents. Kinds that tell a reader nothing (progress, titles, attachments, the queue of prompts) are left out. */
export const Conversation = Schema.Struct({
  sessionId: SessionId,
  /** Only this subagent's, or with null the session's own; of all without. */
  agentId: Schema.optional(Schema.NullOr(AgentId))
})
export type Conversation = typeof Conversation.Type

/** The place of a message: its cursor in `page`, its line, and when it was written, in milliseconds since 1970. */
export const MessagePlace = Schema.Struct({ cursor: Schema.String, transcript: TranscriptId, line: Schema.Int, at: Schema.NullOr(Schema.Number) })
export type MessagePlace = typeof MessagePlace.Type

/** Kinds that tell a reader nothing. `Messages` leaves them out of pages. */
export const hiddenKinds: ReadonlyArray<MessageKind> = ["progress", "title", "attachment", "queue"]

/** The conversation of a session as a reader pages through it, the newest first, and single messages. */
export class Messages extends Context.Tag("han-core/Messages")<
  Messages,
  {
    /** One page, the newest message first. */
    readonly page: (of: Conversation, page: PageRequest) => Effect.Effect<Page<MessageLine>, PageCursorInvalid | StoreError, Viewer>
    /** The number of messages on all pages together. */
    readonly count: (of: Conversation) => Effect.Effect<number, StoreError, Viewer>
    /**
     * The cursor that `page` gives to each of these messages, its line (a line that repeats another one's id is no message of its own) and its time as `page`
     * tells it. Messages of `hiddenKinds` have one, too.
     */
    readonly cursors: (sessionId: SessionId, ids: ReadonlyArray<string>) => Effect.Effect<ReadonlyMap<string, MessagePlace>, StoreError, Viewer>
    /** The positions of messages in the list, from 0 for the newest. A message that is not in it is not in the map. */
    readonly places: (of: Conversation, ids: ReadonlyArray<string>) => Effect.Effect<ReadonlyMap<string, number>, StoreError, Viewer>
    /** By the id of the line. One that several sessions carry is given as the session has it that was written first. */
    readonly get: (id: string) => Effect.Effect<MessageLine | null, StoreError, Viewer>
    /** Results of tool calls, by the call's id. A call without a result is not in the map. */
    readonly results: (callIds: ReadonlyArray<string>) => Effect.Effect<ReadonlyMap<string, ToolResult>, StoreError, Viewer>
    /** The han events that answer others (as a result its run or call), by the id of the answered one. An event without an answer is not in the map. */
    readonly replies: (sessionId: SessionId, ids: ReadonlyArray<string>) => Effect.Effect<ReadonlyMap<string, MessageLine>, StoreError, Viewer>
  }
>() {}
