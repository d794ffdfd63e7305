import { describe, expect, it } from "vitest"
import { assistant, entryOf, only, transcriptOf, user } from "../../../../../test/fixtureLines.ts"
import { decode } from "../../../src/harness/claude/ClaudeCode.ts"
import type { Transcript } from "../../../src/journal/Entry.ts"

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
  ])("A user line gives its events: %s", (_, line, expected, kind) => {
    expect(eventsOf(line, kind)).toMatchObject(expected)
    expect(eventsOf(line, kind)).toHaveLength(expected.length)
  })

  it("A result keeps the client's record of it, and the pull request in it", () => {
    const structured = { stdout: "", gitOperation: { pr: { number: 12, url: "https://github.com/stub-owner/stub-repo/pull/12", action: "created" } } }
    const events = eventsOf(user([{ type: "tool_result", tool_use_id: "t", content: "see https://github.com/a/b/pull/1" }], { toolUseResult: structured }))
    expect(only(events, "ToolReturned")[0]?.structured).toEqual(structured)
    expect(only(events, "PullRequestLinked")).toEqual([
      { _tag: "PullRequestLinked", number: 12, url: "https://github.com/stub-owner/stub-repo/pull/12", repository: "stub-owner/stub-repo" }
    ])
  })

  it("A long result gives no pull request", () => {
    expect(
      only(eventsOf(user([{ type: "tool_result", tool_use_id: "t", content: `https://github.com/a/b/pull/1 ${"x".repeat(2000)}` }])), "PullRequestLinked")
    ).toEqual([])
  })
})

describe("assistant lines", () => {
  const metered = (usage: object, message: object = {}) => only(eventsOf(assistant([], { usage, ...message })), "ResponseMetered")[0]

  it("The decoder splits cache writes by how long they live", () => {
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

  it("The decoder never counts less than nothing or half a token, and names what it cannot count", () => {
    expect(metered({ input_tokens: -5, output_tokens: 2.9, cache_read_input_tokens: "7" })).toMatchObject({
      input: 0,
      output: 2,
      cacheRead: 7,
      impossible: ["input_tokens"]
    })
    for (const wrong of [2 ** 64 - 550, 1e308, -1, "many", true, [1], "-5"])
      expect(metered({ input_tokens: 1, output_tokens: wrong })).toMatchObject({ input: 1, output: 0, impossible: ["output_tokens"] })
    const endless = JSON.stringify(assistant([], { usage: { input_tokens: 1, output_tokens: 9 } })).replace(":9}", ":1e400}")
    expect(only(eventsOf(endless), "ResponseMetered")[0]?.impossible).toEqual(["output_tokens"])
    expect(metered({ input_tokens: 1, output_tokens: null })).toMatchObject({ output: 0, impossible: [] })
  })

  it("The decoder meters a response without ids, and one whose counts are written in digits", () => {
    const [event] = only(
      eventsOf(assistant([], { id: undefined, usage: { input_tokens: "12", output_tokens: "3" } }, { requestId: undefined })),
      "ResponseMetered"
    )
    expect(event).toMatchObject({ messageId: null, requestId: null, input: 12, output: 3 })
  })

  it("The decoder reads charges beside the response within it", () => {
    const parts = (usage: object, more: object = {}) =>
      only(eventsOf(assistant([], { model: "m", usage }, more)), "ResponseMetered").map((event) => [event.part, event.model, event.input, event.output])
    const message = { type: "message", input_tokens: 5, output_tokens: 50 }
    const advice = { type: "advisor_message", model: "n", input_tokens: 900, output_tokens: 80 }
    // The top holds the model's own messages.
    expect(parts({ input_tokens: 10, output_tokens: 100, iterations: [message, advice, message] })).toEqual([
      [0, "m", 10, 100],
      [1, "n", 900, 80]
    ])
    // The top holds everything.
    expect(parts({ input_tokens: 905, output_tokens: 130, iterations: [message, advice] })).toEqual([
      [0, "m", 5, 50],
      [1, "n", 900, 80]
    ])
    expect(parts({ input_tokens: 5, output_tokens: 50, iterations: [{ ...message, type: "compaction", input_tokens: 700 }, message] })).toEqual([
      [0, "m", 5, 50],
      [1, "m", 700, 50]
    ])
    expect(parts({ input_tokens: 5, output_tokens: 50, iterations: [message, { ...advice, model: undefined }] }, { advisorModel: "a" })[1]).toEqual([
      1,
      "a",
      900,
      80
    ])
    for (const iterations of [[], null, "x", [message], [null, 7]]) expect(parts({ input_tokens: 5, output_tokens: 50, iterations })).toEqual([[0, "m", 5, 50]])
  })

  it("The decoder names what the price does not cover", () => {
    expect(metered({ input_tokens: 1, service_tier: "standard", speed: "standard" })?.surcharges).toEqual([])
    expect(metered({ input_tokens: 1, service_tier: "priority", server_tool_use: { web_search_requests: 2 } })).toMatchObject({
      surcharges: [{ kind: "tier", name: "priority" }],
      webSearches: 2
    })
    expect(
      metered({
        input_tokens: 1,
        service_tier: "priority",
        speed: "fast",
        inference_geo: "us",
        server_tool_use: { web_search_requests: 1, web_fetch_requests: 2, code_execution_requests: 3, other_requests: 0 }
      })?.surcharges
    ).toEqual([
      { kind: "tier", name: "priority" },
      { kind: "speed", name: "fast" },
      { kind: "region", name: "us" },
      { kind: "tool", name: "code_execution" }
    ])
    for (const inference_geo of ["", null, "global", "not_available"]) expect(metered({ input_tokens: 1, inference_geo })?.surcharges).toEqual([])
  })

  it("The decoder meters nothing that the client wrote itself", () => {
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

  it("The decoder reads usage beside the message", () => {
    expect(only(eventsOf(assistant([], {}, { usage: { input_tokens: 3, output_tokens: 4 } })), "ResponseMetered")).toMatchObject([{ input: 3, output: 4 }])
  })

  it("The decoder keeps what the model wrote when it was no valid input", () => {
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

  it("The decoder counts the lines of several edits", () => {
    const edits = [
      { old_string: "a\nb\nc", new_string: "a" },
      { old_string: "a", new_string: "a\nb\n" },
      { old_string: "left\nmiddle\nright", new_string: "left\nMIDDLE\nright" }
    ]
    expect(only(eventsOf(assistant([{ type: "tool_use", id: "t", name: "MultiEdit", input: { file_path: "/a", edits } }])), "FileChanged")).toMatchObject([
      { action: "modified", linesAdded: 2, linesRemoved: 3 }
    ])
  })
})
