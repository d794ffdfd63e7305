import * as path from "node:path"
import * as Effect from "effect/Effect"
import * as Either from "effect/Either"
import { type JsonFileBroken, type JsonFileUnreadable, type JsonFileUnwritable, read } from "../files/JsonFile.ts"
import type { StoreError } from "../store/StoreError.ts"
import { filled, object } from "../text/json.ts"
import { nearNames } from "../text/NearNames.ts"
import { chosen, declare, declaredSource, knownMarketplaces, maxNear, offersFrom, settingsOf, shownName } from "./marketplaceOffers.ts"
import { marketplaceSource, sourceText } from "./marketplaceSource.ts"
import { type InstallPlace, MarketplaceUnusable, PluginNotOffered } from "./PluginOffers.ts"
import { type PluginManaged, type PluginNameInvalid, PluginPlaceUnclear, Plugins } from "./Plugins.ts"
import { keyOf } from "./pluginKey.ts"
import { realPath } from "./pluginPlaces.ts"

export interface InstallRequest extends InstallPlace {
  /** `name`, or `name@marketplace`. */
  readonly names: ReadonlyArray<string>
  /** A folder, the address of a git repository, or `owner/repo`; if absent the marketplaces that are known. */
  readonly from?: string | undefined
  /** The folder that a relative folder begins at. */
  readonly cwd: string
  /** The address for git. */
  readonly environment: Readonly<Record<string, string | undefined>>
  readonly gitTimeoutMs: number
}

export interface InstalledPlugin {
  /** `name@marketplace` */
  readonly plugin: string
  /** It was on in this scope before. */
  readonly already: boolean
  /** In words, with the file. */
  readonly message: string
}

/** `written`: the files and folders that were made or changed. `notes`: what else is to be known or done. */
export interface InstallReport {
  readonly plugins: ReadonlyArray<InstalledPlugin>
  readonly written: ReadonlyArray<string>
  readonly notes: ReadonlyArray<string>
}

/** A file that is broken or cannot be read or written is as it was. */
export type InstallError =
  | MarketplaceUnusable
  | PluginNotOffered
  | PluginNameInvalid
  | PluginPlaceUnclear
  | PluginManaged
  | JsonFileBroken
  | JsonFileUnreadable
  | JsonFileUnwritable
  | StoreError

/**
 * Switches plugins on as Claude Code does: the marketplace is declared in the settings of the scope and in the list of known ones, cloned if it is a repository, and
 * the plugin is enabled. Nothing of a plugin is run. Names are looked up before anything is written.
 */
export const install: (request: InstallRequest) => Effect.Effect<InstallReport, InstallError, Plugins> = Effect.fn("PluginInstall.install")(
  function* (request) {
    yield* projectThere(request)
    const offers =
      request.from === undefined
        ? yield* chosen(yield* knownMarketplaces(request), request.names)
        : yield* offersFrom(request, yield* orUnusable(marketplaceSource(request.from, request.cwd)))
    const plugins = yield* Plugins
    const written = new Set<string>()
    const installed: Array<InstalledPlugin> = []
    const notes: Array<string> = []
    for (const { market, plugin } of offers) {
      for (const file of yield* declare(request, market)) written.add(file)
      const name = String(plugin.name)
      const marketplace = market.catalog.name
      const change = yield* plugins.toggle({ name, marketplace, enabled: true, ...placeOf(request) })
      for (const file of change.written) written.add(file)
      installed.push({ plugin: keyOf({ name, marketplace }), already: change.written.length === 0, message: change.message })
      if (filled(plugin.source) === null) {
        notes.push(
          `${name} lies elsewhere (${sourceText(object(plugin.source))}): Claude Code fetches it; until then han knows none of its hooks, and \`han setup\` is to be run again after that`
        )
      }
    }
    for (const { market } of offers.slice(0, 1)) if (market.cloned !== null) written.add(market.cloned)
    if (request.scope !== "user" && installed.length > 0) {
      notes.push(`what only a repository enables is not run before \`han trust\` was given in ${request.projectPath}`)
    }
    if (request.scope === "project") {
      const { market } = offers[0] ?? {}
      if (market?.source.source === "directory" && path.isAbsolute(String(declaredSource(request, market.source).path))) {
        notes.push(`the marketplace is the folder ${String(market.source.path)}, which other people who work in this project may not have`)
      }
    }
    return { plugins: installed, written: [...written], notes } satisfies InstallReport
  }
)

