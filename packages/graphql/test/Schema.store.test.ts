import * as Effect from "effect/Effect"
import * as ManagedRuntime from "effect/ManagedRuntime"
import { execute, isObjectType, parse, validate, validateSchema } from "graphql"
import { JournalWriter } from "han-core/JournalWriter"
import { OwnerId, Viewer } from "han-core/Viewer"
import * as ChangeFeed from "han-graphql/ChangeFeed"
import * as GraphqlContext from "han-graphql/GraphqlContext"
import { makeSchema } from "han-graphql/Schema"
import { afterAll, describe, expect, it } from "vitest"
import { answer, session, text, user } from "../../../test/transcriptLines.ts"
import { schema as full } from "./fullSchema.ts"
import { stores } from "./graphqlAsking.ts"

const schema = makeSchema()
const machineFields = {
  Query: ["cacheEntries", "cacheStats", "configDirs", "memory", "pluginCategories", "pluginStats", "plugins", "settings", "syncStatus"],
  MutationRoot: ["registerConfigDir", "removePlugin", "startMemoryQuery", "togglePlugin", "unregisterConfigDir"],
  SubscriptionRoot: ["memoryAgentProgress", "memoryAgentResult", "syncStatusChanged"],
  Session: ["sync"],
  Project: ["plugins"],
  CostAnalysis: ["configDirBreakdowns"]
}
const fieldsOf = (from: typeof schema, name: string): ReadonlyArray<string> => {
  const type = from.getType(name)
  return isObjectType(type) ? Object.keys(type.getFields()) : []
}

describe("a schema without the machine part", () => {
  it("A schema without the machine part is valid, and lacks the machine's fields and types", () => {
    expect(validateSchema(schema)).toEqual([])
    for (const [type, lacking] of Object.entries(machineFields))
      expect([type, fieldsOf(full, type).filter((name) => !fieldsOf(schema, type).includes(name))]).toEqual([type, expect.arrayContaining(lacking)])
    const gone = Object.keys(full.getTypeMap()).filter((name) => schema.getType(name) === undefined)
    expect(gone.sort()).toEqual(
      [
        "CacheEntry",
        "CacheStats",
        "Citation",
        "ClaudeSettingsSummary",
        "ConfigDir",
        "ConfigDirCostBreakdown",
        "FileProblem",
        "HanConfigSummary",
        "McpServer",
        "MemoryAgentProgressPayload",
        "MemoryAgentResultPayload",
        "MemoryQuery",
        "MemoryQueryStartResult",
        "MemoryRule",
        "MemorySearchResult",
        "Permissions",
        "Plugin",
        "PluginCategory",
        "PluginMutationResult",
        "PluginScope",
        "PluginStats",
        "SessionSync",
        "SessionSyncState",
        "SettingsFile",
        "SettingsSummary",
        "SyncExclusion",
        "SyncFailure",
        "SyncState",
        "SyncStatus",
        "SyncTotals"
      ].sort()
    )
    // The rest is the same, field by field.
    for (const name of Object.keys(schema.getTypeMap())) {
      const more = fieldsOf(full, name).filter((field) => !fieldsOf(schema, name).includes(field))
      expect([name, more.sort()]).toEqual([name, Object.hasOwn(machineFields, name) ? [...machineFields[name as keyof typeof machineFields]].sort() : []])
    }
  })

  it("A schema without the machine part is made beside one that has it, and neither changes the other", () => {
    const again = makeSchema()
    expect(again.getType("Project")).not.toBe(schema.getType("Project"))
    expect([again, full, schema].map((one) => fieldsOf(one, "Project").includes("plugins"))).toEqual([false, true, false])
  })
})

for (const [name, fresh] of stores)
  describe(`${name}: a schema without the machine part`, () => {
    const managed = ManagedRuntime.make(fresh())
    const ada = { owner: OwnerId.make("ada"), person: null }
    const ask = async (source: string, viewer: typeof Viewer.local = ada) => {
      const runtime = await managed.runtime()
      const contextValue = GraphqlContext.make({ runtime, host: { version: "1", timeZone: "UTC" }, feeds: ChangeFeed.make(runtime), viewer })
      const document = parse(source)
      expect(validate(schema, document)).toEqual([])
      const { data, errors } = await execute({ schema, document, contextValue })
      expect(errors).toBeUndefined()
      return JSON.parse(JSON.stringify(data))
    }
    afterAll(() => managed.dispose())

    it("A schema without the machine part answers from a store alone, each viewer with his own sessions", async () => {
      const lines = [user("u", 0, "hello there", { cwd: "/work/han" }), answer("a", 1, [text("well")], { input: 3, output: 4, cwd: "/work/han" })]
      const append = Effect.flatMap(JournalWriter, (journal) => journal.appendAll([session("one", lines)]))
      await managed.runPromise(Effect.provideService(append, Viewer, ada))
      const list = "{ sessions { totalCount edges { node { id sessionId project { name } usage { output } messages { totalCount } } } } projects { path } }"
      expect(await ask(list)).toEqual({
        sessions: {
          totalCount: 1,
          edges: [{ node: { id: "Session:/work/han:one", sessionId: "one", project: { name: "han" }, usage: { output: 4 }, messages: { totalCount: 2 } } }]
        },
        projects: [{ path: "/work/han" }]
      })
      expect(await ask(list, { owner: OwnerId.make("bob"), person: null })).toEqual({ sessions: { totalCount: 0, edges: [] }, projects: [] })
      expect(await ask(`{ node(id: "Session:one") { id } gone: node(id: "ConfigDir:/work") { id } }`)).toEqual({
        node: { id: "Session:/work/han:one" },
        gone: null
      })
      expect((await ask("{ teamMetrics { topContributors { userId sessionCount } } }")).teamMetrics.topContributors).toEqual([
        { userId: "ada", sessionCount: 1 }
      ])
      expect(
        (await ask('{ dashboardAnalytics { costAnalysis { estimatedCostUsd } topSessions { sessionId } } search(text: "hello") { totalCount } }')).search
      ).toEqual({
        totalCount: 1
      })
    })
  })
