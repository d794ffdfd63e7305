/**
 * The part of the schema that only a machine with people's files can answer: configuration folders, settings, plugins, rules for agents, and what it sends to a team server.
 *
 * @example
 * ```ts
 * import type * as Runtime from "effect/Runtime"
 * import { Viewer } from "han-core/Viewer"
 * import * as ChangeFeed from "han-graphql/ChangeFeed"
 * import * as GraphqlContext from "han-graphql/GraphqlContext"
 * import type { GraphqlRequirements, MachineRequirements } from "han-graphql/GraphqlRequirements"
 * import { machine } from "han-graphql/Machine"
 * import { makeSchema } from "han-graphql/Schema"
 *
 * const schema = makeSchema({ machine })
 * // Its resolvers ask more services than those of `makeSchema()`.
 * const contextOn = (runtime: Runtime.Runtime<GraphqlRequirements | MachineRequirements>) =>
 *   GraphqlContext.make({ runtime, host: { version: "1.0.0", timeZone: "UTC" }, feeds: ChangeFeed.make(runtime), viewer: Viewer.local })
 * ```
 */

import { GraphQLBoolean, GraphQLList, GraphQLNonNull, GraphQLObjectType, GraphQLString } from "graphql"
import { categoriesOf, statsOf } from "han-core/Plugins"
import type { Project } from "han-core/Project"
import type { Session } from "han-core/Session"
import { sessionOf } from "./context/agentSessions.ts"
import { type Field, field, flag, int, listOf, text } from "./context/Field.ts"
import type { MachineContext } from "./context/GraphqlContext.ts"
import type { CostsByRoot, MachinePart } from "./context/SchemaParts.ts"
import { CacheEntry, CacheStats, cacheEntriesOf, cacheStatsOf } from "./hooks/Cache.ts"
import { ConfigDirType, configDirsOf, registerConfigDir, unregisterConfigDir } from "./machine/ConfigDirList.ts"
import { Citation, MemoryQuery, MemoryQueryStartResult } from "./machine/Memory.ts"
import { allPlugins, changePlugin, type PluginArgs, PluginCategory, PluginMutationResult, PluginStats, PluginType, pluginsOf } from "./machine/PluginList.ts"
import { SettingsSummary, settingsOf } from "./machine/Settings.ts"
import { SessionSyncType, SyncStatusType, sessionSyncOf, syncStatusChanges, syncStatusOf } from "./machine/Sync.ts"
import { ConfigDirCostBreakdown, shownCosts } from "./numbers/CostAnalysis.ts"
import { PluginScope } from "./relay/Enums.ts"
import { globalId } from "./relay/GlobalId.ts"

const string = (description: string) => ({ type: GraphQLString, description })
const required = (description: string) => ({ type: new GraphQLNonNull(GraphQLString), description })
const pluginArgs = {
  name: required("The plugin."),
  marketplace: required("The marketplace that it comes from."),
  scope: { type: new GraphQLNonNull(PluginScope), description: "In whose settings." },
  projectPath: { type: GraphQLString, description: "Which project's; may be left out when only one has it." }
}

const plain = (name: string, description: string, fields: Record<string, ReturnType<typeof text>>) => new GraphQLObjectType({ name, description, fields })
const MemoryAgentProgressPayload = plain("MemoryAgentProgressPayload", "How far a question to the memory is.", {
  queryId: text("The question."),
  sessionId: text("What `startMemoryQuery` gave."),
  type: text("`SEARCHING`, `FOUND`, `SYNTHESIZING`, `COMPLETE` or `ERROR`."),
  progress: text("How far, in words."),
  message: text("What is being done."),
  layer: text("What is being searched."),
  content: text("What was found."),
  resultCount: int("How much was found."),
  timestamp: text("When.")
})
const MemoryAgentResultPayload = plain("MemoryAgentResultPayload", "The answer to a question to the memory.", {
  queryId: text("The question."),
  sessionId: text("What `startMemoryQuery` gave."),
  result: text("The answer."),
  answer: text("The same as `result`."),
  confidence: text("How sure it is."),
  citations: listOf(Citation, "Where it stands."),
  searchedLayers: listOf(GraphQLString, "What was searched."),
  success: flag("Whether there is an answer."),
  error: text("Why there is none.")
})

const silent: Pick<Field<unknown, MachineContext>, "subscribe" | "resolve"> = {
  subscribe: (_, __, { live }) => live.subscribe("SessionChanged", () => false),
  resolve: (event) => event
}

