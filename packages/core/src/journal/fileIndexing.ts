import * as Clock from "effect/Clock"
import * as Effect from "effect/Effect"
import * as Stream from "effect/Stream"
import type { FileUnreadable } from "../files/FileUnreadable.ts"
import { yieldToEventLoop } from "../files/yieldToEventLoop.ts"
import type { StoreError } from "../store/StoreError.ts"
import type { Viewer } from "../store/Viewer.ts"
import { type Decision, decideRead } from "./decideRead.ts"
import { type Entry, type Transcript, transcriptFileId, transcriptId } from "./Entry.ts"
import { digestOf, extendFingerprint, type Fingerprint, noFingerprint, sameBytes } from "./fingerprint.ts"
import {
  addProblem,
  enqueue,
  flush,
  infoOf,
  infosOf,
  isMetaNews,
  maxMetaBytes,
  noteMeta,
  type Pairing,
  pairedInfo,
  readBytes,
  readEdges,
  remember,
  type Work
} from "./indexWork.ts"
import type { SourceFile, TranscriptInfo, TranscriptNotFound } from "./Journal.ts"
import type { EntryGap } from "./JournalWriter.ts"
import { relate } from "./relation.ts"
import type { FileLook, TranscriptFile } from "./Transcripts.ts"

/** Bytes of a file that a pass expects to bring in; null when there is nothing to do. */
export const plannedBytes = (work: Work, pairing: Pairing): number | null => {
  const { file } = pairing
  const known = pairedInfo(work.known, pairing)
  const decision = decideRead(known, file)
  switch (decision._tag) {
    case "Unchanged":
      return isMetaNews(work.known, file) ? 0 : null
    case "Note":
      return 0
    case "Continue":
      return file.size - (known?.bytes ?? 0)
    case "Begin":
      return file.size
  }
}

/**
 * Brings one file into the journal: what is new in it, or all of it as a generation of its own when what was kept is no longer there.
 * A fault of the file becomes a problem of the pass. False when the file is gone.
 */
export const indexFile = Effect.fn("Indexer.indexFile")(function* (work: Work, first: Pairing) {
  let pairing = first
  for (let attempts = 1; ; attempts++) {
    const { file } = pairing
    const result = yield* Effect.either(attempt(work, pairing))
    if (result._tag === "Right") return true
    const error = result.left
    if (error._tag === "StoreError" || error._tag === "EntryGap") return yield* error
    if (error._tag === "FileUnreadable" && error.reason !== "missing") {
      addProblem(work, error)
      return true
    }
    // Another look asks the journal what it has.
    yield* flush(work)
    if (attempts === 3) {
      addProblem(work, { path: file.path, message: `${file.path} was not indexed: ${error.message}` })
      return true
    }
    if (error._tag === "FileUnreadable") {
      // Replaced or moved at this moment: whatever is there now decides.
      const now = yield* Effect.either(work.transcripts.stat(file.path))
      if (now._tag === "Left") {
        addProblem(work, now.left)
        return true
      }
      if (now.right === null) return false
      pairing = { ...pairing, file: now.right }
    } else {
      yield* reload(work, file.transcript)
    }
  }
})

/** Asks the journal again for a transcript that is not as it was remembered. */
const reload = Effect.fn("Indexer.reload")(function* (work: Work, transcript: Omit<Transcript, "generation">) {
  const fileId = transcriptFileId(transcript)
  const stored = yield* work.journal.transcripts({ sessionId: transcript.sessionId })
  work.known.files.delete(fileId)
  for (const info of stored) if (transcriptFileId(info.transcript) === fileId) remember(work.known, info)
})

const attempt = (work: Work, pairing: Pairing): Effect.Effect<void, StoreError | EntryGap | TranscriptNotFound | FileUnreadable, Viewer> =>
  Effect.gen(function* () {
    const { file } = pairing
    const known = pairedInfo(work.known, pairing)
    const decision = decideRead(known, file)
    if (decision._tag === "Unchanged" && !isMetaNews(work.known, file)) return
    if (yield* work.journal.isForgotten(file.transcript.sessionId)) {
      work.known.forgotten.add(file.transcript.sessionId)
      return
    }
    const meta = yield* readMeta(work, file)
    yield* bringIn(work, file, known, decision, meta)
    // Only now, for what was not stored is to be read again.
    if (meta !== undefined) noteMeta(work.known, file)
  })

