import type * as SqlClient from "@effect/sql/SqlClient"
import type { Fragment } from "@effect/sql/Statement"
import * as Effect from "effect/Effect"
import * as Layer from "effect/Layer"
import * as Message from "han-core/Message"
import type { PageRequest } from "han-core/Page"
import { Search, SearchHit, type SearchQuery } from "han-core/Search"
import { pointersOf } from "han-core/unstable/OutputPointers"
import { type OwnerId, Viewer } from "han-core/Viewer"
import { entriesAt, type Found } from "../blocks/entriesAt.ts"
import { anyOf, Database, storable, storeError } from "../database/Database.ts"
import { decodeCursor, encodeCursor, pageOf, plan } from "../database/page.ts"
import { Models } from "../readmodels/Models.ts"
import { instantOfKey, keyFrom, kindNumber, kindOfNumber, threadOf } from "../readmodels/messageKey.ts"
import { outputTexts } from "../readmodels/outputTexts.ts"
import { holdsTerms, type Part, parseQuery, type SearchTerms, toFts5, toTsquery } from "../readmodels/words.ts"
import { excerpt, hasMatch } from "./excerpt.ts"
import { inProject } from "./inProject.ts"

interface HitRow {
  readonly id: number
  readonly transcript_no: number
  readonly line: number
  readonly session_no: number
  readonly kind: number
  readonly score: number | null
  readonly position: number
}

/** Kinds of lines on which programs speak, beside somebody or alone. */
const isMixed = (kind: Message.MessageKind): boolean => kind === "prompt" || kind === "command" || kind === "meta"
const saidParts: ReadonlyArray<Part> = ["prompt", "tool"]
const addedParts: ReadonlyArray<Part> = ["other"]
const isSaid = (text: { readonly [Each in Part]: string }, terms: SearchTerms): boolean =>
  text.other === "" || saidParts.some((part) => holdsTerms(terms, text[part])) || !holdsTerms(terms, text.other)

