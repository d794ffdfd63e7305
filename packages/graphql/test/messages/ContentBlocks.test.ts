import { AgentId } from "han-core/Entry"
import { Agent } from "han-core/Session"
import { describe, expect, it } from "vitest"
import { assistant, transcriptOf, user } from "../../../../test/fixtureLines.ts"
import { toolResultBlockOf } from "../../src/messages/ContentBlocks.ts"
import { previewOf } from "../../src/relay/preview.ts"
import { ask, shown, tellOne } from "../messageSchema.ts"

const { sessionId } = transcriptOf("main")
const blocksOf = async (record: string | object) => (await tellOne(shown(record)))["contentBlocks"]
const call = { type: "tool_use", id: "t", name: "Bash", input: { command: "ls", args: { z: [], a: {}, list: [1, "x", null] } } }

describe("blocks", () => {
  it("Blocks come in their order, each as what it is; unknown kinds are left out", async () => {
    expect(
      await blocksOf(
        assistant([
          { type: "thinking", thinking: "hmm", signature: "s" },
          { type: "text", text: "yes" },
          { type: "server_tool_use", id: "x", name: "web_search" },
          "bare",
          { type: "text", text: 7 },
          null,
          { type: "image", source: { type: "base64", media_type: "image/gif", data: "R0lG" } }
        ])
      )
    ).toEqual([
      { __typename: "ThinkingBlock", type: "THINKING", thinking: "hmm", length: 3, preview: "hmm", signature: "s" },
      { __typename: "TextBlock", type: "TEXT", text: "yes", length: 3 },
      { __typename: "TextBlock", type: "TEXT", text: "bare", length: 4 },
      { __typename: "ImageBlock", type: "IMAGE", mediaType: "image/gif", dataUrl: "data:image/gif;base64,R0lG" }
    ])
  })

  it("Blocks are one text for a line whose content is one", async () => {
    expect(await blocksOf(user("hello"))).toEqual([{ __typename: "TextBlock", type: "TEXT", text: "hello", length: 5 }])
    expect(await blocksOf({ type: "summary", summary: "s" })).toEqual([{ __typename: "TextBlock", type: "TEXT", text: "s", length: 1 }])
    expect(await blocksOf({ type: "user", content: [{ type: "text", text: "at the root" }] })).toEqual([
      { __typename: "TextBlock", type: "TEXT", text: "at the root", length: 11 }
    ])
    expect(await blocksOf(user(""))).toEqual([])
  })

  it("Blocks show a command as it was typed, whichever way it is written down", async () => {
    const text = "<command-name>/greet</command-name><command-args>Bob</command-args>"
    for (const content of [text, [{ type: "text", text }]])
      expect(await blocksOf(user(content))).toEqual([{ __typename: "TextBlock", type: "TEXT", text: "/greet Bob", length: 10 }])
  })

  it("Blocks show what was typed while the model was busy", async () => {
    const picture = { type: "image", source: { type: "url", url: "https://example.org/a.JPG?b" } }
    const queued = (prompt: unknown) => ({ type: "attachment", uuid: "q", attachment: { type: "queued_command", prompt, commandMode: "prompt" } })
    expect(await blocksOf(queued("and this"))).toEqual([{ __typename: "TextBlock", type: "TEXT", text: "and this", length: 8 }])
    expect(await blocksOf(queued([{ type: "text", text: "and this" }, picture]))).toEqual([
      { __typename: "TextBlock", type: "TEXT", text: "and this", length: 8 },
      { __typename: "ImageBlock", type: "IMAGE", mediaType: "image/jpeg", dataUrl: "https://example.org/a.JPG?b" }
    ])
  })

  it.each([
    [{ type: "base64", data: "AA" }, "image/png", "data:image/png;base64,AA"],
    [{ type: "url", url: "https://example.org/a" }, "image/*", "https://example.org/a"],
    [{ type: "url", url: "data:image/webp;base64,AA" }, "image/webp", "data:image/webp;base64,AA"]
  ])("Blocks show a picture of %o", async (source, mediaType, dataUrl) => {
    expect(await blocksOf(user([{ type: "image", source }]))).toMatchObject([{ mediaType, dataUrl }])
  })

  it("Blocks leave out a picture that is nowhere", async () => {
    expect(await blocksOf(user([{ type: "image", source: { type: "file", file_id: "f" } }, { type: "image" }]))).toEqual([])
  })

  it("Blocks of a damaged line are those of its events", async () => {
    const record = JSON.stringify(assistant([{ type: "thinking", thinking: "hmm" }, { type: "text", text: "yes" }, call]))
    expect(await blocksOf(`\0\0${record}`)).toMatchObject([
      { type: "THINKING", thinking: "hmm", signature: null },
      { type: "TEXT", text: "yes" },
      { type: "TOOL_USE", toolCallId: "t" }
    ])
    const both = user([
      { type: "tool_result", tool_use_id: "t", content: "r" },
      { type: "text", text: "and?" }
    ])
    expect(await blocksOf(`{"type":"us${JSON.stringify(both)}`)).toMatchObject([
      { type: "TOOL_RESULT", content: "r" },
      { type: "TEXT", text: "and?" }
    ])
  })

  it("Blocks of older lines show the call or the result that the line is", async () => {
    expect(await blocksOf({ type: "tool_use", uuid: "x", name: "Bash", input: { command: "ls" } })).toMatchObject([
      { type: "TOOL_USE", toolCallId: "x", name: "Bash", input: '{\n  "command": "ls"\n}' }
    ])
    expect(await blocksOf({ type: "tool_result", toolUseId: "t", result: { b: 1 }, is_error: true })).toMatchObject([
      { type: "TOOL_RESULT", toolCallId: "t", content: '{"b":1}', isError: true }
    ])
  })
})

