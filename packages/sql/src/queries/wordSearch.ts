import type { SqlError } from "@effect/sql/SqlError"
import * as Effect from "effect/Effect"
import { anyOf, arrayOf } from "../database/Database.ts"
import { wordsFunctionOf } from "../readmodels/pgWords.ts"
import { type Part, type SearchTerms, toFts5, toTsquery } from "../readmodels/words.ts"
import type { MessageRow } from "./messageRows.ts"
import type { Reading } from "./reader.ts"

/** The messages that a search is about, in the store's numbers. */
export interface Wanted {
  readonly terms: SearchTerms
  /** Keys of messages from here on, and below there. */
  readonly from: number | null
  readonly below: number | null
  /** Null for all of the owner's. */
  readonly sessions: ReadonlyArray<number> | null
  readonly thread: number | null
  readonly kinds: ReadonlyArray<number>
  /** Kinds whose lines count when the words stand in one of `parts`. */
  readonly mixed: { readonly kinds: ReadonlyArray<number>; readonly parts: ReadonlyArray<Part> } | null
}

export interface HitRow extends MessageRow {
  readonly session_no: number
  readonly kind: number
  readonly score: number | null
}

type Sort = "newest" | "oldest" | "rank"

/** Finds messages by their words. */
export const findWords = (reading: Reading, wanted: Wanted, sort: Sort, limit: number, skip = 0): Effect.Effect<ReadonlyArray<HitRow>, SqlError> => {
  const { owner, sql, t } = reading
  return sql.onDialectOrElse({
    pg: () => sql<HitRow>`
      SELECT m.id, m.transcript_no, m.line, m.session_no, m.kind, w.score FROM ${pgWords(reading, wanted, sort, limit, skip)} w
      JOIN ${t("message")} m ON m.owner_no = ${owner} AND m.id = w.id ORDER BY w.place`,
    orElse: () => {
      const { key, rest } = sqliteWords(reading, wanted)
      const score = sql.literal(sort === "rank" ? `-bm25(${reading.table("message_text")})` : "NULL")
      const order = sort === "rank" ? sql`score DESC, m.id DESC` : sort === "newest" ? sql`${key} DESC` : key
      return sql<HitRow>`SELECT m.id, m.transcript_no, m.line, m.session_no, m.kind, ${score} AS score ${rest} ORDER BY ${order} LIMIT ${limit} OFFSET ${skip}`
    }
  })
}

/** Counts messages by their words. */
export const countWords = (reading: Reading, wanted: Wanted): Effect.Effect<number, SqlError> => {
  const { sql } = reading
  return Effect.map(
    sql.onDialectOrElse({
      pg: () => sql<{ count: number }>`SELECT w.id AS count FROM ${pgWords(reading, wanted, "count", 0, 0)} w`,
      orElse: () => sql<{ count: number }>`SELECT COUNT(*) AS count ${sqliteWords(reading, wanted).rest}`
    }),
    ([row]) => row!.count
  )
}

const pgWords = (
  { sql, table }: Reading,
  { below, from, kinds, mixed, sessions, terms, thread }: Wanted,
  sort: Sort | "count",
  limit: number,
  skip: number
) => {
  const numbers = (list: ReadonlyArray<number> | null | undefined) => sql`${list === null || list === undefined ? null : arrayOf(list)}::bigint[]`
  return sql`${sql.literal(wordsFunctionOf(table("message")))}(${toTsquery(terms)}::tsquery, ${mixed === null ? null : toTsquery(terms, mixed.parts)}::tsquery,
    ${from}::bigint, ${below}::bigint, ${numbers(sessions)}, ${thread}::bigint, ${numbers(kinds)}, ${numbers(mixed?.kinds)}, ${sort}, ${limit}::bigint, ${skip}::bigint)`
}

// The words come first, for they are found in the order of the keys; a join the other way round would look at every message.
const sqliteWords = ({ owner, sql, t }: Reading, { below, from, kinds, mixed, sessions, terms, thread }: Wanted) => {
  const words = t("message_text")
  const key = sql`${words}.rowid`
  const inKinds = (numbers: ReadonlyArray<number>) => sql`m.kind ${anyOf(sql, numbers)}`
  const conditions = [sql`${words} MATCH ${toFts5(terms)}`, sql`m.owner_no = ${owner}`]
  if (from !== null) conditions.push(sql`${key} >= ${from}`)
  if (below !== null) conditions.push(sql`${key} < ${below}`)
  if (sessions !== null) conditions.push(sql`m.session_no ${anyOf(sql, sessions)}`)
  if (thread !== null) conditions.push(sql`m.thread = ${thread}`)
  const within = () => sql`${key} IN (SELECT rowid FROM ${words} WHERE ${words} MATCH ${toFts5(terms, mixed!.parts)})`
  conditions.push(mixed === null ? inKinds(kinds) : sql`(${inKinds(kinds)} OR (${inKinds(mixed.kinds)} AND ${within()}))`)
  return { key, rest: sql`FROM ${words} CROSS JOIN ${t("message")} m ON m.id = ${key} WHERE ${sql.and(conditions)}` }
}
