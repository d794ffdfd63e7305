import { Database } from "bun:sqlite"
import { mkdtempSync, readdirSync, readFileSync, rmSync, statSync, writeFileSync } from "node:fs"
import { tmpdir } from "node:os"
import { join } from "node:path"
import { Effect, Exit, Layer, Schedule, Stream } from "effect"
import * as fc from "fast-check"
import { transcriptId } from "han-core/Entry"
import type { Messages } from "han-core/Messages"
import type { Metrics } from "han-core/Metrics"
import type { Search } from "han-core/Search"
import type { SessionDetails } from "han-core/SessionDetails"
import { Sessions } from "han-core/Sessions"
import { StoreInfo } from "han-core/StoreInfo"
import { Usage } from "han-core/Usage"
import { Viewer } from "han-core/Viewer"
import * as SqliteStore from "han-sql/SqliteStore"
import { afterEach, assert, beforeEach, it } from "vitest"
import { corpus, lines, transcript } from "../../../test/transcriptFiles.ts"
import { type JournalServices, wholeJournal } from "../../../test/wholeJournal.ts"
import { difference, found, readEverything, sessionId } from "../src/testing/readEverything.ts"

let folder: string
let filename: string
beforeEach(() => {
  folder = mkdtempSync(join(tmpdir(), "han-store-"))
  filename = join(folder, "han.db")
})
afterEach(() => rmSync(folder, { recursive: true, force: true }))

type Services = JournalServices | Sessions | SessionDetails | Messages | Search | Usage | Metrics | StoreInfo | Viewer
const on = <A, E>(effect: Effect.Effect<A, E, Services>, options: Partial<SqliteStore.SqliteStoreOptions> = {}) =>
  Effect.runPromise(Effect.provide(effect, Layer.merge(SqliteStore.layer({ filename, ...options }), Viewer.layerLocal)))
const open = (options: Partial<SqliteStore.SqliteStoreOptions> = {}) =>
  Effect.runPromiseExit(Effect.provide(Effect.void, SqliteStore.layer({ filename, ...options })))

const pagesNow = () => {
  const database = new Database(filename, { readonly: true })
  const { page_count } = database.query<{ page_count: number }, []>("PRAGMA page_count").get()!
  database.close()
  return page_count
}

const prompt = (uuid: string, text: string) => ({ type: "user", uuid, timestamp: "2026-03-01T10:00:00.000Z", message: { role: "user", content: text } })
const paid = {
  type: "assistant",
  uuid: "a",
  requestId: "r",
  timestamp: "2026-03-01T10:00:00.000Z",
  message: { id: "m", role: "assistant", model: "house-model", content: [{ type: "text", text: "x" }], usage: { input_tokens: 1000, output_tokens: 10 } }
}
const appendAll = Effect.fnUntraced(function* (appends: ReturnType<typeof corpus>["appends"]) {
  const journal = yield* wholeJournal
  for (const append of appends) yield* journal.appendAll([append])
})

it("The store keeps everything over a restart, in a file that is nobody else's", async () => {
  const { appends } = corpus({ seed: 41, sessions: 6, lines: 40, chaos: true })
  const before = await on(Effect.zipRight(appendAll(appends), readEverything))
  assert.isUndefined(difference(await on(readEverything), before))
  assert.strictEqual(statSync(filename).mode & 0o077, 0)
})

it("The database's file is smaller than the lines that it keeps", async () => {
  const { appends } = corpus({ seed: 42, sessions: 30, lines: 300, chaos: false })
  await on(appendAll(appends))
  const kept = appends.flatMap((append) => append.entries).reduce((sum, entry) => sum + entry.bytes.length + 1, 0)
  assert.isBelow(statSync(filename).size, kept)
})

