import type { Fragment } from "@effect/sql/Statement"
import * as Effect from "effect/Effect"
import * as Layer from "effect/Layer"
import type { SessionId } from "han-core/Entry"
import * as HanTask from "han-core/HanTask"
import { validationsOf } from "han-core/HookRun"
import { type Activity, type DayActivity, type HourActivity, Metrics, type MetricsScope, type ModelActivity, noActivity } from "han-core/Metrics"
import type { PriceTable } from "han-core/Pricing"
import { projectId } from "han-core/Project"
import type { Compaction } from "han-core/Session"
import { clockOf, monthOf, weekOf } from "han-core/unstable/Calendar"
import { askedFirst } from "han-core/unstable/SessionState"
import { anyOf, type Database, storable } from "../database/Database.ts"
import { bucketMs, bucketOf, dayOf } from "../readmodels/chunk.ts"
import type { ReadModelTables } from "../readmodels/ReadModelTables.ts"
import { datedRows } from "./details.ts"
import { eventsOf } from "./hanEvents.ts"
import { inDirectories, projectKey } from "./inProject.ts"
import {
  daysOfAll,
  hoursOfAll,
  isOfAll,
  type ModelRow,
  type MoodRow,
  modelDaysOfAll,
  modelsOfAll,
  moodsOfAll,
  sessionCountOfAll,
  type UsageSums
} from "./ownerMetrics.ts"
import { onBehalf, type Reader, type Reading, reader } from "./reader.ts"
import { stateOf } from "./rows.ts"

/** Scores are stored in billionths. */
const billion = 1e9

interface ActivityRow {
  readonly session_no: number
  readonly bucket: number
  readonly messages: number
  readonly prompts: number
  readonly prompt_ms: number
  readonly tool_calls: number
  readonly lines_added: number
  readonly lines_removed: number
  readonly file_changes: number
  readonly analysed: number
  readonly score: number
}
interface UsageSumRow extends UsageSums {
  readonly bucket: number
}
interface SessionRow {
  readonly no: number
  readonly id: string
  readonly author: string | null
  readonly state: string
  readonly cwd: string | null
  readonly project_key: string | null
  readonly started_at: number | null
  readonly updated_at: number
  readonly compactions: number
}
interface TaskCount {
  readonly session_no: number
  readonly tasks: number
  readonly completed: number
}

type Service = typeof Metrics.Service

/** Sums kept with the rows, over either database. `prices` says what cache reads save. */
export const make = (options: { readonly prices: PriceTable }) =>
  Effect.map(reader, (read) =>
    Metrics.of({
      days: days(read),
      hours: hours(read),
      models: models(read, options.prices),
      sessions: sessions(read),
      sessionCount: sessionCount(read),
      tools: tools(read),
      agents: agents(read),
      hooks: hooks(read),
      compactions: compactions(read),
      tasks: tasks(read),
      hanTasks: hanTasks(read),
      validations: validations(read),
      moods: moods(read)
    })
  )

export const layer = (options: { readonly prices: PriceTable }): Layer.Layer<Metrics, never, Database | ReadModelTables> => Layer.effect(Metrics, make(options))

// Conditions over a table "x" with the owner and the number of a session.

const inSessions = ({ owner, sql, t }: Reading, { author, directories, sessionIds }: MetricsScope): Fragment =>
  sql.and([
    directories === undefined
      ? sql`1 = 1`
      : sql`x.session_no IN (SELECT s.no FROM ${t("session")} s WHERE s.owner_no = ${owner} AND ${inDirectories(sql, directories)})`,
    sessionIds === undefined
      ? sql`1 = 1`
      : sql`x.session_no IN (SELECT k.no FROM session_key k WHERE k.owner_no = ${owner} AND k.session_id ${anyOf(sql, sessionIds)})`,
    author === undefined ? sql`1 = 1` : sql`x.session_no IN (SELECT s.no FROM ${t("session")} s WHERE s.owner_no = ${owner} AND s.author = ${storable(author)})`
  ])
