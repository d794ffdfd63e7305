/**
 * Claude Code's plugins in all scopes: which are on, and switching or taking them out.
 *
 * @example
 * ```ts
 * import * as Effect from "effect/Effect"
 * import { Plugins } from "han-core/Plugins"
 *
 * const switchOffInProjects = (name: string, marketplace: string) =>
 *   Effect.gen(function* () {
 *     const plugins = yield* Plugins
 *     const { plugins: found } = yield* plugins.list({ scope: "project" })
 *     for (const plugin of found.filter((one) => one.name === name && one.marketplace === marketplace && one.enabled)) {
 *       const projectPath = plugin.projectPath ?? undefined
 *       const { message } = yield* plugins.toggle({ name, marketplace, scope: "project", projectPath, enabled: false })
 *       yield* Effect.logInfo(message)
 *     }
 *   })
 * ```
 */

import * as Context from "effect/Context"
import type * as Effect from "effect/Effect"
import * as Schema from "effect/Schema"
import { JsonFileBroken, JsonFileUnreadable, JsonFileUnwritable } from "../files/JsonFile.ts"
import { FileProblem } from "../journal/Transcripts.ts"
import { SettingsScope } from "../settings/ClaudeFolders.ts"
import type { StoreError } from "../store/StoreError.ts"

/** A plugin as one scope has it: a plugin that two projects enable makes two of these. */
export const Plugin = Schema.Struct({
  /** Unique among all plugins of all scopes and projects, the same at the next look. */
  id: Schema.String,
  name: Schema.String,
  marketplace: Schema.String,
  scope: SettingsScope,
  /** True: it is on by the managed settings, or by this scope where those say nothing. */
  enabled: Schema.Boolean,
  /** The switch in the managed settings, which nobody can change here; null when they say nothing. */
  managed: Schema.NullOr(Schema.Boolean),
  /** The category that its marketplace gives it; null when it gives none, or is not there. */
  category: Schema.NullOr(Schema.String),
  /** The installed version, else the one that the marketplace offers. Claude Code writes `unknown` for a plugin without one. */
  version: Schema.NullOr(Schema.String),
  /** The installed copy; null when there is none. A plugin of a marketplace that is a folder runs from there, not from this copy. */
  installPath: Schema.NullOr(Schema.String),
  /** The configuration folder of a plugin of the user; null for others. */
  folder: Schema.NullOr(Schema.String),
  /** The project of a plugin of the scopes `project` and `local`; null for others. */
  projectPath: Schema.NullOr(Schema.String)
})
export type Plugin = typeof Plugin.Type

/** The plugins of one scope; of all without it. */
export const PluginQuery = Schema.Struct({
  scope: Schema.optional(SettingsScope),
  /** The projects to look into; those for which a plugin is installed if absent. */
  projectPaths: Schema.optional(Schema.Array(Schema.String))
})
export type PluginQuery = typeof PluginQuery.Type

/** Plugins by name, then marketplace and scope. `problems`: files that could not be read, whose plugins are missing. */
export const PluginList = Schema.Struct({ plugins: Schema.Array(Plugin), problems: Schema.Array(FileProblem) })
export type PluginList = typeof PluginList.Type

/** Numbers of plugins: in all, on somewhere, and named by each scope. A plugin counts once, however many projects, folders and scopes name it. */
export const PluginStats = Schema.Struct({ total: Schema.Int, enabled: Schema.Int, user: Schema.Int, project: Schema.Int, local: Schema.Int })
export type PluginStats = typeof PluginStats.Type

/** The number of plugins in a category; `uncategorized` is that of plugins without one. */
export const PluginCategory = Schema.Struct({ category: Schema.String, count: Schema.Int })
export type PluginCategory = typeof PluginCategory.Type

const keyOf = ({ marketplace, name }: Plugin): string => `${name}@${marketplace}`

/** Counts plugins in all and by scope, as `PluginStats` says. */
export const statsOf = (plugins: ReadonlyArray<Plugin>): PluginStats => {
  const keys = (some: ReadonlyArray<Plugin>) => new Set(some.map(keyOf)).size
  const inScope = (scope: SettingsScope) => keys(plugins.filter((plugin) => plugin.scope === scope))
  return {
    total: keys(plugins),
    enabled: keys(plugins.filter((plugin) => plugin.managed ?? plugin.enabled)),
    user: inScope("user"),
    project: inScope("project"),
    local: inScope("local")
  }
}

