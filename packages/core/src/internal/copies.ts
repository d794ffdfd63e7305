import * as Effect from "effect/Effect"
import { transcriptFileId } from "../Entry.ts"
import type { TranscriptInfo } from "../Journal.ts"
import type { TranscriptFile, TranscriptUnreadable } from "../Transcripts.ts"
import { addProblem, infoOf, readEdges, type Work } from "./indexWork.ts"
import { sameBytes } from "./keptEdges.ts"

/** Which of several files of one identity to begin with: the one that is as the journal has it, else one that can hold what it has, else the newest, the longest. */
const byRank =
  (known: TranscriptInfo | undefined) =>
  (a: TranscriptFile, b: TranscriptFile): number => {
    const before = known?.file ?? null
    const isKnown = (file: TranscriptFile) => Number(file.size === before?.size && file.mtimeMs === before.mtimeMs)
    const canHold = (file: TranscriptFile) => Number(file.size >= (known?.bytes ?? 0))
    return isKnown(b) - isKnown(a) || canHold(b) - canHold(a) || b.mtimeMs - a.mtimeMs || b.size - a.size || (a.path < b.path ? -1 : 1)
  }

/**
 * The one of several files of the same identity that the journal follows: the one it followed before, until another one has all its
 * lines and more. A copy that is part of it is passed over; one with other lines is a problem of the pass. So copies never take turns.
 */
export const chooseCopy = Effect.fn("Indexer.chooseCopy")(function* (work: Work, candidates: readonly [TranscriptFile, ...ReadonlyArray<TranscriptFile>]) {
  const [only, ...more] = candidates
  const fileId = transcriptFileId(only.transcript)
  const known = infoOf(work.known, only.transcript)
  if (more.length === 0) {
    work.known.copies.delete(fileId)
    return only
  }
  const ranked = [...candidates].sort(byRank(known))
  let chosen = ranked.find((file) => file.path === known?.file?.path) ?? ranked[0] ?? only
  for (const copy of ranked) {
    if (copy.path === chosen.path) continue
    const verdict = yield* Effect.catchAll(judge(work, chosen, copy, known), (error: TranscriptUnreadable) =>
      Effect.sync(() => {
        addProblem(work, error)
        return "part" as const
      })
    )
    if (verdict === "longer") chosen = copy
    if (verdict === "other") {
      addProblem(work, {
        path: copy.path,
        message: `${copy.path} has other lines than ${chosen.path}, which is the same transcript: only the latter is indexed; remove one of them`
      })
    }
  }
  work.known.copies.set(fileId, new Set(candidates.flatMap((file) => (file.path === chosen.path ? [] : [file.path]))))
  return chosen
})

/** How a copy relates to the file that is followed. The files are compared at both ends of what they share, once for each state of the copy. */
const judge = Effect.fn("Indexer.judgeCopy")(function* (work: Work, followed: TranscriptFile, copy: TranscriptFile, known: TranscriptInfo | undefined) {
  if (copy.size === followed.size && copy.mtimeMs === followed.mtimeMs) return "part" as const
  const of = [copy.inode, copy.size, copy.mtimeMs, followed.path, followed.inode, known?.transcript.generation ?? 0].join(":")
  const before = work.known.verdicts.get(copy.path)
  if (before?.of === of) return before.verdict
  const shared = Math.min(copy.size, followed.size)
  const [a, b] = yield* Effect.all([readEdges(work, followed.path, shared), readEdges(work, copy.path, shared)])
  const verdict =
    !sameBytes(a.head, b.head) || !sameBytes(a.tail, b.tail) ? ("other" as const) : copy.size > followed.size ? ("longer" as const) : ("part" as const)
  work.known.verdicts.set(copy.path, { of, verdict })
  return verdict
})
