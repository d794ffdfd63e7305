import * as SqlClient from "@effect/sql/SqlClient"
import type { SqlError } from "@effect/sql/SqlError"
import type { Fragment } from "@effect/sql/Statement"
import * as Cause from "effect/Cause"
import * as Context from "effect/Context"
import * as Effect from "effect/Effect"
import type * as Stream from "effect/Stream"
import type { StoreError } from "han-core/StoreError"
import { type OwnerId, Viewer } from "han-core/Viewer"

/** The number of the owner on whose behalf statements run: the first column of every tenant table. Provided by `answer` and `command`. */
export class OwnerNo extends Context.Tag("han-sql/OwnerNo")<OwnerNo, number>() {}

/** The connections of a store, and how it runs what somebody asks of it. On SQLite reads have their own connection, so that none waits for a chunk that is being written. */
export class Database extends Context.Tag("han-sql/Database")<
  Database,
  {
    readonly write: SqlClient.SqlClient
    readonly read: SqlClient.SqlClient
    /** Names the database to the people who run it: a file name, or host and database; without credentials. */
    readonly location: string
    /** The thing that makes a project: its directory, or the repository that directories of many machines are checkouts of. */
    readonly projects: "directory" | "repository"
    /** The number of an owner; 0, which no row has, for one that the store does not know. `make`: gives a new owner a number. */
    readonly ownerNo: (owner: OwnerId, make: boolean) => Effect.Effect<number, SqlError>
    /** Runs `effect` in a transaction, or in the one that is open. On PostgreSQL it bears the owner's number, and is repeated when it met others or lost its connection. */
    readonly transaction: <A, E, R>(effect: Effect.Effect<A, E, R>) => Effect.Effect<A, E | SqlError, R | OwnerNo>
    /** Runs `effect`, which only reads: in such a transaction on PostgreSQL, whose rows nobody sees outside of one; as it stands on SQLite. */
    readonly reading: <A, E, R>(effect: Effect.Effect<A, E, R>) => Effect.Effect<A, E | SqlError, R | OwnerNo>
    /** Runs what is of no owner: as the one who sees how far all owners are, as the one who knows sign-ins, or as the one whose the tables are. */
    readonly administer: <A, E, R>(as: "jobs" | "auth" | "schema", effect: Effect.Effect<A, E, R>) => Effect.Effect<A, E | SqlError, R>
    /** Tells other processes, some time after the commit, that an owner's journal grew. */
    readonly announce: (owner: number) => Effect.Effect<void>
    /** Emits when an owner's journal may have grown in another process; silent where only one process may have the database open. */
    readonly announcements: (owner: number) => Stream.Stream<void>
    /** Makes deleted rows unreadable in the files of the database. */
    readonly erase: Effect.Effect<void, SqlError>
    /** Turns the driver's error into one that may be shown to whoever asked. */
    readonly errorOf: (operation: string, cause: unknown) => Effect.Effect<StoreError>
  }
>() {}

type Failing = <A, E, R>(effect: Effect.Effect<A, E | SqlError, R>) => Effect.Effect<A, Exclude<E, SqlError> | StoreError, Exclude<R, OwnerNo> | Viewer>

/** Answers a question on the viewer's behalf. Its statements see the viewer's rows alone; it fails with what a person can act on. */
export const answer =
  (database: typeof Database.Service, operation: string): Failing =>
  (effect) =>
    onBehalf(database, false, database.reading(effect)).pipe(storeError(database, operation))

/** Carries out a command on the viewer's behalf, who gets a number if need be. It begins its transactions itself. */
export const command =
  (database: typeof Database.Service, operation: string): Failing =>
  (effect) =>
    onBehalf(database, true, effect).pipe(storeError(database, operation))

const onBehalf = <A, E, R>(
  database: typeof Database.Service,
  make: boolean,
  effect: Effect.Effect<A, E, R>
): Effect.Effect<A, E | SqlError, Exclude<R, OwnerNo> | Viewer> =>
  Effect.flatMap(Viewer, ({ owner }) => Effect.flatMap(database.ownerNo(owner, make), (no) => Effect.provideService(effect, OwnerNo, no)))

export type Value = string | number | null | Uint8Array
export type Row = Readonly<Record<string, Value>>

