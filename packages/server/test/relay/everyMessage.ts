/** A session in which every kind of message occurs, once. */
export const sessionId = "e0000000-0000-4000-8000-000000000027"
export const agentId = "a0123456789abcdef"

type Json = Readonly<Record<string, unknown>>

/** A message as a page should show it, and the lines that it is made of. */
interface Said {
  readonly type: string
  readonly line: Json
  /** Of the card, beside what is said by the line itself. */
  readonly card: Json
}

const at = (second: number) => `2026-11-20T10:00:${String(second).padStart(2, "0")}.000Z`
const uuid = (second: number) => `e0000000-0000-4000-9000-${String(second).padStart(12, "0")}`
const envelope = (second: number, cwd: string) => ({
  uuid: uuid(second),
  parentUuid: second === 1 ? null : uuid(second - 1),
  timestamp: at(second),
  sessionId,
  cwd,
  version: "2.1.330",
  gitBranch: "every",
  isSidechain: false,
  userType: "external"
})
const user = (content: unknown, more: Json = {}): Json => ({ type: "user", message: { role: "user", content }, ...more })
const picture = { type: "image", source: { type: "base64", media_type: "image/png", data: "iVBORw0KGgo=" } }
const usage = { input_tokens: 7, output_tokens: 11, cache_read_input_tokens: 13, cache_creation_input_tokens: 0 }

const plain = { sentimentAnalysis: null }
export const question = "I love this, thank you! Look at the picture"
const spawn = { description: "Look around", prompt: "Look", subagent_type: "Explore" }
const todos = [
  { content: "Look", status: "completed", activeForm: "Looking" },
  { content: "Build", status: "in_progress", activeForm: "Building" },
  { content: "Rest", status: "pending", activeForm: "Resting" }
]

/** The transcript, by second. */
const transcript: ReadonlyArray<Said> = [
  {
    type: "RegularUserMessage",
    line: user([{ type: "text", text: question }, picture], { promptSource: "typed" }),
    card: {
      content: question,
      contentBlocks: [
        { __typename: "TextBlock", type: "TEXT", text: question },
        { __typename: "ImageBlock", type: "IMAGE", mediaType: "image/png", dataUrl: "data:image/png;base64,iVBORw0KGgo=" }
      ]
    }
  },
  {
    type: "AssistantMessage",
    line: {
      type: "assistant",
      requestId: "req_every",
      message: {
        id: "msg_every",
        role: "assistant",
        model: "claude-opus-5-5",
        stop_reason: "tool_use",
        usage,
        content: [
          { type: "thinking", thinking: "h".repeat(201), signature: "sig" },
          { type: "text", text: "Looking." },
          { type: "tool_use", id: "toolu_every_agent", name: "Agent", input: spawn },
          { type: "tool_use", id: "toolu_every_write", name: "Write", input: { file_path: "/every/a.ts", content: "one\ntwo\n" } },
          { type: "tool_use", id: "toolu_every_todos", name: "TodoWrite", input: { todos } }
        ]
      }
    },
    card: {
      content: "Looking.",
      model: "claude-opus-5-5",
      stopReason: "tool_use",
      isToolOnly: false,
      hasThinking: true,
      thinkingCount: 1,
      hasToolUse: true,
      toolUseCount: 3,
      inputTokens: 7,
      outputTokens: 11,
      cachedTokens: 13
    }
  },
  {
    type: "ToolResultUserMessage",
    line: user([
      { type: "tool_result", tool_use_id: "toolu_every_agent", content: [{ type: "text", text: "r".repeat(501) }, picture] },
      { type: "tool_result", tool_use_id: "toolu_every_write", content: "no room", is_error: true }
    ]),
    card: { ...plain, toolResultCount: 2 }
  },
  {
    type: "ToolResultUserMessage",
    line: user([{ type: "tool_result", tool_use_id: "toolu_every_todos", content: "ok" }]),
    card: { ...plain, toolResultCount: 1 }
  },
  {
    type: "CommandUserMessage",
    line: user("<command-name>/review</command-name>\n<command-message>review</command-message>\n<command-args>it all</command-args>"),
    card: { ...plain, commandName: "review" }
  },
  { type: "InterruptUserMessage", line: user([{ type: "text", text: "[Request interrupted by user]" }]), card: plain },
  { type: "MetaUserMessage", line: user("Mind the gap.", { isMeta: true }), card: { ...plain, content: "Mind the gap." } },
  {
    type: "SystemMessage",
    line: { type: "system", subtype: "informational", level: "warning", content: "Careful now", isMeta: false },
    card: { content: "Careful now", isMeta: false, level: "warning", subtype: "informational" }
  },
  {
    type: "SystemMessage",
    line: { type: "system", subtype: "compact_boundary", content: "Conversation compacted", compactMetadata: { trigger: "manual", preTokens: 9000 } },
    card: { subtype: "compact_boundary" }
  },
  {
    type: "SummaryMessage",
    line: user("This session is being continued from a previous conversation. Summary: all is well.", { isCompactSummary: true }),
    card: { isCompactSummary: true, content: "This session is being continued from a previous conversation. Summary: all is well." }
  },
  {
    type: "FileHistorySnapshotMessage",
    line: {
      type: "file-history-snapshot",
      messageId: uuid(1),
      snapshot: { messageId: uuid(1), trackedFileBackups: { "a.ts": {}, "b.ts": {} }, timestamp: at(11) },
      isSnapshotUpdate: true
    },
    card: { messageId: uuid(1), fileCount: 2, isSnapshotUpdate: true, snapshotTimestamp: at(11) }
  },
  {
    type: "QueueOperationMessage",
    line: { type: "queue-operation", operation: "enqueue", content: "and then this" },
    card: { operation: "enqueue", queueSessionId: sessionId }
  }
]

