import type * as SqlClient from "@effect/sql/SqlClient"
import type { SqlError } from "@effect/sql/SqlError"
import type { Fragment } from "@effect/sql/Statement"
import * as Effect from "effect/Effect"
import { type DayActivity, type HourActivity, type MetricsScope, noActivity } from "han-core/Metrics"
import { arrayOf } from "../database/Database.ts"
import { bucketMs, bucketOf, dayOfBucket, daysQuarters } from "../readmodels/chunk.ts"
import { maxPause } from "../readmodels/ReadModels.ts"
import { units } from "../readmodels/rollUps.ts"
import type { Reading } from "./reader.ts"
import { type Segments, type Span, segmentsOf, spansOf } from "./segments.ts"

// Metrics of all sessions of an owner together, from the sums that PostgreSQL keeps of them. They are those of the quarters of an hour of each session, to the last one:
// docs/decisions/0023-metrics-roll-ups.md says how.

/** True for a scope that these sums answer. */
export const isOfAll = ({ sql }: Pick<Reading, "sql">, { author, directories, sessionIds }: MetricsScope): boolean =>
  author === undefined && directories === undefined && sessionIds === undefined && sql.onDialectOrElse({ pg: () => true, orElse: () => false })

/** The part of a scope in which the owner has anything, in quarters of an hour. */
interface Time {
  readonly from: number
  readonly to: number
  /** True when nothing is behind it. */
  readonly isLast: boolean
  /** True when nothing is before it. */
  readonly isFirst: boolean
  /** Days in UTC with anything in them, and their neighbours; undefined for all. */
  readonly days: ReadonlyArray<number> | undefined
}

/** Days of which each is looked at, whether it has anything or not. */
const maxDays = 4000

const timeOf = Effect.fnUntraced(function* ({ owner, sql, t }: Reading, scope: MetricsScope): Effect.fn.Return<Time | undefined, SqlError> {
  const [known] = yield* sql<{ first: number | null; last: number | null }>`
    SELECT MIN(x.slot) AS first, MAX(x.slot) AS last FROM ${t("time_sum")} x WHERE x.owner_no = ${owner} AND x.unit = ${units.quarter} AND x.slot >= 0`
  if (known === undefined || known.first === null || known.last === null) return undefined
  const from = Math.max(known.first, scope.since === undefined ? 0 : bucketOf(scope.since))
  const to = Math.min(known.last + 1, scope.until === undefined ? Number.POSITIVE_INFINITY : bucketOf(scope.until - 1) + 1)
  if (from >= to) return undefined
  const time = { from, to, isFirst: from === known.first, isLast: to === known.last + 1 }
  if (to - from <= maxDays * daysQuarters) return { ...time, days: undefined }
  const days = yield* sql<{ day: number }>`
    SELECT x.slot AS day FROM ${t("time_sum")} x WHERE x.owner_no = ${owner} AND x.unit = ${units.day} AND x.slot >= ${dayOfBucket(from)} AND x.slot <= ${dayOfBucket(to - 1)}`
  return { ...time, days: [...new Set(days.flatMap(({ day }) => [day - 1, day, day + 1]))].sort((a, b) => a - b) }
})

/** The rows "x" of a time by hours, and by quarters where an hour is cut: by an end of the time or by one of `starts`. */
const rowsIn = ({ owner, sql }: Reading, { from, to }: Pick<Time, "from" | "to">, starts: ReadonlyArray<number>): Fragment => {
  const cut = [...new Set([from, to, ...starts].flatMap((bucket) => (bucket % 4 === 0 ? [] : [Math.floor(bucket / 4)])))]
  const quarters = cut.flatMap((hour) => [0, 1, 2, 3].map((n) => hour * 4 + n)).filter((bucket) => bucket >= from && bucket < to)
  return sql`x.owner_no = ${owner} AND ((x.unit = ${units.hour} AND x.slot >= ${Math.ceil(from / 4)} AND x.slot < ${Math.floor(to / 4)} AND x.slot <> ALL(${arrayOf(cut)}::bigint[]))
    OR (x.unit = ${units.quarter} AND x.slot = ANY(${arrayOf(quarters)}::bigint[])))`
}
/** The quarter of an hour with which a row "x" begins. */
const bucketOfRow = `(CASE WHEN x.unit = ${units.hour} THEN x.slot * 4 ELSE x.slot END)`

