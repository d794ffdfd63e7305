/**
 * `ClaudeSettings` over the files of this machine.
 *
 * @example
 * ```ts
 * import * as Effect from "effect/Effect"
 * import * as Layer from "effect/Layer"
 * import * as ClaudeFolders from "han-core/ClaudeFolders"
 * import { ClaudeSettings } from "han-core/ClaudeSettings"
 * import * as ClaudeSettingsFiles from "han-core/ClaudeSettingsFiles"
 *
 * const folders = ClaudeFolders.layer({ folders: ["/home/dev/.claude"] })
 * const settings = ClaudeSettingsFiles.layer.pipe(Layer.provide(folders))
 *
 * const summary = Effect.flatMap(ClaudeSettings, ({ summary }) => summary({ projectPath: "/home/dev/shop" }))
 * const { permissions } = await Effect.runPromise(Effect.provide(summary, settings))
 * ```
 */

import * as path from "node:path"
import * as Effect from "effect/Effect"
import * as Layer from "effect/Layer"
import { factsOf } from "../files/fileFacts.ts"
import type { FileProblem } from "../journal/Transcripts.ts"
import { array, type JsonObject, object } from "../text/json.ts"
import { ClaudeFolders, settingsFile } from "./ClaudeFolders.ts"
import { ClaudeSettings, type HanConfigSummary, type Permissions, type SettingsFile } from "./ClaudeSettings.ts"
import { hanConfigFiles, readHanConfig } from "./hanConfig.ts"
import { serversIn } from "./mcpServers.ts"
import { readOr } from "./readOr.ts"

/** Serves the settings as the files have them. Every question reads the files anew. */
export const layer: Layer.Layer<ClaudeSettings, never, ClaudeFolders> = Layer.effect(
  ClaudeSettings,
  Effect.map(ClaudeFolders, (claude) => ({
    summary: Effect.fn("ClaudeSettings.summary")(function* (query: { readonly projectPath?: string | undefined }) {
      const problems: Array<FileProblem> = []
      const read = yield* filesOf(claude, query.projectPath, problems)
      const { files, hanFiles, projectPath, states } = read
      const mcpServers = serversOf(read)
      const permissions = permissionsIn(
        files.map(({ settings }) => settings),
        projectPath === null ? [] : states.map(({ state }) => object(object(state.projects)?.[projectPath]) ?? {})
      )
      const there = (source: SettingsFile["source"]) => files.find(({ file }) => file.source === source && file.exists)?.file.path ?? null
      const users = files.find(({ file }) => file.source === "user")?.file
      return {
        claudeSettingsFiles: files.map(({ file }) => file),
        hanConfigFiles: hanFiles,
        claudeSettings: {
          path: users?.path ?? null,
          exists: users?.exists ?? false,
          lastModified: users?.lastModified ?? null,
          userFile: there("user"),
          projectFile: there("project"),
          localFile: there("local"),
          pluginCount: new Set(files.flatMap(({ settings }) => Object.keys(object(settings.enabledPlugins) ?? {}))).size,
          mcpServerCount: mcpServers.length,
          hasPermissions: Object.values(permissions).some((list) => list.length > 0)
        },
        hanConfig: yield* hanSummary(hanFiles, problems),
        mcpServers,
        permissions,
        problems
      }
    })
  }))
)

interface SettingsRead {
  readonly projectPath: string | null
  readonly files: ReadonlyArray<{ readonly file: SettingsFile; readonly settings: JsonObject }>
  /** The client's files of state, one a configuration folder. */
  readonly states: ReadonlyArray<{ readonly file: string; readonly state: JsonObject }>
  /** The project's `.mcp.json`. */
  readonly shared: JsonObject | null
  readonly hanFiles: ReadonlyArray<SettingsFile>
}

const filesOf = Effect.fnUntraced(function* (claude: typeof ClaudeFolders.Service, project: string | undefined, problems: Array<FileProblem>) {
  const folders = yield* claude.folders
  const paths = folders.map((folder) => folder.path)
  const managed = yield* claude.managed
  problems.push(...managed.problems)
  const projectPath = yield* projectOf(project, problems)
  const files = yield* Effect.forEach(claudeFiles(paths, managed.files, projectPath), ([source, file]) =>
    Effect.map(Effect.all([look("claude", source, file), readOr(problems, file)]), ([file, settings]) => ({ file, settings: settings ?? {} }))
  )
  const states = yield* Effect.forEach(folders, (folder) =>
    Effect.map(readOr(problems, folder.state, stateBytes), (state) => ({ file: folder.state, state: state ?? {} }))
  )
  const shared = projectPath === null ? null : yield* readOr(problems, path.join(projectPath, ".mcp.json"))
  const hanFiles = yield* Effect.forEach(hanConfigFiles(paths, projectPath), ([source, file]) => look("han", source, file))
  return { projectPath, files, states, shared, hanFiles } satisfies SettingsRead
})