const bringIn = (work: Work, file: TranscriptFile, known: TranscriptInfo | undefined, decision: Decision, meta: string | undefined) =>
  Effect.gen(function* () {
    const begin = (replaces?: ReadonlyArray<number>) => {
      const generation = (work.known.newest.get(transcriptFileId(file.transcript)) ?? 0) + 1
      return takeLines(work, file, { ...file.transcript, generation }, { line: 0, offset: 0 }, noFingerprint, { meta, replaces })
    }
    if (known === undefined) return yield* begin()
    if (decision._tag === "Note" || decision._tag === "Unchanged") {
      if (known.file === null || (decision._tag === "Unchanged" && meta === undefined)) return
      yield* append(work, known, [], known.bytes, { ...known.file, ...placeOf(file) }, { meta })
      return
    }
    if (decision._tag === "Continue") {
      const edges = yield* readEdges(work, file.path, known.bytes)
      // The journal went on without the indexer: its facts of the file are older than its lines.
      const outdated = known.file !== null && known.file.size < known.bytes
      const standsIn = known.file === null || outdated || (digestOf(edges.head) === known.file.headDigest && digestOf(edges.tail) === known.file.tailDigest)
      if (standsIn && (!(decision.compare || outdated) || (yield* isKept(work, known, file.path)))) {
        yield* takeLines(work, file, known.transcript, { line: known.lines, offset: known.bytes }, edges, { meta })
        return yield* takePlace(work, file, known)
      }
      work.tally.bytes += known.bytes
    }
    // What is waiting is to be compared, too.
    yield* flush(work)
    const rewritten = yield* isRewritten(work, known, file)
    yield* begin(rewritten ? [known.transcript.generation] : undefined)
    if (rewritten) return
    yield* flush(work)
    yield* noteMissing(work, [known])
  })

/** True when a file that does not go on where a transcript ended is that transcript, written anew: then it stands for it. Else both are kept side by side. */
const isRewritten = Effect.fn("Indexer.isRewritten")(function* (work: Work, known: TranscriptInfo, file: TranscriptFile) {
  const samePlace = known.file?.path === file.path
  if (!samePlace && known.file !== null) {
    const before = yield* Effect.either(work.transcripts.stat(known.file.path))
    if (before._tag === "Left" || before.right !== null) return false
  }
  const relation = yield* relate(work, known, file)
  return samePlace ? relation.shared || !relation.conversation : relation.shared && !relation.branched
})

/**
 * A file that is being written anew may have been seen when it was still empty, or had other lines only. As long as it is short, what comes decides whether it
 * stands for the one that was there before.
 */
const takePlace = Effect.fn("Indexer.takePlace")(function* (work: Work, file: TranscriptFile, before: TranscriptInfo) {
  if (before.lines > undecidedLines) return
  const older = infosOf(work.known, transcriptFileId(file.transcript)).filter(
    (info) => info.file?.path === file.path && info.missingSince !== null && info.transcript.generation < before.transcript.generation
  )
  for (const info of older) {
    yield* flush(work)
    if (yield* isRewritten(work, info, file)) yield* replace(work, info, before.transcript)
  }
})
const undecidedLines = 1000

/** Says that a generation stands for an older one. */
const replace = Effect.fn("Indexer.replace")(function* (work: Work, older: TranscriptInfo, by: Transcript) {
  yield* enqueue(work, { transcript: by, entries: [], source: { replaces: [older.transcript.generation] } })
  remember(work.known, { ...older, replacedBy: by.generation })
})

/** Notes that these are gone. One all of whose lines are in another file of the same session was moved there and written anew: that one stands for it. */
export const noteMissing = Effect.fn("Indexer.noteMissing")(function* (work: Work, infos: ReadonlyArray<TranscriptInfo>) {
  const at = yield* Clock.currentTimeMillis
  yield* work.writer.markMissing(
    infos.map((info) => info.id),
    at
  )
  for (const before of infos) {
    const info = infoOf(work.known, before.transcript, before.transcript.generation)
    if (info === undefined) continue
    remember(work.known, { ...info, missingSince: at })
    for (const other of infosOf(work.known, transcriptFileId(info.transcript))) {
      if (other.transcript.generation === info.transcript.generation || other.missingSince !== null || other.file === null) continue
      const file = yield* Effect.orElseSucceed(work.transcripts.stat(other.file.path), () => null)
      if (file === null) continue
      const relation = yield* Effect.catchTags(relate(work, info, file), {
        FileUnreadable: () => Effect.succeed(null),
        TranscriptNotFound: () => Effect.succeed(null)
      })
      if (relation === null || !relation.contained) continue
      yield* replace(work, { ...info, missingSince: at }, other.transcript)
      break
    }
  }
  yield* flush(work)
})

