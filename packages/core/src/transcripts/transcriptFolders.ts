import type { Dirent } from "node:fs"
import { lstat, readdir } from "node:fs/promises"
import * as path from "node:path"
import * as Effect from "effect/Effect"
import { FileUnreadable } from "../files/FileUnreadable.ts"
import { askFacts, asking, type FileFacts } from "../files/fileFacts.ts"
import type { Harness, HarnessFolder, TranscriptName } from "../harness/Harness.ts"
import { hanLog } from "../harness/han/HanLog.ts"
import type { FileProblem, NotTaken } from "../journal/Transcripts.ts"
import { type Searched, whyNot } from "./notTaken.ts"

/** A folder of the tree that transcripts lie in. `home` (~/.han) holds configuration folders of bridges (~/.han/omp), each a `root`. */
export type Folder = (HarnessFolder | { readonly level: "home"; readonly sessionId: null; readonly depth: 0 }) & {
  readonly path: string
  /** The configuration folder it belongs to; empty for `home`. */
  readonly root: string
  /** The name under which transcripts in it are stored; empty for `home`. */
  readonly source: string
  /** The harness that says what lies in it. */
  readonly harness: Harness
}

/** A folder that is there. */
export type FoundFolder = Folder & {
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
  /** Files and folders that are named as transcripts and are none. */
  readonly notTaken: ReadonlyArray<NotTaken>
  /** Folders in which there should be no transcripts. */
  readonly others: ReadonlyArray<Searched>
}

/** Folders below a session's; deeper ones are a problem, not a transcript's place. */
const maxDepth = 32

/** Changes with the file, as far as that shows from afar. */
export const signatureOf = (file: FoundFile): string =>
  `${file.facts.key}:${file.facts.size}:${file.facts.mtimeMs}:${file.meta === null ? "" : `${file.meta.size}:${file.meta.mtimeMs}`}`

export const outputSignature = ({ facts }: FoundOutput): string => `${facts.key}:${facts.size}:${facts.mtimeMs}`

/** The folder in `parent` of that name, by its name alone; null for one in which no transcripts are. */
export const childOf = (parent: Folder, name: string): Folder | null => {
  const { harness, root, source } = parent
  const at = path.join(parent.path, name)
  if (parent.level === "home") return name.startsWith(".") ? null : { level: "root", path: at, root: at, source: name, harness, sessionId: null, depth: 0 }
  const child = harness.folders.child(parent, name)
  if (child === null) return null
  const depth = child.level === "inside" && parent.level !== "inside" ? 1 : parent.depth + 1
  return depth > maxDepth ? null : { level: child.level, path: at, root, source, harness, sessionId: child.sessionId, depth }
}

/** Tells whether a file of that name in `folder` is a tool's output. */
export const isOutputIn = (folder: Folder, name: string): boolean => folder.level === "outputs" && folder.harness.folders.isOutput(name)

/** Tells what a file of that name in `folder` is: a log of han's, or what its harness says. */
const identityIn = (folder: Folder, name: string, firstLine?: unknown): ReturnType<Harness["identify"]> => {
  const place = folder.level === "home" ? null : folder
  return hanLog.identify(place, name) ?? folder.harness.identify(place, name, firstLine)
}

/** The transcript that a file of that name in `folder` is; null when it is none. `firstLine`: of a file whose name leaves its session open. */
export const nameIn = (folder: Folder, name: string, firstLine?: unknown): TranscriptName | null => {
  const found = identityIn(folder, name, firstLine)
  return found === null || found.kind === "none" ? null : found
}

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

const byName = (a: Dirent, b: Dirent) => Number(a.isSymbolicLink()) - Number(b.isSymbolicLink()) || (a.name < b.name ? -1 : a.name > b.name ? 1 : 0)

/** The number of names of a folder that are asked for at a time. */
const atATime = 32

/** Lists what is directly in `folder`; own names before symbolic links, so that a link to a neighbour is the one that is left out. */
export const lookInto = (folder: Folder): Effect.Effect<Listing, FileUnreadable> => asking(folder.path, () => askListing(folder))