describe("a call", () => {
  it("A call says what the tool was given", async () => {
    expect(await blocksOf(assistant([call]))).toEqual([
      {
        __typename: "ToolUseBlock",
        type: "TOOL_USE",
        toolCallId: "t",
        name: "Bash",
        input: `{
  "args": {
    "a": {},
    "list": [
      1,
      "x",
      null
    ],
    "z": []
  },
  "command": "ls"
}`,
        inputLength: 115,
        durationMs: null,
        category: "SHELL",
        icon: "terminal",
        displayName: "Run Command",
        color: "#f97316",
        sessionId,
        agentTaskId: null,
        result: null,
        agentTask: null
      }
    ])
  })

  it("A call without id, name and input is the one that the journal knows", async () => {
    expect(await blocksOf(assistant(["x", { type: "tool_use" }]))).toMatchObject([{}, { toolCallId: "a:1", name: "unknown", input: "{}", category: "OTHER" }])
  })

  it("A call has its result, once there is one", async () => {
    const result = { text: "out", isError: true, hasImage: false, denied: false, at: null, durationMs: null, structured: null }
    const told = await tellOne(shown(assistant([call])), { results: new Map([["t", result]]) })
    expect(told["contentBlocks"]).toMatchObject([
      {
        result: {
          __typename: "ToolResultBlock",
          type: "TOOL_RESULT",
          toolCallId: "t",
          content: "out",
          isError: true,
          isLong: false,
          preview: "out",
          hasImage: false
        }
      }
    ])
    expect(toolResultBlockOf("t", result)).toEqual({ type: "TOOL_RESULT", toolCallId: "t", content: "out", isError: true, hasImage: false })
  })

  const agent = (id: string, toolUseId: string, session = sessionId) =>
    new Agent({
      id: AgentId.make(id),
      sessionId: session,
      type: "reviewer",
      description: "Check a file",
      name: null,
      model: "m",
      parentAgentId: null,
      toolUseId,
      spawnDepth: 1,
      messages: 3,
      startedAt: 0,
      updatedAt: null
    })

  it("A call knows the subagent that it started", async () => {
    const calls = assistant(["Agent", "Task", "Bash", "Agent"].map((name, index) => ({ type: "tool_use", id: `t${index}`, name, input: {} })))
    const agents = [agent("a0", "t0"), agent("a1", "t1"), agent("a2", "t2"), agent("elsewhere", "t3", transcriptOf("main", "another").sessionId)]
    const blocks = (await tellOne(shown(calls), { agents }))["contentBlocks"]
    expect(blocks).toMatchObject([{ agentTaskId: "a0" }, { agentTaskId: "a1" }, { agentTaskId: null, agentTask: null }, { agentTaskId: null, agentTask: null }])
    expect(blocks).toMatchObject([
      {
        agentTask: {
          id: `AgentTask:${sessionId}:a0`,
          agentId: "a0",
          agentType: "reviewer",
          description: "Check a file",
          name: null,
          model: "m",
          messageCount: 3,
          startedAt: "1970-01-01T00:00:00.000Z",
          updatedAt: null
        }
      },
      {},
      {},
      {}
    ])
  })
})

