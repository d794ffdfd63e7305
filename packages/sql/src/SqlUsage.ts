import * as Effect from "effect/Effect"
import * as Layer from "effect/Layer"
import { clockOf } from "han-core/Calendar"
import { firstLineOf, SessionNotFound } from "han-core/Session"
import type { SessionState } from "han-core/SessionState"
import { Usage, type UsageQuery, type UsageRow, type UsageTotals } from "han-core/Usage"
import { type OwnerId, Viewer } from "han-core/Viewer"
import { bucketMs } from "./internal/chunk.ts"
import { Database, storable, storeError } from "./internal/Database.ts"
import { inProject } from "./internal/inProject.ts"
import { Models } from "./internal/Models.ts"
import { reconcile } from "./internal/reconcile.ts"

interface SumRow {
  readonly key: string | number | null
  readonly label: string | null
  readonly state: string | null
  readonly input: number
  readonly output: number
  readonly cache_read: number
  readonly cache_write_5m: number
  readonly cache_write_1h: number
  readonly cost: number
  readonly responses: number
  readonly unpriced: number
}

const unknown = "unknown"

/** The ledger over either database. */
export const layer: Layer.Layer<Usage, never, Database | Models> = Layer.effect(
  Usage,
  Effect.gen(function* () {
    const database = yield* Database
    const models = yield* Models
    const sql = database.read
    const failing = (operation: string) => storeError(database.location, operation)
    const t = (name: Parameters<typeof models.table>[0]) => sql.literal(models.table(name))

    const sums =
      sql.literal(`CAST(COALESCE(SUM(r.input), 0) AS BIGINT) AS input, CAST(COALESCE(SUM(r.output), 0) AS BIGINT) AS output, CAST(COALESCE(SUM(r.cache_read), 0) AS BIGINT) AS cache_read,
      CAST(COALESCE(SUM(r.cache_write_5m), 0) AS BIGINT) AS cache_write_5m, CAST(COALESCE(SUM(r.cache_write_1h), 0) AS BIGINT) AS cache_write_1h,
      CAST(COALESCE(SUM(r.cost), 0) AS BIGINT) AS cost, CAST(SUM(r.responses) AS BIGINT) AS responses, CAST(SUM(r.unpriced) AS BIGINT) AS unpriced`)
    const where = (owner: OwnerId, query: UsageQuery) =>
      sql.and([
        sql`r.owner = ${owner} AND r.responses > 0`,
        query.since === undefined ? sql`1 = 1` : sql`r.bucket >= ${Math.floor(query.since / bucketMs)}`,
        query.until === undefined ? sql`1 = 1` : sql`r.bucket < ${Math.ceil(query.until / bucketMs)}`,
        query.sessionId === undefined
          ? sql`1 = 1`
          : sql`r.session_no = (SELECT no FROM session_key WHERE owner = ${owner} AND session_id = ${storable(query.sessionId)})`,
        query.project === undefined
          ? sql`1 = 1`
          : sql`r.session_no IN (SELECT s.no FROM ${t("session")} s LEFT JOIN directory d ON d.owner = s.owner AND d.path = s.cwd
              WHERE s.owner = ${owner} AND ${inProject(sql, query.project)})`
      ])
    /** The sums, or for a subagent the responses that its transcripts have: sums are kept by session. */
    const ledger = (owner: OwnerId, { agentId }: UsageQuery) =>
      agentId === undefined
        ? sql`${t("usage_sum")} r`
        : sql`(SELECT x.owner, x.session_no, CASE WHEN x.at IS NULL THEN -1 ELSE x.at / ${sql.literal(String(bucketMs))} END AS bucket, x.model, COALESCE(x.tier, '') AS tier, 1 AS responses,
            CASE WHEN x.cost IS NULL THEN 1 ELSE 0 END AS unpriced, x.input, x.output, x.cache_read, x.cache_write_5m, x.cache_write_1h, x.web_searches, COALESCE(x.cost, 0) AS cost
            FROM ${t("response")} x JOIN transcript y ON y.no = x.transcript_no WHERE y.owner = ${owner} AND y.agent_id = ${storable(agentId)}) r`
    const rowsBy = (owner: OwnerId, query: UsageQuery) => {
      const condition = where(owner, query)
      switch (query.by) {
        case "day":
          return sql<SumRow>`SELECT CASE WHEN r.bucket >= 0 THEN r.bucket END AS key, NULL AS label, NULL AS state, ${sums} FROM ${ledger(owner, query)} WHERE ${condition} GROUP BY 1`
        case "model":
          return sql<SumRow>`SELECT r.model AS key, r.model AS label, NULL AS state, ${sums} FROM ${ledger(owner, query)} WHERE ${condition} GROUP BY r.model`
        case "project":
          return sql<SumRow>`SELECT COALESCE(d.name, s.project) AS key, COALESCE(d.name, s.project) AS label, NULL AS state, ${sums} FROM ${ledger(owner, query)}
            LEFT JOIN ${t("session")} s ON s.no = r.session_no LEFT JOIN directory d ON d.owner = s.owner AND d.path = s.cwd WHERE ${condition} GROUP BY COALESCE(d.name, s.project)`
        case "session":
          return sql<SumRow>`SELECT k.session_id AS key, NULL AS label, MAX(s.state) AS state, ${sums} FROM ${ledger(owner, query)}
            JOIN session_key k ON k.no = r.session_no LEFT JOIN ${t("session")} s ON s.no = r.session_no WHERE ${condition} GROUP BY k.session_id`
      }
    }

    return Usage.of({
      report: Effect.fn("Usage.report")(function* (query) {
        const { owner } = yield* Viewer
        const found = yield* rowsBy(owner, query)
        const extras = yield* sql<{ model: string; tier: string; searches: number; unpriced: number }>`
          SELECT r.model, r.tier, CAST(SUM(r.web_searches) AS BIGINT) AS searches, CAST(SUM(r.unpriced) AS BIGINT) AS unpriced FROM ${ledger(owner, query)} WHERE ${where(owner, query)} GROUP BY r.model, r.tier`
        const { day: dayOf } = clockOf(query.timeZone ?? "UTC")
        const rows = new Map<string, UsageRow>()
        for (const row of found) {
          const key = row.key === null ? unknown : query.by === "day" ? dayOf(Number(row.key) * bucketMs) : String(row.key)
          const have = rows.get(key)
          rows.set(key, { key, label: row.state === null ? (row.label ?? key) : (titleOf(row.state) ?? key), ...add(have ?? none, totalsOf(row)) })
        }
        const list = [...rows.values()]
        list.sort(
          query.by === "day" ? (a, b) => (a.key < b.key ? -1 : 1) : (a, b) => b.costNanoUsd - a.costNanoUsd || b.output - a.output || (a.key < b.key ? -1 : 1)
        )
        const searches = extras.reduce((sum, row) => sum + row.searches, 0)
        const tiers = [...new Set(extras.flatMap((row) => (row.tier === "" ? [] : [row.tier])))].sort()
        return {
          totals: list.reduce<UsageTotals>((sum, row) => add(sum, row), none),
          rows: list,
          unpricedModels: [...new Set(extras.flatMap((row) => (row.unpriced > 0 ? [row.model] : [])))].sort(),
          notIncluded: [
            ...(searches > 0 ? [`${searches} web searches, which the vendor charges beside the tokens`] : []),
            ...tiers.map((tier) => `what service tier "${tier}" costs more or less than the list price`)
          ]
        }
      }, failing("usage")),
      reconcile: Effect.fn("Usage.reconcile")(function* (options) {
        const { owner } = yield* Viewer
        if (options.sessionId !== undefined) {
          const known = yield* sql`SELECT 1 AS found FROM ${t("session")} WHERE owner = ${owner} AND present = 1 AND id = ${storable(options.sessionId)}`
          if (known.length === 0) return yield* new SessionNotFound({ id: options.sessionId, candidates: [] })
        }
        return yield* reconcile(sql, models.table, owner, options)
      }, failing("usage check"))
    })
  })
)

