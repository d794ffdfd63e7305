import * as Effect from "effect/Effect"
import * as Layer from "effect/Layer"
import type { SessionId } from "han-core/Entry"
import { HookHistory, type HookRunFilter, hookRunLimit, isAskedFor } from "han-core/HookHistory"
import { type HookRun, runsOf } from "han-core/HookRun"
import { anyOf, type Database } from "../database/Database.ts"
import type { ReadModelTables } from "../readmodels/ReadModelTables.ts"
import { bySession } from "./details.ts"
import { type EventRow, eventColumns, hookRunsOf, readEvents } from "./hanEvents.ts"
import { onBehalf, type Reading, reader } from "./reader.ts"

const batch = 300
/** Rows that one question looks at; older runs than those are asked for by session. */
const maxRows = 60_000

/** The runs of hooks over either database: a page of beginnings, then what replies to them (or all of a session where lines do not name what they reply to), then what is asked for. */
export const make = Effect.map(reader, (read) =>
  HookHistory.of({
    runs: Effect.fn("HookHistory.runs")(function* (filter) {
      return yield* runs(yield* onBehalf(read), filter)
    }, read.answer("hookRuns"))
  })
)

export const layer: Layer.Layer<HookHistory, never, Database | ReadModelTables> = Layer.effect(HookHistory, make)

const runs = Effect.fnUntraced(function* (reading: Reading, filter: HookRunFilter & { readonly limit: number }) {
  const asked = isAskedFor(filter)
  const limit = hookRunLimit(filter.limit)
  const found: Array<HookRun> = []
  /** Runs of sessions whose whole log was asked. */
  const known = new Map<string, ReadonlyMap<string, HookRun>>()
  for (let skipped = 0; found.length < limit && skipped < maxRows; skipped += batch) {
    const { begun, ended } = yield* batchOf(reading, filter, skipped)
    if (begun.length === 0) break
    const answered = new Set(ended.map((row) => `${row.session_id}/${row.reply_to}`))
    // A run without a line that names it as its own is told by all that its session's log says.
    const unsure = new Set(begun.flatMap((row) => (answered.has(`${row.session_id}/${row.id}`) ? [] : [row.session_id])))
    const asking = [...unsure].flatMap((id) => (known.has(id) ? [] : [id as SessionId]))
    if (asking.length > 0) {
      const wholes = yield* hookRunsOf(reading, asking)
      for (const id of asking) known.set(id, byId(wholes.get(id) ?? []))
    }
    const rows = [...begun, ...ended].filter((row) => !known.has(row.session_id))
    const events = bySession(rows, yield* readEvents(reading, rows))
    const runs = new Map([...events].map(([id, list]) => [id as string, byId(runsOf(list, { now: 0, ended: false }))]))
    for (const { id, session_id } of begun) {
      const run = (known.get(session_id) ?? runs.get(session_id))?.get(id)
      if (run !== undefined && asked(run)) found.push(run)
    }
    if (begun.length < batch) break
  }
  return found.slice(0, limit)
})

/** Lines with which runs begin, the newest first, and those that reply to them. */
const batchOf = Effect.fnUntraced(function* ({ owner, sql, t }: Reading, { sessionId }: HookRunFilter, skipped: number) {
  const from = sql`SELECT ${sql.literal(eventColumns)} FROM ${t("han_event")} x JOIN session_key k ON k.owner_no = x.owner_no AND k.no = x.session_no WHERE x.owner_no = ${owner}`
  // What only tells of an end (lines of other programs) is a run, too.
  const begun = yield* sql<EventRow>`
    ${from} AND x.name IN ('hook_run', 'hook_result', 'hook_validation') AND (x.name = 'hook_run' OR x.reply_to IS NULL
      OR NOT EXISTS (SELECT 1 FROM ${t("han_event")} r WHERE r.owner_no = ${owner} AND r.session_no = x.session_no AND r.id = x.reply_to))
      ${sessionId === undefined ? sql`` : sql`AND k.session_id = ${sessionId}`}
    ORDER BY COALESCE(x.at, 0) DESC, x.id DESC LIMIT ${batch} OFFSET ${skipped}`
  const ids = begun.map(({ id }) => id)
  const sessions = [...new Set(begun.map((row) => row.session_id))]
  const ended =
    begun.length === 0 ? [] : yield* sql<EventRow>`${from} AND x.name <> 'hook_run' AND x.reply_to ${anyOf(sql, ids)} AND k.session_id ${anyOf(sql, sessions)}`
  return { begun, ended }
})

const byId = (runs: ReadonlyArray<HookRun>): ReadonlyMap<string, HookRun> => new Map(runs.map((run) => [run.id, run]))
