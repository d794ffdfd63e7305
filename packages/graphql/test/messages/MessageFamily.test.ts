import { readFileSync } from "node:fs"
import { fileURLToPath } from "node:url"
import { buildSchema, findBreakingChanges } from "graphql"
import type { MessageLine } from "han-core/Messages"
import { describe, expect, it, vi } from "vitest"
import { assistant, indexingCase, scenario, scenarios, transcriptOf, user } from "../../../../test/fixtureLines.ts"
import { messageTypes } from "../../src/messages/MessageFamily.ts"
import { type Answer, ask, contextOf, lineOf, logged, schema, shown, tell, tellOne, wholeDocument } from "../messageSchema.ts"

const linesOf = (transcripts: ReturnType<typeof scenario>): ReadonlyArray<MessageLine> =>
  transcripts.flatMap(({ entries, transcript }) => entries.flatMap((entry) => lineOf(transcript, entry) ?? []))

const cases = [
  "F01-basic",
  "F02-blocks",
  "F04-tool-results",
  "F05-summary-compact",
  "F06-other-kinds",
  "F07-malformed",
  "F10-sentiment",
  "F12-han-events",
  "F15-legacy-tools"
]

/** Every object with an `id` in an answer: its type and id. */
const identities = (value: unknown): ReadonlyArray<readonly [string, string]> => {
  if (Array.isArray(value)) return value.flatMap(identities)
  if (typeof value !== "object" || value === null) return []
  const { id, __typename: type } = { id: null, __typename: "", ...value }
  return [...(typeof id === "string" ? [[String(type), id] as const] : []), ...Object.values(value).flatMap(identities)]
}
const typeNames = (told: ReadonlyArray<Answer>): ReadonlyArray<unknown> => told.map((message) => message["__typename"])

describe("every line", () => {
  it.each(scenarios)("Every line of %s has all its fields", async (name) => {
    const lines = linesOf(scenario(name))
    expect(lines.length).toBeGreaterThan(0)
    const told = await tell(lines)
    for (const [index, { message, raw }] of lines.entries()) {
      expect(told[index]).toMatchObject({ id: `Message:${message.id}`, uuid: message.id, rawJson: raw, agentId: message.agentId })
      expect(told[index]?.["timestamp"]).toMatch(/^\d{4}-\d\d-\d\dT\d\d:\d\d:\d\d\.\d{3}Z$/)
    }
  })

  it.each(cases)("Every line of %s has all its fields", async (name) => {
    expect((await tell(linesOf(indexingCase(name)))).length).toBeGreaterThan(0)
  })

  it("Every line is parsed once at most, whatever is asked of it", async () => {
    const lines = linesOf(scenario("01-basic"))
    const context = contextOf({ lines })
    const parse = vi.spyOn(JSON, "parse")
    try {
      const { errors } = await ask(wholeDocument, lines, {}, context)
      expect(errors).toBeUndefined()
      expect(parse.mock.calls.length).toBeLessThanOrEqual(lines.length)
      await ask(wholeDocument, lines, {}, context)
      expect(parse.mock.calls.length).toBeLessThanOrEqual(lines.length)
    } finally {
      parse.mockRestore()
    }
  })
})

const text = { type: "text", text: "x" }
const result = { type: "tool_result", tool_use_id: "t", content: "r" }
const call = { type: "tool_use", id: "t", name: "Bash", input: {} }

