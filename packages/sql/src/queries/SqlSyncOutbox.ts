import type { SqlError } from "@effect/sql/SqlError"
import * as Effect from "effect/Effect"
import * as Layer from "effect/Layer"
import type { AgentId, SessionId, Transcript, TranscriptId } from "han-core/Entry"
import { type Acked, type OutboxTranscript, SyncOutbox } from "han-core/unstable/SyncOutbox"
import { command, Database, OwnerNo, storable } from "../database/Database.ts"
import { ReadModelTables } from "../readmodels/ReadModelTables.ts"
import { onBehalf, type Reading, reader } from "./reader.ts"

/** The memory of a sender, over either database. */
export const layer: Layer.Layer<SyncOutbox, never, Database | ReadModelTables> = Layer.effect(
  SyncOutbox,
  Effect.gen(function* () {
    const read = yield* reader
    const database = yield* Database
    const models = yield* ReadModelTables
    const { write: sql } = database
    const writing = <A, E>(operation: string, effect: (owner: number) => Effect.Effect<A, E | SqlError>) =>
      Effect.flatMap(OwnerNo, (owner) => models.write(effect(owner))).pipe(command(database, operation))
    return SyncOutbox.of({
      open: ({ clientId, endpoint, isNewClient }) =>
        writing("begin to sync", (owner) =>
          Effect.gen(function* () {
            const [known] = yield* sql<RemoteRow & { endpoint: string; client_id: string }>`
              SELECT r.*, (SELECT COUNT(*) FROM (SELECT 1 FROM sync_position p WHERE p.owner_no = ${owner} AND p.whole = 0 LIMIT 1) w) AS wordless
              FROM sync_remote r WHERE r.owner_no = ${owner}`
            if (known?.endpoint === endpoint && known.client_id === clientId) return remoteOf(known)
            for (const table of ["sync_position", "sync_problem", "sync_remote"]) yield* sql`DELETE FROM ${sql.literal(table)} WHERE owner_no = ${owner}`
            const row = { adopting: Number(!isNewClient), last_success_at: null, messages: 0, bytes: 0 }
            yield* sql`INSERT INTO sync_remote ${sql.insert({ owner_no: owner, endpoint, client_id: clientId, ...row })}`
            return remoteOf({ ...row, wordless: 0 })
          })
        ),
      remote: Effect.gen(function* () {
        const { owner, sql: ask } = yield* onBehalf(read)
        const [row] = yield* ask<{ endpoint: string; client_id: string }>`SELECT endpoint, client_id FROM sync_remote WHERE owner_no = ${owner}`
        return row === undefined ? null : { endpoint: row.endpoint, clientId: row.client_id }
      }).pipe(read.answer("look to whom is sent")),
      transcripts: ({ pending }) => Effect.flatMap(onBehalf(read), (reading) => transcripts(reading, pending)).pipe(read.answer("transcripts to sync")),
      grown: (after) =>
        Effect.gen(function* () {
          const { owner, sql: ask } = yield* onBehalf(read)
          const [row] = yield* ask<{ sequence: number; bytes: number }>`
            SELECT COALESCE(MAX(sequence), ${after}) AS sequence, CAST(COALESCE(SUM(size), 0) AS BIGINT) AS bytes FROM block WHERE owner_no = ${owner} AND sequence > ${after}`
          return { sequence: Number(row!.sequence), bytes: Number(row!.bytes) }
        }).pipe(read.answer("look for what grew")),
      acked: (positions, at) =>
        writing("note positions", (owner) =>
          Effect.forEach(
            positions,
            ({ no, ...position }) =>
              Effect.zipRight(
                sql`INSERT INTO sync_position ${sql.insert({ owner_no: owner, transcript_no: no, ...rowOf(position), acked_at: at })}
                  ON CONFLICT (owner_no, transcript_no) DO UPDATE SET generation_id = excluded.generation_id, lines = excluded.lines, chain = excluded.chain,
                    whole = excluded.whole, takes_place_of = excluded.takes_place_of, acked_at = COALESCE(excluded.acked_at, sync_position.acked_at) WHERE sync_position.owner_no = ${owner}`,
                sql`DELETE FROM sync_problem WHERE owner_no = ${owner} AND transcript_no = ${no}`
              ),
            { discard: true }
          )
        ),
      noteProblem: (no, problem) =>
        writing("note a problem", (owner) =>
          Effect.gen(function* () {
            yield* sql`DELETE FROM sync_problem WHERE owner_no = ${owner} AND transcript_no = ${no}`
            if (problem === null) return
            const { at, attempts, code, message, nextAttemptAt, state } = problem
            const row = { owner_no: owner, transcript_no: no, code, message: storable(message), state, attempts, at, next_attempt_at: nextAttemptAt }
            yield* sql`INSERT INTO sync_problem ${sql.insert(row)}`
          })
        ),
      noteSent: (endpoint, { at, bytes, messages }) =>
        writing("note what was sent", (owner) =>
          Effect.asVoid(
            sql`UPDATE sync_remote SET last_success_at = ${at}, messages = messages + ${messages}, bytes = bytes + ${bytes} WHERE owner_no = ${owner} AND endpoint = ${endpoint}`
          )
        )
    })
  })
)

