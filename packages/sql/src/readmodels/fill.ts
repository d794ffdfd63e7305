import * as SqlClient from "@effect/sql/SqlClient"
import type { SqlError } from "@effect/sql/SqlError"
import * as Effect from "effect/Effect"
import type { Entry } from "han-core/Entry"
import type { PriceTable } from "han-core/Pricing"
import { type BlockRow, entriesOf, type TranscriptRow, transcriptOf, withPayloads } from "../blocks/storedEntries.ts"
import { storedChunk } from "./chunk.ts"
import { wordAgain } from "./messageWords.ts"
import { PendingWords } from "./pendingWords.ts"
import { isReadModels, type Model, tableOf } from "./revisions.ts"

type StoredBlock = BlockRow & Omit<TranscriptRow, "no" | "lines">

/** The tables to fill, whose rows, and at which prices. */
export interface Filling {
  readonly model: Model
  readonly revision: number
  readonly owner: number
  readonly prices: PriceTable
}

/** Blocks that one step takes. */
const stepBlocks = 16

/** Projects the next blocks of an owner's journal behind `cursor`, and what else changed up to them, in a transaction. Gives the cursor behind them: `head` when nothing is left. */
export const fillStep = Effect.fnUntraced(function* (
  sql: SqlClient.SqlClient,
  filling: Filling,
  cursor: number,
  head: number
): Effect.fn.Return<number, SqlError> {
  const { model, owner, revision } = filling
  const table = tableOf(model, revision)
  const words = new PendingWords()
  const rows = yield* sql<StoredBlock>`
    SELECT b.transcript_no, b.first_line, b.lines, b.sequence, b.byte_offset, b.codec, b.data, t.id, t.session_no, t.machine, t.source, t.kind, t.agent_id, t.generation, t.replaced_by,
      t.author, k.session_id
    FROM block b JOIN transcript t ON t.owner_no = b.owner_no AND t.no = b.transcript_no JOIN session_key k ON k.owner_no = t.owner_no AND k.no = t.session_no
    WHERE b.owner_no = ${owner} AND b.sequence > ${cursor} ORDER BY b.sequence LIMIT ${stepBlocks}`
  for (let from = 0; from < rows.length; ) {
    const first = rows[from]!
    const found: Array<Entry> = []
    let to = from
    for (; to < rows.length && rows[to]!.transcript_no === first.transcript_no; to++) for (const entry of entriesOf(rows[to]!)) found.push(entry)
    const entries = yield* withPayloads(sql, owner, first.transcript_no, found)
    yield* project(sql, filling, { ...first, no: first.transcript_no }, entries, words)
    from = to
  }
  yield* words.insert(sql)
  // Sequences that no block has are of what was forgotten, or of changes beside the blocks.
  const reached = rows.length < stepBlocks ? head : rows.at(-1)!.sequence
  if (isReadModels(model)) {
    const outputs = yield* sql<{ session_no: number; name: string }>`
      SELECT DISTINCT session_no, name FROM tool_output WHERE owner_no = ${owner} AND sequence > ${cursor} AND sequence <= ${reached}`
    for (const { name, session_no: sessionNo } of outputs) yield* wordAgain(sql, owner, table, { sessionNo, name })
  }
  return reached
})

/** Projects the owner's transcripts that have no lines: a session is there as soon as its file is. */
export const fillBare = Effect.fnUntraced(function* (sql: SqlClient.SqlClient, filling: Filling): Effect.fn.Return<void, SqlError> {
  const words = new PendingWords()
  const rows = yield* sql<TranscriptRow>`
    SELECT t.*, k.session_id FROM transcript t JOIN session_key k ON k.owner_no = t.owner_no AND k.no = t.session_no
    WHERE t.owner_no = ${filling.owner} AND t.lines = 0`
  for (const row of rows) yield* project(sql, filling, row, [], words)
})

type ProjectedTranscript = Pick<
  TranscriptRow,
  "no" | "session_no" | "machine" | "source" | "session_id" | "kind" | "agent_id" | "generation" | "replaced_by" | "author"
>

const project = Effect.fnUntraced(function* (
  sql: SqlClient.SqlClient,
  { model, owner, prices, revision }: Filling,
  row: ProjectedTranscript,
  entries: ReadonlyArray<Entry>,
  words: PendingWords
) {
  const chunk = yield* storedChunk(sql, {
    prices,
    owner,
    author: row.author,
    transcript: transcriptOf(row),
    no: row.no,
    sessionNo: row.session_no,
    replaced: row.replaced_by !== null,
    entries,
    words
  })
  yield* Effect.provideService(model.apply([chunk], tableOf(model, revision)), SqlClient.SqlClient, sql)
})