const spansIn = (timeZone: string, { days, from, to }: Time): ReadonlyArray<Span> => spansOf(timeZone, from, to, days)

const sums = (columns: string): string =>
  columns
    .split(" ")
    .map((column) => `CAST(SUM(x.${column}) AS BIGINT) AS ${column}`)
    .join(", ")

type DayRow = Readonly<
  Record<
    | "segment"
    | "active"
    | "messages"
    | "prompts"
    | "prompt_ms"
    | "tool_calls"
    | "lines_added"
    | "lines_removed"
    | "file_changes"
    | "responses"
    | "input"
    | "output"
    | "cache_read"
    | "cache_write"
    | "cost"
    | "begun"
    | "ended",
    number
  >
>
const daySums = sums(
  "active messages prompts prompt_ms tool_calls lines_added lines_removed file_changes responses input output cache_read cache_write cost begun ended"
)

/** See `Metrics.days`. Undefined where a day is in two pieces. */
export const daysOfAll = Effect.fnUntraced(function* (
  reading: Reading,
  scope: MetricsScope & { readonly timeZone: string },
  labelOf: (day: string) => string
): Effect.fn.Return<ReadonlyArray<DayActivity> | undefined, SqlError> {
  const { sql, t } = reading
  const time = yield* timeOf(reading, scope)
  if (time === undefined) return []
  const segments = segmentsOf(spansIn(scope.timeZone, time), time.to, labelOf)
  if (segments === undefined) return undefined
  const rows = yield* sql<DayRow>`
    SELECT width_bucket(${sql.literal(bucketOfRow)}, ${arrayOf(segments.starts)}::bigint[]) AS segment, ${sql.literal(daySums)}
    FROM ${t("time_sum")} x WHERE ${rowsIn(reading, time, segments.starts)} AND (x.active > 0 OR x.charges > 0) GROUP BY 1 ORDER BY 1`
  const sessions = yield* sessionsOf(reading, time, segments.starts, rows)
  return rows.map(
    (row): DayActivity => ({
      ...noActivity,
      date: segments.labels[row.segment - 1]!,
      sessions: sessions.get(row.segment)!,
      activeMs: row.active * bucketMs,
      messages: row.messages,
      prompts: row.prompts,
      promptMs: row.prompt_ms,
      toolCalls: row.tool_calls,
      linesAdded: row.lines_added,
      linesRemoved: row.lines_removed,
      fileChanges: row.file_changes,
      responses: row.responses,
      input: row.input,
      output: row.output,
      cacheRead: row.cache_read,
      cacheWrite: row.cache_write,
      costNanoUsd: row.cost
    })
  )
})

/** Where stretches of work begin and end (see `maxPause`), by segment; segments are numbered from 1. */
type Flow = Pick<DayRow, "segment" | "begun" | "ended">

/**
 * The sessions of each segment that has anything: those whose stretches of work are open when it begins, and those whose begin in it, but no session twice. Where a segment is so
 * short that a stretch may have nothing in it, sessions are looked at one by one.
 */
const sessionsOf = Effect.fnUntraced(function* (
  reading: Reading,
  time: Time,
  starts: ReadonlyArray<number>,
  flows: ReadonlyArray<Flow>
): Effect.fn.Return<ReadonlyMap<number, number>, SqlError> {
  const again = yield* againIn(reading, time, starts)
  const found = new Map<number, number>()
  const short: Array<readonly [segment: number, from: number, to: number]> = []
  let open = time.isFirst ? 0 : yield* openAt(reading, time.from)
  for (const { begun, ended, segment } of flows) {
    const from = starts[segment - 1]!
    const to = starts[segment] ?? time.to
    const isLong = to - from >= maxPause && dayOfBucket(from - 1) !== dayOfBucket(to)
    if (open === 0 || isLong || (to === time.to && time.isLast)) found.set(segment, open + begun - (again.get(segment) ?? 0))
    else short.push([segment, from, to])
    open += begun - ended
  }
  if (short.length > 0) for (const { segment, sessions } of yield* sessionsIn(reading, short)) found.set(segment, sessions)
  for (const [segment] of short) if (!found.has(segment)) found.set(segment, 0)
  return found
})

