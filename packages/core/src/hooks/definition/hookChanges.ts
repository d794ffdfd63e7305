import type { YamlFile, YamlPath } from "../../files/yamlFile.ts"
import type { HanConfigSource } from "../../settings/hanConfig.ts"
import { isObject, type JsonObject } from "../../text/json.ts"
import type { HookDefinition, HookProblem } from "../Hook.ts"
import { HookKeys, problemAt } from "./hookKeys.ts"

/** A change of one hook by a file of settings. */
export interface HookChange {
  /** `name` or `name@marketplace` */
  readonly plugin: string
  /** Null: it is about the whole plugin. */
  readonly hook: string | null
  readonly set: Partial<HookDefinition>
  readonly at: YamlPath
}

/** All that one of han's own files says of hooks. */
export interface HookChanges {
  readonly file: YamlFile
  readonly source: HanConfigSource
  /** All hooks are off. */
  readonly off: boolean
  readonly changes: ReadonlyArray<HookChange>
}

const changeKeys = "enabled command before_all dirs_with dir_test file_test if_changed timeout idle_timeout cache on_error".split(" ")
/** Sections that are no plugins, in a `han-config.yml` that names plugins at its top. */
const sections = new Set("hooks plugins metrics memory sync learn learning keep mcp ports coordinator hanBinary".split(" "))

/**
 * `hooks.enabled`, and `plugins.<plugin>.hooks.<hook>`, in `han-config.yml` also the older `<plugin>.<hook>`. What has an error is left out; so is the hook's
 * change that it belongs to.
 */
export const changesIn = (file: YamlFile, source: HanConfigSource, problems: Array<HookProblem>): HookChanges => {
  const changes: Array<HookChange> = []
  const hooks = file.value.hooks
  const off = isObject(hooks) && new HookKeys(file, ["hooks"], hooks, problems).flag("enabled") === false
  const addHooks = (plugin: string, at: YamlPath, listed: JsonObject) => {
    for (const [name, value] of Object.entries(listed)) {
      if (value === null) continue
      const here = [...at, name]
      if (!isObject(value)) {
        problems.push(problemAt(file, here, "error", "must be a hook with the keys to change"))
        continue
      }
      const keys = new HookKeys(file, here, value, problems)
      keys.only(changeKeys)
      const set = changeOf(keys)
      if (keys.isSound) changes.push({ plugin, hook: name, set, at: here })
    }
  }
  const plugins = file.value.plugins
  if (plugins !== undefined && plugins !== null && !isObject(plugins)) problems.push(problemAt(file, ["plugins"], "error", "must be plugins by their names"))
  for (const [plugin, value] of Object.entries(isObject(plugins) ? plugins : {})) {
    if (value === null) continue
    const at = ["plugins", plugin]
    if (!isObject(value)) {
      problems.push(problemAt(file, at, "error", "must be a plugin with `enabled` or `hooks`"))
      continue
    }
    const keys = new HookKeys(file, at, value, problems)
    keys.only(["enabled", "hooks"])
    const enabled = keys.flag("enabled")
    if (enabled !== undefined) changes.push({ plugin, hook: null, set: { enabled }, at: [...at, "enabled"] })
    if (isObject(value.hooks)) addHooks(plugin, [...at, "hooks"], value.hooks)
    else if (value.hooks !== undefined && value.hooks !== null) keys.fail(["hooks"], "must be hooks by their names")
  }
  if (source === "directory") {
    for (const [plugin, value] of Object.entries(file.value)) if (!sections.has(plugin) && isObject(value)) addHooks(plugin, [plugin], value)
  }
  return { file, source, off, changes }
}

const changeOf = (keys: HookKeys): Partial<HookDefinition> => {
  const all: { readonly [K in keyof HookDefinition]?: HookDefinition[K] | undefined } = {
    enabled: keys.flag("enabled"),
    command: keys.text("command"),
    beforeAll: keys.text("before_all"),
    dirsWith: keys.markers("dirs_with"),
    dirTest: keys.text("dir_test"),
    fileTest: keys.text("file_test"),
    ifChanged: keys.globs("if_changed"),
    timeout: keys.seconds("timeout"),
    idleTimeout: keys.seconds("idle_timeout"),
    cache: keys.flag("cache"),
    onError: keys.choice("on_error", ["open", "closed"])
  }
  if (all.command?.trim() === "") keys.fail(["command"], "has nothing to run; `enabled: false` switches a hook off")
  return Object.fromEntries(Object.entries(all).filter(([, value]) => value !== undefined))
}

/** Tells whether a change brings something to run that was not there, or was off. The rest only says when and where. */
export const mayRunMore = (before: HookDefinition, set: Partial<HookDefinition>): boolean =>
  (set.enabled === true && !before.enabled) ||
  (["command", "beforeAll", "dirTest", "fileTest"] as const).some((key) => set[key] !== undefined && set[key] !== before[key])
