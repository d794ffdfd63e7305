import * as path from "node:path"
import * as Effect from "effect/Effect"
import { readWhole } from "../files/wholeFile.ts"
import { maxYamlBytes, parseYaml } from "../files/yamlFile.ts"
import type { FileProblem } from "../journal/Transcripts.ts"
import { object } from "../text/json.ts"
import { problemOf } from "../transcripts/transcriptFolders.ts"

/** The settings in one of han's own files; null for those that it does not name. */
export interface HanConfig {
  readonly hooks: boolean | null
  readonly metrics: boolean | null
  readonly memory: boolean | null
  readonly plugins: ReadonlyArray<string>
}

/** The owner of a file; all but the user's lie in the project. */
export type HanConfigSource = "user" | "project" | "local" | "root" | "directory"

/** han's own files, the weakest first. Files deeper in a project hold for hooks in their folders alone, and are not among these. */
export const hanConfigFiles = (folders: ReadonlyArray<string>, projectPath: string | null): ReadonlyArray<readonly [HanConfigSource, string]> => {
  const users = folders.map((folder) => path.join(folder, "han.yml"))
  const projects: ReadonlyArray<readonly [HanConfigSource, string]> =
    projectPath === null
      ? []
      : [
          ["project", path.join(projectPath, ".claude", "han.yml")],
          ["local", path.join(projectPath, ".claude", "han.local.yml")],
          ["root", path.join(projectPath, "han.yml")],
          ["directory", path.join(projectPath, "han-config.yml")]
        ]
  return [...users.map((file) => ["user", file] as const), ...projects.filter(([, file]) => !users.includes(file))]
}

/** Reads such a file; null when there is none, or it cannot be read, which is then one of the problems. */
export const readHanConfig = Effect.fnUntraced(function* (problems: Array<FileProblem>, file: string) {
  const found = yield* Effect.either(readWhole(file, maxYamlBytes))
  if (found._tag === "Left") {
    problems.push(problemOf(found.left))
    return null
  }
  if (found.right === null) return null
  const read = yield* parseYaml(file, found.right.bytes)
  if (read._tag === "Left") {
    const { line, why } = read.left
    problems.push({ path: file, message: `${file}${line === null ? "" : `:${line}`}: ${why}` })
    return null
  }
  const { value } = read.right
  const switchOf = (name: string): boolean | null => {
    const enabled = object(value[name])?.enabled
    if (enabled === undefined || typeof enabled === "boolean") return enabled ?? null
    problems.push({ path: file, message: `${file}: ${name}.enabled is ${JSON.stringify(enabled)}; it must be true or false, and was left out` })
    return null
  }
  return {
    hooks: switchOf("hooks"),
    metrics: switchOf("metrics"),
    memory: switchOf("memory"),
    plugins: Object.keys(object(value.plugins) ?? {})
  } satisfies HanConfig
})
