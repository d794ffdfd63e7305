import * as Fs from "node:fs"
import * as Path from "node:path"
import { assert, describe, it } from "@effect/vitest"
import * as Effect from "effect/Effect"
import * as Fiber from "effect/Fiber"
import { StoreError } from "han-core/StoreError"
import { git, hookProject, putPlugin } from "./hookProject.ts"

const hook = (name: string, command: string, more = "", event = "Stop") => `  ${name}:\n    event: ${event}\n    command: ${JSON.stringify(command)}\n${more}`
const onText = "    if_changed: ['**/*.txt']\n"
const codes = ({ outcomes }: { readonly outcomes: ReadonlyArray<{ readonly reason: { readonly code: string } }> }) => outcomes.map(({ reason }) => reason.code)

describe("a pass from the cache never hides anything", () => {
  it.scopedLive("what blocks in JSON, or gives context, is asked each time", () =>
    Effect.gen(function* () {
      const { put, run } = yield* hookProject(
        hook("json", `printf '{"decision":"block","reason":"no"}'`, onText) + hook("context", "echo context", onText, "SessionStart")
      )
      put("a.txt", "")
      for (let i = 0; i < 2; i++) assert.strictEqual(JSON.parse((yield* run("Stop")).answer.stdout).decision, "block")
      for (let i = 0; i < 2; i++) assert.strictEqual((yield* run("SessionStart")).answer.stdout.trim(), "context")
    })
  )

  it.scopedLive("a call that joins another one gets its pass only when that was kept, and else runs itself", () =>
    Effect.gen(function* () {
      const { project, put, root, run } = yield* hookProject(hook("format", "sleep 0.4; echo formatted > a.txt", onText))
      put("a.txt", "raw")
      git(project, "add", "-A")
      git(project, "commit", "-qm", "one")
      git(project, "worktree", "add", "-q", "../other", "-b", "other")
      const first = yield* Effect.fork(run("Stop"))
      yield* Effect.sleep(150)
      yield* run("Stop", { cwd: Path.join(root, "other") })
      yield* Fiber.join(first)
      assert.strictEqual(Fs.readFileSync(Path.join(root, "other/a.txt"), "utf8"), "formatted\n")
    })
  )

  it.scopedLive("another call's limit is not this one's", () =>
    Effect.gen(function* () {
      const { put, run } = yield* hookProject(hook("slow", "sleep 2; exit 2", onText, "[Stop, SessionEnd]"))
      put("a.txt", "")
      const ending = yield* Effect.fork(run("SessionEnd"))
      yield* Effect.sleep(200)
      const stop = yield* run("Stop")
      assert.strictEqual(stop.answer.exitCode, 2)
      assert.deepStrictEqual((yield* Fiber.join(ending)).statuses, ["broken"])
    })
  )

  it.scopedLive("a cache that fails makes hooks run, and blocks stay blocks", () =>
    Effect.gen(function* () {
      const failing = Effect.fail(new StoreError({ operation: "test", reason: "full", message: "the disk is full" }))
      const { put, run } = yield* hookProject(
        hook("bad", "exit 2", onText) + hook("good", "echo ran >> ../log", onText),
        {},
        { find: () => failing, use: () => failing, passedFiles: () => failing, lastReads: () => failing, record: () => failing }
      )
      put("a.txt", "")
      for (let i = 0; i < 2; i++) {
        const { answer, statuses } = yield* run("Stop")
        assert.strictEqual(answer.exitCode, 2)
        assert.deepStrictEqual([...statuses].sort(), ["blocked", "passed"])
      }
    })
  )

  it.scopedLive("folders that are named outright are read, ignored by git or elsewhere", () =>
    Effect.gen(function* () {
      const { put, run } = yield* hookProject(
        hook("check", "true", "    dirs_with: [marker]\n    if_changed: ['src/**', generated, '../core', '../one.cfg']\n")
      )
      put(".gitignore", "generated/\n")
      for (const file of ["app/marker", "app/src/a.ts", "app/generated/b.ts", "core/c.ts", "one.cfg"]) put(file, "1")
      assert.deepStrictEqual((yield* run("Stop")).statuses, ["passed"])
      assert.deepStrictEqual((yield* run("Stop")).statuses, ["cached"])
      for (const file of ["app/src/a.ts", "app/generated/b.ts", "core/c.ts", "one.cfg", "app/generated/new.ts"]) {
        put(file, "2")
        assert.deepStrictEqual((yield* run("Stop")).statuses, ["passed"], file)
        assert.deepStrictEqual((yield* run("Stop")).statuses, ["cached"], file)
      }
    })
  )

  it.scopedLive("files that file_test said no to have not passed", () =>
    Effect.gen(function* () {
      const { lines, put, root, run } = yield* hookProject(hook("check", "echo ${HAN_FILES} >> ../log", `${onText}    file_test: '! grep -qf ../skip "$1"'\n`))
      put("a.txt", "one")
      put("b.txt", "two")
      Fs.writeFileSync(Path.join(root, "skip"), "one\n")
      yield* run("Stop")
      yield* run("Stop")
      assert.deepStrictEqual(lines("log"), ["b.txt"])
      Fs.writeFileSync(Path.join(root, "skip"), "nothing\n")
      yield* run("Stop")
      assert.deepStrictEqual(lines("log"), ["b.txt", "a.txt"])
    })
  )

  it.scopedLive("a deletion counts in a worktree where the gate never ran", () =>
    Effect.gen(function* () {
      const { project, put, root, run } = yield* hookProject(hook("check", "test -e b.txt || ! echo missing ${HAN_FILES} >&2", onText))
      put("a.txt", "")
      put("b.txt", "")
      git(project, "add", "-A")
      git(project, "commit", "-qm", "one")
      git(project, "worktree", "add", "-q", "../other", "-b", "other")
      const other = Path.join(root, "other")
      assert.deepStrictEqual((yield* run("Stop")).statuses, ["passed"])
      assert.deepStrictEqual((yield* run("Stop", { cwd: other })).statuses, ["cached"])
      Fs.rmSync(Path.join(other, "b.txt"))
      assert.deepStrictEqual((yield* run("Stop", { cwd: other })).statuses, ["failed"])
    })
  )
})

