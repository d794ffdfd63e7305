import * as Context from "effect/Context"
import type * as Effect from "effect/Effect"
import * as Schema from "effect/Schema"
import { JsonFileBroken, JsonFileUnreadable, JsonFileUnwritable } from "../files/JsonFile.ts"
import { FileProblem } from "../journal/Transcripts.ts"
import { SettingsScope } from "../settings/ClaudeFolders.ts"
import type { StoreError } from "../store/StoreError.ts"

/** A plugin as one scope has it: one that two projects enable is two of these. */
export const Plugin = Schema.Struct({
  /** Unique among all plugins of all scopes and projects, the same at the next look. */
  id: Schema.String,
  name: Schema.String,
  marketplace: Schema.String,
  scope: SettingsScope,
  /** Whether it is on, as far as this scope says; what the managed settings say comes first. */
  enabled: Schema.Boolean,
  /** What the managed settings say, which nobody can change here; null when they say nothing. */
  managed: Schema.NullOr(Schema.Boolean),
  /** As its marketplace sorts it; null when it does not, or is not there. */
  category: Schema.NullOr(Schema.String),
  /** What is installed; what the marketplace offers for one that is not. `unknown` is what Claude Code writes for a plugin without. */
  version: Schema.NullOr(Schema.String),
  /** Null when it is not installed. A plugin of a marketplace that is a folder runs from there, not from this copy. */
  installPath: Schema.NullOr(Schema.String),
  /** The configuration folder, for a plugin of the user. */
  folder: Schema.NullOr(Schema.String),
  /** For a plugin of a project. */
  projectPath: Schema.NullOr(Schema.String)
})
export type Plugin = typeof Plugin.Type

export const PluginQuery = Schema.Struct({
  scope: Schema.optional(SettingsScope),
  /** The projects to look into; those for which a plugin is installed if absent. */
  projectPaths: Schema.optional(Schema.Array(Schema.String))
})
export type PluginQuery = typeof PluginQuery.Type

/** `problems`: files that could not be read; what they would say is missing. */
export const PluginList = Schema.Struct({ plugins: Schema.Array(Plugin), problems: Schema.Array(FileProblem) })
export type PluginList = typeof PluginList.Type

/** Plugins, each once, however many projects, folders and scopes name it: in all, those that are on somewhere, and those that each scope names. */
export const PluginStats = Schema.Struct({ total: Schema.Int, enabled: Schema.Int, user: Schema.Int, project: Schema.Int, local: Schema.Int })
export type PluginStats = typeof PluginStats.Type

/** How many plugins a category has; those without one are `uncategorized`. */
export const PluginCategory = Schema.Struct({ category: Schema.String, count: Schema.Int })
export type PluginCategory = typeof PluginCategory.Type

const keyOf = ({ marketplace, name }: Plugin): string => `${name}@${marketplace}`

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

/** The largest first. */
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

/** What was done: `written` files, none when all was so already. `message` says it in words. */
export const PluginChange = Schema.Struct({ written: Schema.Array(Schema.String), message: Schema.String })
export type PluginChange = typeof PluginChange.Type

/** Not the name of a plugin or a marketplace. */
export class PluginNameInvalid extends Schema.TaggedError<PluginNameInvalid>("han-core/PluginNameInvalid")("PluginNameInvalid", {
  name: Schema.String,
  message: Schema.String
}) {}

/** Which project or configuration folder is meant is not clear, or it is none. */
export class PluginPlaceUnclear extends Schema.TaggedError<PluginPlaceUnclear>("han-core/PluginPlaceUnclear")("PluginPlaceUnclear", {
  message: Schema.String
}) {}

/** The managed settings decide about this plugin. */
export class PluginManaged extends Schema.TaggedError<PluginManaged>("han-core/PluginManaged")("PluginManaged", {
  file: Schema.String,
  message: Schema.String
}) {}

/** The scope does not have this plugin. */
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