describe("a result", () => {
  const result = (content: unknown, more: object = {}) => user([{ type: "tool_result", tool_use_id: "t", content, ...more }])

  it.each([
    ["text", "r", "r", false],
    [
      "parts",
      [{ type: "text", text: "a" }, { type: "image", source: {} }, { type: "tool_reference", tool_name: "Grep" }, "b", { type: "x" }, 7],
      "a\nGrep\nb",
      true
    ],
    ["nothing", undefined, "", false],
    ["what it should not", { a: 1 }, "", false]
  ])("A result shows its text and whether it has an image: %s", async (_, content, text, hasImage) => {
    expect(await blocksOf(result(content))).toMatchObject([{ toolCallId: "t", content: text, isError: false, hasImage }])
  })

  it("A result says whether it is an error, and one of no call is text", async () => {
    expect(await blocksOf(result("r", { is_error: true }))).toMatchObject([{ isError: true }])
    expect(await blocksOf(result("r", { is_error: "true" }))).toMatchObject([{ isError: false }])
    expect(await blocksOf(user([{ type: "tool_result", content: "r" }]))).toEqual([{ __typename: "TextBlock", type: "TEXT", text: "r", length: 1 }])
  })

  it("A result is long when its preview does not show all", async () => {
    expect(await blocksOf(result("x".repeat(500)))).toMatchObject([{ isLong: false, preview: "x".repeat(500) }])
    expect(await blocksOf(result("x".repeat(501)))).toMatchObject([{ isLong: true, preview: `${"x".repeat(500)}...` }])
  })
})

describe("previews", () => {
  const family = "👨‍👩‍👧‍👦"
  it.each([
    ["a surrogate pair", "aaa😀", 4, "aaa..."],
    ["a letter with its mark", "aae\u0301b", 3, "aa..."],
    ["a letter with many marks", `aa${`e${"\u0301".repeat(300)}`}`, 200, "aa..."],
    ["a family", `aa${family}b`, 8, "aa..."],
    ["a flag", "🇩🇪🇫🇷🇮🇹", 6, "🇩🇪..."],
    ["a line's end", "aa\r\nb", 3, "aa..."],
    ["a syllable", "aa\u1100\u1161\u11a8b", 3, "aa..."],
    ["nothing", "aabb", 2, "aa..."],
    ["nothing at all", "aa", 2, "aa"],
    ["half a pair that stands alone", "aa\ud800\ud800b", 3, "aa\ud800..."]
  ])("A preview ends at the right place: %s", (_, text, length, preview) => {
    expect(previewOf(text, length)).toBe(preview)
  })

  it("Previews of thoughts have 200 characters", async () => {
    const thinking = `${"x".repeat(199)}😀y`
    expect(await blocksOf(assistant([{ type: "thinking", thinking }]))).toMatchObject([{ thinking, preview: `${"x".repeat(199)}...` }])
  })
})

describe("tools", () => {
  const agentColor = "#06b6d4"
  it.each([
    ["Read", "FILE", "file-text", "Read File", "#3b82f6"],
    ["Write", "FILE", "file-plus", "Write File", "#22c55e"],
    ["Edit", "FILE", "file-edit", "Edit File", "#eab308"],
    ["NotebookEdit", "FILE", "book-open", "Edit Notebook", "#eab308"],
    ["Glob", "SEARCH", "search", "Find Files", "#8b5cf6"],
    ["Grep", "SEARCH", "search-code", "Search Code", "#8b5cf6"],
    ["Bash", "SHELL", "terminal", "Run Command", "#f97316"],
    ["Task", "TASK", "git-branch", "Spawn Agent", agentColor],
    ["Agent", "TASK", "git-branch", "Spawn Agent", agentColor],
    ["TodoWrite", "TASK", "check-square", "TodoWrite", agentColor],
    ["TaskCreate", "TASK", "check-square", "TaskCreate", agentColor],
    ["TaskUpdate", "TASK", "check-square", "TaskUpdate", agentColor],
    ["TaskList", "TASK", "check-square", "TaskList", agentColor],
    ["TaskGet", "TASK", "check-square", "TaskGet", agentColor],
    ["WebFetch", "WEB", "globe", "Fetch URL", "#ec4899"],
    ["WebSearch", "SEARCH", "search", "Web Search", "#ec4899"],
    ["mcp__github__create_issue", "MCP", "plug", "mcp__github__create_issue", "#a855f7"],
    ["constructor", "OTHER", "tool", "constructor", "#6b7280"],
    ["Skill", "OTHER", "tool", "Skill", "#6b7280"]
  ])("The tool %s looks as it should", async (name, category, icon, displayName, color) => {
    expect(await blocksOf(assistant([{ ...call, name }]))).toMatchObject([{ name, category, icon, displayName, color }])
  })
})

it("lone surrogates do not leave the API", async () => {
  const line = shown(
    JSON.stringify(
      assistant([
        { type: "text", text: "a\ud800b" },
        { ...call, id: "t\udc00" }
      ])
    )
  )
  const { data, errors } = await ask(
    "{ messages { ... on AssistantMessage { content contentBlocks { ... on TextBlock { text } ... on ToolUseBlock { toolCallId } } } } }",
    [line]
  )
  expect(errors).toBeUndefined()
  expect(JSON.parse(JSON.stringify(data))).toEqual({
    messages: [{ content: "a\ufffdb", contentBlocks: [{ text: "a\ufffdb" }, { toolCallId: "t\ufffd" }] }]
  })
})
