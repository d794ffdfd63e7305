import * as Effect from "effect/Effect"
import * as Layer from "effect/Layer"
import * as Message from "han-core/Message"
import type { PageRequest } from "han-core/Page"
import { Search, SearchHit, type SearchQuery } from "han-core/Search"
import { pointersOf } from "han-core/unstable/OutputPointers"
import { entriesOfRows, type Found } from "../blocks/entriesAt.ts"
import { type Database, storable } from "../database/Database.ts"
import { decodeCursor, plan } from "../database/page.ts"
import { instantOfKey, keyFrom, kindNumbers, kindOfNumber, threadOf } from "../readmodels/messageKey.ts"
import { outputTexts } from "../readmodels/outputTexts.ts"
import type { ReadModelTables } from "../readmodels/ReadModelTables.ts"
import { holdsTerms, type Part, parseQuery, type SearchTerms } from "../readmodels/words.ts"
import { excerpt, hasMatch } from "./excerpt.ts"
import { inProject } from "./inProject.ts"
import { messagePage } from "./messageRows.ts"
import { onBehalf, type Reader, type Reading, reader } from "./reader.ts"
import { countWords, findWords, type HitRow, type Wanted } from "./wordSearch.ts"

/** Kinds of lines on which programs speak, beside somebody or alone. */
const isMixed = (kind: Message.MessageKind): boolean => kind === "prompt" || kind === "command" || kind === "meta"
const saidParts: ReadonlyArray<Part> = ["prompt", "tool"]
const addedParts: ReadonlyArray<Part> = ["other"]
const isSaid = (text: { readonly [Each in Part]: string }, terms: SearchTerms): boolean =>
  text.other === "" || saidParts.some((part) => holdsTerms(terms, text[part])) || !holdsTerms(terms, text.other)

/** Full text search: FTS5 on SQLite, tsvector on PostgreSQL, over the same words. */
export const make = Effect.map(reader, (read) => Search.of({ messages: messages(read), count: count(read) }))

export const layer: Layer.Layer<Search, never, Database | ReadModelTables> = Layer.effect(Search, make)

/** The conditions of a search in the store's numbers; null when it can find nothing. */
const wantedOf = Effect.fnUntraced(function* (reading: Reading, query: SearchQuery, terms: SearchTerms) {
  const limits: Array<Limits> = [
    {
      from: query.since === undefined ? null : keyFrom(query.since),
      below: query.until === undefined ? null : keyFrom(query.until),
      sessions: null
    }
  ]
  if (query.sessionId !== undefined) limits.push(yield* inSession(reading, query.sessionId))
  if (query.project !== undefined) limits.push(yield* ofProject(reading, query.project))
  if (query.author !== undefined) limits.push(yield* ofAuthor(reading, query.author))
  const limit = limits.reduce(within)
  if (limit.sessions?.length === 0) return null
  return { terms, ...limit, thread: query.agentId === undefined ? null : threadOf(query.agentId), ...kindsOf(query) } satisfies Wanted
})

type Limits = Pick<Wanted, "from" | "below" | "sessions">
const within = (a: Limits, b: Limits): Limits => ({
  from: a.from === null || b.from === null ? (a.from ?? b.from) : Math.max(a.from, b.from),
  below: a.below === null || b.below === null ? (a.below ?? b.below) : Math.min(a.below, b.below),
  sessions: a.sessions === null || b.sessions === null ? (a.sessions ?? b.sessions) : a.sessions.filter((no) => b.sessions!.includes(no))
})

/** The bounds keep the search within the session's time; other sessions' words are not looked at. */
const inSession = Effect.fnUntraced(function* ({ owner, sql, t }: Reading, sessionId: string) {
  const [range] = yield* sql<{ no: number; first: number; last: number }>`
    SELECT k.no, MIN(m.id) AS first, MAX(m.id) AS last FROM session_key k JOIN ${t("message")} m ON m.owner_no = k.owner_no AND m.session_no = k.no
    WHERE k.owner_no = ${owner} AND k.session_id = ${storable(sessionId)} GROUP BY k.no`
  return range === undefined ? { from: null, below: null, sessions: [] } : { from: range.first, below: range.last + 1, sessions: [range.no] }
})

const ofProject = Effect.fnUntraced(function* ({ owner, sql, t }: Reading, project: string) {
  const sessions = yield* sql<{ no: number; updated_at: number }>`
    SELECT s.no, s.updated_at FROM ${t("session")} s LEFT JOIN directory d ON d.owner_no = s.owner_no AND d.machine = s.machine AND d.path = s.cwd
    WHERE s.owner_no = ${owner} AND ${inProject(sql, project)}`
  const newest = sessions.reduce((latest, session) => Math.max(latest, session.updated_at), 0)
  return { from: null, below: keyFrom(newest + 1000), sessions: sessions.map((session) => session.no) }
})

const ofAuthor = Effect.fnUntraced(function* ({ owner, sql, t }: Reading, author: string) {
  const sessions = yield* sql<{ no: number }>`SELECT s.no FROM ${t("session")} s WHERE s.owner_no = ${owner} AND s.author = ${storable(author)}`
  return { from: null, below: null, sessions: sessions.map((session) => session.no) }
})

