import * as Effect from "effect/Effect"
import * as Redacted from "effect/Redacted"
import * as TestClock from "effect/TestClock"
import * as TestContext from "effect/TestContext"
import { AuditLog } from "han-core/AuditLog"
import * as InviteCode from "han-core/InviteCode"
import { type ChangeRefused, inviteMs, Membership } from "han-core/Membership"
import { PersonId, Viewer } from "han-core/Viewer"
import { ApiKeys, type KeyRequest, type Principal, type Role, Slug, viewerOf } from "han-core/Workspaces"
import * as PgStore from "han-sql/PgStore"
import { afterAll, beforeAll, expect, it } from "vitest"
import { createStoreDatabase } from "../../../../test/postgresStore.ts"

let database: Awaited<ReturnType<typeof createStoreDatabase>>
beforeAll(async () => {
  database = await createStoreDatabase("membership")
})
afterAll(() => database.drop())

const on = <A, E>(effect: Effect.Effect<A, E, PgStore.PgServices>): Promise<A> =>
  Effect.runPromise(Effect.provide(effect, PgStore.layer({ url: Redacted.make(database.url), maxWaitMs: 60_000 })))

const create = (slug: string, person: string, more: Partial<KeyRequest> = {}) =>
  Effect.flatMap(ApiKeys, (keys) =>
    keys.create({
      workspace: Slug.make(slug),
      person,
      owners: [{ host: "github.com", owner: slug }],
      logins: [],
      scopes: ["sync:write", "read", "manage"],
      expiresAt: null,
      encryption: "off",
      ...more
    })
  )
const member = (slug: string, person: string, more?: Partial<KeyRequest>) => Effect.map(create(slug, person, more), ({ principal }) => principal)

type Asked<A, E> = (membership: typeof Membership.Service) => Effect.Effect<A, E, Viewer>
const as = <A, E>(principal: Principal, ask: Asked<A, E>) => Effect.flatMap(Membership, ask).pipe(Effect.provideService(Viewer, viewerOf(principal)))
const refusal = <A>(principal: Principal, ask: Asked<A, ChangeRefused | { readonly _tag: "StoreError" }>) =>
  Effect.map(Effect.flip(as(principal, ask)), (error) => (error._tag === "ChangeRefused" ? error.code : error._tag))
const rolesOf = (principal: Principal) =>
  Effect.map(
    as(principal, ({ members }) => members),
    (members) => Object.fromEntries(members.map(({ person, role }) => [person.name, role]))
  )
const actsOf = (principal: Principal) =>
  Effect.flatMap(AuditLog, (log) => log.page({ first: 100 })).pipe(
    Effect.provideService(Viewer, viewerOf(principal)),
    Effect.map(({ items }) => items.map(({ node }) => node.action))
  )
const newcomer = (name: string) => ({ id: PersonId.make(`person-${name}`), name })

it("An invite makes one person a member, once, with its role, and leads nobody else anywhere", () =>
  on(
    Effect.gen(function* () {
      const ada = yield* member("invites", "Ada")
      const carol = yield* member("elsewhere", "Carol")
      const { code, invite } = yield* as(ada, (membership) => membership.createInvite(ada, { role: "viewer" }))
      expect(Redacted.value(code)).toMatch(/^[BCDFGHJKLMNPQRSTVWXZ]{4}-[BCDFGHJKLMNPQRSTVWXZ]{4}$/)
      expect(invite.expiresAt - invite.createdAt).toBe(inviteMs)
      expect(yield* as(ada, ({ invites }) => invites)).toEqual([invite])
      expect(yield* as(carol, ({ invites }) => invites)).toEqual([])
      const typed = Redacted.make(` ${Redacted.value(code).toLowerCase().replace("-", "")} `)
      const membership = yield* Membership
      expect(yield* membership.redeem({ id: carol.person, name: carol.name }, typed)).toEqual({ owner: ada.owner, workspace: "invites", role: "viewer" })
      expect(yield* rolesOf(ada)).toEqual({ Ada: "owner", Carol: "viewer" })
      expect(yield* as(ada, ({ invites }) => invites)).toEqual([])
      for (const again of [code, Redacted.make("BCDF-GHJK"), Redacted.make("")])
        expect(yield* Effect.flip(membership.redeem(newcomer("dora"), again))).toMatchObject({ code: "not_there" })
      expect(yield* actsOf(ada)).toEqual(["workspace.create", "member.join", "key.create", "invite.create", "member.join"])
    })
  ))

