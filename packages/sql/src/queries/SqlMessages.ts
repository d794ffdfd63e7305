import type { Fragment } from "@effect/sql/Statement"
import * as Context from "effect/Context"
import * as Effect from "effect/Effect"
import * as Layer from "effect/Layer"
import { entryText, type SessionId, type TranscriptId } from "han-core/Entry"
import { endsOf } from "han-core/HookRun"
import * as Message from "han-core/Message"
import { type MessageField, MessageQueries, type MessagesQuery } from "han-core/MessageQueries"
import { hiddenKinds, type MessageLine, Messages } from "han-core/Messages"
import type { PageRequest } from "han-core/Page"
import { Viewer } from "han-core/Viewer"
import { fieldsOf, holds, inOrder } from "han-core/Where"
import { entriesAt } from "../blocks/entriesAt.ts"
import { anyOf, Database, storable, storeError } from "../database/Database.ts"
import { byIds } from "../database/idHash.ts"
import { decodeCursor, encodeCursor, pageOf, plan, slice } from "../database/page.ts"
import { whereSql } from "../database/where.ts"
import { Models } from "../readmodels/Models.ts"
import { instantOfKey, kindNumber, threadOf } from "../readmodels/messageKey.ts"
import { eventsOf, runNames } from "./hanEvents.ts"
import { indexedFields, type MessageFacts, messageColumns, messageField, unknownFacts } from "./messageFields.ts"
import { durationOf } from "./rows.ts"

interface MessageRow {
  readonly id: number
  readonly transcript_no: number
  readonly line: number
}
const cursorList = "MC"
/** Rows of which one step of a search by what only the lines know looks at. */
const stepRows = 500
/** Events that answer another one; a call names itself, too. */
const replyNames = ["hook_result", "hook_validation", "mcp_tool_result", "exposed_tool_result"]
const hidden = hiddenKinds.map(kindNumber)

