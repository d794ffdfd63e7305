import type { Fragment } from "@effect/sql/Statement"
import * as Context from "effect/Context"
import * as Effect from "effect/Effect"
import * as Layer from "effect/Layer"
import { entryText, type SessionId, type TranscriptId } from "han-core/Entry"
import { endsOf } from "han-core/HookRun"
import { type MessageField, MessageQueries, type MessagesQuery, maxLandmarks, maxLandmarkText } from "han-core/MessageQueries"
import { hiddenKinds, type MessageLine, Messages } from "han-core/Messages"
import type { PageRequest } from "han-core/Page"
import { clipped } from "han-core/unstable/Clip"
import { holds, inOrder } from "han-core/Where"
import { entriesOfRows } from "../blocks/entriesAt.ts"
import { anyOf, type Database, storable } from "../database/Database.ts"
import { byIds } from "../database/idHash.ts"
import { decodeCursor, encodeCursor, plan, slice } from "../database/page.ts"
import { whereSql } from "../database/where.ts"
import { instantOfKey, kindNumbers, kindOfNumber, threadOf } from "../readmodels/messageKey.ts"
import type { ReadModelTables } from "../readmodels/ReadModelTables.ts"
import { eventsOf, runNames } from "./hanEvents.ts"
import { isIndexed, type MessageFacts, messageColumn, messageField, unknownFacts } from "./messageFields.ts"
import { type MessageRow, messagePage, messagesOf } from "./messageRows.ts"
import { onBehalf, type Reader, type Reading, reader } from "./reader.ts"
import { durationOf } from "./rows.ts"

type Service = typeof Messages.Service

const cursorList = "MC"
/** Rows of which one step of a search by what only the lines know looks at. */
const stepRows = 500
/** Events that answer another one; a call names itself, too. */
const replyNames = ["hook_result", "hook_validation", "mcp_tool_result", "exposed_tool_result"]
const hidden = hiddenKinds.map((kind) => kindNumbers[kind])

/** Pages of a session's conversation over either database. */
export const make = Effect.map(reader, (read) => {
  const queries = MessageQueries.of({ find: find(read), countFound: countFound(read), landmarks: landmarks(read) })
  const messages = Messages.of({
    page: queries.find,
    count: queries.countFound,
    cursors: cursors(read),
    places: places(read),
    get: get(read),
    results: results(read),
    replies: replies(read)
  })
  return Context.make(Messages, messages).pipe(Context.add(MessageQueries, queries))
})

export const layer: Layer.Layer<Messages | MessageQueries, never, Database | ReadModelTables> = Layer.effectContext(make)

/** The number of a session of the owner's, as a part of a statement. */
const sessionNo = ({ owner, sql }: Reading, sessionId: SessionId): Fragment =>
  sql`(SELECT k.no FROM session_key k WHERE k.owner_no = ${owner} AND k.session_id = ${storable(sessionId)})`
const shown = (reading: Reading, { agentId, sessionId }: Pick<MessagesQuery, "sessionId" | "agentId">): Fragment => {
  const { owner, sql } = reading
  return sql`m.owner_no = ${owner} AND m.session_no = ${sessionNo(reading, sessionId)} AND NOT (m.kind ${anyOf(sql, hidden)})
    AND ${agentId === undefined ? sql`1 = 1` : sql`m.thread = ${threadOf(agentId)}`}`
}

/** The lines of rows, in their order; one that is being forgotten is left out. */
const linesOf = Effect.fnUntraced(function* <Row extends MessageRow>(reading: Reading, rows: ReadonlyArray<Row>) {
  return (yield* messagesOf(reading, rows)).map(({ entry, message, row }) => {
    // What a pointer line points to is the record.
    const line: MessageLine = { message, raw: entryText({ bytes: entry.payload ?? entry.bytes }) }
    return { row, line }
  })
})

