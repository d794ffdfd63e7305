/**
 * Answers `Transcripts` from the configuration folders of agents: finds transcripts, reads their lines, and watches for changes.
 *
 * @example
 * ```ts
 * import * as Layer from "effect/Layer"
 * import * as Indexer from "han-core/Indexer"
 * import * as TranscriptFiles from "han-core/TranscriptFiles"
 * import * as SqliteStore from "han-sql/SqliteStore"
 *
 * const files = TranscriptFiles.layer({
 *   machine: "laptop",
 *   roots: [{ path: "/home/dev/.claude" }, { path: "/mnt/share/.claude", poll: true }]
 * })
 * const services = Layer.provideMerge(Layer.provide(Indexer.layer, files), SqliteStore.layer({ filename: "/home/dev/han.db" }))
 * ```
 */

import { closeSync, constants, openSync } from "node:fs"
import * as path from "node:path"
import * as Chunk from "effect/Chunk"
import * as Effect from "effect/Effect"
import * as Layer from "effect/Layer"
import * as Option from "effect/Option"
import * as Stream from "effect/Stream"
import * as Subscribable from "effect/Subscribable"
import { FileUnreadable } from "../files/FileUnreadable.ts"
import { calling, descriptorFacts, type FileFacts, factsOf, linkTarget, mayList, openForReading, readAt, realPathOf } from "../files/fileFacts.ts"
import { claudeCode } from "../harness/claude/ClaudeCode.ts"
import type { Harness } from "../harness/Harness.ts"
import { Harnesses, harnessNamed, harnessOf } from "../harness/Harnesses.ts"
import { AgentId, type Entry, SessionId } from "../journal/Entry.ts"
import { type FileLook, type LineBatch, type OutputFile, type RootState, type TranscriptFile, Transcripts } from "../journal/Transcripts.ts"
import { agentSessions } from "./agentSessions.ts"
import { batchLimits, inBatches, lineSplitter } from "./lines.ts"
import { findStrays, notTakenFiles } from "./notTaken.ts"
import { readPayload } from "./payloadFile.ts"
import {
  addAll,
  childOf,
  type Folder,
  type FoundFile,
  type FoundOutput,
  find,
  findFile,
  findOutput,
  lookInto,
  outputPlaceOf,
  placeOf,
  problemOf,
  walk
} from "./transcriptFolders.ts"
import { type TranscriptWatch, watchTranscripts } from "./transcriptWatch.ts"

/** A configuration folder of an agent, as `~/.claude`. It may be missing now and appear later. */
export interface TranscriptRoot {
  readonly path: string
  /** The name of the agent that writes there, by which its harness is found; `sourceOf` the path if absent. */
  readonly source?: string | undefined
  /** Set for file systems that report no changes, such as network file systems. */
  readonly poll?: boolean | undefined
}

/** The folders of transcripts, and how often they are looked at. */
export interface TranscriptFilesOptions {
  /** The name of this machine, part of the identity of every transcript. */
  readonly machine: string
  /**
   * The configuration folders. When they can change (a `SubscriptionRef`), a new one is listed and followed at once, and one that went is followed no longer:
   * its transcripts are not reported as gone.
   */
  readonly roots: ReadonlyArray<TranscriptRoot> | Subscribable.Subscribable<ReadonlyArray<TranscriptRoot>>
  /** The folder of other harnesses' folders, as `~/.han`: each folder in it that has `projects` is a root, whose harness is its name. */
  readonly hanHome?: string | undefined
  /** The time for which a file must be quiet before its change is told, in milliseconds; 50 if absent. One that is never quiet is told of every 250. */
  readonly debounceMs?: number | undefined
  /** The time between comparisons of the folders with what the system told, in milliseconds; 60,000 if absent. */
  readonly sweepMs?: number | undefined
  /** The time between looks for what is missing, and for changes where the system cannot tell, in milliseconds; 1,000 if absent. */
  readonly pollMs?: number | undefined
  /** The longest pause between two looks at a tree so large that a look takes long; 10,000 if absent. */
  readonly maxRestMs?: number | undefined
}

const blockSize = 1 << 20

