import { createHash } from "node:crypto"
import type { SqlClient } from "@effect/sql/SqlClient"
import type { SqlError } from "@effect/sql/SqlError"
import * as Clock from "effect/Clock"
import * as Effect from "effect/Effect"
import type { Act } from "han-core/AuditLog"
import { OwnerNo, storable, storableJson } from "../database/Database.ts"

/**
 * Notes an act in the log of the transaction's owner. To be called last in the transaction of the act: from then on other acts of the workspace wait for its commit, and what is rolled
 * back was never noted.
 */
export const audit = Effect.fnUntraced(function* (
  sql: SqlClient,
  { action, detail, outcome, person, resource }: Act
): Effect.fn.Return<void, SqlError, OwnerNo> {
  // The function takes the owner from the transaction; without one nothing may be noted.
  yield* OwnerNo
  const now = yield* Clock.currentTimeMillis
  const what = resource === null ? null : storable(resource).slice(0, maxResource)
  yield* sql`SELECT audit_append(${now}::bigint, ${person}::text, ${action}::text, ${what}::text, ${outcome}::text, ${storableJson(detail)}::text)`
})

/** Characters of a resource: ids are shorter; what somebody asked for may not be. */
const maxResource = 300

/** The fields of an entry in the order in which its hash has them. */
export interface AuditRow {
  readonly seq: number
  readonly at: number
  readonly actor: string | null
  readonly action: string
  readonly resource: string | null
  readonly outcome: string
  readonly detail: string
  readonly prev_hash: Uint8Array
  readonly hash: Uint8Array
}

/** The hash that `audit_append` gives an entry of an owner behind another one. */
export const auditHash = (owner: number, before: Uint8Array, row: Omit<AuditRow, "prev_hash" | "hash">): Uint8Array =>
  createHash("sha256")
    .update(before)
    .update([owner, row.seq, row.at, row.actor, row.action, row.resource, row.outcome, row.detail].map(part).join(","))
    .digest()

const part = (value: string | number | null): string => (value === null ? "-" : `${Buffer.byteLength(String(value))}:${value}`)