/** Facts beside the lines that conditions may ask about, by `placeOf`: one statement each for a session. */
const factsOf = Effect.fnUntraced(function* (reading: Reading, sessionId: SessionId) {
  const { owner, sql, t } = reading
  const no = sessionNo(reading, sessionId)
  const responses = yield* sql<{ transcript_no: number; line: number; input: number; output: number; cache_read: number; cache_write: number }>`
    SELECT transcript_no, line, input, output, cache_read, cache_write_5m + cache_write_1h AS cache_write FROM ${t("response")} WHERE owner_no = ${owner} AND session_no = ${no} AND part = 0`
  const changes = yield* sql<{ transcript_no: number; line: number; added: number; removed: number; files: number }>`
    SELECT transcript_no, line, COALESCE(SUM(COALESCE(patch_added, lines_added)), 0) AS added,
      COALESCE(SUM(COALESCE(patch_removed, lines_removed)), 0) AS removed, COUNT(*) AS files FROM ${t("tool_call")}
    WHERE owner_no = ${owner} AND session_no = ${no} AND path IS NOT NULL AND COALESCE(is_error, 0) = 0 GROUP BY transcript_no, line`
  const facts = new Map<string, MessageFacts>()
  for (const row of responses) {
    facts.set(placeOf(row), {
      ...unknownFacts,
      inputTokens: row.input,
      outputTokens: row.output,
      cacheReadTokens: row.cache_read,
      cacheCreationTokens: row.cache_write
    })
  }
  for (const row of changes) {
    const known = facts.get(placeOf(row)) ?? unknownFacts
    facts.set(placeOf(row), { ...known, linesAdded: Number(row.added), linesRemoved: Number(row.removed), filesChanged: row.files })
  }
  return facts
})
const placeOf = (row: Pick<MessageRow, "transcript_no" | "line">): string => `${row.transcript_no}/${row.line}`

/** All messages of a session that fulfil the condition, newest first, with what orders look at. */
const all = Effect.fnUntraced(function* (reading: Reading, query: MessagesQuery) {
  const { sql, t } = reading
  const facts = yield* factsOf(reading, query.sessionId)
  const found: Array<{ readonly row: MessageRow; readonly line: MessageLine; readonly facts: MessageFacts }> = []
  for (let before = Number.MAX_SAFE_INTEGER; ; ) {
    const rows = yield* sql<MessageRow>`
      SELECT m.id, m.transcript_no, m.line FROM ${t("message")} m WHERE ${shown(reading, query)} AND m.id < ${before} ORDER BY m.id DESC LIMIT ${stepRows}`
    for (const { line, row } of yield* linesOf(reading, rows)) {
      const known = facts.get(placeOf(row)) ?? unknownFacts
      if (query.where === undefined || holds(query.where, (field) => messageField(line, known, field))) found.push({ row, line, facts: known })
    }
    if (rows.length < stepRows) return found
    before = rows.at(-1)!.id
  }
})

/** The rest of a statement that gives the messages which fulfil an indexed condition. */
const fulfilling = (reading: Reading, query: MessagesQuery): Fragment => {
  const { sql, t } = reading
  return sql`FROM ${t("message")} m WHERE ${shown(reading, query)} AND ${whereSql(sql, query.where, messageColumn(reading))}`
}

const newest = Effect.fnUntraced(function* (reading: Reading, query: MessagesQuery, page: PageRequest) {
  const { sql } = reading
  const { backward, size } = plan(page)
  const after = page.after === undefined ? sql`1 = 1` : yield* Effect.map(decodeCursor(cursorList, 1, page.after), ([id]) => sql`m.id < ${id!}`)
  const before = page.before === undefined ? sql`1 = 1` : yield* Effect.map(decodeCursor(cursorList, 1, page.before), ([id]) => sql`m.id > ${id!}`)
  const rows = yield* sql<MessageRow>`
    SELECT m.id, m.transcript_no, m.line ${fulfilling(reading, query)} AND ${after} AND ${before}
    ORDER BY ${sql.literal(backward ? "m.id" : "m.id DESC")} LIMIT ${size + 1}`
  const lines = new Map((yield* linesOf(reading, rows.slice(0, size))).map(({ line, row }) => [row.id, line]))
  return messagePage(cursorList, page, rows, lines)
})

const find = (read: Reader): (typeof MessageQueries.Service)["find"] =>
  Effect.fn("MessageQueries.find")(function* (query, page) {
    const reading = yield* onBehalf(read)
    const { orderBy } = query
    if ((orderBy === undefined || orderBy.length === 0) && isIndexed(query.where)) return yield* newest(reading, query, page)
    const found = yield* all(reading, query)
    if (orderBy !== undefined) {
      const read = (of: (typeof found)[number]) => (field: MessageField) => messageField(of.line, of.facts, field)
      found.sort((a, b) => inOrder(orderBy, read(a), read(b)))
    }
    return yield* slice(
      cursorList,
      page,
      found,
      ({ row }) => row.id,
      ({ line }) => line
    )
  }, read.answer("page of messages"))

