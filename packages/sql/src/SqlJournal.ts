import type * as SqlClient from "@effect/sql/SqlClient"
import type { SqlError } from "@effect/sql/SqlError"
import * as Chunks from "effect/Chunk"
import * as Effect from "effect/Effect"
import * as Layer from "effect/Layer"
import * as Option from "effect/Option"
import * as PubSub from "effect/PubSub"
import * as Schema from "effect/Schema"
import * as Stream from "effect/Stream"
import { decodeEntry } from "han-core/Decode"
import { type Entry, type SessionId, type TranscriptId, transcriptId } from "han-core/Entry"
import { type Append, EntryGap, Journal, type JournalChange, SourceFile, TranscriptNotFound } from "han-core/Journal"
import type { PriceTable } from "han-core/Pricing"
import type { DecodedLine } from "han-core/SessionEvent"
import { type OwnerId, Viewer } from "han-core/Viewer"
import * as blocks from "./internal/blocks.ts"
import type { Chunk } from "./internal/chunk.ts"
import { anyOf, breathe, Database, insertRows, storable, storeError, type Value } from "./internal/Database.ts"
import { forgetSessions } from "./internal/forget.ts"
import { Models } from "./internal/Models.ts"
import { PendingWords } from "./internal/pendingWords.ts"
import { type BlockRow, chunkOf, entriesOf, infoOf, sessionNumber, type TranscriptRow, transcriptOf, withPayloads } from "./internal/stored.ts"
import { totals } from "./internal/totals.ts"

const encodeFile = Schema.encodeSync(Schema.parseJson(SourceFile))

