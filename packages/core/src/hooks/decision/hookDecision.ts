import { createHash, randomUUID } from "node:crypto"
import { realpathSync } from "node:fs"
import * as path from "node:path"
import * as Effect from "effect/Effect"
import type { Work } from "../../files/keptReads.ts"
import { isWithin, pluginContents } from "../../plugins/pluginContent.ts"
import { canonicalJson } from "../../text/json.ts"
import { digestKey, type FileDigests, fileDigests } from "../../worktree/fileDigests.ts"
import { type ProjectTree, projectTrees, type TreeFile } from "../../worktree/projectTree.ts"
import { literals, matcher } from "../definition/hookGlobs.ts"
import { type Hook, takesFiles } from "../Hook.ts"
import type { HookFile, HookPass } from "../HookCache.ts"
import type { HookReason, HookReasonCode } from "../HookOutcome.ts"
import type { CachedPasses } from "./cachedPasses.ts"
import { filesIn } from "./hookDirectories.ts"
import { type ToolVersions, toolVersions } from "./toolVersions.ts"

/** A hook in a directory of a tree, at one call. */
export interface HookTarget {
  readonly hook: Hook
  readonly tree: ProjectTree
  /** From the tree, "" for itself. */
  readonly directory: string
  /** The files that the agent's tool was about, from the tree; null where the event is about none. */
  readonly toolFiles: ReadonlyArray<string> | null
  /** The environment of its commands. */
  readonly environment: Readonly<Record<string, string>>
}

/** The content that a target reads, as it is now. */
export interface HookContent {
  /** Stands for what is run, and how. */
  readonly gate: string
  /** Stands for that with all content. */
  readonly key: string
  readonly reads: ReadonlyArray<HookFile>
  /** The files whose names are no UTF-8, so that no command can be given them. */
  readonly nonUtf8: ReadonlySet<string>
}

/** The decision whether a target runs, with its reason. */
export interface HookDecision {
  readonly due: boolean
  readonly cached: boolean
  readonly reason: HookReason
  /** The files that it is given, else those of its files that changed; from the directory. */
  readonly files: ReadonlyArray<string>
  /** The files that the command is given; null for one that takes no files. */
  readonly given: ReadonlyArray<string> | null
  /** The content that a pass is kept for; null: it is not kept. */
  readonly passes: { readonly content: HookContent; readonly key: string; readonly each: ReadonlyArray<HookFile>; readonly whole: boolean } | null
  /** Stands for what it runs with all that it reads; null where that is not known. */
  readonly key: string | null
  /** The files whose names are no UTF-8, so that no command can be given them. */
  readonly nonUtf8: ReadonlySet<string>
  /** The pass that it stands for. */
  readonly pass: HookPass | null
}

/** One look at the files of a tree, that several hooks may share: what was digested for one is for the others. */
export interface HookLook {
  readonly work: Work
  readonly digests: Map<string, string>
  /** Tools are asked for their version, whatever they said a moment ago. */
  readonly isFresh: boolean
}
export const newLook = (work: Work, isFresh = false): HookLook => ({ work, digests: new Map(), isFresh })

export interface HookDeciding {
  readonly treeAt: (root: string, work: Work) => Effect.Effect<ProjectTree>
  /** The content as it is at this moment; of files that `look` has seen, as it was then. */
  readonly contentOf: (target: HookTarget, look: HookLook) => Effect.Effect<HookContent>
  /** `bypassCache`: nothing counts as passed before. Says nothing of `dir_test` and `file_test`. */
  readonly decide: (target: HookTarget, options: { readonly bypassCache: boolean }, look: HookLook) => Effect.Effect<HookDecision>
  /** Stands for the gate with these files alone. */
  readonly keyOfFiles: (content: HookContent, files: ReadonlyArray<HookFile>) => string
  /** Notes what a target had read when it passed, so that the next decision can say what changed. */
  readonly remember: (target: HookTarget, content: HookContent) => void
}

/** A file that every hook reads: it may change what a directory's hooks do. */
const directorySettings = "han-config.yml"
/** Files of all hooks together; a name of one costs about 200 bytes. */
const maxRemembered = 200_000

