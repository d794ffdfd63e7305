import type * as SqlClient from "@effect/sql/SqlClient"
import * as Effect from "effect/Effect"
import { anyOf } from "../database/Database.ts"
import { instantOfKey } from "./messageKey.ts"
import type { Table } from "./ReadModels.ts"

interface Place {
  readonly transcriptNo: number
  readonly line: number
}

/**
 * Tells when lines without a time were written: at the time of the nearest line before them in their transcript that has one, else of the nearest behind. Null in a transcript
 * without any time. One statement, and none when nothing is asked.
 */
export const neighbourTimes = Effect.fnUntraced(function* (
  sql: SqlClient.SqlClient,
  owner: number,
  table: (name: Table) => string,
  places: ReadonlyArray<Place>
) {
  const transcripts = [...new Set(places.map(({ transcriptNo }) => transcriptNo))]
  // Keys below 0 are of messages without any time before them.
  const rows =
    transcripts.length === 0
      ? []
      : yield* sql<{ id: number; transcript_no: number; line: number }>`
          SELECT m.id, m.transcript_no, m.line FROM transcript t JOIN ${sql.literal(table("message"))} m ON m.owner_no = t.owner_no AND m.session_no = t.session_no AND m.transcript_no = t.no
          WHERE t.owner_no = ${owner} AND t.no ${anyOf(sql, transcripts)} AND m.id >= 0 ORDER BY m.transcript_no, m.line`
  const byTranscript = new Map<number, Array<{ readonly line: number; readonly id: number }>>()
  for (const row of rows) {
    const list = byTranscript.get(row.transcript_no)
    if (list === undefined) byTranscript.set(row.transcript_no, [row])
    else list.push(row)
  }
  return ({ line, transcriptNo }: Place): number | null => {
    const list = byTranscript.get(transcriptNo) ?? []
    const near = list.findLast((row) => row.line <= line) ?? list[0]
    return near === undefined ? null : instantOfKey(near.id)
  }
})
