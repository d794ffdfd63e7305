/**
 * Who did what in a workspace, in a chain that shows when somebody changed it afterwards.
 *
 * @example
 * ```ts
 * import * as Effect from "effect/Effect"
 * import { AuditLog } from "han-core/AuditLog"
 * import { OwnerId, Viewer } from "han-core/Viewer"
 *
 * const lastActs = (workspace: string) =>
 *   Effect.flatMap(AuditLog, (log) => log.page({ last: 20 })).pipe(
 *     Effect.map(({ items }) => items.map(({ node }) => `${new Date(node.at).toISOString()} ${node.action} ${node.outcome}`)),
 *     Effect.provideService(Viewer, { owner: OwnerId.make(workspace), person: null })
 *   )
 * ```
 */

import * as Context from "effect/Context"
import type * as Effect from "effect/Effect"
import * as Schema from "effect/Schema"
import type { Page, PageCursorInvalid, PageRequest } from "../store/Page.ts"
import type { StoreError } from "../store/StoreError.ts"
import { PersonId, type Viewer } from "../store/Viewer.ts"
import type { Slug } from "./Workspaces.ts"

/** The kinds of acts that are noted. */
export const AuditAction = Schema.Literal(
  "sign-in",
  "sign-out",
  "token.reuse",
  "workspace.create",
  "workspace.settings",
  "member.join",
  "member.role",
  "member.remove",
  "person.link",
  "invite.create",
  "invite.revoke",
  "key.create",
  "key.revoke",
  "session.view",
  "session.export",
  "session.forget",
  "access"
)
export type AuditAction = typeof AuditAction.Type

/** An act, as whoever does it notes it. */
export interface Act {
  /** Who did it; null: the operator of the server, by its command line. */
  readonly person: PersonId | null
  readonly action: AuditAction
  /** The id of what it was done to, such as a key's or a session's; null where there is none. Never a secret, never content. */
  readonly resource: string | null
  readonly outcome: "done" | "refused"
  /** What else is worth knowing, in a few words and numbers. */
  readonly detail: Readonly<Record<string, string | number | boolean | null>>
}

/** An act as it was noted. */
export const AuditEntry = Schema.Struct({
  /** Its place: 1, 2, 3, … without gaps. */
  seq: Schema.Int,
  /** Milliseconds since 1970. */
  at: Schema.Int,
  /** A name of the actor for this log alone; null: the operator of the server. It stays when the person is deleted. */
  actor: Schema.NullOr(Schema.String),
  /** Whom it means; null where that is not known any more. */
  person: Schema.NullOr(PersonId),
  action: AuditAction,
  resource: Schema.NullOr(Schema.String),
  outcome: Schema.Literal("done", "refused"),
  /** JSON. */
  detail: Schema.String
})
export type AuditEntry = typeof AuditEntry.Type

/** The result of following a chain from its beginning. */
export interface AuditVerdict {
  readonly workspace: Slug
  readonly entries: number
  /** The hash of the last entry, in hex; empty without any. Whoever keeps it elsewhere can tell later that nothing up to there was changed. */
  readonly hash: string
  /** The first entry that is not what was noted, or is missing; null when all are. */
  readonly firstBad: { readonly seq: number; readonly reason: "missing" | "changed" | "unlinked" } | null
}

/** The audit logs of the workspaces of a team server. */
export class AuditLog extends Context.Tag("han-core/AuditLog")<
  AuditLog,
  {
    /** Notes an act that changes nothing else: a view, an export, a refusal. Acts that change something are noted by whoever changes it, in the same transaction. */
    readonly note: (act: Act) => Effect.Effect<void, StoreError, Viewer>
    /** The viewer's workspace's log, the oldest entry first. */
    readonly page: (request: PageRequest) => Effect.Effect<Page<AuditEntry>, StoreError | PageCursorInvalid, Viewer>
    readonly count: Effect.Effect<number, StoreError, Viewer>
    /** Follows the chains of all workspaces, or of one; nothing for a workspace that is not there. For the operator of the server. */
    readonly verify: (only: Slug | null) => Effect.Effect<ReadonlyArray<AuditVerdict>, StoreError>
  }
>() {}
