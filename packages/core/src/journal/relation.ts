import { Buffer } from "node:buffer"
import { createHash } from "node:crypto"
import * as Effect from "effect/Effect"
import * as Stream from "effect/Stream"
import type { Entry } from "./Entry.ts"
import type { Work } from "./indexWork.ts"
import type { TranscriptInfo } from "./Journal.ts"
import type { TranscriptFile } from "./Transcripts.ts"

/** The relation of lines that are kept to those of a file that is not their continuation. */
export interface Relation {
  /** They have a line in common, by its id. */
  readonly shared: boolean
  /** Each of them went on without the other after the last line that they share: then neither can stand for the other. */
  readonly branched: boolean
  /** The file has every line that is kept. */
  readonly contained: boolean
  /** The kept lines have one with an id, and so are more than the client's bookkeeping. */
  readonly conversation: boolean
}

// Of the beginning of each. Nearly all transcripts are shorter; of longer ones it decides.
const maxLines = 50_000
const maxBytes = 64 << 20
const readAtOnce = 500

/** Reads both from their beginning: something that is only done when a file was written anew, or is another one of the same session. */
export const relate = Effect.fn("Indexer.relate")(function* (work: Work, kept: TranscriptInfo, file: TranscriptFile) {
  const before: Array<string> = []
  let conversation = false
  for (let line = 0, bytes = 0; line < Math.min(kept.lines, maxLines) && bytes < maxBytes; ) {
    const entries = yield* work.journal.read(kept.id, line, readAtOnce)
    if (entries.length === 0) break
    for (const entry of entries) {
      const id = uuidOf(entry)
      conversation ||= id !== null
      before.push(id ?? digest(entry))
      bytes += entry.bytes.length
    }
    line += entries.length
  }
  const now = new Set<string>()
  let bytes = 0
  yield* work.transcripts.read(file, { line: 0, offset: 0 }).pipe(
    Stream.takeUntil(({ entries, end }) => {
      for (const entry of entries) now.add(uuidOf(entry) ?? digest(entry))
      bytes = end
      return now.size >= maxLines || end >= maxBytes
    }),
    Stream.runDrain
  )
  work.tally.bytesRead += bytes
  const known = new Set(before)
  const lastShared = before.findLastIndex((id) => now.has(id))
  const hasOwn = [...now].some((id) => !known.has(id))
  return {
    shared: lastShared >= 0,
    branched: hasOwn && lastShared < before.length - 1,
    contained: before.every((id) => now.has(id)),
    conversation
  } satisfies Relation
})

const uuidOf = ({ bytes }: Entry): string | null => {
  try {
    const record: unknown = JSON.parse(Buffer.from(bytes.buffer, bytes.byteOffset, bytes.byteLength).toString("utf8"))
    return typeof record === "object" && record !== null && "uuid" in record && typeof record.uuid === "string" && record.uuid !== "" ? record.uuid : null
  } catch {
    return null
  }
}

const digest = ({ bytes }: Entry): string => createHash("sha256").update(bytes).digest("base64")
