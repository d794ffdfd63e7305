import * as Fs from "node:fs"
import * as Path from "node:path"
import { assert, describe, it } from "@effect/vitest"
import * as Effect from "effect/Effect"
import * as Fiber from "effect/Fiber"
import { gatesIn } from "han-core/unstable/ClosedGates"
import { enable, git, hookProject, putPlugin, sessionId } from "../../../../../test/hookProject.ts"

const gate = (command: string, more = "") => `  check:\n    event: Stop\n    command: ${JSON.stringify(command)}\n${more}`
const onText = "    dirs_with: ['marker']\n    if_changed: ['**/*.txt']\n"

describe("one gate", () => {
  it.scopedLive("A gate blocks while it fails, passes after the repair, and is reused until something it reads changes", () =>
    Effect.gen(function* () {
      const { answerOf, lines, put, run } = yield* project(gate("echo ran >> ../log; grep -q good a.txt || { echo a is bad >&2; exit 1; }", onText))
      put("marker", "")
      put("a.txt", "bad")
      const bad = yield* run("Stop")
      assert.deepStrictEqual(bad.statuses, ["failed"])
      assert.strictEqual(bad.answer.exitCode, 2)
      assert.include(bad.answer.stderr, "a is bad")
      assert.strictEqual(bad.answer.stdout, "")
      // A failure is never reused.
      assert.deepStrictEqual((yield* run("Stop")).statuses, ["failed"])
      put("a.txt", "good")
      assert.deepStrictEqual((yield* run("Stop")).statuses, ["passed"])
      assert.deepStrictEqual((yield* run("Stop")).statuses, ["cached"])
      assert.deepStrictEqual(answerOf(yield* run("Stop")), [0, "", ""])
      put("unrelated.md", "x")
      assert.deepStrictEqual((yield* run("Stop")).statuses, ["cached"])
      put("sub/b.txt", "new")
      assert.deepStrictEqual((yield* run("Stop")).statuses, ["passed"])
      Fs.rmSync(Path.join(put("sub/c.txt", ""), "../b.txt"))
      assert.deepStrictEqual((yield* run("Stop")).statuses, ["passed"])
      // What passed before passes again.
      Fs.rmSync(Path.join(put("marker", ""), "../sub/c.txt"))
      put("sub/b.txt", "new")
      assert.deepStrictEqual((yield* run("Stop")).statuses, ["cached"])
      assert.deepStrictEqual((yield* run("Stop", { cache: false })).statuses, ["passed"])
      assert.strictEqual(lines("log").length, 6)
    })
  )

  it.scopedLive("another session, another agent and another worktree reuse what passed", () =>
    Effect.gen(function* () {
      const { lines, project: folder, put, root, run } = yield* project(gate("echo ran >> $LOG", `${onText}    environment: [LOG]\n`))
      const environment = { LOG: Path.join(root, "log") }
      put("marker", "")
      put("a.txt", "same")
      git(folder, "add", "-A")
      git(folder, "commit", "-qm", "one")
      git(folder, "worktree", "add", "-q", "../other", "-b", "other")
      const other = Path.join(root, "other")
      assert.deepStrictEqual((yield* run("Stop", { environment })).statuses, ["passed"])
      assert.deepStrictEqual((yield* run("Stop", { environment, session: "22222222-2222-4222-8222-222222222222" })).statuses, ["cached"])
      assert.deepStrictEqual((yield* run("SubagentStop", { environment, more: { agent_id: "a1" } })).statuses, ["cached"])
      const there = yield* run("Stop", { environment, cwd: other })
      assert.deepStrictEqual(there.statuses, ["cached"])
      assert.strictEqual(there.outcomes[0]?.tree, Fs.realpathSync(other))
      Fs.writeFileSync(Path.join(other, "a.txt"), "changed there")
      assert.deepStrictEqual((yield* run("Stop", { environment, cwd: other })).statuses, ["passed"])
      assert.deepStrictEqual((yield* run("Stop", { environment })).statuses, ["cached"])
      // A declared variable is content.
      assert.deepStrictEqual((yield* run("Stop", { environment: { LOG: Path.join(root, "log2") } })).statuses, ["passed"])
      assert.strictEqual(lines("log").length, 2)
    })
  )

  it.scopedLive("what changes while it runs has not passed", () =>
    Effect.gen(function* () {
      const { put, run } = yield* project(gate("echo x >> a.txt", onText))
      put("marker", "")
      put("a.txt", "1")
      assert.deepStrictEqual((yield* run("Stop")).statuses, ["passed"])
      assert.deepStrictEqual((yield* run("Stop")).statuses, ["passed"])
    })
  )

  it.scopedLive("The script of a gate's plugin is content, and so is its command", () =>
    Effect.gen(function* () {
      const hooks = gate("sh ${CLAUDE_PLUGIN_ROOT}/check.sh", onText)
      const { lines, put, root, run } = yield* project(hooks)
      const script = Path.join(root, "market/plugins/gate/check.sh")
      put("marker", "")
      put("a.txt", "1")
      Fs.writeFileSync(script, "echo one >> ../log")
      assert.deepStrictEqual((yield* run("Stop")).statuses, ["passed"])
      assert.deepStrictEqual((yield* run("Stop")).statuses, ["cached"])
      Fs.writeFileSync(script, "echo two >> ../log")
      assert.deepStrictEqual((yield* run("Stop")).statuses, ["passed"])
      putPlugin(root, hooks.replace("check.sh", "check.sh again"))
      assert.deepStrictEqual((yield* run("Stop")).statuses, ["passed"])
      assert.deepStrictEqual(lines("log"), ["one", "two", "two"])
    })
  )

  it.scopedLive("symbolic links count by what they lead to", () =>
    Effect.gen(function* () {
      const { project: folder, put, root, run } = yield* project(gate("true", onText))
      put("marker", "")
      Fs.writeFileSync(Path.join(root, "outside"), "1")
      Fs.symlinkSync("../outside", Path.join(folder, "link.txt"))
      assert.deepStrictEqual((yield* run("Stop")).statuses, ["passed"])
      assert.deepStrictEqual((yield* run("Stop")).statuses, ["cached"])
      Fs.writeFileSync(Path.join(root, "outside"), "2")
      assert.deepStrictEqual((yield* run("Stop")).statuses, ["passed"])
    })
  )

  it.scopedLive("A gate without if_changed or with cache: false is always due", () =>
    Effect.gen(function* () {
      const { put, run } = yield* project(`${gate("true")}  other:\n    event: Stop\n    command: "true"\n    cache: false\n    if_changed: ['*']\n`)
      put("a.txt", "")
      for (let i = 0; i < 2; i++) assert.deepStrictEqual((yield* run("Stop")).statuses, ["passed", "passed"])
    })
  )

  it.scopedLive("A loop of blocks ends: after so many in a row the gate only says so", () =>
    Effect.gen(function* () {
      const { run } = yield* project(gate("exit 1"))
      assert.strictEqual((yield* run("Stop")).answer.exitCode, 2)
      for (let i = 0; i < 2; i++) assert.strictEqual((yield* run("Stop", { goingOn: true })).answer.exitCode, 2)
      const last = yield* run("Stop", { goingOn: true })
      assert.strictEqual(last.answer.exitCode, 0)
      assert.include(JSON.parse(last.answer.stdout).systemMessage, "check")
      // A new turn begins anew.
      assert.strictEqual((yield* run("Stop")).answer.exitCode, 2)
    })
  )
})

