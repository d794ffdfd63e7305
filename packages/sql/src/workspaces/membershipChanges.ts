import { randomUUID } from "node:crypto"
import type { SqlError } from "@effect/sql/SqlError"
import * as Clock from "effect/Clock"
import * as Effect from "effect/Effect"
import type * as Redacted from "effect/Redacted"
import type { Act } from "han-core/AuditLog"
import * as InviteCode from "han-core/InviteCode"
import { ChangeRefused, type Invite, inviteMs, type Membership } from "han-core/Membership"
import { mayWith, type Right } from "han-core/Roles"
import type { PersonId } from "han-core/Viewer"
import type { Principal, Role, Slug } from "han-core/Workspaces"
import { command, type Database, OwnerNo, storable, storeError } from "../database/Database.ts"
import { audit } from "./audit.ts"
import { storeKey } from "./createKey.ts"
import { facts, memberIn } from "./membershipRows.ts"
import { asOwner, type Find } from "./principal.ts"

type Db = typeof Database.Service
type Service = typeof Membership.Service

const refused = (code: ChangeRefused["code"], message: string) => new ChangeRefused({ code, message })
const notThere = refused("not_there", "it is not there, or not any more")

/** A workspace that is being changed, and whoever changes it. */
interface Changing {
  readonly owner: number
  readonly now: number
  readonly kind: string
  /** Fails for whoever has not the right at this moment. */
  readonly needs: (right: Right) => Effect.Effect<void, ChangeRefused>
}

/** Runs a change in a transaction of its own. Those of one workspace follow each other, so that each sees what the one before left. */
const changing = <A>(database: Db, operation: string, by: Principal, change: (of: Changing) => Effect.Effect<A, ChangeRefused | SqlError, OwnerNo>) =>
  database
    .transaction(
      Effect.gen(function* () {
        const owner = yield* OwnerNo
        const sql = database.write
        const now = yield* Clock.currentTimeMillis
        const [workspace] = yield* sql<{ kind: string }>`SELECT kind FROM workspace WHERE owner_no = ${owner} AND deleted_at IS NULL FOR UPDATE`
        const [member] = yield* sql<{ role: Role }>`SELECT role FROM member WHERE owner_no = ${owner} AND person = ${by.person} AND removed_at IS NULL`
        const needs = (right: Right) =>
          member !== undefined && mayWith({ role: member.role, scopes: by.scopes }, right)
            ? Effect.void
            : refused("not_allowed", `this needs the right "${right}", which your role or your key does not have`)
        return workspace === undefined ? yield* notThere : yield* change({ owner, now, kind: workspace.kind, needs })
      })
    )
    .pipe(command(database, operation), Effect.withSpan(`Membership.${operation}`))

const act = (by: Principal, action: Act["action"], resource: string, detail: Act["detail"] = {}): Act => ({
  person: by.person,
  action,
  resource,
  outcome: "done",
  detail
})

/** Owners are made by owners. */
const needsFor = (role: Role): Right => (role === "owner" ? "govern" : "manage")

export const createInvite =
  (database: Db): Service["createInvite"] =>
  (by, { role }) =>
    changing(database, "createInvite", by, ({ kind, needs, now, owner }) =>
      Effect.gen(function* () {
        yield* needs("manage")
        yield* needs(needsFor(role))
        if (kind === "personal") return yield* refused("personal", "this workspace is one person's own; make a shared one for others")
        const sql = database.write
        const code = yield* InviteCode.make
        const hash = InviteCode.hashOf(code)
        const invite: Invite = { id: randomUUID(), role, createdBy: by.person, createdAt: now, expiresAt: now + inviteMs }
        yield* sql`INSERT INTO owner_lookup ${sql.insert({ kind: "invite", name: hash, no: owner })}`
        yield* sql`INSERT INTO invite ${sql.insert({ owner_no: owner, id: invite.id, code_hash: hash, role, created_by: by.person, created_at: now, expires_at: invite.expiresAt })}`
        yield* audit(sql, act(by, "invite.create", invite.id, { role }))
        return { invite, code }
      })
    )

