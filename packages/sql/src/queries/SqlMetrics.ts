import * as Effect from "effect/Effect"
import * as Layer from "effect/Layer"
import type { SessionId } from "han-core/Entry"
import * as HanTask from "han-core/HanTask"
import { validationsOf } from "han-core/HookRun"
import { type Activity, type DayActivity, type HourActivity, Metrics, type MetricsScope, type ModelActivity, noActivity } from "han-core/Metrics"
import type { PriceTable } from "han-core/Pricing"
import type { Compaction } from "han-core/Session"
import { clockOf, monthOf, weekOf } from "han-core/unstable/Calendar"
import { askedFirst, type SessionState } from "han-core/unstable/SessionState"
import { Viewer } from "han-core/Viewer"
import { anyOf, Database, storeError } from "../database/Database.ts"
import { bucketMs, bucketOf, dayOf } from "../readmodels/chunk.ts"
import { Models } from "../readmodels/Models.ts"
import { datedRows } from "./details.ts"
import { eventsOf } from "./hanEvents.ts"

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
interface UsageSumRow {
  readonly session_no: number
  readonly bucket: number
  readonly responses: number
  readonly input: number
  readonly output: number
  readonly cache_read: number
  readonly cache_write: number
  readonly cost: number
}
interface SessionRow {
  readonly no: number
  readonly id: string
  readonly state: string
  readonly cwd: string | null
  readonly started_at: number | null
  readonly updated_at: number
  readonly compactions: number
}

