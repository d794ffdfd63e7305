import * as Fs from "node:fs"
import * as Path from "node:path"
import { assert, describe, it } from "@effect/vitest"
import * as Effect from "effect/Effect"
import * as Fiber from "effect/Fiber"
import { StoreError } from "han-core/StoreError"
import { git, hookProject, putPlugin } from "../../../../../test/hookProject.ts"
import { eventually } from "../../../../../test/transcriptTree.ts"

const hook = (name: string, command: string, more = "", event = "Stop") => `  ${name}:\n    event: ${event}\n    command: ${JSON.stringify(command)}\n${more}`
const onText = "    if_changed: ['**/*.txt']\n"
const codes = ({ outcomes }: { readonly outcomes: ReadonlyArray<{ readonly reason: { readonly code: string } }> }) => outcomes.map(({ reason }) => reason.code)

describe("a pass from the cache never hides anything", () => {
  it.scopedLive("A hook that blocks in JSON, or gives context, is asked each time", () =>
    Effect.gen(function* () {
      const { put, run } = yield* hookProject(
        hook("json", `printf '{"decision":"block","reason":"no"}'`, onText) + hook("context", "echo context", onText, "SessionStart")
      )
      put("a.txt", "")
      const entry = (event: string) => [{ hooks: [{ type: "command", command: `han hook run ${event}` }] }]
      put(".claude/settings.json", JSON.stringify({ hooks: { Stop: entry("Stop"), SubagentStop: entry("SubagentStop") } }))
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

  it.scopedLive("The limit of one call of a gate does not end another call of it", () =>
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

  it.scopedLive("A dir_test that could not be run does not count as a no", () =>
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
      entries({}, "Write")
      assert.deepStrictEqual(yield* codeOf, ["own-entry"])
      // Claude Code leaves out a file that is no strict JSON.
      const file = Path.join(root, "market/plugins/gate/hooks/hooks.json")
      Fs.writeFileSync(file, `// ours\n${Fs.readFileSync(file, "utf8")}`)
      assert.deepStrictEqual(yield* codeOf, ["always"])
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

describe("what is shared, and what is not", () => {
  it.scopedLive("a tool's hook does not wait behind what an agent's end waits for", () =>
    Effect.gen(function* () {
      const { put, run } = yield* hookProject(hook("slow", "sleep 20", "    phase: format\n") + hook("lint", "exit 2", onText, "[Stop, PostToolUse]"), {
        slots: 1
      })
      put("a.txt", "")
      const stop = yield* Effect.fork(run("Stop"))
      yield* Effect.sleep(300)
      const edited = yield* Effect.timeoutOption(run("PostToolUse", { tool: "Bash" }), "10 seconds")
      assert.strictEqual(edited._tag === "Some" ? edited.value.answer.exitCode : null, 2)
      yield* Fiber.interrupt(stop)
    })
  )

  it.scopedLive("those whose run cannot be shared do not wait for each other; one that is asked anew runs all of it", () =>
    Effect.gen(function* () {
      const { lines, put, run } = yield* hookProject(
        hook("says", `sleep 0.4; echo said >> ../log; echo '{"systemMessage":"hi"}'`, onText) +
          hook("each", "sleep 0.4; echo ${HAN_FILES} >> ../files", onText, "PreCompact"),
        { slots: 8 }
      )
      put("a.txt", "1")
      const all = yield* Effect.forEach([1, 2, 3, 4, 5], () => run("Stop"), { concurrency: "unbounded" })
      assert.isTrue(all.every(({ answer }) => answer.stdout.includes("hi")))
      assert.strictEqual(lines("log").length, 5)
      yield* run("PreCompact")
      put("b.txt", "1")
      const normal = yield* Effect.fork(run("PreCompact"))
      yield* Effect.sleep(200)
      yield* run("PreCompact", { cache: false })
      yield* Fiber.join(normal)
      assert.deepStrictEqual([...lines("files")].sort(), ["a.txt", "a.txt b.txt", "b.txt"])
    })
  )

  it.scopedLive("a tool that was replaced makes a pass no pass", () =>
    Effect.gen(function* () {
      const { put, root, run } = yield* hookProject(hook("check", "mytool", `${onText}    tools: [mytool]\n`))
      const tool = Path.join(root, "bin/mytool")
      const install = (version: string, code: number) => {
        Fs.mkdirSync(Path.dirname(tool), { recursive: true })
        Fs.rmSync(tool, { force: true })
        Fs.writeFileSync(tool, `#!/bin/sh\ntest "$1" = --version && { echo ${version}; exit 0; }\nexit ${code}\n`, { mode: 0o755 })
      }
      const environment = { PATH: `${Path.dirname(tool)}:${process.env["PATH"]}` }
      const statuses = Effect.map(run("Stop", { environment }), ({ statuses }) => statuses)
      put("a.txt", "")
      install("v1", 0)
      assert.deepStrictEqual(yield* statuses, ["passed"])
      assert.deepStrictEqual(yield* statuses, ["cached"])
      install("v2", 1)
      assert.deepStrictEqual(yield* statuses, ["failed"])
      install("v1", 0)
      assert.deepStrictEqual(yield* statuses, ["cached"])
    })
  )

  it.scopedLive("Hooks that only a directory's settings are there for do not run, and a name that is no UTF-8 is refused", () =>
    Effect.gen(function* () {
      const { project, put, run } = yield* hookProject(
        hook("none", "exit 2", "    if_changed: ['*.ts']\n") + hook("named", "false ${HAN_FILES}", `${onText}    file_test: grep -q x "$1"\n`, "PreCompact")
      )
      put("han-config.yml", "")
      assert.deepStrictEqual(codes(yield* run("Stop")), ["no-file"])
      Fs.writeFileSync(Buffer.concat([Buffer.from(`${project}/a`), Buffer.from([0xff]), Buffer.from(".txt")]), "x")
      assert.deepStrictEqual(codes(yield* run("PreCompact")), ["refused"])
    })
  )

  it.scopedLive("an entry limits only what it calls", () =>
    Effect.gen(function* () {
      const { root, run } = yield* hookProject(hook("slow", "sleep 2", "", "PostToolUse") + hook("start", "echo context", "", "SessionStart"))
      const file = Path.join(root, "claude/settings.json")
      const settings = JSON.parse(Fs.readFileSync(file, "utf8"))
      const entry = (matcher: string, timeout: number) => ({ matcher, hooks: [{ type: "command", command: "han hook run PostToolUse", timeout }] })
      Fs.writeFileSync(file, JSON.stringify({ ...settings, hooks: { PostToolUse: [entry("Bash", 1), entry("Edit", 60)] } }))
      assert.deepStrictEqual((yield* run("PostToolUse", { tool: "Edit" })).statuses, ["passed"])
      assert.deepStrictEqual((yield* run("PostToolUse", { tool: "Bash" })).statuses, ["broken"])
      Fs.mkdirSync(Path.join(root, "market/plugins/gate/hooks"))
      Fs.writeFileSync(
        Path.join(root, "market/plugins/gate/hooks/hooks.json"),
        JSON.stringify({ hooks: { SessionStart: [{ matcher: "startup", hooks: [{ type: "command", command: "han hook run gate start" }] }] } })
      )
      assert.include((yield* run("SessionStart", { more: { source: "resume" } })).answer.stdout, "context")
      // Claude Code calls that entry here.
      assert.deepStrictEqual(codes(yield* run("SessionStart", { more: { source: "startup" } })), ["own-entry"])
    })
  )

  it.live("when the runner ends its commands end, and the history says so", () =>
    Effect.gen(function* () {
      const pids: Array<number> = []
      yield* Effect.scoped(
        Effect.gen(function* () {
          const { root, run } = yield* hookProject(hook("long", "echo $$ > ../pid; sleep 60"))
          yield* Effect.forkDaemon(run("Stop"))
          const file = Path.join(root, "pid")
          while (!Fs.existsSync(file) || Fs.readFileSync(file, "utf8") === "") yield* Effect.sleep(20)
          pids.push(Number(Fs.readFileSync(file, "utf8")))
        })
      )
      const isGone = (pid: number) => !Fs.existsSync(`/proc/${pid}`) || Fs.readFileSync(`/proc/${pid}/stat`, "utf8").includes(") Z ")
      for (let i = 0; i < 100 && !pids.every(isGone); i++) yield* Effect.sleep(20)
      assert.isTrue(pids.length === 1 && pids.every(isGone))
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

  it.scopedLive("Calls by HTTP and by command are answered once, and what one did not answer the other does", () =>
    Effect.gen(function* () {
      const { callOf, lines, runner } = yield* hookProject(hook("slow", "echo ran >> ../log; sleep 0.5; exit 2"))
      const call = callOf("Stop")
      const runs = (count: number) =>
        eventually(
          () => lines("log").length,
          (now) => now === count
        )
      const http = yield* Effect.fork(runner.answer({ ...call, answerAs: "http" }))
      yield* runs(1)
      const command = yield* Effect.fork(runner.answer(call))
      assert.include((yield* Fiber.join(http)).stdout, "block")
      assert.deepStrictEqual(yield* Fiber.join(command), { exitCode: 0, stdout: "", stderr: "" })
      assert.strictEqual(lines("log").length, 1)

      const gone = yield* Effect.fork(runner.answer({ ...call, answerAs: "http" }))
      yield* runs(2)
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
