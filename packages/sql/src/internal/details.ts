import type * as SqlClient from "@effect/sql/SqlClient"
import type { SqlError } from "@effect/sql/SqlError"
import * as Effect from "effect/Effect"
import type { AgentId, SessionId } from "han-core/Entry"
import { FileChange } from "han-core/FileChange"
import { Agent, Compaction } from "han-core/Session"
import type { Mood } from "han-core/SessionDetails"
import { type Task, TodoList, withMessages } from "han-core/Task"
import type { OwnerId } from "han-core/Viewer"
import type { Table } from "../ReadModels.ts"
import { agentMeta } from "./agentMeta.ts"
import { anyOf } from "./Database.ts"
import { entriesAt, type Found } from "./entriesAt.ts"
import { byIds } from "./idHash.ts"
import { tasksOf } from "./tasks.ts"

/** Where to read, and on whose behalf. */
export interface Reading {
  readonly sql: SqlClient.SqlClient
  readonly table: (name: Table) => string
  readonly owner: OwnerId
}
type Details<A> = (reading: Reading, ids: ReadonlyArray<SessionId>) => Effect.Effect<Map<SessionId, A>, SqlError>

const from = ({ sql, table }: Reading, name: Table) => sql`${sql.literal(table(name))} x JOIN session_key k ON k.no = x.session_no`
const mine = ({ owner, sql }: Reading, ids: ReadonlyArray<SessionId>) => sql`k.owner = ${owner} AND k.session_id ${anyOf(sql, ids)}`

/** Rows by their session, in the order in which they come. */
export const bySession = <Row extends { readonly session_id: string }, A>(
  rows: ReadonlyArray<Row>,
  make: (row: Row, sessionId: SessionId) => A
): Map<SessionId, Array<A>> => {
  const found = new Map<SessionId, Array<A>>()
  for (const row of rows) {
    const id = row.session_id as SessionId
    const list = found.get(id)
    if (list === undefined) found.set(id, [make(row, id)])
    else list.push(make(row, id))
  }
  return found
}

/** Task lists with the message that made each task. */
export const tasks: Details<ReadonlyArray<Task>> = Effect.fnUntraced(function* (reading, ids) {
  const { owner, sql, table } = reading
  const lists = yield* tasksOf(sql, table, sql`k.owner = ${owner} AND k.session_id ${anyOf(sql, ids)}`)
  const calls = [...lists.values()].flatMap((list) => list.flatMap((task) => (task.callId === null ? [] : [task.callId])))
  const rows = yield* sql<{ id: string; transcript_no: number; line: number }>`
    SELECT id, transcript_no, line FROM ${sql.literal(table("tool_call"))} WHERE owner = ${owner} AND ${byIds(sql, "id_hash", "id", calls)}`
  const find = yield* entriesAt(
    sql,
    rows.map((row) => ({ transcriptNo: row.transcript_no, line: row.line }))
  )
  const messageOf = new Map(
    rows.flatMap((row) => {
      const found = find({ transcriptNo: row.transcript_no, line: row.line })
      return found === undefined ? [] : [[row.id, found] as const]
    })
  )
  return new Map(
    [...lists.values()].flatMap((list) => (list[0] === undefined ? [] : [[list[0].sessionId, withMessages(list, (callId) => lineIdOf(messageOf.get(callId)))]]))
  )
})
const lineIdOf = (found: Found | undefined): string | null => found?.decoded.envelope.uuid ?? null

interface TodoRow {
  readonly session_id: string
  readonly at: number | null
  readonly todos: string
}
/** Every list that was written, the newest first. */
export const todos: Details<ReadonlyArray<TodoList>> = Effect.fnUntraced(function* (reading, ids) {
  const rows = yield* reading.sql<TodoRow>`
    SELECT k.session_id, x.at, x.todos FROM ${from(reading, "todo")} WHERE ${mine(reading, ids)} ORDER BY COALESCE(x.at, 0) DESC, x.line DESC, x.id`
  return bySession(rows, (row, sessionId) => new TodoList({ sessionId, at: row.at, todos: JSON.parse(row.todos) }, { disableValidation: true }))
})

interface FileChangeRow {
  readonly session_id: string
  readonly id: string
  readonly agent_id: string | null
  readonly path: string
  readonly action: FileChange["action"]
  readonly tool_name: string
  readonly at: number | null
  readonly added: number | null
  readonly removed: number | null
}
export const fileChanges: Details<ReadonlyArray<FileChange>> = Effect.fnUntraced(function* (reading, ids) {
  const rows = yield* reading.sql<FileChangeRow>`
    SELECT k.session_id, x.id, x.agent_id, x.path, x.action, x.name AS tool_name, x.at, x.lines_added AS added, x.lines_removed AS removed FROM ${from(reading, "tool_call")}
    WHERE ${mine(reading, ids)} AND x.path IS NOT NULL AND COALESCE(x.is_error, 0) = 0
    UNION ALL SELECT k.session_id, x.id, x.agent_id, x.path, x.action, x.tool_name, x.at, 0, 0 FROM ${from(reading, "file_change")} WHERE ${mine(reading, ids)}`
  const found = bySession(
    rows,
    (row, sessionId) =>
      new FileChange(
        {
          id: row.id,
          sessionId,
          agentId: row.agent_id as AgentId | null,
          path: row.path,
          action: row.action,
          toolName: row.tool_name,
          at: row.at,
          linesAdded: row.added ?? 0,
          linesRemoved: row.removed ?? 0
        },
        { disableValidation: true }
      )
  )
  for (const list of found.values()) list.sort((a, b) => (a.at ?? 0) - (b.at ?? 0) || (a.id < b.id ? -1 : 1))
  return found
})