/** Pages of a session's conversation over either database. */
export const layer: Layer.Layer<Messages | MessageQueries, never, Database | Models> = Layer.effectContext(
  Effect.gen(function* () {
    const database = yield* Database
    const models = yield* Models
    const sql = database.read
    const failing = (operation: string) => storeError(database.location, operation)
    const t = (name: Parameters<typeof models.table>[0]) => sql.literal(models.table(name))

    const ofSession = (owner: string, sessionId: SessionId): Fragment =>
      sql`m.session_no = (SELECT k.no FROM session_key k WHERE k.owner = ${owner} AND k.session_id = ${storable(sessionId)})`
    const shown = (owner: string, { agentId, sessionId }: Pick<MessagesQuery, "sessionId" | "agentId">): Fragment =>
      sql`${ofSession(owner, sessionId)} AND NOT (m.kind ${anyOf(sql, hidden)})
        AND ${agentId === undefined ? sql`1 = 1` : sql`m.thread = ${threadOf(agentId)}`}`

    /** The lines of rows, in their order; one that is being forgotten is left out. */
    const linesOf = Effect.fnUntraced(function* <Row extends MessageRow>(rows: ReadonlyArray<Row>) {
      const find = yield* entriesAt(
        sql,
        rows.map((row) => ({ transcriptNo: row.transcript_no, line: row.line }))
      )
      return rows.flatMap((row) => {
        const found = find({ transcriptNo: row.transcript_no, line: row.line })
        const message = found === undefined ? null : Message.fromLine(found.transcript, found.decoded, found.entry)
        if (found === undefined || message === null) return []
        const at = message.at ?? instantOfKey(row.id)
        // What a pointer line points to is the record.
        const raw = entryText({ bytes: found.entry.payload ?? found.entry.bytes })
        return [
          {
            row,
            line: { message: at === message.at ? message : new Message.Message({ ...message, at }, { disableValidation: true }), raw } satisfies MessageLine
          }
        ]
      })
    })

    /** Facts beside the lines that conditions may ask about: one statement each for a session. */
    const factsOf = Effect.fnUntraced(function* (owner: string, sessionId: SessionId) {
      const no = sql`(SELECT k.no FROM session_key k WHERE k.owner = ${owner} AND k.session_id = ${storable(sessionId)})`
      const responses = yield* sql<{ transcript_no: number; line: number; input: number; output: number; cache_read: number; cache_write: number }>`
        SELECT transcript_no, line, input, output, cache_read, cache_write_5m + cache_write_1h AS cache_write FROM ${t("response")} WHERE session_no = ${no} AND part = 0`
      const changes = yield* sql<{ transcript_no: number; line: number; added: number; removed: number; files: number }>`
        SELECT transcript_no, line, COALESCE(SUM(COALESCE(patch_added, lines_added)), 0) AS added,
          COALESCE(SUM(COALESCE(patch_removed, lines_removed)), 0) AS removed, COUNT(*) AS files FROM ${t("tool_call")}
        WHERE session_no = ${no} AND path IS NOT NULL AND COALESCE(is_error, 0) = 0 GROUP BY transcript_no, line`
      const facts = new Map<string, MessageFacts>()
      for (const row of responses) {
        facts.set(`${row.transcript_no}/${row.line}`, {
          ...unknownFacts,
          inputTokens: row.input,
          outputTokens: row.output,
          cacheReadTokens: row.cache_read,
          cacheCreationTokens: row.cache_write
        })
      }
      for (const row of changes) {
        const key = `${row.transcript_no}/${row.line}`
        facts.set(key, { ...(facts.get(key) ?? unknownFacts), linesAdded: Number(row.added), linesRemoved: Number(row.removed), filesChanged: row.files })
      }
      return facts
    })

    /** All messages of a session that fulfil the condition, newest first, with what orders look at. */
    const all = Effect.fnUntraced(function* (query: MessagesQuery) {
      const { owner } = yield* Viewer
      const facts = yield* factsOf(owner, query.sessionId)
      const found: Array<{ readonly row: MessageRow; readonly line: MessageLine; readonly facts: MessageFacts }> = []
      for (let before = Number.MAX_SAFE_INTEGER; ; ) {
        const rows = yield* sql<MessageRow>`
          SELECT m.id, m.transcript_no, m.line FROM ${t("message")} m WHERE ${shown(owner, query)} AND m.id < ${before} ORDER BY m.id DESC LIMIT ${stepRows}`
        for (const { line, row } of yield* linesOf(rows)) {
          const known = facts.get(`${row.transcript_no}/${row.line}`) ?? unknownFacts
          if (query.where === undefined || holds(query.where, (field) => messageField(line, known, field))) found.push({ row, line, facts: known })
        }
        if (rows.length < stepRows) return found
        before = rows.at(-1)!.id
      }
    })
    const isIndexed = (query: MessagesQuery): boolean => query.where === undefined || [...fieldsOf(query.where)].every((field) => indexedFields.has(field))

    const newest = Effect.fnUntraced(function* (query: MessagesQuery, page: PageRequest) {
      const { owner } = yield* Viewer
      const { backward, size } = plan(page)
      const after = page.after === undefined ? sql`1 = 1` : yield* Effect.map(decodeCursor(cursorList, 1, page.after), ([id]) => sql`m.id < ${id!}`)
      const before = page.before === undefined ? sql`1 = 1` : yield* Effect.map(decodeCursor(cursorList, 1, page.before), ([id]) => sql`m.id > ${id!}`)
      const rows = yield* sql<MessageRow>`
        SELECT m.id, m.transcript_no, m.line FROM ${t("message")} m
        WHERE ${shown(owner, query)} AND ${whereSql(sql, query.where, messageColumns(sql, models.table))} AND ${after} AND ${before}
        ORDER BY ${sql.literal(backward ? "m.id" : "m.id DESC")} LIMIT ${size + 1}`
      const lines = new Map((yield* linesOf(rows.slice(0, size))).map(({ line, row }) => [row.id, line]))
      const whole = rows.filter((row, index) => index === size || lines.has(row.id))
      return pageOf(
        page,
        whole,
        (row) => lines.get(row.id)!,
        (row) => encodeCursor(cursorList, [row.id])
      )
    })

    const queries = MessageQueries.of({
      find: Effect.fn("MessageQueries.find")(function* (query, page) {
        const { orderBy } = query
        if ((orderBy === undefined || orderBy.length === 0) && isIndexed(query)) return yield* newest(query, page)
        const found = yield* all(query)
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
      }, failing("page of messages")),
      countFound: Effect.fn("MessageQueries.countFound")(function* (query) {
        if (!isIndexed(query)) return (yield* all(query)).length
        const { owner } = yield* Viewer
        const [row] = yield* sql<{ count: number }>`SELECT COUNT(*) AS count FROM ${t("message")} m
          WHERE ${shown(owner, query)} AND ${whereSql(sql, query.where, messageColumns(sql, models.table))}`
        return row!.count
      }, failing("count of messages"))
    })
    const messages = Messages.of({
      page: queries.find,
      count: queries.countFound,
      cursors: Effect.fn("Messages.cursors")(function* (sessionId, ids) {
        const { owner } = yield* Viewer
        const rows = yield* sql<{ id: number; uuid: string; transcript: string; line: number }>`
          SELECT m.id, m.uuid, m.line, x.id AS transcript FROM ${t("message")} m JOIN transcript x ON x.no = m.transcript_no
          WHERE ${ofSession(owner, sessionId)} AND ${byIds(sql, "m.uuid_hash", "m.uuid", ids)}`
        return new Map(
          rows.map((row) => [
            row.uuid,
            { cursor: encodeCursor(cursorList, [row.id]), transcript: row.transcript as TranscriptId, line: row.line, at: instantOfKey(row.id) }
          ])
        )
      }, failing("cursors of messages")),
      places: Effect.fn("Messages.places")(function* (of, ids) {
        if (ids.length === 0) return new Map()
        const { owner } = yield* Viewer
        // Numbered in one walk along the index, however many are asked for.
        const rows = yield* sql<{ uuid: string; place: number }>`
          SELECT y.uuid, y.place FROM (
            SELECT m.uuid, ROW_NUMBER() OVER (ORDER BY m.id DESC) - 1 AS place FROM ${t("message")} m WHERE ${shown(owner, of)}) y WHERE y.uuid ${anyOf(sql, ids)}`
        return new Map(rows.map((row) => [row.uuid, row.place]))
      }, failing("places of messages")),
      get: Effect.fn("Messages.get")(function* (id) {
        const { owner } = yield* Viewer
        // Session by session: there is no index on the id alone, for which every appended line would pay.
        const rows = yield* sql<MessageRow>`
          SELECT m.id, m.transcript_no, m.line FROM ${t("session")} s JOIN ${t("message")} m ON m.session_no = s.no AND ${byIds(sql, "m.uuid_hash", "m.uuid", [id])}
          WHERE s.owner = ${owner} ORDER BY s.started_at, s.no LIMIT 1`
        return (yield* linesOf(rows))[0]?.line ?? null
      }, failing("message")),
      results: Effect.fn("Messages.results")(function* (callIds) {
        const { owner } = yield* Viewer
        const rows = yield* sql<{ id: string; transcript_no: number; line: number; at: number | null; called_at: number | null }>`
          SELECT id, result_transcript_no AS transcript_no, result_line AS line, result_at AS at, at AS called_at FROM ${t("tool_call")}
          WHERE owner = ${owner} AND ${byIds(sql, "id_hash", "id", callIds)} AND result_transcript_no IS NOT NULL AND result_line IS NOT NULL`
        const find = yield* entriesAt(
          sql,
          rows.map((row) => ({ transcriptNo: row.transcript_no, line: row.line }))
        )
        return new Map(
          rows.flatMap((row) => {
            const event = find({ transcriptNo: row.transcript_no, line: row.line })?.decoded.events.find(
              (one) => one._tag === "ToolReturned" && one.toolUseId === row.id
            )
            if (event?._tag !== "ToolReturned") return []
            const { denied, hasImage, isError, structured, text } = event
            return [[row.id, { text, isError, hasImage, denied, structured, at: row.at, durationMs: durationOf(row.called_at, row.at) }] as const]
          })
        )
      }, failing("results")),
      replies: Effect.fn("Messages.replies")(function* (sessionId, ids) {
        const { owner } = yield* Viewer
        const rows = yield* sql<MessageRow & { readonly reply_to: string }>`
          SELECT m.id, m.transcript_no, m.line, h.reply_to FROM ${t("han_event")} h JOIN ${t("message")} m ON m.session_no = h.session_no AND m.uuid_hash = h.id_hash AND m.uuid = h.id
          WHERE h.session_no = (SELECT k.no FROM session_key k WHERE k.owner = ${owner} AND k.session_id = ${storable(sessionId)}) AND h.reply_to ${anyOf(sql, ids)}
            AND h.name ${anyOf(sql, replyNames)} ORDER BY m.id DESC`
        const found = new Map((yield* linesOf(rows)).map(({ line, row }) => [row.reply_to, line]))
        const silent = ids.filter((id) => !found.has(id))
        if (silent.length === 0) return found
        // Ends of hooks that do not say of which run they are, or call it by another id.
        const [odd] = yield* sql<{ count: number }>`SELECT COUNT(*) AS count FROM ${t("han_event")} h
          WHERE h.session_no = (SELECT k.no FROM session_key k WHERE k.owner = ${owner} AND k.session_id = ${storable(sessionId)})
            AND ((h.name = 'hook_run' AND h.reply_to IS NOT NULL) OR (h.name IN ('hook_result', 'hook_validation') AND h.reply_to IS NULL))`
        if (odd!.count === 0) return found
        const events = (yield* eventsOf({ sql, table: models.table, owner }, [sessionId], runNames)).get(sessionId) ?? []
        const ends = endsOf(events)
        const endRows = yield* sql<MessageRow & { readonly uuid: string }>`SELECT m.id, m.transcript_no, m.line, m.uuid FROM ${t("message")} m
          WHERE ${ofSession(owner, sessionId)} AND ${byIds(
            sql,
            "m.uuid_hash",
            "m.uuid",
            silent.flatMap((id) => ends.get(id)?.id ?? [])
          )}`
        const endLines = new Map((yield* linesOf(endRows)).map(({ line, row }) => [row.uuid, line]))
        for (const id of silent) {
          const line = endLines.get(ends.get(id)?.id ?? "")
          if (line !== undefined) found.set(id, line)
        }
        return found
      }, failing("replies"))
    })
    return Context.make(Messages, messages).pipe(Context.add(MessageQueries, queries))
  })
)