const ended = {
  plugin: "biome",
  hook: "lint",
  directory: "web",
  duration_ms: 40,
  exit_code: 2,
  success: false,
  output: "3 problems",
  error: "no",
  cached: false
}
const endedCard = {
  plugin: "biome",
  hook: "lint",
  directory: "web",
  durationMs: 40,
  exitCode: 2,
  success: false,
  output: "3 problems",
  error: "no",
  cached: false
}
const called = { server: "github", tool: "create", prefixed_name: "mcp__github__create", arguments: { b: 1, a: 2 } }
const returned = { success: true, duration_ms: 9, result: "made", error: null }
const returnedCard = { success: true, durationMs: 9, output: "made", error: null }
const callCard = { server: "github", tool: "create", prefixedName: "mcp__github__create", input: '{\n  "a": 2,\n  "b": 1\n}' }

/** han's log, by second from the 20th on. */
const log: ReadonlyArray<{ readonly type: string; readonly name: string; readonly data: Json; readonly card: Json; readonly more?: Json }> = [
  {
    type: "HookRunMessage",
    name: "hook_run",
    data: { plugin: "biome", hook: "lint", hook_type: "Stop", directory: "web", cached: false },
    card: {
      plugin: "biome",
      hook: "lint",
      hookName: "lint",
      hookType: "Stop",
      directory: "web",
      cached: false,
      hookRunId: uuid(20),
      result: {
        id: `HookResult:${uuid(21)}`,
        success: false,
        result: "3 problems",
        output: "3 problems",
        error: "no",
        durationMs: 40,
        exitCode: 2,
        cached: false
      }
    }
  },
  {
    type: "HookResultMessage",
    name: "hook_result",
    data: { hook_type: "Stop", ...ended },
    card: { ...endedCard, hookName: "lint" },
    more: { hookRunId: uuid(20) }
  },
  {
    type: "HookCheckStateMessage",
    name: "hook_check_state",
    data: { hook_type: "Stop", fingerprint: "f00", hooks_count: 3 },
    card: { hookType: "Stop", fingerprint: "f00", hooksCount: 3 }
  },
  {
    type: "HookReferenceMessage",
    name: "hook_reference",
    data: { plugin: "core", file_path: "/every/rules.md", reason: "must read", success: true, duration_ms: 3 },
    card: { plugin: "core", filePath: "/every/rules.md", reason: "must read", success: true, durationMs: 3 }
  },
  { type: "HookValidationMessage", name: "hook_validation", data: { hook_type: "Stop", ...ended }, card: endedCard },
  {
    type: "HookScriptMessage",
    name: "hook_script",
    data: { plugin: "core", command: "npm test", duration_ms: 5, exit_code: 0, success: true, output: "fine" },
    card: { plugin: "core", command: "npm test", durationMs: 5, exitCode: 0, success: true, output: "fine" }
  },
  {
    type: "HookDatetimeMessage",
    name: "hook_datetime",
    data: { plugin: "core", datetime: "2026-11-20", duration_ms: 1 },
    card: { plugin: "core", datetime: "2026-11-20", durationMs: 1 }
  },
  {
    type: "HookFileChangeMessage",
    name: "hook_file_change",
    data: { session_id: sessionId, tool_name: "Edit", file_path: "/every/b.ts" },
    card: { filePath: "/every/b.ts", action: "modified", changeToolName: "Edit", recordedSessionId: sessionId }
  },
  {
    type: "HookValidationCacheMessage",
    name: "hook_validation_cache",
    data: { plugin: "biome", hook: "types", directory: "web", command_hash: "c", files: { "/every/b.ts": "b1", "/every/c.ts": "c1" } },
    card: { plugin: "biome", hook: "types", directory: "web", fileCount: 2 }
  },
  {
    type: "McpToolCallMessage",
    name: "mcp_tool_call",
    data: called,
    card: { ...callCard, serverName: "github", callId: uuid(29), result: { id: `McpToolResult:${uuid(30)}`, result: "made", ...returnedCard } }
  },
  {
    type: "McpToolResultMessage",
    name: "mcp_tool_result",
    data: { ...called, ...returned, call_id: uuid(29) },
    card: { server: "github", tool: "create", prefixedName: "mcp__github__create", callId: uuid(29), ...returnedCard }
  },
  {
    type: "ExposedToolCallMessage",
    name: "exposed_tool_call",
    data: called,
    card: { ...callCard, callId: uuid(31), result: { id: `ExposedToolResult:${uuid(32)}`, result: "made", ...returnedCard } }
  },
  {
    type: "ExposedToolResultMessage",
    name: "exposed_tool_result",
    data: { ...called, ...returned, call_id: uuid(31) },
    card: { tool: "create", prefixedName: "mcp__github__create", callId: uuid(31), ...returnedCard }
  },
  {
    type: "MemoryQueryMessage",
    name: "memory_query",
    data: { question: "who?", route: "team", result_count: 4, success: true, duration_ms: 8 },
    card: { question: "who?", route: "team", resultCount: 4, durationMs: 8 }
  },
  {
    type: "MemoryLearnMessage",
    name: "memory_learn",
    data: { content: "we test", domain: "testing", scope: "project", append: true, paths: ["a", "b"], success: true },
    card: { content: "we test", domain: "testing", scope: "project", append: true, paths: ["a", "b"] }
  },
  {
    type: "SentimentAnalysisMessage",
    name: "sentiment_analysis",
    data: {
      message_id: uuid(1),
      sentiment_score: 2.5,
      sentiment_level: "positive",
      frustration_score: 0,
      frustration_level: "low",
      signals: ["love"]
    },
    card: {
      messageId: uuid(1),
      analyzedMessageId: uuid(1),
      sentimentScore: 2.5,
      sentimentLevel: "positive",
      frustrationScore: 0,
      frustrationLevel: "low",
      signals: ["love"]
    }
  },
  {
    type: "QueueOperationMessage",
    name: "queue_operation",
    data: { operation: "dequeue", queue_name: "main", task_description: "tidy" },
    card: { operation: "dequeue", queueSessionId: sessionId }
  },
  { type: "UnknownEventMessage", name: "task_start", data: { task_id: "t1", description: "Mend it", task_type: "fix" }, card: { eventType: "task_start" } },
  {
    type: "UnknownEventMessage",
    name: "task_complete",
    data: { task_id: "t1", outcome: "success", confidence: 0.9, duration_seconds: 60, files_modified: ["a.ts"], tests_added: 2, notes: "done" },
    card: { eventType: "task_complete", messageType: "han_event" }
  },
  { type: "UnknownEventMessage", name: "task_start", data: { task_id: "t2", description: "Build it", task_type: "feature" }, card: { eventType: "task_start" } }
]

