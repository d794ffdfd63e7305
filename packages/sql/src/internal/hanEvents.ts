import type * as SqlClient from "@effect/sql/SqlClient"
import * as Effect from "effect/Effect"
import type { SessionId } from "han-core/Entry"
import type { HanEvent } from "han-core/HookRun"
import { anyOf } from "./Database.ts"
import { bySession, type Reading } from "./details.ts"
import { entriesAt } from "./entriesAt.ts"

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

/** What each of these lines says, in two statements for all of them. */
export const readEvents = Effect.fnUntraced(function* (sql: SqlClient.SqlClient, rows: ReadonlyArray<EventRow>) {
  const find = yield* entriesAt(
    sql,
    rows.map((row) => ({ transcriptNo: row.transcript_no, line: row.line }))
  )
  return (row: EventRow): HanEvent => {
    const event = find({ transcriptNo: row.transcript_no, line: row.line })?.decoded.events.find((one) => one._tag === "HanNoted")
    const sessionId = row.session_id as SessionId
    return { id: row.id, sessionId, at: row.at, name: row.name, replyTo: row.reply_to, data: event?._tag === "HanNoted" ? event.data : null }
  }
})

/** The lines of han's own log with these names, with what they say, in the order in which they were written. */
export const eventsOf = Effect.fnUntraced(function* ({ owner, sql, table }: Reading, ids: ReadonlyArray<SessionId>, names: ReadonlyArray<string>) {
  const rows = yield* sql<EventRow>`
    SELECT ${sql.literal(eventColumns)} FROM ${sql.literal(table("han_event"))} x JOIN session_key k ON k.no = x.session_no
    WHERE k.owner = ${owner} AND k.session_id ${anyOf(sql, ids)} AND x.name ${anyOf(sql, names)} ORDER BY x.transcript_no, x.line`
  return bySession(rows, yield* readEvents(sql, rows))
})
