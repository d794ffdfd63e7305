import type * as SqlClient from "@effect/sql/SqlClient"
import type { SqlError } from "@effect/sql/SqlError"
import * as Chunks from "effect/Chunk"
import * as Effect from "effect/Effect"
import * as Option from "effect/Option"
import * as Schema from "effect/Schema"
import * as Stream from "effect/Stream"
import type { SessionId } from "han-core/Entry"
import type { StoreError } from "han-core/StoreError"
import {
  maxOutputBytes,
  searchedOutputBytes,
  ToolOutput,
  ToolOutputGap,
  type ToolOutputId,
  ToolOutputNotFound,
  type ToolOutputPart,
  type ToolOutputProblem,
  type ToolOutputTotals,
  toolOutputId
} from "han-core/ToolOutput"
import type { Viewer } from "han-core/Viewer"
import * as blocks from "../blocks/blocks.ts"
import { sessionNumbers } from "../blocks/storedEntries.ts"
import { type answer, anyOf, OwnerNo, storable, yieldUntilIdle } from "../database/Database.ts"
import { forgottenFor } from "../database/forgottenFor.ts"
import { lockOwner } from "../database/lockOwner.ts"
import { cut, pointsTo, refused } from "./messageWords.ts"
import type { OutputName } from "./outputTexts.ts"
import type { Table } from "./ReadModels.ts"
import type { Step } from "./ReadModelTables.ts"

const FileText = Schema.parseJson(ToolOutput.fields.file)
const encodeFile = Schema.encodeSync(FileText)
const decodeFile = Schema.decodeSync(FileText)

interface OutputRow {
  readonly no: number
  readonly session_id: string
  readonly machine: string
  readonly source: string
  readonly name: string
  readonly generation: number
  readonly kept: number
  readonly size: number
  readonly digest: string
  readonly file: string | null
}

const outputOf = (row: OutputRow): ToolOutput => ({
  machine: row.machine,
  source: row.source,
  sessionId: row.session_id as SessionId,
  name: row.name,
  generation: row.generation,
  kept: row.kept,
  size: row.size,
  digest: row.digest,
  file: row.file === null ? null : decodeFile(row.file)
})

/** A part with its bytes as they are stored: compressed before the transaction. */
interface Prepared extends ToolOutputPart {
  readonly packed: Pick<blocks.Block, "codec" | "data">
}

export const prepareParts = (parts: ReadonlyArray<ToolOutputPart>): Effect.Effect<ReadonlyArray<Prepared>> =>
  Effect.forEach(parts, (part) =>
    Effect.map(
      Effect.promise(() => blocks.compress(part.bytes)),
      (packed) => ({ ...part, packed })
    )
  )

/** Stores parts, in a transaction. Gives the step of the owner's journal that they are, and the outputs that have more to search: lines that point to them are to be worded again. */
export const keepParts = Effect.fnUntraced(function* (
  sql: SqlClient.SqlClient,
  owner: number,
  person: string | null,
  parts: ReadonlyArray<Prepared>
): Effect.fn.Return<{ readonly step: Step; readonly searched: ReadonlyArray<OutputName> }, SqlError | ToolOutputGap> {
  // Lines that come meanwhile wait, and then find these.
  const before = yield* lockOwner(sql, owner)
  const after = before + 1
  const sessionIds = [...new Set(parts.map(({ output }) => output.sessionId))]
  const tombstones = yield* sql<{
    session_id: string
  }>`SELECT session_id FROM tombstone WHERE owner_no = ${owner} AND session_id ${anyOf(sql, sessionIds)} AND ${forgottenFor(sql, person)}`
  const forgotten = new Set(tombstones.map((row) => row.session_id))
  const wanted = parts.filter(({ output }) => !forgotten.has(storable(output.sessionId)))
  const { numbers } = yield* sessionNumbers(
    sql,
    owner,
    wanted.map(({ output }) => output.sessionId)
  )
  const changed = new Map<string, OutputName>()
  for (const part of wanted) {
    const sessionNo = numbers.get(part.output.sessionId)!
    const searched = yield* keepPart(sql, owner, after, sessionNo, part)
    if (searched) changed.set(`${sessionNo}/${part.output.name}`, { sessionNo, name: part.output.name })
    yield* yieldUntilIdle
  }
  yield* sql`UPDATE owner_head SET sequence = ${after} WHERE owner_no = ${owner}`
  return { step: { before, after }, searched: [...changed.values()] }
})

