import type * as SqlClient from "@effect/sql/SqlClient"
import type { SqlError } from "@effect/sql/SqlError"
import * as Effect from "effect/Effect"
import * as Message from "han-core/Message"
import * as Sentiment from "han-core/Sentiment"
import type { DecodedLine } from "han-core/SessionEvent"
import { isConversation } from "han-core/SessionState"
import { type Chunk, type Chunks, type Deltas, upsert } from "./chunk.ts"
import { anyOf, insertRows, pairs, storable, type Value } from "./Database.ts"
import { idHash } from "./idHash.ts"
import { keySeed, kindNumber, messageKey, threadOf } from "./messageKey.ts"
import { normalise, vector } from "./words.ts"

interface Wanted {
  key: number
  readonly chunk: Chunk
  readonly thread: number
  readonly uuid: string
  readonly uuidHash: number
  readonly kind: Message.MessageKind
  readonly decoded: DecodedLine
  /** The line's time, or the one before it. */
  readonly at: number | null
}

interface TranscriptState {
  readonly transcript_no: number
  readonly last_at: number | null
  readonly started_at: number | null
  readonly updated_at: number | null
  readonly messages: number
}

/** A row for each line that a page shows, and its words; and what each transcript has told of its time. */
export const projectMessages = Effect.fnUntraced(function* (sql: SqlClient.SqlClient, chunks: Chunks, deltas: Deltas): Effect.fn.Return<void, SqlError> {
  const [{ owner, table }] = chunks
  const states = new Map(
    (yield* sql<TranscriptState>`SELECT transcript_no, last_at, started_at, updated_at, messages FROM ${sql.literal(table("transcript_state"))}
      WHERE transcript_no ${anyOf(sql, [...new Set(chunks.map((chunk) => chunk.no))])}`).map((state) => [state.transcript_no, state])
  )
  const wanted = new Map<string, Wanted>()
  for (const chunk of chunks) {
    const seed = keySeed(chunk.id)
    const thread = threadOf(chunk.transcript.agentId)
    let state: TranscriptState = states.get(chunk.no) ?? { transcript_no: chunk.no, last_at: null, started_at: null, updated_at: null, messages: 0 }
    chunk.decoded.forEach((decoded, index) => {
      const at = decoded.envelope.at
      if (at !== null) state = { ...state, last_at: at, started_at: Math.min(state.started_at ?? at, at), updated_at: Math.max(state.updated_at ?? at, at) }
      const kind = Message.kindOf(decoded)
      if (kind === null) return
      const uuid = storable(Message.idOf(chunk.transcript, decoded, chunk.entries[index]!))
      const place = placeOf(chunk.sessionNo, uuid)
      // A line that a file repeats is one message, where it stands first.
      if (wanted.has(place)) return
      const time = at ?? state.last_at
      wanted.set(place, { key: messageKey(time, chunk.no, decoded.line, seed), chunk, thread, uuid, uuidHash: idHash(uuid), kind, decoded, at: time })
    })
    states.set(chunk.no, state)
  }
  const fresh = yield* notThere(sql, table, wanted)
  yield* settleKeys(sql, table, fresh)
  yield* insertRows(
    sql,
    { table: table("message"), columns: "id, owner, session_no, thread, transcript_no, line, uuid_hash, uuid, kind" },
    fresh.map((message) => [
      message.key,
      owner,
      message.chunk.sessionNo,
      message.thread,
      message.chunk.no,
      message.decoded.line,
      message.uuidHash,
      message.uuid,
      kindNumber(message.kind)
    ])
  )
  addWords(sql, chunks, fresh)
  yield* addMoods(sql, chunks, fresh, deltas)
  for (const { at, chunk, decoded, kind } of fresh) {
    if (!isConversation(kind)) continue
    const state = states.get(chunk.no)!
    states.set(chunk.no, { ...state, messages: state.messages + 1 })
    if (chunk.transcript.kind === "agent") continue
    if (!isCopy(chunk, decoded)) {
      const activity = deltas.activity(chunk.sessionNo, at)
      activity.messages++
      if (Message.isPrompt(kind, decoded)) activity.prompts++
    }
    const delta = deltas.of(chunk.sessionNo)
    delta.messages++
    if (Message.isPrompt(kind, decoded)) delta.prompts++
  }
  const sessionOf = new Map(chunks.map((chunk) => [chunk.no, chunk.sessionNo]))
  yield* upsert(
    sql,
    table("transcript_state"),
    ["transcript_no"],
    ["transcript_no", "session_no", "last_at", "started_at", "updated_at", "messages"],
    [...states.values()].map((state) => [
      state.transcript_no,
      sessionOf.get(state.transcript_no)!,
      state.last_at,
      state.started_at,
      state.updated_at,
      state.messages
    ])
  )
})

