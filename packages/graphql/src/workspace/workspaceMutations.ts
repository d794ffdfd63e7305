import * as Effect from "effect/Effect"
import * as Redacted from "effect/Redacted"
import {
  GraphQLBoolean,
  GraphQLError,
  type GraphQLFieldConfigArgumentMap,
  GraphQLID,
  GraphQLList,
  GraphQLNonNull,
  GraphQLObjectType,
  GraphQLString
} from "graphql"
import { type Invite, type KeyFacts, Membership, type WorkspaceChange } from "han-core/Membership"
import type { PersonId } from "han-core/Viewer"
import type { KeyScope, Role } from "han-core/Workspaces"
import { always, type Fields, field, text } from "../context/Field.ts"
import type { GraphqlContext, TeamAsked } from "../context/GraphqlContext.ts"
import { rawIdOf } from "../relay/GlobalId.ts"
import { Int } from "../relay/Int.ts"
import { ApiKeyType, InviteType, KeyScopeType, MemberType, RoleType, WorkspaceType } from "./WorkspaceType.ts"

const CreatedInvite = new GraphQLObjectType<{ readonly invite: Invite; readonly code: Redacted.Redacted }>({
  name: "CreatedInvite",
  description: "An invite that was made.",
  fields: {
    invite: field(new GraphQLNonNull(InviteType), "The invite."),
    code: always(text("What the invited person redeems, once; it is not shown again.", ({ code }) => Redacted.value(code)))
  }
})
const CreatedApiKey = new GraphQLObjectType<{ readonly facts: KeyFacts; readonly key: Redacted.Redacted }>({
  name: "CreatedApiKey",
  description: "A key that was made.",
  fields: {
    apiKey: field(new GraphQLNonNull(ApiKeyType), "What is known of it.", ({ facts }) => facts),
    key: always(text("Its text; it is not shown again.", ({ key }) => Redacted.value(key)))
  }
})
const JoinedWorkspace = new GraphQLObjectType<{ readonly workspace: string; readonly role: Role }>({
  name: "JoinedWorkspace",
  description: "A membership that an invite led to.",
  fields: {
    slug: always(text("The workspace.", ({ workspace }) => workspace)),
    role: field(new GraphQLNonNull(RoleType), "What one may do there.")
  }
})

const required = (type: typeof GraphQLID | typeof RoleType | typeof GraphQLString, description: string) => ({ type: new GraphQLNonNull(type), description })

/** A change that only a team server can make. */
const changing = <Args, A>(change: (team: TeamAsked, args: Args) => Promise<A>) => {
  return (_: unknown, args: Args, { team }: GraphqlContext): Promise<A> => {
    if (team === null) throw new GraphQLError("only a team server has workspaces; ask yours", { extensions: { code: "OnlyOnATeamServer" } })
    return change(team, args)
  }
}
const mutation = <Args, A>(
  type: Parameters<typeof field>[0],
  description: string,
  args: GraphQLFieldConfigArgumentMap,
  change: (team: TeamAsked, args: Args) => Promise<A>
) => ({ ...field<unknown>(type, description, changing(change)), args })

const personArg = required(GraphQLID, "The person, by `id` or `personId`.")
const personIn = ({ person }: { readonly person: string }) => rawIdOf("Person", person) as PersonId
const day = 86_400_000

