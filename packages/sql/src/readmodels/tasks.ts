import type * as SqlClient from "@effect/sql/SqlClient"
import type { Fragment } from "@effect/sql/Statement"
import * as Effect from "effect/Effect"
import type { SessionId } from "han-core/Entry"
import type { SessionEventOf, TaskWrite } from "han-core/SessionEvent"
import * as Task from "han-core/Task"
import type { Table } from "./ReadModels.ts"

interface TaskCallRow {
  readonly id: string
  readonly session_no: number
  readonly session_id: string
  readonly at: number | null
  readonly task_input: string
  readonly task_result: string | null
  readonly is_error: number | null
}

/** The task lists of the sessions that "where" (over tool_call "x" and session_key "k") selects, by session number. They are added up when asked for: a list is a few dozen calls. */
export const tasksOf = Effect.fnUntraced(function* (sql: SqlClient.SqlClient, owner: number, table: (name: Table) => string, where: Fragment) {
  const rows = yield* sql<TaskCallRow>`
    SELECT x.id, x.session_no, k.session_id, x.at, x.task_input, x.task_result, x.is_error
    FROM ${sql.literal(table("tool_call"))} x JOIN session_key k ON k.owner_no = x.owner_no AND k.no = x.session_no
    JOIN transcript t ON t.owner_no = x.owner_no AND t.no = x.transcript_no WHERE x.owner_no = ${owner} AND x.task_input IS NOT NULL AND ${where} ORDER BY x.session_no, COALESCE(x.at, 0), t.id, x.line, x.id`
  const bySession = new Map<number, { readonly sessionId: string; readonly calls: Array<Task.TaskCall> }>()
  for (const row of rows) {
    const list = bySession.get(row.session_no) ?? { sessionId: row.session_id, calls: [] }
    bySession.set(row.session_no, list)
    const input: TaskWrite = JSON.parse(row.task_input)
    const result: SessionEventOf<"ToolReturned">["task"] = row.task_result === null ? null : JSON.parse(row.task_result)
    list.calls.push({
      id: row.id,
      ...input,
      at: row.at,
      result: row.is_error === null ? null : { isError: row.is_error === 1, sequence: result?.sequence ?? null, success: result?.success ?? true }
    })
  }
  return new Map([...bySession].map(([no, { calls, sessionId }]) => [no, Task.fold(sessionId as SessionId, calls)] as const))
})
