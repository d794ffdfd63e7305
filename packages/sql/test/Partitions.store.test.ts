import { Context, Effect, Exit, Layer, Redacted, Scope } from "effect"
import { SessionId } from "han-core/Entry"
import { JournalAdmin } from "han-core/JournalAdmin"
import { OwnerId, Viewer } from "han-core/Viewer"
import { ApiKeys, Slug } from "han-core/Workspaces"
import * as PgStore from "han-sql/PgStore"
import { register, suite } from "han-sql/testing"
import { afterAll, assert, beforeAll, it } from "vitest"
import { startPostgres } from "../../../test/postgres.ts"
import { createDatabase } from "../../../test/postgresDatabase.ts"
import { soak } from "../../../test/runs.ts"
import { part, payloadOf } from "../../../test/syncPayloads.ts"
import { corpus, indexingCase, lines, scenario } from "../../../test/transcriptFiles.ts"
import { wholeJournal } from "../../../test/wholeJournal.ts"
import { userLine } from "../src/testing/transcriptLines.ts"
import { askEverything } from "./everyQuestion.ts"
import { asked, isOfOne, partitioned, partitionFromNowOn, partitionsTouched } from "./partitions.ts"
import { as, personNamed, receive } from "./receiver/workspace.ts"
import { recorded, recordedCases } from "./recordedCases.ts"
import { normalised, ownerless, tablesIn } from "./statements.ts"

type Store = Context.Context<Layer.Layer.Success<ReturnType<typeof PgStore.layer>>>

let server: Awaited<ReturnType<typeof startPostgres>>
let url: string
const scope = Effect.runSync(Scope.make())
beforeAll(async () => {
  server = await startPostgres({ statements: true })
  url = (await createDatabase("partitioned", "template0", server.url)).url
  await partitionFromNowOn(url)
  await asked(url, (client) => client.query("CREATE EXTENSION pg_stat_statements"))
  await Effect.runPromise(PgStore.migrate({ url: Redacted.make(url) }))
})
afterAll(async () => {
  await Effect.runPromise(Scope.close(scope, Exit.void))
  await server.stop()
})

const opened = new Map<string, Promise<Store>>()
const open = async (part: string): Promise<Store> => {
  const database = await createDatabase(part, new URL(url).pathname.slice(1), server.url)
  // A machine that runs many tests at once makes nobody wait for nothing.
  return Effect.runPromise(Scope.extend(Layer.build(PgStore.layer({ url: Redacted.make(database.url), maxWaitMs: 60_000 })), scope))
}

let owners = 0
/** One store for all tests of a part, each of which has an owner of its own: what one of them meets of the others would be a row of somebody else. */
const storeOf = (part: string) => () =>
  Layer.unwrapEffect(
    Effect.promise(async () => {
      const store = opened.get(part) ?? open(part)
      opened.set(part, store)
      return Layer.succeedContext(Context.add(await store, Viewer, { owner: OwnerId.make(`owner ${++owners}`), person: null }))
    })
  )

const name = "PgStore in partitions by owner"
// Corpora are many rows and no other statements.
for (const part of [...(soak ? (["corpora"] as const) : []), "store", "transcripts", "ledger", "facts", "outputs"] as const)
  suite({ test: it, name, store: storeOf(part), parts: [part], runs: 1, also: recorded })
register({ test: it, name, store: storeOf("recorded") }, recordedCases)

it(`${name}: every question that the suites leave out is answered`, () =>
  Effect.gen(function* () {
    const journal = yield* wholeJournal
    for (const append of [
      ...scenario("08-resume-fork"),
      ...scenario("04-subagents"),
      ...indexingCase("F12-han-events"),
      ...corpus({ seed: 5, sessions: 6, lines: 60, chaos: true }).appends
    ])
      yield* journal.append(append.transcript, append.entries)
    yield* askEverything
  }).pipe(Effect.provide(Layer.suspend(storeOf("questions"))), Effect.runPromise))

it(`${name}: keys are made and used`, () =>
  Effect.gen(function* () {
    const keys = yield* ApiKeys
    const request = {
      workspace: Slug.make("acme"),
      person: "Ada",
      owners: [{ host: "github.com", owner: "acme" }],
      logins: [{ host: "github.com", login: "ada" }],
      scopes: ["read"],
      expiresAt: null,
      encryption: "off"
    } as const
    const [one, two] = [yield* keys.create(request), yield* keys.create(request)]
    assert.deepStrictEqual(yield* keys.authenticate(two.key), { ...one.principal, via: two.principal.via })
  }).pipe(Effect.provide(Layer.suspend(storeOf("keys"))), Effect.runPromise))

