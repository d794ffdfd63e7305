import * as Effect from "effect/Effect"
import { GraphQLObjectType } from "graphql"
import { type Plugin, type PluginChange, type PluginStats as PluginNumbers, type PluginPlace, Plugins } from "han-core/Plugins"
import { always, field, flag, id, int, text } from "../context/Field.ts"
import type { MachineContext } from "../context/GraphqlContext.ts"
import { memoized } from "../context/memoized.ts"
import { PluginScope } from "../relay/Enums.ts"
import { globalId } from "../relay/GlobalId.ts"

export const PluginType = new GraphQLObjectType<Plugin>({
  name: "Plugin",
  description: "A plugin of Claude Code as one scope of settings has it.",
  fields: {
    id: always(id("Unique among all plugins of all scopes and projects.", (plugin) => globalId("Plugin", plugin.id))),
    name: text("Its name."),
    enabled: flag("Whether it is on, as far as this scope says; what managed settings say comes first."),
    scope: field(PluginScope, "Whose settings they are.", ({ scope }) => scope.toUpperCase()),
    marketplace: text("The marketplace that it comes from."),
    category: text("As its marketplace sorts it; null when it does not, or is not there."),
    version: text("What is installed, or what the marketplace offers."),
    installPath: text("Where it is installed; null when it is not."),
    projectPath: text("The project, for one that is a project's.")
  }
})
export const PluginStats = new GraphQLObjectType<PluginNumbers>({
  name: "PluginStats",
  description: "Plugins in numbers, each counted once, however many projects name it.",
  fields: {
    totalPlugins: int("Plugins.", ({ total }) => total),
    userPlugins: int("In the user's settings.", ({ user }) => user),
    projectPlugins: int("In settings of projects.", ({ project }) => project),
    localPlugins: int("In the user's own settings of projects.", ({ local }) => local),
    enabledPlugins: int("Those that are on somewhere.", ({ enabled }) => enabled)
  }
})
export const PluginCategory = new GraphQLObjectType({
  name: "PluginCategory",
  description: "How many plugins are of a kind.",
  fields: { category: text("The kind; `uncategorized` for those without."), count: int("How many.") }
})
export const PluginMutationResult = new GraphQLObjectType({
  name: "PluginMutationResult",
  description: "What came of a change.",
  fields: { success: flag("Whether it was done."), message: text("What was done, or what is wrong and what to do.") }
})

type Scope = "USER" | "PROJECT" | "LOCAL"
const scopeIn = { USER: "user", PROJECT: "project", LOCAL: "local" } as const

/** Plugins of all scopes and of all projects that are known; asked for once in a request. */
export const allPlugins = memoized(async ({ loaders, run }: MachineContext) => {
  const projectPaths = (await loaders.projects()).map(({ path }) => path)
  return (await run(Effect.flatMap(Plugins, (plugins) => plugins.list({ projectPaths })))).plugins
})

export const pluginsOf = async ({ scope }: { readonly scope?: Scope | null }, context: MachineContext) =>
  (await allPlugins(context)).filter((plugin) => scope == null || plugin.scope === scopeIn[scope])

export interface PluginArgs {
  readonly name: string
  readonly marketplace: string
  readonly scope: Scope
  readonly enabled?: boolean
  readonly projectPath?: string | null
}
/** A change that cannot be made is an answer, not an error: clients show its message. */
export const changePlugin = async ({ enabled, marketplace, name, projectPath, scope }: PluginArgs, context: MachineContext) => {
  const place: PluginPlace = {
    name,
    marketplace,
    scope: scopeIn[scope],
    projectPaths: (await context.loaders.projects()).map(({ path }) => path),
    ...(projectPath != null && { projectPath })
  }
  const change: Effect.Effect<PluginChange, { readonly message: string }, Plugins> = Effect.flatMap(
    Plugins,
    (plugins): Effect.Effect<PluginChange, { readonly message: string }> =>
      enabled === undefined ? plugins.remove(place) : plugins.toggle({ ...place, enabled })
  )
  return context.run(
    Effect.match(change, { onSuccess: ({ message }) => ({ success: true, message }), onFailure: ({ message }) => ({ success: false, message }) })
  )
}
