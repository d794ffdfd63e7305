import { readdir } from "node:fs/promises"
import * as path from "node:path"
import * as Effect from "effect/Effect"
import { asking } from "../files/fileFacts.ts"
import type { FileProblem, NotTaken, NotTakenFiles } from "../journal/Transcripts.ts"
import { olderGeneration, transcriptEnd } from "./transcriptNames.ts"

/** Files of the client that end as transcripts do. */
const knownNames: ReadonlyMap<string, string> = new Map([
  ["history.jsonl", "the client's list of prompts that were typed"],
  ["journal.jsonl", "the client's journal of a workflow"],
  ["timeline.jsonl", "the client's record of a background session"]
])

/** The reason why a file of that name is no transcript: `otherwise`, unless the name is known. */
export const whyNot = (name: string, otherwise: string): Pick<NotTaken, "reason" | "known"> => {
  const known = knownNames.get(name) ?? (olderGeneration.test(name) ? "an older generation of a transcript, from an export" : undefined)
  return { reason: known ?? otherwise, known: known !== undefined }
}

/** Folders of a root that hold what people configure, plugins and the client's own records: there may be a lot in them, and no transcripts. */
const noTranscripts: ReadonlySet<string> = new Set([
  "projects",
  "plugins",
  "commands",
  "agents",
  "skills",
  "output-styles",
  "rules",
  "file-history",
  "shell-snapshots",
  "session-env",
  "tasks",
  "todos",
  "local",
  "cache",
  "paste-cache",
  "image-cache",
  "debug",
  "statsig",
  "telemetry"
])

/** The number of folders, of those that are no place for transcripts, that are looked through for some, all roots together. */
const mostFolders = 5000
const mostDepth = 16
const mostListed = 100

/** Finds files named as transcripts in the folders `others`, in which there should be none, and in those of `roots` beside `projects`. */
export const findStrays = Effect.fn("Transcripts.strays")(function* (roots: ReadonlyArray<string>, others: ReadonlyArray<string>) {
  const found: Array<NotTaken> = []
  const problems: Array<FileProblem> = []
  let folders = 0
  let isFull = false
  const visit = (folder: string, depth: number, reason: string, skip: ReadonlySet<string>): Effect.Effect<void> =>
    Effect.gen(function* () {
      if (folders >= mostFolders && !isFull) {
        isFull = true
        problems.push({
          path: folder,
          message: `${folder} and what follows was not looked through for files named as transcripts: there are more than ${mostFolders} folders`
        })
      }
      if (isFull) return
      if (depth > mostDepth) {
        problems.push({ path: folder, message: `${folder} was not looked through for files named as transcripts: it lies more than ${mostDepth} folders deep` })
        return
      }
      folders++
      const look = yield* Effect.either(asking(folder, () => readdir(folder, { withFileTypes: true })))
      if (look._tag === "Left") {
        if (look.left.reason !== "missing") problems.push({ path: folder, message: look.left.message })
        return
      }
      const entries = look.right
      for (const entry of entries.sort((a, b) => (a.name < b.name ? -1 : 1))) {
        const at = path.join(folder, entry.name)
        if (entry.name.endsWith(transcriptEnd)) found.push({ path: at, ...whyNot(entry.name, reason) })
        if (entry.isDirectory() && !skip.has(entry.name)) yield* visit(at, depth + 1, reason, nothing)
      }
    })
  for (const root of roots) yield* visit(root, 0, "it lies outside of projects", noTranscripts)
  for (const folder of others) yield* visit(folder, 1, "it lies in a folder that is no session's", nothing)
  return { found, problems }
})
const nothing: ReadonlySet<string> = new Set()

/** The list that is told of, with the number of all. */
export const notTakenFiles = (all: ReadonlyArray<NotTaken>): NotTakenFiles => ({
  count: all.length,
  files: [...all].sort((a, b) => Number(a.known) - Number(b.known) || (a.path < b.path ? -1 : a.path > b.path ? 1 : 0)).slice(0, mostListed)
})
