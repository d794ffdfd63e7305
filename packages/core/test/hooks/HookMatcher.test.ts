import { readFileSync } from "node:fs"
import * as path from "node:path"
import { describe, expect, it } from "@effect/vitest"
import * as Effect from "effect/Effect"
import { put, temporary } from "../../../../test/transcriptTree.ts"
import { check } from "../../src/hooks/definition/PluginCheck.ts"
import { triggerText } from "../../src/hooks/Hook.ts"
import { hookEventNames } from "../../src/hooks/HookEvents.ts"
import { common, isMeant, matchedField, matchedValue, matcherOf, matches, triggerIn } from "../../src/hooks/HookMatcher.ts"

describe("what stands behind the colon", () => {
  it.each([
    ["Stop", null],
    ["SessionStart:", null],
    ["PreToolUse:*", null],
    ["PreToolUse:Edit|*", null],
    ["SessionStart:compact", ["compact"]],
    ["SessionStart:startup|resume", ["startup", "resume"]],
    ["PostToolUse:Edit, Write", ["Edit", "Write"]],
    ["PostToolUse: Edit | Write ", ["Edit", "Write"]],
    ["PreToolUse:Bash|mcp__memory__.*", ["Bash", "mcp__memory__.*"]],
    ["PreToolUse:^mcp__(a|b)__", ["^mcp__(a|b)__"]],
    ["SubagentStop:alpha:reviewer", ["alpha:reviewer"]],
    ["FileChanged:package.json|a.ts", ["package.json", "a.ts"]],
    ["FileChanged:a,b|(c).ts", ["a,b", "(c).ts"]]
  ])("The values behind the colon of %s are read", (text, values) => {
    expect(triggerIn(text).values).toEqual(values)
  })

  it.each([
    ["SessionStart:compact", "compact", true],
    ["SessionStart:compact", "startup", false],
    ["SessionStart:compact", null, true],
    ["SubagentStop:Explore", "", false],
    ["SubagentStop:Explore", "Explorer", false],
    ["SubagentStop:general-purpose", "my-general-purpose", false],
    ["SubagentStop:alpha:reviewer", "alpha:reviewer", true],
    ["PreToolUse:edit", "Edit", false],
    ["PreToolUse:^Edit", "NotebookEdit", false],
    ["PreToolUse:Edit.*", "NotebookEdit", true],
    ["PreToolUse:^mcp__(a|b)__", "mcp__b__read", true],
    ["PreToolUse:mcp__a", "mcp__a__read", false],
    ["FileChanged:package.json|a.ts", "a.ts", true],
    ["FileChanged:package.json", "package_json", false]
  ])("The trigger %s is for the value %s: %s", (text, value, expected) => {
    expect(isMeant(triggerIn(text), value)).toBe(expected)
  })

  it("A value for each hook is what the client tells of the event", () => {
    const payloads = ["04-subagents", "06-compact", "14-hook-tool-decisions", "19-interactive-permissions", "24-api-errors"].flatMap((name) => hookInputs(name))
    const about = (event: string) => [...new Set(payloads.filter(({ hook_event_name }) => hook_event_name === event).map((told) => matchedValue(event, told)))]
    expect(about("SessionStart")).toEqual(expect.arrayContaining(["startup", "compact"]))
    expect(about("SubagentStop")).toEqual(expect.arrayContaining(["reviewer", "Explore", ""]))
    expect(about("PreCompact").sort()).toEqual(["auto", "manual"])
    expect(about("Notification")).toEqual(["permission_prompt"])
    expect(about("StopFailure")).toEqual(expect.arrayContaining(["rate_limit"]))
    expect(about("PreToolUse")).toEqual(expect.arrayContaining(["Bash"]))
    expect(about("Stop")).toEqual([null])
    for (const told of payloads) {
      const field = matchedField(told.hook_event_name)
      if (field === null) continue
      const value = matchedValue(told.hook_event_name, told)
      expect(typeof value, told.hook_event_name).toBe("string")
      if (field.values !== null) expect(field.values).toContain(value)
    }
    expect(matchedValue("FileChanged", { file_path: "/work/src/a.ts", event: "change" })).toBe("a.ts")
  })
})

const hookInputs = (name: string): ReadonlyArray<Readonly<Record<string, unknown>> & { readonly hook_event_name: string }> =>
  readFileSync(new URL(`../../../../fixtures/claude-code/${name}/hooks.jsonl`, import.meta.url), "utf8")
    .trim()
    .split("\n")
    .map((line) => JSON.parse(line).input)

