import { Buffer } from "node:buffer"
import { isDeepStrictEqual } from "node:util"
import * as Effect from "effect/Effect"
import * as Stream from "effect/Stream"
import type { Entry } from "han-core/Entry"
import { Journal, type TranscriptInfo } from "han-core/Journal"
import { StoreError } from "han-core/StoreError"
import { toolOutputId } from "han-core/ToolOutput"
import { type OwnerId, Viewer } from "han-core/Viewer"
import { yieldUntilIdle } from "../database/Database.ts"
import type { Step } from "./copyEarlier.ts"
import type { EarlierOutput, EarlierStore, EarlierTranscript } from "./EarlierStore.ts"

/** Reads both journals line by line, and fails with the first thing that is not the same in the copy. */
export const compareEarlier = Effect.fnUntraced(function* (from: EarlierStore, step: Step): Effect.fn.Return<void, StoreError, Journal> {
  let lines = 0
  for (const owner of from.owners) {
    yield* Effect.gen(function* () {
      yield* compareForgotten(from, owner)
      yield* compareOutputs(from, owner)
      yield* compareTranscripts(from, owner, (more) => step((lines += more)))
    }).pipe(Effect.provideService(Viewer, { owner, person: null }))
  }
})

const differs = ({ location }: EarlierStore, what: string) =>
  new StoreError({ operation: "compare", reason: "failed", message: `the copy of ${location} is not the same: ${what}` })

const compareForgotten = Effect.fnUntraced(function* (from: EarlierStore, owner: OwnerId) {
  const journal = yield* Journal
  for (const { sessionId } of yield* from.forgotten(owner))
    if (!(yield* journal.isForgotten(sessionId))) return yield* differs(from, `session ${sessionId} was forgotten, and is not in the copy`)
})

const compareOutputs = Effect.fnUntraced(function* (from: EarlierStore, owner: OwnerId) {
  const journal = yield* Journal
  const old = yield* from.outputs(owner)
  const copies = new Map((yield* journal.outputs()).map((output) => [String(toolOutputId(output)), output]))
  if (copies.size !== old.length) return yield* differs(from, `${old.length} outputs of tools, ${copies.size} in the copy`)
  for (const one of old) {
    const copy = copies.get(toolOutputId(one.output))
    if (!isDeepStrictEqual(copy, one.output)) return yield* differs(from, `the output ${toolOutputId(one.output)}`)
    yield* compareBytes(from, one)
  }
})

const compareBytes = Effect.fnUntraced(function* (from: EarlierStore, { no, output }: EarlierOutput) {
  const journal = yield* Journal
  const id = toolOutputId(output)
  // Pieces are copied one by one, so both have the same ones.
  let offset = 0
  const same = yield* journal.outputBytes(id).pipe(
    Stream.runFoldWhileEffect(
      true,
      (same) => same,
      (_, bytes) =>
        Effect.map(from.pieceAt(no, offset), (piece) => {
          const at = offset
          offset += bytes.length
          return piece !== null && piece.offset === at && Buffer.compare(piece.bytes, bytes) === 0
        })
    ),
    Effect.catchTag("ToolOutputNotFound", () => Effect.succeed(false))
  )
  if (!same || offset !== output.kept) return yield* differs(from, `the output ${id}: its bytes`)
})

const compareTranscripts = Effect.fnUntraced(function* (from: EarlierStore, owner: OwnerId, step: Step) {
  const journal = yield* Journal
  const old = yield* from.transcripts(owner)
  const copies = new Map((yield* journal.transcripts()).map((info) => [String(info.id), info]))
  if (copies.size !== old.length) return yield* differs(from, `${old.length} transcripts, ${copies.size} in the copy`)
  for (const { info } of old) {
    const copy = copies.get(info.id)
    if (copy === undefined) return yield* differs(from, `transcript ${info.id} is missing in the copy`)
    const what = unlike(info, copy)
    if (what !== undefined) return yield* differs(from, `transcript ${info.id} has ${what}`)
  }
  for (const one of old) yield* compareLines(from, one, step)
})

/** Says which fact of a transcript is another one in the copy. */
const unlike = (info: TranscriptInfo, copy: TranscriptInfo): string | undefined => {
  if (info.lines !== copy.lines) return `${info.lines} lines, ${copy.lines} in the copy`
  if (info.bytes !== copy.bytes) return `${info.bytes} bytes, ${copy.bytes} in the copy`
  const field = (["transcript", "file", "meta", "missingSince", "replacedBy"] as const).find((name) => !isDeepStrictEqual(info[name], copy[name]))
  return field === undefined ? undefined : `${field} ${JSON.stringify(info[field])}, ${JSON.stringify(copy[field])} in the copy`
}

const compareLines = Effect.fnUntraced(function* (from: EarlierStore, { info, no }: EarlierTranscript, step: Step) {
  const journal = yield* Journal
  for (let line = 0; line < info.lines; ) {
    const old = yield* from.linesOf(no, line)
    if (old.length === 0) return yield* differs(from, `transcript ${info.id} has ${info.lines} lines, of which only ${line} are there`)
    const copies = yield* Effect.catchTag(journal.read(info.id, line, old.length), "TranscriptNotFound", ({ message }) => differs(from, message))
    const at = old.findIndex((entry, index) => !isSame(entry, copies[index]))
    if (at >= 0) return yield* differs(from, `line ${line + at} of transcript ${info.id}`)
    line += old.length
    yield* step(old.length)
    yield* yieldUntilIdle
  }
})

const isSame = (entry: Entry, copy: Entry | undefined): boolean =>
  copy !== undefined &&
  entry.line === copy.line &&
  entry.offset === copy.offset &&
  Buffer.compare(entry.bytes, copy.bytes) === 0 &&
  (entry.payload === undefined || copy.payload === undefined ? entry.payload === copy.payload : Buffer.compare(entry.payload, copy.payload) === 0)
