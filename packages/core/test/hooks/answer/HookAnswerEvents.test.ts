import { hookEventNames } from "han-core/HookEvents"
import type { HookOutcome } from "han-core/HookOutcome"
import { describe, expect, it } from "vitest"
import { answerTo, type HookAnswerOptions } from "../../../src/hooks/answer/answerTo.ts"
import { answered, blocked, broken, failed, outcome } from "../../hookOutcomes.ts"

const give = (event: string | null, outcomes: ReadonlyArray<HookOutcome>, more: Partial<HookAnswerOptions> = {}) =>
  answerTo({ event, outcomes, as: "command", blocksLeft: true, notes: [], ...more })
const jsonOf = (event: string | null, outcomes: ReadonlyArray<HookOutcome>, more: Partial<HookAnswerOptions> = {}) => {
  const { answer } = give(event, outcomes, more)
  expect(answer).toMatchObject({ exitCode: 0, stderr: "" })
  return answer.stdout === "" ? null : JSON.parse(answer.stdout)
}
const specific = (event: string, fields: object) => ({ hookSpecificOutput: { hookEventName: event, ...fields } })
const nothing = { answer: { exitCode: 0, stdout: "", stderr: "" }, blocks: false }

/** `code`: exit code 2 · `user`: a systemMessage · `stderr`: exit code 0, and stderr. Plain text: as it is, or nowhere. JSON that blocks: how it is said. */
const table: ReadonlyArray<readonly [event: string, shut: string, plain: string, context: string, block: string]> = [
  ["SessionStart", "user", "text", "read", "user"],
  ["Setup", "user", "-", "-", "user"],
  ["InstructionsLoaded", "user", "-", "-", "user"],
  ["UserPromptSubmit", "code", "text", "read", "decision"],
  ["UserPromptExpansion", "code", "text", "read", "decision"],
  ["PreToolUse", "code", "-", "read", "permission"],
  ["PermissionRequest", "user", "-", "-", "behavior"],
  ["PermissionDenied", "user", "-", "-", "user"],
  ["PostToolUse", "code", "-", "read", "decision"],
  ["PostToolUseFailure", "code", "-", "read", "decision"],
  ["PostToolBatch", "code", "-", "read", "decision"],
  ["Notification", "user", "-", "-", "user"],
  ["MessageDisplay", "user", "-", "-", "user"],
  ["Stop", "code", "-", "goes-on", "decision"],
  ["SubagentStop", "code", "-", "goes-on", "decision"],
  ["SubagentStart", "user", "-", "read", "user"],
  ["TaskCreated", "code", "-", "-", "code"],
  ["TaskCompleted", "code", "-", "-", "code"],
  ["StopFailure", "user", "-", "-", "user"],
  ["TeammateIdle", "code", "-", "-", "code"],
  ["ConfigChange", "code", "-", "-", "decision"],
  ["CwdChanged", "user", "-", "-", "user"],
  ["DirectoryAdded", "user", "-", "-", "user"],
  ["FileChanged", "user", "-", "-", "user"],
  ["WorktreeCreate", "code", "text", "-", "code"],
  ["WorktreeRemove", "code", "-", "-", "code"],
  ["PreCompact", "code", "text", "text", "code"],
  ["PostCompact", "user", "-", "-", "user"],
  ["PreModelSwitch", "code", "-", "-", "permission"],
  ["PostModelSwitch", "user", "-", "read", "user"],
  ["Elicitation", "code", "-", "-", "code"],
  ["ElicitationResult", "code", "-", "-", "code"],
  ["SessionEnd", "code", "-", "-", "code"],
  ["AnEventOfTomorrow", "user", "-", "-", "user"]
]
/** Where a called program cannot say JSON. */
const readsStderr = new Set(["WorktreeCreate", "PreCompact", "SessionEnd"])
/** Where stdout is printed for the user as it is. */
const prints = new Set(["PostCompact"])
/** Where what merely failed must not erase what the user has written. */
const erases = new Set(["UserPromptSubmit", "UserPromptExpansion"])

it("the table knows every event", () => {
  expect(
    table
      .map(([event]) => event)
      .filter((event) => event !== "AnEventOfTomorrow")
      .sort()
  ).toEqual([...hookEventNames].sort())
})

