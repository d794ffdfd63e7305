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
import { filesIn } from "./hookDirectories.ts"
import type { Passes } from "./passes.ts"
import { type ToolVersions, toolVersions } from "./toolVersions.ts"

/** A hook in a directory of a tree, at one call. */
export interface HookUnit {
  readonly hook: Hook
  readonly tree: ProjectTree
  /** From the tree, "" for itself. */
  readonly directory: string
  /** The files that the agent's tool was about, from the tree; null where the event is about none. */
  readonly toolFiles: ReadonlyArray<string> | null
  /** What its commands see. */
  readonly environment: Readonly<Record<string, string>>
}

/** What a unit reads, as it is now. */
export interface HookContent {
  /** Stands for what is run, and how. */
  readonly gate: string
  /** Stands for that with all content. */
  readonly key: string
  readonly reads: ReadonlyArray<HookFile>
  /** The names of files that no command can be given. */
  readonly unnameable: ReadonlySet<string>
}

/** Whether a unit is to be run. */
export interface HookDecision {
  readonly due: boolean
  readonly cached: boolean
  readonly reason: HookReason
  /** What it was about: the files it is given, else what of its files changed; from the directory. */
  readonly files: ReadonlyArray<string>
  /** What the command is given; null for one that takes no files. */
  readonly given: ReadonlyArray<string> | null
  /** What a pass is kept for; null: it is not kept. */
  readonly passes: { readonly content: HookContent; readonly key: string; readonly each: ReadonlyArray<HookFile>; readonly whole: boolean } | null
  /** Stands for what it runs with all that it reads; null where that is not known. */
  readonly key: string | null
  /** Of the files those that no command can be given. */
  readonly unnameable: ReadonlySet<string>
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
  readonly contentOf: (unit: HookUnit, look: HookLook) => Effect.Effect<HookContent>
  /** `isNew`: nothing counts as passed before. Says nothing of `dir_test` and `file_test`. */
  readonly decide: (unit: HookUnit, options: { readonly isNew: boolean }, look: HookLook) => Effect.Effect<HookDecision>
  /** Stands for the gate with these files alone. */
  readonly keyOfFiles: (content: HookContent, files: ReadonlyArray<HookFile>) => string
  /** Notes what a unit had read when it passed, so that the next decision can say what changed. */
  readonly remember: (unit: HookUnit, content: HookContent) => void
}

/** A file that every hook reads: it may change what a directory's hooks do. */
const directorySettings = "han-config.yml"
/** Files of all hooks together; a name of one costs about 200 bytes. */
const mostRemembered = 200_000

export const hookDeciding = Effect.fnUntraced(function* (options: {
  readonly passes: Passes
  /** Where outputs go that are too long for memory. */
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
    contentOf: (unit, look) => contentOf(reader, unit, look),
    decide: (unit, { isNew }, look) => {
      const about = unit.toolFiles?.map((file) => path.posix.relative(unit.directory, file)) ?? null
      if (unit.hook.ifChanged.length === 0) return Effect.succeed(decideAlways(unit, about))
      return Effect.flatMap(contentOf(reader, unit, look), (content) =>
        takesFiles(unit.hook) ? decideFiles(past, unit, content, about, isNew) : decideWhole(past, unit, content, isNew)
      )
    },
    keyOfFiles,
    remember: remembered.set
  } satisfies HookDeciding
})

/** The parts that the content of a unit is read with. */
interface ContentReader {
  readonly digestsOf: FileDigests
  readonly pluginContentOf: ReturnType<typeof pluginContents>["contentOf"]
  readonly versionOf: ToolVersions
}

/** The runs that passed before: `lastContent` has the digests by path of what a unit had read then, if this process saw it. */
interface Past {
  readonly passes: Passes
  readonly lastContent: (unit: HookUnit) => ReadonlyMap<string, string> | undefined
}