const rowOf = ({ chain, generationId, lines, takesPlaceOf, whole }: Omit<Acked, "at">) => ({
  generation_id: generationId,
  lines,
  chain,
  whole: Number(whole),
  takes_place_of: takesPlaceOf
})

interface RemoteRow {
  readonly adopting: number
  readonly wordless: number
  readonly last_success_at: number | null
  readonly messages: number
  readonly bytes: number
}
const remoteOf = ({ adopting, bytes, last_success_at, messages, wordless }: RemoteRow) => ({
  adopting: adopting === 1,
  wordless: Number(wordless) > 0,
  lastSuccessAt: last_success_at,
  messages,
  bytes
})

interface Row {
  readonly no: number
  readonly id: string
  readonly machine: string
  readonly source: string
  readonly kind: Transcript["kind"]
  readonly agent_id: string | null
  readonly generation: number
  readonly lines: number
  readonly meta: string | null
  readonly session_id: string
  readonly replaces: string | null
  readonly generation_id: string | null
  readonly acked_lines: number | null
  readonly chain: string | null
  readonly whole: number | null
  readonly takes_place_of: string | null
  readonly acked_at: number | null
  readonly code: string | null
  readonly message: string | null
  readonly problem_state: "waiting" | "quarantined" | null
  readonly attempts: number | null
  readonly problem_at: number | null
  readonly next_attempt_at: number | null
  readonly updated_at: number | null
  readonly cwd: string | null
  readonly probed_at: number | null
  readonly remote: string | null
  readonly root: string | null
  readonly name: string | null
  readonly worktree_of: string | null
  readonly default_branch: string | null
}

const transcripts = ({ owner, sql, t }: Reading, pending: boolean): Effect.Effect<ReadonlyArray<OutboxTranscript>, SqlError> =>
  Effect.map(
    sql<Row>`
      SELECT t.no, t.id, t.machine, t.source, t.kind, t.agent_id, t.generation, t.lines, t.meta, k.session_id,
        (SELECT ${sql.onDialectOrElse({ pg: () => sql`string_agg(o.generation::text, ',')`, orElse: () => sql`group_concat(o.generation)` })} FROM transcript o
          WHERE o.owner_no = ${owner} AND o.session_no = t.session_no AND o.replaced_by = t.generation AND o.machine = t.machine AND o.source = t.source AND o.kind = t.kind
            AND COALESCE(o.agent_id, '') = COALESCE(t.agent_id, '')) AS replaces,
        p.generation_id, p.lines AS acked_lines, p.chain, p.whole, p.takes_place_of, p.acked_at,
        e.code, e.message, e.state AS problem_state, e.attempts, e.at AS problem_at, e.next_attempt_at,
        s.updated_at, s.cwd, d.probed_at, d.remote, d.root, d.name, d.worktree_of, d.default_branch
      FROM transcript t JOIN session_key k ON k.owner_no = t.owner_no AND k.no = t.session_no
      LEFT JOIN sync_position p ON p.owner_no = t.owner_no AND p.transcript_no = t.no
      LEFT JOIN sync_problem e ON e.owner_no = t.owner_no AND e.transcript_no = t.no
      LEFT JOIN ${t("session")} s ON s.owner_no = t.owner_no AND s.no = t.session_no
      LEFT JOIN directory d ON d.owner_no = s.owner_no AND d.machine = s.machine AND d.path = s.cwd
      WHERE t.owner_no = ${owner} AND ${pending ? sql`t.lines > COALESCE(p.lines, 0)` : sql`1 = 1`}
      ORDER BY s.updated_at, t.session_no, t.no`,
    (rows) => rows.map(transcriptOf)
  )

const transcriptOf = (row: Row): OutboxTranscript => ({
  no: row.no,
  id: row.id as TranscriptId,
  transcript: {
    machine: row.machine,
    source: row.source,
    sessionId: row.session_id as SessionId,
    kind: row.kind,
    agentId: row.agent_id as AgentId | null,
    generation: row.generation
  },
  lines: row.lines,
  meta: row.meta,
  replaces: row.replaces === null ? [] : row.replaces.split(",").map(Number),
  acked:
    row.generation_id === null
      ? null
      : {
          generationId: row.generation_id,
          lines: row.acked_lines ?? 0,
          chain: row.chain ?? "",
          whole: row.whole !== 0,
          takesPlaceOf: row.takes_place_of,
          at: row.acked_at
        },
  problem:
    row.code === null
      ? null
      : {
          code: row.code,
          message: row.message ?? "",
          state: row.problem_state ?? "waiting",
          attempts: row.attempts ?? 0,
          at: row.problem_at ?? 0,
          nextAttemptAt: row.next_attempt_at
        },
  updatedAt: row.updated_at ?? 0,
  cwd: row.cwd,
  directory:
    row.probed_at === null ? null : { remote: row.remote, root: row.root, name: row.name, worktreeOf: row.worktree_of, defaultBranch: row.default_branch }
})