/** The journal over either database. */
export const layer = (options: { readonly prices: PriceTable }): Layer.Layer<Journal, never, Database | Models> =>
  Layer.scoped(
    Journal,
    Effect.gen(function* () {
      const database = yield* Database
      const models = yield* Models
      const failing = (operation: string) => storeError(database.location, operation)

      const appendAll: typeof Journal.Service.appendAll = (appends) =>
        Effect.gen(function* () {
          const { owner } = yield* Viewer
          // What lines mean needs no database, and no transaction to wait for it.
          const prepared = yield* Effect.forEach(appends, prepare)
          const words = new PendingWords()
          const appended = yield* models.write(
            Effect.gen(function* () {
              const chunks = yield* keep(database.write, options.prices, owner, prepared, words)
              const [first, ...rest] = chunks
              // Also without lines: a session is there as soon as its file is.
              if (first !== undefined) yield* models.apply([first, ...rest])
              yield* words.insert(database.write)
              const count = chunks.reduce((sum, chunk) => sum + chunk.entries.length, 0)
              if (count > 0) yield* database.announce(owner)
              return count
            })
          )
          if (appended > 0)
            yield* PubSub.publishAll(
              models.committed,
              appends.map(({ transcript }) => ({ owner, sessionId: transcript.sessionId }))
            )
          return { appended }
        }).pipe(failing("append"), Effect.withSpan("Journal.append"))

      const row = Effect.fnUntraced(function* (id: TranscriptId) {
        const { owner } = yield* Viewer
        const [found] = yield* database.read<TranscriptRow>`${selectTranscripts(database.read)} WHERE t.owner = ${owner} AND t.id = ${storable(id)}`
        return found ?? (yield* new TranscriptNotFound({ transcript: id }))
      })

      /** Blocks from `line` on, so many that they hold about a megabyte. */
      const blocksFrom = (transcriptNo: number, line: number) =>
        database.read<BlockRow>`SELECT transcript_no, first_line, lines, sequence, byte_offset, codec, data FROM block
          WHERE transcript_no = ${transcriptNo} AND first_line + lines > ${line}
          AND first_line >= COALESCE((SELECT MAX(first_line) FROM block WHERE transcript_no = ${transcriptNo} AND first_line <= ${line}), 0)
          ORDER BY first_line LIMIT 16`

      const payloads = (transcriptNo: number, entries: ReadonlyArray<Entry>) => withPayloads(database.read, transcriptNo, entries)

      const read: typeof Journal.Service.read = (id, line, limit) =>
        Effect.gen(function* () {
          const { no } = yield* row(id)
          const found: Array<Entry> = []
          let next = line
          while (found.length < limit) {
            const rows = yield* blocksFrom(no, next)
            if (rows.length === 0) break
            for (const block of rows) {
              if (found.length >= limit) break
              for (const entry of entriesOf(block, next)) if (found.length < limit) found.push(entry)
              next = block.first_line + block.lines
            }
          }
          return yield* payloads(no, found)
        }).pipe(failing("read"), Effect.withSpan("Journal.read"))

      const bytes: typeof Journal.Service.bytes = (id) =>
        Stream.unwrap(
          Effect.map(row(id), ({ no }) =>
            Stream.paginateChunkEffect(0, (line) =>
              Effect.map(blocksFrom(no, line), (rows) => {
                const last = rows.at(-1)
                return [
                  Chunks.fromIterable(rows.map((block) => blocks.decompress(block))),
                  last === undefined ? Option.none() : Option.some(last.first_line + last.lines)
                ] as const
              })
            )
          )
        ).pipe(Stream.catchAllCause((cause) => Stream.fromEffect(failing("bytes")(Effect.failCause(cause)))))

      const changesAfter = (owner: OwnerId, after: number) =>
        Effect.gen(function* () {
          const rows = yield* database.read<BlockRow & Omit<TranscriptRow, "no" | "lines">>`
            SELECT b.transcript_no, b.first_line, b.lines, b.sequence, b.byte_offset, b.codec, b.data, t.id, t.machine, t.source, t.kind, t.agent_id, t.generation, k.session_id
            FROM block b JOIN transcript t ON t.no = b.transcript_no JOIN session_key k ON k.no = t.session_no
            WHERE b.owner = ${owner} AND b.sequence > ${after} ORDER BY b.sequence LIMIT 16`
          const changes: Array<JournalChange> = []
          for (const block of rows) {
            const transcript = transcriptOf(block)
            const entries = yield* payloads(block.transcript_no, entriesOf(block))
            changes.push({
              sequence: block.sequence,
              id: block.id as TranscriptId,
              transcript,
              entries,
              decoded: entries.map((entry) => decodeEntry(transcript, entry))
            })
          }
          return changes
        }).pipe(failing("changes"))

      const changes: typeof Journal.Service.changes = (wanted = {}) =>
        Stream.unwrapScoped(
          Effect.gen(function* () {
            const { owner } = yield* Viewer
            // Subscribed before the first look, so that nothing falls between the two.
            const news = yield* PubSub.subscribe(models.committed)
            const signals = Stream.fromQueue(news).pipe(
              Stream.map((told) => told.owner as string),
              Stream.merge(database.announcements),
              Stream.filter((whose) => whose === owner)
            )
            let after = wanted.after ?? (yield* headOf(database.read, owner).pipe(failing("changes")))
            // Looks until there is nothing new.
            const pending = Stream.repeatEffectChunkOption(
              Effect.suspend(() => changesAfter(owner, after)).pipe(
                Effect.mapError(Option.some),
                Effect.flatMap((found) => {
                  if (found.length === 0) return Effect.fail(Option.none())
                  after = found.at(-1)!.sequence
                  return Effect.succeed(Chunks.unsafeFromArray(found))
                })
              )
            )
            return wanted.live === false
              ? pending
              : Stream.concat(
                  pending,
                  Stream.flatMap(signals, () => pending)
                )
          })
        )

      return Journal.of({
        append: (transcript, entries, source) => appendAll([{ transcript, entries, source }]),
        appendAll,
        transcripts: (wanted) =>
          Effect.gen(function* () {
            const { owner } = yield* Viewer
            const sql = database.read
            const rows = yield* wanted?.sessionId === undefined
              ? sql<TranscriptRow>`${selectTranscripts(sql)} WHERE t.owner = ${owner} ORDER BY t.no`
              : sql<TranscriptRow>`${selectTranscripts(sql)} WHERE t.owner = ${owner} AND k.session_id = ${storable(wanted.sessionId)} ORDER BY t.no`
            return rows.map(infoOf)
          }).pipe(failing("transcripts")),
        markMissing: (ids, at) =>
          Effect.gen(function* () {
            const { owner } = yield* Viewer
            if (ids.length > 0)
              yield* models.write(
                database.write`UPDATE transcript SET missing_since = COALESCE(missing_since, ${at}) WHERE owner = ${owner} AND id ${anyOf(database.write, ids)}`
              )
          }).pipe(failing("mark missing")),
        read,
        bytes,
        changes,
        head: Effect.flatMap(Viewer, ({ owner }) => headOf(database.read, owner)).pipe(failing("head")),
        totals: Effect.gen(function* () {
          const { owner } = yield* Viewer
          return yield* totals(database.read, owner, (table) => models.table(table))
        }).pipe(failing("totals")),
        rebuild: models.rebuild(options.prices).pipe(Stream.catchAllCause((cause) => Stream.fromEffect(failing("rebuild")(Effect.failCause(cause))))),
        forget: (which) =>
          Effect.gen(function* () {
            const { owner } = yield* Viewer
            const ids = "before" in which ? yield* idleSince(owner, which.before) : which.sessionIds
            if (ids.length === 0) return { sessions: 0, entries: 0 }
            return yield* models.maintain(
              Effect.gen(function* () {
                const forgotten = yield* models.write(forgetSessions(database.write, models, owner, ids, options.prices))
                yield* models.rebuildOthers(options.prices)
                yield* models.erase
                return forgotten
              })
            )
          }).pipe(failing("forget"), Effect.withSpan("Journal.forget")),
        forgettable: (which) => Effect.flatMap(Viewer, ({ owner }) => idleSince(owner, which.before)).pipe(failing("forgettable")),
        isForgotten: (sessionId) =>
          Effect.gen(function* () {
            const { owner } = yield* Viewer
            return (yield* database.read`SELECT 1 AS found FROM tombstone WHERE owner = ${owner} AND session_id = ${storable(sessionId)}`).length > 0
          }).pipe(failing("is forgotten"))
      })

      function idleSince(owner: OwnerId, before: number): Effect.Effect<ReadonlyArray<SessionId>, SqlError> {
        const session = database.read.literal(models.table("session"))
        return Effect.map(
          database.read<{
            id: string
          }>`SELECT id FROM ${session} WHERE owner = ${owner} AND present = 1 AND updated_at > 0 AND updated_at < ${before} ORDER BY updated_at`,
          (rows) => rows.map((found) => found.id as SessionId)
        )
      }
    })
  )