describe("files", () => {
  it.scopedLive("a hook of single files is given those that did not pass yet", () =>
    Effect.gen(function* () {
      const {
        project: folder,
        put,
        run
      } = yield* project(
        `  check:\n    event: [Stop, "PostToolUse:Edit|Write"]\n    command: printf '%s\\n' \${HAN_FILES} >> ../log\n    if_changed: ['**/*.txt']\n`
      )
      const log = Path.join(folder, "../log")
      const given = () => {
        const text = Fs.existsSync(log) ? Fs.readFileSync(log, "utf8").trim().split("\n") : []
        Fs.rmSync(log, { force: true })
        return text
      }
      put("a.txt", "a")
      put("b c.txt", "b")
      yield* run("Stop")
      assert.deepStrictEqual(given(), ["a.txt", "b c.txt"])
      put("d.txt", "d")
      put("a.txt", "a2")
      const edited = yield* run("PostToolUse", { tool: "Edit", file: Path.join(folder, "a.txt") })
      assert.deepStrictEqual(edited.statuses, ["passed"])
      assert.deepStrictEqual(given(), ["a.txt"])
      assert.deepStrictEqual((yield* run("PostToolUse", { tool: "Edit", file: Path.join(folder, "a.txt") })).statuses, ["cached"])
      yield* run("Stop")
      assert.deepStrictEqual(given(), ["d.txt"])
      Fs.rmSync(Path.join(folder, "d.txt"))
      yield* run("Stop")
      assert.deepStrictEqual(given(), ["a.txt", "b c.txt"])
      assert.deepStrictEqual((yield* run("PostToolUse", { tool: "Read", file: Path.join(folder, "a.txt") })).outcomes[0]?.reason.code, "matcher")
      assert.deepStrictEqual((yield* run("PostToolUse", { tool: "Write", file: "/etc/hosts" })).outcomes[0]?.reason.code, "no-file")
      const notMatched = yield* run("PostToolUse", { tool: "Write", file: put("x.md", "") })
      assert.deepStrictEqual(notMatched.outcomes[0]?.reason.code, "no-file")
    })
  )

  it.scopedLive("whatever a file is called, the command gets that file, or is not run and says why", () =>
    Effect.gen(function* () {
      const {
        project: folder,
        put,
        run
      } = yield* project(`  check:\n    event: Stop\n    command: "rm -f \${HAN_FILES}"\n    if_changed: ['**/*.txt']\n    cache: false\n`)
      const names = [
        "a b.txt",
        "it's.txt",
        '"q".txt',
        "$(touch pwned).txt",
        "`touch pwned`.txt",
        "new\nline.txt",
        "-rf.txt",
        "; touch pwned;.txt",
        "*.txt",
        "é.txt",
        "$&.txt"
      ]
      put("keep.md", "")
      for (const name of names) put(name, "")
      const done = yield* run("Stop")
      assert.deepStrictEqual(done.statuses, ["passed"], done.answer.stderr)
      assert.deepStrictEqual(Fs.readdirSync(folder).sort(), [".git", "keep.md"])
      Fs.writeFileSync(Buffer.concat([Buffer.from(`${folder}/bad`), Buffer.from([0xff]), Buffer.from(".txt")]), "")
      const refused = yield* run("Stop")
      assert.deepStrictEqual(
        refused.outcomes.map(({ reason, status }) => [status, reason.code]),
        [["broken", "refused"]]
      )
    })
  )

  it.scopedLive("the environment is what is on the list, and nothing that loads code", () =>
    Effect.gen(function* () {
      const { project: folder, run } = yield* project(gate("env > ../env", "    environment: [MINE]\n"))
      const environment = {
        MINE: "1",
        BASH_ENV: "/tmp/x",
        LD_PRELOAD: "/tmp/x.so",
        SECRET_TOKEN: "s",
        NODE_OPTIONS: "--require x",
        "BASH_FUNC_echo%%": "() { touch /tmp/pwned; }",
        LC_ALL: "C"
      }
      yield* run("Stop", { environment })
      const seen = new Map(
        Fs.readFileSync(Path.join(folder, "../env"), "utf8")
          .split("\n")
          .map((line) => [line.split("=")[0] ?? "", line] as const)
      )
      assert.isTrue(["MINE", "LC_ALL", "PATH", "CLAUDE_PROJECT_DIR", "CLAUDE_PLUGIN_ROOT", "HAN_SESSION_ID"].every((name) => seen.has(name)))
      assert.isFalse(["BASH_ENV", "LD_PRELOAD", "SECRET_TOKEN", "NODE_OPTIONS", "BASH_FUNC_echo%%"].some((name) => seen.has(name)))
    })
  )

  it.scopedLive("a payload that makes no sense is refused with a reason", () =>
    Effect.gen(function* () {
      const { callOf, runner } = yield* project(gate("true"))
      const call = callOf("Stop")
      for (const [input, word] of [
        ["not json", "JSON"],
        ["[]", "JSON"],
        [JSON.stringify({ session_id: "../../x", cwd: "/" }), "session_id"],
        [JSON.stringify({ session_id: "s", cwd: "relative" }), "cwd"],
        [JSON.stringify({ hook_event_name: "PreToolUse" }), "PreToolUse"]
      ] as const) {
        const error = yield* Effect.flip(runner.answer({ ...call, input }))
        assert.strictEqual(error._tag, "HookCallInvalid")
        assert.include(error.message, word)
      }
      const unknown = yield* Effect.flip(runner.answer({ ...call, event: null, only: { plugin: "../gate", hook: "check" } }))
      assert.include(unknown.message, "gate check")
    })
  )
})