/** Stores one part. True when it added something that can be searched. */
const keepPart = Effect.fnUntraced(function* (
  sql: SqlClient.SqlClient,
  owner: number,
  sequence: number,
  sessionNo: number,
  part: Prepared
): Effect.fn.Return<boolean, SqlError | ToolOutputGap> {
  const { bytes, offset, output } = part
  const id = storable(toolOutputId(output))
  const [had] = yield* sql<{ no: number; kept: number }>`SELECT no, kept FROM tool_output WHERE owner_no = ${owner} AND id = ${id}`
  const kept = had?.kept ?? 0
  if (offset > kept) return yield* new ToolOutputGap({ output: toolOutputId(output), expected: kept, received: offset })
  // Bytes that are kept already are skipped, with what was known of the file when they came.
  if (output.kept < kept) return false
  const facts = { kept: output.kept, size: output.size, digest: output.digest, sequence, file: output.file === null ? null : encodeFile(output.file) }
  let no = had?.no
  if (no === undefined) {
    const { generation, machine, name, source } = output
    const row = { owner_no: owner, id, session_no: sessionNo, machine: storable(machine), source: storable(source), name: storable(name), generation, ...facts }
    const [made] = yield* sql<{ no: number }>`INSERT INTO tool_output ${sql.insert(row)} RETURNING no`
    no = made!.no
  } else yield* sql`UPDATE tool_output SET ${sql.update(facts)} WHERE owner_no = ${owner} AND no = ${no}`
  const fresh = bytes.subarray(kept - offset)
  if (fresh.length === 0) return false
  const { codec, data } = fresh.length === bytes.length ? part.packed : yield* Effect.promise(() => blocks.compress(fresh))
  yield* sql`INSERT INTO tool_output_piece ${sql.insert({ owner_no: owner, output_no: no, byte_offset: kept, codec, data })}`
  return kept < searchedOutputBytes
})

const selectOutputs = (sql: SqlClient.SqlClient) =>
  sql`SELECT o.no, k.session_id, o.machine, o.source, o.name, o.generation, o.kept, o.size, o.digest, o.file FROM tool_output o JOIN session_key k ON k.owner_no = o.owner_no AND k.no = o.session_no`

export const listOutputs = (sql: SqlClient.SqlClient, owner: number, sessionId: SessionId | undefined): Effect.Effect<ReadonlyArray<ToolOutput>, SqlError> =>
  Effect.map(
    sessionId === undefined
      ? sql<OutputRow>`${selectOutputs(sql)} WHERE o.owner_no = ${owner} ORDER BY o.no`
      : sql<OutputRow>`${selectOutputs(sql)} WHERE o.owner_no = ${owner} AND k.session_id = ${storable(sessionId)} ORDER BY o.no`,
    (rows) => rows.map(outputOf)
  )

/** The kept bytes, a piece at a time. */
export const readOutput = (
  sql: SqlClient.SqlClient,
  id: ToolOutputId,
  page: ReturnType<typeof answer>
): Stream.Stream<Uint8Array, StoreError | ToolOutputNotFound, Viewer> =>
  Stream.unwrap(
    Effect.gen(function* () {
      const owner = yield* OwnerNo
      const [found] = yield* sql<{ no: number }>`SELECT no FROM tool_output WHERE owner_no = ${owner} AND id = ${storable(id)}`
      if (found === undefined) return yield* new ToolOutputNotFound({ output: id })
      return Stream.paginateChunkEffect(0, (from) =>
        Effect.map(
          page(sql<{ byte_offset: number; codec: number; data: Uint8Array }>`
            SELECT byte_offset, codec, data FROM tool_output_piece WHERE owner_no = ${owner} AND output_no = ${found.no} AND byte_offset >= ${from} ORDER BY byte_offset LIMIT 4`),
          (rows) => {
            const last = rows.at(-1)
            return [Chunks.fromIterable(rows.map(blocks.decompress)), last === undefined ? Option.none() : Option.some(last.byte_offset + 1)] as const
          }
        )
      )
    }).pipe(page)
  )

const maxProblems = 100

