import * as Context from "effect/Context"
import type * as Effect from "effect/Effect"
import * as Schema from "effect/Schema"
import { AgentId, SessionId } from "../journal/Entry.ts"
import type { Page, PageCursorInvalid, PageRequest } from "../store/Page.ts"
import type { StoreError } from "../store/StoreError.ts"
import type { Viewer } from "../store/Viewer.ts"
import { MessageKind, MessageRole } from "./Message.ts"

/**
 * The words to look for, and where. `text` is plain words, all of which must occur; `"quoted words"` stand side by side, `word*` is a beginning, `-word` must not occur.
 * Anything else is text; no input is an error. Words are compared without case and accents. Only excluded words, or none, find nothing.
 */
export const SearchQuery = Schema.Struct({
  text: Schema.String,
  order: Schema.optional(Schema.Literal("newest", "rank")),
  /** With its subagents. */
  sessionId: Schema.optional(SessionId),
  /** Only this subagent's conversation of the session. */
  agentId: Schema.optional(AgentId),
  /** A project's name, a directory, or a repository. */
  project: Schema.optional(Schema.String),
  /** Only what this one said. What programs put into a prompt is the client's, `system`. */
  role: Schema.optional(MessageRole),
  /** Without it all but `han`: of han's own log, whose words are those of hooks, only who asks for it is shown something. */
  kinds: Schema.optional(Schema.Array(MessageKind)),
  /** Milliseconds since 1970. */
  since: Schema.optional(Schema.Number),
  until: Schema.optional(Schema.Number)
})
export type SearchQuery = typeof SearchQuery.Type

export class SearchHit extends Schema.Class<SearchHit>("han-core/SearchHit")({
  sessionId: SessionId,
  agentId: Schema.NullOr(AgentId),
  messageId: Schema.String,
  kind: MessageKind,
  /** Who said what was found; null for lines beside the conversation. */
  role: Schema.NullOr(MessageRole),
  at: Schema.NullOr(Schema.Number),
  /** A part of the text around the first match, one line, about 160 characters. */
  excerpt: Schema.String,
  /** Greater is better; comparable within one result and one store only. Null in the order of time. */
  score: Schema.NullOr(Schema.Number)
}) {}

export class Search extends Context.Tag("han-core/Search")<
  Search,
  {
    /** Messages, the newest first unless ranked order is asked for. */
    readonly messages: (query: SearchQuery, page: PageRequest) => Effect.Effect<Page<SearchHit>, PageCursorInvalid | StoreError, Viewer>
    /** The number of all messages that match. */
    readonly count: (query: SearchQuery) => Effect.Effect<number, StoreError, Viewer>
  }
>() {}