describe("several hooks", () => {
  it.scopedLive("formatters come before linters before tests where they touch the same files; others do not wait", () =>
    Effect.gen(function* () {
      const hook = (name: string, command: string, more = "") =>
        `  ${name}:\n    event: Stop\n    command: ${JSON.stringify(command)}\n    if_changed: ['**/*.txt']\n${more}`
      const { lines, put, run } = yield* project(
        hook("test", "echo test >> ../log") +
          hook("lint", "sleep 0.2; echo lint >> ../log") +
          hook("format", "sleep 0.2; echo formatted > a.txt; echo format >> ../log") +
          `  first:\n    event: Stop\n    phase: test\n    command: "echo elsewhere >> ../log"\n    if_changed: ['**/*.md']\n`
      )
      put("a.txt", "raw")
      put("b.md", "")
      yield* run("Stop")
      assert.deepStrictEqual(lines("log"), ["elsewhere", "format", "lint", "test"])
      // The linter read what the formatter wrote, so that is what passed.
      const again = yield* run("Stop")
      assert.deepStrictEqual(Object.fromEntries(again.outcomes.map(({ cached, name }) => [name, cached])), {
        test: true,
        lint: true,
        format: false,
        first: true
      })
    })
  )

  it.scopedLive("a dependency runs once for all who need it, and what needs a failed one is broken", () =>
    Effect.gen(function* () {
      const depends = "    depends_on: [{ plugin: gate, hook: base }]\n"
      const { put, lines, run, root } = yield* project(
        `  base:\n    event: PreCompact\n    command: "echo base >> ../log; test ! -e ../fail"\n    if_changed: ['*.txt']\n` +
          ["one", "two"].map((name) => `  ${name}:\n    event: Stop\n    command: "echo ${name} >> ../log"\n${depends}`).join("")
      )
      put("a.txt", "")
      const good = yield* run("Stop")
      assert.deepStrictEqual(good.outcomes.map(({ name, status }) => [name, status]).sort(), [
        ["base", "passed"],
        ["one", "passed"],
        ["two", "passed"]
      ])
      assert.strictEqual(lines("log").filter((line) => line === "base").length, 1)
      Fs.writeFileSync(Path.join(root, "fail"), "")
      put("a.txt", "changed")
      const bad = yield* run("Stop")
      assert.deepStrictEqual(bad.outcomes.map(({ name, status }) => [name, status]).sort(), [
        ["base", "failed"],
        ["one", "broken"],
        ["two", "broken"]
      ])
      assert.strictEqual(bad.answer.exitCode, 2)
    })
  )

  it.scopedLive("hooks that wait for each other are named, and the others run", () =>
    Effect.gen(function* () {
      const { run } = yield* project(
        `  a:\n    event: Stop\n    command: "true"\n    depends_on: [{ plugin: gate, hook: b }]\n` +
          `  b:\n    event: Stop\n    command: "true"\n    depends_on: [{ plugin: gate, hook: a }]\n` +
          `  c:\n    event: Stop\n    command: "true"\n`
      )
      const { outcomes } = yield* run("Stop")
      assert.deepStrictEqual(outcomes.map(({ name, reason, status }) => [name, status, reason.code]).sort(), [
        ["a", "broken", "cycle"],
        ["b", "broken", "cycle"],
        ["c", "passed", "always"]
      ])
      assert.include(outcomes.find(({ name }) => name === "a")?.reason.text, "gate@local/a → gate@local/b → gate@local/a")
    })
  )

  it.scopedLive("calls at the same time run the same content once", () =>
    Effect.gen(function* () {
      const { lines, put, run } = yield* project(gate("sleep 0.3; echo ran >> ../log", onText))
      put("marker", "")
      put("a.txt", "")
      const all = yield* Effect.forEach([1, 2, 3, 4], () => run("Stop"), { concurrency: "unbounded" })
      assert.strictEqual(lines("log").length, 1)
      assert.deepStrictEqual(all.map(({ statuses }) => statuses[0]).sort(), ["cached", "cached", "cached", "passed"])
    })
  )

  it.scopedLive("one slow hook delays nobody else", () =>
    Effect.gen(function* () {
      const { run } = yield* project(`  slow:\n    event: Stop\n    command: "sleep 30"\n  quick:\n    event: PreCompact\n    command: "true"\n`, { slots: 2 })
      const slow = yield* Effect.fork(run("Stop"))
      for (let i = 0; i < 5; i++) assert.deepStrictEqual((yield* run("PreCompact")).statuses, ["passed"])
      assert.isTrue((yield* Fiber.poll(slow))._tag === "None")
      yield* Fiber.interrupt(slow)
    })
  )

  it.scopedLive("A hook runs in every directory with a marker that git does not ignore, if its dir_test agrees", () =>
    Effect.gen(function* () {
      const { put, run } = yield* project(
        `  check:\n    event: Stop\n    command: "true"\n    dirs_with: [package.json]\n    if_changed: ['**/*.ts', package.json]\n    dir_test: "test ! -e skip"\n`
      )
      put(".gitignore", "ignored/\n")
      for (const folder of ["a", "b/c", "ignored", "skipped"]) put(`${folder}/package.json`, "{}")
      put("skipped/skip", "")
      const { outcomes } = yield* run("Stop")
      assert.deepStrictEqual(
        outcomes.map(({ directory, reason, status }) => [directory, status, reason.code]),
        [
          ["a", "passed", "never-passed"],
          ["b/c", "passed", "never-passed"],
          ["skipped", "skipped", "dir-test"]
        ]
      )
    })
  )
})