const serversOf = ({ files, projectPath, shared, states }: SettingsRead) => [
  ...files.flatMap(({ file: { path: file, source }, settings }) =>
    source === "root" || source === "directory"
      ? []
      : serversIn(settings.mcpServers, { file, source, projectPath: source === "user" || source === "managed" ? null : projectPath })
  ),
  ...states.flatMap(({ file, state }) => [
    ...serversIn(state.mcpServers, { file, source: "user", projectPath: null }),
    ...Object.entries(object(state.projects) ?? {}).flatMap(([project, notes]) =>
      projectPath === null || path.resolve(project) === projectPath ? serversIn(object(notes)?.mcpServers, { file, source: "local", projectPath: project }) : []
    )
  ]),
  ...(projectPath === null ? [] : serversIn(shared?.mcpServers, { file: path.join(projectPath, ".mcp.json"), source: "project", projectPath }))
]

/** The client keeps notes on every project in its file of state, which grows with them. */
const stateBytes = 1 << 26

const projectOf = (projectPath: string | undefined, problems: Array<FileProblem>): Effect.Effect<string | null> =>
  Effect.sync(() => {
    if (projectPath === undefined || path.isAbsolute(projectPath)) return projectPath === undefined ? null : path.resolve(projectPath)
    problems.push({ path: projectPath, message: `${projectPath} is no absolute path; no settings were looked for there` })
    return null
  })

type Source = SettingsFile["source"]

const claudeFiles = (folders: ReadonlyArray<string>, managed: ReadonlyArray<string>, projectPath: string | null): ReadonlyArray<readonly [Source, string]> => {
  const users = folders.map((folder) => settingsFile("user", folder))
  const projects = projectPath === null ? [] : (["project", "local"] as const).map((scope) => [scope, settingsFile(scope, projectPath)] as const)
  return [
    ...users.map((file) => ["user", file] as const),
    // In the home folder the project's file is the user's.
    ...projects.filter(([, file]) => !users.includes(file)),
    ...managed.map((file) => ["managed", file] as const)
  ]
}

const labels: Readonly<Record<Source, string>> = {
  user: "User",
  project: "Project",
  local: "Local",
  managed: "Managed",
  root: "Project root",
  directory: "Project directory"
}

const look = (type: SettingsFile["type"], source: Source, file: string): Effect.Effect<SettingsFile> =>
  Effect.map(Effect.either(factsOf(file)), (found) => ({
    path: file,
    source,
    sourceLabel: labels[source],
    type,
    // A file that may not be looked at is there; the reason is among the problems.
    exists: found._tag === "Right" || found.left.reason !== "missing",
    lastModified: found._tag === "Right" ? Math.floor(found.right.mtimeMs) : null
  }))

const textsIn = (value: unknown): ReadonlyArray<string> => array(value).filter((item) => typeof item === "string")

const permissionsIn = (settings: ReadonlyArray<JsonObject>, notes: ReadonlyArray<JsonObject>): Permissions => {
  const all = (name: string) => [...new Set(settings.flatMap((one) => textsIn(object(one.permissions)?.[name])))]
  const allowList = all("allow")
  const denyList = all("deny")
  return {
    allowList,
    denyList,
    askList: all("ask"),
    allowedTools: [...new Set([...allowList, ...notes.flatMap((one) => textsIn(one.allowedTools))])],
    deniedTools: denyList,
    additionalDirectories: all("additionalDirectories")
  }
}

const hanSummary = Effect.fnUntraced(function* (files: ReadonlyArray<SettingsFile>, problems: Array<FileProblem>) {
  const said = (yield* Effect.forEach(files, (file) => readHanConfig(problems, file.path))).flatMap((config) => config ?? [])
  const last = (name: "hooks" | "metrics" | "memory") => said.reduce((before, config) => config[name] ?? before, true)
  const there = files.filter((file) => file.exists)
  const shown = there.find((file) => file.source === "user") ?? there.at(-1) ?? files[0]
  const pathOf = (source: Source) => there.find((file) => file.source === source)?.path ?? null
  return {
    path: shown?.path ?? null,
    exists: shown?.exists ?? false,
    lastModified: shown?.lastModified ?? null,
    rootFile: pathOf("root"),
    directoryFile: pathOf("directory"),
    hooksEnabled: last("hooks"),
    metricsEnabled: last("metrics"),
    memoryEnabled: last("memory"),
    pluginConfigCount: new Set(said.flatMap((config) => config.plugins)).size
  } satisfies HanConfigSummary
})
