import * as SqlClient from "@effect/sql/SqlClient"
import type { SqlError } from "@effect/sql/SqlError"
import * as Effect from "effect/Effect"
import { makesSession } from "han-core/Session"
import * as SessionState from "han-core/unstable/SessionState"
import { anyOf, insertRows, storable, storableJson, type Value, yieldUntilIdle } from "../database/Database.ts"
import { type Chunk, type Chunks, type Delta, Deltas, noDelta, upsert } from "./chunk.ts"
import { projectActivity, projectHanEvents } from "./projectActivity.ts"
import { projectCalls } from "./projectCalls.ts"
import { projectCompactions, projectNotes, projectProblems } from "./projectFacts.ts"
import { projectMessages } from "./projectMessages.ts"
import { projectResponses } from "./projectResponses.ts"
import { projectRollUps } from "./rollUps.ts"
import { storedState } from "./storedState.ts"
import { loadStates, saveStates, type TranscriptState, type TranscriptStates } from "./transcriptStates.ts"

const sums = Object.keys(noDelta()) as ReadonlyArray<keyof Delta>
const columns = [
  "owner_no",
  "no",
  "id",
  "present",
  "listed",
  "source",
  "machine",
  "author",
  "state",
  "cwd",
  "project",
  "first_uuid",
  "mark_kind",
  "mark_session",
  "started_at",
  "updated_at",
  ...sums
]

type SessionRow = Delta & {
  readonly no: number
  readonly id: string
  readonly present: number
  readonly listed: number
  readonly source: string
  readonly machine: string
  readonly author: string | null
  readonly state: string
  readonly started_at: number | null
  readonly updated_at: number
}

/** Brings chunks into the read models. Any batching of the same lines gives the same rows. */
export const project = Effect.fnUntraced(function* (all: Chunks): Effect.fn.Return<void, SqlError, SqlClient.SqlClient> {
  const sql = yield* SqlClient.SqlClient
  const deltas = new Deltas()
  for (const chunk of all) deltas.of(chunk.sessionNo)
  const [first, ...rest] = all.filter((chunk) => !chunk.replaced)
  // What was paid was paid, whatever became of its line.
  yield* projectResponses(sql, all, deltas)
  yield* yieldUntilIdle
  const states: TranscriptStates = first === undefined ? new Map() : yield* loadStates(sql, [first, ...rest])
  if (first !== undefined) {
    const chunks: Chunks = [first, ...rest]
    yield* projectMessages(sql, chunks, deltas, states)
    yield* yieldUntilIdle
    yield* projectCalls(sql, chunks, deltas)
    yield* projectCompactions(sql, chunks, deltas)
    yield* projectNotes(sql, chunks)
    yield* projectProblems(sql, chunks)
    yield* projectHanEvents(sql, chunks)
  }
  yield* projectActivity(sql, all, deltas)
  yield* projectSessions(sql, all, deltas, states)
  yield* saveStates(sql, all, states)
  yield* projectRollUps(sql, all, deltas)
})