describe("a directory's own han-config.yml", () => {
  it.scopedLive("A directory's own han-config.yml switches hooks off there and says when they are due, and runs nothing", () =>
    Effect.gen(function* () {
      const { explain, put, run } = yield* project(
        `  check:\n    event: Stop\n    command: "true"\n    dirs_with: [package.json]\n    if_changed: ['**/*.ts']\n`
      )
      for (const folder of ["a", "b", "c", "d"]) {
        put(`${folder}/package.json`, "{}")
        put(`${folder}/x.ts`, "")
        put(`${folder}/y.md`, "")
      }
      put("a/han-config.yml", "gate:\n  check:\n    enabled: false\n")
      put("b/han-config.yml", "plugins:\n  gate:\n    hooks:\n      check:\n        if_changed: ['*.md']\n")
      put("c/han-config.yml", "gate:\n  check:\n    command: touch ../pwned\n")
      put("d/han-config.yml", "gate: [\n")
      const { answer, outcomes } = yield* run("Stop")
      assert.deepStrictEqual(
        outcomes.map(({ directory, files, reason, status }) => [directory, status, reason.code, files]),
        [
          ["a", "skipped", "off", []],
          ["b", "passed", "never-passed", ["han-config.yml", "y.md"]],
          ["c", "passed", "never-passed", ["han-config.yml", "x.ts"]],
          ["d", "passed", "never-passed", ["han-config.yml", "x.ts"]]
        ]
      )
      assert.isFalse(Fs.existsSync(Path.join(put("z", ""), "../pwned")))
      assert.include(answer.stdout, "d/han-config.yml")
      assert.deepStrictEqual(
        (yield* explain("Stop")).items.map(({ cached, directory, reason }) => [directory, cached, reason.code]),
        [
          ["a", false, "off"],
          ["b", true, "unchanged"],
          ["c", true, "unchanged"],
          ["d", true, "unchanged"]
        ]
      )
    })
  )
})