export interface UninstallRequest extends InstallPlace {
  /** `name`, or `name@marketplace`. */
  readonly names: ReadonlyArray<string>
}

/** `written`: the files that were changed. */
export interface UninstallReport {
  readonly plugins: ReadonlyArray<{ readonly plugin: string; readonly message: string; readonly stillEnabledIn: ReadonlyArray<string> }>
  readonly written: ReadonlyArray<string>
}

/** Takes plugins out of the settings of a scope, and their installations there. The marketplace stays, and so does what other scopes say, which is told. */
export const uninstall: (request: UninstallRequest) => Effect.Effect<UninstallReport, InstallError, Plugins> = Effect.fn("PluginInstall.uninstall")(
  function* (request) {
    const plugins = yield* Plugins
    // A broken file is no file without plugins.
    yield* read(settingsOf(request))
    const listed = (yield* plugins.list({ projectPaths: [request.projectPath] })).plugins.filter(
      (plugin) => plugin.projectPath === null || path.resolve(plugin.projectPath) === path.resolve(request.projectPath)
    )
    const going = yield* Effect.forEach(request.names, (name) => {
      const named = listed.filter((plugin) => plugin.name === name || keyOf(plugin) === name)
      const found = named.filter(({ folder, scope }) => scope === request.scope && (folder === null || path.resolve(folder) === path.resolve(request.folder)))
      const [plugin] = found
      if (plugin !== undefined && found.length === 1) return Effect.succeed(plugin)
      if (found.length > 1) {
        const keys = found.map(keyOf)
        return Effect.fail(new PluginNotOffered({ name, near: keys, message: `several marketplaces have a ${name}: say which: ${keys.join(", ")}` }))
      }
      const elsewhere = [...new Set(named.map(({ scope }) => scope))]
      const near = nearNames(name, listed.filter(({ scope }) => scope === request.scope).map(keyOf), maxNear)
      const where = `the ${request.scope} settings (${settingsOf(request)})`
      const hint =
        elsewhere.length > 0
          ? `it is in the scope ${elsewhere.join(", ")}: --scope ${elsewhere[0]}`
          : near.length > 0
            ? `they have ${near.join(", ")}`
            : "they have no plugins"
      return Effect.fail(new PluginNotOffered({ name, near, message: `there is no ${shownName(name)} in ${where}; ${hint}` }))
    })
    const removed = yield* Effect.forEach(going, (plugin) =>
      Effect.map(plugins.remove({ name: plugin.name, marketplace: plugin.marketplace, ...placeOf(request) }), (change) => ({ plugin, change })).pipe(
        // Between the question and this somebody else has removed it.
        Effect.catchTag("PluginNotFound", ({ message }) => Effect.succeed({ plugin, change: { written: [], message } }))
      )
    )
    return {
      plugins: removed.map(({ change, plugin }) => ({
        plugin: keyOf(plugin),
        message: change.message,
        stillEnabledIn: listed.filter((other) => keyOf(other) === keyOf(plugin) && other.id !== plugin.id && other.enabled).map(({ scope }) => scope)
      })),
      written: [...new Set(removed.flatMap(({ change }) => change.written))]
    } satisfies UninstallReport
  }
)

const placeOf = ({ folder, projectPath, scope }: InstallPlace) => (scope === "user" ? { scope, folder } : { scope, projectPath })

const projectThere = ({ projectPath, scope }: InstallPlace): Effect.Effect<void, PluginPlaceUnclear> =>
  scope === "user" || realPath(projectPath) !== null
    ? Effect.void
    : Effect.fail(new PluginPlaceUnclear({ message: `${projectPath} is no folder: no settings were made there` }))

const orUnusable = <A>(found: Either.Either<A, string>): Effect.Effect<A, MarketplaceUnusable> =>
  Either.match(found, { onLeft: (message) => Effect.fail(new MarketplaceUnusable({ message })), onRight: Effect.succeed })