const countFound = (read: Reader): (typeof MessageQueries.Service)["countFound"] =>
  Effect.fn("MessageQueries.countFound")(function* (query) {
    const reading = yield* onBehalf(read)
    if (!isIndexed(query.where)) return (yield* all(reading, query)).length
    const [row] = yield* read.sql<{ count: number }>`SELECT COUNT(*) AS count ${fulfilling(reading, query)}`
    return row!.count
  }, read.answer("count of messages"))

const cursors = (read: Reader): Service["cursors"] =>
  Effect.fn("Messages.cursors")(function* (sessionId, ids) {
    const reading = yield* onBehalf(read)
    const { owner, sql, t } = reading
    const rows = yield* sql<{ id: number; uuid: string; transcript: string; line: number }>`
      SELECT m.id, m.uuid, m.line, x.id AS transcript FROM ${t("message")} m JOIN transcript x ON x.owner_no = m.owner_no AND x.no = m.transcript_no
      WHERE m.owner_no = ${owner} AND m.session_no = ${sessionNo(reading, sessionId)} AND ${byIds(sql, "m.uuid_hash", "m.uuid", ids)}`
    return new Map(
      rows.map((row) => [
        row.uuid,
        { cursor: encodeCursor(cursorList, [row.id]), transcript: row.transcript as TranscriptId, line: row.line, at: instantOfKey(row.id) }
      ])
    )
  }, read.answer("cursors of messages"))

const landmarkKinds = (["prompt", "command", "interrupt", "compaction"] as const).map((kind) => kindNumbers[kind])

interface LandmarkRow extends MessageRow {
  readonly uuid: string
  readonly kind: number
  readonly place: number
}

const landmarks = (read: Reader): (typeof MessageQueries.Service)["landmarks"] =>
  Effect.fn("MessageQueries.landmarks")(function* (of) {
    const reading = yield* onBehalf(read)
    const { owner, sql, t } = reading
    const failed = sql`EXISTS (SELECT 1 FROM ${t("tool_call")} c WHERE c.owner_no = ${owner} AND c.session_no = ${sessionNo(reading, of.sessionId)}
      AND c.is_error = 1 AND c.result_transcript_no = y.transcript_no AND c.result_line = y.line)`
    // Places are counted in one walk along the index, and failures are looked for among results alone.
    const rows = yield* sql<LandmarkRow>`
      SELECT y.id, y.uuid, y.kind, y.transcript_no, y.line, y.place FROM (
        SELECT m.id, m.uuid, m.kind, m.transcript_no, m.line, ROW_NUMBER() OVER (ORDER BY m.id) - 1 AS place FROM ${t("message")} m WHERE ${shown(reading, of)}) y
      WHERE y.kind ${anyOf(sql, landmarkKinds)} OR (y.kind = ${kindNumbers["tool-result"]} AND ${failed})
      ORDER BY y.id DESC LIMIT ${maxLandmarks}`
    const worded = rows.filter(({ kind }) => kind !== kindNumbers["tool-result"])
    const texts = new Map((yield* messagesOf(reading, worded)).map(({ message, row }) => [row.id, clipped(message.text.trim(), maxLandmarkText)]))
    return rows
      .map(({ id, kind, place, uuid }) => ({ id: uuid, kind: kindOfNumber(kind), place: Number(place), at: instantOfKey(id), text: texts.get(id) ?? "" }))
      .reverse()
  }, read.answer("landmarks"))

const places = (read: Reader): Service["places"] =>
  Effect.fn("Messages.places")(function* (of, ids) {
    if (ids.length === 0) return new Map()
    const { sql, t } = read
    // Numbered in one walk along the index, however many are asked for.
    const rows = yield* sql<{ uuid: string; place: number }>`
      SELECT y.uuid, y.place FROM (
        SELECT m.uuid, ROW_NUMBER() OVER (ORDER BY m.id DESC) - 1 AS place FROM ${t("message")} m WHERE ${shown(yield* onBehalf(read), of)}) y
      WHERE y.uuid ${anyOf(sql, ids)}`
    return new Map(rows.map((row) => [row.uuid, row.place]))
  }, read.answer("places of messages"))