describe("ends", () => {
  it.scopedLive("A timeout is no failure of the check: an open gate lets the agent go on, a closed one does not", () =>
    Effect.gen(function* () {
      const slow = (name: string, more: string) => `  ${name}:\n    event: Stop\n    command: "sleep 20"\n    timeout: 1\n${more}`
      const open = yield* (yield* project(slow("a", ""))).run("Stop")
      assert.deepStrictEqual([open.statuses, open.answer.exitCode], [["broken"], 0])
      assert.include(open.answer.stdout, "1 s")
      const closed = yield* (yield* project(slow("a", "    on_error: closed\n"))).run("Stop")
      assert.deepStrictEqual([closed.statuses, closed.answer.exitCode], [["broken"], 2])
    })
  )

  it.scopedLive("A caller that stops listening ends the whole process group", () =>
    Effect.gen(function* () {
      const { root, run, runs } = yield* project(gate("sleep 100 & echo $! > ../pid; wait"))
      const pidFile = Path.join(root, "pid")
      const fiber = yield* Effect.fork(run("Stop"))
      while (!Fs.existsSync(pidFile) || Fs.readFileSync(pidFile, "utf8") === "") yield* Effect.sleep(20)
      const pid = Number(Fs.readFileSync(pidFile, "utf8"))
      yield* Fiber.interrupt(fiber)
      for (let i = 0; i < 100 && isRunning(pid); i++) yield* Effect.sleep(20)
      assert.isFalse(isRunning(pid))
      yield* Effect.sleep(200)
      assert.deepStrictEqual(
        (yield* runs()).map(({ passed, verdict }) => [passed, verdict]),
        [[false, "cancelled"]]
      )
    })
  )

  it.scopedLive("The gates that are closed while nobody runs hooks stand in a file", () =>
    Effect.gen(function* () {
      const { project: folder, root, run } = yield* project(gate("true", "    on_error: closed\n"))
      yield* run("Stop")
      const file = Path.join(root, "fail-closed.json")
      const noted = JSON.parse(Fs.readFileSync(file, "utf8"))
      assert.deepStrictEqual(
        gatesIn(noted[folder][""]).map(({ event, hook }) => [event, hook]),
        [
          ["Stop", "gate@local/check"],
          ["SubagentStop", "gate@local/check"]
        ]
      )
      assert.strictEqual(Fs.statSync(file).mode & 0o777, 0o600)
      // What nobody can read any more stays closed.
      putPlugin(root, "  check: [\n")
      const { answer, outcomes } = yield* run("Stop")
      assert.deepStrictEqual(
        outcomes.map(({ hook, onError, status }) => [hook, status, onError]),
        [["gate@local/check", "broken", "closed"]]
      )
      assert.strictEqual(answer.exitCode, 2)
      assert.match(answer.stderr, /gate check: it was closed before \(on_error\), and stays so until its file can be read again: .*han-plugin\.yml, line \d/)
      assert.deepStrictEqual(JSON.parse(Fs.readFileSync(file, "utf8")), noted)
      assert.strictEqual((yield* run("PreToolUse", { tool: "Read" })).answer.exitCode, 0)
      putPlugin(root, gate("true"))
      assert.strictEqual((yield* run("Stop")).answer.exitCode, 0)
      assert.deepStrictEqual(JSON.parse(Fs.readFileSync(file, "utf8")), {})
    })
  )
})

