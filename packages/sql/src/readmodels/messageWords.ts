import type * as SqlClient from "@effect/sql/SqlClient"
import type { SqlError } from "@effect/sql/SqlError"
import * as Effect from "effect/Effect"
import * as Message from "han-core/Message"
import type { DecodedLine } from "han-core/SessionEvent"
import { searchedOutputBytes, type ToolOutputPointer } from "han-core/ToolOutput"
import { pointersOf } from "han-core/unstable/OutputPointers"
import { entriesAt } from "../blocks/entriesAt.ts"
import { anyOf, insertRows, storable, type Value } from "../database/Database.ts"
import type { Chunk, Chunks } from "./chunk.ts"
import { type OutputName, outputTexts } from "./outputTexts.ts"
import { PendingWords } from "./pendingWords.ts"
import type { Table } from "./ReadModels.ts"
import { normalise, type Part, searchable, vector } from "./words.ts"

/** A message whose words are to be found. */
export interface Worded {
  readonly key: number
  readonly chunk: Chunk
  readonly decoded: DecodedLine
  /** Its row, in the order of `messageColumns`. */
  readonly row: ReadonlyArray<Value>
}
export const messageColumns = "owner_no, id, session_no, thread, transcript_no, line, uuid_hash, uuid, kind"

/** Writes messages that have just come, their words, and where their lines point to. */
export const addMessages = Effect.fnUntraced(function* (
  sql: SqlClient.SqlClient,
  [{ owner, table, words }]: Chunks,
  messages: ReadonlyArray<Worded>
): Effect.fn.Return<void, SqlError> {
  const pointers = new Map<number, ReadonlyArray<ToolOutputPointer>>()
  const rows: Array<ReadonlyArray<Value>> = []
  const row = (kind: OutputKind, { chunk, decoded, key }: Worded, name: string, path: string | null, other: string | null): ReadonlyArray<Value> => [
    owner,
    chunk.sessionNo,
    key,
    storable(name),
    kind,
    chunk.no,
    decoded.line,
    path === null ? null : storable(path),
    other === null ? null : storable(other)
  ]
  for (const message of messages) {
    const found = pointersOf(message.chunk.transcript, message.decoded)
    if (found.length === 0) continue
    pointers.set(message.key, found)
    for (const { name, own, path, sessionId } of found)
      rows.push(own ? row(pointsTo, message, name, null, null) : row(refused, message, sessionId === null ? path : name, path, sessionId))
  }
  const pg = isPg(sql)
  const plain: Array<WithWords> = []
  const waiting: Array<Worded> = []
  const worded = (message: Worded, outputs: ReadonlyArray<string>): WithWords => {
    const text = Message.boundedSearchTextOf(message.decoded, outputs)
    const found = text === null ? null : searchedOf(text)
    if (found?.isCut === true) rows.push(row(cut, message, "", null, null))
    return { message, parts: found?.parts ?? null }
  }
  // On PostgreSQL the words stand in the row itself.
  if (!pg)
    yield* insertRows(
      sql,
      { table: table("message"), columns: messageColumns },
      messages.map((message) => message.row)
    )
  const put = (some: ReadonlyArray<WithWords>) =>
    pg
      ? insertRows(
          sql,
          { table: table("message"), columns: `${messageColumns}, words` },
          some.map(({ message, parts }) => [...message.row, parts === null ? null : vector(parts)])
        )
      : Effect.sync(() =>
          putWords(
            words,
            table,
            some.flatMap(({ message, parts }) => (parts === null ? [] : [ftsRow(message.key, parts)]))
          )
        )
  for (const message of messages) {
    if (pointers.has(message.key)) {
      waiting.push(message)
      continue
    }
    plain.push(worded(message, []))
  }
  yield* put(plain)
  for (let from = 0; from < waiting.length; from += textsAtOnce) {
    const some = waiting.slice(from, from + textsAtOnce)
    const namesOf = ({ chunk, key }: Worded) => ownNames(chunk.sessionNo, pointers.get(key) ?? [])
    const textsOf = yield* outputTexts(sql, owner, some.flatMap(namesOf))
    yield* put(some.map((message) => worded(message, bounded(namesOf(message).flatMap(textsOf)))))
    // Not all outputs of a long chunk in memory at once.
    yield* words.insert(sql)
  }
  yield* putRefs(sql, table, rows)
})

const putRefs = (sql: SqlClient.SqlClient, table: (name: Table) => string, rows: ReadonlyArray<ReadonlyArray<Value>>) =>
  insertRows(
    sql,
    {
      table: table("output_ref"),
      columns: "owner_no, session_no, message_id, name, kind, transcript_no, line, path, other_session",
      suffix: "ON CONFLICT DO NOTHING"
    },
    rows
  )

