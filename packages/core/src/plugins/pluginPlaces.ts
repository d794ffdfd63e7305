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
  /** The owner of the file: a marketplace that only a repository declares is asked last. */
  readonly by: "person" | "repository"
  readonly file: string
  /** The folder that relative paths begin at; null where they mean nothing. */
  readonly base: string | null
  readonly source: JsonObject | null
  /** The folder that the client put it in. */
  readonly location: string | null
}

export interface PluginPlace {
  /** Without symbolic links. */
  readonly root: string
  readonly declaredBy: "person" | "repository"
  /** Found by its installation, among the copies that the client keeps, or in the live folder of a marketplace. */
  readonly how: "installed" | "cached" | "marketplace"
  readonly version: string | null
  readonly aliases: ReadonlyArray<string>
}

export interface PlaceQuery {
  readonly name: string
  readonly marketplace: string
  /** The strongest first. */
  readonly declared: ReadonlyArray<Declared>
  /** The installations that hold in the project, the nearest first. */
  readonly installations: ReadonlyArray<Installation>
  /** Configuration folders. */
  readonly folders: ReadonlyArray<string>
}

type ReadJson = (work: Work, file: string) => Effect.Effect<JsonObject | null>

const deepest = 3
const maxFolders = 2000

/** Finds the folder of a plugin. `readJson` must keep what it read. */
export const pluginPlaces = (readJson: ReadJson) => {
  const readers: Readers = { readJson, foldersIn: kept((folder) => Effect.sync(() => namesOfFolders(folder))) }
  return Effect.fnUntraced(function* (work: Work, query: PlaceQuery, problems: Array<HookProblem>) {
    const by = (who: Declared["by"], directory: boolean) => query.declared.filter((one) => one.by === who && isDirectory(one) === directory)
    const clones = query.folders.map((folder): Declared => {
      const location = path.join(folder, "plugins", "marketplaces", query.marketplace)
      return { by: "person", file: folder, base: null, source: null, location }
    })
    const isPersons = query.declared.some((one) => one.by === "person") || query.declared.length === 0
    const inMarket = (declared: Declared) => placeInMarket(readers, work, declared, query, problems)
    const places: ReadonlyArray<Effect.Effect<PluginPlace | null>> = [
      // Directory marketplaces are used in place, whatever copies there are.
      ...by("person", true).map(inMarket),
      ...query.installations.map((installation) => Effect.sync(() => installedPlace(installation, query))),
      ...by("repository", true).map(inMarket),
      ...query.folders.map((folder) => cachedPlace(readers, work, cacheOf(folder, query), isPersons ? "person" : "repository")),
      ...[...by("person", false), ...clones].map(inMarket)
    ]
    for (const place of places) {
      const found = yield* place
      if (found !== null) return found
    }
    return null
  })
}

interface Readers {
  readonly readJson: ReadJson
  /** The names of the folders in one. */
  readonly foldersIn: (work: Work, folder: string) => Effect.Effect<ReadonlyArray<string>>
}

/** Finds a plugin's folder that no manifest names: one with a file of a plugin, a few levels deep. Links are not followed. */
const scan = Effect.fnUntraced(function* ({ foldersIn, readJson }: Readers, work: Work, root: string, name: string) {
  let left = maxFolders
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
const placeInMarket = Effect.fnUntraced(function* (
  readers: Readers,
  work: Work,
  declared: Declared,
  query: PlaceQuery,
  problems: Array<HookProblem>
): Effect.fn.Return<PluginPlace | null> {
  const real = realPath(rootOf(declared) ?? "")
  if (real === null) return null
  const found = { declaredBy: declared.by, how: "marketplace" } as const
  const file = path.join(real, ".claude-plugin", "marketplace.json")
  const manifest = yield* readers.readJson(work, file)
  const entries = array(manifest?.plugins).filter(isObject)
  const entry = entries.find((one) => one.name === query.name) ?? entries.find((one) => array(one.aliases).includes(query.name))
  if (entry === undefined) {
    const root = realPath((yield* scan(readers, work, real, query.name)) ?? "")
    return root === null || !isWithin(real, root) ? null : { ...found, root, version: null, aliases: [] }
  }
  const source = filled(entry.source)
  // A source of another kind is fetched by the client, into its cache.
  if (source === null) return null
  const at = path.resolve(real, filled(object(manifest?.metadata)?.pluginRoot) ?? ".", source)
  const root = realPath(at)
  if (path.isAbsolute(source) || !isWithin(real, at) || (root !== null && !isWithin(real, root))) {
    const message = `${file}: the source ${JSON.stringify(source)} of ${query.name} leads out of its marketplace, and was refused`
    problems.push({ severity: "error", path: file, line: null, key: `plugins.${query.name}.source`, message })
    return null
  }
  if (root === null) return null
  const same = entries.filter((one) => filled(one.source) !== null && path.resolve(real, String(one.source)) === path.resolve(real, source))
  const aliases = [entry, ...same].flatMap((one) => [filled(one.name), ...array(one.aliases).map(filled)]).flatMap((name) => name ?? [])
  return { ...found, root, version: filled(entry.version), aliases: [...new Set(aliases)] }
})

const installedPlace = ({ installPath, version }: Installation, query: PlaceQuery): PluginPlace | null => {
  const copies = version === null ? [] : query.folders.map((folder) => path.join(cacheOf(folder, query), safe(version)))
  const [root] = [installPath, ...copies].flatMap((place) => realPath(place ?? "") ?? [])
  return root === undefined ? null : { root, declaredBy: "person", how: "installed", version, aliases: [] }
}

/** The newest copy that the client keeps of a plugin. */
const cachedPlace = ({ foldersIn }: Readers, work: Work, cache: string, declaredBy: Declared["by"]): Effect.Effect<PluginPlace | null> =>
  Effect.map(foldersIn(work, cache), (versions) => {
    const version = newestOf(cache, versions)
    const root = version === null ? null : realPath(path.join(cache, version))
    return root === null ? null : { root, declaredBy, how: "cached", version, aliases: [] }
  })

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
