import type * as SqlClient from "@effect/sql/SqlClient"
import type { SqlError } from "@effect/sql/SqlError"
import * as Effect from "effect/Effect"
import type { Envelope, SessionEventOf } from "han-core/SessionEvent"
import { anyOf, storable, type Value } from "../database/Database.ts"
import { idHash } from "../database/idHash.ts"
import { type Chunk, type Chunks, type Deltas, forEachEvent, loadProvenance, type ProvenanceRow, provenanceOf, seenIn, writeNumbered } from "./chunk.ts"
import { merge, type Provenance } from "./provenance.ts"

interface Result {
  readonly transcriptNo: number
  readonly transcriptId: string
  readonly line: number
  readonly at: number | null
  readonly isError: boolean
  readonly task: string | null
  /** The lines that the client says it changed in a file. */
  readonly patch: SessionEventOf<"ToolReturned">["changed"]
}
interface Call {
  readonly id: string
  readonly seen: Provenance
  readonly agentId: string | null
  readonly name: string | null
  readonly agentType: string | null
  readonly at: number | null
  readonly path: string | null
  readonly action: string | null
  readonly linesAdded: number | null
  readonly linesRemoved: number | null
  readonly taskInput: string | null
  readonly result: Result | null
}
interface CallRow extends ProvenanceRow {
  readonly no: number
  readonly id: string
  readonly agent_id: string | null
  readonly name: string | null
  readonly agent_type: string | null
  readonly at: number | null
  readonly path: string | null
  readonly action: string | null
  readonly lines_added: number | null
  readonly lines_removed: number | null
  readonly task_input: string | null
  readonly result_transcript_no: number | null
  readonly result_line: number | null
  readonly result_at: number | null
  readonly patch_added: number | null
  readonly patch_removed: number | null
  readonly is_error: number | null
  readonly task_result: string | null
  readonly result_seen_id: string | null
}

const columns = [
  "owner_no",
  "id_hash",
  "id",
  "session_no",
  "mark",
  "transcript_no",
  "line",
  "agent_id",
  "name",
  "agent_type",
  "at",
  "path",
  "action",
  "lines_added",
  "lines_removed",
  "task_input",
  "result_transcript_no",
  "result_line",
  "result_at",
  "patch_added",
  "patch_removed",
  "is_error",
  "task_result"
]

const blank = { name: null, agentType: null, at: null, path: null, action: null, linesAdded: null, linesRemoved: null, taskInput: null, result: null }

/** Tool calls with their results: one row a call, wherever its lines were copied to. */
export const projectCalls = Effect.fnUntraced(function* (sql: SqlClient.SqlClient, chunks: Chunks, deltas: Deltas): Effect.fn.Return<void, SqlError> {
  const [{ owner, table }] = chunks
  const calls = callsIn(chunks)
  if (calls.size === 0) return
  // Of another id with the same hash, too: it is written as it was.
  const rows = yield* loadProvenance<CallRow>(sql, chunks, "tool_call", "id_hash", [...calls.keys()].map(idHash))
  const numbers = new Map(rows.map((row) => [row.id, row.no]))
  const transcripts = yield* transcriptsOf(sql, chunks, rows)
  for (const row of rows) {
    const before = callOf(row, transcripts)
    count(deltas, before, -1)
    calls.set(row.id, mergeCalls(before, calls.get(row.id) ?? before))
  }
  const written = [...calls.values()].map((call) => {
    count(deltas, call, 1)
    return { no: numbers.get(call.id), values: valuesOf(owner, call) }
  })
  yield* writeNumbered(sql, table("tool_call"), columns, written)
})

/** The calls that the chunks tell of, by their ids. */
const callsIn = (chunks: Chunks): Map<string, Call> => {
  const calls = new Map<string, Call>()
  forEachEvent(chunks, (chunk, event, envelope, line) => {
    if (event._tag !== "ToolCalled" && event._tag !== "ToolReturned" && event._tag !== "FileChanged") return
    if (event.toolUseId === null) return
    const id = storable(event.toolUseId)
    const call: Call = { ...blank, agentId: chunk.transcript.agentId, id, seen: seenIn(chunk, envelope, line), ...told(chunk, event, envelope, line) }
    const have = calls.get(id)
    calls.set(id, have === undefined ? call : mergeCalls(have, call))
  })
  return calls
}

/** The part of a call that one event tells. */
const told = (chunk: Chunk, event: SessionEventOf<"ToolCalled" | "ToolReturned" | "FileChanged">, { at }: Envelope, line: number): Partial<Call> => {
  switch (event._tag) {
    case "ToolCalled":
      return {
        name: event.name,
        agentType: event.agentType === null ? null : storable(event.agentType),
        at,
        taskInput: event.task === null ? null : storable(JSON.stringify(event.task))
      }
    case "FileChanged":
      return { path: storable(event.path), action: event.action, linesAdded: event.linesAdded, linesRemoved: event.linesRemoved }
    case "ToolReturned": {
      const task = event.task === null ? null : JSON.stringify(event.task)
      return { result: { transcriptNo: chunk.no, transcriptId: chunk.id, line, at, isError: event.isError, task, patch: event.changed } }
    }
  }
}

