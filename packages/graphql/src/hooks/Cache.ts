import { resolve } from "node:path"
import * as Effect from "effect/Effect"
import { GraphQLObjectType } from "graphql"
import type { FileValidation } from "han-core/HookRun"
import { Metrics } from "han-core/Metrics"
import { id, int, isoOf, text } from "../context/Field.ts"
import type { GraphqlContext } from "../context/GraphqlContext.ts"
import { globalId } from "../relay/GlobalId.ts"

export const CacheEntry = new GraphQLObjectType({
  name: "CacheEntry",
  description: "A pass of a check that stands until one of its files changes.",
  fields: {
    id: id("Unique among everything."),
    pluginName: text("The plugin whose check it is."),
    hookName: text("The check."),
    path: text("The directory that it ran in."),
    fileCount: int("Files that it read."),
    lastModified: text("When it passed.")
  }
})
export const CacheStats = new GraphQLObjectType({
  name: "CacheStats",
  description: "Passes of checks in numbers.",
  fields: {
    totalEntries: int("Passes."),
    totalFiles: int("Files, each as often as checks have read it."),
    oldestEntry: text("When the first of them passed."),
    newestEntry: text("When the last of them passed.")
  }
})

/** The last pass of each check in each directory, the newest first. Logs name directories as seen from where the session worked. */
const entriesOf = async ({ loaders, run }: GraphqlContext) => {
  const validations = await run(Effect.flatMap(Metrics, (metrics) => metrics.validations({})))
  const ids = [...new Set(validations.map(({ sessionId }) => sessionId))]
  const workedIn = new Map(
    (await Promise.all(ids.map((id) => loaders.session.load(id)))).flatMap((session) => (session === null ? [] : [[session.id, session.cwd]]))
  )
  const entries = new Map<string, { readonly first: FileValidation; readonly path: string | null; readonly files: Set<string> }>()
  for (const one of validations) {
    const cwd = workedIn.get(one.sessionId) ?? null
    const path = cwd === null ? one.directory : resolve(cwd, one.directory ?? "")
    const check = JSON.stringify([one.plugin, one.hook, path])
    const have = entries.get(check)
    if (have === undefined) entries.set(check, { first: one, path, files: new Set([one.path]) })
    else if (have.first.id === one.id) have.files.add(one.path)
  }
  return [...entries].map(([check, entry]) => ({ check, ...entry }))
}

export const cacheEntriesOf = async (context: GraphqlContext) =>
  (await entriesOf(context)).map(({ check, files, first, path }) => ({
    id: globalId("CacheEntry", check),
    pluginName: first.plugin,
    hookName: first.hook,
    path,
    fileCount: files.size,
    lastModified: isoOf(first.at)
  }))
export const cacheStatsOf = async (context: GraphqlContext) => {
  const entries = await entriesOf(context)
  const times = entries.flatMap(({ first }) => (first.at === null ? [] : [first.at]))
  return {
    totalEntries: entries.length,
    totalFiles: entries.reduce((sum, { files }) => sum + files.size, 0),
    oldestEntry: times.length === 0 ? null : isoOf(Math.min(...times)),
    newestEntry: times.length === 0 ? null : isoOf(Math.max(...times))
  }
}
