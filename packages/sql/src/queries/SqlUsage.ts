import type { Fragment } from "@effect/sql/Statement"
import * as Effect from "effect/Effect"
import * as Layer from "effect/Layer"
import type { Directory } from "han-core/Directories"
import { ProjectNotFound, projectId, repoId } from "han-core/Project"
import { firstLineOf, SessionNotFound } from "han-core/Session"
import { Usage, type UsageQuery, type UsageRow, type UsageTotals } from "han-core/Usage"
import { clockOf } from "han-core/unstable/Calendar"
import { askedFirst } from "han-core/unstable/SessionState"
import { bounded } from "../database/bounded.ts"
import { type Database, storable } from "../database/Database.ts"
import { bucketMs } from "../readmodels/chunk.ts"
import { notIncluded, type TermsRow } from "../readmodels/notIncluded.ts"
import type { ReadModelTables } from "../readmodels/ReadModelTables.ts"
import { storedState } from "../readmodels/storedState.ts"
import { inDirectories, projectKey } from "./inProject.ts"
import { onBehalf, type Reader, type Reading, reader } from "./reader.ts"
import { reconcile } from "./reconcile.ts"

interface SumRow {
  readonly key: string | number | null
  readonly label: string | null
  readonly state: string | null
  /** Of a project. */
  readonly path?: string | null
  readonly input: number
  readonly output: number
  readonly cache_read: number
  readonly cache_write_5m: number
  readonly cache_write_1h: number
  readonly cost: number
  readonly responses: number
  readonly unpriced: number
}

type Directories = ReadonlyArray<Directory> | undefined

/** The ledger over either database. */
export const make = Effect.map(reader, (read) => Usage.of({ report: report(read), reconcile: reconciled(read) }))

export const layer: Layer.Layer<Usage, never, Database | ReadModelTables> = Layer.effect(Usage, make)

const condition = ({ owner, sql, t }: Reading, query: UsageQuery, directories: Directories): Fragment =>
  sql.and([
    sql`r.owner_no = ${owner} AND r.charges > 0`,
    query.since === undefined ? sql`1 = 1` : sql`r.bucket >= ${Math.floor(query.since / bucketMs)}`,
    query.until === undefined ? sql`1 = 1` : sql`r.bucket < ${Math.ceil(query.until / bucketMs)}`,
    query.sessionId === undefined
      ? sql`1 = 1`
      : sql`r.session_no = (SELECT no FROM session_key WHERE owner_no = ${owner} AND session_id = ${storable(query.sessionId)})`,
    directories === undefined
      ? sql`1 = 1`
      : sql`r.session_no IN (SELECT s.no FROM ${t("session")} s WHERE s.owner_no = ${owner} AND ${inDirectories(sql, directories)})`,
    query.author === undefined
      ? sql`1 = 1`
      : sql`r.session_no IN (SELECT s.no FROM ${t("session")} s WHERE s.owner_no = ${owner} AND s.author = ${storable(query.author)})`
  ])

/** The directories of what is called so; undefined for no condition. */
const directoriesOf = Effect.fnUntraced(function* (reading: Reading, project: string | undefined) {
  if (project === undefined) return undefined
  const { owner, sql, t } = reading
  const called = storable(project)
  const rows = yield* sql<{ key: string; machine: string; path: string; name: string | null; project: string; remote: string | null }>`
    SELECT ${projectKey(reading)} AS key, s.machine, s.cwd AS path, MAX(d.name) AS name, MAX(s.project) AS project, MAX(d.remote) AS remote FROM ${t("session")} s
    LEFT JOIN directory d ON d.owner_no = s.owner_no AND d.machine = s.machine AND d.path = s.cwd
    WHERE s.owner_no = ${owner} AND s.cwd IS NOT NULL GROUP BY 1, s.machine, s.cwd`
  const found = rows.filter(
    (row) => [row.path, row.name, row.project, row.remote, projectId(row.key)].includes(called) || (row.remote !== null && repoId(row.remote) === called)
  )
  return found.length === 0 ? yield* new ProjectNotFound({ project }) : found.map(({ machine, path }) => ({ machine, path }))
})

