import { Database } from "bun:sqlite"
import { mkdtempSync, rmSync } from "node:fs"
import { tmpdir } from "node:os"
import { join } from "node:path"
import { assert, it } from "@effect/vitest"
import { Effect, Layer } from "effect"
import { JournalWriter } from "han-core/JournalWriter"
import { Metrics } from "han-core/Metrics"
import { SessionQueries } from "han-core/SessionQueries"
import { Sessions } from "han-core/Sessions"
import { Usage } from "han-core/Usage"
import { Viewer } from "han-core/Viewer"
import * as SqliteStore from "han-sql/SqliteStore"
import { lines, transcript } from "../../../../test/transcriptFiles.ts"

const prompt = { type: "user", uuid: "u", timestamp: "2026-03-01T10:00:00.000Z", cwd: "/work", message: { role: "user", content: "hello" } }

/** Each state that nobody writes: no JSON, no object, a fact without its line, and one of another type. */
const damages = ["{", "[]", '{"cwd":{"value":"/work"}}', '{"cwd":{"value":7,"stamp":1}}']

for (const damage of damages)
  it.effect(`A session whose state was damaged to ${damage} is an error that names the session`, () =>
    Effect.gen(function* () {
      const folder = yield* Effect.acquireRelease(
        Effect.sync(() => mkdtempSync(join(tmpdir(), "han-damaged-"))),
        (path) => Effect.sync(() => rmSync(path, { recursive: true }))
      )
      const filename = join(folder, "han.db")
      yield* Effect.gen(function* () {
        yield* (yield* JournalWriter).append(transcript("s"), lines([prompt]))
        const database = new Database(filename)
        database.query("UPDATE session_1 SET state = ?").run(damage)
        database.close()
        const { list } = yield* Sessions
        const { find } = yield* SessionQueries
        const failures = yield* Effect.all([
          Effect.flip(list({}, {})),
          Effect.flip(find({ orderBy: [{ field: "id", descending: false }] }, {})),
          Effect.flip((yield* Metrics).sessions({}))
        ])
        for (const failure of failures) {
          assert.ok(failure._tag === "StoreError" && failure.reason === "corrupt")
          assert.include(failure.message, `${filename} is damaged (the state of session 1 cannot be read)`)
        }
        assert.strictEqual((yield* (yield* Usage).report({ by: "model" })).totals.responses, 0)
      }).pipe(Effect.provide(Layer.merge(SqliteStore.layer({ filename }), Viewer.layerLocal)))
    }).pipe(Effect.scoped)
  )
