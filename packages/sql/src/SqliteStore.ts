/**
 * The store in one SQLite file, for one machine. It needs Bun.
 *
 * @example
 * ```ts
 * import * as Effect from "effect/Effect"
 * import * as Layer from "effect/Layer"
 * import { Usage } from "han-core/Usage"
 * import { Viewer } from "han-core/Viewer"
 * import * as SqliteStore from "han-sql/SqliteStore"
 *
 * const price = { input: 500, output: 1500, cacheRead: 50, cacheWrite5m: null, cacheWrite1h: null }
 * const store = SqliteStore.layer({ filename: "/home/dev/journal.db", prices: [{ model: "local-coder", from: 0, price }] })
 *
 * const report = Effect.flatMap(Usage, (usage) => usage.report({ by: "model" }))
 * const { totals } = await Effect.runPromise(Effect.provide(report, Layer.merge(store, Viewer.layerLocal)))
 * ```
 */

import { Database as Driver } from "bun:sqlite"
import { chmodSync, closeSync, openSync } from "node:fs"
import * as Reactivity from "@effect/experimental/Reactivity"
import * as SqlClient from "@effect/sql/SqlClient"
import { SqlError } from "@effect/sql/SqlError"
import { SqliteClient } from "@effect/sql-sqlite-bun"
import * as Cause from "effect/Cause"
import * as Effect from "effect/Effect"
import * as Layer from "effect/Layer"
import * as Schedule from "effect/Schedule"
import * as Stream from "effect/Stream"
import * as Pricing from "han-core/Pricing"
import { StoreUnusable } from "han-core/StoreError"
import { StoreInfo } from "han-core/StoreInfo"
import { checkpoints } from "./database/checkpoints.ts"
import { Database, ownerNumbers } from "./database/Database.ts"
import { sqliteError } from "./database/sqliteError.ts"
import * as Migrations from "./journal/Migrations.ts"
import type { Projection } from "./readmodels/Projection.ts"
import { ReadModelTables } from "./readmodels/ReadModelTables.ts"
import * as SqliteTables from "./readmodels/SqliteTables.ts"
import { layerHookCache, layerStore, type SqliteServices } from "./store.ts"

/** A danger of this version of SQLite (e.g. `3.51.3`) to the data, and what to do, in words; null for a sound version. */
export const versionWarning = (version: string): string | null => {
  const [major = 0, minor = 0, patch = 0] = version.split(".").map(Number)
  const at = major * 1_000_000 + minor * 1000 + patch
  return at >= 3_007_000 && at <= 3_051_002
    ? `SQLite ${version} can corrupt a database when its write-ahead log is reset (fixed in 3.51.3); run han with a Bun that carries a newer one`
    : null
}

/** The file of a store, and what it adds to the published prices and the built-in read models. */
export interface SqliteStoreOptions {
  /** The database's file, made with mode 0600 when it is not there; its folder must exist. ":memory:" is a store that ends with the layer. */
  readonly filename: string
  /** Prices beside the published ones; a row of the same model overrides these from its date on. */
  readonly prices?: ReadonlyArray<Pricing.PriceRow>
  /** Read models of one's own, read through `Projections`. */
  readonly projections?: ReadonlyArray<Projection>
  /** The most pages of 4 KiB that the file may have; appends beyond are refused as on a full disk. */
  readonly maxPages?: number
}

/**
 * Opens the store over one SQLite file and brings its schema up to date. One process at a time may have it open. Fails with `StoreUnusable` for a file that
 * cannot be opened, is corrupt, or was written by a newer han; the file is then unchanged.
 */
export const layer = (options: SqliteStoreOptions): Layer.Layer<SqliteServices, StoreUnusable> => {
  const prices = Pricing.make(options.prices)
  return Layer.merge(layerStore({ prices }), layerHookCache).pipe(
    Layer.provideMerge(layerInfo),
    Layer.provide(SqliteTables.layer({ prices, projections: options.projections ?? [] })),
    Layer.provide(layerDatabase(options)),
    Layer.provide(Reactivity.layer),
    Layer.catchAllCause((cause) => Layer.fail(unusable(options.filename, cause)))
  )
}

// The driver forgets prepared statements beyond 20; a chunk alone uses more.
Driver.MAX_QUERY_CACHE_SIZE = 512

/**
 * Pages of the write-ahead log at which the writer copies what no other thread has: that keeps the log from growing while there is always something to write.
 */
const maxLog = 8192