it("a thread of its own copies the log into the file, and ends with the store", async () => {
  const { appends } = corpus({ seed: 43, sessions: 12, lines: 200, chaos: false })
  await on(
    Effect.gen(function* () {
      const database = new Database(filename)
      yield* Effect.addFinalizer(() => Effect.sync(() => database.close()))
      let written = 0
      // Begun anew, the log had been copied in full.
      const isCopied = Effect.sync(() => {
        const [[, pages, copied]] = database.query("PRAGMA wal_checkpoint(NOOP)").values() as [[number, number, number]]
        const anew = pages < written
        written = pages
        return copied > 0 || anew
      })
      let copied = false
      for (const append of appends) {
        yield* appendAll([append])
        copied = (yield* isCopied) || copied
        // The writer copies at 2,000, or, when it has heard of the thread, at 8,192.
        assert.isBelow(written, 2000)
      }
      if (copied) return
      assert.isAbove(written, 1000)
      const seen = Effect.filterOrFail(
        isCopied,
        (is) => is,
        () => "nothing was copied"
      )
      yield* Effect.retry(seen, { schedule: Schedule.spaced("5 millis"), times: 2000 })
    }).pipe(Effect.scoped)
  )
  assert.deepStrictEqual(readdirSync(folder), ["han.db"])
})

it("what is forgotten is in none of the database's files", async () => {
  await on(
    Effect.gen(function* () {
      const journal = yield* wholeJournal
      yield* journal.append(transcript("keep"), lines([prompt("k", "harmless words")]))
      yield* journal.append(transcript("secret"), lines([prompt("s", "xylophonesecret uncompressible 8f3a9c1e77d24b06")]))
      yield* journal.append(transcript("keep"), lines([prompt("k", "harmless words"), prompt("k2", "more harmless words")]))
    })
  )
  const holds = (word: string) => readdirSync(folder).some((name) => readFileSync(join(folder, name)).includes(word))
  assert.isTrue(holds("xylophonesecret"))
  const forgotten = await on(Effect.flatMap(wholeJournal, (journal) => journal.forget({ sessionIds: [sessionId("secret")] })))
  const database = new Database(filename, { readonly: true })
  const no = database.query<{ no: number }, []>("SELECT no FROM session_key WHERE session_id = 'secret'").get()?.no
  assert.isNumber(no)
  const tables = database
    .query<{ name: string }, []>("SELECT m.name FROM sqlite_master m JOIN pragma_table_info(m.name) c ON c.name = 'session_no' WHERE m.type = 'table'")
    .all()
  assert.isAbove(tables.length, 10)
  for (const { name } of tables) {
    assert.strictEqual(database.query<{ rows: number }, [number]>(`SELECT COUNT(*) AS rows FROM ${name} WHERE session_no = ?`).get(no!)?.rows, 0, name)
  }
  database.close()
  assert.deepStrictEqual(forgotten, { sessions: 1, entries: 1 })
  assert.isFalse(holds("xylophonesecret"))
  assert.isFalse(holds("8f3a9c1e77d24b06"))
  assert.deepStrictEqual(
    await on(found("harmless")),
    ["k2", "k"].sort((a, b) => (a < b ? 1 : -1))
  )
})

it("Nothing of a forgotten long session stays, also while the log is copied and the full-text index was merged", async () => {
  await on(
    Effect.gen(function* () {
      const journal = yield* wholeJournal
      const random = fc.sample(fc.string({ unit: fc.constantFrom(..."abcdefgh0123"), minLength: 5, maxLength: 6 }), { numRuns: 20_000, seed: 1 })
      const session = (id: string, length: number) =>
        journal.append(
          transcript(id),
          lines(
            Array.from({ length }, (_, n) =>
              prompt(`${id}-${n}`, `${id}secret${n} ${Array.from({ length: 160 }, (_, i) => random[(n * 160 + i) % 20_000]).join(" ")}`)
            )
          )
        )
      yield* session("kept", 1500)
      for (let round = 0; round < 5; round++) {
        const id = `quetzal${round}`
        yield* session(id, 2500)
        yield* journal.forget({ sessionIds: [sessionId(id)] })
        for (const name of readdirSync(folder)) assert.isFalse(readFileSync(join(folder, name)).includes(`${id}secret`), `${name} after round ${round}`)
      }
    })
  )
})