/** `unit`: what the column counts time in. */
const inTime = (reading: Reading, scope: MetricsScope, column: string, unit: (at: number) => number): Fragment => {
  const { owner, sql } = reading
  return sql.and([
    sql`x.owner_no = ${owner}`,
    scope.since === undefined ? sql`1 = 1` : sql`${sql.literal(column)} >= ${unit(scope.since)}`,
    scope.until === undefined ? sql`1 = 1` : sql`${sql.literal(column)} < ${unit(scope.until - 1) + 1}`,
    inSessions(reading, scope)
  ])
}
const inBuckets = (reading: Reading, scope: MetricsScope): Fragment => {
  const { owner, sql, t } = reading
  const { since, until } = scope
  const within = inTime(reading, scope, "x.bucket", bucketOf)
  if (since === undefined) return within
  // The sums' rows are found by their session, not by their time: on PostgreSQL, where there may be many sessions, only those of that time are looked for.
  return sql.onDialectOrElse({
    pg: () => sql`${within} AND x.session_no IN (SELECT d.session_no FROM ${t("session_day")} d WHERE d.owner_no = ${owner} AND d.day >= ${dayOf(since)}
      AND ${until === undefined ? sql`TRUE` : sql`d.day <= ${dayOf(until - 1)}`})`,
    orElse: () => within
  })
}
const inDays = (reading: Reading, scope: MetricsScope): Fragment => inTime(reading, scope, "x.day", dayOf)
const atTime = (reading: Reading, scope: MetricsScope, column: string): Fragment => inTime(reading, scope, column, (at) => at)

const activityOf = (reading: Reading, scope: MetricsScope) => reading.sql<ActivityRow>`
  SELECT x.session_no, x.bucket, x.messages, x.prompts, x.prompt_ms, x.tool_calls, x.lines_added, x.lines_removed, x.file_changes, x.analysed, x.score
  FROM ${reading.t("activity_sum")} x WHERE ${inBuckets(reading, scope)} AND (x.messages > 0 OR x.tool_calls > 0)`
const usageSums = `CAST(SUM(x.responses) AS BIGINT) AS responses, CAST(SUM(x.unpriced) AS BIGINT) AS unpriced, CAST(SUM(x.input) AS BIGINT) AS input,
  CAST(SUM(x.output) AS BIGINT) AS output, CAST(SUM(x.cache_read) AS BIGINT) AS cache_read, CAST(SUM(x.cache_write_5m + x.cache_write_1h) AS BIGINT) AS cache_write,
  CAST(SUM(x.cost) AS BIGINT) AS cost`
const usageOf = (reading: Reading, scope: MetricsScope) => reading.sql<UsageSumRow & { readonly session_no: number }>`
  SELECT x.session_no, x.bucket, ${reading.sql.literal(usageSums)}
  FROM ${reading.t("usage_sum")} x WHERE ${inBuckets(reading, scope)} AND x.charges > 0 GROUP BY x.session_no, x.bucket`

/** Sessions that are known only by what forks carry of them: what happened in them counts, they do not. */
const absentOf = ({ owner, sql, t }: Reading) =>
  Effect.map(
    sql<{ no: number }>`SELECT s.no FROM ${t("session")} s WHERE s.owner_no = ${owner} AND s.updated_at = 0 AND s.present = 0`,
    (rows): ReadonlySet<number> => new Set(rows.map((row) => row.no))
  )

const days = (read: Reader): Service["days"] =>
  Effect.fn("Metrics.days")(function* (scope) {
    const reading = yield* onBehalf(read)
    const clock = clockOf(scope.timeZone)
    const begins = scope.by === "week" ? weekOf : scope.by === "month" ? monthOf : (day: string) => day
    const kept = isOfAll(read, scope) ? yield* daysOfAll(reading, scope, begins) : undefined
    if (kept !== undefined) return kept
    const found = new Map<string, Sum>()
    const dayAt = (bucket: number) => made(found, begins(clock.day(bucket * bucketMs)), newSum)
    const absent = yield* absentOf(reading)
    for (const row of yield* activityOf(reading, scope)) if (row.bucket >= 0) addActivity(dayAt(row.bucket), row, absent)
    for (const row of yield* usageOf(reading, scope)) if (row.bucket >= 0) addUsage(dayAt(row.bucket), row, absent)
    return [...found].sort(([a], [b]) => (a < b ? -1 : 1)).map(([date, { of, sums }]): DayActivity => ({ date, ...sums, sessions: of.size }))
  }, read.answer("days"))