const none: UsageTotals = { input: 0, output: 0, cacheRead: 0, cacheWrite5m: 0, cacheWrite1h: 0, costNanoUsd: 0, responses: 0, unpricedResponses: 0 }
const totalsOf = (row: SumRow): UsageTotals => ({
  input: row.input,
  output: row.output,
  cacheRead: row.cache_read,
  cacheWrite5m: row.cache_write_5m,
  cacheWrite1h: row.cache_write_1h,
  costNanoUsd: row.cost,
  responses: row.responses,
  unpricedResponses: row.unpriced
})
const add = (a: UsageTotals, b: UsageTotals): UsageTotals => ({
  input: a.input + b.input,
  output: a.output + b.output,
  cacheRead: a.cacheRead + b.cacheRead,
  cacheWrite5m: a.cacheWrite5m + b.cacheWrite5m,
  cacheWrite1h: a.cacheWrite1h + b.cacheWrite1h,
  costNanoUsd: a.costNanoUsd + b.costNanoUsd,
  responses: a.responses + b.responses,
  unpricedResponses: a.unpricedResponses + b.unpricedResponses
})

const titleOf = (state: string): string | null => {
  const { firstPrompt, modelTitle, userTitle }: SessionState = JSON.parse(state)
  return userTitle?.value ?? modelTitle?.value ?? firstLineOf(firstPrompt?.value ?? null)
}
