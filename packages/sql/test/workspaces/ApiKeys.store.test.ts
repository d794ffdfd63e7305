import * as Effect from "effect/Effect"
import * as Either from "effect/Either"
import * as Redacted from "effect/Redacted"
import * as Workspaces from "han-core/Workspaces"
import { Slug } from "han-core/Workspaces"
import * as PgStore from "han-sql/PgStore"
import { PgHealth } from "han-sql/unstable/PgHealth"
import pg from "pg"
import { afterAll, beforeAll, expect, it } from "vitest"
import { createStoreDatabase } from "../../../../test/postgresStore.ts"

type Database = Awaited<ReturnType<typeof createStoreDatabase>>

let database: Database
beforeAll(async () => {
  database = await createStoreDatabase("keys")
})
afterAll(() => database.drop())

const on = <A, E>(effect: Effect.Effect<A, E, PgStore.PgServices>, options: Partial<PgStore.PgStoreOptions> = {}): Promise<A> =>
  Effect.runPromise(Effect.provide(effect, PgStore.layer({ url: Redacted.make(database.url), maxWaitMs: 60_000, ...options })))

const asked = async <A>(ask: (client: pg.Client) => Promise<A>): Promise<A> => {
  const client = new pg.Client({ connectionString: database.url })
  await client.connect()
  try {
    return await ask(client)
  } finally {
    await client.end()
  }
}
const said = (text: string, values: ReadonlyArray<unknown> = []) => asked(async (client) => (await client.query(text, [...values])).rows)

const request = (more: Partial<Workspaces.KeyRequest> = {}): Workspaces.KeyRequest => ({
  workspace: Slug.make("acme"),
  person: "Ada",
  owners: [{ host: "github.com", owner: "acme" }],
  logins: [{ host: "github.com", login: "ada" }],
  scopes: ["sync:write", "read"],
  expiresAt: null,
  encryption: "off",
  ...more
})
const create = (more?: Partial<Workspaces.KeyRequest>) => Effect.flatMap(Workspaces.ApiKeys, (keys) => keys.create(request(more)))
const authenticate = (text: Redacted.Redacted) => Effect.flatMap(Workspaces.ApiKeys, (keys) => keys.authenticate(text))
const codeOf = (text: Redacted.Redacted) =>
  Effect.map(Effect.either(authenticate(text)), (answer) => (Either.isLeft(answer) && answer.left._tag === "KeyRefused" ? answer.left.code : answer))

it("A key tells its person, their role and rights, and the workspace with its owners and the person's logins", () =>
  on(
    Effect.gen(function* () {
      const { key, madePerson, madeWorkspace, principal } = yield* create({ workspace: Slug.make("whole"), scopes: ["read"] })
      expect({ madePerson, madeWorkspace }).toEqual({ madePerson: true, madeWorkspace: true })
      expect(principal).toEqual({
        owner: expect.stringMatching(/^workspace-/),
        person: expect.any(String),
        name: "Ada",
        role: "owner",
        scopes: ["read"],
        via: { kind: "key", keyId: Redacted.value(key).slice(4, 16) },
        workspace: {
          slug: "whole",
          name: "whole",
          kind: "shared",
          owners: [{ host: "github.com", owner: "acme" }],
          logins: [{ host: "github.com", login: "ada" }],
          allowPersonal: false,
          contentAllowed: true,
          encryption: "off"
        }
      })
      expect(yield* authenticate(key)).toEqual(principal)
      expect(Workspaces.viewerOf(principal)).toEqual({ owner: principal.owner, person: principal.person })
    })
  ))

it("A second key of a workspace takes the person of that name, adds owners and logins, and makes others members", () =>
  on(
    Effect.gen(function* () {
      const first = yield* create({ workspace: Slug.make("second") })
      const again = yield* create({ workspace: Slug.make("second"), owners: [{ host: "gitlab.com", owner: "acme/tools" }], logins: [] })
      const bob = yield* create({ workspace: Slug.make("second"), person: "Bob", owners: [], logins: [] })
      expect(again.principal).toEqual({
        ...first.principal,
        via: again.principal.via,
        workspace: { ...first.principal.workspace, owners: [...first.principal.workspace.owners, { host: "gitlab.com", owner: "acme/tools" }] }
      })
      expect(again).toMatchObject({ madePerson: false, madeWorkspace: false })
      expect(bob.principal).toMatchObject({ owner: first.principal.owner, role: "member", workspace: { logins: [] } })
      expect(bob.principal.person).not.toBe(first.principal.person)
    })
  ))

