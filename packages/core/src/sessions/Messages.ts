import * as Context from "effect/Context"
import type * as Effect from "effect/Effect"
import type { AgentId, SessionId, TranscriptId } from "../journal/Entry.ts"
import type { Page, PageCursorInvalid, PageRequest } from "../store/Page.ts"
import type { StoreError } from "../store/StoreError.ts"
import type { Viewer } from "../store/Viewer.ts"
import type { OrderBy, Where } from "../store/Where.ts"
import type { Message, MessageKind, ToolResult } from "./Message.ts"

/** A message with its original line as text; what was not UTF-8 is U+FFFD. */
export interface MessageLine {
  readonly message: Message
  readonly raw: string
}

/**
 * The fields by which messages are filtered and sorted. `type`: `typeOf` of the kind. `toolName`: the event's name for lines of han's own log, otherwise null. `at`: ISO 8601 in UTC.
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

/** Messages of a session and of its subagents. Kinds that tell a reader nothing (progress, titles, attachments, the queue of prompts) are left out. */
export interface MessagesQuery {
  readonly sessionId: SessionId
  /** Only this subagent's, or with null the session's own; of all without. */
  readonly agentId?: AgentId | null | undefined
  readonly where?: Where<MessageField> | undefined
  /** Without it the newest first. With it every message of the session is looked at. */
  readonly orderBy?: ReadonlyArray<OrderBy<MessageField>> | undefined
}

/** Kinds that `Messages` leaves out of pages. */
export const hiddenKinds: ReadonlyArray<MessageKind> = ["progress", "title", "attachment", "queue"]

/** The conversation of a session as a reader pages through it, the newest first, and single messages. */
export class Messages extends Context.Tag("han-core/Messages")<
  Messages,
  {
    readonly page: (query: MessagesQuery, page: PageRequest) => Effect.Effect<Page<MessageLine>, PageCursorInvalid | StoreError, Viewer>
    readonly count: (query: MessagesQuery) => Effect.Effect<number, StoreError, Viewer>
    /**
     * The cursors that `page` gives to these messages, the lines that they are (a line that repeats another one's id is no message of its own), and when they were written, as
     * `page` tells it. Also of kinds that it leaves out.
     */
    readonly cursors: (
      sessionId: SessionId,
      ids: ReadonlyArray<string>
    ) => Effect.Effect<
      ReadonlyMap<string, { readonly cursor: string; readonly transcript: TranscriptId; readonly line: number; readonly at: number | null }>,
      StoreError,
      Viewer
    >
    /** Where messages stand in the list without a condition, from 0 for the newest. One that is not in it has no place. */
    readonly places: (
      of: Pick<MessagesQuery, "sessionId" | "agentId">,
      ids: ReadonlyArray<string>
    ) => Effect.Effect<ReadonlyMap<string, number>, StoreError, Viewer>
    /** By the id of the line. One that several sessions carry is given as the session has it that was written first. */
    readonly get: (id: string) => Effect.Effect<MessageLine | null, StoreError, Viewer>
    /** Results of tool calls, by the call's id; a call without a result is not in the map. */
    readonly results: (callIds: ReadonlyArray<string>) => Effect.Effect<ReadonlyMap<string, ToolResult>, StoreError, Viewer>
    /** The han event that answers another one (a result its run or call), by that one's id; none for one without an answer. */
    readonly replies: (sessionId: SessionId, ids: ReadonlyArray<string>) => Effect.Effect<ReadonlyMap<string, MessageLine>, StoreError, Viewer>
  }
>() {}