/** Counts plugins by category, the largest category first. */
export const categoriesOf = (plugins: ReadonlyArray<Plugin>): ReadonlyArray<PluginCategory> => {
  const counts = new Map<string, number>()
  // One scope may know the marketplace that sorts the plugin, while another does not.
  const categories = new Map<string, string | null>()
  for (const plugin of plugins) categories.set(keyOf(plugin), categories.get(keyOf(plugin)) ?? plugin.category)
  for (const category of categories.values()) counts.set(category ?? "uncategorized", (counts.get(category ?? "uncategorized") ?? 0) + 1)
  return [...counts].map(([category, count]) => ({ category, count })).sort((a, b) => b.count - a.count || (a.category < b.category ? -1 : 1))
}

/** A plugin in one of its scopes. */
export const PluginPlace = Schema.Struct({
  name: Schema.String,
  marketplace: Schema.String,
  scope: SettingsScope,
  /** For the scopes `project` and `local`; when absent, the one project for which it is installed there, or whose settings in that scope name it. */
  projectPath: Schema.optional(Schema.String),
  /** Projects whose settings to look into when `projectPath` is absent, beside those that the list of installed plugins names. */
  projectPaths: Schema.optional(Schema.Array(Schema.String)),
  /** For the scope `user` where there are several configuration folders; when absent, the one that has the plugin, else the default. */
  folder: Schema.optional(Schema.String)
})
export type PluginPlace = typeof PluginPlace.Type

/** The result of a change: the files that were `written`, none when nothing had to change, and a `message` that says so. */
export const PluginChange = Schema.Struct({ written: Schema.Array(Schema.String), message: Schema.String })
export type PluginChange = typeof PluginChange.Type

/** `name` cannot be the name of a plugin or marketplace. Nothing was written. */
export class PluginNameInvalid extends Schema.TaggedError<PluginNameInvalid>("han-core/PluginNameInvalid")("PluginNameInvalid", {
  name: Schema.String,
  message: Schema.String
}) {}

/** The place does not name exactly one project or configuration folder. `message` says which there are. Nothing was written. */
export class PluginPlaceUnclear extends Schema.TaggedError<PluginPlaceUnclear>("han-core/PluginPlaceUnclear")("PluginPlaceUnclear", {
  message: Schema.String
}) {}

/** The managed settings in `file` decide otherwise about this plugin. Nothing was written. */
export class PluginManaged extends Schema.TaggedError<PluginManaged>("han-core/PluginManaged")("PluginManaged", {
  file: Schema.String,
  message: Schema.String
}) {}

/** The scope does not have this plugin. Nothing was written. */
export class PluginNotFound extends Schema.TaggedError<PluginNotFound>("han-core/PluginNotFound")("PluginNotFound", { message: Schema.String }) {}

/** A file that would have to be changed is broken, or cannot be read or written. None of what was asked for was done, unless the second of two files failed. */
export const PluginFileError = Schema.Union(JsonFileBroken, JsonFileUnreadable, JsonFileUnwritable)
export type PluginFileError = typeof PluginFileError.Type

/**
 * Claude Code's plugins, by its own files, and changes of these files as it makes them itself. A running session sees a change at its next start.
 * A `StoreError` means that whoever has the files does not answer.
 */
export class Plugins extends Context.Tag("han-core/Plugins")<
  Plugins,
  {
    /** By name, then scope. */
    readonly list: (query: PluginQuery) => Effect.Effect<PluginList, StoreError>
    /** Switches a plugin on or off in the settings of a scope. */
    readonly toggle: (
      place: PluginPlace & { readonly enabled: boolean }
    ) => Effect.Effect<PluginChange, PluginNameInvalid | PluginPlaceUnclear | PluginManaged | PluginFileError | StoreError>
    /**
     * Takes a plugin with its options out of the settings of a scope, and its installation there out of the list of installed plugins. The copy of its files
     * stays until Claude Code tidies up.
     */
    readonly remove: (place: PluginPlace) => Effect.Effect<PluginChange, PluginNameInvalid | PluginPlaceUnclear | PluginNotFound | PluginFileError | StoreError>
  }
>() {}