/** Full text search: FTS5 on SQLite, tsvector on PostgreSQL, over the same words. */
export const layer: Layer.Layer<Search, never, Database | Models> = Layer.effect(
  Search,
  Effect.gen(function* () {
    const database = yield* Database
    const models = yield* Models
    const sql = database.read
    const failing = (operation: string) => storeError(database.location, operation)
    const t = (name: Parameters<typeof models.table>[0]) => sql.literal(models.table(name))

    // On SQLite the words come first, for they are found in the order of the keys; a join the other way round would look at every message.
    const source = (terms: ReturnType<typeof parseQuery>) =>
      sql.onDialectOrElse({
        pg: () => ({
          from: sql`${t("message_text")} f JOIN ${t("message")} m ON m.owner = f.owner AND m.id = f.id`,
          match: sql`f.words @@ ${toTsquery(terms)}::tsquery`,
          within: (parts: ReadonlyArray<Part>) => sql`f.words @@ ${toTsquery(terms, parts)}::tsquery`,
          // Weights tell parts apart here, and rank nothing.
          rank: sql`ts_rank('{0.1, 0.1, 0.1, 0.1}', f.words, ${toTsquery(terms)}::tsquery)`,
          key: sql.literal("f.id")
        }),
        orElse: () => ({
          from: sql`${t("message_text")} CROSS JOIN ${t("message")} m ON m.id = ${t("message_text")}.rowid`,
          match: sql`${t("message_text")} MATCH ${toFts5(terms)}`,
          within: (parts: ReadonlyArray<Part>) =>
            sql`${t("message_text")}.rowid IN (SELECT rowid FROM ${t("message_text")} WHERE ${t("message_text")} MATCH ${toFts5(terms, parts)})`,
          rank: sql`-bm25(${t("message_text")})`,
          key: sql`${t("message_text")}.rowid`
        })
      })

    const filters = Effect.fnUntraced(function* (owner: OwnerId, query: SearchQuery, { key, within }: ReturnType<typeof source>) {
      const list: Array<Fragment> = [sql`m.owner = ${owner}`]
      if (query.since !== undefined) list.push(sql`${key} >= ${keyFrom(query.since)}`)
      if (query.until !== undefined) list.push(sql`${key} < ${keyFrom(query.until)}`)
      if (query.sessionId !== undefined) {
        const [range] = yield* sql<{ no: number; first: number | null; last: number | null }>`
          SELECT k.no, MIN(m.id) AS first, MAX(m.id) AS last FROM session_key k JOIN ${t("message")} m ON m.session_no = k.no WHERE k.owner = ${owner} AND k.session_id = ${storable(query.sessionId)} GROUP BY k.no`
        // The bounds keep the search within the session's time; other sessions' words are not looked at.
        list.push(range === undefined ? sql`1 = 0` : sql`m.session_no = ${range.no} AND ${key} BETWEEN ${range.first} AND ${range.last}`)
      }
      if (query.agentId !== undefined) list.push(sql`m.thread = ${threadOf(query.agentId)}`)
      if (query.project !== undefined) {
        const project = query.project
        const sessions = yield* sql<{
          no: number
          updated_at: number
        }>`SELECT s.no, s.updated_at FROM ${t("session")} s LEFT JOIN directory d ON d.owner = s.owner AND d.path = s.cwd
          WHERE s.owner = ${owner} AND ${inProject(sql, project)}`
        const newest = sessions.reduce((latest, session) => Math.max(latest, session.updated_at), 0)
        list.push(
          sessions.length === 0
            ? sql`1 = 0`
            : sql`m.session_no ${anyOf(
                sql,
                sessions.map((session) => session.no)
              )} AND ${key} < ${keyFrom(newest + 1000)}`
        )
      }
      const inKinds = (kinds: ReadonlyArray<Message.MessageKind>) => sql`m.kind ${anyOf(sql, kinds.length === 0 ? [-1] : kinds.map(kindNumber))}`
      const kinds = Message.MessageKind.literals.filter((kind) => (query.kinds === undefined ? kind !== "han" : query.kinds.includes(kind)))
      const { role } = query
      if (role !== undefined) {
        // On the lines of prompts programs speak, too: as what the client is.
        const mixed = kinds.filter(isMixed)
        const said = inKinds(kinds.filter((kind) => !isMixed(kind) && Message.roleOf(kind) === role))
        list.push(role === "assistant" ? said : sql`(${said} OR (${inKinds(mixed)} AND ${within(role === "user" ? saidParts : addedParts)}))`)
      } else list.push(query.kinds === undefined ? sql`m.kind <> ${kindNumber("han")}` : inKinds(kinds))
      return sql.and(list)
    })

    return Search.of({
      messages: Effect.fn("Search.messages")(function* (query: SearchQuery, page: PageRequest) {
        const { owner } = yield* Viewer
        const terms = parseQuery(query.text)
        const { backward, size } = plan(page)
        const empty = pageOf<HitRow, SearchHit>(
          {},
          [],
          () => {
            throw new Error("an empty page has no rows")
          },
          () => ""
        )
        const ranked = query.order === "rank"
        const name = ranked ? "ranked" : "newest"
        const after = page.after === undefined ? undefined : (yield* decodeCursor(name, 1, page.after))[0]!
        const before = page.before === undefined ? undefined : (yield* decodeCursor(name, 1, page.before))[0]!
        if (terms.groups.length === 0) return empty
        const found = source(terms)
        const { from, key, match, rank } = found
        const where = sql`${match} AND ${yield* filters(owner, query, found)}`
        let rows: ReadonlyArray<HitRow>
        if (ranked) {
          // A rank is no key: a page of ranked hits is counted from the best. One row more than the page tells whether there are others.
          const lower = (after ?? -1) + 1
          const [all] = backward && before === undefined ? yield* sql<{ count: number }>`SELECT COUNT(*) AS count FROM ${from} WHERE ${where}` : []
          const upper = before ?? all?.count ?? Number.MAX_SAFE_INTEGER
          const first = backward ? Math.max(lower, upper - size - 1) : lower
          const limit = Math.max(0, Math.min(size + 1, upper - first))
          const hits =
            yield* sql<HitRow>`SELECT m.id, m.transcript_no, m.line, m.session_no, m.kind, ${rank} AS score FROM ${from} WHERE ${where} ORDER BY score DESC, m.id DESC LIMIT ${limit} OFFSET ${first}`
          rows = hits.map((row, index) => ({ ...row, position: first + index }))
          if (backward) rows = [...rows].reverse()
        } else {
          const bounds = sql.and([after === undefined ? sql`1 = 1` : sql`${key} < ${after}`, before === undefined ? sql`1 = 1` : sql`${key} > ${before}`])
          const order = sql.literal(backward ? "" : "DESC")
          const hits =
            yield* sql<HitRow>`SELECT m.id, m.transcript_no, m.line, m.session_no, m.kind, NULL AS score FROM ${from} WHERE ${where} AND ${bounds} ORDER BY ${key} ${order} LIMIT ${size + 1}`
          rows = hits.map((row) => ({ ...row, position: row.id }))
        }
        const at = yield* entriesAt(
          sql,
          rows.slice(0, size).map((row) => ({ transcriptNo: row.transcript_no, line: row.line }))
        )
        const excerpts = new Map<number, string>()
        for (const row of rows.slice(0, size)) {
          const found = at({ transcriptNo: row.transcript_no, line: row.line })
          if (found !== undefined) excerpts.set(row.id, yield* excerptOf(sql, row.session_no, found, terms))
        }
        const whole = rows.filter((row, index) => index === size || at({ transcriptNo: row.transcript_no, line: row.line }) !== undefined)
        return pageOf(
          page,
          whole,
          (row) => {
            const { decoded, entry, transcript } = at({ transcriptNo: row.transcript_no, line: row.line })!
            const kind = kindOfNumber(row.kind)
            const text = isMixed(kind) ? Message.searchTextOf(decoded) : null
            return new SearchHit(
              {
                sessionId: transcript.sessionId,
                agentId: transcript.agentId,
                messageId: Message.idOf(transcript, decoded, entry),
                kind,
                role: text === null || isSaid(text, terms) ? Message.roleOf(kind) : "system",
                at: decoded.envelope.at ?? instantOfKey(row.id),
                excerpt: excerpts.get(row.id) ?? "",
                score: row.score
              },
              { disableValidation: true }
            )
          },
          (row) => encodeCursor(name, [row.position])
        )
      }, failing("search")),
      count: Effect.fn("Search.count")(function* (query: SearchQuery) {
        const { owner } = yield* Viewer
        const terms = parseQuery(query.text)
        if (terms.groups.length === 0) return 0
        const found = source(terms)
        const { from, match } = found
        const [row] = yield* sql<{ count: number }>`SELECT COUNT(*) AS count FROM ${from} WHERE ${match} AND ${yield* filters(owner, query, found)}`
        return row!.count
      }, failing("search"))
    })
  })
)

/** A part of the line, or of a file that it points to when the words stand there. */
const excerptOf = Effect.fnUntraced(function* (sql: SqlClient.SqlClient, sessionNo: number, { decoded, transcript }: Found, terms: SearchTerms) {
  const found = Message.searchTextOf(decoded)
  const text = found === null ? "" : [found.prompt, found.answer, found.tool, found.other].filter((part) => part !== "").join("\n")
  if (hasMatch(text, terms)) return excerpt(text, terms)
  const names = pointersOf(transcript, decoded).flatMap(({ name, own }) => (own ? [{ sessionNo, name }] : []))
  if (names.length === 0) return excerpt(text, terms)
  const textsOf = yield* outputTexts(sql, names)
  return excerpt(names.flatMap(textsOf).find((output) => hasMatch(output, terms)) ?? text, terms)
})
