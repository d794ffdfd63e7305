import * as Effect from "effect/Effect"
import * as Either from "effect/Either"
import * as Redacted from "effect/Redacted"
import { type AccountFacts, Accounts } from "han-core/Accounts"
import { SignIns } from "han-core/SignIns"
import { PersonId } from "han-core/Viewer"
import { Slug } from "han-core/Workspaces"
import * as PgStore from "han-sql/PgStore"
import pg from "pg"
import { afterAll, beforeAll, expect, it } from "vitest"
import { movedClock } from "../../../../test/clock.ts"
import { createStoreDatabase } from "../../../../test/postgresStore.ts"

let database: Awaited<ReturnType<typeof createStoreDatabase>>
beforeAll(async () => {
  database = await createStoreDatabase("sign_ins")
})
afterAll(() => database.drop())

const on = <A, E>(
  use: (services: { readonly accounts: typeof Accounts.Service; readonly signIns: typeof SignIns.Service }) => Effect.Effect<A, E>
): Promise<A> =>
  Effect.runPromise(
    Effect.flatMap(Effect.all({ accounts: Accounts, signIns: SignIns }), use).pipe(
      Effect.provide(PgStore.layer({ url: Redacted.make(database.url), maxWaitMs: 60_000 }))
    )
  )
const asked = async <A>(ask: (client: pg.Client) => Promise<A>): Promise<A> => {
  const client = new pg.Client({ connectionString: database.url })
  await client.connect()
  try {
    return await ask(client)
  } finally {
    await client.end()
  }
}
const said = (text: string, values: ReadonlyArray<unknown> = []) => Effect.promise(() => asked(async (client) => (await client.query(text, [...values])).rows))

const account = (id: string, more: Partial<AccountFacts> = {}): AccountFacts => ({
  provider: "github.com",
  id,
  login: `login-${id}`,
  name: `Name ${id}`,
  avatarUrl: null,
  ...more
})
const ada = PersonId.make("ada")
const verifier = "v".repeat(43)
const challenge = Buffer.from(new Bun.CryptoHasher("sha256").update(verifier).digest()).toString("base64url")
const cli = { kind: "cli", redirectUri: "http://127.0.0.1:1/", state: "s", challenge, client: "han" } as const
const codeOf = <A, E extends object>(effect: Effect.Effect<A, E>) =>
  Effect.map(Effect.either(effect), (answer) => (Either.isRight(answer) ? "let in" : "code" in answer.left ? answer.left.code : answer.left))
const signedIn = (signIns: typeof SignIns.Service, person = ada) =>
  Effect.gen(function* () {
    const code = yield* signIns.issueCode({ person, intent: cli })
    return yield* signIns.redeem({ code, verifier, redirectUri: cli.redirectUri })
  })

it("AUT-07 Twenty refreshes at once with one token are all answered with the same successor, of one family (RFC 9700 4.14.2)", () =>
  on(({ signIns }) =>
    Effect.gen(function* () {
      const { refreshToken, sid } = yield* signedIn(signIns)
      const all = yield* Effect.all(
        Array.from({ length: 20 }, () => signIns.refresh(refreshToken)),
        { concurrency: "unbounded" }
      )
      expect(new Set(all.map((grant) => Redacted.value(grant.refreshToken))).size).toBe(1)
      expect(new Set(all.map((grant) => grant.sid))).toEqual(new Set([sid]))
      expect(yield* codeOf(signIns.refresh(all[0]!.refreshToken))).toBe("let in")
    })
  ))

it("AUT-07 The token before is good for 60 seconds more, and 61 seconds later ends its family (RFC 9700 4.14.2)", () => {
  const { ahead, clock } = movedClock()
  return on(({ signIns }) =>
    Effect.gen(function* () {
      const first = yield* signedIn(signIns)
      const second = yield* signIns.refresh(first.refreshToken)
      ahead(59_000)
      expect(Redacted.value((yield* signIns.refresh(first.refreshToken)).refreshToken)).toBe(Redacted.value(second.refreshToken))
      ahead(2000)
      const replayed = yield* Effect.flip(signIns.refresh(first.refreshToken))
      expect(replayed).toMatchObject({ code: "invalid_grant", replayed: true })
      expect(yield* codeOf(signIns.refresh(second.refreshToken))).toBe("invalid_grant")
    }).pipe(Effect.withClock(clock))
  )
})