/** Remembers the content with which each unit passed, of `mostRemembered` files together; the oldest are forgotten first. */
const passedContents = () => {
  const remembered = new Map<string, ReadonlyMap<string, string>>()
  let fileCount = 0
  const placeOf = (unit: HookUnit) => JSON.stringify([unit.hook.id, unit.tree.root, unit.directory])
  return {
    of: (unit: HookUnit) => remembered.get(placeOf(unit)),
    set: (unit: HookUnit, content: HookContent): void => {
      const place = placeOf(unit)
      fileCount += content.reads.length - (remembered.get(place)?.size ?? 0)
      remembered.delete(place)
      remembered.set(place, new Map(content.reads.map((file) => [file.path, file.digest])))
      for (const [oldest, files] of remembered) {
        if (fileCount <= mostRemembered) break
        remembered.delete(oldest)
        fileCount -= files.size
      }
    }
  }
}

const contentOf = Effect.fnUntraced(function* (reader: ContentReader, unit: HookUnit, { digests, isFresh, work }: HookLook) {
  const { directory, environment, hook, tree } = unit
  const { files, named } = filesOf(unit)
  const unseen = files.filter((file) => !digests.has(digestKey(file)))
  if (unseen.length > 0) for (const [key, digest] of yield* reader.digestsOf(tree.root, unseen, work)) digests.set(key, digest)
  const { reads, unnameable } = readsOf(directory, files, digests)
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
  return { gate, key: keyOf(gate, reads), reads, unnameable } satisfies HookContent
})

/** The files with their digests, by their path from the directory. */
const readsOf = (directory: string, files: ReadonlyArray<TreeFile>, digests: ReadonlyMap<string, string>): Pick<HookContent, "reads" | "unnameable"> => {
  const reads: Array<HookFile> = []
  const unnameable = new Set<string>()
  for (const file of files) {
    const name = fromDirectory(directory, file.path)
    // Two such names may read the same.
    const known = file.raw === null ? name : `${name}?${file.raw.toString("hex")}`
    if (file.raw !== null) unnameable.add(known)
    reads.push({ path: known, digest: digests.get(digestKey(file)) ?? randomUUID() })
  }
  return { reads: reads.sort((a, b) => (a.path < b.path ? -1 : 1)), unnameable }
}

const keyOfFiles = (content: HookContent, files: ReadonlyArray<HookFile>): string => keyOf(`${content.gate} each`, files)

/** Decides about a hook without `if_changed`: it is due, unless it takes files and there are none. */
const decideAlways = (unit: HookUnit, about: ReadonlyArray<string> | null): HookDecision => {
  const reason = because("always", "it has no if_changed, so it is always due")
  if (!takesFiles(unit.hook)) return { ...dueTo(reason), files: about ?? [] }
  const all = about === null ? filesIn(unit.tree, unit.directory) : about.map((file) => ({ path: file, raw: null }))
  const given = all.map(digestKey)
  if (given.length === 0) return skipped("no-file", "there is no file to give it")
  return { ...dueTo(reason), files: given, given, unnameable: new Set(all.filter(({ raw }) => raw !== null).map(digestKey)) }
}

/** Decides about a hook that checks its directory as a whole. */
const decideWhole = Effect.fnUntraced(function* (past: Past, unit: HookUnit, content: HookContent, isNew: boolean) {
  const { hook } = unit
  const passes = hook.cache ? { content, key: content.key, whole: true, each: [] } : null
  if (hook.cache && !isNew) {
    const pass = yield* past.passes.find(content.key)
    if (pass !== null) return unchanged(pass, content.key, passedAt(pass))
  }
  const deleted = (yield* deletedSince(past, unit, content)) ?? []
  // Its own settings lie in a directory that has nothing for the hook, too.
  const own = presentIn(content).filter((file) => file.path !== directorySettings || matcher(hook.ifChanged)(file.path))
  if (own.length === 0 && deleted.length === 0) return noFile(hook)
  const { files, reason } = changedSince(past.lastContent(unit), content, deleted)
  return { ...dueTo(hook.cache && !isNew ? reason : notKept(hook)), key: content.key, passes, files }
})

