import * as Effect from "effect/Effect"
import * as Layer from "effect/Layer"
import * as Redacted from "effect/Redacted"
import type { StoreUnusable } from "han-core/StoreError"
import * as PgStore from "han-sql/PgStore"
import { createDatabase } from "./postgresDatabase.ts"

let template: Promise<string> | undefined
/** The name of a database of this process that `PgStore.migrate` made; copies of it need no migration. */
const migrated = (): Promise<string> =>
  (template ??= createDatabase("template").then(async ({ url }) => {
    await Effect.runPromise(PgStore.migrate({ url: Redacted.make(url) }))
    return new URL(url).pathname.slice(1)
  }))

/** A database with the tables of a store, which nobody has written to. */
export const createStoreDatabase = async (name: string) => createDatabase(name, await migrated())

/** A store in a database of its own each time it is built. */
export const freshPgStore = (options: Omit<PgStore.PgStoreOptions, "url"> = {}): ReturnType<typeof PgStore.layer> =>
  Layer.unwrapScoped(
    Effect.gen(function* () {
      const plain = options.prices === undefined && options.projections === undefined
      const database = yield* Effect.acquireRelease(
        Effect.promise(() => (plain ? createStoreDatabase("store") : createDatabase("store"))),
        ({ drop }) => Effect.promise(drop)
      )
      // A machine that runs many tests at once makes nobody wait for nothing. Projects are what they are in the other stores that pass the same tests.
      const patient = { maxWaitMs: 60_000, projects: "directory" as const, ...options, url: Redacted.make(database.url) }
      if (!plain) yield* PgStore.migrate(patient)
      return PgStore.layer(patient)
    })
  ) as Layer.Layer<Layer.Layer.Success<ReturnType<typeof PgStore.layer>>, StoreUnusable>
