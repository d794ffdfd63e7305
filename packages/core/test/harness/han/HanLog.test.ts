import { describe, expect, it } from "vitest"
import { entryOf, indexingCase, only, transcriptOf } from "../../../../../test/fixtureLines.ts"
import { decode } from "../../../src/harness/han/HanLog.ts"
import { idOf, kindOf, searchTextOf, textOf } from "../../../src/sessions/Message.ts"

const linesOf = (name: string) =>
  indexingCase(name)
    .filter(({ transcript }) => transcript.kind === "han")
    .flatMap(({ entries, transcript }) => entries.map((entry) => decode(transcript, entry)))

describe("F12: han's own lines", () => {
  const lines = linesOf("F12-han-events")

  it("Han's own lines are all there, each under its own id", () => {
    expect(lines.map(({ envelope, events }) => [envelope.uuid, envelope.type, events[0]?._tag])).toEqual([
      ["e1", "hook_run", "HanNoted"],
      ["e2", "hook_result", "HanNoted"],
      ["e3", "hook_result", "HanNoted"],
      [null, "", "Unreadable"],
      ["e4", "task_start", "HanNoted"],
      ["e5", "task_complete", "HanNoted"],
      ["e6", "hook_validation_cache", "HanNoted"],
      ["e7", "memory_learn", "HanNoted"],
      ["legacy8", "mcp_tool_call", "HanNoted"],
      ["e9", "hook_run", "HanNoted"]
    ])
    expect(lines[8]?.envelope.agentId).toBe("ag9")
    expect(lines[9]?.envelope.at).toBeNull()
  })

  it("Han's own lines mean what the file says that they point to", () => {
    expect(lines[1]?.events).toEqual([
      {
        _tag: "HanNoted",
        name: "hook_result",
        replyTo: "e1",
        missingPayload: false,
        data: { plugin: "biome", hook: "lint", success: true, duration_ms: 12, exit_code: 0, output: "ok" }
      }
    ])
    expect(lines[2]?.events).toEqual([{ _tag: "HanNoted", name: "hook_result", replyTo: null, missingPayload: true, data: null }])
  })

  it("Han's own lines are one line each for a reader", () => {
    const shown = (type: string, data: unknown) => textOf(decode(transcriptOf("han"), entryOf({ uuid: "u", type, timestamp: "2026-03-01T10:00:00Z", data })))
    const gate = { plugin: "quality", hook: "style", hook_type: "Stop" }
    expect(lines.filter(({ events }) => events[0]?._tag === "HanNoted").map(textOf)).toEqual([
      expect.stringMatching(/^gate biome\/lint began/),
      "gate biome/lint passed, 12 ms",
      "hook result (what it says is in a file that is not there)",
      expect.stringMatching(/^task start \{/),
      expect.stringMatching(/^task complete \{/),
      "gate biome/lint keeps its pass for 2 files",
      "memory learn",
      expect.stringMatching(/^called /),
      "hook run"
    ])
    expect([
      shown("hook_run", gate),
      shown("hook_run", { ...gate, hook_type: "manual" }),
      shown("hook_result", { ...gate, verdict: "blocked", success: false, duration_ms: 413, output: "a\nb" }),
      shown("hook_result", { ...gate, success: false, exit_code: 3, duration_ms: 61_240 }),
      shown("hook_result", { ...gate, verdict: "passed", success: true, cached: true, duration_ms: 0 }),
      shown("hook_result", { ...gate, hook: "two\nlines", verdict: "cancelled", success: false }),
      shown("hook_file_change", { tool_name: "Edit", file_path: "/a b" }),
      shown("sentiment_analysis", { score: "x\n".repeat(400) })
    ]).toEqual([
      "gate quality/style began at Stop",
      "gate quality/style began",
      "gate quality/style blocked, 413 ms",
      "gate quality/style failed with exit code 3, 61.2 s",
      "gate quality/style passed before",
      "gate quality/two lines cancelled",
      "Edit changed /a b",
      expect.stringMatching(/^sentiment analysis \{[^\n]{200,310}$/)
    ])
  })

  it("Han's own lines can be found by their data", () => {
    const found = lines.filter((line) => searchTextOf(line)?.other.includes("biome")).map(({ envelope }) => envelope.uuid)
    expect(found).toEqual(["e1", "e2", "e6"])
    expect(searchTextOf(lines[7] ?? lines[0]!)).toMatchObject({ other: "memory_learn" })
  })
})

describe("F13: a bridged session", () => {
  const [run, change, usage] = linesOf("F13-bridged")

  it("A bridged session has its runs, file changes, tokens and cost", () => {
    expect(only(run?.events ?? [], "HanNoted")).toMatchObject([{ name: "hook_run", data: { plugin: "omp-bridge" } }])
    expect(only(change?.events ?? [], "FileChanged")).toEqual([
      { _tag: "FileChanged", path: "/fx/a", action: "modified", toolName: "Edit", toolUseId: null, linesAdded: 0, linesRemoved: 0 }
    ])
    expect(only(usage?.events ?? [], "ResponseMetered")).toEqual([
      {
        _tag: "ResponseMetered",
        messageId: "b3",
        requestId: null,
        requestRef: null,
        originUuid: null,
        part: 0,
        model: "m",
        input: 1200,
        output: 340,
        cacheRead: 50,
        cacheWrite5m: 7,
        cacheWrite1h: 0,
        webSearches: 0,
        surcharges: [],
        impossible: [],
        statedCostNanoUsd: 12_300_000
      }
    ])
  })
})

describe("lines", () => {
  const transcript = transcriptOf("han")

  it("Lines join a result to its call", () => {
    expect(decode(transcript, entryOf({ uuid: "r", type: "exposed_tool_result", data: { call_id: "c", success: true } })).events).toMatchObject([
      { replyTo: "c" }
    ])
  })

  it("Lines without a cost state none", () => {
    expect(decode(transcript, entryOf({ uuid: "r", type: "token_usage", data: { model: "m", input_tokens: 1 } })).events[1]).toMatchObject({
      statedCostNanoUsd: null,
      output: 0
    })
  })

  it("Lines meter under their own id when they have no other", () => {
    const entry = entryOf({ type: "token_usage", data: { model: "m", input_tokens: 1 } })
    const decoded = decode(transcript, entry)
    expect(decoded.events[1]).toMatchObject({ messageId: idOf(transcript, decoded, entry) })
  })

  it("Lines whose file is broken are known by their pointer", () => {
    const decoded = decode(
      transcript,
      entryOf({ uuid: "r", type: "hook_result", ref: "hook_result/r.json", timestamp: "2026-03-01T10:00:01.000Z" }, '{"data":')
    )
    expect(decoded).toMatchObject({ envelope: { uuid: "r", at: Date.UTC(2026, 2, 1, 10, 0, 1) }, events: [{ name: "hook_result", missingPayload: true }] })
  })

  it("Lines take from the file what the pointer leaves out", () => {
    const decoded = decode(
      transcript,
      entryOf(
        { uuid: "r", type: "hook_result", ref: "x" },
        JSON.stringify({ uuid: "other", cwd: "/w", gitBranch: "b", timestamp: "2026-03-01T10:00:01.000Z", data: [1] })
      )
    )
    expect(decoded).toMatchObject({
      envelope: { uuid: "r", cwd: "/w", branch: "b", at: Date.UTC(2026, 2, 1, 10, 0, 1) },
      events: [{ data: [1], missingPayload: false }]
    })
  })

  it("Lines without a type are not understood", () => {
    const decoded = decode(transcript, entryOf({ uuid: "r", data: {} }))
    expect([decoded.events[0]?._tag, kindOf(decoded)]).toEqual(["Unrecognized", "unrecognized"])
  })
})
