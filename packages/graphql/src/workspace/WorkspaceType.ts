import * as Effect from "effect/Effect"
import { GraphQLEnumType, GraphQLList, GraphQLNonNull, GraphQLObjectType, GraphQLString } from "graphql"
import { type AuditEntry, AuditLog } from "han-core/AuditLog"
import { type Invite, type KeyFacts, type Member, Membership, type WorkspaceFacts } from "han-core/Membership"
import { mayWith, Right } from "han-core/Roles"
import type { KeyScope, Principal, Role } from "han-core/Workspaces"
import { always, alwaysListOf, type Fields, field, flag, id, int, isoOf, listOf, text } from "../context/Field.ts"
import type { GraphqlContext, TeamAsked } from "../context/GraphqlContext.ts"
import { connectionOf, connectionType, type PageArgs, pageArgs, pageOf } from "../relay/Connection.ts"
import { globalId } from "../relay/GlobalId.ts"
import { PersonType, personOf } from "./Person.ts"

export const RoleType = new GraphQLEnumType({
  name: "Role",
  description: "What a member may do.",
  values: {
    OWNER: { value: "owner", description: "Everything, and what owners alone may: billing, other owners, the end of the workspace." },
    ADMIN: { value: "admin", description: "Everything but that." },
    MEMBER: { value: "member", description: "To read all sessions, to send sessions, and to forget those that they sent." },
    VIEWER: { value: "viewer", description: "To read all sessions." },
    ANALYST: { value: "analyst", description: "To see usage, gates and activity in numbers, and no session." }
  } satisfies Record<Uppercase<Role>, { readonly value: Role; readonly description: string }>
})
export const KeyScopeType = new GraphQLEnumType({
  name: "KeyScope",
  description: "A use of a key.",
  values: {
    SYNC_WRITE: { value: "sync:write", description: "To send sessions." },
    READ: { value: "read", description: "To read what its person may read." },
    MANAGE: { value: "manage", description: "To change the workspace, its people and its keys, as far as its person may." }
  } satisfies Record<string, { readonly value: KeyScope; readonly description: string }>
})

export const MemberType = new GraphQLObjectType<Member>({
  name: "Member",
  description: "A person of the workspace.",
  fields: {
    person: field(new GraphQLNonNull(PersonType), "Who."),
    role: field(new GraphQLNonNull(RoleType), "What they may do."),
    joinedAt: always(text("Since when.", ({ joinedAt }) => isoOf(joinedAt)))
  }
})

export const WorkspaceType = new GraphQLObjectType<WorkspaceFacts>({
  name: "Workspace",
  description: "Whose sessions a team server shares.",
  fields: {
    slug: always(text("Its name in addresses and commands.")),
    name: always(text("What people call it.")),
    kind: always(text("`personal`: one person's own · `shared`.")),
    plan: always(text("What was agreed with whoever runs the server.")),
    encryption: always(text("What the server encrypts of its sessions.")),
    owners: alwaysListOf(GraphQLString, "Whose repositories belong to it: `github.com/acme`.", ({ owners }) =>
      owners.map(({ host, owner }) => `${host}/${owner}`)
    ),
    allowPersonal: always(flag("Whether sessions of people's own repositories are taken.")),
    contentAllowed: always(flag("Whether texts are taken, and not numbers and names alone."))
  }
})

const ViewerType = new GraphQLObjectType<Principal>({
  name: "Viewer",
  description: "Who asks.",
  fields: {
    person: field<Principal>(
      new GraphQLNonNull(PersonType),
      "The person.",
      async ({ name, person }, _, context) => (await personOf(person, context)) ?? { id: person, name, avatarUrl: null }
    ),
    role: field(new GraphQLNonNull(RoleType), "Their role in the workspace."),
    scopes: field(new GraphQLNonNull(new GraphQLList(new GraphQLNonNull(KeyScopeType))), "What they came with: the scopes of the key, or all."),
    rights: alwaysListOf<Principal>(GraphQLString, "What both leave them, in the words of the roles' table.", (principal) =>
      Right.literals.filter((right) => mayWith(principal, right))
    )
  }
})

export const InviteType = new GraphQLObjectType<Invite>({
  name: "Invite",
  description: "An invite that can still be redeemed.",
  fields: {
    id: always(id("What `revokeInvite` takes.")),
    role: field(new GraphQLNonNull(RoleType), "The role of whoever redeems it."),
    createdBy: field(PersonType, "Who made it.", ({ createdBy }, _, context) => personOf(createdBy, context)),
    createdAt: always(text("When.", ({ createdAt }) => isoOf(createdAt))),
    expiresAt: always(text("Until when it is good.", ({ expiresAt }) => isoOf(expiresAt)))
  }
})

