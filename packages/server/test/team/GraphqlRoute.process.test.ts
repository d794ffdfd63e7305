import * as Effect from "effect/Effect"
import { AuditLog } from "han-core/AuditLog"
import { Membership } from "han-core/Membership"
import { Viewer } from "han-core/Viewer"
import { viewerOf } from "han-core/Workspaces"
import { afterAll, beforeAll, expect, it } from "vitest"
import { answer, session, text, user } from "../../../../test/transcriptLines.ts"
import { until } from "../httpClient.ts"
import { type GraphqlServer, graphqlServer, idOf, type Someone } from "./graphqlServer.ts"

let server: GraphqlServer
let ada: Someone
let bob: Someone
let eve: Someone
let ann: Someone
beforeAll(async () => {
  server = await graphqlServer("graphql", { lookMs: 200, maxConnections: 4, maxSubscriptions: 6 })
  ada = await server.someone("acme", "Ada")
  bob = await server.someone("acme", "Bob", { owners: [] })
  eve = await server.someone("other", "Eve")
  ann = await server.someone("acme", "Ann", { owners: [] })
  await as(ada, (all) => all.changeRole(ada.principal, idOf(ann), "analyst"))
  const lines = (id: string, words: string) => [user(`${id}-u`, 0, words), answer(`${id}-a`, 1, [text(`${words} indeed`)], { input: 10, output: 5 })]
  await server.append(ada, session("ada-1", lines("ada-1", "secrets of ada")))
  await server.append(bob, session("bob-1", lines("bob-1", "thoughts of bob")), session("bob-2", lines("bob-2", "more of bob")))
  await server.append(eve, session("eve-1", lines("eve-1", "elsewhere")))
}, 120_000)
afterAll(() => server.close())

const as = <A, E>({ principal }: Someone, ask: (membership: typeof Membership.Service) => Effect.Effect<A, E, Viewer>): Promise<A> =>
  server.run(Effect.flatMap(Membership, ask).pipe(Effect.provideService(Viewer, viewerOf(principal))))
const actsOf = ({ principal }: Someone) =>
  server.run(
    Effect.flatMap(AuditLog, (log) => log.page({ first: 1000 })).pipe(
      Effect.provideService(Viewer, viewerOf(principal)),
      Effect.map(({ items }) => items.map(({ node }) => node))
    )
  )

it("Whoever has a key sees the sessions of the key's workspace, with their authors, and of no other", async () => {
  const query =
    "{ sessions { totalCount edges { node { sessionId author { personId name } owner { id name } } } } viewer { person { name } role } workspace { slug kind plan } }"
  const { data, errors } = await server.ask(bob.text, query)
  expect(errors).toBeUndefined()
  expect(data.viewer).toEqual({ person: { name: "Bob" }, role: "MEMBER" })
  expect(data.workspace).toEqual({ slug: "acme", kind: "shared", plan: "self-hosted" })
  expect(
    Object.fromEntries(data.sessions.edges.map(({ node }: { node: { sessionId: string; author: { name: string } } }) => [node.sessionId, node.author.name]))
  ).toEqual({
    "ada-1": "Ada",
    "bob-1": "Bob",
    "bob-2": "Bob"
  })
  expect(data.sessions.edges[0].node.owner.name).toBe(data.sessions.edges[0].node.author.name)
  expect((await server.ask(eve.text, query)).data.sessions.totalCount).toBe(1)
})