it("AUT-07 A token of two before ends its family at once, and one with another family's name ends nothing", () =>
  on(({ signIns }) =>
    Effect.gen(function* () {
      const first = yield* signedIn(signIns)
      const second = yield* signIns.refresh(first.refreshToken)
      const third = yield* signIns.refresh(second.refreshToken)
      const [, , once] = Redacted.value(first.refreshToken).split(".")
      const invented = Redacted.make(`hanr.${"A".repeat(43)}.${once}`)
      expect(yield* Effect.flip(signIns.refresh(invented))).toMatchObject({ code: "invalid_grant", replayed: false })
      expect(yield* codeOf(signIns.refresh(third.refreshToken))).toBe("let in")
      expect(yield* Effect.flip(signIns.refresh(first.refreshToken))).toMatchObject({ replayed: true })
      expect(yield* codeOf(signIns.refresh(third.refreshToken))).toBe("invalid_grant")
    })
  ))

it("AUT-04 A code without its verifier, for another address, too old, or a second time lets nobody in, and the second time ends the sign-in (RFC 7636 4.6, RFC 6749 4.1.2)", () => {
  const { ahead, clock } = movedClock()
  return on(({ signIns }) =>
    Effect.gen(function* () {
      const issue = signIns.issueCode({ person: ada, intent: cli })
      const redeem = (code: Redacted.Redacted, more: Partial<{ verifier: string; redirectUri: string }> = {}) =>
        signIns.redeem({ code, verifier, redirectUri: cli.redirectUri, ...more })
      const intercepted = yield* issue
      expect(yield* codeOf(redeem(intercepted, { verifier: "w".repeat(43) }))).toBe("invalid_grant")
      // Nor is the verifier guessed at.
      expect(yield* codeOf(redeem(intercepted))).toBe("invalid_grant")
      expect(yield* codeOf(redeem(yield* issue, { redirectUri: "http://127.0.0.1:2/" }))).toBe("invalid_grant")
      const used = yield* issue
      const grant = yield* redeem(used)
      expect(yield* Effect.flip(redeem(used))).toMatchObject({ code: "invalid_grant", replayed: true })
      expect(yield* codeOf(signIns.refresh(grant.refreshToken))).toBe("invalid_grant")
      const old = yield* issue
      ahead(61_000)
      expect(yield* codeOf(redeem(old))).toBe("invalid_grant")
    }).pipe(Effect.withClock(clock))
  )
})

it("AUT-05 A device waits, slows down, is let in once, is refused, or comes too late, and each has a name (RFC 8628 3.5)", () => {
  const { ahead, clock } = movedClock()
  return on(({ signIns }) =>
    Effect.gen(function* () {
      const begin = signIns.beginDevice({ client: "han", address: "192.0.2.1" })
      const { deviceCode, userCode } = yield* begin
      expect(userCode).toMatch(/^[BCDFGHJKLMNPQRSTVWXZ]{4}-[BCDFGHJKLMNPQRSTVWXZ]{4}$/)
      expect(yield* codeOf(signIns.poll(deviceCode))).toBe("authorization_pending")
      expect(yield* codeOf(signIns.poll(deviceCode))).toBe("slow_down")
      ahead(6000)
      // Five seconds were not enough any more.
      expect(yield* codeOf(signIns.poll(deviceCode))).toBe("slow_down")
      ahead(16_000)
      expect(yield* codeOf(signIns.poll(deviceCode))).toBe("authorization_pending")
      expect(yield* signIns.device(userCode.toLowerCase().replace("-", " "))).toMatchObject({ client: "han", address: "192.0.2.1" })
      expect(yield* signIns.decide({ userCode, person: ada, approve: true })).toBe(true)
      // Somebody else's answer comes too late.
      expect(yield* signIns.decide({ userCode, person: PersonId.make("bob"), approve: true })).toBe(false)
      ahead(16_000)
      const grant = yield* signIns.poll(deviceCode)
      expect(grant.person).toBe("ada")
      expect(yield* codeOf(signIns.poll(deviceCode))).toBe("invalid_grant")
      const denied = yield* begin
      yield* signIns.decide({ userCode: denied.userCode, person: ada, approve: false })
      expect(yield* codeOf(signIns.poll(denied.deviceCode))).toBe("access_denied")
      const late = yield* begin
      ahead(901_000)
      expect(yield* signIns.device(late.userCode)).toBeNull()
      expect(yield* codeOf(signIns.poll(late.deviceCode))).toBe("expired_token")
    }).pipe(Effect.withClock(clock))
  )
})

