import { describe, expect, it } from "vitest"
import { decode } from "../src/ClaudeCode.ts"
import type { Transcript } from "../src/Entry.ts"
import { assistant, entryOf, only, transcriptOf, user } from "./fixtureLines.ts"

const decodeOne = (line: string | Uint8Array | object, kind: Transcript["kind"] = "main") => decode(transcriptOf(kind), entryOf(line))
const eventsOf = (line: string | Uint8Array | object, kind?: Transcript["kind"]) => decodeOne(line, kind).events

describe("user lines", () => {
  it.each<[string, object, ReadonlyArray<object>, Transcript["kind"]?]>([
    ["a summary after a compaction", user("S", { isCompactSummary: true }), [{ _tag: "CompactionSummarized", text: "S" }]],
    [
      "an older client's summary",
      user("This session is being continued from a previous conversation that ran out of context."),
      [{ _tag: "Compacted", trigger: "continuation" }, { _tag: "CompactionSummarized" }]
    ],
    [
      "a human who quotes one",
      user("This session is being continued from a previous conversation", { promptSource: "typed" }),
      [{ _tag: "Prompted", origin: "human" }]
    ],
    ["an interruption", user([{ type: "text", text: "[Request interrupted by user for tool use]" }]), [{ _tag: "Interrupted", forToolUse: true }]],
    ["an interruption between turns", user([{ type: "text", text: "[Request interrupted by user]" }]), [{ _tag: "Interrupted", forToolUse: false }]],
    [
      "an interruption beside a refused call",
      user(
        [
          { type: "tool_result", tool_use_id: "t", content: "no", is_error: true },
          { type: "text", text: "[Request interrupted by user for tool use]" }
        ],
        { toolDenialKind: "user-rejected" }
      ),
      [
        { _tag: "ToolReturned", denied: true, isError: true },
        { _tag: "Interrupted", forToolUse: true }
      ]
    ],
    ["meta text of a skill", user("body", { isMeta: true, sourceToolUseID: "t" }), [{ _tag: "MetaAdded", text: "body", sourceToolUseId: "t" }]],
    [
      "a command",
      user("<command-message>greet</command-message>\n<command-name>/greet</command-name>\n<command-args>World Two</command-args>"),
      [
        { _tag: "CommandRun", name: "/greet", args: "World Two", shell: false },
        { _tag: "Prompted", origin: "human", text: "/greet World Two" }
      ]
    ],
    [
      "a local command",
      user("<command-name>/clear</command-name>\n            <command-message>clear</command-message>\n            <command-args></command-args>"),
      [{ _tag: "CommandRun", name: "/clear", args: "" }]
    ],
    [
      "what it printed",
      user("<local-command-stdout>\u001b[1mbold\u001b[22m \u001b]8;;http://x\u0007link\u001b]8;;\u0007</local-command-stdout>"),
      [{ _tag: "CommandPrinted", text: "bold link", isError: false }]
    ],
    ["its error", user("<local-command-stderr>bad</local-command-stderr>"), [{ _tag: "CommandPrinted", text: "bad", isError: true }]],
    ["a shell command", user("<bash-input>ls -la</bash-input>"), [{ _tag: "CommandRun", name: "ls -la", args: "", shell: true }]],
    [
      "what the shell printed",
      user("<bash-stdout>out</bash-stdout><bash-stderr>err</bash-stderr>"),
      [{ _tag: "CommandPrinted", text: "out\nerr", isError: false }]
    ],
    [
      "a task notification",
      user("<task-notification>x</task-notification>", { origin: { kind: "task-notification" }, promptSource: "system" }),
      [{ _tag: "Prompted", origin: "machine" }]
    ],
    [
      "mail of a teammate",
      user('Another Claude session sent a message:\n<teammate-message teammate_id="x">hi</teammate-message>'),
      [{ _tag: "Prompted", origin: "machine" }]
    ],
    ["a script", user("go", { promptSource: "sdk", permissionMode: "default" }), [{ _tag: "Prompted", origin: "sdk", permissionMode: "default" }]],
    ["a human", user("go", { promptSource: "typed", origin: { kind: "human" } }), [{ _tag: "Prompted", origin: "human" }]],
    [
      "a picture",
      user([
        { type: "image", source: {} },
        { type: "text", text: "what is it" }
      ]),
      [{ _tag: "Prompted", text: "what is it", images: 1 }]
    ],
    ["a subagent's task", user("do it", { isSidechain: true }), [{ _tag: "Prompted", origin: "machine" }], "agent"],
    ["no content", { type: "user", uuid: "u" }, [{ _tag: "Unrecognized", type: "user" }]]
  ])("%s", (_, line, expected, kind) => {
    expect(eventsOf(line, kind)).toMatchObject(expected)
    expect(eventsOf(line, kind)).toHaveLength(expected.length)
  })

  it("keeps the client's record of a result, and the pull request in it", () => {
    const structured = { stdout: "", gitOperation: { pr: { number: 12, url: "https://github.com/stub-owner/stub-repo/pull/12", action: "created" } } }
    const events = eventsOf(user([{ type: "tool_result", tool_use_id: "t", content: "see https://github.com/a/b/pull/1" }], { toolUseResult: structured }))
    expect(only(events, "ToolReturned")[0]?.structured).toEqual(structured)
    expect(only(events, "PullRequestLinked")).toEqual([
      { _tag: "PullRequestLinked", number: 12, url: "https://github.com/stub-owner/stub-repo/pull/12", repository: "stub-owner/stub-repo" }
    ])
  })

  it("takes no pull request from a long result", () => {
    expect(
      only(eventsOf(user([{ type: "tool_result", tool_use_id: "t", content: `https://github.com/a/b/pull/1 ${"x".repeat(2000)}` }])), "PullRequestLinked")
    ).toEqual([])
  })
})