describe("the type of a line", () => {
  it.each<[string, string, MessageLine]>([
    ["RegularUserMessage", "a prompt", shown(user("hello"))],
    ["RegularUserMessage", "a prompt beside a result", shown(user([result, text]))],
    ["RegularUserMessage", "a notification", shown(user("<task-notification>x"))],
    ["RegularUserMessage", "a queued prompt", shown({ type: "attachment", attachment: { type: "queued_command", prompt: "x" } })],
    ["RegularUserMessage", "a prompt about flags", shown(user('{"isInterrupt":true,"isCommand":true}'))],
    ["RegularUserMessage", "a flag that is not set", shown(user("x", { isInterrupt: "true" }))],
    ["CommandUserMessage", "a slash command", shown(user("<command-name>/clear</command-name>"))],
    ["CommandUserMessage", "a shell command", shown(user("<bash-input>ls -la</bash-input>"))],
    ["CommandUserMessage", "an older line's flag", shown(user("/clear", { isCommand: true }))],
    ["CommandUserMessage", "an older line's flag on a meta line", shown(user("/clear", { isMeta: true, isCommand: true }))],
    ["InterruptUserMessage", "an interruption", shown(user([{ type: "text", text: "[Request interrupted by user for tool use]" }]))],
    ["InterruptUserMessage", "an older line's flag", shown(user("stop", { isInterrupt: true }))],
    ["MetaUserMessage", "text of the client", shown(user("Summary: x", { isMeta: true }))],
    ["MetaUserMessage", "output of a command", shown(user("<local-command-stdout>x</local-command-stdout>"))],
    ["MetaUserMessage", "output of a command, on a system line", shown({ type: "system", subtype: "local_command", content: "x" })],
    ["ToolResultUserMessage", "results", shown(user([result, result]))],
    ["ToolResultUserMessage", "an older line's result", shown({ type: "tool_result", toolUseId: "t", result: "r" })],
    ["SummaryMessage", "a compaction's summary", shown(user("x", { isCompactSummary: true }))],
    ["SummaryMessage", "an older one", shown(user("This session is being continued from a previous conversation that ran out"))],
    ["SummaryMessage", "a conversation's summary", shown({ type: "summary", summary: "s", leafUuid: "l" })],
    ["AssistantMessage", "an answer", shown(assistant([text]))],
    ["AssistantMessage", "a call", shown(assistant([call]))],
    ["AssistantMessage", "an older line's call", shown({ type: "tool_use", name: "Bash", input: {} })],
    ["SystemMessage", "a notice", shown({ type: "system", subtype: "informational", content: "x" })],
    ["SystemMessage", "a boundary", shown({ type: "system", subtype: "compact_boundary", compactMetadata: { trigger: "auto" } })],
    ["SystemMessage", "a pull request", shown({ type: "pr-link", prNumber: 1, prUrl: "https://github.com/o/r/pull/1" })],
    ["FileHistorySnapshotMessage", "a snapshot", shown({ type: "file-history-snapshot", snapshot: {} })],
    ["FileHistorySnapshotMessage", "a part of one", shown({ type: "file-history-delta", trackingPath: "a" })],
    ["QueueOperationMessage", "the client's queue", shown({ type: "queue-operation", operation: "enqueue", content: "x" })],
    ["QueueOperationMessage", "han's queue", logged("queue_operation", { operation: "enqueue" })],
    ["HookRunMessage", "hook_run", logged("hook_run", {})],
    ["HookResultMessage", "hook_result", logged("hook_result", {})],
    ["HookCheckStateMessage", "hook_check_state", logged("hook_check_state")],
    ["HookReferenceMessage", "hook_reference", logged("hook_reference", null)],
    ["HookValidationMessage", "hook_validation", logged("hook_validation", [])],
    ["HookScriptMessage", "hook_script", logged("hook_script", "x")],
    ["HookDatetimeMessage", "hook_datetime", logged("hook_datetime", {})],
    ["HookFileChangeMessage", "hook_file_change", logged("hook_file_change", {})],
    ["HookValidationCacheMessage", "hook_validation_cache", logged("hook_validation_cache", {})],
    ["McpToolCallMessage", "mcp_tool_call", logged("mcp_tool_call", {})],
    ["McpToolResultMessage", "mcp_tool_result", logged("mcp_tool_result", {})],
    ["ExposedToolCallMessage", "exposed_tool_call", logged("exposed_tool_call", {})],
    ["ExposedToolResultMessage", "exposed_tool_result", logged("exposed_tool_result", {})],
    ["MemoryQueryMessage", "memory_query", logged("memory_query", {})],
    ["MemoryLearnMessage", "memory_learn", logged("memory_learn", {})],
    ["SentimentAnalysisMessage", "sentiment_analysis", logged("sentiment_analysis", {})],
    ["UnknownEventMessage", "another event of han", logged("task_start", {})],
    ["UnknownEventMessage", "tokens of a bridge", logged("token_usage", { input_tokens: 1 })],
    ["UnknownEventMessage", "an attachment", shown({ type: "attachment", attachment: { type: "file", filename: "/a" } })],
    ["UnknownEventMessage", "a title", shown({ type: "custom-title", customTitle: "x" })],
    ["UnknownEventMessage", "progress", shown({ type: "progress" })],
    ["UnknownEventMessage", "an unknown kind", shown({ type: "novelty" })],
    ["UnknownEventMessage", "a kind of another log", shown({ type: "hook_run", data: {} })],
    ["UnknownEventMessage", "no JSON", shown("garbage")]
  ])("A line is told as %s: %s", async (type, _, line) => {
    expect((await tellOne(line))["__typename"]).toBe(type)
  })

  it("The type of a line is one of 27, each of which some line has", async () => {
    const messages = messageTypes.filter((type) => type.getInterfaces().some(({ name }) => name === "Message"))
    expect(messages).toHaveLength(27)
    const events = [
      "hook_check_state",
      "hook_reference",
      "hook_validation",
      "hook_script",
      "hook_datetime",
      "hook_file_change",
      "mcp_tool_result",
      "exposed_tool_call",
      "exposed_tool_result",
      "memory_query",
      "sentiment_analysis"
    ].map((name) => logged(name, {}))
    const real = [...scenarios.flatMap((name) => linesOf(scenario(name))), ...cases.flatMap((name) => linesOf(indexingCase(name)))]
    expect(new Set(typeNames(await tell([...real, ...events])))).toEqual(new Set(messages.map(({ name }) => name)))
  })

  it("The type of a line is known through the narrower interface too", async () => {
    const { data, errors } = await ask("{ user { __typename __isUserMessage: __typename content } }", [shown(user("hello"))])
    expect(errors).toBeUndefined()
    expect(data).toEqual({ user: { __typename: "RegularUserMessage", __isUserMessage: "RegularUserMessage", content: "hello" } })
  })
})

