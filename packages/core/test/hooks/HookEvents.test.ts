import * as path from "node:path"
import { describe, expect, it } from "@effect/vitest"
import * as Effect from "effect/Effect"
import { put, temporary } from "../../../../test/transcriptTree.ts"
import { isFrequent, told } from "../../src/coordinator/UnaskedGates.ts"
import { answerTo } from "../../src/hooks/answer/answerTo.ts"
import { isAwaited, waitAt } from "../../src/hooks/ClientWaits.ts"
import { guards } from "../../src/hooks/ClosedGates.ts"
import { environmentOf } from "../../src/hooks/definition/hookEnvironment.ts"
import { check } from "../../src/hooks/definition/PluginCheck.ts"
import { standardEvents, write } from "../../src/hooks/entries/ClientEntries.ts"
import { generate } from "../../src/hooks/entries/GeneratedHooks.ts"
import { type HookEventRow, hookEventNames, hookEvents, refusalOf, rowOf, ruleOf, unknownEvent, watchesFiles } from "../../src/hooks/HookEvents.ts"
import { isOfTools, matchedField, matches } from "../../src/hooks/HookMatcher.ts"
import { hookSlots } from "../../src/hooks/run/hookSlots.ts"
import { blocked } from "../hookOutcomes.ts"

const where = (has: (row: HookEventRow) => boolean) => hookEventNames.filter((event) => has(hookEvents[event]))

describe("The table of events", () => {
  it("The table of events says of few events that they are unlike the others", () => {
    expect(hookEventNames).toHaveLength(33)
    expect(Object.fromEntries(where(({ clientWait }) => clientWait !== 600_000).map((event) => [event, hookEvents[event].clientWait]))).toEqual({
      UserPromptSubmit: 30_000,
      PreModelSwitch: 30_000,
      MessageDisplay: 10_000,
      SessionEnd: 1500
    })
    expect(where(({ ownTimeout }) => ownTimeout !== null)).toEqual(["UserPromptSubmit", "PreModelSwitch", "SessionEnd"])
    expect(where(({ isAwaited }) => !isAwaited)).toEqual(["StopFailure", "InstructionsLoaded", "CwdChanged"])
    expect(where(({ http }) => !http)).toEqual(["SessionStart", "Setup"])
    expect(where(({ setsVariables }) => setsVariables)).toEqual(["SessionStart", "Setup", "CwdChanged", "FileChanged"])
    expect(where(({ installedBySetup }) => installedBySetup === "always")).toEqual(["SessionStart", "PostToolUse", "Stop", "SubagentStop"])
    expect(where(({ installedBySetup }) => installedBySetup === "asked")).toEqual(["MessageDisplay"])
    expect(where(({ installedBySetup }) => installedBySetup === "never")).toEqual(["WorktreeCreate"])
    expect(hookEventNames.filter(watchesFiles)).toEqual(["FileChanged"])
    expect(where(({ matched }) => matched?.onlyBars === true)).toEqual(["StopFailure", "FileChanged"])
    expect(where(({ slot }) => slot === "work").sort()).toEqual(
      ["PreToolUse", "PostToolUse", "PostToolUseFailure", "PostToolBatch", "PermissionRequest", "UserPromptSubmit", "UserPromptExpansion"].sort()
    )
    for (const event of ["Stop", "SessionStart", "UserPromptSubmit", "SessionEnd"] as const) expect(hookEvents[event].isFrequent).toBe(false)
  })

  it.each(hookEventNames)("The table of events rules each entrance at %s", (event) => {
    const row = hookEvents[event]
    expect(ruleOf(event)).toBe(row.rule)
    expect(matchedField(event)).toBe(row.matched)
    expect(isOfTools(event)).toBe(row.matched?.name === "tool_name")
    expect(matches(event, "a|b, c", "c")).toBe(row.matched === null || !row.matched.onlyBars)
    expect(waitAt(event)).toBe(row.clientWait)
    expect(waitAt(event, { [row.clientWaitVariable ?? "NONE"]: "900000" })).toBe(row.clientWaitVariable === null ? row.clientWait : 900_000)
    expect(waitAt(event, {}, [{ timeout: 5000 }, { timeout: null }])).toBe(Math.min(5000, row.clientWait))
    expect(isAwaited(event)).toBe(row.isAwaited)
    expect(isFrequent(event)).toBe(row.isFrequent)
    expect(told(event, "x").stderr).toBe(row.rule.json || row.rule.shown ? "" : "x\n")
    const slots = Effect.runSync(hookSlots(1))
    expect(slots.of(event) === slots.of(null)).toBe(row.slot === "other")
    const setting = { environment: { CLAUDE_ENV_FILE: "/f" }, event, projectPath: "/p", sessionId: null }
    expect("CLAUDE_ENV_FILE" in environmentOf({ environment: [], root: "/r" }, setting)).toBe(row.setsVariables)
    expect(answerTo({ event, outcomes: [blocked({ stderr: "no" })], as: "command", blocksLeft: true, notes: [] }).blocks).toBe(row.rule.blockable)
    expect(guards({ event, values: null, filter: null, hook: "", files: [] }, { event, value: null, tool: null })).toBe(true)
    expect(standardEvents.includes(event)).toBe(row.installedBySetup === "always")
    expect(refusalOf(event) === null).toBe(row.installedBySetup !== "never")
  })

  it.scoped("The table of events decides what entries are written", () =>
    Effect.gen(function* () {
      const root = yield* temporary
      const events = hookEventNames.filter((event) => refusalOf(event) === null)
      const settings = path.join(root, "settings.json")
      const { entries } = yield* write({ settings, record: path.join(root, "setup.json"), dry: false }, { events, program: "han" })
      expect(entries.map(({ event }) => event)).toEqual(events)
      const written = JSON.parse(yield* Effect.promise(() => Bun.file(settings).text())).hooks
      for (const event of events) expect([event, written[event][0].hooks[0].timeout ?? null]).toEqual([event, hookEvents[event].ownTimeout])
      put(path.join(root, "plugin/han-plugin.yml"), `hooks:\n  all:\n    command: x\n    event: [${hookEventNames.join(", ")}]\n    timeout: 20\n`)
      const generated = yield* generate(path.join(root, "plugin"), { check: true })
      expect(generated.entries.map(({ event }) => event)).toEqual(events)
      // Above the client's own wait alone a limit makes it longer.
      const longer = generated.entries.flatMap(({ event, timeoutSeconds }) => (timeoutSeconds === null ? [] : [event]))
      expect(longer).toEqual(events.filter((event) => 50_000 > hookEvents[event].clientWait))
    })
  )
})

