import type * as SqlClient from "@effect/sql/SqlClient"
import type { SqlError } from "@effect/sql/SqlError"
import * as Effect from "effect/Effect"
import * as Schema from "effect/Schema"
import { decoder } from "han-core/Decode"
import { type Entry, type TranscriptId, transcriptId } from "han-core/Entry"
import { SourceFile } from "han-core/Journal"
import { type Append, type AppendSource, EntryGap } from "han-core/JournalWriter"
import type { PriceTable } from "han-core/Pricing"
import type { DecodedLine } from "han-core/SessionEvent"
import * as blocks from "../blocks/blocks.ts"
import { sessionNumbers, sessionsNamed } from "../blocks/storedEntries.ts"
import { anyOf, insertRows, storable, type Value, yieldUntilIdle } from "../database/Database.ts"
import { forgottenFor } from "../database/forgottenFor.ts"
import { lockOwner } from "../database/lockOwner.ts"
import type { Chunk } from "../readmodels/chunk.ts"
import type { PendingWords } from "../readmodels/pendingWords.ts"
import type { Step } from "../readmodels/ReadModelTables.ts"

const encodeFile = Schema.encodeSync(Schema.parseJson(SourceFile))

/** The facts about an append that are found before its transaction: that needs no database, and no other append to wait for it. */
export interface Prepared extends Append {
  readonly id: TranscriptId
  readonly decoded: ReadonlyArray<DecodedLine>
  /** The blocks of all entries. */
  readonly packed: Effect.Effect<Packed>
}

/** Entries as they are stored. */
interface Packed {
  readonly blocks: ReadonlyArray<blocks.Block>
  readonly payloads: ReadonlyArray<{ readonly line: number } & Pick<blocks.Block, "codec" | "data">>
}

/** The entries in order, each once, with what they mean. */
export const prepare = Effect.fnUntraced(function* (append: Append): Effect.fn.Return<Prepared> {
  const ordered = isOrdered(append.entries) ? append.entries : [...append.entries].sort((a, b) => a.line - b.line)
  const entries = ordered.filter((entry, index) => entry.line !== ordered[index - 1]?.line)
  // Other threads do it while this one finds out what they mean.
  const packed = pack(entries)
  const decode = yield* decoder
  const decoded: Array<DecodedLine> = []
  for (let from = 0; from < entries.length; from += decodeAtOnce) {
    for (const entry of entries.slice(from, from + decodeAtOnce)) decoded.push(decode(append.transcript, entry))
    yield* yieldUntilIdle
  }
  return { ...append, id: transcriptId(append.transcript), entries, decoded, packed }
})
/** Lines that are decoded before others get a turn. */
const decodeAtOnce = 100

/** Puts the lines that are new into the journal, and gives them as chunks for the models. */
export const appendEntries = Effect.fnUntraced(function* (
  sql: SqlClient.SqlClient,
  prices: PriceTable,
  owner: number,
  author: string | null,
  prepared: ReadonlyArray<Prepared>,
  words: PendingWords
): Effect.fn.Return<{ readonly chunks: ReadonlyArray<Chunk>; readonly step: Step }, SqlError | EntryGap> {
  const head = yield* lockOwner(sql, owner)
  const { transcripts, wanted } = yield* lookUp(sql, owner, author, prepared)
  const news: Array<News> = []
  for (const append of wanted) news.push(yield* takeNews(transcripts, append))
  const sessions = news.flatMap(({ append, named }) => [append.transcript.sessionId, ...named])
  const { made, numbers } = yield* sessionNumbers(sql, owner, sessions)
  yield* noteTranscripts(sql, owner, author, news, numbers)
  const after = yield* storeEntries(sql, owner, head, news)
  const chunks = news.map(
    ({ append, decoded, fresh, kept, named }): Chunk => ({
      owner,
      author,
      transcript: append.transcript,
      id: append.id,
      no: kept.no!,
      sessionNo: kept.sessionNo!,
      replaced: kept.replaced,
      entries: fresh,
      decoded,
      numbers: new Map(named.map((id) => [id, numbers.get(id)!])),
      prices,
      words,
      isNew: true,
      isFirst: made.has(kept.sessionNo!),
      // Which tables is for the model to say that takes it.
      table: (name) => name
    })
  )
  return { chunks, step: { before: head, after } }
})

/** A transcript as it will be, and what is stated of its file. Without a number while it is new. */
interface Kept {
  no: number | undefined
  sessionNo: number | undefined
  readonly replaced: boolean
  lines: number
  bytes: number
  source: AppendSource
}

/** The lines and bytes that an append adds to its transcript. */
interface News {
  readonly append: Prepared
  readonly kept: Kept
  readonly fresh: ReadonlyArray<Entry>
  readonly decoded: ReadonlyArray<DecodedLine>
  /** Other sessions that its lines name. */
  readonly named: ReadonlyArray<string>
}

const isOrdered = (entries: ReadonlyArray<Entry>): boolean => entries.every((entry, index) => index === 0 || entry.line > entries[index - 1]!.line)

const pack = (entries: ReadonlyArray<Entry>): Effect.Effect<Packed> => {
  const payloads = entries.flatMap(({ line, payload }) => (payload === undefined ? [] : [blocks.compress(payload).then((stored) => ({ line, ...stored }))]))
  const packing = Promise.all([blocks.pack(entries), Promise.all(payloads)]).then(([packed, compressed]) => ({ blocks: packed, payloads: compressed }))
  // Whoever stores them is told, if it comes to that.
  packing.catch(() => {})
  return Effect.promise(() => packing)
}