/** Fails for a session that is not there, or that is known only by what others carry of it when it must be `present`. */
const known = Effect.fnUntraced(function* ({ owner, sql, t }: Reading, id: string, present: boolean) {
  const rows = yield* sql`SELECT 1 AS found FROM ${t("session")} WHERE owner_no = ${owner} AND id = ${storable(id)} AND present >= ${Number(present)}`
  if (rows.length === 0) return yield* new SessionNotFound({ id, candidates: [] })
})

/** The sums, or for a subagent the responses that its transcripts have: sums are kept by session. */
const ledger = ({ owner, sql, t }: Reading, { agentId }: UsageQuery): Fragment =>
  agentId === undefined
    ? sql`${t("usage_sum")} r`
    : sql`(SELECT x.owner_no, x.session_no, CASE WHEN x.at IS NULL THEN -1 ELSE x.at / ${sql.literal(String(bucketMs))} END AS bucket, x.model, x.terms, 1 AS charges,
        CASE WHEN x.part = 0 THEN 1 ELSE 0 END AS responses, CASE WHEN x.cost IS NULL THEN 1 ELSE 0 END AS unpriced, x.garbled, x.unsure, x.input, x.output, x.cache_read,
        x.cache_write_5m, x.cache_write_1h, x.web_searches, COALESCE(x.cost, 0) AS cost
        FROM ${t("response")} x JOIN transcript y ON y.owner_no = x.owner_no AND y.no = x.transcript_no WHERE x.owner_no = ${owner} AND y.agent_id = ${storable(agentId)}) r`

const sums = `CAST(COALESCE(SUM(r.input), 0) AS BIGINT) AS input, CAST(COALESCE(SUM(r.output), 0) AS BIGINT) AS output, CAST(COALESCE(SUM(r.cache_read), 0) AS BIGINT) AS cache_read,
  CAST(COALESCE(SUM(r.cache_write_5m), 0) AS BIGINT) AS cache_write_5m, CAST(COALESCE(SUM(r.cache_write_1h), 0) AS BIGINT) AS cache_write_1h,
  CAST(COALESCE(SUM(r.cost), 0) AS BIGINT) AS cost, CAST(SUM(r.responses) AS BIGINT) AS responses, CAST(SUM(r.unpriced) AS BIGINT) AS unpriced`

const rowsBy = (reading: Reading, query: UsageQuery, directories: Directories) => {
  const { sql, t } = reading
  const where = sql`WHERE ${condition(reading, query, directories)}`
  const from = sql`${sql.literal(sums)} FROM ${ledger(reading, query)}`
  switch (query.by) {
    case "day":
      return sql<SumRow>`SELECT CASE WHEN r.bucket >= 0 THEN r.bucket END AS key, NULL AS label, NULL AS state, ${from} ${where} GROUP BY 1`
    case "model":
      return sql<SumRow>`SELECT r.model AS key, r.model AS label, NULL AS state, ${from} ${where} GROUP BY r.model`
    case "project":
      return sql<SumRow>`SELECT ${projectKey(reading)} AS key, COALESCE(MAX(d.name), MAX(s.project)) AS label, MAX(s.cwd) AS path, NULL AS state, ${from}
        LEFT JOIN ${t("session")} s ON s.owner_no = r.owner_no AND s.no = r.session_no LEFT JOIN directory d ON d.owner_no = s.owner_no AND d.machine = s.machine AND d.path = s.cwd ${where} GROUP BY 1`
    case "author":
      return sql<SumRow>`SELECT s.author AS key, s.author AS label, NULL AS state, ${from}
        LEFT JOIN ${t("session")} s ON s.owner_no = r.owner_no AND s.no = r.session_no ${where} GROUP BY s.author`
    case "session":
      return sql<SumRow>`SELECT k.session_id AS key, NULL AS label, MAX(s.state) AS state, ${from}
        JOIN session_key k ON k.owner_no = r.owner_no AND k.no = r.session_no LEFT JOIN ${t("session")} s ON s.owner_no = r.owner_no AND s.no = r.session_no ${where} GROUP BY k.session_id`
  }
}