describe("a matcher of Claude Code", () => {
  it.each([
    ["PreToolUse", null, "Bash", true],
    ["PreToolUse", "", "Bash", true],
    ["PreToolUse", "Edit, Write", "Write", true],
    ["PreToolUse", "mcp__a", "mcp__a__read", false],
    ["PreToolUse", "^Ba.*", "Bash", true],
    ["PreToolUse", "Edit.*", "NotebookEdit", true],
    ["SessionStart", "startup", "compact", false],
    ["SessionStart", "startup", null, false],
    ["StopFailure", "rate_limit|overloaded", "overloaded", true],
    ["StopFailure", "rate_limit, overloaded", "overloaded", false],
    ["FileChanged", "package.json|.*", "a.ts", true],
    // It counts for nothing where nothing is compared.
    ["Stop", "Bash", null, true]
  ])("At %s the matcher %s, about %s, matches: %s", (event, matcher, value, expected) => {
    expect(matches(event, matcher, value)).toBe(expected)
  })

  it("A matcher of several hooks is for each of them", () => {
    expect(matcherOf("SessionStart", [["compact"], ["clear", "compact"]])).toBe("compact|clear")
    expect(matcherOf("SessionStart", [["compact"], null])).toBe(null)
    expect(matcherOf("FileChanged", [null])).toBe(null)
    expect(matcherOf("FileChanged", [["a.ts"], null])).toBe("a.ts|.*")
  })

  it("A matcher of a trigger and a filter is what both are for", () => {
    expect(common("PreToolUse", ["Edit", "Bash"], ["Bash"])).toEqual(["Bash"])
    expect(common("PreToolUse", ["mcp__.*"], ["Bash", "mcp__a__read"])).toEqual(["mcp__a__read"])
    expect(common("PreToolUse", ["Edit", "mcp__a__.*"], ["mcp__.*"])).toEqual(["mcp__a__.*"])
    expect(common("PreToolUse", ["Edit"], ["Bash"])).toEqual([])
  })
})