it("Sessions, words, usage and numbers are asked for by person, and contributors are the people themselves", async () => {
  const { data, errors } = await server.ask(
    ada.text,
    `query ($author: String!) {
      sessions(filter: { author: { _eq: $author } }) { totalCount }
      search(text: "indeed", author: $author) { totalCount }
      usage(by: AUTHOR) { rows { key label output } }
      only: usage(by: MODEL, author: $author) { totals { output } }
      activity(days: 3650, author: $author) { totalSessions }
      teamMetrics { topContributors { userId displayName sessionCount tokenCount } }
      none: teamMetrics(author: "nobody") { totalSessions topContributors { userId } }
    }`,
    { author: idOf(bob) }
  )
  expect(errors).toBeUndefined()
  expect(data).toMatchObject({
    sessions: { totalCount: 2 },
    search: { totalCount: 2 },
    only: { totals: { output: 10 } },
    activity: { totalSessions: 2 },
    none: { totalSessions: 0, topContributors: [] }
  })
  expect(data.usage.rows.map(({ label, output }: { label: string; output: number }) => [label, output])).toEqual([
    ["Bob", 10],
    ["Ada", 5]
  ])
  expect(data.teamMetrics.topContributors).toEqual([
    { userId: idOf(bob), displayName: "Bob", sessionCount: 2, tokenCount: 30 },
    { userId: idOf(ada), displayName: "Ada", sessionCount: 1, tokenCount: 15 }
  ])
})

it("Nobody is let in without a good key that may read, and each is told why", async () => {
  const sender = await server.someone("acme", "Bob", { owners: [], scopes: ["sync:write"] })
  const query = "{ sessions { totalCount } }"
  for (const [key, status, code] of [
    [null, 401, "invalid_key"],
    ["han_no", 401, "invalid_key"],
    [`${ada.text.slice(0, -1)}x`, 401, "invalid_key"],
    [sender.text, 403, "scope"]
  ] as const) {
    const told = await server.post(key, query)
    expect([told.status, JSON.parse(told.text).errors[0].extensions.code]).toEqual([status, code])
  }
  expect((await fetch(`${server.url}/graphql`)).status).toBe(404)
})

it("What only a person's machine can answer is an error beside null, folders are an empty list, and the server says what it is", async () => {
  const { data, errors } = await server.ask(
    ada.text,
    `{ configDirs { path } coordinatorStatus(clientVersion: "0.0.0") { version needsRestart } server { kind features version } syncStatus { state } plugins { name }
       settings { hanConfig { path } } memory { rules { id } } cacheStats { totalEntries } node(id: "ConfigDir:/x") { id } sessions(first: 1) { edges { node { sync { state } } } } }`
  )
  expect(data).toEqual({
    configDirs: [],
    coordinatorStatus: { version: expect.any(String), needsRestart: false },
    server: { kind: "team", features: ["workspaces", "audit"], version: expect.any(String) },
    syncStatus: null,
    plugins: null,
    settings: null,
    memory: null,
    cacheStats: null,
    node: null,
    sessions: { edges: [{ node: { sync: null } }] }
  })
  const codes = errors.map((error: { path: ReadonlyArray<string | number>; extensions: { code: string } }) => [error.path[0], error.extensions.code])
  expect(codes.sort()).toEqual(["cacheStats", "memory", "plugins", "sessions", "settings", "syncStatus"].map((name) => [name, "OnlyOnYourMachine"]))
  const change = await server.ask(ada.text, `mutation { registerConfigDir(path: "/x") }`)
  expect(change.errors[0].extensions.code).toBe("OnlyOnYourMachine")
})

