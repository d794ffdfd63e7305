import type { Dirent } from "node:fs"
import { lstat, readdir } from "node:fs/promises"
import * as path from "node:path"
import * as Effect from "effect/Effect"
import { FileUnreadable } from "../files/FileUnreadable.ts"
import { askFacts, asking, type FileFacts } from "../files/fileFacts.ts"
import type { FileProblem, NotTaken } from "../journal/Transcripts.ts"
import { whyNot } from "./notTaken.ts"
import { identify, isOutputName, isSessionName, metaNameOf, outputFolder, type TranscriptName, transcriptEnd } from "./transcriptNames.ts"

/**
 * A folder of the tree that transcripts lie in:
 * `home` (~/.han) › `root` (~/.han/omp, ~/.claude) › `projects` › `project` › `session` › `inside` (subagents, subagents/workflows/wf_1, whatever its name) › `inside` …,
 * and beside those in a session's folder `outputs` (tool-results), which holds no transcripts.
 */
export interface Folder {
  readonly level: "home" | "root" | "projects" | "project" | "session" | "inside" | "outputs"
  readonly path: string
  /** The configuration folder it belongs to; empty for `home`. */
  readonly root: string
  /** The harness that writes there; empty for `home`. */
  readonly source: string
  /** The session whose folder it is, or whose folder it lies in. */
  readonly sessionId: string | null
  /** How many folders below the session's own it lies; 0 if absent. */
  readonly depth?: number | undefined
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

/** A tool's output in a session's folder. */
export interface FoundOutput {
  readonly path: string
  readonly folder: Folder
  readonly facts: FileFacts
}

export interface Listing {
  readonly folders: ReadonlyArray<FoundFolder>
  readonly files: ReadonlyArray<FoundFile>
  readonly outputs: ReadonlyArray<FoundOutput>
  readonly problems: ReadonlyArray<FileProblem>
  /** What is named as a transcript and is none. */
  readonly notTaken: ReadonlyArray<NotTaken>
  /** Folders in which no transcripts are looked for. */
  readonly others: ReadonlyArray<string>
}

/** Folders below a session's; deeper ones are a problem, not a transcript's place. */
const maxDepth = 32
/** Names in a session's folders that are files', so that nobody looks into them. */
const fileName = /\.(?:jsonl?|lock|tmp)$/

/** What one sees from afar of a changed file. */
export const signatureOf = (file: FoundFile): string =>
  `${file.facts.key}:${file.facts.size}:${file.facts.mtimeMs}:${file.meta === null ? "" : `${file.meta.size}:${file.meta.mtimeMs}`}`

export const outputSignature = ({ facts }: FoundOutput): string => `${facts.key}:${facts.size}:${facts.mtimeMs}`

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
    case "inside": {
      if (parent.level === "session" && name === outputFolder) return { level: "outputs", path: at, root, source, sessionId }
      const depth = (parent.depth ?? 0) + 1
      return depth > maxDepth || fileName.test(name) ? null : { level: "inside", path: at, root, source, sessionId, depth }
    }
    case "outputs":
      return null
  }
}

/** Whether a file of that name in `folder` is a tool's output. */
export const isOutputIn = (folder: Folder, name: string): boolean => folder.level === "outputs" && isOutputName(name)

/** What a file of that name in `folder` is; null when it is no transcript. */
export const nameIn = (folder: Folder, name: string): TranscriptName | null =>
  folder.level === "project" ? identify(name, null) : folder.level === "session" || folder.level === "inside" ? identify(name, folder.sessionId) : null

/** The folder below one of `tops` that `file` lies in, and its name there, by the names alone; null when there is none that han knows. Nothing is looked up. */
const folderOf = (tops: ReadonlyArray<Folder>, file: string): { readonly folder: Folder; readonly name: string } | null => {
  for (const top of tops) {
    const below = path.relative(top.path, file)
    if (below === "" || below.startsWith("..") || path.isAbsolute(below)) continue
    const names = below.split(path.sep)
    const last = names.pop() ?? ""
    let folder: Folder | null = top
    for (const name of names) folder = folder === null ? null : childOf(folder, name)
    if (folder !== null && (nameIn(folder, last) !== null || isOutputIn(folder, last))) return { folder, name: last }
  }
  return null
}

/** The folder and the name by which `file` would be a transcript under one of `tops`; null when it can be none. */
export const placeOf = (tops: ReadonlyArray<Folder>, file: string): { readonly folder: Folder; readonly name: TranscriptName } | null => {
  const found = folderOf(tops, file)
  const name = found === null ? null : nameIn(found.folder, found.name)
  return found === null || name === null ? null : { folder: found.folder, name }
}

