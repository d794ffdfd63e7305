import { GraphQLBoolean, GraphQLNonNull, GraphQLObjectType, GraphQLString } from "graphql"
import { field } from "./context/Field.ts"
import type { GraphqlContext } from "./context/GraphqlContext.ts"
import { registerConfigDir, unregisterConfigDir } from "./machine/ConfigDirList.ts"
import { MemoryQueryStartResult } from "./machine/Memory.ts"
import { changePlugin, type PluginArgs, PluginMutationResult } from "./machine/PluginList.ts"
import { PluginScope } from "./relay/Enums.ts"

const required = (description: string) => ({ type: new GraphQLNonNull(GraphQLString), description })
const pluginArgs = {
  name: required("The plugin."),
  marketplace: required("The marketplace that it comes from."),
  scope: { type: new GraphQLNonNull(PluginScope), description: "In whose settings." },
  projectPath: { type: GraphQLString, description: "Which project's; may be left out when only one has it." }
}

export const MutationRoot = new GraphQLObjectType<unknown, GraphqlContext>({
  name: "MutationRoot",
  description: "Changes of what is configured on this machine. Transcripts are never changed.",
  fields: {
    togglePlugin: {
      ...field<unknown>(PluginMutationResult, "Switches a plugin on or off in the settings of Claude Code.", (_, args: PluginArgs, context) =>
        changePlugin(args, context)
      ),
      args: { ...pluginArgs, enabled: { type: new GraphQLNonNull(GraphQLBoolean), description: "On or off." } }
    },
    removePlugin: {
      ...field<unknown>(
        PluginMutationResult,
        "Takes a plugin out of the settings of Claude Code, and its installation there with it.",
        (_, args: PluginArgs, context) => changePlugin(args, context)
      ),
      args: pluginArgs
    },
    startMemoryQuery: {
      ...field<unknown>(MemoryQueryStartResult, "Asks a model what the memory knows.", () => ({
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
      ...field<unknown>(
        new GraphQLNonNull(GraphQLBoolean),
        "Follows the transcripts of another configuration folder from now on.",
        (_, args: Parameters<typeof registerConfigDir>[0], context) => registerConfigDir(args, context)
      ),
      args: { path: required("The folder, absolute or from `~`."), name: { type: GraphQLString, description: "What to call it." } }
    },
    unregisterConfigDir: {
      ...field<unknown>(
        new GraphQLNonNull(GraphQLBoolean),
        "Follows a folder no longer; what was indexed stays.",
        (_, args: Parameters<typeof unregisterConfigDir>[0], context) => unregisterConfigDir(args, context)
      ),
      args: { path: required("The folder.") }
    }
  }
})
