import DataLoader from "dataloader"
import type { SessionId } from "han-core/Entry"
import type { MessageLine } from "han-core/Messages"
import { describe, expect, it } from "vitest"
import { indexingCase } from "../../../../test/fixtureLines.ts"
import { type Answer, ask, contextOf, lineOf, logged, tell, tellOne } from "../messageSchema.ts"

const told = (type: string, data?: unknown, more: object = {}) => tellOne(logged(type, data, more))
const fields = async (line: Promise<Answer>, ...names: ReadonlyArray<string>) => {
  const answer = await line
  return Object.fromEntries(names.map((name) => [name, answer[name]]))
}
const ended = { plugin: "biome", hook: "lint", directory: ".", success: true, duration_ms: 12, exit_code: 0, output: "ok", error: "", cached: false }

describe("hooks", () => {
  it("Hooks of F12 are joined to their results, as far as these are there", async () => {
    const lines = indexingCase("F12-han-events").flatMap(({ entries, transcript }) => entries.flatMap((entry) => lineOf(transcript, entry) ?? []))
    const found = new Map((await tell(lines)).map((message) => [message["uuid"], message]))
    const nothing = { success: null, result: null, output: null, error: null, durationMs: null, exitCode: null, cached: null }
    expect(found.get("e1")).toMatchObject({
      __typename: "HookRunMessage",
      id: "Message:e1",
      timestamp: "2026-03-01T10:00:02.000Z",
      parentId: null,
      hook: "lint",
      hookName: "lint",
      plugin: "biome",
      hookType: "Stop",
      directory: ".",
      hookRunId: "e1",
      cached: false,
      result: { ...nothing, __typename: "HookResult", id: "HookResult:e2", success: true, result: "ok", output: "ok", durationMs: 12, exitCode: 0 }
    })
    expect(found.get("e2")).toMatchObject({ __typename: "HookResultMessage", id: "Message:e2", hook: "lint", output: "ok", rawJson: lines[2]?.raw })
    expect(found.get("e3")).toMatchObject({ hook: null, plugin: null, success: null, output: null })
    expect(found.get("e6")).toMatchObject({ __typename: "HookValidationCacheMessage", hook: "lint", plugin: "biome", directory: ".", fileCount: 2 })
    expect(found.get("e7")).toMatchObject({ __typename: "MemoryLearnMessage", content: null, scope: null, domain: null, append: null, paths: null })
    expect(found.get("legacy8")).toMatchObject({ __typename: "McpToolCallMessage", agentId: null, tool: "t", callId: "legacy8", input: "{}", result: null })
    expect(found.get("e9")).toMatchObject({ __typename: "HookRunMessage", timestamp: "1970-01-01T00:00:00.000Z", hook: null, result: null })
  })

  it("Hooks run under the id that their results name", async () => {
    const lines = [logged("hook_run", { hook_run_id: "r" }), logged("hook_result", ended, { uuid: "end", hookRunId: "r" })]
    expect((await tell(lines))[0]).toMatchObject({ hookRunId: "r", result: { id: "HookResult:end", success: true } })
  })

  it("Hooks end with a result", async () => {
    const names = ["hook", "hookName", "plugin", "directory", "success", "durationMs", "exitCode", "output", "error", "cached"]
    expect(await fields(told("hook_result", ended), ...names)).toEqual({
      hook: "lint",
      hookName: "lint",
      plugin: "biome",
      directory: ".",
      success: true,
      durationMs: 12,
      exitCode: 0,
      output: "ok",
      error: "",
      cached: false
    })
    expect(await told("hook_validation", { ...ended, success: undefined, exit_code: 2 })).toMatchObject({ success: false, exitCode: 2, hook: "lint" })
  })

  it("Hooks say nothing where the log has another kind of value", async () => {
    const odd = { plugin: 1, hook: {}, directory: [], success: "yes", duration_ms: "12", exit_code: null, output: false, error: 0, cached: 1 }
    const names = ["hook", "hookName", "plugin", "directory", "success", "durationMs", "exitCode", "output", "error", "cached"]
    expect(Object.values(await fields(told("hook_result", odd), ...names))).toEqual(names.map(() => null))
  })

  it.each<[string, object, object]>([
    ["hook_check_state", { hook_type: "Stop", hooks_count: 3, fingerprint: "f" }, { hookType: "Stop", hooksCount: 3, fingerprint: "f" }],
    [
      "hook_reference",
      { plugin: "p", file_path: "/a", reason: "must read", success: false, duration_ms: 1.4 },
      { plugin: "p", filePath: "/a", reason: "must read", success: false, durationMs: 1 }
    ],
    [
      "hook_script",
      { plugin: "p", command: "npm test", duration_ms: 5_000_000_000, exit_code: 1, output: "no" },
      { plugin: "p", command: "npm test", durationMs: 5_000_000_000, exitCode: 1, output: "no", success: false }
    ],
    ["hook_datetime", { plugin: "p", datetime: "2026-03-01", duration_ms: 0 }, { plugin: "p", datetime: "2026-03-01", durationMs: 0 }],
    [
      "hook_file_change",
      { session_id: "s", tool_name: "Write", file_path: "/a" },
      { filePath: "/a", action: "created", changeToolName: "Write", recordedSessionId: "s" }
    ],
    ["hook_file_change", { tool_name: "Edit", file_path: "/a" }, { action: "modified", recordedSessionId: null }],
    ["hook_file_change", { action: "deleted", file_path: "/a" }, { action: "deleted", changeToolName: null }],
    ["hook_file_change", {}, { filePath: null, action: null }],
    ["hook_validation_cache", { files: ["/a", "/b"] }, { fileCount: 2 }],
    ["hook_validation_cache", { file_count: 4 }, { fileCount: 4 }],
    ["hook_validation_cache", {}, { fileCount: null }]
  ])("A hook line %s with the data %o shows its fields", async (type, data, answer) => {
    expect(await told(type, data)).toMatchObject(answer)
  })
})

