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
 *     const where = { _tag: "Field", field: "role", op: "eq", value: "assistant" } as const
 *     const { items } = yield* messages.page({ sessionId, agentId: null, where }, { first: 10 })
 *     return items.map(({ node }) => node.message.text)
 *   })
 * ```
 */

import * as Context from "effect/Context"
import type * as Effect from "effect/Effect"
import type { AgentId, SessionId, TranscriptId } from "../journal/Entry.ts"
import type { Page, PageCursorInvalid, PageRequest } from "../store/Page.ts"
import type { StoreError } from "../store/StoreError.ts"
import type { Viewer } from "../store/Viewer.ts"
import type { OrderBy, Where } from "../store/Where.ts"
import type { Message, MessageKind, ToolResult } from "./Message.ts"

/** A message with its original line as text. Bytes that are no UTF-8 are U+FFFD. */
export interface MessageLine {
  readonly message: Message
  readonly raw: string
}

/**
 * The fields by which messages are chosen and ordered. `type`: `typeOf` of the kind. `toolName`: the event's name for lines of han's own log, otherwise null.
 * `at`: ISO 8601 in UTC. Scores rate the words of a human on the line. Tokens are those of the API response, on the one of its lines that counts.
 */
export type MessageField =
  | "id"
  | "agentId"
  | "parentId"
  | "type"
  | "role"
  | "toolName"
  | "at"
  | "line"
  | "sentimentScore"
  | "sentimentLevel"
  | "frustrationScore"
  | "frustrationLevel"
  | "inputTokens"
  | "outputTokens"
  | "cacheReadTokens"
  | "cacheCreationTokens"
  | "linesAdded"
  | "linesRemoved"
  | "filesChanged"

/** The messages of a session and of its subagents that are asked for. Those of `hiddenKinds` are never among them. */
export interface MessagesQuery {
  readonly sessionId: SessionId
  /** An id: only this subagent's messages · null: only the session's own · absent: all. */
  readonly agentId?: AgentId | null | undefined
  readonly where?: Where<MessageField> | undefined
  /** The newest first if absent. An order reads every message of the session. */
  readonly orderBy?: ReadonlyArray<OrderBy<MessageField>> | undefined
}

/** Kinds that tell a reader nothing. `Messages` leaves them out of pages. */
export const hiddenKinds: ReadonlyArray<MessageKind> = ["progress", "title", "attachment", "queue"]

/** The conversation of a session as a reader pages through it, the newest first, and single messages. */
export class Messages extends Context.Tag("han-core/Messages")<
  Messages,
  {
    readonly page: (query: MessagesQuery, page: PageRequest) => Effect.Effect<Page<MessageLine>, PageCursorInvalid | StoreError, Viewer>
    readonly count: (query: MessagesQuery) => Effect.Effect<number, StoreError, Viewer>
    /**
     * The cursor that `page` gives to each of these messages, its line (a line that repeats another one's id is no message of its own) and its time as `page`
     * tells it. Messages of `hiddenKinds` have one, too.
     */
    readonly cursors: (
      sessionId: SessionId,
      ids: ReadonlyArray<string>
    ) => Effect.Effect<
      ReadonlyMap<string, { readonly cursor: string; readonly transcript: TranscriptId; readonly line: number; readonly at: number | null }>,
      StoreError,
      Viewer
    >
    /** The places of messages in the list without a condition, from 0 for the newest. A message that is not in the list is not in the map. */
    readonly places: (
      of: Pick<MessagesQuery, "sessionId" | "agentId">,
      ids: ReadonlyArray<string>
    ) => Effect.Effect<ReadonlyMap<string, number>, StoreError, Viewer>
    /** The message with this id, null when there is none. Of a message that several sessions carry, the one of the session that was written first. */
    readonly get: (id: string) => Effect.Effect<MessageLine | null, StoreError, Viewer>
    /** Results of tool calls, by the call's id. A call without a result is not in the map. */
    readonly results: (callIds: ReadonlyArray<string>) => Effect.Effect<ReadonlyMap<string, ToolResult>, StoreError, Viewer>
    /** The han events that answer others (as a result its run or call), by the id of the answered one. An event without an answer is not in the map. */
    readonly replies: (sessionId: SessionId, ids: ReadonlyArray<string>) => Effect.Effect<ReadonlyMap<string, MessageLine>, StoreError, Viewer>
  }
>() {}
