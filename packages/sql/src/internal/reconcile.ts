import type * as SqlClient from "@effect/sql/SqlClient"
import type { Fragment } from "@effect/sql/Statement"
import * as Effect from "effect/Effect"
import type { SessionId } from "han-core/Entry"
import type { SessionEventOf } from "han-core/SessionEvent"
import type { Reconciliation } from "han-core/Usage"
import type { OwnerId } from "han-core/Viewer"
import type { Table } from "../ReadModels.ts"
import { storable } from "./Database.ts"
import { forkOf } from "./family.ts"
import { type SessionRow, sessionFromRow } from "./rows.ts"

interface ModelSums {
  readonly model: string
  readonly input: number
  readonly output: number
  readonly cache_read: number
  readonly cache_write: number
  readonly cost: number
  readonly responses: number
  readonly unpriced: number
}

/** The client's own account of each session beside the ledger's, and why they differ. */
export const reconcile = Effect.fnUntraced(function* (
  sql: SqlClient.SqlClient,
  table: (name: Table) => string,
  owner: OwnerId,
  options: { readonly sessionId?: SessionId | undefined; readonly since?: number | undefined }
) {
  const t = (name: Table) => sql.literal(table(name))
  const sessions = yield* sql<SessionRow & { stated: string; stamp: number }>`
    SELECT s.*, ${forkOf(sql, table)} AS fork_of, NULL AS repo_name, NULL AS remote, 0 AS subagents, c.stated, c.stamp
    FROM ${t("cost_state")} c JOIN ${t("session")} s ON s.no = c.session_no
    WHERE s.owner = ${owner} AND s.present = 1
      AND ${options.sessionId === undefined ? sql`1 = 1` : sql`s.id = ${storable(options.sessionId)}`}
      AND ${options.since === undefined ? sql`1 = 1` : sql`s.updated_at >= ${options.since}`}
    ORDER BY s.updated_at DESC, s.no DESC`
  const result: Array<Reconciliation> = []
  for (const row of sessions) {
    const session = sessionFromRow(row, Date.now())
    const stated: SessionEventOf<"CostStated"> = JSON.parse(row.stated)
    const ofAncestors = (column: "id_hash" | "message_id") => sql`SELECT ${sql.literal(column)} FROM ${t("response")} WHERE session_no IN (
      WITH RECURSIVE ancestor (no, id) AS (
        SELECT k.no, k.session_id FROM session_key k WHERE k.owner = ${owner} AND k.session_id = ${session.forkOf}
        UNION SELECT k.no, k.session_id FROM ancestor a JOIN ${t("session")} s ON s.no = a.no JOIN session_key k ON k.owner = s.owner AND k.session_id = ${forkOf(sql, table)}
      ) SELECT no FROM ancestor)`
    // A fork's account goes on from its origin's: every response that its transcript shows is in it.
    const inherited =
      session.forkOf === null
        ? sql`1 = 0`
        : sql`r.id_hash IN (${ofAncestors("id_hash")}) AND r.message_id IN (${ofAncestors("message_id")})
          AND r.at <= (SELECT MAX(f.at) FROM (SELECT MIN(at) AS at FROM ${t("response")} WHERE session_no = ${row.no}) f)`
    const sums = (condition: Fragment) =>
      sql<ModelSums>`SELECT r.model, CAST(SUM(r.input) AS BIGINT) AS input, CAST(SUM(r.output) AS BIGINT) AS output, CAST(SUM(r.cache_read) AS BIGINT) AS cache_read,
        CAST(SUM(r.cache_write_5m + r.cache_write_1h) AS BIGINT) AS cache_write, CAST(COALESCE(SUM(r.cost), 0) AS BIGINT) AS cost, COUNT(*) AS responses, COUNT(*) - COUNT(r.cost) AS unpriced
        FROM ${t("response")} r WHERE r.owner = ${owner} AND (${condition}) GROUP BY r.model`
    const own = yield* sums(sql`r.session_no = ${row.no}`)
    const copied = session.forkOf === null ? [] : yield* sums(inherited)
    const ledger = new Map<string, ModelSums>()
    for (const part of [...own, ...copied]) {
      const have = ledger.get(part.model)
      ledger.set(
        part.model,
        have === undefined
          ? part
          : {
              model: part.model,
              input: have.input + part.input,
              output: have.output + part.output,
              cache_read: have.cache_read + part.cache_read,
              cache_write: have.cache_write + part.cache_write,
              cost: have.cost + part.cost,
              responses: have.responses + part.responses,
              unpriced: have.unpriced + part.unpriced
            }
      )
    }
    const clientNanoUsd = Math.round(stated.totalCostUsd * 1e9)
    const ledgerNanoUsd = [...ledger.values()].reduce((sum, part) => sum + part.cost, 0)
    const models = [...new Set([...stated.models.map((part) => part.model), ...ledger.keys()])].sort().map((model) => {
      const client = stated.models.find((part) => part.model === model)
      const mine = ledger.get(model)
      return {
        model,
        client: { input: client?.input ?? 0, output: client?.output ?? 0, cacheRead: client?.cacheRead ?? 0, cacheWrite: client?.cacheWrite ?? 0 },
        ledger: { input: mine?.input ?? 0, output: mine?.output ?? 0, cacheRead: mine?.cache_read ?? 0, cacheWrite: mine?.cache_write ?? 0 }
      }
    })
    const differenceNanoUsd = clientNanoUsd - ledgerNanoUsd
    const same = models.every(
      ({ client, ledger }) =>
        client.input === ledger.input && client.output === ledger.output && client.cacheRead === ledger.cacheRead && client.cacheWrite === ledger.cacheWrite
    )
    result.push({
      sessionId: session.id,
      title: session.displayTitle,
      clientNanoUsd,
      ledgerNanoUsd,
      differenceNanoUsd,
      models,
      reasons:
        same && differenceNanoUsd === 0
          ? []
          : reasons({
              session,
              stated,
              models,
              differenceNanoUsd,
              same,
              ended: session.status === "completed",
              unpriced: [...ledger.values()].filter((part) => part.unpriced > 0).map((part) => part.model)
            })
    })
  }
  return result
})

