import * as Effect from "effect/Effect"
import type * as Layer from "effect/Layer"
import * as Redacted from "effect/Redacted"
import { Search } from "han-core/Search"
import { Sessions } from "han-core/Sessions"
import { Usage } from "han-core/Usage"
import { OwnerId, PersonId, Viewer } from "han-core/Viewer"
import * as PgStore from "han-sql/PgStore"
import pg from "pg"
import { afterAll, beforeAll, describe, expect, it } from "vitest"
import { createStoreDatabase } from "../../../test/postgresStore.ts"
import { corpus, lines, transcript } from "../../../test/transcriptFiles.ts"
import { wholeJournal } from "../../../test/wholeJournal.ts"
import { readEverything } from "../src/testing/readEverything.ts"

type Database = Awaited<ReturnType<typeof createStoreDatabase>>

const as = (owner: string, person: string | null = null) =>
  Effect.provideService(Viewer, { owner: OwnerId.make(owner), person: person === null ? null : PersonId.make(person) })
const on = <A, E>({ url }: Database, effect: Effect.Effect<A, E, Layer.Layer.Success<ReturnType<typeof PgStore.layer>>>) =>
  Effect.runPromise(Effect.provide(effect, PgStore.layer({ url: Redacted.make(url), maxWaitMs: 60_000 })))

const appendAs = (owner: string, seed: number, person: string | null = null) =>
  Effect.gen(function* () {
    const journal = yield* wholeJournal
    // Both owners have sessions of the same ids, with other lines.
    const { appends } = corpus({ seed, sessions: 4, lines: 30, chaos: true })
    const ids = new Map<string, string>()
    for (const append of appends) {
      const { sessionId } = append.transcript
      ids.set(sessionId, ids.get(sessionId) ?? `session-${ids.size}`)
      yield* journal.append({ ...append.transcript, sessionId: ids.get(sessionId) as typeof sessionId }, append.entries)
    }
  }).pipe(as(owner, person))

/** Runs statements on a connection of its own. */
const withClient = async <A>({ url }: Database, use: (client: pg.Client) => Promise<A>): Promise<A> => {
  const client = new pg.Client({ connectionString: url })
  await client.connect()
  try {
    return await use(client)
  } finally {
    await client.end()
  }
}
const asRole = (client: pg.Client, role: string, owner?: number) =>
  client.query(`SET ROLE ${role}; SET search_path = han; ${owner === undefined ? "RESET han.owner" : `SET han.owner = ${owner}`}`)

const tenantTables = async (client: pg.Client) => {
  const { rows } = await client.query<{ name: string }>(
    `SELECT c.relname AS name FROM pg_class c JOIN pg_attribute a ON a.attrelid = c.oid AND a.attname = 'owner_no'
     WHERE c.relnamespace = 'han'::regnamespace AND c.relkind IN ('r', 'p') AND NOT a.attisdropped ORDER BY 1`
  )
  return rows.map(({ name }) => name)
}

