import * as Effect from "effect/Effect"
import { isObjectType, parse, TypeInfo, visit, visitWithTypeInfo } from "graphql"
import { Membership } from "han-core/Membership"
import { Viewer } from "han-core/Viewer"
import { Role, viewerOf } from "han-core/Workspaces"
import { machine } from "han-graphql/Machine"
import { makeSchema } from "han-graphql/Schema"
import pg from "pg"
import { afterAll, beforeAll, describe, expect, it } from "vitest"
import { session, user } from "../../../../test/transcriptLines.ts"
import { until } from "../httpClient.ts"
import { type Answer, type GraphqlServer, graphqlServer, idOf, type Someone } from "./graphqlServer.ts"
import { innerProbes, namingProbes, type Probe, plainProbe, strangerOf, withoutNames } from "./probes.ts"
import { fill } from "./workspaceOf.ts"

const schema = makeSchema({ machine })
/** Words, and beginnings of ids, that the one workspace has and the other has not. */
const marks = { id: "zebraid", word: "zebraword" }
const own = { id: "horseid", word: "horseword" }
const ownSession = `${own.id}-session-0`

let server: GraphqlServer
let zoe: Someone
let members: ReadonlyMap<Role, Someone>
/** Everything by which the other workspace could be asked about. */
let ids: ReadonlyArray<string>

beforeAll(async () => {
  server = await graphqlServer("separation", { maxSubscriptions: 1000 })
  zoe = await server.someone("zebras", "Zoe zebraname")
  const other = await server.someone("zebras", "Zack zebraname", { owners: [] })
  await fill(server, zoe, marks.id, marks.word, "github.com/zebras/zebrarepo")
  const owner = await server.someone("horses", "Hans")
  await fill(server, owner, own.id, own.word, "github.com/horses/app")
  const found = new Map<Role, Someone>([["owner", owner]])
  for (const role of ["admin", "member", "viewer", "analyst"] as const) {
    const someone = await server.someone("horses", role, { owners: [] })
    await server.run(
      Effect.flatMap(Membership, (all) => all.changeRole(owner.principal, idOf(someone), role)).pipe(Effect.provideService(Viewer, viewerOf(owner.principal)))
    )
    found.set(role, someone)
  }
  members = found
  const invite = await server.ask(zoe.text, "mutation { createInvite(role: MEMBER) { invite { id } } }")
  ids = [
    ...new Set([...(await idsSeenBy(zoe)), invite.data.createInvite.invite.id, idOf(other), zoe.text.slice(4, 16), `ApiKey:${zoe.text.slice(4, 16)}`, "zebras"])
  ]
}, 120_000)
afterAll(() => server.close())

/** The ids of things of a workspace, of each kind one, in the forms that the API takes; the dearest to ask by first. */
const idsSeenBy = async (who: Someone): Promise<ReadonlyArray<string>> => {
  const { data, errors } = await server.ask(
    who.text,
    `{ projects { id projectId repoId } members { person { id personId } } sessions { edges { node { id sessionId slug hookExecutions { edges { node { id } } } nativeTasks { id }
       messages(first: 20) { edges { node { id ... on AssistantMessage { contentBlocks { ... on ToolUseBlock { toolCallId } } } } } } } } } }`
  )
  expect(errors).toBeUndefined()
  const [project, person, node] = [data.projects[0], data.members[0].person, data.sessions.edges[0].node]
  const messages: ReadonlyArray<Answer> = node.messages.edges.map((edge: Answer) => edge.node)
  const calls: ReadonlyArray<string> = messages.flatMap(({ contentBlocks = [] }) => contentBlocks.flatMap(({ toolCallId }: Answer) => toolCallId ?? []))
  const [hook, task] = [node.hookExecutions.edges[0].node.id, node.nativeTasks[0].id]
  return [
    project.projectId,
    person.personId,
    project.repoId,
    node.sessionId,
    project.id,
    person.id,
    node.id,
    messages[0].id,
    calls[0],
    hook,
    task,
    node.slug,
    marks.word
  ]
}

/** Whatever an answer has of the other workspace, when what was asked is taken out of it. */
const leaksIn = (text: string): ReadonlyArray<string> => [
  ...new Set([...(text.match(/zebra\w*/g) ?? []), ...ids.filter((id) => /^[a-f0-9-]{8,}$/.test(id) && text.includes(id))])
]