describe("in han-plugin.yml", () => {
  const said = (event: string, more = "") =>
    Effect.gen(function* () {
      const root = yield* temporary
      put(
        path.join(root, "han-plugin.yml"),
        `hooks:\n  gate:\n    command: x\n${event === "" ? "" : `    event:\n      - Setup\n      - ${JSON.stringify(event)}\n`}${more}`
      )
      const { hooks, problems } = yield* check(root)
      return {
        triggers: hooks.flatMap(({ triggers }) => triggers.map(triggerText)),
        problems: problems.map(({ key, line, severity }) => [severity, line, key]),
        text: problems.map(({ message }) => message).join("\n")
      }
    })

  it.scoped("An impossible value is an error with its line, its event, and what is possible", () =>
    Effect.gen(function* () {
      for (const [event, ...words] of [
        ["Stop:Edit", 'has "Edit" behind Stop', "write Stop alone", "source at SessionStart", "agent_type at SubagentStop, SubagentStart"],
        ["UserPromptSubmit:hello", "behind UserPromptSubmit"],
        ["PostToolBatch:Edit", "behind PostToolBatch"],
        ["SessionStart:compacted", 'has "compacted" behind SessionStart', "source is one of startup, resume, clear, compact, fork"],
        ["SessionStart:startup|again", '"again"'],
        ["PreCompact:always", "trigger is one of manual, auto"],
        ["SessionEnd:done", "reason is one of clear"],
        ["PreToolUse:mcp__(a", "neither a name nor a pattern"],
        ["FileChanged:src/a.ts", 'write "a.ts"'],
        ["FileChanged:*.ts", "name each file"]
      ] as const) {
        const { problems, text, triggers } = yield* said(event)
        expect([event, triggers, problems]).toEqual([event, [], [["error", 6, "hooks.gate.event.1"]]])
        for (const word of words) expect(text).toContain(word)
      }
    })
  )

  it.scoped("An unknown value is a warning, and counts", () =>
    Effect.gen(function* () {
      for (const [event, ...words] of [
        ["Notification:lunch", "not known to be that", "idle_prompt"],
        ["StopFailure:tired", "rate_limit"],
        ["PreToolUse:mcp__memory", 'write "mcp__memory__.*"'],
        ["FileChanged", "names FileChanged without files", "none is watched"],
        ["Lunch:now", "no event"]
      ] as const) {
        const { problems, text, triggers } = yield* said(event)
        expect([event, triggers, problems]).toEqual([event, ["Setup", event], [["warning", 6, "hooks.gate.event.1"]]])
        for (const word of words) expect(text).toContain(word)
      }
      for (const event of [
        "Notification:idle_.*",
        "Setup:init",
        "SubagentStart:mine",
        "Elicitation:tiny",
        "ConfigChange:skills",
        "PreToolUse:mcp__a__b",
        "FileChanged:.env"
      ]) {
        expect(yield* said(event)).toMatchObject({ triggers: ["Setup", event], problems: [] })
      }
    })
  )

  it.scoped("Stop is for subagents, too, unless they are named, or said to be left out", () =>
    Effect.gen(function* () {
      const alone = "    subagents: false\n"
      expect((yield* said("")).triggers).toEqual(["Stop", "SubagentStop"])
      expect(yield* said("", alone)).toMatchObject({ triggers: ["Stop"], problems: [] })
      expect((yield* said("Stop")).triggers).toEqual(["Setup", "Stop", "SubagentStop"])
      expect(yield* said("Stop", alone)).toMatchObject({ triggers: ["Setup", "Stop"], problems: [] })
      expect((yield* said("Stop", "      - SubagentStop:Explore\n")).triggers).toEqual(["Setup", "Stop", "SubagentStop:Explore"])
      expect((yield* said("Stop", `      - SubagentStop:Explore\n${alone}`)).problems).toEqual([["error", 8, "hooks.gate.subagents"]])
      expect((yield* said("PreCompact", alone)).problems).toEqual([["warning", 7, "hooks.gate.subagents"]])
      expect((yield* said("Stop", "    subagents: none\n")).problems).toEqual([["error", 7, "hooks.gate.subagents"]])
    })
  )

  it.scoped("A tool_filter with broken patterns, or at events without tools, is told of", () =>
    Effect.gen(function* () {
      expect((yield* said("PreToolUse", '    tool_filter: ["mcp__(a"]\n')).problems).toEqual([["error", 7, "hooks.gate.tool_filter"]])
      expect((yield* said("PreToolUse", "    tool_filter: [mcp__a]\n")).problems).toEqual([["warning", 7, "hooks.gate.tool_filter"]])
      expect((yield* said("PreCompact", "    tool_filter: [Bash]\n")).problems).toEqual([["warning", 7, "hooks.gate.tool_filter"]])
    })
  )

  it("every event that Claude Code compares something at is one that it has", () => {
    const compared = hookEventNames.filter((event) => matchedField(event) !== null)
    expect(compared).toHaveLength(23)
    expect(compared.every((event) => triggerIn(`${event}:x`).values !== null)).toBe(true)
  })
})

describe("in hooks.json", () => {
  it.scoped("a matcher that counts for nothing, or lets nothing in, is a warning", () =>
    Effect.gen(function* () {
      const problemsOf = (event: string, matcher: string) =>
        Effect.gen(function* () {
          const root = yield* temporary
          put(path.join(root, "hooks/hooks.json"), JSON.stringify({ hooks: { [event]: [{ matcher, hooks: [{ type: "command", command: "x" }] }] } }))
          const { clientHooks, problems } = yield* check(root)
          expect(clientHooks).toHaveLength(1)
          return problems
        })
      for (const [event, matcher, words] of [
        ["Stop", "Edit", "counts for nothing: Claude Code compares nothing at Stop"],
        ["SessionStart", "startup|compacted", '"compacted" behind SessionStart, whose source is one of startup'],
        ["PreToolUse", "mcp__memory", 'write "mcp__memory__.*"'],
        ["PreToolUse", "mcp__(a", "neither a name nor a pattern"],
        ["FileChanged", "src/a.ts", 'write "a.ts"'],
        ["FileChanged", ".*\\.ts", "name each file"]
      ] as const) {
        const [problem, ...others] = yield* problemsOf(event, matcher)
        expect(problem).toMatchObject({ severity: "warning", key: `hooks.${event}.0.matcher`, message: expect.stringContaining(words) })
        expect(others).toEqual([])
      }
      for (const [event, matcher] of [
        ["Stop", ""],
        ["Stop", "*"],
        ["SessionStart", "^(startup|resume)$"],
        ["SubagentStop", "Explore"],
        ["PreToolUse", "Edit, Write"],
        ["FileChanged", "a.ts|.*"],
        ["Lunch", "x"]
      ] as const) {
        expect([event, matcher, yield* problemsOf(event, matcher)]).toEqual([event, matcher, []])
      }
    })
  )
})
