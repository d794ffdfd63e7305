import { Buffer } from "node:buffer"
import * as path from "node:path"
import * as Clock from "effect/Clock"
import * as Effect from "effect/Effect"
import type { Work } from "../files/keptReads.ts"
import { yieldToEventLoop } from "../files/yieldToEventLoop.ts"
import { isUnchanged, type Watch, Watching } from "./fileWatches.ts"
import { type Git, GitFailed } from "./gitCalls.ts"
import { type GitConfig, gitConfigOf } from "./gitConfig.ts"
import { type GitPlace, gitPlaceOf } from "./gitPlace.ts"
import { below, systemPath, textOf } from "./latin1Paths.ts"
import { ignoreFile, type Place, rulesBelow, type Verdict, type Walk, type Walked, walk, walkAll } from "./treeWalk.ts"

/** The part of a tree that one repository answers for, or the file system. */
export interface TreeArea extends Readonly<Walked> {
  /** A byte name, absolute. */
  readonly top: string
  readonly within: AreaQuestion["within"]
  readonly place: GitPlace | null
  readonly isGit: boolean
  /** All that it depends on. */
  readonly watches: ReadonlyArray<Watch>
  /** True when any change of these will be seen. */
  readonly settled: boolean
  /** The time to ask a git that failed again, by the clock of effects; null where none failed. */
  readonly retryAt: number | null
  readonly config: GitConfig | null
  /** The empty directories that are ignored, each with the rules that say so. */
  readonly verdicts: ReadonlyMap<string, IgnoreVerdict>
}

interface IgnoreVerdict {
  readonly rules: string
  readonly ignored: boolean
}

export interface AreaQuestion {
  /** A byte name, absolute, without symbolic links. */
  readonly top: string
  /** The common folders of the repositories that it lies in; null for the root of a tree, which may be a folder within a repository. */
  readonly within: ReadonlyArray<string> | null
  /** As it was. */
  readonly before: TreeArea | null
}

export interface TreeAreas {
  /** Reads it anew. */
  readonly read: (question: AreaQuestion, work: Work) => Effect.Effect<TreeArea>
  /** Tells whether it is still as it was. */
  readonly isFresh: (area: TreeArea) => Effect.Effect<boolean>
}

const versionControl: ReadonlySet<string> = new Set([".git"])
const withoutGit: ReadonlySet<string> = new Set([".git", ".hg", ".svn", "node_modules"])
const retryMs = 60_000
/** System calls made before other fibers get a turn. */
const turn = 256

export interface TreeAreaOptions {
  readonly environment: Readonly<Record<string, string | undefined>>
  readonly git: Git
}

export const treeAreas = (options: TreeAreaOptions): TreeAreas => ({
  read: (question, work) => readArea(options, question, work),
  isFresh: Effect.fnUntraced(function* ({ retryAt, settled, watches }: TreeArea) {
    if (!settled || (retryAt !== null && (yield* Clock.currentTimeMillis) >= retryAt)) return false
    for (let at = 0; at < watches.length; at++) {
      if (at % turn === turn - 1) yield* yieldToEventLoop
      const watch = watches[at]
      if (watch !== undefined && !isUnchanged(watch)) return false
    }
    return true
  })
})

const readArea = Effect.fnUntraced(function* (options: TreeAreaOptions, question: AreaQuestion, work: Work) {
  const watching = new Watching(Date.now())
  const place = gitPlaceOf(question.top, question.within === null, watching)
  if (place === "none" && question.within === null) return yield* plain(question, withoutGit, watching, work)
  // More files can only mean that a gate is run more often; to leave some out because git is not well would mean that changes of them go by.
  if (typeof place === "string") return yield* plain(question, versionControl, watching, work)
  return yield* Effect.catchTag(listed(options, question, place, watching, work), "GitFailed", () =>
    Effect.zipWith(Clock.currentTimeMillis, plain(question, versionControl, watching, work), (now, area) => ({ ...area, place, retryAt: now + retryMs }))
  )
})

/** Reads an area as git lists it. */
const listed = Effect.fnUntraced(function* ({ environment, git }: TreeAreaOptions, question: AreaQuestion, place: GitPlace, watching: Watching, work: Work) {
  const { before, top, within } = question
  const isSamePlace = before?.place?.gitDir === place.gitDir && before.place.commonDir === place.commonDir && before.place.top === place.top
  const config = yield* gitConfigOf(git, environment, place, isSamePlace ? before.config : null, work)
  watching.include(config.watches, config.settled)
  // `core.worktree` of a submodule leads back to it; another one means that these files belong to no repository here.
  if (config.worktree !== null && path.posix.resolve(place.gitDir, config.worktree) !== place.top) return yield* new GitFailed()
  watching.note(systemPath(below(place.gitDir, "index")), "target")
  const directory = yield* directoryOf(top)
  const verdicts = new Map<string, IgnoreVerdict>()
  const start: Place = { name: "", rules: rulesAbove(top, place, config, watching), all: false }
  const ask = (places: ReadonlyArray<Place>) => ignoredOf(places, before?.verdicts, verdicts, (open) => ignoredBy(git, directory, open, work))
  // Of a folder that is ignored as a whole git lists nothing: a project there is not its repository's.
  if (top !== place.top && (yield* ask([start])).has("")) {
    return { ...(yield* plain(question, withoutGit, watching, work)), place, config, verdicts }
  }
  const printed = yield* git({ directory, argv: ["ls-files", "-z", "--cached", "--others", "--exclude-standard"] }, work)
  const commons = new Set([...(within ?? []), place.commonDir])
  const walked = yield* walk({ top, start, ask, ...judgeOf(top, listingOf(printed, config.fold), config.fold, commons, watching) }, watching, work)
  return { ...areaOf(question, walked, watching), isGit: true, place, config, verdicts }
})

