import type * as SqlClient from "@effect/sql/SqlClient"
import type { SqlError } from "@effect/sql/SqlError"
import * as Chunks from "effect/Chunk"
import * as Context from "effect/Context"
import * as Effect from "effect/Effect"
import * as Layer from "effect/Layer"
import * as Option from "effect/Option"
import * as PubSub from "effect/PubSub"
import * as Stream from "effect/Stream"
import { decoder } from "han-core/Decode"
import type { Entry, SessionId, TranscriptId } from "han-core/Entry"
import { Journal, type JournalChange, TranscriptNotFound } from "han-core/Journal"
import { JournalAdmin } from "han-core/JournalAdmin"
import { JournalWriter } from "han-core/JournalWriter"
import type { PriceTable } from "han-core/Pricing"
import { Viewer } from "han-core/Viewer"
import * as blocks from "../blocks/blocks.ts"
import { type BlockRow, entriesOf, infoOf, type TranscriptRow, transcriptOf, withPayloads } from "../blocks/storedEntries.ts"
import { answer, anyOf, command, Database, OwnerNo, storable, storeError, yieldUntilIdle } from "../database/Database.ts"
import { forgottenFor } from "../database/forgottenFor.ts"
import { headOf } from "../database/lockOwner.ts"
import { wordAgain } from "../readmodels/messageWords.ts"
import { keepParts, listOutputs, outputTotals, prepareParts, readOutput } from "../readmodels/outputs.ts"
import { ReadModelTables } from "../readmodels/ReadModelTables.ts"
import { isReplacing } from "../readmodels/replace.ts"
import { prepare } from "./appendEntries.ts"
import { announceAppended, appending, appendWithin, type Store } from "./appendWithin.ts"
import { forgetSessions, noteForgotten } from "./forget.ts"
import { totals } from "./totals.ts"

/** The journal over either database. */
export const layer = (options: { readonly prices: PriceTable }): Layer.Layer<Journal | JournalWriter | JournalAdmin, never, Database | ReadModelTables> =>
  Layer.effectContext(
    Effect.gen(function* () {
      const store: Store = { ...options, database: yield* Database, models: yield* ReadModelTables }
      return Context.make(Journal, reader(store)).pipe(Context.add(JournalWriter, writer(store)), Context.add(JournalAdmin, admin(store)))
    })
  )

const reader = (store: Store): typeof Journal.Service => {
  const { database, models } = store
  const sql = database.read
  const ofViewer = <A, E>(operation: string, read: (owner: number) => Effect.Effect<A, E>) => Effect.flatMap(OwnerNo, read).pipe(answer(database, operation))
  return {
    transcripts: (wanted) =>
      ofViewer("transcripts", (owner) =>
        Effect.map(
          wanted?.sessionId === undefined
            ? sql<TranscriptRow>`${selectTranscripts(sql)} WHERE t.owner_no = ${owner} ORDER BY t.no`
            : sql<TranscriptRow>`${selectTranscripts(sql)} WHERE t.owner_no = ${owner} AND k.session_id = ${storable(wanted.sessionId)} ORDER BY t.no`,
          (rows) => rows.map(infoOf)
        )
      ),
    outputs: (wanted) => ofViewer("outputs", (owner) => listOutputs(sql, owner, wanted?.sessionId)),
    outputBytes: (id) => readOutput(sql, id, answer(database, "output bytes")),
    outputTotals: ofViewer("output totals", (owner) => outputTotals(sql, owner, (table) => models.table(table))),
    read: (id, line, limit) => readEntries(sql, id, line, limit).pipe(answer(database, "read"), Effect.withSpan("Journal.read")),
    bytes: (id) => readBytes(database, id),
    changes: (wanted) => changes(store, wanted),
    head: ofViewer("head", (owner) => headOf(sql, owner)),
    totals: ofViewer("totals", (owner) => totals(sql, owner, (table) => models.table(table))),
    isForgotten: (sessionId) =>
      Effect.flatMap(Viewer, ({ person }) =>
        ofViewer("is forgotten", (owner) =>
          Effect.map(
            sql`SELECT 1 AS found FROM tombstone WHERE owner_no = ${owner} AND session_id = ${storable(sessionId)} AND ${forgottenFor(sql, person)}`,
            (rows) => rows.length > 0
          )
        )
      )
  }
}

