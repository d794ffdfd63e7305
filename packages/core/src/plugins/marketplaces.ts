import { readdir } from "node:fs/promises"
import * as path from "node:path"
import * as Effect from "effect/Effect"
import { asking } from "../files/fileFacts.ts"
import type { FileProblem } from "../journal/Transcripts.ts"
import { readOr } from "../settings/readOr.ts"
import { array, filled, isObject, type JsonObject, object } from "../text/json.ts"
import { problemOf } from "../transcripts/transcriptFolders.ts"

/** The entry of a marketplace about one of its plugins. */
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
  let known: ReadonlyArray<Known> | null = null
  const offersOf = Effect.fnUntraced(function* (marketplace: string) {
    const before = read.get(marketplace)
    if (before !== undefined) return before
    known ??= yield* Effect.forEach(folders, (folder) => knownIn(folder, problems))
    let offers: Offers = new Map()
    for (const manifest of known.flatMap((folder) => manifestsOf(folder, marketplace))) {
      const found = yield* readOr(problems, manifest)
      if (found === null) continue
      offers = offersIn(found)
      break
    }
    read.set(marketplace, offers)
    return offers
  })
  return (marketplace, plugin) => Effect.map(offersOf(marketplace), (offers) => offers.get(plugin) ?? null)
}

/** The marketplaces of a configuration folder: nothing is looked for on the disk for any other name. */
interface Known {
  readonly noted: JsonObject
  readonly declared: JsonObject
  readonly clones: ReadonlySet<string>
  readonly clonesFolder: string
}

const knownIn = Effect.fnUntraced(function* (folder: { readonly path: string; readonly settings: JsonObject }, problems: Array<FileProblem>) {
  const clonesFolder = path.join(folder.path, "plugins", "marketplaces")
  const clones = yield* Effect.catchAll(
    asking(clonesFolder, () => readdir(clonesFolder)),
    (error) =>
      Effect.sync(() => {
        if (error.reason !== "missing") problems.push(problemOf(error))
        return []
      })
  )
  return {
    noted: (yield* readOr(problems, path.join(folder.path, "plugins", "known_marketplaces.json"))) ?? {},
    declared: object(folder.settings.extraKnownMarketplaces) ?? {},
    clones: new Set(clones),
    clonesFolder
  } satisfies Known
})

/** The places where the manifest of a marketplace may be, the likeliest first: where the client put it, what the settings declare, where the client puts clones. */
const manifestsOf = ({ clones, clonesFolder, declared, noted }: Known, marketplace: string): ReadonlyArray<string> => {
  const note = Object.hasOwn(noted, marketplace) ? object(noted[marketplace]) : null
  const declaration = Object.hasOwn(declared, marketplace) ? object(declared[marketplace]) : null
  const sources = [object(note?.source), object(declaration?.source)].flatMap((source) =>
    source?.source === "directory" || source?.source === "file" ? [filled(source.path)] : []
  )
  const places = [filled(note?.installLocation), ...sources, clones.has(marketplace) ? path.join(clonesFolder, marketplace) : null]
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