describe("no hook is passed over that should run", () => {
  it.scopedLive("a guard is for files that are not there yet, in new folders, and outside", () =>
    Effect.gen(function* () {
      const { project, root, run } = yield* hookProject(hook("guard", "exit 2", "", "PreToolUse"))
      git(project, "commit", "-q", "--allow-empty", "-m", "one")
      git(project, "worktree", "add", "-q", "../other", "-b", "other")
      for (const file of [Path.join(project, "b.txt"), Path.join(project, "new/deep/b.txt"), Path.join(root, "outside.txt"), "/no/such/folder/x"]) {
        assert.strictEqual((yield* run("PreToolUse", { tool: "Write", file })).answer.exitCode, 2, file)
      }
      const fromWorktree = yield* run("PreToolUse", { tool: "Write", file: Path.join(project, "b.txt"), cwd: Path.join(root, "other") })
      assert.deepStrictEqual([fromWorktree.answer.exitCode, fromWorktree.outcomes[0]?.tree], [2, project])
    })
  )

  it.scopedLive("a test that could not be run is no no", () =>
    Effect.gen(function* () {
      const { put, run } = yield* hookProject(hook("check", "true", `${onText}    dir_test: kill -9 $$\n    on_error: closed\n`))
      put("a.txt", "")
      const { answer, statuses } = yield* run("Stop")
      assert.deepStrictEqual(statuses, ["broken"])
      assert.strictEqual(answer.exitCode, 2)
      assert.include(answer.stderr, "dir_test")
    })
  )

  it.scopedLive("an entry of its own stands for a hook only where Claude Code really runs that", () =>
    Effect.gen(function* () {
      const { root, run } = yield* hookProject(hook("guard", "exit 2", "", '"PreToolUse:Edit|Write"'))
      const entries = (entry: object, matcher?: string) =>
        Fs.writeFileSync(
          Path.join(root, "market/plugins/gate/hooks/hooks.json"),
          JSON.stringify({
            hooks: {
              PreToolUse: [{ ...(matcher === undefined ? {} : { matcher }), hooks: [{ type: "command", command: "han hook run gate guard", ...entry }] }]
            }
          })
        )
      Fs.mkdirSync(Path.join(root, "market/plugins/gate/hooks"))
      const codeOf = Effect.map(run("PreToolUse", { tool: "Write", file: "/x" }), codes)
      entries({}, "Edit|Write")
      assert.deepStrictEqual(yield* codeOf, ["own-entry"])
      for (const [entry, matcher] of [
        [{}, "Edit"],
        [{ if: "Write(*.ts)" }, "Write"],
        [{ async: true }, "Write"],
        [{ command: "han hook run gate other" }, "Write"]
      ] as const) {
        entries(entry, matcher)
        assert.deepStrictEqual(yield* codeOf, ["always"], JSON.stringify([entry, matcher]))
      }
    })
  )

  it.scopedLive("a .git file that git did not write moves nothing", () =>
    Effect.gen(function* () {
      const { project, put, run } = yield* hookProject(hook("check", "exit 2", onText))
      put("a.txt", "")
      put("sub/.git", "gitdir: ../.git\n")
      assert.strictEqual((yield* run("Stop", { cwd: Path.join(project, "sub") })).answer.exitCode, 2)
    })
  )
})