it("An analyst sees numbers by project, model and person, and is refused whatever says something, with an entry in the audit log", async () => {
  const numbers = await server.ask(
    ann.text,
    `{ usage(by: AUTHOR) { rows { label output } } teamMetrics { totalSessions topContributors { displayName } } projects { name totalSessions }
       dashboardAnalytics(days: 3650) { toolUsage { count } hookHealth { hookName } compactionStats { totalCompactions } costAnalysis { estimatedCostUsd } } members { role } }`
  )
  expect(numbers.errors).toBeUndefined()
  expect(numbers.data.teamMetrics.totalSessions).toBe(3)
  for (const query of [
    "{ sessions { totalCount } }",
    '{ session(id: "ada-1") { id } }',
    '{ node(id: "Session:ada-1") { id } }',
    '{ search(text: "secrets") { totalCount } }',
    "{ usage(by: SESSION) { rows { label } } }",
    '{ usage(by: MODEL, sessionId: "ada-1") { totals { output } } }',
    "{ projects { path } }",
    '{ projects(filter: { path: { _contains: "w" } }) { name } }',
    "{ dashboardAnalytics { topSessions { sessionId } } }",
    "{ indexProblems { line } }",
    "{ invites { id } }",
    "{ auditLog { totalCount } }",
    'mutation { forgetSession(id: "ada-1") }',
    "mutation { createInvite(role: MEMBER) { code } }"
  ]) {
    const { data, errors } = await server.ask(ann.text, query)
    expect([query, errors?.[0]?.extensions.code]).toEqual([query, "NotAllowed"])
    expect(JSON.stringify(data ?? null)).not.toMatch(/ada|bob|secret/)
  }
  await until(
    "the refusals are noted",
    async () => (await actsOf(ada)).filter(({ action, outcome }) => action === "access" && outcome === "refused").length >= 10
  )
  const refused = (await actsOf(ada)).filter(({ action }) => action === "access")
  expect(refused.every(({ person }) => person === idOf(ann))).toBe(true)
  expect(refused.map(({ resource }) => resource)).toContain("Query.search")
})

it("AUD-04: Reading another's conversation is noted once, one's own is not", async () => {
  const read = (who: Someone, id: string) => server.ask(who.text, `{ session(id: "${id}") { messages { totalCount } toolResults { content } } }`)
  for (let time = 0; time < 3; time++) await Promise.all([read(bob, "ada-1"), read(bob, "bob-1")])
  const views = async () => (await actsOf(ada)).filter(({ action }) => action === "session.view")
  await until("the view is noted", async () => (await views()).length > 0)
  expect((await views()).map(({ outcome, person, resource }) => [person, resource, outcome])).toEqual([[idOf(bob), "ada-1", "done"]])
})

it("People, invites, keys and settings are changed, and each change is in the audit log", async () => {
  const run = async (who: Someone, query: string, variables?: Readonly<Record<string, unknown>>) => {
    const { data, errors } = await server.ask(who.text, query, variables)
    return errors === undefined ? data : errors[0].extensions.code
  }
  const made = await run(ada, "mutation { createInvite(role: VIEWER) { code invite { id role createdBy { name } } } }")
  expect(made.createInvite.invite).toMatchObject({ role: "VIEWER", createdBy: { name: "Ada" } })
  expect(await run(eve, "mutation ($code: String!) { redeemInvite(code: $code) { slug role } }", { code: made.createInvite.code })).toEqual({
    redeemInvite: { slug: "acme", role: "VIEWER" }
  })
  const { members } = await run(ada, "{ members { person { id name } role } }")
  const joined = members.find(({ person }: { person: { name: string } }) => person.name === "Eve")
  expect(joined.role).toBe("VIEWER")
  expect(await run(ada, "mutation ($person: ID!) { changeMemberRole(person: $person, role: MEMBER) { role } }", { person: joined.person.id })).toEqual({
    changeMemberRole: { role: "MEMBER" }
  })
  expect(await run(ada, "mutation ($person: ID!) { removeMember(person: $person) }", { person: joined.person.id })).toEqual({ removeMember: true })
  const key = await run(bob, 'mutation { createApiKey(name: "laptop", scopes: [READ]) { key apiKey { keyId scopes expiresAt } } }')
  expect((await server.post(key.createApiKey.key, "{ server { kind } }")).status).toBe(200)
  expect(await run(bob, "mutation ($id: ID!) { revokeApiKey(keyId: $id) }", { id: key.createApiKey.apiKey.keyId })).toEqual({ revokeApiKey: true })
  expect((await server.post(key.createApiKey.key, "{ server { kind } }")).status).toBe(401)
  expect(await run(bob, "mutation { changeWorkspace(contentAllowed: false) { contentAllowed } }")).toBe("NotAllowed")
  expect(await run(ada, 'mutation { changeWorkspace(name: "ACME") { name contentAllowed } }')).toEqual({
    changeWorkspace: { name: "ACME", contentAllowed: true }
  })
  const { apiKeys } = await run(bob, "{ apiKeys { person { name } revokedAt } }")
  expect(new Set(apiKeys.map(({ person }: { person: { name: string } }) => person.name))).toEqual(new Set(["Bob"]))
  const { auditLog } = await run(ada, "{ auditLog(last: 12) { totalCount edges { node { action outcome person { name } } } } }")
  const acts: ReadonlyArray<{ readonly node: { readonly action: string; readonly outcome: string; readonly person: { readonly name: string } } }> =
    auditLog.edges
  const done = acts.filter(({ node }) => node.outcome === "done").map(({ node }) => [node.action, node.person.name])
  expect(done.slice(-6)).toEqual([
    ["member.join", "Eve"],
    ["member.role", "Ada"],
    ["member.remove", "Ada"],
    ["key.create", "Bob"],
    ["key.revoke", "Bob"],
    ["workspace.settings", "Ada"]
  ])
})