/**
 * Transcripts as files, where the `Harnesses` say that they lie, as `<root>/projects/<project>/<session>.jsonl`; han's own logs beside them, and tools' outputs in
 * `<session>/tool-results`.
 * A file that several paths or roots lead to counts once. Looking costs directory reads and stats; of files whose name does not
 * say their session (`agent-*.jsonl` of old clients) the first line is read, once.
 */
export const layer = (options: TranscriptFilesOptions): Layer.Layer<Transcripts> =>
  Layer.effect(
    Transcripts,
    Effect.map(Harnesses, (harnesses) => make(options, harnesses))
  )

/** The harness of a configuration folder: its name when it lies in han's home (`~/.han/omp`), else `claude-code`. */
export const sourceOf = (root: string, hanHome: string | undefined): string =>
  isBridged(root, hanHome) ? path.basename(path.resolve(root)) : claudeCode.source

/** Tells whether it is the folder of a bridge, which lies in han's home. */
const isBridged = (root: string, hanHome: string | undefined): boolean => {
  const parent = path.dirname(path.resolve(root))
  return (hanHome !== undefined && parent === path.resolve(hanHome)) || path.basename(parent) === ".han"
}

/** The state that the parts of the layer share. */
interface Looking {
  readonly machine: string
  readonly tops: Effect.Effect<Tops>
  readonly watches: Set<TranscriptWatch>
  /** Roots of bridges that were seen once: their going away is worth telling. */
  readonly discovered: Map<string, Folder>
  readonly sessions: ReturnType<typeof agentSessions>
}

const make = (options: TranscriptFilesOptions, harnesses: ReadonlyArray<Harness>): typeof Transcripts.Service => {
  const configured = Subscribable.isSubscribable(options.roots)
    ? options.roots
    : Subscribable.make({ get: Effect.succeed(options.roots), changes: Stream.empty })
  const topsOf = (roots: ReadonlyArray<TranscriptRoot>) => configuredTops(roots, options.hanHome, harnesses)
  const tops = Effect.map(configured.get, topsOf)
  const looking: Looking = { machine: options.machine, tops, watches: new Set(), discovered: new Map(), sessions: agentSessions() }
  const changes = Stream.unwrapScoped(
    Effect.gen(function* () {
      const watch = yield* watchTranscripts({
        ...(yield* tops),
        debounceMs: options.debounceMs ?? 50,
        sweepMs: options.sweepMs ?? 60_000,
        pollMs: options.pollMs ?? 1_000,
        maxRestMs: options.maxRestMs
      })
      yield* Effect.acquireRelease(
        Effect.sync(() => looking.watches.add(watch)),
        () => Effect.sync(() => looking.watches.delete(watch))
      )
      yield* Effect.forkScoped(Stream.runForEach(configured.changes, (roots) => watch.follow(topsOf(roots))))
      return Stream.concat(Stream.succeed(null), Stream.repeatEffect(watch.take))
    })
  )
  return {
    roots: Effect.map(findRoots(looking), ({ found }) => found.map((root) => root.state)),
    list: listAll(looking),
    stat: (file) => statOf(looking, file),
    outputAt: (file) => outputAt(looking, file),
    isOutput: (file) => Effect.map(tops, (now) => outputPlaceOf(now.tops, file) !== null),
    bytesAt,
    outputBytes: readOutput,
    read: (file, from) => readLines(harnessOf(harnesses, file.transcript), file, from),
    changes
  }
}

interface Tops {
  readonly home: Folder | null
  readonly roots: ReadonlyArray<Folder>
  /** The roots, and the home if there is one. */
  readonly tops: ReadonlyArray<Folder>
  readonly polled: ReadonlySet<string>
}

