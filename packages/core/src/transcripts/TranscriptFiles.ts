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
import { AgentId, type Entry, SessionId } from "../journal/Entry.ts"
import { type FileLook, type LineBatch, type NotTaken, type OutputFile, type RootState, type TranscriptFile, Transcripts } from "../journal/Transcripts.ts"
import { agentSessions } from "./agentSessions.ts"
import { payloadReference, readPayload } from "./hanPayload.ts"
import { batchLimits, inBatches, lineSplitter } from "./lines.ts"
import { findStrays, notTakenFiles } from "./notTaken.ts"
import {
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

/** A configuration folder, as `~/.claude`: transcripts lie in `projects` below it. It may be missing now and appear later. */
export interface TranscriptRoot {
  readonly path: string
  /** The harness that writes there; `sourceOf` the path if absent. */
  readonly source?: string | undefined
  /** Where changes are not told, as on network file systems. */
  readonly poll?: boolean | undefined
}

export interface TranscriptFilesOptions {
  /** The name of this machine, part of the identity of every transcript. */
  readonly machine: string
  /**
   * The configuration folders. When they can change (a `SubscriptionRef`), a new one is listed and followed at once, and one that went is followed no longer:
   * its transcripts are not reported as gone.
   */
  readonly roots: ReadonlyArray<TranscriptRoot> | Subscribable.Subscribable<ReadonlyArray<TranscriptRoot>>
  /** Where other harnesses' folders lie, as `~/.han`: each folder in it that has `projects` is a root, whose harness is its name. */
  readonly hanHome?: string | undefined
  /** How long a file must be quiet before its change is told, in milliseconds; 50 if absent. One that is never quiet is told of every 250. */
  readonly debounceMs?: number | undefined
  /** How often the folders are compared with what the system told; 60,000 if absent. */
  readonly sweepMs?: number | undefined
  /** How often is looked for what is missing, and for changes where the system cannot tell; 1,000 if absent. */
  readonly pollMs?: number | undefined
  /** The longest pause between two looks at a tree so large that a look takes long; 10,000 if absent. */
  readonly longestRestMs?: number | undefined
}

const blockSize = 1 << 20

/**
 * Transcripts as files: `<root>/projects/<project>/<session>.jsonl`, agents' (`agent-*.jsonl`) anywhere below the folder `<session>`, and han's own logs beside them;
 * tools' outputs in `<session>/tool-results`.
 * A file that several paths or roots lead to counts once. Looking costs directory reads and stats; of files whose name does not
 * say their session (`agent-*.jsonl` of old clients) the first line is read, once.
 */
export const layer = (options: TranscriptFilesOptions): Layer.Layer<Transcripts> => Layer.sync(Transcripts, () => make(options))

/** The harness of a configuration folder: its name when it lies in han's home (`~/.han/omp`), else `claude-code`. */
export const sourceOf = (root: string, hanHome: string | undefined): string => {
  const at = path.resolve(root)
  const parent = path.dirname(at)
  return (hanHome !== undefined && parent === path.resolve(hanHome)) || path.basename(parent) === ".han" ? path.basename(at) : "claude-code"
}

const make = (options: TranscriptFilesOptions): typeof Transcripts.Service => {
  const configured = Subscribable.isSubscribable(options.roots)
    ? options.roots
    : Subscribable.make({ get: Effect.succeed(options.roots), changes: Stream.empty })
  const current = Effect.map(configured.get, (roots) => topsOf(roots, options.hanHome))
  const watches = new Set<TranscriptWatch>()
  /** Roots of other harnesses that were seen once: their going away is worth telling. */
  const discovered = new Map<string, Folder>()
  const sessions = agentSessions()

  const lookOf = (path: string, { root }: Folder, { device, inode, mtimeMs, size }: FileFacts): FileLook => ({ path, root, device, inode, size, mtimeMs })
  const transcriptOf = ({ facts, folder, meta, name, path }: FoundFile, sessionId: string): TranscriptFile => ({
    transcript: {
      machine: options.machine,
      source: folder.source,
      sessionId: SessionId.make(sessionId),
      kind: name.kind,
      agentId: name.agentId === null ? null : AgentId.make(name.agentId)
    },
    ...lookOf(path, folder, facts),
    meta
  })
  const outputOf = ({ facts, folder, path: at }: FoundOutput): OutputFile => ({
    machine: options.machine,
    source: folder.source,
    sessionId: SessionId.make(folder.sessionId ?? ""),
    name: path.basename(at),
    ...lookOf(at, folder, facts)
  })
  /** Null for a file that cannot tell its session yet. */
  const askSession = (file: FoundFile): Effect.Effect<TranscriptFile | null, FileUnreadable> =>
    Effect.flatMap(sessions.of(file), (answer) =>
      answer._tag === "Problem"
        ? Effect.fail(new FileUnreadable({ path: file.path, reason: "failed", message: answer.message }))
        : Effect.succeed(answer._tag === "NotYet" ? null : transcriptOf(file, answer.sessionId))
    )

  const stateOf = (root: string): RootState => {
    for (const watch of watches) {
      const state = watch.stateOf(root)
      if (state !== null) return { path: root, ...state }
    }
    return { path: root, state: "idle", message: null }
  }

  /** The configured roots, and the folders of other harnesses that have or had projects. */
  const allRoots = Effect.gen(function* () {
    const { home, roots } = yield* current
    if (home === null) return { all: roots, problems: [] }
    const inHome = yield* Effect.catchAll(lookInto(home), (error) =>
      Effect.succeed({ folders: [], problems: error.reason === "missing" ? [] : [problemOf(error)] })
    )
    for (const folder of inHome.folders) {
      const projects = childOf(folder, "projects")
      if (projects === null || roots.some((root) => root.path === folder.path)) continue
      const there = yield* Effect.either(factsOf(projects.path))
      if (there._tag === "Right" || there.left.reason !== "missing") discovered.set(folder.path, folder)
    }
    return { all: [...roots, ...discovered.values()], problems: inHome.problems }
  })

  /** Each root with its state; `start` is where to look for transcripts, null when there is nothing to see or another root shows it. */
  const findRoots = Effect.gen(function* () {
    const { all, problems } = yield* allRoots
    const seen = new Map<string, string>()
    const found = yield* Effect.forEach(all, (root) =>
      Effect.map(
        Effect.either(
          Effect.zipLeft(
            find(root),
            Effect.catchIf(mayList(path.join(root.path, "projects")), isMissing, () => Effect.void)
          )
        ),
        (look) => {
          if (look._tag === "Left") {
            const { message, reason } = look.left
            const state: RootState = { path: root.path, state: reason === "missing" ? "missing" : "unreadable", message }
            return { state, start: null, problem: reason === "missing" ? null : problemOf(look.left) }
          }
          const same = seen.get(look.right.key)
          if (same === undefined) seen.set(look.right.key, root.path)
          return same === undefined
            ? { state: stateOf(root.path), start: look.right, problem: null }
            : { state: { ...stateOf(same), path: root.path, message: `the same folder as ${same}` }, start: null, problem: null }
        }
      )
    )
    return { found, problems: [...problems, ...found.flatMap((one) => (one.problem === null ? [] : [one.problem]))] }
  })

  const list = Effect.gen(function* () {
    const { found: tree, problems } = yield* findRoots
    const found: Array<FoundFile> = []
    const outputs: Array<OutputFile> = []
    const notTaken: Array<NotTaken> = []
    const others: Array<string> = []
    const seen = new Set<string>()
    for (const { start } of tree) {
      if (start === null) continue
      const inside = yield* walk(start, ({ key }) => !seen.has(key) && seen.add(key) === seen)
      for (const file of inside.files) found.push(file)
      for (const output of inside.outputs) outputs.push(outputOf(output))
      for (const one of inside.notTaken) notTaken.push(one)
      for (const other of inside.others) others.push(other)
      problems.push(...inside.problems)
    }
    const strays = yield* findStrays(
      tree.flatMap(({ start }) => (start === null ? [] : [start.path])),
      others
    )
    problems.push(...strays.problems)
    const files: Array<TranscriptFile> = []
    const kept = new Set<string>()
    for (const file of found.sort((a, b) => Number(a.linked) - Number(b.linked))) {
      if (kept.has(file.facts.key)) continue
      kept.add(file.facts.key)
      if (file.name.sessionId !== null) {
        files.push(transcriptOf(file, file.name.sessionId))
        continue
      }
      const one = yield* Effect.either(askSession(file))
      if (one._tag === "Right" && one.right !== null) files.push(one.right)
      if (one._tag === "Right" && one.right === null) notTaken.push({ path: file.path, reason: "it has no whole line yet that says its session", known: false })
      if (one._tag === "Left" && one.left.reason !== "missing") problems.push(problemOf(one.left))
    }
    const paths = new Set(found.map((file) => file.path))
    sessions.keepOnly(paths)
    // A root may lie in another one.
    for (const stray of strays.found) if (!paths.has(stray.path)) notTaken.push(stray)
    return { files, outputs, problems, roots: tree.map((root) => root.state), notTaken: notTakenFiles(notTaken) }
  })

  const stat = Effect.fn("Transcripts.stat")(function* (file: string) {
    const { tops } = yield* current
    const place = placeOf(tops, file)
    if (place === null) return null
    const look = Effect.gen(function* () {
      if (yield* isSecondName(tops, file)) return null
      const found = yield* findFile(place.folder, file, place.name)
      return found === null ? null : place.name.sessionId === null ? yield* askSession(found) : transcriptOf(found, place.name.sessionId)
    })
    return yield* Effect.catchIf(look, isMissing, () => Effect.succeed(null))
  })

  const outputAt = Effect.fn("Transcripts.outputAt")(function* (file: string) {
    const place = outputPlaceOf((yield* current).tops, file)
    if (place === null) return null
    const found = yield* Effect.catchIf(findOutput(place.folder, file), isMissing, () => Effect.succeed(null))
    return found === null ? null : outputOf(found)
  })

  /** Whether it is a link to a file that is a transcript under its own name, as which alone it counts. */
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

  const changes = Stream.unwrapScoped(
    Effect.gen(function* () {
      const watch = yield* watchTranscripts({
        ...(yield* current),
        debounceMs: options.debounceMs ?? 50,
        sweepMs: options.sweepMs ?? 60_000,
        pollMs: options.pollMs ?? 1_000,
        longestRestMs: options.longestRestMs
      })
      yield* Effect.acquireRelease(
        Effect.sync(() => watches.add(watch)),
        () => Effect.sync(() => watches.delete(watch))
      )
      yield* Effect.forkScoped(Stream.runForEach(configured.changes, (roots) => watch.follow(topsOf(roots, options.hanHome))))
      return Stream.concat(Stream.succeed(null), Stream.repeatEffect(watch.take))
    })
  )

  return {
    roots: Effect.map(findRoots, ({ found }) => found.map((root) => root.state)),
    list,
    stat,
    outputAt,
    isOutput: (file) => Effect.map(current, ({ tops }) => outputPlaceOf(tops, file) !== null),
    bytesAt,
    outputBytes: readOutput,
    read: readLines,
    changes
  }
}

const isMissing = (error: FileUnreadable) => error.reason === "missing"

const topsOf = (configured: ReadonlyArray<TranscriptRoot>, hanHome: string | undefined) => {
  const home: Folder | null = hanHome === undefined ? null : { level: "home", path: path.resolve(hanHome), root: "", source: "", sessionId: null }
  const roots = new Map<string, Folder>()
  for (const root of configured) {
    const at = path.resolve(root.path)
    if (!roots.has(at)) roots.set(at, { level: "root", path: at, root: at, source: root.source ?? sourceOf(at, hanHome), sessionId: null })
  }
  return {
    home,
    roots: [...roots.values()],
    tops: home === null ? [...roots.values()] : [...roots.values(), home],
    polled: new Set(configured.filter((root) => root.poll === true).map((root) => path.resolve(root.path)))
  }
}

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
const readLines: typeof Transcripts.Service.read = (file, from) =>
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
      file.transcript.kind === "han"
        ? Stream.flatMap(Stream.repeatEffectOption(block), (entries) => withPayloads(records, entries))
        : Stream.repeatEffectChunkOption(Effect.map(block, (entries) => Chunk.unsafeFromArray(inBatches(entries).map(batchOf))))
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
const withPayloads = (folder: string, lines: ReadonlyArray<Entry>): Stream.Stream<LineBatch> =>
  Stream.unfoldEffect(0, (start) =>
    Effect.gen(function* () {
      if (start >= lines.length) return Option.none()
      const entries: Array<Entry> = []
      let weight = 0
      while (start + entries.length < lines.length && entries.length < batchLimits.lines && weight < batchLimits.bytes) {
        const entry = lines[start + entries.length]
        if (entry === undefined) break
        const ref = payloadReference(entry.bytes)
        const payload = ref === null ? undefined : yield* readPayload(folder, ref)
        entries.push(payload === undefined ? entry : { ...entry, payload })
        weight += entry.bytes.length + (payload?.length ?? 0)
      }
      return Option.some([batchOf(entries), start + entries.length] as const)
    })
  )
