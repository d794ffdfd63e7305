import type { Fragment } from "@effect/sql/Statement"
import * as Effect from "effect/Effect"
import type { SessionId } from "han-core/Entry"
import { withoutSuffix } from "han-core/Pricing"
import type { Session } from "han-core/Session"
import type { SessionEventOf } from "han-core/SessionEvent"
import type { Reconciliation } from "han-core/Usage"
import { bounded } from "../database/bounded.ts"
import { storable } from "../database/Database.ts"
import { notIncluded, type TermsRow } from "../readmodels/notIncluded.ts"
import { forkOf } from "./family.ts"
import type { Reading } from "./reader.ts"
import type { SessionRow } from "./rows.ts"
import { sessionsFrom } from "./sessionPages.ts"

interface ModelSums extends TermsRow {
  readonly input: number
  readonly output: number
  readonly cache_read: number
  readonly cache_write: number
  readonly cost: number
  /** Responses that the session's transcript has behind the client's account, and their tokens. */
  readonly later: number
  readonly later_input: number
  readonly later_output: number
  readonly later_read: number
  readonly later_write: number
}
const summed = [
  "input",
  "output",
  "cache_read",
  "cache_write",
  "cost",
  "unpriced",
  "garbled",
  "later",
  "later_input",
  "later_output",
  "later_read",
  "later_write"
] as const
type Sums = Readonly<Record<(typeof summed)[number], number>>

/** The client's own account of each session beside the ledger's, and why they differ. */
export const reconcile = Effect.fnUntraced(function* (
  reading: Reading,
  options: { readonly sessionId?: SessionId | undefined; readonly since?: number | undefined }
) {
  const { owner, sql, t } = reading
  const rows = yield* sql<AccountRow>`
    SELECT s.*, ${forkOf(reading)} AS fork_of, NULL AS repo_name, NULL AS remote, 0 AS subagents, c.stated, c.stamp
    FROM ${t("cost_state")} c JOIN ${t("session")} s ON s.owner_no = c.owner_no AND s.no = c.session_no
    WHERE c.owner_no = ${owner} AND s.present = 1
      AND ${options.sessionId === undefined ? sql`1 = 1` : sql`s.id = ${storable(options.sessionId)}`}
      AND ${options.since === undefined ? sql`1 = 1` : sql`s.updated_at >= ${options.since}`}
    ORDER BY s.updated_at DESC, s.no DESC`
  return yield* Effect.forEach(yield* sessionsFrom(rows), ({ row, session }) =>
    Effect.map(ledgerOf(reading, session, row), (parts) => compared(session, JSON.parse(row.stated), parts))
  )
})

type AccountRow = SessionRow & { readonly stated: string; readonly stamp: number }

