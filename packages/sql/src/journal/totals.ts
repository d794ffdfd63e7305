import type * as SqlClient from "@effect/sql/SqlClient"
import * as Effect from "effect/Effect"
import type { JournalTotals } from "han-core/Journal"
import { forkOf } from "../queries/family.ts"
import type { Table } from "../readmodels/ReadModels.ts"

/** Distinct things, each counted where it was made. */
export const totals = Effect.fnUntraced(function* (sql: SqlClient.SqlClient, owner: number, table: (name: Table) => string) {
  const t = (name: Table) => sql.literal(table(name))
  const [files] = yield* sql<{ transcripts: number; bytes: number; entries: number; subagents: number }>`
    SELECT COUNT(CASE WHEN generation > 0 AND replaced_by IS NULL THEN 1 END) AS transcripts,
      COALESCE(SUM(bytes), 0) AS bytes, COALESCE(SUM(lines), 0) AS entries,
      COUNT(DISTINCT CASE WHEN kind = 'agent' THEN session_no || '/' || agent_id END) AS subagents
    FROM transcript WHERE owner_no = ${owner}`
  const problems = yield* sql<{ kind: string; lines: number }>`SELECT kind, SUM(lines) AS lines FROM ${t("problem")} WHERE owner_no = ${owner} GROUP BY kind`
  const lines = (kind: string) => Number(problems.find((row) => row.kind === kind)?.lines ?? 0)
  const [sessions] = yield* sql<{ sessions: number; forks: number }>`
    SELECT COUNT(*) AS sessions, COUNT(CASE WHEN ${forkOf({ owner, sql, t })} IS NOT NULL THEN 1 END) AS forks FROM ${t("session")} s WHERE s.owner_no = ${owner} AND s.listed = 1`
  const [sums] = yield* sql<{ calls: number; errors: number; compactions: number; responses: number }>`
    SELECT COALESCE(SUM(tool_calls), 0) AS calls, COALESCE(SUM(tool_errors), 0) AS errors, COALESCE(SUM(compactions), 0) AS compactions, COALESCE(SUM(responses), 0) AS responses
    FROM ${t("session")} WHERE owner_no = ${owner}`
  const [touched] = yield* sql<{ files: number }>`
    SELECT COUNT(*) AS files FROM (
      SELECT session_no, path FROM ${t("tool_call")} WHERE owner_no = ${owner} AND path IS NOT NULL AND COALESCE(is_error, 0) = 0
      UNION SELECT x.session_no, CASE WHEN x.path LIKE '/%' OR x.path LIKE '_:%' OR s.cwd IS NULL THEN x.path
          ELSE s.cwd || '/' || CASE WHEN x.path LIKE './%' THEN SUBSTR(x.path, 3) ELSE x.path END END
        FROM ${t("file_change")} x LEFT JOIN ${t("session")} s ON s.owner_no = x.owner_no AND s.no = x.session_no WHERE x.owner_no = ${owner}) AS changed`
  const [tasks] = yield* sql<{ created: number; completed: number }>`
    SELECT COUNT(*) AS created, COUNT(CASE WHEN status = 'completed' THEN 1 END) AS completed FROM ${t("task")} WHERE owner_no = ${owner}`
  const result: JournalTotals = {
    transcripts: Number(files!.transcripts),
    bytes: Number(files!.bytes),
    entries: Number(files!.entries),
    unreadable: lines("unreadable"),
    unrecognized: lines("unrecognized"),
    sessions: sessions!.sessions,
    subagents: files!.subagents,
    forks: sessions!.forks,
    toolCalls: Number(sums!.calls),
    toolErrors: Number(sums!.errors),
    compactions: Number(sums!.compactions),
    tasks: { created: tasks!.created, completed: tasks!.completed },
    filesTouched: touched!.files,
    apiResponses: Number(sums!.responses)
  }
  return result
})
