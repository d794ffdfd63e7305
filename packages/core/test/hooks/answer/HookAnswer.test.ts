import type { HookOutcome } from "han-core/HookOutcome"
import { describe, expect, it } from "vitest"
import { answerTo, type HookAnswerOptions } from "../../../src/hooks/answer/answerTo.ts"
import { answered, broken, failed, outcome } from "../../hookOutcomes.ts"

const give = (event: string | null, outcomes: ReadonlyArray<HookOutcome>, more: Partial<HookAnswerOptions> = {}) =>
  answerTo({ event, outcomes, as: "command", blocksLeft: true, notes: [], ...more })
const jsonOf = (event: string | null, outcomes: ReadonlyArray<HookOutcome>, more: Partial<HookAnswerOptions> = {}) => {
  const { answer } = give(event, outcomes, more)
  expect(answer).toMatchObject({ exitCode: 0, stderr: "" })
  return answer.stdout === "" ? null : JSON.parse(answer.stdout)
}
const specific = (event: string, fields: object) => ({ hookSpecificOutput: { hookEventName: event, ...fields } })
const nothing = { answer: { exitCode: 0, stdout: "", stderr: "" }, blocks: false }

describe("the reason", () => {
  it("The reason says what happened", () => {
    const head = (gate: HookOutcome) => give("Stop", [gate]).answer.stderr.split("\n")[0]
    expect(head(failed({ end: { _tag: "Signalled", signal: "SIGKILL" } }))).toBe("biome lint in /work/app/web: was ended by SIGKILL")
    expect(head(broken("closed", { end: { _tag: "TimedOut", idle: true, limitMs: 1500 } }))).toBe("biome lint in /work/app/web: gave no sign of life for 1.5 s")
    expect(head(broken("closed", { end: { _tag: "NotStarted", message: "no bash" } }))).toBe("biome lint in /work/app/web: could not be started: no bash")
    expect(head(broken("closed", { end: null, directory: null, reason: { code: "dependency", text: "depends on x/y, which did not pass" } }))).toBe(
      "biome lint: depends on x/y, which did not pass"
    )
    expect(head(failed({ directory: ".", flaky: true }))).toBe("biome lint in /work/app: failed with exit code 1 (the same content passed before)")
  })

  it("The reason has what the hook printed, without colours, and where all of it is", () => {
    const gate = failed({ stderr: "\u001b[31mred\u001b[0m\n", stdout: "out\n", outputFile: "/tmp/all.txt", plugin: "a b", name: "it's" })
    expect(give("Stop", [gate]).answer.stderr).toBe(
      "a b it's in /work/app/web: failed with exit code 1\nred\nout\nAll of its output: /tmp/all.txt\nRun it again: han hook run 'a b' 'it'\\''s'"
    )
  })

  it("The reason says how to run it again in the agent's shell", () => {
    const line = (program?: () => string) =>
      give("Stop", [failed()], program === undefined ? {} : { program })
        .answer.stderr.split("\n")
        .at(-1)
    expect([line(), line(() => "'/a b/han'")]).toEqual(["Run it again: han hook run biome lint", "Run it again: '/a b/han' hook run biome lint"])
  })

  it("The reason is shared fairly among several hooks, and says what it left out", () => {
    const long = (name: string) => failed({ name, stderr: `first of ${name}\n${"x".repeat(20_000)}\nlast of ${name}`, outputFile: `/tmp/${name}.txt` })
    const { stderr } = give("Stop", [long("one"), failed({ name: "short", stderr: "s".repeat(500) }), long("two"), long("three")]).answer
    expect(stderr.length).toBeLessThanOrEqual(9500)
    expect(stderr.length).toBeGreaterThan(9000)
    expect(stderr).toContain("s".repeat(500))
    for (const name of ["one", "two", "three"])
      for (const part of [`first of ${name}`, `last of ${name}`, `All of its output: /tmp/${name}.txt`, `han hook run biome ${name}`])
        expect(stderr).toContain(part)
    expect(stderr.match(/\[… \d+ characters left out …\]/g)).toHaveLength(3)
  })

  it("The reason names every hook when there are many", () => {
    const gates = Array.from({ length: 60 }, (_, i) => failed({ name: `hook-${i}.`, directory: "d", stderr: "y".repeat(3000) }))
    const { stderr } = give("Stop", gates).answer
    expect(stderr.length).toBeLessThanOrEqual(9500)
    for (let i = 0; i < 19; i++) expect(stderr).toContain(`han hook run biome hook-${i}.`)
    expect(stderr).toContain("41 more:\nbiome hook-19. in")
  })

  it("The reason is cut between characters", () => {
    const { stderr } = give("Stop", [failed({ stderr: "👨‍👩‍👧".repeat(3000) })]).answer
    expect(stderr.length).toBeLessThanOrEqual(9500)
    expect(stderr.isWellFormed()).toBe(true)
    const [families] = stderr.split("\n").slice(1, 2)
    expect(families?.replaceAll("👨‍👩‍👧", "")).toBe("")
  })

  it("The reasons of gates and of answers are one, with what is for the user behind it", () => {
    const { answer, blocks } = give(
      "PreToolUse",
      [
        answered({
          ...specific("PreToolUse", { permissionDecision: "deny", permissionDecisionReason: "forbidden", additionalContext: "by the way" }),
          systemMessage: "hello"
        }),
        failed({ name: "test", stderr: "red" }),
        broken("open", { name: "slow" })
      ],
      { notes: ["a note"] }
    )
    expect(blocks).toBe(true)
    expect(answer).toMatchObject({ exitCode: 2, stdout: "" })
    const order = ["biome test", "red", "biome lint in /work/app/web blocks:\nforbidden", "by the way", "hello", "biome slow", "a note"].map((part) =>
      answer.stderr.indexOf(part)
    )
    expect(order).toEqual([...order].sort((a, b) => a - b))
    expect(order).not.toContain(-1)
  })
})

