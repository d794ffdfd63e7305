import * as Effect from "effect/Effect"
import { yieldToEventLoop } from "../files/yieldToEventLoop.ts"
import { pairFiles } from "./copies.ts"
import { transcriptFileId } from "./Entry.ts"
import { indexFile, noteMissing, plannedBytes } from "./fileIndexing.ts"
import { addProblem, flush, infosOf, maxMetaBytes, type Pairing, pairedInfo, type Work } from "./indexWork.ts"
import type { TranscriptInfo } from "./Journal.ts"
import { indexOutputs, isOutputNews } from "./outputIndexing.ts"
import type { FileProblem, OutputFile, RootState, TranscriptFile } from "./Transcripts.ts"

type Candidates = Map<string, [TranscriptFile, ...Array<TranscriptFile>]>

const addCandidate = (candidates: Candidates, file: TranscriptFile): void => {
  const fileId = transcriptFileId(file.transcript)
  const others = candidates.get(fileId)
  if (others === undefined) candidates.set(fileId, [file])
  else if (!others.some((other) => other.path === file.path)) others.push(file)
}

/** Looks at every transcript there is. The states of the roots as they were then. */
export const indexAll = Effect.fn("Indexer.indexAll")(function* (work: Work) {
  const { files, notTaken, outputs, problems, roots } = yield* work.transcripts.list
  work.tally.notTaken = notTaken
  for (const problem of problems) addProblem(work, problem)
  const candidates: Candidates = new Map()
  for (const file of files) addCandidate(candidates, file)
  const sees = (info: TranscriptInfo) => info.file !== null && canTell(info.file, roots, problems)
  const gone = [...work.known.files].flatMap(([fileId, infos]) => (candidates.has(fileId) ? [] : infos.filter(sees)))
  yield* markMissing(work, [...gone, ...(yield* indexCandidates(work, candidates, outputs, true)).filter(sees)])
  return roots
})

/** True when a file that was not found under its root is gone, and not only out of sight. */
const canTell = (file: { readonly path: string; readonly root: string }, roots: ReadonlyArray<RootState>, problems: ReadonlyArray<FileProblem>): boolean =>
  roots.some((root) => root.path === file.root && root.state !== "unreadable") &&
  !problems.some(({ path }) => file.path === path || file.path.startsWith(`${path}/`) || file.path.startsWith(`${path}\\`))

/** Looks at the transcripts at these paths, and at what else is known of the same ones. */
export const indexPaths = Effect.fn("Indexer.indexPaths")(function* (work: Work, paths: ReadonlyArray<string>) {
  const candidates: Candidates = new Map()
  const gone = new Set<string>()
  const looked = new Set<string>()
  const lookAt = (path: string) =>
    Effect.gen(function* () {
      if (looked.has(path)) return
      looked.add(path)
      const file = yield* Effect.either(work.transcripts.stat(path))
      if (file._tag === "Right" && file.right !== null) return addCandidate(candidates, file.right)
      if (file._tag === "Left" && file.left.reason !== "missing") return addProblem(work, file.left)
      const fileId = work.known.followed.get(path)
      if (fileId !== undefined) gone.add(fileId)
    })
  const outputs: Array<OutputFile> = []
  for (const path of paths) {
    const output = (yield* work.transcripts.isOutput(path)) ? yield* Effect.either(work.transcripts.outputAt(path)) : null
    if (output === null) yield* lookAt(path)
    else if (output._tag === "Left") addProblem(work, output.left)
    else if (output.right !== null) outputs.push(output.right)
  }
  // A file that moved is told of at both of its places, perhaps not at once; one that has copies is one of several.
  for (const fileId of new Set([...candidates.keys(), ...gone])) {
    const followed = infosOf(work.known, fileId).flatMap(({ file, missingSince }) => (file === null || missingSince !== null ? [] : [file.path]))
    yield* Effect.forEach([...followed, ...(work.known.copies.get(fileId) ?? [])], lookAt, { discard: true })
  }
  const lost = yield* indexCandidates(work, candidates, outputs, false)
  yield* markMissing(work, [...lost, ...[...gone].flatMap((fileId) => (candidates.has(fileId) ? [] : infosOf(work.known, fileId)))])
})

/** Gives what the journal has of files that are no longer where they were, nor anywhere else that was looked at. */
const indexCandidates = Effect.fn("Indexer.indexCandidates")(function* (
  work: Work,
  candidates: Candidates,
  outputs: ReadonlyArray<OutputFile>,
  lookAgain: boolean
) {
  const { tally } = work
  const outputsOf = Map.groupBy(
    outputs.filter((file) => isOutputNews(work, file)),
    sessionOf
  )
  const todo: Array<{ readonly pairing: Pairing; readonly planned: number }> = []
  const lost: Array<TranscriptInfo> = []
  for (const files of candidates.values()) {
    if (work.known.forgotten.has(files[0].transcript.sessionId)) continue
    const paired = yield* pairFiles(work, files)
    lost.push(...paired.lost)
    for (const pairing of paired.pairings) {
      const { meta } = pairing.file
      if (meta !== null && meta.size > maxMetaBytes) {
        addProblem(work, { path: meta.path, message: `${meta.path} is longer than ${maxMetaBytes} bytes and was not read` })
      }
      const planned = plannedBytes(work, pairing)
      if (planned === null) continue
      todo.push({ pairing, planned })
      tally.files++
      tally.bytes += planned
    }
  }
  // What somebody is working on first.
  todo.sort((a, b) => b.pairing.file.mtimeMs - a.pairing.file.mtimeMs)
  yield* work.stepped
  for (const { pairing, planned } of todo) {
    // A long pass has looked at it long ago.
    const now = lookAgain ? yield* Effect.orElseSucceed(work.transcripts.stat(pairing.file.path), () => pairing.file) : pairing.file
    const again = now === null ? null : { ...pairing, file: now }
    // Before the lines that point to them, which are then searched with them at once.
    const session = sessionOf(pairing.file.transcript)
    yield* indexOutputs(work, outputsOf.get(session) ?? [])
    outputsOf.delete(session)
    if (again !== null) tally.bytes += (plannedBytes(work, again) ?? 0) - planned
    if (again === null || !(yield* indexFile(work, again))) {
      const info = pairedInfo(work.known, pairing)
      if (info !== undefined) lost.push(info)
    }
    tally.filesDone++
    yield* work.stepped
    yield* yieldToEventLoop
  }
  for (const rest of outputsOf.values()) {
    yield* indexOutputs(work, rest)
    yield* yieldToEventLoop
  }
  yield* flush(work)
  return lost
})

const sessionOf = ({ sessionId, source }: { readonly sessionId: string; readonly source: string }): string => `${source}/${sessionId}`

const markMissing = Effect.fn("Indexer.markMissing")(function* (work: Work, lost: ReadonlyArray<TranscriptInfo>) {
  const infos = lost.filter((info) => info.missingSince === null)
  if (infos.length === 0) return
  // A root may have been taken off the list since its file was told of: that says nothing about the file.
  const roots = yield* work.transcripts.roots
  const gone = infos.filter((info) => info.file === null || canTell(info.file, roots, []))
  if (gone.length > 0) yield* noteMissing(work, gone)
})
