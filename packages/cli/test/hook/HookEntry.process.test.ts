import { spawn, spawnSync } from "node:child_process"
import { existsSync, mkdirSync, mkdtempSync, readFileSync, rmSync, symlinkSync, writeFileSync } from "node:fs"
import { createServer } from "node:net"
import { tmpdir } from "node:os"
import { dirname, join, relative, resolve } from "node:path"
import { fileURLToPath } from "node:url"
import { afterAll, afterEach, beforeAll, beforeEach, describe, expect, it } from "vitest"
import { putBinaries } from "../../../../test/binaries.ts"
import { ended, sourceMachine } from "../HanProcess.ts"
import { answering, entry, failure, fromSource, node, type Peer, type Place, peer, place, says, send } from "../HookPeer.ts"

const payload = (fields: object = {}) => `${JSON.stringify({ session_id: "s", hook_event_name: "Stop", ...fields })}\n`

let here: Place
let other: Peer | undefined
beforeEach(() => {
  here = place()
})
afterEach(() => {
  other?.close()
  other = undefined
  here.remove()
})
const listen = async (react: Parameters<typeof peer>[1]) => {
  other = await peer(here.socket, react)
  return other
}

/** What a call ends with, and what it tells the user: a hook that lets go does that with an answer, which the client shows. */
const told = async (args: ReadonlyArray<string>, input: string | Buffer, environment?: Readonly<Record<string, string>>) => {
  const { code, err, out } = await here.run(args, input, environment)
  const text = out.toString()
  if (code !== 0 || text === "") return { code, err }
  expect([err, Object.keys(JSON.parse(text))]).toEqual(["", ["systemMessage"]])
  return { code, err: `${JSON.parse(text).systemMessage}\n` }
}

