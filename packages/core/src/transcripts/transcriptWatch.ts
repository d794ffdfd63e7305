import { type FSWatcher, type WatchListener, watch } from "node:fs"
import * as path from "node:path"
import * as Duration from "effect/Duration"
import * as Effect from "effect/Effect"
import { errorCode } from "../files/fileFacts.ts"
import type { RootState } from "../journal/Transcripts.ts"
import { childOf, type Folder, type FoundFolder, find, isOutputIn, lookInto, maxInside, nameIn, outputSignature, signatureOf } from "./transcriptFolders.ts"

/** The folders that are watched, with all that lies under them. */
export interface WatchedTops {
  /** The configured roots, and the home of others if there is one. */
  readonly tops: ReadonlyArray<Folder>
  /** Roots where the system cannot tell of changes. */
  readonly polled: ReadonlySet<string>
}

export interface WatchOptions extends WatchedTops {
  readonly debounceMs: number
  readonly sweepMs: number
  readonly pollMs: number
  /** The longest pause after a look over a large tree. */
  readonly maxRestMs?: number | undefined
  /** Asks the system; `fs.watch` if absent. */
  readonly watchFolder?: ((folder: string, listener: WatchListener<string>) => FSWatcher) | undefined
}

/** A path that keeps changing is told of at least this often. */
const maxWaitMs = 250

/** One folder under watch, with its transcripts as they were when it was last looked into. */
interface Watched {
  readonly folder: FoundFolder
  readonly parent: string | null
  readonly children: Set<string>
  watcher: FSWatcher | null
  files: ReadonlyMap<string, string>
}

export interface TranscriptWatch {
  /** Waits for transcripts that changed, appeared or went away, and takes them; null when everything is worth a look. */
  readonly take: Effect.Effect<ReadonlyArray<string> | null>
  /** Watches these from now on. What lies under new ones is told of; of others that are watched no longer nothing is told but that everything is worth a look. */
  readonly follow: (next: WatchedTops) => Effect.Effect<void>
  /** The way in which changes under this root are noticed; null for one that is not there. */
  readonly stateOf: (root: string) => Pick<RootState, "state" | "message"> | null
}

/** The state that the parts of one watch share. */
interface Watching {
  readonly options: WatchOptions
  tops: ReadonlyArray<Folder>
  polled: ReadonlySet<string>
  /** Milliseconds of a clock that is never set back, which could hold things up. */
  readonly now: () => number
  readonly watched: Map<string, Watched>
  /** The path under which each folder is watched, by its key. */
  readonly owners: Map<string, string>
  /** The number of folders below each session's that are watched. */
  readonly inside: Map<string, number>
  /** Roots that are looked at again and again, with the reason for it if there is one. */
  readonly polling: Map<string, string | null>
  /** Paths to tell of. A path is told once however often it changed, so that nothing has to be dropped when nobody takes for long. */
  readonly dirty: Map<string, { readonly first: number; last: number }>
  readonly someDirty: Effect.Latch
  /** Set when everything is worth a look. */
  everything: boolean
  /** Folders to look into again. */
  readonly suspect: Map<string, Folder>
  readonly someSuspect: Effect.Latch
  readonly oneAtATime: Effect.Semaphore
}

/**
 * Notices changes of transcripts. What the system tells is a hint: a path to look at, or a folder to look into. One watcher for each folder,
 * for a recursive one cannot be had everywhere and does not say when it missed something; what it missed is found by the sweep.
 */