/** Stretches of work that began before a quarter of an hour and end in it or later. */
const openAt = ({ owner, sql, t }: Reading, bucket: number) =>
  Effect.map(
    sql<{ open: number }>`
      SELECT COUNT(*) AS open FROM ${t("session_day")} x
      WHERE x.owner_no = ${owner} AND x.day BETWEEN ${dayOfBucket(bucket)} AND ${dayOfBucket(bucket + maxPause)} AND x.last_bucket >= ${bucket} AND x.counted = 1
        AND (x.first_bucket < ${bucket} OR (x.previous_bucket < ${bucket} AND x.first_bucket - x.previous_bucket <= ${maxPause}))`,
    ([row]) => row!.open
  )

/** Stretches of work that begin in a segment in which their session had another one. */
const againIn = ({ owner, sql, t }: Reading, { from, to }: Time, starts: ReadonlyArray<number>) => {
  const longest = Math.max(...starts.map((start, index) => (starts[index + 1] ?? to) - start))
  const segmentOf = (column: string) => (starts.length === 1 ? sql`1` : sql`width_bucket(${sql.literal(column)}, ${arrayOf(starts)}::bigint[])`)
  return Effect.map(
    sql<{ segment: number; sessions: number }>`
      SELECT ${segmentOf("x.first_bucket")} AS segment, COUNT(*) AS sessions FROM ${t("session_day")} x
      WHERE x.owner_no = ${owner} AND x.first_bucket >= ${from} AND x.first_bucket < ${to} AND x.previous_bucket >= ${from} AND x.counted = 1
        AND x.first_bucket - x.previous_bucket > ${sql.literal(String(maxPause))} AND x.first_bucket - x.previous_bucket < ${longest}
        AND ${starts.length === 1 ? sql`TRUE` : sql`${segmentOf("x.first_bucket")} = ${segmentOf("x.previous_bucket")}`} GROUP BY 1`,
    (rows): ReadonlyMap<number, number> => new Map(rows.map(({ segment, sessions }) => [segment, sessions]))
  )
}

/** Sessions with anything in these times, looked at one by one. */
const sessionsIn = ({ owner, sql, t }: Reading, times: ReadonlyArray<readonly [segment: number, from: number, to: number]>) => {
  const column = (of: (time: (typeof times)[number]) => number) => sql`${arrayOf(times.map(of))}::bigint[]`
  // Days are worked out here: what may fail is no condition for an index where rows are protected.
  const columns = sql.csv([
    column(([segment]) => segment),
    column(([, from]) => from),
    column(([, , to]) => to),
    column(([, from]) => dayOfBucket(from)),
    column(([, , to]) => dayOfBucket(to - 1))
  ])
  return sql<{ segment: number; sessions: number }>`
    SELECT s.segment, COUNT(DISTINCT x.session_no) AS sessions FROM UNNEST(${columns}) AS s (segment, first, after, first_day, last_day)
    JOIN ${t("session_day")} x ON x.owner_no = ${owner} AND x.day >= s.first_day AND x.day <= s.last_day AND x.last_bucket >= s.first AND x.first_bucket < s.after AND x.counted = 1
    WHERE (EXISTS (SELECT 1 FROM ${t("activity_sum")} a WHERE a.owner_no = x.owner_no AND a.session_no = x.session_no AND a.bucket >= s.first AND a.bucket < s.after AND (a.messages > 0 OR a.tool_calls > 0))
      OR EXISTS (SELECT 1 FROM ${t("usage_sum")} u WHERE u.owner_no = x.owner_no AND u.session_no = x.session_no AND u.bucket >= s.first AND u.bucket < s.after AND u.charges > 0))
    GROUP BY s.segment`
}

