import * as fc from "fast-check"
import { hookEventNames } from "han-core/HookEvents"
import type { HookOutcome } from "han-core/HookOutcome"
import { describe, expect, it } from "vitest"
import { runs } from "../../../../../test/runs.ts"
import { answerTo } from "../../../src/hooks/answer/answerTo.ts"
import { outcome } from "../../hookOutcomes.ts"

const text = fc.oneof(
  fc.constantFrom("", " ", "{", "{}", "{x}", '{"', "words", "a\nb", "\ud800", "\u0000", "\u001b[31mred"),
  fc.string({ unit: "binary", maxLength: 20 }),
  fc.tuple(fc.constantFrom("x", "😀", "é\u0301", "\ud83d", "words and "), fc.nat({ max: 12_000 })).map(([unit, times]) => unit.repeat(times))
)
const json: fc.Arbitrary<unknown> = fc.oneof(
  fc.boolean(),
  fc.integer(),
  text,
  fc.constant(null),
  fc.constant([]),
  fc.constant({ a: 1 }),
  fc.array(text, { maxLength: 2 })
)
const maybe = <A>(arbitrary: fc.Arbitrary<A>): fc.Arbitrary<A | undefined> => fc.option(arbitrary, { nil: undefined, freq: 2 })
const events = fc.constantFrom(...hookEventNames, "Tomorrow", "constructor", null)
const decision = fc.oneof(fc.constantFrom("block", "approve"), fc.record({ behavior: fc.constantFrom("allow", "deny"), message: text }), json)
const permission = fc.constantFrom("deny", "defer", "ask", "allow")
const inner = fc.record({
  hookEventName: maybe(fc.oneof(events, json)),
  additionalContext: maybe(fc.oneof(text, json)),
  permissionDecision: maybe(fc.oneof(permission, json)),
  permissionDecisionReason: maybe(text),
  decision: maybe(decision),
  updatedInput: maybe(json),
  updatedToolOutput: maybe(json),
  watchPaths: maybe(json),
  sessionTitle: maybe(text),
  worktreePath: maybe(text),
  action: maybe(fc.constantFrom("accept", "decline", 3)),
  content: maybe(json),
  displayContent: maybe(text)
})
const reply = fc.record({
  continue: maybe(fc.oneof(fc.boolean(), json)),
  stopReason: maybe(text),
  systemMessage: maybe(fc.oneof(text, json)),
  suppressOutput: maybe(fc.boolean()),
  terminalSequence: maybe(text),
  decision: maybe(decision),
  reason: maybe(text),
  additionalContext: maybe(text),
  hookSpecificOutput: maybe(fc.oneof(inner, json)),
  other: maybe(json)
})
const outcomes = fc.array(
  fc
    .record({
      status: fc.constantFrom<HookOutcome["status"]>("passed", "passed", "failed", "blocked", "broken", "skipped"),
      stdout: fc.oneof(
        text,
        reply.map((one) => JSON.stringify(one)),
        json.map((one) => JSON.stringify(one))
      ),
      stderr: text,
      stdoutCut: fc.boolean(),
      cached: fc.boolean(),
      onError: fc.constantFrom("open" as const, "closed" as const),
      outputFile: fc.option(fc.constantFrom("/tmp/all.txt", `/tmp/${"deep/".repeat(400)}all.txt`), { nil: null }),
      end: fc.constantFrom<HookOutcome["end"]>(
        null,
        { _tag: "Exited", code: 3 },
        { _tag: "Signalled", signal: "SIGTERM" },
        { _tag: "TimedOut", idle: true, limitMs: 5 },
        { _tag: "NotStarted", message: "\ud800 no".repeat(5000) }
      ),
      directory: fc.option(fc.constantFrom(".", "web", "d/".repeat(2000)), { nil: null }),
      plugin: fc.constantFrom("biome", "x y", "\ud800"),
      name: fc.constantFrom("lint", "n".repeat(3000))
    })
    .map(outcome),
  { maxLength: 30, size: "medium" }
)
const options = fc.record({
  event: events,
  outcomes,
  as: fc.constantFrom("command" as const, "http" as const, "async" as const),
  blocksLeft: fc.boolean(),
  notes: fc.array(text, { maxLength: 3 }),
  tool: fc.constantFrom(null, "Bash", "Agent")
})