/** Sums up the ledger of a session and, for a fork, of the responses that it copied: one row for each model and its terms. */
const ledgerOf = Effect.fnUntraced(function* (reading: Reading, { forkOf: origin }: Session, { no, stamp }: AccountRow) {
  const { owner, sql, t } = reading
  const ofAncestors = (
    column: "id_hash" | "message_id"
  ) => sql`SELECT ${sql.literal(column)} FROM ${t("response")} WHERE owner_no = ${owner} AND session_no IN (
    WITH RECURSIVE ancestor (no, id) AS (
      SELECT k.no, k.session_id FROM session_key k WHERE k.owner_no = ${owner} AND k.session_id = ${origin}
      UNION SELECT k.no, k.session_id FROM ancestor a JOIN ${t("session")} s ON s.owner_no = ${owner} AND s.no = a.no JOIN session_key k ON k.owner_no = s.owner_no AND k.session_id = ${forkOf(reading)}
    ) SELECT no FROM ancestor)`
  const isLater = sql`x.kind = 'main' AND x.session_no = ${no} AND x.generation * ${generationStep} + r.line > ${stamp}`
  const later = (what: string) => sql`CAST(SUM(CASE WHEN ${isLater} THEN ${sql.literal(what)} ELSE 0 END) AS BIGINT)`
  const parts = (condition: Fragment) =>
    sql<ModelSums>`SELECT r.model, r.terms, COUNT(*) AS charges, CAST(SUM(r.web_searches) AS BIGINT) AS searches, CAST(SUM(r.input) AS BIGINT) AS input,
      CAST(SUM(r.output) AS BIGINT) AS output, CAST(SUM(r.cache_read) AS BIGINT) AS cache_read, CAST(SUM(r.cache_write_5m + r.cache_write_1h) AS BIGINT) AS cache_write,
      CAST(COALESCE(SUM(r.cost), 0) AS BIGINT) AS cost, COUNT(*) - COUNT(r.cost) AS unpriced, CAST(SUM(r.garbled) AS BIGINT) AS garbled, CAST(SUM(r.unsure) AS BIGINT) AS unsure,
      ${later("1")} AS later, ${later("r.input")} AS later_input, ${later("r.output")} AS later_output,
      ${later("r.cache_read")} AS later_read, ${later("r.cache_write_5m + r.cache_write_1h")} AS later_write
      FROM ${t("response")} r JOIN transcript x ON x.owner_no = r.owner_no AND x.no = r.transcript_no WHERE r.owner_no = ${owner} AND (${condition}) GROUP BY r.model, r.terms`
  const own = yield* parts(sql`r.session_no = ${no}`)
  if (origin === null) return own
  // A fork's account goes on from its origin's: every response that its transcript shows is in it.
  const copied = yield* parts(sql`r.id_hash IN (${ofAncestors("id_hash")}) AND r.message_id IN (${ofAncestors("message_id")})
    AND r.at <= (SELECT MAX(f.at) FROM (SELECT MIN(at) AS at FROM ${t("response")} WHERE owner_no = ${owner} AND session_no = ${no}) f)`)
  return [...own, ...copied]
})

const compared = (session: Session, stated: SessionEventOf<"CostStated">, parts: ReadonlyArray<ModelSums>): Reconciliation => {
  const nameOf = namesFor(
    stated.models.map(({ model }) => model),
    parts.map(({ model }) => model)
  )
  const ledger = new Map<string, Sums>()
  for (const part of parts) ledger.set(nameOf(part.model), together(ledger.get(nameOf(part.model)), part))
  const clientNanoUsd = wholeNano(stated.totalCostUsd)
  const ledgerNanoUsd = bounded([...ledger.values()].reduce((sum, part) => sum + part.cost, 0))
  const models = [...new Set([...stated.models.map(({ model }) => nameOf(model)), ...ledger.keys()])].sort().map((model) => {
    const client = stated.models.filter((part) => nameOf(part.model) === model)
    const mine = ledger.get(model)
    const sum = (of: (part: (typeof client)[number]) => number) => bounded(client.reduce((so, part) => so + of(part), 0))
    return {
      model,
      client: {
        input: sum((part) => part.input),
        output: sum((part) => part.output),
        cacheRead: sum((part) => part.cacheRead),
        cacheWrite: sum((part) => part.cacheWrite)
      },
      ledger: {
        input: bounded(mine?.input ?? 0),
        output: bounded(mine?.output ?? 0),
        cacheRead: bounded(mine?.cache_read ?? 0),
        cacheWrite: bounded(mine?.cache_write ?? 0)
      }
    }
  })
  const differenceNanoUsd = bounded(clientNanoUsd - ledgerNanoUsd)
  const same = models.every(({ client, ledger }) => counters.every(([key]) => client[key] === ledger[key]))
  const searches = stated.models.some((model) => model.webSearches > 0)
  return {
    sessionId: session.id,
    title: session.displayTitle,
    clientNanoUsd,
    ledgerNanoUsd,
    differenceNanoUsd,
    models,
    reasons:
      same && differenceNanoUsd === 0
        ? []
        : reasons({ fork: session.forkOf !== null, models, differenceNanoUsd, same, ledger, searches, beside: notIncluded(parts) })
  }
}

/** See `cost_state` in projectFacts.ts: a stamp is a generation and a line. */
const generationStep = 2 ** 40