const kindsOf = ({ kinds: asked, role }: SearchQuery): Pick<Wanted, "kinds" | "mixed"> => {
  const kinds = Message.MessageKind.literals.filter((kind) => (asked === undefined ? kind !== "han" : asked.includes(kind)))
  const numbers = (of: ReadonlyArray<Message.MessageKind>) => of.map((kind) => kindNumbers[kind])
  if (role === undefined) return { kinds: numbers(kinds), mixed: null }
  const said = numbers(kinds.filter((kind) => !isMixed(kind) && Message.roleOf(kind) === role))
  // On the lines of prompts programs speak, too: as what the client is.
  return { kinds: said, mixed: role === "assistant" ? null : { kinds: numbers(kinds.filter(isMixed)), parts: role === "user" ? saidParts : addedParts } }
}

/** A page of hits, each with its place in its order. */
type Placed = ReadonlyArray<HitRow & { readonly position: number }>
interface Bounds {
  readonly after: number | undefined
  readonly before: number | undefined
}

/** A rank is no key: a page of ranked hits is counted from the best. One row more than the page tells whether there are others. */
const rankedHits = Effect.fnUntraced(function* (reading: Reading, wanted: Wanted, page: PageRequest, { after, before }: Bounds) {
  const { backward, size } = plan(page)
  const lower = (after ?? -1) + 1
  const all = backward && before === undefined ? yield* countWords(reading, wanted) : undefined
  const upper = before ?? all ?? Number.MAX_SAFE_INTEGER
  const first = backward ? Math.max(lower, upper - size - 1) : lower
  const limit = Math.max(0, Math.min(size + 1, upper - first))
  const hits = yield* findWords(reading, wanted, "rank", limit, first)
  const placed: Placed = hits.map((row, index) => ({ ...row, position: first + index }))
  return backward ? placed.toReversed() : placed
})

const newestHits = Effect.fnUntraced(function* (reading: Reading, wanted: Wanted, page: PageRequest, { after, before }: Bounds) {
  const { backward, size } = plan(page)
  const bounds: Limits = { from: before === undefined ? null : before + 1, below: after ?? null, sessions: null }
  const hits = yield* findWords(reading, { ...wanted, ...within(wanted, bounds) }, backward ? "oldest" : "newest", size + 1)
  return hits.map((row) => ({ ...row, position: row.id })) satisfies Placed
})

/** The hits of rows, by the row's id; one whose line is being forgotten has none. */
const hitsOf = Effect.fnUntraced(function* (reading: Reading, rows: Placed, terms: SearchTerms) {
  const find = yield* entriesOfRows(reading.sql, reading.owner, rows)
  const hits = new Map<number, SearchHit>()
  for (const row of rows) {
    const found = find(row)
    if (found !== undefined) hits.set(row.id, hitOf(row, found, terms, yield* excerptOf(reading, row.session_no, found, terms)))
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
    const reading = yield* onBehalf(read)
    const terms = parseQuery(query.text)
    const ranked = query.order === "rank"
    const list = ranked ? "ranked" : "newest"
    const positionOf = (cursor: string | undefined) =>
      cursor === undefined ? Effect.succeed(undefined) : Effect.map(decodeCursor(list, 1, cursor), ([at]) => at)
    const bounds = { after: yield* positionOf(page.after), before: yield* positionOf(page.before) }
    if (terms.groups.length === 0) return { items: [], hasNext: false, hasPrevious: false }
    const wanted = yield* wantedOf(reading, query, terms)
    if (wanted === null) return { items: [], hasNext: false, hasPrevious: false }
    const rows = yield* (ranked ? rankedHits : newestHits)(reading, wanted, page, bounds)
    const hits = yield* hitsOf(reading, rows.slice(0, plan(page).size), terms)
    return messagePage(list, page, rows, hits, ({ position }) => position)
  }, read.answer("search"))

const count = (read: Reader): typeof Search.Service.count =>
  Effect.fn("Search.count")(function* (query: SearchQuery) {
    const reading = yield* onBehalf(read)
    const terms = parseQuery(query.text)
    if (terms.groups.length === 0) return 0
    const wanted = yield* wantedOf(reading, query, terms)
    return wanted === null ? 0 : yield* countWords(reading, wanted)
  }, read.answer("search"))

/** A part of the line, or of a file that it points to when the words stand there. */
const excerptOf = Effect.fnUntraced(function* ({ owner, sql }: Reading, sessionNo: number, { decoded, transcript }: Found, terms: SearchTerms) {
  const found = Message.searchTextOf(decoded)
  const text = found === null ? "" : [found.prompt, found.answer, found.tool, found.other].filter((part) => part !== "").join("\n")
  if (hasMatch(text, terms)) return excerpt(text, terms)
  const names = pointersOf(transcript, decoded).flatMap(({ name, own }) => (own ? [{ sessionNo, name }] : []))
  if (names.length === 0) return excerpt(text, terms)
  const textsOf = yield* outputTexts(sql, owner, names)
  return excerpt(names.flatMap(textsOf).find((output) => hasMatch(output, terms)) ?? text, terms)
})