/** Changes of the workspace, its people and its keys. Each is noted in the audit log. */
export const workspaceMutations: Fields<unknown> = {
  createInvite: mutation(
    CreatedInvite,
    "Makes a code with which one person becomes a member, within 24 hours.",
    { role: required(RoleType, "Their role.") },
    ({ principal, run }, { role }: { readonly role: Role }) => run(Effect.flatMap(Membership, (membership) => membership.createInvite(principal, { role })))
  ),
  revokeInvite: mutation(
    GraphQLBoolean,
    "Makes an invite's code useless.",
    { id: required(GraphQLID, "The invite.") },
    ({ principal, run }, { id }: { readonly id: string }) =>
      run(Effect.flatMap(Membership, (membership) => Effect.as(membership.revokeInvite(principal, id), true)))
  ),
  redeemInvite: mutation(
    JoinedWorkspace,
    "Makes whoever asks a member of the workspace that a code leads to.",
    { code: required(GraphQLString, "The code; capitals and hyphens make no difference.") },
    ({ redeem }, { code }: { readonly code: string }) => redeem(Redacted.make(code.slice(0, 100)))
  ),
  changeMemberRole: mutation(
    MemberType,
    "Gives a member another role. The last owner stays one, and only owners make owners.",
    { person: personArg, role: required(RoleType, "The role from now on.") },
    ({ principal, run }, args: { readonly person: string; readonly role: Role }) =>
      run(Effect.flatMap(Membership, (membership) => membership.changeRole(principal, personIn(args), args.role)))
  ),
  removeMember: mutation(
    GraphQLBoolean,
    "Ends a membership, at once. What the person synced stays.",
    { person: personArg },
    ({ principal, run }, args: { readonly person: string }) =>
      run(Effect.flatMap(Membership, (membership) => Effect.as(membership.remove(principal, personIn(args)), true)))
  ),
  createApiKey: mutation(
    CreatedApiKey,
    "Makes a key of whoever asks.",
    {
      name: required(GraphQLString, "What to call it."),
      scopes: {
        type: new GraphQLNonNull(new GraphQLList(new GraphQLNonNull(KeyScopeType))),
        description: "What it may be used for; nothing that whoever asks may not."
      },
      expiresInDays: { type: Int, description: "For how long it is good; 365 without, 0: for ever." }
    },
    (
      { principal, run },
      { expiresInDays, name, scopes }: { readonly name: string; readonly scopes: ReadonlyArray<KeyScope>; readonly expiresInDays?: number | null }
    ) => {
      const [first, ...others] = [...new Set(scopes)]
      if (first === undefined) throw new GraphQLError("a key has a scope at least", { extensions: { code: "ChangeRefused" } })
      const days = expiresInDays ?? 365
      if (days < 0 || days > 36_500) throw new GraphQLError("expiresInDays is 0 to 36500", { extensions: { code: "ChangeRefused" } })
      return run(
        Effect.flatMap(Membership, (membership) =>
          Effect.flatMap(
            Effect.clockWith((clock) => clock.currentTimeMillis),
            (now) => membership.createKey(principal, { name, scopes: [first, ...others], expiresAt: days === 0 ? null : now + days * day })
          )
        )
      )
    }
  ),
  revokeApiKey: mutation(
    GraphQLBoolean,
    "Makes a key useless, at once: one's own, or for whoever manages the workspace anybody's.",
    { keyId: required(GraphQLID, "The key, by `id` or `keyId`.") },
    ({ principal, run }, { keyId }: { readonly keyId: string }) =>
      run(Effect.flatMap(Membership, (membership) => Effect.as(membership.revokeKey(principal, rawIdOf("ApiKey", keyId)), true)))
  ),
  changeWorkspace: mutation(
    WorkspaceType,
    "Changes what is settled for the workspace; what is not given stays.",
    {
      name: { type: GraphQLString, description: "What to call it." },
      allowPersonal: { type: GraphQLBoolean, description: "Whether sessions of people's own repositories are taken." },
      contentAllowed: { type: GraphQLBoolean, description: "Whether texts are taken." }
    },
    ({ principal, run }, { allowPersonal, contentAllowed, name }: { readonly [Name in keyof WorkspaceChange]?: WorkspaceChange[Name] | null }) =>
      run(
        Effect.flatMap(Membership, (membership) =>
          membership.changeSettings(principal, {
            name: name ?? undefined,
            allowPersonal: allowPersonal ?? undefined,
            contentAllowed: contentAllowed ?? undefined
          })
        )
      )
  )
}
