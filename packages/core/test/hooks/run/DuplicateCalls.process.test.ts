import * as Fs from "node:fs"
import * as Path from "node:path"
import { assert, describe, it } from "@effect/vitest"
import * as Effect from "effect/Effect"
import * as Fiber from "effect/Fiber"
import type { HookAnswer } from "han-core/HookAnswer"
import type { HookCall } from "han-core/HookCall"
import { hookProject } from "../../../../../test/hookProject.ts"
import { eventually } from "../../../../../test/transcriptTree.ts"

/** It says which time it is, and blocks while there is a file. */
const gate = (name: string, more = "") =>
  `  ${name}:\n    event: [Stop, PreToolUse]\n    command: ${JSON.stringify(`echo ${name} >> ../log; n=$(grep -c ${name} ../log); sleep 0.0$((RANDOM % 4)); test ! -e ../fail || { echo "<${name} $n>" >&2; exit 2; }`)}\n${more}`

const gates = ["one", "two", "three"] as const
const phases = { one: "lint", two: "build", three: "test" }
const hooks = gates.map((name) => gate(name, `    phase: ${phases[name]}\n`)).join("")

/** The same event, written otherwise. */
const rewritten = (input: string): string => `${JSON.stringify(Object.fromEntries(Object.entries(JSON.parse(input)).reverse()), null, 1)}\n`

type Entry = (call: HookCall) => HookCall
const only =
  (hook: string): Entry =>
  (call) => ({ ...call, event: null, only: { plugin: "gate", hook } })
const entries = {
  command: (call: HookCall): HookCall => ({ ...call, input: `${call.input}\n` }),
  // Of the same words in the client's settings of another scope, under another name of the program.
  again: (call: HookCall): HookCall => call,
  http: (call: HookCall): HookCall => ({ ...call, answerAs: "http" }),
  plugin: (call: HookCall): HookCall => ({ ...call, input: rewritten(call.input), environment: { ...call.environment, CLAUDE_PLUGIN_ROOT: "/market/gate" } }),
  one: only("one"),
  three: only("three"),
  later: (call: HookCall): HookCall => ({ ...call, async: true })
}
const names = Object.keys(entries) as ReadonlyArray<keyof typeof entries>

const told = (answers: ReadonlyArray<HookAnswer>): ReadonlyArray<string> =>
  answers.flatMap(({ stderr, stdout }) => [...`${stderr}${stdout}`.matchAll(/<(\w+ \d+)>/g)].map(([, what]) => what ?? "")).sort()
const blocking = (answers: ReadonlyArray<HookAnswer>): number =>
  answers.filter(({ exitCode, stdout }) => exitCode === 2 || stdout.includes('"decision":"block"')).length