describe("The database itself", () => {
  let database: Database
  let expected: unknown
  beforeAll(async () => {
    const alone = await createStoreDatabase("alone")
    expected = await on(alone, Effect.zipRight(appendAs("bob", 2), readEverything.pipe(as("bob"))))
    await alone.drop()
    database = await createStoreDatabase("tenants")
    await on(database, Effect.zipRight(appendAs("alice", 1), appendAs("bob", 2)))
  }, 120_000)
  afterAll(() => database.drop())

  it("holds every tenant table under forced row-level security, for roles that cannot pass by it", () =>
    withClient(database, async (client) => {
      const tables = await tenantTables(client)
      expect(tables).toContain("block")
      expect(tables).toContain("message_1")
      const { rows } = await client.query<{ name: string }>(
        `SELECT c.relname AS name FROM pg_class c WHERE c.relnamespace = 'han'::regnamespace AND c.relname = ANY($1)
         AND c.relrowsecurity AND c.relforcerowsecurity AND c.relowner = 'han_owner'::regrole
         AND (SELECT COUNT(*) FROM pg_policy p WHERE p.polrelid = c.oid AND p.polroles @> ARRAY['han_app'::regrole::oid]) = 1 ORDER BY 1`,
        [tables]
      )
      expect(rows.map(({ name }) => name)).toEqual(tables)
      const roles = await client.query("SELECT rolname, rolsuper, rolbypassrls, rolinherit, rolcanlogin FROM pg_roles WHERE rolname LIKE 'han\\_%' ORDER BY 1")
      expect(roles.rows).toEqual(
        ["app", "auth", "jobs", "migrate", "owner", "words"].map((name) => ({
          rolname: `han_${name}`,
          rolsuper: false,
          rolbypassrls: false,
          rolinherit: false,
          rolcanlogin: false
        }))
      )
    }))

  it("begins every key and index of a tenant table with the owner's number", () =>
    withClient(database, async (client) => {
      const { rows } = await client.query<{ index: string }>(
        `SELECT i.indexrelid::regclass::text AS index FROM pg_index i JOIN pg_class c ON c.oid = i.indrelid JOIN pg_am m ON m.oid = (SELECT relam FROM pg_class WHERE oid = i.indexrelid)
         JOIN pg_attribute a ON a.attrelid = c.oid AND a.attname = 'owner_no'
         WHERE c.relnamespace = 'han'::regnamespace AND i.indkey[0] <> a.attnum AND m.amname <> 'gin'`
      )
      expect(rows).toEqual([])
    }))

  it("shows no row without an owner, and takes none", () =>
    withClient(database, async (client) => {
      await asRole(client, "han_app")
      for (const table of await tenantTables(client)) {
        const { rows } = await client.query<{ count: string }>(`SELECT COUNT(*) AS count FROM "${table}"`)
        expect([table, rows[0]!.count]).toEqual([table, "0"])
      }
      await expect(client.query("INSERT INTO owner_head (owner_no, sequence) VALUES (77, 1)")).rejects.toThrow("row-level security")
      await expect(client.query("UPDATE session_key SET session_id = 'mine'")).resolves.toMatchObject({ rowCount: 0 })
      expect((await client.query("SELECT * FROM message_1_words('a'::tsquery, NULL, NULL, NULL, NULL, NULL, NULL, NULL, 'newest', 10, 0)")).rows).toEqual([])
    }))

  it("shows the owner of the transaction no row of another one, and lets none be written", () =>
    withClient(database, async (client) => {
      const { rows: owners } = await client.query<{ no: string; id: string }>("SELECT no, id FROM han.owner WHERE id IN ('alice', 'bob')")
      const number = (id: string) => Number(owners.find((row) => row.id === id)!.no)
      await asRole(client, "han_app", number("alice"))
      for (const table of await tenantTables(client)) {
        const { rows } = await client.query<{ owner_no: string }>(`SELECT DISTINCT owner_no FROM "${table}"`)
        for (const row of rows) expect([table, Number(row.owner_no)]).toEqual([table, number("alice")])
      }
      await expect(client.query("INSERT INTO session_key (owner_no, session_id) VALUES ($1, 'theirs')", [number("bob")])).rejects.toThrow("row-level security")
      await expect(client.query("UPDATE transcript SET owner_no = $1", [number("bob")])).rejects.toThrow("row-level security")
      expect((await client.query("DELETE FROM transcript WHERE owner_no = $1", [number("bob")])).rowCount).toBe(0)
      const { rows } = await client.query<{ owner_no: string }>(
        "SELECT m.owner_no FROM message_1_words('a'::tsquery, NULL, NULL, NULL, NULL, NULL, NULL, NULL, 'newest', 1000, 0) w JOIN message_1 m ON m.id = w.id"
      )
      for (const row of rows) expect(Number(row.owner_no)).toBe(number("alice"))
    }))

  it("lets the jobs see how far owners are, and nothing that these wrote", () =>
    withClient(database, async (client) => {
      await asRole(client, "han_jobs")
      expect((await client.query("SELECT owner_no FROM owner_head")).rowCount).toBe(2)
      for (const table of ["transcript", "block", "message_1", "session_1", "directory"])
        await expect(client.query(`SELECT 1 FROM "${table}"`)).rejects.toThrow("permission denied")
      await expect(client.query("UPDATE owner_head SET sequence = 0")).rejects.toThrow("permission denied")
      await asRole(client, "han_words")
      for (const table of ["transcript", "block", "session_1"]) await expect(client.query(`SELECT 1 FROM "${table}"`)).rejects.toThrow("permission denied")
      await expect(client.query("CREATE TABLE trap (a INT)")).rejects.toThrow("permission denied")
    }))

  it("gives one owner what he would have alone, whatever others have", async () => {
    expect(await on(database, readEverything.pipe(as("bob")))).toEqual(expected)
  }, 120_000)

  /** Leaves out what the statements say of the owner, as if somebody had forgotten it in each of them. */
  const withoutPredicates = async <A>(run: () => Promise<A>): Promise<A> => {
    const { query } = pg.Client.prototype
    pg.Client.prototype.query = function (this: pg.Client, ...args: Array<unknown>) {
      if (typeof args[0] === "string") args[0] = args[0].replace(/\b(\w+\.)?owner_no = (\$\d+)/g, "($1owner_no = $2 OR $2 IS NOT NULL)")
      return Reflect.apply(query, this, args)
    } as typeof query
    try {
      return await run()
    } finally {
      pg.Client.prototype.query = query
    }
  }
  const withoutPolicies = () =>
    withClient(database, async (client) => {
      for (const table of await tenantTables(client))
        await client.query(`ALTER TABLE han."${table}" NO FORCE ROW LEVEL SECURITY; ALTER TABLE han."${table}" DISABLE ROW LEVEL SECURITY`)
    })

  it("keeps owners apart by its policies when the statements do not name them, by the statements without policies, and not without both", async () => {
    expect(await withoutPredicates(() => on(database, readEverything.pipe(as("bob"))))).toEqual(expected)
    await withoutPolicies()
    expect(await on(database, readEverything.pipe(as("bob")))).toEqual(expected)
    const both = await withoutPredicates(() => on(database, readEverything.pipe(as("bob")))).then(
      (answer) => ({ answer }),
      (error: unknown) => ({ error })
    )
    expect("answer" in both ? both.answer : both.error).not.toEqual(expected)
  }, 240_000)
})

