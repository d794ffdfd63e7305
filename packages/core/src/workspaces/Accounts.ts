/**
 * The accounts by which people sign in to a team server, and the workspaces that these lead to.
 *
 * @example
 * ```ts
 * import * as Effect from "effect/Effect"
 * import { Accounts } from "han-core/Accounts"
 * import { Slug } from "han-core/Workspaces"
 *
 * const roleIn = (sid: string, workspace: string) =>
 *   Effect.map(
 *     Effect.flatMap(Accounts, (accounts) => accounts.principal({ sid, workspace: Slug.make(workspace) })),
 *     ({ role }) => role
 *   )
 * ```
 */

import * as Context from "effect/Context"
import type * as Effect from "effect/Effect"
import * as Schema from "effect/Schema"
import type { StoreError } from "../store/StoreError.ts"
import type { PersonId } from "../store/Viewer.ts"
import type { KeyRefused, Principal, Slug } from "./Workspaces.ts"

/** An account at a provider: `github.com` and its number there, or an issuer of OpenID Connect and its `sub`. Nothing else says who somebody is: names and addresses pass to others. */
export const Account = Schema.Struct({ provider: Schema.NonEmptyString, id: Schema.NonEmptyString })
export type Account = typeof Account.Type

/** What a provider says of an account. `login`: the name on a host of repositories, null where the provider is none. */
export interface AccountFacts extends Account {
  readonly login: string | null
  readonly name: string
  /** An https address. */
  readonly avatarUrl: string | null
}

/** A workspace of a person. */
export interface OwnWorkspace {
  readonly slug: Slug
  readonly personal: boolean
}

/** Nobody is let in by this account, and nothing was written. `not_known`: it is linked to nobody, and the server admits nobody new by it · `closed`: its person was deleted. */
export class AccountRefused extends Schema.TaggedError<AccountRefused>("han-core/AccountRefused")("AccountRefused", {
  code: Schema.Literal("not_known", "closed")
}) {
  override get message() {
    return this.code === "closed" ? "this account was closed" : "nobody here is known by this account; ask for an invite, or have the operator link it"
  }
}

/** What was asked for cannot be made; the message says why. Nothing was changed. */
export class AccountNotChanged extends Schema.TaggedError<AccountNotChanged>("han-core/AccountNotChanged")("AccountNotChanged", {
  message: Schema.String
}) {}

/** The people of a team server by their accounts. */
export class Accounts extends Context.Tag("han-core/Accounts")<
  Accounts,
  {
    /**
     * Finds the person of an account. `admit`: whoever is not known is made a person, and has a workspace of their own; otherwise they are refused. What the provider says of the
     * account's login and picture is kept; an address never is.
     */
    readonly enter: (account: AccountFacts, options: { readonly admit: boolean }) => Effect.Effect<PersonId, AccountRefused | StoreError>
    /**
     * Tells who asks by a sign-in, and in which workspace: the one that is named, else their only one, else their own, else the first by name. Nothing is remembered between two calls.
     */
    readonly principal: (asked: { readonly sid: string; readonly workspace: Slug | null }) => Effect.Effect<Principal, KeyRefused | StoreError>
    /** Whose sign-in it is, and their workspaces, the own one first, then by name. */
    readonly person: (
      sid: string
    ) => Effect.Effect<{ readonly id: PersonId; readonly name: string; readonly workspaces: ReadonlyArray<OwnWorkspace> }, KeyRefused | StoreError>
    /** Lets a person who is here, by their name or id, sign in by an account. */
    readonly link: (person: string, account: Account) => Effect.Effect<PersonId, AccountNotChanged | StoreError>
    /** Makes a shared workspace, whose owner is whoever signs in by this account; they are made if need be. */
    readonly createWorkspace: (
      slug: Slug,
      owner: Account
    ) => Effect.Effect<{ readonly person: PersonId; readonly madePerson: boolean }, AccountNotChanged | StoreError>
  }
>() {}
