/**
 * The settings of Claude Code and of han that hold on this machine or in a project, all files together.
 *
 * @example
 * ```ts
 * import * as Effect from "effect/Effect"
 * import { ClaudeSettings } from "han-core/ClaudeSettings"
 *
 * const allowedIn = (projectPath: string) =>
 *   Effect.gen(function* () {
 *     const { mcpServers, permissions, problems } = yield* (yield* ClaudeSettings).summary({ projectPath })
 *     for (const { message } of problems) yield* Effect.logWarning(message)
 *     return { rules: permissions.allowList, servers: mcpServers.map(({ name, source }) => `${name} (${source})`) }
 *   })
 * ```
 */

import * as Context from "effect/Context"
import type * as Effect from "effect/Effect"
import * as Schema from "effect/Schema"
import { FileProblem } from "../journal/Transcripts.ts"
import type { StoreError } from "../store/StoreError.ts"

/** A file of settings, there or not. Its path is absolute. */
export const SettingsFile = Schema.Struct({
  path: Schema.String,
  /** The scope of Claude Code's file; `root` and `directory` are han's own files in a project's folder. */
  source: Schema.Literal("user", "project", "local", "managed", "root", "directory"),
  /** The source in words. */
  sourceLabel: Schema.String,
  type: Schema.Literal("claude", "han"),
  exists: Schema.Boolean,
  /** Milliseconds since 1970; null when it is not there. */
  lastModified: Schema.NullOr(Schema.Number)
})
export type SettingsFile = typeof SettingsFile.Type

/**
 * The settings of Claude Code in all scopes together. `path`, `exists` and `lastModified` describe the file of the user in the default configuration folder.
 */
export const ClaudeSettingsSummary = Schema.Struct({
  path: Schema.NullOr(Schema.String),
  exists: Schema.Boolean,
  lastModified: Schema.NullOr(Schema.Number),
  /** The files of the scopes; null for one that is not there. */
  userFile: Schema.NullOr(Schema.String),
  projectFile: Schema.NullOr(Schema.String),
  localFile: Schema.NullOr(Schema.String),
  /** Plugins that some scope names, on or off. */
  pluginCount: Schema.Int,
  mcpServerCount: Schema.Int,
  hasPermissions: Schema.Boolean
})
export type ClaudeSettingsSummary = typeof ClaudeSettingsSummary.Type

/**
 * han's own configuration, all files together. A switch that no file sets is on. `path`, `exists` and `lastModified` describe the file of the user, or the
 * strongest that is there.
 */
export const HanConfigSummary = Schema.Struct({
  path: Schema.NullOr(Schema.String),
  exists: Schema.Boolean,
  lastModified: Schema.NullOr(Schema.Number),
  /** `han.yml` and `han-config.yml` in the project's folder; null for one that is not there. */
  rootFile: Schema.NullOr(Schema.String),
  directoryFile: Schema.NullOr(Schema.String),
  hooksEnabled: Schema.Boolean,
  metricsEnabled: Schema.Boolean,
  memoryEnabled: Schema.Boolean,
  /** The number of plugins with settings of their own. */
  pluginConfigCount: Schema.Int
})
export type HanConfigSummary = typeof HanConfigSummary.Type

/** A configured MCP server, without its secrets: arguments, values of variables, and an address's user, password and values of its query are left out. */
export const McpServer = Schema.Struct({
  /** Unique, the same at the next look. */
  id: Schema.String,
  name: Schema.String,
  command: Schema.NullOr(Schema.String),
  url: Schema.NullOr(Schema.String),
  source: Schema.Literal("user", "project", "local", "managed"),
  /** `stdio`, `http`, `sse`, or another word of the file. */
  type: Schema.String,
  argCount: Schema.Int,
  hasEnv: Schema.Boolean,
  /** The project of a server that a single project has; null for others. */
  projectPath: Schema.NullOr(Schema.String)
})
export type McpServer = typeof McpServer.Type

/** The permission rules of all scopes, each once. */
export const Permissions = Schema.Struct({
  /** Rules as the settings write them, e.g. `Bash(git *)`. */
  allowList: Schema.Array(Schema.String),
  denyList: Schema.Array(Schema.String),
  askList: Schema.Array(Schema.String),
  /** `allowList`, and the tools that the person allowed for good in the project, by the client's own notes. */
  allowedTools: Schema.Array(Schema.String),
  deniedTools: Schema.Array(Schema.String),
  additionalDirectories: Schema.Array(Schema.String)
})
export type Permissions = typeof Permissions.Type

/** All settings that hold for a question. */
export const SettingsSummary = Schema.Struct({
  /** The weakest first, as they are merged. */
  claudeSettingsFiles: Schema.Array(SettingsFile),
  hanConfigFiles: Schema.Array(SettingsFile),
  claudeSettings: ClaudeSettingsSummary,
  hanConfig: HanConfigSummary,
  mcpServers: Schema.Array(McpServer),
  permissions: Permissions,
  /** Files that could not be read or are broken. The summary is made without them. */
  problems: Schema.Array(FileProblem)
})
export type SettingsSummary = typeof SettingsSummary.Type

/** The configuration of this machine, by the files of Claude Code and of han. A `StoreError` means that whoever has the files does not answer. */
export class ClaudeSettings extends Context.Tag("han-core/ClaudeSettings")<
  ClaudeSettings,
  {
    /** With `projectPath` as it holds in that project; without, for the user alone, and the MCP servers of all projects. */
    readonly summary: (query: { readonly projectPath?: string | undefined }) => Effect.Effect<SettingsSummary, StoreError>
  }
>() {}
