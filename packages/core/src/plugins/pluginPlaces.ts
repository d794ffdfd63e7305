import { existsSync, readdirSync, realpathSync, statSync } from "node:fs"
import * as path from "node:path"
import * as Effect from "effect/Effect"
import { kept, type Work } from "../files/keptReads.ts"
import type { HookProblem } from "../hooks/Hook.ts"
import { array, filled, isObject, type JsonObject, object } from "../text/json.ts"
import type { Installation } from "./installedPlugins.ts"
import { isWithin } from "./pluginContent.ts"

/** A marketplace as one file declares it. */
export interface Declared {
  /** Of the file: what only a repository declares is asked last. */
  readonly by: "person" | "repository"
  readonly file: string
  /** What relative paths begin at; null where they mean nothing. */
  readonly base: string | null
  readonly source: JsonObject | null
  /** Where the client put it. */
  readonly location: string | null
}

export interface PluginPlace {
  /** Without symbolic links. */
  readonly root: string
  readonly declaredBy: "person" | "repository"
  /** By its installation; by the copies that the client keeps; else the live folder of a marketplace. */
  readonly how: "installed" | "cached" | "marketplace"
  readonly version: string | null
  readonly aliases: ReadonlyArray<string>
}

export interface PlaceQuery {
  readonly name: string
  readonly marketplace: string
  /** The strongest first. */
  readonly declared: ReadonlyArray<Declared>
  /** Those that hold in the project, the nearest first. */
  readonly installations: ReadonlyArray<Installation>
  /** Configuration folders. */
  readonly folders: ReadonlyArray<string>
}

type ReadJson = (work: Work, file: string) => Effect.Effect<JsonObject | null>

const deepest = 3
const mostFolders = 2000

/** Finds the folder of a plugin. `readJson` must keep what it read. */
export const pluginPlaces = (readJson: ReadJson) => {
  const foldersIn = kept<ReadonlyArray<string>>((folder) => Effect.sync(() => namesOfFolders(folder)))

  /** Plugin folders that a manifest does not name: those with a file of a plugin, a few levels deep. Links are not followed. */
  const scan = Effect.fnUntraced(function* (work: Work, root: string, name: string) {
    let left = mostFolders
    let level = [root]
    for (let depth = 0; depth <= deepest && level.length > 0; depth++) {
      const next: Array<string> = []
      for (const folder of level) {
        if (--left < 0) return null
        if (depth > 0 && isPlugin(folder)) {
          const named = filled((yield* readJson(work, path.join(folder, ".claude-plugin", "plugin.json")))?.name)
          if (named === name || (named === null && path.basename(folder) === name)) return folder
          continue
        }
        if (depth < deepest) next.push(...(yield* foldersIn(work, folder)).map((child) => path.join(folder, child)))
      }
      level = next
    }
    return null
  })

  /** The folder that a marketplace offers under a name. */
  const offered = Effect.fnUntraced(function* (work: Work, marketRoot: string, query: PlaceQuery, problems: Array<HookProblem>) {
    const real = realPath(marketRoot)
    if (real === null) return null
    const file = path.join(real, ".claude-plugin", "marketplace.json")
    const manifest = yield* readJson(work, file)
    const entries = array(manifest?.plugins).filter(isObject)
    const entry = entries.find((one) => one.name === query.name) ?? entries.find((one) => array(one.aliases).includes(query.name))
    if (entry === undefined) {
      const found = realPath((yield* scan(work, real, query.name)) ?? "")
      return found === null || !isWithin(real, found) ? null : { root: found, version: null, aliases: [] }
    }
    const source = filled(entry.source)
    // A source of another kind is fetched by the client, into its cache.
    if (source === null) return null
    const root = path.resolve(real, filled(object(manifest?.metadata)?.pluginRoot) ?? ".", source)
    const found = realPath(root)
    if (path.isAbsolute(source) || !isWithin(real, root) || (found !== null && !isWithin(real, found))) {
      problems.push({
        severity: "error",
        path: file,
        line: null,
        key: `plugins.${query.name}.source`,
        message: `${file}: the source ${JSON.stringify(source)} of ${query.name} leads out of its marketplace, and was refused`
      })
      return null
    }
    if (found === null) return null
    const same = entries.filter((one) => filled(one.source) !== null && path.resolve(real, String(one.source)) === path.resolve(real, source))
    const aliases = [entry, ...same].flatMap((one) => [filled(one.name), ...array(one.aliases).map(filled)]).flatMap((name) => name ?? [])
    return { root: found, version: filled(entry.version), aliases: [...new Set(aliases)] }
  })

  return Effect.fnUntraced(function* (work: Work, query: PlaceQuery, problems: Array<HookProblem>) {
    const mine = query.declared.filter(({ by }) => by === "person")
    const clones = query.folders.map(
      (folder): Declared => ({
        by: "person",
        file: folder,
        base: null,
        source: null,
        location: path.join(folder, "plugins", "marketplaces", query.marketplace)
      })
    )
    const tiers = [mine, query.declared.filter(({ by }) => by === "repository")] as const
    const inMarket = Effect.fnUntraced(function* (declared: Declared) {
      const marketRoot = rootOf(declared)
      const found = marketRoot === null ? null : yield* offered(work, marketRoot, query, problems)
      return found === null ? null : ({ ...found, declaredBy: declared.by, how: "marketplace" } satisfies PluginPlace)
    })
    // Directory marketplaces are used in place, whatever copies there are.
    for (const declared of tiers[0].filter(isDirectory)) {
      const found = yield* inMarket(declared)
      if (found !== null) return found
    }
    for (const installation of query.installations) {
      const places = [
        installation.installPath,
        ...(installation.version === null ? [] : query.folders.map((folder) => path.join(cacheOf(folder, query), safe(installation.version))))
      ]
      const root = places.flatMap((place) => realPath(place ?? "") ?? [])[0]
      if (root !== undefined) return { root, declaredBy: "person", how: "installed", version: installation.version, aliases: [] } satisfies PluginPlace
    }
    for (const declared of tiers[1].filter(isDirectory)) {
      const found = yield* inMarket(declared)
      if (found !== null) return found
    }
    for (const folder of query.folders) {
      const cache = cacheOf(folder, query)
      const cached = newestOf(cache, yield* foldersIn(work, cache))
      const root = cached === null ? null : realPath(path.join(cache, cached))
      if (root !== null)
        return {
          root,
          declaredBy: mine.length > 0 || tiers[1].length === 0 ? "person" : "repository",
          how: "cached",
          version: cached,
          aliases: []
        } satisfies PluginPlace
    }
    for (const declared of [...mine.filter((one) => !isDirectory(one)), ...clones]) {
      const found = yield* inMarket(declared)
      if (found !== null) return found
    }
    return null
  })
}

