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
 *   Effect.flatMap(Usage, (usage) => usage.report({ by: "project" })).pipe(Effect.provideService(Viewer, { owner: OwnerId.make(owner), person: null }))
 *
 * const reports = await Effect.runPromise(Effect.provide(Effect.all({ alice: costOf("alice"), bob: costOf("bob") }), store))
 * ```
 */

import * as Reactivity from "@effect/experimental/Reactivity"
import * as SqlClient from "@effect/sql/SqlClient"
import type { SqlError } from "@effect/sql/SqlError"
import { PgClient } from "@effect/sql-pg"
import * as Cause from "effect/Cause"
import * as Context from "effect/Context"
import * as Effect from "effect/Effect"
import * as Layer from "effect/Layer"
import * as Redacted from "effect/Redacted"
import * as Stream from "effect/Stream"
import type { Accounts } from "han-core/Accounts"
import type { AuditLog } from "han-core/AuditLog"
import type { RebuildProgress } from "han-core/JournalAdmin"
import type { Membership } from "han-core/Membership"
import * as Pricing from "han-core/Pricing"
import { redactor } from "han-core/Redaction"
import type { SignIns } from "han-core/SignIns"
import { StoreUnusable } from "han-core/StoreError"
import { StoreInfo } from "han-core/StoreInfo"
import type { SyncReceiver } from "han-core/SyncReceiver"
import type { ApiKeys } from "han-core/Workspaces"
import * as Pg from "pg"
import { Database, driverText } from "./database/Database.ts"
import { PgHealth } from "./database/PgHealth.ts"
import { pgDatabase } from "./database/pgDatabase.ts"
import { makeRoles, migrationLock, roles, schema } from "./database/pgRoles.ts"
import { wholeStatements } from "./database/wholeStatements.ts"
import * as Migrations from "./journal/Migrations.ts"
import * as PgTables from "./readmodels/PgTables.ts"
import type { Projection } from "./readmodels/Projection.ts"
import { begun, registered, serve, startRevision } from "./readmodels/pgRevisions.ts"
import { ReadModelTables } from "./readmodels/ReadModelTables.ts"
import { type Model, modelOf, readModels } from "./readmodels/revisions.ts"
import * as SqlSyncReceiver from "./receiver/SqlSyncReceiver.ts"
import { layerStore, type StoreServices } from "./store.ts"
import * as SqlAccounts from "./workspaces/SqlAccounts.ts"
import * as SqlApiKeys from "./workspaces/SqlApiKeys.ts"
import * as SqlAuditLog from "./workspaces/SqlAuditLog.ts"
import * as SqlMembership from "./workspaces/SqlMembership.ts"
import * as SqlSignIns from "./workspaces/SqlSignIns.ts"

/** The database of a store, and what it adds to the published prices and the built-in read models. */
export interface PgStoreOptions {
  /** `postgres://user:password@host/database`. The user may become `han_app` and `han_jobs`, the roles in which everything runs. A pooler that hands out connections by transaction may stand between. */
  readonly url: Redacted.Redacted
  /** The same database without such a pooler, for LISTEN; `url` if absent. */
  readonly directUrl?: Redacted.Redacted
  /** The same database for a login that may become `han_jobs`, where that of `url` may become `han_app` alone; `url` if absent. */
  readonly jobsUrl?: Redacted.Redacted
  /** Prices beside the published ones; a row of the same model overrides these from its date on. */
  readonly prices?: ReadonlyArray<Pricing.PriceRow>
  /** Read models of one's own, read through `Projections`. */
  readonly projections?: ReadonlyArray<Projection>
  /**
   * Whether a project is the repository that directories are checkouts of, the same for everybody, or each directory, as on one machine. Directories without a remote are
   * projects of their own either way. `repository` if absent.
   */
  readonly projects?: "directory" | "repository"
  /** 10 if absent. */
  readonly maxConnections?: number
  /** Milliseconds that an operation waits for a connection before it fails with `busy`; 2,000 if absent. */
  readonly maxWaitMs?: number
}