export const hookDeciding = Effect.fnUntraced(function* (options: {
  readonly passes: CachedPasses
  /** The folder for outputs that are too long for memory. */
  readonly outputFolder: string
  /** Git's. */
  readonly environment: Readonly<Record<string, string | undefined>>
}) {
  const reader: ContentReader = {
    digestsOf: fileDigests(),
    pluginContentOf: pluginContents().contentOf,
    versionOf: yield* toolVersions({ outputFolder: options.outputFolder })
  }
  const remembered = passedContents()
  const past: Past = { passes: options.passes, lastContent: remembered.of }
  return {
    treeAt: projectTrees({ environment: options.environment }),
    contentOf: (target, look) => contentOf(reader, target, look),
    decide: (target, { bypassCache }, look) => {
      const about = target.toolFiles?.map((file) => path.posix.relative(target.directory, file)) ?? null
      if (target.hook.ifChanged.length === 0) return Effect.succeed(decideAlways(target, about))
      return Effect.flatMap(contentOf(reader, target, look), (content) =>
        takesFiles(target.hook) ? decideFiles(past, target, content, about, bypassCache) : decideWhole(past, target, content, bypassCache)
      )
    },
    keyOfFiles,
    remember: remembered.set
  } satisfies HookDeciding
})

/** The parts that the content of a target is read with. */
interface ContentReader {
  readonly digestsOf: FileDigests
  readonly pluginContentOf: ReturnType<typeof pluginContents>["contentOf"]
  readonly versionOf: ToolVersions
}

/** The runs that passed before: `lastContent` has the digests by path of what a target had read then, if this process saw it. */
interface Past {
  readonly passes: CachedPasses
  readonly lastContent: (target: HookTarget) => ReadonlyMap<string, string> | undefined
}

/** Remembers the content with which each target passed, of `maxRemembered` files together; the oldest are forgotten first. */
const passedContents = () => {
  const remembered = new Map<string, ReadonlyMap<string, string>>()
  let fileCount = 0
  const placeOf = (target: HookTarget) => JSON.stringify([target.hook.id, target.tree.root, target.directory])
  return {
    of: (target: HookTarget) => remembered.get(placeOf(target)),
    set: (target: HookTarget, content: HookContent): void => {
      const place = placeOf(target)
      fileCount += content.reads.length - (remembered.get(place)?.size ?? 0)
      remembered.delete(place)
      remembered.set(place, new Map(content.reads.map((file) => [file.path, file.digest])))
      for (const [oldest, files] of remembered) {
        if (fileCount <= maxRemembered) break
        remembered.delete(oldest)
        fileCount -= files.size
      }
    }
  }
}

const contentOf = Effect.fnUntraced(function* (reader: ContentReader, target: HookTarget, { digests, isFresh, work }: HookLook) {
  const { directory, environment, hook, tree } = target
  const { files, named } = filesOf(target)
  const unseen = files.filter((file) => !digests.has(digestKey(file)))
  if (unseen.length > 0) for (const [key, digest] of yield* reader.digestsOf(tree.root, unseen, work)) digests.set(key, digest)
  const { reads, nonUtf8 } = readsOf(directory, files, digests)
  const plugin = usesPlugin(hook) ? yield* reader.pluginContentOf(work, hook.root) : null
  const absolute = path.join(tree.root, directory)
  const tools: Record<string, string> = {}
  for (const tool of hook.tools) tools[tool] = yield* reader.versionOf(tool, absolute, environment, isFresh)
  // Where single files are checked, what else the hook reads stands for all of them.
  const settings = takesFiles(hook) ? reads.filter((file) => named.has(file.path)) : []
  const gate = digestOf({
    hook: hook.id,
    version: hook.version,
    command: hook.command,
    beforeAll: hook.beforeAll,
    dirTest: hook.dirTest,
    fileTest: hook.fileTest,
    ifChanged: hook.ifChanged,
    environment: Object.fromEntries(hook.environment.map((name) => [name, environment[name] ?? null])),
    tools,
    // What cannot be vouched for is never the same.
    plugin: plugin === null ? null : (plugin.digest ?? randomUUID()),
    repository: tree.identity,
    directory,
    settings
  })
  return { gate, key: keyOf(gate, reads), reads, nonUtf8 } satisfies HookContent
})

/** The files with their digests, by their path from the directory. */
const readsOf = (directory: string, files: ReadonlyArray<TreeFile>, digests: ReadonlyMap<string, string>): Pick<HookContent, "reads" | "nonUtf8"> => {
  const reads: Array<HookFile> = []
  const nonUtf8 = new Set<string>()
  for (const file of files) {
    const name = fromDirectory(directory, file.path)
    // Two such names may read the same.
    const known = file.raw === null ? name : `${name}?${file.raw.toString("hex")}`
    if (file.raw !== null) nonUtf8.add(known)
    reads.push({ path: known, digest: digests.get(digestKey(file)) ?? randomUUID() })
  }
  return { reads: reads.sort((a, b) => (a.path < b.path ? -1 : 1)), nonUtf8 }
}

const keyOfFiles = (content: HookContent, files: ReadonlyArray<HookFile>): string => keyOf(`${content.gate} each`, files)