/** Asks everything that there is with the other workspace's ids, and with ones that nobody has; gives the questions whose answers tell the difference. */
const leaks = async (who: Someone, probes: ReadonlyArray<Probe>): Promise<ReadonlyArray<string>> => {
  const strangers = ids.map(strangerOf)
  expect(new Set([...ids, ...strangers]).size).toBe(2 * ids.length)
  const found: Array<string> = []
  for (const { document, name, variables } of probes) {
    const asked = async (names: ReadonlyArray<string>) => {
      const { status, text } = await server.post(who.text, document, variables(names))
      return `${status} ${withoutNames(text, names)}`
    }
    const theirs = await asked(ids)
    // Without a name in it there is one answer.
    const nobodys = document.includes("$") ? await asked(strangers) : theirs
    if (/Cannot query|Unknown argument|has too many|holds too many|asks for too much|nested too|Variable |conflict/.test(theirs))
      throw new Error(`${name} cannot be asked: ${theirs.slice(0, 500)}`)
    if (theirs !== nobodys) {
      const at = [...theirs].findIndex((letter, index) => letter !== nobodys[index])
      found.push(`${name}: ${theirs.slice(Math.max(0, at - 150), at + 150)} differs from ${nobodys.slice(Math.max(0, at - 150), at + 150)}`)
    }
    for (const leak of leaksIn(theirs)) found.push(`${name}: ${leak}`)
  }
  return found
}

const rootProbes = (): ReadonlyArray<Probe> => {
  const fields = Object.values(schema.getQueryType()?.getFields() ?? {})
  return [...fields.map((field) => plainProbe(schema, field)), ...fields.flatMap((field) => namingProbes(schema, field, ids.length))]
}
const probesNow = (): ReadonlyArray<Probe> => [...rootProbes(), ...innerProbes(schema, ids.length, ownSession)]

const soak = process.env["HAN_SOAK"] === "1"

describe("What is another workspace's", () => {
  for (const role of Role.literals)
    it.runIf(soak || role === "owner" || role === "analyst")(
      `AUT-10: is to a ${role} as if it were not there, whatever is asked for by whichever id`,
      async () => {
        const probes = probesNow()
        expect(probes.length).toBeGreaterThan(60)
        expect(await leaks(members.get(role)!, probes)).toEqual([])
      },
      240_000
    )

  it("is asked for by every field of the schema that a server answers", () => {
    const asked = new Set<string>()
    const types = new TypeInfo(schema)
    for (const { document } of probesNow())
      visit(parse(document), visitWithTypeInfo(types, { Field: ({ name }) => void asked.add(`${types.getParentType()?.name}.${name.value}`) }))
    const fields = Object.values(schema.getTypeMap()).flatMap((type) =>
      isObjectType(type) && !type.name.startsWith("__") ? Object.values(type.getFields()).map(({ name }) => [type.name, name] as const) : []
    )
    const beyond = new Set([schema.getMutationType()?.name, schema.getSubscriptionType()?.name])
    const reached = new Set([...asked].map((one) => one.split(".", 1)[0]))
    const missing = fields.filter(([type, field]) => !beyond.has(type) && !asked.has(`${type}.${field}`))
    // Types of answers to mutations and subscriptions alone are asked for by those.
    expect(missing.filter(([type]) => reached.has(type) || !/(Payload|Result|^Created\w+|^JoinedWorkspace)$/.test(type))).toEqual([])
  })

  it("is seen by its own people: the questions find what there is to find", async () => {
    const probe = namingProbes(schema, schema.getQueryType()!.getFields()["session"]!, ids.length)[0]!
    const { text } = await server.post(zoe.text, probe.document, probe.variables(ids))
    expect(leaksIn(text).length).toBeGreaterThan(3)
  })

  it("is not changed by its ids from elsewhere, and the answers are those for ids that nobody has", async () => {
    const state = async () => {
      const { data } = await server.ask(
        zoe.text,
        "{ members { role person { id } } apiKeys { keyId revokedAt } invites { id } sessions { totalCount } workspace { name } auditLog { totalCount } }"
      )
      return data as Answer
    }
    const before = await state()
    const fields = Object.values(schema.getMutationType()?.getFields() ?? {})
    const probes = fields.flatMap((field) => namingProbes(schema, field, ids.length, { kind: "mutation" }))
    // What makes something new names nothing of anybody's.
    const taking = probes.filter(({ name }) => !/^(createApiKey|changeWorkspace|redeemInvite)/.test(name))
    expect(taking.length).toBeGreaterThan(8)
    for (const role of ["owner", "member", "analyst"] as const) expect([role, await leaks(members.get(role)!, taking)]).toEqual([role, []])
    expect(await state()).toEqual(before)
  }, 120_000)

  it("is told to no subscription from elsewhere, whichever id it names", async () => {
    const client = server.socket(members.get("owner")!.text)
    const heard: Array<string> = []
    const fields = Object.values(schema.getSubscriptionType()?.getFields() ?? {})
    const listen = (document: string, variables: Readonly<Record<string, unknown>>) =>
      void client.subscribe({ query: document, variables }, { next: (event) => heard.push(JSON.stringify(event)), error: () => {}, complete: () => {} })
    // One field at a time is what a subscription may ask for.
    for (const field of fields) {
      if (/^(memoryAgent|syncStatus)/.test(field.name)) continue
      const named = field.args.length > 0
      if (!named) listen(plainProbe(schema, field).document, {})
      else
        for (const id of [...ids, "*"])
          for (const probe of namingProbes(schema, field, 1, { kind: "subscription" }).slice(0, 1)) listen(probe.document, probe.variables([id]))
    }
    let count = 0
    await until("our own news is heard", async () => {
      count++
      await server.append(zoe, session(`${marks.id}-new-${count}`, [user(`${marks.id}-new-${count}`, 0, marks.word, { cwd: `/${marks.word}/app` })]))
      await server.append(members.get("owner")!, session(`${own.id}-new-${count}`, [user(`${own.id}-new-${count}`, 0, own.word)]))
      return heard.some((event) => event.includes(`${own.id}-new-`))
    })
    await client.dispose()
    expect(heard.flatMap((event) => leaksIn(event))).toEqual([])
  }, 60_000)
})