/** Bridges write as Claude Code does, each into a folder of its own name; that of an agent whose own transcripts are written otherwise, too. */
const configuredTops = (configured: ReadonlyArray<TranscriptRoot>, hanHome: string | undefined, harnesses: ReadonlyArray<Harness>): Tops => {
  const place = { sessionId: null, depth: 0 } as const
  const home: Folder | null = hanHome === undefined ? null : { ...place, level: "home", path: path.resolve(hanHome), root: "", source: "", harness: claudeCode }
  const roots = new Map<string, Folder>()
  for (const root of configured) {
    const at = path.resolve(root.path)
    const source = root.source ?? sourceOf(at, hanHome)
    const harness = isBridged(at, hanHome) ? claudeCode : harnessNamed(harnesses, source)
    if (!roots.has(at)) roots.set(at, { ...place, level: "root", path: at, root: at, source, harness })
  }
  return {
    home,
    roots: [...roots.values()],
    tops: home === null ? [...roots.values()] : [...roots.values(), home],
    polled: new Set(configured.filter((root) => root.poll === true).map((root) => path.resolve(root.path)))
  }
}

const lookOf = (path: string, { root }: Folder, { device, inode, mtimeMs, size }: FileFacts): FileLook => ({ path, root, device, inode, size, mtimeMs })
const transcriptOf = ({ machine }: Looking, { facts, folder, meta, name, path }: FoundFile, sessionId: string): TranscriptFile => ({
  transcript: {
    machine,
    source: folder.source,
    sessionId: SessionId.make(sessionId),
    kind: name.kind,
    agentId: name.agentId === null ? null : AgentId.make(name.agentId)
  },
  ...lookOf(path, folder, facts),
  meta
})
const outputOf = ({ machine }: Looking, { facts, folder, path: at }: FoundOutput): OutputFile => ({
  machine,
  source: folder.source,
  sessionId: SessionId.make(folder.sessionId ?? ""),
  name: path.basename(at),
  ...lookOf(at, folder, facts)
})

/** Null for a file that cannot tell its session yet. */
const askSession = (looking: Looking, file: FoundFile): Effect.Effect<TranscriptFile | null, FileUnreadable> =>
  file.name.sessionId !== null
    ? Effect.succeed(transcriptOf(looking, file, file.name.sessionId))
    : Effect.flatMap(looking.sessions.of(file), (answer) =>
        answer._tag === "Problem"
          ? Effect.fail(new FileUnreadable({ path: file.path, reason: "failed", message: answer.message }))
          : Effect.succeed(answer._tag === "NotYet" ? null : transcriptOf(looking, file, answer.sessionId))
      )

/** The configured roots, and the folders of bridges that have or had transcripts. */
const allRoots = Effect.fnUntraced(function* ({ discovered, tops }: Looking) {
  const { home, roots } = yield* tops
  if (home === null) return { all: roots, problems: [] }
  const inHome = yield* Effect.catchAll(lookInto(home), (error) =>
    Effect.succeed({ folders: [], problems: error.reason === "missing" ? [] : [problemOf(error)] })
  )
  for (const folder of inHome.folders) {
    if (roots.some((root) => root.path === folder.path)) continue
    for (const top of topsIn(folder)) {
      const there = yield* Effect.either(factsOf(top))
      if (there._tag === "Right" || there.left.reason !== "missing") discovered.set(folder.path, folder)
    }
  }
  return { all: [...roots, ...discovered.values()], problems: inHome.problems }
})

/** The paths of the folders in a root that transcripts lie in. */
const topsIn = (root: Folder): ReadonlyArray<string> =>
  root.harness.folders.tops.flatMap((name) => {
    const top = childOf(root, name)
    return top === null ? [] : [top.path]
  })

const stateOf = ({ watches }: Looking, root: string): RootState => {
  for (const watch of watches) {
    const state = watch.stateOf(root)
    if (state !== null) return { path: root, ...state }
  }
  return { path: root, state: "idle", message: null }
}

/** The root, if it is there and the folders in it may be listed. */
const openRoot = (root: Folder) =>
  Effect.zipLeft(
    find(root),
    Effect.forEach(topsIn(root), (top) => Effect.catchIf(mayList(top), isMissing, () => Effect.void), { discard: true })
  )