it("A member forgets only what they sent, an admin anything, and what is not there is told as such", async () => {
  await server.append(ada, session("ada-gone", [user("ada-gone-u", 0, "soon gone")]))
  const forget = async (who: Someone, id: string) => {
    const { data, errors } = await server.ask(who.text, `mutation { forgetSession(id: "${id}") }`)
    return errors?.[0].extensions.code ?? data.forgetSession
  }
  expect(await forget(bob, "ada-gone")).toBe("NotAllowed")
  expect(await forget(eve, "ada-gone")).toEqual(await forget(eve, "no-such-session"))
  expect(await forget(bob, "bob-2")).toBe(true)
  expect(await forget(ada, "ada-gone")).toBe(true)
  expect(await forget(ada, "ada-gone")).toBe("ChangeRefused")
  expect((await actsOf(ada)).filter(({ action }) => action === "session.forget").map(({ person, resource }) => [person, resource])).toEqual([
    [idOf(bob), "bob-2"],
    [idOf(ada), "ada-gone"]
  ])
})

it("Codes of invites are tried five times a minute from one address", async () => {
  const outcomes: Array<string> = []
  for (let time = 0; time < 7; time++)
    outcomes.push((await server.ask(bob.text, 'mutation { redeemInvite(code: "BCDF-GHJK") { slug } }')).errors[0].extensions.code)
  expect(outcomes.at(-1)).toBe("TooManyCodes")
  expect(outcomes.filter((code) => code === "ChangeRefused").length).toBeLessThanOrEqual(5)
})

interface Following {
  readonly events: ReadonlyArray<string>
  readonly ended: Promise<unknown>
  readonly end: () => void
}
const follow = (client: ReturnType<GraphqlServer["socket"]>, query: string): Following => {
  const events: Array<string> = []
  let end = () => {}
  const ended = new Promise<unknown>((resolve) => {
    end = client.subscribe({ query }, { next: (event) => events.push(JSON.stringify(event)), error: resolve, complete: () => resolve("complete") })
  })
  return { events, ended, end }
}
const added = "subscription { sessionAdded { sessionId } }"

