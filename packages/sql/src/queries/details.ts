import type { SqlError } from "@effect/sql/SqlError"
import * as Effect from "effect/Effect"
import type { AgentId, SessionId } from "han-core/Entry"
import { FileChange, ownNotes } from "han-core/FileChange"
import { Agent, Compaction } from "han-core/Session"
import type { Mood } from "han-core/SessionDetails"
import { type Task, TodoList, withMessages } from "han-core/Task"
import { entriesAt, type Found } from "../blocks/entriesAt.ts"
import { anyOf } from "../database/Database.ts"
import { byIds } from "../database/idHash.ts"
import { agentMeta } from "../readmodels/agentMeta.ts"
import { neighbourTimes } from "../readmodels/neighbourTimes.ts"
import type { Table } from "../readmodels/ReadModels.ts"
import { tasksOf } from "../readmodels/tasks.ts"
import type { Reading } from "./reader.ts"

type Details<A> = (reading: Reading, ids: ReadonlyArray<SessionId>) => Effect.Effect<Map<SessionId, A>, SqlError>

const from = ({ sql, t }: Reading, name: Table) => sql`${t(name)} x JOIN session_key k ON k.owner_no = x.owner_no AND k.no = x.session_no`
const mine = ({ owner, sql }: Reading, ids: ReadonlyArray<SessionId>) => sql`k.owner_no = ${owner} AND k.session_id ${anyOf(sql, ids)}`

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
  const { owner, sql, t, table } = reading
  const lists = yield* tasksOf(sql, owner, table, mine(reading, ids))
  const calls = [...lists.values()].flatMap((list) => list.flatMap((task) => (task.callId === null ? [] : [task.callId])))
  const rows = yield* sql<{ id: string; transcript_no: number; line: number }>`
    SELECT id, transcript_no, line FROM ${t("tool_call")} WHERE owner_no = ${owner} AND ${byIds(sql, "id_hash", "id", calls)}`
  const find = yield* entriesAt(
    sql,
    owner,
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
  readonly until: number | null
  readonly added: number | null
  readonly removed: number | null
  /** 1 for what a log beside the transcript tells. */
  readonly noted: number
  readonly cwd: string | null
}
export const fileChanges: Details<ReadonlyArray<FileChange>> = Effect.fnUntraced(function* (reading, ids) {
  const { sql, t } = reading
  const session = sql`LEFT JOIN ${t("session")} s ON s.owner_no = x.owner_no AND s.no = x.session_no`
  const rows = yield* sql<FileChangeRow>`
    SELECT k.session_id, x.id, x.agent_id, x.path, ${actionOf(sql)} AS action, COALESCE(x.name, 'unknown') AS tool_name, x.at, x.result_at AS until, COALESCE(x.patch_added, x.lines_added) AS added,
      COALESCE(x.patch_removed, x.lines_removed) AS removed,
      0 AS noted, s.cwd
    FROM ${from(reading, "tool_call")} ${session} WHERE ${mine(reading, ids)} AND x.path IS NOT NULL AND COALESCE(x.is_error, 0) = 0
    UNION ALL SELECT k.session_id, x.id, x.agent_id, x.path, x.action, x.tool_name, x.at, NULL, 0, 0, CASE WHEN t.kind = 'han' THEN 1 ELSE 0 END, s.cwd
    FROM ${from(reading, "file_change")} JOIN transcript t ON t.owner_no = x.owner_no AND t.no = x.transcript_no ${session} WHERE ${mine(reading, ids)}`
  const found = new Map<SessionId, ReadonlyArray<FileChange>>()
  for (const [sessionId, list] of bySession(rows, (row) => row)) {
    const own = list.filter(({ noted }) => noted === 0)
    const notes = list.filter(({ noted }) => noted === 1)
    const told = ({ at, path, tool_name, until }: FileChangeRow) => ({ path, toolName: tool_name, at, until })
    const alone =
      notes.length === 0
        ? notes
        : ownNotes(
            own.map(told),
            notes.map((row) => ({ ...row, toolName: row.tool_name })),
            notes[0]?.cwd ?? null
          )
    found.set(
      sessionId,
      [...own, ...alone].map((row) => fileChangeOf(row, sessionId)).sort((a, b) => (a.at ?? 0) - (b.at ?? 0) || (a.id < b.id ? -1 : 1))
    )
  }
  return found
})
/** A file that was written over was there before. */
const actionOf = (sql: Reading["sql"]) => sql`CASE WHEN x.action = 'created' AND x.patch_added IS NOT NULL THEN 'modified' ELSE x.action END`
const fileChangeOf = (row: FileChangeRow, sessionId: SessionId) =>
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

