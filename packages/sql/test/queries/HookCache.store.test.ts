import { Database } from "bun:sqlite"
import { mkdtempSync, rmSync } from "node:fs"
import { tmpdir } from "node:os"
import { join } from "node:path"
import * as Effect from "effect/Effect"
import * as SqliteStore from "han-sql/SqliteStore"
import { hookCacheSuite, type Place } from "../HookCacheSuite.ts"

const sqlitePlace = Effect.acquireRelease(
  Effect.sync(() => mkdtempSync(join(tmpdir(), "han-passes-"))),
  (folder) => Effect.sync(() => rmSync(folder, { recursive: true, force: true }))
).pipe(
  Effect.map((folder): Place => {
    const filename = join(folder, "han.db")
    return {
      layer: SqliteStore.layer({ filename }),
      run: (statement) =>
        Effect.sync(() => {
          const database = new Database(filename)
          try {
            return database.query<Record<string, unknown>, []>(statement).all()
          } finally {
            database.close()
          }
        })
    }
  })
)

hookCacheSuite("SqliteStore", sqlitePlace, { runs: 60 })
