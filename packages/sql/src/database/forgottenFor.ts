import type { SqlClient } from "@effect/sql/SqlClient"
import type { Fragment } from "@effect/sql/Statement"

/** A condition over tombstones: those that keep out what this person would write. */
export const forgottenFor = (sql: SqlClient, person: string | null): Fragment => sql`author IN ('', ${person ?? ""})`
