/**
 * `Plugins` over the files of Claude Code on this machine.
 *
 * @example
 * ```ts
 * import * as Effect from "effect/Effect"
 * import * as Layer from "effect/Layer"
 * import * as ClaudeFolders from "han-core/ClaudeFolders"
 * import * as PluginFiles from "han-core/PluginFiles"
 * import { Plugins, statsOf } from "han-core/Plugins"
 *
 * const stats = Effect.gen(function* () {
 *   const { plugins } = yield* (yield* Plugins).list({ projectPaths: ["/home/dev/shop"] })
 *   return statsOf(plugins)
 * })
 *
 * const layer = PluginFiles.layer.pipe(Layer.provide(ClaudeFolders.layer({ folders: ["/home/dev/.claude"] })))
 * console.log(await Effect.runPromise(Effect.provide(stats, layer)))
 * ```
 */

import { stat } from "node:fs/promises"
import * as path from "node:path"
import * as Effect from "effect/Effect"
import * as Layer from "effect/Layer"
import { unreadable } from "../files/fileFacts.ts"
import { edit, read } from "../files/JsonFile.ts"
import type { FileProblem } from "../journal/Transcripts.ts"
import { type ClaudeFolder, ClaudeFolders, type SettingsScope, settingsFile } from "../settings/ClaudeFolders.ts"
import { readOr } from "../settings/readOr.ts"
import { object } from "../text/json.ts"
import { type Installation, installationsIn, installedFile, uninstalling } from "./installedPlugins.ts"
import { marketplaces } from "./marketplaces.ts"
import {
  type Plugin,
  type PluginFileError,
  PluginManaged,
  PluginNameInvalid,
  PluginNotFound,
  type PluginPlace,
  PluginPlaceUnclear,
  type PluginQuery,
  Plugins
} from "./Plugins.ts"
import { enabledIn, isOn, isPluginName, keyOf, partsOf } from "./pluginKey.ts"

/** Serves the plugins as the files of Claude Code have them. Every question reads the files anew. */
export const layer: Layer.Layer<Plugins, never, ClaudeFolders> = Layer.effect(
  Plugins,
  Effect.map(ClaudeFolders, (claude) => ({ list: listOf(claude), toggle: toggleOf(claude), remove: removeOf(claude) }))
)

type Claude = typeof ClaudeFolders.Service

const listOf = (claude: Claude) =>
  Effect.fn("Plugins.list")(function* (query: PluginQuery) {
    const problems: Array<FileProblem> = []
    const managed = yield* managedPlugins(claude, problems)
    const folders = yield* Effect.forEach(yield* claude.folders, (folder) =>
      Effect.gen(function* () {
        const settings = (yield* readOr(problems, settingsFile("user", folder.path))) ?? {}
        return { ...folder, settings, installed: installationsIn((yield* readOr(problems, installedFile(folder.path))) ?? {}) }
      })
    )
    const installed = folders.flatMap((folder) => folder.installed)
    const users = folders.map(({ installed, path: folder, settings }, index): PlaceSettings => {
      // A plugin that only the managed settings name is everybody's.
      const enabled = new Map([...(index === 0 ? [...managed].map(([key, { on }]): [string, boolean] => [key, on]) : []), ...enabledIn(settings)])
      const place = { scope: "user", file: settingsFile("user", folder), folder, projectPath: null } as const
      return { place, enabled, installed: installed.filter((one) => one.scope === "user") }
    })
    const asked = query.projectPaths ?? installed.flatMap((one) => (one.projectPath === null ? [] : [one.projectPath]))
    const userFiles = users.map(({ place }) => place.file)
    const projects = yield* Effect.forEach(projectPlaces(asked, userFiles, problems), (place) =>
      Effect.map(
        readOr(problems, place.file),
        (settings): PlaceSettings => ({
          place,
          enabled: enabledIn(settings ?? {}),
          installed: installed.filter((one) => one.scope === place.scope && isIn(one, place.projectPath))
        })
      )
    )
    const offer = marketplaces(folders, problems)
    const wanted = [...users, ...projects].filter(({ place }) => query.scope === undefined || query.scope === place.scope)
    const plugins = yield* Effect.forEach(wanted, (settings) => pluginsAt(settings, managed, offer, problems))
    return { plugins: plugins.flat().sort(byName), problems }
  })

/** A settings file, with what it says of plugins and what is installed for it. */
interface PlaceSettings {
  readonly place: Place
  readonly enabled: ReadonlyMap<string, boolean>
  readonly installed: ReadonlyArray<Installation>
}

/** The settings files of projects. A person who works in the home folder has one file for the user and for that project. */
const projectPlaces = (asked: ReadonlyArray<string>, userFiles: ReadonlyArray<string>, problems: Array<FileProblem>) =>
  [...new Set(asked.map((project) => (path.isAbsolute(project) ? path.resolve(project) : project)))].flatMap((projectPath) => {
    if (path.isAbsolute(projectPath))
      return (["project", "local"] as const)
        .map((scope) => ({ scope, file: settingsFile(scope, projectPath), folder: null, projectPath }))
        .filter(({ file }) => !userFiles.includes(file))
    problems.push({ path: projectPath, message: `${projectPath} is no absolute path; no plugins were looked for there` })
    return []
  })

