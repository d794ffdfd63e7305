import { type JsonObject, object } from "../text/json.ts"

const nameOfOne = /^(?!\.)[^\s/\\@\p{Cc}\p{Cf}\p{Cs}]{1,128}$/u

/** Tells whether a plugin, a marketplace or a hook may be called so: no spaces, slashes or @, and no dot at the start. */
export const isPluginName = (name: string): boolean => nameOfOne.test(name)

/** The two names in `name@marketplace`; null when it is not of this shape. */
export const partsOf = (key: string): { readonly name: string; readonly marketplace: string } | null => {
  const [name, marketplace, more] = key.split("@")
  return name !== undefined && marketplace !== undefined && more === undefined && nameOfOne.test(name) && nameOfOne.test(marketplace)
    ? { name, marketplace }
    : null
}

export const keyOf = (plugin: { readonly name: string; readonly marketplace: string }): string => `${plugin.name}@${plugin.marketplace}`

/** Tells whether a settings file switches a plugin on: by true, or by a list of versions. */
export const isOn = (value: unknown): boolean => value === true || (Array.isArray(value) && value.length > 0)

/** The plugins that a settings file names, each on or off. */
export const enabledIn = (settings: JsonObject): ReadonlyMap<string, boolean> =>
  new Map(Object.entries(object(settings.enabledPlugins) ?? {}).map(([key, value]) => [key, isOn(value)]))