const isDirectory = ({ source }: Declared): boolean => source?.source === "directory" || source?.source === "file"

const rootOf = ({ base, location, source }: Declared): string | null => {
  const named = isDirectory({ by: "person", file: "", base, location, source }) ? filled(source?.path) : null
  if (named !== null) {
    const at = path.isAbsolute(named) ? named : base === null ? null : path.resolve(base, named)
    return at !== null && source?.source === "file" ? aboveManifest(at) : at
  }
  return location !== null && path.isAbsolute(location) ? (location.endsWith(".json") ? aboveManifest(location) : location) : null
}

const aboveManifest = (file: string): string => {
  const folder = path.dirname(file)
  return path.basename(folder) === ".claude-plugin" ? path.dirname(folder) : folder
}

const cacheOf = (folder: string, { marketplace, name }: PlaceQuery): string => path.join(folder, "plugins", "cache", marketplace, name)

/** A version is one name of a folder; what is none leads nowhere. */
const safe = (version: string | null): string => (version !== null && /^(?!\.)[^/\\\0]+$/.test(version) ? version : "\0")

/** The copy that came last, of those that are not given up. */
const newestOf = (cache: string, versions: ReadonlyArray<string>): string | null => {
  const found = versions.flatMap((version) => {
    const folder = path.join(cache, version)
    const stats = statSync(folder, { throwIfNoEntry: false })
    return stats === undefined || existsSync(path.join(folder, ".orphaned_at")) ? [] : [{ version, at: stats.birthtimeMs }]
  })
  return found.sort((a, b) => b.at - a.at || (a.version < b.version ? 1 : -1))[0]?.version ?? null
}

const namesOfFolders = (folder: string): ReadonlyArray<string> => {
  try {
    return readdirSync(folder, { withFileTypes: true })
      .filter((entry) => entry.isDirectory() && !entry.name.startsWith(".") && entry.name !== "node_modules")
      .map((entry) => entry.name)
      .sort()
  } catch {
    // What cannot be looked into offers nothing; that a plugin is nowhere is said.
    return []
  }
}

const isPlugin = (folder: string): boolean => existsSync(path.join(folder, "han-plugin.yml")) || existsSync(path.join(folder, ".claude-plugin", "plugin.json"))

/** A folder without symbolic links; null when there is none. */
export const realPath = (folder: string): string | null => {
  try {
    if (folder === "" || folder.includes("\0")) return null
    const real = realpathSync(folder)
    return statSync(real).isDirectory() ? real : null
  } catch {
    return null
  }
}
