import * as Effect from "effect/Effect"
import { readWhole } from "../files/wholeFile.ts"
import { maxYamlBytes, parseYaml } from "../files/yamlFile.ts"
import { object } from "../text/json.ts"
import { hanConfigFiles } from "./hanConfig.ts"

/** The words of a project's own files about sync: they may keep its sessions at home, and nothing else. */
export interface ProjectSync {
  /** None of the files says `enabled: false`, and each can be read: what cannot may say so. */
  readonly enabled: boolean
  /** Patterns. */
  readonly forceExclude: ReadonlyArray<string>
  /** Keys that a project may not set, with their file; they are left out. */
  readonly ignored: ReadonlyArray<string>
}

/** Reads the key `sync` of the four files of han in a project's folder. */
export const projectSync = (projectPath: string): Effect.Effect<ProjectSync> =>
  Effect.map(
    Effect.forEach(hanConfigFiles([], projectPath), ([, file]) => readOne(file)),
    (found) => ({
      enabled: found.every(({ enabled }) => enabled),
      forceExclude: found.flatMap(({ forceExclude }) => forceExclude),
      ignored: found.flatMap(({ ignored }) => ignored)
    })
  )

const nothing: ProjectSync = { enabled: true, forceExclude: [], ignored: [] }
const unreadable: ProjectSync = { enabled: false, forceExclude: [], ignored: [] }

const readOne = (file: string): Effect.Effect<ProjectSync> =>
  Effect.gen(function* () {
    const found = yield* Effect.either(readWhole(file, maxYamlBytes))
    if (found._tag === "Left") return unreadable
    if (found.right === null) return nothing
    const read = yield* parseYaml(file, found.right.bytes)
    if (read._tag === "Left") return unreadable
    const said = read.right.value["sync"]
    if (said === undefined) return nothing
    const sync = object(said)
    if (sync === null) return unreadable
    const exclude = sync["forceExclude"] ?? []
    const texts = Array.isArray(exclude) ? exclude.filter((one): one is string => typeof one === "string") : []
    // A list that is none may mean anything: the project stays at home.
    const isSound = Array.isArray(exclude) && texts.length === exclude.length && (sync["enabled"] === undefined || typeof sync["enabled"] === "boolean")
    return {
      enabled: isSound && sync["enabled"] !== false,
      forceExclude: texts,
      ignored: Object.keys(sync).flatMap((key) =>
        key === "enabled" ? (sync[key] === true ? [`${file}: sync.enabled`] : []) : key === "forceExclude" ? [] : [`${file}: sync.${key}`]
      )
    }
  })
