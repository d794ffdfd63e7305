import type * as SqlClient from "@effect/sql/SqlClient"
import type { SqlError } from "@effect/sql/SqlError"
import * as Chunks from "effect/Chunk"
import * as Effect from "effect/Effect"
import * as Layer from "effect/Layer"
import * as Option from "effect/Option"
import * as PubSub from "effect/PubSub"
import * as Stream from "effect/Stream"
import { decoder } from "han-core/Decode"
import type { Entry, SessionId, TranscriptId } from "han-core/Entry"
import { Journal, type JournalChange, TranscriptNotFound } from "han-core/Journal"
import type { PriceTable } from "han-core/Pricing"
import { type OwnerId, Viewer } from "han-core/Viewer"
import * as blocks from "../blocks/blocks.ts"
import { type BlockRow, entriesOf, infoOf, type TranscriptRow, transcriptOf, withPayloads } from "../blocks/stored.ts"
import { anyOf, breathe, Database, storable, storeError } from "../database/Database.ts"
import { Models } from "../readmodels/Models.ts"
import { keepParts, listOutputs, outputTotals, prepareParts, readOutput } from "../readmodels/outputs.ts"
import { PendingWords } from "../readmodels/pendingWords.ts"
import { isReplacing, replaceTranscripts } from "../readmodels/replace.ts"
import { forgetSessions } from "./forget.ts"
import { keep, prepare } from "./keep.ts"
import { totals } from "./totals.ts"

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
          const prepared = yield* Effect.forEach(appends, prepare)
          const words = new PendingWords()
          const replacing = appends.some(isReplacing)
          const writing = models.write(
            Effect.gen(function* () {
              const chunks = yield* keep(database.write, options.prices, owner, prepared, words)
              const [first, ...rest] = chunks
              // Also without lines: a session is there as soon as its file is.
              if (first !== undefined) yield* models.apply([first, ...rest])
              yield* words.insert(database.write)
              if (replacing) yield* replaceTranscripts(database.write, models, owner, appends, options.prices)
              const count = chunks.reduce((sum, chunk) => sum + chunk.entries.length, 0)
              if (count > 0) yield* database.announce(owner)
              return count
            })
          )
          // Not beside a rebuild, which may have taken up what is replaced.
          const appended = yield* replacing ? models.maintain(Effect.zipLeft(writing, models.rebuildOthers(options.prices))) : writing
          if (appended > 0)
            yield* PubSub.publishAll(
              models.committed,
              appends.map(({ transcript }) => ({ owner, sessionId: transcript.sessionId }))
            )
          // Others want to be answered between two transactions.
          yield* breathe
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
          const decode = yield* decoder
          const changes: Array<JournalChange> = []
          for (const block of rows) {
            const transcript = transcriptOf(block)
            const entries = yield* payloads(block.transcript_no, entriesOf(block))
            changes.push({
              sequence: block.sequence,
              id: block.id as TranscriptId,
              transcript,
              entries,
              decoded: entries.map((entry) => decode(transcript, entry))
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
        keepOutputs: (parts) =>
          Effect.gen(function* () {
            const { owner } = yield* Viewer
            if (parts.length === 0) return
            const prepared = yield* prepareParts(parts)
            yield* models.write(Effect.suspend(() => keepParts(database.write, owner, prepared, models.tablesToFill())))
            yield* breathe
          }).pipe(failing("keep outputs"), Effect.withSpan("Journal.keepOutputs")),
        outputs: (wanted) => Effect.flatMap(Viewer, ({ owner }) => listOutputs(database.read, owner, wanted?.sessionId)).pipe(failing("outputs")),
        outputBytes: (id) =>
          Stream.unwrap(Effect.map(Viewer, ({ owner }) => readOutput(database.read, owner, id))).pipe(
            Stream.catchAllCause((cause) => Stream.fromEffect(failing("output bytes")(Effect.failCause(cause))))
          ),
        outputTotals: Effect.flatMap(Viewer, ({ owner }) => outputTotals(database.read, owner, (table) => models.table(table))).pipe(failing("output totals")),
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
