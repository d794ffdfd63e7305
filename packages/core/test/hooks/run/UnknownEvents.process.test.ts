import { assert, it } from "@effect/vitest"
import * as Effect from "effect/Effect"
import { hookProject } from "../../../../../test/hookProject.ts"

it.scopedLive("Hooks run at an event of a newer client, the user is told its name once, and nothing is blocked", () =>
  Effect.gen(function* () {
    const { lines, run } = yield* hookProject(
      "  gate:\n    event: [PreToolUsed, PreToolUse]\n    command: 'echo ran >> ../log; echo no >&2; exit 2'\n    on_error: closed\n"
    )
    const first = yield* run("PreToolUsed")
    assert.deepStrictEqual([first.answer.exitCode, first.answer.stderr, first.statuses], [0, "", ["blocked"]])
    const named = '"PreToolUsed" is no event of Claude Code that han knows (did you mean PreToolUse?)'
    const told: string = JSON.parse(first.answer.stdout).systemMessage
    assert.isTrue(told.startsWith(`${named}, and nothing is blocked there. This did not pass:`), told)
    assert.isTrue(told.endsWith(`han: ${named}: hooks for it are run, and block nothing`), told)
    const second: string = JSON.parse((yield* run("PreToolUsed")).answer.stdout).systemMessage
    assert.isFalse(second.includes("hooks for it are run"), second)
    assert.deepStrictEqual(lines("log"), ["ran", "ran"])
    assert.strictEqual((yield* run("PreToolUse")).answer.exitCode, 2)
  })
)