it("a full disk loses nothing, says so, and is got over", async () => {
  const { appends } = corpus({ seed: 43, sessions: 8, lines: 80, chaos: false })
  const expected = await on(Effect.zipRight(appendAll(appends), readEverything))
  rmSync(filename)
  // Pages beyond the limit are refused as a full disk refuses them.
  const [first, ...rest] = appends
  await on(appendAll([first!]))
  const pages = pagesNow()
  const outcome = await on(
    Effect.gen(function* () {
      const refused = yield* Effect.flip(appendAll(rest))
      assert.strictEqual(refused._tag, "StoreError")
      if (refused._tag !== "StoreError") return
      assert.strictEqual(refused.reason, "full")
      assert.include(refused.message, filename)
      assert.include(refused.message, "free some disk space")
      // Nothing half done is left, and reads go on.
      const journal = yield* wholeJournal
      for (const info of yield* journal.transcripts()) {
        const append = appends.find((one) => transcriptId(one.transcript) === info.id)!
        assert.isTrue(info.lines === append.entries.length || info.lines === 0)
      }
      return yield* journal.totals
    }),
    { maxPages: pages + 40 }
  )
  assert.isAbove(outcome?.entries ?? 0, 0)
  assert.isUndefined(difference(await on(Effect.zipRight(appendAll(appends), readEverything)), expected))
})

it("appends go on after a refused one, in the same process", async () => {
  await on(Effect.void)
  await on(
    Effect.gen(function* () {
      const journal = yield* wholeJournal
      const big = lines(Array.from({ length: 400 }, (_, n) => prompt(`b${n}`, `${n} ${"uncommon".repeat(20)}${Math.sin(n)}`)))
      const refused = yield* Effect.flip(journal.append(transcript("big"), big))
      assert.strictEqual(refused._tag, "StoreError")
      yield* journal.append(transcript("small"), lines([prompt("s1", "fits")]))
      assert.deepStrictEqual(yield* found("fits"), ["s1"])
    }),
    { maxPages: pagesNow() + 4 }
  )
})

it("A database of a newer han, a damaged one and no database at all are told apart and left alone", async () => {
  const problem = async (wanted: string, ...parts: ReadonlyArray<string>) => {
    const exit = await open()
    assert.isTrue(Exit.isFailure(exit))
    const error = Exit.isFailure(exit) && exit.cause._tag === "Fail" ? exit.cause.error : undefined
    assert.strictEqual(error?.reason, wanted)
    for (const part of [filename, ...parts]) assert.include(error?.message, part)
  }
  await on(Effect.void)
  const database = new Database(filename)
  database.run("INSERT INTO han_migration (id, name) VALUES (99, 'future')")
  database.close()
  await problem("newer", "update han")
  rmSync(filename)
  writeFileSync(filename, "this is no database, only a text that is long enough to be taken for one".repeat(50))
  await problem("corrupt", "move it away")
  assert.include(readFileSync(filename, "utf8"), "this is no database")
  rmSync(filename)
  filename = join(folder, "missing", "han.db")
  await problem("unreadable", "its folder")
})

it("read models of another version are filled anew while the store answers, also when that is cut off", async () => {
  const { appends } = corpus({ seed: 44, sessions: 10, lines: 60, chaos: true })
  const expected = await on(Effect.zipRight(appendAll(appends), readEverything))
  const age = () => {
    const database = new Database(filename)
    database.run("UPDATE projection SET version = '0'")
    database.close()
  }
  age()
  // Cut off at once, and once more.
  await on(Effect.void)
  await on(Effect.flatMap(wholeJournal, (journal) => journal.append(transcript("meanwhile"), lines([prompt("m1", "came meanwhile")]))))
  const caughtUp = Effect.flatMap(StoreInfo, (info) =>
    Effect.repeat(info.rebuilding, { until: (progress) => progress === null, schedule: Schedule.spaced("10 millis") })
  )
  await on(
    Effect.gen(function* () {
      yield* Effect.repeat(found("came meanwhile"), { until: (ids) => ids.length === 1, schedule: Schedule.spaced("10 millis") })
      yield* caughtUp
      yield* (yield* wholeJournal).forget({ sessionIds: [sessionId("meanwhile")] })
      assert.isUndefined(difference(yield* readEverything, expected))
    })
  )
  const database = new Database(filename)
  const tables = database
    .query<{ name: string }, []>(
      "SELECT name FROM sqlite_master WHERE type = 'table' AND name LIKE 'message\\_%' ESCAPE '\\' AND name NOT LIKE 'message\\_text%' ESCAPE '\\'"
    )
    .all()
  database.close()
  assert.strictEqual(tables.length, 1)
})

