import { describe, expect, it } from "vitest"
import { entryOf, transcriptOf } from "../../../../test/fixtureLines.ts"
import { decodeEntry } from "../../src/harness/Decode.ts"
import { fromLine, idOf, isPrompt, kindOf, type MessageKind, type MessageRole, roleOf, searchTextOf, spokenText, textOf } from "../../src/sessions/Message.ts"
import { canonicalJson, cut, strings } from "../../src/text/json.ts"

const transcript = transcriptOf("main")
const line = (record: string | object) => decodeEntry(transcript, entryOf(record))
const user = (content: unknown, more: object = {}) => ({ type: "user", uuid: "u", message: { role: "user", content }, ...more })
const assistant = (...content: ReadonlyArray<object>) => ({ type: "assistant", uuid: "a", message: { id: "m", model: "m", content } })
const call = { type: "tool_use", id: "t", name: "Bash", input: { command: "npm test\n--watch", description: "Run it" } }

describe("kind, role and text", () => {
  it.each<[string, object | string, MessageKind | null, MessageRole | null, string]>([
    ["a prompt", user("hello"), "prompt", "user", "hello"],
    [
      "a prompt beside a result",
      user([
        { type: "tool_result", tool_use_id: "t", content: "r" },
        { type: "text", text: "and this?" }
      ]),
      "prompt",
      "user",
      "r\nand this?"
    ],
    ["a notification", user("<task-notification>x", { promptSource: "system" }), "machine", "user", "x"],
    [
      "a whole notification",
      user("<task-notification>\n<task-id>b1</task-id>\n<summary>Build ended</summary>\n</task-notification>", { origin: { kind: "task-notification" } }),
      "machine",
      "user",
      "Build ended"
    ],
    [
      "a teammate's mail",
      user('Another Claude session sent a message:\n<teammate-message teammate_id="t">\nready\n</teammate-message>'),
      "machine",
      "user",
      "Another Claude session sent a message:\nready"
    ],
    ["a prompt with a reminder", user("<system-reminder>\nr\n</system-reminder>\nfix it"), "prompt", "user", "fix it"],
    ["nothing but a reminder", user("<system-reminder>\nr\n</system-reminder>"), "meta", "user", "r"],
    ["a command without words", user("<command-name>/clear</command-name>\n            <command-args></command-args>"), "command", "user", "/clear"],
    ["an error of a tool", user([{ type: "tool_result", tool_use_id: "t", content: "<tool_use_error>no</tool_use_error>" }]), "tool-result", "user", "no"],
    ["a command", user("<command-name>/greet</command-name><command-args>Bob</command-args>"), "command", "user", "/greet Bob"],
    ["a shell command", user("<bash-input>ls</bash-input>"), "command", "user", "!ls"],
    ["output", user("<local-command-stdout>x</local-command-stdout>"), "output", "user", "x"],
    ["an interruption", user("[Request interrupted by user]"), "interrupt", "user", "[Request interrupted by user]"],
    ["meta text", user("x", { isMeta: true }), "meta", "user", "x"],
    ["a compaction's summary", user("x", { isCompactSummary: true }), "compaction", "user", "x"],
    ["a summary line of a compaction", { type: "summary", summary: "x", isCompact: true }, "compaction", "user", "x"],
    ["a boundary", { type: "system", subtype: "compact_boundary", compactMetadata: { trigger: "auto" } }, "system", "system", "Conversation compacted (auto)"],
    ["a result", user([{ type: "tool_result", tool_use_id: "t", content: "r" }]), "tool-result", "user", "r"],
    ["an answer", assistant({ type: "text", text: "yes" }), "answer", "assistant", "yes"],
    ["a thought", assistant({ type: "thinking", thinking: "hmm" }), "answer", "assistant", ""],
    ["a call", assistant(call), "tool-call", "assistant", "Bash npm test"],
    ["an answer with a call", assistant({ type: "text", text: "yes" }, call), "answer", "assistant", "yes"],
    ["a legacy call", { type: "tool_use", uuid: "x", name: "Bash", input: { command: "ls" } }, "tool-call", "assistant", "Bash ls"],
    ["a legacy result", { type: "tool_result", toolUseId: "t", result: { b: 1, a: 2 } }, "tool-result", "user", '{"a":2,"b":1}'],
    ["a notice", { type: "system", subtype: "informational", content: "note" }, "system", "system", "note"],
    ["a pull request", { type: "pr-link", prNumber: 1, prUrl: "https://github.com/o/r/pull/1" }, "system", "system", "https://github.com/o/r/pull/1"],
    ["an attachment", { type: "attachment", attachment: { type: "file", filename: "/a" } }, "attachment", null, "/a"],
    ["a summary", { type: "summary", summary: "s" }, "summary", null, "s"],
    ["the queue", { type: "queue-operation", operation: "enqueue", content: "q" }, "queue", null, "q"],
    ["a title", { type: "custom-title", customTitle: "T" }, "title", null, "T"],
    ["a snapshot", { type: "file-history-delta", trackingPath: "n.txt" }, "snapshot", null, "n.txt"],
    ["progress", { type: "progress" }, "progress", null, ""],
    ["an unknown kind", { type: "novelty", words: "new" }, "unrecognized", null, "new"],
    ["a broken line", "{", "unreadable", null, "a record that breaks off or is damaged: no valid JSON"],
    ["a record behind a broken one", `{"type":"us${JSON.stringify(user("x"))}`, "prompt", "user", "x"],
    ["state", { type: "mode", mode: "normal" }, null, null, ""],
    ["a request", { type: "api-request", id: "i" }, null, null, ""],
    ["a total", { type: "cost-state", totalCostUSD: 1 }, null, null, ""]
  ])("A line has its kind, role and text: %s", (_, record, kind, role, text) => {
    const decoded = line(record)
    expect([kindOf(decoded), kind === null ? null : roleOf(kind)]).toEqual([kind, role])
    if (kind !== null) expect(textOf(decoded)).toBe(text)
  })
})

