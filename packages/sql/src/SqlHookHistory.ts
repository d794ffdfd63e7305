import * as Effect from "effect/Effect"
import * as Layer from "effect/Layer"
import { HookHistory, type HookRunFilter, hookRunLimit, isAskedFor } from "han-core/HookHistory"
import { type HookRun, runsOf } from "han-core/HookRun"
import { Viewer } from "han-core/Viewer"
import { anyOf, Database, storeError } from "./internal/Database.ts"
import { type EventRow, eventColumns, readEvents } from "./internal/hanEvents.ts"
import { Models } from "./internal/Models.ts"

const batch = 300
/** Rows that one question looks at; older runs than those are asked for by session. */
const mostRows = 60_000

/** The runs of hooks over either database: a page of beginnings, then what replies to them, then what is asked for of both. */
export const layer: Layer.Layer<HookHistory, never, Database | Models> = Layer.effect(
  HookHistory,
  Effect.gen(function* () {
    const database = yield* Database
    const models = yield* Models

    const runs = Effect.fnUntraced(function* (filter: HookRunFilter & { readonly limit: number }, owner: string) {
      const sql = database.read
      const from = sql`SELECT ${sql.literal(eventColumns)} FROM ${sql.literal(models.table("han_event"))} x JOIN session_key k ON k.no = x.session_no`
      const inSession = filter.sessionId === undefined ? sql`` : sql`AND k.session_id = ${filter.sessionId}`
      const asked = isAskedFor(filter)
      const limit = hookRunLimit(filter.limit)
      const found: Array<HookRun> = []
      for (let skipped = 0; found.length < limit && skipped < mostRows; skipped += batch) {
        // What only tells of an end (lines of other programs) is a run, too.
        const begun = yield* sql<EventRow>`
          ${from} WHERE x.owner = ${owner} AND x.name IN ('hook_run', 'hook_result', 'hook_validation') AND (x.name = 'hook_run' OR x.reply_to IS NULL) ${inSession}
          ORDER BY x.at DESC, x.id DESC LIMIT ${batch} OFFSET ${skipped}`
        if (begun.length === 0) break
        const ended = yield* sql<EventRow>`
          ${from} WHERE x.owner = ${owner} AND x.reply_to ${anyOf(
            sql,
            begun.map(({ id }) => id)
          )} AND k.session_id ${anyOf(sql, [...new Set(begun.map((row) => row.session_id))])}`
        const rows = [...begun, ...ended]
        const events = rows.map(yield* readEvents(sql, rows))
        found.push(...runsOf(events).filter(asked).reverse())
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