export const fileChangeCounts: Details<number> = Effect.fnUntraced(function* (reading, ids) {
  const rows = yield* reading.sql<{ session_id: string; changes: number }>`
    SELECT y.session_id, CAST(SUM(y.changes) AS BIGINT) AS changes FROM (
      SELECT k.session_id, x.file_changes AS changes FROM ${from(reading, "activity_sum")} WHERE ${mine(reading, ids)}
      UNION ALL SELECT k.session_id, 1 AS changes FROM ${from(reading, "file_change")} WHERE ${mine(reading, ids)}) y GROUP BY y.session_id`
  return new Map(rows.map((row) => [row.session_id as SessionId, row.changes]))
})

interface AgentRow {
  readonly session_id: string
  readonly agent_id: string
  readonly meta: string | null
  readonly messages: number
  readonly started_at: number | null
  readonly updated_at: number | null
}
export const agents: Details<ReadonlyArray<Agent>> = Effect.fnUntraced(function* (reading, ids) {
  const { sql, table } = reading
  const rows = yield* sql<AgentRow>`
    SELECT k.session_id, x.agent_id, COALESCE(MAX(CASE WHEN x.replaced_by IS NULL THEN x.meta END), MAX(x.meta)) AS meta, SUM(COALESCE(y.messages, 0)) AS messages, MIN(y.started_at) AS started_at, MAX(y.updated_at) AS updated_at
    FROM transcript x JOIN session_key k ON k.no = x.session_no LEFT JOIN ${sql.literal(table("transcript_state"))} y ON y.transcript_no = x.no
    WHERE ${mine(reading, ids)} AND x.kind = 'agent' GROUP BY k.session_id, x.agent_id ORDER BY MIN(y.started_at), x.agent_id`
  return bySession(
    rows,
    (row, sessionId) =>
      new Agent(
        {
          id: row.agent_id as AgentId,
          sessionId,
          messages: Number(row.messages),
          startedAt: row.started_at,
          updatedAt: row.updated_at,
          ...agentMeta(row.meta)
        },
        { disableValidation: true }
      )
  )
})

interface CompactionRow {
  readonly session_id: string
  readonly id: string
  readonly at: number | null
  readonly trigger_name: Compaction["trigger"]
  readonly pre_tokens: number | null
  readonly post_tokens: number | null
  readonly duration_ms: number | null
  readonly summary: string | null
}
export const compactions: Details<ReadonlyArray<Compaction>> = Effect.fnUntraced(function* (reading, ids) {
  const rows = yield* reading.sql<CompactionRow>`
    SELECT k.session_id, x.id, x.at, x.trigger_name, x.pre_tokens, x.post_tokens, x.duration_ms, x.summary FROM ${from(reading, "compaction")}
    WHERE ${mine(reading, ids)} ORDER BY COALESCE(x.at, 0), x.line, x.id`
  return bySession(
    rows,
    (row, sessionId) =>
      new Compaction(
        {
          id: row.id,
          sessionId,
          at: row.at,
          trigger: row.trigger_name,
          preTokens: row.pre_tokens,
          postTokens: row.post_tokens,
          durationMs: row.duration_ms,
          summary: row.summary
        },
        { disableValidation: true }
      )
  )
})

interface MoodRow {
  readonly session_id: string
  readonly score: number
  readonly frustration: number
  readonly level: number
  readonly signals: string
}
/** Scores are stored in billionths. */
const billion = 1e9
export const moods: Details<Mood> = Effect.fnUntraced(function* (reading, ids) {
  const rows =
    yield* reading.sql<MoodRow>`SELECT k.session_id, x.score, x.frustration, x.level, x.signals FROM ${from(reading, "mood")} WHERE ${mine(reading, ids)}`
  const found = new Map<SessionId, Mood>()
  for (const [sessionId, list] of bySession(rows, (row) => row)) {
    const signals = new Map<string, number>()
    for (const row of list) {
      if (row.level === 0) continue
      for (const signal of row.signals.split("\n")) if (signal !== "") signals.set(signal, (signals.get(signal) ?? 0) + 1)
    }
    const sum = (of: (row: MoodRow) => number) => list.reduce((so, row) => so + of(row), 0)
    const frustrated = list.filter((row) => row.level > 0)
    found.set(sessionId, {
      sessionId,
      analysed: list.length,
      averageScore: sum((row) => row.score) / list.length / billion,
      low: sum((row) => Number(row.level === 1)),
      moderate: sum((row) => Number(row.level === 2)),
      high: sum((row) => Number(row.level === 3)),
      peakFrustration: Math.max(0, ...list.map((row) => row.frustration)) / billion,
      averageFrustration: frustrated.length === 0 ? 0 : sum((row) => row.frustration) / frustrated.length / billion,
      signals: [...signals].sort(([a, most], [b, least]) => least - most || (a < b ? -1 : 1)).map(([signal]) => signal)
    })
  }
  return found
})

export const roots: Details<string> = Effect.fnUntraced(function* (reading, ids) {
  const rows = yield* reading.sql<{ session_id: string; file: string }>`
    SELECT k.session_id, x.file FROM transcript x JOIN session_key k ON k.no = x.session_no WHERE ${mine(reading, ids)} AND x.kind <> 'agent' AND x.file IS NOT NULL AND x.replaced_by IS NULL ORDER BY x.no`
  const found = new Map<SessionId, string>()
  for (const row of rows) {
    const file: { readonly root?: unknown } | null = JSON.parse(row.file)
    if (typeof file?.root === "string") found.set(row.session_id as SessionId, file.root)
  }
  return found
})
