import * as Effect from "effect/Effect"
import type { Dirent } from "node:fs"
import { readdir } from "node:fs/promises"
import * as path from "node:path"
import { FileProblem, TranscriptUnreadable } from "../Transcripts.ts"
import { type FileFacts, factsOf, unreadable } from "./fileFacts.ts"
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

/** That folder, if it is there and is a folder. */
export const find = (folder: Folder): Effect.Effect<FoundFolder, TranscriptUnreadable> =>
  Effect.flatMap(factsOf(folder.path), (facts) =>
    facts.kind === "folder"
      ? Effect.succeed({ ...folder, key: facts.key })
      : Effect.fail(new TranscriptUnreadable({ path: folder.path, reason: "failed", message: `${folder.path} is no folder` })))

export const problemOf = (error: TranscriptUnreadable): FileProblem => ({ path: error.path, message: error.message })

/** Nothing for what vanished meanwhile, a problem for what is there and cannot be read. */
const orProblem = <A>(problems: Array<FileProblem>, look: Effect.Effect<A, TranscriptUnreadable>): Effect.Effect<A | null> =>
  Effect.catchAll(look, (error) => Effect.sync(() => {
    if (error.reason !== "missing") problems.push(problemOf(error))
    return null
  }))

interface Found {
  readonly folder: FoundFolder | null
  readonly file: FoundFile | null
}

const byName = (a: Dirent, b: Dirent) => Number(a.isSymbolicLink()) - Number(b.isSymbolicLink()) || (a.name < b.name ? -1 : a.name > b.name ? 1 : 0)

/** The folders and transcripts directly in `folder`; own names before symbolic links, so that a link to a neighbour is the one that is left out. */
export const lookInto = Effect.fn("Transcripts.lookInto")(function*(folder: Folder) {
  const problems: Array<FileProblem> = []
  if (folder.level === "root") {
    const projects = childOf(folder, "projects")
    const found = projects === null ? null : yield* orProblem(problems, find(projects))
    const listing: Listing = { folders: found === null ? [] : [found], files: [], problems }
    return listing
  }
  const entries = yield* Effect.tryPromise({ try: () => readdir(folder.path, { withFileTypes: true }), catch: unreadable(folder.path) })
  const names = new Set(entries.map((entry) => entry.name))
  const lookAt = (entry: Dirent): Effect.Effect<Found> => {
    const at = path.join(folder.path, entry.name)
    const child = entry.isFile() ? null : childOf(folder, entry.name)
    if (child !== null) {
      const seen = Effect.map(factsOf(at), (facts) => facts.kind === "folder" ? { ...child, key: facts.key } : null)
      return Effect.map(orProblem(problems, seen), (found) => ({ folder: found, file: null }))
    }
    const name = entry.isDirectory() ? null : nameIn(folder, entry.name)
    if (name === null) return Effect.succeed({ folder: null, file: null })
    const seen = findFile(folder, at, name, entry.isSymbolicLink(), name.kind === "agent" && names.has(metaNameOf(entry.name)))
    return Effect.map(orProblem(problems, seen), (found) => ({ folder: null, file: found }))
  }
  const found = yield* Effect.forEach(entries.sort(byName), lookAt, { concurrency: 16 })
  const listing: Listing = {
    folders: found.flatMap((one) => one.folder === null ? [] : [one.folder]),
    files: found.flatMap((one) => one.file === null ? [] : [one.file]),
    problems
  }
  return listing
})

/** That file with its facts; null for what is neither a file nor a link to one. */
export const findFile = (folder: Folder, file: string, name: TranscriptName, linked: boolean, withMeta: boolean): Effect.Effect<FoundFile | null, TranscriptUnreadable> =>
  Effect.gen(function*() {
    const facts = yield* factsOf(file)
    if (facts.kind !== "file") return null
    const metaPath = metaNameOf(file)
    const meta = withMeta ? yield* Effect.catchIf(factsOf(metaPath), (error) => error.reason === "missing", () => Effect.succeed(null)) : null
    return { path: file, folder, name, facts, meta: meta?.kind === "file" ? { path: metaPath, size: meta.size, mtimeMs: meta.mtimeMs } : null, linked }
  })

/** All that lies under `start`. `enter` decides, folder by folder, whether to go on there; it sees own names before symbolic links. */
export const walk = Effect.fn("Transcripts.walk")(function*<E, R>(start: FoundFolder, enter: (folder: FoundFolder) => Effect.Effect<boolean, E, R>) {
  const files: Array<FoundFile> = []
  const problems: Array<FileProblem> = []
  const visit = (folder: FoundFolder): Effect.Effect<void, E, R> =>
    Effect.flatMap(enter(folder), (wanted) =>
      wanted
        ? Effect.flatMap(orProblem(problems, lookInto(folder)), (listing) => {
          if (listing === null) return Effect.void
          for (const file of listing.files) files.push(file)
          for (const problem of listing.problems) problems.push(problem)
          return Effect.forEach(listing.folders, visit, { concurrency: 8, discard: true })
        })
        : Effect.void)
  yield* visit(start)
  return { files, problems }
})
