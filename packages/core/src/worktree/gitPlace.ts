import { Buffer } from "node:buffer"
import { readFileSync, readlinkSync, realpathSync } from "node:fs"
import * as path from "node:path"
import type { Watching } from "./fileWatches.ts"
import { below, systemPath } from "./latin1Paths.ts"

/** A worktree and where git keeps what belongs to it; byte names. */
export interface GitPlace {
  /** The top of the worktree. */
  readonly top: string
  readonly gitDir: string
  /** Without symbolic links; the same for all worktrees of a repository. */
  readonly commonDir: string
  /** Its `.git` is a file: a linked worktree or a submodule. */
  readonly linked: boolean
}

/**
 * The worktree that a directory lies in, or, without `upwards`, whose top it is. `broken`: there is a `.git` that git would refuse or pass over. Asks no git, and
 * notes all that the answer depends on.
 */
export const gitPlaceOf = (directory: string, upwards: boolean, watching: Watching): GitPlace | "none" | "broken" => {
  for (let top = directory; ; top = path.posix.dirname(top)) {
    const found = placeAt(top, watching)
    if (found !== "none" || !upwards || top === path.posix.dirname(top)) return found
  }
}

const placeAt = (top: string, watching: Watching): GitPlace | "none" | "broken" => {
  const dotGit = below(top, ".git")
  const { identity, stats } = watching.note(systemPath(dotGit), "place")
  if (identity === "missing") return "none"
  if (stats === null) return "broken"
  if (stats.isDirectory()) return repositoryAt(top, dotGit, false, watching)
  const said = smallFile(dotGit, watching)
  const target = said === null ? null : (/^gitdir: ([^\n\r]+)/.exec(said)?.[1] ?? null)
  return target === null ? "broken" : repositoryAt(top, path.posix.resolve(top, target), true, watching)
}

/** Recognizes a repository as git does: by a HEAD that leads somewhere, objects and refs. */
const repositoryAt = (top: string, gitDir: string, linked: boolean, watching: Watching): GitPlace | "broken" => {
  const common = smallFile(below(gitDir, "commondir"), watching)?.replace(/[\r\n]+$/, "")
  const commonDir = common === undefined ? gitDir : path.posix.resolve(gitDir, common)
  const parts = ["objects", "refs"].map((name) => watching.note(systemPath(below(commonDir, name)), "place").stats !== null)
  if (!parts.every((there) => there) || !isHead(below(gitDir, "HEAD"), watching)) return "broken"
  try {
    const real = (name: string) => Buffer.from(realpathSync.native(systemPath(name), "buffer")).toString("latin1")
    return { top, gitDir: real(gitDir), commonDir: real(commonDir), linked }
  } catch {
    // It went away meanwhile, which the notes tell.
    return "broken"
  }
}

const isHead = (file: string, watching: Watching): boolean => {
  if (watching.note(systemPath(file), "link").stats?.isSymbolicLink() === true) {
    try {
      return readlinkSync(systemPath(file), "latin1").startsWith("refs/")
    } catch {
      return false
    }
  }
  return /^(?:ref:\s*refs\/|[0-9a-f]{40})/.test(smallFile(file, watching) ?? "")
}

const maxBytes = 65_536n

/** As a byte name; null for what is no small file, or cannot be read. */
const smallFile = (file: string, watching: Watching): string | null => {
  const { stats } = watching.note(systemPath(file), "target")
  if (stats === null || !stats.isFile() || stats.size > maxBytes) return null
  try {
    return readFileSync(systemPath(file), "latin1")
  } catch {
    return null
  }
}
