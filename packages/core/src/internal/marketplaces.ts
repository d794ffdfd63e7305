import * as path from "node:path"
import * as Effect from "effect/Effect"
import type { FileProblem } from "../Transcripts.ts"
import { array, filled, isObject, type JsonObject, object } from "./json.ts"
import { readOr } from "./readOr.ts"

/** What a marketplace says of one of its plugins. */
export interface Offer {
  readonly category: string | null
  readonly version: string | null
}
type Offers = ReadonlyMap<string, Offer>

/** Looks up what marketplaces say; each manifest is read once, when it is first asked for. */
export const marketplaces = (
  folders: ReadonlyArray<{ readonly path: string; readonly settings: JsonObject }>,
  problems: Array<FileProblem>
): ((marketplace: string, plugin: string) => Effect.Effect<Offer | null>) => {
  const read = new Map<string, Offers>()
  const known = new Map<string, JsonObject>()
  const offersOf = Effect.fnUntraced(function* (marketplace: string) {
    const before = read.get(marketplace)
    if (before !== undefined) return before
    let offers: Offers = new Map()
    for (const folder of folders) {
      const file = path.join(folder.path, "plugins", "known_marketplaces.json")
      const list = known.get(folder.path) ?? (yield* readOr(problems, file)) ?? {}
      known.set(folder.path, list)
      for (const manifest of manifestsOf(
        folder.path,
        marketplace,
        object(list[marketplace]),
        object(object(folder.settings.extraKnownMarketplaces)?.[marketplace])
      )) {
        const found = yield* readOr(problems, manifest)
        if (found === null) continue
        offers = offersIn(found)
        break
      }
      if (offers.size > 0) break
    }
    read.set(marketplace, offers)
    return offers
  })
  return (marketplace, plugin) => Effect.map(offersOf(marketplace), (offers) => offers.get(plugin) ?? null)
}

/** Where the manifest of a marketplace may be, the likeliest first: where the client put it, what the settings declare, where the client puts clones. */
const manifestsOf = (folder: string, marketplace: string, known: JsonObject | null, declared: JsonObject | null): ReadonlyArray<string> => {
  const sources = [object(known?.source), object(declared?.source)].flatMap((source) =>
    source?.source === "directory" || source?.source === "file" ? [filled(source.path)] : []
  )
  const places = [filled(known?.installLocation), ...sources, path.join(folder, "plugins", "marketplaces", marketplace)]
  const manifests = places.flatMap((place) =>
    place === null || !path.isAbsolute(place) ? [] : [place.endsWith(".json") ? place : path.join(place, ".claude-plugin", "marketplace.json")]
  )
  return [...new Set(manifests)]
}

const offersIn = (manifest: JsonObject): Offers =>
  new Map(
    array(manifest.plugins).flatMap((plugin) => {
      const name = isObject(plugin) ? filled(plugin.name) : null
      return !isObject(plugin) || name === null
        ? []
        : [[name, { category: filled(plugin.category) ?? categoryIn(plugin.source), version: filled(plugin.version) }]]
    })
  )

/** Marketplaces that sort their plugins into folders (`./plugins/languages/rust`) say the category so. */
const categoryIn = (source: unknown): string | null => {
  const [top, category, ...rest] = typeof source === "string" ? source.split("/").filter((part) => part !== "" && part !== ".") : []
  return top === "plugins" && category !== undefined && rest.length > 0 ? category : null
}
