import type { Dirent } from "node:fs"
import { readdir } from "node:fs/promises"
import * as path from "node:path"
import * as Effect from "effect/Effect"
import { type FileProblem, TranscriptUnreadable } from "../Transcripts.ts"
import { askFacts, asking, type FileFacts } from "./fileFacts.ts"
import { identify, isSessionName, metaNameOf, type TranscriptName } from "./transcriptNames.ts"

/**
 * A folder of the tree that transcripts lie in:
 * `home` (~/.han) › `root` (~/.han/omp, ~/.claude) › `projects` › `project` › `session` › `subagents`.
 */
export interface Folder {
  readonly level: "home" | "root" | "projects" | "project" | "session" | "subagents"
  readonly path: string
  /** The configuration folder it belongs to; empty for `home`. */
  readonly root: string
  /** The harness that writes there; empty for `home`. */
  readonly source: string
  /** The session whose folder it is, or whose folder it lies in. */
  readonly sessionId: string | null
}

/** A folder that is there. */
export interface FoundFolder extends Folder {
  /** The same for every path that leads to this folder. */
  readonly key: string
}

/** A file that its name makes a transcript. */
export interface FoundFile {
  readonly path: string
  readonly folder: Folder
  readonly name: TranscriptName
  readonly facts: FileFacts
  readonly meta: { readonly path: string; readonly size: number; readonly mtimeMs: number } | null
  /** Reached through a symbolic link: the same file under its own name comes first. */
  readonly linked: boolean
}

export interface Listing {
  readonly folders: ReadonlyArray<FoundFolder>
  readonly files: ReadonlyArray<FoundFile>
  readonly problems: ReadonlyArray<FileProblem>
}

/** What one sees from afar of a changed file. */
export const signatureOf = (file: FoundFile): string =>
  `${file.facts.key}:${file.facts.size}:${file.facts.mtimeMs}:${file.meta === null ? "" : `${file.meta.size}:${file.meta.mtimeMs}`}`

/** The folder in `parent` of that name, by its name alone; null for one in which no transcripts are. */
export const childOf = (parent: Folder, name: string): Folder | null => {
  const at = path.join(parent.path, name)
  const { root, source, sessionId } = parent
  switch (parent.level) {
    case "home":
      return name.startsWith(".") ? null : { level: "root", path: at, root: at, source: name, sessionId }
    case "root":
      return name === "projects" ? { level: "projects", path: at, root, source, sessionId } : null
    case "projects":
      return { level: "project", path: at, root, source, sessionId }
    case "project":
      return isSessionName(name) ? { level: "session", path: at, root, source, sessionId: name } : null
    case "session":
      return name === "subagents" ? { level: "subagents", path: at, root, source, sessionId } : null
    case "subagents":
      return null
  }
}

/** What a file of that name in `folder` is; null when it is no transcript. */
export const nameIn = (folder: Folder, name: string): TranscriptName | null =>
  folder.level === "project" ? identify(name, null) : folder.level === "subagents" ? identify(name, folder.sessionId) : null

/** The folder and the name by which `file` would be a transcript under one of `tops`; null when it can be none. Nothing is looked up. */
export const placeOf = (tops: ReadonlyArray<Folder>, file: string): { readonly folder: Folder; readonly name: TranscriptName } | null => {
  for (const top of tops) {
    const below = path.relative(top.path, file)
    if (below === "" || below.startsWith("..") || path.isAbsolute(below)) continue
    const names = below.split(path.sep)
    const last = names.pop() ?? ""
    let folder: Folder | null = top
    for (const name of names) folder = folder === null ? null : childOf(folder, name)
    const name = folder === null ? null : nameIn(folder, last)
    if (folder !== null && name !== null) return { folder, name }
  }
  return null
}

const byName = (a: Dirent, b: Dirent) => Number(a.isSymbolicLink()) - Number(b.isSymbolicLink()) || (a.name < b.name ? -1 : a.name > b.name ? 1 : 0)

/** How many names of a folder are asked for at a time. */
const atATime = 32

/** The folders and transcripts directly in `folder`; own names before symbolic links, so that a link to a neighbour is the one that is left out. */
export const lookInto = (folder: Folder): Effect.Effect<Listing, TranscriptUnreadable> => asking(folder.path, () => askListing(folder))