it("An invite that was revoked, or is a day old, or whose person is a member already, makes nobody one", () =>
  on(
    Effect.gen(function* () {
      const ada = yield* member("stale", "Ada")
      const membership = yield* Membership
      const make = as(ada, (all) => all.createInvite(ada, { role: "member" }))
      const [revoked, own, old] = yield* Effect.all([make, make, make])
      yield* as(ada, (all) => all.revokeInvite(ada, revoked.invite.id))
      expect(yield* refusal(ada, (all) => all.revokeInvite(ada, revoked.invite.id))).toBe("not_there")
      expect(yield* Effect.flip(membership.redeem(newcomer("bob"), revoked.code))).toMatchObject({ code: "not_there" })
      expect(yield* Effect.flip(membership.redeem({ id: ada.person, name: "Ada" }, own.code))).toMatchObject({ code: "member" })
      const later = Effect.zipRight(TestClock.setTime(old.invite.expiresAt), membership.redeem(newcomer("bob"), old.code))
      expect(yield* Effect.flip(Effect.provide(later, TestContext.TestContext))).toMatchObject({ code: "not_there" })
    })
  ))

it("Two who redeem one code at the same moment become one member", () =>
  on(
    Effect.gen(function* () {
      const ada = yield* member("race", "Ada")
      yield* member("race", "Bob", { owners: [] })
      const { code } = yield* as(ada, (membership) => membership.createInvite(ada, { role: "member" }))
      const membership = yield* Membership
      const outcomes = yield* Effect.all(
        ["x", "y", "z"].map((name) => Effect.either(membership.redeem(newcomer(`race-${name}`), code))),
        { concurrency: "unbounded" }
      )
      expect(outcomes.filter(({ _tag }) => _tag === "Right")).toHaveLength(1)
    })
  ))

it("Roles decide who changes what, by what they are at that moment, and a workspace keeps an owner", () =>
  on(
    Effect.gen(function* () {
      const ada = yield* member("roles", "Ada")
      const people = new Map<Role, Principal>()
      for (const role of ["admin", "member", "viewer", "analyst"] as const) {
        const principal = yield* member("roles", role, { owners: [] })
        yield* as(ada, (all) => all.changeRole(ada, principal.person, role))
        people.set(role, { ...principal, role })
      }
      const [admin, plain] = [people.get("admin")!, people.get("member")!]
      for (const [role, by] of people) {
        const allowed = role === "admin"
        const tries = [
          Effect.either(as(by, (all) => all.createInvite(by, { role: "member" }))),
          Effect.either(as(by, (all) => all.changeSettings(by, { name: `by ${role}` }))),
          Effect.either(as(by, (all) => all.changeRole(by, plain.person, "member")))
        ]
        for (const tried of tries) expect([role, (yield* tried)._tag]).toEqual([role, allowed ? "Right" : "Left"])
        expect([role, yield* refusal(by, (all) => all.changeRole(by, by.person, "owner"))]).toEqual([role, "not_allowed"])
        expect([role, yield* refusal(by, (all) => all.remove(by, ada.person))]).toEqual([role, "not_allowed"])
        expect([role, yield* refusal(by, (all) => all.createInvite(by, { role: "owner" }))]).toEqual([role, "not_allowed"])
      }
      expect(yield* refusal(ada, (all) => all.changeRole(ada, ada.person, "admin"))).toBe("last_owner")
      expect(yield* refusal(ada, (all) => all.remove(ada, ada.person))).toBe("last_owner")
      yield* as(ada, (all) => all.changeRole(ada, admin.person, "owner"))
      yield* as(ada, (all) => all.changeRole(ada, ada.person, "viewer"))
      // The principal still says owner; the workspace says otherwise.
      expect(yield* refusal(ada, (all) => all.createInvite(ada, { role: "member" }))).toBe("not_allowed")
      expect(yield* refusal(ada, (all) => all.changeRole(ada, PersonId.make("nobody"), "member"))).toBe("not_allowed")
      expect(yield* refusal({ ...admin, role: "owner" }, (all) => all.changeRole(admin, PersonId.make("nobody"), "member"))).toBe("not_there")
    })
  ))

