import * as Effect from "effect/Effect"
import { DirectoryWriter } from "han-core/Directories"
import { transcriptFileId } from "han-core/Entry"
import { type Append, type EntryGap, JournalWriter } from "han-core/JournalWriter"
import type { StoreError } from "han-core/StoreError"
import type { ToolOutputGap } from "han-core/ToolOutput"
import { type OwnerId, Viewer } from "han-core/Viewer"
import type { EarlierOutput, EarlierStore, EarlierTranscript } from "./EarlierStore.ts"

/** Told of each step, with the number of lines that are done. */
export type Step = (lines: number) => Effect.Effect<void>

/** Errors of the store that is written: a line or a part that does not fit is a fault of the copy, not of the earlier file. */
type Failure = StoreError | EntryGap | ToolOutputGap

/** Copies the whole journal of an earlier build into an empty store, which projects it. Lines come in the order in which they were first written. */
export const copyEarlier = Effect.fnUntraced(function* (from: EarlierStore, step: Step): Effect.fn.Return<void, Failure, JournalWriter | DirectoryWriter> {
  let lines = 0
  for (const owner of from.owners) {
    yield* Effect.gen(function* () {
      // Before the lines: what is looked for by them, or beside them, is there when they are projected.
      yield* copyForgotten(from, owner)
      yield* copyDirectories(from, owner)
      yield* copyOutputs(from, owner, step(lines))
      const transcripts = yield* from.transcripts(owner)
      yield* nameTranscripts(transcripts)
      yield* copyLines(from, owner, transcripts, (more) => step((lines += more)))
      yield* noteMissing(transcripts)
    }).pipe(Effect.provideService(Viewer, { owner, person: null }))
  }
})

const copyForgotten = Effect.fnUntraced(function* (from: EarlierStore, owner: OwnerId) {
  yield* (yield* JournalWriter).noteForgotten(yield* from.forgotten(owner))
})

const copyDirectories = Effect.fnUntraced(function* (from: EarlierStore, owner: OwnerId) {
  const writer = yield* DirectoryWriter
  const directories = yield* from.directories(owner)
  // An earlier store was one machine's, and did not say of its directories which.
  const machines = new Set((yield* from.transcripts(owner)).map(({ info }) => info.transcript.machine))
  for (const machine of machines) for (const { facts, path } of directories) yield* writer.note({ machine, path }, facts)
})

const copyOutputs = Effect.fnUntraced(function* (from: EarlierStore, owner: OwnerId, stepped: Effect.Effect<void>) {
  for (const output of yield* from.outputs(owner)) {
    yield* copyOutput(from, output)
    yield* stepped
  }
})

const copyOutput = Effect.fnUntraced(function* (from: EarlierStore, { no, output }: EarlierOutput) {
  const writer = yield* JournalWriter
  // One without a byte is an output, too.
  if (output.kept === 0) return yield* writer.keepOutputs([{ output, offset: 0, bytes: new Uint8Array(0) }])
  for (let piece = yield* from.pieceAt(no, 0); piece !== null; piece = yield* from.pieceAt(no, piece.offset + 1)) {
    const { bytes, offset } = piece
    yield* writer.keepOutputs([{ output: { ...output, kept: offset + bytes.length }, offset, bytes }])
  }
})

/** Transcripts of one transaction. */
const maxNamed = 256

/** Makes the transcripts, in their order and without lines, and says which of them took the place of others while that costs nothing. */
const nameTranscripts = Effect.fnUntraced(function* (transcripts: ReadonlyArray<EarlierTranscript>) {
  const writer = yield* JournalWriter
  for (let at = 0; at < transcripts.length; at += maxNamed) {
    yield* writer.appendAll(
      transcripts.slice(at, at + maxNamed).map(({ info: { file, meta, transcript } }) => ({
        transcript,
        entries: [],
        source: { file: file ?? undefined, meta: meta ?? undefined }
      }))
    )
  }
  const replacing = new Map<string, Append>()
  for (const { info } of transcripts) {
    if (info.replacedBy === null) continue
    const newer = { ...info.transcript, generation: info.replacedBy }
    const key = `${transcriptFileId(newer)}/${newer.generation}`
    const replaces = [...(replacing.get(key)?.source?.replaces ?? []), info.transcript.generation]
    replacing.set(key, { transcript: newer, entries: [], source: { replaces } })
  }
  for (const append of replacing.values()) yield* writer.appendAll([append])
})

/** Bytes of lines, and of the records they point to, that one transaction takes; a single block of lines may be longer. */
const transactionBytes = 2 << 20

const copyLines = Effect.fnUntraced(function* (from: EarlierStore, owner: OwnerId, transcripts: ReadonlyArray<EarlierTranscript>, step: Step) {
  const writer = yield* JournalWriter
  const byNo = new Map(transcripts.map(({ info, no }) => [no, info.transcript]))
  let pending: Array<Append> = []
  let bytes = 0
  let lines = 0
  const flush = Effect.suspend(() => {
    const [appends, count] = [pending, lines]
    pending = []
    bytes = lines = 0
    return appends.length === 0 ? Effect.void : Effect.zipRight(writer.appendAll(appends), step(count))
  })
  let sequence = 0
  for (;;) {
    const found = yield* from.linesAfter(owner, sequence)
    if (found.length === 0) break
    for (const { entries, sequence: at, transcriptNo } of found) {
      sequence = at
      // Lines of no transcript: nothing shows them, and the comparison looks at transcripts.
      const transcript = byNo.get(transcriptNo)
      if (transcript === undefined) continue
      pending.push({ transcript, entries })
      lines += entries.length
      for (const entry of entries) bytes += entry.bytes.length + 1 + (entry.payload?.length ?? 0)
      if (bytes >= transactionBytes) yield* flush
    }
  }
  yield* flush
})

const noteMissing = Effect.fnUntraced(function* (transcripts: ReadonlyArray<EarlierTranscript>) {
  const writer = yield* JournalWriter
  const missing = transcripts.flatMap(({ info: { id, missingSince } }) => (missingSince === null ? [] : [{ id, missingSince }]))
  for (const [at, ids] of Map.groupBy(missing, ({ missingSince }) => missingSince))
    yield* writer.markMissing(
      ids.map(({ id }) => id),
      at
    )
})
