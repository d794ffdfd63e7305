import type * as SqlClient from "@effect/sql/SqlClient"
import type { SqlError } from "@effect/sql/SqlError"
import * as Effect from "effect/Effect"
import { anyOf, insertRows, pairs, type Value } from "../database/Database.ts"
import { type ActivityDelta, type Chunk, type Chunks, type Deltas, dayOfBucket, daysQuarters, noActivity, type UsageDelta, upsert } from "./chunk.ts"
import { maxPause, rolledUp, rolledUpModels } from "./ReadModels.ts"

type Sums<Column extends string> = Record<Column, number>
type QuarterSums = Sums<(typeof rolledUp)[number]>
type ModelSums = Sums<(typeof rolledUpModels)[number]>

type ActivityRow = ActivityDelta & { readonly session_no: number; readonly bucket: number }

interface SessionDay {
  readonly day: number
  readonly first: number
  readonly last: number
  readonly previous: number | null
  readonly hours: ReadonlyArray<number>
  readonly counted: number
  readonly alone: number
}
/** The part of a day that its quarters of an hour tell. */
type Quarters = Pick<SessionDay, "day" | "first" | "last" | "hours">

/** The lengths of time that rows of time_sum and model_sum are of. Each change is added to one row of each unit. */
export const units = { quarter: 0, hour: 1, day: 2 } as const
/** Quarters of an hour of each unit. */
const sizes = [
  [units.quarter, 1],
  [units.hour, 4],
  [units.day, daysQuarters]
] as const

/** Adds what the chunks changed to the sums of all sessions together, on PostgreSQL. Behind everything else: it reads the session's quarters of an hour as they now are. */
export const projectRollUps = (sql: SqlClient.SqlClient, chunks: Chunks, deltas: Deltas): Effect.Effect<void, SqlError> =>
  sql.onDialectOrElse({ pg: () => rollUp(sql, chunks, deltas), orElse: () => Effect.void })

const rollUp = Effect.fnUntraced(function* (sql: SqlClient.SqlClient, chunks: Chunks, deltas: Deltas) {
  const [{ owner, table }] = chunks
  const activity = [...deltas.byBucket.values()].filter(({ sums }) => Object.values(sums).some((sum) => sum !== 0))
  const usage = [...deltas.byCharge.values()]
  const touched = new Map<string, readonly [number, number]>()
  for (const { bucket, sessionNo } of [...activity, ...usage]) {
    const day = dayOfBucket(bucket)
    touched.set(`${sessionNo}/${day}`, [sessionNo, day])
  }
  const days = [...touched.values()]
  const sessions = new Set([...deltas.bySession.keys(), ...days.map(([no]) => no)])
  const stored = yield* storedOf(sql, owner, table, sessions, days)
  const quarters = new Quarterly()
  const byKey = new Map(stored.active.map((row) => [`${row.session_no}/${row.bucket}`, row]))
  for (const { bucket, sessionNo, sums } of activity) addChange(quarters.at(bucket), byKey.get(`${sessionNo}/${bucket}`), sums)
  const models = new Map<string, readonly [unit: number, slot: number, model: string, sums: ModelSums]>()
  for (const { bucket, model, sums } of usage) {
    addUsage(quarters.at(bucket), sums)
    for (const [unit, size] of sizes) {
      const slot = Math.floor(bucket / size)
      const key = `${unit}/${slot}/${model}`
      const [, , , found] = models.get(key) ?? [unit, slot, model, noSums<ModelSums>(rolledUpModels)]
      models.set(key, [unit, slot, model, found])
      addUsage(found, sums)
    }
  }
  yield* projectDays(sql, chunks, sessions, days, stored, quarters)
  yield* addTimes(sql, table, owner, quarters)
  yield* add(
    sql,
    table("model_sum"),
    "owner_no, unit, slot, model",
    rolledUpModels,
    [...models.values()].map(([unit, slot, model, sums]) => [owner, unit, slot, model, ...rolledUpModels.map((column) => sums[column])])
  )
})

/** Changes of quarters of an hour. */
class Quarterly {
  readonly found = new Map<number, QuarterSums>()
  at(bucket: number): QuarterSums {
    let sums = this.found.get(bucket)
    if (sums === undefined) this.found.set(bucket, (sums = noSums<QuarterSums>(rolledUp)))
    return sums
  }
}
const noSums = <A extends Sums<string>>(columns: ReadonlyArray<keyof A & string>) => Object.fromEntries(columns.map((column) => [column, 0])) as A

const isActive = ({ messages, tool_calls }: Pick<ActivityDelta, "messages" | "tool_calls">): boolean => messages > 0 || tool_calls > 0