it("Changed prices are applied to what is already there", async () => {
  await on(Effect.flatMap(wholeJournal, (journal) => journal.append(transcript("p"), lines([paid]))))
  const cost = Effect.map(
    Effect.flatMap(Usage, (usage) => usage.report({ by: "model" })),
    (report) => [report.totals.costNanoUsd, report.totals.unpricedResponses]
  )
  assert.deepStrictEqual(await on(cost), [0, 1])
  const prices = [{ model: "house-model", from: 0, price: { input: 2000, output: 10_000, cacheRead: 0, cacheWrite5m: null, cacheWrite1h: null } }]
  const repriced = Effect.repeat(Effect.delay(cost, 10), { until: ([, unpriced]) => unpriced === 0 })
  assert.deepStrictEqual(await on(repriced, { prices }), [2_100_000, 0])
  assert.deepStrictEqual(await on(cost, { prices }), [2_100_000, 0])
})

it("a killed process loses nothing that it said was stored, and doubles nothing", async () => {
  const { appends } = corpus({ seed: 45, sessions: 10, lines: 60, chaos: true })
  const expected = await on(Effect.zipRight(appendAll(appends), readEverything))
  rmSync(filename)
  const writer = join(import.meta.dirname, "appendUntilKilled.ts")
  for (let round = 0; round < 6; round++) {
    const child = Bun.spawn([process.execPath, "--conditions=han-source", writer, filename], { stdout: "pipe", stderr: "inherit" })
    let told = 0
    for await (const chunk of child.stdout) {
      told += Buffer.from(chunk).toString().split("\n").length - 1
      if (told > 5 * (round + 1)) child.kill("SIGKILL")
    }
    await child.exited
    const entries = await on(Effect.flatMap(wholeJournal, (journal) => Effect.map(journal.totals, (totals) => totals.entries)))
    assert.isAtLeast(entries, told > 0 ? 1 : 0)
  }
  assert.isUndefined(difference(await on(Effect.zipRight(appendAll(appends), readEverything)), expected))
})

it("The store names the versions of SQLite that can corrupt a database", async () => {
  for (const [version, bad] of [
    ["3.46.0", true],
    ["3.51.2", true],
    ["3.51.3", false],
    ["3.54.1", false],
    ["3.6.23", false]
  ] as const) {
    assert.strictEqual(SqliteStore.versionWarning(version) !== null, bad, version)
  }
  const info = await on(Effect.map(StoreInfo, ({ engine, location, version }) => ({ engine, location, version })))
  assert.deepStrictEqual([info.engine, info.location], ["sqlite", filename])
  assert.match(info.version, /^3\.\d+\.\d+$/)
})

it("a page of a session costs as many statements as a page of a longer one", async () => {
  const { appends } = corpus({ seed: 46, sessions: 3, lines: 200, chaos: false })
  await on(
    Effect.gen(function* () {
      yield* appendAll(appends)
      const sessions = yield* Sessions
      let statements = 0
      const query = Database.prototype.query
      Database.prototype.query = function (this: Database, sql: string) {
        statements++
        return query.call(this, sql)
      } as typeof query
      try {
        const count = Effect.fnUntraced(function* (first: number) {
          statements = 0
          yield* sessions.messages({ sessionId: appends[0]!.transcript.sessionId }, { first })
          yield* sessions.list({}, { first })
          return statements
        })
        assert.strictEqual(yield* count(2), yield* count(100))
      } finally {
        Database.prototype.query = query
      }
    })
  )
})

it("The store streams a rebuild's progress to its end", async () => {
  const { appends } = corpus({ seed: 47, sessions: 10, lines: 300, chaos: false })
  await on(
    Effect.gen(function* () {
      yield* appendAll(appends)
      const steps = [...(yield* Stream.runCollect((yield* wholeJournal).rebuild))]
      assert.isAbove(steps.length, 1)
      for (const [index, step] of steps.entries()) assert.isTrue(step.entries <= step.total && (index === 0 || step.entries >= steps[index - 1]!.entries))
    })
  )
})