type Filled<A> = { -readonly [Key in keyof A]: A[Key] extends ReadonlyArray<infer One> ? Array<One> : never }
const emptyListing = (): Filled<Listing> => ({ folders: [], files: [], outputs: [], problems: [], notTaken: [], others: [] })

const askListing = async (folder: Folder): Promise<Listing> => {
  const listing = emptyListing()
  if (folder.level === "root") {
    for (const name of folder.harness.folders.tops) {
      const top = childOf(folder, name)
      const found = top === null ? null : await orProblem(listing, askFolder(top))
      if (found !== null && found !== "gone") listing.folders.push(found)
    }
    return listing
  }
  const entries = (await readdir(folder.path, { withFileTypes: true })).sort(byName)
  const names = new Set(entries.map((entry) => entry.name))
  const look = (entry: Dirent) => (folder.level === "outputs" ? lookAtOutput(listing, folder, entry) : lookAt(listing, folder, entry, names))
  for (let start = 0; start < entries.length; start += atATime) {
    for (const found of await Promise.all(entries.slice(start, start + atATime).map(look))) {
      if (found === null) continue
      if ("name" in found) listing.files.push(found)
      else if ("facts" in found) listing.outputs.push(found)
      else listing.folders.push(found)
    }
  }
  return listing
}

/** The answer; what vanished meanwhile is `gone`, and what is there and cannot be read null and a problem. */
const orProblem = <A>({ problems }: Filled<Listing>, look: Promise<A>): Promise<A | "gone" | null> =>
  look.catch((cause) => {
    if (!(cause instanceof FileUnreadable)) throw cause
    if (cause.reason === "missing") return "gone"
    problems.push(problemOf(cause))
    return null
  })

const leaveOut = ({ notTaken }: Filled<Listing>, { harness }: Folder, at: string, reason: string): null => {
  const one = whyNot({ path: at, harness }, reason)
  if (one !== null) notTaken.push(one)
  return null
}

const lookAtOutput = async (listing: Filled<Listing>, folder: Folder, entry: Dirent): Promise<FoundOutput | null> => {
  const at = path.join(folder.path, entry.name)
  if (entry.isSymbolicLink()) listing.problems.push({ path: at, message: linkedOutput(at) })
  else if (entry.isDirectory()) listing.others.push({ path: at, harness: folder.harness })
  if (!entry.isFile() || !isOutputIn(folder, entry.name)) return null
  if (identityIn(folder, entry.name) !== null) listing.notTaken.push({ path: at, reason: "a tool's output, which is kept as such", known: true })
  const found = await orProblem(listing, askOutput(folder, at))
  return found === "gone" ? null : found
}

const lookAt = async (listing: Filled<Listing>, folder: Folder, entry: Dirent, names: ReadonlySet<string>): Promise<FoundFolder | FoundFile | null> => {
  const at = path.join(folder.path, entry.name)
  const child = entry.isFile() ? null : childOf(folder, entry.name)
  if (child !== null) return lookAtFolder(listing, child, folder, entry)
  if (entry.isDirectory()) {
    if (folder.level !== "home") listing.others.push({ path: at, harness: folder.harness })
    if (folder.depth === maxDepth)
      listing.problems.push({ path: at, message: `${at} lies more than ${maxDepth} folders below its session's, and is not looked into` })
    return leaveOut(listing, folder, at, "it is a folder")
  }
  const name = identityIn(folder, entry.name)
  if (name === null) return null
  if (name.kind === "none") {
    listing.notTaken.push({ path: at, reason: name.reason, known: name.known })
    return null
  }
  const facts = factsBeside(folder, name, at)
  const found = await orProblem(listing, askFile(folder, at, name, entry.isSymbolicLink(), facts !== null && names.has(path.basename(facts)) ? facts : null))
  if (found === "gone") return entry.isSymbolicLink() ? leaveOut(listing, folder, at, "it is a link that leads nowhere") : null
  return found === "folder"
    ? leaveOut(listing, folder, at, "it is a folder")
    : found === "other"
      ? leaveOut(listing, folder, at, "it is no regular file")
      : found
}