const shown = ["messages", "prompts", "prompt_ms", "tool_calls", "lines_added", "lines_removed", "file_changes"] as const
const moods = ["analysed", "score", "low", "moderate", "high"] as const

/** Adds what a row of activity_sum counts for now, less what it counted for before it changed by `change`. */
const addChange = (sums: QuarterSums, now: ActivityRow | undefined, change: ActivityDelta) => {
  const after = now ?? noActivity()
  const counts = Number(isActive(after))
  const counted = Number(isActive({ messages: after.messages - change.messages, tool_calls: after.tool_calls - change.tool_calls }))
  sums.active += counts - counted
  for (const column of shown) sums[column] += counts * after[column] - counted * (after[column] - change[column])
  for (const column of moods) sums[column] += change[column]
}

const addUsage = (sums: Omit<ModelSums, "unpriced"> & { unpriced?: number }, change: UsageDelta) => {
  for (const column of ["charges", "responses", "input", "output", "cache_read", "cost"] as const) sums[column] += change[column]
  sums.cache_write += change.cache_write_5m + change.cache_write_1h
  if (sums.unpriced !== undefined) sums.unpriced += change.unpriced
}

/** The quarters of an hour of these days of sessions, in which they did and were charged something; the sessions' days; and which of the sessions are known. */
interface Stored {
  readonly active: ReadonlyArray<ActivityRow>
  readonly charged: ReadonlyArray<{ readonly session_no: number; readonly bucket: number }>
  readonly days: ReadonlyMap<number, ReadonlyArray<SessionDay>>
  readonly known: ReadonlySet<number>
}

/** Reads them in one statement: an append of a line takes as few as it can. Every number in these rows is below 2^53. */
const storedOf = Effect.fnUntraced(function* (
  sql: SqlClient.SqlClient,
  owner: number,
  table: Chunk["table"],
  sessions: ReadonlySet<number>,
  days: ReadonlyArray<readonly [number, number]>
): Effect.fn.Return<Stored, SqlError> {
  const t = (name: Parameters<Chunk["table"]>[0]) => sql.literal(table(name))
  const ofDay = sql`JOIN ${pairs(sql, days)} ON x.session_no = pair.a AND x.bucket >= pair.b * ${sql.literal(`${daysQuarters} AND x.bucket < (pair.b + 1) * ${daysQuarters}`)}`
  const of = anyOf(sql, [...sessions])
  const ofSessions = sql`
    SELECT 'day' AS kind, row_to_json(x) AS row FROM ${t("session_day")} x WHERE x.owner_no = ${owner} AND x.session_no ${of}
    UNION ALL SELECT 'known', to_json(x.no) FROM ${t("session")} x WHERE x.owner_no = ${owner} AND x.no ${of} AND (x.updated_at <> 0 OR x.present <> 0)`
  const rows = yield* days.length === 0
    ? sql<StoredRow>`${ofSessions}`
    : sql<StoredRow>`${ofSessions}
        UNION ALL SELECT 'active', row_to_json(x) FROM ${t("activity_sum")} x ${ofDay} WHERE x.owner_no = ${owner}
        UNION ALL SELECT 'charged', json_build_object('session_no', x.session_no, 'bucket', x.bucket) FROM ${t("usage_sum")} x ${ofDay}
          WHERE x.owner_no = ${owner} AND x.charges > 0`
  return {
    active: rows.flatMap((row) => (row.kind === "active" ? [row.row] : [])),
    charged: rows.flatMap((row) => (row.kind === "charged" ? [row.row] : [])),
    days: daysBySession(rows.flatMap((row) => (row.kind === "day" ? [row.row] : []))),
    known: new Set(rows.flatMap((row) => (row.kind === "known" ? [row.row] : [])))
  }
})
type StoredRow =
  | { readonly kind: "day"; readonly row: SessionDayRow }
  | { readonly kind: "known"; readonly row: number }
  | { readonly kind: "active"; readonly row: ActivityRow }
  | { readonly kind: "charged"; readonly row: { readonly session_no: number; readonly bucket: number } }