it("The function that searches words finds them by their index, which no policy of an owner lets be used", async () => {
  const database = await createStoreDatabase("words")
  await withClient(database, async (client) => {
    await client.query(`
      INSERT INTO han.message_1 (owner_no, id, session_no, thread, transcript_no, line, uuid_hash, uuid, kind, words)
      SELECT 1 + i % 20, i, i % 40, 0, i % 40, i, i, 'uuid-' || i, 0, to_tsvector('simple', 'word' || i % 97 || ' rare' || i) FROM generate_series(1, 20000) AS i`)
    await client.query("VACUUM ANALYZE han.message_1")
    const planOf = async (role: string, owner?: number) => {
      await asRole(client, role, owner)
      const { rows } = await client.query<{ "QUERY PLAN": string }>(
        "EXPLAIN SELECT m.id FROM message_1 m WHERE m.owner_no = 8 AND m.words @@ 'rare1007'::tsquery"
      )
      return rows.map((row) => row["QUERY PLAN"]).join("\n")
    }
    expect(await planOf("han_words")).toContain("Bitmap Index Scan on message_1_words")
    expect(await planOf("han_app", 8)).not.toContain("message_1_words")
    await asRole(client, "han_app", 8)
    const found = await client.query("SELECT id FROM message_1_words('rare1007'::tsquery, NULL, NULL, NULL, NULL, NULL, NULL, NULL, 'newest', 10, 0)")
    expect(found.rows).toEqual([{ id: "1007" }])
    const others = await client.query("SELECT id FROM message_1_words('rare1008'::tsquery, NULL, NULL, NULL, NULL, NULL, NULL, NULL, 'newest', 10, 0)")
    expect(others.rows).toEqual([])
  })
  await database.drop()
}, 60_000)

it("A transcript bears the person who appended it, sessions and sums can be asked for by that, and others of the workspace see it", async () => {
  const database = await createStoreDatabase("authors")
  const append = (id: string, person: string | null) =>
    Effect.flatMap(wholeJournal, (journal) =>
      journal.append(
        transcript(id),
        lines([
          { type: "user", uuid: `${id}-1`, timestamp: "2026-03-01T10:00:00.000Z", cwd: "/home/dev/app", message: { role: "user", content: `${id} asks` } },
          {
            type: "assistant",
            uuid: `${id}-2`,
            requestId: `req-${id}-0123456789abcdef`,
            timestamp: "2026-03-01T10:00:01.000Z",
            message: {
              id: `msg-${id}-0123456789abcdef`,
              role: "assistant",
              model: "claude-opus-4-5",
              content: [{ type: "text", text: "done" }],
              usage: { input_tokens: 10, output_tokens: 5 }
            }
          }
        ])
      )
    ).pipe(as("acme", person))
  const found = await on(
    database,
    Effect.gen(function* () {
      yield* append("ada-1", "ada")
      yield* append("bob-1", "bob")
      yield* append("nobody-1", null)
      const sessions = yield* Sessions
      const usage = yield* Usage
      const list = yield* sessions.list({}, { first: 10 })
      const ofAda = yield* sessions.list({ author: "ada" }, { first: 10 })
      const report = yield* usage.report({ by: "author" })
      const hits = yield* (yield* Search).messages({ text: "asks", author: "bob" }, { first: 10 })
      return {
        authors: Object.fromEntries(list.items.map(({ node }) => [node.id, node.author])),
        ofAda: ofAda.items.map(({ node }) => node.id),
        rows: report.rows.map(({ key, responses }) => [key, responses]).sort(),
        onlyAda: (yield* usage.report({ by: "model", author: "ada" })).totals.responses,
        hits: hits.items.map(({ node }) => node.sessionId),
        transcripts: (yield* (yield* wholeJournal).transcripts()).map(({ author }) => author)
      }
    }).pipe(as("acme", "bob"))
  )
  await database.drop()
  expect(found).toEqual({
    authors: { "ada-1": "ada", "bob-1": "bob", "nobody-1": null },
    ofAda: ["ada-1"],
    rows: [
      ["ada", 1],
      ["bob", 1],
      ["unknown", 1]
    ],
    onlyAda: 1,
    hits: ["bob-1"],
    transcripts: ["ada", "bob", null]
  })
}, 60_000)
