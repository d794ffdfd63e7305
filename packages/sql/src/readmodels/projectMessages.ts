import type * as SqlClient from "@effect/sql/SqlClient"
import type { SqlError } from "@effect/sql/SqlError"
import * as Effect from "effect/Effect"
import type { Transcript, TranscriptId } from "han-core/Entry"
import * as Message from "han-core/Message"
import * as Sentiment from "han-core/Sentiment"
import type { DecodedLine } from "han-core/SessionEvent"
import { fitOf, originOf } from "han-core/unstable/Origin"
import { isConversation } from "han-core/unstable/SessionState"
import { entriesAt, type Found } from "../blocks/entriesAt.ts"
import { anyOf, insertRows, pairs, storable, type Value } from "../database/Database.ts"
import { idHash } from "../database/idHash.ts"
import type { Chunk, Chunks, Deltas } from "./chunk.ts"
import { instantOfKey, keySeed, kindNumber, kindOfNumber, messageKey, threadOf } from "./messageKey.ts"
import { addMessages } from "./messageWords.ts"
import { alsoLoad, type TranscriptState, type TranscriptStates } from "./transcriptStates.ts"

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

/** A message as it counts: what it adds is taken back when the line turns out to be another transcript's. */
interface Counted {
  readonly transcript: Transcript
  readonly sessionNo: number
  readonly decoded: DecodedLine
  readonly kind: Message.MessageKind
  readonly at: number | null
}

/** A row for each line that a page shows, and its words; and what each transcript has told of its time. */
export const projectMessages = Effect.fnUntraced(function* (
  sql: SqlClient.SqlClient,
  chunks: Chunks,
  deltas: Deltas,
  states: TranscriptStates
): Effect.fn.Return<void, SqlError> {
  const [{ owner, table }] = chunks
  const wanted = new Map<string, Wanted>()
  for (const chunk of chunks) {
    const seed = keySeed(chunk.id)
    const thread = threadOf(chunk.transcript.agentId)
    const state = states.get(chunk.no)!
    chunk.decoded.forEach((decoded, index) => {
      const at = decoded.envelope.at
      if (at !== null) {
        state.lastAt = at
        state.startedAt = Math.min(state.startedAt ?? at, at)
        state.updatedAt = Math.max(state.updatedAt ?? at, at)
      }
      const kind = Message.kindOf(decoded)
      if (kind === null) return
      const time = at ?? state.lastAt
      // A line hangs on lines before it in its file, whatever the clock said.
      const key = Math.max(messageKey(time, decoded.line, seed), (state.lastKey ?? Number.NEGATIVE_INFINITY) + 1)
      state.lastKey = key
      const uuid = storable(Message.idOf(chunk.transcript, decoded, chunk.entries[index]!))
      const place = placeOf(chunk.sessionNo, uuid)
      const have = wanted.get(place)
      // A line that a file repeats is one message, where it stands first; one that several transcripts have is the message of the one that it fits best.
      if (have !== undefined && (have.chunk.no === chunk.no || !fitsBetter(chunk, decoded, have.chunk, have.decoded))) return
      wanted.set(place, { key, chunk, thread, uuid, uuidHash: idHash(uuid), kind, decoded, at: time })
    })
  }
  const { fresh, ousted, taken } = yield* compareWithThere(sql, chunks, wanted)
  if (ousted.length > 0) yield* takeBack(sql, chunks, ousted, deltas, states)
  yield* settleKeys(sql, chunks, fresh, taken)
  yield* addMessages(
    sql,
    chunks,
    fresh.map((message) => ({ ...message, row: rowOf(owner, message) }))
  )
  const moods: Array<ReadonlyArray<Value>> = []
  for (const { at, chunk, decoded, key, kind } of fresh) {
    const counted: Counted = { transcript: chunk.transcript, sessionNo: chunk.sessionNo, decoded, kind, at }
    const mood = moodOf(counted)
    count(counted, mood, 1, deltas, states.get(chunk.no)!)
    if (mood !== null) moods.push(moodRow(owner, chunk.sessionNo, key, mood))
  }
  yield* insertRows(
    sql,
    { table: table("mood"), columns: "owner_no, session_no, message_id, score, frustration, level, signals", suffix: "ON CONFLICT DO NOTHING" },
    moods
  )
})

/** In the order of `messageColumns`. */
const rowOf = (owner: number, { chunk, decoded, key, kind, thread, uuid, uuidHash }: Wanted): ReadonlyArray<Value> => [
  owner,
  key,
  chunk.sessionNo,
  thread,
  chunk.no,
  decoded.line,
  uuidHash,
  uuid,
  kindNumber(kind)
]

