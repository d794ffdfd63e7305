import * as Fs from "node:fs"
import * as Path from "node:path"
import { assert, describe, it } from "@effect/vitest"
import * as Effect from "effect/Effect"
import { hasPassed, verdictOf } from "han-core/HookOutcome"
import { flakyRuns } from "han-core/HookRun"
import { hookProject } from "../../../../../test/hookProject.ts"

const hook = (name: string, command: string, more = "", event = "PreToolUse") =>
  `  ${name}:\n    event: ${event}\n    command: ${JSON.stringify(command)}\n${more}`
const says = (json: object) => `printf '%s' '${JSON.stringify(json)}'`
const specific = (fields: object, hookEventName = "PreToolUse") => ({ hookSpecificOutput: { hookEventName, ...fields } })

/** The runs, as soon as so many have ended. */
const settled = <A extends { readonly passed: boolean | null }, E, R>(runs: Effect.Effect<ReadonlyArray<A>, E, R>, count: number) =>
  Effect.gen(function* () {
    for (let i = 0; i < 200; i++) {
      const found = yield* runs
      if (found.filter(({ passed }) => passed !== null).length >= count) return found
      yield* Effect.sleep(25)
    }
    return yield* runs
  })

describe("the verdict of a run is what the client was told", () => {
  it.scopedLive("a denial in JSON has not passed, whichever way it is said", () =>
    Effect.gen(function* () {
      const bash = { more: { tool_input: { command: "rm -rf src" } }, tool: "Bash" }
      const { run, runs } = yield* hookProject(
        hook("deny", says(specific({ permissionDecision: "deny", permissionDecisionReason: "never" }))) +
          hook("ask", says(specific({ permissionDecision: "ask" }))) +
          hook("block", says({ decision: "block", reason: "no" })) +
          hook("stop", says({ continue: false, stopReason: "enough" })) +
          hook("change", says(specific({ permissionDecision: "allow", updatedInput: { command: "ls" } }))) +
          hook("same", says(specific({ permissionDecision: "allow", updatedInput: { command: "rm -rf src" } }))) +
          hook("allow", says(specific({ permissionDecision: "allow" }))) +
          hook("text", "echo fine") +
          hook("request", says(specific({ decision: { behavior: "deny", message: "no" } }, "PermissionRequest")), "", "PermissionRequest") +
          hook("form", says(specific({ action: "decline" }, "Elicitation")), "", "Elicitation")
      )
      const first = yield* run("PreToolUse", bash)
      const others = [yield* run("PermissionRequest", bash), yield* run("Elicitation")]
      const verdicts = { deny: "denied", ask: "asked", block: "denied", stop: "stopped", change: "changed", same: "passed", allow: "passed", text: "passed" }
      assert.deepStrictEqual(
        Object.fromEntries(first.outcomes.flatMap((one) => (one.status === "skipped" ? [] : [[one.name, String(verdictOf(one))]]))),
        verdicts
      )
      assert.deepStrictEqual(
        others.flatMap(({ outcomes }) => outcomes.flatMap((one) => (one.status === "skipped" ? [] : [verdictOf(one)]))),
        ["denied", "denied"]
      )
      const found = yield* settled(runs(), 10)
      const told = Object.fromEntries(found.map(({ exitCode, passed, verdict, hook }) => [hook, [verdict, passed, exitCode]]))
      const expected = { ...verdicts, request: "denied", form: "denied" }
      assert.deepStrictEqual(told, Object.fromEntries(Object.entries(expected).map(([name, verdict]) => [name, [verdict, verdict === "passed", 0]])))
      assert.strictEqual(found.find(({ hook }) => hook === "deny")?.error, "never")
      const failed = yield* runs({ failed: true, limit: 100 })
      assert.deepStrictEqual(failed.map(({ hook }) => hook).sort(), ["ask", "block", "change", "deny", "form", "request", "stop"])
    })
  )

  it.scopedLive("a denial is no pass for anybody: not in the cache, not for what depends on it, and it makes a gate flaky", () =>
    Effect.gen(function* () {
      const onText = "    if_changed: ['*.txt']\n"
      const { lines, put, root, run, runs } = yield* hookProject(
        hook("base", `echo ran >> ../log; test -e ../ok || ${says({ decision: "block", reason: "no" })}`, onText, "Stop") +
          hook("next", "echo next >> ../next", `${onText}    depends_on: [{ plugin: gate, hook: base }]\n`, "Stop")
      )
      put("a.txt", "")
      for (let i = 0; i < 2; i++) {
        const { outcomes } = yield* run("Stop")
        assert.deepStrictEqual(Object.fromEntries(outcomes.map((one) => [one.name, [verdictOf(one), hasPassed(one)]])), {
          base: ["denied", false],
          next: ["broken", false]
        })
      }
      assert.deepStrictEqual([lines("log").length, lines("next").length], [2, 0])
      Fs.writeFileSync(Path.join(root, "ok"), "")
      const { outcomes } = yield* run("Stop")
      assert.deepStrictEqual(outcomes.map(({ cached, flaky, name }) => [name, cached, flaky]).sort(), [
        ["base", false, true],
        ["next", false, false]
      ])
      assert.strictEqual(lines("log").length, 3)
      const found = yield* settled(runs({ hook: "base", limit: 100 }), 3)
      assert.strictEqual(flakyRuns(found).size, 3)
    })
  )
})