const askListing = async (folder: Folder): Promise<Listing> => {
  const folders: Array<FoundFolder> = []
  const files: Array<FoundFile> = []
  const problems: Array<FileProblem> = []
  // What vanished meanwhile is nothing, what is there and cannot be read a problem.
  const orProblem = <A>(look: Promise<A>): Promise<A | null> =>
    look.catch((cause) => {
      if (!(cause instanceof TranscriptUnreadable)) throw cause
      if (cause.reason !== "missing") problems.push(problemOf(cause))
      return null
    })
  if (folder.level === "root") {
    const projects = childOf(folder, "projects")
    const found = projects === null ? null : await orProblem(askFolder(projects))
    return { folders: found === null ? [] : [found], files, problems }
  }
  const entries = (await readdir(folder.path, { withFileTypes: true })).sort(byName)
  const names = new Set(entries.map((entry) => entry.name))
  const lookAt = async (entry: Dirent): Promise<FoundFolder | FoundFile | null> => {
    const at = path.join(folder.path, entry.name)
    const child = entry.isFile() ? null : childOf(folder, entry.name)
    if (child !== null) {
      const facts = await orProblem(askFacts(at))
      return facts?.kind === "folder" ? { ...child, key: facts.key } : null
    }
    const name = entry.isDirectory() ? null : nameIn(folder, entry.name)
    return name === null ? null : orProblem(askFile(folder, at, name, entry.isSymbolicLink(), name.kind === "agent" && names.has(metaNameOf(entry.name))))
  }
  for (let start = 0; start < entries.length; start += atATime) {
    for (const found of await Promise.all(entries.slice(start, start + atATime).map(lookAt))) {
      if (found === null) continue
      if ("facts" in found) files.push(found)
      else folders.push(found)
    }
  }
  return { folders, files, problems }
}

const askFolder = async (folder: Folder): Promise<FoundFolder> => {
  const facts = await askFacts(folder.path)
  if (facts.kind !== "folder") throw new TranscriptUnreadable({ path: folder.path, reason: "failed", message: `${folder.path} is no folder` })
  return { ...folder, key: facts.key }
}

const askFile = async (folder: Folder, file: string, name: TranscriptName, linked: boolean, withMeta: boolean): Promise<FoundFile | null> => {
  const metaPath = metaNameOf(file)
  const facts = await askFacts(file)
  if (facts.kind !== "file") return null
  const meta = withMeta ? await askFacts(metaPath).catch(unlessMissing) : null
  return { path: file, folder, name, facts, meta: meta?.kind === "file" ? { path: metaPath, size: meta.size, mtimeMs: meta.mtimeMs } : null, linked }
}

const unlessMissing = (cause: unknown): null => {
  if (cause instanceof TranscriptUnreadable && cause.reason === "missing") return null
  throw cause
}

/** That folder, if it is there and is a folder. */
export const find = (folder: Folder): Effect.Effect<FoundFolder, TranscriptUnreadable> => asking(folder.path, () => askFolder(folder))

/** That file with its facts; null for what is neither a file nor a link to one. */
export const findFile = (folder: Folder, file: string, name: TranscriptName): Effect.Effect<FoundFile | null, TranscriptUnreadable> =>
  asking(file, () => askFile(folder, file, name, false, name.kind === "agent"))

export const problemOf = (error: TranscriptUnreadable): FileProblem => ({ path: error.path, message: error.message })

/** All that lies under `start`. `enter` decides, folder by folder, whether to go on there; it sees own names before symbolic links. */
export const walk = Effect.fn("Transcripts.walk")(function* (start: FoundFolder, enter: (folder: FoundFolder) => boolean) {
  const files: Array<FoundFile> = []
  const problems: Array<FileProblem> = []
  const visit = (folder: FoundFolder): Effect.Effect<void> =>
    Effect.suspend(() =>
      enter(folder)
        ? Effect.matchEffect(lookInto(folder), {
            onFailure: (error) =>
              Effect.sync(() => {
                if (error.reason !== "missing") problems.push(problemOf(error))
              }),
            onSuccess: (listing) => {
              for (const file of listing.files) files.push(file)
              for (const problem of listing.problems) problems.push(problem)
              return Effect.forEach(listing.folders, visit, { discard: true })
            }
          })
        : Effect.void
    )
  yield* visit(start)
  return { files, problems }
})