/** The folder and the name by which `file` would be a tool's output; null when it can be none. */
export const outputPlaceOf = (tops: ReadonlyArray<Folder>, file: string): { readonly folder: Folder; readonly name: string } | null => {
  const found = folderOf(tops, file)
  return found !== null && isOutputIn(found.folder, found.name) ? found : null
}

/** Says why a file of another name than a transcript's is none there. */
const nameReason = ({ level, sessionId }: Folder): string =>
  level === "projects"
    ? "it lies in no project's folder"
    : level === "project"
      ? "its name is that of no session, no agent, no log of han's"
      : `below the folder of session ${sessionId ?? ""} there are only transcripts of agents, named agent-ID.jsonl`

const byName = (a: Dirent, b: Dirent) => Number(a.isSymbolicLink()) - Number(b.isSymbolicLink()) || (a.name < b.name ? -1 : a.name > b.name ? 1 : 0)

/** How many names of a folder are asked for at a time. */
const atATime = 32

/** Lists what is directly in `folder`; own names before symbolic links, so that a link to a neighbour is the one that is left out. */
export const lookInto = (folder: Folder): Effect.Effect<Listing, FileUnreadable> => asking(folder.path, () => askListing(folder))

const askListing = async (folder: Folder): Promise<Listing> => {
  const folders: Array<FoundFolder> = []
  const files: Array<FoundFile> = []
  const outputs: Array<FoundOutput> = []
  const problems: Array<FileProblem> = []
  const notTaken: Array<NotTaken> = []
  const others: Array<string> = []
  // What vanished meanwhile is nothing, what is there and cannot be read a problem.
  const orProblem = <A>(look: Promise<A>): Promise<A | "gone" | null> =>
    look.catch((cause) => {
      if (!(cause instanceof FileUnreadable)) throw cause
      if (cause.reason === "missing") return "gone"
      problems.push(problemOf(cause))
      return null
    })
  if (folder.level === "root") {
    const projects = childOf(folder, "projects")
    const found = projects === null ? null : await orProblem(askFolder(projects))
    return { folders: found === null || found === "gone" ? [] : [found], files, outputs, problems, notTaken, others }
  }
  const entries = (await readdir(folder.path, { withFileTypes: true })).sort(byName)
  const names = new Set(entries.map((entry) => entry.name))
  const leaveOut = (entry: Dirent, at: string, reason: string): null => {
    if (entry.name.endsWith(transcriptEnd)) notTaken.push({ path: at, ...whyNot(entry.name, reason) })
    return null
  }
  const lookAtOutput = async (entry: Dirent, at: string): Promise<FoundOutput | null> => {
    if (entry.isSymbolicLink()) problems.push({ path: at, message: linkedOutput(at) })
    else if (entry.isDirectory()) others.push(at)
    if (!entry.isFile() || !isOutputIn(folder, entry.name)) return null
    if (entry.name.endsWith(transcriptEnd)) notTaken.push({ path: at, reason: "a tool's output, which is kept as such", known: true })
    const found = await orProblem(askOutput(folder, at))
    return found === "gone" ? null : found
  }
  const lookAt = async (entry: Dirent): Promise<FoundFolder | FoundFile | FoundOutput | null> => {
    const at = path.join(folder.path, entry.name)
    if (folder.level === "outputs") return lookAtOutput(entry, at)
    const child = entry.isFile() ? null : childOf(folder, entry.name)
    if (child !== null) {
      if (child.level === "outputs" && entry.isSymbolicLink()) {
        problems.push({ path: at, message: linkedOutput(at) })
        return null
      }
      const facts = await orProblem(askFacts(at))
      if (facts === null || facts === "gone") return null
      return facts.kind === "folder" ? { ...child, key: facts.key } : leaveOut(entry, at, nameReason(folder))
    }
    if (entry.isDirectory()) {
      if (folder.level !== "home") others.push(at)
      if (folder.depth === maxDepth)
        problems.push({ path: at, message: `${at} lies more than ${maxDepth} folders below its session's, and is not looked into` })
      return leaveOut(entry, at, "it is a folder")
    }
    const name = nameIn(folder, entry.name)
    if (name === null) return leaveOut(entry, at, nameReason(folder))
    const found = await orProblem(askFile(folder, at, name, entry.isSymbolicLink(), name.kind === "agent" && names.has(metaNameOf(entry.name))))
    if (found === "gone") return entry.isSymbolicLink() ? leaveOut(entry, at, "it is a link that leads nowhere") : null
    return found === "folder" ? leaveOut(entry, at, "it is a folder") : found === "other" ? leaveOut(entry, at, "it is no regular file") : found
  }
  for (let start = 0; start < entries.length; start += atATime) {
    for (const found of await Promise.all(entries.slice(start, start + atATime).map(lookAt))) {
      if (found === null) continue
      if ("name" in found) files.push(found)
      else if ("facts" in found) outputs.push(found)
      else folders.push(found)
    }
  }
  return { folders, files, outputs, problems, notTaken, others }
}