describe("a gate that could not be run", () => {
  it.scopedLive("A gate that lacks its program blocks nothing, is told of, and blocks when it is closed", () =>
    Effect.gen(function* () {
      const { put, run, runs } = yield* hookProject(
        hook("missing", "no-such-program --check", "", "[Stop, UserPromptSubmit]") +
          hook("within", "sh -c 'no-such-program --check'", "", "Stop") +
          hook("forbidden", "./a.txt", "", "Stop") +
          hook("tested", "true", "    dir_test: no-such-program\n", "Stop") +
          hook("shut", "no-such-program", "    on_error: closed\n", "PreCompact")
      )
      put("a.txt", "")
      const { answer, outcomes } = yield* run("Stop")
      const status = (name: string) => outcomes.find((one) => one.name === name)?.status
      assert.deepStrictEqual(["missing", "within", "forbidden", "tested"].map(status), ["broken", "broken", "broken", "broken"])
      assert.deepStrictEqual([answer.exitCode, answer.stderr], [0, ""])
      const { systemMessage } = JSON.parse(answer.stdout)
      assert.match(
        systemMessage,
        /gate missing in [^\n]+: could not be run: a program that it calls was not found \(exit code 127\) \([^\n]*no-such-program: command not found\); it blocks nothing/
      )
      assert.match(systemMessage, /gate forbidden in [^\n]+: could not be run: a program that it calls may not be run \(exit code 126\)/)
      assert.match(systemMessage, /gate tested in [^\n]+: could not be started: its dir_test could not be run \(exit code 127[^\n]*\)/)
      const prompt = yield* run("UserPromptSubmit", { more: { prompt: "hello" } })
      assert.deepStrictEqual([prompt.answer.exitCode, Object.keys(JSON.parse(prompt.answer.stdout))], [0, ["systemMessage"]])
      assert.strictEqual((yield* run("PreCompact")).answer.exitCode, 2)
      const found = yield* settled(runs({ hook: "missing", limit: 100 }), 2)
      assert.deepStrictEqual(
        found.map(({ error, exitCode, verdict }) => [verdict, exitCode, error]),
        [
          ["broken", 127, "exit code 127: a program that it calls was not found"],
          ["broken", 127, "exit code 127: a program that it calls was not found"]
        ]
      )
    })
  )

  it.scopedLive("A prompt is erased by exit code 2 and by a block in JSON, and by nothing else", () =>
    Effect.gen(function* () {
      for (const event of ["UserPromptSubmit", "UserPromptExpansion"]) {
        const { root, run } = yield* hookProject(hook("check", 'eval "$(cat ../do)"', "", event))
        const answerTo = (command: string) => {
          Fs.writeFileSync(Path.join(root, "do"), command)
          return Effect.map(run(event, { more: { prompt: "hello" } }), ({ answer }) => answer)
        }
        for (const command of ["echo bad >&2; exit 1", "exit 3", "kill -9 $$"]) {
          const { exitCode, stderr, stdout } = yield* answerTo(command)
          assert.deepStrictEqual([exitCode, stderr, Object.keys(JSON.parse(stdout))], [0, "", ["systemMessage"]], command)
          assert.include(JSON.parse(stdout).systemMessage, "gate check")
        }
        assert.strictEqual((yield* answerTo("echo bad >&2; exit 2")).exitCode, 2)
        assert.strictEqual(JSON.parse((yield* answerTo(says({ decision: "block", reason: "no" }))).stdout).decision, "block")
      }
    })
  )
})
