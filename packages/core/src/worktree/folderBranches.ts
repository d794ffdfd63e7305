import { readlinkSync } from "node:fs"
import * as Effect from "effect/Effect"
import { isSettled, lookAt } from "../files/fileLook.ts"
import type { Work } from "../files/keptReads.ts"
import { yieldToEventLoop } from "../files/yieldToEventLoop.ts"
import { type FolderName, folderNames } from "./folderNames.ts"
import { below, compareNames, systemPath } from "./latin1Paths.ts"

/** One entry below a folder. */
export interface Branch {
  /** From the folder, a byte name. */
  readonly name: string
  /** The target of a symbolic link to a folder; for a folder that was met before, which one that was. */
  readonly says: string
  /** The absolute byte name of a file, a link that leads to no folder, or anything else; null for a folder. */
  readonly path: string | null
}

/** All below a folder but `.git`, links to folders followed, each folder once; always in the same order. Null for more than 20,000, and when not all can be read. */
export type FolderBranches = (folder: string, work: Work) => Effect.Effect<ReadonlyArray<Branch> | null>

const maxBranches = 20_000
const maxKept = 20_000
const turn = 256

/** `work` counts the folders that were read; one that has not changed is not read again. */
export const folderBranches = (): FolderBranches => {
  const known = new Map<string, { readonly look: string; readonly names: ReadonlyArray<FolderName> }>()

  const namesIn = (folder: string, work: Work): { readonly id: string; readonly names: ReadonlyArray<FolderName> | null } => {
    const since = Date.now()
    const look = lookAt(systemPath(folder), "target")
    const id = `${look.stats?.dev}:${look.stats?.ino}`
    const before = known.get(folder)
    if (before?.look === look.identity) return { id, names: before.names }
    work.reads++
    const names = folderNames(folder)
      ?.filter(({ name }) => name !== ".git")
      .sort((a, b) => compareNames(a.name, b.name))
    if (known.size >= maxKept) known.clear()
    if (names !== undefined && look.stats !== null && isSettled(look, since)) known.set(folder, { look: look.identity, names })
    else known.delete(folder)
    return { id, names: names ?? null }
  }

  return (folder, work) =>
    Effect.gen(function* () {
      const branches: Array<Branch> = []
      const met = new Map<string, number>()
      const open = [{ name: "", path: folder }]
      for (let looked = 1; ; looked++) {
        const next = open.pop()
        if (next === undefined) return branches
        if (looked % turn === 0) yield* yieldToEventLoop
        const { id, names } = namesIn(next.path, work)
        if (names === null) return null
        const before = met.get(id)
        if (before !== undefined) {
          branches.push({ name: next.name, says: `met ${before}`, path: null })
          continue
        }
        met.set(id, met.size)
        const folders: Array<{ readonly name: string; readonly path: string }> = []
        for (const { kind, name } of names) {
          const one = { name: below(next.name, name), path: below(next.path, name) }
          const isFolder = kind === "folder" || (kind === "link" && lookAt(systemPath(one.path), "target").stats?.isDirectory() === true)
          if (isFolder) folders.push(one)
          if (!isFolder) branches.push({ ...one, says: "" })
          else if (kind === "link") branches.push({ name: one.name, says: linkText(one.path) ?? "", path: null })
        }
        if (branches.length + met.size + folders.length > maxBranches) return null
        open.push(...folders.reverse())
      }
    })
}

/** The text of a symbolic link, as a byte name; null when it cannot be read. */
export const linkText = (name: string): string | null => {
  try {
    return readlinkSync(systemPath(name), "latin1")
  } catch {
    return null
  }
}
