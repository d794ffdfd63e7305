import { randomBytes } from "node:crypto"
import { mkdir, rename, rm, stat } from "node:fs/promises"
import * as path from "node:path"
import * as Effect from "effect/Effect"
import * as Either from "effect/Either"
import { errorCode } from "../files/fileFacts.ts"
import { edit, type JsonFileBroken, type JsonFileUnreadable, read } from "../files/JsonFile.ts"
import { settingsFile } from "../settings/ClaudeFolders.ts"
import { canonicalJson, filled, type JsonObject, object, text } from "../text/json.ts"
import { nearNames } from "../text/NearNames.ts"
import { gitClone } from "./gitClone.ts"
import { type Catalog, type CatalogError, misplaced, namesIn, pluginIn, readCatalog } from "./marketplaceCatalog.ts"
import { type MarketplaceSource, sourceText } from "./marketplaceSource.ts"
import { type InstallPlace, MarketplaceUnusable, PluginNotOffered } from "./PluginOffers.ts"
import { isWithin } from "./pluginContent.ts"
import { isPluginName, partsOf } from "./pluginKey.ts"
import { realPath } from "./pluginPlaces.ts"

export const maxNear = 10

export const shownName = (name: string): string => (isPluginName(name) || partsOf(name) !== null ? name : JSON.stringify(name.slice(0, 200)))

export const settingsOf = ({ folder, projectPath, scope }: InstallPlace): string => settingsFile(scope, scope === "user" ? folder : projectPath)

const unusable = (error: CatalogError): MarketplaceUnusable | JsonFileBroken | JsonFileUnreadable =>
  typeof error === "string" ? new MarketplaceUnusable({ message: error }) : error

/** The source that a marketplace of a repository is copied from. */
export interface CloneRequest extends InstallPlace {
  readonly names: ReadonlyArray<string>
  /** The address for git. */
  readonly environment: Readonly<Record<string, string | undefined>>
  readonly gitTimeoutMs: number
}

/** A marketplace whose files are there. */
export interface Market {
  readonly catalog: Catalog
  readonly source: JsonObject
  /** The folder in which Claude Code finds it. */
  readonly location: string
  /** The folder that was made of it just now. */
  readonly cloned: string | null
}

export interface Offer {
  readonly market: Market
  readonly plugin: JsonObject
}

const knownFile = ({ folder }: InstallPlace): string => path.join(folder, "plugins", "known_marketplaces.json")
const clonesFolder = ({ folder }: InstallPlace): string => path.join(folder, "plugins", "marketplaces")

/** The marketplaces that Claude Code has noted, and those that settings declare and whose files are here. One that cannot be read is no reason to fail: others may do. */
export const knownMarketplaces = Effect.fnUntraced(function* (request: InstallPlace) {
  const found = new Map<string, { readonly source: JsonObject; readonly location: string }>()
  const add = (name: string, source: JsonObject | null, location: string | null) => {
    if (source === null || !isPluginName(name) || found.has(name)) return
    found.set(name, { source, location: location ?? path.join(clonesFolder(request), name) })
  }
  for (const [name, value] of Object.entries((yield* read(knownFile(request))) ?? {})) {
    add(name, object(object(value)?.source), filled(object(value)?.installLocation))
  }
  for (const scope of ["user", "local", "project"] as const) {
    const settings = (yield* read(settingsFile(scope, scope === "user" ? request.folder : request.projectPath))) ?? {}
    for (const [name, value] of Object.entries(object(settings.extraKnownMarketplaces) ?? {})) {
      const source = object(object(value)?.source)
      const at = source?.source === "directory" ? filled(source.path) : null
      const location = at === null ? null : path.resolve(scope === "user" ? request.folder : request.projectPath, at)
      add(name, location === null ? source : { ...source, path: location }, location)
    }
  }
  const markets: Array<Market> = []
  const problems: Array<string> = []
  for (const [name, { location, source }] of found) {
    const catalog = yield* Effect.either(readCatalog(location))
    if (Either.isLeft(catalog)) problems.push(`${name}: ${unusable(catalog.left).message}`)
    // The name that it is known by is the one that settings use.
    else markets.push({ catalog: { ...catalog.right, name }, source, location, cloned: null })
  }
  return { markets, problems }
})