it("A workspace without owners of repositories is one person's own, takes their repositories, and nobody else gets a key of it", () =>
  on(
    Effect.gen(function* () {
      const own = yield* create({ workspace: Slug.make("adas-own"), owners: [] })
      expect(own.principal.workspace).toMatchObject({ kind: "personal", allowPersonal: true, owners: [] })
      const bob = yield* Effect.either(create({ workspace: Slug.make("adas-own"), person: "Bob", owners: [] }))
      expect(Either.isLeft(bob) && bob.left.message).toContain("one person's own")
    })
  ))

it("Twenty keys that are asked for at once, for a workspace and a person that are not there, make both once", () =>
  on(
    Effect.gen(function* () {
      const made = yield* Effect.all(
        Array.from({ length: 20 }, () => create({ workspace: Slug.make("at-once") })),
        { concurrency: "unbounded" }
      )
      expect(new Set(made.map(({ principal }) => `${principal.owner} ${principal.person}`)).size).toBe(1)
      expect(new Set(made.map(({ keyId }) => keyId)).size).toBe(20)
      expect(made.filter(({ madeWorkspace }) => madeWorkspace)).toHaveLength(1)
    })
  ))

it("A key is refused with a name for why: unknown, another secret, expired, revoked, its person gone, its workspace deleted", () =>
  on(
    Effect.gen(function* () {
      const made = (person: string, more: Partial<Workspaces.KeyRequest> = {}) => create({ workspace: Slug.make("refused"), person, ...more })
      const good = yield* made("Ada")
      const expired = yield* made("Ada", { expiresAt: Date.now() - 1 })
      const revoked = yield* made("Ada")
      const left = yield* made("Bob")
      const unknown = yield* made("Ada")
      const other = yield* made("Ada")
      yield* Effect.promise(() => said("UPDATE han.api_key SET revoked_at = 1 WHERE key_id = $1", [revoked.keyId]))
      yield* Effect.promise(() => said("UPDATE han.member SET removed_at = 1 WHERE person = $1", [left.principal.person]))
      yield* Effect.promise(() => said("DELETE FROM han.api_key WHERE key_id = $1", [unknown.keyId]))
      yield* Effect.promise(() =>
        said("UPDATE han.api_key SET secret_hash = (SELECT secret_hash FROM han.api_key WHERE key_id = $1), revoked_at = 1 WHERE key_id = $2", [
          good.keyId,
          other.keyId
        ])
      )
      expect({
        good: Either.isEither(yield* codeOf(good.key)),
        expired: yield* codeOf(expired.key),
        revoked: yield* codeOf(revoked.key),
        left: yield* codeOf(left.key),
        unknown: yield* codeOf(unknown.key),
        // Who has only the id of a key is not told that it was revoked.
        other: yield* codeOf(other.key)
      }).toEqual({ good: true, expired: "expired_key", revoked: "revoked_key", left: "not_member", unknown: "invalid_key", other: "invalid_key" })
      const again = yield* Effect.either(made("Bob"))
      expect(Either.isLeft(again) && again.left.message).toContain("has left")
      yield* Effect.promise(() => said("UPDATE han.workspace SET deleted_at = 1 WHERE slug = 'refused'"))
      expect(yield* codeOf(good.key)).toBe("not_member")
    })
  ))

