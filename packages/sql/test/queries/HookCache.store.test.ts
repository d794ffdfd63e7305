import { Database } from "bun:sqlite"
import { mkdtempSync, rmSync } from "node:fs"
import { tmpdir } from "node:os"
import { join } from "node:path"
import * as Effect from "effect/Effect"
import * as Redacted from "effect/Redacted"
import * as PgStore from "han-sql/PgStore"
import * as SqliteStore from "han-sql/SqliteStore"
import pg from "pg"
import { createDatabase } from "../../../../test/postgresDatabase.ts"
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

const pgPlace = Effect.acquireRelease(
  Effect.promise(() => createDatabase("passes")),
  (database) => Effect.promise(() => database.drop())
).pipe(
  Effect.map(
    ({ url }): Place => ({
      layer: PgStore.layer({ url: Redacted.make(url) }),
      run: (statement) =>
        Effect.promise(async () => {
          const client = new pg.Client({ connectionString: url })
          await client.connect()
          try {
            return (await client.query<Record<string, unknown>>(statement)).rows
          } finally {
            await client.end()
          }
        })
    })
  )
)

hookCacheSuite("SqliteStore", sqlitePlace, { runs: 60 })
hookCacheSuite("PgStore", pgPlace, { runs: 8 })