/** See `Metrics.hours`. Undefined where clocks are set otherwise than by quarters of an hour. */
export const hoursOfAll = Effect.fnUntraced(function* (
  reading: Reading,
  scope: MetricsScope & { readonly timeZone: string }
): Effect.fn.Return<ReadonlyArray<HourActivity> | undefined, SqlError> {
  const { owner, sql, t } = reading
  const time = yield* timeOf(reading, scope)
  const found = Array.from({ length: 24 }, (_, hour) => ({ hour, sessions: 0, messages: 0 }))
  if (time === undefined) return found
  const spans = spansIn(scope.timeZone, time)
  if (spans.some(({ offset }) => offset % bucketMs !== 0)) return undefined
  const shifts = spans.map(({ offset }) => (((offset / bucketMs) % daysQuarters) + daysQuarters) % daysQuarters)
  const starts = arrayOf(spans.map(({ from }) => from))
  const isWhole = spans.every(({ from, offset }, index) => offset % (4 * bucketMs) === 0 && (index === 0 || from % 4 === 0))
  const local = (bucket: string) => sql`(${sql.literal(bucket)} + (${arrayOf(shifts)}::bigint[])[width_bucket(${sql.literal(bucket)}, ${starts}::bigint[])])`
  const rows = yield* sql<{ hour: number; messages: number }>`
    SELECT ${local(isWhole ? bucketOfRow : "x.slot")} / 4 % 24 AS hour, CAST(SUM(x.messages) AS BIGINT) AS messages
    FROM ${t("time_sum")} x WHERE ${isWhole ? rowsIn(reading, time, []) : sql`x.owner_no = ${owner} AND x.unit = ${units.quarter} AND x.slot >= ${time.from} AND x.slot < ${time.to}`} AND x.active > 0 GROUP BY 1`
  for (const { hour, messages } of rows) found[hour]!.messages = messages
  const { cut, whole } = daysIn(time, spans)
  const spent = sql`x.owner_no = ${owner} AND x.counted = 1 AND x.hours0 > 0`
  const cutDays = sql`
    SELECT x.session_no, BIT_OR(1::bigint << (${local("a.bucket")} / 4 % 24)::int) AS hours FROM ${t("session_day")} x
    JOIN ${t("activity_sum")} a ON a.owner_no = x.owner_no AND a.session_no = x.session_no AND a.bucket >= x.first_bucket AND a.bucket <= x.last_bucket
      AND a.bucket >= ${time.from} AND a.bucket < ${time.to} AND (a.messages > 0 OR a.tool_calls > 0)
    WHERE ${spent} AND x.day = ANY(${arrayOf(cut)}::bigint[])`
  /** Whole days between two changes of the clock, whose hours as bits are turned by the zone's. */
  const wholeDays = (from: number, to: number) => sql`${spent} AND x.day >= ${from} AND x.day <= ${to} AND x.day <> ALL(${arrayOf(cut)}::bigint[])`
  const parts = whole.map(({ from, span, to }) => ({ days: wholeDays(from, to), hours: sql.literal(turned(shifts[span]!)) }))
  // A session with one day only need not be put together.
  const masks = yield* sql<{ hours: number; sessions: number }>`
    ${unionAll(sql, [
      ...parts.map(
        ({ days, hours }) => sql`SELECT ${hours} AS hours, COUNT(*) AS sessions FROM ${t("session_day")} x WHERE ${days} AND x.alone = 1 GROUP BY 1`
      ),
      sql`SELECT d.hours, COUNT(*) FROM (${cutDays} AND x.alone = 1 GROUP BY x.session_no) d GROUP BY d.hours`,
      sql`SELECT d.hours, COUNT(*) FROM (
        SELECT BIT_OR(d.hours) AS hours FROM (${unionAll(sql, [
          ...parts.map(({ days, hours }) => sql`SELECT x.session_no, ${hours} AS hours FROM ${t("session_day")} x WHERE ${days} AND x.alone = 0`),
          sql`(${cutDays} AND x.alone = 0 GROUP BY x.session_no)`
        ])}) d GROUP BY d.session_no) d GROUP BY d.hours`
    ])}`
  for (const { hours, sessions } of masks) for (const one of found) if ((hours >> one.hour) & 1) one.sessions += sessions
  return found
})

const unionAll = (sql: SqlClient.SqlClient, [first, ...rest]: ReadonlyArray<Fragment>): Fragment =>
  rest.reduce((so, next) => sql`${so} UNION ALL ${next}`, first!)