const get = (read: Reader): Service["get"] =>
  Effect.fn("Messages.get")(function* (id) {
    const reading = yield* onBehalf(read)
    const { owner, sql, t } = reading
    // Session by session: there is no index on the id alone, for which every appended line would pay.
    const rows = yield* sql<MessageRow>`
      SELECT m.id, m.transcript_no, m.line FROM ${t("session")} s JOIN ${t("message")} m ON m.owner_no = s.owner_no AND m.session_no = s.no AND ${byIds(sql, "m.uuid_hash", "m.uuid", [id])}
      WHERE s.owner_no = ${owner} ORDER BY s.started_at, s.no LIMIT 1`
    return (yield* linesOf(reading, rows))[0]?.line ?? null
  }, read.answer("message"))

const results = (read: Reader): Service["results"] =>
  Effect.fn("Messages.results")(function* (callIds) {
    const { owner, sql, t } = yield* onBehalf(read)
    const rows = yield* sql<{ id: string; transcript_no: number; line: number; at: number | null; called_at: number | null }>`
      SELECT id, result_transcript_no AS transcript_no, result_line AS line, result_at AS at, at AS called_at FROM ${t("tool_call")}
      WHERE owner_no = ${owner} AND ${byIds(sql, "id_hash", "id", callIds)} AND result_transcript_no IS NOT NULL AND result_line IS NOT NULL`
    const find = yield* entriesOfRows(sql, owner, rows)
    return new Map(
      rows.flatMap((row) => {
        const event = find(row)?.decoded.events.find((one) => one._tag === "ToolReturned" && one.toolUseId === row.id)
        if (event?._tag !== "ToolReturned") return []
        const { denied, hasImage, isError, structured, text } = event
        return [[row.id, { text, isError, hasImage, denied, structured, at: row.at, durationMs: durationOf(row.called_at, row.at) }] as const]
      })
    )
  }, read.answer("results"))

const replies = (read: Reader): Service["replies"] =>
  Effect.fn("Messages.replies")(function* (sessionId, ids) {
    const reading = yield* onBehalf(read)
    const { owner, sql, t } = reading
    const rows = yield* sql<MessageRow & { readonly reply_to: string }>`
      SELECT m.id, m.transcript_no, m.line, h.reply_to FROM ${t("han_event")} h JOIN ${t("message")} m ON m.owner_no = h.owner_no AND m.session_no = h.session_no AND m.uuid_hash = h.id_hash AND m.uuid = h.id
      WHERE h.owner_no = ${owner} AND h.session_no = ${sessionNo(reading, sessionId)} AND h.reply_to ${anyOf(sql, ids)} AND h.name ${anyOf(sql, replyNames)} ORDER BY m.id DESC`
    const found = new Map((yield* linesOf(reading, rows)).map(({ line, row }) => [row.reply_to, line]))
    const silent = ids.filter((id) => !found.has(id))
    if (silent.length > 0) for (const [id, line] of yield* endsOfRuns(reading, sessionId, silent)) found.set(id, line)
    return found
  }, read.answer("replies"))

/** The ends of hooks that do not say of which run they are, or call it by another id, by the runs that they are most likely of. */
const endsOfRuns = Effect.fnUntraced(function* (reading: Reading, sessionId: SessionId, ids: ReadonlyArray<string>) {
  const { owner, sql, t } = reading
  const no = sessionNo(reading, sessionId)
  const [odd] = yield* sql<{ count: number }>`SELECT COUNT(*) AS count FROM ${t("han_event")} h WHERE h.owner_no = ${owner} AND h.session_no = ${no}
    AND ((h.name = 'hook_run' AND h.reply_to IS NOT NULL) OR (h.name IN ('hook_result', 'hook_validation') AND h.reply_to IS NULL))`
  if (odd!.count === 0) return []
  const ends = endsOf((yield* eventsOf(reading, [sessionId], runNames)).get(sessionId) ?? [])
  const endIds = ids.flatMap((id) => ends.get(id)?.id ?? [])
  const rows = yield* sql<MessageRow & { readonly uuid: string }>`
    SELECT m.id, m.transcript_no, m.line, m.uuid FROM ${t("message")} m WHERE m.owner_no = ${owner} AND m.session_no = ${no} AND ${byIds(sql, "m.uuid_hash", "m.uuid", endIds)}`
  const lines = new Map((yield* linesOf(reading, rows)).map(({ line, row }) => [row.uuid, line]))
  return ids.flatMap((id) => {
    const line = lines.get(ends.get(id)?.id ?? "")
    return line === undefined ? [] : [[id, line] as const]
  })
})