type Mood = NonNullable<ReturnType<typeof Sentiment.analyse>>

const isOwn = ({ decoded, transcript }: Counted): boolean => transcript.kind !== "agent" && originOf(transcript, decoded.envelope) === null

/** The mood that a human's prompt shows. */
const moodOf = (message: Counted): Mood | null =>
  Message.isPrompt(message.kind, message.decoded) && isOwn(message) ? Sentiment.analyse(Message.spokenText(message.decoded) ?? "") : null

const scoreOf = (mood: Mood): number => Math.round(mood.score * billion)

const moodRow = (owner: number, sessionNo: number, key: number, mood: Mood): ReadonlyArray<Value> => {
  const frustration = Math.round((mood.frustration?.score ?? 0) * billion)
  return [owner, sessionNo, key, scoreOf(mood), frustration, mood.frustration === null ? 0 : levels[mood.frustration.level], mood.signals.join("\n")]
}

const count = (message: Counted, mood: Mood | null, sign: 1 | -1, deltas: Deltas, state: TranscriptState): void => {
  const { at, decoded, kind, sessionNo, transcript } = message
  if (isConversation(kind)) {
    state.messages += sign
    state.changed = true
  }
  if (transcript.kind === "agent") return
  if (!isConversation(kind)) return
  if (isOwn(message)) {
    const activity = deltas.activity(sessionNo, at)
    activity.messages += sign
    if (Message.isPrompt(kind, decoded)) {
      activity.prompts += sign
      activity.prompt_ms += sign * promptMs(Message.spokenText(decoded) ?? "")
    }
    if (mood !== null) {
      activity.analysed += sign
      activity.score += sign * scoreOf(mood)
      if (mood.frustration !== null) activity[mood.frustration.level] += sign
    }
  }
  const delta = deltas.of(sessionNo)
  delta.messages += sign
  if (Message.isPrompt(kind, decoded)) delta.prompts += sign
}

const fitsBetter = (one: Pick<Chunk, "id" | "transcript">, line: DecodedLine, other: Pick<Chunk, "id" | "transcript">, otherLine: DecodedLine): boolean => {
  const difference = fitOf(one.transcript, line.envelope) - fitOf(other.transcript, otherLine.envelope)
  return difference < 0 || (difference === 0 && one.id < other.id)
}

/** Milliseconds that a human takes for a prompt, by its length. */
const promptMs = (text: string): number => Math.min(Math.max(text.length * 500, 5000), 120_000)
const levels = { low: 1, moderate: 2, high: 3 } as const
const billion = 1e9

const placeOf = (sessionNo: number, uuid: string): string => `${sessionNo}/${uuid}`

interface ThereRow {
  readonly id: number
  readonly session_no: number
  readonly uuid: string
  readonly transcript_no: number
  readonly line: number
  readonly kind: number
}

/** Finds lines that the session does not have yet, or has as lines of a transcript that they fit less, and the rows of these; and which of the lines' keys others have. */
const compareWithThere = Effect.fnUntraced(function* (sql: SqlClient.SqlClient, [{ owner, table }]: Chunks, wanted: ReadonlyMap<string, Wanted>) {
  const asked: Array<readonly [number, number]> = []
  for (const { chunk, uuidHash } of wanted.values()) if (!chunk.isFirst) asked.push([chunk.sessionNo, uuidHash])
  const keys = [...wanted.values()].map(({ key }) => key)
  if (keys.length === 0) return { fresh: [], ousted: [], taken: new Set<number>() }
  const ofKeys = takenKeys(sql, owner, table("message"), keys)
  if (asked.length === 0) return { fresh: [...wanted.values()], ousted: [], taken: new Set((yield* ofKeys).map(({ id }) => id)) }
  const found = yield* sql<ThereRow & { readonly taken: number }>`
    SELECT m.id, m.session_no, m.uuid, m.transcript_no, m.line, m.kind, 0 AS taken FROM ${pairs(sql, asked)} CROSS JOIN ${sql.literal(table("message"))} m
    WHERE m.owner_no = ${owner} AND m.session_no = pair.a AND m.uuid_hash = pair.b
    UNION ALL SELECT id, 0, '', 0, 0, 0, 1 FROM (${ofKeys}) k`
  const rows = found.filter(({ taken }) => taken === 0)
  const taken = new Set(found.flatMap((row) => (row.taken === 1 ? [row.id] : [])))
  const there = new Map(rows.map((row) => [placeOf(row.session_no, row.uuid), row]))
  const rivals = [...wanted].flatMap(([place, message]) => {
    const row = there.get(place)
    return row === undefined || row.transcript_no === message.chunk.no ? [] : [{ place, message, row }]
  })
  const find = yield* entriesAt(
    sql,
    owner,
    rivals.map(({ row }) => ({ transcriptNo: row.transcript_no, line: row.line }))
  )
  const ousted = rivals.flatMap(({ message, place, row }) => {
    const found = find({ transcriptNo: row.transcript_no, line: row.line })
    if (
      found !== undefined &&
      !fitsBetter(message.chunk, message.decoded, { id: found.transcriptId as TranscriptId, transcript: found.transcript }, found.decoded)
    )
      return []
    return [{ place, row, found }]
  })
  const won = new Set(ousted.map(({ place }) => place))
  for (const { row } of ousted) taken.delete(row.id)
  return { fresh: [...wanted].flatMap(([place, message]) => (there.has(place) && !won.has(place) ? [] : [message])), ousted, taken }
})