const lookAtFolder = async (listing: Filled<Listing>, child: Folder, folder: Folder, entry: Dirent): Promise<FoundFolder | null> => {
  if (child.level === "outputs" && entry.isSymbolicLink()) {
    listing.problems.push({ path: child.path, message: linkedOutput(child.path) })
    return null
  }
  const facts = await orProblem(listing, askFacts(child.path))
  if (facts === null || facts === "gone") return null
  if (facts.kind === "folder") return { ...child, key: facts.key }
  const name = identityIn(folder, entry.name)
  return leaveOut(listing, folder, child.path, name?.kind === "none" ? name.reason : "it is a folder")
}

const linkedOutput = (at: string): string => `${at} is a link, and is not followed: tools' outputs are taken from the folder of their own session only`

const askFolder = async (folder: Folder): Promise<FoundFolder> => {
  const facts = await askFacts(folder.path)
  if (facts.kind !== "folder") throw new FileUnreadable({ path: folder.path, reason: "failed", message: `${folder.path} is no folder` })
  return { ...folder, key: facts.key }
}

/** The path of the file of facts beside a subagent's transcript. */
const factsBeside = ({ harness }: Folder, { kind }: TranscriptName, file: string): string | null => (kind === "agent" ? harness.folders.factsOf(file) : null)

const askFile = async (
  folder: Folder,
  file: string,
  name: TranscriptName,
  linked: boolean,
  metaPath: string | null
): Promise<FoundFile | "folder" | "other"> => {
  const facts = await askFacts(file)
  if (facts.kind !== "file") return facts.kind
  const meta = metaPath === null ? null : await askFacts(metaPath).catch(unlessMissing)
  return {
    ...{ path: file, folder, name, facts, linked },
    meta: metaPath !== null && meta?.kind === "file" ? { path: metaPath, size: meta.size, mtimeMs: meta.mtimeMs } : null
  }
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
    const found = await askFile(folder, file, name, false, factsBeside(folder, name, file))
    return typeof found === "string" ? null : found
  })

/** Finds that output with its facts; null for what is no regular file in a folder of its session's own. */
export const findOutput = (folder: Folder, file: string): Effect.Effect<FoundOutput | null, FileUnreadable> =>
  asking(file, async () => ((await lstat(folder.path)).isDirectory() && (await lstat(file)).isFile() ? askOutput(folder, file) : null))

export const problemOf = (error: FileUnreadable): FileProblem => ({ path: error.path, message: error.message })

/** Folders below one session's that are looked into. */
export const maxInside = 4096

/** Finds all that lies under `start`. `enter` decides, folder by folder, whether to go on there; it sees own names before symbolic links. */
export const walk = Effect.fn("Transcripts.walk")(function* (start: FoundFolder, enter: (folder: FoundFolder) => boolean) {
  const all = emptyListing()
  const visit = (folder: FoundFolder, inside: { folders: number }): Effect.Effect<void> =>
    Effect.suspend(() => {
      if (!enter(folder)) return Effect.void
      if (folder.level === "inside" && ++inside.folders > maxInside) {
        if (inside.folders === maxInside + 1)
          all.problems.push({
            path: folder.path,
            message: `${folder.path} and what follows is not looked into: its session's folder has more than ${maxInside} folders`
          })
        return Effect.void
      }
      return Effect.matchEffect(lookInto(folder), {
        onFailure: (error) =>
          Effect.sync(() => {
            if (error.reason !== "missing") all.problems.push(problemOf(error))
          }),
        onSuccess: (listing) => {
          addAll(all, listing)
          return Effect.forEach(listing.folders, (child) => visit(child, child.level === "inside" ? inside : { folders: 0 }), { discard: true })
        }
      })
    })
  yield* visit(start, { folders: 0 })
  return all
})

/** Adds to `all` what a listing has beside folders. */
export const addAll = (all: Omit<Filled<Listing>, "folders">, { files, notTaken, others, outputs, problems }: Omit<Listing, "folders">): void => {
  for (const file of files) all.files.push(file)
  for (const output of outputs) all.outputs.push(output)
  for (const problem of problems) all.problems.push(problem)
  for (const one of notTaken) all.notTaken.push(one)
  for (const other of others) all.others.push(other)
}