/** Writes the days of sessions whose quarters changed, and what begins and ends with them. */
const projectDays = Effect.fnUntraced(function* (
  sql: SqlClient.SqlClient,
  [{ owner, table }]: Chunks,
  sessions: ReadonlySet<number>,
  days: ReadonlyArray<readonly [number, number]>,
  { active, charged, days: before, known }: Stored,
  quarters: Quarterly
) {
  const found = quartersOf(active, charged)
  const gone: Array<readonly [number, number]> = []
  const written: Array<ReadonlyArray<Value>> = []
  for (const no of sessions) {
    const have = before.get(no) ?? []
    const next = new Map<number, Quarters>(have.map((row) => [row.day, row]))
    for (const [sessionNo, day] of days) {
      if (sessionNo !== no) continue
      const now = found.get(`${no}/${day}`)
      if (now !== undefined) next.set(day, now)
      else if (next.delete(day)) gone.push([no, day])
    }
    const after = chained([...next.values()], known.has(no))
    stretches(have, quarters, -1)
    stretches(after, quarters, 1)
    const old = new Map(have.map((row) => [row.day, row]))
    for (const row of after) if (!isSame(old.get(row.day), row)) written.push(valuesOf(owner, no, row))
  }
  if (gone.length > 0)
    yield* sql`DELETE FROM ${sql.literal(table("session_day"))} x USING ${pairs(sql, gone)} WHERE x.owner_no = ${owner} AND x.session_no = pair.a AND x.day = pair.b`
  yield* upsert(sql, table("session_day"), ["owner_no", "session_no", "day"], dayColumns, written)
})

const dayColumns = [
  "owner_no",
  "session_no",
  "day",
  "first_bucket",
  "last_bucket",
  "previous_bucket",
  "hours0",
  "hours1",
  "hours2",
  "hours3",
  "counted",
  "alone"
]
/** In the order of `dayColumns`. */
const valuesOf = (owner: number, no: number, row: SessionDay): ReadonlyArray<Value> => [
  owner,
  no,
  row.day,
  row.first,
  row.last,
  row.previous,
  ...row.hours,
  row.counted,
  row.alone
]

const isSame = (a: SessionDay | undefined, b: SessionDay): boolean => a !== undefined && valuesOf(0, 0, a).join() === valuesOf(0, 0, b).join()

interface SessionDayRow {
  readonly session_no: number
  readonly day: number
  readonly first_bucket: number
  readonly last_bucket: number
  readonly previous_bucket: number | null
  readonly hours0: number
  readonly hours1: number
  readonly hours2: number
  readonly hours3: number
  readonly counted: number
  readonly alone: number
}

/** The days of each session, in order. */
const daysBySession = (rows: ReadonlyArray<SessionDayRow>): ReadonlyMap<number, ReadonlyArray<SessionDay>> => {
  const found = new Map<number, Array<SessionDay>>()
  for (const row of rows.toSorted((a, b) => a.day - b.day)) {
    const { alone, counted, day, first_bucket: first, last_bucket: last, previous_bucket: previous, session_no: no } = row
    const one = { day, first, last, previous, hours: [row.hours0, row.hours1, row.hours2, row.hours3], counted, alone }
    const list = found.get(no)
    if (list === undefined) found.set(no, [one])
    else list.push(one)
  }
  return found
}

/** The days of these quarters, by session and day. */
const quartersOf = (active: ReadonlyArray<ActivityRow>, charged: ReadonlyArray<{ readonly session_no: number; readonly bucket: number }>) => {
  const found = new Map<string, Quarters & { first: number; last: number; readonly hours: Array<number> }>()
  const at = (no: number, bucket: number) => {
    const day = dayOfBucket(bucket)
    let row = found.get(`${no}/${day}`)
    if (row === undefined) found.set(`${no}/${day}`, (row = { day, first: bucket, last: bucket, hours: [0, 0, 0, 0] }))
    row.first = Math.min(row.first, bucket)
    row.last = Math.max(row.last, bucket)
    return row
  }
  for (const { bucket, session_no: no } of charged) at(no, bucket)
  for (const row of active) {
    if (!isActive(row)) continue
    const { day, hours } = at(row.session_no, row.bucket)
    for (let shift = 0; shift < 4; shift++) hours[shift]! |= 1 << Math.floor((row.bucket - day * daysQuarters + shift) / 4)
  }
  return found
}

/** A session's days in order, each with the last quarter before it. Days before 1970, which "without a time" is one of, follow nothing. */
const chained = (days: ReadonlyArray<Quarters>, known: boolean): ReadonlyArray<SessionDay> => {
  let previous: number | null = null
  const counted = Number(known)
  const dated = days.filter(({ day }) => day >= 0).length
  return days
    .toSorted((a, b) => a.day - b.day)
    .map(({ day, first, hours, last }) => {
      const row: SessionDay = { day, first, last, previous, hours, counted, alone: Number(dated === 1) }
      if (day >= 0) previous = last
      return row
    })
}

/** Counts where stretches of work of a session begin and end. */
const stretches = (days: ReadonlyArray<SessionDay>, quarters: Quarterly, sign: 1 | -1) => {
  const dated = days.filter(({ counted, day }) => day >= 0 && counted === 1)
  for (const [index, { first, last, previous }] of dated.entries()) {
    const next = dated[index + 1]
    if (previous === null || first - previous > maxPause) quarters.at(first).begun += sign
    if (next === undefined || next.first - last > maxPause) quarters.at(last).ended += sign
  }
}