describe.each(table)("%s", (event, shut, plain, context, block) => {
  const user = (text: unknown, outcomes: ReadonlyArray<HookOutcome>, more: Partial<HookAnswerOptions> = {}) => {
    const given = give(event, outcomes, more)
    expect(given.blocks).toBe(false)
    expect(given.answer.exitCode).toBe(0)
    if (readsStderr.has(event)) {
      expect(given.answer.stdout).toBe("")
      expect(given.answer.stderr).toEqual(text)
    } else if (prints.has(event)) expect(given.answer).toEqual({ exitCode: 0, stdout: text, stderr: "" })
    else {
      expect(given.answer.stderr).toBe("")
      expect(Object.keys(JSON.parse(given.answer.stdout))).toEqual(["systemMessage"])
      expect(JSON.parse(given.answer.stdout).systemMessage).toEqual(text)
    }
  }

  it.each([
    ["failed", failed({ stderr: "line 3 is wrong" }), "biome lint in /work/app/web: failed with exit code 1"],
    ["blocked", blocked({ stderr: "line 3 is wrong" }), "biome lint in /work/app/web: blocked with exit code 2"],
    ["broken and closed", broken("closed", { stderr: "line 3 is wrong" }), "biome lint in /work/app/web: ran into its limit of 30 s"]
  ])("The outcome %s blocks where the event can be blocked, and is told to the user elsewhere", (_, gate, says) => {
    const why =
      event === "AnEventOfTomorrow"
        ? '"AnEventOfTomorrow" is no event of Claude Code that han knows (did you mean Notification, PostToolUse, PreToolUse?), and nothing is blocked there.'
        : `${event} cannot be blocked.`
    const reason = `${says}\nline 3 is wrong\nRun it again: han hook run biome lint`
    if (erases.has(event) && gate.status === "failed") {
      const told = expect.stringMatching(
        /^This did not pass, and blocks nothing: [^\n]+\n\nbiome lint in \/work\/app\/web: failed with exit code 1\nline 3 is wrong\n/
      )
      user(told, [gate])
      expect(JSON.parse(give(event, [gate], { as: "http" }).answer.stdout)).toEqual({ systemMessage: told })
      return
    }
    if (shut === "code") expect(give(event, [gate])).toEqual({ answer: { exitCode: 2, stdout: "", stderr: reason }, blocks: true })
    else user(`${why} This did not pass:\n\n${reason}`, [gate])
    const over = give(event, [gate], { as: "http" })
    expect(over.answer).toMatchObject({ exitCode: 0, stderr: "" })
    expect(over.blocks).toBe(shut === "code")
    const body = JSON.parse(over.answer.stdout)
    if (shut !== "code") expect(body).toEqual({ systemMessage: expect.stringContaining(reason) })
    else if (block === "permission") expect(body).toEqual(specific(event, { permissionDecision: "deny", permissionDecisionReason: reason }))
    else expect(body).toEqual({ decision: "block", reason, ...(event.startsWith("Elicitation") ? specific(event, { action: "decline" }) : {}) })
  })

  it("A gate that is shut when no block is left is told to the user", () => {
    user(
      expect.stringMatching(shut === "code" ? /^Nothing is blocked any more[\s\S]+blocked with exit code 2\nno\n/ : /blocked with exit code 2\nno\n/),
      [blocked({ stderr: "no" })],
      {
        blocksLeft: false
      }
    )
  })

  it("A broken gate that is open is told to the user", () => {
    user("biome lint in /work/app/web: ran into its limit of 30 s; it blocks nothing (on_error: open).", [broken("open", { stderr: "much\nto\nread" })])
  })

  it("A gate whose program is missing is told to the user as not run", () => {
    const gate = broken("open", { end: { _tag: "Exited", code: 127 }, stderr: "bash: line 1: biom: command not found\n" })
    user(
      "biome lint in /work/app/web: could not be run: a program that it calls was not found (exit code 127) (bash: line 1: biom: command not found); it blocks nothing (on_error: open).",
      [gate]
    )
  })

  it("A program that nobody waits for answers in JSON alone, blocks nothing, and tells the user", () => {
    const denial = { decision: "block", reason: "not now", continue: false, stopReason: "enough" }
    const { answer, blocks } = give(event, [failed({ stderr: "line 3 is wrong" }), broken("open"), answered(denial, { name: "guard" })], { as: "async" })
    expect([answer.exitCode, answer.stderr, blocks]).toEqual([0, "", false])
    const { hookSpecificOutput, systemMessage, ...rest } = JSON.parse(answer.stdout)
    expect(rest).toEqual({})
    for (const part of ["biome lint in /work/app/web: failed with exit code 1", "ran into its limit of 30 s", "biome guard in /work/app/web blocks"])
      expect(systemMessage).toContain(part)
    const reasons = ["line 3 is wrong", "not now", "enough"]
    if (context === "-" || context === "text") {
      expect(hookSpecificOutput).toBe(undefined)
      for (const reason of reasons) expect(systemMessage).toContain(reason)
    } else {
      expect(Object.keys(hookSpecificOutput)).toEqual(["hookEventName", "additionalContext"])
      for (const reason of reasons) expect(hookSpecificOutput.additionalContext).toContain(reason)
    }
    expect(give(event, [outcome()], { as: "async" })).toEqual(nothing)
  })

  it("Notes are told to the user", () => {
    user("one\n\ntwo", [outcome()], { notes: ["one", "two"] })
    expect(jsonOf(event, [], { notes: ["one"], as: "http" })).toEqual({ systemMessage: "one" })
  })

  it("Plain text counts of a hook that passed, not of one from the cache or one that was skipped", () => {
    const said = give(event, [outcome({ stdout: "words\n" })])
    expect(said).toEqual(plain === "text" ? { ...nothing, answer: { exitCode: 0, stdout: "words", stderr: "" } } : nothing)
    const json = { systemMessage: "x", decision: "block" }
    expect(
      give(event, [outcome({ stdout: "words", cached: true }), outcome({ stdout: "words", status: "skipped" }), answered(json, { cached: true })])
    ).toEqual(nothing)
    expect(give(event, [outcome({ stderr: "words" })])).toEqual(nothing)
  })

  it("Context in JSON is given where the model reads it", () => {
    const given = give(event, [answered(specific(event, { additionalContext: "words" }))])
    expect(given.blocks).toBe(context === "goes-on")
    expect(given.answer.exitCode).toBe(0)
    if (context === "-") expect(given).toEqual(nothing)
    else if (context === "text") expect(given.answer.stdout).toBe("words")
    else expect(JSON.parse(given.answer.stdout)).toEqual(specific(event, { additionalContext: "words" }))
  })

  it("JSON that blocks does so where the event can be blocked, and is told to the user elsewhere", () => {
    const given = give(event, [answered({ decision: "block", reason: "not now" })])
    const { answer, blocks } = given
    if (block === "code") {
      expect(given).toEqual({ answer: { exitCode: 2, stdout: "", stderr: "biome lint in /work/app/web blocks:\nnot now" }, blocks: true })
      return
    }
    expect(blocks).toBe(block !== "user")
    expect(answer.exitCode).toBe(0)
    if (block === "user") user(expect.stringContaining("not now"), [answered({ decision: "block", reason: "not now" })])
    else if (block === "decision") expect(JSON.parse(answer.stdout)).toEqual({ decision: "block", reason: "not now" })
    else if (block === "permission")
      expect(JSON.parse(answer.stdout)).toEqual(specific(event, { permissionDecision: "deny", permissionDecisionReason: "not now" }))
    else expect(JSON.parse(answer.stdout)).toEqual(specific(event, { decision: { behavior: "deny", message: "not now" } }))
  })

  it("JSON that blocks when no block is left is told to the user", () => {
    user(expect.stringContaining("not now"), [answered({ decision: "block", reason: "not now" })], { blocksLeft: false })
  })

  it("Hooks that say nothing give an empty answer", () => {
    expect(give(event, [])).toEqual(nothing)
    expect(give(event, [outcome(), outcome({ status: "skipped" })], { as: "http" })).toEqual(nothing)
  })
})
