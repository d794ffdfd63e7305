import { Buffer } from "node:buffer"
import * as Effect from "effect/Effect"
import { type SessionId, type Transcript, transcriptFileId } from "./Entry.ts"
import { edgeRanges, type Fingerprint } from "./fingerprint.ts"
import type { Journal, TranscriptInfo } from "./Journal.ts"
import type { Append, JournalWriter } from "./JournalWriter.ts"
import type { ToolOutput, ToolOutputPart } from "./ToolOutput.ts"
import type { FileProblem, NotTakenFiles, TranscriptFile, Transcripts } from "./Transcripts.ts"

/** The state of the journal as the indexer knows it, kept in step with what is appended, so that a look at an unchanged file costs nothing. One for each owner. */
export interface Known {
  /** The generations of each transcript that hold, the oldest generation first: one unless several files have its identity. */
  readonly files: Map<string, ReadonlyArray<TranscriptInfo>>
  /** The newest generation of each transcript, also of those that another one took the place of. */
  readonly newest: Map<string, number>
  /** The transcript whose lines the journal takes from this path. */
  readonly followed: Map<string, string>
  /** Paths at which more of the same file lies. */
  readonly copies: Map<string, Set<string>>
  /** The verdict about a copy, and the state of the copy that it is about. */
  readonly verdicts: Map<string, { readonly of: string; readonly verdict: Verdict }>
  /** The facts of each file of facts when it was last looked at. */
  readonly metas: Map<string, string>
  readonly forgotten: Set<SessionId>
  /** All generations of each tool's output. */
  readonly outputs: Map<string, ReadonlyArray<ToolOutput>>
  /** The facts of each output when it was last looked at. */
  readonly outputLooks: Map<string, string>
}

/** The relation of a file to another one: it is a part of it, it goes on where the other one ends, or it has other lines. */
export type Verdict = "part" | "longer" | "other"

export const knownOf = (infos: ReadonlyArray<TranscriptInfo>, outputs: ReadonlyArray<ToolOutput> = []): Known => {
  const known: Known = {
    files: new Map(),
    newest: new Map(),
    followed: new Map(),
    copies: new Map(),
    verdicts: new Map(),
    metas: new Map(),
    forgotten: new Set(),
    outputs: new Map(),
    outputLooks: new Map()
  }
  for (const info of infos) remember(known, info)
  for (const output of outputs) rememberOutput(known, output)
  return known
}

/** Takes note of what is in the journal, or will be. One that was replaced is no longer looked for. */
export const remember = (known: Known, info: TranscriptInfo): void => {
  const fileId = transcriptFileId(info.transcript)
  const { generation } = info.transcript
  known.newest.set(fileId, Math.max(known.newest.get(fileId) ?? 0, generation))
  const others = infosOf(known, fileId).filter((other) => other.transcript.generation !== generation)
  const infos = info.replacedBy === null ? [...others, info].sort((a, b) => a.transcript.generation - b.transcript.generation) : others
  for (const { file } of known.files.get(fileId) ?? []) if (file !== null && known.followed.get(file.path) === fileId) known.followed.delete(file.path)
  for (const { file } of infos) if (file !== null) known.followed.set(file.path, fileId)
  known.files.set(fileId, infos)
}

/** Generations of a transcript that hold, the oldest first. */
export const infosOf = (known: Known, fileId: string): ReadonlyArray<TranscriptInfo> => known.files.get(fileId) ?? []

/** Finds one generation; undefined when nothing is, or it was replaced. */
export const infoOf = (known: Known, transcript: Omit<Transcript, "generation">, generation: number): TranscriptInfo | undefined =>
  infosOf(known, transcriptFileId(transcript)).find((info) => info.transcript.generation === generation)

/** A file to look at, as what: a generation that the journal has of it, or null for lines of which it has none. */
export interface Pairing {
  readonly file: TranscriptFile
  readonly generation: number | null
}

/** Finds what the journal has of that file as it is now: more than when it was paired, perhaps. */
export const pairedInfo = (known: Known, { file, generation }: Pairing): TranscriptInfo | undefined => {
  const infos = infosOf(known, transcriptFileId(file.transcript))
  return (
    infos.findLast((info) => info.file?.path === file.path && info.missingSince === null) ?? infos.find((info) => info.transcript.generation === generation)
  )
}

type OutputKey = Pick<ToolOutput, "machine" | "source" | "sessionId" | "name">
const outputKey = ({ machine, name, sessionId, source }: OutputKey): string => [machine, source, sessionId, name].join("/")

/** Every generation of an output as they are in the journal now. */
export const outputsOf = (known: Known, output: OutputKey): ReadonlyArray<ToolOutput> => known.outputs.get(outputKey(output)) ?? []

export const rememberOutput = (known: Known, output: ToolOutput): void => {
  known.outputs.set(outputKey(output), [...outputsOf(known, output).filter(({ generation }) => generation !== output.generation), output])
}