describe("what is told and written down", () => {
  it.scopedLive("Each run is in the history with reason, files and output without secrets, and so is a pass from the cache", () =>
    Effect.gen(function* () {
      const { put, run, runs } = yield* project(gate("echo token ghp_0123456789abcdefghijklmnopqrstuvwxyzAB; cat a.txt; test ! -s a.txt", onText))
      put("marker", "")
      put("a.txt", "bad")
      yield* run("Stop")
      put("a.txt", "")
      yield* run("Stop")
      yield* run("Stop", { more: { agent_id: "a1" } })
      // The history is written behind the answer.
      const [third, second, first] = yield* Effect.repeat(Effect.delay(runs(), 20), {
        until: (all) => all.filter(({ verdict }) => verdict !== null).length === 3
      })
      assert.deepStrictEqual(
        [first?.verdict, first?.exitCode, first?.files, first?.event, first?.hook, first?.plugin],
        ["failed", 1, ["a.txt"], "Stop", "check", "gate"]
      )
      assert.include(first?.output, "bad")
      assert.notInclude(first?.output, "ghp_0123456789")
      assert.deepStrictEqual([second?.verdict, second?.cached, third?.verdict, third?.cached], ["passed", false, "passed", true])
      assert.strictEqual(third?.contentKey, second?.contentKey)
      assert.strictEqual(first?.sessionId, sessionId)
    })
  )

  it.scopedLive("the same content that ends otherwise is flaky", () =>
    Effect.gen(function* () {
      const { put, root, run } = yield* project(gate("test ! -e ../fail", onText))
      put("marker", "")
      put("a.txt", "")
      Fs.writeFileSync(Path.join(root, "fail"), "")
      assert.deepStrictEqual(
        (yield* run("Stop")).outcomes.map(({ flaky, status }) => [status, flaky]),
        [["failed", false]]
      )
      Fs.rmSync(Path.join(root, "fail"))
      assert.deepStrictEqual(
        (yield* run("Stop")).outcomes.map(({ flaky, status }) => [status, flaky]),
        [["passed", true]]
      )
    })
  )

  it.scopedLive("Hooks that only the repository brings are not run, and people are told once a session", () =>
    Effect.gen(function* () {
      const { project: folder, run, root } = yield* project(gate("touch ../pwned"))
      Fs.rmSync(Path.join(root, "claude/settings.json"))
      Fs.mkdirSync(Path.join(folder, ".claude"))
      Fs.writeFileSync(
        Path.join(folder, ".claude/settings.json"),
        JSON.stringify({
          extraKnownMarketplaces: { local: { source: { source: "directory", path: Path.join(root, "market") } } },
          enabledPlugins: { "gate@local": true }
        })
      )
      const first = yield* run("Stop")
      assert.deepStrictEqual(
        first.outcomes.map(({ reason }) => reason.code),
        ["untrusted"]
      )
      assert.include(first.answer.stdout, "han trust")
      assert.strictEqual((yield* run("Stop")).answer.stdout, "")
      assert.isFalse(Fs.existsSync(Path.join(root, "pwned")))
    })
  )

  it.scopedLive("explain says what would happen, and runs nothing", () =>
    Effect.gen(function* () {
      const { explain, lines, put, root, run } = yield* project(gate("echo ran >> ../log", onText))
      enable(root, ["gate", "more"])
      putPlugin(root, `  lint:\n    event: PostToolUse\n    command: "true"\n  off:\n    event: Stop\n    enabled: false\n    command: "true"\n`, "more")
      put("marker", "")
      put("a.txt", "")
      const before = yield* explain("Stop")
      assert.deepStrictEqual(before.items.map(({ due, hook, reason }) => [hook, due, reason.code]).sort(), [
        ["gate@local/check", true, "never-passed"],
        ["more@local/lint", false, "event"],
        ["more@local/off", false, "off"]
      ])
      assert.deepStrictEqual(lines("log"), [])
      yield* run("Stop")
      assert.deepStrictEqual(
        (yield* explain("Stop")).items.filter(({ hook }) => hook === "gate@local/check").map(({ cached, due, reason }) => [due, cached, reason.code]),
        [[false, true, "unchanged"]]
      )
    })
  )
})

const project = Effect.fn(function* (hooks: string, options?: Parameters<typeof hookProject>[1]) {
  const made = yield* hookProject(hooks, options)
  return {
    ...made,
    answerOf: ({ answer }: { readonly answer: { readonly exitCode: number; readonly stdout: string; readonly stderr: string } }) => [
      answer.exitCode,
      answer.stdout,
      answer.stderr
    ]
  }
})

const isRunning = (pid: number): boolean => {
  try {
    process.kill(pid, 0)
    return !Fs.readFileSync(`/proc/${pid}/stat`, "utf8").includes(") Z ")
  } catch {
    return false
  }
}