/** Fields of the files of this machine: configuration folders, settings, plugins, rules for agents, passes of checks. */
export const machine: MachinePart = {
  query: {
    configDirs: field<unknown, MachineContext>(
      new GraphQLNonNull(new GraphQLList(new GraphQLNonNull(ConfigDirType))),
      "Configuration folders whose transcripts are indexed.",
      (_, __, context) => configDirsOf(context)
    ),
    memory: field(MemoryQuery, "What is written down for agents, and what was said before.", () => ({})),
    settings: {
      ...field<unknown, MachineContext>(
        SettingsSummary,
        "What is configured on this machine; null for a project that is not there.",
        (_, args: { readonly projectId?: string | null }, context) => settingsOf(args, context)
      ),
      args: { projectId: string("As it holds in this project; for the user alone without.") }
    },
    plugins: {
      ...listOf<unknown, MachineContext>(PluginType, "Plugins that settings name, by name.", (_, args: Parameters<typeof pluginsOf>[0], context) =>
        pluginsOf(args, context)
      ),
      args: { scope: { type: PluginScope, description: "Only those of these settings." } }
    },
    pluginStats: field<unknown, MachineContext>(PluginStats, "Plugins in numbers.", async (_, __, context) => statsOf(await allPlugins(context))),
    pluginCategories: listOf<unknown, MachineContext>(PluginCategory, "Plugins by their kind, the largest first.", async (_, __, context) =>
      categoriesOf(await allPlugins(context))
    ),
    cacheEntries: listOf(CacheEntry, "Passes of checks that stand, the newest first.", (_, __, context) => cacheEntriesOf(context)),
    cacheStats: field(CacheStats, "Passes of checks in numbers.", (_, __, context) => cacheStatsOf(context)),
    syncStatus: field<unknown, MachineContext>(
      SyncStatusType,
      "How it stands with what is sent to a team server; null with an error on one.",
      (_, __, context) => syncStatusOf(context)
    )
  },
  mutation: {
    togglePlugin: {
      ...field<unknown, MachineContext>(PluginMutationResult, "Switches a plugin on or off in the settings of Claude Code.", (_, args: PluginArgs, context) =>
        changePlugin(args, context)
      ),
      args: { ...pluginArgs, enabled: { type: new GraphQLNonNull(GraphQLBoolean), description: "On or off." } }
    },
    removePlugin: {
      ...field<unknown, MachineContext>(
        PluginMutationResult,
        "Takes a plugin out of the settings of Claude Code, and its installation there with it.",
        (_, args: PluginArgs, context) => changePlugin(args, context)
      ),
      args: pluginArgs
    },
    startMemoryQuery: {
      ...field<unknown, MachineContext>(MemoryQueryStartResult, "Asks a model what the memory knows.", () => ({
        sessionId: null,
        success: false,
        message: "Questions to the memory need a model, and this version of han runs none. `memory { search }` finds rules and messages by their words."
      })),
      args: {
        question: required("What to ask."),
        projectPath: required("The project: its folder or its remote."),
        model: { type: GraphQLString, description: "Which model to ask." }
      }
    },
    registerConfigDir: {
      ...field<unknown, MachineContext>(
        new GraphQLNonNull(GraphQLBoolean),
        "Follows the transcripts of another configuration folder from now on.",
        (_, args: Parameters<typeof registerConfigDir>[0], context) => registerConfigDir(args, context)
      ),
      args: { path: required("The folder, absolute or from `~`."), name: { type: GraphQLString, description: "What to call it." } }
    },
    unregisterConfigDir: {
      ...field<unknown, MachineContext>(
        new GraphQLNonNull(GraphQLBoolean),
        "Follows a folder no longer; what was indexed stays.",
        (_, args: Parameters<typeof unregisterConfigDir>[0], context) => unregisterConfigDir(args, context)
      ),
      args: { path: required("The folder.") }
    }
  },
  subscription: {
    memoryAgentProgress: {
      type: new GraphQLNonNull(MemoryAgentProgressPayload),
      description: "How far a question to the memory is. Silent: `startMemoryQuery` begins none yet.",
      args: { sessionId: { type: GraphQLString, description: "What `startMemoryQuery` gave." } },
      ...silent
    },
    memoryAgentResult: {
      type: new GraphQLNonNull(MemoryAgentResultPayload),
      description: "The answer to a question to the memory. Silent: `startMemoryQuery` begins none yet.",
      args: { sessionId: { type: GraphQLString, description: "What `startMemoryQuery` gave." } },
      ...silent
    },
    syncStatusChanged: {
      type: new GraphQLNonNull(SyncStatusType),
      description: "How it stands with what is sent to a team server: now, and after each change.",
      subscribe: (_, __, context) => syncStatusChanges(context),
      resolve: (status) => status
    }
  },
  session: {
    sync: field<Session, MachineContext>(
      SessionSyncType,
      "Whether a team server has it; of a subagent's conversation, its session's. Null where this machine cannot send.",
      (session, _, context) => sessionSyncOf(sessionOf(session), context)
    )
  },
  project: {
    plugins: listOf<Project, MachineContext>(PluginType, "Plugins that the project's own settings name.", async ({ path }, _, context) =>
      (await allPlugins(context)).filter((plugin) => plugin.projectPath === path)
    )
  },
  costAnalysis: {
    configDirBreakdowns: listOf<CostsByRoot, MachineContext>(
      ConfigDirCostBreakdown,
      "The same for each configuration folder; empty when there is only one.",
      async ({ byRoot }, _, context) => {
        const parts = await byRoot()
        const names = new Map(parts.length === 0 ? [] : (await configDirsOf(context)).map((dir) => [dir.path, dir.name]))
        return parts.map(({ costs, messages, models, root, sessions }) => ({
          ...shownCosts(costs),
          configDirId: globalId("ConfigDir", root),
          configDirName: names.get(root) ?? root,
          totalSessions: sessions,
          totalMessages: messages,
          modelCount: models
        }))
      }
    )
  }
}