/** Decides about a hook that checks the files that it is given. */
const decideFiles = Effect.fnUntraced(function* (past: Past, unit: HookUnit, content: HookContent, about: ReadonlyArray<string> | null, isNew: boolean) {
  const { hook } = unit
  const matches = matcher(hook.ifChanged)
  const all = presentIn(content).filter((file) => matches(file.path) || content.unnameable.has(file.path))
  const files = about === null ? all : all.filter((file) => about.includes(file.path))
  if (files.length === 0) return about === null ? noFile(hook) : skipped("no-file", `${few(about)} is not among the files of its if_changed`)
  const whole = about === null
  const key = whole ? content.key : keyOfFiles(content, files)
  const { unnameable } = content
  const dueWith = (reason: HookReason, given: ReadonlyArray<HookFile>): HookDecision => {
    const names = given.map((file) => file.path)
    return { ...dueTo(reason), files: names, given: names, unnameable, key, passes: hook.cache ? { content, key, whole, each: given } : null }
  }
  if (isNew || !hook.cache) return dueWith(notKept(hook), files)
  const pass = yield* past.passes.find(key)
  if (pass !== null) return unchanged(pass, key, passedAt(pass))
  const passed = yield* past.passes.passedFiles(content.gate, files)
  const pending = files.filter((file) => !passed.has(file.path))
  const deleted = whole ? yield* deletedSince(past, unit, content) : []
  // It never passed here as a whole: nobody knows what is missing.
  if (deleted === null) return dueWith(because("never-passed", `not passed here as a whole yet: ${few(files.map((file) => file.path))}`), files)
  // What used a deleted file may be any of the others.
  if (deleted.length > 0) return dueWith(because("changed", `deleted since it last passed: ${few(deleted)}`), files)
  if (pending.length === 0) {
    return unchanged(null, key, `${files.length === 1 ? "its file" : `each of its ${files.length} files`} passed with this very content`)
  }
  const names = few(pending.map((file) => file.path))
  return dueWith(
    passed.size === 0 ? because("never-passed", `not passed with this content yet: ${names}`) : because("changed", `changed since it passed: ${names}`),
    pending
  )
})

/** The files that it read when it last passed as a whole here, and that are gone; null when it never did. */
const deletedSince = Effect.fnUntraced(function* ({ passes }: Past, unit: HookUnit, content: HookContent) {
  const last = yield* passes.lastReads(content.gate, unit.tree.root)
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
    return { reason: because("never-passed", `it did not pass with this content yet: ${few([...names, ...deleted])}`), files: [...names, ...deleted] }
  }
  const changed = [
    ...content.reads.filter((file) => before.get(file.path) !== file.digest).map((file) => file.path),
    ...[...before.keys()].filter((file) => !content.reads.some((one) => one.path === file))
  ]
  return changed.length === 0
    ? { reason: because("changed", "what it runs, or with what, is not as it was when it last passed"), files: names }
    : { reason: because("changed", `changed since it last passed: ${few(changed)}`), files: changed }
}

/** What `fileDigests` says of a file that is not there. */
const gone = "gone"

/** What was there to be read. */
export const presentIn = (content: HookContent): ReadonlyArray<HookFile> => content.reads.filter(({ digest }) => digest !== gone)

/** What a hook reads: what its globs match in the directory, and what they name outright, there or not and ignored or not. */
const filesOf = ({ directory, hook, tree }: HookUnit): { readonly files: ReadonlyArray<TreeFile>; readonly named: ReadonlySet<string> } => {
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

/** To be run, with no files and nothing to keep. */
export const dueTo = (reason: HookReason): HookDecision => ({
  due: true,
  cached: false,
  reason,
  files: [],
  given: null,
  passes: null,
  key: null,
  unnameable: new Set(),
  pass: null
})

const skipped = (code: HookReasonCode, text: string): HookDecision => ({ ...dueTo(because(code, text)), due: false })

const noFile = (hook: Hook): HookDecision => skipped("no-file", `no file there matches its if_changed (${hook.ifChanged.join(", ")})`)

const notKept = (hook: Hook): HookReason =>
  hook.cache ? because("no-cache", "nothing counts as passed before, as was asked") : because("always", "its results are not kept (cache: false)")

const unchanged = (pass: HookPass | null, key: string, text: string): HookDecision => ({ ...skipped("unchanged", text), cached: true, key, pass })

const passedAt = (pass: HookPass): string => `passed with this very content at ${new Date(pass.passedAt).toISOString()}`

export const few = (names: ReadonlyArray<string>): string =>
  names.length <= 3 ? names.join(", ") : `${names.slice(0, 3).join(", ")} and ${names.length - 3} more`
