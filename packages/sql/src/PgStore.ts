/**
 * The store in a PostgreSQL database, for many owners.
 *
 * @example
 * ```ts
 * import * as Effect from "effect/Effect"
 * import * as Redacted from "effect/Redacted"
 * import { Usage } from "han-core/Usage"
 * import { OwnerId, Viewer } from "han-core/Viewer"
 * import * as PgStore from "han-sql/PgStore"
 *
 * const store = PgStore.layer({ url: Redacted.make(process.env.DATABASE_URL ?? ""), maxConnections: 20 })
 *
 * const costOf = (owner: string) =>
 *   Effect.flatMap(Usage, (usage) => usage.report({ by: "project" })).pipe(Effect.provideService(Viewer, { owner: OwnerId.make(owner) }))
 *
 * const reports = await Effect.runPromise(Effect.provide(Effect.all({ alice: costOf("alice"), bob: costOf("bob") }), store))
 * ```
 */

import * as Reactivity from "@effect/experimental/Reactivity"
import * as SqlClient from "@effect/sql/SqlClient"
import { PgClient } from "@effect/sql-pg"
import * as Cause from "effect/Cause"
import * as Effect from "effect/Effect"
import * as Layer from "effect/Layer"
import * as Redacted from "effect/Redacted"
import * as Schedule from "effect/Schedule"
import * as Stream from "effect/Stream"
import * as Pricing from "han-core/Pricing"
import { StoreUnusable } from "han-core/StoreError"
import { StoreInfo } from "han-core/StoreInfo"
import * as Pg from "pg"
import { Database } from "./database/Database.ts"
import { wholeStatements } from "./database/wholeStatements.ts"
import * as Migrations from "./journal/Migrations.ts"
import type { Projection } from "./readmodels/Projection.ts"
import * as ReadModelTables from "./readmodels/ReadModelTables.ts"
import { layerStore, type StoreServices } from "./store.ts"

/** The database of a store, and what it adds to the published prices and the built-in read models. */
export interface PgStoreOptions {
  /** `postgres://user:password@host/database`. */
  readonly url: Redacted.Redacted
  /** Prices beside the published ones; a row of the same model overrides these from its date on. */
  readonly prices?: ReadonlyArray<Pricing.PriceRow>
  /** Read models of one's own, read through `Projections`. */
  readonly projections?: ReadonlyArray<Projection>
  /** 10 if absent. */
  readonly maxConnections?: number
}

/**
 * Opens the store over a PostgreSQL database (15 or newer) and brings its schema up to date. Several processes may have it open. Fails with `StoreUnusable`
 * when the database cannot be reached, or was written by a newer han.
 */
export const layer = (options: PgStoreOptions): Layer.Layer<StoreServices, StoreUnusable> => {
  const prices = Pricing.make(options.prices)
  const location = locationOf(Redacted.value(options.url))
  return layerStore({ prices }).pipe(
    Layer.provideMerge(layerInfo),
    Layer.provide(ReadModelTables.layer({ prices, projections: options.projections ?? [] })),
    Layer.provide(layerDatabase(location)),
    Layer.provide([
      PgClient.layer({
        url: options.url,
        types,
        applicationName: "han",
        ...(options.maxConnections !== undefined && { maxConnections: options.maxConnections })
      }),
      Reactivity.layer
    ]),
    Layer.catchAllCause((cause) => Layer.fail(unusable(location, cause)))
  )
}

// Every BIGINT that han stores is below 2^53, so it is a number and not a string.
const types: Pg.CustomTypesConfig = {
  getTypeParser: (oid: number, format?: "text" | "binary") =>
    oid === 20 ? Number : format === "binary" ? Pg.types.getTypeParser(oid, format) : Pg.types.getTypeParser(oid, "text")
}

const channel = "han_journal"

const layerDatabase = (location: string) =>
  Layer.effect(
    Database,
    Effect.gen(function* () {
      const client = yield* PgClient.PgClient
      const sql = yield* wholeStatements(client)
      yield* Effect.provideService(Migrations.run(location), SqlClient.SqlClient, sql)
      return Database.of({
        write: sql,
        read: sql,
        location,
        announce: (owner) => Effect.asVoid(sql`SELECT pg_notify(${channel}, ${owner})`),
        // A listener that lost its connection listens again; who uses it looks at the journal, not at what was told.
        announcements: client.listen(channel).pipe(Stream.retry(Schedule.spaced("1 second")), Stream.orDie),
        afterCommit: Effect.void,
        erase: Effect.void
      })
    })
  )

const layerInfo = Layer.effect(
  StoreInfo,
  Effect.gen(function* () {
    const database = yield* Database
    const models = yield* ReadModelTables.ReadModelTables
    const [row] = yield* database.read<{ version: string }>`SELECT current_setting('server_version') AS version`
    return StoreInfo.of({ engine: "postgresql", version: row!.version, location: database.location, warning: null, rebuilding: models.progress })
  })
)

/** Host and database, without the password. */
const locationOf = (url: string): string => {
  const parsed = URL.canParse(url) ? new URL(url) : undefined
  return parsed === undefined ? "PostgreSQL" : `PostgreSQL ${parsed.host}${parsed.pathname}`
}

const unusable = (location: string, cause: Cause.Cause<unknown>): StoreUnusable => {
  const error = Cause.squash(cause)
  if (error instanceof StoreUnusable) return error
  const inner = typeof error === "object" && error !== null && "cause" in error ? error.cause : error
  return new StoreUnusable({
    location,
    reason: "unreachable",
    message: `${location} cannot be used (${inner instanceof Error ? inner.message : String(inner)}); check the url, that the server runs, and the rights of its user`
  })
}