describe("real transcripts", () => {
  const typesOf = async (name: string, session: string) =>
    typeNames(await tell(linesOf(scenario(name).filter(({ path }) => path.includes(session))))).filter((type) => type !== "UnknownEventMessage")

  it("The messages of a real compaction have their types", async () => {
    expect((await typesOf("06-compact", "5b701211")).slice(0, 15)).toMatchInlineSnapshot(`
      [
        "QueueOperationMessage",
        "QueueOperationMessage",
        "RegularUserMessage",
        "AssistantMessage",
        "ToolResultUserMessage",
        "AssistantMessage",
        "SystemMessage",
        "QueueOperationMessage",
        "QueueOperationMessage",
        "SystemMessage",
        "SummaryMessage",
        "MetaUserMessage",
        "CommandUserMessage",
        "MetaUserMessage",
        "QueueOperationMessage",
      ]
    `)
  })

  it("The messages of real slash commands have their types", async () => {
    expect((await typesOf("10-slash-commands", "f67e1b79")).slice(0, 15)).toMatchInlineSnapshot(`
      [
        "QueueOperationMessage",
        "QueueOperationMessage",
        "CommandUserMessage",
        "MetaUserMessage",
        "AssistantMessage",
        "SystemMessage",
        "QueueOperationMessage",
        "QueueOperationMessage",
        "CommandUserMessage",
        "MetaUserMessage",
        "AssistantMessage",
        "SystemMessage",
        "QueueOperationMessage",
        "QueueOperationMessage",
        "CommandUserMessage",
      ]
    `)
  })
})

describe("ids", () => {
  it("Ids are never those of another object", async () => {
    const lines = [
      ...scenarios.filter((name) => !name.includes("fork")).flatMap((name) => linesOf(scenario(name))),
      ...["run", "mcp", "exposed"].flatMap((id) => {
        const name = id === "run" ? "hook_run" : `${id}_tool_call`
        const reply = id === "run" ? "hook_result" : `${id}_tool_result`
        return [logged(name, {}, { uuid: id }), logged(reply, { call_id: id }, { uuid: `${id}-end` })]
      })
    ]
    const found = identities(await tell(lines))
    expect(found.filter(([, id]) => id.endsWith("-end"))).toEqual(
      expect.arrayContaining([
        ["HookResult", "HookResult:run-end"],
        ["McpToolResult", "McpToolResult:mcp-end"],
        ["ExposedToolResult", "ExposedToolResult:exposed-end"],
        ["HookResultMessage", "Message:run-end"]
      ])
    )
    expect(found.some(([type]) => type === "SentimentAnalysis")).toBe(true)
    const types = new Map<string, string>()
    for (const [type, id] of found) expect([id, types.set(id, types.get(id) ?? type).get(id)]).toEqual([id, type])
  })

  it("Ids of lines without a uuid are the same on every reading", async () => {
    const { sessionId } = transcriptOf("main")
    const snapshot = { type: "file-history-snapshot", snapshot: { timestamp: "2026-03-01T10:00:01.000Z" }, sessionId }
    const first = await tellOne(shown(snapshot))
    expect(first["id"]).toMatch(/^Message:h[0-9a-f]{31}$/)
    expect((await tellOne(shown(snapshot)))["id"]).toBe(first["id"])
  })
})

describe("the schema", () => {
  it("The schema holds the contract that clients were built for", () => {
    const contract = new URL("../../../../fixtures/contract/schema.graphql", import.meta.url)
    const family = new Set(Object.keys(schema.getTypeMap()).filter((name) => name !== "Query"))
    const published = buildSchema(readFileSync(fileURLToPath(contract), "utf8"))
    const broken = findBreakingChanges(published, schema).filter(({ description }) =>
      family.has(/^(?:Field |Enum value |Argument )?(\w+)/.exec(description)?.[1] ?? "")
    )
    expect(broken).toEqual([])
    const lacking = Object.keys(published.getTypeMap()).filter((name) => /(?:Message|Block|BlockType|ToolCategory|AgentTask)$/.test(name) && !family.has(name))
    expect(lacking).toEqual([])
  })
})
