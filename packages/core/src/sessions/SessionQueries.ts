/**
 * Finds sessions by any condition on their fields, in any order.
 *
 * @example
 * ```ts
 * import * as Effect from "effect/Effect"
 * import { SessionQueries } from "han-core/SessionQueries"
 *
 * // Sessions below a folder that are linked to a pull request, latest activity first.
 * const withPullRequest = (folder: string) =>
 *   Effect.flatMap(SessionQueries, (sessions) =>
 *     sessions.find(
 *       {
 *         where: {
 *           _tag: "And",
 *           of: [
 *             { _tag: "Field", field: "path", op: "startsWith", value: folder },
 *             { _tag: "Field", field: "pullRequest", op: "isNull", value: false }
 *           ]
 *         }
 *       },
 *       { first: 20 }
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
import type { Session } from "./Session.ts"

/**
 * The fields that sessions are chosen by. `path`: the directory they worked in first; `directory`: its `directoryKey`; `source`: the harness; `author`: the person; `title`: its
 * title, else what was asked first; times are milliseconds since 1970, `cost` is in nano-dollars and null as `costNanoUsd` is.
 */
export type SessionField =
  | "id"
  | "path"
  | "directory"
  | "status"
  | "slug"
  | "pullRequest"
  | "team"
  | "source"
  | "author"
  | "title"
  | "branch"
  | "model"
  | "startedAt"
  | "updatedAt"
  | "cost"
  | "messages"
  | "toolErrors"
/** The sessions that fulfil a condition, in an order. */
export interface SessionsQuery {
  readonly where?: Where<SessionField> | undefined
  /** Without it the latest activity first. */
  readonly orderBy?: ReadonlyArray<OrderBy<SessionField>> | undefined
}

/** Sessions by any condition on their fields. It is on no wire: conditions go to the store as they are. */
export class SessionQueries extends Context.Tag("han-core/SessionQueries")<
  SessionQueries,
  {
    /** One page. Every page of the same query has to be asked for with the same condition and order. */
    readonly find: (query: SessionsQuery, page: PageRequest) => Effect.Effect<Page<Session>, PageCursorInvalid | StoreError, Viewer>
    /** The number of sessions that `find` gives on all pages together. */
    readonly countFound: (query: SessionsQuery) => Effect.Effect<number, StoreError, Viewer>
    /** The cursor in the list of all sessions, latest activity first. */
    readonly cursorOf: (session: Session) => Effect.Effect<string, StoreError, Viewer>
  }
>() {}