describe("answers of commands", () => {
  const permission = (permissionDecision: string, permissionDecisionReason?: string) =>
    answered(specific("PreToolUse", { permissionDecision, ...(permissionDecisionReason === undefined ? {} : { permissionDecisionReason }) }))

  it("the most restrictive permission counts, with the reasons of its kind", () => {
    expect(jsonOf("PreToolUse", [permission("allow", "a"), permission("ask", "b"), permission("ask", "c")])).toEqual(
      specific("PreToolUse", { permissionDecision: "ask", permissionDecisionReason: "b\n\nc" })
    )
    expect(jsonOf("PreToolUse", [permission("ask"), permission("defer"), permission("allow")])).toEqual(specific("PreToolUse", { permissionDecision: "defer" }))
    const denied = give("PreToolUse", [permission("allow", "a"), permission("deny", "b"), permission("defer", "c"), permission("deny", "d")])
    expect(denied.blocks).toBe(true)
    expect(JSON.parse(denied.answer.stdout)).toEqual(specific("PreToolUse", { permissionDecision: "deny", permissionDecisionReason: "b\n\nd" }))
    expect(jsonOf("PreToolUse", [answered({ decision: "approve", reason: "fine" })])).toEqual(
      specific("PreToolUse", { permissionDecision: "allow", permissionDecisionReason: "fine" })
    )
    expect(jsonOf("PreModelSwitch", [answered(specific("PreModelSwitch", { permissionDecision: "defer" }))])).toEqual({
      systemMessage: 'biome lint in /work/app/web: a part of its output was ignored: "permissionDecision" has to be one of deny, ask, allow.'
    })
  })

  it("No hook allows what another one is against, blocks left or not", () => {
    for (const against of [permission("deny", "no"), failed()]) {
      const json = jsonOf("PreToolUse", [permission("allow"), against], { blocksLeft: false })
      expect(Object.keys(json)).toEqual(["systemMessage"])
      expect(jsonOf("PreToolUse", [permission("ask"), against], { blocksLeft: false }).hookSpecificOutput.permissionDecision).toBe("ask")
    }
  })

  it("Requests for permission are answered as the hooks decide", () => {
    const decide = (decision: object) => answered(specific("PermissionRequest", { decision }))
    const rule = { type: "addRules", rules: [] }
    expect(
      jsonOf("PermissionRequest", [
        decide({ behavior: "allow", updatedPermissions: [rule] }),
        decide({ behavior: "allow", updatedInput: { a: 1 }, updatedPermissions: [rule] })
      ])
    ).toEqual(specific("PermissionRequest", { decision: { behavior: "allow", updatedInput: { a: 1 }, updatedPermissions: [rule] } }))
    const denied = give("PermissionRequest", [decide({ behavior: "allow" }), decide({ behavior: "deny", message: "no", interrupt: true })])
    expect(denied.blocks).toBe(true)
    expect(JSON.parse(denied.answer.stdout)).toEqual(specific("PermissionRequest", { decision: { behavior: "deny", message: "no", interrupt: true } }))
    expect(Object.keys(jsonOf("PermissionRequest", [decide({ behavior: "allow" }), failed()]))).toEqual(["systemMessage"])
  })

  it("one hook changes the input, and no denial comes with it", () => {
    const change = (name: string, updatedInput: object, more: object = {}) => answered(specific("PreToolUse", { updatedInput, ...more }), { name })
    expect(jsonOf("PreToolUse", [change("one", { a: 1 }), change("two", { a: 1 })])).toEqual(specific("PreToolUse", { updatedInput: { a: 1 } }))
    expect(jsonOf("PreToolUse", [change("one", { a: 1 }), change("two", { a: 2 })])).toEqual({
      systemMessage: 'biome one in /work/app/web and biome two in /work/app/web both answer "updatedInput", each another one; that of the first counts.',
      ...specific("PreToolUse", { updatedInput: { a: 1 } })
    })
    expect(jsonOf("PreToolUse", [change("one", { a: 1 }), permission("deny", "no")])).toEqual(
      specific("PreToolUse", { permissionDecision: "deny", permissionDecisionReason: "no" })
    )
    const allowing = [change("one", { a: 1 }, { permissionDecision: "allow" })]
    expect(jsonOf("PreToolUse", allowing, { tool: "Bash" })).toEqual(specific("PreToolUse", { permissionDecision: "allow", updatedInput: { a: 1 } }))
    for (const tool of ["Agent", "Task"]) {
      expect(jsonOf("PreToolUse", allowing, { tool })).toEqual(specific("PreToolUse", { updatedInput: { a: 1 } }))
      expect(jsonOf("PreToolUse", [...allowing, permission("ask")], { tool })).toEqual(specific("PreToolUse", { permissionDecision: "ask" }))
    }
  })

  it("The first hook that replaces an output counts", () => {
    const json = jsonOf("PostToolUse", [
      answered(specific("PostToolUse", { updatedToolOutput: "one" })),
      answered({ decision: "block", reason: "look", ...specific("PostToolUse", { updatedToolOutput: ["two"] }) }, { name: "two" })
    ])
    expect(json).toEqual({
      systemMessage: expect.stringContaining("biome two"),
      decision: "block",
      reason: "look",
      ...specific("PostToolUse", { updatedToolOutput: "one" })
    })
    const { stderr } = give("PostToolUse", [answered(specific("PostToolUse", { updatedToolOutput: "one" })), failed()]).answer
    expect(stderr).toContain("updatedToolOutput")
  })

  it("A hook that ends the turn does so, and all reasons are told", () => {
    const stop = (stopReason?: string) => answered({ continue: false, ...(stopReason === undefined ? {} : { stopReason }) })
    expect(give("Stop", [answered({ continue: true }), stop("a"), stop(), stop("b")], { blocksLeft: false })).toEqual({
      answer: { exitCode: 0, stdout: JSON.stringify({ continue: false, stopReason: "a\n\nb" }), stderr: "" },
      blocks: false
    })
    expect(give("PostToolUse", [stop("because"), failed()]).answer.stderr).toContain("A hook asks to end the turn.\nbecause")
  })

  it("Messages and contexts follow each other, lists are joined, and of other fields the first counts", () => {
    const start = (n: number, more: object) => answered({ systemMessage: `m${n}`, ...specific("SessionStart", { additionalContext: `c${n}`, ...more }) })
    expect(
      jsonOf("SessionStart", [
        start(1, { watchPaths: ["a", "b"], sessionTitle: "one", reloadSkills: true }),
        outcome({ stdout: "plain" }),
        start(2, { watchPaths: ["b", "c"], sessionTitle: "two", initialUserMessage: "go" })
      ])
    ).toEqual({
      systemMessage: "m1\n\nm2",
      ...specific("SessionStart", {
        sessionTitle: "one",
        initialUserMessage: "go",
        watchPaths: ["a", "b", "c"],
        reloadSkills: true,
        additionalContext: "c1\n\nplain\n\nc2"
      })
    })
    const act = (action: string, content?: object) => answered(specific("Elicitation", { action, ...(content === undefined ? {} : { content }) }))
    expect(jsonOf("Elicitation", [act("cancel"), act("accept", { a: 1 })])).toEqual(specific("Elicitation", { action: "cancel" }))
    expect(jsonOf("MessageDisplay", [answered(specific("MessageDisplay", { displayContent: "x" }))])).toEqual(
      specific("MessageDisplay", { displayContent: "x" })
    )
    expect(jsonOf("Notification", [answered({ terminalSequence: "\u0007" }), answered({ terminalSequence: "\u001b]9;x\u0007" })])).toEqual({
      terminalSequence: "\u0007\u001b]9;x\u0007"
    })
  })

  it("Output is suppressed when all hooks say so, and there is some", () => {
    expect(jsonOf("Stop", [answered({ suppressOutput: true, systemMessage: "x" }), answered({ suppressOutput: true })])).toEqual({
      systemMessage: "x",
      suppressOutput: true
    })
    expect(jsonOf("Stop", [answered({ suppressOutput: true, systemMessage: "x" }), answered({ systemMessage: "y" })])).toEqual({ systemMessage: "x\n\ny" })
    expect(give("Stop", [answered({ suppressOutput: true })])).toEqual(nothing)
  })

  it("Answers are understood with fields at the wrong level, and without the name of the event", () => {
    expect(jsonOf("PostToolUse", [answered({ additionalContext: "c", hookSpecificOutput: { decision: "block", reason: "r" } })])).toEqual({
      decision: "block",
      reason: "r",
      ...specific("PostToolUse", { additionalContext: "c" })
    })
    expect(jsonOf("PreToolUse", [answered({ permissionDecision: "deny", reason: "r" })])).toEqual(
      specific("PreToolUse", { permissionDecision: "deny", permissionDecisionReason: "r" })
    )
    expect(jsonOf("PermissionRequest", [answered({ decision: { behavior: "allow" } })])).toEqual(
      specific("PermissionRequest", { decision: { behavior: "allow" } })
    )
    expect(jsonOf("SubagentStop", [answered(specific("Stop", { additionalContext: "c" }))])).toEqual(specific("SubagentStop", { additionalContext: "c" }))
  })

  it("Answers that nobody can understand are told to the user, and the rest of them counts", () => {
    const told = (event: string, stdout: string, more: Parameters<typeof outcome>[0] = {}) => jsonOf(event, [outcome({ stdout, ...more })])
    for (const stdout of ['{"a":1}\n{"b":2}', '{"hookSpecificOutput": {broken', "{not json}", '{"a":1} and text'])
      expect(told("SessionStart", stdout)).toEqual({
        systemMessage: "biome lint in /work/app/web: its output was ignored: it is not one valid JSON object."
      })
    expect(told("Stop", '{"a": "…', { stdoutCut: true }).systemMessage).toContain("longer")
    expect(jsonOf("PreToolUse", [answered({ ...specific("PostToolUse", { permissionDecision: "allow" }), systemMessage: "x", continue: "no" })])).toEqual({
      systemMessage:
        'x\n\nbiome lint in /work/app/web: a part of its output was ignored: "hookSpecificOutput" is for PostToolUse, not for PreToolUse.\n\n' +
        'biome lint in /work/app/web: a part of its output was ignored: "continue" has to be true or false.'
    })
    expect(give("Stop", [answered({ some: "report", of: ["a", "tool"] }), outcome({ stdout: "[1,2]" })])).toEqual(nothing)
  })
})