describe("who asks for something", () => {
  it.each<[string, object, boolean, string | null]>([
    ["a human", user("fix it"), true, "fix it"],
    ["a human beside blocks", user("<ide_selection>\nx\n</ide_selection>\nexplain"), true, "explain"],
    [
      "a slash command with words",
      user("<command-message>review</command-message>\n<command-name>/review</command-name>\n<command-args>PR 12</command-args>"),
      true,
      "PR 12"
    ],
    ["an older client's, too", user("/fix this", { isCommand: true, args: "this" }), true, "this"],
    ["one without words", user("<command-name>/clear</command-name><command-args></command-args>"), false, null],
    [
      "one that sets the client up",
      user("<command-name>/model</command-name>\n<command-message>model</command-message>\n<command-args>opus</command-args>"),
      false,
      null
    ],
    ["a command of the shell", user("<bash-input>ls</bash-input>"), false, null],
    ["what one printed", user("<bash-stdout>a</bash-stdout><bash-stderr></bash-stderr>"), false, null],
    ["a notice", user("<task-notification>x</task-notification>\nRead the output file to retrieve the result: /tmp/x"), false, null],
    ["a block and nothing else", user("<user-prompt-submit-hook>x</user-prompt-submit-hook>"), false, null]
  ])("A line says whether somebody asks for something: %s", (_, record, asks, said) => {
    const decoded = line(record)
    const kind = kindOf(decoded)
    expect([kind !== null && isPrompt(kind, decoded), spokenText(decoded)]).toEqual([asks, said])
  })
})

describe("ids", () => {
  it("Ids are the line's uuid", () => {
    expect(idOf(transcript, line(user("x")), entryOf(user("x")))).toBe("u")
  })

  it("Ids are a hash of session and bytes for a line without one", () => {
    const record = { type: "summary", summary: "s" }
    const id = idOf(transcript, line(record), entryOf(record))
    expect(id).toMatch(/^h[0-9a-f]{31}$/)
    expect(idOf(transcriptOf("agent"), line(record), { ...entryOf(record), line: 7, offset: 99 })).toBe(id)
    expect(idOf(transcriptOf("main", "another"), line(record), entryOf(record))).not.toBe(id)
    expect(idOf(transcript, line(record), entryOf({ type: "summary", summary: "t" }))).not.toBe(id)
  })
})

describe("messages", () => {
  it("Messages say where they stand", () => {
    const record = user("x", { timestamp: "2026-03-01T10:00:01.000Z", parentUuid: "p" })
    expect(fromLine(transcript, line(record), entryOf(record))).toMatchObject({
      id: "u",
      sessionId: transcript.sessionId,
      agentId: null,
      transcript: `test/claude-code/${transcript.sessionId}/main/1`,
      line: 0,
      kind: "prompt",
      role: "user",
      at: Date.UTC(2026, 2, 1, 10, 0, 1),
      text: "x",
      envelope: { parentUuid: "p" },
      events: [{ _tag: "Prompted" }]
    })
  })
})

describe("what can be found", () => {
  const found = (record: object) => searchTextOf(line(record))

  it("Text to be found is told apart by who said it", () => {
    expect(found(user("ask"))).toEqual({ prompt: "ask", answer: "", tool: "", other: "" })
    expect(found(assistant({ type: "thinking", thinking: "hmm" }, { type: "text", text: "yes" }, call))).toEqual({
      prompt: "",
      answer: "yes\nhmm",
      tool: "Bash\nnpm test\n--watch\nRun it",
      other: ""
    })
    expect(found(user([{ type: "tool_result", tool_use_id: "t", content: "r" }]))).toEqual({ prompt: "", answer: "", tool: "r", other: "" })
    expect(found(user("<task-notification>x", { promptSource: "system" }))?.other).toBe("<task-notification>x")
    expect(found(user("<system-reminder>\nkeep\n</system-reminder>\nask"))).toEqual({ prompt: "ask", answer: "", tool: "", other: "keep" })
    expect(found(user("<command-name>/fix</command-name><command-args>it</command-args>"))?.prompt).toBe("/fix it")
  })

  it("Text to be found is the beginning of long inputs", () => {
    const tool = found(assistant({ type: "tool_use", id: "t", name: "Write", input: { file_path: "/a", content: `${"x".repeat(3999)}🚀tail` } }))?.tool ?? ""
    expect(tool).toBe(`Write\n/a\n${"x".repeat(3999)}`)
  })

  it.each([
    { type: "mode", mode: "normal" },
    { type: "progress" },
    { type: "queue-operation", operation: "dequeue" },
    { type: "system", subtype: "turn_duration" },
    user("  ")
  ])("Nothing can be found in %j", (record) => {
    expect(found(record)).toBeNull()
  })
})

describe("canonical JSON", () => {
  it("Canonical JSON sorts keys by their bytes at every level", () => {
    expect(canonicalJson({ b: [{ z: 1, a: "é\n\u0001/" }], a: null, "\u{1f680}": 1, "\uffee": 2 })).toBe(
      '{"a":null,"b":[{"a":"é\\n\\u0001/","z":1}],"\uffee":2,"\u{1f680}":1}'
    )
  })

  it("A long text is cut between characters", () => {
    expect(cut("ab🚀", 3)).toBe("ab")
    expect(strings({ a: "one", b: ["two", { c: "three" }] }, 2, 100)).toEqual(["on", "tw", "th"])
  })
})
