/**
 * Search for words in all messages of all sessions.
 *
 * @example
 * ```ts
 * import * as Effect from "effect/Effect"
 * import { Search } from "han-core/Search"
 *
 * const findPrompts = (words: string) =>
 *   Effect.gen(function* () {
 *     const search = yield* Search
 *     const { items } = yield* search.messages({ text: words, role: "user", order: "rank" }, { first: 20 })
 *     return items.map(({ node }) => `${node.sessionId}: ${node.excerpt}`)
 *   })
 * ```
 */

import * as Context from "effect/Context"
import type * as Effect from "effect/Effect"
import * as Schema from "effect/Schema"
import { AgentId, SessionId } from "../journal/Entry.ts"
import type { Page, PageCursorInvalid, PageRequest } from "../store/Page.ts"
import type { StoreError } from "../store/StoreError.ts"
import type { Viewer } from "../store/Viewer.ts"
import { MessageKind, MessageRole } from "./Message.ts"

/**
 * The words to search for, and where. `text` holds plain words, all of which must occur; `"quoted words"` stand side by side, `word*` is a beginning, `-word`
 * must not occur. Anything else is text; no input is an error. Words are compared without case and accents. A text of excluded words only, or of none, finds
 * nothing.
 */
export const SearchQuery = Schema.Struct({
  text: Schema.String,
  order: Schema.optional(Schema.Literal("newest", "rank")),
  /** Only in this session and its subagents. */
  sessionId: Schema.optional(SessionId),
  /** Only in this subagent's conversation of the session. */
  agentId: Schema.optional(AgentId),
  /** Only in sessions of this project: its name, a directory, or a repository. */
  project: Schema.optional(Schema.String),
  /** Only in sessions of this person. */
  author: Schema.optional(Schema.String),
  /** Only words of this speaker. Text that programs put into a prompt is the client's, `system`. */
  role: Schema.optional(MessageRole),
  /** All kinds but `han` if absent: han's own log has the words of hooks, and is searched on demand. */
  kinds: Schema.optional(Schema.Array(MessageKind)),
  /** Milliseconds since 1970, as `until`. */
  since: Schema.optional(Schema.Number),
  until: Schema.optional(Schema.Number)
})
export type SearchQuery = typeof SearchQuery.Type

/** A message with words that were searched for. Times are milliseconds since 1970. */
export class SearchHit extends Schema.Class<SearchHit>("han-core/SearchHit")({
  sessionId: SessionId,
  agentId: Schema.NullOr(AgentId),
  messageId: Schema.String,
  kind: MessageKind,
  /** The speaker of the words; null for lines beside the conversation. */
  role: Schema.NullOr(MessageRole),
  at: Schema.NullOr(Schema.Number),
  /** A part of the text around the first match, one line, about 160 characters. */
  excerpt: Schema.String,
  /** The rank, greater is better; comparable within one result and one store only. Null in the order of time. */
  score: Schema.NullOr(Schema.Number)
}) {}

/** The full-text search of messages. */
export class Search extends Context.Tag("han-core/Search")<
  Search,
  {
    /** Messages with the words, the newest first unless `order` is `rank`. */
    readonly messages: (query: SearchQuery, page: PageRequest) => Effect.Effect<Page<SearchHit>, PageCursorInvalid | StoreError, Viewer>
    /** The number of messages that match in all. */
    readonly count: (query: SearchQuery) => Effect.Effect<number, StoreError, Viewer>
  }
>() {}