it("A key that is revoked, or whose person leaves, is refused from the next request on", () =>
  on(
    Effect.gen(function* () {
      const { key, keyId, principal } = yield* create({ workspace: Slug.make("at-the-next") })
      yield* authenticate(key)
      yield* Effect.promise(() => said("UPDATE han.member SET removed_at = 1 WHERE person = $1", [principal.person]))
      expect(yield* codeOf(key)).toBe("not_member")
      yield* Effect.promise(() => said("UPDATE han.api_key SET revoked_at = 1 WHERE key_id = $1", [keyId]))
      expect(yield* codeOf(key)).toBe("revoked_key")
    })
  ))

it("The last use of a key is noted, and not again within a minute", () =>
  on(
    Effect.gen(function* () {
      const { key, keyId } = yield* create({ workspace: Slug.make("uses") })
      const used = Effect.promise(async () => (await said("SELECT last_used_at::float8 AS at, xmin::text FROM han.api_key WHERE key_id = $1", [keyId]))[0])
      expect((yield* used).at).toBeNull()
      yield* authenticate(key)
      const first = yield* used
      expect(first.at).toBeGreaterThan(0)
      yield* Effect.all([authenticate(key), authenticate(key)])
      expect(yield* used).toEqual(first)
      yield* Effect.promise(() => said("UPDATE han.api_key SET last_used_at = last_used_at - 60000 WHERE key_id = $1", [keyId]))
      yield* authenticate(key)
      expect((yield* used).at).toBeGreaterThanOrEqual(first.at)
    })
  ))

it("A key with a wrong checksum is refused without a statement, and a good one takes two transactions at first and one later", async () => {
  const { query } = pg.Client.prototype
  let statements: Array<string> = []
  await on(
    Effect.gen(function* () {
      const { key } = yield* create({ workspace: Slug.make("counted") })
      yield* Effect.sync(() => {
        pg.Client.prototype.query = function (this: pg.Client, ...args: Array<unknown>) {
          const [first] = args
          statements.push(typeof first === "string" ? first : String(Reflect.get(Object(first), "text")))
          return Reflect.apply(query, this, args)
        } as typeof query
      })
      const counted = Effect.fnUntraced(function* (text: Redacted.Redacted) {
        statements = []
        yield* codeOf(text)
        // The announcer looks on its own, at other tables.
        return statements.filter((text) => /owner_lookup|api_key/.test(text)).length
      })
      const value = Redacted.value(key)
      expect(yield* counted(Redacted.make(`${value.slice(0, -1)}${value.endsWith("0") ? "1" : "0"}`))).toBe(0)
      statements = []
      yield* codeOf(Redacted.make("han_nonsense"))
      expect(statements).toEqual([])
      // The owner of the key, the key, its last use.
      expect(yield* counted(key)).toBe(3)
      expect(yield* counted(key)).toBe(1)
    }).pipe(Effect.ensuring(Effect.sync(() => void (pg.Client.prototype.query = query))))
  )
})

it("No table holds a key or its secret, in any column", () =>
  on(
    Effect.gen(function* () {
      const { key } = yield* create({ workspace: Slug.make("dumped") })
      yield* authenticate(key)
      const secret = Redacted.value(key).slice(17, 60)
      const found = yield* Effect.promise(() =>
        asked(async (client) => {
          const { rows: tables } = await client.query<{ name: string }>(
            "SELECT c.oid::regclass::text AS name FROM pg_class c WHERE c.relkind = 'r' AND c.relnamespace = 'han'::regnamespace"
          )
          const having: Array<string> = []
          for (const { name } of tables) {
            const { rows } = await client.query<{ row: string }>(`SELECT t::text AS row FROM ${name} t`)
            if (rows.some(({ row }) => row.includes(secret) || row.includes(Buffer.from(secret).toString("hex")))) having.push(name)
          }
          return { tables: tables.length, having }
        })
      )
      expect(found.having).toEqual([])
      expect(found.tables).toBeGreaterThan(20)
    })
  ))

