import type { Fragment } from "@effect/sql/Statement"
import * as Effect from "effect/Effect"
import * as Layer from "effect/Layer"
import * as Message from "han-core/Message"
import type { PageRequest } from "han-core/Page"
import { Search, SearchHit, type SearchQuery } from "han-core/Search"
import { pointersOf } from "han-core/unstable/OutputPointers"
import { Viewer } from "han-core/Viewer"
import { entriesOfRows, type Found } from "../blocks/entriesAt.ts"
import { anyOf, type Database, storable } from "../database/Database.ts"
import { decodeCursor, plan } from "../database/page.ts"
import { instantOfKey, keyFrom, kindNumbers, kindOfNumber, threadOf } from "../readmodels/messageKey.ts"
import { outputTexts } from "../readmodels/outputTexts.ts"
import type { ReadModelTables } from "../readmodels/ReadModelTables.ts"
import { holdsTerms, type Part, parseQuery, type SearchTerms, toFts5, toTsquery } from "../readmodels/words.ts"
import { excerpt, hasMatch } from "./excerpt.ts"
import { inProject } from "./inProject.ts"
import { type MessageRow, messagePage } from "./messageRows.ts"
import { type Reader, type Reading, reader } from "./reader.ts"

interface HitRow extends MessageRow {
  readonly session_no: number
  readonly kind: number
  readonly score: number | null
}

/** Kinds of lines on which programs speak, beside somebody or alone. */
const isMixed = (kind: Message.MessageKind): boolean => kind === "prompt" || kind === "command" || kind === "meta"
const saidParts: ReadonlyArray<Part> = ["prompt", "tool"]
const addedParts: ReadonlyArray<Part> = ["other"]
const isSaid = (text: { readonly [Each in Part]: string }, terms: SearchTerms): boolean =>
  text.other === "" || saidParts.some((part) => holdsTerms(terms, text[part])) || !holdsTerms(terms, text.other)

/** Full text search: FTS5 on SQLite, tsvector on PostgreSQL, over the same words. */
export const make = Effect.map(reader, (read) => Search.of({ messages: messages(read), count: count(read) }))

export const layer: Layer.Layer<Search, never, Database | ReadModelTables> = Layer.effect(Search, make)

/** The parts of a statement that looks for words, in a database's own way. */
interface Source {
  readonly from: Fragment
  readonly match: Fragment
  /** The words stand in these parts of a message. */
  readonly within: (parts: ReadonlyArray<Part>) => Fragment
  readonly rank: Fragment
  readonly key: Fragment
}

// On SQLite the words come first, for they are found in the order of the keys; a join the other way round would look at every message.
const sourceOf = ({ sql, t }: Reader, terms: SearchTerms): Source =>
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

/** The condition of a search: the words, and what else the query asks for. */
const conditionOf = Effect.fnUntraced(function* (reading: Reading, query: SearchQuery, source: Source) {
  const { owner, sql } = reading
  const { key, match } = source
  const list: Array<Fragment> = [match, sql`m.owner = ${owner}`]
  if (query.since !== undefined) list.push(sql`${key} >= ${keyFrom(query.since)}`)
  if (query.until !== undefined) list.push(sql`${key} < ${keyFrom(query.until)}`)
  if (query.sessionId !== undefined) list.push(yield* inSession(reading, query.sessionId, key))
  if (query.agentId !== undefined) list.push(sql`m.thread = ${threadOf(query.agentId)}`)
  if (query.project !== undefined) list.push(yield* ofProject(reading, query.project, key))
  list.push(ofKinds(reading, query, source))
  return sql.and(list)
})

/** The bounds keep the search within the session's time; other sessions' words are not looked at. */
const inSession = Effect.fnUntraced(function* ({ owner, sql, t }: Reading, sessionId: string, key: Fragment) {
  const [range] = yield* sql<{ no: number; first: number | null; last: number | null }>`
    SELECT k.no, MIN(m.id) AS first, MAX(m.id) AS last FROM session_key k JOIN ${t("message")} m ON m.session_no = k.no
    WHERE k.owner = ${owner} AND k.session_id = ${storable(sessionId)} GROUP BY k.no`
  return range === undefined ? sql`1 = 0` : sql`m.session_no = ${range.no} AND ${key} BETWEEN ${range.first} AND ${range.last}`
})

const ofProject = Effect.fnUntraced(function* ({ owner, sql, t }: Reading, project: string, key: Fragment) {
  const sessions = yield* sql<{ no: number; updated_at: number }>`
    SELECT s.no, s.updated_at FROM ${t("session")} s LEFT JOIN directory d ON d.owner = s.owner AND d.path = s.cwd WHERE s.owner = ${owner} AND ${inProject(sql, project)}`
  if (sessions.length === 0) return sql`1 = 0`
  const newest = sessions.reduce((latest, session) => Math.max(latest, session.updated_at), 0)
  const nos = sessions.map((session) => session.no)
  return sql`m.session_no ${anyOf(sql, nos)} AND ${key} < ${keyFrom(newest + 1000)}`
})

const ofKinds = ({ sql }: Reader, { kinds: asked, role }: SearchQuery, { within }: Source): Fragment => {
  const inKinds = (kinds: ReadonlyArray<Message.MessageKind>) => sql`m.kind ${anyOf(sql, kinds.length === 0 ? [-1] : kinds.map((kind) => kindNumbers[kind]))}`
  if (role === undefined) return asked === undefined ? sql`m.kind <> ${kindNumbers.han}` : inKinds(asked)
  const kinds = Message.MessageKind.literals.filter((kind) => (asked === undefined ? kind !== "han" : asked.includes(kind)))
  const said = inKinds(kinds.filter((kind) => !isMixed(kind) && Message.roleOf(kind) === role))
  // On the lines of prompts programs speak, too: as what the client is.
  return role === "assistant" ? said : sql`(${said} OR (${inKinds(kinds.filter(isMixed))} AND ${within(role === "user" ? saidParts : addedParts)}))`
}

