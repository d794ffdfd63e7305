/**
 * Finds messages of a conversation by any condition on their fields, in any order.
 *
 * @example
 * ```ts
 * import * as Effect from "effect/Effect"
 * import type { SessionId } from "han-core/Entry"
 * import { MessageQueries } from "han-core/MessageQueries"
 *
 * // The ten longest answers of a session.
 * const longest = (sessionId: SessionId) =>
 *   Effect.flatMap(MessageQueries, (messages) =>
 *     messages.find(
 *       {
 *         sessionId,
 *         where: { _tag: "Field", field: "role", op: "eq", value: "assistant" },
 *         orderBy: [{ field: "outputTokens", descending: true }]
 *       },
 *       { first: 10 }
 *     )
 *   )
 * ```
 */

import * as Context from "effect/Context"
import type * as Effect from "effect/Effect"
import type { Page, PageCursorInvalid, PageRequest } from "../store/Page.ts"
import type { StoreError } from "../store/StoreError.ts"
import type { Viewer } from "../store/Viewer.ts"
import type { OrderBy, Where } from "../store/Where.ts"
import type { MessageKind } from "./Message.ts"
import type { Conversation, MessageLine } from "./Messages.ts"

/**
 * The fields that messages are chosen by. `type`: `typeOf` of the kind. `toolName`: the event's name for lines of han's own log, otherwise null. `at`: ISO 8601 in UTC.
 * Scores are of what a human said on the line; tokens of the API response that the line belongs to, on the one of its lines that counts.
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

/** The messages of a conversation that fulfil a condition, in an order. */
export interface MessagesQuery extends Conversation {
  readonly where?: Where<MessageField> | undefined
  /** Without it the newest first. With it every message of the session is looked at. */
  readonly orderBy?: ReadonlyArray<OrderBy<MessageField>> | undefined
}

/**
 * A message by which a reader finds their way: a prompt, command, interrupt or compaction, or a result of a tool that failed. `place`: its position from 0 for the oldest message of
 * the conversation. `text`: at most `maxLandmarkText` UTF-16 units; empty for failed results. `at`: milliseconds since 1970.
 */
export interface Landmark {
  readonly id: string
  readonly kind: MessageKind
  readonly place: number
  readonly at: number | null
  readonly text: string
}
/** The most landmarks of one answer: the newest of them. */
export const maxLandmarks = 2000
export const maxLandmarkText = 160

/** Messages by any condition on their fields. It is on no wire: conditions go to the store as they are. */
export class MessageQueries extends Context.Tag("han-core/MessageQueries")<
  MessageQueries,
  {
    /** One page. Every page of the same query has to be asked for with the same condition and order. */
    readonly find: (query: MessagesQuery, page: PageRequest) => Effect.Effect<Page<MessageLine>, PageCursorInvalid | StoreError, Viewer>
    /** The number of messages that `find` gives on all pages together. */
    readonly countFound: (query: MessagesQuery) => Effect.Effect<number, StoreError, Viewer>
    /** The landmarks of a conversation, the oldest first. */
    readonly landmarks: (of: Conversation) => Effect.Effect<ReadonlyArray<Landmark>, StoreError, Viewer>
  }
>() {}
