import { createHash, type Hash } from "node:crypto"
import * as Effect from "effect/Effect"
import * as Stream from "effect/Stream"
import type { FileUnreadable } from "../files/FileUnreadable.ts"
import type { StoreError } from "../store/StoreError.ts"
import type { Viewer } from "../store/Viewer.ts"
import { sameBytes } from "./fingerprint.ts"
import { addProblem, enqueueOutput, flushOutputs, outputsOf, type Work } from "./indexWork.ts"
import { maxOutputBytes, type ToolOutput, type ToolOutputGap, toolOutputId } from "./ToolOutput.ts"
import type { OutputFile } from "./Transcripts.ts"

/** Bytes that are read, and kept, at a time. */
const pieceBytes = 1 << 20

/** True when the file has to be looked into. At the first look of a process the facts that the journal noted stand for what was seen before. */
export const isOutputNews = (work: Work, file: OutputFile): boolean => {
  if (work.known.forgotten.has(file.sessionId) || work.known.outputLooks.get(file.path) === lookOf(file)) return false
  const isSame = ({ file: before, size }: ToolOutput) =>
    before !== null &&
    before.path === file.path &&
    before.root === file.root &&
    before.inode === file.inode &&
    before.mtimeMs === file.mtimeMs &&
    size === file.size
  if (!outputsOf(work.known, file).some(isSame)) return true
  noteLook(work, file)
  return false
}

/** Brings outputs of one session into the journal; they are there when it ends. */
export const indexOutputs = Effect.fn("Indexer.indexOutputs")(function* (work: Work, files: ReadonlyArray<OutputFile>) {
  for (const file of files) yield* indexOutput(work, file)
  yield* flushOutputs(work)
})

/** Brings an output into the journal: what is new in it, or all of it as a new generation when what was kept is no longer there. What is wrong with the file becomes a problem of the pass. */
const indexOutput = Effect.fn("Indexer.indexOutput")(function* (work: Work, file: OutputFile) {
  if (!isOutputNews(work, file)) return
  if (yield* work.journal.isForgotten(file.sessionId)) {
    work.known.forgotten.add(file.sessionId)
    return
  }
  yield* bringIn(work, file).pipe(
    Effect.catchTag("FileUnreadable", (error) =>
      // One that went away was there for a moment: the line that points to it says so.
      error.reason === "missing" ? Effect.void : Effect.sync(() => addProblem(work, error))
    )
  )
})

const lookOf = (file: OutputFile): string => `${file.device}:${file.inode}:${file.size}:${file.mtimeMs}`
const noteLook = (work: Work, file: OutputFile): void => {
  work.known.outputLooks.set(file.path, lookOf(file))
}

type Failure = ToolOutputGap | StoreError | FileUnreadable

const bringIn = (work: Work, file: OutputFile): Effect.Effect<void, Failure, Viewer> =>
  Effect.gen(function* () {
    const start = yield* startIn(work, file)
    if (start !== null) yield* takeBytes(work, file, start)
    noteLook(work, file)
  })

interface Start {
  readonly generation: number
  readonly offset: number
  /** The digest of the bytes before. */
  readonly hash: Hash
}

/** Finds the generation that the file goes on, and its end; null when all of it is kept, as part of one that is longer. */
const startIn = Effect.fnUntraced(function* (work: Work, file: OutputFile): Effect.fn.Return<Start | null, Failure, Viewer> {
  const generations = [...outputsOf(work.known, file)].sort((a, b) => b.kept - a.kept)
  const limit = Math.min(file.size, maxOutputBytes)
  const hash = createHash("sha256")
  let offset = 0
  let longest: Start | null = null
  for (const { digest, generation, kept } of generations.filter((one) => one.kept <= limit).reverse()) {
    while (offset < kept) {
      const bytes = yield* work.transcripts.outputBytes(file, offset, Math.min(pieceBytes, kept - offset))
      if (bytes.length === 0) break
      hash.update(bytes)
      offset += bytes.length
    }
    if (offset === kept && hash.copy().digest("hex") === digest) longest = { generation, offset, hash: hash.copy() }
  }
  yield* follow(
    work,
    file,
    generations.filter(({ generation }) => generation !== longest?.generation)
  )
  if (longest !== null && longest.offset > 0) return longest
  for (const longer of generations.filter((one) => one.kept > limit)) if (yield* isBeginning(work, file, limit, longer)) return null
  if (longest !== null) return longest
  return { generation: Math.max(0, ...generations.map(({ generation }) => generation)) + 1, offset: 0, hash: createHash("sha256") }
})

/** The generations of a file that was moved go with it: those of one path are of one file. */
const follow = Effect.fnUntraced(function* (work: Work, file: OutputFile, generations: ReadonlyArray<ToolOutput>) {
  for (const older of generations) {
    if (older.file === null || older.file.path === file.path || (yield* work.transcripts.outputAt(older.file.path)) !== null) continue
    yield* enqueueOutput(work, {
      output: { ...older, file: { ...older.file, path: file.path, root: file.root } },
      offset: older.kept,
      bytes: new Uint8Array(0)
    })
  }
})

/** True when the first `length` bytes of the file are those that are kept. */
const isBeginning = Effect.fnUntraced(function* (work: Work, file: OutputFile, length: number, kept: ToolOutput): Effect.fn.Return<boolean, Failure, Viewer> {
  // The journal may not have yet what is remembered.
  yield* flushOutputs(work)
  let offset = 0
  const same = yield* work.journal.outputBytes(toolOutputId(kept)).pipe(
    Stream.mapEffect((piece) =>
      Effect.map(work.transcripts.outputBytes(file, offset, Math.min(piece.length, length - offset)), (bytes) => {
        offset += bytes.length
        return sameBytes(bytes, piece.subarray(0, bytes.length)) && bytes.length > 0
      })
    ),
    Stream.takeUntil((equal) => !equal || offset >= length),
    Stream.runFold(true, (all, equal) => all && equal),
    // Its session was forgotten meanwhile.
    Effect.catchTag("ToolOutputNotFound", () => Effect.succeed(false))
  )
  return same && offset === length
})

const takeBytes = Effect.fnUntraced(function* (
  work: Work,
  file: OutputFile,
  { generation, hash, offset: from }: Start
): Effect.fn.Return<void, Failure, Viewer> {
  const { inode, machine, mtimeMs, name, path, root, sessionId, size, source } = file
  const limit = Math.min(size, maxOutputBytes)
  const stateAt = (kept: number): ToolOutput => ({
    machine,
    source,
    sessionId,
    name,
    generation,
    kept,
    size,
    digest: hash.copy().digest("hex"),
    file: { path, root, inode, mtimeMs }
  })
  let offset = from
  do {
    const bytes = yield* work.transcripts.outputBytes(file, offset, Math.min(pieceBytes, limit - offset))
    hash.update(bytes)
    yield* enqueueOutput(work, { output: stateAt(offset + bytes.length), offset, bytes })
    // Cut off since the look: what was read is what there is.
    if (bytes.length === 0) return
    offset += bytes.length
  } while (offset < limit)
})
