// Many workspaces in one PostgreSQL: what one line costs beside 49 others as large, and what a page and a search cost under row-level security.
import * as Effect from "effect/Effect"
import * as ManagedRuntime from "effect/ManagedRuntime"
import * as Redacted from "effect/Redacted"
import type { SessionId } from "han-core/Entry"
import type { Append } from "han-core/JournalWriter"
import { JournalWriter } from "han-core/JournalWriter"
import { Messages } from "han-core/Messages"
import { Search } from "han-core/Search"
import { OwnerId, Viewer } from "han-core/Viewer"
import * as PgStore from "han-sql/PgStore"
import pg from "pg"
import { startPostgres } from "../test/postgres.ts"
import { corpus, lines, transcript } from "../test/transcriptFiles.ts"
import { machine, percentile, row, spread, timed } from "./Measure.ts"

const scale = Number(process.env["HAN_BENCH_SCALE"] ?? 1)
const owners = 50
const linesOfOwner = Math.round(20_000 * scale)
const as = (owner: number) => Effect.provideService(Viewer, { owner: OwnerId.make(`workspace-${owner}`), person: null })

/** The pages of the database that statements looked at, and how many statements that were. */
const counting = (client: pg.Client) => {
  let statements = 0
  const { query } = pg.Client.prototype
  pg.Client.prototype.query = function (this: pg.Client, ...args: ReadonlyArray<unknown>) {
    statements++
    return Reflect.apply(query, this, args)
  } as typeof query
  // Of statements alone: what cleans up behind them after a large import looks at pages, too.
  const pages = async (): Promise<number> => {
    const { rows } = await Reflect.apply(query, client, [
      `SELECT COALESCE(SUM(s.shared_blks_hit + s.shared_blks_read), 0)::float8 AS pages FROM pg_stat_statements s JOIN pg_database d ON d.oid = s.dbid
        WHERE d.datname = 'han_bench' AND s.toplevel`
    ])
    return rows[0].pages
  }
  return {
    pages,
    take: () => {
      const taken = statements
      statements = 0
      return taken
    }
  }
}

const database = async (server: string, client: pg.Client): Promise<string> => {
  await client.query("DROP DATABASE IF EXISTS han_bench WITH (FORCE)")
  await client.query("CREATE DATABASE han_bench TEMPLATE template0")
  const url = new URL(server)
  url.pathname = "/han_bench"
  await Effect.runPromise(PgStore.migrate({ url: Redacted.make(url.href) }))
  return url.href
}

const { appends } = corpus({ seed: 5, sessions: 40, lines: Math.round(linesOfOwner / 40), chaos: false })

const fill = (owner: number) =>
  Effect.gen(function* () {
    const journal = yield* JournalWriter
    let batch: Array<Append> = []
    let size = 0
    for (const append of appends) {
      batch.push(append)
      size += append.entries.length
      if (size > 1000) {
        yield* journal.appendAll(batch)
        batch = []
        size = 0
      }
    }
    yield* journal.appendAll(batch)
  }).pipe(as(owner))

const server = await startPostgres({ durable: true, statements: true })
const client = new pg.Client({ connectionString: server.url })
await client.connect()
await client.query("CREATE EXTENSION IF NOT EXISTS pg_stat_statements")
const counted = counting(client)
try {
  console.log(machine())
  const appendCost = async (runtime: ManagedRuntime.ManagedRuntime<JournalWriter, unknown>) => {
    const one = (n: number) =>
      runtime.runPromise(
        Effect.flatMap(JournalWriter, (journal) =>
          journal.append(
            transcript("live"),
            lines(
              Array.from({ length: n + 1 }, (_, line) => ({
                type: "user",
                uuid: `live-${line}`,
                timestamp: new Date(Date.UTC(2026, 8, 1) + line * 1000).toISOString(),
                message: { role: "user", content: `a line of work ${line}` }
              }))
            )
          )
        ).pipe(as(1))
      )
    for (let n = 0; n < 5; n++) await one(n)
    const before = await counted.pages()
    counted.take()
    const runs = 20
    const times = await timed(runs, (n) => one(5 + n))
    const statements = counted.take() / runs
    return { pages: ((await counted.pages()) - before) / runs, statements, times }
  }
  const costs: Array<Awaited<ReturnType<typeof appendCost>>> = []
  for (const count of [1, owners]) {
    const url = await database(server.url, client)
    const runtime = ManagedRuntime.make(PgStore.layer({ url: Redacted.make(url), maxWaitMs: 60_000 }))
    for (let owner = 1; owner <= count; owner++) await runtime.runPromise(fill(owner))
    const inside = new pg.Client({ connectionString: url })
    await inside.connect()
    await inside.query("VACUUM ANALYZE")
    const cost = await appendCost(runtime)
    costs.push(cost)
    row(
      `append of one line, ${count} owners of ${linesOfOwner} lines`,
      `${cost.pages.toFixed(0)} pages, ${cost.statements.toFixed(1)} statements`,
      spread(cost.times)
    )
    if (count > 1) {
      const session = appends[0]!.transcript.sessionId as SessionId
      const page = () => runtime.runPromise(Effect.flatMap(Messages, (messages) => messages.page({ sessionId: session }, { first: 50 })).pipe(as(7)))
      const search = () => runtime.runPromise(Effect.flatMap(Search, (search) => search.messages({ text: "function" }, { first: 20 })).pipe(as(7)))
      const secured = { page: await timed(100, page), search: await timed(100, search) }
      const { rows } = await inside.query<{ name: string }>(
        "SELECT relname AS name FROM pg_class WHERE relnamespace = 'han'::regnamespace AND relkind = 'r' AND relrowsecurity"
      )
      for (const { name } of rows)
        await inside.query(`ALTER TABLE han."${name}" NO FORCE ROW LEVEL SECURITY; ALTER TABLE han."${name}" DISABLE ROW LEVEL SECURITY`)
      const open = { page: await timed(100, page), search: await timed(100, search) }
      for (const what of ["page", "search"] as const) {
        const ratio = percentile(secured[what], 0.5) / percentile(open[what], 0.5)
        row(
          `${what === "page" ? "session page of 50" : "search, newest first, 20 hits"}, ${owners} owners, under row-level security`,
          spread(secured[what]),
          `${ratio.toFixed(2)} × the same without policies (${spread(open[what])})`
        )
      }
      const size = await inside.query("SELECT pg_database_size(current_database())::float8 AS bytes")
      const bytes = appends.reduce((sum, { entries }) => sum + entries.reduce((so, entry) => so + entry.bytes.length + 1, 0), 0) * owners
      row("database, PostgreSQL, 50 owners of 12 letters", `${(size.rows[0].bytes / bytes).toFixed(2)} × transcripts`)
    }
    await inside.end()
    await runtime.dispose()
  }
  row("pages more for 50 owners than for one", (costs[1]!.pages - costs[0]!.pages).toFixed(0), "at most 60")
} finally {
  await client.end()
  await server.stop()
}