it(`${name}: what clients send is received, replaced, told and forgotten`, () =>
  Effect.gen(function* () {
    const ada = yield* personNamed("Ada")
    const directory = { path: "/home/dev/app", root: "/home/dev/app", name: "app", worktree: null, defaultBranch: "main" }
    const entries = lines([userLine("a", 1, "one"), userLine("b", 2, "two"), userLine("c", 3, "three")])
    for (const sessions of [
      [part("s", entries, 0, 1, { directory, repoRemote: "github.com/acme/app" }), part("s", entries, 1, 2)],
      [part("s", entries, 2, 3), part("t", entries, 0, 0)],
      [part("s", entries, 0, 3, { generationId: "g2", replaces: ["g1"] })]
    ])
      assert.deepStrictEqual((yield* receive(ada, payloadOf(ada.person, sessions, { verify: true }))).errors, [])
    yield* Effect.flatMap(JournalAdmin, (admin) => admin.forget({ sessionIds: [SessionId.make("s")] })).pipe(as(ada))
    const { digest, errors } = yield* receive(ada, payloadOf(ada.person, [part("s", entries)], { verify: true }))
    assert.deepStrictEqual([digest?.transcripts, errors.map(({ code }) => code)], [0, ["gone"]])
  }).pipe(Effect.provide(Layer.suspend(storeOf("received"))), Effect.runPromise))

/** Tables that this store makes, and that only a client of sync asks. */
const ofClients = new Set(["sync_remote", "sync_position", "sync_problem"])

/** Statements that were carried out so far over tables of owners, each text once, and the role. */
const carriedOut = async () => {
  const tables = await partitioned(url)
  const { rows } = await asked(url, (client) =>
    client.query<{ role: string; query: string }>(
      "SELECT DISTINCT r.rolname AS role, s.query FROM pg_stat_statements s JOIN pg_roles r ON r.oid = s.userid WHERE r.rolname LIKE 'han\\_%'"
    )
  )
  const statements = new Map(rows.map(({ query, role }) => [normalised(query, tables), role]))
  return { tables, statements: [...statements].filter(([text]) => tablesIn(text, tables).length > 0).map(([text, role]) => ({ text, role })) }
}

/** Statements over all owners, with their reasons: at most five. */
const ofAllOwners: Readonly<Record<string, RegExp>> = {
  "whoever fills tables looks for owners who are behind": /^SELECT h.owner_no AS owner FROM owner_head h LEFT JOIN projection_cursor c /,
  "how far the filling is, is a sum over owners": /^SELECT CAST\(COALESCE\(SUM\(c.sequence\)/,
  "owners without lines have no cursor that could be behind": /^SELECT owner_no AS owner FROM owner_head WHERE sequence = /,
  "one look every five seconds is for all owners that somebody watches": /^SELECT owner_no, sequence FROM owner_head WHERE owner_no = ANY/,
  "cursors of dropped tables go at once": /^DELETE FROM projection_cursor WHERE name = /
}

it("Every statement of a store names whose rows it means, but for those of jobs", async () => {
  const { statements, tables } = await carriedOut()
  const named = new Set(statements.flatMap(({ text }) => tablesIn(text, tables)))
  assert.deepStrictEqual(
    [...tables].filter((table) => /_[2-9]$/.test(table) === false && !ofClients.has(table) && !named.has(table)),
    [],
    "no statement names these tables"
  )
  const offenders = statements.filter(({ text }) => ownerless(text, tables).length > 0)
  const reasons = Object.values(ofAllOwners)
  assert.deepStrictEqual(
    offenders.filter(({ role, text }) => role !== "han_jobs" || !reasons.some((reason) => reason.test(text))),
    []
  )
  assert.isAtMost(reasons.length, 5)
})

it("Every statement of an owner touches one partition of each table, by its conditions alone", async () => {
  const { statements } = await carriedOut()
  await asked(url, async (client) => {
    await client.query("SET search_path = han")
    const others: Array<string> = []
    for (const { role, text } of statements) {
      if (role === "han_jobs") continue
      try {
        const touched = await partitionsTouched(client, text)
        if (!isOfOne(touched)) others.push(`${touched.join(", ")}: ${text}`)
      } catch (error) {
        others.push(`${error}: ${text}`)
      }
    }
    assert.deepStrictEqual(others, [])
    assert.isAbove(statements.length, 150)
  })
})
