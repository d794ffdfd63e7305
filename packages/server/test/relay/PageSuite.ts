import * as Fs from "node:fs"
import { buildSchema, isInputObjectType } from "graphql"
import { describe, expect, it } from "vitest"
import * as EveryMessage from "./everyMessage.ts"
import { type JsonObject, misnamed } from "./normalized.ts"
import { ourSchema } from "./project.ts"
import type { RelayClient } from "./RelayClient.ts"
import * as Recorded from "./recorded.ts"
import type { Served } from "./serving.ts"
import { longCount, longSession, promptUuid, type Workspace } from "./workspace.ts"

interface Connection {
  readonly totalCount: number
  readonly edges: ReadonlyArray<{ readonly node: JsonObject; readonly cursor: string }>
}
const ids = ({ edges }: Connection): ReadonlyArray<unknown> => edges.map(({ node }) => node["id"] ?? node["messageId"])

/** All that a paginated component has when nothing is left to load; it asked at least once more. */
const allOf = async (
  client: RelayClient,
  fragment: string,
  of: unknown,
  field: string,
  direction: "forward" | "backward",
  count: number
): Promise<Connection> => {
  let pages = 0
  while (await client.loadMore(fragment, of, direction, count)) pages++
  expect(pages).toBeGreaterThan(0)
  return client.read<Record<string, Connection>>(fragment, of)[field]!
}
const once = (connection: Connection) => {
  expect(new Set(ids(connection)).size).toBe(connection.edges.length)
  expect(connection.edges.length).toBe(connection.totalCount)
}

/** For each kind of list: what asks for it, and how many there are. */
const lists: ReadonlyArray<{
  readonly filter: string
  readonly orderBy: string
  readonly ask: (client: RelayClient, filter: JsonObject | null, orderBy: JsonObject | null) => Promise<ReadonlyArray<unknown>>
}> = [
  {
    filter: "SessionFilter",
    orderBy: "SessionOrderBy",
    ask: async (client, filter, orderBy) =>
      ids((await client.query<{ readonly sessions: Connection }>("SessionListPageQuery", { first: 500, filter, orderBy })).sessions)
  },
  {
    filter: "MessageFilter",
    orderBy: "MessageOrderBy",
    ask: async (client, filter, orderBy) => {
      const asked = { id: EveryMessage.sessionId, first: 100, filter, orderBy }
      return ids((await client.query<{ readonly session: { readonly messages: Connection } }>("SessionMessagesOrderedQuery", asked)).session.messages)
    }
  },
  {
    filter: "HookExecutionFilter",
    orderBy: "HookExecutionOrderBy",
    ask: async (client, filter, orderBy) => {
      const { node } = await client.query<{ readonly node: { readonly hookExecutions: Connection } }>("HooksTabRefetchQuery", {
        id: "Session:11111111-1111-4111-8111-111111111112",
        filter,
        orderBy
      })
      return ids(node.hookExecutions)
    }
  },
  {
    filter: "TaskFilter",
    orderBy: "TaskOrderBy",
    ask: async (client, filter, orderBy) => {
      const { node } = await client.query<{ readonly node: { readonly tasks: Connection } }>("TasksTabRefetchQuery", {
        id: `Session:${EveryMessage.sessionId}`,
        filter,
        orderBy
      })
      return ids(node.tasks)
    }
  },
  {
    filter: "NativeTaskFilter",
    orderBy: "NativeTaskOrderBy",
    ask: async (client, nativeFilter, nativeOrderBy) => {
      const { node } = await client.query<{ readonly node: { readonly nativeTasks: ReadonlyArray<JsonObject> } }>("TasksTabRefetchQuery", {
        id: "Session:11111111-1111-4111-8111-111111111109",
        nativeFilter,
        nativeOrderBy
      })
      return node.nativeTasks.map(({ id }) => id)
    }
  },
  {
    filter: "ProjectFilter",
    orderBy: "ProjectOrderBy",
    ask: async (client, filter, orderBy) =>
      (await client.query<{ readonly projects: ReadonlyArray<JsonObject> }>("ProjectListPageQuery", { first: 100, filter, orderBy })).projects.map(
        ({ id }) => id
      )
  }
]