/** Decides about a hook without `if_changed`: it is due, unless it takes files and there are none. */
const decideAlways = (target: HookTarget, about: ReadonlyArray<string> | null): HookDecision => {
  const reason = because("always", "it has no if_changed, so it is always due")
  if (!takesFiles(target.hook)) return { ...dueBecause(reason), files: about ?? [] }
  const all = about === null ? filesIn(target.tree, target.directory) : about.map((file) => ({ path: file, raw: null }))
  const given = all.map(digestKey)
  if (given.length === 0) return skipped("no-file", "there is no file to give it")
  return { ...dueBecause(reason), files: given, given, nonUtf8: new Set(all.filter(({ raw }) => raw !== null).map(digestKey)) }
}

/** Decides about a hook that checks its directory as a whole. */
const decideWhole = Effect.fnUntraced(function* (past: Past, target: HookTarget, content: HookContent, bypassCache: boolean) {
  const { hook } = target
  const passes = hook.cache ? { content, key: content.key, whole: true, each: [] } : null
  if (hook.cache && !bypassCache) {
    const pass = yield* past.passes.find(content.key)
    if (pass !== null) return unchanged(pass, content.key, passedAt(pass))
  }
  const deleted = (yield* deletedSince(past, target, content)) ?? []
  // Its own settings lie in a directory that has nothing for the hook, too.
  const own = presentIn(content).filter((file) => file.path !== directorySettings || matcher(hook.ifChanged)(file.path))
  if (own.length === 0 && deleted.length === 0) return noFile(hook)
  const { files, reason } = changedSince(past.lastContent(target), content, deleted)
  return { ...dueBecause(hook.cache && !bypassCache ? reason : notKept(hook)), key: content.key, passes, files }
})

/** Decides about a hook that checks the files that it is given. */
const decideFiles = Effect.fnUntraced(function* (
  past: Past,
  target: HookTarget,
  content: HookContent,
  about: ReadonlyArray<string> | null,
  bypassCache: boolean
) {
  const { hook } = target
  const matches = matcher(hook.ifChanged)
  const all = presentIn(content).filter((file) => matches(file.path) || content.nonUtf8.has(file.path))
  const files = about === null ? all : all.filter((file) => about.includes(file.path))
  if (files.length === 0) return about === null ? noFile(hook) : skipped("no-file", `${firstNames(about)} is not among the files of its if_changed`)
  const whole = about === null
  const key = whole ? content.key : keyOfFiles(content, files)
  const { nonUtf8 } = content
  const dueWith = (reason: HookReason, given: ReadonlyArray<HookFile>): HookDecision => {
    const names = given.map((file) => file.path)
    return { ...dueBecause(reason), files: names, given: names, nonUtf8, key, passes: hook.cache ? { content, key, whole, each: given } : null }
  }
  if (bypassCache || !hook.cache) return dueWith(notKept(hook), files)
  const pass = yield* past.passes.find(key)
  if (pass !== null) return unchanged(pass, key, passedAt(pass))
  const passed = yield* past.passes.passedFiles(content.gate, files)
  const pending = files.filter((file) => !passed.has(file.path))
  const deleted = whole ? yield* deletedSince(past, target, content) : []
  // It never passed here as a whole: nobody knows what is missing.
  if (deleted === null) return dueWith(because("never-passed", `not passed here as a whole yet: ${firstNames(files.map((file) => file.path))}`), files)
  // What used a deleted file may be any of the others.
  if (deleted.length > 0) return dueWith(because("changed", `deleted since it last passed: ${firstNames(deleted)}`), files)
  if (pending.length === 0) {
    return unchanged(null, key, `${files.length === 1 ? "its file" : `each of its ${files.length} files`} passed with this very content`)
  }
  const names = firstNames(pending.map((file) => file.path))
  return dueWith(
    passed.size === 0 ? because("never-passed", `not passed with this content yet: ${names}`) : because("changed", `changed since it passed: ${names}`),
    pending
  )
})

/** The files that it read when it last passed as a whole here, and that are gone; null when it never did. */
const deletedSince = Effect.fnUntraced(function* ({ passes }: Past, target: HookTarget, content: HookContent) {
  const last = yield* passes.lastReads(content.gate, target.tree.root)
  if (last === null) return null
  const present = new Set(presentIn(content).map((file) => file.path))
  return [...last].filter((file) => !present.has(file))
})

/** Names the files that are different from when it last passed here. */
const changedSince = (
  before: ReadonlyMap<string, string> | undefined,
  content: HookContent,
  deleted: ReadonlyArray<string>
): { readonly reason: HookReason; readonly files: ReadonlyArray<string> } => {
  const names = presentIn(content).map((file) => file.path)
  if (before === undefined) {
    return { reason: because("never-passed", `it did not pass with this content yet: ${firstNames([...names, ...deleted])}`), files: [...names, ...deleted] }
  }
  const changed = [
    ...content.reads.filter((file) => before.get(file.path) !== file.digest).map((file) => file.path),
    ...[...before.keys()].filter((file) => !content.reads.some((one) => one.path === file))
  ]
  return changed.length === 0
    ? { reason: because("changed", "what it runs, or with what, is not as it was when it last passed"), files: names }
    : { reason: because("changed", `changed since it last passed: ${firstNames(changed)}`), files: changed }
}

