import * as Clock from "effect/Clock"
import * as Effect from "effect/Effect"
import { type TranscriptId, transcriptFileId } from "../Entry.ts"
import type { FileProblem, OutputFile, RootState, TranscriptFile } from "../Transcripts.ts"
import { chooseCopy } from "./copies.ts"
import { indexFile, plannedBytes } from "./fileIndexing.ts"
import { giveWay } from "./giveWay.ts"
import { addProblem, flush, maxMetaBytes, remember, type Work } from "./indexWork.ts"
import { indexOutputs, isOutputNews } from "./outputIndexing.ts"

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
  const gone = [...work.known.files].flatMap(([fileId, info]) =>
    info.file !== null && !candidates.has(fileId) && canTell(info.file, roots, problems) ? [fileId] : []
  )
  yield* indexCandidates(work, candidates, outputs, true)
  yield* markMissing(work, gone)
  return roots
})

/** Whether a file that was not found under its root is gone, and not only out of sight. */
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
    const followed = work.known.files.get(fileId)?.file?.path
    yield* Effect.forEach([...(followed === undefined ? [] : [followed]), ...(work.known.copies.get(fileId) ?? [])], lookAt, { discard: true })
  }
  yield* indexCandidates(work, candidates, outputs, false)
  yield* markMissing(
    work,
    [...gone].filter((fileId) => !candidates.has(fileId))
  )
})

const indexCandidates = Effect.fn("Indexer.indexCandidates")(function* (
  work: Work,
  candidates: Candidates,
  outputs: ReadonlyArray<OutputFile>,
  lookAgain: boolean
) {
  const { tally } = work
  const outputsOf = bySession(outputs.filter((file) => isOutputNews(work, file)))
  const todo: Array<{ readonly file: TranscriptFile; readonly planned: number }> = []
  for (const files of candidates.values()) {
    const file = yield* chooseCopy(work, files)
    if (work.known.forgotten.has(file.transcript.sessionId)) continue
    if (file.meta !== null && file.meta.size > maxMetaBytes) {
      addProblem(work, { path: file.meta.path, message: `${file.meta.path} is longer than ${maxMetaBytes} bytes and was not read` })
    }
    const planned = plannedBytes(work, file)
    if (planned === null) continue
    todo.push({ file, planned })
    tally.files++
    tally.bytes += planned
  }
  // What somebody is working on first.
  todo.sort((a, b) => b.file.mtimeMs - a.file.mtimeMs)
  yield* work.stepped
  const gone: Array<string> = []
  for (const { file, planned } of todo) {
    // A long pass has looked at it long ago.
    const now = lookAgain ? yield* Effect.orElseSucceed(work.transcripts.stat(file.path), () => file) : file
    // Before the lines that point to them, which are then searched with them at once.
    yield* indexOutputs(work, outputsOf.get(sessionOf(file.transcript)) ?? [])
    outputsOf.delete(sessionOf(file.transcript))
    if (now !== null) tally.bytes += (plannedBytes(work, now) ?? 0) - planned
    if (now === null || !(yield* indexFile(work, now))) gone.push(transcriptFileId(file.transcript))
    tally.filesDone++
    yield* work.stepped
    yield* giveWay
  }
  for (const rest of outputsOf.values()) {
    yield* indexOutputs(work, rest)
    yield* giveWay
  }
  yield* flush(work)
  yield* markMissing(work, gone)
})

const sessionOf = ({ sessionId, source }: { readonly sessionId: string; readonly source: string }): string => `${source}/${sessionId}`

const bySession = (outputs: ReadonlyArray<OutputFile>): Map<string, ReadonlyArray<OutputFile>> => {
  const found = new Map<string, Array<OutputFile>>()
  for (const output of outputs) {
    const others = found.get(sessionOf(output))
    if (others === undefined) found.set(sessionOf(output), [output])
    else others.push(output)
  }
  return found
}

const markMissing = Effect.fn("Indexer.markMissing")(function* (work: Work, fileIds: ReadonlyArray<string>) {
  const infos = fileIds.flatMap((fileId) => {
    const info = work.known.files.get(fileId)
    return info === undefined || info.missingSince !== null ? [] : [info]
  })
  if (infos.length === 0) return
  // A root may have been taken off the list since its file was told of: that says nothing about the file.
  const roots = yield* work.transcripts.roots
  const gone = infos.filter((info) => info.file === null || canTell(info.file, roots, []))
  if (gone.length === 0) return
  const at = yield* Clock.currentTimeMillis
  yield* work.journal.markMissing(
    gone.map((info): TranscriptId => info.id),
    at
  )
  for (const info of gone) remember(work.known, { ...info, missingSince: at })
})