interface ProblemRow {
  readonly kind: number
  readonly session_id: string
  readonly name: string
  readonly path: string | null
  readonly transcript: string
  readonly line: number
}

/** Sums up how much is kept, and what a person should know about it. */
export const outputTotals = Effect.fnUntraced(function* (
  sql: SqlClient.SqlClient,
  owner: number,
  table: (name: Table) => string
): Effect.fn.Return<ToolOutputTotals, SqlError> {
  const [sums] = yield* sql<{
    outputs: number
    bytes: number | null
  }>`SELECT COUNT(*) AS outputs, SUM(kept) AS bytes FROM tool_output WHERE owner_no = ${owner}`
  // A fork's lines point to files of the session that they were copied from, where these are kept.
  const there = sql`EXISTS (SELECT 1 FROM tool_output o JOIN session_key k ON k.owner_no = o.owner_no AND k.no = o.session_no
    WHERE o.owner_no = ${owner} AND o.name = r.name AND CASE WHEN r.kind = ${pointsTo} THEN o.session_no = r.session_no ELSE k.session_id = r.other_session END)`
  const ofLines = sql`${sql.literal(table("output_ref"))} r WHERE r.owner_no = ${owner} AND (r.kind = ${cut} OR NOT ${there})`
  const [lines] = yield* sql<{ count: number }>`SELECT COUNT(*) AS count FROM ${ofLines}`
  const long = sql`tool_output o JOIN session_key k ON k.owner_no = o.owner_no AND k.no = o.session_no WHERE o.owner_no = ${owner} AND (o.size > o.kept OR o.kept > ${searchedOutputBytes})`
  const [files] = yield* sql<{ count: number }>`SELECT COUNT(*) AS count FROM ${long}`
  const rows = yield* sql<ProblemRow>`
    SELECT r.kind, k.session_id, r.name, r.path, t.id AS transcript, r.line FROM ${sql.literal(table("output_ref"))} r JOIN session_key k ON k.owner_no = r.owner_no AND k.no = r.session_no
    JOIN transcript t ON t.owner_no = r.owner_no AND t.no = r.transcript_no WHERE r.owner_no = ${owner} AND (r.kind = ${cut} OR NOT ${there}) ORDER BY r.message_id DESC LIMIT ${maxProblems}`
  const longest = yield* sql<{ session_id: string; name: string; kept: number; size: number }>`
    SELECT k.session_id, o.name, o.kept, o.size FROM ${long} ORDER BY o.size DESC, o.no LIMIT ${maxProblems}`
  return {
    outputs: sums!.outputs,
    bytes: Number(sums!.bytes ?? 0),
    problemCount: lines!.count + files!.count,
    problems: [...rows.map(problemOfLine), ...longest.map(problemOfFile)].slice(0, maxProblems)
  }
})

const problemOfLine = ({ kind, line, name, path, session_id, transcript }: ProblemRow): ToolOutputProblem => {
  const of = { sessionId: session_id as SessionId, transcript, line }
  switch (kind) {
    case pointsTo:
      return {
        ...of,
        kind: "missing",
        name,
        reason: `the file ${name}, to which the line points, was not there: it was deleted before han saw it, or not written yet`
      }
    case refused:
      return { ...of, kind: "refused", name: path ?? name, reason: `the line points to ${path ?? name}, outside of its session's folder: that is not read` }
    default:
      return { ...of, kind: "unsearched", name: "", reason: "the line has more words than a search looks at: those at its end are not found" }
  }
}

const problemOfFile = ({
  kept,
  name,
  session_id,
  size
}: {
  readonly session_id: string
  readonly name: string
  readonly kept: number
  readonly size: number
}): ToolOutputProblem => {
  const of = { sessionId: session_id as SessionId, name, transcript: null, line: null }
  return size > kept && kept >= maxOutputBytes
    ? { ...of, kind: "cut", reason: `${name} has ${size} bytes: the first ${kept} are kept, the first ${searchedOutputBytes} searched` }
    : size > kept
      ? { ...of, kind: "cut", reason: `${name} has ${size} bytes, of which ${kept} are kept so far` }
      : { ...of, kind: "unsearched", reason: `${name} has ${size} bytes, all of which are kept: the first ${searchedOutputBytes} are searched` }
}
