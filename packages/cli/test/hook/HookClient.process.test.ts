import { spawn } from "node:child_process"
import { existsSync, readFileSync, rmSync } from "node:fs"
import { join } from "node:path"
import { afterAll, afterEach, beforeAll, beforeEach, describe, expect, it } from "vitest"
import { compiledHan, isGone, put, until } from "../compiledHan.ts"

// What the client does to the hooks that it calls: its limits, its end, and what it does not wait for. Through the compiled programs.

const note = `echo $$ >> "$NOTES"`
const lasting = `${note}; sleep 2; echo done >> "$NOTES"`
const han = compiledHan(
  [
    ["long", "PostToolUse", `${note}; sleep 60`],
    ["closed", "PreToolUse", `${note}; sleep 60`, "    on_error: closed\n"],
    ["failure", "StopFailure", lasting],
    ["after", "Stop", lasting],
    ["family", "PreCompact", `(trap '' TERM; echo $BASHPID >> "$NOTES"; while :; do sleep 0.2; done) & ${note}; wait`]
  ]
    .map(([name, event, command, more = ""]) => `  ${name}:\n    event: ${event}\n    command: ${JSON.stringify(command)}\n    environment: [NOTES]\n${more}`)
    .join("")
)
let prompts = 0
/** Each of an event of its own. */
const payload = (event: string) =>
  JSON.stringify({
    prompt_id: `prompt-${++prompts}`,
    session_id: "dddddddd-dddd-4ddd-8ddd-dddddddddddd",
    cwd: han.project,
    hook_event_name: event,
    tool_name: "Bash",
    tool_input: { command: "ls" }
  })
/** The entries of the client in the project. */
const entries = (event: string, more: object) =>
  put(
    join(han.project, ".claude/settings.json"),
    JSON.stringify({ hooks: { [event]: [{ hooks: [{ type: "command", command: `han hook run ${event}`, ...more }] }] } })
  )

let round = 0
let notes = ""
const noted = (): ReadonlyArray<string> => (existsSync(notes) ? readFileSync(notes, "utf8").split("\n").slice(0, -1) : [])
const pids = () => noted().flatMap((line) => (/^\d+$/.test(line) ? [Number(line)] : []))

beforeAll(() => {
  han.build()
  han.startCoordinator()
}, 180_000)
afterAll(han.remove)
beforeEach(() => {
  notes = join(han.folder, `notes-${++round}`)
})
afterEach(() => {
  rmSync(join(han.project, ".claude"), { recursive: true, force: true })
  for (const pid of pids()) if (!isGone(pid)) process.kill(pid, "SIGKILL")
})

describe("the client's limit", () => {
  /** Standard input comes after that time. */
  const call = async (event: string, afterMs: number) => {
    const { child, told } = han.start(["hook", "run", event], { NOTES: notes })
    await new Promise((resolve) => setTimeout(resolve, afterMs))
    child.stdin?.end(payload(event))
    return told
  }

  it("The client's limit is counted from the start of what it calls, and the gate is ended before it", async () => {
    entries("PostToolUse", { timeout: 3 })
    const { code, err, out } = await call("PostToolUse", 1000)
    expect([code, err]).toEqual([0, ""])
    expect(JSON.parse(out)).toEqual({ systemMessage: expect.stringMatching(/^probe long in .*: ran into its limit of (?:1|0\.\d) s; it blocks nothing/) })
    expect(pids().map(isGone)).toEqual([true])
  })

  it("The client's limit shuts a closed gate in time", async () => {
    entries("PreToolUse", { timeout: 3 })
    const { code, err } = await call("PreToolUse", 0)
    expect([code, err]).toEqual([2, expect.stringMatching(/probe closed in .*: ran into its limit of (?:2|1\.\d) s/)])
  })
})

describe("a client that is killed", () => {
  /** A stand-in for it: it calls a hook in a group of the hook's own, and is there until it is killed. */
  const client = (environment: Readonly<Record<string, string>>) => {
    const script = `
      const { spawn } = require("node:child_process")
      const environment = { ...process.env, ...(process.env.NAMED === "1" ? { CLAUDE_PID: String(process.pid) } : {}) }
      const child = spawn("/bin/sh", ["-c", process.env.CALL], { detached: true, env: environment, stdio: ["pipe", "pipe", "pipe"] })
      child.stdin.end(process.env.PAYLOAD)
      setInterval(() => {}, 1000)
    `
    return spawn("node", ["-e", script], { cwd: han.project, env: { ...han.environment, NOTES: notes, PAYLOAD: payload("PreCompact"), ...environment } })
  }

  it.each([
    ["by its number, through a shell that stays", { NAMED: "1", CALL: `'${han.program}' hook run PreCompact; true` }],
    ["as the parent", { CALL: `exec '${han.program}' hook run PreCompact` }]
  ])("A killed client takes its gate along with its whole group: %s", async (_, environment) => {
    const other = client(environment)
    await until(() => pids().length === 2, "the gate and its child run")
    const members = pids()
    other.kill("SIGKILL")
    await until(() => members.every(isGone), "the group is gone")
  })
})

describe("what the client does not wait for", () => {
  const ended = async (event: string, signal: NodeJS.Signals) => {
    const { child, told } = han.start(["hook", "run", event], { NOTES: notes })
    child.stdin?.end(payload(event))
    await until(() => pids().length === 1, "the gate runs")
    child.kill(signal)
    await told
  }

  it.each(["SIGTERM", "SIGKILL"] as const)("An event that the client does not wait for runs to its end when its caller gets a %s", async (signal) => {
    await ended("StopFailure", signal)
    await until(() => noted().includes("done"), "the gate has ended")
  })

  it("An event that the client does not wait for runs to its end also when its caller is ended at once", async () => {
    const { child, told } = han.start(["hook", "run", "StopFailure"], { NOTES: notes })
    child.stdin?.end(payload("StopFailure"))
    // The client ends as soon as it has called.
    setTimeout(() => child.kill("SIGTERM"), 60)
    await told
    await until(() => noted().includes("done"), "the gate has ended")
  })

  it("An entry that is async runs to its end when its caller goes, and no other does", async () => {
    entries("Stop", { async: true })
    await ended("Stop", "SIGTERM")
    await until(() => noted().includes("done"), "the gate has ended")
    rmSync(notes)
    entries("Stop", {})
    await ended("Stop", "SIGTERM")
    await until(() => pids().every(isGone), "the gate is ended")
    expect(noted()).not.toContain("done")
  })
})

describe("an empty standard input", () => {
  it("An empty standard input is an error that the user is told, or shuts a closed gate, and runs nothing", async () => {
    const { code, out } = await han.call(["Stop"], " \n", { NOTES: notes })
    expect([code, JSON.parse(out)]).toEqual([
      0,
      { systemMessage: expect.stringMatching(/^han: standard input is empty, where Claude Code writes what happened, so no hooks were run; /) }
    ])
    expect(await han.call(["Stop", "--fail-closed"], "", { NOTES: notes })).toMatchObject({ code: 2, err: expect.stringContaining("standard input is empty") })
    expect(noted()).toEqual([])
  })
})