/** Says of files and directories which of them count, by what git lists. `commons`: the common folders of the repositories that these lie in. */
const judgeOf = (
  top: string,
  listing: Listing,
  fold: GitConfig["fold"],
  commons: ReadonlySet<string>,
  watching: Watching
): Pick<Walk<never>, "isFile" | "judge"> => {
  /** One that git passes over may become a repository without a trace in the folder that it is in. */
  const isDotGit = (name: string): boolean => {
    if (name !== ".git" && !name.endsWith("/.git")) return false
    if (name !== ".git") gitPlaceOf(below(top, path.posix.dirname(name)), false, watching)
    return true
  }
  return {
    isFile: (name, at) => !isDotGit(name) && (at.all || listing.names.has(fold(name))),
    judge: (name, at): Verdict => {
      if (isDotGit(name)) return "ignored"
      if (at.all) return "in"
      const folded = fold(name)
      if (!listing.names.has(folded)) return listing.folders.has(folded) ? "in" : "unknown"
      const found = gitPlaceOf(below(top, name), false, watching)
      // A linked worktree is another state of the same files.
      if (found !== "none") return found !== "broken" && found.linked && commons.has(found.commonDir) ? "ignored" : "nested"
      // A submodule that was not fetched, or a folder in the place of a file.
      return listing.folders.has(folded) ? "in" : "all"
    }
  }
}

/** The names of those directories that are ignored. What `before` says by the same rules is not asked again; what is found goes to `verdicts`. */
const ignoredOf = Effect.fnUntraced(function* (
  places: ReadonlyArray<Place>,
  before: TreeArea["verdicts"] | undefined,
  verdicts: Map<string, IgnoreVerdict>,
  ask: (open: ReadonlyArray<Place>) => Effect.Effect<ReadonlyArray<string>, GitFailed>
) {
  const known = ({ name, rules }: Place) => {
    const verdict = before?.get(name)
    return verdict !== undefined && verdict.rules === rules ? verdict : null
  }
  const open = places.filter((place) => known(place) === null)
  const found = new Set(open.length === 0 ? [] : yield* ask(open))
  for (const place of places) {
    const ignored = known(place)?.ignored ?? found.has(place.name)
    if (ignored) found.add(place.name)
    if (place.rules !== null) verdicts.set(place.name, { rules: place.rules, ignored })
  }
  return found
})

/** Asks git which of these directories rules ignore, whatever is tracked in them. */
const ignoredBy = Effect.fnUntraced(function* (git: Git, directory: string, places: ReadonlyArray<Place>, work: Work) {
  // A name may begin with what git takes for a pattern.
  const input = Buffer.from(places.map(({ name }) => `./${name}\0`).join(""), "latin1")
  const printed = yield* git({ directory, argv: ["check-ignore", "-z", "-v", "--no-index", "--stdin"], input, codes: [0, 1] }, work)
  const parts = printed.toString("latin1").split("\0")
  const ignored: Array<string> = []
  // Each is the file of the rule, its line, the rule and the name. A rule with "!" takes the name in again.
  for (let at = 0; at + 3 < parts.length; at += 4) if (parts[at + 2]?.startsWith("!") === false) ignored.push((parts[at + 3] ?? "").slice(2))
  return ignored
})

const areaOf = ({ top, within }: AreaQuestion, walked: Walked, watching: Watching): TreeArea => ({
  ...walked,
  top,
  within,
  place: null,
  isGit: false,
  watches: watching.watches,
  settled: watching.settled,
  retryAt: null,
  config: null,
  verdicts: new Map()
})

const plain = (question: AreaQuestion, except: ReadonlySet<string>, watching: Watching, work: Work): Effect.Effect<TreeArea> =>
  Effect.map(walkAll(question.top, except, watching, work), (walked) => areaOf(question, walked, watching))

/** Arguments of programs are texts. */
const directoryOf = (name: string): Effect.Effect<string, GitFailed> => {
  const { path, raw } = textOf(name)
  return raw === null ? Effect.succeed(path) : Effect.fail(new GitFailed())
}

/** Identifies the rules that hold at the top of an area, without its own file of rules. */
const rulesAbove = (top: string, place: GitPlace, config: GitConfig, watching: Watching): string | null => {
  let rules: string | null = config.settled ? config.watches.map(({ seen }) => seen).join("\n") : null
  const files = [below(place.commonDir, "info/exclude"), ...(config.excludesFile === "" ? [] : [config.excludesFile])]
  const between = top === place.top ? [] : path.posix.relative(place.top, top).split("/").slice(0, -1)
  if (top !== place.top) files.push(below(place.top, ignoreFile))
  for (let deep = 1; deep <= between.length; deep++) files.push(below(below(place.top, between.slice(0, deep).join("/")), ignoreFile))
  for (const file of files) rules = rulesBelow(rules, file, watching)
  return rules
}

/** Names in the form in which git compares them. */
interface Listing {
  readonly names: ReadonlySet<string>
  /** The folders that hold any of them. */
  readonly folders: ReadonlySet<string>
}

const listingOf = (printed: Buffer, fold: GitConfig["fold"]): Listing => {
  const names = new Set<string>()
  const folders = new Set<string>()
  for (const entry of printed.toString("latin1").split("\0")) {
    if (entry === "") continue
    // Another repository's top ends with "/".
    const name = fold(entry.endsWith("/") ? entry.slice(0, -1) : entry)
    names.add(name)
    for (let end = name.lastIndexOf("/"); end > 0; end = name.lastIndexOf("/", end - 1)) {
      const folder = name.slice(0, end)
      if (folders.has(folder)) break
      folders.add(folder)
    }
  }
  return { names, folders }
}