const layerDatabase = ({ filename, maxPages }: SqliteStoreOptions) =>
  Layer.scoped(
    Database,
    Effect.gen(function* () {
      const memory = filename === ":memory:"
      if (!memory) yield* Effect.try({ try: () => makePrivate(filename), catch: (cause) => cause })
      // Deleted bytes are overwritten with their page; pages that become free are overwritten by `erase`.
      // WAL lets reads go on beside the writer; NORMAL loses at most the last commits at a power cut, and the transcripts still have those.
      const write = yield* SqliteClient.make({ filename })
      for (const pragma of [
        "journal_mode = WAL",
        // The process stands still while it waits for a stranger's lock, and agents wait for its answers: whoever writes tries again by himself.
        "busy_timeout = 500",
        "synchronous = NORMAL",
        "secure_delete = FAST",
        "foreign_keys = OFF",
        "cache_size = -16384",
        "temp_store = MEMORY",
        "wal_autocheckpoint = 2000",
        "journal_size_limit = 33554432"
      ]) {
        yield* write.unsafe(`PRAGMA ${pragma}`)
      }
      if (maxPages !== undefined) yield* write.unsafe(`PRAGMA max_page_count = ${Math.trunc(maxPages)}`)
      yield* Effect.provideService(Migrations.run(filename), SqlClient.SqlClient, write)
      // A memory database is seen by its own connection alone.
      const read = memory ? write : yield* SqliteClient.make({ filename, readonly: true, readwrite: false, create: false, disableWAL: true })
      if (!memory) for (const pragma of ["busy_timeout = 5000", "cache_size = -16384", "temp_store = MEMORY"]) yield* read.unsafe(`PRAGMA ${pragma}`)
      const [sqlite] = yield* write<{ version: string }>`SELECT sqlite_version() AS version`
      // Two connections that copy the log are what damages a database where SQLite has that fault.
      const copying = memory || versionWarning(sqlite!.version) !== null ? null : yield* checkpoints(filename)
      if (copying !== null) yield* Effect.forkScoped(Effect.zipRight(copying.ready, write.unsafe(`PRAGMA wal_autocheckpoint = ${maxLog}`)))
      const transaction = transactions(write, copying?.look ?? Effect.void)
      return Database.of({
        write,
        read,
        location: filename,
        projects: "directory",
        ownerNo: ownerNumbers(write, (effect) => transaction(effect)),
        transaction,
        reading: (effect) => effect,
        administer: (_, effect) => transaction(effect),
        announce: () => Effect.void,
        announcements: () => Stream.empty,
        errorOf: (operation, cause) => Effect.succeed(sqliteError(filename, operation, cause)),
        erase: Effect.gen(function* () {
          const tables = yield* write<{ name: string }>`SELECT name FROM sqlite_master WHERE type = 'table' AND sql LIKE 'CREATE VIRTUAL TABLE%fts5%'`
          // Deleted words stay in the index's segments until these are merged.
          for (const { name } of tables) yield* write.unsafe(`INSERT INTO ${name}(${name}) VALUES ('optimize')`)
          yield* overwriteFreePages(write)
          yield* emptyLog(write)
          yield* write`PRAGMA secure_delete = FAST`
        })
      })
    })
  )

/** Runs effects in transactions, one within another as one. `afterCommit` starts work that goes on elsewhere. */
const transactions = (write: SqlClient.SqlClient, afterCommit: Effect.Effect<void>) => {
  // A commit that the disk refuses leaves SQLite's transaction open; nothing may follow in it.
  const close = Effect.ignore(write.unsafe("ROLLBACK"))
  return <A, E, R>(effect: Effect.Effect<A, E, R>): Effect.Effect<A, E | SqlError, R> =>
    Effect.flatMap(Effect.serviceOption(SqlClient.TransactionConnection), (open) =>
      open._tag === "Some"
        ? effect
        : Effect.zipLeft(write.withTransaction(effect), afterCommit).pipe(
            // A span for each of a chunk's fifty statements would cost a fifth of its time; the operation has one.
            Effect.withTracerEnabled(false),
            Effect.tapErrorCause(() => close)
          )
    )
}

/** Pages that earlier changes left free hold what was on them, also words of what is forgotten: blobs of zeros take all of them, and go. */
const overwriteFreePages = (write: SqlClient.SqlClient) =>
  Effect.gen(function* () {
    yield* write`CREATE TABLE free_pages (zeros BLOB NOT NULL)`
    for (;;) {
      const [free] = yield* write<{ freelist_count: number }>`PRAGMA freelist_count`
      if (free === undefined || free.freelist_count === 0) break
      // A page of 4,096 bytes takes 4,092 of a long value.
      yield* write`INSERT INTO free_pages (zeros) VALUES (zeroblob(${Math.min(free.freelist_count, 256) * 4092}))`
    }
    yield* write`DROP TABLE free_pages`
  }).pipe(write.withTransaction)

/** Nothing of before is in the log. SQLite refuses at once while another connection copies it. */
const emptyLog = (write: SqlClient.SqlClient) =>
  Effect.retry(
    Effect.filterOrFail(
      write<{ busy: number }>`PRAGMA wal_checkpoint(TRUNCATE)`,
      ([row]) => row?.busy === 0,
      () => new SqlError({ cause: new Error("database is locked: what was forgotten is still in its log"), message: "wal_checkpoint" })
    ),
    { schedule: Schedule.spaced("10 millis"), times: 1000, while: (error) => /is locked/.test(String(error.cause)) }
  )

/** The file exists before SQLite makes it, so that nobody else can ever read it; its journals take over its mode. */
const makePrivate = (filename: string) => {
  closeSync(openSync(filename, "a", 0o600))
  chmodSync(filename, 0o600)
}

const layerInfo = Layer.effect(
  StoreInfo,
  Effect.gen(function* () {
    const database = yield* Database
    const models = yield* ReadModelTables
    const [row] = yield* database.read<{ version: string }>`SELECT sqlite_version() AS version`
    return StoreInfo.of({
      engine: "sqlite",
      version: row!.version,
      location: database.location,
      warning: versionWarning(row!.version),
      rebuilding: models.progress
    })
  })
)

const unusable = (filename: string, cause: Cause.Cause<unknown>): StoreUnusable => {
  const error = Cause.squash(cause)
  if (error instanceof StoreUnusable) return error
  const inner = typeof error === "object" && error !== null && "cause" in error ? error.cause : error
  const text = inner instanceof Error ? inner.message : String(inner)
  return /not a database|malformed|corrupt/i.test(text)
    ? new StoreUnusable({
        location: filename,
        reason: "corrupt",
        message: `${filename} is no sound SQLite database (${text}); move it away and start again: transcripts that are still on disk are indexed anew`
      })
    : new StoreUnusable({
        location: filename,
        reason: "unreadable",
        message: `${filename} cannot be opened (${text}); check that its folder exists, its owner and mode, and the space on the disk`
      })
}
