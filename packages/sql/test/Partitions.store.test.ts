import { Context, Effect, Exit, Layer, Redacted, Scope } from "effect"
import { OwnerId, Viewer } from "han-core/Viewer"
import * as PgStore from "han-sql/PgStore"
import { afterAll, assert, beforeAll, it } from "vitest"
import { startPostgres } from "../../../test/postgres.ts"
import { createDatabase } from "../../../test/postgresDatabase.ts"
import { soak } from "../../../test/runs.ts"
import { corpus, indexingCase, scenario } from "../../../test/transcriptFiles.ts"
import { wholeJournal } from "../../../test/wholeJournal.ts"
import { askEverything } from "./everyQuestion.ts"
import { ledgerSuite } from "./LedgerSuite.ts"
import { asked, isOfOne, partitioned, partitionFromNowOn, partitionsTouched } from "./partitions.ts"
import { sessionFactsSuite } from "./SessionFactsSuite.ts"
import { suite } from "./StoreSuite.ts"
import { normalised, ownerless, tablesIn } from "./statements.ts"
import { suite as toolOutputSuite } from "./ToolOutputSuite.ts"
import { suite as transcriptsSuite } from "./TranscriptsSuite.ts"

// One store for all tests, each of which has an owner of its own: what one of them meets of the others would be a row of somebody else.
let server: Awaited<ReturnType<typeof startPostgres>>
let url: string
let store: Context.Context<Layer.Layer.Success<ReturnType<typeof PgStore.layer>>>
const scope = Effect.runSync(Scope.make())
beforeAll(async () => {
  server = await startPostgres({ statements: true })
  url = (await createDatabase("partitioned", "template0", server.url)).url
  await partitionFromNowOn(url)
  await asked(url, (client) => client.query("CREATE EXTENSION pg_stat_statements"))
  await Effect.runPromise(PgStore.migrate({ url: Redacted.make(url) }))
  // A machine that runs many tests at once makes nobody wait for nothing.
  store = await Effect.runPromise(Scope.extend(Layer.build(PgStore.layer({ url: Redacted.make(url), maxWaitMs: 60_000 })), scope))
})
afterAll(async () => {
  await Effect.runPromise(Scope.close(scope, Exit.void))
  await server.stop()
})

let owners = 0
const fresh = () => Layer.suspend(() => Layer.succeedContext(Context.add(store, Viewer, { owner: OwnerId.make(`owner ${++owners}`), person: null })))

const name = "PgStore in partitions by owner"
suite(name, fresh, { runs: 1 })
// Each rebuild of these is one of all owners before them.
if (soak) {
  transcriptsSuite(name, fresh, { runs: 1 })
  ledgerSuite(name, fresh, { runs: 1 })
  sessionFactsSuite(name, fresh)
  toolOutputSuite(name, fresh, { runs: 1 })
}

it(`${name}: every question is answered`, () =>
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
  }).pipe(Effect.provide(fresh()), Effect.runPromise))

/** What was carried out so far over tables of owners, each text once, and as whom. */
const carriedOut = async () => {
  const tables = await partitioned(url)
  const { rows } = await asked(url, (client) =>
    client.query<{ role: string; query: string }>(
      "SELECT DISTINCT r.rolname AS role, s.query FROM pg_stat_statements s JOIN pg_roles r ON r.oid = s.userid JOIN pg_database d ON d.oid = s.dbid WHERE d.datname = current_database() AND r.rolname LIKE 'han\\_%'"
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
    [...tables].filter((table) => /_[2-9]$/.test(table) === false && !named.has(table)),
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
      const touched = await partitionsTouched(client, text).catch((error: unknown) => [String(error)])
      if (!isOfOne(touched)) others.push(`${touched.join(", ")}: ${text}`)
    }
    assert.deepStrictEqual(others, [])
    assert.isAbove(statements.length, 150)
  })
})