const writer = (store: Store): typeof JournalWriter.Service => {
  const { database, models } = store
  const appendAll: typeof JournalWriter.Service.appendAll = (appends) =>
    appendTo(store, appends).pipe(command(database, "append"), Effect.withSpan("JournalWriter.append"))
  return {
    append: (transcript, entries, source) => appendAll([{ transcript, entries, source }]),
    appendAll,
    keepOutputs: (parts) =>
      Effect.gen(function* () {
        const owner = yield* OwnerNo
        const { person } = yield* Viewer
        if (parts.length === 0) return
        const prepared = yield* prepareParts(parts)
        yield* models.write(
          Effect.gen(function* () {
            const { searched, step } = yield* keepParts(database.write, owner, person, prepared)
            yield* models.apply(owner, step, ({ isMain, table }) =>
              isMain ? Effect.forEach(searched, (of) => wordAgain(database.write, owner, table, of), { discard: true }) : Effect.void
            )
          })
        )
        yield* yieldUntilIdle
      }).pipe(command(database, "keep outputs"), Effect.withSpan("JournalWriter.keepOutputs")),
    markMissing: (ids, at) =>
      Effect.gen(function* () {
        const owner = yield* OwnerNo
        if (ids.length > 0)
          yield* models.write(
            database.write`UPDATE transcript SET missing_since = COALESCE(missing_since, ${at}) WHERE owner_no = ${owner} AND id ${anyOf(database.write, ids)}`
          )
      }).pipe(command(database, "mark missing")),
    noteForgotten: (sessions) =>
      Effect.gen(function* () {
        const { person } = yield* Viewer
        yield* models.write(noteForgotten(database.write, yield* OwnerNo, person, sessions))
      }).pipe(command(database, "note what was forgotten"))
  }
}

const admin = (store: Store): typeof JournalAdmin.Service => {
  const { database, models, prices } = store
  return {
    rebuild: models.rebuild(prices).pipe(Stream.catchAllCause((cause) => Stream.fromEffect(storeError(database, "rebuild")(Effect.failCause(cause))))),
    forget: (which) =>
      Effect.gen(function* () {
        const owner = yield* OwnerNo
        const { person } = yield* Viewer
        const ids = "before" in which ? yield* database.reading(idleSince(store, owner, which.before)) : which.sessionIds
        if (ids.length === 0) return { sessions: 0, entries: 0 }
        return yield* models.maintain(
          Effect.gen(function* () {
            const forgotten = yield* models.write(forgetSessions(database.write, models, owner, person, ids, prices))
            yield* models.rebuildOthers(prices)
            yield* models.erase
            return forgotten
          })
        )
      }).pipe(command(database, "forget"), Effect.withSpan("JournalAdmin.forget")),
    forgettable: ({ before }) => Effect.flatMap(OwnerNo, (owner) => idleSince(store, owner, before)).pipe(answer(database, "forgettable"))
  }
}

const appendTo = Effect.fnUntraced(function* (store: Store, appends: Parameters<typeof JournalWriter.Service.appendAll>[0]) {
  const owner = yield* OwnerNo
  const { person } = yield* Viewer
  const prepared = yield* Effect.forEach(appends, prepare)
  const appended = yield* appending(store, appends.some(isReplacing), appendWithin(store, owner, person, prepared))
  if (appended > 0) yield* announceAppended(store, owner, appends)
  // Others want to be answered between two transactions.
  yield* yieldUntilIdle
  return { appended }
})

/** Sessions without a line since then, the one that rested longest first. */
const idleSince = ({ database, models }: Store, owner: number, before: number): Effect.Effect<ReadonlyArray<SessionId>, SqlError> =>
  Effect.map(
    database.read<{ id: string }>`SELECT id FROM ${database.read.literal(models.table("session"))}
      WHERE owner_no = ${owner} AND present = 1 AND updated_at > 0 AND updated_at < ${before} ORDER BY updated_at`,
    (rows) => rows.map((found) => found.id as SessionId)
  )

const rowOf = Effect.fnUntraced(function* (sql: SqlClient.SqlClient, id: TranscriptId) {
  const owner = yield* OwnerNo
  const [found] = yield* sql<TranscriptRow>`${selectTranscripts(sql)} WHERE t.owner_no = ${owner} AND t.id = ${storable(id)}`
  return found ?? (yield* new TranscriptNotFound({ transcript: id }))
})

