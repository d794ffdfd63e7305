import * as path from "node:path"
import * as Effect from "effect/Effect"
import type { FileProblem } from "../Transcripts.ts"
import { isObject, type JsonObject, object } from "./json.ts"
import { problemOf } from "./transcriptFolders.ts"
import { readWhole } from "./wholeFile.ts"

/** What one of han's own files says; null for what it does not say. */
export interface HanConfig {
  readonly hooks: boolean | null
  readonly metrics: boolean | null
  readonly memory: boolean | null
  readonly plugins: ReadonlyArray<string>
}

/** Whose file it is; all but the user's lie in the project. */
export type HanConfigSource = "user" | "project" | "local" | "root" | "directory"

/** han's own files, the weakest first. Files deeper in a project hold for their folders alone, and are not looked for. */
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

const configBytes = 1 << 20

/** What such a file says; null when there is none, or it cannot be read, which is then one of the problems. */
export const readHanConfig = Effect.fnUntraced(function* (problems: Array<FileProblem>, file: string) {
  const found = yield* Effect.either(readWhole(file, configBytes))
  if (found._tag === "Left") {
    problems.push(problemOf(found.left))
    return null
  }
  if (found.right === null) return null
  const value = yield* parsed(new TextDecoder().decode(found.right.bytes))
  if (typeof value === "string") {
    problems.push({ path: file, message: `${file}: ${value}` })
    return null
  }
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

/** What the document says, or what is wrong with it. The parser is loaded when the first file is found. */
const parsed = (text: string): Effect.Effect<JsonObject | string> =>
  Effect.map(
    Effect.promise(() => import("yaml")),
    ({ parseDocument }) => {
      try {
        const document = parseDocument(text, { prettyErrors: true })
        const [error] = document.errors
        if (error !== undefined) return error.message.split("\n", 1)[0] ?? error.message
        // A document of aliases of aliases would fill the memory: the parser refuses more than this.
        const value: unknown = document.toJS({ maxAliasCount: 100 })
        return value === null || value === undefined ? {} : isObject(value) ? value : "names with values are expected"
      } catch (cause) {
        return cause instanceof Error ? cause.message : String(cause)
      }
    }
  )