/** The hours of a day in UTC as those of a zone that is so many quarters of an hour ahead. */
const turned = (shift: number): string => {
  const hours = `CAST((x.hours${shift % 4} | (x.hours${shift % 4} >> 24)) & 16777215 AS BIGINT)`
  const turn = Math.floor(shift / 4)
  return turn === 0 ? hours : `(((${hours} << ${turn}) | (${hours} >> ${24 - turn})) & 16777215)`
}

/** The days in UTC of a time: those that are cut by its ends or on which clocks change, and where each span has others. */
const daysIn = ({ from, to }: Time, spans: ReadonlyArray<Span>) => {
  const cut = [...new Set([from, to, ...spans.map((span) => span.from)].flatMap((bucket) => (bucket % daysQuarters === 0 ? [] : [dayOfBucket(bucket)])))]
  const whole = spans.map((span, index) => ({ span: index, from: dayOfBucket(span.from), to: dayOfBucket((spans[index + 1]?.from ?? to) - 1) }))
  return { cut, whole }
}

/** Sums of the ledger, as statements give them. */
export interface UsageSums {
  readonly responses: number
  readonly unpriced: number
  readonly input: number
  readonly output: number
  readonly cache_read: number
  readonly cache_write: number
  readonly cost: number
}

/** The sums of a model on a day, at one price. */
export interface ModelRow extends UsageSums {
  /** Null for all days together. */
  readonly date: string | null
  readonly model: string
  /** An instant at which the price holds. */
  readonly at: number
}
const modelSums = sums("responses unpriced input output cache_read cache_write cost")

/** Rows "x" of a scope, also those without a time: whole days in UTC, and the quarters of an hour before and behind them. */
const inScope = (sql: SqlClient.SqlClient, scope: MetricsScope): Fragment => {
  const from = scope.since === undefined ? null : bucketOf(scope.since)
  const to = scope.until === undefined ? null : bucketOf(scope.until - 1) + 1
  const firstDay = from === null ? null : dayOfBucket(from + daysQuarters - 1)
  const endDay = to === null ? null : dayOfBucket(to)
  const within = (unit: number, first: number | null, end: number | null) =>
    sql`(x.unit = ${unit} AND ${first === null ? sql`TRUE` : sql`x.slot >= ${first}`} AND ${end === null ? sql`TRUE` : sql`x.slot < ${end}`})`
  const quarters = (first: number, end: number) => within(units.quarter, first, end)
  const parts =
    firstDay !== null && endDay !== null && firstDay >= endDay
      ? [quarters(from!, to!)]
      : [
          within(units.day, firstDay, endDay),
          ...(firstDay === null ? [] : [quarters(from!, firstDay * daysQuarters)]),
          ...(endDay === null ? [] : [quarters(endDay * daysQuarters, to!)])
        ]
  return sql.or(parts)
}

/** The sums of each model: whole days in UTC, and the quarters of an hour before and behind them. */
export const modelsOfAll = Effect.fnUntraced(function* ({ owner, sql, t }: Reading, scope: MetricsScope): Effect.fn.Return<ReadonlyArray<ModelRow>, SqlError> {
  const rows = yield* sql<Omit<ModelRow, "date" | "at">>`
    SELECT x.model, ${sql.literal(modelSums)} FROM ${t("model_sum")} x WHERE x.owner_no = ${owner} AND x.charges > 0 AND ${inScope(sql, scope)} GROUP BY x.model`
  return rows.map((row) => ({ ...row, date: null, at: Number.MAX_SAFE_INTEGER }))
})

/** The sums of each model by day of a time zone, and where a price changes on it in parts. Undefined where a day is in two pieces. */
export const modelDaysOfAll = Effect.fnUntraced(function* (
  reading: Reading,
  scope: MetricsScope,
  timeZone: string,
  priceChanges: ReadonlyArray<number>
): Effect.fn.Return<ReadonlyArray<ModelRow> | undefined, SqlError> {
  const { sql, t } = reading
  const time = yield* timeOf(reading, scope)
  if (time === undefined) return []
  const days = segmentsOf(spansIn(timeZone, time), time.to, (day) => day)
  if (days === undefined) return undefined
  const { labels, starts } = cutAt(
    days,
    priceChanges.map((at) => Math.ceil(at / bucketMs))
  )
  const rows = yield* sql<Omit<ModelRow, "date" | "at"> & { readonly segment: number }>`
    SELECT width_bucket(${sql.literal(bucketOfRow)}, ${arrayOf(starts)}::bigint[]) AS segment, x.model, ${sql.literal(modelSums)} FROM ${t("model_sum")} x
    WHERE ${rowsIn(reading, time, starts)} AND x.charges > 0 GROUP BY 1, 2`
  return rows.map(({ segment, ...row }) => ({ ...row, date: labels[segment - 1]!, at: starts[segment - 1]! * bucketMs }))
})