/** Those of these keys that messages have. SQLite's are places of rows in one table of all owners. */
const takenKeys = (sql: SqlClient.SqlClient, owner: number, table: string, keys: ReadonlyArray<number>) => {
  const whose = sql.onDialectOrElse({ pg: () => sql`owner_no = ${owner} AND `, orElse: () => sql`` })
  return sql<{ id: number }>`SELECT id FROM ${sql.literal(table)} WHERE ${whose}id ${anyOf(sql, keys)}`
}

/** Removes messages that turned out to be lines of another transcript, and what they added. */
const takeBack = Effect.fnUntraced(function* (
  sql: SqlClient.SqlClient,
  chunks: Chunks,
  ousted: ReadonlyArray<{ readonly row: ThereRow; readonly found: Found | undefined }>,
  deltas: Deltas,
  states: TranscriptStates
) {
  const [{ owner, table, words }] = chunks
  yield* alsoLoad(
    sql,
    chunks,
    states,
    ousted.map(({ row }) => row.transcript_no)
  )
  for (const { found, row } of ousted) {
    const state = states.get(row.transcript_no)
    if (found === undefined || state === undefined) continue
    const at = found.decoded.envelope.at ?? instantOfKey(row.id)
    const counted: Counted = { transcript: found.transcript, sessionNo: row.session_no, decoded: found.decoded, kind: kindOfNumber(row.kind), at }
    count(counted, moodOf(counted), -1, deltas, state)
  }
  const keys = ousted.map(({ row }) => row.id)
  words.remove(table("message_text"), new Set(keys))
  yield* sql.onDialectOrElse({ pg: () => Effect.void, orElse: () => sql`DELETE FROM ${sql.literal(table("message_text"))} WHERE rowid ${anyOf(sql, keys)}` })
  const sessions = anyOf(sql, [...new Set(ousted.map(({ row }) => row.session_no))])
  yield* sql`DELETE FROM ${sql.literal(table("output_ref"))} WHERE owner_no = ${owner} AND session_no ${sessions} AND message_id ${anyOf(sql, keys)}`
  yield* sql`DELETE FROM ${sql.literal(table("mood"))} WHERE owner_no = ${owner} AND session_no ${sessions} AND message_id ${anyOf(sql, keys)}`
  yield* sql`DELETE FROM ${sql.literal(table("message"))} WHERE owner_no = ${owner} AND id ${anyOf(sql, keys)}`
})

/** Moves keys that are taken to the next free ones. */
const settleKeys = Effect.fnUntraced(function* (sql: SqlClient.SqlClient, [{ owner, table }]: Chunks, messages: ReadonlyArray<Wanted>, taken: Set<number>) {
  const given = new Set<number>()
  const displaced: Array<Wanted> = []
  for (const message of messages) {
    if (taken.has(message.key) || given.has(message.key)) displaced.push(message)
    else given.add(message.key)
  }
  let reach = 8
  while (displaced.length > 0) {
    const next = displaced.flatMap((message) => Array.from({ length: reach }, (_, step) => message.key + step + 1))
    for (const { id } of yield* takenKeys(sql, owner, table("message"), next)) taken.add(id)
    for (let left = displaced.length; left > 0; left--) {
      const message = displaced.shift()!
      const limit = message.key + reach
      let key = message.key + 1
      while (key <= limit && (taken.has(key) || given.has(key))) key++
      message.key = key
      if (key > limit) {
        message.key = limit
        displaced.push(message)
      } else given.add(key)
    }
    reach = Math.min(reach * 4, 2048)
  }
})