/** The services of a store in PostgreSQL: also those of many people. */
export type PgServices = StoreServices | Accounts | ApiKeys | AuditLog | Membership | PgHealth | SignIns | SyncReceiver

/**
 * Opens the store over a PostgreSQL database (15 or newer), whose schema `migrate` made. Several processes may have it open, also of several versions. Fails with
 * `StoreUnusable` when the database cannot be reached, has no tables for this version yet, or was written by a newer han.
 */
export const layer = (options: PgStoreOptions): Layer.Layer<PgServices, StoreUnusable> => {
  const prices = Pricing.make(options.prices)
  const location = locationOf(Redacted.value(options.url))
  return Layer.mergeAll(
    SqlSyncReceiver.layer({ prices, mend: redactor({}).entry }),
    SqlAccounts.layer,
    SqlApiKeys.layer,
    SqlAuditLog.layer,
    SqlMembership.layer,
    SqlSignIns.layer,
    layerHealth
  ).pipe(
    Layer.provideMerge(layerStore({ prices })),
    Layer.provideMerge(layerInfo),
    Layer.provide(PgTables.layer({ prices, models: modelsOf(options) })),
    Layer.provide(Layer.tap(layerDatabase(options, location), (context) => checked(Context.get(context, Database)))),
    Layer.catchAllCause((cause) => Layer.fail(unusable(location, cause)))
  )
}

/** The same database as a login sees it that may make roles, a schema and tables, or become `han_owner`; and who wants to hear how far it is. */
export interface MigrateOptions extends PgStoreOptions {
  readonly onProgress?: (progress: RebuildProgress) => Effect.Effect<void>
}

/**
 * Makes the roles and the schema `han`, brings it up to this version, and fills the tables of its read models beside those that serve. Stores of earlier versions may be open
 * and written to meanwhile. One at a time: others wait for it, and then find nothing to do.
 */
export const migrate = (options: MigrateOptions): Effect.Effect<void, StoreUnusable> => {
  const location = locationOf(Redacted.value(options.url))
  return Effect.gen(function* () {
    const client = yield* lockedClient(options.directUrl ?? options.url)
    yield* Effect.tryPromise(async () => {
      await makeRoles(client)
      await client.query(`CREATE SCHEMA IF NOT EXISTS ${schema} AUTHORIZATION ${roles.owner}`)
      await client.query(`GRANT USAGE ON SCHEMA ${schema} TO ${roles.app}, ${roles.jobs}, ${roles.auth}, ${roles.words}`)
    })
    const database = Context.get(yield* Layer.build(layerDatabase(options, location)), Database)
    const { administer, write: sql } = database
    yield* administer("schema", Effect.provideService(Migrations.run(location), SqlClient.SqlClient, sql))
    const prices = Pricing.make(options.prices)
    for (const model of modelsOf(options)) {
      if ((yield* administer("jobs", registered(sql, model))) !== undefined) continue
      const revision = (yield* administer("jobs", begun(sql, model))) ?? (yield* administer("schema", startRevision(sql, model)))
      const of = { model, revision }
      yield* Stream.runForEach(PgTables.bring(database, of, prices), options.onProgress ?? (() => Effect.void))
      yield* administer("jobs", serve(sql, model, revision))
      yield* PgTables.dropUnused(database, model)
    }
  }).pipe(
    Effect.scoped,
    Effect.catchAllCause((cause) => Effect.fail(unusable(location, cause)))
  )
}

const modelsOf = ({ prices, projections }: PgStoreOptions): ReadonlyArray<Model> => [readModels(Pricing.make(prices)), ...(projections ?? []).map(modelOf)]

/** A connection that holds the lock of migrations. */
const lockedClient = (url: Redacted.Redacted) =>
  Effect.acquireRelease(
    Effect.tryPromise(async () => {
      const client = new Pg.Client({ connectionString: Redacted.value(url), application_name: "han migrate" })
      // Whoever waits for its answer is told.
      client.on("error", () => {})
      await client.connect()
      await client.query("SELECT pg_advisory_lock($1)", [migrationLock])
      return client
    }),
    (client) => Effect.ignore(Effect.tryPromise(() => client.end()))
  )