describe("calls that belong together", () => {
  it.scopedLive("each entry of an agent has blocks of its own", () =>
    Effect.gen(function* () {
      const { run } = yield* hookProject(hook("bad", "exit 2") + hook("fine", "true"))
      const code = (name: string, goingOn: boolean) =>
        Effect.map(run("Stop", { only: { plugin: "gate", hook: name }, goingOn }), ({ answer }) => answer.exitCode)
      const bad: Array<number> = []
      for (let i = 0; i < 6; i++) {
        bad.push(yield* code("bad", i > 0))
        yield* code("fine", i > 0)
      }
      assert.deepStrictEqual(bad, [2, 2, 2, 0, 0, 0])
    })
  )

  it.scopedLive("by HTTP and by command are answered once; what one did not answer the other does", () =>
    Effect.gen(function* () {
      const { callOf, lines, runner } = yield* hookProject(hook("slow", "sleep 0.5; echo ran >> ../log; exit 2"))
      const call = callOf("Stop")
      const http = yield* Effect.fork(runner.answer({ ...call, answerAs: "http" }))
      yield* Effect.sleep(100)
      const command = yield* Effect.fork(runner.answer(call))
      assert.include((yield* Fiber.join(http)).stdout, "block")
      assert.deepStrictEqual(yield* Fiber.join(command), { exitCode: 0, stdout: "", stderr: "" })
      assert.strictEqual(lines("log").length, 1)

      const gone = yield* Effect.fork(runner.answer({ ...call, answerAs: "http" }))
      yield* Effect.sleep(100)
      const other = yield* Effect.fork(runner.answer(call))
      yield* Effect.sleep(50)
      yield* Fiber.interrupt(gone)
      assert.strictEqual((yield* Fiber.join(other)).exitCode, 2)
    })
  )

  it.scopedLive("slow hooks at an agent's end hold up no tool of another one", () =>
    Effect.gen(function* () {
      const { run } = yield* hookProject(hook("one", "sleep 30") + hook("two", "sleep 30") + hook("guard", "true", "", "PreToolUse"), { slots: 2 })
      const slow = yield* Effect.fork(run("Stop"))
      yield* Effect.sleep(200)
      const quick = yield* Effect.timeoutOption(run("PreToolUse", { tool: "Bash" }), "10 seconds")
      assert.strictEqual(quick._tag, "Some")
      yield* Fiber.interrupt(slow)
    })
  )

  it.scopedLive("a hook may take as long as its entry in the settings says", () =>
    Effect.gen(function* () {
      const { root, run } = yield* hookProject(hook("end", "sleep 2", "", "SessionEnd"))
      assert.deepStrictEqual((yield* run("SessionEnd")).statuses, ["broken"])
      const file = Path.join(root, "claude/settings.json")
      const settings = JSON.parse(Fs.readFileSync(file, "utf8"))
      Fs.writeFileSync(
        file,
        JSON.stringify({ ...settings, hooks: { SessionEnd: [{ hooks: [{ type: "command", command: "han hook run SessionEnd", timeout: 60 }] }] } })
      )
      assert.deepStrictEqual((yield* run("SessionEnd")).statuses, ["passed"])
    })
  )

  it.scopedLive("what a failing beginning printed is told once", () =>
    Effect.gen(function* () {
      const { put, root, run } = yield* hookProject(hook("check", "true", "    dirs_with: [m]\n"))
      put("a/m", "")
      put("b/m", "")
      Fs.writeFileSync(Path.join(root, "claude/han.yml"), `plugins:\n  gate:\n    hooks:\n      check:\n        before_all: "echo no database; exit 1"\n`)
      const { answer, outcomes } = yield* run("Stop")
      assert.deepStrictEqual(
        outcomes.map(({ directory, status }) => [directory, status]),
        [
          ["a", "failed"],
          ["b", "failed"]
        ]
      )
      assert.strictEqual(answer.stderr.split("no database").length, 2)
      putPlugin(root, hook("check", "true"))
    })
  )
})
