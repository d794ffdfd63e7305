/**
 * The folders and files in which Claude Code keeps its settings on this machine.
 *
 * @example
 * ```ts
 * import * as Effect from "effect/Effect"
 * import { ClaudeFolders, layer, managedSettings, settingsFile } from "han-core/ClaudeFolders"
 *
 * const userSettings = Effect.gen(function* () {
 *   const { folders } = yield* ClaudeFolders
 *   return (yield* folders).map(({ path }) => settingsFile("user", path))
 * })
 *
 * const layerHere = layer({ folders: ["/home/dev/.claude"], managed: managedSettings(process.platform) })
 * const files = Effect.provide(userSettings, layerHere) // ["/home/dev/.claude/settings.json"]
 * ```
 */

import { readdir } from "node:fs/promises"
import * as path from "node:path"
import * as Context from "effect/Context"
import * as Effect from "effect/Effect"
import * as Layer from "effect/Layer"
import * as Schema from "effect/Schema"
import { factsOf, unreadable } from "../files/fileFacts.ts"
import type { FileProblem } from "../journal/Transcripts.ts"
import { problemOf } from "../transcripts/transcriptFolders.ts"
import { ConfigDirs } from "./ConfigDirs.ts"

/** The scope of a setting: this person everywhere, everybody in a project, this person in a project. */
export const SettingsScope = Schema.Literal("user", "project", "local")
export type SettingsScope = typeof SettingsScope.Type

/** A configuration folder of Claude Code, absolute. */
export interface ClaudeFolder {
  readonly path: string
  /** The client's file of state (`.claude.json`), in the folder or beside it. */
  readonly state: string
}

/** The folders and files of Claude Code on this machine. */
export class ClaudeFolders extends Context.Tag("han-core/ClaudeFolders")<
  ClaudeFolders,
  {
    /** The configuration folders, there or not, each once. The first is the default one: a plugin is installed there when nothing says otherwise. */
    readonly folders: Effect.Effect<ReadonlyArray<ClaudeFolder>>
    /**
     * Files of settings that override all others, there or not, the weakest first. The files of the folder `managed-settings.d` beside a
     * `managed-settings.json` follow it; `problems` names a folder that could not be read.
     */
    readonly managed: Effect.Effect<{ readonly files: ReadonlyArray<string>; readonly problems: ReadonlyArray<FileProblem> }>
  }
>() {}

/** The options of both layers. */
export interface ClaudeFoldersOptions {
  /** `managed-settings.json` files, the weakest first; `managedSettings` gives the one of this system. None if absent. */
  readonly managed?: ReadonlyArray<string> | undefined
}

/** Serves the given folders, which stay the same. */
export const layer = (options: ClaudeFoldersOptions & { readonly folders: ReadonlyArray<string> }): Layer.Layer<ClaudeFolders> =>
  Layer.sync(ClaudeFolders, () => make(options, Effect.succeed(options.folders)))

/** Serves those folders of `ConfigDirs` that Claude Code writes, as they are at each question. */
export const layerConfigDirs = (options: ClaudeFoldersOptions): Layer.Layer<ClaudeFolders, never, ConfigDirs> =>
  Layer.effect(
    ClaudeFolders,
    Effect.map(ConfigDirs, ({ list }) =>
      make(
        options,
        // The list of this process, in which nothing can fail.
        Effect.map(Effect.orDie(list), (dirs) => dirs.filter(({ source }) => source === "claude-code").map((dir) => dir.path))
      )
    )
  )

/** The files in which an administrator puts settings on such a system. */
export const managedSettings = (platform: NodeJS.Platform): ReadonlyArray<string> => {
  switch (platform) {
    case "darwin":
      return ["/Library/Application Support/ClaudeCode/managed-settings.json"]
    case "win32":
      return ["C:\\Program Files\\ClaudeCode\\managed-settings.json"]
    default:
      return ["/etc/claude-code/managed-settings.json"]
  }
}

/** The settings file of a scope. `folder` is a configuration folder for `user`, and a project's folder for `project` and `local`. */
export const settingsFile = (scope: SettingsScope, folder: string): string =>
  scope === "user" ? path.join(folder, "settings.json") : path.join(folder, ".claude", scope === "project" ? "settings.json" : "settings.local.json")

const make = (options: ClaudeFoldersOptions, folders: Effect.Effect<ReadonlyArray<string>>): typeof ClaudeFolders.Service => ({
  folders: Effect.flatMap(folders, (paths) => Effect.forEach([...new Set(paths.map((folder) => path.resolve(folder)))], withState)),
  managed: Effect.map(Effect.forEach(options.managed ?? [], withParts), (found) => ({
    files: found.flatMap(({ files }) => files),
    problems: found.flatMap(({ problems }) => problems)
  }))
})

/** A folder that was chosen with CLAUDE_CONFIG_DIR holds the state itself; that of `~/.claude` lies beside it. */
const withState = (folder: string): Effect.Effect<ClaudeFolder> => {
  const inside = path.join(folder, ".claude.json")
  const beside = `${folder}.json`
  return path.basename(folder) === ".claude"
    ? Effect.map(Effect.either(factsOf(inside)), (found) => ({ path: folder, state: found._tag === "Right" ? inside : beside }))
    : Effect.succeed({ path: folder, state: inside })
}

const withParts = (file: string): Effect.Effect<{ readonly files: ReadonlyArray<string>; readonly problems: ReadonlyArray<FileProblem> }> => {
  const parts = path.join(path.dirname(file), `${path.basename(file, ".json")}.d`)
  return Effect.match(Effect.tryPromise({ try: () => readdir(parts), catch: unreadable(parts) }), {
    onFailure: (error) => ({ files: [file], problems: error.reason === "missing" ? [] : [problemOf(error)] }),
    onSuccess: (names) => ({
      files: [
        file,
        ...names
          .filter((name) => name.endsWith(".json") && !name.startsWith("."))
          .sort()
          .map((name) => path.join(parts, name))
      ],
      problems: []
    })
  })
}
