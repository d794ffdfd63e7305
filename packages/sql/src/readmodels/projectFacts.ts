import type * as SqlClient from "@effect/sql/SqlClient"
import type { SqlError } from "@effect/sql/SqlError"
import * as Effect from "effect/Effect"
import { pathFrom } from "han-core/FileChange"
import * as Message from "han-core/Message"
import type { Envelope, SessionEventOf } from "han-core/SessionEvent"
import { insertRows, storable, type Value } from "../database/Database.ts"
import { idHash } from "../database/idHash.ts"
import { type Chunk, type Chunks, type Deltas, loadProvenance, type ProvenanceRow, provenanceOf, seenIn, upsert } from "./chunk.ts"
import { merge, type Provenance } from "./provenance.ts"

interface Compaction {
  readonly id: string
  readonly seen: Provenance
  readonly at: number | null
  readonly trigger: SessionEventOf<"Compacted">["trigger"]
  readonly preTokens: number | null
  readonly postTokens: number | null
  readonly durationMs: number | null
  /** The line of the summary, as the boundary names it. */
  readonly summaryId: string | null
  readonly summary: string | null
}
interface CompactionRow extends ProvenanceRow {
  readonly id: string
  readonly at: number | null
  readonly trigger_name: Compaction["trigger"]
  readonly pre_tokens: number | null
  readonly post_tokens: number | null
  readonly duration_ms: number | null
  readonly summary_id: string | null
  readonly summary: string | null
}

/** A boundary and the summary that hangs on it are one compaction; an old client's summary without a boundary is one too. */
export const projectCompactions = Effect.fnUntraced(function* (sql: SqlClient.SqlClient, chunks: Chunks, deltas: Deltas): Effect.fn.Return<void, SqlError> {
  const [{ owner, table }] = chunks
  const { found, summaries } = compactionsIn(chunks)
  if (found.size === 0 && summaries.length === 0) return
  const ids = [...found.keys(), ...summaries.flatMap(({ own, parent }) => (parent === null ? [own.id] : [own.id, parent]))]
  const rows = new Map((yield* loadProvenance<CompactionRow>(sql, chunks, "compaction", "id", ids)).map((row) => [row.id, row]))
  const named = yield* loadProvenance<CompactionRow>(
    sql,
    chunks,
    "compaction",
    "summary_id",
    summaries.map(({ own }) => own.id)
  )
  for (const row of named) rows.set(row.id, row)
  for (const row of rows.values()) {
    const before = compactionOf(row)
    deltas.of(before.seen.sessionNo).compactions--
    const have = found.get(row.id)
    found.set(row.id, have === undefined ? before : mergeCompactions(before, have))
  }
  const bySummary = new Map(
    [...found.values()].flatMap((compaction) => (compaction.summaryId === null ? [] : [[compaction.summaryId, compaction.id] as const]))
  )
  for (const { own, parent } of summaries) {
    const boundary = found.get(bySummary.get(own.id) ?? "") ?? (parent === null ? undefined : found.get(parent))
    const have = boundary ?? found.get(own.id)
    found.set(
      have?.id ?? own.id,
      have === undefined ? own : mergeCompactions(have, { ...own, id: have.id, at: have.at, trigger: have.trigger, seen: have.seen })
    )
  }
  const values: Array<ReadonlyArray<Value>> = []
  for (const compaction of found.values()) {
    deltas.of(compaction.seen.sessionNo).compactions++
    const { at, durationMs, id, postTokens, preTokens, seen, summary, summaryId, trigger } = compaction
    values.push([owner, id, seen.sessionNo, seen.mark, seen.transcriptNo, seen.line, at, trigger, preTokens, postTokens, durationMs, summaryId, summary])
  }
  yield* upsert(
    sql,
    table("compaction"),
    ["owner_no", "id"],
    [
      "owner_no",
      "id",
      "session_no",
      "mark",
      "transcript_no",
      "line",
      "at",
      "trigger_name",
      "pre_tokens",
      "post_tokens",
      "duration_ms",
      "summary_id",
      "summary"
    ],
    values
  )
})

/** A summary whose boundary stands elsewhere. */
interface Orphan {
  readonly own: Compaction
  readonly parent: string | null
}

