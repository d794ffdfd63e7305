import * as Effect from "effect/Effect"
import * as Layer from "effect/Layer"
import type { SessionId } from "han-core/Entry"
import { HookHistory, type HookRunFilter, hookRunLimit, isAskedFor } from "han-core/HookHistory"
import { type HookRun, runsOf } from "han-core/HookRun"
import { type OwnerId, Viewer } from "han-core/Viewer"
import { anyOf, Database, storeError } from "../database/Database.ts"
import { Models } from "../readmodels/Models.ts"
import { bySession } from "./details.ts"
import { type EventRow, eventColumns, hookRunsOf, readEvents } from "./hanEvents.ts"

const batch = 300
/** Rows that one question looks at; older runs than those are asked for by session. */
const mostRows = 60_000

/** The runs of hooks over either database: a page of beginnings, then what replies to them (or all of a session where lines do not name what they reply to), then what is asked for. */
export const layer: Layer.Layer<HookHistory, never, Database | Models> = Layer.effect(
  HookHistory,
  Effect.gen(function* () {
    const database = yield* Database
    const models = yield* Models

    const runs = Effect.fnUntraced(function* (filter: HookRunFilter & { readonly limit: number }, owner: OwnerId) {
      const sql = database.read
      const from = sql`SELECT ${sql.literal(eventColumns)} FROM ${sql.literal(models.table("han_event"))} x JOIN session_key k ON k.no = x.session_no`
      const inSession = filter.sessionId === undefined ? sql`` : sql`AND k.session_id = ${filter.sessionId}`
      const asked = isAskedFor(filter)
      const limit = hookRunLimit(filter.limit)
      const found: Array<HookRun> = []
      /** Runs of sessions whose whole log was asked. */
      const known = new Map<string, ReadonlyMap<string, HookRun>>()
      for (let skipped = 0; found.length < limit && skipped < mostRows; skipped += batch) {
        // What only tells of an end (lines of other programs) is a run, too.
        const begun = yield* sql<EventRow>`
          ${from} WHERE x.owner = ${owner} AND x.name IN ('hook_run', 'hook_result', 'hook_validation') AND (x.name = 'hook_run' OR x.reply_to IS NULL
            OR NOT EXISTS (SELECT 1 FROM ${sql.literal(models.table("han_event"))} r WHERE r.session_no = x.session_no AND r.id = x.reply_to)) ${inSession}
          ORDER BY COALESCE(x.at, 0) DESC, x.id DESC LIMIT ${batch} OFFSET ${skipped}`
        if (begun.length === 0) break
        const ended = yield* sql<EventRow>`
          ${from} WHERE x.owner = ${owner} AND x.name <> 'hook_run' AND x.reply_to ${anyOf(
            sql,
            begun.map(({ id }) => id)
          )} AND k.session_id ${anyOf(sql, [...new Set(begun.map((row) => row.session_id))])}`
        const answered = new Set(ended.map((row) => `${row.session_id}/${row.reply_to}`))
        // A run without a line that names it as its own is told by all that its session's log says.
        const unsure = new Set(begun.flatMap((row) => (answered.has(`${row.session_id}/${row.id}`) ? [] : [row.session_id])))
        const asking = [...unsure].flatMap((id) => (known.has(id) ? [] : [id as SessionId]))
        if (asking.length > 0) {
          const wholes = yield* hookRunsOf({ sql, table: models.table, owner }, asking)
          for (const id of asking) known.set(id, byId(wholes.get(id) ?? []))
        }
        const rows = [...begun, ...ended].filter((row) => !known.has(row.session_id))
        const events = bySession(rows, yield* readEvents(sql, rows))
        const runs = new Map([...events].map(([id, list]) => [id as string, byId(runsOf(list, { now: 0, ended: false }))]))
        for (const { id, session_id } of begun) {
          const run = (known.get(session_id) ?? runs.get(session_id))?.get(id)
          if (run !== undefined && asked(run)) found.push(run)
        }
        if (begun.length < batch) break
      }
      return found.slice(0, limit)
    })

    return HookHistory.of({
      runs: (filter) =>
        Effect.flatMap(Viewer, ({ owner }) => runs(filter, owner)).pipe(storeError(database.location, "hookRuns"), Effect.withSpan("HookHistory.runs"))
    })
  })
)

const byId = (runs: ReadonlyArray<HookRun>): ReadonlyMap<string, HookRun> => new Map(runs.map((run) => [run.id, run]))