describe("what it loads", () => {
  const scan = new Bun.Transpiler({ loader: "ts" })
  /** Everything that a file loads at once, and what it may load later. */
  const graph = (start: string) => {
    const files = new Set<string>()
    const builtins = new Set<string>()
    const later = new Set<string>()
    const visit = (file: string) => {
      if (files.has(file)) return
      files.add(file)
      for (const { kind, path } of scan.scanImports(readFileSync(file, "utf8").replace(/^#!.*/, ""))) {
        const target = path.startsWith(".") ? resolve(dirname(file), path) : path
        if (kind === "dynamic-import") later.add(target)
        else if (path.startsWith(".")) visit(target)
        else builtins.add(path)
      }
    }
    visit(start)
    const named = (paths: Iterable<string>) => [...paths].map((path) => (path.startsWith("/") ? relative(dirname(entry), path) : path)).sort()
    return { files: named(files), builtins: named(builtins), later: named(later) }
  }

  it("The hook entry is four files, the path of the socket and two modules of the runtime: no Effect, no network, no client", () => {
    expect(graph(entry)).toEqual({
      files: ["hook/HookArgs.ts", "hook/HookConnection.ts", "hook/HookInput.ts", "hookEntry.ts"],
      builtins: ["han-core/unstable/CoordinatorSocket", "node:os", "node:path"],
      later: [
        "bin.ts",
        "environment/Output.ts",
        "han-core/unstable/ClientWaits",
        "hook/ClientTimeout.ts",
        "hook/FailClosedIndex.ts",
        "hook/FailOpen.ts",
        "hook/HookAgain.ts",
        "hook/HookPatience.ts",
        "node:tty"
      ]
    })
    expect(graph(join(dirname(entry), "hook/FailOpen.ts"))).toEqual({
      files: ["coordinator/HanHome.ts", "coordinator/StartLog.ts", "hook/FailOpen.ts"],
      builtins: ["han-core/unstable/UnaskedGates", "node:fs", "node:os", "node:path"],
      later: []
    })
    for (const name of ["coordinator/UnaskedGates", "hooks/ClientWaits", "hooks/ClosedGates", "hooks/HookMatcher"])
      expect(graph(fileURLToPath(new URL(`../../../core/src/${name}.ts`, import.meta.url)))).toMatchObject({ builtins: [], later: [] })
    // What waits for a coordinator loads Effect, and only when it waits.
    expect(graph(join(dirname(entry), "hook/HookAgain.ts"))).toMatchObject({ later: ["coordinator/CoordinatorWait.ts"] })
    expect(graph(join(dirname(entry), "hook/FailClosedIndex.ts")).builtins).toEqual([
      "han-core/unstable/ClosedGates",
      "han-core/unstable/HookMatcher",
      "node:fs",
      "node:path"
    ])
    expect(graph(join(dirname(entry), "environment/Output.ts"))).toEqual({ files: ["environment/Output.ts"], builtins: ["node:fs"], later: [] })
  })
})

// The same calls of the program as it is released, and from its source.
const compiled = join(mkdtempSync(join(tmpdir(), "han-compiled-")), "han")
beforeAll(() => putBinaries(dirname(compiled)))
afterAll(() => rmSync(dirname(compiled), { recursive: true, force: true }))

describe.each([
  ["from source", fromSource],
  ["compiled", [compiled]]
])("a call, %s", (_, program) => {
  beforeEach(() => {
    here.remove()
    here = place(program)
  })

  it("A call hands on what the client gave, and says what the coordinator answers", async () => {
    const { frames } = await listen(answering(says('{"decision":"block"}', 2, "lint: failed\n")))
    const input = payload({ cwd: "/π", tool_input: { text: "\u0000 \ud83d\ude00 \n" } })
    const environment = { HAN_TEST: "a b", HUGE: "x".repeat(40_000), CLAUDE_PROJECT_DIR: here.directory }
    const { code, err, out } = await here.run(["hook", "run", "biome", "lint", "--async", "--only", "src", "--no-cache"], input, environment)
    expect([code, out.toString(), err]).toEqual([2, '{"decision":"block"}', "lint: failed\n"])
    expect(frames).toMatchObject([
      {
        _tag: "Request",
        tag: "HookRunner.answer",
        payload: {
          call: {
            event: null,
            input,
            cwd: here.directory,
            environment: { HAN_TEST: "a b", CLAUDE_PROJECT_DIR: here.directory },
            only: { plugin: "biome", hook: "lint" },
            directory: "src",
            cache: false,
            answerAs: "command"
          }
        }
      }
    ])
    expect(JSON.stringify(frames)).not.toContain("HUGE")
  })

  it("A call takes input that is no answerable one to the coordinator, which says what is wrong", async () => {
    const { frames } = await listen(answering(says("")))
    for (const input of ["", "nonsense", "[1]"]) expect(await here.run(["hook", "dispatch", "Stop"], input)).toMatchObject({ code: 0, err: "" })
    expect(frames).toMatchObject(["", "nonsense", "[1]"].map((input) => ({ payload: { call: { event: "Stop", input } } })))
  })

  it("A call takes an input of megabytes in pieces, and writes one of megabytes whole, also to a slow reader", async () => {
    const text = "0123456789 äöü 😀\n".repeat(100_000)
    const input = payload({ text })
    const { frames } = await listen(answering(says(text, 0, text)))
    const child = here.start(["hook", "run", "Stop"])
    const half = Buffer.from(input)
    child.stdin?.write(half.subarray(0, 1_000_003))
    await new Promise((resolve) => setTimeout(resolve, 50))
    child.stdin?.end(half.subarray(1_000_003))
    await new Promise((resolve) => setTimeout(resolve, 300))
    const { code, err, out } = await ended(child)
    expect([code, out.toString() === text, err === text]).toEqual([0, true, true])
    // Whoever takes its time asks the coordinator for a sign of life meanwhile.
    expect(frames.filter(({ _tag }) => _tag !== "Ping")).toMatchObject([{ payload: { call: { input } } }])
  })

  it("A call reads from a socket, and writes whole to a socket and to a pipe that are read late", async () => {
    const text = "0123456789abcdef".repeat(20_000)
    await listen(answering(says(text)))
    const [file = "", ...before] = program
    const env = { PATH: process.env["PATH"] ?? "", HAN_HOME: here.home }
    // Clients run on Node, which gives sockets.
    const relay = `
      const { spawn } = require("node:child_process")
      const child = spawn(process.argv[1], process.argv.slice(2), { stdio: ["pipe", "pipe", "inherit"] })
      child.stdin.end("{}")
      setTimeout(() => child.stdout.pipe(process.stdout), 300)
    `
    for (const command of [
      [node, "-e", relay, file, ...before],
      ["sh", "-c", 'echo "{}" | "$@" | (sleep 0.3; cat)', "late", file, ...before]
    ]) {
      const [first = "", ...rest] = command
      const { err, out } = await ended(spawn(first, [...rest, "hook", "run", "Stop"], { env, stdio: ["ignore", "pipe", "pipe"] }))
      expect([first, out.toString() === text, err]).toEqual([first, true, ""])
    }
  })

  it("A call puts together frames that come in pieces, whatever else comes with them", async () => {
    await listen((frame, socket) => {
      if (frame._tag !== "Request") return
      const bytes = Buffer.from(`{"_tag":"Pong"}\n${JSON.stringify(says("ä😀ß"))}\n{"_tag":"Pong"}\n`)
      let sent = 0
      const timer = setInterval(() => {
        if (sent < bytes.length && !socket.destroyed) socket.write(bytes.subarray(sent++, sent))
        else clearInterval(timer)
      }, 1)
    })
    const { code, out } = await here.run(["hook", "run", "Stop"], payload())
    expect([code, out.toString()]).toEqual([0, "ä😀ß"])
  })

  it("A call is decided at once when nobody listens", async () => {
    const absent = "han: the coordinator is not running, so no hooks were run; `han coordinator start` starts it\n"
    const begun = performance.now()
    expect(await told(["hook", "run", "Stop"], payload(), { HAN_HOOK_DEADLINE_MS: "100000" })).toMatchObject({ code: 0, err: absent })
    expect(performance.now() - begun).toBeLessThan(50_000)
    // A killed coordinator leaves its socket behind.
    const left = 'require("node:net").createServer().listen(process.argv[1], () => process.kill(process.pid, "SIGKILL"))'
    spawnSync(node, ["-e", left, here.socket])
    expect(existsSync(here.socket)).toBe(true)
    expect(await told(["hook", "run", "biome", "lint"], payload())).toMatchObject({ code: 0, err: absent })
  })

  it("A call ends with its signal's code, and hangs up", async () => {
    for (const [signal, code] of [
      ["SIGTERM", 143],
      ["SIGINT", 130],
      ["SIGHUP", 129]
    ] as const) {
      let child: ReturnType<Place["start"]> | undefined
      const { close, hungUp } = await listen(({ _tag }) => {
        if (_tag === "Request") child?.kill(signal)
      })
      child = here.start(["hook", "run", "Stop"])
      child.stdin?.end(payload())
      expect([(await ended(child)).code, await hungUp]).toEqual([code, undefined])
      close()
    }
  })

  it("A call does not need the folder it was started in, and ends quietly when its reader has gone", async () => {
    const { frames } = await listen(answering(says("x".repeat(1_000_000), 2)))
    const gone = join(here.directory, "gone")
    mkdirSync(gone)
    const [file = "", ...before] = program
    const script = 'mkfifo ../ready; ( cat ../ready; cd ..; rmdir gone; echo "{}" ) | "$@" | head -c 1; echo "${PIPESTATUS[1]}"'
    const child = spawn("bash", ["-c", script, "gone", file, ...before, "hook", "run", "Stop"], {
      cwd: gone,
      env: { PATH: process.env["PATH"] ?? "", PWD: gone, HAN_HOME: here.home },
      stdio: ["ignore", "pipe", "pipe"]
    })
    // It begins in the folder, which goes before it has read its input.
    await new Promise((resolve) => setTimeout(resolve, 1000))
    writeFileSync(join(here.directory, "ready"), "")
    const { err, out } = await ended(child)
    expect([out.toString(), err]).toEqual(["x2\n", ""])
    expect(frames).toMatchObject([{ payload: { call: { cwd: gone } } }])
  })
})

describe("a coordinator that does not answer", () => {
  const soon = { HAN_HOOK_DEADLINE_MS: "150" }

  it("A coordinator that does not answer is borne for ten times the deadline, and then no longer than that", async () => {
    const { frames } = await listen(() => {})
    const silent = (seconds: string) => ({
      code: 0,
      err: expect.stringMatching(new RegExp(`^han: the coordinator does not answer \\(no sign of life for ${seconds} s\\), so no hooks were run; .*\\n$`))
    })
    // The deadline and ten times it are 1.65 s; a busy machine is late. Another ten times would be 3.15 s.
    const ten = "(?:1\\.[5-9]|2)[\\d.]*"
    expect(await told(["hook", "run", "Stop"], payload(), soon)).toMatchObject(silent(ten))
    expect(frames.filter(({ _tag }) => _tag === "Request")).toHaveLength(1)
    const first = frames.length
    expect(await told(["hook", "run", "Stop"], payload(), soon)).toMatchObject(silent("0\\.\\d+"))
    const [request, ...pings] = frames.slice(first).map(({ _tag }) => _tag)
    expect([request, [...new Set(pings)]]).toEqual(["Request", ["Ping"]])
    // As a coordinator does when it starts.
    rmSync(join(here.home, "told"), { recursive: true })
    expect(await told(["hook", "run", "Stop"], payload(), soon)).toMatchObject(silent(ten))
  })

  it("A coordinator that does not answer is borne no longer than the client waits", async () => {
    await listen(() => {})
    mkdirSync(join(here.directory, ".claude"))
    const entry = { type: "command", command: "/usr/bin/han hook run Stop", timeout: 2 }
    writeFileSync(join(here.directory, ".claude", "settings.json"), JSON.stringify({ hooks: { Stop: [{ hooks: [entry] }] } }))
    const { code, err } = await told(["hook", "run", "Stop"], payload({ cwd: here.directory }), { CLAUDE_PROJECT_DIR: here.directory })
    expect([code, err]).toEqual([0, expect.stringMatching(/no sign of life for 1(?:\.5)? s/)])
  })

  it("A coordinator that does not answer is waited for when it was busy", async () => {
    await listen(({ _tag }, socket) => {
      if (_tag === "Request") setTimeout(() => send(socket, says("at last")), 1000)
    })
    const { code, out } = await here.run(["hook", "run", "Stop"], payload(), soon)
    expect([code, out.toString()]).toEqual([0, "at last"])
  })

  it("A coordinator that does not answer is waited for as long as it lives", async () => {
    await listen(({ _tag }, socket) => {
      if (_tag === "Ping") send(socket, { _tag: "Pong" })
      // Longer than the silence that is allowed.
      else setTimeout(() => send(socket, says("at last")), 2500)
    })
    const { code, out } = await here.run(["hook", "run", "Stop"], payload(), soon)
    expect([code, out.toString()]).toEqual([0, "at last"])
  })

  it("A coordinator that does not answer is left when it falls silent while hooks run, or ends", async () => {
    const { close, frames } = await listen((_, socket) => {
      if (frames.length === 1) send(socket, { _tag: "Pong" })
    })
    const silent = await told(["hook", "run", "Stop"], payload(), soon)
    expect(silent).toMatchObject({ code: 0, err: expect.stringMatching(/^han: the coordinator fell silent while hooks were running, .*\n$/) })
    expect(frames.slice(1).every(({ _tag }) => _tag === "Ping")).toBe(true)
    close()
    await listen((_, socket) => socket.end())
    const stopped = /^han: the coordinator stopped while hooks were running, so nobody knows what they found; .*\n$/
    expect(await told(["hook", "run", "Stop"], payload())).toMatchObject({ code: 0, err: expect.stringMatching(stopped) })
    other?.close()
    await listen(answering(failure({ _tag: "Interrupt", fiberId: { _tag: "None" } })))
    expect(await told(["hook", "run", "Stop"], payload())).toMatchObject({ code: 0, err: expect.stringMatching(stopped) })
  })

  it("A program on the socket that is no coordinator is named as such", async () => {
    const server = createServer((socket) => socket.end("HTTP/1.1 400 Bad Request\r\n\r\n"))
    await new Promise<void>((resolve) => server.listen(here.socket, resolve))
    const { code, err } = await told(["hook", "run", "Stop"], payload())
    expect([code, err]).toEqual([0, expect.stringContaining("is no han coordinator")])
    server.close()
    const long = await told(["hook", "run", "Stop"], payload(), { HAN_HOME: join(here.directory, "x".repeat(120)) })
    expect([long.code, long.err]).toEqual([0, expect.stringContaining("too long for a socket")])
  })

  it("A coordinator of another release, or one that breaks down, is named as such", async () => {
    const answers: ReadonlyArray<readonly [Parameters<typeof answering>[0], RegExp]> = [
      [{ _tag: "Defect", defect: "Unknown request tag: HookRunner.answer" }, /older than this han .* `han coordinator stop` ends it/],
      [{ _tag: "Defect", defect: { name: "Error", message: "out of\n  luck" } }, /broke down over this call, .*: out of luck; `han coordinator logs`/],
      [failure({ _tag: "Sequential", left: { _tag: "Empty" }, right: { _tag: "Die", defect: "why" } }), /broke down over this call, .*: why;/],
      [{ _tag: "Exit", requestId: "1", exit: { _tag: "Success", value: { exitCode: "0" } } }, /makes no sense to this han/]
    ]
    for (const [frame, words] of answers) {
      const { close } = await listen(answering(frame))
      const { code, err } = await told(["hook", "run", "Stop"], payload())
      expect([code, err]).toEqual([0, expect.stringMatching(words)])
      expect(err).toMatch(/^han: .*\n$/)
      close()
    }
  })
})

describe("a gate that is closed when it cannot be run", () => {
  const closed = /^han: the coordinator is not running.*han blocks this event until its hooks can run.*\n$/
  const note = (text: string) => writeFileSync(join(here.home, "fail-closed.json"), text)

  it("A gate is closed by the option", async () => {
    expect(await told(["hook", "run", "Stop", "--fail-closed"], payload())).toMatchObject({ code: 2, err: expect.stringMatching(closed) })
    await listen(answering(failure({ _tag: "Fail", error: { _tag: "HookCallInvalid", message: "the input is no\nobject" } })))
    const gate = await told(["hook", "run", "Stop", "--fail-closed"], payload())
    expect([gate.code, gate.err]).toEqual([2, expect.stringMatching(/^han: the input is no object\. han blocks this event .*\n$/)])
    const { code, err } = await told(["hook", "run", "Stop"], payload())
    expect([code, err]).toEqual([0, "han: the input is no object\n"])
  })

  it("A gate is closed by what the coordinator wrote down of the innermost project and its events", async () => {
    const project = join(here.directory, "project")
    const inner = join(project, "inner")
    mkdirSync(join(inner, "deep"), { recursive: true })
    symlinkSync(inner, join(here.directory, "link"))
    note(JSON.stringify({ [project]: ["Stop"], [inner]: ["PostToolUse"] }))
    const code = async (args: ReadonlyArray<string>, fields: object, environment: Readonly<Record<string, string>> = {}) =>
      (await told(["hook", "run", ...args], payload(fields), environment)).code
    expect(await code(["Stop"], { cwd: project })).toBe(2)
    expect(await code(["Stop"], { cwd: join(project, "else") })).toBe(2)
    expect(await code(["Stop"], { cwd: `${project}-other` })).toBe(0)
    expect(await code(["Stop"], { cwd: join(inner, "deep") })).toBe(0)
    expect(await code(["PostToolUse"], { cwd: join(here.directory, "link", "deep") })).toBe(2)
    expect(await code(["Stop"], {})).toBe(0)
    expect(await code(["Stop"], { cwd: "/" }, { CLAUDE_PROJECT_DIR: project })).toBe(2)
    expect(await code(["biome", "lint"], { cwd: inner, hook_event_name: "PostToolUse" })).toBe(2)
    expect(await code(["biome", "lint"], { cwd: inner })).toBe(0)
  })

  it("A gate is closed by its configuration folder's notes, or by all notes where that folder has none", async () => {
    note(JSON.stringify({ [here.directory]: { "": ["Stop"], "/work": ["PreToolUse"], "/home": [] } }))
    const code = async (event: string, folder: string) =>
      (await told(["hook", "run", event], payload({ cwd: here.directory }), { CLAUDE_CONFIG_DIR: folder })).code
    const codes = async (folder: string) => [await code("Stop", folder), await code("PreToolUse", folder), await code("PostToolUse", folder)]
    expect(await codes("/work")).toEqual([0, 2, 0])
    expect(await codes("/home")).toEqual([0, 0, 0])
    expect(await codes("/other")).toEqual([2, 2, 0])
    for (const none of ["", "/work,/home"]) expect(await codes(none)).toEqual([2, 0, 0])
    note(JSON.stringify({ [here.directory]: { "/work": ["PreToolUse"] } }))
    expect(await codes("")).toEqual([0, 2, 0])
  })

  it("A gate is closed by its tools, and others pass", async () => {
    const gate = (more: object) => ({ event: "PreToolUse", values: null, filter: null, hook: "gate@m/check", files: [], ...more })
    const code = async (tool: string | undefined, event = "PreToolUse") =>
      (await told(["hook", "run", event], payload({ cwd: here.directory, hook_event_name: event, tool_name: tool }))).code
    const codes = async () => [await code("Bash"), await code("Read"), await code("mcp__x__y"), await code(undefined), await code("Bash", "PostToolUse")]
    note(JSON.stringify({ [here.directory]: { "": [gate({ values: ["Bash", "mcp__.*"] })] } }))
    expect(await codes()).toEqual([2, 0, 2, 2, 0])
    note(JSON.stringify({ [here.directory]: { "": [gate({ filter: ["Read"] })] } }))
    expect(await codes()).toEqual([0, 2, 0, 2, 0])
  })

  it("A gate is open when what was written down cannot be read", async () => {
    for (const text of [
      "",
      "{",
      "null",
      "7",
      "[]",
      JSON.stringify({ [here.directory]: "Stop" }),
      JSON.stringify({ [here.directory]: [7] }),
      JSON.stringify({ [here.directory]: { "": 7, x: null } })
    ]) {
      note(text)
      expect([text, (await told(["hook", "run", "Stop"], payload({ cwd: here.directory }))).code]).toEqual([text, 0])
    }
  })

  it("A gate is open, or closed by the option, when the input is too long to be looked at", async () => {
    const long = Buffer.alloc(33 * 1024 * 1024, "x")
    const { frames } = await listen(answering(says("")))
    const said = expect.stringMatching(/^han: what standard input holds for this hook is longer than 32 MB, so no hooks were run/)
    expect(await told(["hook", "run", "Stop"], long)).toMatchObject({ code: 0, err: said })
    expect(await told(["hook", "run", "biome", "lint", "--fail-closed"], long)).toMatchObject({ code: 2, err: said })
    expect(frames).toEqual([])
    expect(await told(["hook", "run", "Stop"], long.subarray(0, 31 * 1024 * 1024))).toMatchObject({ code: 0, err: "" })
    expect(frames).toHaveLength(1)
  })
})

describe("everything else", () => {
  it("Everything else is a command like any other", async () => {
    const { frames } = await listen(answering(says("")))
    expect((await here.run(["--version"], "")).out.toString()).toMatch(/^han \d/)
    const unknown = await here.run(["hook", "run", "Stop", "--frobnicate"], payload())
    expect([unknown.code, unknown.err]).toEqual([1, expect.stringMatching(/^han: hook run: unknown option "--frobnicate"/)])
    expect(frames).toEqual([])
  })

  it("A hook that a person asks for, without a client's input or at a terminal, is a command as well", async () => {
    const { frames } = await listen(answering(says("")))
    for (const input of ["", "{}", "nonsense"]) await here.run(["hook", "run", "biome", "lint"], input, { HAN_START_TIMEOUT_MS: "300" })
    const child = Bun.spawn([...fromSource, "hook", "run", "Stop"], {
      cwd: here.directory,
      env: { ...process.env, HAN_HOME: here.home, HAN_START_TIMEOUT_MS: "300" },
      terminal: {}
    })
    await child.exited
    expect(frames.flatMap(({ _tag, tag }) => (_tag === "Request" ? [tag] : []))).toEqual(Array.from({ length: 4 }, () => "Coordinator.handshake"))
  })
})

describe("as npm installs it", () => {
  const launcher = fileURLToPath(new URL("../../bin/han.mjs", import.meta.url))

  it("The installed hook entry starts the coordinator when there is none, and runs nothing of the folder", async () => {
    const one = sourceMachine()
    writeFileSync(join(one.directory, "bunfig.toml"), 'preload = ["./first.ts"]\n')
    writeFileSync(join(one.directory, "first.ts"), 'console.log("ran first")\n')
    writeFileSync(join(one.directory, ".env"), "HAN_HOOK_NO_START=1\n")
    try {
      const child = spawn(node, [launcher, "hook", "run", "Stop"], { cwd: one.directory, env: one.environment })
      child.stdin.end(payload())
      const { code, err, out } = await ended(child)
      expect([code, out.toString(), err]).toEqual([0, "", ""])
      expect((await one.han("coordinator", "status")).code).toBe(0)
    } finally {
      await one.close()
    }
  })

  it("The installed hook entry hands on signals and standard input through the launcher", async () => {
    const installed = place([node, launcher])
    let child: ReturnType<Place["start"]> | undefined
    const waiting = await peer(installed.socket, ({ _tag }) => {
      if (_tag === "Request") child?.kill("SIGTERM")
    })
    child = installed.start(["hook", "run", "Stop"])
    child.stdin?.end(payload({ text: "π" }))
    expect([(await ended(child)).code, await waiting.hungUp]).toEqual([143, undefined])
    expect(waiting.frames).toMatchObject([{ payload: { call: { input: payload({ text: "π" }) } } }])
    waiting.close()
    installed.remove()
  })
})