describe("assistant lines", () => {
  const metered = (usage: object, message: object = {}) => only(eventsOf(assistant([], { usage, ...message })), "ResponseMetered")[0]

  it("splits cache writes by how long they live", () => {
    expect(
      metered({
        input_tokens: 1,
        output_tokens: 2,
        cache_creation_input_tokens: 900,
        cache_creation: { ephemeral_5m_input_tokens: 200, ephemeral_1h_input_tokens: 500 }
      })
    ).toMatchObject({ cacheWrite5m: 400, cacheWrite1h: 500 })
    expect(metered({ input_tokens: 1, cache_creation_input_tokens: 900 })).toMatchObject({ output: 0, cacheWrite5m: 900, cacheWrite1h: 0 })
    expect(
      metered({ input_tokens: 1, cache_creation_input_tokens: 0, cache_creation: { ephemeral_5m_input_tokens: 5, ephemeral_1h_input_tokens: 6 } })
    ).toMatchObject({ cacheWrite5m: 5, cacheWrite1h: 6 })
  })

  it("never counts less than nothing or half a token", () => {
    expect(metered({ input_tokens: -5, output_tokens: 2.9, cache_read_input_tokens: "7" })).toMatchObject({ input: 0, output: 2, cacheRead: 0 })
  })

  it("names what the price does not cover", () => {
    expect(metered({ input_tokens: 1, service_tier: "standard", speed: "standard" })?.tier).toBeNull()
    expect(metered({ input_tokens: 1, service_tier: "priority", server_tool_use: { web_search_requests: 2 } })).toMatchObject({
      tier: "priority",
      webSearches: 2
    })
  })

  it("meters nothing that the client wrote itself", () => {
    const events = eventsOf(
      assistant(
        [{ type: "text", text: "API Error" }],
        { model: "<synthetic>", usage: { input_tokens: 0, output_tokens: 0 } },
        { isApiErrorMessage: true, error: "rate_limit" }
      )
    )
    expect(events).toMatchObject([{ _tag: "Answered", model: null, apiError: "rate_limit" }])
    expect(events).toHaveLength(1)
  })

  it("reads usage beside the message", () => {
    expect(only(eventsOf(assistant([], {}, { usage: { input_tokens: 3, output_tokens: 4 } })), "ResponseMetered")).toMatchObject([{ input: 3, output: 4 }])
  })

  it("keeps what the model wrote when it was no valid input", () => {
    const input = { __unparsedToolInput: { raw: '{"command"', len: 10 } }
    expect(
      only(
        eventsOf(
          assistant([
            { type: "tool_use", id: "t", name: "Bash", input },
            { type: "tool_use", id: "s", name: "Bash", input: "oops" }
          ])
        ),
        "ToolCalled"
      ).map((call) => call.input)
    ).toEqual([input, "oops"])
  })

  it("counts the lines of several edits", () => {
    const edits = [
      { old_string: "a\nb\nc", new_string: "a" },
      { old_string: "a", new_string: "a\nb\n" }
    ]
    expect(only(eventsOf(assistant([{ type: "tool_use", id: "t", name: "MultiEdit", input: { file_path: "/a", edits } }])), "FileChanged")).toMatchObject([
      { action: "modified", linesAdded: 1, linesRemoved: 2 }
    ])
  })
})