const hours = (read: Reader): Service["hours"] =>
  Effect.fn("Metrics.hours")(function* (scope) {
    const reading = yield* onBehalf(read)
    const kept = isOfAll(read, scope) ? yield* hoursOfAll(reading, scope) : undefined
    if (kept !== undefined) return kept
    const clock = clockOf(scope.timeZone)
    const found = Array.from({ length: 24 }, newSum)
    const absent = yield* absentOf(reading)
    for (const row of yield* activityOf(reading, scope)) {
      const hour = row.bucket < 0 ? undefined : found[clock.hour(row.bucket * bucketMs)]
      if (hour !== undefined) addActivity(hour, row, absent)
    }
    return found.map(({ of, sums }, hour): HourActivity => ({ hour, sessions: of.size, messages: sums.messages }))
  }, read.answer("hours"))

const models = (read: Reader, prices: PriceTable): Service["models"] =>
  Effect.fn("Metrics.models")(function* (scope) {
    const reading = yield* onBehalf(read)
    const kept = !isOfAll(read, scope)
      ? undefined
      : scope.daysIn === undefined
        ? yield* modelsOfAll(reading, scope)
        : yield* modelDaysOfAll(reading, scope, scope.daysIn, prices.changes)
    const found = new Map<string, ModelActivity>()
    for (const row of kept ?? (yield* modelRows(reading, scope))) {
      const key = `${row.date}/${row.model}`
      const have = found.get(key)
      found.set(key, {
        date: row.date,
        model: row.model,
        responses: (have?.responses ?? 0) + row.responses,
        unpriced: (have?.unpriced ?? 0) + row.unpriced,
        input: (have?.input ?? 0) + row.input,
        output: (have?.output ?? 0) + row.output,
        cacheRead: (have?.cacheRead ?? 0) + row.cache_read,
        cacheWrite: (have?.cacheWrite ?? 0) + row.cache_write,
        costNanoUsd: (have?.costNanoUsd ?? 0) + row.cost,
        cacheSavingNanoUsd: (have?.cacheSavingNanoUsd ?? 0) + cacheSaving(prices, row.model, row.at, row.cache_read)
      })
    }
    const tokens = (row: ModelActivity) => row.input + row.output + row.cacheRead + row.cacheWrite
    return [...found.values()].sort(
      (a, b) => (a.date === b.date ? tokens(b) - tokens(a) : (a.date ?? "") < (b.date ?? "") ? -1 : 1) || (a.model < b.model ? -1 : 1)
    )
  }, read.answer("models"))

/** The sums of each model from the sessions' own quarters of an hour, for each quarter where days are asked for. */
const modelRows = Effect.fnUntraced(function* (reading: Reading, scope: MetricsScope & { readonly daysIn?: string | undefined }) {
  const { sql, t } = reading
  const byDay = scope.daysIn === undefined ? null : clockOf(scope.daysIn)
  const rows = yield* sql<UsageSumRow & { readonly model: string }>`
    SELECT x.model, ${sql.literal(byDay === null ? "-1" : "x.bucket")} AS bucket, ${sql.literal(usageSums)}
    FROM ${t("usage_sum")} x WHERE ${inBuckets(reading, scope)} AND x.charges > 0 GROUP BY x.model, 2`
  return rows.flatMap((row): ReadonlyArray<ModelRow> => {
    if (byDay === null) return [{ ...row, date: null, at: Number.MAX_SAFE_INTEGER }]
    return row.bucket < 0 ? [] : [{ ...row, date: byDay.day(row.bucket * bucketMs), at: row.bucket * bucketMs }]
  })
})