/** The appends to sessions that were not forgotten, and the transcripts that these are of, as far as there are some, by their ids. */
const lookUp = Effect.fnUntraced(function* (sql: SqlClient.SqlClient, owner: number, author: string | null, prepared: ReadonlyArray<Prepared>) {
  const sessions = [...new Set(prepared.map(({ transcript }) => transcript.sessionId))]
  const ids = [...new Set(prepared.map(({ id }) => id))]
  const rows = yield* sql<{ id: string; no: number; session_no: number; lines: number; bytes: number; replaced_by: number | null; forgotten: number }>`
    SELECT id, no, session_no, lines, bytes, replaced_by, 0 AS forgotten FROM transcript WHERE owner_no = ${owner} AND id ${anyOf(sql, ids)}
    UNION ALL SELECT session_id, 0, 0, 0, 0, NULL, 1 FROM tombstone
    WHERE owner_no = ${owner} AND session_id ${anyOf(sql, sessions)} AND ${forgottenFor(sql, author)}`
  const forgotten = new Set(rows.flatMap((row) => (row.forgotten === 1 ? [row.id] : [])))
  const transcripts = new Map<string, Kept>()
  for (const { bytes, id, lines, no, replaced_by, session_no, forgotten: isTombstone } of rows)
    if (isTombstone === 0) transcripts.set(id, { no, sessionNo: session_no, replaced: replaced_by !== null, lines, bytes, source: {} })
  return { transcripts, wanted: prepared.filter(({ transcript }) => !forgotten.has(storable(transcript.sessionId))) }
})

const takeNews = (transcripts: Map<string, Kept>, append: Prepared): Effect.Effect<News, EntryGap> => {
  const key = storable(append.id)
  const kept: Kept = transcripts.get(key) ?? { no: undefined, sessionNo: undefined, replaced: false, lines: 0, bytes: 0, source: {} }
  transcripts.set(key, kept)
  const known = append.entries.findIndex((entry) => entry.line >= kept.lines)
  const fresh = known === 0 ? append.entries : known < 0 ? [] : append.entries.slice(known)
  for (const [index, entry] of fresh.entries()) {
    if (entry.line !== kept.lines + index) return new EntryGap({ transcript: append.id, expected: kept.lines + index, received: entry.line })
  }
  const last = fresh.at(-1)
  kept.lines += fresh.length
  if (last !== undefined) kept.bytes = last.offset + last.bytes.length + 1
  kept.source = { file: append.source?.file ?? kept.source.file, meta: append.source?.meta ?? kept.source.meta }
  const decoded = append.decoded.slice(append.decoded.length - fresh.length)
  return Effect.succeed({ append, kept, fresh, decoded, named: sessionsNamed(append.transcript, decoded) })
}

/** Writes what the transcripts are and how far they go. Those that are new get their numbers. */
const noteTranscripts = Effect.fnUntraced(function* (
  sql: SqlClient.SqlClient,
  owner: number,
  author: string | null,
  news: ReadonlyArray<News>,
  sessions: ReadonlyMap<string, number>
) {
  const byId = new Map(news.map((each) => [storable(each.append.id), each]))
  const made: Array<ReadonlyArray<Value>> = []
  let updated = 0
  for (const [id, { append, kept }] of byId) {
    const { bytes, lines, no, source } = kept
    const file = source.file === undefined ? null : encodeFile(source.file)
    const meta = source.meta === undefined ? null : storable(source.meta)
    if (no === undefined) {
      const { agentId, generation, kind, machine, sessionId } = append.transcript
      kept.sessionNo = sessions.get(sessionId)!
      made.push([owner, id, kept.sessionNo, machine, append.transcript.source, kind, agentId, generation, lines, bytes, file, meta, author])
    } else {
      const changed = { lines, bytes, ...(file !== null && { file, missing_since: null }), ...(meta !== null && { meta }) }
      yield* sql`UPDATE transcript SET ${sql.update(changed)} WHERE owner_no = ${owner} AND no = ${no}`
      if (++updated % updatedAtOnce === 0) yield* yieldUntilIdle
    }
  }
  const columns = "owner_no, id, session_no, machine, source, kind, agent_id, generation, lines, bytes, file, meta, author"
  for (const { id, no } of yield* insertRows<{ id: string; no: number }>(sql, { table: "transcript", columns, suffix: "RETURNING id, no" }, made))
    byId.get(id)!.kept.no = no
})
const updatedAtOnce = 32

/** Writes the lines themselves, in blocks. */
const storeEntries = Effect.fnUntraced(function* (sql: SqlClient.SqlClient, owner: number, head: number, news: ReadonlyArray<News>) {
  let sequence = head
  const stored: Array<ReadonlyArray<Value>> = []
  const payloads: Array<ReadonlyArray<Value>> = []
  for (const { append, fresh, kept } of news) {
    if (fresh.length === 0) continue
    const no = kept.no!
    const packed = yield* fresh === append.entries ? append.packed : pack(fresh)
    for (const block of packed.blocks) stored.push([owner, no, block.firstLine, block.lines, ++sequence, block.offset, block.size, block.codec, block.data])
    for (const { codec, data, line } of packed.payloads) payloads.push([owner, no, line, codec, data])
  }
  yield* insertRows(sql, { table: "block", columns: "owner_no, transcript_no, first_line, lines, sequence, byte_offset, size, codec, data" }, stored)
  yield* insertRows(sql, { table: "entry_payload", columns: "owner_no, transcript_no, line, codec, data" }, payloads)
  if (stored.length > 0) yield* sql`UPDATE owner_head SET sequence = ${sequence} WHERE owner_no = ${owner}`
  return sequence
})