describe("An event without a row", () => {
  const unknown = "PreToolUsed"

  it("An event without a row is named with the events that look like it", () => {
    expect(unknownEvent(unknown)).toMatch(/^"PreToolUsed" is no event of Claude Code that han knows \(did you mean PreToolUse\?\)$/)
    expect(unknownEvent("stop")).toContain("did you mean Stop")
    expect([rowOf(unknown), rowOf("constructor"), rowOf(null)]).toEqual([null, null, null])
  })

  it("An event without a row blocks nothing, and is awaited as most events are", () => {
    const gate = blocked({ stderr: "not now" })
    for (const event of [unknown, "constructor"]) {
      const { answer, blocks } = answerTo({ event, outcomes: [gate], as: "command", blocksLeft: true, notes: [] })
      expect([answer.exitCode, answer.stderr, blocks]).toEqual([0, "", false])
      expect(JSON.parse(answer.stdout)).toEqual({ systemMessage: expect.stringMatching(/is no event .+ nothing is blocked there[\s\S]+not now/) })
      expect(guards({ event, values: null, filter: null, hook: "", files: [] }, { event, value: null, tool: null })).toBe(false)
      expect([waitAt(event), isAwaited(event), isFrequent(event), matchedField(event)]).toEqual([600_000, true, false, null])
    }
  })

  it.scoped("An event without a row is a problem of a plugin's file, by name", () =>
    Effect.gen(function* () {
      const root = yield* temporary
      put(path.join(root, "han-plugin.yml"), `hooks:\n  a:\n    command: x\n    event: ${unknown}\n`)
      const { problems } = yield* check(root)
      expect(problems).toMatchObject([{ severity: "warning", line: 4, key: "hooks.a.event", message: expect.stringContaining("did you mean PreToolUse") }])
    })
  )
})