it("AUT-01 A state is good once, for ten minutes, for its provider and its browser (RFC 9700 4.7.1)", () => {
  const { ahead, clock } = movedClock()
  return on(({ signIns }) =>
    Effect.gen(function* () {
      const [browser, other] = [Redacted.make("browser"), Redacted.make("other")]
      const intent = { kind: "web", returnTo: "/auth/done" } as const
      const begin = signIns.begin({ provider: "github", browser, intent })
      const state = yield* begin
      expect(yield* signIns.take({ provider: "github", browser: other, state })).toBeNull()
      expect(yield* signIns.take({ provider: "oidc", browser, state })).toBeNull()
      expect(yield* signIns.take({ provider: "github", browser, state })).toEqual(intent)
      expect(yield* signIns.take({ provider: "github", browser, state })).toBeNull()
      const old = yield* begin
      ahead(601_000)
      expect(yield* signIns.take({ provider: "github", browser, state: old })).toBeNull()
    }).pipe(Effect.withClock(clock))
  )
})

it("AUT-02 An account is known by its provider's id alone: the same name and login at another id is another person", () =>
  on(({ accounts }) =>
    Effect.gen(function* () {
      const victim = yield* accounts.enter(account("1", { login: "ada", name: "Ada" }), { admit: true })
      const attacker = yield* accounts.enter(account("2", { login: "ada", name: "Ada" }), { admit: true })
      expect(attacker).not.toBe(victim)
      expect(yield* accounts.enter(account("1", { login: "renamed", name: "Ada" }), { admit: false })).toBe(victim)
    })
  ))

it("Whoever is not known is turned away, and no row is made", () =>
  on(({ accounts }) =>
    Effect.gen(function* () {
      const count = said(
        "SELECT (SELECT COUNT(*) FROM han.person)::int AS people, (SELECT COUNT(*) FROM han.identity)::int AS accounts, (SELECT COUNT(*) FROM han.owner)::int AS owners"
      )
      const before = yield* count
      expect(yield* codeOf(accounts.enter(account("404"), { admit: false }))).toBe("not_known")
      expect(yield* count).toEqual(before)
    })
  ))

it("A sign-in leads to the workspace that is named, else to the own one, else to the first by name, and to no other", () =>
  on(({ accounts, signIns }) =>
    Effect.gen(function* () {
      const person = yield* accounts.enter(account("7", { login: "grace", name: "Grace" }), { admit: true })
      yield* accounts.createWorkspace(Slug.make("a-shared"), { provider: "github.com", id: "7" })
      yield* accounts.createWorkspace(Slug.make("not-hers"), { provider: "github.com", id: "8" })
      const { secret, sid } = yield* signIns.open(person, "a browser")
      expect(yield* signIns.sessionOf(secret)).toBe(sid)
      const principal = (workspace: string | null) => accounts.principal({ sid, workspace: workspace === null ? null : Slug.make(workspace) })
      expect(yield* principal(null)).toMatchObject({
        person,
        name: "Grace",
        role: "owner",
        via: { kind: "session", sid },
        workspace: { slug: "grace", kind: "personal" }
      })
      expect((yield* principal("a-shared")).workspace).toMatchObject({ slug: "a-shared", kind: "shared", logins: [{ host: "github.com", login: "grace" }] })
      expect([yield* codeOf(principal("not-hers")), yield* codeOf(principal("not-there"))]).toEqual(["not_member", "not_member"])
      expect((yield* accounts.person(sid)).workspaces).toEqual([
        { slug: "grace", personal: true },
        { slug: "a-shared", personal: false }
      ])
      yield* said(
        "UPDATE han.member SET removed_at = 1 WHERE person = $1 AND owner_no = (SELECT no FROM han.owner_lookup WHERE kind = 'slug' AND name = 'grace')",
        [person]
      )
      expect((yield* principal(null)).workspace.slug).toBe("a-shared")
      yield* signIns.end(sid)
      expect(yield* codeOf(principal(null))).toBe("signed_out")
      expect(yield* signIns.sessionOf(secret)).toBeNull()
    })
  ))

