import { Database } from "bun:sqlite"
import * as Path from "node:path"
import { assert, it } from "@effect/vitest"
import * as Effect from "effect/Effect"
import { folder } from "../../../../test/temporary.ts"
import { scripted } from "./scripted.ts"

/** The statements that SQLite is asked to run. */
const counting = Effect.acquireRelease(
  Effect.sync(() => {
    const { query } = Database.prototype
    const statements: Array<string> = []
    Database.prototype.query = function (this: Database, sql: string) {
      statements.push(sql)
      return query.call(this, sql)
    } as typeof query
    return { query, statements }
  }),
  ({ query }) =>
    Effect.sync(() => {
      Database.prototype.query = query
    })
)

it.scopedLive("SYN-05: 1,200 sessions of one line each all arrive, 200 in a request and each once", () =>
  Effect.gen(function* () {
    const ids = Array.from({ length: 1200 }, (_, at) => `session-${at}`)
    const { server, start } = yield* scripted(Object.fromEntries(ids.map((id) => [id, [`of ${id}`]])))
    const { status } = yield* start()
    assert.deepStrictEqual(
      server.asked.map(({ payload }) => payload.sessions.length),
      [0, 200, 200, 200, 200, 200, 200]
    )
    for (const id of ids) assert.strictEqual(server.textsOf(id).length, 1)
    assert.deepStrictEqual([(yield* status).pendingMessages, (yield* status).totals.messages], [0, 1200])
  })
)

it.scopedLive("An archive of 10,000 transcripts that are all there costs one request and a few statements, reads no line and writes no row", () =>
  Effect.gen(function* () {
    const file = Path.join(yield* folder, "han.db")
    const { append, server, start } = yield* scripted({}, file)
    yield* append(Object.fromEntries(Array.from({ length: 10_000 }, (_, at) => [`session-${at}`, [`line ${at}`]])))
    yield* Effect.scoped(start({ batchSize: 5000 }))
    const positions = new Map(server.asked.flatMap(({ payload }) => payload.sessions.map((session) => [session.id, session] as const)))
    assert.strictEqual(positions.size, 10_000)
    const disk = new Database(file, { readonly: true })
    const version = () => disk.query("PRAGMA data_version").get()
    const before = version()

    // The process begins again.
    server.asked.length = 0
    const { statements } = yield* counting
    const { status, sync, verify } = yield* start()
    const began = statements.splice(0)
    assert.strictEqual(server.asked.length, 1)
    assert.isAtMost(began.length, 6, began.join("\n"))
    assert.deepStrictEqual(yield* sync, { sent: 0, sessions: 0, bytes: 0, requests: 0 })
    const again = statements.splice(0)
    assert.strictEqual(server.asked.length, 1)
    assert.isAtMost(again.length, 6, again.join("\n"))

    assert.deepStrictEqual(yield* verify, { same: true })
    const verified = statements.splice(0)
    assert.strictEqual(server.asked.length, 2)
    assert.isAtMost(began.length + verified.length, 6, verified.join("\n"))
    assert.deepStrictEqual([(yield* status).pendingMessages, (yield* status).state], [0, "IDLE"])

    for (const statement of [...began, ...again, ...verified]) assert.notMatch(statement, /\bFROM block\b(?!.*SUM\(size\))/)
    assert.deepStrictEqual(version(), before)
    disk.close()
  })
)
