import * as path from "node:path"
import { lookAt } from "../../files/fileLook.ts"
import { compareNames } from "../../worktree/latin1Paths.ts"
import type { ProjectTree, TreeFile } from "../../worktree/projectTree.ts"
import { globTest } from "../definition/hookGlobs.ts"

/**
 * The directories of a tree that hold any of these markers, from its root ("" for it) and by path. A marker is the name of a file or folder, or a glob for one, and
 * counts even where git ignores it. Without a "/" it counts in every directory of the tree; with one it is a path from the root, and the root is meant. A "/" at its
 * end says that it is a folder. No markers: the root.
 */
export const hookDirectories = (tree: ProjectTree, markers: ReadonlyArray<string>): ReadonlyArray<string> => {
  if (markers.length === 0) return [""]
  const index = indexOf(tree)
  const found = new Set<string>()
  for (const marker of markers) {
    const name = marker.replace(/\/+$/, "")
    const isFolder = name !== marker
    const holders = isFolder ? index.folders : index.all
    if (name.includes("/")) {
      if (isAtRoot(tree, name.replace(/^(?:\.?\/+)+/, ""), isFolder)) found.add("")
      continue
    }
    const test = isPlain(name) ? null : globTest(name)
    if (test === null) for (const directory of holders.get(name) ?? []) found.add(directory)
    else for (const [known, directories] of holders) if (test(known)) for (const directory of directories) found.add(directory)
  }
  return [...found].sort(compareNames)
}

/** The files of a tree in a directory or below it, by path. Their paths are from that directory; their bytes, where they have any, are from the root as before. */
export const filesIn = (tree: ProjectTree, directory: string): ReadonlyArray<TreeFile> => {
  if (directory === "") return tree.files
  const prefix = `${directory}/`
  // "0" comes right after "/".
  const below = tree.files.slice(firstFrom(tree.files, prefix), firstFrom(tree.files, `${directory}0`))
  return below.map(({ path, raw }) => ({ path: path.slice(prefix.length), raw }))
}

const firstFrom = (files: ReadonlyArray<TreeFile>, path: string): number => {
  let low = 0
  let high = files.length
  while (low < high) {
    const middle = (low + high) >>> 1
    if ((files[middle]?.path ?? "") < path) low = middle + 1
    else high = middle
  }
  return low
}

/** The directories that hold a name. */
interface TreeIndex {
  readonly all: ReadonlyMap<string, ReadonlyArray<string>>
  readonly folders: ReadonlyMap<string, ReadonlyArray<string>>
}

const indexes = new WeakMap<ProjectTree, TreeIndex>()

const indexOf = (tree: ProjectTree): TreeIndex => {
  const known = indexes.get(tree)
  if (known !== undefined) return known
  const all = new Map<string, Array<string>>()
  const folders = new Map<string, Array<string>>()
  const note = (holders: Map<string, Array<string>>, name: string) => {
    const holder = parentOf(name)
    const directories = holders.get(nameOf(name))
    if (directories === undefined) holders.set(nameOf(name), [holder])
    else directories.push(holder)
  }
  for (const { path } of tree.files) note(all, path)
  for (const name of tree.directories) {
    if (name === "") continue
    note(all, name)
    note(folders, name)
  }
  for (const ignored of tree.ignored) {
    const name = ignored.replace(/\/$/, "")
    note(all, name)
    if (name !== ignored) note(folders, name)
  }
  const index = { all, folders }
  indexes.set(tree, index)
  return index
}

const nameOf = (name: string): string => name.slice(name.lastIndexOf("/") + 1)
const parentOf = (name: string): string => name.slice(0, Math.max(0, name.lastIndexOf("/")))

/** Tells whether something in the tree is at that path, which may be a glob; a plain path may lead into what git ignores. */
const isAtRoot = (tree: ProjectTree, name: string, isFolder: boolean): boolean => {
  if (name === "" || name.split("/").includes("..")) return false
  if (isPlain(name)) {
    const { stats } = lookAt(path.join(tree.root, name), "link")
    return stats !== null && (!isFolder || stats.isDirectory())
  }
  const test = globTest(name)
  if (test === null) return false
  return (
    tree.directories.some((one) => one !== "" && test(one)) ||
    tree.ignored.some((one) => (one.endsWith("/") ? test(one.slice(0, -1)) : !isFolder && test(one))) ||
    (!isFolder && tree.files.some((file) => test(file.path)))
  )
}

const isPlain = (name: string): boolean => !/[*?[\]{}()\\]/.test(name)
