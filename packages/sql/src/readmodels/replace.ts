import type * as SqlClient from "@effect/sql/SqlClient"
import * as Effect from "effect/Effect"
import { transcriptId } from "han-core/Entry"
import type { Append } from "han-core/JournalWriter"
import type { PriceTable } from "han-core/Pricing"
import { anyOf, storable } from "../database/Database.ts"
import type { ReadModelTables } from "./ReadModelTables.ts"
import { clearSessions, familyOf, projectAgain } from "./reproject.ts"

export const isReplacing = ({ source }: Append): boolean => source?.replaces !== undefined && source.replaces.length > 0

/** Puts generations in the place of older ones, which the read models then no longer show. Costs as much as projecting their sessions and those that share history with them. */
export const replaceTranscripts = Effect.fnUntraced(function* (
  sql: SqlClient.SqlClient,
  models: typeof ReadModelTables.Service,
  owner: number,
  appends: ReadonlyArray<Append>,
  prices: PriceTable
) {
  const sessions = new Set<number>()
  for (const { source, transcript } of appends) {
    const older = (source?.replaces ?? []).filter((generation) => generation !== transcript.generation)
    if (older.length === 0) continue
    const ids = older.map((generation) => storable(transcriptId({ ...transcript, generation })))
    const rows = yield* sql<{ session_no: number }>`
      UPDATE transcript SET replaced_by = ${transcript.generation} WHERE owner_no = ${owner} AND replaced_by IS NULL AND id ${anyOf(sql, ids)} RETURNING session_no`
    for (const row of rows) sessions.add(row.session_no)
  }
  if (sessions.size === 0) return
  const family = yield* familyOf(sql, models, owner, [...sessions])
  yield* clearSessions(sql, models, owner, family)
  yield* projectAgain(sql, models, owner, family, prices)
})