/** Adds sums to rows by their key. */
const add = (sql: SqlClient.SqlClient, table: string, key: string, columns: ReadonlyArray<string>, rows: ReadonlyArray<ReadonlyArray<Value>>) =>
  insertRows(
    sql,
    { table, columns: `${key}, ${columns.join(", ")}`, suffix: added(table, key, columns) },
    rows.filter((row) => row.slice(-columns.length).some((sum) => sum !== 0))
  )
const added = (table: string, key: string, columns: ReadonlyArray<string>): string =>
  `ON CONFLICT (${key}) DO UPDATE SET ${columns.map((column) => `${column} = ${table}.${column} + excluded.${column}`).join(", ")}`

const addTimes = (sql: SqlClient.SqlClient, table: Chunk["table"], owner: number, { found }: Quarterly) => {
  const rows = new Map<string, readonly [unit: number, slot: number, sums: QuarterSums]>()
  for (const [bucket, changes] of found) {
    for (const [unit, size] of sizes) {
      const slot = Math.floor(bucket / size)
      const [, , sums] = rows.get(`${unit}/${slot}`) ?? [unit, slot, noSums<QuarterSums>(rolledUp)]
      rows.set(`${unit}/${slot}`, [unit, slot, sums])
      for (const column of rolledUp) sums[column] += changes[column]
    }
  }
  const values = [...rows.values()].map(([unit, slot, sums]) => [owner, unit, slot, ...rolledUp.map((column) => sums[column])])
  return add(sql, table("time_sum"), "owner_no, unit, slot", rolledUp, values)
}

/** Takes sessions out of the sums of all together, before their own sums go; on PostgreSQL. */
export const takeOut = Effect.fnUntraced(function* (
  sql: SqlClient.SqlClient,
  table: Chunk["table"],
  owner: number,
  sessions: ReadonlyArray<number>
): Effect.fn.Return<void, SqlError> {
  const t = (name: Parameters<Chunk["table"]>[0]) => sql.literal(table(name))
  const of = anyOf(sql, sessions)
  const quarters = new Quarterly()
  const rows = yield* sql<SessionDayRow>`SELECT * FROM ${t("session_day")} WHERE owner_no = ${owner} AND session_no ${of}`
  for (const days of daysBySession(rows).values()) stretches(days, quarters, -1)
  yield* addTimes(sql, table, owner, quarters)
  const minus = (columns: ReadonlyArray<string>) => sql.literal(columns.map((column) => `${column} = q.${column} - x.${column}`).join(", "))
  for (const [unit, size] of sizes) {
    const slot = sql.literal(`FLOOR(x.bucket / ${size}.0)::bigint AS slot`)
    yield* sql`
      UPDATE ${t("time_sum")} q SET ${minus(["active", ...shown, ...moods])} FROM (
        SELECT ${slot}, ${sql.literal(activitySums)} FROM ${t("activity_sum")} x WHERE x.owner_no = ${owner} AND x.session_no ${of} GROUP BY 1) x
      WHERE q.owner_no = ${owner} AND q.unit = ${unit} AND q.slot = x.slot`
    yield* sql`
      UPDATE ${t("time_sum")} q SET ${minus(rolledUpModels.filter((column) => column !== "unpriced"))} FROM (
        SELECT ${slot}, ${sql.literal(usageSums)} FROM ${t("usage_sum")} x WHERE x.owner_no = ${owner} AND x.session_no ${of} GROUP BY 1) x
      WHERE q.owner_no = ${owner} AND q.unit = ${unit} AND q.slot = x.slot`
    yield* sql`
      UPDATE ${t("model_sum")} q SET ${minus(rolledUpModels)} FROM (
        SELECT ${slot}, x.model, ${sql.literal(usageSums)} FROM ${t("usage_sum")} x WHERE x.owner_no = ${owner} AND x.session_no ${of} GROUP BY 1, 2) x
      WHERE q.owner_no = ${owner} AND q.unit = ${unit} AND q.slot = x.slot AND q.model = x.model`
  }
  yield* sql`DELETE FROM ${t("session_day")} WHERE owner_no = ${owner} AND session_no ${of}`
})

const activeRow = "x.messages > 0 OR x.tool_calls > 0"
const activitySums = [
  `COUNT(*) FILTER (WHERE ${activeRow}) AS active`,
  ...shown.map((column) => `COALESCE(SUM(x.${column}) FILTER (WHERE ${activeRow}), 0) AS ${column}`),
  ...moods.map((column) => `SUM(x.${column}) AS ${column}`)
].join(", ")
const usageSums = rolledUpModels
  .map((column) => `SUM(${column === "cache_write" ? "x.cache_write_5m + x.cache_write_1h" : `x.${column}`}) AS ${column}`)
  .join(", ")
