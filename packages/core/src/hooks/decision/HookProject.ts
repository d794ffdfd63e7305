import { existsSync, readFileSync, realpathSync, statSync } from "node:fs"
import * as path from "node:path"
import { isWithin } from "../../plugins/pluginContent.ts"
import { realPath } from "../../plugins/pluginPlaces.ts"
import type { HookQuery } from "../Hooks.ts"

const marks = [".git", path.join(".claude", "settings.json"), path.join(".claude", "han.yml"), "han.yml"]

/** From where a question about hooks is asked. */
export interface HookPlace {
  /** The project that was named; it comes first. */
  readonly project?: string | undefined
  /** Absolute. */
  readonly cwd: string
  readonly environment: Readonly<Record<string, string | undefined>>
}

/**
 * Whose hooks are meant: of the project that was named, else CLAUDE_PROJECT_DIR, else the next folder upwards that looks like a project, else the current one;
 * with the one configuration folder of Claude Code that CLAUDE_CONFIG_DIR names.
 */
export const hookQuery = ({ cwd, environment, project }: HookPlace): HookQuery => {
  const named = project ?? (environment["CLAUDE_PROJECT_DIR"] || undefined)
  const folder = environment["CLAUDE_CONFIG_DIR"]
  return {
    projectPath: named === undefined ? around(cwd, path.resolve(environment["HOME"] ?? "/")) : path.resolve(cwd, named),
    ...(folder === undefined || folder === "" || folder.includes(",") ? {} : { folder })
  }
}

/** The home folder has settings of its own, and is no project for that. */
const around = (start: string, home: string): string => {
  for (let folder = start; ; folder = path.dirname(folder)) {
    if (folder !== home && marks.some((mark) => existsSync(path.join(folder, mark)))) return folder
    if (folder === path.dirname(folder)) return start
  }
}

/**
 * The directory in which the commands run: in the project, or where the agent works in another worktree of its repository, at the same place in that. Absolute, without
 * symbolic links. The agent's client keeps CLAUDE_PROJECT_DIR when it moves to a worktree.
 */
export const treeOf = (projectPath: string, cwd: string): string => {
  const here = realPath(cwd)
  if (here === null) return projectPath
  const mine = worktreeAround(projectPath)
  const theirs = worktreeAround(here)
  if (mine === null || theirs === null || mine.top === theirs.top || mine.common !== theirs.common) return projectPath
  const same = path.join(theirs.top, path.relative(mine.top, projectPath))
  return isWithin(theirs.top, same) && isFolder(same) ? same : theirs.top
}

/** The worktree that a folder lies in: its top, and the folder that all worktrees of the repository share. */
const worktreeAround = (start: string): { readonly top: string; readonly common: string } | null => {
  for (let folder = start; ; folder = path.dirname(folder)) {
    const git = path.join(folder, ".git")
    const stats = statSync(git, { throwIfNoEntry: false })
    if (stats?.isDirectory()) return { top: folder, common: realPath(git) ?? git }
    const common = stats?.isFile() ? commonOf(git) : null
    if (common !== null) return { top: folder, common }
    if (folder === path.dirname(folder)) return null
  }
}

/** Gives the common folder that a linked worktree's `.git` leads to; null for any other file, which anybody can write: git's own folder must point back to it. */
const commonOf = (file: string): string | null => {
  try {
    const [, named] = /^gitdir: (.+)\s*$/m.exec(readFileSync(file, "utf8")) ?? []
    if (named === undefined) return null
    const folder = realpathSync(path.resolve(path.dirname(file), named.trim()))
    const common = realpathSync(path.resolve(folder, readFileSync(path.join(folder, "commondir"), "utf8").trim()))
    const back = path.resolve(folder, readFileSync(path.join(folder, "gitdir"), "utf8").trim())
    return path.dirname(folder) === path.join(common, "worktrees") && realpathSync(back) === realpathSync(file) ? common : null
  } catch {
    return null
  }
}

const isFolder = (at: string): boolean => statSync(at, { throwIfNoEntry: false })?.isDirectory() === true