export const chosen = (known: { readonly markets: ReadonlyArray<Market>; readonly problems: ReadonlyArray<string> }, names: ReadonlyArray<string>) =>
  Effect.forEach(names, (asked): Effect.Effect<Offer, PluginNotOffered | MarketplaceUnusable> => {
    const { marketplace, name } = partsOf(asked) ?? { name: asked, marketplace: null }
    const offers = known.markets
      .filter(({ catalog }) => marketplace === null || catalog.name === marketplace)
      .flatMap((market): ReadonlyArray<Offer> => {
        const plugin = pluginIn(market.catalog, name)
        return plugin === null ? [] : [{ market, plugin }]
      })
    const [offer] = offers
    if (offer !== undefined && offers.length === 1) return sound(offer)
    const all = known.markets.flatMap(({ catalog }) => namesIn(catalog).map((one) => `${one}@${catalog.name}`))
    if (offers.length > 1) {
      const keys = offers.map(({ market, plugin }) => `${String(plugin.name)}@${market.catalog.name}`)
      return Effect.fail(new PluginNotOffered({ name: asked, near: keys, message: `several marketplaces have ${asked}: say which: ${keys.join(", ")}` }))
    }
    const near = nearNames(asked, all, maxNear)
    const where = known.markets.length === 0 ? "no marketplace is known here; name one: --from FOLDER, a git address, or owner/repo" : `${hint(near)}`
    const broken = known.problems.length === 0 ? "" : ` (not looked into: ${known.problems.join("; ")})`
    return Effect.fail(new PluginNotOffered({ name: asked, near, message: `no marketplace that is known here has ${shownName(asked)}; ${where}${broken}` }))
  })

const hint = (near: ReadonlyArray<string>): string => (near.length === 0 ? "there are no plugins" : `the nearest are ${near.join(", ")}`)

const sound = (offer: Offer): Effect.Effect<Offer, MarketplaceUnusable> => {
  const why = misplaced(offer.market.catalog, offer.plugin)
  return why === null ? Effect.succeed(offer) : Effect.fail(new MarketplaceUnusable({ message: `${why}; nothing was written` }))
}

/** The plugins of these names in one marketplace. */
const offersIn = (market: Market, names: ReadonlyArray<string>) =>
  Effect.forEach(names, (asked): Effect.Effect<Offer, PluginNotOffered | MarketplaceUnusable> => {
    const { catalog } = market
    const parts = partsOf(asked)
    const plugin = parts !== null && parts.marketplace !== catalog.name ? null : pluginIn(catalog, parts?.name ?? asked)
    if (plugin !== null) return sound({ market, plugin })
    const near = nearNames(parts?.name ?? asked, namesIn(catalog), maxNear)
    const message = `the marketplace ${catalog.name} (${sourceText(market.source)}) has no ${shownName(asked)}; ${hint(near)}`
    return Effect.fail(new PluginNotOffered({ name: asked, near, message }))
  })

export const offersFrom = Effect.fnUntraced(function* (request: CloneRequest, from: MarketplaceSource) {
  if (from.kind === "folder") {
    const catalog = yield* Effect.mapError(readCatalog(from.path), unusable)
    yield* unlessOther(request, catalog.name, from.source)
    return yield* offersIn({ catalog, source: from.source, location: from.path, cloned: null }, request.names)
  }
  const before = yield* clonedBefore(request, from.source)
  if (before !== null) {
    const offers = yield* Effect.either(offersIn(before, request.names))
    if (Either.isRight(offers)) return offers.right
  }
  return yield* cloned(request, from)
})

/** The copy of this repository that is here already. */
const clonedBefore = Effect.fnUntraced(function* (request: CloneRequest, source: JsonObject) {
  for (const [name, value] of Object.entries((yield* read(knownFile(request))) ?? {})) {
    const location = filled(object(value)?.installLocation)
    if (location === null || canonicalJson(object(value)?.source) !== canonicalJson(source)) continue
    const catalog = yield* Effect.either(readCatalog(location))
    if (Either.isRight(catalog) && catalog.right.name === name) return { catalog: catalog.right, source, location, cloned: null } satisfies Market
  }
  return null
})