const compactionsIn = (chunks: Chunks): { readonly found: Map<string, Compaction>; readonly summaries: ReadonlyArray<Orphan> } => {
  const found = new Map<string, Compaction>()
  const summaries: Array<Orphan> = []
  for (const chunk of chunks)
    for (let index = 0; index < chunk.decoded.length; index++) {
      const { envelope, events, line } = chunk.decoded[index]!
      let boundary: SessionEventOf<"Compacted"> | undefined
      let summary: SessionEventOf<"CompactionSummarized"> | undefined
      for (const event of events)
        if (event._tag === "Compacted") boundary ??= event
        else if (event._tag === "CompactionSummarized") summary ??= event
      if (boundary === undefined && summary === undefined) continue
      const own: Compaction = {
        id: storable(Message.idOf(chunk.transcript, chunk.decoded[index]!, chunk.entries[index]!)),
        seen: seenIn(chunk, envelope, line),
        at: envelope.at,
        trigger: boundary?.trigger ?? "continuation",
        preTokens: boundary?.preTokens ?? null,
        postTokens: boundary?.postTokens ?? null,
        durationMs: boundary?.durationMs ?? null,
        summaryId: boundary?.summaryUuid == null ? null : storable(boundary.summaryUuid),
        summary: summary === undefined ? null : storable(summary.text)
      }
      if (boundary === undefined) summaries.push({ own, parent: envelope.parentUuid === null ? null : storable(envelope.parentUuid) })
      else found.set(own.id, found.has(own.id) ? mergeCompactions(found.get(own.id)!, own) : own)
    }
  return { found, summaries }
}

const mergeCompactions = (a: Compaction, b: Compaction): Compaction => ({
  ...a,
  seen: merge(a.seen, b.seen),
  summaryId: a.summaryId ?? b.summaryId,
  summary: a.summary ?? b.summary
})
const compactionOf = (row: CompactionRow): Compaction => ({
  id: row.id,
  seen: provenanceOf(row),
  at: row.at,
  trigger: row.trigger_name,
  preTokens: row.pre_tokens,
  postTokens: row.post_tokens,
  durationMs: row.duration_ms,
  summaryId: row.summary_id,
  summary: row.summary
})

interface TodoRow extends ProvenanceRow {
  readonly id: string
  readonly at: number | null
  readonly todos: string
}
interface FileChangeRow extends ProvenanceRow {
  readonly id: string
  readonly agent_id: string | null
  readonly path: string
  readonly action: string
  readonly tool_name: string
  readonly at: number | null
}

/** Todo lists, changes of files that no tool call stands for, summaries, and the client's own accounts. */
export const projectNotes = Effect.fnUntraced(function* (sql: SqlClient.SqlClient, chunks: Chunks): Effect.fn.Return<void, SqlError> {
  const [{ owner, table }] = chunks
  const { changes, stated, summaries, todos } = notesIn(chunks)
  for (const row of yield* loadProvenance<TodoRow>(sql, chunks, "todo", "id", [...todos.keys()])) {
    todos.set(row.id, { seen: merge(provenanceOf(row), todos.get(row.id)!.seen), rest: [row.at, row.todos] })
  }
  yield* upsert(sql, table("todo"), ["owner_no", "id"], ["owner_no", "id", "session_no", "mark", "transcript_no", "line", "at", "todos"], rowsOf(owner, todos))
  for (const row of yield* loadProvenance<FileChangeRow>(sql, chunks, "file_change", "id", [...changes.keys()])) {
    changes.set(row.id, { seen: merge(provenanceOf(row), changes.get(row.id)!.seen), rest: [row.agent_id, row.path, row.action, row.tool_name, row.at] })
  }
  yield* upsert(
    sql,
    table("file_change"),
    ["owner_no", "id"],
    ["owner_no", "id", "session_no", "mark", "transcript_no", "line", "agent_id", "path", "action", "tool_name", "at"],
    rowsOf(owner, changes)
  )
  yield* insertRows(
    sql,
    { table: table("summary"), columns: "owner_no, session_no, id, transcript_no, line, leaf_hash, leaf_uuid, text", suffix: "ON CONFLICT DO NOTHING" },
    [...summaries.values()]
  )
  const costState = table("cost_state")
  yield* insertRows(
    sql,
    {
      table: costState,
      columns: "owner_no, session_no, stamp, stated",
      suffix: `ON CONFLICT (owner_no, session_no) DO UPDATE SET stamp = excluded.stamp, stated = excluded.stated WHERE ${costState}.stamp <= excluded.stamp`
    },
    [...stated].map(([sessionNo, { event, stamp }]) => [owner, sessionNo, stamp, storable(JSON.stringify(event))])
  )
})

interface Noted {
  readonly seen: Provenance
  readonly rest: ReadonlyArray<Value>
}