interface Beside {
  readonly meta: string | undefined
  readonly replaces?: ReadonlyArray<number> | undefined
}

/** Appends the lines of `file` from there on, a batch at a time. */
const takeLines = (
  work: Work,
  file: TranscriptFile,
  transcript: Transcript,
  from: { readonly line: number; readonly offset: number },
  before: Fingerprint,
  beside: Beside
) =>
  Effect.gen(function* () {
    let edges = before
    let end = from.offset
    let info: TranscriptInfo = {
      id: transcriptId(transcript),
      transcript,
      lines: from.line,
      bytes: from.offset,
      file: null,
      meta: infoOf(work.known, transcript, transcript.generation)?.meta ?? null,
      author: null,
      missingSince: null,
      replacedBy: null
    }
    let unsaid = beside
    // The size that is noted with a batch is where it ends: a pass that is cut short must not look finished.
    const add = (entries: ReadonlyArray<Entry>, size: number) =>
      Effect.gen(function* () {
        const facts = { ...placeOf(file), size, headDigest: digestOf(edges.head), tailDigest: digestOf(edges.tail) }
        info = yield* append(work, info, entries, end, facts, unsaid)
        unsaid = { meta: undefined }
      })
    // A sink of its own for each file would cost a small one more than reading it.
    const pull = yield* Stream.toPull(work.transcripts.read(file, from))
    for (;;) {
      const next = yield* Effect.either(pull)
      if (next._tag === "Left") {
        if (next.left._tag === "Some") return yield* next.left.value
        break
      }
      for (const batch of next.right) {
        edges = extendFingerprint(edges, batch.entries)
        work.tally.bytesRead += batch.end - end
        work.tally.bytesDone += batch.end - end
        end = batch.end
        yield* add(batch.entries, batch.end)
        yield* work.stepped
      }
      yield* yieldToEventLoop
    }
    // What follows the last newline was read, too.
    work.tally.bytesRead += file.size - end
    work.tally.bytesDone += file.size - end
    if (info.file === null || end !== file.size) yield* add([], file.size)
  }).pipe(Effect.scoped)

const placeOf = ({ device, inode, mtimeMs, path, root, size }: TranscriptFile): FileLook => ({ path, root, device, inode, size, mtimeMs })

const append = Effect.fn("Indexer.append")(function* (
  work: Work,
  info: TranscriptInfo,
  entries: ReadonlyArray<Entry>,
  bytes: number,
  file: SourceFile,
  { meta, replaces }: Beside
) {
  yield* enqueue(work, { transcript: info.transcript, entries, source: { file, meta, replaces } })
  for (const generation of replaces ?? []) {
    const older = infoOf(work.known, info.transcript, generation)
    if (older !== undefined) remember(work.known, { ...older, replacedBy: info.transcript.generation })
  }
  const now: TranscriptInfo = { ...info, lines: info.lines + entries.length, bytes, file, meta: meta ?? info.meta, missingSince: null }
  remember(work.known, now)
  return now
})

/** True when the file begins with all that is kept of it, byte for byte. */
const isKept = Effect.fn("Indexer.isKept")(function* (work: Work, known: TranscriptInfo, path: string) {
  let offset = 0
  const same = yield* work.journal.bytes(known.id).pipe(
    Stream.mapEffect((kept) =>
      Effect.map(readBytes(work, path, { offset, length: kept.length }), (bytes) => {
        offset += kept.length
        return sameBytes(bytes, kept)
      })
    ),
    Stream.takeUntil((equal) => !equal),
    Stream.runFold(true, (all, equal) => all && equal)
  )
  return same && offset === known.bytes
})

const readMeta = Effect.fn("Indexer.readMeta")(function* (work: Work, file: TranscriptFile) {
  const { meta } = file
  if (meta === null || !isMetaNews(work.known, file)) return undefined
  const read = yield* Effect.either(work.transcripts.bytesAt(meta.path, 0, maxMetaBytes))
  if (read._tag === "Left") {
    // Its transcript is worth having without it.
    if (read.left.reason !== "missing") addProblem(work, read.left)
    return undefined
  }
  return new TextDecoder().decode(read.right)
})
