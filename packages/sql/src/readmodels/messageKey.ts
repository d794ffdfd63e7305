import { createHash } from "node:crypto"
import type { MessageKind } from "han-core/Message"

/** The numbers that stand for kinds in the database. A number is never changed, and never given to another kind. */
export const kindNumbers: Readonly<Record<MessageKind, number>> = {
  prompt: 0,
  machine: 1,
  command: 2,
  output: 3,
  interrupt: 4,
  meta: 5,
  compaction: 6,
  "tool-result": 7,
  answer: 8,
  "tool-call": 9,
  system: 10,
  attachment: 11,
  summary: 12,
  queue: 13,
  title: 14,
  snapshot: 15,
  progress: 16,
  han: 17,
  unrecognized: 18,
  unreadable: 19
}
const kindsByNumber = new Map(Object.entries(kindNumbers).map(([kind, number]) => [number, kind as MessageKind]))
export const kindNumber = (kind: MessageKind): number => kindNumbers[kind]
export const kindOfNumber = (number: number): MessageKind => kindsByNumber.get(number) ?? "unrecognized"

// A key is 4,096 places for each millisecond since 2020, so that keys in order are messages in order, and below 2^53 until 2089.
const epoch = Date.UTC(2020, 0, 1)
const places = 4096
// Room is left behind it for the lines that follow one with such a time.
const lastInstant = epoch + 2 ** 41 - 2 ** 21

/** The part of the keys of messages that tells transcripts apart, whatever order they come in. */
export interface KeySeed {
  /** The place within a millisecond from which keys count up, so that transcripts with the same instants, such as forks, seldom collide. */
  readonly place: number
  /** The first key of messages without any time. */
  readonly timeless: number
}
export const keySeed = (transcriptId: string): KeySeed => {
  const digest = createHash("sha256").update(transcriptId).digest()
  return { place: digest.readUInt16BE(0) % places, timeless: digest.readUIntBE(2, 3) * 2 ** 27 - 2 ** 52 }
}

/** The key that a message would like to have; it takes the next free one when that is taken. A message without any time comes before all others. */
export const messageKey = (at: number | null, line: number, seed: KeySeed): number =>
  at === null ? seed.timeless + line : (Math.min(Math.max(Math.trunc(at), epoch), lastInstant) - epoch) * places + ((seed.place + line) % places)

/** The smallest key of an instant; every message of that time or later has a greater or equal one. */
export const keyFrom = (at: number): number => (Math.min(Math.max(Math.trunc(at), epoch), lastInstant) - epoch) * places

/** The millisecond at which a key's message was written; null for a message without any time. */
export const instantOfKey = (key: number): number | null => (key < 0 ? null : Math.floor(key / places) + epoch)

/** The number of a conversation in its session: 0 for the session's own, another for each subagent. */
export const threadOf = (agentId: string | null): number => (agentId === null ? 0 : createHash("sha256").update(agentId).digest().readUIntBE(0, 6))