const report = (read: Reader): typeof Usage.Service.report =>
  Effect.fn("Usage.report")(function* (query) {
    const reading = yield* onBehalf(read)
    const { sql } = read
    if (query.sessionId !== undefined) yield* known(reading, query.sessionId, false)
    const directories = yield* directoriesOf(reading, query.project)
    const found = yield* rowsBy(reading, query, directories)
    const terms = yield* sql<TermsRow>`
      SELECT r.model, r.terms, CAST(SUM(r.charges) AS BIGINT) AS charges, CAST(SUM(r.web_searches) AS BIGINT) AS searches, CAST(SUM(r.unpriced) AS BIGINT) AS unpriced,
        CAST(SUM(r.garbled) AS BIGINT) AS garbled, CAST(SUM(r.unsure) AS BIGINT) AS unsure
      FROM ${ledger(reading, query)} WHERE ${condition(reading, query, directories)} GROUP BY r.model, r.terms`
    const { day: dayOf } = clockOf(query.timeZone ?? "UTC")
    const rows = new Map<string, UsageRow>()
    for (const row of found) {
      const told = row.key === null ? null : String(row.key)
      const path = row.path ?? null
      const key = told === null ? "unknown" : query.by === "day" ? dayOf(Number(told) * bucketMs) : query.by === "project" ? projectId(told) : told
      const label = row.state === null ? row.label : yield* titleOf(row.state, key)
      rows.set(key, { key, label: label ?? key, path, ...add(rows.get(key) ?? none, totalsOf(row)) })
    }
    const list = [...rows.values()]
    list.sort(
      query.by === "day" ? (a, b) => (a.key < b.key ? -1 : 1) : (a, b) => b.costNanoUsd - a.costNanoUsd || b.output - a.output || (a.key < b.key ? -1 : 1)
    )
    return {
      totals: list.reduce<UsageTotals>((sum, row) => add(sum, row), none),
      rows: list,
      // What is garbled has no cost, whatever the model's price.
      unpricedModels: [...new Set(terms.flatMap((row) => (row.unpriced > row.garbled ? [row.model] : [])))].sort(),
      notIncluded: notIncluded(terms)
    }
  }, read.answer("usage"))

const reconciled = (read: Reader): typeof Usage.Service.reconcile =>
  Effect.fn("Usage.reconcile")(function* (options) {
    const reading = yield* onBehalf(read)
    if (options.sessionId !== undefined) yield* known(reading, options.sessionId, true)
    return yield* reconcile(reading, options)
  }, read.answer("usage check"))

const none: UsageTotals = { input: 0, output: 0, cacheRead: 0, cacheWrite5m: 0, cacheWrite1h: 0, costNanoUsd: 0, responses: 0, unpricedResponses: 0 }
const totalsOf = (row: SumRow): UsageTotals => ({
  input: bounded(row.input),
  output: bounded(row.output),
  cacheRead: bounded(row.cache_read),
  cacheWrite5m: bounded(row.cache_write_5m),
  cacheWrite1h: bounded(row.cache_write_1h),
  costNanoUsd: bounded(row.cost),
  responses: row.responses,
  unpricedResponses: row.unpriced
})
const add = (a: UsageTotals, b: UsageTotals): UsageTotals => ({
  input: bounded(a.input + b.input),
  output: bounded(a.output + b.output),
  cacheRead: bounded(a.cacheRead + b.cacheRead),
  cacheWrite5m: bounded(a.cacheWrite5m + b.cacheWrite5m),
  cacheWrite1h: bounded(a.cacheWrite1h + b.cacheWrite1h),
  costNanoUsd: bounded(a.costNanoUsd + b.costNanoUsd),
  responses: a.responses + b.responses,
  unpricedResponses: a.unpricedResponses + b.unpricedResponses
})

const titleOf = (state: string, sessionId: string) =>
  Effect.map(storedState(state, `session ${sessionId}`), (facts) => facts.userTitle?.value ?? facts.modelTitle?.value ?? firstLineOf(askedFirst(facts)))