describe("context", () => {
  it("Context is plain text only when nothing else is said and nobody can take it for JSON", () => {
    const text = (stdout: string) => outcome({ stdout })
    expect(give("SessionStart", [text("one\n"), text("two")]).answer.stdout).toBe("one\n\ntwo")
    expect(jsonOf("SessionStart", [text("{braces} are fine")])).toEqual(specific("SessionStart", { additionalContext: "{braces} are fine" }))
    expect(jsonOf("UserPromptSubmit", [text("one")], { notes: ["n"] })).toEqual({
      systemMessage: "n",
      ...specific("UserPromptSubmit", { additionalContext: "one" })
    })
    expect(jsonOf("SessionStart", [text("one")], { as: "http" })).toEqual(specific("SessionStart", { additionalContext: "one" }))
    expect(give("PreCompact", [text("{braces} are fine")]).answer.stdout).toBe("From a hook:\n{braces} are fine")
    expect(jsonOf("PreCompact", [text("keep the names")], { as: "http" })).toEqual(specific("PreCompact", { additionalContext: "keep the names" }))
  })

  it("Context is cut with the path to all of it", () => {
    const { stdout } = give("SessionStart", [outcome({ stdout: `begin ${"x ".repeat(9000)}end`, outputFile: "/tmp/all.txt" })]).answer
    expect(stdout.length).toBeLessThanOrEqual(9500)
    expect(stdout).toMatch(/^begin [\s\S]*\[… \d+ characters left out; all of it: \/tmp\/all\.txt …\][\s\S]* end$/)
  })

  it("Context does not send the agent on when that must not be", () => {
    const given = give("Stop", [answered(specific("Stop", { additionalContext: "more work" }))], { blocksLeft: false })
    expect(given.blocks).toBe(false)
    expect(JSON.parse(given.answer.stdout)).toEqual({ systemMessage: expect.stringContaining("more work") })
  })
})

