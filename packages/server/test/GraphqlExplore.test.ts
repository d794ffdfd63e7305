import { writeFileSync } from "node:fs"
import { type GraphQLObjectType, type GraphQLOutputType, getNamedType, isAbstractType, isObjectType } from "graphql"
import { schema } from "han-graphql/Schema"
import { it } from "vitest"
import { indexingCase, scenario } from "../../sql/test/transcriptFiles.ts"
import { open, stores } from "./graphqlAsking.ts"

const cases = [
  "F01-basic",
  "F02-blocks",
  "F03-split-usage",
  "F04-tool-results",
  "F05-summary-compact",
  "F06-other-kinds",
  "F07-malformed",
  "F08-todos",
  "F09-native-tasks",
  "F10-sentiment",
  "F11-agent",
  "F12-han-events",
  "F13-bridged",
  "F14-incremental",
  "F15-legacy-tools"
]
const scenarios = [
  "01-basic",
  "02-streaming",
  "03-tool-errors",
  "04-subagents",
  "06-compact",
  "07-large-output",
  "08-resume-fork",
  "10-slash-commands",
  "12-mcp",
  "13-tasks",
  "14-hook-tool-decisions",
  "18-plugins",
  "19-interactive-permissions",
  "24-api-errors",
  "27-titles"
]
const whole = (type: GraphQLOutputType, depth: number, seen: ReadonlyArray<string>): string => {
  const named = getNamedType(type)
  if (isAbstractType(named))
    return `{ __typename ${schema
      .getPossibleTypes(named)
      .map((t) => `... on ${t.name} ${whole(t, depth, seen)}`)
      .join(" ")} }`
  if (!isObjectType(named)) return ""
  if (seen.includes(named.name)) return "{ __typename }"
  return `{ __typename ${Object.values((named as GraphQLObjectType).getFields())
    .filter((f) => !f.args.some((a) => a.type.toString().endsWith("!")))
    .map((f) => `${f.name} ${whole(f.type, depth - 1, [...seen, named.name])}`)
    .join(" ")} }`
}
for (const [name, fresh] of stores)
  it(name, async () => {
    const asking = await open(fresh())
    try {
      await asking.append(...cases.flatMap(indexingCase), ...scenarios.flatMap(scenario))
      const out: any = {}
      for (const root of [
        "sessions(first: 100)",
        "projects",
        "repos",
        "metrics",
        "activity(days: 730)",
        "dashboardAnalytics(days: 730)",
        "teamMetrics",
        "settings",
        "cacheEntries",
        "cacheStats",
        "plugins",
        "pluginStats",
        "configDirs",
        "coordinatorStatus",
        "indexProblems",
        "usage(by: SESSION)",
        "memory"
      ]) {
        const field = root.split("(")[0]!
        out[field] = (await asking.ask(`{ ${root} ${whole(schema.getQueryType()!.getFields()[field]!.type, 9, ["Session2"])} }`))[field]
      }
      writeFileSync(`/tmp/explore/${name}.json`, JSON.stringify(out, null, 1))
    } finally {
      await asking.close()
    }
  }, 120000)
