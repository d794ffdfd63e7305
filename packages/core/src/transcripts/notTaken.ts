import { readdir } from "node:fs/promises"
import * as path from "node:path"
import * as Effect from "effect/Effect"
import { asking } from "../files/fileFacts.ts"
import type { Harness } from "../harness/Harness.ts"
import type { FileProblem, NotTaken, NotTakenFiles } from "../journal/Transcripts.ts"

/** The number of folders, of those that are no place for transcripts, that are looked through for some, all roots together. */
const maxFolders = 5000
const maxDepth = 16
const maxListed = 100

/** A folder in which there should be no transcripts, or a root, and the harness that says how these are named. */
export interface Searched {
  readonly path: string
  readonly harness: Harness
}

/** Says why a file or folder that is named as a transcript is none: `otherwise`, unless its name is known. Null for one that is not named so. */
export const whyNot = ({ harness, path: at }: Searched, otherwise: string): NotTaken | null => {
  const found = harness.identify(null, path.basename(at))
  return found === null
    ? null
    : found.kind === "none" && found.known
      ? { path: at, reason: found.reason, known: true }
      : { path: at, reason: otherwise, known: false }
}

/** Finds files named as transcripts in the folders `others`, in which there should be none, and in those of `roots` beside the ones that transcripts lie in. */
export const findStrays = Effect.fn("Transcripts.strays")(function* (roots: ReadonlyArray<Searched>, others: ReadonlyArray<Searched>) {
  const search: Search = { found: [], problems: [], folders: 0, isFull: false }
  for (const root of roots) {
    const { skipped, tops } = root.harness.folders
    yield* visit(search, root, { depth: 0, reason: `it lies outside of ${tops.join(", ")}`, skip: new Set([...tops, ...skipped]) })
  }
  for (const folder of others) yield* visit(search, folder, { depth: 1, reason: "it lies in a folder that is no session's", skip: nothing })
  return { found: search.found, problems: search.problems }
})

interface Search {
  readonly found: Array<NotTaken>
  readonly problems: Array<FileProblem>
  folders: number
  isFull: boolean
}

const visit = (
  search: Search,
  folder: Searched,
  how: { readonly depth: number; readonly reason: string; readonly skip: ReadonlySet<string> }
): Effect.Effect<void> =>
  Effect.gen(function* () {
    if (!mayVisit(search, folder.path, how.depth)) return
    search.folders++
    const look = yield* Effect.either(asking(folder.path, () => readdir(folder.path, { withFileTypes: true })))
    if (look._tag === "Left") {
      if (look.left.reason !== "missing") search.problems.push({ path: folder.path, message: look.left.message })
      return
    }
    for (const entry of look.right.sort((a, b) => (a.name < b.name ? -1 : 1))) {
      const inside: Searched = { path: path.join(folder.path, entry.name), harness: folder.harness }
      const stray = whyNot(inside, how.reason)
      if (stray !== null) search.found.push(stray)
      if (entry.isDirectory() && !how.skip.has(entry.name)) yield* visit(search, inside, { depth: how.depth + 1, reason: how.reason, skip: nothing })
    }
  })

/** Says no, and notes the problem once, where there is too much to look through. */
const mayVisit = (search: Search, folder: string, depth: number): boolean => {
  if (search.isFull) return false
  if (search.folders >= maxFolders) {
    search.isFull = true
    search.problems.push({
      path: folder,
      message: `${folder} and what follows was not looked through for files named as transcripts: there are more than ${maxFolders} folders`
    })
    return false
  }
  if (depth <= maxDepth) return true
  search.problems.push({
    path: folder,
    message: `${folder} was not looked through for files named as transcripts: it lies more than ${maxDepth} folders deep`
  })
  return false
}
const nothing: ReadonlySet<string> = new Set()

/** The list that is told of, with the number of all. */
export const notTakenFiles = (all: ReadonlyArray<NotTaken>): NotTakenFiles => ({
  count: all.length,
  files: [...all].sort((a, b) => Number(a.known) - Number(b.known) || (a.path < b.path ? -1 : a.path > b.path ? 1 : 0)).slice(0, maxListed)
})
