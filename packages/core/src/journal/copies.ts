import * as Effect from "effect/Effect"
import type { FileUnreadable } from "../files/FileUnreadable.ts"
import { transcriptFileId } from "./Entry.ts"
import { digestOf, sameBytes } from "./fingerprint.ts"
import { addProblem, infosOf, type Pairing, readBytes, readEdges, type Verdict, type Work } from "./indexWork.ts"
import type { TranscriptInfo } from "./Journal.ts"
import type { TranscriptFile } from "./Transcripts.ts"

export interface Paired {
  readonly pairings: ReadonlyArray<Pairing>
  /** Transcripts of the journal whose files are no longer there. */
  readonly lost: ReadonlyArray<TranscriptInfo>
}

/**
 * Pairs each file of one identity with the generation that it continues. A file that is part of another one is a copy and is passed over, one that goes on where another one ends is
 * followed in its stead, one with other lines is a transcript of its own: so copies never take turns, and no line is left out.
 */
export const pairFiles = Effect.fn("Indexer.pair")(function* (work: Work, candidates: readonly [TranscriptFile, ...ReadonlyArray<TranscriptFile>]) {
  const [only, ...more] = candidates
  const fileId = transcriptFileId(only.transcript)
  const infos = infosOf(work.known, fileId)
  if (more.length === 0 && infos.length <= 1) {
    work.known.copies.delete(fileId)
    return { pairings: [{ file: only, generation: infos[0]?.transcript.generation ?? null }], lost: [] } satisfies Paired
  }
  const matches = new Matches(candidates, infos)
  matches.pair((file, info) => isAsKnown(file, info))
  matches.pair((file, info) => file.path === info.file?.path && info.missingSince === null)
  matches.pair((file, info) => file.inode === info.file?.inode && file.device === info.file.device)
  for (const info of matches.unpairedInfos()) {
    for (const file of matches.unpairedFiles()) {
      if (!(yield* orProblem(work, beginsWith(work, file, info), false))) continue
      matches.add(file, info)
      break
    }
  }
  const copies = new Set<string>()
  // The longest first, so that the others can turn out to be parts of it; and in an order that does not depend on the folders'.
  const rest = [...matches.unpairedFiles()].sort((a, b) => b.size - a.size || a.mtimeMs - b.mtimeMs || (a.path < b.path ? -1 : 1))
  for (const file of rest) {
    let verdict: Verdict = "other"
    for (const pairing of matches.pairings()) {
      verdict = yield* orProblem(work, judge(work, pairing, file), "part")
      if (verdict === "longer") {
        copies.add(pairing.file.path)
        matches.replace(pairing, file)
      }
      if (verdict !== "other") break
    }
    if (verdict === "part") copies.add(file.path)
    if (verdict === "other") matches.addOther(file)
  }
  if (copies.size === 0) work.known.copies.delete(fileId)
  else work.known.copies.set(fileId, copies)
  return { pairings: matches.pairings(), lost: matches.unpairedInfos() } satisfies Paired
})

class Matches {
  private readonly files: Set<TranscriptFile>
  /** The newest first: of two that were at one path, the older one is what was there before. */
  private infos: ReadonlyArray<TranscriptInfo>
  private list: Array<Pairing> = []

  constructor(files: ReadonlyArray<TranscriptFile>, infos: ReadonlyArray<TranscriptInfo>) {
    this.files = new Set(files)
    this.infos = [...infos].reverse()
  }
  unpairedFiles = (): ReadonlyArray<TranscriptFile> => [...this.files]
  unpairedInfos = (): ReadonlyArray<TranscriptInfo> => this.infos
  pairings = (): ReadonlyArray<Pairing> => this.list

  pair(matches: (file: TranscriptFile, info: TranscriptInfo) => boolean): void {
    for (const info of this.infos) {
      const file = [...this.files].find((one) => matches(one, info))
      if (file !== undefined) this.add(file, info)
    }
  }
  add(file: TranscriptFile, info: TranscriptInfo): void {
    this.files.delete(file)
    this.infos = this.infos.filter((one) => one !== info)
    this.list.push({ file, generation: info.transcript.generation })
  }
  replace(pairing: Pairing, file: TranscriptFile): void {
    this.files.delete(file)
    this.list = this.list.map((one) => (one === pairing ? { ...pairing, file } : one))
  }
  /** A file of lines that nothing is kept of; or perhaps what became of one that is gone, which a look at its lines tells. */
  addOther(file: TranscriptFile): void {
    const [gone] = this.infos
    if (gone !== undefined) return this.add(file, gone)
    this.files.delete(file)
    this.list.push({ file, generation: null })
  }
}

const isAsKnown = (file: TranscriptFile, { file: before }: TranscriptInfo): boolean =>
  before !== null && file.path === before.path && file.inode === before.inode && file.size === before.size && file.mtimeMs === before.mtimeMs

const orProblem = <A, R>(work: Work, look: Effect.Effect<A, FileUnreadable, R>, otherwise: A): Effect.Effect<A, never, R> =>
  Effect.catchAll(look, (error) =>
    Effect.sync(() => {
      addProblem(work, error)
      return otherwise
    })
  )

/** True when both ends of the kept bytes are in the file where they were: found out once for each state of the file. */
const beginsWith = (work: Work, file: TranscriptFile, info: TranscriptInfo) =>
  Effect.gen(function* () {
    if (info.file === null || info.bytes === 0 || file.size < info.bytes) return false
    const { headDigest, tailDigest } = info.file
    const verdict = yield* once(work, `${file.path}\n${info.id}`, [...stateOf(file), info.bytes], () =>
      Effect.map(
        readEdges(work, file.path, info.bytes),
        ({ head, tail }): Verdict => (digestOf(head) === headDigest && digestOf(tail) === tailDigest ? "longer" : "other")
      )
    )
    return verdict === "longer"
  })

/** The relation of a file to one that is followed. What they share is compared byte for byte, once for each state of the file. */
const judge = (work: Work, { file: followed, generation }: Pairing, copy: TranscriptFile) => {
  const as = generation ?? (work.known.newest.get(transcriptFileId(copy.transcript)) ?? 0) + 1
  return once(work, `${copy.path}\n${followed.path}`, [...stateOf(copy), followed.inode, as], () =>
    Effect.gen(function* () {
      const shared = Math.min(copy.size, followed.size)
      let same = true
      for (let offset = 0; same && offset < shared; offset += step) {
        const range = { offset, length: Math.min(step, shared - offset) }
        same = sameBytes(yield* readBytes(work, followed.path, range), yield* readBytes(work, copy.path, range))
      }
      return !same ? "other" : copy.size > followed.size ? "longer" : "part"
    })
  )
}
const step = 1 << 20

const stateOf = (file: TranscriptFile): ReadonlyArray<number> => [file.inode, file.size, file.mtimeMs]

const once = <E, R>(work: Work, key: string, state: ReadonlyArray<number>, find: () => Effect.Effect<Verdict, E, R>): Effect.Effect<Verdict, E, R> =>
  Effect.suspend(() => {
    const of = state.join(":")
    const before = work.known.verdicts.get(key)
    if (before?.of === of) return Effect.succeed(before.verdict)
    return Effect.tap(find(), (verdict) => Effect.sync(() => work.known.verdicts.set(key, { of, verdict })))
  })