/** Dollars as the client wrote them, in nano-dollars; of what cannot be, the bound. */
const wholeNano = (usd: number): number => bounded(Math.round(usd * 1e9))

const nothing = Object.fromEntries(summed.map((key) => [key, 0])) as Sums
const together = (have: Sums = nothing, part: ModelSums): Sums => {
  const sum = { ...have }
  for (const key of summed) sum[key] = have[key] + part[key]
  return sum
}

/** One name for a model that one side calls with its date or context marker and the other without. Ids that both sides know are left as they are. */
const namesFor = (client: ReadonlyArray<string>, ledger: ReadonlyArray<string>) => {
  const both = new Set(client.filter((model) => ledger.includes(model)))
  const bare = new Set([...both].map(withoutSuffix))
  return (model: string): string => {
    const name = withoutSuffix(model)
    const other = (client.includes(model) ? ledger : client).find((one) => withoutSuffix(one) === name)
    return both.has(model) || bare.has(name) || other === undefined ? model : name
  }
}

const counters = [
  ["input", "input", "later_input"],
  ["output", "output", "later_output"],
  ["cacheRead", "cache read", "later_read"],
  ["cacheWrite", "cache write", "later_write"]
] as const

/** Each counter by itself, in words: how much the client has more, how much of what it has less came later, and how much of that nothing explains. */
const judged = ({ client, ledger }: Reconciliation["models"][number], sums: Sums) => {
  const more: Array<string> = []
  const came: Array<string> = []
  const unexplained: Array<string> = []
  const add = (list: Array<string>, amount: number, name: string) => amount > 0 && list.push(`${amount} ${name}`)
  for (const [key, name, later] of counters) {
    const lacking = ledger[key] - client[key]
    const explained = Math.min(lacking, sums[later])
    add(more, -lacking, name)
    add(came, explained, name)
    add(unexplained, lacking - Math.max(0, explained), name)
  }
  return { more: more.join(", "), came: came.join(", "), unexplained: unexplained.join(", ") }
}

/** Says what is known of why they differ; where that is not known, that they do, and what is no part of transcripts. */
const reasons = (facts: {
  readonly fork: boolean
  readonly models: Reconciliation["models"]
  readonly differenceNanoUsd: number
  readonly same: boolean
  readonly ledger: ReadonlyMap<string, Sums>
  readonly searches: boolean
  readonly beside: ReadonlyArray<string>
}): ReadonlyArray<string> => {
  const { beside, differenceNanoUsd, fork, ledger, models, same, searches } = facts
  const found: Array<string> = []
  for (const compared of models) {
    const { model } = compared
    const sums = ledger.get(model) ?? nothing
    if (sums.unpriced > sums.garbled) found.push(`han has no price for ${model}; set one in config.json`)
    if (sums.garbled > 0) found.push(`${model}: what ${sums.garbled} of its responses cost is not known: their records state what cannot be`)
    const { came, more, unexplained } = judged(compared, sums)
    if (more !== "")
      found.push(
        `${model}: the client counts ${more} tokens more, for which the transcript has no record; its compaction calls, titles, prompt hooks, dropped attempts and broken-off answers leave none`
      )
    if (came !== "") found.push(`${model}: the transcript has ${came} tokens more; ${sums.later} of its responses came after the client's last account`)
    if (unexplained !== "")
      found.push(
        `${model}: the transcript has ${unexplained} tokens more, and none of its lines say why the client does not count them: it keeps its account at exit, and not after every interrupt${fork ? ", and history that a fork copied may be missing from it" : ""}`
      )
  }
  if (searches) found.push("the client's total includes web searches, the ledger's does not")
  const priced = [...ledger.values()].every(({ unpriced }) => unpriced === 0)
  if (same && differenceNanoUsd !== 0 && priced && !searches)
    found.push(beside.length === 0 ? "the tokens agree; the client's prices are not han's" : `the tokens agree; the ledger's cost lacks ${beside.join("; ")}`)
  return found
}
