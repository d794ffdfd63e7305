import * as Fs from "node:fs"
import * as Path from "node:path"
import { describe, expect, it } from "vitest"
import * as EveryMessage from "./everyMessage.ts"
import { type JsonObject, misnamed } from "./normalized.ts"
import * as Recorded from "./recorded.ts"
import type { Served } from "./serving.ts"
import { fixtures, type Workspace } from "./workspace.ts"

interface Edges<A> {
  readonly totalCount: number
  readonly edges: ReadonlyArray<{ readonly node: A; readonly cursor: string }>
}
interface SessionPage {
  readonly node: JsonObject & {
    readonly messages: Edges<JsonObject & { readonly uuid: string }>
    readonly fileChanges: Edges<JsonObject>
    readonly tasks: Edges<JsonObject>
    readonly todos: Edges<JsonObject>
    readonly hookExecutions: Edges<JsonObject>
    readonly nativeTasks: ReadonlyArray<JsonObject>
  }
}
const nodes = <A>({ edges }: Edges<A>): ReadonlyArray<A> => edges.map(({ node }) => node)
const byHand = (number: number) => `11111111-1111-4111-8111-1111111111${String(number).padStart(2, "0")}`
const hidden = ["HookResultMessage", "McpToolResultMessage", "ExposedToolResultMessage", "SentimentAnalysisMessage"]