/** The ids of the transcripts that results stand in, by their numbers. */
const transcriptsOf = Effect.fnUntraced(function* (sql: SqlClient.SqlClient, chunks: Chunks, rows: ReadonlyArray<CallRow>) {
  const transcripts = new Map<number, string>(chunks.map((chunk) => [chunk.no, chunk.id]))
  const others = new Set(rows.flatMap(({ result_transcript_no: no }) => (no === null || transcripts.has(no) ? [] : [no])))
  if (others.size > 0) {
    for (const row of yield* sql<{
      no: number
      id: string
    }>`SELECT no, id FROM transcript WHERE owner_no = ${chunks[0].owner} AND no ${anyOf(sql, [...others])}`)
      transcripts.set(row.no, row.id)
  }
  return transcripts
})

/** In the order of `columns`. */
const valuesOf = (owner: number, call: Call): ReadonlyArray<Value> => [
  owner,
  idHash(call.id),
  call.id,
  call.seen.sessionNo,
  call.seen.mark,
  call.seen.transcriptNo,
  call.seen.line,
  call.agentId,
  call.name === null ? null : storable(call.name),
  call.agentType,
  call.at,
  call.path,
  call.action,
  call.linesAdded,
  call.linesRemoved,
  call.taskInput,
  call.result?.transcriptNo ?? null,
  call.result?.line ?? null,
  call.result?.at ?? null,
  call.result?.patch?.added ?? null,
  call.result?.patch?.removed ?? null,
  call.result === null ? null : Number(call.result.isError),
  call.result?.task ?? null
]

const count = (deltas: Deltas, call: Call, sign: 1 | -1) => {
  if (call.name === null) return
  const delta = deltas.of(call.seen.sessionNo)
  delta.tool_calls += sign
  const failed = call.result?.isError === true
  if (failed) delta.tool_errors += sign
  if (call.taskInput !== null) deltas.withTasks.add(call.seen.sessionNo)
  deltas.countTool(call.seen.sessionNo, call.at, storable(call.name), call.agentType ?? "", sign)
  const activity = deltas.activity(call.seen.sessionNo, call.at)
  activity.tool_calls += sign
  if (call.path === null || failed) return
  activity.file_changes += sign
  activity.lines_added += sign * (call.result?.patch?.added ?? call.linesAdded ?? 0)
  activity.lines_removed += sign * (call.result?.patch?.removed ?? call.linesRemoved ?? 0)
}

const callOf = (row: CallRow, transcripts: ReadonlyMap<number, string>): Call => ({
  id: row.id,
  seen: provenanceOf(row),
  agentId: row.agent_id,
  name: row.name,
  agentType: row.agent_type,
  at: row.at,
  path: row.path,
  action: row.action,
  linesAdded: row.lines_added,
  linesRemoved: row.lines_removed,
  taskInput: row.task_input,
  result:
    row.result_transcript_no === null || row.result_line === null
      ? null
      : {
          transcriptNo: row.result_transcript_no,
          transcriptId: transcripts.get(row.result_transcript_no) ?? "",
          line: row.result_line,
          at: row.result_at,
          isError: row.is_error === 1,
          task: row.task_result,
          patch: row.patch_added === null || row.patch_removed === null ? null : { added: row.patch_added, removed: row.patch_removed }
        }
})

const mergeCalls = (a: Call, b: Call): Call => {
  // A result's line says nothing about who made the call, unless it is all there is.
  const seen = a.name === null && b.name !== null ? b.seen : b.name === null && a.name !== null ? a.seen : merge(a.seen, b.seen)
  const here = seen.transcriptNo === b.seen.transcriptNo && b.name !== null ? b : a
  const there = here === a ? b : a
  return {
    id: a.id,
    seen,
    agentId: here.agentId,
    name: here.name ?? there.name,
    agentType: here.agentType ?? there.agentType,
    at: here.at ?? there.at,
    path: here.path ?? there.path,
    action: here.action ?? there.action,
    linesAdded: here.linesAdded ?? there.linesAdded,
    linesRemoved: here.linesRemoved ?? there.linesRemoved,
    taskInput: here.taskInput ?? there.taskInput,
    result: a.result === null ? b.result : b.result === null ? a.result : earlier(a.result, b.result)
  }
}
const earlier = (a: Result, b: Result): Result => (a.transcriptId < b.transcriptId || (a.transcriptId === b.transcriptId && a.line <= b.line) ? a : b)
