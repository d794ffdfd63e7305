import { mkdirSync, writeFileSync } from "node:fs"
import { join } from "node:path"
import { Effect } from "effect"
import { DirectoryWriter } from "han-core/Directories"
import { AgentId } from "han-core/Entry"
import { afterAll, beforeAll, describe, expect, it } from "vitest"
import { corpus, indexingCase, scenario } from "../../../../test/transcriptFiles.ts"
import { answer, call, log, noted, session, user } from "../../../../test/transcriptLines.ts"
import { type Answer, type Asking, open, stores } from "../graphqlAsking.ts"
import { rootDocument } from "../graphqlDocuments.ts"

const cases = [
  "F02-blocks",
  "F04-tool-results",
  "F05-summary-compact",
  "F08-todos",
  "F09-native-tasks",
  "F10-sentiment",
  "F11-agent",
  "F12-han-events",
  "F13-bridged",
  "F15-legacy-tools"
]
const scenarios = ["01-basic", "04-subagents", "06-compact", "08-resume-fork", "10-slash-commands", "12-mcp", "13-tasks", "18-plugins"]
const nodeTypes = ["ConfigDir", "HookExecution", "NativeTask", "Project", "Repo", "Session"]
/** What a fork's copy of a line says of itself beside what it copies. */
const ofCopies = new Set(["rawJson", "queueSessionId", "agentTaskId"])

interface Found {
  readonly typename: string
  readonly scalars: Record<string, unknown>
}