const projectSessions = Effect.fnUntraced(function* (sql: SqlClient.SqlClient, chunks: Chunks, deltas: Deltas, states: TranscriptStates) {
  const [{ owner, table }] = chunks
  const rows = new Map(
    (yield* sql<SessionRow>`SELECT * FROM ${sql.literal(table("session"))} WHERE owner_no = ${owner} AND no ${anyOf(sql, [...deltas.bySession.keys()])}`).map(
      (row) => [row.no, row]
    )
  )
  const ids = new Map<number, string>(
    chunks.flatMap((chunk) => [[chunk.sessionNo, chunk.transcript.sessionId] as const, ...[...chunk.numbers].map(([id, no]) => [no, id] as const)])
  )
  const values: Array<ReadonlyArray<Value>> = []
  const moves: Array<ReadonlyArray<Value>> = []
  for (const [no, delta] of deltas.bySession) {
    const row = rows.get(no)
    const own = chunks.filter((chunk) => chunk.sessionNo === no && !chunk.replaced)
    let present = row?.present === 1
    const listed = row?.listed === 1 || own.some(({ transcript }) => makesSession(transcript))
    let startedAt = row?.started_at ?? null
    // 0 for a session without any time, so that a list can sort by it.
    let updatedAt = row?.updated_at ?? 0
    let source = row?.source ?? chunks[0].transcript.source
    let machine = row?.machine ?? chunks[0].transcript.machine
    let author = row?.author ?? null
    for (const { author: whose, decoded, no: transcriptNo, transcript } of own) {
      const told = states.get(transcriptNo)!
      // The harness is the main transcript's; han's own log of a session says so only when there is nothing else.
      if (transcript.kind === "main" || !present) source = transcript.source
      machine = transcript.machine
      author ??= whose
      present = true
      for (const { envelope, events, line } of decoded) {
        if (envelope.at !== null) {
          startedAt = Math.min(startedAt ?? envelope.at, envelope.at)
          updatedAt = Math.max(updatedAt, envelope.at)
        }
        if (transcript.kind === "agent") continue
        for (const event of events) told.told = SessionState.evolve(told.told ?? SessionState.empty, { transcript, line, envelope, event })
      }
    }
    const state = yield* stateOf(row, no, own, states)
    if (row?.listed === 1 && row.updated_at !== updatedAt && own.some(({ isNew }) => isNew)) moves.push([owner, no, row.updated_at])
    const cwd = state.cwd === undefined ? null : storable(state.cwd.value)
    values.push([
      owner,
      no,
      row?.id ?? ids.get(no) ?? "",
      Number(present),
      Number(listed),
      source,
      machine,
      author,
      storableJson(state),
      cwd,
      cwd === null ? null : SessionState.projectOf(cwd),
      state.firstUuid === undefined ? null : storable(state.firstUuid.value),
      state.copiedFrom?.value.kind ?? null,
      state.copiedFrom === undefined ? null : storable(state.copiedFrom.value.sessionId),
      startedAt,
      updatedAt,
      ...sums.map((key) => (row?.[key] ?? 0) + delta[key])
    ])
  }
  yield* upsert(sql, table("session"), ["owner_no", "no"], columns, values)
  yield* noteMoves(sql, chunks, moves)
})

/** Combines what the transcripts of a session say; takes its row where none of these says anything. */
const stateOf = (
  row: SessionRow | undefined,
  no: number,
  own: ReadonlyArray<Chunk>,
  states: TranscriptStates
): Effect.Effect<SessionState.SessionState, SqlError> => {
  if (own.some(({ transcript }) => transcript.kind !== "agent"))
    return Effect.succeed(SessionState.combine([...states.values()].flatMap((part) => partOf(part, no))))
  return row === undefined ? Effect.succeed(SessionState.empty) : storedState(row.state, `session ${no}`)
}

const partOf = ({ kind, sessionNo, startedAt, told, transcriptId, updatedAt }: TranscriptState, no: number): ReadonlyArray<SessionState.Part> =>
  sessionNo !== no || told === null || kind === "agent" ? [] : [{ id: transcriptId, kind, startedAt, updatedAt, state: told }]

/** Moves that are kept at least. Pages of a list hang together while no more came between them. */
const keptMoves = 20_000
const pruneEvery = 1024

const noteMoves = Effect.fnUntraced(function* (sql: SqlClient.SqlClient, [{ owner, table }]: Chunks, moves: ReadonlyArray<ReadonlyArray<Value>>) {
  const name = table("session_move")
  const noted = yield* insertRows<{ id: number }>(sql, { table: name, columns: "owner_no, session_no, before_at", suffix: "RETURNING id" }, moves)
  const last = Math.max(0, ...noted.map(({ id }) => id))
  if (last % pruneEvery < noted.length) yield* sql`DELETE FROM ${sql.literal(name)} WHERE owner_no = ${owner} AND id <= ${last - keptMoves}`
})
