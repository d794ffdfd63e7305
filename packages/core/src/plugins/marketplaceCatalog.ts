import * as path from "node:path"
import * as Effect from "effect/Effect"
import { type JsonFileBroken, type JsonFileUnreadable, read } from "../files/JsonFile.ts"
import { array, filled, isObject, type JsonObject, object } from "../text/json.ts"
import { isWithin } from "./pluginContent.ts"
import { isPluginName } from "./pluginKey.ts"
import { realPath } from "./pluginPlaces.ts"

/** The plugins that a marketplace offers. */
export interface Catalog {
  readonly root: string
  readonly file: string
  readonly name: string
  readonly plugins: ReadonlyArray<JsonObject>
}

/** A folder without symbolic links, and why it is no marketplace. */
export type CatalogError = JsonFileBroken | JsonFileUnreadable | string

export const readCatalog = (folder: string): Effect.Effect<Catalog, CatalogError> =>
  Effect.gen(function* () {
    const root = realPath(folder)
    if (root === null) return yield* Effect.fail(`${folder} is no folder that can be looked into`)
    const file = path.join(root, ".claude-plugin", "marketplace.json")
    const manifest = yield* read(file)
    if (manifest === null) return yield* Effect.fail(`${folder} is no marketplace: it has no .claude-plugin/marketplace.json`)
    const name = filled(manifest.name)
    if (name === null || !isPluginName(name)) {
      return yield* Effect.fail(
        `${file}: ${name === null ? "the marketplace has no name" : `${JSON.stringify(name.slice(0, 200))} is no name of a marketplace`}; one has no spaces, slashes or @, at most 128 characters, and no dot at the start`
      )
    }
    const plugins = array(manifest.plugins).filter((plugin) => isObject(plugin) && isPluginName(filled(plugin.name) ?? ""))
    const pluginRoot = filled(object(manifest.metadata)?.pluginRoot)
    return { root, file, name, plugins: plugins.filter(isObject).map((plugin) => (pluginRoot === null ? plugin : { ...plugin, pluginRoot })) }
  })

export const namesIn = ({ plugins }: Catalog): ReadonlyArray<string> => plugins.map(({ name }) => String(name))

/** The plugin of that name, or the one that has it as an alias. */
export const pluginIn = ({ plugins }: Catalog, name: string): JsonObject | null =>
  plugins.find((plugin) => plugin.name === name) ?? plugins.find((plugin) => array(plugin.aliases).includes(name)) ?? null

/** Says why Claude Code and han would not find the files of a plugin that is said to lie in its marketplace; null when they do, or fetch them from elsewhere. */
export const misplaced = ({ file, root }: Catalog, plugin: JsonObject): string | null => {
  const source = filled(plugin.source)
  if (source === null) return null
  const at = path.resolve(root, filled(plugin.pluginRoot) ?? ".", source)
  const found = realPath(at)
  const shown = `${file}: the source ${JSON.stringify(source)} of ${String(plugin.name)}`
  if (path.isAbsolute(source) || !isWithin(root, at) || (found !== null && !isWithin(root, found))) return `${shown} leads out of its marketplace`
  return found === null ? `${shown} is not there` : null
}