export const watchTranscripts = Effect.fn("Transcripts.watch")(function* (options: WatchOptions) {
  const clock = yield* Effect.clock
  const of: Watching = {
    options,
    tops: options.tops,
    polled: options.polled,
    now: () => Number(clock.unsafeCurrentTimeNanos()) / 1e6,
    watched: new Map(),
    owners: new Map(),
    inside: new Map(),
    polling: new Map([...options.polled].map((root) => [root, null])),
    dirty: new Map(),
    someDirty: yield* Effect.makeLatch(),
    everything: false,
    suspect: new Map(),
    someSuspect: yield* Effect.makeLatch(),
    oneAtATime: yield* Effect.makeSemaphore(1)
  }
  yield* Effect.addFinalizer(() =>
    Effect.sync(() => {
      for (const at of of.watched.values()) at.watcher?.close()
      of.watched.clear()
    })
  )
  yield* sweep(of)
  of.dirty.clear()
  yield* Effect.forkScoped(lookAtSuspects(of))
  yield* Effect.forkScoped(every(() => options.sweepMs, sweep(of), options.maxRestMs))
  const polls = Effect.suspend(() => Effect.forEach(unwatched(of).values(), (root) => lookAgain(of, root, true), { discard: true }))
  // Where everything is watched there is seldom anything to ask for.
  yield* Effect.forkScoped(every(() => (unwatched(of).size === 0 ? 5 * options.pollMs : options.pollMs), polls, options.maxRestMs))
  return { take: take(of), follow: (next) => follow(of, next), stateOf: (root) => stateOf(of, root) } satisfies TranscriptWatch
})

const stateOf = ({ polling, watched }: Watching, root: string): ReturnType<TranscriptWatch["stateOf"]> => {
  if (!watched.has(root)) return null
  const message = polling.get(root)
  return message === undefined ? { state: "watching", message: null } : { state: "polling", message }
}

const touch = (of: Watching, file: string): void => {
  const now = of.now()
  const seen = of.dirty.get(file)
  if (seen === undefined) of.dirty.set(file, { first: now, last: now })
  else seen.last = now
  of.someDirty.unsafeOpen()
}

const take = (of: Watching): TranscriptWatch["take"] =>
  Effect.suspend(() => {
    const { dirty, options, someDirty } = of
    if (of.everything) {
      of.everything = false
      dirty.clear()
      return Effect.succeed(null)
    }
    if (dirty.size === 0) {
      someDirty.unsafeClose()
      return Effect.zipRight(someDirty.await, take(of))
    }
    const now = of.now()
    const due: Array<string> = []
    let wait = maxWaitMs
    for (const [file, { first, last }] of dirty) {
      const left = Math.min(last + options.debounceMs, first + maxWaitMs) - now
      if (left <= 0) due.push(file)
      else wait = Math.min(wait, left)
    }
    if (due.length === 0) return Effect.zipRight(Effect.sleep(wait), take(of))
    for (const file of due) dirty.delete(file)
    return Effect.succeed(due)
  })

const suspectFolder = ({ someSuspect, suspect }: Watching, folder: Folder): void => {
  suspect.set(folder.path, folder)
  someSuspect.unsafeOpen()
}

/** Something happened in the folder: to the file or folder of that name, or to one that the system does not name. */
const heard = (of: Watching, folder: Folder, name: string | null): void => {
  if (name === null) return suspectFolder(of, folder)
  if (name === path.basename(folder.path)) {
    // The folder itself was moved or removed. Another one may have its name by now, even its inode, and this watcher would never tell.
    stopOne(of, folder.path)
    return suspectFolder(of, folder)
  }
  const transcript = folder.harness.folders.transcriptOfFacts(name) ?? name
  if (nameIn(folder, transcript) !== null) return touch(of, path.join(folder.path, transcript))
  if (isOutputIn(folder, name)) return touch(of, path.join(folder.path, name))
  // A transcript's neighbours are written all the time; only a name that may be a folder of the tree is worth a look.
  const child = childOf(folder, name)
  if (child === null) return
  suspectFolder(of, folder)
  // It may have become readable.
  if (of.watched.get(child.path)?.watcher === null) suspectFolder(of, child)
}

const stopOne = ({ watched }: Watching, folderPath: string): void => {
  const at = watched.get(folderPath)
  at?.watcher?.close()
  if (at !== undefined) at.watcher = null
}

/** The system cannot watch all of a root, which is therefore polled. */
const pollInstead = (of: Watching, root: string, message: string): void => {
  if (!of.polling.has(root)) of.polling.set(root, message)
  for (const at of of.watched.values()) if (at.folder.root === root) stopOne(of, at.folder.path)
}