/** Leaves out what the statements say of the owner, as if somebody had forgotten it in each of them. */
const withoutPredicates = async <A>(run: () => Promise<A>): Promise<A> => {
  const { query } = pg.Client.prototype
  pg.Client.prototype.query = function (this: pg.Client, ...args: Array<unknown>) {
    const [config] = args
    const patched = (text: string) => text.replace(/\b(\w+\.)?owner_no = (\$\d+)/g, "($1owner_no = $2 OR $2 IS NOT NULL)")
    if (typeof config === "string") args[0] = patched(config)
    else if (typeof config === "object" && config !== null && "text" in config && typeof config.text === "string")
      args[0] = { ...config, text: patched(config.text) }
    return Reflect.apply(query, this, args)
  } as typeof query
  try {
    return await run()
  } finally {
    pg.Client.prototype.query = query
  }
}
const withoutPolicies = async () => {
  const client = new pg.Client({ connectionString: server.databaseUrl })
  await client.connect()
  const { rows } = await client.query<{ name: string }>(
    "SELECT c.relname AS name FROM pg_class c WHERE c.relnamespace = 'han'::regnamespace AND c.relkind IN ('r', 'p') AND c.relrowsecurity"
  )
  for (const { name } of rows) await client.query(`ALTER TABLE han."${name}" NO FORCE ROW LEVEL SECURITY; ALTER TABLE han."${name}" DISABLE ROW LEVEL SECURITY`)
  await client.end()
}

it("AUT-12: Policies hold when statements forget the owner, statements hold without policies, and without both there is something to be found", async () => {
  const owner = members.get("owner")!
  const probes = soak ? probesNow() : rootProbes().filter(({ name }) => !/^(activity|metrics|dashboardAnalytics)\(/.test(name))
  expect(await withoutPredicates(() => leaks(owner, probes))).toEqual([])
  await withoutPolicies()
  expect(await leaks(owner, probes)).toEqual([])
  const found = await withoutPredicates(() => leaks(owner, probes))
  expect(found.length).toBeGreaterThan(20)
}, 400_000)