export const revokeInvite =
  (database: Db): Service["revokeInvite"] =>
  (by, id) =>
    changing(database, "revokeInvite", by, ({ needs, now, owner }) =>
      Effect.gen(function* () {
        yield* needs("manage")
        const sql = database.write
        const rows = yield* sql<{ code_hash: string }>`
          UPDATE invite SET revoked_at = ${now} WHERE owner_no = ${owner} AND id = ${storable(id)} AND used_at IS NULL AND revoked_at IS NULL RETURNING code_hash`
        if (rows[0] === undefined) return yield* notThere
        yield* sql`DELETE FROM owner_lookup WHERE no = ${owner} AND kind = 'invite' AND name = ${rows[0].code_hash}`
        yield* audit(sql, act(by, "invite.revoke", id))
      })
    )

interface OpenInvite {
  readonly id: string
  readonly role: Role
  readonly slug: Slug
}

/** Finds the workspace before there is a viewer of it; all that follows is of its owner. */
export const redeem = (database: Db, find: Find): Service["redeem"] =>
  Effect.fn("Membership.redeem")(
    function* (person, code: Redacted.Redacted) {
      const hash = InviteCode.hashOf(code)
      const found = yield* find("invite", hash)
      if (found === undefined) return yield* notThere
      return yield* asOwner(
        database,
        found.no,
        Effect.gen(function* () {
          const sql = database.write
          const now = yield* Clock.currentTimeMillis
          const [invite] = yield* sql<OpenInvite>`
            SELECT i.id, i.role, w.slug FROM invite i JOIN workspace w ON w.owner_no = ${found.no}
            WHERE i.owner_no = ${found.no} AND i.code_hash = ${hash} AND i.used_at IS NULL AND i.revoked_at IS NULL AND i.expires_at > ${now} AND w.deleted_at IS NULL
            FOR UPDATE`
          if (invite === undefined) return yield* notThere
          const joined = yield* sql`
            INSERT INTO member ${sql.insert({ owner_no: found.no, person: person.id, role: invite.role, joined_at: now })}
            ON CONFLICT (owner_no, person) DO UPDATE SET role = excluded.role, joined_at = excluded.joined_at, removed_at = NULL
            WHERE member.owner_no = ${found.no} AND member.removed_at IS NOT NULL RETURNING person`
          if (joined.length === 0) return yield* refused("member", "you are a member of this workspace already")
          yield* sql`UPDATE invite SET used_by = ${person.id}, used_at = ${now} WHERE owner_no = ${found.no} AND id = ${invite.id}`
          yield* sql`DELETE FROM owner_lookup WHERE no = ${found.no} AND kind = 'invite' AND name = ${hash}`
          yield* audit(sql, {
            person: person.id,
            action: "member.join",
            resource: person.id,
            outcome: "done",
            detail: { role: invite.role, invite: invite.id }
          })
          return { owner: found.id, workspace: invite.slug, role: invite.role }
        })
      )
    },
    storeError(database, "redeem an invite")
  )

/** Fails when nobody would be left who owns the workspace. */
const keepsAnOwner = Effect.fnUntraced(function* (database: Db, owner: number, without: PersonId) {
  const [row] = yield* database.write<{ count: number }>`
    SELECT COUNT(*) AS count FROM member WHERE owner_no = ${owner} AND role = 'owner' AND removed_at IS NULL AND person <> ${without}`
  if (row!.count === 0) return yield* refused("last_owner", "a workspace keeps an owner; make somebody else one first")
})

export const changeRole =
  (database: Db): Service["changeRole"] =>
  (by, person, role) =>
    changing(database, "changeRole", by, ({ needs, owner }) =>
      Effect.gen(function* () {
        yield* needs("manage")
        const sql = database.write
        const member = yield* memberIn(database, person)
        if (member === undefined) return yield* notThere
        for (const one of [member.role, role]) yield* needs(needsFor(one))
        if (role !== "owner") yield* keepsAnOwner(database, owner, person)
        yield* sql`UPDATE member SET role = ${role} WHERE owner_no = ${owner} AND person = ${person}`
        yield* audit(sql, act(by, "member.role", person, { from: member.role, to: role }))
        return { ...member, role }
      })
    )

