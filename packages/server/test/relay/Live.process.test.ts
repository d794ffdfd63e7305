import { execFileSync } from "node:child_process"
import * as Fs from "node:fs"
import * as Path from "node:path"
import * as Effect from "effect/Effect"
import { ConnectionHandler } from "relay-runtime"
import { beforeAll, describe, expect, it } from "vitest"
import { id, place } from "../coordinators.ts"
import { until } from "../httpClient.ts"
import type { JsonObject } from "./normalized.ts"
import type { Subscribed } from "./RelayClient.ts"
import { serving } from "./serving.ts"

const [session, canary] = [id(1), id(99)]
const cwd = "/srv/live"

/** Line `number` of a session. */
const line = (of: string, number: number, record: JsonObject, where = cwd): JsonObject => ({
  uuid: `${of.slice(0, 24)}${String(number).padStart(12, "0")}-${of.slice(-2)}`,
  parentUuid: null,
  timestamp: new Date(Date.UTC(2026, 10, 21, 9, 0, number)).toISOString(),
  sessionId: of,
  cwd: where,
  version: "2.1.330",
  gitBranch: "main",
  ...record
})
const user = (content: unknown): JsonObject => ({ type: "user", message: { role: "user", content } })
const called = (callId: string, name: string, input: JsonObject): JsonObject => ({
  type: "assistant",
  requestId: `req_${callId}`,
  message: { id: `msg_${callId}`, role: "assistant", model: "claude-opus-5-5", content: [{ type: "tool_use", id: callId, name, input }] }
})
const returned = (callId: string, more: JsonObject = {}): JsonObject => user([{ type: "tool_result", tool_use_id: callId, content: "done", ...more }])
const logged = (type: string, data: JsonObject, more: JsonObject = {}): JsonObject => ({ type, data, ...more })
const uuidOf = (one: JsonObject): string => String(one["uuid"])

/** All lines in one write. */
const append = (claude: string, file: string, lines: ReadonlyArray<JsonObject>): void => {
  const path = Path.join(claude, "projects/-srv-live", file)
  Fs.mkdirSync(Path.dirname(path), { recursive: true })
  Fs.appendFileSync(path, lines.map((one) => `${JSON.stringify(one)}\n`).join(""))
}

const served = serving(
  Effect.map(place, (place) => {
    append(place.claude, `${session}.jsonl`, [line(session, 0, user("begin"))])
    append(place.claude, `${canary}.jsonl`, [line(canary, 0, user("tweet"), "/srv/canary")])
    return { place }
  })
)

const write = (file: string, ...lines: ReadonlyArray<JsonObject>) => append(served().workspace.place.claude, file, lines)

let tweets: Subscribed
let sung = 0
const heard = () => tweets.events.filter(({ sessionId }) => sessionId === canary).length
/** Events come in order: when a line that was written now has been told, everything before it has been, and every subscription before it stands. */
const settled = async () => {
  for (let look = 0; look < 2; look++) {
    const before = heard()
    write(`${canary}.jsonl`, line(canary, ++sung, user(`tweet ${sung}`), "/srv/canary"))
    await until("the canary's line", () => heard() > before)
  }
}
beforeAll(async () => {
  tweets = served().client.subscribe("SessionPageMessagesSubscription", { sessionId: "*" })
  // What is written before the server has taken the first subscription is not told.
  await until("the first event", async () => {
    write(`${canary}.jsonl`, line(canary, ++sung, user(`tweet ${sung}`), "/srv/canary"))
    for (let look = 0; look < 50 && heard() === 0; look++) await new Promise((resolve) => setTimeout(resolve, 10))
    return heard() > 0
  })
})

/** What subscriptions tell of what `cause` does. */
const told = async (
  asked: ReadonlyArray<readonly [string, JsonObject]>,
  cause: () => void | Promise<void>
): Promise<ReadonlyArray<ReadonlyArray<JsonObject>>> => {
  const subscribed = asked.map(([name, variables]) => served().client.subscribe(name, variables))
  await settled()
  await cause()
  await settled()
  for (const { dispose, errors } of subscribed) {
    dispose()
    expect(errors).toEqual([])
  }
  return subscribed.map(({ events }) => events)
}

interface Edges {
  readonly edges: ReadonlyArray<{ readonly cursor: string; readonly node: JsonObject }>
}