const startWatching = (of: Watching, at: Watched): void => {
  const { folder } = at
  const { pollMs, watchFolder = watch } = of.options
  if (at.watcher !== null || of.polling.has(folder.root)) return
  const failed = (cause: unknown) => {
    const code = errorCode(cause)
    // A folder that went away, or that may not be read, is no fault of the watching.
    if (code === "ENOENT" || code === "EPERM" || code === "EACCES" || code === "ENOTDIR") return stopOne(of, folder.path)
    const hint =
      code === "ENOSPC" ? ": raise fs.inotify.max_user_watches" : code === "EMFILE" ? ": raise the limit of open files or fs.inotify.max_user_instances" : ""
    pollInstead(of, folder.root, `the system cannot watch ${folder.path} (${code})${hint}; looking every ${pollMs} ms instead`)
  }
  try {
    at.watcher = watchFolder(folder.path, (event, name) => {
      // The home holds databases that change all the time; folders only come and go.
      if (folder.level !== "home" || event === "rename") heard(of, folder, name)
    })
    at.watcher.on("error", failed)
  } catch (cause) {
    failed(cause)
  }
}

const drop = (of: Watching, folderPath: string): void => {
  const at = of.watched.get(folderPath)
  if (at === undefined) return
  of.watched.delete(folderPath)
  const session = sessionFolder(at.folder)
  if (session !== null) of.inside.set(session, (of.inside.get(session) ?? 0) - 1)
  if (of.owners.get(at.folder.key) === folderPath) of.owners.delete(at.folder.key)
  if (at.parent !== null) of.watched.get(at.parent)?.children.delete(folderPath)
  at.watcher?.close()
  for (const file of at.files.keys()) touch(of, file)
  for (const child of at.children) drop(of, child)
}

/** Takes the folder under watch; null when it is watched already under another path. `isNew` when it was not watched before. */
const enter = Effect.fnUntraced(function* (of: Watching, folder: FoundFolder, parent: string | null) {
  const { inside, owners, watched } = of
  const before = watched.get(folder.path)
  if (before !== undefined && before.folder.key === folder.key) return { at: before, isNew: false }
  drop(of, folder.path)
  const owner = owners.get(folder.key)
  if (owner !== undefined) {
    const owning = watched.get(owner)
    const still = owning === undefined ? null : yield* Effect.catchAll(find(owning.folder), () => Effect.succeed(null))
    if (still?.key === folder.key) return null
    // It was moved here. The watcher goes first: the system knows only one for each folder, whatever its name.
    drop(of, owner)
  }
  // As many as are listed.
  const session = sessionFolder(folder)
  if (session !== null && (inside.get(session) ?? 0) >= maxInside) return null
  if (session !== null) inside.set(session, (inside.get(session) ?? 0) + 1)
  const at: Watched = { folder, parent, children: new Set(), watcher: null, files: new Map() }
  watched.set(folder.path, at)
  owners.set(folder.key, folder.path)
  if (parent !== null) watched.get(parent)?.children.add(folder.path)
  return { at, isNew: true }
})

/** Looks into a folder, and below it where something is new or, if `deep`, everywhere; touches what differs from the last look. */
const lookIn = (of: Watching, at: Watched, deep: boolean): Effect.Effect<void> =>
  Effect.gen(function* () {
    const { folder } = at
    // Before the look, so that nothing can happen between the two.
    startWatching(of, at)
    const listing = yield* Effect.catchAll(lookInto(folder), (error) =>
      Effect.sync(() => {
        if (error.reason === "missing") drop(of, folder.path)
        return null
      })
    )
    if (listing === null) return
    const files = new Map(listing.files.map((file) => [file.path, signatureOf(file)]))
    for (const output of listing.outputs) files.set(output.path, outputSignature(output))
    for (const [file, signature] of files) if (at.files.get(file) !== signature) touch(of, file)
    for (const file of at.files.keys()) if (!files.has(file)) touch(of, file)
    at.files = files
    const there = new Set(listing.folders.map((child) => child.path))
    for (const child of [...at.children]) if (!there.has(child)) drop(of, child)
    for (const child of listing.folders) {
      const entered = yield* enter(of, child, folder.path)
      if (entered !== null && (entered.isNew || deep)) yield* lookIn(of, entered.at, deep)
    }
  })

