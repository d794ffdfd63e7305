import type { SessionId } from "han-core/Entry"
import { reposOf } from "han-core/Project"
import type { GraphqlContext } from "./context/GraphqlContext.ts"
import { configDirsOf } from "./machine/ConfigDirList.ts"
import { sessionIdOf } from "./relay/GlobalId.ts"

/** What an id leads to; null for what is not there, and for types that are no `Node`. */
export const nodeOf = async ({ raw, typename }: { readonly typename: string; readonly raw: string }, context: GraphqlContext): Promise<unknown> => {
  const { loaders } = context
  switch (typename) {
    case "Session":
      return (await loaders.session.load(raw as SessionId)) ?? (raw.includes(":") ? loaders.session.load(sessionIdOf(`Session:${raw}`)) : null)
    case "Project":
      return (await loaders.projects()).find(({ id }) => id === raw) ?? null
    case "Repo":
      return reposOf(await loaders.projects()).find(({ id }) => id === raw) ?? null
    case "ConfigDir":
      return (await configDirsOf(context)).find(({ path }) => path === raw) ?? null
    case "NativeTask": {
      const [sessionId, sequence] = splitLast(raw)
      return (await loaders.tasks.load(sessionId)).find((task) => String(task.sequence) === sequence) ?? null
    }
    case "HookExecution": {
      const [sessionId, id] = splitFirst(raw)
      return (await loaders.hookRuns.load(sessionId)).find((run) => run.id === id) ?? null
    }
    default:
      return null
  }
}

const splitLast = (raw: string): readonly [SessionId, string] => {
  const colon = raw.lastIndexOf(":")
  return [raw.slice(0, Math.max(0, colon)) as SessionId, raw.slice(colon + 1)]
}
const splitFirst = (raw: string): readonly [SessionId, string] => {
  const colon = raw.indexOf(":")
  return [raw.slice(0, Math.max(0, colon)) as SessionId, raw.slice(colon + 1)]
}
