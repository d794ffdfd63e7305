import { type FSWatcher, type WatchListener, watch } from "node:fs"
import * as path from "node:path"
import * as Duration from "effect/Duration"
import * as Effect from "effect/Effect"
import { errorCode } from "../files/fileFacts.ts"
import type { RootState } from "../journal/Transcripts.ts"
import { childOf, type Folder, type FoundFolder, find, isOutputIn, lookInto, mostInside, nameIn, outputSignature, signatureOf } from "./transcriptFolders.ts"

/** What is watched. */
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
  /** How the system is asked; `fs.watch` if absent. */
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
  /** How changes under this root are noticed; null for one that is not there. */
  readonly stateOf: (root: string) => Pick<RootState, "state" | "message"> | null
}

/**
 * Notices changes of transcripts. What the system tells is a hint: a path to look at, or a folder to look into. One watcher for each folder,
 * for a recursive one cannot be had everywhere and does not say when it missed something; what it missed is found by the sweep.
 */
export const watchTranscripts = Effect.fn("Transcripts.watch")(function* (options: WatchOptions) {
  const clock = yield* Effect.clock
  // Not the time of day: a wall clock that is set back must not hold anything up.
  const monotonicMs = () => Number(clock.unsafeCurrentTimeNanos()) / 1e6
  const watchFolder = options.watchFolder ?? watch
  const watched = new Map<string, Watched>()
  const owners = new Map<string, string>()
  /** How many folders below each session's are watched. */
  const inside = new Map<string, number>()
  const polling = new Map<string, string | null>([...options.polled].map((root) => [root, null]))

  // What to tell. A path is told once however often it changed, so that nothing has to be dropped when nobody takes for long.
  const dirty = new Map<string, { readonly first: number; last: number }>()
  const someDirty = yield* Effect.makeLatch()
  const touch = (file: string) => {
    const now = monotonicMs()
    const seen = dirty.get(file)
    if (seen === undefined) dirty.set(file, { first: now, last: now })
    else seen.last = now
    someDirty.unsafeOpen()
  }
  let everything = false
  const take: TranscriptWatch["take"] = Effect.suspend(() => {
    if (everything) {
      everything = false
      dirty.clear()
      return Effect.succeed(null)
    }
    if (dirty.size === 0) {
      someDirty.unsafeClose()
      return Effect.zipRight(someDirty.await, take)
    }
    const now = monotonicMs()
    const due: Array<string> = []
    let wait = maxWaitMs
    for (const [file, { first, last }] of dirty) {
      const left = Math.min(last + options.debounceMs, first + maxWaitMs) - now
      if (left <= 0) due.push(file)
      else wait = Math.min(wait, left)
    }
    if (due.length === 0) return Effect.zipRight(Effect.sleep(wait), take)
    for (const file of due) dirty.delete(file)
    return Effect.succeed(due)
  })

  // Which folders to look into again.
  const suspect = new Map<string, Folder>()
  const someSuspect = yield* Effect.makeLatch()
  const suspectFolder = (folder: Folder) => {
    suspect.set(folder.path, folder)
    someSuspect.unsafeOpen()
  }

  const heard = (folder: Folder, name: string | null) => {
    if (name === null) return suspectFolder(folder)
    if (name === path.basename(folder.path)) {
      // The folder itself was moved or removed. Another one may have its name by now, even its inode, and this watcher would never tell.
      stopOne(folder.path)
      return suspectFolder(folder)
    }
    const transcript = folder.harness.folders.transcriptOfFacts(name) ?? name
    if (nameIn(folder, transcript) !== null) return touch(path.join(folder.path, transcript))
    if (isOutputIn(folder, name)) return touch(path.join(folder.path, name))
    // A transcript's neighbours are written all the time; only a name that may be a folder of the tree is worth a look.
    const child = childOf(folder, name)
    if (child === null) return
    suspectFolder(folder)
    // It may have become readable.
    if (watched.get(child.path)?.watcher === null) suspectFolder(child)
  }
  const stopOne = (folderPath: string) => {
    const at = watched.get(folderPath)
    at?.watcher?.close()
    if (at !== undefined) at.watcher = null
  }

  const stopWatching = (root: string, message: string) => {
    if (!polling.has(root)) polling.set(root, message)
    for (const at of watched.values()) if (at.folder.root === root) stopOne(at.folder.path)
  }
  const startWatching = (at: Watched) => {
    const { folder } = at
    if (at.watcher !== null || polling.has(folder.root)) return
    const failed = (cause: unknown) => {
      const code = errorCode(cause)
      // A folder that went away, or that may not be read, is no fault of the watching.
      if (code === "ENOENT" || code === "EPERM" || code === "EACCES" || code === "ENOTDIR") return stopOne(folder.path)
      const hint =
        code === "ENOSPC" ? ": raise fs.inotify.max_user_watches" : code === "EMFILE" ? ": raise the limit of open files or fs.inotify.max_user_instances" : ""
      stopWatching(folder.root, `the system cannot watch ${folder.path} (${code})${hint}; looking every ${options.pollMs} ms instead`)
    }
    try {
      at.watcher = watchFolder(folder.path, (event, name) => {
        // The home holds databases that change all the time; folders only come and go.
        if (folder.level !== "home" || event === "rename") heard(folder, name)
      })
      at.watcher.on("error", failed)
    } catch (cause) {
      failed(cause)
    }
  }

  const drop = (folderPath: string) => {
    const at = watched.get(folderPath)
    if (at === undefined) return
    watched.delete(folderPath)
    const session = sessionFolder(at.folder)
    if (session !== null) inside.set(session, (inside.get(session) ?? 0) - 1)
    if (owners.get(at.folder.key) === folderPath) owners.delete(at.folder.key)
    if (at.parent !== null) watched.get(at.parent)?.children.delete(folderPath)
    at.watcher?.close()
    for (const file of at.files.keys()) touch(file)
    for (const child of at.children) drop(child)
  }

  /** Takes the folder under watch; null when it is watched already under another path. `isNew` when it was not watched before. */
  const enter = (folder: FoundFolder, parent: string | null) =>
    Effect.gen(function* () {
      const before = watched.get(folder.path)
      if (before !== undefined && before.folder.key === folder.key) return { at: before, isNew: false }
      drop(folder.path)
      const owner = owners.get(folder.key)
      if (owner !== undefined) {
        const owning = watched.get(owner)
        const still = owning === undefined ? null : yield* Effect.catchAll(find(owning.folder), () => Effect.succeed(null))
        if (still?.key === folder.key) return null
        // It was moved here. The watcher goes first: the system knows only one for each folder, whatever its name.
        drop(owner)
      }
      // As many as are listed.
      const session = sessionFolder(folder)
      if (session !== null && (inside.get(session) ?? 0) >= mostInside) return null
      if (session !== null) inside.set(session, (inside.get(session) ?? 0) + 1)
      const at: Watched = { folder, parent, children: new Set(), watcher: null, files: new Map() }
      watched.set(folder.path, at)
      owners.set(folder.key, folder.path)
      if (parent !== null) watched.get(parent)?.children.add(folder.path)
      return { at, isNew: true }
    })

  /** Looks into a folder, and below it where something is new or, if `deep`, everywhere; touches what differs from the last look. */
  const lookIn = (at: Watched, deep: boolean): Effect.Effect<void> =>
    Effect.gen(function* () {
      const { folder } = at
      // Before the look, so that nothing can happen between the two.
      startWatching(at)
      const listing = yield* Effect.catchAll(lookInto(folder), (error) =>
        Effect.sync(() => {
          if (error.reason === "missing") drop(folder.path)
          return null
        })
      )
      if (listing === null) return
      const files = new Map(listing.files.map((file) => [file.path, signatureOf(file)]))
      for (const output of listing.outputs) files.set(output.path, outputSignature(output))
      for (const [file, signature] of files) if (at.files.get(file) !== signature) touch(file)
      for (const file of at.files.keys()) if (!files.has(file)) touch(file)
      at.files = files
      const there = new Set(listing.folders.map((child) => child.path))
      for (const child of [...at.children]) if (!there.has(child)) drop(child)
      yield* Effect.forEach(
        listing.folders,
        (child) =>
          Effect.flatMap(enter(child, folder.path), (entered) => (entered !== null && (entered.isNew || deep) ? lookIn(entered.at, deep) : Effect.void)),
        { discard: true }
      )
    })

  const oneAtATime = yield* Effect.makeSemaphore(1)
  let { polled, tops }: WatchedTops = options
  const isTop = (folder: Folder) => tops.some((top) => top.path === folder.path)
  const lookAgain = (folder: Folder, deep: boolean) =>
    Effect.suspend(() => {
      const before = watched.get(folder.path)
      // What was dropped meanwhile is found again from above, if it is there.
      if (before === undefined && !isTop(folder)) return Effect.void
      return Effect.matchEffect(find(folder), {
        onFailure: () => Effect.sync(() => drop(folder.path)),
        onSuccess: (found) => Effect.flatMap(enter(found, before?.parent ?? null), (entered) => (entered === null ? Effect.void : lookIn(entered.at, deep)))
      })
    }).pipe(oneAtATime.withPermits(1))

  const sweep = Effect.suspend(() => Effect.forEach(tops, (top) => lookAgain(top, true), { discard: true }))
  const follow: TranscriptWatch["follow"] = (next) =>
    Effect.gen(function* () {
      const has = (all: WatchedTops, { path, source }: Folder, isPolled: boolean) =>
        all.tops.some((top) => top.path === path && top.source === source) && all.polled.has(path) === isPolled
      const before = { polled, tops }
      const gone = tops.filter((top) => !has(next, top, before.polled.has(top.path)))
      const come = next.tops.filter((top) => !has(before, top, next.polled.has(top.path)))
      if (gone.length === 0 && come.length === 0) return
      yield* oneAtATime.withPermits(1)(
        Effect.sync(() => {
          polled = next.polled
          tops = next.tops
          for (const top of gone) {
            polling.delete(top.path)
            drop(top.path)
          }
          for (const root of polled) if (!polling.has(root)) polling.set(root, null)
          // Another root may show what lies under the one that went. Nothing of it is told by name: it would be taken for gone.
          if (gone.length > 0) {
            everything = true
            someDirty.unsafeOpen()
          }
        })
      )
      yield* sweep
    })
  const suspects = Effect.forever(
    someSuspect.await.pipe(
      Effect.zipRight(
        Effect.suspend(() => {
          const folders = [...suspect.values()]
          suspect.clear()
          someSuspect.unsafeClose()
          return Effect.forEach(folders, (folder) => lookAgain(folder, false), { discard: true })
        })
      ),
      // A folder in which much happens is looked into once for all of it.
      Effect.zipRight(Effect.sleep(options.debounceMs))
    )
  )
  // Roots that are not there, cannot be read, or cannot be watched.
  const unwatched = () => {
    const roots = new Map(tops.filter((top) => watched.get(top.path)?.watcher == null).map((top): [string, Folder] => [top.path, top]))
    for (const at of watched.values()) if (at.folder.level === "root" && at.watcher === null) roots.set(at.folder.path, at.folder)
    return roots
  }
  const polls = Effect.suspend(() => Effect.forEach(unwatched().values(), (root) => lookAgain(root, true), { discard: true }))

  yield* Effect.addFinalizer(() =>
    Effect.sync(() => {
      for (const at of watched.values()) at.watcher?.close()
      watched.clear()
    })
  )
  yield* sweep
  dirty.clear()
  yield* Effect.forkScoped(suspects)
  yield* Effect.forkScoped(every(() => options.sweepMs, sweep))
  // Where everything is watched there is seldom anything to ask for.
  yield* Effect.forkScoped(every(() => (unwatched().size === 0 ? 5 * options.pollMs : options.pollMs), polls))

  const stateOf: TranscriptWatch["stateOf"] = (root) => {
    if (!watched.has(root)) return null
    const message = polling.get(root)
    return message === undefined ? { state: "watching", message: null } : { state: "polling", message }
  }
  return { take, follow, stateOf } satisfies TranscriptWatch
})

/** The session's folder that a folder lies in; null for one that lies in none. */
const sessionFolder = ({ depth, level, path: at }: Folder): string | null =>
  level === "inside" ? path.resolve(at, ...Array.from({ length: depth }, () => "..")) : null

/** A look takes at most a 400th of the time: over a large tree it comes less often. But a look that took long because the machine was busy is no reason to wait for minutes. */
const restShare = 400
const longestRestMs = 10_000

const every = (leastMs: () => number, look: Effect.Effect<void>): Effect.Effect<never> =>
  Effect.gen(function* () {
    let pause = leastMs()
    for (;;) {
      yield* Effect.sleep(pause)
      const [took] = yield* Effect.timed(look)
      pause = Math.max(leastMs(), Math.min(restShare * Duration.toMillis(took), longestRestMs))
    }
  })
