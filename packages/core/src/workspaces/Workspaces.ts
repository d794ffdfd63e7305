/**
 * Who asks a team server: a person of a workspace, by an API key or a sign-in.
 *
 * @example
 * ```ts
 * import * as Effect from "effect/Effect"
 * import * as Redacted from "effect/Redacted"
 * import { Sessions } from "han-core/Sessions"
 * import { Viewer } from "han-core/Viewer"
 * import { ApiKeys, viewerOf } from "han-core/Workspaces"
 *
 * const sessionsSeenBy = (key: string) =>
 *   Effect.gen(function* () {
 *     const principal = yield* (yield* ApiKeys).authenticate(Redacted.make(key))
 *     return yield* Effect.flatMap(Sessions, (sessions) => sessions.count({})).pipe(Effect.provideService(Viewer, viewerOf(principal)))
 *   })
 * ```
 */

import * as Context from "effect/Context"
import type * as Effect from "effect/Effect"
import type * as Redacted from "effect/Redacted"
import * as Schema from "effect/Schema"
import type { StoreError } from "../store/StoreError.ts"
import { OwnerId, PersonId, type Viewer } from "../store/Viewer.ts"

/** The name of a workspace in addresses and commands: 1 to 63 small letters, digits and hyphens, no hyphen at its ends. */
export const Slug = Schema.String.pipe(Schema.pattern(/^[a-z0-9](?:[a-z0-9-]{0,61}[a-z0-9])?$/), Schema.brand("Slug"))
export type Slug = typeof Slug.Type

/** A use of a key: to send sessions, to read those of the workspace, to change the workspace, its people and its keys. */
export const KeyScope = Schema.Literal("sync:write", "read", "manage")
export type KeyScope = typeof KeyScope.Type

/** The rights of a person in a workspace. Of each workspace at least one is `owner`. */
export const Role = Schema.Literal("owner", "admin", "member", "viewer", "analyst")
export type Role = typeof Role.Type

/** The part that the server encrypts of a workspace's sessions; chosen when the workspace is made, for good. `off`: nothing, the operator's disks aside. */
export const EncryptionLevel = Schema.Literal("off")
export type EncryptionLevel = typeof EncryptionLevel.Type

/** A host of repositories and an account there, both in small letters: `{ host: "github.com", owner: "acme" }`; of a group in a group `acme/tools`. */
export const RepositoryOwner = Schema.Struct({ host: Schema.NonEmptyString, owner: Schema.NonEmptyString })
export type RepositoryOwner = typeof RepositoryOwner.Type

/** The name of a person on a host of repositories, both in small letters. */
export const Login = Schema.Struct({ host: Schema.NonEmptyString, login: Schema.NonEmptyString })
export type Login = typeof Login.Type

/** A workspace as one of its people sees it. */
export const Workspace = Schema.Struct({
  slug: Slug,
  name: Schema.String,
  /** `personal`: one person's own. */
  kind: Schema.Literal("personal", "shared"),
  /** Whose repositories' sessions belong here, by host and owner. */
  owners: Schema.Array(RepositoryOwner),
  /** Under which names the asking person has repositories of their own. */
  logins: Schema.Array(Login),
  /** Tells whether sessions of people's own repositories are taken. */
  allowPersonal: Schema.Boolean,
  /** Tells whether texts are taken, and not numbers and names alone. */
  contentAllowed: Schema.Boolean,
  encryption: EncryptionLevel
})
export type Workspace = typeof Workspace.Type

/** By which means somebody asks: an API key, or a sign-in, whose session has the id `sid`. Neither id is a secret. */
export const Via = Schema.Union(
  Schema.Struct({ kind: Schema.Literal("key"), keyId: Schema.String }),
  Schema.Struct({ kind: Schema.Literal("session"), sid: Schema.String })
)
export type Via = typeof Via.Type

/** The one who asks: one person, in one workspace, by one key or one sign-in. */
export const Principal = Schema.Struct({
  owner: OwnerId,
  person: PersonId,
  /** The person's. */
  name: Schema.String,
  role: Role,
  /** Those of the key; whoever is signed in has all. The role bounds them. */
  scopes: Schema.Array(KeyScope),
  via: Via,
  workspace: Workspace
})
export type Principal = typeof Principal.Type

/** On whose behalf the principal's questions are asked. */
export const viewerOf = ({ owner, person }: Principal): Context.Tag.Service<typeof Viewer> => ({ owner, person })

/** The wanted key, and whose it will be. What is not there yet is made; an owner or a login more is added to those that are known. */
export const KeyRequest = Schema.Struct({
  workspace: Slug,
  /** By the name that the workspace knows, or will know. */
  person: Schema.String.pipe(Schema.minLength(1), Schema.maxLength(200)),
  owners: Schema.Array(RepositoryOwner),
  logins: Schema.Array(Login),
  scopes: Schema.NonEmptyArray(KeyScope),
  /** Milliseconds since 1970; null: never. */
  expiresAt: Schema.NullOr(Schema.Int),
  /** Of a workspace that is made now; one that is there keeps its own. */
  encryption: EncryptionLevel
})
export type KeyRequest = typeof KeyRequest.Type

/** A key, which is shown once, and whose it is. */
export interface CreatedKey {
  readonly key: Redacted.Redacted
  readonly keyId: string
  readonly principal: Principal
  readonly madeWorkspace: boolean
  readonly madePerson: boolean
}

/**
 * Whoever asks is not let in. `invalid_key`: no such key was ever made, or its text is damaged · `expired_key`, `revoked_key` · `not_member`: the person is not, or is no longer, in the
 * workspace · `invalid_token`: an access token that this server did not make, or that has expired · `signed_out`: there is no such sign-in, or it has ended · `forged_request`: a browser sends
 * what a page of this server did not ask for.
 */
export class KeyRefused extends Schema.TaggedError<KeyRefused>("han-core/KeyRefused")("KeyRefused", {
  code: Schema.Literal("invalid_key", "expired_key", "revoked_key", "not_member", "invalid_token", "signed_out", "forged_request")
}) {
  override get message() {
    return refusals[this.code]
  }
}
const refusals = {
  invalid_key: "this is no API key of this server; copy it again, or ask for a new one",
  expired_key: "the API key has expired; ask for a new one",
  revoked_key: "the API key was revoked; ask for a new one",
  not_member: "you are no member of this workspace",
  invalid_token: "the access token is not valid, or has expired; refresh it",
  signed_out: "nobody is signed in; sign in again",
  forged_request: "the request does not come from a page of this server, or lacks its token"
} as const

/** The key cannot be made; the message says why. Nothing was changed. */
export class KeyNotMade extends Schema.TaggedError<KeyNotMade>("han-core/KeyNotMade")("KeyNotMade", { message: Schema.String }) {}

/** The API keys of a team server. */
export class ApiKeys extends Context.Tag("han-core/ApiKeys")<
  ApiKeys,
  {
    /**
     * Tells who has the key. A text with a wrong checksum is refused without a question to the database. What was revoked, or who left, is refused from then on: nothing is
     * remembered between two calls. Notes the last use, at most once a minute.
     */
    readonly authenticate: (text: Redacted.Redacted) => Effect.Effect<Principal, KeyRefused | StoreError>
    /**
     * Makes a key, and with it the workspace, the person and the membership that are not there. A workspace without owners of repositories is made as the person's own, which
     * takes sessions of their repositories; the first person of a workspace is its `owner`, others are `member`.
     */
    readonly create: (request: KeyRequest) => Effect.Effect<CreatedKey, KeyNotMade | StoreError>
  }
>() {}
