import * as Effect from "effect/Effect"
import { GraphQLObjectType } from "graphql"
import { type ConfigDir, ConfigDirs } from "han-core/ConfigDirs"
import { Journal } from "han-core/Journal"
import { always, flag, id, int, isoOf, text } from "../context/Field.ts"
import type { MachineContext } from "../context/GraphqlContext.ts"
import { globalId } from "../relay/GlobalId.ts"
import { findsNode, Node } from "../relay/Node.ts"

/** A folder with what the journal has of it. */
export interface ConfigDirRow extends ConfigDir {
  readonly sessions: number
  readonly lastIndexedAt: number | null
}

export const ConfigDirType = new GraphQLObjectType<ConfigDirRow>({
  name: "ConfigDir",
  description: "A configuration folder whose transcripts are indexed.",
  interfaces: [Node],
  extensions: findsNode(async (raw, context: MachineContext) => (await configDirsOf(context)).find(({ path }) => path === raw) ?? null),
  isTypeOf: (source) => typeof source === "object" && source !== null && "isRegistered" in source,
  fields: {
    id: always(id("`ConfigDir:` and the path.", ({ path }) => globalId("ConfigDir", path))),
    path: always(text("The folder.")),
    name: text("What it is called."),
    isDefault: always(flag("Whether it is the one that is meant when none is named.")),
    registeredAt: always(text("When it was registered; empty when that is not known.", ({ registeredAt }) => isoOf(registeredAt) ?? "")),
    lastIndexedAt: text("When the newest of its transcripts that are kept was last written.", ({ lastIndexedAt }) => isoOf(lastIndexedAt)),
    sessionCount: int("Sessions whose transcripts were found in it.", ({ sessions }) => sessions)
  }
})

/** A team server has none. */
export const configDirsOf = async ({ run, team }: MachineContext): Promise<ReadonlyArray<ConfigDirRow>> => {
  if (team !== null) return []
  return run(
    Effect.gen(function* () {
      const dirs = yield* ConfigDirs
      const journal = yield* Journal
      const transcripts = yield* journal.transcripts()
      return (yield* dirs.list).map((dir) => {
        const own = transcripts.filter(({ file }) => file !== null && (file.root === dir.path || file.path.startsWith(`${dir.path}/`)))
        return {
          ...dir,
          sessions: new Set(own.map(({ transcript }) => transcript.sessionId)).size,
          lastIndexedAt: own.length === 0 ? null : own.reduce((latest, { file }) => Math.max(latest, file?.mtimeMs ?? 0), 0)
        }
      })
    })
  )
}

export const registerConfigDir = ({ name, path }: { readonly path: string; readonly name?: string | null }, { run }: MachineContext) =>
  run(
    Effect.as(
      Effect.flatMap(ConfigDirs, (dirs) => dirs.register(path, name ?? undefined)),
      true
    )
  )
export const unregisterConfigDir = ({ path }: { readonly path: string }, { run }: MachineContext) =>
  run(
    Effect.as(
      Effect.flatMap(ConfigDirs, (dirs) => dirs.unregister(path)),
      true
    )
  )
