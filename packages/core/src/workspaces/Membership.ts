/**
 * The people of a workspace of a team server, their roles, invites and keys.
 *
 * @example
 * ```ts
 * import * as Effect from "effect/Effect"
 * import * as Redacted from "effect/Redacted"
 * import { Membership } from "han-core/Membership"
 * import { ApiKeys, viewerOf } from "han-core/Workspaces"
 * import { Viewer } from "han-core/Viewer"
 *
 * const codeForViewer = (key: string) =>
 *   Effect.gen(function* () {
 *     const principal = yield* (yield* ApiKeys).authenticate(Redacted.make(key))
 *     const membership = yield* Membership
 *     const { code } = yield* membership.createInvite(principal, { role: "viewer" }).pipe(Effect.provideService(Viewer, viewerOf(principal)))
 *     return Redacted.value(code)
 *   })
 * ```
 */

import * as Context from "effect/Context"
import type * as Effect from "effect/Effect"
import type * as Redacted from "effect/Redacted"
import * as Schema from "effect/Schema"
import type { StoreError } from "../store/StoreError.ts"
import { type OwnerId, PersonId, type Viewer } from "../store/Viewer.ts"
import { KeyScope, type Principal, RepositoryOwner, Role, Slug } from "./Workspaces.ts"

/** A person as others of the workspace see them. */
export const Person = Schema.Struct({ id: PersonId, name: Schema.String, avatarUrl: Schema.NullOr(Schema.String) })
export type Person = typeof Person.Type

/** A person of the workspace. Times are milliseconds since 1970. */
export const Member = Schema.Struct({ person: Person, role: Role, joinedAt: Schema.Int })
export type Member = typeof Member.Type

/** The workspace and its settings. */
export const WorkspaceFacts = Schema.Struct({
  slug: Slug,
  name: Schema.String,
  kind: Schema.Literal("personal", "shared"),
  plan: Schema.String,
  encryption: Schema.String,
  owners: Schema.Array(RepositoryOwner),
  allowPersonal: Schema.Boolean,
  contentAllowed: Schema.Boolean
})
export type WorkspaceFacts = typeof WorkspaceFacts.Type

/** An invite that can still be redeemed. */
export const Invite = Schema.Struct({
  id: Schema.String,
  role: Role,
  createdBy: Schema.NullOr(PersonId),
  createdAt: Schema.Int,
  expiresAt: Schema.Int
})
export type Invite = typeof Invite.Type

/** What may be known of a key: never its secret. */
export const KeyFacts = Schema.Struct({
  keyId: Schema.String,
  name: Schema.String,
  person: PersonId,
  scopes: Schema.Array(KeyScope),
  createdAt: Schema.Int,
  expiresAt: Schema.NullOr(Schema.Int),
  lastUsedAt: Schema.NullOr(Schema.Int),
  revokedAt: Schema.NullOr(Schema.Int)
})
export type KeyFacts = typeof KeyFacts.Type

/** The key that somebody wants for themselves. */
export interface OwnKeyRequest {
  readonly name: string
  readonly scopes: readonly [KeyScope, ...ReadonlyArray<KeyScope>]
  /** Milliseconds since 1970; null: never. */
  readonly expiresAt: number | null
}

/** The settings that are changed; those that are absent stay. */
export interface WorkspaceChange {
  readonly name?: string | undefined
  readonly allowPersonal?: boolean | undefined
  readonly contentAllowed?: boolean | undefined
}

/** The membership that an invite led to. */
export interface Joined {
  readonly owner: OwnerId
  readonly workspace: Slug
  readonly role: Role
}

/**
 * The change is refused, and nothing was changed. `not_there`: there is no such person, invite, key or code, or it is used up · `not_allowed`: the role does not allow it ·
 * `last_owner`: a workspace keeps an owner · `member`: the person is one already · `personal`: the workspace is one person's own · `invalid`: the message says what.
 */
export class ChangeRefused extends Schema.TaggedError<ChangeRefused>("han-core/ChangeRefused")("ChangeRefused", {
  code: Schema.Literal("not_there", "not_allowed", "last_owner", "member", "personal", "invalid"),
  message: Schema.String
}) {}

/** Milliseconds for which an invite is good. */
export const inviteMs = 24 * 3_600_000

type Change<A> = Effect.Effect<A, ChangeRefused | StoreError, Viewer>

/** Workspaces as their people see and change them. Every change looks at the role that whoever makes it has at that moment, and is noted in the audit log in its own transaction. */
export class Membership extends Context.Tag("han-core/Membership")<
  Membership,
  {
    readonly facts: Effect.Effect<WorkspaceFacts, StoreError, Viewer>
    /** Those of these who are or were in the workspace. */
    readonly people: (ids: ReadonlyArray<PersonId>) => Effect.Effect<ReadonlyMap<PersonId, Person>, StoreError, Viewer>
    /** By name. */
    readonly members: Effect.Effect<ReadonlyArray<Member>, StoreError, Viewer>
    /** The newest first. */
    readonly invites: Effect.Effect<ReadonlyArray<Invite>, StoreError, Viewer>
    /** Keys of one person, or of all, those that were revoked or have expired included; the newest first. */
    readonly keys: (of: PersonId | null) => Effect.Effect<ReadonlyArray<KeyFacts>, StoreError, Viewer>
    /** Whoever redeems the code within 24 hours, once, becomes a member with this role. Only an owner invites an owner. */
    readonly createInvite: (by: Principal, wanted: { readonly role: Role }) => Change<{ readonly invite: Invite; readonly code: Redacted.Redacted }>
    readonly revokeInvite: (by: Principal, id: string) => Change<void>
    /** Makes a person a member of the workspace that the code leads to, which is another one than the viewer's. Who was removed comes back with the invite's role. */
    readonly redeem: (person: Pick<Person, "id" | "name">, code: Redacted.Redacted) => Effect.Effect<Joined, ChangeRefused | StoreError>
    readonly changeRole: (by: Principal, person: PersonId, role: Role) => Change<Member>
    /** Ends a membership, and the keys that came with it. What the person synced stays. Everybody may remove themselves. */
    readonly remove: (by: Principal, person: PersonId) => Change<void>
    /** A key of whoever asks, with no scope that they do not come with themselves. It is shown once. */
    readonly createKey: (by: Principal, request: OwnKeyRequest) => Change<{ readonly key: Redacted.Redacted; readonly facts: KeyFacts }>
    readonly revokeKey: (by: Principal, keyId: string) => Change<void>
    readonly changeSettings: (by: Principal, change: WorkspaceChange) => Change<WorkspaceFacts>
  }
>() {}
