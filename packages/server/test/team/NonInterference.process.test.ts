import * as Effect from "effect/Effect"
import { Membership } from "han-core/Membership"
import { Viewer } from "han-core/Viewer"
import { viewerOf } from "han-core/Workspaces"
import { machine } from "han-graphql/Machine"
import { makeSchema } from "han-graphql/Schema"
import pg from "pg"
import { afterAll, beforeAll, expect, it } from "vitest"
import { createDatabase } from "../../../../test/postgresDatabase.ts"
import { type GraphqlServer, graphqlServer, idOf, type Someone } from "./graphqlServer.ts"
import { innerProbes, namingProbes, plainProbe, settled } from "./probes.ts"
import { fill } from "./workspaceOf.ts"

const schema = makeSchema({ machine })
/** Words of the same length and the same mood: none. */
const words = ["zebraword", "horseword"] as const

let ada: Someone
let ann: Someone
let twins: ReadonlyArray<GraphqlServer> = []

beforeAll(async () => {
  // The people and their keys are the same, to the last byte; then each of the two gets its own words.
  const first = await graphqlServer("twin")
  ada = await first.someone("acme", "Ada")
  ann = await first.someone("acme", "Ann", { owners: [], scopes: ["sync:write", "read"] })
  await first.run(
    Effect.flatMap(Membership, (all) => all.changeRole(ada.principal, idOf(ann), "analyst")).pipe(Effect.provideService(Viewer, viewerOf(ada.principal)))
  )
  await first.ask(ann.text, "{ server { kind } }")
  await first.stop()
  const template = new URL(first.databaseUrl).pathname.slice(1)
  const databases = await Promise.all(words.map((word) => createDatabase(word, template)))
  twins = await Promise.all(databases.map((database) => graphqlServer("twin", {}, database)))
  await first.drop()
  for (const [index, twin] of twins.entries()) await fill(twin, ada, "same", words[index]!, "github.com/acme/app")
}, 240_000)
afterAll(async () => {
  for (const twin of twins) await twin.close()
})

/** The statements that are sent while something runs. */
const counting = async <A>(run: () => Promise<A>): Promise<readonly [answer: A, statements: ReadonlyArray<string>]> => {
  const { query } = pg.Client.prototype
  const statements: Array<string> = []
  pg.Client.prototype.query = function (this: pg.Client, ...args: Array<unknown>) {
    const [config] = args
    const text = typeof config === "string" ? config : typeof config === "object" && config !== null && "text" in config ? String(config.text) : ""
    // What a store does by itself from time to time, and what is noted for the audit, is nobody's answer.
    if (!/pg_notify|FROM owner_head|replica|FROM projection|audit_append|UPDATE api_key|^\s*(BEGIN|COMMIT)/.test(text)) statements.push(text)
    return Reflect.apply(query, this, args)
  } as typeof query
  try {
    return [await run(), statements]
  } finally {
    pg.Client.prototype.query = query
  }
}

it("An analyst is answered identically by two stores that differ in every word, and agree in numbers, ids and names of projects, tools and people", async () => {
  const ids = ["same-session-0", "Session:same-session-0", "same-0-edit", "same-0-prompt", idOf(ada), ...words, `/${words[0]}/app`]
  const fields = Object.values(schema.getQueryType()?.getFields() ?? {})
  const probes = [
    ...fields.map((field) => plainProbe(schema, field)),
    ...fields.flatMap((field) => namingProbes(schema, field, ids.length)),
    ...innerProbes(schema, ids.length, "same-session-0"),
    { name: "numbers", document: numbers, variables: () => ({}) }
  ]
  const differing: Array<string> = []
  for (const { document, name, variables } of probes) {
    const answers = []
    for (const twin of twins) answers.push(await counting(() => twin.post(ann.text, document, variables(ids))))
    const [[one, asked], [other, askedToo]] = answers as [(typeof answers)[0], (typeof answers)[0]]
    const isSame =
      one.status === other.status && settled(one.text) === settled(other.text) && one.text.length === other.text.length && asked.length === askedToo.length
    if (!isSame)
      differing.push(
        `${name}: ${one.text.slice(0, 100)} | ${other.text.slice(0, 100)} | ${JSON.stringify([asked, askedToo].map((all, index, both) => all.filter((text) => !both[1 - index]!.includes(text))))}`
      )
  }
  expect(differing).toEqual([])
}, 240_000)

const numbers = `{ usage(by: PROJECT) { rows { label output } } teamMetrics { totalSessions totalTokens topContributors { displayName sessionCount } sessionsByProject { projectName count } }
  dashboardAnalytics(days: 3650) { toolUsage { toolName count } hookHealth { hookName failCount } costAnalysis { estimatedCostUsd } } activity(days: 3650) { totalSessions totalMessages }
  projects { id name totalSessions } repos { remote totalSessions } members { role person { name } } }`

it("The same questions tell an owner the two apart, and an analyst sees numbers", async () => {
  const [one, other] = twins as [GraphqlServer, GraphqlServer]
  const query = "{ sessions { edges { node { firstPrompt } } } }"
  expect((await one.post(ada.text, query)).text).not.toBe((await other.post(ada.text, query)).text)
  const { data, errors } = await one.ask(ann.text, numbers)
  expect(errors).toBeUndefined()
  expect(data.teamMetrics).toMatchObject({
    totalSessions: 2,
    topContributors: [{ displayName: "Ada", sessionCount: 2 }],
    sessionsByProject: [{ projectName: "app", count: 2 }]
  })
  expect(data.dashboardAnalytics.hookHealth).toEqual([{ hookName: "lint", failCount: 2 }])
  expect(JSON.stringify(data)).not.toMatch(/zebra|horse/)
})
