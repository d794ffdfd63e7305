import * as path from "node:path"
import type { JsonChange } from "../files/JsonChange.ts"
import { array, filled, isObject, type JsonObject, object } from "../text/json.ts"

/** One line of Claude Code's list of installed plugins. */
export interface Installation {
  /** `name@marketplace` */
  readonly key: string
  readonly scope: string
  /** Null in the user's scope. */
  readonly projectPath: string | null
  readonly installPath: string | null
  readonly version: string | null
  /** Its place in the list of the key; null in files of version 1, which have no lists. */
  readonly index: number | null
}

export const installedFile = (folder: string): string => path.join(folder, "plugins", "installed_plugins.json")

/** Version 2 has a list for each plugin, one item for each scope and project; in version 1 every plugin is the user's. */
export const installationsIn = (file: JsonObject): ReadonlyArray<Installation> =>
  Object.entries(object(file.plugins) ?? {}).flatMap(([key, value]) =>
    isObject(value) ? [installation(key, value, null)] : array(value).flatMap((item, index) => (isObject(item) ? [installation(key, item, index)] : []))
  )

const installation = (key: string, value: JsonObject, index: number | null): Installation => ({
  key,
  scope: filled(value.scope) ?? "user",
  projectPath: filled(value.projectPath),
  installPath: filled(value.installPath),
  version: filled(value.version),
  index
})

/** The changes that take these installations of one plugin out of the file, and the plugin with the last of them. */
export const uninstalling = (file: JsonObject, key: string, goes: (installation: Installation) => boolean): ReadonlyArray<JsonChange> => {
  const all = installationsIn(file).filter((one) => one.key === key)
  const going = all.filter(goes)
  if (going.length === 0) return []
  if (going.length === all.length) return [{ path: ["plugins", key], remove: true }]
  // From the end, so that places stay right.
  return going.reverse().map(({ index }) => ({ path: ["plugins", key, ...(index === null ? [] : [index])], remove: true }))
}
