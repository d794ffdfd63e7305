import { spawn, spawnSync } from "node:child_process"
import { join } from "node:path"
import { afterAll, beforeAll, describe, expect, it } from "vitest"
import { compiledHan, put, until } from "../compiledHan.ts"

// What people read of han's own lines, through the compiled programs and a real coordinator.

const han = compiledHan(`  style:\n    event: Stop\n    command: "echo needle-of-the-gate; exit 2"\n`)
const program = join(han.folder, "bin/han")
const talk = "aaaaaaaa-aaaa-4aaa-8aaa-aaaaaaaaaaaa"
const gates = "bbbbbbbb-bbbb-4bbb-8bbb-bbbbbbbbbbbb"
const unkept = "cccccccc-cccc-4ccc-8ccc-cccccccccccc"
const kept = "dddddddd-dddd-4ddd-8ddd-dddddddddddd"

const stop = (session: string, more: Readonly<Record<string, string>> = {}) =>
  han.call(["Stop"], `${JSON.stringify({ session_id: session, cwd: han.project, hook_event_name: "Stop", stop_hook_active: false })}\n`, more)
const told = async (...args: ReadonlyArray<string>) => {
  const { child, told } = han.start(args)
  child.stdin?.end()
  return told
}
/** Those that have ended. */
const runsOf = (session: string) =>
  (han.json("hook", "history", "--session", session) as { readonly runs: ReadonlyArray<{ readonly passed: boolean | null }> }).runs.filter(
    ({ passed }) => passed !== null
  )
const ofHan = /^\d{4}-\d\d-\d\d \d\d:\d\d:\d\d {2}han {2}/

beforeAll(async () => {
  han.build()
  put(
    join(han.folder, "claude/projects/-project", `${talk}.jsonl`),
    `${JSON.stringify({ type: "user", uuid: "u1", sessionId: talk, timestamp: new Date(Date.now() - 5000).toISOString(), cwd: han.project, message: { role: "user", content: "find the needle" } })}\n`
  )
  han.startCoordinator()
  han.json("index")
  await stop(talk)
  await stop(gates)
}, 120_000)

afterAll(han.remove)

describe("han's own lines", () => {
  it("Han's own lines are one line each in a session, in Markdown and while they are written", async () => {
    await until(() => runsOf(talk).length > 0, "the run is in the history")
    const { out } = await told("session", talk, "--utc")
    const lines = out.split("\n").filter((line) => ofHan.test(line))
    expect(lines.map((line) => line.replace(ofHan, "").replace(/\d+(?:\.\d)? m?s$/, "TIME"))).toEqual([
      "gate probe/style began at Stop",
      "gate probe/style blocked, TIME"
    ])
    expect(out).not.toContain("needle-of-the-gate")
    const markdown = (await told("export", talk, "--format", "markdown")).out
    expect(markdown).toMatch(/\n\*han · [^\n]+ · gate probe\/style blocked, [^\n]+\*\n/)
    expect(markdown).not.toContain("needle-of-the-gate")
    const tail = han.start(["tail"])
    let seen = ""
    tail.child.stdout?.on("data", (chunk: Buffer) => {
      seen += chunk.toString()
    })
    // Only what comes while it listens is told, and nothing says when it does.
    while (!seen.includes("gate probe/style blocked")) await stop(talk)
    tail.child.kill("SIGINT")
    await tail.told
    expect(seen.split("\n").find((line) => line.includes("gate probe/style blocked"))).toMatch(/^\S+ {2}\d{4}-[^\n]+ {2}han {2}gate probe\/style blocked, /)
  })

  it("Han's own lines are found by who asks for them, and make no session", async () => {
    await until(() => runsOf(gates).length > 0, "the run is in the history")
    const search = (...more: ReadonlyArray<string>) =>
      han.json("search", "needle", ...more) as { readonly hits: ReadonlyArray<{ readonly messageId: string }>; readonly total: number }
    expect(search()).toMatchObject({ hits: [{ messageId: "u1" }], total: 1 })
    const own = search("--kind", "han", "--limit", "100")
    expect([own.hits.some(({ messageId }) => messageId === "u1"), own.total]).toEqual([false, own.hits.length])
    expect(own.total).toBeGreaterThan(0)
    expect(han.json("sessions")).toMatchObject({ sessions: [{ id: talk }], total: 1 })
    expect((await told("session", gates)).out).toContain("gate probe/style blocked")
  })

  it("Han's own lines of a client that keeps nothing are not kept", async () => {
    const client = (...args: ReadonlyArray<string>) => spawn("node", ["-e", "setInterval(() => undefined, 1000)", "claude", "-p", "hello", ...args])
    const silent = client("--no-session-persistence")
    const plain = client("--", "--no-session-persistence")
    expect((await stop(unkept, { CLAUDE_PID: String(silent.pid) })).code).toBe(2)
    expect((await stop(kept, { CLAUDE_PID: String(plain.pid) })).code).toBe(2)
    silent.kill()
    plain.kill()
    await until(() => runsOf(kept).length > 0, "the run is in the history")
    expect((await told("session", unkept)).code).toBe(1)
    const { runs } = han.json("hook", "history") as { readonly runs: ReadonlyArray<{ readonly sessionId: string }> }
    expect(runs.filter(({ sessionId }) => sessionId === unkept)).toEqual([])
  })
})

describe("a gate that is shut", () => {
  it("A gate that is shut names a command that the agent's shell runs, where no han is on its PATH", async () => {
    const { code, err } = await stop(talk)
    const again = err.split("\n").find((line) => line.startsWith("Run it again: "))
    expect([code, again]).toEqual([2, `Run it again: ${program} hook run probe style`])
    const environment = { PATH: process.env["PATH"] ?? "", HOME: han.folder, HAN_HOME: han.home, CLAUDE_CONFIG_DIR: join(han.folder, "claude") }
    const ran = spawnSync("sh", ["-c", again?.replace("Run it again: ", "") ?? ""], { cwd: han.project, env: environment, encoding: "utf8", input: "" })
    expect([ran.status, ran.stdout]).toEqual([1, expect.stringContaining("needle-of-the-gate")])
    // A run by hand is nobody's, and the history says so.
    expect((await told("hook", "history")).out).toContain("Runs by hand are not kept, unless `han hook run --session ID` says whose they are.")
  })

  it("A gate that is shut names han where the agent's PATH has it", async () => {
    const { err } = await stop(talk, { PATH: `${join(han.folder, "bin")}:${process.env["PATH"] ?? ""}` })
    expect(err).toContain("\nRun it again: han hook run probe style")
  })
})