/** Lines whose outputs are looked up together. */
const textsAtOnce = 16

/** The kinds of a row of "output_ref": the line points to that output of its session · to a file elsewhere · has more words than can be found. */
export type OutputKind = typeof pointsTo | typeof refused | typeof cut
export const pointsTo = 0
export const refused = 1
export const cut = 2

const ownNames = (sessionNo: number, pointers: ReadonlyArray<ToolOutputPointer>): ReadonlyArray<OutputName> =>
  pointers.flatMap(({ name, own }) => (own ? [{ sessionNo, name }] : []))

/** Cuts the outputs of one line to the length that a single one may have. */
const bounded = (texts: ReadonlyArray<string>): ReadonlyArray<string> => {
  let left = searchedOutputBytes
  return texts.map((text) => {
    const kept = text.slice(0, Math.max(0, left))
    left -= kept.length
    return kept
  })
}

/** The words anew of the messages whose lines point to these outputs, of which more came. */
export const wordAgain = Effect.fnUntraced(function* (
  sql: SqlClient.SqlClient,
  owner: number,
  table: (name: Table) => string,
  of: OutputName
): Effect.fn.Return<void, SqlError> {
  const t = (name: Table) => sql.literal(table(name))
  const rows = yield* sql<{ message_id: number; transcript_no: number; line: number }>`
    SELECT message_id, transcript_no, line FROM ${t("output_ref")} WHERE owner_no = ${owner} AND session_no = ${of.sessionNo} AND name = ${storable(of.name)} AND kind = ${pointsTo} ORDER BY message_id`
  for (let from = 0; from < rows.length; from += textsAtOnce) {
    const some = rows.slice(from, from + textsAtOnce)
    const find = yield* entriesAt(
      sql,
      owner,
      some.map((row) => ({ transcriptNo: row.transcript_no, line: row.line }))
    )
    const words = new PendingWords()
    const ids = some.map((row) => row.message_id)
    const isCut: Array<ReadonlyArray<Value>> = []
    for (const row of some) {
      const line = find({ transcriptNo: row.transcript_no, line: row.line })
      if (line === undefined) continue
      const names = ownNames(of.sessionNo, pointersOf(line.transcript, line.decoded))
      const text = Message.boundedSearchTextOf(line.decoded, bounded(names.flatMap(yield* outputTexts(sql, owner, names))))
      if (text === null) continue
      const found = searchedOf(text)
      if (isPg(sql)) yield* sql`UPDATE ${t("message")} SET words = ${vector(found.parts)}::tsvector WHERE owner_no = ${owner} AND id = ${row.message_id}`
      else putWords(words, table, [ftsRow(row.message_id, found.parts)])
      if (found.isCut) isCut.push([owner, of.sessionNo, row.message_id, "", cut, row.transcript_no, row.line, null, null])
    }
    yield* putRefs(sql, table, isCut)
    if (!isPg(sql)) yield* sql`DELETE FROM ${t("message_text")} WHERE rowid ${anyOf(sql, ids)}`
    yield* words.insert(sql)
  }
})

type Found = NonNullable<ReturnType<typeof Message.boundedSearchTextOf>>

const isPg = (sql: SqlClient.SqlClient): boolean => sql.onDialectOrElse({ pg: () => true, orElse: () => false })

/** A message with the parts of its text that are searched; null for one without any. */
interface WithWords {
  readonly message: Worded
  readonly parts: Parts | null
}
type Parts = { readonly [Each in Part]: string }

/** The parts as far as both databases can find their words. `isCut`: the line has more of them. */
const searchedOf = ({ isCut, text }: Found): { readonly parts: Parts; readonly isCut: boolean } => {
  const [prompt, answer, tool, other] = searchable([text.prompt, text.answer, text.tool, text.other])
  const length = prompt.length + answer.length + tool.length + other.length
  return { parts: { prompt, answer, tool, other }, isCut: isCut || length < text.prompt.length + text.answer.length + text.tool.length + text.other.length }
}

const ftsRow = (key: number, { answer, other, prompt, tool }: Parts): ReadonlyArray<string | number> => [
  key,
  normalise(prompt),
  normalise(answer),
  normalise(tool),
  normalise(other)
]

const putWords = (words: PendingWords, table: (name: Table) => string, rows: ReadonlyArray<ReadonlyArray<string | number>>): void => {
  if (rows.length > 0) words.add(table("message_text"), "rowid, prompt, answer, tool, other", 0, rows)
}