/** Each root with its state; `start` is where to look for transcripts, null when there is nothing to see or another root shows it. */
const findRoots = Effect.fnUntraced(function* (looking: Looking) {
  const { all, problems } = yield* allRoots(looking)
  const seen = new Map<string, string>()
  const found = yield* Effect.forEach(all, (root) =>
    Effect.map(Effect.either(openRoot(root)), (look) => {
      if (look._tag === "Left") {
        const { message, reason } = look.left
        const state: RootState = { path: root.path, state: reason === "missing" ? "missing" : "unreadable", message }
        return { state, start: null, problem: reason === "missing" ? null : problemOf(look.left) }
      }
      const same = seen.get(look.right.key)
      if (same === undefined) seen.set(look.right.key, root.path)
      return same === undefined
        ? { state: stateOf(looking, root.path), start: look.right, problem: null }
        : { state: { ...stateOf(looking, same), path: root.path, message: `the same folder as ${same}` }, start: null, problem: null }
    })
  )
  return { found, problems: [...problems, ...found.flatMap((one) => (one.problem === null ? [] : [one.problem]))] }
})

const listAll = Effect.fnUntraced(function* (looking: Looking) {
  const { found: tree, problems } = yield* findRoots(looking)
  const starts = tree.flatMap(({ start }) => (start === null ? [] : [start]))
  const all: Parameters<typeof addAll>[0] = { files: [], outputs: [], problems, notTaken: [], others: [] }
  const seen = new Set<string>()
  for (const start of starts) addAll(all, yield* walk(start, ({ key }) => !seen.has(key) && seen.add(key) === seen))
  const strays = yield* findStrays(starts, all.others)
  problems.push(...strays.problems)
  const files: Array<TranscriptFile> = []
  const kept = new Set<string>()
  for (const file of all.files.sort((a, b) => Number(a.linked) - Number(b.linked))) {
    if (kept.has(file.facts.key)) continue
    kept.add(file.facts.key)
    const one = yield* Effect.either(askSession(looking, file))
    if (one._tag === "Left") {
      if (!isMissing(one.left)) problems.push(problemOf(one.left))
    } else if (one.right === null) all.notTaken.push({ path: file.path, reason: "it has no whole line yet that says its session", known: false })
    else files.push(one.right)
  }
  const paths = new Set(all.files.map((file) => file.path))
  looking.sessions.keepOnly(paths)
  // A root may lie in another one.
  for (const stray of strays.found) if (!paths.has(stray.path)) all.notTaken.push(stray)
  const outputs = all.outputs.map((output) => outputOf(looking, output))
  return { files, outputs, problems, roots: tree.map((root) => root.state), notTaken: notTakenFiles(all.notTaken) }
})

const statOf = Effect.fn("Transcripts.stat")(function* (looking: Looking, file: string) {
  const { tops } = yield* looking.tops
  const place = placeOf(tops, file)
  if (place === null) return null
  const look = Effect.gen(function* () {
    if (yield* isSecondName(tops, file)) return null
    const found = yield* findFile(place.folder, file, place.name)
    return found === null ? null : yield* askSession(looking, found)
  })
  return yield* Effect.catchIf(look, isMissing, () => Effect.succeed(null))
})

const outputAt = Effect.fn("Transcripts.outputAt")(function* (looking: Looking, file: string) {
  const place = outputPlaceOf((yield* looking.tops).tops, file)
  if (place === null) return null
  const found = yield* Effect.catchIf(findOutput(place.folder, file), isMissing, () => Effect.succeed(null))
  return found === null ? null : outputOf(looking, found)
})

/** Tells whether it is a link to a file that is a transcript under its own name, as which alone it counts. */
const isSecondName = Effect.fnUntraced(function* (tops: ReadonlyArray<Folder>, file: string) {
  const target = yield* linkTarget(file)
  if (target === null) return false
  const real = yield* Effect.forEach(tops, (top) => Effect.map(realPathOf(top.path), (at): Folder => ({ ...top, path: at })))
  return placeOf(real, target) !== null
})

const bytesAt = Effect.fn("Transcripts.bytesAt")(function* (file: string, offset: number, length: number) {
  const descriptor = yield* openForReading(file)
  return yield* readAt(file, descriptor, offset, length)
}, Effect.scoped)

const isMissing = (error: FileUnreadable) => error.reason === "missing"