const pluginsAt = Effect.fnUntraced(function* (
  { enabled, installed, place }: PlaceSettings,
  managed: ReadonlyMap<string, ManagedPlugin>,
  offer: ReturnType<typeof marketplaces>,
  problems: Array<FileProblem>
) {
  const installations = new Map(installed.map((one) => [one.key, one]))
  const keys = [...new Set([...enabled.keys(), ...installations.keys()])]
  if (keys.length > maxPlugins) {
    problems.push({ path: place.file, message: `${place.file}: only the first ${maxPlugins} of ${keys.length} plugins are listed` })
  }
  const plugins: Array<Plugin> = []
  for (const key of keys.slice(0, maxPlugins)) {
    const parts = partsOf(key)
    if (parts === null) {
      problems.push({ path: place.file, message: `${place.file}: ${JSON.stringify(key)} is no name of a plugin with its marketplace, and was left out` })
      continue
    }
    const installation = installations.get(key) ?? null
    const offered = yield* offer(parts.marketplace, parts.name)
    plugins.push({
      id: `${place.scope}:${place.folder ?? place.projectPath}:${key}`,
      ...parts,
      scope: place.scope,
      enabled: managed.get(key)?.on ?? enabled.get(key) ?? false,
      managed: managed.get(key)?.on ?? null,
      category: offered?.category ?? null,
      version: installation?.version ?? offered?.version ?? null,
      installPath: installation?.installPath ?? null,
      folder: place.folder,
      projectPath: place.projectPath
    })
  }
  return plugins
})

const toggleOf = (claude: Claude) =>
  Effect.fn("Plugins.toggle")(function* (place: PluginPlace & { readonly enabled: boolean }) {
    const { enabled } = place
    const key = yield* checkedKey(place)
    const at = yield* placed(claude, place, key)
    if (at.projectPath !== null && !(yield* isFolder(at.projectPath))) {
      return yield* new PluginPlaceUnclear({ message: `${at.projectPath} is no folder: no settings were made there` })
    }
    const rule = (yield* managedPlugins(claude, [])).get(key)
    if (rule !== undefined && rule.on !== enabled) {
      return yield* new PluginManaged({
        file: rule.file,
        message: `${key} is ${rule.on ? "on" : "off"} for everybody by ${rule.file}; only an administrator can change that`
      })
    }
    const { written } = yield* edit(at.file, (current) => {
      const before = object(current.enabledPlugins)?.[key]
      // A list of versions is on already, and says more than `true`.
      return Effect.succeed(enabled && isOn(before) ? [] : [{ path: ["enabledPlugins", key], value: enabled }])
    })
    return { written: written ? [at.file] : [], message: `${key} is ${enabled ? "on" : "off"} ${inWords(at)}${written ? "" : ", as it was"}` }
  })

const removeOf = (claude: Claude) =>
  Effect.fn("Plugins.remove")(function* (place: PluginPlace) {
    const key = yield* checkedKey(place)
    const at = yield* placed(claude, place, key)
    const lists = at.folders.map((folder) => installedFile(folder.path))
    const goes = (one: Installation) => one.scope === at.scope && (at.projectPath === null || isIn(one, at.projectPath))
    // Before anything is written: a broken one of them must not leave the plugin half removed.
    yield* Effect.forEach([at.file, ...lists], (file) => read(file), { discard: true })
    const settings = yield* edit(at.file, (current) =>
      Effect.succeed(
        ["enabledPlugins", "pluginConfigs"].flatMap((name) =>
          Object.hasOwn(object(current[name]) ?? {}, key) ? [{ path: [name, key], remove: true as const }] : []
        )
      )
    )
    const installed = yield* Effect.forEach(lists, (file) => edit(file, (current) => Effect.succeed(uninstalling(current, key, goes))))
    const written = [...(settings.written ? [at.file] : []), ...lists.filter((_, index) => installed[index]?.written === true)]
    if (written.length === 0) return yield* new PluginNotFound({ message: `there is no ${key} ${inWords(at)}` })
    return { written, message: `${key} is removed ${inWords(at)}` }
  })

/** Finds the file that the settings of a place are in. Fails rather than guesses. */
const placed = Effect.fnUntraced(function* (claude: Claude, place: PluginPlace, key: string) {
  const folders = yield* claude.folders
  if (place.scope === "user") {
    const folder = yield* folderOf(folders, place, key)
    return { scope: place.scope, file: settingsFile("user", folder.path), folder: folder.path, projectPath: null, folders: [folder] }
  }
  const projectPath = place.projectPath ?? (yield* onlyProject(folders, place, key))
  if (!path.isAbsolute(projectPath) || projectPath.includes("\0")) {
    return yield* new PluginPlaceUnclear({ message: `${JSON.stringify(projectPath)} is no project: it must be an absolute path` })
  }
  return { scope: place.scope, file: settingsFile(place.scope, projectPath), folder: null, projectPath: path.resolve(projectPath), folders }
})