describe("a page that is open", () => {
  it("An open page hears of a repository, and of a project", async () => {
    const { client, workspace } = served()
    const folder = Path.join(workspace.place.home, "..", "rocket")
    Fs.mkdirSync(folder)
    for (const argv of [
      ["init", "--quiet"],
      ["remote", "add", "origin", "git@github.com:acme/rocket.git"]
    ])
      execFileSync("git", ["-C", folder, ...argv], { env: { HOME: workspace.place.home, PATH: process.env["PATH"] ?? "", GIT_CONFIG_NOSYSTEM: "1" } })
    const repo = client.subscribe("RepoListPageSubscription", {})
    const project = client.subscribe("ProjectListPageSubscription", {})
    const elsewhere = client.subscribe("ProjectListPageSubscription", { parentId: "Repo:another" })
    await settled()
    write(`${id(50)}.jsonl`, line(id(50), 0, user("in the repository"), folder))
    await until("the repository", () => repo.events.length > 0)
    await settled()
    expect([repo.events.length, project.events.length, elsewhere.events.length]).toEqual([1, 1, 0])
    const { repos } = await client.query<{ readonly repos: ReadonlyArray<JsonObject> }>("RepoListPageQuery", {})
    expect(repos).toMatchObject([{ repoId: repo.events[0]?.["repoId"], remote: "github.com/acme/rocket", projects: [{ path: folder }] }])
    const { project: found } = await client.query<{ readonly project: JsonObject }>("ProjectListPageProjectQuery", { id: project.events[0]?.["projectId"] })
    expect(found).toMatchObject({ path: folder })
    for (const { dispose } of [repo, project, elsewhere]) dispose()
  })

  it("An open page has new messages prepended, one by one, the oldest first", async () => {
    const { client } = served()
    const { node } = (await client.open("SessionPageQuery", { id: `Session:${session}` })) as { readonly node: { readonly id: string } }
    const shown = () => client.read<{ readonly messages: Edges }>("SessionMessages_session", node).messages.edges.map(({ node }) => node["uuid"])
    const before = shown()
    const connections = [ConnectionHandler.getConnectionID(node.id, "SessionMessages_messages")]
    const lines = [
      line(session, 1, user("one")),
      line(session, 2, user("two, né \u{1F680}\u2028")),
      line(session, 3, called("toolu_a", "Bash", { command: "ls" })),
      line(session, 4, returned("toolu_a"))
    ]
    const [messages, changes, memory] = await told(
      [
        ["SessionMessagesSubscription", { sessionId: session, connections }],
        ["SessionRowSubscription", { id: node.id }],
        ["MemoryPageUpdatedSubscription", {}]
      ],
      () => write(`${session}.jsonl`, ...lines)
    )
    expect(messages?.map(({ newMessageEdge }) => (newMessageEdge as { readonly node: JsonObject }).node)).toMatchObject(
      lines.map((one) => ({ uuid: one["uuid"], rawJson: JSON.stringify(one) }))
    )
    expect(messages?.map(({ messageIndex, sessionId }) => [messageIndex, sessionId])).toEqual(lines.map(() => [5, session]))
    expect(shown()).toEqual([...lines.map(uuidOf).toReversed(), ...before])
    // The row that stands in a list is the same record.
    expect(changes).toMatchObject([{ changedId: node.id, typename: "Session", node: { messageCount: 5, updatedAt: lines[3]?.["timestamp"] } }])
    expect(client.read("SessionPage_overview", node)).toMatchObject({ messageCount: 5, updatedAt: lines[3]?.["timestamp"] })
    expect(memory?.filter(({ path }) => path === cwd)).toMatchObject([{ type: "SESSION", action: "UPDATED", timestamp: lines[3]?.["timestamp"] }])
    // What was told is what a page fetched anew has; edges, cursors and all.
    const again = await served().another("http").query<{ readonly node: { readonly messages: Edges } }>("SessionPageQuery", { id: node.id })
    expect(client.read<{ readonly messages: Edges }>("SessionMessages_session", node).messages.edges).toEqual(again.node.messages.edges)
  })

  it("An open page has a new session at the top of its list", async () => {
    const { client } = served()
    const open = await client.open("SessionListPageQuery", { first: 50 })
    const list = () => client.read<{ readonly sessions: Edges }>("SessionListPage_sessions", open).sessions.edges
    const before = list().map(({ node }) => node["sessionId"])
    const { projects } = await client.query<{ readonly projects: ReadonlyArray<JsonObject> }>("ProjectListPageQuery", {})
    const projectAt = (path: string) => projects.find((project) => project["path"] === path)
    const connections = [ConnectionHandler.getConnectionID("client:root", "SessionListPage_sessions", { filter: null })]
    const [all, here, elsewhere] = await told(
      [
        ["SessionListPageSubscription", { connections }],
        ["SessionListPageSubscription", { projectId: projectAt(cwd)?.["projectId"], connections: [] }],
        ["SessionListPageSubscription", { projectId: projectAt("/srv/canary")?.["id"], connections: [] }]
      ],
      () => write(`${id(2)}.jsonl`, line(id(2), 100, user("a new session")), line(id(2), 101, user("goes on")))
    )
    const { projectId } = projectAt(cwd) ?? {}
    expect(all).toMatchObject([{ sessionId: id(2), parentId: null, projectId, newSessionEdge: { node: { name: "a new session", messageCount: 2 } } }])
    expect(here?.map(({ sessionId }) => sessionId)).toEqual([id(2)])
    expect(elsewhere).toEqual([])
    expect(list().map(({ node }) => node["sessionId"])).toEqual([id(2), ...before])
    // The new edge's cursor is one of the same list.
    const anew = async (after: string | null) => {
      const { sessions } = await served().another("http").query<{ readonly sessions: Edges }>("SessionListPagePaginationQuery", { first: 50, after })
      return sessions.edges.map(({ node }) => node["sessionId"])
    }
    expect(await anew(list()[0]?.cursor ?? "")).toEqual((await anew(null)).slice(1))
  })

  it("An open page hears of tools, files and to-dos, once each", async () => {
    const todos = [
      { content: "a", status: "completed", activeForm: "a" },
      { content: "b", status: "in_progress", activeForm: "b" }
    ]
    const [call, other, files, list, elsewhere] = await told(
      [
        ["ToolCardsResultSubscription", { callId: "toolu_w" }],
        ["ToolCardsResultSubscription", { callId: "" }],
        ["SessionPageFilesSubscription", { sessionId: session }],
        ["SessionPageTodosSubscription", { sessionId: `Session:${cwd}:${session}` }],
        ["SessionPageTodosSubscription", { sessionId: canary }]
      ],
      () => {
        write(`${session}.jsonl`, line(session, 10, called("toolu_w", "Write", { file_path: "/srv/live/a", content: "a\n" })))
        write(`${session}.jsonl`, line(session, 12, returned("toolu_w")), line(session, 13, called("toolu_t", "TodoWrite", { todos })))
        write(`${session}.jsonl`, line(session, 14, called("toolu_f", "Edit", { file_path: "/srv/live/a", old_string: "a", new_string: "b" })))
        write(`${session}.jsonl`, line(session, 15, returned("toolu_f", { is_error: true })), line(session, 16, returned("toolu_t")))
      }
    )
    expect(call).toEqual([{ callId: "toolu_w", sessionId: session, type: "tool_result", success: true, durationMs: 2000 }])
    expect(files).toEqual([{ sessionId: session, fileCount: 1, toolName: "Write" }])
    expect(list).toEqual([{ sessionId: session, todoCount: 2, inProgressCount: 1, completedCount: 1 }])
    expect([other, elsewhere]).toEqual([[], []])
  })

  it("An open page hears of hooks and of han's tools, once each", async () => {
    const ran = { plugin: "biome", hook: "lint", hook_type: "Stop", directory: "." }
    const [run, tool] = [line(session, 20, logged("hook_run", ran)), line(session, 22, logged("mcp_tool_call", { tool: "t", arguments: {} }))]
    const [hook, other, hooks, answered] = await told(
      [
        ["HookCardsResultSubscription", { hookRunId: run["uuid"] }],
        ["HookCardsResultSubscription", { hookRunId: "" }],
        ["SessionPageHooksSubscription", { sessionId: session }],
        ["ToolCardsResultSubscription", { callId: tool["uuid"] }]
      ],
      () => {
        write(`${session}-han.jsonl`, run, tool)
        const ended = logged("hook_result", { ...ran, success: false, exit_code: 2, duration_ms: 31 }, { hookRunId: run["uuid"] })
        write(
          `${session}-han.jsonl`,
          line(session, 21, ended),
          line(session, 23, logged("mcp_tool_result", { call_id: tool["uuid"], success: true, duration_ms: 4 }))
        )
      }
    )
    const of = { sessionId: session, pluginName: "biome", hookName: "lint" }
    expect(hook).toEqual([{ ...of, hookRunId: run["uuid"], success: false, durationMs: 31 }])
    expect(hooks).toEqual([
      { ...of, eventType: "hook_run" },
      { ...of, eventType: "hook_result" }
    ])
    expect(answered).toEqual([{ sessionId: session, callId: tool["uuid"], type: "mcp_tool_result", success: true, durationMs: 4 }])
    expect(other).toEqual([])
  })

  it("An open page hears nothing of the memory's model, for there is none", async () => {
    const asked = { sessionId: "query" }
    const silent = await told(
      [
        ["MemoryPageProgressSubscription", asked],
        ["MemoryPageResultSubscription", asked]
      ],
      () => write(`${session}.jsonl`, line(session, 30, user("?")))
    )
    expect(silent).toEqual([[], []])
  })

  it("An open page hears no more after it has unsubscribed", async () => {
    const client = served().another("http")
    const [ended, kept] = [
      client.subscribe("SessionRowSubscription", { id: session }),
      client.subscribe("SessionPageMessagesSubscription", { sessionId: session })
    ]
    await settled()
    write(`${session}.jsonl`, line(session, 40, user("for both")))
    await until("both events", () => ended.events.length === 1 && kept.events.length === 1)
    ended.dispose()
    await settled()
    write(`${session}.jsonl`, line(session, 41, user("for one")))
    await until("one event", () => kept.events.length === 2)
    await settled()
    // Nor does the server send what nobody would look at.
    expect([ended.events.length, kept.events.length, client.received.get("next")]).toEqual([1, 2, 3])
  })

  it("An open page gets no warning from Relay", () => {
    expect(served().client.warnings).toEqual([])
  })
})