const linkedOutput = (at: string): string => `${at} is a link, and is not followed: tools' outputs are taken from the folder of their own session only`

const askFolder = async (folder: Folder): Promise<FoundFolder> => {
  const facts = await askFacts(folder.path)
  if (facts.kind !== "folder") throw new FileUnreadable({ path: folder.path, reason: "failed", message: `${folder.path} is no folder` })
  return { ...folder, key: facts.key }
}

const askFile = async (folder: Folder, file: string, name: TranscriptName, linked: boolean, withMeta: boolean): Promise<FoundFile | "folder" | "other"> => {
  const metaPath = metaNameOf(file)
  const facts = await askFacts(file)
  if (facts.kind !== "file") return facts.kind
  const meta = withMeta ? await askFacts(metaPath).catch(unlessMissing) : null
  return { path: file, folder, name, facts, meta: meta?.kind === "file" ? { path: metaPath, size: meta.size, mtimeMs: meta.mtimeMs } : null, linked }
}

const askOutput = async (folder: Folder, file: string): Promise<FoundOutput | null> => {
  const facts = await askFacts(file)
  return facts.kind === "file" ? { path: file, folder, facts } : null
}

const unlessMissing = (cause: unknown): null => {
  if (cause instanceof FileUnreadable && cause.reason === "missing") return null
  throw cause
}

/** That folder, if it is there and is a folder. */
export const find = (folder: Folder): Effect.Effect<FoundFolder, FileUnreadable> => asking(folder.path, () => askFolder(folder))

/** That file with its facts; null for what is neither a file nor a link to one. */
export const findFile = (folder: Folder, file: string, name: TranscriptName): Effect.Effect<FoundFile | null, FileUnreadable> =>
  asking(file, async () => {
    const found = await askFile(folder, file, name, false, name.kind === "agent")
    return typeof found === "string" ? null : found
  })

/** Finds that output with its facts; null for what is no regular file in a folder of its session's own. */
export const findOutput = (folder: Folder, file: string): Effect.Effect<FoundOutput | null, FileUnreadable> =>
  asking(file, async () => ((await lstat(folder.path)).isDirectory() && (await lstat(file)).isFile() ? askOutput(folder, file) : null))

export const problemOf = (error: FileUnreadable): FileProblem => ({ path: error.path, message: error.message })

/** Folders below one session's that are looked into. */
export const mostInside = 4096

/** All that lies under `start`. `enter` decides, folder by folder, whether to go on there; it sees own names before symbolic links. */
export const walk = Effect.fn("Transcripts.walk")(function* (start: FoundFolder, enter: (folder: FoundFolder) => boolean) {
  const all: { -readonly [Key in keyof Omit<Listing, "folders">]: Array<Listing[Key][number]> } = {
    files: [],
    outputs: [],
    problems: [],
    notTaken: [],
    others: []
  }
  const visit = (folder: FoundFolder, inside: { folders: number }): Effect.Effect<void> =>
    Effect.suspend(() => {
      if (!enter(folder)) return Effect.void
      if (folder.level === "inside" && ++inside.folders > mostInside) {
        if (inside.folders === mostInside + 1)
          all.problems.push({
            path: folder.path,
            message: `${folder.path} and what follows is not looked into: its session's folder has more than ${mostInside} folders`
          })
        return Effect.void
      }
      return Effect.matchEffect(lookInto(folder), {
        onFailure: (error) =>
          Effect.sync(() => {
            if (error.reason !== "missing") all.problems.push(problemOf(error))
          }),
        onSuccess: ({ files, folders, notTaken, others, outputs, problems }) => {
          for (const file of files) all.files.push(file)
          for (const output of outputs) all.outputs.push(output)
          for (const problem of problems) all.problems.push(problem)
          for (const one of notTaken) all.notTaken.push(one)
          for (const other of others) all.others.push(other)
          return Effect.forEach(folders, (child) => visit(child, child.level === "inside" ? inside : { folders: 0 }), { discard: true })
        }
      })
    })
  yield* visit(start, { folders: 0 })
  return all
})
