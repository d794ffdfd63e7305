import * as SqlClient from "@effect/sql/SqlClient"
import type { SqlError } from "@effect/sql/SqlError"
import type { Fragment } from "@effect/sql/Statement"
import * as Cause from "effect/Cause"
import * as Context from "effect/Context"
import * as Effect from "effect/Effect"
import type * as Stream from "effect/Stream"
import { StoreError } from "han-core/StoreError"

/** The connections of a store. On SQLite reads have their own, so that none waits for a chunk that is being written. */
export class Database extends Context.Tag("han-sql/Database")<
  Database,
  {
    readonly write: SqlClient.SqlClient
    readonly read: SqlClient.SqlClient
    /** Names the database to people: a file name, or host and database; without credentials. */
    readonly location: string
    /** Tells other processes, as part of the transaction, that an owner's journal grew. */
    readonly announce: (owner: string) => Effect.Effect<void, SqlError>
    /** Owners whose journal grew in another process; silent where only one process may have the database open. */
    readonly announcements: Stream.Stream<string>
    /** Runs after each commit. Work that it starts goes on elsewhere, and nobody waits for it. */
    readonly afterCommit: Effect.Effect<void>
    /** Makes deleted rows unreadable in the files of the database. */
    readonly erase: Effect.Effect<void, SqlError>
  }
>() {}

export type Value = string | number | null | Uint8Array
export type Row = Readonly<Record<string, Value>>

/** `column IN (…)` with one parameter, so that the statement text does not depend on the number of values. */
export const anyOf = (sql: SqlClient.SqlClient, values: ReadonlyArray<string> | ReadonlyArray<number>): Fragment =>
  sql.onDialectOrElse({
    pg: () => (typeof values[0] === "number" ? sql`= ANY(${sqlArray(values)}::bigint[])` : sql`= ANY(${sqlArray(values)}::text[])`),
    orElse: () => sql`IN (SELECT value FROM json_each(${JSON.stringify(values.map((value) => (typeof value === "string" ? storable(value) : value)))}))`
  })

/** Pairs of numbers as rows of "pair (a, b)", with few parameters. */
export const pairs = (sql: SqlClient.SqlClient, values: ReadonlyArray<readonly [number, number]>): Fragment =>
  sql.onDialectOrElse({
    pg: () => sql`UNNEST(${sqlArray(values.map(([a]) => a))}::bigint[], ${sqlArray(values.map(([, b]) => b))}::bigint[]) AS pair (a, b)`,
    orElse: () => sql`(SELECT value ->> 0 AS a, value ->> 1 AS b FROM json_each(${JSON.stringify(values)})) AS pair`
  })

// An array in PostgreSQL's own notation: statements take text for any type.
const sqlArray = (values: ReadonlyArray<string | number>): string =>
  `{${values.map((value) => (typeof value === "number" ? value : `"${storable(value).replaceAll("\\", "\\\\").replaceAll('"', '\\"')}"`)).join(",")}}`

const texts = new Map<string, string>()

/** Inserts `rows`, each an array in the order of `columns`, whose first value is never null, with few statements of few sizes, which are prepared once. */
export const insertRows = Effect.fnUntraced(function* <A extends object>(
  sql: SqlClient.SqlClient,
  insert: { readonly table: string; readonly columns: string; readonly suffix?: string },
  rows: ReadonlyArray<ReadonlyArray<Value>>
): Effect.fn.Return<ReadonlyArray<A>, SqlError> {
  const pg = sql.onDialectOrElse({ pg: () => true, orElse: () => false })
  // The transaction's own connection: a statement's builder and span cost more than the insert of a few rows.
  const [connection] = yield* Effect.serviceOptional(SqlClient.TransactionConnection).pipe(
    Effect.orDieWith(() => new Error("rows are inserted in a transaction"))
  )
  const returned: Array<A> = []
  const width = rows[0]?.length ?? 1
  for (let at = 0; at < rows.length; ) {
    const size = (pg ? fittingSize : coveringSize)(rows.length - at, Math.min(maxRows, Math.floor(maxParameters / width)))
    const values = new Array<Value>(size * width).fill(null)
    for (let row = at; row < Math.min(at + size, rows.length); row++) {
      let place = (row - at) * width
      // One text that PostgreSQL refuses would keep a whole transcript out of it.
      for (const value of rows[row]!) values[place++] = pg && typeof value === "string" ? storable(value) : value
    }
    for (const row of yield* connection.execute(textOf(pg, insert, size, width), values, undefined)) returned.push(row)
    at += size
    yield* yieldUntilIdle
  }
  return returned
})

// Of one statement: a prepared one needs memory for each parameter, and others wait for its rows.
const maxParameters = 5120
const maxRows = 1024
const step = 128

/** The largest power of two that there are rows for. */
const fittingSize = (left: number, most: number): number => 2 ** Math.floor(Math.log2(Math.min(left, most)))

/** The smallest size that holds all rows that are left, if one does: what is over stays empty. FTS5 writes a piece of its index for each statement, and merges the pieces. */
const coveringSize = (left: number, most: number): number =>
  Math.min(left, most) < step
    ? Math.min(2 ** Math.ceil(Math.log2(left)), fittingSize(most, most))
    : Math.min(Math.ceil(left / step) * step, Math.floor(most / step) * step)