/** Blocks from `line` on, so many that they hold about a megabyte. */
const blocksFrom = (sql: SqlClient.SqlClient, owner: number, transcriptNo: number, line: number) =>
  sql<BlockRow>`SELECT transcript_no, first_line, lines, sequence, byte_offset, codec, data FROM block
    WHERE owner_no = ${owner} AND transcript_no = ${transcriptNo} AND first_line + lines > ${line}
    AND first_line >= COALESCE((SELECT MAX(first_line) FROM block WHERE owner_no = ${owner} AND transcript_no = ${transcriptNo} AND first_line <= ${line}), 0)
    ORDER BY first_line LIMIT 16`

const readEntries = Effect.fnUntraced(function* (sql: SqlClient.SqlClient, id: TranscriptId, line: number, limit: number) {
  const owner = yield* OwnerNo
  const { no } = yield* rowOf(sql, id)
  const found: Array<Entry> = []
  let next = line
  while (found.length < limit) {
    const rows = yield* blocksFrom(sql, owner, no, next)
    if (rows.length === 0) break
    for (const block of rows) {
      if (found.length >= limit) break
      for (const entry of entriesOf(block, next)) if (found.length < limit) found.push(entry)
      next = block.first_line + block.lines
    }
  }
  return yield* withPayloads(sql, owner, no, found)
})

const readBytes = (database: typeof Database.Service, id: TranscriptId) => {
  const sql = database.read
  const page = answer(database, "bytes")
  return Stream.unwrap(
    Effect.map(page(rowOf(sql, id)), ({ no }) =>
      Stream.paginateChunkEffect(0, (line) =>
        Effect.map(page(Effect.flatMap(OwnerNo, (owner) => blocksFrom(sql, owner, no, line))), (rows) => {
          const last = rows.at(-1)
          return [
            Chunks.fromIterable(rows.map((block) => blocks.decompress(block))),
            last === undefined ? Option.none() : Option.some(last.first_line + last.lines)
          ] as const
        })
      )
    )
  )
}

const changesAfter = Effect.fnUntraced(function* (sql: SqlClient.SqlClient, owner: number, after: number) {
  const rows = yield* sql<BlockRow & Omit<TranscriptRow, "no" | "lines">>`
    SELECT b.transcript_no, b.first_line, b.lines, b.sequence, b.byte_offset, b.codec, b.data, t.id, t.machine, t.source, t.kind, t.agent_id, t.generation, k.session_id
    FROM block b JOIN transcript t ON t.owner_no = b.owner_no AND t.no = b.transcript_no JOIN session_key k ON k.owner_no = t.owner_no AND k.no = t.session_no
    WHERE b.owner_no = ${owner} AND b.sequence > ${after} ORDER BY b.sequence LIMIT 16`
  const decode = yield* decoder
  const changes: Array<JournalChange> = []
  for (const block of rows) {
    const transcript = transcriptOf(block)
    const entries = yield* withPayloads(sql, owner, block.transcript_no, entriesOf(block))
    changes.push({
      sequence: block.sequence,
      id: block.id as TranscriptId,
      transcript,
      entries,
      decoded: entries.map((entry) => decode(transcript, entry))
    })
  }
  return changes
})

const changes = (store: Store, wanted: Parameters<typeof Journal.Service.changes>[0] = {}) =>
  Stream.unwrapScoped(
    Effect.gen(function* () {
      const { database, models } = store
      const viewer = yield* Viewer
      const owner = yield* database.ownerNo(viewer.owner, true).pipe(storeError(database, "changes"))
      const page = answer(database, "changes")
      // Subscribed before the first look, so that nothing falls between the two.
      const news = yield* PubSub.subscribe(models.committed)
      const signals = Stream.fromQueue(news).pipe(
        Stream.filter((told) => told.owner === owner),
        Stream.merge(database.announcements(owner))
      )
      let after = wanted.after ?? (yield* page(headOf(database.read, owner)))
      // Looks until there is nothing new.
      const pending = Stream.repeatEffectChunkOption(
        page(Effect.suspend(() => changesAfter(database.read, owner, after))).pipe(
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

const selectTranscripts = (sql: SqlClient.SqlClient) =>
  sql`SELECT t.*, k.session_id FROM transcript t JOIN session_key k ON k.owner_no = t.owner_no AND k.no = t.session_no`
