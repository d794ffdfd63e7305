import type * as SqlClient from "@effect/sql/SqlClient"
import type { SqlError } from "@effect/sql/SqlError"
import * as Effect from "effect/Effect"
import { protect } from "../database/pgSecurity.ts"

/** Makes the invites of workspaces, in PostgreSQL. The hash of a code leads to its workspace by `owner_lookup` until it is used, revoked or has expired. */
export const inviteTables = Effect.fnUntraced(function* (sql: SqlClient.SqlClient): Effect.fn.Return<void, SqlError> {
  yield* sql`CREATE TABLE invite (
    owner_no BIGINT NOT NULL,
    id TEXT NOT NULL,
    code_hash TEXT NOT NULL,
    role TEXT NOT NULL CHECK (role IN ('owner', 'admin', 'member', 'viewer', 'analyst')),
    created_by TEXT,
    created_at BIGINT NOT NULL,
    expires_at BIGINT NOT NULL,
    revoked_at BIGINT,
    used_by TEXT,
    used_at BIGINT,
    PRIMARY KEY (owner_no, id)
  )`
  yield* sql`CREATE INDEX invite_code ON invite (owner_no, code_hash)`
  yield* protect(sql, ["invite"])
})