/** The work that one pass has done so far. */
export interface Tally {
  readonly begunAt: number
  files: number
  filesDone: number
  bytes: number
  bytesDone: number
  bytesRead: number
  appended: number
  readonly problems: Map<string, FileProblem>
  /** Files that are named as a transcript and are none; found by a pass over everything. */
  notTaken: NotTakenFiles
}

export const newTally = (begunAt: number): Tally => ({
  begunAt,
  files: 0,
  filesDone: 0,
  bytes: 0,
  bytesDone: 0,
  bytesRead: 0,
  appended: 0,
  problems: new Map(),
  notTaken: { count: 0, files: [] }
})

/** One pass at work. */
export interface Work {
  readonly transcripts: typeof Transcripts.Service
  readonly journal: typeof Journal.Service
  readonly writer: typeof JournalWriter.Service
  readonly known: Known
  readonly tally: Tally
  /** Batches that are read and not stored yet: small files share a transaction. */
  readonly pending: Pending
  /** Said after each step, so that others may be told. */
  readonly stepped: Effect.Effect<void>
}

export interface Pending {
  appends: Array<Append>
  outputs: Array<ToolOutputPart>
  bytes: number
}

/** Bytes of lines, and of the records they point to, that one transaction takes; a single one may be longer. */
const transactionBytes = 2 << 20

/** Takes a batch on its way into the journal; it is there when "flush" says so. */
export const enqueue = Effect.fn("Indexer.enqueue")(function* (work: Work, append: Append) {
  work.pending.appends.push(append)
  for (const { bytes, payload } of append.entries) work.pending.bytes += bytes.length + 1 + (payload?.length ?? 0)
  if (work.pending.bytes >= transactionBytes || work.pending.appends.length >= 256) yield* flush(work)
})

/** Takes a part of an output on its way into the journal; it is there when "flushOutputs" says so. */
export const enqueueOutput = Effect.fn("Indexer.enqueueOutput")(function* (work: Work, part: ToolOutputPart) {
  const { outputs } = work.pending
  rememberOutput(work.known, part.output)
  outputs.push(part)
  if (outputs.reduce((sum, { bytes }) => sum + bytes.length, 0) >= transactionBytes || outputs.length >= 256) yield* flushOutputs(work)
})

/** Stores the outputs that are waiting, in one transaction. */
export const flushOutputs = Effect.fn("Indexer.flushOutputs")(function* (work: Work) {
  const { outputs } = work.pending
  if (outputs.length === 0) return
  work.pending.outputs = []
  yield* work.writer.keepOutputs(outputs)
})

/** Stores what is waiting, in one transaction. */
export const flush = Effect.fn("Indexer.flush")(function* (work: Work) {
  const { appends } = work.pending
  if (appends.length === 0) return
  work.pending.appends = []
  work.pending.bytes = 0
  const { appended } = yield* work.writer.appendAll(appends)
  work.tally.appended += appended
})

export const addProblem = (work: Work, problem: FileProblem): void => {
  work.tally.problems.set(problem.path, { path: problem.path, message: problem.message })
}

export const readBytes = (work: Work, path: string, range: { readonly offset: number; readonly length: number }) =>
  Effect.tap(work.transcripts.bytesAt(path, range.offset, range.length), (bytes) =>
    Effect.sync(() => {
      work.tally.bytesRead += bytes.length
    })
  )

/** The edges of the first `length` bytes of a file. */
export const readEdges = Effect.fn("Indexer.readEdges")(function* (work: Work, path: string, length: number) {
  const { head, tail } = edgeRanges(length)
  if (length === 0) return { head: new Uint8Array(0), tail: new Uint8Array(0) } satisfies Fingerprint
  const first = yield* readBytes(work, path, head)
  return { head: first, tail: tail.offset === 0 ? first : yield* readBytes(work, path, tail) } satisfies Fingerprint
})

/** A longer file of facts is none. */
export const maxMetaBytes = 256 << 10

/**
 * True when the file of facts is to be read. At the first look of a process the journal's text stands for what was seen before:
 * it tells at least whether the length is the same.
 */
export const isMetaNews = (known: Known, file: TranscriptFile): boolean => {
  const { meta } = file
  if (meta === null || meta.size > maxMetaBytes) return false
  const seen = known.metas.get(meta.path)
  if (seen !== undefined) return seen !== `${meta.size}:${meta.mtimeMs}`
  const stored = infosOf(known, transcriptFileId(file.transcript)).map((info) => info.meta)
  if (!stored.some((text) => text !== null && Buffer.byteLength(text) === meta.size)) return true
  noteMeta(known, file)
  return false
}

/** The journal has the file of facts as it is now. */
export const noteMeta = (known: Known, { meta }: TranscriptFile): void => {
  if (meta !== null) known.metas.set(meta.path, `${meta.size}:${meta.mtimeMs}`)
}