const reasons = (facts: {
  readonly session: { readonly compactions: number; readonly forkOf: string | null }
  readonly stated: SessionEventOf<"CostStated">
  readonly models: Reconciliation["models"]
  readonly differenceNanoUsd: number
  readonly same: boolean
  readonly ended: boolean
  readonly unpriced: ReadonlyArray<string>
}): ReadonlyArray<string> => {
  const { differenceNanoUsd, ended, models, same, session, stated, unpriced } = facts
  const found: Array<string> = []
  const more = models.filter(
    ({ client, ledger }) =>
      client.input + client.output + client.cacheRead + client.cacheWrite > ledger.input + ledger.output + ledger.cacheRead + ledger.cacheWrite
  )
  const less = models.filter(
    ({ client, ledger }) =>
      client.input + client.output + client.cacheRead + client.cacheWrite < ledger.input + ledger.output + ledger.cacheRead + ledger.cacheWrite
  )
  for (const model of unpriced) found.push(`han has no price for ${model}; set one in config.json`)
  for (const { client, ledger, model } of more) {
    const missing = `${client.input - ledger.input} input, ${client.output - ledger.output} output, ${client.cacheRead - ledger.cacheRead} cache read, ${client.cacheWrite - ledger.cacheWrite} cache write`
    found.push(
      session.compactions > 0 && ledger.output > 0
        ? `${model}: the client counts ${missing} tokens more: its compaction calls, titles, hooks and broken-off answers leave no usage in the transcript`
        : `${model}: the client counts ${missing} tokens more: calls of its own (titles, prompt hooks, dropped attempts, broken-off answers) leave no usage in the transcript`
    )
  }
  for (const { model } of less) {
    found.push(
      !ended
        ? `${model}: the session went on after the client's last account`
        : `${model}: the client's account is behind: it writes it at exit, and not after every interrupt${session.forkOf === null ? "" : ", and history that a fork copied may be missing from it"}`
    )
  }
  if (stated.models.some((model) => model.webSearches > 0)) found.push("the client's total includes web searches, the ledger's does not")
  if (same && differenceNanoUsd !== 0 && unpriced.length === 0) found.push("the tokens agree, the client used other prices")
  return found
}
