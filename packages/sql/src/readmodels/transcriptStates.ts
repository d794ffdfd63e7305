import type * as SqlClient from "@effect/sql/SqlClient"
import type { SqlError } from "@effect/sql/SqlError"
import * as Effect from "effect/Effect"
import type { Transcript } from "han-core/Entry"
import type * as SessionState from "han-core/unstable/SessionState"
import { anyOf, storableJson } from "../database/Database.ts"
import { type Chunk, type Chunks, upsert } from "./chunk.ts"
import { storedState } from "./storedState.ts"

/** The facts that a transcript has told so far. */
export interface TranscriptState {
  readonly transcriptNo: number
  readonly transcriptId: string
  readonly kind: Transcript["kind"]
  readonly sessionNo: number
  lastAt: number | null
  startedAt: number | null
  updatedAt: number | null
  messages: number
  lastKey: number | null
  /** Null for one that says nothing of its session, as a subagent's. */
  told: SessionState.SessionState | null
  /** True when it has to be written. */
  changed: boolean
}

interface Row {
  readonly transcript_no: number
  readonly id: string
  readonly kind: Transcript["kind"]
  readonly session_no: number
  readonly last_at: number | null
  readonly started_at: number | null
  readonly updated_at: number | null
  readonly messages: number
  readonly last_key: number | null
  readonly told: string | null
}

export type TranscriptStates = Map<number, TranscriptState>

const columns = ["owner_no", "transcript_no", "session_no", "last_at", "started_at", "updated_at", "messages", "last_key", "told"]

const select = (sql: SqlClient.SqlClient, { owner, table }: Chunk) =>
  sql`SELECT x.*, t.id, t.kind FROM ${sql.literal(table("transcript_state"))} x
    JOIN transcript t ON t.owner_no = x.owner_no AND t.no = x.transcript_no WHERE x.owner_no = ${owner}`

const add = Effect.fnUntraced(function* (states: TranscriptStates, rows: ReadonlyArray<Row>): Effect.fn.Return<void, SqlError> {
  for (const row of rows) {
    if (states.has(row.transcript_no)) continue
    states.set(row.transcript_no, {
      transcriptNo: row.transcript_no,
      transcriptId: row.id,
      kind: row.kind,
      sessionNo: row.session_no,
      lastAt: row.last_at,
      startedAt: row.started_at,
      updatedAt: row.updated_at,
      messages: row.messages,
      lastKey: row.last_key,
      told: row.told === null ? null : yield* storedState(row.told, `transcript ${row.transcript_no}`),
      changed: false
    })
  }
})

/** The states of these chunks' transcripts, new ones too, and of whatever else tells something of their sessions. */
export const loadStates = Effect.fnUntraced(function* (sql: SqlClient.SqlClient, chunks: Chunks): Effect.fn.Return<TranscriptStates, SqlError> {
  const [first] = chunks
  const states: TranscriptStates = new Map()
  const sessions = [...new Set(chunks.flatMap((chunk) => (chunk.transcript.kind === "agent" ? [] : [chunk.sessionNo])))]
  const nos = [...new Set(chunks.map((chunk) => chunk.no))]
  const own = sql`${select(sql, first)} AND x.transcript_no ${anyOf(sql, nos)}`
  const telling = sql`${select(sql, first)} AND x.session_no ${anyOf(sql, sessions)} AND x.told IS NOT NULL`
  yield* add(states, yield* sessions.length === 0 ? sql<Row>`${own}` : sql<Row>`${own} UNION ALL ${telling}`)
  for (const { id, no, sessionNo, transcript } of chunks) {
    const state = states.get(no)
    if (state !== undefined) state.changed = true
    else
      states.set(no, {
        transcriptNo: no,
        transcriptId: id,
        kind: transcript.kind,
        sessionNo,
        lastAt: null,
        startedAt: null,
        updatedAt: null,
        messages: 0,
        lastKey: null,
        told: null,
        changed: true
      })
  }
  return states
})

/** Adds the states of further transcripts. */
export const alsoLoad = Effect.fnUntraced(function* (sql: SqlClient.SqlClient, [first]: Chunks, states: TranscriptStates, nos: ReadonlyArray<number>) {
  const missing = nos.filter((no) => !states.has(no))
  if (missing.length > 0) yield* add(states, yield* sql<Row>`${select(sql, first)} AND x.transcript_no ${anyOf(sql, missing)}`)
})

export const saveStates = (sql: SqlClient.SqlClient, [{ owner, table }]: Chunks, states: TranscriptStates): Effect.Effect<void, SqlError> =>
  upsert(
    sql,
    table("transcript_state"),
    ["owner_no", "transcript_no"],
    columns,
    [...states.values()].flatMap((state) =>
      state.changed
        ? [
            [
              owner,
              state.transcriptNo,
              state.sessionNo,
              state.lastAt,
              state.startedAt,
              state.updatedAt,
              state.messages,
              state.lastKey,
              state.told === null ? null : storableJson(state.told)
            ]
          ]
        : []
    )
  )