/** The digest that `fileDigests` gives for a missing file. */
const gone = "gone"

/** The files that are there. */
export const presentIn = (content: HookContent): ReadonlyArray<HookFile> => content.reads.filter(({ digest }) => digest !== gone)

/** Finds the files that a hook reads: those in the directory that its globs match, and those that they name outright, whether they exist or git ignores them. */
const filesOf = ({ directory, hook, tree }: HookTarget): { readonly files: ReadonlyArray<TreeFile>; readonly named: ReadonlySet<string> } => {
  const matches = matcher(hook.ifChanged)
  const found = hook.ifChanged.length === 0 ? [] : filesIn(tree, directory).filter((file) => matches(file.path))
  const named = new Set([...literals(hook.ifChanged), directorySettings].map((name) => path.posix.normalize(name).replace(/\/$/, "")))
  const inTree = new Set(found.map((file) => file.path))
  const below = (name: string): TreeFile => ({ path: path.posix.join(directory, name), raw: null })
  // What lies below a folder is in the tree, but for one that git ignores, or that is elsewhere: that is read whole.
  const isInTree = (name: string) => inTree.has(name) || (!name.startsWith("../") && filesIn(tree, path.posix.join(directory, name)).length > 0)
  const outright = [...named].filter((name) => !isInTree(name))
  return {
    files: [...found.map((file) => ({ path: directory === "" ? file.path : `${directory}/${file.path}`, raw: file.raw })), ...outright.map(below)],
    named
  }
}

/** A path of the file system as one of the tree, without symbolic links in its folder; null when it is not in it. A file that is gone has a place, too. */
export const inTree = (root: string, file: string): string | null => {
  const at = withoutLinks(file)
  return isWithin(root, path.dirname(at)) ? path.relative(root, at).split(path.sep).join("/") : null
}

/** A path without symbolic links in its folders, as far as these are there. */
export const withoutLinks = (file: string): string => {
  const missing = [path.basename(file)]
  for (let folder = path.dirname(file); ; folder = path.dirname(folder)) {
    try {
      return path.join(realpathSync(folder), ...missing)
    } catch {
      if (folder === path.dirname(folder)) return file
      missing.unshift(path.basename(folder))
    }
  }
}

const usesPlugin = (hook: Hook): boolean =>
  [hook.command, hook.beforeAll, hook.dirTest, hook.fileTest].some((text) => text?.includes("CLAUDE_PLUGIN_ROOT") === true)

/** Thousands of files are no rarity here, so nothing more is done for each than needs be. */
const keyOf = (gate: string, files: ReadonlyArray<HookFile>): string => {
  const hash = createHash("sha256").update(`${gate}\n`)
  let text = ""
  for (const file of files) text += `${JSON.stringify(file.path)} ${file.digest}\n`
  return hash.update(text).digest("hex")
}

/** A path of the tree from one of its directories. */
const fromDirectory = (directory: string, file: string): string =>
  directory === "" ? file : file.startsWith(`${directory}/`) ? file.slice(directory.length + 1) : path.posix.relative(directory, file)

const digestOf = (value: unknown): string => createHash("sha256").update(canonicalJson(value)).digest("hex")

const because = (code: HookReasonCode, text: string): HookReason => ({ code, text })

/** Decides to run it, with no files and nothing to keep. */
export const dueBecause = (reason: HookReason): HookDecision => ({
  due: true,
  cached: false,
  reason,
  files: [],
  given: null,
  passes: null,
  key: null,
  nonUtf8: new Set(),
  pass: null
})

const skipped = (code: HookReasonCode, text: string): HookDecision => ({ ...dueBecause(because(code, text)), due: false })

const noFile = (hook: Hook): HookDecision => skipped("no-file", `no file there matches its if_changed (${hook.ifChanged.join(", ")})`)

const notKept = (hook: Hook): HookReason =>
  hook.cache ? because("no-cache", "nothing counts as passed before, as was asked") : because("always", "its results are not kept (cache: false)")

const unchanged = (pass: HookPass | null, key: string, text: string): HookDecision => ({ ...skipped("unchanged", text), cached: true, key, pass })

const passedAt = (pass: HookPass): string => `passed with this very content at ${new Date(pass.passedAt).toISOString()}`

export const firstNames = (names: ReadonlyArray<string>): string =>
  names.length <= 3 ? names.join(", ") : `${names.slice(0, 3).join(", ")} and ${names.length - 3} more`