const sessions = (read: Reader): Service["sessions"] =>
  Effect.fn("Metrics.sessions")(function* (scope) {
    const reading = yield* onBehalf(read)
    const { owner, sql, t } = reading
    const bySession = new Map<number, { readonly sum: Sum; analysed: number; score: number }>()
    const at = (no: number) => made(bySession, no, () => ({ sum: newSum(), analysed: 0, score: 0 }))
    for (const row of yield* activityOf(reading, scope)) {
      const found = at(row.session_no)
      addActivity(found.sum, row)
      found.analysed += row.analysed
      found.score += row.score
    }
    for (const row of yield* usageOf(reading, scope)) addUsage(at(row.session_no).sum, row)
    const nos = [...bySession.keys()]
    if (nos.length === 0) return []
    const rows = yield* sql<SessionRow>`
      SELECT s.no, s.id, s.author, s.state, s.cwd, ${projectKey(reading)} AS project_key, s.started_at, s.updated_at, s.compactions FROM ${t("session")} s
      LEFT JOIN directory d ON d.owner_no = s.owner_no AND d.machine = s.machine AND d.path = s.cwd
      WHERE s.owner_no = ${owner} AND s.no ${anyOf(sql, nos)} AND s.listed = 1 ORDER BY s.updated_at DESC, s.no DESC`
    const tasks = yield* sql<TaskCount>`
      SELECT session_no, COUNT(*) AS tasks, COUNT(CASE WHEN status = 'completed' THEN 1 END) AS completed FROM ${t("task")}
      WHERE owner_no = ${owner} AND session_no ${anyOf(sql, nos)} GROUP BY session_no`
    const tasksOf = new Map(tasks.map((row) => [row.session_no, row]))
    return yield* Effect.forEach(rows, (row) => {
      const { analysed, score, sum } = bySession.get(row.no)!
      const { sessions: _, ...sums } = sum.sums
      const counted = tasksOf.get(row.no)
      return Effect.map(factsOf(row), (facts) => ({
        ...sums,
        ...facts,
        tasks: counted?.tasks ?? 0,
        tasksCompleted: counted?.completed ?? 0,
        analysed,
        scoreSum: score / billion
      }))
    })
  }, read.answer("sessions in numbers"))

const sessionCount = (read: Reader): Service["sessionCount"] =>
  Effect.fn("Metrics.sessionCount")(function* (scope) {
    const reading = yield* onBehalf(read)
    const kept = isOfAll(read, scope) ? yield* sessionCountOfAll(reading, scope) : undefined
    if (kept !== undefined) return kept
    const { owner, sql, t } = reading
    const [row] = yield* sql<{ sessions: number }>`
      SELECT COUNT(*) AS sessions FROM ${t("session")} WHERE owner_no = ${owner} AND listed = 1 AND no IN (
        SELECT x.session_no FROM ${t("activity_sum")} x WHERE ${inBuckets(reading, scope)} AND (x.messages > 0 OR x.tool_calls > 0)
        UNION SELECT x.session_no FROM ${t("usage_sum")} x WHERE ${inBuckets(reading, scope)} AND x.charges > 0)`
    return row!.sessions
  }, read.answer("a count of sessions"))

const factsOf = (row: SessionRow) =>
  Effect.map(stateOf(row), (state) => ({
    sessionId: row.id as SessionId,
    author: row.author,
    title: state.userTitle?.value ?? state.modelTitle?.value ?? null,
    slug: state.slug?.value ?? null,
    firstPrompt: askedFirst(state),
    path: row.cwd,
    projectId: row.project_key === null ? null : projectId(row.project_key),
    startedAt: row.started_at,
    updatedAt: row.updated_at === 0 ? null : row.updated_at,
    compactions: row.compactions
  }))

const tools = (read: Reader): Service["tools"] =>
  Effect.fn("Metrics.tools")(function* (scope) {
    return yield* read.sql<{ readonly name: string; readonly calls: number }>`
      SELECT x.name, CAST(SUM(x.calls) AS BIGINT) AS calls FROM ${read.t("tool_sum")} x WHERE ${inDays(yield* onBehalf(read), scope)}
      GROUP BY x.name HAVING SUM(x.calls) > 0 ORDER BY calls DESC, x.name`
  }, read.answer("tools"))