const selectTranscripts = (sql: SqlClient.SqlClient) => sql`SELECT t.*, k.session_id FROM transcript t JOIN session_key k ON k.no = t.session_no`

const headOf = (sql: SqlClient.SqlClient, owner: OwnerId) =>
  Effect.map(sql<{ sequence: number }>`SELECT sequence FROM owner_head WHERE owner = ${owner}`, ([head]) => head?.sequence ?? 0)

/** Puts the lines that are new into the journal, and gives them as chunks for the models. */
const keep = Effect.fnUntraced(function* (
  sql: SqlClient.SqlClient,
  prices: PriceTable,
  owner: OwnerId,
  prepared: ReadonlyArray<Prepared>,
  words: PendingWords
) {
  yield* sql`INSERT INTO owner_head (owner, sequence) VALUES (${owner}, 0) ON CONFLICT DO NOTHING`
  // Holds the owner's row until the end of the transaction: appends of one owner follow each other.
  const [head] = yield* sql<{ sequence: number }>`UPDATE owner_head SET sequence = sequence WHERE owner = ${owner} RETURNING sequence`
  let sequence = head!.sequence
  const sessions = [...new Set(prepared.map(({ transcript }) => transcript.sessionId))]
  const forgotten = new Set(
    (yield* sql<{ session_id: string }>`SELECT session_id FROM tombstone WHERE owner = ${owner} AND session_id ${anyOf(sql, sessions)}`).map(
      (row) => row.session_id
    )
  )
  const ids = [...new Set(prepared.map(({ transcript }) => transcriptId(transcript)))]
  const known = new Map(
    (yield* sql<
      KnownTranscript & { id: string }
    >`SELECT id, no, session_no, lines, bytes FROM transcript WHERE owner = ${owner} AND id ${anyOf(sql, ids)}`).map((row) => [row.id, row as KnownTranscript])
  )
  const stored: Array<ReadonlyArray<Value>> = []
  const payloads: Array<ReadonlyArray<Value>> = []
  const chunks: Array<Chunk> = []
  for (const { decoded, entries, source, transcript } of prepared) {
    if (forgotten.has(transcript.sessionId)) continue
    const id = transcriptId(transcript)
    const have = known.get(id)
    const position = have?.lines ?? 0
    const first = entries.findIndex((entry) => entry.line >= position)
    const fresh = first < 0 ? [] : entries.slice(first)
    for (const [index, entry] of fresh.entries()) {
      if (entry.line !== position + index) return yield* new EntryGap({ transcript: id, expected: position + index, received: entry.line })
    }
    const last = fresh.at(-1)
    const lines = position + fresh.length
    const bytes = last === undefined ? (have?.bytes ?? 0) : last.offset + last.bytes.length + 1
    const sessionNo = have?.session_no ?? (yield* sessionNumber(sql, owner, transcript.sessionId))
    const no = yield* noteTranscript(sql, owner, { id, transcript, source, lines, bytes, sessionNo, no: have?.no })
    known.set(id, { no, session_no: sessionNo, lines, bytes })
    chunks.push(
      yield* chunkOf(sql, prices, {
        owner,
        transcript,
        no,
        sessionNo,
        entries: fresh,
        decoded: decoded.slice(decoded.length - fresh.length),
        words,
        isNew: true
      })
    )
    for (const block of blocks.pack(fresh))
      stored.push([no, block.firstLine, block.lines, owner, ++sequence, block.offset, block.size, block.codec, block.data])
    for (const entry of fresh) {
      if (entry.payload === undefined) continue
      const { codec, data } = blocks.compress(entry.payload)
      payloads.push([no, entry.line, codec, data])
    }
    yield* breathe
  }
  yield* insertRows(sql, { table: "block", columns: "transcript_no, first_line, lines, owner, sequence, byte_offset, size, codec, data" }, stored)
  yield* insertRows(sql, { table: "entry_payload", columns: "transcript_no, line, codec, data" }, payloads)
  if (stored.length > 0) yield* sql`UPDATE owner_head SET sequence = ${sequence} WHERE owner = ${owner}`
  return chunks
})

