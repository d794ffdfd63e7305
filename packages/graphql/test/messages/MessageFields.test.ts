import { describe, expect, it } from "vitest"
import { assistant, indexingCase, scenario, user } from "../../../../test/fixtureLines.ts"
import { type Answer, lineOf, logged, shown, tell, tellOne } from "../messageSchema.ts"

const told = async (record: string | object) => tellOne(shown(record))
const ofCase = async (name: string): Promise<ReadonlyMap<string, Answer>> => {
  const lines = indexingCase(name).flatMap(({ entries, transcript }) => entries.flatMap((entry) => lineOf(transcript, entry) ?? []))
  return new Map((await tell(lines)).map((message) => [String(message["uuid"]), message]))
}

describe("every message", () => {
  it("Every message says who, when and after what", async () => {
    const record = user("Hello WORLD", { parentUuid: "p", timestamp: "2026-03-01T12:00:01+02:00" })
    const line = shown(record, "agent")
    expect(await tellOne(line)).toMatchObject({
      id: "Message:u",
      uuid: "u",
      timestamp: "2026-03-01T10:00:01.000Z",
      rawJson: JSON.stringify(record),
      agentId: "a1b2c3d4",
      parentId: "Message:p",
      searchText: "hello world user"
    })
    expect(await told(record)).toMatchObject({ agentId: null })
    expect(await told(user("x"))).toMatchObject({ parentId: null })
  })

  it.each([
    ["no time at all", {}, "1970-01-01T00:00:00.000Z"],
    ["nonsense", { timestamp: "2026-99-99T10:00:00" }, "1970-01-01T00:00:00.000Z"],
    ["milliseconds", { timestamp: 1_772_359_201_000 }, "2026-03-01T10:00:01.000Z"],
    ["seconds", { timestamp: 1_772_359_201 }, "2026-03-01T10:00:01.000Z"],
    ["more than a date can hold", { timestamp: 1e300 }, "1970-01-01T00:00:00.000Z"]
  ])("A message has a timestamp, whatever its line states: %s", async (_, more, timestamp) => {
    expect(await told(user("x", more))).toMatchObject({ timestamp })
  })

  it("Every message can be looked for by its words, its type and its tools", async () => {
    const call = { type: "tool_use", id: "t", name: "Bash", input: { command: "LS" } }
    expect(await told(assistant([{ type: "text", text: "Yes" }, call]))).toMatchObject({ searchText: "yes assistant bash" })
    expect(await told(assistant([call]))).toMatchObject({ searchText: "bash ls assistant bash" })
    expect(await tellOne(logged("task_start", { task_id: "T1" }))).toMatchObject({ searchText: 'task start {"task_id":"t1"} han_event task_start' })
    expect(await told(user(`${"x".repeat(9999)}😀`))).toMatchObject({ searchText: `${"x".repeat(9999)} user` })
  })

  it("A line that is no JSON is told as a message, too", async () => {
    expect(await told("gar\0bage")).toMatchObject({
      __typename: "UnknownEventMessage",
      rawJson: "gar\0bage",
      eventType: null,
      messageType: "unknown",
      content: "no JSON"
    })
  })
})