const agents = (read: Reader): Service["agents"] =>
  Effect.fn("Metrics.agents")(function* (scope) {
    return yield* read.sql<{ readonly type: string; readonly calls: number }>`
      SELECT x.agent_type AS type, CAST(SUM(x.calls) AS BIGINT) AS calls FROM ${read.t("tool_sum")} x
      WHERE ${inDays(yield* onBehalf(read), scope)} AND x.agent_type <> '' GROUP BY x.agent_type HAVING SUM(x.calls) > 0 ORDER BY calls DESC, x.agent_type`
  }, read.answer("subagents"))

const hooks = (read: Reader): Service["hooks"] =>
  Effect.fn("Metrics.hooks")(function* (scope) {
    const rows = yield* read.sql<{ hook: string; runs: number; passed: number; duration: number }>`
      SELECT x.hook, COUNT(*) AS runs, COUNT(CASE WHEN x.passed = 1 THEN 1 END) AS passed, CAST(COALESCE(SUM(x.duration_ms), 0) AS BIGINT) AS duration
      FROM ${read.t("han_event")} x WHERE x.name IN ('hook_result', 'hook_validation') AND x.hook IS NOT NULL
        AND ${atTime(yield* onBehalf(read), scope, "x.at")} GROUP BY x.hook ORDER BY runs DESC, x.hook`
    return rows.map(({ duration, hook, passed, runs }) => ({ hook, runs, passed, totalDurationMs: duration }))
  }, read.answer("hooks"))

interface CompactionRow {
  readonly cause: Compaction["trigger"]
  readonly session_no: number
  readonly compactions: number
  readonly transcript_no: number
  readonly line: number
  readonly at: number | null
}

const compactions = (read: Reader): Service["compactions"] =>
  Effect.fn("Metrics.compactions")(function* (scope) {
    const reading = yield* onBehalf(read)
    const { owner, sql, t } = reading
    // Lines without a time are of their neighbour's time, as the session's page has them.
    const undated = sql`x.owner_no = ${owner} AND x.at IS NULL AND ${isAlways(scope) ? sql`1 = 0` : inSessions(reading, scope)}`
    const told = yield* sql<CompactionRow>`
      SELECT x.trigger_name AS cause, x.session_no, COUNT(*) AS compactions, -1 AS transcript_no, -1 AS line, 0 AS at FROM ${t("compaction")} x
      WHERE ${atTime(reading, scope, "x.at")} GROUP BY x.trigger_name, x.session_no
      UNION ALL SELECT x.trigger_name, x.session_no, 1, x.transcript_no, x.line, x.at FROM ${t("compaction")} x WHERE ${undated}`
    const rows = (yield* datedRows(reading, told)).filter((row) => row.line < 0 || isWithin(scope, row.at))
    const found = { auto: 0, manual: 0, continuation: 0, unknown: 0, sessions: new Set(rows.map((row) => row.session_no)).size }
    for (const row of rows) found[row.cause] += row.compactions
    return found
  }, read.answer("compactions in numbers"))

const tasks = (read: Reader): Service["tasks"] =>
  Effect.fn("Metrics.tasks")(function* (scope) {
    const rows = yield* read.sql<{ session_id: string; subject: string; status: string; created_at: number | null; completed_at: number | null }>`
      SELECT k.session_id, x.subject, x.status, x.created_at, x.completed_at FROM ${read.t("task")} x JOIN session_key k ON k.owner_no = x.owner_no AND k.no = x.session_no
      WHERE ${atTime(yield* onBehalf(read), scope, "x.created_at")} ORDER BY x.session_no, x.sequence`
    return rows.map((row) => ({
      sessionId: row.session_id as SessionId,
      subject: row.subject,
      status: row.status,
      createdAt: row.created_at,
      completedAt: row.completed_at
    }))
  }, read.answer("tasks in numbers"))

/** The events of these names that han's own log has in that time, a list a session. */
const eventsIn = Effect.fnUntraced(function* (read: Reader, scope: MetricsScope, names: ReadonlyArray<string>) {
  const reading = yield* onBehalf(read)
  const { sql, t } = reading
  const rows = yield* sql<{ session_id: string }>`
    SELECT DISTINCT k.session_id FROM ${t("han_event")} x JOIN session_key k ON k.owner_no = x.owner_no AND k.no = x.session_no WHERE x.name ${anyOf(sql, names)} AND ${atTime(reading, scope, "x.at")}`
  const ids = rows.map((row) => row.session_id as SessionId)
  const events = yield* eventsOf(reading, ids, names)
  return [...events.values()].map((list) => list.filter(({ at }) => isAlways(scope) || isWithin(scope, at)))
})

