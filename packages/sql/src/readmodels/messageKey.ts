import { createHash } from "node:crypto"
import { MessageKind } from "han-core/Message"

/** Kinds as they are stored: the number is the place in this list, so it only ever grows at its end. */
const kinds = MessageKind.literals
export const kindNumber = (kind: MessageKind): number => kinds.indexOf(kind)
export const kindOfNumber = (number: number): MessageKind => kinds[number] ?? "unrecognized"

// A key is 4,096 places for each millisecond since 2020, so that keys in order are messages in order, and below 2^53 until 2089.
const epoch = Date.UTC(2020, 0, 1)
const places = 4096
// Room is left behind it for the lines that follow one with such a time.
const lastInstant = epoch + 2 ** 41 - 2 ** 21

/** The part of the keys of messages that tells transcripts apart, whatever order they come in. */
export interface KeySeed {
  /** Where they begin within a millisecond: transcripts with the same instants, such as forks, seldom meet. */
  readonly place: number
  /** Where those of messages without any time begin. */
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

/** When a key's message was written, for keys that were not moved beyond their millisecond. */
export const instantOfKey = (key: number): number | null => (key < 0 ? null : Math.floor(key / places) + epoch)

/** The conversation of a session that a line belongs to: 0 is the session's own, every subagent has one of its own. */
export const threadOf = (agentId: string | null): number => (agentId === null ? 0 : createHash("sha256").update(agentId).digest().readUIntBE(0, 6))