/**
 * Lets whatever else is waiting have its turn: answers to others, above all. (A fiber that yields goes on before the platform looks at its sockets.) An answer takes
 * several turns, for reading the question, asking, writing: so it goes on when the others have had nothing to do for some, or have had as long as the work before.
 */
export const yieldUntilIdle: Effect.Effect<void> = Effect.async((resume) => {
  const began = performance.now()
  // Half of the time at most: who waits for the writer is somebody, too.
  const longest = Math.min(maxYieldMs, Math.max(minYieldMs, began - wentOnAt))
  let last = began
  let idle = 0
  const turn = (): void => {
    const now = performance.now()
    idle = now - last < idleTurnMs ? idle + 1 : 0
    last = now
    if (idle < idleTurns && now - began < longest) return void setImmediate(turn)
    wentOnAt = now
    resume(Effect.void)
  }
  setImmediate(turn)
})
const idleTurnMs = 0.1
const idleTurns = 4
const minYieldMs = 1
const maxYieldMs = 25
let wentOnAt = 0

const textOf = (pg: boolean, insert: { readonly table: string; readonly columns: string; readonly suffix?: string }, size: number, width: number): string => {
  const key = `${pg}${insert.table}(${insert.columns})${size}${insert.suffix ?? ""}`
  let text = texts.get(key)
  if (text === undefined) {
    const groups = Array.from(
      { length: size },
      (_, row) => `(${Array.from({ length: width }, (_, column) => (pg ? `$${row * width + column + 1}` : "?")).join(",")})`
    )
    const values = `VALUES ${groups.join(",")}`
    text = `INSERT INTO ${insert.table} (${insert.columns}) ${pg || size === 1 ? values : `SELECT * FROM (${values}) WHERE column1 IS NOT NULL`} ${insert.suffix ?? ""}`
    texts.set(key, text)
  }
  return text
}

/** PostgreSQL refuses NUL in text, and a lone surrogate is no UTF-8. */
export const storable = (text: string): string => {
  const whole = text.isWellFormed() ? text : text.toWellFormed()
  return whole.includes("\0") ? whole.replaceAll("\0", "\u2400") : whole
}

/** JSON whose texts are storable each: a database that looks into it refuses the escapes, too. */
export const storableJson = (value: unknown): string => {
  const json = JSON.stringify(value)
  return /\\u(?:0000|[dD][89a-fA-F])/.test(json) ? JSON.stringify(value, (_, part: unknown) => (typeof part === "string" ? storable(part) : part)) : json
}

/** Fails with the message that a person can act on, whatever the driver threw. */
export const storeError =
  (location: string, operation: string) =>
  <A, E, R>(effect: Effect.Effect<A, E | SqlError, R>): Effect.Effect<A, Exclude<E, SqlError> | StoreError, R> =>
    Effect.catchAllCause(effect, (cause): Effect.Effect<never, Exclude<E, SqlError> | StoreError> => {
      const failure = Cause.failureOrCause(cause)
      if (failure._tag === "Left")
        return isSqlError(failure.left) ? Effect.fail(fromDriver(location, operation, failure.left.cause)) : Effect.fail(failure.left as Exclude<E, SqlError>)
      // A commit or a rollback that fails is a defect of the client's; it is the database's word all the same.
      const defect = [...Cause.defects(failure.right)].find(isSqlError)
      return defect === undefined ? Effect.failCause(failure.right) : Effect.fail(fromDriver(location, operation, defect.cause))
    })

/** The code of an error of a row that holds what nobody writes there. */
export const damagedRow = "DAMAGED_ROW"

const isSqlError = (error: unknown): error is SqlError => typeof error === "object" && error !== null && "_tag" in error && error._tag === "SqlError"

export const fromDriver = (location: string, operation: string, cause: unknown): StoreError => {
  const text = cause instanceof Error ? cause.message : String(cause)
  const code = typeof cause === "object" && cause !== null && "code" in cause ? String(cause.code) : ""
  const is = (pattern: RegExp) => pattern.test(`${code} ${text}`)
  if (is(/SQLITE_FULL|disk is full|53100|ENOSPC|EDQUOT/)) {
    return new StoreError({ operation, reason: "full", message: `${location}: no space left to write; free some disk space, han goes on by itself`, cause })
  }
  if (is(/SQLITE_CORRUPT|SQLITE_NOTADB|malformed|not a database/) || code === damagedRow) {
    return new StoreError({
      operation,
      reason: "corrupt",
      message: `${location} is damaged (${text}); stop the coordinator, move the file away and start again: transcripts that are still on disk are indexed anew`,
      cause
    })
  }
  if (is(/SQLITE_BUSY|database is locked|55P03|40001|40P01/)) {
    return new StoreError({ operation, reason: "busy", message: `${location} is locked by another process; only the coordinator may have it open`, cause })
  }
  if (is(/SQLITE_READONLY|readonly database|SQLITE_IOERR|SQLITE_CANTOPEN|EACCES/)) {
    return new StoreError({
      operation,
      reason: "failed",
      message: `${location} cannot be written (${text}); check the disk and the owner and mode of the file`,
      cause
    })
  }
  if (is(/ECONNREFUSED|ECONNRESET|ENOTFOUND|ETIMEDOUT|57P0|08\d\d\d|Connection terminated/)) {
    return new StoreError({ operation, reason: "unreachable", message: `${location} does not answer (${text}); is the database server running?`, cause })
  }
  return new StoreError({ operation, reason: "failed", message: `${operation} failed on ${location}: ${text}`, cause })
}