/** Whether a fork carries the line from the session that it was made in, where it counts. */
const isCopy = (chunk: Chunk, { envelope }: DecodedLine): boolean => {
  const from = envelope.requestSessionId ?? envelope.forkedFrom
  return from !== null && from !== chunk.transcript.sessionId
}

/** Milliseconds that a human takes for a prompt, by its length. */
const promptMs = (text: string): number => Math.min(Math.max(text.length * 500, 5000), 120_000)
const levels = { low: 1, moderate: 2, high: 3 } as const
const billion = 1e9

/** What the prompts of humans say of how they feel. */
const addMoods = Effect.fnUntraced(function* (sql: SqlClient.SqlClient, [{ owner, table }]: Chunks, messages: ReadonlyArray<Wanted>, deltas: Deltas) {
  const rows: Array<ReadonlyArray<Value>> = []
  for (const { at, chunk, decoded, key, kind } of messages) {
    if (!Message.isPrompt(kind, decoded) || chunk.transcript.kind === "agent" || isCopy(chunk, decoded)) continue
    const said = Message.spokenText(decoded) ?? ""
    const activity = deltas.activity(chunk.sessionNo, at)
    activity.prompt_ms += promptMs(said)
    const found = Sentiment.analyse(said)
    if (found === null) continue
    const score = Math.round(found.score * billion)
    activity.analysed++
    activity.score += score
    if (found.frustration !== null) activity[found.frustration.level]++
    const frustration = Math.round((found.frustration?.score ?? 0) * billion)
    rows.push([chunk.sessionNo, key, owner, score, frustration, found.frustration === null ? 0 : levels[found.frustration.level], found.signals.join("\n")])
  }
  yield* insertRows(
    sql,
    { table: table("mood"), columns: "session_no, message_id, owner, score, frustration, level, signals", suffix: "ON CONFLICT DO NOTHING" },
    rows
  )
})

const placeOf = (sessionNo: number, uuid: string): string => `${sessionNo}/${uuid}`

/** Those that the session does not have yet. */
const notThere = Effect.fnUntraced(function* (sql: SqlClient.SqlClient, table: Chunk["table"], wanted: ReadonlyMap<string, Wanted>) {
  const asked = [...wanted.values()].map(({ chunk, uuidHash }) => [chunk.sessionNo, uuidHash] as const)
  if (asked.length === 0) return []
  const rows = yield* sql<{ session_no: number; uuid: string }>`
    SELECT m.session_no, m.uuid FROM ${pairs(sql, asked)} CROSS JOIN ${sql.literal(table("message"))} m WHERE m.session_no = pair.a AND m.uuid_hash = pair.b`
  const there = new Set(rows.map((row) => placeOf(row.session_no, row.uuid)))
  return [...wanted].flatMap(([place, message]) => (there.has(place) ? [] : [message]))
})

/** Moves keys that are taken to the next free ones. */
const settleKeys = Effect.fnUntraced(function* (sql: SqlClient.SqlClient, table: Chunk["table"], messages: ReadonlyArray<Wanted>) {
  const taken = new Set<number>()
  const ask = Effect.fnUntraced(function* (keys: ReadonlyArray<number>) {
    if (keys.length === 0) return
    for (const { id } of yield* sql<{ id: number }>`SELECT id FROM ${sql.literal(table("message"))} WHERE id ${anyOf(sql, keys)}`) taken.add(id)
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

const addWords = (sql: SqlClient.SqlClient, [{ owner, table, words }]: Chunks, messages: ReadonlyArray<Wanted>): void => {
  const pg = sql.onDialectOrElse({ pg: () => true, orElse: () => false })
  const rows: Array<ReadonlyArray<string | number>> = []
  for (const message of messages) {
    const text = Message.searchTextOf(message.decoded)
    if (text === null) continue
    rows.push(
      pg ? [owner, message.key, vector(text)] : [message.key, normalise(text.prompt), normalise(text.answer), normalise(text.tool), normalise(text.other)]
    )
  }
  if (pg) words.add(table("message_text"), "owner, id, words", 1, rows)
  else words.add(table("message_text"), "rowid, prompt, answer, tool, other", 0, rows)
}