/** A new copy, in place of an older one of the same repository. It is there as a whole or not at all. */
const cloned = (request: CloneRequest, from: Extract<MarketplaceSource, { readonly kind: "git" }>) => {
  const parent = clonesFolder(request)
  const temporary = path.join(parent, `.han-${process.pid}-${randomBytes(6).toString("hex")}`)
  const aside = `${temporary}-old`
  return Effect.acquireUseRelease(
    attempt(`${parent} cannot be made`, () => mkdir(parent, { recursive: true, mode: 0o700 })),
    () =>
      Effect.gen(function* () {
        yield* Effect.mapError(
          gitClone({ url: from.url, into: temporary, timeoutMs: request.gitTimeoutMs, environment: request.environment }),
          (why) => new MarketplaceUnusable({ message: `${from.url} cannot be cloned: ${why}; nothing was written` })
        )
        const catalog = yield* Effect.mapError(readCatalog(temporary), (error) => {
          const { message } = unusable(error)
          return new MarketplaceUnusable({ message: `${message.replaceAll(temporary, from.url)}; nothing was written` })
        })
        const location = path.join(parent, catalog.name)
        yield* unlessOther(request, catalog.name, from.source)
        const offers = yield* offersIn({ catalog, source: from.source, location, cloned: location }, request.names)
        const isThere = yield* attempt(`${location} cannot be looked at`, () => isAt(location))
        if (isThere && !(yield* isKnown(request, catalog.name))) {
          return yield* new MarketplaceUnusable({ message: `${location} is in the way, and no marketplace that is known; move it away, then try again` })
        }
        yield* Effect.uninterruptible(
          attempt(`${location} cannot be written`, async () => {
            if (isThere) await rename(location, aside)
            await rename(temporary, location)
          })
        )
        const moved = yield* Effect.mapError(readCatalog(location), unusable)
        return offers.map(({ market, plugin }): Offer => ({ plugin, market: { ...market, catalog: moved } }))
      }),
    () => Effect.promise(() => Promise.all([temporary, aside].map((folder) => rm(folder, { recursive: true, force: true }))))
  )
}

const isAt = async (folder: string): Promise<boolean> => {
  try {
    await stat(folder)
    return true
  } catch (cause) {
    if (errorCode(cause) === "ENOENT") return false
    throw cause
  }
}

const isKnown = (request: InstallPlace, name: string) => Effect.map(read(knownFile(request)), (known) => Object.hasOwn(known ?? {}, name))

const attempt = <A>(what: string, ask: () => Promise<A>): Effect.Effect<A, MarketplaceUnusable> =>
  Effect.tryPromise({
    try: ask,
    catch: (cause) => new MarketplaceUnusable({ message: `${what} (${errorCode(cause)}: ${cause instanceof Error ? cause.message : String(cause)})` })
  })

/** A name stands for one marketplace: another one of that name must not take its place unseen. */
const unlessOther = Effect.fnUntraced(function* (request: InstallPlace, name: string, source: JsonObject) {
  const known = object(object((yield* read(knownFile(request)))?.[name])?.source)
  const settings = settingsOf(request)
  const declared = object(object(object((yield* read(settings))?.extraKnownMarketplaces)?.[name])?.source)
  for (const [other, file] of [
    [known, knownFile(request)],
    [declared, settings]
  ] as const) {
    if (other === null || isSameSource(request, other, source)) continue
    return yield* new MarketplaceUnusable({
      message: `${file} has another marketplace ${name} already, from ${sourceText(other)}; take that one out first: \`claude plugin marketplace remove ${name}\``
    })
  }
})

const isSameSource = (request: InstallPlace, a: JsonObject, b: JsonObject): boolean => {
  if (a.source !== "directory" || b.source !== "directory") return canonicalJson(a) === canonicalJson(b)
  const [one, other] = [a, b].map(({ path: at }) => path.resolve(request.projectPath, text(at) ?? ""))
  return one === other || (one !== undefined && realPath(one) !== null && realPath(one) === realPath(other ?? ""))
}

/** In a repository's own settings a folder of the repository is named from its root, so that it is found wherever the repository lies. */
export const declaredSource = ({ projectPath, scope }: InstallPlace, source: JsonObject): JsonObject => {
  const at = source.source === "directory" ? realPath(text(source.path) ?? "") : null
  const project = realPath(projectPath)
  if (scope === "user" || at === null || project === null || !isWithin(project, at)) return source
  return { ...source, path: `./${path.relative(project, at).split(path.sep).join("/")}` }
}

/** Writes where a marketplace is; what is said already stays. The files that were written. */
export const declare = Effect.fnUntraced(function* (request: InstallPlace, { catalog, cloned, location, source }: Market) {
  const { name } = catalog
  const known = yield* edit(knownFile(request), (current) => {
    const before = object(current[name])
    if (before !== null && cloned === null) return Effect.succeed([])
    const value = { ...before, source, installLocation: location, lastUpdated: new Date().toISOString() }
    return Effect.succeed([{ path: [name], value }])
  })
  const settings = yield* edit(settingsOf(request), (current) =>
    Effect.succeed(
      Object.hasOwn(object(current.extraKnownMarketplaces) ?? {}, name)
        ? []
        : [{ path: ["extraKnownMarketplaces", name], value: { source: declaredSource(request, source) } }]
    )
  )
  return [...(known.written ? [knownFile(request)] : []), ...(settings.written ? [settingsOf(request)] : [])]
})