/** Fails for a database that this program cannot read. */
const checked = (database: typeof Database.Service): Effect.Effect<void, SqlError | StoreUnusable> =>
  Effect.flatMap(database.administer("jobs", database.read<{ last: number | null }>`SELECT MAX(id) AS last FROM han_migration`), ([row]) => {
    const last = row?.last ?? 0
    if (last > Migrations.newest) return Migrations.newerThanThis(database.location, last)
    return last < Migrations.newest ? unmigrated(database.location) : Effect.void
  })

const unmigrated = (location: string) =>
  new StoreUnusable({
    location,
    reason: "unmigrated",
    message: `${location} has no tables of han, or those of an earlier version; run \`han-server migrate\`, or \`npm run migrate:pg\` (PgStore.migrate), with a login that may make them`
  })

// Every BIGINT that han stores is below 2^53, so it is a number and not a string.
const types: Pg.CustomTypesConfig = {
  getTypeParser: (oid: number, format?: "text" | "binary") =>
    oid === 20 ? Number : format === "binary" ? Pg.types.getTypeParser(oid, format) : Pg.types.getTypeParser(oid, "text")
}

/** Tells whether other processes' notifications arrive. */
class Listening extends Context.Tag("han-sql/Listening")<Listening, { readonly isListening: Effect.Effect<boolean> }>() {}

const layerDatabase = (options: PgStoreOptions, location: string): Layer.Layer<Database | Listening, SqlError> =>
  Layer.scopedContext(
    Effect.gen(function* () {
      const maxConnections = options.maxConnections ?? 10
      const connect = (url: Redacted.Redacted, maxConnections: number) =>
        Effect.flatMap(PgClient.make({ url, types, applicationName: "han", maxConnections }), wholeStatements)
      const { database, isListening } = yield* pgDatabase({
        location,
        projects: options.projects ?? "repository",
        sql: yield* connect(options.url, maxConnections),
        maxConnections,
        maxWaitMs: options.maxWaitMs ?? 2000,
        directUrl: options.directUrl ?? options.url,
        ...(options.jobsUrl === undefined ? {} : { jobs: { sql: yield* connect(options.jobsUrl, maxJobsConnections), maxConnections: maxJobsConnections } })
      })
      return Context.make(Database, database).pipe(Context.add(Listening, { isListening }))
    })
  ).pipe(Layer.provide(Reactivity.layer))

/** The look for others' appends, the filling of one owner, and the look for whose a request is. */
const maxJobsConnections = 4

const layerHealth = Layer.effect(
  PgHealth,
  Effect.gen(function* () {
    const database = yield* Database
    const { isListening } = yield* Listening
    const unreachable = new StoreUnusable({ location: database.location, reason: "unreachable", message: `${database.location} does not answer` })
    return PgHealth.of({
      check: checked(database).pipe(
        Effect.timeoutFail({ duration: "5 seconds", onTimeout: () => unreachable }),
        Effect.catchAllCause((cause) => Effect.fail(unusable(database.location, cause)))
      ),
      announcements: Effect.map(isListening, (listening) => (listening ? ("notifications" as const) : ("looking" as const)))
    })
  })
)

const layerInfo = Layer.effect(
  StoreInfo,
  Effect.gen(function* () {
    const database = yield* Database
    const models = yield* ReadModelTables
    const [row] = yield* database.administer("jobs", database.read<{ version: string }>`SELECT current_setting('server_version') AS version`)
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
  // No such role, schema or table.
  if (/^(22023|42704|3F000|42P01)$/.test(driverText(inner).code)) return unmigrated(location)
  return new StoreUnusable({
    location,
    reason: "unreachable",
    message: `${location} cannot be used (${inner instanceof Error ? inner.message : String(inner)}); check the url, that the server runs, and the rights of its user`
  })
}