it("NTF-01: Subscribers hear of their own workspace over WebSockets and streams of events, and of no other", async () => {
  const clients = [ada, bob, eve].map((who) => server.socket(who.text))
  const [ofAda, ofBob, ofEve] = clients.map((client) => follow(client, added)) as [Following, Following, Following]
  const stream = await fetch(`${server.url}/graphql`, {
    method: "POST",
    headers: { "content-type": "application/json", accept: "text/event-stream", authorization: `Bearer ${bob.text}` },
    body: JSON.stringify({ query: added })
  })
  expect(stream.headers.get("content-type")).toContain("text/event-stream")
  const reader = stream.body!.pipeThrough(new TextDecoderStream()).getReader()
  let streamed = ""
  const reading = (async () => {
    for (let next = await reader.read(); !next.done; next = await reader.read()) streamed += next.value
  })()
  // A subscription is there when its first event comes: others may be told of several.
  let count = 0
  await until("everybody listens", async () => {
    count++
    await server.append(ada, session(`acme-new-${count}`, [user(`acme-new-${count}`, 0, "hello")]))
    await server.append(eve, session(`other-new-${count}`, [user(`other-new-${count}`, 0, "hello")]))
    return ofAda.events.length > 0 && ofBob.events.length > 0 && ofEve.events.length > 0 && streamed.includes("acme-new")
  })
  for (const seen of [ofAda.events.join(), ofBob.events.join(), streamed]) expect(seen).not.toContain("other-new")
  expect(ofEve.events.join()).not.toContain("acme-new")
  await reader.cancel()
  await reading
  for (const client of clients) await client.dispose()
}, 60_000)

it("An analyst's subscription is refused, and a key that is none opens no WebSocket", async () => {
  const analyst = server.socket(ann.text)
  const refused = follow(analyst, added)
  expect(await refused.ended).toBe("complete")
  expect(JSON.parse(refused.events[0] ?? "")).toMatchObject({ errors: [{ extensions: { code: "NotAllowed" } }] })
  await analyst.dispose()
  const closed = await new Promise<number>((resolve) => void follow(server.socket("han_wrong", resolve), added).ended)
  expect(closed).toBe(4403)
})

it("A key that is revoked, a member who is removed and a role that changes end open connections within five seconds", async () => {
  const dan = await server.someone("acme", "Dan", { owners: [] })
  const second = await server.someone("acme", "Dan", { owners: [] })
  const fay = await server.someone("acme", "Fay", { owners: [] })
  const closedOf = (who: Someone) => {
    let ready = () => {}
    const opened = new Promise<void>((resolve) => (ready = resolve))
    const closed = new Promise<number>((resolve) => {
      const client = server.socket(who.text, resolve)
      client.on("connected", () => ready())
      follow(client, added)
    })
    return { opened, closed }
  }
  const stream = await fetch(`${server.url}/graphql`, {
    method: "POST",
    headers: { "content-type": "application/json", accept: "text/event-stream", authorization: `Bearer ${second.text}` },
    body: JSON.stringify({ query: added })
  })
  const streamEnds = stream.text()
  const [ofKey, ofFay] = [closedOf(dan), closedOf(fay)]
  await Promise.all([ofKey.opened, ofFay.opened])
  await as(ada, (all) => all.revokeKey(ada.principal, dan.text.slice(4, 16)))
  expect(await ofKey.closed).toBe(4403)
  await as(ada, (all) => all.changeRole(ada.principal, idOf(fay), "viewer"))
  expect(await ofFay.closed).toBe(1012)
  await as(ada, (all) => all.remove(ada.principal, idOf(dan)))
  expect(await streamEnds).toContain("event: complete")
}, 30_000)

it("One person has so many connections and subscriptions, and others are not held up by them", async () => {
  const gus = await server.someone("acme", "Gus", { owners: [] })
  const clients = Array.from({ length: 4 }, () => server.socket(gus.text))
  for (const client of clients)
    await new Promise<void>((resolve) => {
      client.on("connected", () => resolve())
      follow(client, added)
    })
  expect(await new Promise<number>((resolve) => void follow(server.socket(gus.text, resolve), added))).toBe(1013)
  const [first] = clients
  // With those that stand, one more than there may be.
  const more = [follow(first!, added), follow(first!, added), follow(first!, added)]
  await Promise.race(more.map(({ ended }) => ended))
  expect(more.flatMap(({ events }) => events).map((event) => JSON.parse(event).errors?.[0].extensions.code)).toEqual(["TooMany"])
  const other = server.socket(bob.text)
  const following = follow(other, added)
  await new Promise<void>((resolve) => other.on("connected", () => resolve()))
  following.end()
  for (const client of [...clients, other]) await client.dispose()
}, 30_000)
