import type { Fragment } from "@effect/sql/Statement"
import type { Reading } from "./reader.ts"

/**
 * The session whose history session "s" carries a copy of: the one that its copied lines name, else, among sessions whose histories begin with the same line
 * and that name none, the one with the smallest id. Null for a session that copied nothing.
 */
export const forkOf = ({ owner, sql, t }: Pick<Reading, "owner" | "sql" | "t">): Fragment =>
  sql`COALESCE(s.mark_session, (SELECT MIN(f.id) FROM ${t("session")} f WHERE f.owner_no = ${owner} AND f.first_uuid = s.first_uuid AND f.mark_session IS NULL AND f.present = 1 AND f.id < s.id))`