const hanTasks = (read: Reader): Service["hanTasks"] =>
  Effect.fn("Metrics.hanTasks")(function* (scope) {
    return (yield* eventsIn(read, scope, ["task_start", "task_update", "task_complete", "task_fail"])).flatMap(HanTask.tasksOf)
  }, read.answer("tasks of agents in numbers"))

const validations = (read: Reader): Service["validations"] =>
  Effect.fn("Metrics.validations")(function* (scope) {
    const events = yield* eventsIn(read, scope, ["hook_validation_cache"])
    return events.flatMap(validationsOf).sort((a, b) => (b.at ?? 0) - (a.at ?? 0) || (a.id < b.id ? -1 : 1))
  }, read.answer("validations"))

const moods = (read: Reader): Service["moods"] =>
  Effect.fn("Metrics.moods")(function* (scope) {
    const reading = yield* onBehalf(read)
    const [row] = isOfAll(read, scope)
      ? yield* moodsOfAll(reading, scope)
      : yield* read.sql<MoodRow>`
          SELECT CAST(SUM(x.analysed) AS BIGINT) AS analysed, CAST(SUM(x.score) AS BIGINT) AS score, CAST(SUM(x.low) AS BIGINT) AS low,
            CAST(SUM(x.moderate) AS BIGINT) AS moderate, CAST(SUM(x.high) AS BIGINT) AS high
          FROM ${read.t("activity_sum")} x WHERE ${inBuckets(reading, scope)}`
    const { analysed, high, low, moderate, score } = row!
    return { analysed: analysed ?? 0, scoreSum: (score ?? 0) / billion, low: low ?? 0, moderate: moderate ?? 0, high: high ?? 0 }
  }, read.answer("moods"))

const isAlways = ({ since, until }: MetricsScope): boolean => since === undefined && until === undefined

const isWithin = ({ since, until }: MetricsScope, at: number | null): boolean =>
  at !== null && (since === undefined || at >= since) && (until === undefined || at < until)

/** The nano-dollars that cached tokens would have cost more as plain input. */
const cacheSaving = (prices: PriceTable, model: string, at: number, cacheRead: number): number => {
  const none = { input: 0, output: 0, cacheRead: 0, cacheWrite5m: 0, cacheWrite1h: 0 }
  return (prices.costOf(model, at, { ...none, input: cacheRead }) ?? 0) - (prices.costOf(model, at, { ...none, cacheRead }) ?? 0)
}

/** The value of a key, made when there is none. */
const made = <Key, A>(map: Map<Key, A>, key: Key, make: () => A): A => {
  const found = map.get(key)
  if (found !== undefined) return found
  const value = make()
  map.set(key, value)
  return value
}

/** A sum and the sessions that it is made of. */
interface Sum {
  readonly of: Set<number>
  readonly sums: { -readonly [Key in keyof Activity]: Activity[Key] }
}
const newSum = (): Sum => ({ of: new Set(), sums: { ...noActivity } })
const addActivity = ({ of, sums }: Sum, row: ActivityRow, absent?: ReadonlySet<number>): void => {
  if (absent?.has(row.session_no) !== true) of.add(row.session_no)
  sums.activeMs += bucketMs
  sums.messages += row.messages
  sums.prompts += row.prompts
  sums.promptMs += row.prompt_ms
  sums.toolCalls += row.tool_calls
  sums.linesAdded += row.lines_added
  sums.linesRemoved += row.lines_removed
  sums.fileChanges += row.file_changes
}
const addUsage = ({ of, sums }: Sum, row: UsageSumRow & { readonly session_no: number }, absent?: ReadonlySet<number>): void => {
  if (absent?.has(row.session_no) !== true) of.add(row.session_no)
  sums.responses += row.responses
  sums.input += row.input
  sums.output += row.output
  sums.cacheRead += row.cache_read
  sums.cacheWrite += row.cache_write
  sums.costNanoUsd += row.cost
}
