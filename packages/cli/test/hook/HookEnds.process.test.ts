import { existsSync, readFileSync, statSync } from "node:fs"
import { join } from "node:path"
import { afterAll, afterEach, beforeAll, beforeEach, describe, expect, it } from "vitest"
import { compiledHan, isGone, until } from "../compiledHan.ts"

// How hooks end: through the compiled programs, with real process groups.

/** Children, one of them deaf to SIGTERM, in the group of the command; they note their numbers. */
const family = [`(trap '' TERM; echo $BASHPID >> "$PIDS"; while :; do sleep 0.2; done) &`, `sleep 300 & echo $! >> "$PIDS"`, `echo $$ >> "$PIDS"`, `wait`].join(
  "\n"
)
/** One that leaves the group and keeps the outputs open. */
const leaver = `setsid sleep 20 & echo $! >> "$PIDS"; sleep 300`

const megabytes = 100
const bytes = megabytes * 1024 * 1024
const han = compiledHan(
  [
    ["family", "Stop", family, ""],
    ["leaver", "PreCompact", leaver, "    timeout: 1\n"],
    ["flood", "PreToolUse", `head -c ${bytes} /dev/zero | tr '\\0' 'x' | fold -w 100; echo the end; exit 2`, ""],
    ["lines", "Setup", "seq 1 30000", ""]
  ]
    .map(([name, event, command, more]) => `  ${name}:\n    event: ${event}\n    command: ${JSON.stringify(command)}\n    environment: [PIDS]\n${more}`)
    .join("")
)
const session = "bbbbbbbb-bbbb-4bbb-8bbb-bbbbbbbbbbbb"
const payload = (event: string) => JSON.stringify({ session_id: session, cwd: han.project, hook_event_name: event, tool_name: "Bash", tool_input: {} })

let round = 0
let pidFile = ""
const pids = (): ReadonlyArray<number> =>
  readFileSync(pidFile, "utf8")
    .split("\n")
    .flatMap((line) => (/^\d+$/.test(line) ? [Number(line)] : []))

const startFamily = async () => {
  const started = han.start(["hook", "run", "Stop"], { PIDS: pidFile })
  started.child.stdin?.end(payload("Stop"))
  // Each of them notes its own, in no order.
  await until(() => existsSync(pidFile) && pids().length === 3, "the hook and its children have started")
  return started
}

beforeAll(han.build, 120_000)
afterAll(han.remove)
beforeEach(() => {
  pidFile = join(han.folder, `pids-${++round}`)
  han.startCoordinator()
})
afterEach(() => {
  if (!existsSync(pidFile)) return
  for (const pid of pids()) if (!isGone(pid)) process.kill(pid, "SIGKILL")
})

/** The two seconds, three times over for a machine that does other things as well. */
const soonMs = 6000

describe("no member of a hook's process group is left", () => {
  it.each(["SIGKILL", "SIGTERM", "SIGINT"] as const)("No member of a hook's process group is left when its caller gets a %s", async (signal) => {
    const { child, told } = await startFamily()
    const members = pids()
    child.kill(signal)
    await told
    await until(() => members.every(isGone), "the group is gone", soonMs)
  })

  it("No member of the group is left when the coordinator gets a SIGKILL, and the next one runs the hook", async () => {
    const coordinator = han.pid()
    const { child, told } = await startFamily()
    const members = pids()
    process.kill(coordinator, "SIGKILL")
    await until(() => members.every(isGone), "the group is gone", soonMs)
    await until(() => pids().length === 6, "the hook and its children have started again")
    child.kill("SIGTERM")
    await told
    await until(() => pids().every(isGone), "the second group is gone", soonMs)
  })

  it("No member of a hook's process group is left when the coordinator is asked to stop", async () => {
    const { told } = await startFamily()
    const members = pids()
    const stop = han.start(["coordinator", "stop"])
    stop.child.stdin?.end()
    expect((await stop.told).code).toBe(0)
    expect((await told).code).toBe(0)
    await until(() => members.every(isGone), "the group is gone", soonMs)
  })
})

describe("nothing is waited for", () => {
  it("A process that left the group and holds the outputs open is not waited for beyond the limit", async () => {
    const began = Date.now()
    const { code, out } = await han.call(["PreCompact"], payload("PreCompact"), { PIDS: pidFile })
    // 1.5 s, three times over.
    expect(Date.now() - began).toBeLessThan(4500)
    expect([code, out]).toEqual([0, ""])
  })
})

describe("output", () => {
  it(`An output of ${megabytes} MB is all in a file, the agent gets a bounded part, and the coordinator stays small`, async () => {
    const { code, err, out } = await han.call(["PreToolUse"], payload("PreToolUse"))
    expect([code, out]).toEqual([2, ""])
    expect(err.length).toBeLessThan(10_000)
    expect(err).toContain("the end")
    const file = /(\/\S+\.txt)/.exec(err)?.[1] ?? ""
    expect(statSync(file).mode & 0o777).toBe(0o600)
    expect(statSync(file).size).toBe(bytes + (bytes / 100 - 1) + "the end\n".length)
    const peak = Number(/VmHWM:\s+(\d+)/.exec(readFileSync(`/proc/${han.pid()}/status`, "utf8"))?.[1])
    expect(peak * 1024).toBeLessThan(600e6)
  }, 60_000)

  it("The output of a hook by hand arrives whole through a pipe", async () => {
    const { child, told } = han.start(["hook", "run", "probe", "lines"])
    child.stdin?.end()
    const { code, out } = await told
    expect(code).toBe(0)
    const numbers = out.split("\n").flatMap((line) => (/^\s+\d+$/.test(line) ? [Number(line)] : []))
    expect(numbers).toEqual(Array.from({ length: 30_000 }, (_, index) => index + 1))
    expect(Buffer.byteLength(out)).toBeGreaterThan(64 * 1024)
  })
})

describe("a command line that is wrong", () => {
  it.each([[["hook", "run"]], [["hook", "run", "Stop", "--of-tomorrow"]], [["hook", "of-tomorrow"]], [["hook", "reference", "file.md"]]])(
    "A wrong command line does not block the agent: %j",
    async (args) => {
      const { child, told } = han.start(args)
      child.stdin?.end(payload("Stop"))
      const { code, err } = await told
      expect([code, err]).toEqual([1, expect.stringMatching(/^han: [^\n]+\n$/)])
    }
  )
})