it("Who is removed is refused at once, comes back only by an invite, and without the keys of before", () =>
  on(
    Effect.gen(function* () {
      const keys = yield* ApiKeys
      const ada = yield* member("leaving", "Ada")
      const bob = yield* create("leaving", "Bob", { owners: [] })
      yield* as(ada, (all) => all.remove(ada, bob.principal.person))
      expect(yield* Effect.flip(keys.authenticate(bob.key))).toMatchObject({ _tag: "KeyRefused" })
      expect(yield* rolesOf(ada)).toEqual({ Ada: "owner" })
      expect((yield* as(ada, (all) => all.people([bob.principal.person]))).get(bob.principal.person)).toEqual({
        id: bob.principal.person,
        name: "Bob",
        avatarUrl: null
      })
      const { code } = yield* as(ada, (all) => all.createInvite(ada, { role: "analyst" }))
      yield* (yield* Membership).redeem({ id: bob.principal.person, name: "Bob" }, code)
      expect(yield* rolesOf(ada)).toEqual({ Ada: "owner", Bob: "analyst" })
      expect(yield* Effect.flip(keys.authenticate(bob.key))).toMatchObject({ code: "revoked_key" })
    })
  ))

it("People make keys of their own with no scope more than they have, and revoke their own; whoever manages revokes anybody's", () =>
  on(
    Effect.gen(function* () {
      const keys = yield* ApiKeys
      const ada = yield* member("keys-of", "Ada")
      const bob = yield* member("keys-of", "Bob", { owners: [], scopes: ["read", "manage"] })
      const reads = yield* as(bob, (all) => all.createKey(bob, { name: "laptop", scopes: ["read"], expiresAt: null }))
      expect(yield* keys.authenticate(reads.key)).toMatchObject({ person: bob.person, scopes: ["read"], role: "member" })
      expect(yield* refusal(bob, (all) => all.createKey(bob, { name: "laptop", scopes: ["sync:write"], expiresAt: null }))).toBe("not_allowed")
      expect(yield* refusal(bob, (all) => all.createKey(bob, { name: "", scopes: ["read"], expiresAt: null }))).toBe("invalid")
      expect(yield* refusal(bob, (all) => all.createKey(bob, { name: "old", scopes: ["read"], expiresAt: 1 }))).toBe("invalid")
      const reader: Principal = { ...bob, scopes: ["read"] }
      expect(yield* refusal(reader, (all) => all.createKey(reader, { name: "more", scopes: ["read"], expiresAt: null }))).toBe("not_allowed")
      const adas = (yield* as(ada, (all) => all.keys(ada.person))).map(({ keyId }) => keyId)
      // Another's key is as good as none.
      for (const id of [...adas, "000000000000"]) expect(yield* refusal(bob, (all) => all.revokeKey(bob, id))).toBe("not_there")
      expect((yield* as(ada, (all) => all.keys(null))).map(({ person }) => person).sort()).toEqual([ada.person, bob.person, bob.person].sort())
      yield* as(ada, (all) => all.revokeKey(ada, reads.facts.keyId))
      expect(yield* Effect.flip(keys.authenticate(reads.key))).toMatchObject({ code: "revoked_key" })
      const outsider = yield* member("keys-else", "Eve")
      expect(yield* refusal(outsider, (all) => all.revokeKey(outsider, adas[0]!))).toBe("not_there")
    })
  ))

it("Settings are changed one by one, and one person's own workspace invites nobody", () =>
  on(
    Effect.gen(function* () {
      const ada = yield* member("settled", "Ada")
      expect(yield* as(ada, ({ facts }) => facts)).toEqual({
        slug: "settled",
        name: "settled",
        kind: "shared",
        plan: "self-hosted",
        encryption: "off",
        owners: [{ host: "github.com", owner: "settled" }],
        allowPersonal: false,
        contentAllowed: true
      })
      yield* as(ada, (all) => all.changeSettings(ada, { contentAllowed: false }))
      expect(yield* as(ada, (all) => all.changeSettings(ada, { name: "The settled", allowPersonal: true }))).toMatchObject({
        name: "The settled",
        allowPersonal: true,
        contentAllowed: false
      })
      expect(yield* refusal(ada, (all) => all.changeSettings(ada, { name: " " }))).toBe("invalid")
      const own = yield* member("adas-own", "Ada", { owners: [] })
      expect(yield* refusal(own, (all) => all.createInvite(own, { role: "member" }))).toBe("personal")
    })
  ))

it("The hash of a code is that of its letters, however it is written", () => {
  const code = Effect.runSync(InviteCode.make)
  const text = Redacted.value(code)
  for (const written of [text.toLowerCase(), text.replace("-", " "), text.split("").join(" ")])
    expect(InviteCode.hashOf(Redacted.make(written))).toBe(InviteCode.hashOf(code))
  expect(InviteCode.hashOf(Redacted.make(`${text}B`))).not.toBe(InviteCode.hashOf(code))
})