describe("a new worktree", () => {
  const path = (stdout: string) => outcome({ stdout })
  it("The place of a new worktree is where exactly one hook says", () => {
    expect(give("WorktreeCreate", [path("/w/a\n"), outcome()]).answer).toEqual({ exitCode: 0, stdout: "/w/a", stderr: "" })
    expect(give("WorktreeCreate", [path("/w/a"), path("/w/a")], { notes: ["n"] }).answer).toEqual({ exitCode: 0, stdout: "/w/a", stderr: "n" })
    expect(give("WorktreeCreate", [answered(specific("WorktreeCreate", { worktreePath: "/w/b" }))]).answer.stdout).toBe("/w/b")
    expect(jsonOf("WorktreeCreate", [path("/w/a")], { as: "http" })).toEqual(specific("WorktreeCreate", { worktreePath: "/w/a" }))
  })

  it("A new worktree has no place when the hooks do not agree, or one of them failed", () => {
    expect(give("WorktreeCreate", [path("/w/a"), path("/w/b")]).answer).toMatchObject({
      exitCode: 2,
      stdout: "",
      stderr: expect.stringContaining("/w/a\n/w/b")
    })
    const long = `/w/${"deep/".repeat(1000)}`
    for (const one of [path(long), answered(specific("WorktreeCreate", { worktreePath: long }))])
      expect(give("WorktreeCreate", [one]).answer).toEqual({
        exitCode: 0,
        stdout: "",
        stderr: "biome lint in /work/app/web: what it gave is too long for a path."
      })
    expect(give("WorktreeCreate", [path("/w/a"), failed()]).answer).toMatchObject({ exitCode: 2, stdout: "" })
    expect(give("WorktreeCreate", [path("/w/a"), path("/w/b")], { blocksLeft: false }).answer).toMatchObject({ exitCode: 0, stdout: "" })
  })
})

it("a person reads reasons and notes on stderr", () => {
  expect(give(null, [failed({ stderr: "red" })], { notes: ["n"] }).answer).toEqual({
    exitCode: 2,
    stdout: "",
    stderr: "biome lint in /work/app/web: failed with exit code 1\nred\nRun it again: han hook run biome lint\n\nn"
  })
  expect(give(null, [outcome({ stdout: "fine" })], { notes: ["n"] }).answer).toEqual({ exitCode: 0, stdout: "", stderr: "n" })
})
