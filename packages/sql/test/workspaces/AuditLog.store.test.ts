import * as Effect from "effect/Effect"
import * as Redacted from "effect/Redacted"
import { type Act, AuditLog } from "han-core/AuditLog"
import { type OwnerId, type PersonId, Viewer } from "han-core/Viewer"
import { ApiKeys, Slug } from "han-core/Workspaces"
import * as PgStore from "han-sql/PgStore"
import pg from "pg"
import { afterAll, beforeAll, expect, it } from "vitest"
import { createStoreDatabase } from "../../../../test/postgresStore.ts"

let database: Awaited<ReturnType<typeof createStoreDatabase>>
beforeAll(async () => {
  database = await createStoreDatabase("audit")
})
afterAll(() => database.drop())

const on = <A, E>(effect: Effect.Effect<A, E, PgStore.PgServices>): Promise<A> =>
  Effect.runPromise(Effect.provide(effect, PgStore.layer({ url: Redacted.make(database.url), maxWaitMs: 60_000 })))

/** As a superuser of the database, whom no right stops. */
const said = async (...statements: ReadonlyArray<string>) => {
  const client = new pg.Client({ connectionString: database.url })
  await client.connect()
  try {
    let rows: ReadonlyArray<Record<string, unknown>> = []
    for (const statement of statements) rows = (await client.query(statement)).rows ?? rows
    return rows
  } finally {
    await client.end()
  }
}
/** With the triggers out of the way. */
const tampered = (...statements: ReadonlyArray<string>) => said("SET search_path = han; SET session_replication_role = replica", ...statements)

const workspace = (slug: string) =>
  Effect.map(
    Effect.flatMap(ApiKeys, (keys) =>
      keys.create({
        workspace: Slug.make(slug),
        person: "Ada",
        owners: [{ host: "github.com", owner: slug }],
        logins: [],
        scopes: ["read"],
        expiresAt: null,
        encryption: "off"
      })
    ),
    ({ principal }) => principal
  )
const as = ({ owner, person }: { readonly owner: OwnerId; readonly person: PersonId }) => Effect.provideService(Viewer, { owner, person })
const viewed = (resource: string, more: Partial<Act> = {}): Act => ({ person: null, action: "session.view", resource, outcome: "done", detail: {}, ...more })
const note = (act: Act) => Effect.flatMap(AuditLog, (log) => log.note(act))
const all = Effect.flatMap(AuditLog, (log) => Effect.map(log.page({ first: 1000 }), ({ items }) => items.map(({ node }) => node)))
const verdictOf = (slug: string) => Effect.flatMap(AuditLog, (log) => Effect.map(log.verify(Slug.make(slug)), ([verdict]) => verdict))

it("AUD-01: A hundred acts at once, from several pools, make one chain without gaps", async () => {
  const ada = await on(workspace("many"))
  const writer = (name: string) =>
    on(
      Effect.forEach(Array.from({ length: 25 }), (_, index) => note(viewed(`${name}-${index}`, { person: ada.person })), { concurrency: "unbounded" }).pipe(
        as(ada)
      )
    )
  await Promise.all(["a", "b", "c", "d"].map(writer))
  const { entries, verdict } = await on(Effect.all({ entries: as(ada)(all), verdict: verdictOf("many") }))
  expect(entries.map(({ seq }) => seq)).toEqual(entries.map((_, index) => index + 1))
  expect(entries.filter(({ action }) => action === "session.view")).toHaveLength(100)
  expect(new Set(entries.filter(({ person }) => person === ada.person).map(({ actor }) => actor)).size).toBe(1)
  expect(verdict).toEqual({ workspace: "many", entries: entries.length, hash: expect.stringMatching(/^[0-9a-f]{64}$/), firstBad: null })
}, 60_000)

it("AUD-02: A superuser who edits, deletes, reorders or cuts off entries is found out, by the first entry that is not what it was", async () => {
  const cases: ReadonlyArray<readonly [name: string, statements: (owner: number) => ReadonlyArray<string>, firstBad: unknown]> = [
    ["edited", (no) => [`UPDATE audit_log SET outcome = 'refused' WHERE owner_no = ${no} AND seq = 5`], { seq: 5, reason: "changed" }],
    ["edited-last", (no) => [`UPDATE audit_log SET at = at + 1 WHERE owner_no = ${no} AND seq = 13`], { seq: 13, reason: "changed" }],
    [
      "rehashed",
      (no) => [
        `UPDATE audit_log SET hash = sha256(hash) WHERE owner_no = ${no} AND seq = 13`,
        `UPDATE audit_log SET resource = 'x' WHERE owner_no = ${no} AND seq = 13`
      ],
      { seq: 13, reason: "changed" }
    ],
    ["deleted", (no) => [`DELETE FROM audit_log WHERE owner_no = ${no} AND seq = 4`], { seq: 4, reason: "missing" }],
    [
      "reordered",
      (no) => [
        `UPDATE audit_log SET seq = CASE seq WHEN 6 THEN 1006 ELSE 6 END WHERE owner_no = ${no} AND seq IN (6)`,
        `UPDATE audit_log SET seq = 6 WHERE owner_no = ${no} AND seq = 7`,
        `UPDATE audit_log SET seq = 7 WHERE owner_no = ${no} AND seq = 1006`
      ],
      { seq: 6, reason: "unlinked" }
    ],
    ["cut-off", (no) => [`DELETE FROM audit_log WHERE owner_no = ${no} AND seq > 10`], { seq: 11, reason: "missing" }],
    ["emptied", (no) => [`DELETE FROM audit_log WHERE owner_no = ${no}`], { seq: 1, reason: "missing" }]
  ]
  for (const [name, statements, firstBad] of cases) {
    const ada = await on(workspace(name))
    await on(as(ada)(Effect.forEach(Array.from({ length: 10 }), (_, index) => note(viewed(`s${index}`)))))
    expect(await on(verdictOf(name))).toMatchObject({ entries: 13, firstBad: null })
    const [row] = await said(`SELECT no FROM han.owner_lookup WHERE kind = 'slug' AND name = '${name}'`)
    await tampered(...statements(Number(row!["no"])))
    expect([name, await on(verdictOf(name))]).toEqual([name, expect.objectContaining({ firstBad })])
  }
  // One workspace's trouble is not another one's.
  const verdicts = await on(Effect.flatMap(AuditLog, (log) => log.verify(null)))
  expect(verdicts.filter(({ firstBad }) => firstBad !== null).map(({ workspace }) => workspace)).toEqual([...cases.map(([name]) => name)].sort())
}, 120_000)

