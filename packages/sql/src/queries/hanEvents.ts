import * as Clock from "effect/Clock"
import * as Effect from "effect/Effect"
import type { SessionId } from "han-core/Entry"
import { type HanEvent, type HookRun, runsOf } from "han-core/HookRun"
import { entriesAt } from "../blocks/entriesAt.ts"
import { anyOf } from "../database/Database.ts"
import { bySession } from "./details.ts"
import type { Reading } from "./reader.ts"
import { stateOf } from "./rows.ts"

export interface EventRow {
  readonly session_id: string
  readonly id: string
  readonly name: string
  readonly reply_to: string | null
  readonly at: number | null
  readonly transcript_no: number
  readonly line: number
}

/** The columns of an `EventRow`, of `han_event x` and `session_key k`. */
export const eventColumns = "k.session_id, x.id, x.name, x.reply_to, x.at, x.transcript_no, x.line"

/** Reads the events of these rows, in two statements for all of them. */
export const readEvents = Effect.fnUntraced(function* ({ owner, sql }: Reading, rows: ReadonlyArray<EventRow>) {
  const find = yield* entriesAt(
    sql,
    owner,
    rows.map((row) => ({ transcriptNo: row.transcript_no, line: row.line }))
  )
  return (row: EventRow): HanEvent => {
    const event = find({ transcriptNo: row.transcript_no, line: row.line })?.decoded.events.find((one) => one._tag === "HanNoted")
    const sessionId = row.session_id as SessionId
    const data = event?._tag === "HanNoted" ? event.data : null
    return { id: row.id, sessionId, at: row.at, name: row.name, replyTo: row.reply_to, data, transcriptNo: row.transcript_no, line: row.line }
  }
})

/** The lines of han's own log with these names, with what they say, in the order in which they were written. */
export const eventsOf = Effect.fnUntraced(function* (reading: Reading, ids: ReadonlyArray<SessionId>, names: ReadonlyArray<string>) {
  const { owner, sql, t } = reading
  const rows = yield* sql<EventRow>`
    SELECT ${sql.literal(eventColumns)} FROM ${t("han_event")} x JOIN session_key k ON k.owner_no = x.owner_no AND k.no = x.session_no
    WHERE k.owner_no = ${owner} AND k.session_id ${anyOf(sql, ids)} AND x.name ${anyOf(sql, names)} ORDER BY x.transcript_no, x.line`
  return bySession(rows, yield* readEvents(reading, rows))
})

/** Lines that tell of a hook's run. */
export const runNames: ReadonlyArray<string> = ["hook_run", "hook_result", "hook_validation"]

/** The runs of hooks of these sessions, each with its end. One statement more when a run is under way: a closed session has none. */
export const hookRunsOf = Effect.fnUntraced(function* (reading: Reading, ids: ReadonlyArray<SessionId>) {
  const { owner, sql, t } = reading
  const now = yield* Clock.currentTimeMillis
  const events = yield* eventsOf(reading, ids, runNames)
  const runs = new Map<SessionId, ReadonlyArray<HookRun>>([...events].map(([id, list]) => [id, runsOf(list, { now, ended: false })]))
  const open = [...runs].flatMap(([id, list]) => (list.some(({ status }) => status === "running") ? [id] : []))
  if (open.length === 0) return runs
  const rows = yield* sql<{ no: number; id: string; state: string }>`
    SELECT no, id, state FROM ${t("session")} WHERE owner_no = ${owner} AND id ${anyOf(sql, open)}`
  for (const row of rows) {
    const { ended } = yield* stateOf(row)
    const id = row.id as SessionId
    if (ended?.value === true) runs.set(id, runsOf(events.get(id) ?? [], { now, ended: true }))
  }
  return runs
})