describe("user messages", () => {
  it("User messages carry how their writer sounds, when somebody wrote them", async () => {
    const angry = "This is terrible and I hate it"
    const { sentimentAnalysis } = await told(user(angry))
    expect(sentimentAnalysis).toMatchObject({
      __typename: "SentimentAnalysis",
      id: "SentimentAnalysis:u",
      sentimentLevel: "negative",
      signals: ["negative wording"]
    })
    for (const record of [
      user("   "),
      user(angry, { isMeta: true }),
      user(angry, { isCompactSummary: true }),
      user(angry, { promptSource: "system" }),
      user(angry, { isInterrupt: true }),
      user(`<command-name>/x</command-name><command-args>${angry}</command-args>`),
      user([{ type: "tool_result", tool_use_id: "t", content: angry }])
    ])
      expect((await told(record))["sentimentAnalysis"] ?? null).toBeNull()
  })

  it("User messages sound as the person does, not as the tool whose result stands beside", async () => {
    const content = [
      { type: "tool_result", tool_use_id: "t", content: "terrible awful horrible" },
      { type: "text", text: "I love it" }
    ]
    expect(await told(user(content))).toMatchObject({ sentimentAnalysis: { sentimentLevel: "positive" } })
  })

  it("User messages agree with the table of F10", async () => {
    const found = await ofCase("F10-sentiment")
    const levels = [...found].map(([uuid, { sentimentAnalysis }]) => [uuid, Object(sentimentAnalysis ?? {}).sentimentLevel ?? null])
    expect(Object.fromEntries(levels)).toMatchObject({ "u-10a": "negative", "u-10f": "positive", "u-10g": null, "u-10h": null, "u-10k": null })
    expect(found.get("u-10l")).toMatchObject({ sentimentAnalysis: { frustrationScore: null, frustrationLevel: null } })
  })

  it.each([
    ["a slash command", "<command-name>/greet</command-name><command-args>Bob</command-args>", {}, "greet", "/greet Bob"],
    ["a namespace", "<command-message>sub:deep</command-message>\n<command-name>/sub:deep</command-name>", {}, "sub:deep", "/sub:deep"],
    ["a shell command", "<bash-input>ls -la</bash-input>", {}, "!ls -la", "!ls -la"],
    ["an older line", "/clear all", { isCommand: true }, "clear", "/clear all"],
    ["an older line that names it", "cleared", { isCommand: true, command: "/clear" }, "clear", "cleared"],
    ["an older meta line", "/clear now", { isCommand: true, isMeta: true }, "clear", "/clear now"],
    ["no name", "<command-name></command-name>", {}, null, "/"]
  ])("User messages name their command: %s", async (_, text, more, commandName, content) => {
    expect(await told(user(text, more))).toMatchObject({ __typename: "CommandUserMessage", commandName, content, sentimentAnalysis: null })
  })

  it("User messages count their results", async () => {
    const results = ["a", "b"].map((id) => ({ type: "tool_result", tool_use_id: id, content: id }))
    expect(await told(user(results))).toMatchObject({ __typename: "ToolResultUserMessage", toolResultCount: 2, content: "a\nb" })
  })
})

describe("answers", () => {
  it("Answers of a real transcript have their model, tokens and blocks", async () => {
    const [transcript] = scenario("01-basic")
    const lines = transcript?.entries.flatMap((entry) => lineOf(transcript.transcript, entry) ?? []) ?? []
    const answers = (await tell(lines)).filter((message) => message["__typename"] === "AssistantMessage")
    const tokens = { model: "claude-opus-5-5", stopReason: "tool_use", inputTokens: 4, outputTokens: 28, cachedTokens: 2801 }
    expect(answers.slice(0, 3)).toMatchObject([
      { ...tokens, content: "Let me look at the file first.", isToolOnly: false, hasThinking: true, thinkingCount: 1, hasToolUse: false, toolUseCount: 0 },
      { ...tokens, content: "I will read the file.", isToolOnly: false, hasThinking: false, thinkingCount: 0, hasToolUse: false, toolUseCount: 0 },
      {
        ...tokens,
        content: "Read /home/dev/project/a.txt",
        isToolOnly: true,
        hasThinking: false,
        hasToolUse: true,
        toolUseCount: 1,
        contentBlocks: [{ name: "Read", input: '{\n  "file_path": "/home/dev/project/a.txt"\n}' }]
      }
    ])
  })

  it("Answers of the client itself have no model", async () => {
    const record = assistant([{ type: "text", text: "API Error" }], { model: "<synthetic>", stop_reason: "stop_sequence" }, { isApiErrorMessage: true })
    expect(await told(record)).toMatchObject({ model: null, stopReason: "stop_sequence", inputTokens: null, outputTokens: null, cachedTokens: null })
  })

  it("Answers without an id say what they took on the line", async () => {
    const usage = { input_tokens: 5_000_000_000, output_tokens: 2.5, cache_read_input_tokens: "7" }
    const took = { inputTokens: 5_000_000_000, outputTokens: 2, cachedTokens: 7 }
    expect(await told({ type: "assistant", message: { content: "x", usage } })).toMatchObject(took)
    expect(await told({ type: "assistant", content: "x", usage })).toMatchObject(took)
  })

  it("Answers are calls only, when nothing else is said", async () => {
    const call = { type: "tool_use", id: "t", name: "Bash", input: {} }
    const isToolOnly = async (...blocks: ReadonlyArray<object>) => (await told(assistant(blocks)))["isToolOnly"]
    expect(await isToolOnly(call, call)).toBe(true)
    expect(await isToolOnly({ type: "text", text: "\n" }, call)).toBe(true)
    expect(await isToolOnly({ type: "text", text: "so" }, call)).toBe(false)
    expect(await isToolOnly({ type: "thinking", thinking: "so" }, call)).toBe(false)
    expect(await isToolOnly({ type: "text", text: "so" })).toBe(false)
  })
})