/** Reads bytes of an output: of no other file that may have been put in its place, and through no link. */
const readOutput: typeof Transcripts.Service.outputBytes = (file, offset, length) =>
  Effect.scoped(
    Effect.gen(function* () {
      const descriptor = yield* Effect.acquireRelease(
        calling(file.path, () => openSync(file.path, constants.O_RDONLY | (constants.O_NOFOLLOW ?? 0) | (constants.O_NONBLOCK ?? 0))),
        (open) => Effect.sync(() => closeSync(open))
      )
      const facts = yield* descriptorFacts(file.path, descriptor)
      if (facts.kind !== "file" || facts.device !== file.device || facts.inode !== file.inode) {
        return yield* new FileUnreadable({ path: file.path, reason: "missing", message: `${file.path} was replaced by another file` })
      }
      return yield* readAt(file.path, descriptor, offset, Math.max(0, Math.min(length, file.size - offset)))
    })
  )

/** The lines of `file` up to the size that it states: what was appended since is for the next look. */
const readLines = (
  { payloadOf }: Harness,
  file: TranscriptFile,
  from: { readonly line: number; readonly offset: number }
): Stream.Stream<LineBatch, FileUnreadable> =>
  // In one stage: a scope, a mapping and what they need at the end cost more than reading a small file.
  Stream.suspend(() => {
    let open: number | null = null
    const descriptor = Effect.gen(function* () {
      if (open !== null) return open
      // Noted in the same step: nobody else could close it.
      const opened = yield* calling(file.path, () => (open = openSync(file.path, "r")))
      const facts = yield* descriptorFacts(file.path, opened)
      if (facts.device !== file.device || facts.inode !== file.inode) {
        return yield* new FileUnreadable({ path: file.path, reason: "missing", message: `${file.path} was replaced by another file` })
      }
      return opened
    })
    const splitter = lineSplitter(from.offset)
    let line = from.line
    let position = from.offset
    /** The lines that the next block of the file completes. */
    const block = Effect.gen(function* () {
      const opened = yield* Effect.mapError(descriptor, Option.some)
      const left = file.size - position
      if (left <= 0) return yield* Effect.fail(Option.none())
      const bytes = yield* Effect.mapError(readAt(file.path, opened, position, Math.min(blockSize, left)), Option.some)
      // Cut off since the look: what was read is what there is.
      if (bytes.length === 0) return yield* Effect.fail(Option.none())
      position += bytes.length
      return splitter.push(bytes).map((one): Entry => ({ line: line++, offset: one.offset, bytes: one.bytes }))
    })
    const records = path.join(path.dirname(file.path), file.transcript.sessionId)
    const batches =
      payloadOf === undefined
        ? Stream.repeatEffectChunkOption(Effect.map(block, (entries) => Chunk.unsafeFromArray(inBatches(entries).map(batchOf))))
        : Stream.flatMap(Stream.repeatEffectOption(block), (entries) => withPayloads(records, payloadOf, entries))
    return Stream.ensuring(
      batches,
      Effect.sync(() => {
        if (open !== null) closeSync(open)
        open = null
      })
    )
  })

const batchOf = (entries: ReadonlyArray<Entry>): LineBatch => {
  const last = entries[entries.length - 1]
  return { entries, end: last === undefined ? 0 : last.offset + last.bytes.length + 1 }
}

/** Batches of lines with the records that they point to, which count towards the size of a batch. */
const withPayloads = (folder: string, payloadOf: NonNullable<Harness["payloadOf"]>, lines: ReadonlyArray<Entry>): Stream.Stream<LineBatch> =>
  Stream.unfoldEffect(0, (start) =>
    Effect.gen(function* () {
      if (start >= lines.length) return Option.none()
      const entries: Array<Entry> = []
      let weight = 0
      while (start + entries.length < lines.length && entries.length < batchLimits.lines && weight < batchLimits.bytes) {
        const entry = lines[start + entries.length]
        if (entry === undefined) break
        const ref = payloadOf(entry.bytes)
        const payload = ref === null ? undefined : yield* readPayload(folder, ref)
        entries.push(payload === undefined ? entry : { ...entry, payload })
        weight += entry.bytes.length + (payload?.length ?? 0)
      }
      return Option.some([batchOf(entries), start + entries.length] as const)
    })
  )