export const ApiKeyType = new GraphQLObjectType<KeyFacts>({
  name: "ApiKey",
  description: "A key. Its secret was shown when it was made, and is not kept.",
  fields: {
    id: always(id("`ApiKey:` and `keyId`.", ({ keyId }) => globalId("ApiKey", keyId))),
    keyId: always(text("The first part of its text, by which it is known; what `revokeApiKey` takes.")),
    name: always(text("What it was called.")),
    person: field(PersonType, "Whose it is.", ({ person }, _, context) => personOf(person, context)),
    scopes: field(new GraphQLNonNull(new GraphQLList(new GraphQLNonNull(KeyScopeType))), "What it may be used for."),
    createdAt: always(text("When it was made.", ({ createdAt }) => isoOf(createdAt))),
    expiresAt: text("Until when it is good; null: for ever.", ({ expiresAt }) => isoOf(expiresAt)),
    lastUsedAt: text("When it was last used, to the minute; null: never.", ({ lastUsedAt }) => isoOf(lastUsedAt)),
    revokedAt: text("When it was revoked; null for one that is good.", ({ revokedAt }) => isoOf(revokedAt))
  }
})

const AuditEntryType = new GraphQLObjectType<AuditEntry>({
  name: "AuditEntry",
  description: "An act that was noted.",
  fields: {
    seq: always(int("Its place in the log: 1, 2, 3, …")),
    at: always(text("When.", ({ at }) => isoOf(at))),
    actor: text("A name of whoever did it that stays when the person is deleted; null: the operator of the server."),
    person: field(PersonType, "Whoever did it, where it is known.", ({ person }, _, context) => personOf(person, context)),
    action: always(text("What was done, e.g. `key.create`.")),
    resource: text("The id of what it was done to."),
    outcome: always(text("`done` or `refused`.")),
    detail: always(text("What else is known of it, as JSON."))
  }
})
const auditEntries = connectionType("AuditEntry", AuditEntryType, "acts in the audit log")

const ServerType = new GraphQLObjectType<GraphqlContext>({
  name: "Server",
  description: "The program that answers.",
  fields: {
    kind: always(text("`coordinator`: of a machine with one person · `team`: of workspaces.", (_, __, { team }) => (team === null ? "coordinator" : "team"))),
    version: always(text("Its version.", (_, __, { host }) => host.version)),
    features: alwaysListOf<GraphqlContext>(GraphQLString, "What it has beside what every one has.", (_, __, { team }) =>
      team === null ? ["machine", "sync"] : ["workspaces", "audit"]
    )
  }
})

/** Runs on a team server; null elsewhere, where there are no workspaces. */
const onTeam =
  <Args, A>(ask: (team: TeamAsked, args: Args) => Promise<A>) =>
  async (_: unknown, args: Args, { team }: GraphqlContext): Promise<A | null> =>
    team === null ? null : ask(team, args)

/** Root fields about the workspace and its people. */
export const workspaceFields: Fields<unknown> = {
  server: always(field<unknown>(ServerType, "The program that answers.", (_, __, context) => context)),
  viewer: field<unknown>(ViewerType, "Who asks; null on a machine with one person.", (_, __, { team }) => team?.principal ?? null),
  workspace: field<unknown>(
    WorkspaceType,
    "The workspace whose sessions are shown; null on a machine with one person.",
    onTeam(({ run }) => run(Effect.flatMap(Membership, ({ facts }) => facts)))
  ),
  members: listOf<unknown>(
    MemberType,
    "Its people, by name; null on a machine with one person.",
    onTeam(({ run }) => run(Effect.flatMap(Membership, ({ members }) => members)))
  ),
  invites: listOf<unknown>(
    InviteType,
    "Invites that can still be redeemed, the newest first; null on a machine with one person.",
    onTeam(({ run }) => run(Effect.flatMap(Membership, ({ invites }) => invites)))
  ),
  apiKeys: listOf<unknown>(
    ApiKeyType,
    "Keys, the newest first: one's own, and for whoever manages the workspace everybody's; null on a machine with one person.",
    onTeam(({ principal, run }) => run(Effect.flatMap(Membership, ({ keys }) => keys(mayWith(principal, "manage") ? null : principal.person))))
  ),
  auditLog: {
    ...field<unknown>(
      auditEntries.connection,
      "What people of the workspace did, the newest act last; null on a machine with one person.",
      onTeam(async ({ run }, args: PageArgs) => {
        const page = await run(Effect.flatMap(AuditLog, (log) => log.page(pageOf(args, actsAtOnce))))
        return connectionOf(page, () => run(Effect.flatMap(AuditLog, ({ count }) => count)))
      })
    ),
    args: pageArgs
  }
}
const actsAtOnce = 50
