import { type ChildProcess, spawn } from "node:child_process"
import { once } from "node:events"
import { join } from "node:path"
import * as Effect from "effect/Effect"
import * as Fiber from "effect/Fiber"
import type * as Layer from "effect/Layer"
import * as Redacted from "effect/Redacted"
import * as Schedule from "effect/Schedule"
import * as Stream from "effect/Stream"
import type { SessionId } from "han-core/Entry"
import { Journal } from "han-core/Journal"
import { JournalAdmin } from "han-core/JournalAdmin"
import type { PriceRow } from "han-core/Pricing"
import { OwnerId, Viewer } from "han-core/Viewer"
import * as PgStore from "han-sql/PgStore"
import pg from "pg"
import { afterEach, expect, it } from "vitest"
import { createDatabase } from "../../../test/postgresDatabase.ts"
import { createStoreDatabase } from "../../../test/postgresStore.ts"
import { runs } from "../../../test/runs.ts"
import { corpus, lines, transcript } from "../../../test/transcriptFiles.ts"
import { wholeJournal } from "../../../test/wholeJournal.ts"
import { readEverything } from "../src/testing/readEverything.ts"

const owner = Effect.provideService(Viewer, { owner: OwnerId.make("acme"), person: null })
type Services = Layer.Layer.Success<ReturnType<typeof PgStore.layer>>
const options = (url: string, prices: ReadonlyArray<PriceRow> = []) => ({ url: Redacted.make(url), maxWaitMs: 60_000, prices })
const on = <A, E>(url: string, effect: Effect.Effect<A, E, Services | Viewer>, prices: ReadonlyArray<PriceRow> = []) =>
  Effect.runPromise(Effect.provide(owner(effect), PgStore.layer(options(url, prices))))

const children = new Set<ChildProcess>()
afterEach(() => {
  for (const child of children) child.kill("SIGKILL")
  children.clear()
})
const start = (...args: ReadonlyArray<string>) => {
  const child = spawn(process.execPath, ["--conditions=han-source", join(import.meta.dirname, "storeProcess.ts"), ...args], {
    stdio: ["ignore", "pipe", "pipe"]
  })
  children.add(child)
  let said = ""
  let complaint = ""
  child.stdout.setEncoding("utf8").on("data", (chunk: string) => (said += chunk))
  child.stderr.setEncoding("utf8").on("data", (chunk: string) => (complaint += chunk))
  return { child, said: () => said, complaint: () => complaint }
}
const until = (is: () => boolean | Promise<boolean>) =>
  Effect.runPromise(
    Effect.repeat(
      Effect.promise(async () => is()),
      { until: (done) => done, schedule: Schedule.spaced("20 millis") }
    )
  )

const ask = async (url: string, statement: string) => {
  const client = new pg.Client({ connectionString: url })
  await client.connect()
  try {
    return (await client.query<Record<string, unknown>>(statement)).rows
  } finally {
    await client.end()
  }
}

it("Eight processes that start at once on an empty database all answer, and make its tables once", async () => {
  const database = await createDatabase("eight")
  const all = Array.from({ length: 8 }, () => start("migrate", database.url))
  const codes = await Promise.all(all.map(async ({ child }) => ((await once(child, "close")) as [number])[0]))
  expect(all.map(({ complaint }) => complaint()).join("")).toBe("")
  expect(codes).toEqual(Array.from({ length: 8 }, () => 0))
  for (const { said } of all) expect(said()).toBe("open 0\n")
  expect(await ask(database.url, "SELECT name, revision, serving FROM han.projection")).toEqual([{ name: "han", revision: "1", serving: true }])
  expect(await ask(database.url, "SELECT COUNT(DISTINCT name) = MAX(id) AND COUNT(*) = MAX(id) AS once FROM han.han_migration")).toEqual([{ once: true }])
  await database.drop()
}, 120_000)

it("A store does not start on a database without its tables, nor on a newer one, and says what to do", async () => {
  const database = await createDatabase("bare")
  const failure = () => Effect.runPromise(Effect.flip(Effect.provide(owner(Effect.flatMap(Journal, ({ head }) => head)), PgStore.layer(options(database.url)))))
  expect(await failure()).toMatchObject({ _tag: "StoreUnusable", reason: "unmigrated", message: expect.stringContaining("npm run migrate:pg") })
  await Effect.runPromise(PgStore.migrate(options(database.url)))
  await ask(database.url, "INSERT INTO han.han_migration (id, name) VALUES (99, 'future')")
  expect(await failure()).toMatchObject({ _tag: "StoreUnusable", reason: "newer" })
  expect(await Effect.runPromise(Effect.flip(PgStore.migrate(options(database.url))))).toMatchObject({ reason: "newer" })
  await database.drop()
}, 60_000)

const dearer: ReadonlyArray<PriceRow> = [
  { model: "claude-opus-4-5", from: 0, price: { input: 9900, output: 9900, cacheRead: 9900, cacheWrite5m: 9900, cacheWrite1h: 9900 } }
]