const firstOfLog = 20
const inLog = (cwd: string): ReadonlyArray<Said> =>
  log.map(({ card, data, more, name, type }, index) => ({
    type,
    card,
    line: { uuid: uuid(firstOfLog + index), sessionId, type: name, timestamp: at(firstOfLog + index), cwd, harness: "claude-code", ...more, data }
  }))

const agentLines = (cwd: string): ReadonlyArray<Said> => [
  {
    type: "RegularUserMessage",
    line: { ...envelope(50, cwd), parentUuid: null, agentId, isSidechain: true, ...user("Look") },
    card: { agentId, content: "Look" }
  }
]

const lines = (said: ReadonlyArray<Said>) => said.map(({ line }) => `${JSON.stringify(line)}\n`).join("")
const inTranscript = (cwd: string): ReadonlyArray<Said> => transcript.map((one, index) => ({ ...one, line: { ...envelope(index + 1, cwd), ...one.line } }))

/** What lies in the folder of the project, by path. */
export const files = (cwd: string): Readonly<Record<string, string>> => ({
  [`${sessionId}.jsonl`]: lines(inTranscript(cwd)),
  [`${sessionId}-han.jsonl`]: lines(inLog(cwd)),
  [`${sessionId}/subagents/agent-${agentId}.jsonl`]: lines(agentLines(cwd)),
  [`${sessionId}/subagents/agent-${agentId}.meta.json`]: JSON.stringify({
    agentType: "Explore",
    description: "Look around",
    toolUseId: "toolu_every_agent",
    model: "claude-opus-5-5"
  })
})

/** Every message of the session, the newest first, as its card should show it. */
export const cards = (cwd: string): ReadonlyArray<Json> =>
  [...inTranscript(cwd), ...inLog(cwd), ...agentLines(cwd)]
    .map(({ card, line, type }) => ({
      __typename: type,
      id: `Message:${line["uuid"]}`,
      uuid: line["uuid"],
      timestamp: line["timestamp"],
      rawJson: JSON.stringify(line),
      agentId: null,
      parentId: line["parentUuid"] == null ? null : `Message:${line["parentUuid"]}`,
      ...card
    }))
    .sort((a, b) => (String(a.timestamp) < String(b.timestamp) ? 1 : -1))