/** What a session's page shows. */
export const sessionSuite = (served: () => Served<Workspace>) => {
  const page = async (sessionId: string) => (await served().client.query<SessionPage>("SessionPageQuery", { id: `Session:${sessionId}` })).node
  const depths = async (sessionId: string) => (await served().client.query<{ readonly session: JsonObject }>("SessionDepthsQuery", { id: sessionId })).session

  describe("a session with everything", () => {
    it("A session shows a card for each kind of message, the newest first, with results under their calls", async () => {
      const { project } = served().workspace
      const { messages } = await page(EveryMessage.sessionId)
      const expected = EveryMessage.cards(project).filter(
        ({ __typename, agentId, rawJson }) => !hidden.includes(String(__typename)) && agentId === null && !String(rawJson).includes('"type":"queue-operation"')
      )
      expect(nodes(messages)).toMatchObject(expected)
      expect([messages.totalCount, messages.edges.length]).toEqual([expected.length, expected.length])
    })

    it("A session shows each message as a page of its own, the hidden ones too", async () => {
      const cards = EveryMessage.cards(served().workspace.project)
      expect(new Set(cards.map(({ __typename }) => __typename)).size).toBe(27)
      for (const card of cards) {
        const { message } = await served().client.query<{ readonly message: JsonObject }>("MessagePageQuery", { id: card["uuid"] })
        expect(message).toMatchObject(card)
      }
    })

    it("A session shows its calls of tools, with what they answered and whom they started", async () => {
      const { messages } = await page(EveryMessage.sessionId)
      const answer = nodes(messages).find(({ __typename }) => __typename === "AssistantMessage")
      const long = "r".repeat(501)
      const result = { type: "TOOL_RESULT", toolCallId: "toolu_every_agent", content: long, isError: false, isLong: true, preview: `${long.slice(0, 500)}...` }
      expect(answer?.["contentBlocks"]).toMatchObject([
        { type: "THINKING", thinking: "h".repeat(201), preview: `${"h".repeat(200)}...`, signature: "sig" },
        { type: "TEXT", text: "Looking." },
        {
          type: "TOOL_USE",
          name: "Agent",
          category: "TASK",
          icon: "git-branch",
          displayName: "Spawn Agent",
          color: "#06b6d4",
          sessionId: EveryMessage.sessionId,
          agentTaskId: EveryMessage.agentId,
          agentTask: { id: `AgentTask:${EveryMessage.sessionId}:${EveryMessage.agentId}` },
          result: { ...result, hasImage: true }
        },
        {
          type: "TOOL_USE",
          name: "Write",
          category: "FILE",
          input: '{\n  "content": "one\\ntwo\\n",\n  "file_path": "/every/a.ts"\n}',
          agentTaskId: null,
          result: { content: "no room", isError: true, isLong: false, preview: "no room", hasImage: false }
        },
        { type: "TOOL_USE", name: "TodoWrite", result: { content: "ok" } }
      ])
    })

    it("A session adds up to its tasks, to-dos, changes and hooks", async () => {
      const { project } = served().workspace
      const session = await page(EveryMessage.sessionId)
      expect(session).toMatchObject({
        id: `Session:${project}:${EveryMessage.sessionId}`,
        sessionId: EveryMessage.sessionId,
        name: EveryMessage.question,
        projectPath: project,
        gitBranch: "every",
        startedAt: "2026-11-20T10:00:01.000Z",
        updatedAt: "2026-11-20T10:00:50.000Z",
        date: "2026-11-20",
        duration: 49,
        messageCount: 8,
        // A slash command with words asks for something, too.
        turnCount: 2,
        compactionCount: 1,
        fileChangeCount: 1,
        agentTaskIds: [EveryMessage.agentId],
        todoCounts: { total: 3, pending: 1, inProgress: 1, completed: 1 },
        currentTodo: { content: "Build" },
        currentTask: { description: "Build it" },
        activeTasks: { totalCount: 1, edges: [{ node: { description: "Build it" } }] },
        hookStats: { totalHooks: 2, passedHooks: 0, failedHooks: 2, totalDurationMs: 80, passRate: 0, byHookType: [{ hookType: "Stop", total: 2, passed: 0 }] },
        project: { path: project }
      })
      expect(nodes(session.todos)).toMatchObject([
        { content: "Look", status: "completed", activeForm: "Looking" },
        { content: "Build", status: "in_progress", activeForm: "Building" },
        { content: "Rest", status: "pending", activeForm: "Resting" }
      ])
      expect(nodes(session.tasks)).toMatchObject([
        {
          taskId: "t1",
          description: "Mend it",
          taskType: "fix",
          type: "FIX",
          status: "COMPLETED",
          outcome: "success",
          confidence: 0.9,
          notes: "done",
          filesModified: ["a.ts"],
          testsAdded: 2,
          startedAt: "2026-11-20T10:00:37.000Z",
          completedAt: "2026-11-20T10:00:38.000Z",
          durationSeconds: 60
        },
        { taskId: "t2", type: "IMPLEMENTATION", status: "ACTIVE", completedAt: null }
      ])
      // The tool's own change failed; the hook saw another, which passed its check since.
      expect(nodes(session.fileChanges)).toMatchObject([
        { filePath: "/every/b.ts", action: "modified", toolName: "Edit", isValidated: true, fileHashAfter: "b1", validations: [{ hookName: "types" }] }
      ])
      const ended = { hookType: "Stop", hookName: "lint", hookSource: "biome", directory: "web", durationMs: 40, exitCode: 2, passed: false, status: "failed" }
      expect(nodes(session.hookExecutions)).toMatchObject([ended, ended])
    })

    it("A session tells more of itself to those who ask", async () => {
      const session = await depths(EveryMessage.sessionId)
      expect(session).toMatchObject({
        title: null,
        firstPrompt: EveryMessage.question,
        model: "claude-opus-5-5",
        toolCallCount: 3,
        toolErrorCount: 1,
        usage: { input: 7, output: 11, cacheRead: 13, cacheWrite5m: 0, cacheWrite1h: 0, responses: 1 },
        link: null,
        forkOf: null,
        subagents: [{ agentId: EveryMessage.agentId, type: "Explore", description: "Look around", toolCallId: "toolu_every_agent", messageCount: 1 }],
        compactions: [{ trigger: "manual", tokensBefore: 9000, summary: expect.stringContaining("all is well") }]
      })
      const queued = nodes(session["messages"] as Edges<JsonObject>).filter(({ __typename }) => __typename === "QueueOperationMessage")
      expect(queued.map(({ content }) => content)).toEqual(["tidy"])
      expect(session).toMatchObject({ agentId: null, agentOf: null })
      const [subagent] = session["subagents"] as ReadonlyArray<JsonObject>
      const conversation = subagent?.["session"] as JsonObject
      expect(conversation).toMatchObject({ sessionId: EveryMessage.agentId, agentId: EveryMessage.agentId, agentOf: { sessionId: EveryMessage.sessionId } })
      expect(nodes(conversation["messages"] as Edges<JsonObject>)).toHaveLength(1)
    })
  })

  describe("recorded sessions", () => {
    it("Recorded sessions show what their files say", async () => {
      const { client, workspace } = served()
      const files = Recorded.recorded(workspace.projects)
      const { sessions } = await client.query<{ readonly sessions: Edges<JsonObject & { readonly sessionId: string }> }>("SessionListPageQuery", { first: 500 })
      expect(sessions.totalCount).toBe(files.size)
      expect(new Set(nodes(sessions).map(({ sessionId }) => sessionId))).toEqual(new Set(files.keys()))
      const ofClient = nodes(sessions).filter(({ projectPath }) => projectPath === "/home/dev/project")
      expect(ofClient.length).toBeGreaterThan(30)
      for (const session of ofClient) {
        const file = files.get(session.sessionId)
        if (file === undefined) throw new Error(session.sessionId)
        const last = (name: string) => file.main.findLast((line) => typeof line[name] === "string")?.[name]
        const times = Recorded.instants(Recorded.all(file))
        expect(session).toMatchObject({
          id: `Session:/home/dev/project:${session.sessionId}`,
          messageCount: file.main.filter(isConversation).length,
          gitBranch: last("gitBranch"),
          version: last("version"),
          startedAt: times[0],
          updatedAt: times.at(-1),
          sourceConfigDir: workspace.config,
          projectSlug: "-home-dev-project"
        })
      }
    })

    it("Recorded sessions cost what the client says, as far as it asked for nothing behind the scenes", async () => {
      const files = Recorded.recorded(served().workspace.projects)
      for (const name of ["01-basic", "02-streaming", "03-tool-errors", "07-large-output", "12-mcp", "13-tasks", "14-hook-tool-decisions"]) {
        const [path] = Fs.readdirSync(Path.join(fixtures, "claude-code", name, "config/projects/-home-dev-project")).filter((path) => path.endsWith(".jsonl"))
        const sessionId = Path.basename(path ?? "", ".jsonl")
        const said = files.get(sessionId)?.main.findLast(({ type }) => type === "cost-state") ?? {}
        const [model] = Object.values(said["modelUsage"] as Record<string, Record<string, number>>)
        const { usage } = await depths(sessionId)
        expect((usage as JsonObject)["costUsd"], name).toBeCloseTo(said["totalCostUSD"] as number, 9)
        expect(usage).toMatchObject({ input: model?.["inputTokens"], output: model?.["outputTokens"], cacheRead: model?.["cacheReadInputTokens"] })
      }
    })

    it("Recorded sessions show the subagents that they started", async () => {
      const folder = Path.join(fixtures, "claude-code/04-subagents/config/projects/-home-dev-project/6f98be24-c350-4312-9c8d-ea91b7333a1d/subagents")
      const session = await depths("6f98be24-c350-4312-9c8d-ea91b7333a1d")
      const told = Fs.readdirSync(folder).filter((name) => name.endsWith(".meta.json"))
      const subagents = session["subagents"] as ReadonlyArray<JsonObject>
      expect(subagents.length).toBe(told.length)
      for (const name of told) {
        const { agentType, description, toolUseId, ...meta } = JSON.parse(Fs.readFileSync(Path.join(folder, name), "utf8"))
        const agentId = name.slice("agent-".length, -".meta.json".length)
        const agent = { agentId, description, name: meta.name ?? null, model: meta.model }
        expect(subagents).toContainEqual(
          expect.objectContaining({ ...agent, type: agentType, toolCallId: toolUseId, parentAgentId: meta.parentAgentId ?? null })
        )
        const conversations = [session, ...subagents.map((one) => one["session"] as JsonObject)]
        const blocks = conversations
          .flatMap((one) => nodes(one["messages"] as Edges<JsonObject>))
          .flatMap(({ contentBlocks }) => (contentBlocks as ReadonlyArray<JsonObject> | undefined) ?? [])
        expect(blocks.find(({ toolCallId }) => toolCallId === toolUseId)).toMatchObject({ agentTaskId: agentId, agentTask: { ...agent, agentType } })
      }
    })

    it("Recorded sessions show that they were forked and compacted", async () => {
      const root = "11111111-1111-4111-8111-111111111111"
      for (const [fork, from, kind] of [
        ["da328736-2a00-4ee4-8965-f372232844c8", root, "fork"],
        ["5d54a007-21b3-4103-87cb-24585608a41c", root, "branch"],
        ["22222222-2222-4222-8222-222222222222", "da328736-2a00-4ee4-8965-f372232844c8", "fork"]
      ]) {
        expect(await depths(fork ?? "")).toMatchObject({ link: { kind, sessionId: from, session: { sessionId: from } } })
      }
      const { compactions } = await depths("5b701211-d820-4a2b-a533-715b28c0132f")
      expect(compactions).toContainEqual(expect.objectContaining({ trigger: "manual", tokensBefore: 2773, tokensAfter: 2680, durationMs: 111 }))
      expect(compactions).toContainEqual(expect.objectContaining({ trigger: "auto", tokensBefore: 115_165, tokensAfter: 18_867, durationMs: 88 }))
    })

    it("Recorded sessions show their task lists", async () => {
      const sessionId = "e191ec92-a00d-4d93-a729-fbdc4058ffa4"
      const file = Recorded.recorded(served().workspace.projects).get(sessionId)
      const created = Recorded.toolCalls(file?.main ?? []).filter(({ input, name }) => name === "TaskCreate" && input["subject"] !== "forbidden task")
      const { nativeTasks } = await page(sessionId)
      expect(created.length).toBe(1)
      expect(nativeTasks.map(({ description, subject }) => ({ subject, description }))).toEqual(
        created.map(({ input }) => ({ subject: input["subject"], description: input["description"] }))
      )
    })
  })

  describe("sessions written by hand", () => {
    it("Sessions written by hand have moods as they were measured", async () => {
      const { expected }: { readonly expected: { readonly release: { readonly rows: { readonly messages: ReadonlyArray<JsonObject> } } } } = JSON.parse(
        Fs.readFileSync(Path.join(fixtures, "indexing/F10-sentiment.json"), "utf8")
      )
      const found = new Map(nodes((await page(byHand(10))).messages).map((message) => [message.uuid, message["sentimentAnalysis"] as JsonObject | null]))
      const measured = expected.release.rows.messages.filter(({ sentiment_score }) => sentiment_score !== null)
      expect(measured.length).toBe(9)
      for (const row of measured) {
        const mood = found.get(String(row["id"]))
        expect(mood?.["id"]).toBe(`SentimentAnalysis:${row["id"]}`)
        expect(mood?.["sentimentScore"]).toBeCloseTo(row["sentiment_score"] as number, 9)
        expect(mood?.["sentimentLevel"]).toBe(row["sentiment_level"])
        // Short words and numbers are no frustration.
        const level = ["u-10e", "u-10i", "u-10j"].includes(String(row["id"])) ? null : row["frustration_level"]
        expect(mood?.["frustrationLevel"], String(row["id"])).toBe(level)
      }
      expect(found.get("u-10g")).toBe(null)
    })

    it("Sessions written by hand show the blocks, to-dos, tasks and hooks of F02, F08, F09 and F12", async () => {
      const blocks = await page(byHand(2))
      expect(nodes(blocks.messages)[0]).toMatchObject({ isToolOnly: false, thinkingCount: 1, toolUseCount: 4, inputTokens: 5, outputTokens: 100 })
      expect(nodes(blocks.fileChanges).map(({ action, filePath }) => [filePath, action])).toEqual([
        ["/fx/none/b.ts", "created"],
        ["/fx/none/a.ts", "modified"]
      ])
      expect(await page(byHand(8))).toMatchObject({
        todoCounts: { total: 1, completed: 1 },
        todos: { edges: [{ node: { content: "Écrire", status: "completed" } }] }
      })
      expect((await page(byHand(9))).nativeTasks).toMatchObject([
        { subject: "Build", status: "in_progress", owner: "me", description: "d", activeForm: "Building", messageId: "a-09a" },
        { subject: "Test", status: "completed", blockedBy: ["1"], blocks: ["3"] },
        { subject: "Build", status: "completed", owner: null }
      ])
      expect(await page(byHand(12))).toMatchObject({
        tasks: { edges: [{ node: { taskId: "t1", status: "COMPLETED", confidence: 0.9, filesModified: ["a"], testsAdded: 2 } }] },
        hookExecutions: { edges: [{}, { node: { hookName: "lint", passed: true, durationMs: 12, exitCode: 0, output: "ok" } }, {}] }
      })
    })
  })

  it("A search finds words in a session, by ids that its messages have", async () => {
    const { client } = served()
    const { node } = await client.query<{ readonly node: { readonly searchMessages: ReadonlyArray<JsonObject> } }>("SessionMessagesSearchQuery", {
      id: `Session:${EveryMessage.sessionId}`,
      query: "picture",
      limit: 5
    })
    const shown = EveryMessage.cards(served().workspace.project).find(({ content }) => content === EveryMessage.question)
    expect(node.searchMessages).toMatchObject([{ messageId: shown?.["id"], preview: expect.stringContaining("picture") }])
  })

  it("The API keeps everything apart: what the store has is what the answers said", () => {
    const { client } = served()
    expect(client.warnings).toEqual([])
    expect(client.differences()).toEqual([])
    expect(client.records().size).toBeGreaterThan(100)
    expect(misnamed(client.records())).toEqual([])
  })
}

/** What `Session.messageCount` counts: what was asked, answered, called and returned. */
const isConversation = ({ attachment, subtype, type }: JsonObject): boolean =>
  type === "user" ||
  type === "assistant" ||
  (type === "system" && subtype === "local_command") ||
  (type === "attachment" && (attachment as JsonObject)["type"] === "queued_command")
