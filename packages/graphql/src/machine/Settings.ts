import * as Effect from "effect/Effect"
import { GraphQLObjectType, GraphQLString } from "graphql"
import { ClaudeSettings, type McpServer as Server, type SettingsFile as SettingsFileRow } from "han-core/ClaudeSettings"
import { field, flag, int, isoOf, listOf, text } from "../context/Field.ts"
import type { MachineContext } from "../context/GraphqlContext.ts"
import { globalId, rawIdOf } from "../relay/GlobalId.ts"

interface Modified {
  readonly lastModified: number | null
}
const modified = <Source extends Modified>() => text<Source>("When it was last written.", ({ lastModified }) => isoOf(lastModified))

const SettingsFile = new GraphQLObjectType<SettingsFileRow>({
  name: "SettingsFile",
  description: "A file of settings, there or not.",
  fields: {
    path: text("Where it is."),
    source: text("Whose settings they are: `user`, `project`, `local`, `managed`, or for han's own files in a project `root`, `directory`."),
    sourceLabel: text("The same in words."),
    type: text("`claude` or `han`."),
    exists: flag("Whether it is there."),
    lastModified: modified()
  }
})
const ClaudeSettingsSummary = new GraphQLObjectType<Modified>({
  name: "ClaudeSettingsSummary",
  description: "The settings of Claude Code in all scopes together.",
  fields: {
    userFile: text("The user's file; null when it is not there."),
    projectFile: text("The project's; null when it is not there."),
    localFile: text("The user's own in the project; null when it is not there."),
    path: text("The user's file, there or not."),
    exists: flag("Whether it is there."),
    lastModified: modified(),
    pluginCount: int("Plugins that some scope names, on or off."),
    mcpServerCount: int("MCP servers."),
    hasPermissions: flag("Whether any scope has rules for tools.")
  }
})
const HanConfigSummary = new GraphQLObjectType<Modified>({
  name: "HanConfigSummary",
  description: "The configuration of han, all its files together; what is not set is on.",
  fields: {
    rootFile: text("`han.yml` in the project's folder; null when it is not there."),
    directoryFile: text("`han-config.yml` in the project's folder; null when it is not there."),
    path: text("The strongest file, there or not."),
    exists: flag("Whether it is there."),
    lastModified: modified(),
    hooksEnabled: flag("Whether hooks run."),
    metricsEnabled: flag("Whether metrics are kept."),
    memoryEnabled: flag("Whether memory is used."),
    pluginConfigCount: int("Plugins with settings of their own.")
  }
})
const McpServer = new GraphQLObjectType<Server>({
  name: "McpServer",
  description: "A configured MCP server. Arguments and values of variables are not told.",
  fields: {
    id: text("Unique among everything.", (server) => globalId("McpServer", server.id)),
    name: text("What it is called."),
    command: text("The program, for one that is started here."),
    url: text("The address, for one that is elsewhere, without secrets."),
    source: text("Whose settings name it: `user`, `project`, `local`, `managed`."),
    type: text("`stdio`, `http`, `sse`, or what the file says."),
    argCount: int("How many arguments it gets."),
    hasEnv: flag("Whether variables are set for it.")
  }
})
const Permissions = new GraphQLObjectType({
  name: "Permissions",
  description: "Rules for tools of all scopes, each once, as `Bash(git *)`.",
  fields: {
    allowList: listOf(GraphQLString, "What settings allow."),
    denyList: listOf(GraphQLString, "What settings forbid."),
    askList: listOf(GraphQLString, "What settings ask about."),
    allowedTools: listOf(GraphQLString, "What is allowed, with what the user allowed for good in the project."),
    deniedTools: listOf(GraphQLString, "What is forbidden."),
    additionalDirectories: listOf(GraphQLString, "Folders beside the project that the agent may work in.")
  }
})
const FileProblem = new GraphQLObjectType({
  name: "FileProblem",
  description: "A file that could not be read.",
  fields: { path: text("The file."), message: text("What is wrong, and what to do.") }
})

export const SettingsSummary = new GraphQLObjectType({
  name: "SettingsSummary",
  description: "What is configured on this machine, by the files of Claude Code and of han.",
  fields: {
    claudeSettingsFiles: listOf(SettingsFile, "Files of Claude Code, the weakest first, as they are merged."),
    hanConfigFiles: listOf(SettingsFile, "Files of han."),
    claudeSettings: field(ClaudeSettingsSummary, "The settings of Claude Code."),
    hanConfig: field(HanConfigSummary, "The configuration of han."),
    mcpServers: listOf(McpServer, "MCP servers."),
    permissions: field(Permissions, "Rules for tools."),
    problems: listOf(FileProblem, "Files that could not be read; the rest holds without them.")
  }
})

export const settingsOf = async ({ projectId }: { readonly projectId?: string | null }, { loaders, run }: MachineContext) => {
  const wanted = rawIdOf("Project", projectId ?? "")
  const project = wanted === "" ? undefined : (await loaders.projects()).find((one) => one.id === wanted)
  if (wanted !== "" && project === undefined) return null
  return run(Effect.flatMap(ClaudeSettings, (settings) => settings.summary(project === undefined ? {} : { projectPath: project.path })))
}
