import { describe, expect, it } from "vitest"
import { indexingCase, only } from "../../../../../test/fixtureLines.ts"
import { decode } from "../../../src/harness/claude/ClaudeCode.ts"

const linesOf = (name: string) => indexingCase(name).flatMap(({ entries, transcript }) => entries.map((entry) => decode(transcript, entry)))

describe("hand-written cases", () => {
  it("F01: parent, directory, model and request are known", () => {
    const [asked, answered] = linesOf("F01-basic")
    expect(asked?.envelope).toMatchObject({
      uuid: "u-01",
      parentUuid: null,
      cwd: "/fx/proj-alpha",
      slug: "calm-blue-fox",
      version: "2.1.0",
      at: Date.UTC(2026, 2, 1, 10, 0, 1)
    })
    expect(asked?.events).toEqual([{ _tag: "Prompted", origin: "human", text: "Please add tests", images: 0, permissionMode: null }])
    expect(answered?.envelope.parentUuid).toBe("u-01")
    expect(answered?.events[0]).toMatchObject({ model: "m", requestId: "req_1", messageId: "msg_1", text: "Sure, adding them." })
    expect(answered?.events[1]).toMatchObject({ _tag: "ResponseMetered", input: 10, output: 25, cacheRead: 300, cacheWrite5m: 40, cacheWrite1h: 0 })
  })

  it("F02: every block counts, and a call without an id gets the same one each time", () => {
    const [line] = linesOf("F02-blocks")
    const events = line?.events ?? []
    expect(only(events, "Answered")).toMatchObject([{ text: "Editing", thinking: "Plan it", model: null }])
    expect(only(events, "ToolCalled").map(({ name, toolUseId }) => [name, toolUseId])).toEqual([
      ["Edit", "toolu_E"],
      ["Write", "toolu_W"],
      ["Read", "toolu_R"],
      ["Bash", "a-02:5"]
    ])
    expect(only(events, "FileChanged")).toEqual([
      { _tag: "FileChanged", path: "/fx/none/a.ts", action: "modified", toolName: "Edit", toolUseId: "toolu_E", linesAdded: 2, linesRemoved: 0 },
      { _tag: "FileChanged", path: "/fx/none/b.ts", action: "created", toolName: "Write", toolUseId: "toolu_W", linesAdded: 2, linesRemoved: 0 }
    ])
    expect(only(events, "ResponseMetered")).toMatchObject([{ input: 5, output: 100, model: "unknown" }])
  })

  it("F03: each line of a response repeats its ids and its usage", () => {
    const lines = linesOf("F03-split-usage")
    expect(lines.map(({ events }) => events.map(({ _tag }) => _tag))).toEqual([
      ["Answered", "ResponseMetered"],
      ["Answered", "ResponseMetered"],
      ["Answered", "ResponseMetered"],
      ["Answered"]
    ])
    expect(
      lines
        .flatMap(({ events }) => only(events, "ResponseMetered"))
        .every((metered) => metered.messageId === "msg_3" && metered.requestId === "r" && metered.output === 50)
    ).toBe(true)
  })

  it("F04: each call has a result, and the human's words stand apart from them", () => {
    const [results, mixed] = linesOf("F04-tool-results")
    const none = { denied: false, structured: null, changed: null, task: null }
    expect(results?.events).toEqual([
      { _tag: "ToolReturned", toolUseId: "toolu_1", text: "plain", isError: false, hasImage: false, ...none },
      { _tag: "ToolReturned", toolUseId: "toolu_2", text: "l1\nl2", isError: true, hasImage: true, ...none },
      { _tag: "MetaAdded", text: "no id", sourceToolUseId: null }
    ])
    expect(mixed?.events.map(({ _tag }) => _tag)).toEqual(["ToolReturned", "Prompted"])
    expect(only(mixed?.events ?? [], "Prompted")).toMatchObject([{ text: "and this?" }])
  })

  it("F05: summaries and every compaction are read", () => {
    const lines = linesOf("F05-summary-compact")
    expect(lines.map(({ events }) => events)).toMatchObject([
      [{ _tag: "Summarized", text: "Orphan summary", leafUuid: "elsewhere" }],
      [{ _tag: "Summarized", text: "Known leaf", leafUuid: "u-05a" }],
      [{ _tag: "Prompted" }],
      [
        { _tag: "Compacted", trigger: "unknown" },
        { _tag: "CompactionSummarized", text: "Compacted" }
      ],
      [{ _tag: "CompactionSummarized" }],
      [{ _tag: "Compacted", trigger: "auto", preTokens: 150_000, postTokens: null, durationMs: null, summaryUuid: null }]
    ])
    expect(lines[0]?.envelope.at).toBeNull()
  })

  it("F06: the other kinds keep their type, their words and their time", () => {
    const lines = linesOf("F06-other-kinds")
    expect(lines.map(({ envelope, events }) => [envelope.type, events[0]])).toMatchObject([
      ["file-history-snapshot", { _tag: "FilesSnapshotted", messageId: "m-1", paths: [], isUpdate: false }],
      ["progress", { _tag: "Progressed", parentToolUseId: "toolu_P" }],
      ["system/turn_duration", { _tag: "SystemNoted", subtype: "turn_duration", text: "note" }],
      ["queue-operation", { _tag: "QueueChanged", operation: "enqueue", text: "queued prompt" }],
      ["custom-title", { _tag: "Titled", by: "user", title: "My title" }],
      ["attachment/queued_command", { _tag: "Prompted", origin: "queued", text: "also do X" }],
      ["", { _tag: "Unrecognized", type: "" }]
    ])
    expect(lines[0]?.envelope.at).toBe(Date.UTC(2026, 2, 1, 10, 0, 1))
    expect(lines[4]?.envelope.at).toBeNull()
  })

  it("F07: broken and blank lines say what is wrong with them", () => {
    const lines = linesOf("F07-malformed")
    expect(lines.map(({ events }) => events.map(({ _tag }) => _tag).join())).toEqual([
      "Prompted",
      "Unreadable",
      "Unreadable",
      "Prompted",
      "Prompted",
      "Prompted"
    ])
    expect(
      only(
        lines.flatMap(({ events }) => events),
        "Unreadable"
      ).map(({ reason }) => reason)
    ).toEqual(["a record that breaks off or is damaged: no valid JSON", "an empty line"])
    expect(only(lines[5]?.events ?? [], "Prompted")[0]?.text).toBe("finished later")
  })

  it("F08: a list of todos is read, and nothing is read where there is no list", () => {
    const todos = linesOf("F08-todos").map(({ events }) => only(events, "TodosWritten"))
    expect(todos).toMatchObject([
      [{ toolUseId: "toolu_Ta", todos: [{ content: "Écrire", status: "pending", activeForm: "Writing" }] }],
      [{ toolUseId: "toolu_Tb", todos: [{ content: "Écrire", status: "completed", activeForm: "Writing" }] }],
      []
    ])
  })

  it("F09: task calls carry their input", () => {
    const calls = linesOf("F09-native-tasks").flatMap(({ events }) => only(events, "ToolCalled"))
    expect(calls.map(({ name }) => name)).toEqual([
      "TaskCreate",
      "TaskCreate",
      "TaskCreate",
      "TaskUpdate",
      "TaskUpdate",
      "TaskUpdate",
      "TaskUpdate",
      "TaskUpdate"
    ])
    expect(calls[0]?.input).toMatchObject({ subject: "Build", description: "d", activeForm: "Building" })
    expect(calls.map(({ kind, task }) => [kind, task?.action])).toEqual(calls.map(({ name }) => ["task", name === "TaskCreate" ? "create" : "update"]))
    expect(calls[0]?.task?.fields).toMatchObject({ subject: "Build", description: "d", activeForm: "Building" })
  })

  it("F10: words that a human typed are told from meta text and commands", () => {
    const lines = linesOf("F10-sentiment")
    expect(lines.map(({ events }) => events[0]?._tag)).toEqual([
      "Prompted",
      "Prompted",
      "Prompted",
      "Prompted",
      "Prompted",
      "Prompted",
      "MetaAdded",
      "CommandRun",
      "Prompted",
      "Prompted",
      "Prompted",
      "Prompted"
    ])
    expect(lines[7]?.events).toEqual([{ _tag: "CommandRun", name: "/clear", args: "", shell: false }])
  })

  it("F11: lines of subagents name their agent and session", () => {
    const lines = linesOf("F11-agent")
    expect(lines).toHaveLength(8)
    expect(lines.map(({ envelope }) => envelope.agentId)).toEqual([null, null, null, null, null, "a1b2c3d4", "a1b2c3d4", "a057d00ca8257cc88"])
    expect(only(lines[7]?.events ?? [], "Prompted")).toMatchObject([{ origin: "machine", text: "nested" }])
  })

  it("F14: a summary waits for the time of its leaf", () => {
    const summaries = linesOf("F14-incremental").filter(({ envelope }) => envelope.type === "summary")
    expect(summaries.every(({ envelope, events }) => envelope.at === null && events[0]?._tag === "Summarized" && events[0].leafUuid === "u-101")).toBe(true)
  })

  it("F15: calls and results on lines of their own are joined, and pull requests come in order", () => {
    const lines = linesOf("F15-legacy-tools")
    const events = lines.flatMap((line) => line.events)
    expect(only(events, "TeamJoined")).toEqual([{ _tag: "TeamJoined", name: "alpha" }])
    expect(only(events, "FileChanged")).toMatchObject([{ path: "/fx/none/n.ipynb", action: "modified", toolUseId: null }])
    expect(only(events, "ToolReturned").map(({ text, toolUseId }) => [toolUseId, text])).toEqual([
      ["toolu_9", "opened https://github.com/o/r/pull/42 ok"],
      ["toolu_8", '{"a":[1.5,true,null],"b":1}'],
      ["toolu_7", "https://github.com/o/r/pull/77"]
    ])
    expect(only(events, "PullRequestLinked").map(({ number, repository }) => [number, repository])).toEqual([
      [42, "o/r"],
      [77, "o/r"]
    ])
  })
})