it("AUD-02: Nobody changes an audit log: the application may not, and triggers stop whoever may", async () => {
  await on(workspace("fixed"))
  for (const statement of ["UPDATE audit_log SET at = 0", "DELETE FROM audit_log", "TRUNCATE audit_log"])
    await expect(said("SET search_path = han", statement)).rejects.toThrow("an audit log is not changed")
  for (const statement of [
    "UPDATE audit_log SET at = 0",
    "DELETE FROM audit_log",
    "INSERT INTO audit_log SELECT * FROM audit_log",
    "UPDATE audit_head SET seq = 0",
    "DELETE FROM audit_actor"
  ])
    await expect(said("SET search_path = han; SET ROLE han_app; SET han.owner = 2", statement)).rejects.toThrow("permission denied")
  await expect(said("SET search_path = han; SET ROLE han_app; RESET han.owner", "SELECT audit_append(1, NULL, 'access', NULL, 'done', '{}')")).rejects.toThrow(
    "an act is of an owner"
  )
})

it("AUD-03: What makes a workspace, a member and a key is noted with it, and what fails leaves nothing", async () => {
  const ada = await on(workspace("noted"))
  const entries = await on(as(ada)(all))
  expect(entries.map(({ action, detail, outcome, person, resource }) => [action, resource, outcome, person, JSON.parse(detail)])).toEqual([
    ["workspace.create", "noted", "done", null, {}],
    ["member.join", ada.person, "done", null, {}],
    ["key.create", "keyId" in ada ? ada.keyId : expect.any(String), "done", null, { scopes: "read", person: ada.person }]
  ])
  const refused = Effect.flatMap(ApiKeys, (keys) =>
    keys.create({ workspace: Slug.make("noted-own"), person: "Ada", owners: [], logins: [], scopes: ["read"], expiresAt: null, encryption: "off" })
  )
  const own = (await on(refused)).principal
  const other = Effect.flatMap(ApiKeys, (keys) =>
    Effect.flip(keys.create({ workspace: Slug.make("noted-own"), person: "Bob", owners: [], logins: [], scopes: ["read"], expiresAt: null, encryption: "off" }))
  )
  expect((await on(other))._tag).toBe("KeyNotMade")
  expect(await on(as(own)(all))).toHaveLength(3)
  // The transaction of an act that is rolled back takes its entry along.
  await said(
    "SET search_path = han",
    `SELECT set_config('han.owner', (SELECT no::text FROM owner_lookup WHERE kind = 'slug' AND name = 'noted'), false)`,
    "BEGIN; SET LOCAL ROLE han_app",
    "SELECT audit_append(1, NULL, 'access', NULL, 'done', '{}')",
    "ROLLBACK"
  )
  expect(await on(as(ada)(all))).toEqual(entries)
  expect(await on(verdictOf("noted"))).toMatchObject({ entries: 3, firstBad: null })
})

it("A log is read in pages from both ends, by the people of its workspace alone", async () => {
  const [ada, bob] = await on(Effect.all([workspace("paged"), workspace("others")]))
  await on(as(ada)(Effect.forEach(["a", "b", "c", "d"], (name) => note(viewed(name, { detail: { größe: 3 } })))))
  const page = (request: Parameters<(typeof AuditLog.Service)["page"]>[0], who = ada) =>
    on(
      as(who)(
        Effect.flatMap(AuditLog, (log) =>
          Effect.map(log.page(request), ({ hasNext, hasPrevious, items }) => [items.map(({ node }) => node.seq), hasPrevious, hasNext])
        )
      )
    )
  expect(await page({ first: 2 })).toEqual([[1, 2], false, true])
  expect(await page({ first: 9, after: "5" })).toEqual([[6, 7], true, false])
  expect(await page({ last: 2 })).toEqual([[6, 7], true, false])
  expect(await page({ last: 2, before: "3" })).toEqual([[1, 2], false, true])
  expect(await page({ first: 100 }, bob)).toEqual([[1, 2, 3], false, false])
  expect(await on(as(ada)(Effect.flip(Effect.flatMap(AuditLog, (log) => log.page({ after: "x" })))))).toMatchObject({ _tag: "PageCursorInvalid" })
  expect(await on(as(ada)(Effect.flatMap(AuditLog, (log) => log.count)))).toBe(7)
  expect(await on(verdictOf("paged"))).toMatchObject({ firstBad: null })
})