for (const [name, fresh] of stores)
  describe(`${name}: ids`, () => {
    let asking: Asking
    let answers: ReadonlyArray<Answer>
    beforeAll(async () => {
      asking = await open(fresh())
      const write = (file: string, value: unknown) => {
        mkdirSync(join(asking.folder, file, ".."), { recursive: true })
        writeFileSync(join(asking.folder, file), typeof value === "string" ? value : JSON.stringify(value))
      }
      const work = join(asking.folder, "work")
      write(".claude/settings.json", { enabledPlugins: { "a@market": true, "b@market": false }, mcpServers: {} })
      write("work/.claude/settings.json", { enabledPlugins: { "a@market": true } })
      write("work/.mcp.json", { mcpServers: { one: { command: "run" }, two: { type: "http", url: "https://mcp.example" } } })
      write(".claude.json", { mcpServers: { one: { command: "other" } }, projects: { [work]: { mcpServers: { one: { command: "third" } } } } })
      write(".claude/CLAUDE.md", "Be kind.")
      write("work/CLAUDE.md", "Be quick.")
      await asking.append(
        ...cases.flatMap(indexingCase),
        ...scenarios.flatMap(scenario),
        ...corpus({ seed: 61, sessions: 14, lines: 30, chaos: true }).appends,
        // Two sessions with the same names of everything, one of them without a directory.
        ...["twin-1", "twin-2"].flatMap((id) => [
          session(id, [
            { ...user(`${id}-u`, 0, "I hate it, just stop. Forget it."), cwd: work },
            answer(`${id}-a`, 1, [call(`${id}-w`, "Write", { file_path: "/same/file", content: "x" }), call(`${id}-s`, "Agent", {})], { cwd: work })
          ]),
          {
            ...session(id, [user(`${id}-sub`, 2, "go")], { kind: "agent", agentId: AgentId.make("same") }),
            source: { meta: JSON.stringify({ agentType: "Explore", toolUseId: `${id}-s` }) }
          },
          log(
            id,
            [
              noted("hook_run", `${id}-run`, 1, { plugin: "p", hook: "h" }),
              noted("hook_result", `${id}-end`, 2, { plugin: "p", hook: "h", success: true }, { hookRunId: `${id}-run` }),
              noted("task_start", `${id}-task`, 3, { task_id: "t1", description: "same" }),
              noted("hook_validation_cache", `${id}-cache`, 4, { plugin: "p", hook: "h", directory: ".", files: { "/same/file": "x" } }),
              noted("exposed_tool_call", `${id}-call`, 5, { tool: "t", call_id: `${id}-c` }),
              noted("exposed_tool_result", `${id}-ret`, 6, { tool: "t", call_id: `${id}-c`, success: true })
            ].map(({ cwd: _, ...line }) => line)
          )
        ]),
        session("homeless", [{ type: "summary", summary: "worked nowhere", leafUuid: "x" }])
      )
      await asking.run(
        Effect.flatMap(DirectoryWriter, (all) =>
          all.note(
            { machine: "test", path: "/home/dev/project" },
            { remote: "git.example/a/b", root: "/home/dev/project", worktreeOf: null, defaultBranch: null }
          )
        )
      )
      const given = {
        "Query.sessions": "first: 1000",
        "Query.projects": "first: 1000",
        "Query.settings": `projectId: "${(await asking.ask("{ projects(first: 1000) { path projectId } }")).projects.find((one: Answer) => one.path === work).projectId}"`,
        "Session.messages": "first: 30",
        "Session.searchMessages": 'query: "hate"'
      }
      const roots = ["sessions", "projects", "repos", "configDirs", "settings", "plugins", "memory", "cacheEntries"]
      answers = await Promise.all(roots.map((root) => asking.ask(rootDocument(root, given))))
    }, 60_000)
    afterAll(() => asking.close())

    const objects = (): ReadonlyMap<string, ReadonlyArray<Found>> => {
      const found = new Map<string, Array<Found>>()
      const visit = (value: unknown): void => {
        if (Array.isArray(value)) return value.forEach(visit)
        if (typeof value !== "object" || value === null) return
        const fields = Object.entries(value)
        const { __typename, id }: { readonly __typename?: string; readonly id?: string | null } = value
        if (typeof id === "string" && __typename !== undefined) {
          const scalars = Object.fromEntries(fields.filter(([key, of]) => (typeof of !== "object" || of === null) && !ofCopies.has(key)))
          found.set(id, [...(found.get(id) ?? []), { typename: __typename, scalars }])
        }
        for (const [, of] of fields) visit(of)
      }
      visit(answers)
      return found
    }

    it("Ids mean one object each", () => {
      const found = objects()
      const types = new Set<string>()
      for (const [id, list] of found) {
        types.add(list[0]!.typename)
        const seen: Record<string, unknown> = {}
        for (const { scalars, typename } of list) {
          expect([id, typename]).toEqual([id, list[0]!.typename])
          for (const [key, value] of Object.entries(scalars)) {
            if (Object.hasOwn(seen, key)) expect([id, key, value]).toEqual([id, key, seen[key]])
            seen[key] = value
          }
        }
      }
      for (const type of [
        ...nodeTypes,
        "Task",
        "Todo",
        "FileChange",
        "FileValidation",
        "HookResult",
        "ExposedToolResult",
        "SentimentAnalysis",
        "Plugin",
        "McpServer",
        "MemoryRule",
        "CacheEntry",
        "AssistantMessage",
        "Subagent",
        "Compaction",
        "AgentTask"
      ])
        expect(types, type).toContain(type)
      expect(found.size).toBeGreaterThan(500)
    })

    it("Ids of nodes lead back to them", async () => {
      const list = [...objects()].filter(([, [first]]) => nodeTypes.includes(first!.typename))
      for (const type of nodeTypes)
        expect(
          list.some(([, [first]]) => first!.typename === type),
          type
        ).toBe(true)
      for (const [id, [first]] of list)
        expect(await asking.ask("query ($id: ID!) { node(id: $id) { __typename id } }", { id })).toEqual({ node: { __typename: first!.typename, id } })
    })

    it("Ids of sessions have two forms, and a third one where only sessions are meant", async () => {
      for (const [long, sessionId] of [
        [`Session:${join(asking.folder, "work")}:twin-1`, "twin-1"],
        ["Session:homeless", "homeless"]
      ] as const) {
        for (const id of [long, `Session:${sessionId}`])
          expect(await asking.ask("query ($id: ID!) { node(id: $id) { id } }", { id })).toEqual({ node: { id: long } })
        for (const id of [long, `Session:${sessionId}`, sessionId])
          expect(await asking.ask("query ($id: String!) { session(id: $id) { id sessionId } }", { id })).toEqual({ session: { id: long, sessionId } })
      }
    })

    it("Ids of messages are found with and without their type, and by searches", async () => {
      for (const id of ["twin-1-u", "Message:twin-1-u"]) {
        const { message } = await asking.ask("query ($id: String!) { message(id: $id) { __typename id uuid rawJson } }", { id })
        expect(message).toMatchObject({ __typename: "RegularUserMessage", id: "Message:twin-1-u", uuid: "twin-1-u" })
        expect(JSON.parse(message.rawJson)).toEqual({ ...user("twin-1-u", 0, "I hate it, just stop. Forget it."), cwd: join(asking.folder, "work") })
      }
      const { session: found } = await asking.ask(
        '{ session(id: "twin-1") { searchMessages(query: "hate") { messageId messageIndex preview matchContext } messages { edges { node { id } } } } }'
      )
      const [hit] = found.searchMessages
      expect(hit).toMatchObject({
        messageId: "Message:twin-1-u",
        preview: "I hate it, just stop. Forget it.",
        matchContext: "I hate it, just stop. Forget it."
      })
      expect(found.messages.edges[hit.messageIndex].node.id).toBe("Message:twin-1-u")
    })

    it("Ids that are none are refused, or lead nowhere", async () => {
      for (const id of ["", "nonsense", ":", "Session:", ":twin-1", "11111111-1111-4111-8111-111111111101"]) {
        const [error] = await asking.errors("query ($id: ID!) { node(id: $id) { id } }", { id })
        expect([id, error?.message.startsWith("Invalid global ID format"), error?.extensions["code"]]).toEqual([id, true, "GlobalIdInvalid"])
      }
      const odd = [
        "nobody",
        "a\0b",
        "\ud800",
        "x".repeat(100_000),
        "'; DROP TABLE session_key --",
        '{"a"}',
        "}\\",
        "a:b:c",
        "::",
        "%",
        "\u2028",
        "é".repeat(300)
      ]
      const types = [...nodeTypes, "Message", "Task", "Plugin", "User", "Nonsense", "__proto__", "constructor"]
      for (const raw of odd) {
        for (const type of types)
          expect([type, raw.slice(0, 20), (await asking.ask("query ($id: ID!) { node(id: $id) { id } }", { id: `${type}:${raw}` })).node]).toEqual([
            type,
            raw.slice(0, 20),
            null
          ])
        expect(
          await asking.ask(
            "query ($id: String!) { session(id: $id) { id } message(id: $id) { id } project(id: $id) { id } repo(id: $id) { id } settings(projectId: $id) { mcpServers { id } } }",
            { id: raw }
          )
        ).toEqual({
          session: null,
          message: null,
          project: null,
          repo: null,
          settings: null
        })
        // What is asked with such a name is answered all the same.
        await asking.ask(
          `query ($id: String!) {
            sessions(filter: { _or: [{ id: { _eq: $id } }, { slug: { _in: [$id] } }, { id: { _contains: $id } }, { status: { _startsWith: $id } }] }) { totalCount }
            search(text: $id, project: $id, sessionId: $id) { totalCount }
            activity(projectId: $id, repoId: $id) { totalSessions } metrics(projectId: $id) { totalTasks } dashboardAnalytics(projectId: $id) { toolUsage { count } } teamMetrics(projectIds: [$id]) { totalSessions }
            memory { search(query: $id, projectPath: $id) { answer } }
            twin: session(id: "twin-1") { searchMessages(query: $id) { messageId } messages(filter: { _or: [{ id: { _eq: $id } }, { toolName: { _in: [$id] } }, { agentId: { _contains: $id } }] }) { totalCount } }
          }`,
          { id: raw }
        )
        // What was used by nobody is an error, not zero.
        for (const of of ["project", "sessionId"]) {
          const [error] = await asking.errors(`query ($id: String!) { usage(by: DAY, ${of}: $id) { totals { input } } }`, { id: raw })
          expect(error?.message).toMatch(of === "project" ? /there is no project/ : /there is no session|is too short/)
        }
      }
    })

    it("Ids belong to whoever owns what they name", async () => {
      const { node } = await asking.ask('{ node(id: "Session:twin-2") { id } }')
      expect(node).not.toBeNull()
      expect(
        await asking.errors(
          '{ node(id: "NativeTask:11111111-1111-4111-8111-111111111109:1") { ... on NativeTask { subject status owner messageId sessionId } } }'
        )
      ).toEqual([])
      const { node: task } = await asking.ask(
        '{ node(id: "NativeTask:11111111-1111-4111-8111-111111111109:1") { ... on NativeTask { subject status owner messageId sessionId description activeForm } } }'
      )
      expect(task).toEqual({
        subject: "Build",
        description: "d",
        activeForm: "Building",
        status: "in_progress",
        owner: "me",
        messageId: "a-09a",
        sessionId: "11111111-1111-4111-8111-111111111109"
      })
    })
  })
