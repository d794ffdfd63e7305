import type * as SqlClient from "@effect/sql/SqlClient"
import type { Fragment } from "@effect/sql/Statement"
import { anyOf, storable } from "./Database.ts"

/** 32 bits of a text, as a signed number; stored, so it never changes. Two ids may have the same: whoever looks for one compares it, too. */
export const idHash = (id: string): number => {
  // FNV-1a over the UTF-16 units, and the last step of MurmurHash3, which spreads what FNV leaves close together.
  let hash = 0x811c9dc5
  for (let at = 0; at < id.length; at++) hash = Math.imul(hash ^ id.charCodeAt(at), 0x01000193)
  hash = Math.imul(hash ^ (hash >>> 16), 0x85ebca6b)
  hash = Math.imul(hash ^ (hash >>> 13), 0xc2b2ae35)
  return hash ^ (hash >>> 16)
}

/** Rows that have one of these ids in `column`, found by the hash of it in `hash`. */
export const byIds = (sql: SqlClient.SqlClient, hash: string, column: string, ids: ReadonlyArray<string>): Fragment =>
  ids.length === 0
    ? sql`1 = 0`
    : sql`${sql.literal(hash)} ${anyOf(
        sql,
        ids.map((id) => idHash(storable(id)))
      )} AND ${sql.literal(column)} ${anyOf(sql, ids)}`