it("A person of a key is joined with an account by hand, once, and by no account of somebody else", () =>
  on(({ accounts }) =>
    Effect.gen(function* () {
      yield* said("INSERT INTO han.person (id, name, created_at) VALUES ('k1', 'Kim', 1), ('t1', 'Twin', 1), ('t2', 'Twin', 1)")
      yield* said("INSERT INTO han.identity (person, provider, login, created_at) VALUES ('k1', 'github.com', 'kim', 1)")
      const link = (name: string, id: string) => Effect.either(accounts.link(name, { provider: "github.com", id }))
      expect(yield* link("Kim", "70")).toEqual(Either.right("k1"))
      expect(yield* link("Kim", "70")).toEqual(Either.right("k1"))
      expect(Either.isLeft(yield* link("Twin", "71"))).toBe(true)
      expect(Either.isLeft(yield* link("Nobody", "72"))).toBe(true)
      expect(Either.isLeft(yield* link("t1", "70"))).toBe(true)
      expect(yield* accounts.enter(account("70", { login: "Kim" }), { admit: false })).toBe("k1")
      expect(yield* said("SELECT provider_id, login FROM han.identity WHERE person = 'k1'")).toEqual([{ provider_id: "70", login: "kim" }])
    })
  ))

it("AUT-09 The database has no secret of a sign-in, in any form (ASVS 6.2.1)", () =>
  on(({ signIns }) =>
    Effect.gen(function* () {
      const grant = yield* signedIn(signIns)
      const next = yield* signIns.refresh(grant.refreshToken)
      const { secret } = yield* signIns.open(ada, "a browser")
      const state = yield* signIns.begin({ provider: "github", browser: Redacted.make("the-browser-secret"), intent: { kind: "web", returnTo: "/" } })
      const code = yield* signIns.issueCode({ person: ada, intent: cli })
      const { deviceCode, userCode } = yield* signIns.beginDevice({ client: "han", address: "::1" })
      const dump = (yield* said("SELECT schema_to_xml('han', true, true, '')::text AS dump"))[0].dump as string
      const secrets = [
        ...[grant, next].flatMap(({ refreshToken }) => Redacted.value(refreshToken).split(".").slice(1)),
        ...[secret, state, code, deviceCode].map(Redacted.value),
        userCode,
        userCode.replace("-", ""),
        "the-browser-secret"
      ]
      for (const one of secrets)
        for (const form of [one, Buffer.from(one).toString("base64").replace(/=+$/, ""), Buffer.from(one, "base64url").toString("base64").replace(/=+$/, "")])
          expect(form.length >= 8 && dump.includes(form)).toBe(false)
    })
  ))

it("The tables of sign-ins are for one role alone, and that sees no session of a workspace", () =>
  asked(async (client) => {
    const may = async (role: string, table: string) => {
      await client.query("BEGIN")
      try {
        await client.query(`SET LOCAL ROLE ${role}`)
        await client.query(`SELECT 1 FROM han.${table} LIMIT 1`)
        return true
      } catch {
        return false
      } finally {
        await client.query("ROLLBACK")
      }
    }
    for (const table of ["auth_session", "oauth_state", "auth_code", "device_code"]) {
      expect([table, await may("han_auth", table)]).toEqual([table, true])
      for (const role of ["han_app", "han_jobs", "han_words"]) expect([role, table, await may(role, table)]).toEqual([role, table, false])
    }
    for (const table of ["workspace", "member", "api_key", "block", "session_key"]) expect([table, await may("han_auth", table)]).toEqual([table, false])
  }))