const lookAgain = (of: Watching, folder: Folder, deep: boolean): Effect.Effect<void> =>
  Effect.suspend(() => {
    const before = of.watched.get(folder.path)
    // What was dropped meanwhile is found again from above, if it is there.
    if (before === undefined && !of.tops.some((top) => top.path === folder.path)) return Effect.void
    return Effect.matchEffect(find(folder), {
      onFailure: () => Effect.sync(() => drop(of, folder.path)),
      onSuccess: (found) =>
        Effect.flatMap(enter(of, found, before?.parent ?? null), (entered) => (entered === null ? Effect.void : lookIn(of, entered.at, deep)))
    })
  }).pipe(of.oneAtATime.withPermits(1))

const sweep = (of: Watching): Effect.Effect<void> => Effect.suspend(() => Effect.forEach(of.tops, (top) => lookAgain(of, top, true), { discard: true }))

const follow = Effect.fnUntraced(function* (of: Watching, next: WatchedTops) {
  const has = (all: WatchedTops, { path, source }: Folder, isPolled: boolean) =>
    all.tops.some((top) => top.path === path && top.source === source) && all.polled.has(path) === isPolled
  const before: WatchedTops = { polled: of.polled, tops: of.tops }
  const gone = before.tops.filter((top) => !has(next, top, before.polled.has(top.path)))
  const come = next.tops.filter((top) => !has(before, top, next.polled.has(top.path)))
  if (gone.length === 0 && come.length === 0) return
  yield* of.oneAtATime.withPermits(1)(
    Effect.sync(() => {
      of.polled = next.polled
      of.tops = next.tops
      for (const top of gone) {
        of.polling.delete(top.path)
        drop(of, top.path)
      }
      for (const root of next.polled) if (!of.polling.has(root)) of.polling.set(root, null)
      // Another root may show what lies under the one that went. Nothing of it is told by name: it would be taken for gone.
      if (gone.length > 0) {
        of.everything = true
        of.someDirty.unsafeOpen()
      }
    })
  )
  yield* sweep(of)
})

const lookAtSuspects = (of: Watching): Effect.Effect<never> =>
  Effect.forever(
    of.someSuspect.await.pipe(
      Effect.zipRight(
        Effect.suspend(() => {
          const folders = [...of.suspect.values()]
          of.suspect.clear()
          of.someSuspect.unsafeClose()
          return Effect.forEach(folders, (folder) => lookAgain(of, folder, false), { discard: true })
        })
      ),
      // A folder in which much happens is looked into once for all of it.
      Effect.zipRight(Effect.sleep(of.options.debounceMs))
    )
  )

/** Roots that are not there, cannot be read, or cannot be watched. */
const unwatched = ({ tops, watched }: Watching): ReadonlyMap<string, Folder> => {
  const roots = new Map(tops.filter((top) => watched.get(top.path)?.watcher == null).map((top): [string, Folder] => [top.path, top]))
  for (const at of watched.values()) if (at.folder.level === "root" && at.watcher === null) roots.set(at.folder.path, at.folder)
  return roots
}

/** The session's folder that a folder lies in; null for one that lies in none. */
const sessionFolder = ({ depth, level, path: at }: Folder): string | null =>
  level === "inside" ? path.resolve(at, ...Array.from({ length: depth }, () => "..")) : null

/** A look takes at most a 400th of the time: over a large tree it comes less often. But a look that took long because the machine was busy is no reason to wait for minutes. */
const restShare = 400
const standardRestMs = 10_000

const every = (minMs: () => number, look: Effect.Effect<void>, maxRestMs = standardRestMs): Effect.Effect<never> =>
  Effect.gen(function* () {
    let pause = minMs()
    for (;;) {
      yield* Effect.sleep(pause)
      const [took] = yield* Effect.timed(look)
      pause = Math.max(minMs(), Math.min(restShare * Duration.toMillis(took), maxRestMs))
    }
  })