/** The most plugins of one file that are listed: more than any marketplace has. */
const maxPlugins = 10_000

interface Place {
  readonly scope: SettingsScope
  readonly file: string
  readonly folder: string | null
  readonly projectPath: string | null
}

const inWords = ({ file, projectPath, scope }: Place): string =>
  scope === "user" ? `for this user (${file})` : `in ${projectPath} (${scope} settings, ${file})`

const checkedKey = (place: PluginPlace): Effect.Effect<string, PluginNameInvalid> => {
  const wrong = [place.name, place.marketplace].find((name) => !isPluginName(name))
  return wrong === undefined
    ? Effect.succeed(keyOf(place))
    : Effect.fail(
        new PluginNameInvalid({
          name: wrong,
          message: `${JSON.stringify(wrong)} is no name of a plugin or marketplace: no spaces, slashes or @, at most 128 characters, and no dot at the start`
        })
      )
}

/** A plugin that the managed settings switch on or off, with the strongest file that does. */
interface ManagedPlugin {
  readonly on: boolean
  readonly file: string
}

const managedPlugins = Effect.fnUntraced(function* (claude: Claude, problems: Array<FileProblem>) {
  const found = new Map<string, ManagedPlugin>()
  const managed = yield* claude.managed
  problems.push(...managed.problems)
  for (const file of managed.files) {
    for (const [key, on] of enabledIn((yield* readOr(problems, file)) ?? {})) found.set(key, { on, file })
  }
  return found
})

const isIn = (installation: Installation, projectPath: string): boolean =>
  installation.projectPath !== null && path.resolve(installation.projectPath) === path.resolve(projectPath)

/** The configuration folder that was named; else the one that has the plugin, the default one before others; else the default one. */
const folderOf = Effect.fnUntraced(function* (folders: ReadonlyArray<ClaudeFolder>, place: PluginPlace, key: string) {
  const known = folders.map((folder) => folder.path).join(", ")
  if (place.folder !== undefined) {
    const named = path.resolve(place.folder)
    const folder = folders.find((one) => one.path === named)
    return folder ?? (yield* new PluginPlaceUnclear({ message: `${place.folder} is no configuration folder that is known here; those are ${known}` }))
  }
  const having: Array<ClaudeFolder> = []
  for (const [index, folder] of folders.entries()) {
    const settings = (yield* read(settingsFile("user", folder.path))) ?? {}
    const installed = installationsIn((yield* read(installedFile(folder.path))) ?? {})
    if (!Object.hasOwn(object(settings.enabledPlugins) ?? {}, key) && !installed.some((one) => one.key === key && one.scope === "user")) continue
    if (index === 0) return folder
    having.push(folder)
  }
  if (having.length > 1) {
    return yield* new PluginPlaceUnclear({ message: `several configuration folders have ${key}: ${having.map((one) => one.path).join(", ")}; say which` })
  }
  const folder = having[0] ?? folders[0]
  return folder ?? (yield* new PluginPlaceUnclear({ message: "no configuration folder of Claude Code is known here" }))
})

const onlyProject = Effect.fnUntraced(function* (folders: ReadonlyArray<ClaudeFolder>, place: PluginPlace, key: string) {
  const lists = yield* Effect.forEach(folders, (folder) => read(installedFile(folder.path)))
  const projects = new Set(
    lists.flatMap((list) =>
      installationsIn(list ?? {}).flatMap((one) => (one.key === key && one.scope === place.scope && one.projectPath !== null ? [one.projectPath] : []))
    )
  )
  const failures: Array<PluginFileError> = []
  for (const projectPath of place.projectPaths ?? []) {
    if (!path.isAbsolute(projectPath)) continue
    const settings = yield* Effect.either(read(settingsFile(place.scope, projectPath)))
    if (settings._tag === "Left") failures.push(settings.left)
    else if (Object.hasOwn(object(settings.right?.enabledPlugins) ?? {}, key)) projects.add(path.resolve(projectPath))
  }
  const [project] = projects
  if (project !== undefined && projects.size === 1) return project
  // A broken file of a project that nobody asked for is in nobody's way, unless it may be the one.
  const [failure] = failures
  if (failure !== undefined && project === undefined) return yield* failure
  const found = projects.size === 0 ? "no project is known to have it" : `several have it: ${[...projects].join(", ")}`
  return yield* new PluginPlaceUnclear({ message: `say for which project ${key} is meant: in the scope "${place.scope}" ${found}` })
})

const isFolder = (folder: string): Effect.Effect<boolean> =>
  Effect.match(Effect.tryPromise({ try: () => stat(folder), catch: unreadable(folder) }), {
    onFailure: () => false,
    onSuccess: (stats) => stats.isDirectory()
  })

const compare = (a: string, b: string): number => (a < b ? -1 : a > b ? 1 : 0)
const scopes: ReadonlyArray<SettingsScope> = ["user", "project", "local"]
const byName = (a: Plugin, b: Plugin): number =>
  compare(a.name, b.name) || compare(a.marketplace, b.marketplace) || scopes.indexOf(a.scope) - scopes.indexOf(b.scope) || compare(a.id, b.id)
