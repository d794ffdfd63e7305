import { describe, expect, it } from "vitest"
import { assistant, entryOf, transcriptOf } from "../../../../../test/fixtureLines.ts"
import { decode } from "../../../src/harness/claude/ClaudeCode.ts"
import type { Transcript } from "../../../src/journal/Entry.ts"

const decodeOne = (line: string | Uint8Array | object, kind: Transcript["kind"] = "main") => decode(transcriptOf(kind), entryOf(line))
const eventsOf = (line: string | Uint8Array | object, kind?: Transcript["kind"]) => decodeOne(line, kind).events

describe("bookkeeping", () => {
  it.each<[object, object]>([
    [
      { type: "mode", mode: "normal" },
      { _tag: "StateNoted", state: "mode", value: "normal" }
    ],
    [
      { type: "permission-mode", permissionMode: "plan" },
      { _tag: "StateNoted", state: "permission-mode", value: "plan" }
    ],
    [
      { type: "agent-name", agentName: "n" },
      { _tag: "StateNoted", state: "agent-name", value: "n" }
    ],
    [
      { type: "agent-color", agentColor: "red" },
      { _tag: "StateNoted", state: "agent-color", value: "red" }
    ],
    [
      { type: "agent-setting", agentSetting: "inl" },
      { _tag: "StateNoted", state: "agent-setting", value: "inl" }
    ],
    [
      { type: "tag", tag: "" },
      { _tag: "StateNoted", state: "tag", value: null }
    ],
    [
      { type: "atis-latch", atis: "" },
      { _tag: "StateNoted", state: "latch", value: null }
    ],
    [
      { type: "ai-title", aiTitle: "T" },
      { _tag: "Titled", by: "model", title: "T" }
    ],
    [
      { type: "pr-link", prNumber: 12, prUrl: "https://github.com/o/r/pull/12", prRepository: "o/r" },
      { _tag: "PullRequestLinked", number: 12, repository: "o/r" }
    ],
    [
      { type: "worktree-state", worktreeSession: null },
      { _tag: "WorktreeEntered", path: null, name: null, branch: null, originalCwd: null }
    ],
    [
      { type: "worktree-state", worktreeSession: { originalCwd: "/o", worktreePath: "/w", worktreeName: "n", worktreeBranch: "b" } },
      { _tag: "WorktreeEntered", path: "/w", name: "n", branch: "b", originalCwd: "/o" }
    ],
    [
      { type: "relocated", relocatedCwd: "/w" },
      { _tag: "Relocated", cwd: "/w" }
    ],
    [
      { type: "last-prompt", lastPrompt: "p", leafUuid: "l", explicit: true },
      { _tag: "PromptRemembered", text: "p", leafUuid: "l", explicit: true }
    ],
    [
      { type: "tools-used", tools: ["Bash", 3] },
      { _tag: "ToolsListed", tools: ["Bash"] }
    ],
    [
      { type: "api-request", id: "i", querySource: "sdk", params: { model: "m" } },
      { _tag: "RequestLogged", part: "request", id: "i", querySource: "sdk", model: "m" }
    ],
    [
      { type: "api-request-shape", shapeHash: "s" },
      { _tag: "RequestLogged", part: "shape", id: "s" }
    ],
    [
      { type: "api-request-blob", hash: "b" },
      { _tag: "RequestLogged", part: "blob", id: "b" }
    ],
    [
      { type: "file-history-delta", messageId: "m", trackingPath: "n.txt", timestamp: "2026-03-01T10:00:01.000Z" },
      { _tag: "FilesSnapshotted", messageId: "m", paths: ["n.txt"], isUpdate: true }
    ],
    [
      { type: "file-history-snapshot", messageId: "m", snapshot: { trackedFileBackups: { a: {}, b: {} } }, isSnapshotUpdate: true },
      { _tag: "FilesSnapshotted", paths: ["a", "b"], isUpdate: true }
    ],
    [
      { type: "summary", summary: "s", auto_compacted: true },
      { _tag: "Compacted", trigger: "auto" }
    ],
    [
      { type: "system", subtype: "stop_hook_summary", hookErrors: ["failed"], hookAdditionalContext: ["more"], stopReason: "why" },
      { _tag: "SystemNoted", text: "failed\nmore\nwhy" }
    ],
    [
      { type: "system", subtype: "api_error", error: { formatted: "529 Overloaded", message: "x" }, level: "error" },
      { _tag: "SystemNoted", text: "529 Overloaded", level: "error" }
    ],
    [
      { type: "system", subtype: "local_command", content: "<local-command-stdout>\u001b[31mred\u001b[0m</local-command-stdout>" },
      { _tag: "CommandPrinted", text: "red" }
    ],
    [
      { type: "attachment", attachment: { type: "hook_additional_context", content: ["a", "b"] } },
      { _tag: "Attached", kind: "hook_additional_context", text: "a\nb" }
    ],
    [
      { type: "attachment", attachment: { type: "hook_blocking_error", blockingError: { blockingError: "no", command: "c" } } },
      { _tag: "Attached", text: "no" }
    ],
    [
      { type: "attachment", attachment: { type: "instructions", files: [{ path: "/CLAUDE.md", content: "x" }] } },
      { _tag: "Attached", text: "/CLAUDE.md" }
    ],
    [
      { type: "attachment", attachment: { type: "prompt_snapshot", systemPrompt: ["long"] } },
      { _tag: "Attached", text: "" }
    ],
    [
      { type: "attachment", attachment: { type: "queued_command", prompt: "<task-notification>", commandMode: "task-notification" } },
      { _tag: "Prompted", origin: "machine" }
    ],
    [
      { type: "bridge-session", url: "u" },
      { _tag: "Unrecognized", type: "bridge-session", text: "u" }
    ]
  ])("The bookkeeping line %j is read as what it says", (line, expected) => {
    expect(eventsOf(line)[0]).toMatchObject(expected)
  })

  it("A cost line carries the client's own totals as it wrote them", () => {
    expect(
      eventsOf({
        type: "cost-state",
        totalCostUSD: 0.0045458,
        totalAPIDuration: 64,
        totalLinesAdded: 4,
        totalLinesRemoved: 1,
        totalDuration: 931,
        modelUsage: { m: { inputTokens: 1, outputTokens: 2, cacheReadInputTokens: 3, cacheCreationInputTokens: 4, costUSD: 0.1, webSearchRequests: 5 } }
      })
    ).toEqual([
      {
        _tag: "CostStated",
        totalCostUsd: 0.0045458,
        models: [{ model: "m", input: 1, output: 2, cacheRead: 3, cacheWrite: 4, costUsd: 0.1, webSearches: 5 }],
        linesAdded: 4,
        linesRemoved: 1,
        durationMs: 931,
        apiDurationMs: 64
      }
    ])
  })

  it("A copied line knows where it came from", () => {
    expect(
      decodeOne({ ...assistant([]), requestSessionId: "one", forkedFrom: { sessionId: "two", messageUuid: "x" }, session_id: "three" }).envelope
    ).toMatchObject({ requestSessionId: "one", forkedFrom: "two", processSessionId: "three" })
  })
})