interface KnownTranscript {
  readonly no: number
  readonly session_no: number
  readonly lines: number
  readonly bytes: number
}

/** Writes what a transcript is and how far it goes; gives its number. */
const noteTranscript = Effect.fnUntraced(function* (
  sql: SqlClient.SqlClient,
  owner: OwnerId,
  {
    bytes,
    id,
    lines,
    no,
    sessionNo,
    source,
    transcript
  }: Pick<Append, "transcript" | "source"> & {
    readonly id: TranscriptId
    readonly lines: number
    readonly bytes: number
    readonly sessionNo: number
    readonly no: number | undefined
  }
) {
  if (no === undefined) {
    const [made] = yield* sql<{ no: number }>`INSERT INTO transcript ${sql.insert({
      owner,
      id,
      session_no: sessionNo,
      machine: transcript.machine,
      source: transcript.source,
      kind: transcript.kind,
      agent_id: transcript.agentId,
      generation: transcript.generation,
      lines,
      bytes,
      file: source?.file === undefined ? null : encodeFile(source.file),
      meta: source?.meta === undefined ? null : storable(source.meta),
      missing_since: null
    })} RETURNING no`
    return made!.no
  }
  const changed = {
    lines,
    bytes,
    ...(source?.file !== undefined && { file: encodeFile(source.file), missing_since: null }),
    ...(source?.meta !== undefined && { meta: storable(source.meta) })
  }
  yield* sql`UPDATE transcript SET ${sql.update(changed)} WHERE no = ${no}`
  return no
})

interface Prepared extends Append {
  /** Of each entry. */
  readonly decoded: ReadonlyArray<DecodedLine>
}

/** The entries in order, each once, with what they mean. */
const prepare = Effect.fnUntraced(function* (append: Append) {
  const ordered = isOrdered(append.entries) ? append.entries : [...append.entries].sort((a, b) => a.line - b.line)
  const entries = ordered.filter((entry, index) => entry.line !== ordered[index - 1]?.line)
  const decoded: Array<DecodedLine> = []
  for (let from = 0; from < entries.length; from += decodeAtOnce) {
    for (const entry of entries.slice(from, from + decodeAtOnce)) decoded.push(decodeEntry(append.transcript, entry))
    yield* breathe
  }
  const prepared: Prepared = { ...append, entries, decoded }
  return prepared
})
/** Lines that are decoded before others get a turn. */
const decodeAtOnce = 100

const isOrdered = (entries: ReadonlyArray<Entry>): boolean => entries.every((entry, index) => index === 0 || entry.line > entries[index - 1]!.line)
