import type { Dirent } from "node:fs"
import { readdir, realpath, stat } from "node:fs/promises"
import * as path from "node:path"
import * as Effect from "effect/Effect"
import type { FileUnreadable } from "../files/FileUnreadable.ts"
import { asking } from "../files/fileFacts.ts"
import type { FileProblem } from "../journal/Transcripts.ts"
import { problemOf } from "../transcripts/transcriptFolders.ts"

export interface RuleFile {
  readonly path: string
  /** The same for every way to reach the file by its name. */
  readonly key: string
  readonly domain: string
}

/** Far more than anybody writes; what a hostile folder can cost. */
const most = { files: 1000, folders: 1000, depth: 16, names: 10_000 }

/** The files of these names, and all `.md` files below a folder of rules, in the order of their paths. None of them is opened. */
export const ruleFilesIn = Effect.fnUntraced(function* (names: ReadonlyArray<string>, rulesFolder: string | null) {
  const problems: Array<FileProblem> = []
  const files: Array<RuleFile> = []
  // What is missing is nothing; what is there and cannot be seen is a problem.
  const orProblem = <A>(look: Effect.Effect<A, FileUnreadable>): Effect.Effect<A | null> =>
    Effect.catchAll(look, (error) =>
      Effect.sync(() => {
        if (error.reason !== "missing") problems.push(problemOf(error))
        return null
      })
    )
  for (const name of names) {
    const folder = yield* orProblem(asking(path.dirname(name), () => realpath(path.dirname(name))))
    if (folder !== null) files.push({ path: name, key: path.join(folder, path.basename(name)), domain: path.basename(name, ".md") })
  }
  if (rulesFolder === null) return { files, problems }

  const entered = new Set<string>()
  let looked = 0
  let rules = 0
  let tooMuch = false
  const enter = (folder: string, domain: ReadonlyArray<string>): Effect.Effect<void> =>
    Effect.gen(function* () {
      const real = yield* orProblem(asking(folder, () => realpath(folder)))
      // Links may lead back up.
      if (real === null || entered.has(real)) return
      entered.add(real)
      const entries = yield* orProblem(asking(folder, () => readdir(folder, { withFileTypes: true })))
      for (const entry of (entries ?? []).sort((a, b) => (a.name < b.name ? -1 : 1))) {
        if (++looked > most.names || rules === most.files) return void (tooMuch = true)
        const at = path.join(folder, entry.name)
        const kind = yield* orProblem(asking(at, () => kindOf(at, entry)))
        if (kind === "folder") {
          if (domain.length === most.depth || entered.size === most.folders) tooMuch = true
          else yield* enter(at, [...domain, entry.name])
        } else if (kind === "file" && entry.name.endsWith(".md")) {
          rules++
          files.push({ path: at, key: path.join(real, entry.name), domain: [...domain, path.basename(entry.name, ".md")].join("/") })
        }
      }
    })
  yield* enter(rulesFolder, [])
  if (tooMuch) {
    const limits = `${most.files} rules among ${most.names} names in ${most.folders} folders, ${most.depth} deep`
    problems.push({ path: rulesFolder, message: `${rulesFolder} holds more than ${limits}; the rest was left out` })
  }
  return { files, problems }
})

const kindOf = async (at: string, entry: Dirent): Promise<"folder" | "file" | "other"> => {
  const found = entry.isSymbolicLink() ? await stat(at) : entry
  return found.isDirectory() ? "folder" : found.isFile() ? "file" : "other"
}