it("Processes whose read models differ write side by side while one is killed again and again, and both come out as a rebuild does", async () => {
  const database = await createDatabase("versions")
  const { url } = database
  await Effect.runPromise(PgStore.migrate(options(url)))
  await Effect.runPromise(PgStore.migrate(options(url, dearer)))
  const kills = runs(20, 2)
  let killed = 0
  const churn = async () => {
    while (killed < kills) {
      const one = start("append", url, `other-${killed}-`, JSON.stringify(dearer))
      await until(() => one.said().split("\n").length > 4 || one.child.exitCode !== null)
      expect(one.complaint()).toBe("")
      one.child.kill("SIGKILL")
      await once(one.child, "close")
      killed++
    }
  }
  const appending = Effect.gen(function* () {
    const journal = yield* wholeJournal
    const { appends } = corpus({ seed: 71, sessions: 200, lines: 60, chaos: true })
    let appended = 0
    for (const { entries, transcript } of appends) {
      for (let to = 6; to < entries.length + 6; to += 6) {
        if (killed === kills) return appended
        appended += (yield* journal.append(transcript, entries.slice(0, to))).appended
      }
    }
    return appended
  })
  const [appended] = await Promise.all([on(url, appending), churn()])
  expect(appended).toBeGreaterThan(0)
  for (const prices of [[], dearer]) {
    const [before, after] = await on(
      url,
      Effect.gen(function* () {
        // This process fills what the others left behind.
        yield* Effect.promise(() =>
          until(async () => {
            const [row] = await ask(
              url,
              `SELECT COUNT(*)::int AS behind FROM han.owner_head h CROSS JOIN (SELECT MAX(revision) AS revision FROM han.projection WHERE variant =
                (SELECT variant FROM han.projection WHERE revision = ${prices.length === 0 ? 1 : 2})) p
               LEFT JOIN han.projection_cursor c ON c.owner_no = h.owner_no AND c.revision = p.revision WHERE h.sequence > COALESCE(c.sequence, 0)`
            )
            return row!["behind"] === 0
          })
        )
        const before = yield* readEverything
        yield* Stream.runDrain((yield* JournalAdmin).rebuild)
        return [before, yield* readEverything] as const
      }),
      prices
    )
    expect(after).toEqual(before)
  }
  await database.drop()
}, 240_000)

it("Appends and followers go on when the database breaks off every connection, and nothing is missed", async () => {
  const database = await createStoreDatabase("broken")
  const { url } = database
  const total = 40
  const followed = await on(
    url,
    Effect.gen(function* () {
      const journal = yield* wholeJournal
      const follower = yield* Effect.fork(
        Stream.runCollect(
          Stream.takeUntil(
            Stream.map(journal.changes({ after: 0 }), ({ transcript: { sessionId } }) => sessionId as string),
            (id) => id === `s-${total - 1}`
          )
        )
      )
      for (let n = 0; n < total; n++) {
        if (n % 10 === 5)
          yield* Effect.promise(() =>
            ask(url, "SELECT pg_terminate_backend(pid) FROM pg_stat_activity WHERE datname = current_database() AND pid <> pg_backend_pid()")
          )
        const { appended } = yield* journal.append(
          transcript(`s-${n}`),
          lines([{ type: "user", uuid: `u-${n}`, message: { role: "user", content: `word ${n}` } }])
        )
        expect([n, appended]).toEqual([n, 1])
      }
      return [...(yield* Fiber.join(follower))]
    })
  )
  expect(followed).toEqual(Array.from({ length: total }, (_, n) => `s-${n}`))
  await database.drop()
}, 120_000)

it("Stores write side by side where transactions are repeatable reads by default", async () => {
  const database = await createStoreDatabase("repeatable")
  const { url } = database
  await ask(url, `ALTER DATABASE ${new URL(url).pathname.slice(1)} SET default_transaction_isolation = 'repeatable read'`)
  const write = (prefix: string) =>
    on(
      url,
      Effect.flatMap(wholeJournal, (journal) =>
        Effect.forEach(
          Array.from({ length: 15 }, (_, n) => n),
          (n) => journal.append(transcript(`${prefix}-${n}`), lines([{ type: "user", uuid: `${prefix}-${n}`, message: { role: "user", content: "x" } }])),
          { concurrency: 5 }
        )
      )
    )
  const appended = (await Promise.all([write("a"), write("b")])).flat()
  expect(appended.map((one) => one.appended)).toEqual(Array.from({ length: 30 }, () => 1))
  expect(
    await on(
      url,
      Effect.map(
        Effect.flatMap(Journal, ({ totals }) => totals),
        ({ entries }) => entries
      )
    )
  ).toBe(30)
  await database.drop()
}, 60_000)

it("A session that one process forgets is gone from the read models of the others, too", async () => {
  const database = await createDatabase("forgotten")
  const { url } = database
  await Effect.runPromise(PgStore.migrate(options(url)))
  await Effect.runPromise(PgStore.migrate(options(url, dearer)))
  const secret = transcript("secret")
  await on(
    url,
    Effect.flatMap(wholeJournal, (journal) => journal.append(secret, lines([{ type: "user", uuid: "u", message: { role: "user", content: "hush" } }])))
  )
  const holding = `SELECT (SELECT COUNT(*)::int FROM han.message_1) AS one, (SELECT COUNT(*)::int FROM han.message_2) AS two`
  await on(
    url,
    Effect.promise(() => until(async () => (await ask(url, holding))[0]!["two"] === 1)),
    dearer
  )
  await on(
    url,
    Effect.flatMap(JournalAdmin, (admin) => admin.forget({ sessionIds: ["secret" as SessionId] }))
  )
  expect(await ask(url, holding)).toEqual([{ one: 0, two: 0 }])
  await database.drop()
}, 60_000)