describe("lines beside the conversation", () => {
  it("A compaction's summary is told from a conversation's", async () => {
    expect(await told(user("x", { isCompactSummary: true }))).toMatchObject({ content: "x", isCompactSummary: true })
    expect(await told({ type: "summary", summary: "s", leafUuid: "l" })).toMatchObject({ content: "s", isCompactSummary: false })
  })

  it("System lines are notices of a kind and a level", async () => {
    expect(await told({ type: "system", subtype: "informational", content: "x", level: "warning", isMeta: true })).toMatchObject({
      content: "x",
      isMeta: true,
      level: "warning",
      subtype: "informational"
    })
    const boundary = { type: "system", subtype: "compact_boundary", level: "info", compactMetadata: { trigger: "auto" } }
    expect(await told(boundary)).toMatchObject({ content: "Conversation compacted (auto)", isMeta: false, level: "info", subtype: "compact_boundary" })
    expect(await told({ type: "system" })).toMatchObject({ content: null, level: null, subtype: null })
    expect(await told({ type: "pr-link", prNumber: 1, prUrl: "https://github.com/o/r/pull/1" })).toMatchObject({ subtype: "pr-link", level: null })
  })

  it("Snapshot lines keep copies of files", async () => {
    const timestamp = "2026-03-01T10:00:01Z"
    const snapshot = { messageId: "m", trackedFileBackups: { "/a": {}, "/b": {} }, timestamp }
    expect(await told({ type: "file-history-snapshot", messageId: "m", snapshot, isSnapshotUpdate: true })).toMatchObject({
      timestamp: "2026-03-01T10:00:01.000Z",
      messageId: "m",
      fileCount: 2,
      isSnapshotUpdate: true,
      snapshotTimestamp: "2026-03-01T10:00:01.000Z"
    })
    expect(await told({ type: "file-history-delta", messageId: "m", trackingPath: "/a", timestamp })).toMatchObject({
      fileCount: 1,
      isSnapshotUpdate: true,
      snapshotTimestamp: "2026-03-01T10:00:01.000Z"
    })
    expect(await told({ type: "file-history-snapshot" })).toMatchObject({ messageId: null, fileCount: 0, isSnapshotUpdate: false, snapshotTimestamp: null })
  })

  it("Queue lines change the queue", async () => {
    const line = { type: "queue-operation", operation: "enqueue", content: "later", sessionId: "s", timestamp: "2026-03-01T10:00:01Z" }
    expect(await told(line)).toMatchObject({ operation: "enqueue", queueSessionId: "s", content: "later" })
    expect(await told({ type: "queue-operation", operation: "dequeue" })).toMatchObject({
      operation: "dequeue",
      queueSessionId: "11111111-1111-4111-8111-111111111111",
      content: null
    })
    const queued = logged("queue_operation", { operation: "complete", queue_name: "q", task_description: "Build it" })
    expect(await tellOne(queued)).toMatchObject({ operation: "complete", queueSessionId: "11111111-1111-4111-8111-111111111111", content: "Build it" })
  })

  it("A line has a name even when there is no type for it", async () => {
    expect(await tellOne(logged("task_start", { task_id: "t" }))).toMatchObject({ eventType: "task_start", messageType: "han_event" })
    expect(await told({ type: "attachment", attachment: { type: "file", filename: "/a" } })).toMatchObject({
      eventType: "attachment/file",
      messageType: "attachment",
      content: "/a"
    })
    expect(await told({ type: "custom-title", customTitle: "T" })).toMatchObject({ eventType: "custom-title", messageType: "unknown", content: "T" })
    expect(await told({ type: "progress" })).toMatchObject({ eventType: "progress", messageType: "progress", content: null })
  })
})