const schema = buildSchema(Fs.readFileSync(ourSchema, "utf8"))
const fieldsOf = (name: string): ReadonlyArray<string> => {
  const type = schema.getType(name)
  return isInputObjectType(type) ? Object.keys(type.getFields()).filter((field) => !field.startsWith("_") && field !== "project") : []
}

/** Lists, page by page, with their filters and orders. */
export const pageSuite = (served: () => Served<Workspace>) => {
  describe("pages through Relay's connections", () => {
    it("Pages of sessions go to the end in both directions", async () => {
      const client = served().another("http")
      const whole = await client.query<{ readonly sessions: Connection }>("SessionListPageQuery", { first: 500 })
      const forward = await allOf(
        served().client,
        "SessionListPage_sessions",
        await served().client.open("SessionListPageQuery", { first: 7 }),
        "sessions",
        "forward",
        7
      )
      expect(ids(forward)).toEqual(ids(whole.sessions))
      once(forward)
      const back = await allOf(client, "SessionListPage_sessionsBack", await client.open("SessionListPageBackQuery", { last: 7 }), "sessions", "backward", 7)
      expect(ids(back)).toEqual(ids(whole.sessions))
    })

    it("Pages of a project's sessions go through all of them", async () => {
      const { projects } = await served().client.query<{ readonly projects: ReadonlyArray<JsonObject> }>("ProjectListPageQuery", { first: 100 })
      const project = projects.find(({ path }) => path === "/home/dev/project")
      const filter = { projectId: { _eq: project?.["projectId"] } }
      const client = served().another("http")
      const found = await allOf(client, "SessionListPage_sessions", await client.open("SessionListPageQuery", { first: 10, filter }), "sessions", "forward", 10)
      once(found)
      expect(found.totalCount).toBe(project?.["totalSessions"])
      expect(new Set(found.edges.map(({ node }) => node["projectPath"]))).toEqual(new Set(["/home/dev/project"]))
    })

    it("Pages of a long session's messages begin with the newest or at its end", async () => {
      const client = served().another("http")
      const { node } = await client.open("SessionPageQuery", { id: `Session:${longSession}` })
      const forward = await allOf(client, "SessionMessages_session", node, "messages", "forward", 33)
      once(forward)
      const expected = Array.from({ length: longCount }, (_, number) => `Message:${promptUuid(longSession, number)}`)
      expect(ids(forward)).toEqual(expected.toReversed())
      const { node: again } = await client.open("SessionMessagesBackQuery", { id: `Session:${longSession}`, last: 33 })
      const back = await allOf(client, "SessionMessages_back", again, "messages", "backward", 33)
      expect(ids(back)).toEqual(expected.toReversed())
    })

    it("Pages of every session's messages show each line that was said once", async () => {
      const client = served().another("socket")
      const tellers = new Map<string, number>()
      let pages = 0
      for (const { id, ...files } of Recorded.recorded(served().workspace.projects).values()) {
        const { node } = await client.open("SessionMessagesPaginationQuery", { id: `Session:${id}`, first: 20 })
        while (await client.loadMore("SessionMessages_session", node, "forward", 20)) pages++
        const { messages } = client.read<{ readonly messages: Connection }>("SessionMessages_session", node)
        expect([id, new Set(ids(messages)).size, messages.totalCount]).toEqual([id, messages.edges.length, messages.edges.length])
        const uuids = new Set(
          Recorded.all({ id, ...files })
            // Subagents' lines are in conversations of their own.
            .filter((line) => Recorded.shown(line) && line["agentId"] === undefined)
            .map(({ uuid }) => uuid)
        )
        const found = messages.edges.flatMap(({ node }) => (uuids.has(node["uuid"]) ? [node] : []))
        expect([id, found.length]).toEqual([id, uuids.size])
        for (const message of found) {
          expect(message["rawJson"]).toBe(files.raw.get(String(message["uuid"])))
          tellers.set(String(message["uuid"]), (tellers.get(String(message["uuid"])) ?? 0) + 1)
        }
      }
      expect(pages).toBeGreaterThan(10)
      expect(client.warnings).toEqual([])
      expect(misnamed(client.records())).toEqual([])
      // A line that was copied into a fork is one message; the store has it as it was seen last.
      const copied = client.differences().map((difference) => tellers.get(/ of (?:client:)?Message:([^:]+)/.exec(difference)?.[1] ?? "") ?? difference)
      expect(copied.length).toBeGreaterThan(0)
      expect(copied.filter((count) => typeof count === "string" || count < 2)).toEqual([])
    })

    it("Pages of a search's hits go through all of them", async () => {
      const { client } = served()
      const hits = await allOf(client, "SearchPage_hits", await client.open("SearchPageQuery", { text: "countdown", first: 50 }), "search", "forward", 50)
      once(hits)
      expect(hits.totalCount).toBe(longCount)
      const asked = {
        text: '"step 12"',
        first: 20,
        role: "USER",
        kinds: ["PROMPT"],
        sessionId: longSession,
        since: "2026-11-19",
        until: "2026-11-20",
        order: "RANK"
      }
      const { search } = await client.query<{ readonly search: Connection }>("SearchPageQuery", asked)
      expect(search.edges.map(({ node }) => node)).toMatchObject([
        {
          excerpt: "step 12 of the countdown",
          kind: "PROMPT",
          role: "USER",
          sessionId: longSession,
          session: { name: "step 0 of the countdown" },
          agentId: null
        }
      ])
    })

    it.each([
      ["TodosTab_session", "todos", "TodosTabRefetchQuery", EveryMessage.sessionId, 3],
      ["TodosTab_active", "activeTodos", "TodosTabActiveRefetchQuery", EveryMessage.sessionId, 2],
      ["TasksTab_session", "tasks", "TasksTabRefetchQuery", EveryMessage.sessionId, 2],
      ["HooksTab_session", "hookExecutions", "HooksTabRefetchQuery", EveryMessage.sessionId, 2],
      ["FilesTab_session", "fileChanges", "FilesTabRefetchQuery", "11111111-1111-4111-8111-111111111102", 2]
    ] as const)("Pages of %s go row by row from the first, and both ways from the second", async (fragment, field, query, session, count) => {
      const [there, amid] = [served().another("http"), served().another("http")]
      const { node } = await there.open(query, { id: `Session:${session}`, first: 1 })
      const forward = await allOf(there, fragment, node, field, "forward", 1)
      once(forward)
      expect(forward.totalCount).toBe(count)
      const { node: again } = await amid.open(query, { id: `Session:${session}`, first: 1, after: forward.edges[0]?.cursor })
      if (count > 2) await allOf(amid, fragment, again, field, "forward", 1)
      expect(ids(await allOf(amid, fragment, again, field, "backward", 1))).toEqual(ids(forward))
    })

    it("The page of the tasks under way shows the active one", async () => {
      const { client } = served()
      const { node } = await client.open("TasksTabActiveRefetchQuery", { id: `Session:${EveryMessage.sessionId}`, first: 1 })
      expect(client.read("TasksTab_active", node)).toMatchObject({ activeTasks: { totalCount: 1, edges: [{ node: { taskId: "t2", status: "ACTIVE" } }] } })
    })
  })

  describe.each(lists)("$filter", ({ ask, filter, orderBy }) => {
    it("A filter parts the list by every column, and an order sorts it", async () => {
      const { client } = served()
      const all = await ask(client, null, null)
      expect(all.length).toBeGreaterThan(1)
      expect(fieldsOf(filter).length).toBeGreaterThan(5)
      for (const column of fieldsOf(filter)) {
        const without = await ask(client, { [column]: { _isNull: true } }, null)
        const withIt = await ask(client, { _not: { _or: [{ [column]: { _isNull: true } }] }, _and: [{ [column]: { _isNull: false } }] }, null)
        // Who asks about subagents gets their lines, too.
        const theirs = column === "agentId" ? await ask(client, { agentId: { _isNull: false } }, null) : []
        expect([column, new Set([...without, ...withIt])]).toEqual([column, new Set([...all, ...theirs])])
        expect([column, without.length + withIt.length]).toEqual([column, all.length + theirs.length])
      }
      for (const column of fieldsOf(orderBy)) {
        const [up, down] = [await ask(client, null, { [column]: "ASC" }), await ask(client, null, { [column]: "DESC" })]
        expect([column, new Set(up), new Set(down)]).toEqual([column, new Set(all), new Set(all)])
      }
    })
  })
}