export const remove =
  (database: Db): Service["remove"] =>
  (by, person) =>
    changing(database, "remove", by, ({ needs, now, owner }) =>
      Effect.gen(function* () {
        yield* needs("manage")
        const sql = database.write
        const member = yield* memberIn(database, person)
        if (member === undefined) return yield* notThere
        yield* needs(needsFor(member.role))
        yield* keepsAnOwner(database, owner, person)
        yield* sql`UPDATE member SET removed_at = ${now} WHERE owner_no = ${owner} AND person = ${person}`
        // Whoever comes back gets new ones.
        yield* sql`UPDATE api_key SET revoked_at = ${now} WHERE owner_no = ${owner} AND person = ${person} AND revoked_at IS NULL`
        yield* audit(sql, act(by, "member.remove", person, { role: member.role }))
      })
    )

export const createKey =
  (database: Db): Service["createKey"] =>
  (by, { expiresAt, name, scopes }) =>
    changing(database, "createKey", by, ({ needs, now, owner }) =>
      Effect.gen(function* () {
        yield* needs("keys.own")
        if (name.trim() === "" || name.length > 200) return yield* refused("invalid", "a key has a name of 1 to 200 characters")
        if (expiresAt !== null && expiresAt <= now) return yield* refused("invalid", "a key expires in the time to come")
        const more = scopes.find((scope) => !by.scopes.includes(scope))
        if (more !== undefined) return yield* refused("not_allowed", `you have not the scope ${more} yourself`)
        const sql = database.write
        const key = yield* storeKey(sql, owner, by.person, { name, scopes, expiresAt }, now)
        yield* audit(sql, act(by, "key.create", key.keyId, { scopes: scopes.join(","), person: by.person }))
        return {
          key: key.text,
          facts: { keyId: key.keyId, name, person: by.person, scopes, createdAt: now, expiresAt, lastUsedAt: null, revokedAt: null }
        }
      })
    )

export const revokeKey =
  (database: Db): Service["revokeKey"] =>
  (by, keyId) =>
    changing(database, "revokeKey", by, ({ needs, now, owner }) =>
      Effect.gen(function* () {
        yield* needs("keys.own")
        const sql = database.write
        const any = yield* Effect.isSuccess(needs("manage"))
        const rows = yield* sql<{ person: PersonId }>`
          UPDATE api_key SET revoked_at = ${now} WHERE owner_no = ${owner} AND key_id = ${storable(keyId)} AND revoked_at IS NULL AND (${any} OR person = ${by.person}) RETURNING person`
        if (rows[0] === undefined) return yield* notThere
        yield* audit(sql, act(by, "key.revoke", keyId, { person: rows[0].person }))
      })
    )

export const changeSettings =
  (database: Db): Service["changeSettings"] =>
  (by, { allowPersonal, contentAllowed, name }) =>
    changing(database, "changeSettings", by, ({ needs, owner }) =>
      Effect.gen(function* () {
        yield* needs("manage")
        if (name !== undefined && (name.trim() === "" || name.length > 100)) return yield* refused("invalid", "a workspace has a name of 1 to 100 characters")
        const sql = database.write
        const settings = { ...(allowPersonal !== undefined && { allowPersonal }), ...(contentAllowed !== undefined && { contentAllowed }) }
        yield* sql`UPDATE workspace SET name = COALESCE(${name === undefined ? null : storable(name)}::text, name), settings = settings || ${JSON.stringify(settings)}::jsonb
          WHERE owner_no = ${owner}`
        const after = yield* facts(database)
        yield* audit(sql, act(by, "workspace.settings", after.slug, { ...(name !== undefined && { name: true }), ...settings }))
        return after
      })
    )
