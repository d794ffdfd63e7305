import type * as SqlClient from "@effect/sql/SqlClient"
import type { SqlError } from "@effect/sql/SqlError"
import * as Effect from "effect/Effect"

/** Holds the owner's row until the end of the transaction, so that what changes an owner's journal follows each other. Gives the sequence of its last change. */
export const lockOwner = Effect.fnUntraced(function* (sql: SqlClient.SqlClient, owner: number): Effect.fn.Return<number, SqlError> {
  const [head] = yield* sql<{ sequence: number }>`
    INSERT INTO owner_head (owner_no, sequence) VALUES (${owner}, 0) ON CONFLICT (owner_no) DO UPDATE SET sequence = owner_head.sequence RETURNING sequence`
  return head!.sequence
})

/** The sequence of an owner's last change. */
export const headOf = (sql: SqlClient.SqlClient, owner: number): Effect.Effect<number, SqlError> =>
  Effect.map(sql<{ sequence: number }>`SELECT sequence FROM owner_head WHERE owner_no = ${owner}`, ([head]) => head?.sequence ?? 0)