describe("tools", () => {
  const call = { server: "s", tool: "t", prefixed_name: "mcp__s__t", arguments: { b: 1, a: [2] } }

  it.each([
    ["mcp", "McpToolResult"],
    ["exposed", "ExposedToolResult"]
  ])("Tools of kind %s are called and answer", async (kind, resultType) => {
    const answer = { ...call, call_id: "c", success: true, duration_ms: 7, result: "out", error: null }
    const lines: ReadonlyArray<MessageLine> = [logged(`${kind}_tool_call`, call, { uuid: "c" }), logged(`${kind}_tool_result`, answer, { uuid: "end" })]
    const told = await tell(lines)
    expect(told[0]).toMatchObject({
      tool: "t",
      server: "s",
      ...(kind === "mcp" && { serverName: "s" }),
      callId: "c",
      prefixedName: "mcp__s__t",
      input: '{\n  "a": [\n    2\n  ],\n  "b": 1\n}',
      result: { __typename: resultType, id: `${resultType}:end`, success: true, result: "out", output: "out", error: null, durationMs: 7 }
    })
    expect(told[1]).toMatchObject({ tool: "t", prefixedName: "mcp__s__t", callId: "c", success: true, durationMs: 7, output: "out", error: null })
  })

  it("Tools are asked for under the id that they were called with", async () => {
    const lines = [logged("mcp_tool_call", { call_id: "own" }), logged("mcp_tool_result", { call_id: "own", output: "out" }, { uuid: "end" })]
    expect((await tell(lines))[0]).toMatchObject({ callId: "own", input: null, result: { id: "McpToolResult:end", output: "out" } })
  })

  it("Tools have no result in themselves", async () => {
    const line = logged("mcp_tool_call", { call_id: "own" })
    const reply = new DataLoader<{ readonly sessionId: SessionId; readonly id: string }, MessageLine | null, string>(async (asked) => asked.map(() => line), {
      cacheKeyFn: ({ id }) => id
    })
    const { data, errors } = await ask(
      "{ messages { ... on McpToolCallMessage { result { id } } } }",
      [line],
      {},
      { loaders: { ...contextOf({}).loaders, reply } }
    )
    expect([errors, data]).toEqual([undefined, { messages: [{ result: null }] }])
  })

  it("Tools belong to the server that their long name names, when nothing else does", async () => {
    expect(await told("mcp_tool_call", { tool: "mcp__git_hub__create__issue" })).toMatchObject({
      server: "git_hub",
      prefixedName: "mcp__git_hub__create__issue"
    })
    expect(await told("mcp_tool_call", { tool: "t", server_name: "a", server: "b" })).toMatchObject({ server: "a", serverName: "a", prefixedName: null })
    expect(await told("exposed_tool_call", { tool: "t" })).toMatchObject({ server: null })
  })

  it.each([
    ["text", { output: "o", result: "r" }, "o"],
    [
      "parts",
      {
        result: [
          { type: "text", text: "a" },
          { type: "text", text: "b" }
        ]
      },
      "a\nb"
    ],
    ["an answer of the protocol", { result: { content: [{ type: "text", text: "a" }] } }, "a"],
    ["another value", { result: { b: 1, a: false } }, '{\n  "a": false,\n  "b": 1\n}'],
    ["a bare value", { result: false }, "false"],
    ["nothing", {}, null]
  ])("Tools answer with %s", async (_, data, output) => {
    expect(await told("mcp_tool_result", data)).toMatchObject({ output, callId: null })
  })
})

describe("memory", () => {
  it.each<[string, object, object]>([
    ["memory_query", { question: "q", route: "team", result_count: 2, duration_ms: 5 }, { question: "q", route: "team", resultCount: 2, durationMs: 5 }],
    ["memory_query", { query: "q", results: [1, 2, 3] }, { question: "q", route: null, resultCount: 3 }],
    [
      "memory_learn",
      { content: "c", domain: "d", scope: "project", append: true, paths: ["a", 1, "b"] },
      { content: "c", domain: "d", scope: "project", append: true, paths: ["a", "b"] }
    ],
    ["memory_learn", { domain: "d" }, { scope: "d", domain: "d" }],
    ["memory_learn", { scope: "user", paths: "a" }, { scope: "user", domain: "user", paths: null }],
    [
      "sentiment_analysis",
      { message_id: "m", sentiment_score: -2.5, sentiment_level: "negative", frustration_score: 3, frustration_level: "moderate", signals: ["caps"] },
      {
        analyzedMessageId: "m",
        messageId: "m",
        sentimentScore: -2.5,
        sentimentLevel: "negative",
        frustrationScore: 3,
        frustrationLevel: "moderate",
        signals: ["caps"]
      }
    ],
    ["sentiment_analysis", { message_id: "m", sentiment_score: "bad" }, { sentimentScore: null, frustrationScore: null, signals: null }]
  ])("A memory line %s with the data %o shows its fields", async (type, data, answer) => {
    expect(await told(type, data)).toMatchObject(answer)
  })
})