/** `column IN (…)` with one parameter, so that the statement text does not depend on the number of values. */
export const anyOf = (sql: SqlClient.SqlClient, values: ReadonlyArray<string> | ReadonlyArray<number>): Fragment =>
  sql.onDialectOrElse({
    pg: () => (typeof values[0] === "number" ? sql`= ANY(${arrayOf(values)}::bigint[])` : sql`= ANY(${arrayOf(values)}::text[])`),
    orElse: () => sql`IN (SELECT value FROM json_each(${JSON.stringify(values.map((value) => (typeof value === "string" ? storable(value) : value)))}))`
  })

/** Pairs of numbers as rows of "pair (a, b)", with few parameters. */
export const pairs = (sql: SqlClient.SqlClient, values: ReadonlyArray<readonly [number, number]>): Fragment =>
  sql.onDialectOrElse({
    pg: () => sql`UNNEST(${arrayOf(values.map(([a]) => a))}::bigint[], ${arrayOf(values.map(([, b]) => b))}::bigint[]) AS pair (a, b)`,
    orElse: () => sql`(SELECT value ->> 0 AS a, value ->> 1 AS b FROM json_each(${JSON.stringify(values)})) AS pair`
  })

/** An array in PostgreSQL's own notation: statements take text for any type. */
export const arrayOf = (values: ReadonlyArray<string | number>): string =>
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

/** The largest power of two that there are rows for; few rows go at once. */
const fittingSize = (left: number, most: number): number => (left < few && left <= most ? left : 2 ** Math.floor(Math.log2(Math.min(left, most))))
const few = 8

/** The smallest size that holds all rows that are left, if one does: what is over stays empty. FTS5 writes a piece of its index for each statement, and merges the pieces. */
const coveringSize = (left: number, most: number): number =>
  Math.min(left, most) < step
    ? Math.min(2 ** Math.ceil(Math.log2(left)), 2 ** Math.floor(Math.log2(most)))
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

/** Owners whose numbers are remembered. */
const maxOwners = 50_000

/** Numbers of owners, which never change. `run`: runs statements over the table of owners in a transaction. */
export const ownerNumbers = (
  sql: SqlClient.SqlClient,
  run: <A>(effect: Effect.Effect<A, SqlError>) => Effect.Effect<A, SqlError>
): (typeof Database.Service)["ownerNo"] => {
  const known = new Map<OwnerId, number>([[Viewer.local.owner, 1]])
  const find = (owner: OwnerId) => Effect.map(sql<{ no: number }>`SELECT no FROM owner WHERE id = ${owner}`, ([row]) => row?.no ?? 0)
  const findOrMake = (owner: OwnerId) =>
    Effect.flatMap(find(owner), (found) =>
      found > 0 ? Effect.succeed(found) : Effect.zipRight(sql`INSERT INTO owner (id) VALUES (${owner}) ON CONFLICT (id) DO NOTHING`, find(owner))
    )
  return Effect.fnUntraced(function* (owner, make) {
    const have = known.get(owner)
    if (have !== undefined) return have
    const no = yield* run(make ? findOrMake(owner) : find(owner))
    if (no > 0) {
      if (known.size >= maxOwners) known.clear()
      known.set(owner, no)
    }
    return no
  })
}

/** Fails with the message that a person can act on, whatever the driver threw. */
export const storeError =
  ({ errorOf }: typeof Database.Service, operation: string) =>
  <A, E, R>(effect: Effect.Effect<A, E | SqlError, R>): Effect.Effect<A, Exclude<E, SqlError> | StoreError, R> =>
    Effect.catchAllCause(effect, (cause): Effect.Effect<never, Exclude<E, SqlError> | StoreError> => {
      const error = sqlErrorIn(cause)
      return error === undefined ? Effect.failCause(cause as Cause.Cause<Exclude<E, SqlError>>) : Effect.flatMap(errorOf(operation, error.cause), Effect.fail)
    })

/** The database's word in a cause. A commit or a rollback that fails is a defect of the client's; it is the database's word all the same. */
export const sqlErrorIn = (cause: Cause.Cause<unknown>): SqlError | undefined => [...Cause.failures(cause), ...Cause.defects(cause)].find(isSqlError)

/** The code of an error of a row that holds what nobody writes there. */
export const damagedRow = "DAMAGED_ROW"

const isSqlError = (error: unknown): error is SqlError => typeof error === "object" && error !== null && "_tag" in error && error._tag === "SqlError"

/** The text and the code of what a driver threw. */
export const driverText = (cause: unknown): { readonly text: string; readonly code: string } => ({
  text: cause instanceof Error ? cause.message : String(cause),
  code: typeof cause === "object" && cause !== null && "code" in cause ? String(cause.code) : ""
})
