import * as Effect from "effect/Effect"
import * as Redacted from "effect/Redacted"
import { Journal } from "han-core/Journal"
import { Search } from "han-core/Search"
import { digestOf } from "han-core/unstable/SyncChain"
import * as PgStore from "han-sql/PgStore"
import pg from "pg"
import { expect, it } from "vitest"
import { createStoreDatabase } from "../../../../test/postgresStore.ts"
import { chainOf, messagesOf, part, payloadOf } from "../../../../test/syncPayloads.ts"
import { lines } from "../../../../test/transcriptFiles.ts"
import { as, personNamed, receive, storedOf, textOf } from "./workspace.ts"

const asking = (id: string, count: number) =>
  lines(
    Array.from({ length: count }, (_, line) => ({
      type: "user",
      uuid: `${id}-${line}`,
      timestamp: new Date(Date.UTC(2026, 2, 1, 10, 0, line)).toISOString(),
      message: { role: "user", content: `${id} asks needle` }
    }))
  )

it("SYN-25: a database whose connections end in mid-transaction has whole batches alone, and takes the others when they come again", async () => {
  const database = await createStoreDatabase("broken")
  const breaker = new pg.Client({ connectionString: database.url })
  await breaker.connect()
  let broken = 0
  let isBreaking = true
  /** Ends a connection at the moment at which it has written lines and not committed them. */
  const breaking = (async () => {
    while (isBreaking) {
      const { rowCount } = await breaker.query(
        `SELECT pg_terminate_backend(a.pid) FROM pg_stat_activity a JOIN pg_locks l ON l.pid = a.pid AND l.relation = 'han.block'::regclass AND l.mode = 'RowExclusiveLock'
         WHERE a.datname = current_database() AND a.pid <> pg_backend_pid()`
      )
      broken += rowCount ?? 0
      await new Promise((resolve) => setTimeout(resolve, 5))
    }
  })()
  const batch = 200
  const sessions = ["one", "two", "three"].map((id) => ({ id, entries: asking(id, 3 * batch) }))
  const whole = Effect.gen(function* () {
    const ada = yield* personNamed("Ada")
    const send = (from: number) =>
      receive(
        ada,
        payloadOf(
          ada.person,
          sessions.map(({ entries, id }) => part(id, entries, from, from + batch))
        )
      )
    const refused: Array<string> = []
    for (let from = 0; from < 3 * batch; from += batch) {
      const answer = yield* Effect.either(send(from))
      if (answer._tag === "Left") expect(answer.left._tag).toBe("StoreError")
      else refused.push(...answer.right.errors.map(({ code, message }) => `${code}: ${message}`))
    }
    // What was stored is whole batches, each with all that follows from it.
    const search = yield* Search
    for (const { id } of sessions) {
      const [stored] = yield* Effect.retry(storedOf(ada, id), { times: 20 })
      const count = yield* Effect.retry(search.count({ text: `${id} needle` }).pipe(as(ada)), { times: 20 })
      expect((stored?.lines ?? 0) % batch).toBe(0)
      expect(count).toBe(stored?.lines ?? 0)
    }
    isBreaking = false
    yield* Effect.promise(() => breaking)
    for (let from = 0; from < 3 * batch; from += batch) yield* send(from)
    const { digest, errors } = yield* receive(ada, payloadOf(ada.person, [], { verify: true }))
    expect(errors).toEqual([])
    expect(digest).toEqual(digestOf(sessions.map(({ entries }) => ({ generationId: "g1", lines: entries.length, chain: chainOf(messagesOf(entries)) }))))
    for (const { entries, id } of sessions) {
      expect(yield* storedOf(ada, id)).toMatchObject([{ text: textOf(entries) }])
      expect(yield* search.count({ text: `${id} needle` }).pipe(as(ada))).toBe(entries.length)
    }
    expect((yield* Effect.flatMap(Journal, (journal) => journal.totals).pipe(as(ada))).entries).toBe(9 * batch)
    for (const told of refused) expect(told).toMatch(/^(storage: the database does not answer|position: )/)
  })
  try {
    await Effect.runPromise(Effect.provide(whole, PgStore.layer({ url: Redacted.make(database.url), maxWaitMs: 60_000 })))
    expect(broken).toBeGreaterThan(0)
  } finally {
    isBreaking = false
    await breaking
    await breaker.end()
    await database.drop()
  }
})
