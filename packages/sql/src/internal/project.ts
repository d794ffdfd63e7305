import * as SqlClient from "@effect/sql/SqlClient"
import type { SqlError } from "@effect/sql/SqlError"
import * as Effect from "effect/Effect"
import * as SessionState from "han-core/SessionState"
import { anyOf, breathe, storable, type Value } from "./Database.ts"
import { type Chunk, type Delta, Deltas, noDelta, upsert } from "./chunk.ts"
import { projectCalls } from "./projectCalls.ts"
import { projectCompactions, projectNotes, projectProblems } from "./projectFacts.ts"
import { projectMessages } from "./projectMessages.ts"
import { projectResponses } from "./projectResponses.ts"

const sums = Object.keys(noDelta()) as ReadonlyArray<keyof Delta>
const columns = ["no", "owner", "id", "present", "source", "machine", "state", "cwd", "project", "first_uuid", "mark_kind", "mark_session", "started_at", "updated_at", ...sums]

type SessionRow = Delta & { readonly no: number; readonly id: string; readonly present: number; readonly source: string; readonly machine: string; readonly state: string; readonly started_at: number | null; readonly updated_at: number }

/** Brings one chunk into the read models. Any batching of the same lines gives the same rows. */
export const project = Effect.fnUntraced(function*(chunk: Chunk): Effect.fn.Return<void, SqlError, SqlClient.SqlClient> {
  const sql = yield* SqlClient.SqlClient
  const deltas = new Deltas()
  deltas.of(chunk.sessionNo)
  yield* projectMessages(sql, chunk, deltas)
  yield* breathe
  yield* projectCalls(sql, chunk, deltas)
  yield* projectResponses(sql, chunk, deltas)
  yield* breathe
  yield* projectCompactions(sql, chunk, deltas)
  yield* projectNotes(sql, chunk)
  yield* projectProblems(sql, chunk)
  yield* projectSessions(sql, chunk, deltas)
})

const projectSessions = Effect.fnUntraced(function*(sql: SqlClient.SqlClient, chunk: Chunk, deltas: Deltas) {
  const table = chunk.table("session")
  const rows = new Map((yield* sql<SessionRow>`SELECT * FROM ${sql.literal(table)} WHERE no ${anyOf(sql, [...deltas.bySession.keys()])}`).map((row) => [row.no, row]))
  const ids = new Map([[chunk.sessionNo, chunk.transcript.sessionId as string], ...[...chunk.numbers].map(([id, no]) => [no, id] as const)])
  const values: Array<ReadonlyArray<Value>> = []
  for (const [no, delta] of deltas.bySession) {
    const row = rows.get(no)
    const own = no === chunk.sessionNo
    const main = own && chunk.transcript.kind === "main"
    let state: SessionState.SessionState = row === undefined ? SessionState.empty : JSON.parse(row.state)
    let startedAt = row?.started_at ?? null
    // 0 for a session without any time, so that a list can sort by it.
    let updatedAt = row?.updated_at ?? 0
    if (own) {
      for (const { envelope, events, line } of chunk.decoded) {
        if (envelope.at !== null) {
          startedAt = Math.min(startedAt ?? envelope.at, envelope.at)
          updatedAt = Math.max(updatedAt, envelope.at)
        }
        for (const event of events) state = SessionState.evolve(state, { transcript: chunk.transcript, line, envelope, event })
      }
    }
    const cwd = state.cwd === undefined ? null : storable(state.cwd.value)
    values.push([
      no, chunk.owner, row?.id ?? ids.get(no) ?? "", Number(own || row?.present === 1),
      // The harness is the main transcript's; han's own log of a session says so only when there is nothing else.
      main || row === undefined ? chunk.transcript.source : own && row.present === 0 ? chunk.transcript.source : row.source,
      own || row === undefined ? chunk.transcript.machine : row.machine,
      storable(JSON.stringify(state)), cwd, cwd === null ? null : SessionState.projectOf(cwd), state.firstUuid === undefined ? null : storable(state.firstUuid.value),
      state.copiedFrom?.value.kind ?? null, state.copiedFrom === undefined ? null : storable(state.copiedFrom.value.sessionId),
      startedAt, updatedAt, ...sums.map((key) => (row?.[key] ?? 0) + delta[key])
    ])
  }
  yield* upsert(sql, table, ["no"], columns, values)
})