/** A page of hits, each with its place in its order. */
type Placed = ReadonlyArray<HitRow & { readonly position: number }>
interface Bounds {
  readonly after: number | undefined
  readonly before: number | undefined
}

/** A rank is no key: a page of ranked hits is counted from the best. One row more than the page tells whether there are others. */
const rankedHits = Effect.fnUntraced(function* ({ sql }: Reader, { from, rank }: Source, where: Fragment, page: PageRequest, { after, before }: Bounds) {
  const { backward, size } = plan(page)
  const lower = (after ?? -1) + 1
  const [all] = backward && before === undefined ? yield* sql<{ count: number }>`SELECT COUNT(*) AS count FROM ${from} WHERE ${where}` : []
  const upper = before ?? all?.count ?? Number.MAX_SAFE_INTEGER
  const first = backward ? Math.max(lower, upper - size - 1) : lower
  const limit = Math.max(0, Math.min(size + 1, upper - first))
  const hits = yield* sql<HitRow>`
    SELECT m.id, m.transcript_no, m.line, m.session_no, m.kind, ${rank} AS score FROM ${from} WHERE ${where} ORDER BY score DESC, m.id DESC LIMIT ${limit} OFFSET ${first}`
  const placed: Placed = hits.map((row, index) => ({ ...row, position: first + index }))
  return backward ? placed.toReversed() : placed
})

const newestHits = Effect.fnUntraced(function* ({ sql }: Reader, { from, key }: Source, where: Fragment, page: PageRequest, { after, before }: Bounds) {
  const { backward, size } = plan(page)
  const bounds = sql.and([after === undefined ? sql`1 = 1` : sql`${key} < ${after}`, before === undefined ? sql`1 = 1` : sql`${key} > ${before}`])
  const order = sql.literal(backward ? "" : "DESC")
  const hits = yield* sql<HitRow>`
    SELECT m.id, m.transcript_no, m.line, m.session_no, m.kind, NULL AS score FROM ${from} WHERE ${where} AND ${bounds} ORDER BY ${key} ${order} LIMIT ${size + 1}`
  return hits.map((row) => ({ ...row, position: row.id })) satisfies Placed
})

/** The hits of rows, by the row's id; one whose line is being forgotten has none. */
const hitsOf = Effect.fnUntraced(function* (read: Reader, rows: Placed, terms: SearchTerms) {
  const find = yield* entriesOfRows(read.sql, rows)
  const hits = new Map<number, SearchHit>()
  for (const row of rows) {
    const found = find(row)
    if (found !== undefined) hits.set(row.id, hitOf(row, found, terms, yield* excerptOf(read, row.session_no, found, terms)))
  }
  return hits
})

const hitOf = (row: HitRow, { decoded, entry, transcript }: Found, terms: SearchTerms, excerpt: string): SearchHit => {
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
      excerpt,
      score: row.score
    },
    { disableValidation: true }
  )
}

const messages = (read: Reader): typeof Search.Service.messages =>
  Effect.fn("Search.messages")(function* (query: SearchQuery, page: PageRequest) {
    const reading = { ...read, ...(yield* Viewer) }
    const terms = parseQuery(query.text)
    const ranked = query.order === "rank"
    const list = ranked ? "ranked" : "newest"
    const positionOf = (cursor: string | undefined) =>
      cursor === undefined ? Effect.succeed(undefined) : Effect.map(decodeCursor(list, 1, cursor), ([at]) => at)
    const bounds = { after: yield* positionOf(page.after), before: yield* positionOf(page.before) }
    if (terms.groups.length === 0) return { items: [], hasNext: false, hasPrevious: false }
    const source = sourceOf(read, terms)
    const where = yield* conditionOf(reading, query, source)
    const rows = yield* (ranked ? rankedHits : newestHits)(read, source, where, page, bounds)
    const hits = yield* hitsOf(read, rows.slice(0, plan(page).size), terms)
    return messagePage(list, page, rows, hits, ({ position }) => position)
  }, read.failing("search"))

const count = (read: Reader): typeof Search.Service.count =>
  Effect.fn("Search.count")(function* (query: SearchQuery) {
    const reading = { ...read, ...(yield* Viewer) }
    const terms = parseQuery(query.text)
    if (terms.groups.length === 0) return 0
    const source = sourceOf(read, terms)
    const [row] = yield* read.sql<{ count: number }>`SELECT COUNT(*) AS count FROM ${source.from} WHERE ${yield* conditionOf(reading, query, source)}`
    return row!.count
  }, read.failing("search"))

/** A part of the line, or of a file that it points to when the words stand there. */
const excerptOf = Effect.fnUntraced(function* ({ sql }: Reader, sessionNo: number, { decoded, transcript }: Found, terms: SearchTerms) {
  const found = Message.searchTextOf(decoded)
  const text = found === null ? "" : [found.prompt, found.answer, found.tool, found.other].filter((part) => part !== "").join("\n")
  if (hasMatch(text, terms)) return excerpt(text, terms)
  const names = pointersOf(transcript, decoded).flatMap(({ name, own }) => (own ? [{ sessionNo, name }] : []))
  if (names.length === 0) return excerpt(text, terms)
  const textsOf = yield* outputTexts(sql, names)
  return excerpt(names.flatMap(textsOf).find((output) => hasMatch(output, terms)) ?? text, terms)
})
