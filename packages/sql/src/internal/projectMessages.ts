import type * as SqlClient from "@effect/sql/SqlClient"
import type { SqlError } from "@effect/sql/SqlError"
import * as Effect from "effect/Effect"
import * as Message from "han-core/Message"
import { isConversation } from "han-core/SessionState"
import { anyOf, insertRows, storable } from "./Database.ts"
import type { Chunk, Deltas } from "./chunk.ts"
import { keySeed, kindNumber, messageKey, threadOf } from "./messageKey.ts"
import { normalise, vector } from "./words.ts"

interface Wanted {
  key: number
  readonly line: number
  readonly uuid: string
  readonly kind: Message.MessageKind
  readonly index: number
}

/** A row for each line that a page shows, and its words. Gives the newest time that the transcript has told. */
export const projectMessages = Effect.fnUntraced(function*(sql: SqlClient.SqlClient, chunk: Chunk, deltas: Deltas): Effect.fn.Return<void, SqlError> {
  const [state] = yield* sql<{ last_at: number | null; started_at: number | null; updated_at: number | null; messages: number }>`
    SELECT last_at, started_at, updated_at, messages FROM ${sql.literal(chunk.table("transcript_state"))} WHERE transcript_no = ${chunk.no}`
  let lastAt = state?.last_at ?? null
  let startedAt = state?.started_at ?? null
  let updatedAt = state?.updated_at ?? null
  const seed = keySeed(chunk.id)
  const thread = threadOf(chunk.transcript.agentId)
  const wanted = new Map<string, Wanted>()
  chunk.decoded.forEach((decoded, index) => {
    const at = decoded.envelope.at
    if (at !== null) {
      lastAt = at
      startedAt = Math.min(startedAt ?? at, at)
      updatedAt = Math.max(updatedAt ?? at, at)
    }
    const kind = Message.kindOf(decoded)
    if (kind === null) return
    const uuid = storable(Message.idOf(chunk.transcript, decoded, chunk.entries[index]!))
    // A line that a file repeats is one message, where it stands first.
    if (!wanted.has(uuid)) wanted.set(uuid, { key: messageKey(at ?? lastAt, chunk.no, decoded.line, seed), line: decoded.line, uuid, kind, index })
  })
  const messages = [...wanted.values()]
  yield* settleKeys(sql, chunk, messages)
  const added = new Set(
    (yield* insertRows<{ uuid: string }>(
      sql,
      { table: chunk.table("message"), columns: "id, owner, session_no, thread, transcript_no, line, uuid, kind", suffix: "ON CONFLICT (session_no, uuid) DO NOTHING RETURNING uuid" },
      messages.map((message) => [message.key, chunk.owner, chunk.sessionNo, thread, chunk.no, message.line, message.uuid, kindNumber(message.kind)])
    )).map((row) => row.uuid)
  )
  const fresh = messages.filter((message) => added.has(message.uuid))
  addWords(sql, chunk, fresh)
  const conversation = fresh.filter((message) => isConversation(message.kind))
  if (chunk.transcript.kind !== "agent") {
    const delta = deltas.of(chunk.sessionNo)
    delta.messages += conversation.length
    delta.prompts += fresh.filter((message) => message.kind === "prompt").length
  }
  const count = (state?.messages ?? 0) + conversation.length
  yield* sql`INSERT INTO ${sql.literal(chunk.table("transcript_state"))} ${
    sql.insert({ transcript_no: chunk.no, session_no: chunk.sessionNo, last_at: lastAt, started_at: startedAt, updated_at: updatedAt, messages: count })
  } ON CONFLICT (transcript_no) DO UPDATE SET last_at = excluded.last_at, started_at = excluded.started_at, updated_at = excluded.updated_at, messages = excluded.messages`
})

/** Moves keys that are taken to the next free ones. */
const settleKeys = Effect.fnUntraced(function*(sql: SqlClient.SqlClient, chunk: Chunk, messages: ReadonlyArray<Wanted>) {
  const taken = new Set<number>()
  const ask = Effect.fnUntraced(function*(keys: ReadonlyArray<number>) {
    if (keys.length === 0) return
    for (const { id } of yield* sql<{ id: number }>`SELECT id FROM ${sql.literal(chunk.table("message"))} WHERE id ${anyOf(sql, keys)}`) taken.add(id)
  })
  yield* ask(messages.map((message) => message.key))
  const given = new Set<number>()
  const homeless: Array<Wanted> = []
  for (const message of messages) {
    if (taken.has(message.key) || given.has(message.key)) homeless.push(message)
    else given.add(message.key)
  }
  let reach = 8
  while (homeless.length > 0) {
    yield* ask(homeless.flatMap((message) => Array.from({ length: reach }, (_, step) => message.key + step + 1)))
    for (let left = homeless.length; left > 0; left--) {
      const message = homeless.shift()!
      const limit = message.key + reach
      let key = message.key + 1
      while (key <= limit && (taken.has(key) || given.has(key))) key++
      message.key = key
      if (key > limit) {
        message.key = limit
        homeless.push(message)
      } else given.add(key)
    }
    reach = Math.min(reach * 4, 2048)
  }
})

const addWords = (sql: SqlClient.SqlClient, chunk: Chunk, messages: ReadonlyArray<Wanted>): void => {
  const pg = sql.onDialectOrElse({ pg: () => true, orElse: () => false })
  const rows: Array<ReadonlyArray<string | number>> = []
  for (const message of messages) {
    const decoded = chunk.decoded[message.index]
    const text = decoded === undefined ? null : Message.searchTextOf(decoded)
    if (text === null) continue
    rows.push(
      pg
        ? [chunk.owner, message.key, vector(`${text.prompt}\n${text.answer}\n${text.tool}\n${text.other}`)]
        : [message.key, normalise(text.prompt), normalise(text.answer), normalise(text.tool), normalise(text.other)]
    )
  }
  if (pg) chunk.words.add(chunk.table("message_text"), "owner, id, words", 1, rows)
  else chunk.words.add(chunk.table("message_text"), "rowid, prompt, answer, tool, other", 0, rows)
}