/** A session in which changes were noted beside the transcript has one statement more: they are compared with those of its tools. */
export const fileChangeCounts: Details<number> = Effect.fnUntraced(function* (reading, ids) {
  const rows = yield* reading.sql<{ session_id: string; changes: number; notes: number }>`
    SELECT y.session_id, CAST(SUM(y.changes) AS BIGINT) AS changes, CAST(SUM(y.notes) AS BIGINT) AS notes FROM (
      SELECT k.session_id, x.file_changes AS changes, 0 AS notes FROM ${from(reading, "activity_sum")} WHERE ${mine(reading, ids)}
      UNION ALL SELECT k.session_id, 1, CASE WHEN t.kind = 'han' THEN 1 ELSE 0 END FROM ${from(reading, "file_change")} JOIN transcript t ON t.owner_no = x.owner_no AND t.no = x.transcript_no
        WHERE ${mine(reading, ids)}) y GROUP BY y.session_id`
  const counts = new Map(rows.map((row) => [row.session_id as SessionId, row.changes]))
  const noted = rows.flatMap((row) => (row.notes > 0 ? [row.session_id as SessionId] : []))
  if (noted.length > 0) for (const [id, changes] of yield* fileChanges(reading, noted)) counts.set(id, changes.length)
  return counts
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
  const { sql, t } = reading
  const rows = yield* sql<AgentRow>`
    SELECT k.session_id, x.agent_id, COALESCE(MAX(CASE WHEN x.replaced_by IS NULL THEN x.meta END), MAX(x.meta)) AS meta, SUM(COALESCE(y.messages, 0)) AS messages, MIN(y.started_at) AS started_at, MAX(y.updated_at) AS updated_at
    FROM transcript x JOIN session_key k ON k.owner_no = x.owner_no AND k.no = x.session_no LEFT JOIN ${t("transcript_state")} y ON y.owner_no = x.owner_no AND y.transcript_no = x.no
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

/** Rows with the time of their line, or its neighbour's where it tells none. */
export const datedRows = Effect.fnUntraced(function* <Row extends { readonly at: number | null; readonly transcript_no: number; readonly line: number }>(
  { owner, sql, table }: Reading,
  rows: ReadonlyArray<Row>
): Effect.fn.Return<ReadonlyArray<Row>, SqlError> {
  const placeOf = ({ line, transcript_no: transcriptNo }: Row) => ({ line, transcriptNo })
  const timeOf = yield* neighbourTimes(sql, owner, table, rows.filter(({ at }) => at === null).map(placeOf))
  return rows.map((row) => (row.at === null ? { ...row, at: timeOf(placeOf(row)) } : row))
})

interface CompactionRow {
  readonly session_id: string
  readonly id: string
  readonly agent_id: string | null
  readonly at: number | null
  readonly transcript_no: number
  readonly line: number
  readonly trigger_name: Compaction["trigger"]
  readonly pre_tokens: number | null
  readonly post_tokens: number | null
  readonly duration_ms: number | null
  readonly summary: string | null
}
export const compactions: Details<ReadonlyArray<Compaction>> = Effect.fnUntraced(function* (reading, ids) {
  const told = yield* reading.sql<CompactionRow>`
    SELECT k.session_id, x.id, t.agent_id, x.at, x.transcript_no, x.line, x.trigger_name, x.pre_tokens, x.post_tokens, x.duration_ms, x.summary
    FROM ${from(reading, "compaction")} JOIN transcript t ON t.owner_no = x.owner_no AND t.no = x.transcript_no WHERE ${mine(reading, ids)}`
  const rows = (yield* datedRows(reading, told)).toSorted((a, b) => (a.at ?? 0) - (b.at ?? 0) || a.line - b.line || (a.id < b.id ? -1 : 1))
  return bySession(
    rows,
    (row, sessionId) =>
      new Compaction(
        {
          id: row.id,
          sessionId,
          agentId: row.agent_id as AgentId | null,
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
    SELECT k.session_id, x.file FROM transcript x JOIN session_key k ON k.owner_no = x.owner_no AND k.no = x.session_no WHERE ${mine(reading, ids)} AND x.kind <> 'agent' AND x.file IS NOT NULL AND x.replaced_by IS NULL ORDER BY x.no`
  const found = new Map<SessionId, string>()
  for (const row of rows) {
    const file: { readonly root?: unknown } | null = JSON.parse(row.file)
    if (typeof file?.root === "string") found.set(row.session_id as SessionId, file.root)
  }
  return found
})