const silentAtCode = new Set(
  "Tomorrow constructor SessionStart Setup InstructionsLoaded PermissionRequest PermissionDenied Notification MessageDisplay SubagentStart StopFailure CwdChanged DirectoryAdded FileChanged PostCompact PostModelSwitch SessionEnd".split(
    " "
  )
)
const top = new Set("continue stopReason systemMessage suppressOutput terminalSequence decision reason hookSpecificOutput".split(" "))
const specific = new Set(
  (
    "hookEventName additionalContext permissionDecision permissionDecisionReason decision updatedInput updatedToolOutput updatedMCPToolOutput sessionTitle initialUserMessage " +
    "watchPaths reloadSkills suppressOriginalPrompt displayContent worktreePath action content retry"
  ).split(" ")
)
const isShut = ({ onError, status }: HookOutcome, event: string): boolean =>
  (status === "failed" && !event.startsWith("UserPrompt")) || status === "blocked" || (status === "broken" && onError === "closed")
const longest = 9500

describe("whatever became of the hooks", () => {
  it("the answer is one that the client can read, of bounded length", () => {
    fc.assert(
      fc.property(options, (given) => {
        const { answer, blocks } = answerTo(given)
        const { exitCode, stderr, stdout } = answer
        expect([0, 2]).toContain(exitCode)
        expect(stdout.isWellFormed() && stderr.isWellFormed()).toBe(true)
        expect(stderr.length).toBeLessThanOrEqual(longest)
        if (exitCode === 2) expect([stdout, stderr !== "", blocks]).toEqual(["", true, true])
        if (given.as !== "command") expect([exitCode, stderr]).toEqual([0, ""])
        if (given.as === "async") expect(blocks).toBe(false)
        if (!given.blocksLeft) expect([exitCode, blocks]).toEqual([0, false])
        if (
          given.event !== null &&
          given.blocksLeft &&
          given.outcomes.some((one) => isShut(one, given.event ?? "")) &&
          !silentAtCode.has(given.event) &&
          given.as !== "async"
        ) {
          expect(blocks).toBe(true)
          if (given.as === "command") expect(exitCode).toBe(2)
        }
        if (stdout === "") return
        // At PostCompact the user is shown whatever is there, a brace as well.
        if (!stdout.trimStart().startsWith("{") || (given.event === "PostCompact" && given.as === "command")) {
          expect(given.as).toBe("command")
          expect(["SessionStart", "UserPromptSubmit", "UserPromptExpansion", "PreCompact", "PostCompact", "WorktreeCreate"]).toContain(given.event)
          expect(stdout.length).toBeLessThanOrEqual(longest)
          return
        }
        if (given.as === "command") expect(["PreCompact", "WorktreeCreate", "SessionEnd", null]).not.toContain(given.event)
        const body = JSON.parse(stdout)
        expect(Object.keys(body).filter((key) => !top.has(key))).toEqual([])
        const inside = body.hookSpecificOutput ?? { hookEventName: given.event }
        expect(inside.hookEventName).toBe(given.event)
        expect(Object.keys(inside).filter((key) => !specific.has(key))).toEqual([])
        for (const said of [
          body.systemMessage,
          body.reason,
          body.stopReason,
          inside.additionalContext,
          inside.permissionDecisionReason,
          inside.decision?.message
        ]) {
          if (said === undefined) continue
          expect(said.length).toBeLessThanOrEqual(longest)
          expect(said.isWellFormed()).toBe(true)
        }
        if (inside.permissionDecision === "deny") expect(inside.updatedInput).toBe(undefined)
        if (inside.updatedInput !== undefined && given.tool === "Agent") expect(inside.permissionDecision).toBe(undefined)
        if (!given.blocksLeft)
          expect([body.decision, inside.permissionDecision === "deny", inside.decision?.behavior === "deny"]).toEqual([undefined, false, false])
      }),
      { numRuns: runs(1500, 100) }
    )
  }, 60_000)

  it("a denial beats what allows", () => {
    const one = (permissionDecision: string, i: number) =>
      outcome({
        name: `h${i}`,
        stdout: JSON.stringify({ hookSpecificOutput: { hookEventName: "PreToolUse", permissionDecision, permissionDecisionReason: `because ${i}` } })
      })
    const rank = ["deny", "defer", "ask", "allow"]
    fc.assert(
      fc.property(fc.array(permission, { minLength: 1, maxLength: 6 }), (decisions) => {
        const { answer, blocks } = answerTo({ event: "PreToolUse", outcomes: decisions.map(one), as: "command", blocksLeft: true, notes: [] })
        const strictest = rank.find((candidate) => decisions.some((each) => each === candidate))
        expect(JSON.parse(answer.stdout).hookSpecificOutput).toEqual({
          hookEventName: "PreToolUse",
          permissionDecision: strictest,
          permissionDecisionReason: decisions.flatMap((each, i) => (each === strictest ? [`because ${i}`] : [])).join("\n\n")
        })
        expect(blocks).toBe(strictest === "deny")
      }),
      { numRuns: runs(300, 100) }
    )
  })
})
