import { Buffer } from "node:buffer"
import { realpathSync, statSync } from "node:fs"
import * as path from "node:path"
import * as Effect from "effect/Effect"
import type { Work } from "../files/keptReads.ts"
import { oneAtATime } from "../files/oneAtATime.ts"
import { gitCalls } from "./gitCalls.ts"
import { below, byteName, compareNames, textOf } from "./latin1Paths.ts"
import { type TreeArea, treeAreas } from "./treeArea.ts"

export interface TreeFile {
  /** From the root, with "/"; what is no UTF-8 is U+FFFD. */
  readonly path: string
  /** The bytes of the path where they are no UTF-8. */
  readonly raw: Buffer | null
}

/** The files of a project that count: those that git does not ignore, tracked or not. */
export interface ProjectTree {
  /** Without symbolic links. */
  readonly root: string
  /** By path. Symbolic links are files, whatever they lead to. */
  readonly files: ReadonlyArray<TreeFile>
  /** The directories that may hold files, by path; "" is the root. Empty when there is no such folder. */
  readonly directories: ReadonlyArray<string>
  /** Files and folders in these directories that do not count, by path: ignored ones, `.git`, linked worktrees. A folder ends with "/". */
  readonly ignored: ReadonlyArray<string>
  /** Git says which files count. */
  readonly isGit: boolean
  /** The same for all worktrees of a repository, at the same place in them. */
  readonly identity: string
}

/**
 * The tree of a folder as it is at the time of the call. Without git all files count but those in `.git`, `.hg`, `.svn` and `node_modules`; where git fails all but
 * those in `.git`. Other repositories within, submodules among them, are part of it as they see themselves; linked worktrees of the same repository are not.
 * `work` counts calls of git and directories that were read: none while nothing has changed. Times of files must be those of this machine's clock.
 */
export type ProjectTrees = (root: string, work: Work) => Effect.Effect<ProjectTree>

interface KeptTree {
  readonly tree: ProjectTree
  readonly areas: ReadonlyMap<string, TreeArea>
  /** The turn in which it was last begun to be read. */
  readonly begun: number
}

const maxKept = 50

/** `environment` is git's; what would point it to another repository is left out. */
export const projectTrees = (options: { readonly environment: Readonly<Record<string, string | undefined>> }): ProjectTrees => {
  const areas = treeAreas({ environment: options.environment, git: gitCalls(options.environment) })
  const known = new Map<string, KeptTree>()
  let turns = 0

  const look = Effect.fnUntraced(function* (root: string, asked: number, work: Work) {
    const before = known.get(root)
    // It was read while this call waited.
    if (before !== undefined && before.begun > asked) return before.tree
    const begun = ++turns
    const fresh = new Set<string>()
    for (const [top, area] of before?.areas ?? []) if (yield* areas.isFresh(area)) fresh.add(top)
    const now = new Map<string, TreeArea>()
    const collect = (top: string, within: ReadonlyArray<string> | null): Effect.Effect<void> =>
      Effect.gen(function* () {
        const old = before?.areas.get(top) ?? null
        const isFresh = old !== null && fresh.has(top) && old.within?.join("\n") === within?.join("\n")
        const area = isFresh ? old : yield* areas.read({ top, within, before: old }, work)
        now.set(top, area)
        const outer = [...(within ?? []), ...(area.place === null ? [] : [area.place.commonDir])]
        for (const name of area.nested) yield* collect(below(top, name), outer)
      })
    const top = byteName(root)
    yield* collect(top, null)
    const isSame = before !== undefined && before.areas.size === now.size && [...now].every(([at, area]) => before.areas.get(at) === area)
    const tree = isSame ? before.tree : treeOf(root, top, now)
    known.delete(root)
    known.set(root, { tree, areas: now, begun })
    for (const oldest of known.keys()) {
      if (known.size <= maxKept) break
      known.delete(oldest)
    }
    return tree
  })

  return (root, work) =>
    Effect.suspend(() => {
      const real = realFolder(root)
      if (real === null) return Effect.succeed({ root, files: [], directories: [], ignored: [], isGit: false, identity: root })
      const asked = ++turns
      return oneAtATime(`tree of ${real}`)(look(real, asked, work))
    })
}

const realFolder = (root: string): string | null => {
  try {
    return statSync(root).isDirectory() ? realpathSync(root) : null
  } catch {
    return null
  }
}

const treeOf = (root: string, top: string, areas: ReadonlyMap<string, TreeArea>): ProjectTree => {
  const files: Array<TreeFile> = []
  const directories = new Set<string>()
  const ignored = new Set<string>()
  for (const area of areas.values()) {
    const prefix = area.top === top ? "" : area.top.slice(below(top, "x").length - 1)
    const named = (name: string) => textOf(prefix === "" ? name : name === "" ? prefix : `${prefix}/${name}`)
    for (const name of area.files) files.push(named(name))
    for (const name of area.directories) directories.add(named(name).path)
    for (const name of area.ignored) ignored.add(named(name).path)
  }
  files.sort((a, b) => compareNames(a.path, b.path) || Buffer.compare(a.raw ?? none, b.raw ?? none))
  const first = areas.get(top)
  return {
    root,
    files,
    directories: [...directories].sort(compareNames),
    ignored: [...ignored].sort(compareNames),
    isGit: first?.isGit === true,
    identity: first === undefined ? root : identityOf(root, first)
  }
}

const none = Buffer.alloc(0)

const identityOf = (root: string, { place, top }: TreeArea): string => {
  if (place === null) return root
  const within = path.posix.relative(place.top, top)
  // No path without symbolic links has "//" in it.
  return textOf(within === "" ? place.commonDir : `${place.commonDir}//${within}`).path
}