/** Sums kept with the rows, over either database. `prices` says what cache reads save. */
export const layer = (options: { readonly prices: PriceTable }): Layer.Layer<Metrics, never, Database | Models> =>
  Layer.effect(
    Metrics,
    Effect.gen(function* () {
      const database = yield* Database
      const models = yield* Models
      const sql = database.read
      const failing = (operation: string) => storeError(database.location, operation)
      const t = (name: Parameters<typeof models.table>[0]) => sql.literal(models.table(name))

      const inSessions = (owner: string, { paths, sessionIds }: MetricsScope) =>
        sql.and([
          paths === undefined ? sql`1 = 1` : sql`x.session_no IN (SELECT s.no FROM ${t("session")} s WHERE s.owner = ${owner} AND s.cwd ${anyOf(sql, paths)})`,
          sessionIds === undefined
            ? sql`1 = 1`
            : sql`x.session_no IN (SELECT k.no FROM session_key k WHERE k.owner = ${owner} AND k.session_id ${anyOf(sql, sessionIds)})`
        ])
      const since = (column: string, scope: MetricsScope, unit: (at: number) => number) =>
        sql.and([
          scope.since === undefined ? sql`1 = 1` : sql`${sql.literal(column)} >= ${unit(scope.since)}`,
          scope.until === undefined ? sql`1 = 1` : sql`${sql.literal(column)} < ${unit(scope.until - 1) + 1}`
        ])
      const inBuckets = (owner: string, scope: MetricsScope) =>
        sql`x.owner = ${owner} AND ${since("x.bucket", scope, bucketOf)} AND ${inSessions(owner, scope)}`
      const inDays = (owner: string, scope: MetricsScope) => sql`x.owner = ${owner} AND ${since("x.day", scope, dayOf)} AND ${inSessions(owner, scope)}`
      const atTime = (owner: string, column: string, scope: MetricsScope) =>
        sql`x.owner = ${owner} AND ${since(column, scope, (at) => at)} AND ${inSessions(owner, scope)}`

      const activityOf = (owner: string, scope: MetricsScope) => sql<ActivityRow>`
        SELECT x.session_no, x.bucket, x.messages, x.prompts, x.prompt_ms, x.tool_calls, x.lines_added, x.lines_removed, x.file_changes, x.analysed, x.score
        FROM ${t("activity_sum")} x WHERE ${inBuckets(owner, scope)} AND (x.messages > 0 OR x.tool_calls > 0)`
      const usageOf = (owner: string, scope: MetricsScope) => sql<UsageSumRow>`
        SELECT x.session_no, x.bucket, CAST(SUM(x.responses) AS BIGINT) AS responses, CAST(SUM(x.input) AS BIGINT) AS input, CAST(SUM(x.output) AS BIGINT) AS output,
          CAST(SUM(x.cache_read) AS BIGINT) AS cache_read, CAST(SUM(x.cache_write_5m + x.cache_write_1h) AS BIGINT) AS cache_write, CAST(SUM(x.cost) AS BIGINT) AS cost
        FROM ${t("usage_sum")} x WHERE ${inBuckets(owner, scope)} AND x.charges > 0 GROUP BY x.session_no, x.bucket`

      /** Sessions that are known only by what forks carry of them: what happened in them counts, they do not. */
      const absentOf = (owner: string) =>
        Effect.map(
          sql<{ no: number }>`SELECT s.no FROM ${t("session")} s WHERE s.owner = ${owner} AND s.updated_at = 0 AND s.present = 0`,
          (rows): ReadonlySet<number> => new Set(rows.map((row) => row.no))
        )

      /** Lines of han's own log that were written in that time, by session. */
      const eventsIn = Effect.fnUntraced(function* (scope: MetricsScope, names: ReadonlyArray<string>) {
        const { owner } = yield* Viewer
        const rows = yield* sql<{ session_id: string }>`
          SELECT DISTINCT k.session_id FROM ${t("han_event")} x JOIN session_key k ON k.no = x.session_no WHERE x.name ${anyOf(sql, names)} AND ${atTime(owner, "x.at", scope)}`
        const ids = rows.map((row) => row.session_id as SessionId)
        const events = yield* eventsOf({ sql, table: models.table, owner }, ids, names)
        const inTime = ({ at }: { readonly at: number | null }) => (scope.since === undefined && scope.until === undefined) || isWithin(scope, at)
        return new Map([...events].map(([id, list]) => [id, list.filter(inTime)] as const))
      })

      return Metrics.of({
        days: Effect.fn("Metrics.days")(function* (scope) {
          const { owner } = yield* Viewer
          const clock = clockOf(scope.timeZone)
          const begins = scope.by === "week" ? weekOf : scope.by === "month" ? monthOf : (day: string) => day
          const days = new Map<string, Sum>()
          const dayAt = (bucket: number) => {
            const date = begins(clock.day(bucket * bucketMs))
            let found = days.get(date)
            if (found === undefined) days.set(date, (found = newSum()))
            return found
          }
          const absent = yield* absentOf(owner)
          for (const row of yield* activityOf(owner, scope)) if (row.bucket >= 0) addActivity(dayAt(row.bucket), row, absent)
          for (const row of yield* usageOf(owner, scope)) if (row.bucket >= 0) addUsage(dayAt(row.bucket), row, absent)
          return [...days].sort(([a], [b]) => (a < b ? -1 : 1)).map(([date, { of, sums }]): DayActivity => ({ date, ...sums, sessions: of.size }))
        }, failing("days")),
        hours: Effect.fn("Metrics.hours")(function* (scope) {
          const { owner } = yield* Viewer
          const clock = clockOf(scope.timeZone)
          const hours = Array.from({ length: 24 }, newSum)
          const absent = yield* absentOf(owner)
          for (const row of yield* activityOf(owner, scope)) {
            const hour = row.bucket < 0 ? undefined : hours[clock.hour(row.bucket * bucketMs)]
            if (hour !== undefined) addActivity(hour, row, absent)
          }
          return hours.map(({ of, sums }, hour): HourActivity => ({ hour, sessions: of.size, messages: sums.messages }))
        }, failing("hours")),
        models: Effect.fn("Metrics.models")(function* (scope) {
          const { owner } = yield* Viewer
          const byDay = scope.daysIn === undefined ? null : clockOf(scope.daysIn)
          const bucket = byDay === null ? sql`-1` : sql`x.bucket`
          const rows = yield* sql<UsageSumRow & { readonly model: string; readonly unpriced: number }>`
            SELECT x.model, ${bucket} AS bucket, CAST(SUM(x.responses) AS BIGINT) AS responses, CAST(SUM(x.unpriced) AS BIGINT) AS unpriced, CAST(SUM(x.input) AS BIGINT) AS input,
              CAST(SUM(x.output) AS BIGINT) AS output, CAST(SUM(x.cache_read) AS BIGINT) AS cache_read, CAST(SUM(x.cache_write_5m + x.cache_write_1h) AS BIGINT) AS cache_write,
              CAST(SUM(x.cost) AS BIGINT) AS cost
            FROM ${t("usage_sum")} x WHERE ${inBuckets(owner, scope)} AND x.charges > 0 GROUP BY x.model, 2`
          const found = new Map<string, ModelActivity>()
          for (const row of rows) {
            if (byDay !== null && row.bucket < 0) continue
            const date = byDay === null ? null : byDay.day(row.bucket * bucketMs)
            const at = row.bucket < 0 ? Number.MAX_SAFE_INTEGER : row.bucket * bucketMs
            const saved = cacheSaving(options.prices, row.model, at, row.cache_read)
            const key = `${date}/${row.model}`
            const have = found.get(key)
            found.set(key, {
              date,
              model: row.model,
              responses: (have?.responses ?? 0) + row.responses,
              unpriced: (have?.unpriced ?? 0) + row.unpriced,
              input: (have?.input ?? 0) + row.input,
              output: (have?.output ?? 0) + row.output,
              cacheRead: (have?.cacheRead ?? 0) + row.cache_read,
              cacheWrite: (have?.cacheWrite ?? 0) + row.cache_write,
              costNanoUsd: (have?.costNanoUsd ?? 0) + row.cost,
              cacheSavingNanoUsd: (have?.cacheSavingNanoUsd ?? 0) + saved
            })
          }
          const tokens = (row: ModelActivity) => row.input + row.output + row.cacheRead + row.cacheWrite
          return [...found.values()].sort(
            (a, b) => (a.date === b.date ? tokens(b) - tokens(a) : (a.date ?? "") < (b.date ?? "") ? -1 : 1) || (a.model < b.model ? -1 : 1)
          )
        }, failing("models")),
        sessions: Effect.fn("Metrics.sessions")(function* (scope) {
          const { owner } = yield* Viewer
          const bySession = new Map<number, { readonly sum: Sum; analysed: number; score: number }>()
          const at = (no: number) => {
            let found = bySession.get(no)
            if (found === undefined) bySession.set(no, (found = { sum: newSum(), analysed: 0, score: 0 }))
            return found
          }
          for (const row of yield* activityOf(owner, scope)) {
            const found = at(row.session_no)
            addActivity(found.sum, row)
            found.analysed += row.analysed
            found.score += row.score
          }
          for (const row of yield* usageOf(owner, scope)) addUsage(at(row.session_no).sum, row)
          const nos = [...bySession.keys()]
          if (nos.length === 0) return []
          const sessions = yield* sql<SessionRow>`
            SELECT no, id, state, cwd, started_at, updated_at, compactions FROM ${t("session")} WHERE no ${anyOf(sql, nos)} AND listed = 1 ORDER BY updated_at DESC, no DESC`
          const tasks = new Map(
            (yield* sql<{ session_no: number; tasks: number; completed: number }>`
              SELECT session_no, COUNT(*) AS tasks, COUNT(CASE WHEN status = 'completed' THEN 1 END) AS completed FROM ${t("task")}
              WHERE session_no ${anyOf(sql, nos)} GROUP BY session_no`).map((row) => [row.session_no, row])
          )
          return sessions.map((row) => {
            const { analysed, score, sum } = bySession.get(row.no)!
            const state: SessionState = JSON.parse(row.state)
            const { modelTitle, slug, userTitle } = state
            const { sessions: _, ...sums } = sum.sums
            return {
              ...sums,
              sessionId: row.id as SessionId,
              title: userTitle?.value ?? modelTitle?.value ?? null,
              slug: slug?.value ?? null,
              firstPrompt: askedFirst(state),
              path: row.cwd,
              startedAt: row.started_at,
              updatedAt: row.updated_at === 0 ? null : row.updated_at,
              compactions: row.compactions,
              tasks: tasks.get(row.no)?.tasks ?? 0,
              tasksCompleted: tasks.get(row.no)?.completed ?? 0,
              analysed,
              scoreSum: score / billion
            }
          })
        }, failing("sessions in numbers")),
        tools: Effect.fn("Metrics.tools")(function* (scope) {
          const { owner } = yield* Viewer
          const rows = yield* sql<{ name: string; calls: number }>`
            SELECT x.name, CAST(SUM(x.calls) AS BIGINT) AS calls FROM ${t("tool_sum")} x WHERE ${inDays(owner, scope)} GROUP BY x.name HAVING SUM(x.calls) > 0
            ORDER BY calls DESC, x.name`
          return rows.map(({ calls, name }) => ({ name, calls }))
        }, failing("tools")),
        agents: Effect.fn("Metrics.agents")(function* (scope) {
          const { owner } = yield* Viewer
          const rows = yield* sql<{ type: string; calls: number }>`
            SELECT x.agent_type AS type, CAST(SUM(x.calls) AS BIGINT) AS calls FROM ${t("tool_sum")} x WHERE ${inDays(owner, scope)} AND x.agent_type <> ''
            GROUP BY x.agent_type HAVING SUM(x.calls) > 0 ORDER BY calls DESC, x.agent_type`
          return rows.map(({ calls, type }) => ({ type, calls }))
        }, failing("subagents")),
        hooks: Effect.fn("Metrics.hooks")(function* (scope) {
          const { owner } = yield* Viewer
          const rows = yield* sql<{ hook: string; runs: number; passed: number; duration: number }>`
            SELECT x.hook, COUNT(*) AS runs, COUNT(CASE WHEN x.passed = 1 THEN 1 END) AS passed, CAST(COALESCE(SUM(x.duration_ms), 0) AS BIGINT) AS duration
            FROM ${t("han_event")} x WHERE x.name IN ('hook_result', 'hook_validation') AND x.hook IS NOT NULL AND ${atTime(owner, "x.at", scope)} GROUP BY x.hook ORDER BY runs DESC, x.hook`
          return rows.map(({ duration, hook, passed, runs }) => ({ hook, runs, passed, totalDurationMs: duration }))
        }, failing("hooks")),
        compactions: Effect.fn("Metrics.compactions")(function* (scope) {
          const { owner } = yield* Viewer
          // Lines without a time are of their neighbour's time, as the session's page has them.
          const undated =
            scope.since === undefined && scope.until === undefined ? sql`1 = 0` : sql`x.owner = ${owner} AND x.at IS NULL AND ${inSessions(owner, scope)}`
          const told = yield* sql<{
            cause: Compaction["trigger"]
            session_no: number
            compactions: number
            transcript_no: number
            line: number
            at: number | null
          }>`
            SELECT x.trigger_name AS cause, x.session_no, COUNT(*) AS compactions, -1 AS transcript_no, -1 AS line, 0 AS at FROM ${t("compaction")} x
            WHERE ${atTime(owner, "x.at", scope)} GROUP BY x.trigger_name, x.session_no
            UNION ALL SELECT x.trigger_name, x.session_no, 1, x.transcript_no, x.line, x.at FROM ${t("compaction")} x WHERE ${undated}`
          const rows = (yield* datedRows(sql, models.table, told)).filter((row) => row.line < 0 || isWithin(scope, row.at))
          const found = { auto: 0, manual: 0, continuation: 0, unknown: 0, sessions: new Set(rows.map((row) => row.session_no)).size }
          for (const row of rows) found[row.cause] += row.compactions
          return found
        }, failing("compactions in numbers")),
        tasks: Effect.fn("Metrics.tasks")(function* (scope) {
          const { owner } = yield* Viewer
          const rows = yield* sql<{ session_id: string; subject: string; status: string; created_at: number | null; completed_at: number | null }>`
            SELECT k.session_id, x.subject, x.status, x.created_at, x.completed_at FROM ${t("task")} x JOIN session_key k ON k.no = x.session_no
            WHERE ${atTime(owner, "x.created_at", scope)} ORDER BY x.session_no, x.sequence`
          return rows.map((row) => ({
            sessionId: row.session_id as SessionId,
            subject: row.subject,
            status: row.status,
            createdAt: row.created_at,
            completedAt: row.completed_at
          }))
        }, failing("tasks in numbers")),
        hanTasks: Effect.fn("Metrics.hanTasks")(function* (scope) {
          const events = yield* eventsIn(scope, ["task_start", "task_update", "task_complete", "task_fail"])
          return [...events.values()].flatMap(HanTask.tasksOf)
        }, failing("tasks of agents in numbers")),
        validations: Effect.fn("Metrics.validations")(function* (scope) {
          const events = yield* eventsIn(scope, ["hook_validation_cache"])
          return [...events.values()].flatMap(validationsOf).sort((a, b) => (b.at ?? 0) - (a.at ?? 0) || (a.id < b.id ? -1 : 1))
        }, failing("validations")),
        moods: Effect.fn("Metrics.moods")(function* (scope) {
          const { owner } = yield* Viewer
          const [row] = yield* sql<{ analysed: number; score: number; low: number; moderate: number; high: number }>`
            SELECT CAST(COALESCE(SUM(x.analysed), 0) AS BIGINT) AS analysed, CAST(COALESCE(SUM(x.score), 0) AS BIGINT) AS score, CAST(COALESCE(SUM(x.low), 0) AS BIGINT) AS low,
              CAST(COALESCE(SUM(x.moderate), 0) AS BIGINT) AS moderate, CAST(COALESCE(SUM(x.high), 0) AS BIGINT) AS high
            FROM ${t("activity_sum")} x WHERE ${inBuckets(owner, scope)}`
          const { analysed, high, low, moderate, score } = row!
          return { analysed, scoreSum: score / billion, low, moderate, high }
        }, failing("moods"))
      })
    })
  )

const isWithin = ({ since, until }: MetricsScope, at: number | null): boolean =>
  at !== null && (since === undefined || at >= since) && (until === undefined || at < until)

/** What cached tokens would have cost more as plain input. */
const cacheSaving = (prices: PriceTable, model: string, at: number, cacheRead: number): number => {
  const none = { input: 0, output: 0, cacheRead: 0, cacheWrite5m: 0, cacheWrite1h: 0 }
  return (prices.costOf(model, at, { ...none, input: cacheRead }) ?? 0) - (prices.costOf(model, at, { ...none, cacheRead }) ?? 0)
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
const addUsage = ({ of, sums }: Sum, row: UsageSumRow, absent?: ReadonlySet<number>): void => {
  if (absent?.has(row.session_no) !== true) of.add(row.session_no)
  sums.responses += row.responses
  sums.input += row.input
  sums.output += row.output
  sums.cacheRead += row.cache_read
  sums.cacheWrite += row.cache_write
  sums.costNanoUsd += row.cost
}