/** The same segments, in parts where one of these quarters lies in one. */
const cutAt = ({ labels, starts }: Segments, cuts: ReadonlyArray<number>): Segments => {
  const all = new Map(starts.map((start, index) => [start, labels[index]!]))
  for (const cut of cuts) {
    const index = starts.findLastIndex((start) => start <= cut)
    if (index >= 0) all.set(cut, labels[index]!)
  }
  const sorted = [...all].sort(([a], [b]) => a - b)
  return { starts: sorted.map(([start]) => start), labels: sorted.map(([, label]) => label) }
}

/** Sums of moods; null for none. */
export type MoodRow = Readonly<Record<"analysed" | "score" | "low" | "moderate" | "high", number | null>>
/** See `Metrics.moods`. */
export const moodsOfAll = ({ owner, sql, t }: Reading, scope: MetricsScope) =>
  sql<MoodRow>`
    SELECT ${sql.literal(sums("analysed score low moderate high"))} FROM ${t("time_sum")} x WHERE x.owner_no = ${owner} AND ${inScope(sql, scope)}`

/** See `Metrics.sessionCount`. Undefined for a time that these sums do not tell of: a part of a day, or one before 1970. */
export const sessionCountOfAll = Effect.fnUntraced(function* (reading: Reading, scope: MetricsScope): Effect.fn.Return<number | undefined, SqlError> {
  const { owner, sql, t } = reading
  if ((scope.since ?? 0) < 0 || (scope.until ?? 1) <= 0) return undefined
  const time = yield* timeOf(reading, scope)
  const undated = scope.since === undefined
  if (time !== undefined && !time.isLast && time.to - time.from < daysQuarters) return undefined
  const [flow] =
    time === undefined
      ? []
      : yield* sql<{ begun: number; ended: number }>`
          SELECT CAST(SUM(x.begun) AS BIGINT) AS begun, CAST(SUM(x.ended) AS BIGINT) AS ended FROM ${t("time_sum")} x WHERE x.owner_no = ${owner}
            AND ${inScope(sql, { since: time.from * bucketMs, until: time.to * bucketMs })}`
  const dated =
    time === undefined || flow === undefined || flow.begun === null
      ? 0
      : ((yield* sessionsOf(reading, time, [time.from], [{ segment: 1, begun: flow.begun, ended: flow.ended }])).get(1) ?? 0)
  const inTime = time === undefined ? sql`FALSE` : sql`(x.day >= 0 AND x.first_bucket < ${time.to} AND x.last_bucket >= ${time.from})`
  const met = undated ? sql`(x.day < 0 OR ${inTime})` : inTime
  const [others] = yield* sql<{ undated: number; unlisted: number }>`
    SELECT ${
      undated
        ? sql`(SELECT COUNT(DISTINCT x.session_no) FROM ${t("session_day")} x WHERE x.owner_no = ${owner} AND x.day < 0 AND x.counted = 1 AND NOT EXISTS (
          SELECT 1 FROM ${t("session_day")} y WHERE y.owner_no = x.owner_no AND y.session_no = x.session_no AND y.day >= 0 AND y.first_bucket < ${time?.to ?? 0} AND y.last_bucket >= ${time?.from ?? 0}))`
        : sql`0`
    } AS undated,
    (SELECT COUNT(*) FROM ${t("session")} s WHERE s.owner_no = ${owner} AND s.listed = 0
      AND EXISTS (SELECT 1 FROM ${t("session_day")} x WHERE x.owner_no = s.owner_no AND x.session_no = s.no AND x.counted = 1 AND ${met})) AS unlisted`
  return dated + others!.undated - others!.unlisted
})