const notesIn = (chunks: Chunks) => {
  const todos = new Map<string, Noted>()
  const changes = new Map<string, Noted>()
  const summaries = new Map<string, ReadonlyArray<Value>>()
  const stated = new Map<number, { readonly stamp: number; readonly event: SessionEventOf<"CostStated"> }>()
  for (const chunk of chunks)
    for (let position = 0; position < chunk.decoded.length; position++) {
      const { envelope, events, line } = chunk.decoded[position]!
      for (let index = 0; index < events.length; index++) {
        const event = events[index]!
        switch (event._tag) {
          case "TodosWritten":
            todos.set(storable(event.toolUseId ?? `${lineId(chunk, position)}:${index}`), {
              seen: seenIn(chunk, envelope, line),
              rest: [envelope.at, storable(JSON.stringify(event.todos))]
            })
            break
          case "FileChanged":
            if (event.toolUseId === null)
              changes.set(`${lineId(chunk, position)}:${index}`, {
                seen: seenIn(chunk, envelope, line),
                rest: [chunk.transcript.agentId, storable(pathOf(chunk, envelope, event.path)), event.action, storable(event.toolName), envelope.at]
              })
            break
          case "Summarized": {
            const id = lineId(chunk, position)
            const leaf = event.leafUuid === null ? null : storable(event.leafUuid)
            summaries.set(`${chunk.sessionNo}/${id}`, [
              chunk.owner,
              chunk.sessionNo,
              id,
              chunk.no,
              line,
              leaf === null ? null : idHash(leaf),
              leaf,
              storable(event.text)
            ])
            break
          }
          case "CostStated":
            if (chunk.transcript.kind === "main") {
              const stamp = chunk.transcript.generation * 2 ** 40 + line
              if ((stated.get(chunk.sessionNo)?.stamp ?? 0) <= stamp) stated.set(chunk.sessionNo, { stamp, event })
            }
            break
          default:
        }
      }
    }
  return { todos, changes, summaries, stated }
}

const lineId = (chunk: Chunk, position: number): string => storable(Message.idOf(chunk.transcript, chunk.decoded[position]!, chunk.entries[position]!))

/** Resolves the name of a file: a log beside the transcript may mean it from where it was written. */
const pathOf = (chunk: Chunk, { cwd }: Envelope, path: string): string => (chunk.transcript.kind === "han" && cwd !== null ? pathFrom(cwd, path) : path)

const rowsOf = (owner: number, found: ReadonlyMap<string, Noted>): ReadonlyArray<ReadonlyArray<Value>> =>
  [...found].map(([id, { rest, seen }]) => [owner, id, seen.sessionNo, seen.mark, seen.transcriptNo, seen.line, ...rest])

/** Lines that a person should know about: each unreadable one; each unknown kind, and what cannot be in a record of usage, once a transcript. */
export const projectProblems = Effect.fnUntraced(function* (sql: SqlClient.SqlClient, chunks: Chunks): Effect.fn.Return<void, SqlError> {
  const [{ owner, table: tableOf }] = chunks
  const unreadable: Array<ReadonlyArray<Value>> = []
  const counted = new Map<string, CountedProblem>()
  const count = (found: Omit<CountedProblem, "lines">) => {
    const key = `${found.no}/${found.kind}/${found.reason}`
    const have = counted.get(key)
    if (have === undefined) counted.set(key, { ...found, lines: 1 })
    else have.lines++
  }
  for (const { decoded, no } of chunks)
    for (const { events, line, offset } of decoded)
      for (const event of events) {
        if (event._tag === "Unreadable") unreadable.push([owner, no, "unreadable", storable(event.reason), line, offset, 1])
        else if (event._tag === "Unrecognized") count({ no, kind: "unrecognized", reason: storable(event.type.slice(0, maxReason)), line, offset })
        else if (event._tag === "ResponseMetered" && event.impossible.length > 0)
          count({ no, kind: "impossible", reason: `no response can have what it says of ${event.impossible.join(", ")}`, line, offset })
      }
  const columns = "owner_no, transcript_no, kind, reason, line, byte_offset, lines"
  const table = tableOf("problem")
  yield* insertRows(sql, { table, columns, suffix: "ON CONFLICT DO NOTHING" }, unreadable)
  for (const { kind, line, lines, no, offset, reason } of counted.values()) {
    const had = yield* sql<{
      no: number
    }>`UPDATE ${sql.literal(table)} SET lines = lines + ${lines} WHERE owner_no = ${owner} AND transcript_no = ${no} AND kind = ${kind} AND reason = ${reason} RETURNING transcript_no AS no`
    if (had.length === 0) yield* insertRows(sql, { table, columns }, [[owner, no, kind, reason, line, offset, lines]])
  }
})

/** Part of a key, which PostgreSQL keeps short. */
const maxReason = 200

interface CountedProblem {
  readonly no: number
  readonly kind: "unrecognized" | "impossible"
  readonly reason: string
  readonly line: number
  readonly offset: number
  lines: number
}