it("Whoever asks for one owner sees no workspace, member, key, client, slug, person or identity of another", async () => {
  const [one, other] = await on(
    Effect.all([
      create({ workspace: Slug.make("one-of-two"), person: "Cyd" }),
      create({ workspace: Slug.make("other-of-two"), person: "Dee", logins: [{ host: "github.com", login: "dee" }] })
    ])
  )
  await asked(async (client) => {
    const { rows: owners } = await client.query<{ no: string; id: string }>("SELECT no, id FROM han.owner")
    const no = (id: string) => owners.find((owner) => owner.id === id)!.no
    const theirs = no(other.principal.owner)
    await client.query("INSERT INTO han.sync_client VALUES ($1, 'client', $2, 'machine', NULL, 1, 1)", [theirs, other.principal.person])
    const tables = { workspace: "owner_no", workspace_owner: "owner_no", member: "owner_no", api_key: "owner_no", sync_client: "owner_no", owner_lookup: "no" }
    await client.query(`SET ROLE han_app; SET search_path = han; SET han.owner = ${no(one.principal.owner)}`)
    for (const [table, column] of Object.entries(tables))
      expect([table, (await client.query(`SELECT 1 FROM ${table} WHERE ${column} = $1`, [theirs])).rowCount]).toEqual([table, 0])
    expect((await client.query("SELECT name FROM person")).rows).toEqual([{ name: "Cyd" }])
    expect((await client.query("SELECT login FROM identity")).rows).toEqual([{ login: "ada" }])
    await expect(client.query("INSERT INTO owner_lookup VALUES ('slug', 'stolen', $1)", [theirs])).rejects.toThrow("row-level security")
    await expect(client.query("INSERT INTO identity VALUES ($1, 'github.com', '1', 'cyd', 1)", [other.principal.person])).rejects.toThrow("row-level security")
    await client.query("RESET han.owner")
    for (const table of [...Object.keys(tables), "person", "identity"])
      expect([table, (await client.query(`SELECT 1 FROM ${table}`)).rowCount]).toEqual([table, 0])
    await client.query("SET ROLE han_jobs")
    expect((await client.query("SELECT 1 FROM owner_lookup WHERE no = $1", [theirs])).rowCount).toBe(2)
    for (const table of ["workspace", "workspace_owner", "member", "api_key", "sync_client", "person", "identity"])
      await expect(client.query(`SELECT 1 FROM ${table}`)).rejects.toThrow("permission denied")
  })
})

it("A machine is one person's in a workspace, and the database holds that", async () => {
  const { principal } = await on(create({ workspace: Slug.make("machines") }))
  const [{ no }] = await said("SELECT no FROM han.owner WHERE id = $1", [principal.owner])
  const add = (client: string, person: string) => said("INSERT INTO han.sync_client VALUES ($1, $2, $3, 'laptop', NULL, 1, 1)", [no, client, person])
  await add("c1", "ada")
  await expect(add("c2", "bob")).rejects.toThrow("sync_client")
})

it("Two logins, of which each may become one role, serve as one login that may become both", async () => {
  await asked(async (client) => {
    for (const role of ["app", "jobs"]) {
      await client.query(`DROP ROLE IF EXISTS only_${role}`)
      await client.query(`CREATE ROLE only_${role} LOGIN PASSWORD 'only' IN ROLE han_${role}`)
    }
  })
  const login = (name: string) => {
    const url = new URL(database.url)
    url.username = name
    url.password = "only"
    return Redacted.make(url.href)
  }
  const { key, principal } = await on(create({ workspace: Slug.make("two-logins") }), { url: login("only_app"), jobsUrl: login("only_jobs") })
  expect(await on(authenticate(key), { url: login("only_app"), jobsUrl: login("only_jobs") })).toEqual(principal)
  await expect(on(authenticate(key), { url: login("only_app") })).rejects.toThrow("cannot be used")
  await asked((client) => client.query("DROP ROLE only_app, only_jobs"))
})

it("A store says that notifications arrive, and what is wrong with its tables", () =>
  on(
    Effect.gen(function* () {
      const health = yield* PgHealth
      yield* health.check
      while ((yield* health.announcements) !== "notifications") yield* Effect.sleep("20 millis")
      yield* Effect.promise(() => said("DELETE FROM han.han_migration"))
      expect(yield* Effect.flip(health.check)).toMatchObject({ reason: "unmigrated" })
    })
  ))