describe("an event of the client that several entries call for", () => {
  it.scopedLive(
    "An event of several entries is asked and told of once in any order, and the next one of the same words anew",
    () =>
      Effect.gen(function* () {
        const { callOf, lines, runner, root } = yield* hookProject(hooks, { maxBlocks: 1000 })
        Fs.writeFileSync(Path.join(root, "fail"), "")
        let random = 7
        const next = (below: number) => (random = (random * 48271) % 2147483647) % below
        for (let event = 1; event <= 40; event++) {
          const chosen = names.filter((name) => name !== "later" && (name === "command" || next(2) === 0))
          const order = [...chosen].sort(() => next(3) - 1)
          const begin = Date.now()
          const answers = yield* Effect.forEach(
            order,
            (name) =>
              // One that its machine is slow to start comes when others have their answer. Only who cannot be told apart has to know when it was started.
              Effect.flatMap(Effect.sleep(next(4) === 0 ? 200 : next(12)), () =>
                runner.answer({
                  ...entries[name](callOf("Stop", { goingOn: true })),
                  startedAt: name === "again" || name === "command" || next(2) === 0 ? begin : Date.now()
                })
              ),
            { concurrency: "unbounded" }
          )
          assert.deepStrictEqual(
            told(answers),
            ["one", "three", "two"].map((name) => `${name} ${event}`),
            `${event}: ${order}`
          )
          assert.isAtLeast(blocking(answers), 1)
        }
        assert.strictEqual(lines("log").length, 120)
      }),
    120_000
  )

  it.scopedLive("An event of several entries blocks once in a row of blocks, whatever their number", () =>
    Effect.gen(function* () {
      const { callOf, runner, root } = yield* hookProject(hooks, { maxBlocks: 3 })
      Fs.writeFileSync(Path.join(root, "fail"), "")
      const blocked: Array<boolean> = []
      for (let event = 0; event < 5; event++) {
        const call = callOf("Stop", { goingOn: event > 0, more: { last_assistant_message: "done" } })
        const answers = yield* Effect.forEach(
          ["command", "http", "plugin"] as const,
          (name) => Effect.zipRight(Effect.sleep(Math.random() * 60), runner.answer(entries[name](call))),
          { concurrency: "unbounded" }
        )
        blocked.push(blocking(answers) > 0)
      }
      assert.deepStrictEqual(blocked, [true, true, true, false, false])
    })
  )

  it.scopedLive("An event is run by another call when the one that runs it goes away, and by hand each is its own", () =>
    Effect.gen(function* () {
      const { callOf, lines, run, runner, root } = yield* hookProject(gate("one").replace("sleep 0.0$((RANDOM % 4))", "sleep 0.6"))
      Fs.writeFileSync(Path.join(root, "fail"), "")
      const call = callOf("Stop")
      const first = yield* Effect.fork(runner.answer(entries.command(call)))
      yield* eventually(
        () => lines("log").length,
        (count) => count === 1
      )
      const second = yield* Effect.fork(runner.answer(entries.plugin(call)))
      yield* Effect.sleep(200)
      yield* Fiber.interrupt(first)
      assert.deepStrictEqual(told([yield* Fiber.join(second)]), ["one 2"])
      yield* Effect.all([run("Stop"), run("Stop")], { concurrency: 2 })
      assert.strictEqual(lines("log").length, 4)
    })
  )

  it.scopedLive("An event may be two calls of a tool without id that say the same, and each is told what was found once", () =>
    Effect.gen(function* () {
      const { callOf, lines, runner, root } = yield* hookProject(gate("one"))
      Fs.writeFileSync(Path.join(root, "fail"), "")
      const call = { ...callOf("PreToolUse", { tool: "Bash" }), startedAt: Date.now() }
      const answers = yield* Effect.all([runner.answer(call), runner.answer(call)], { concurrency: 2 })
      assert.deepStrictEqual([told(answers), lines("log").length], [["one 1", "one 1"], 1])
    })
  )

  it.scopedLive("An event is a new one when a file changed again, though the last one's answer has not arrived", () =>
    Effect.gen(function* () {
      const { callOf, lines, runner } = yield* hookProject(gate("one").replace("[Stop, PreToolUse]", '"FileChanged:a.txt"').replace("sleep 0.0", "sleep 0.5"))
      const call = { ...callOf("FileChanged", { more: { file_path: "/x/a.txt", event: "change" } }), startedAt: Date.now() }
      yield* Effect.all([runner.answer(call), Effect.zipRight(Effect.sleep(200), runner.answer(call))], { concurrency: 2 })
      assert.strictEqual(lines("log").length, 2)
    })
  )

  it.scopedLive("An event is blocked by an entry that the client waits for, though one without waiting came first", () =>
    Effect.gen(function* () {
      const { callOf, lines, runner, root } = yield* hookProject(gate("one").replace("sleep 0.0$((RANDOM % 4))", "sleep 0.6"))
      Fs.writeFileSync(Path.join(root, "fail"), "")
      const call = callOf("PreToolUse", { tool: "Bash", more: { tool_use_id: "t1" } })
      const first = yield* Effect.fork(runner.answer(entries.later(call)))
      yield* eventually(
        () => lines("log").length,
        (count) => count === 1
      )
      const now = yield* runner.answer(entries.command(call))
      const later = yield* Fiber.join(first)
      assert.deepStrictEqual([later, now.exitCode, told([now])], [{ exitCode: 0, stdout: "", stderr: "" }, 2, ["one 1"]])
      // And when that had its answer already.
      const other = callOf("PreToolUse", { tool: "Bash", more: { tool_use_id: "t2" } })
      const early = yield* runner.answer(entries.later(other))
      assert.deepStrictEqual([early.exitCode, early.stderr, told([early])], [0, "", ["one 2"]])
      assert.deepStrictEqual(yield* runner.answer(entries.command(other)), { ...now, stderr: now.stderr.replace("one 1", "one 2") })
      assert.strictEqual(lines("log").length, 2)
    })
  )
})
