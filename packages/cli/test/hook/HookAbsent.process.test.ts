import { existsSync, mkdirSync, readFileSync, rmSync, writeFileSync } from "node:fs"
import { join } from "node:path"
import { afterAll, beforeAll, beforeEach, describe, expect, it } from "vitest"
import { compiledHan, isGone, until } from "../compiledHan.ts"
import { lockHolder } from "../lockHolder.ts"

// Where no coordinator answers: through the compiled programs, as the client calls them.

const han = compiledHan(
  [
    ["guard", "PreToolUse:Bash", `grep -q 'rm -rf' && { echo "no rm -rf" >&2; exit 2; } || exit 0`, "    on_error: closed\n    cache: false\n"],
    ["slow", "Stop", `echo $$ >> "$PIDS"; sleep 300`, "    environment: [PIDS]\n"],
    ["end", "SessionEnd", `echo x >> "$PIDS"`, "    environment: [PIDS]\n"]
  ]
    .map(([name, event, command, more]) => `  ${name}:\n    event: ${event}\n    command: ${JSON.stringify(command)}\n${more}`)
    .join("")
)
const payload = (event: string, command = "ls", tool = "Bash") =>
  JSON.stringify({
    session_id: "cccccccc-cccc-4ccc-8ccc-cccccccccccc",
    cwd: han.project,
    hook_event_name: event,
    tool_name: tool,
    tool_input: tool === "Bash" ? { command } : { file_path: join(han.project, "a.txt") }
  })
const guard = (command: string, more?: Readonly<Record<string, string>>) => han.call(["PreToolUse"], payload("PreToolUse", command), more)
const denied = { code: 2, err: expect.stringContaining("no rm -rf") }

const log = () => join(han.home, "logs", "coordinator.log")
const starts = () =>
  existsSync(log())
    ? readFileSync(log(), "utf8")
        .split("\n")
        .filter((line) => line.includes('"message":"started"')).length
    : 0
const stop = async () => {
  const { child, told } = han.start(["coordinator", "stop"])
  child.stdin?.end()
  await told
}
const message = (out: string): string => JSON.parse(out).systemMessage

beforeAll(han.build, 180_000)
afterAll(han.remove)
beforeEach(stop)

describe("a gate without a coordinator", () => {
  it("A gate without a coordinator is asked all the same: one is started for all who call at once", async () => {
    const before = starts()
    const ends = await Promise.all(["rm -rf src", "ls", "rm -rf src", "ls", "rm -rf src", "ls"].map((command) => guard(command)))
    for (const [index, end] of ends.entries()) expect(end).toMatchObject(index % 2 === 0 ? denied : { code: 0, out: "", err: "" })
    expect(starts() - before).toBe(1)
    expect(existsSync(join(han.home, "starting.json"))).toBe(false)
  })

  it("A gate without a coordinator is asked again after a kill -9 in the middle of a session", async () => {
    expect(await guard("ls")).toMatchObject({ code: 0, out: "", err: "" })
    const pid = han.pid()
    process.kill(pid, "SIGKILL")
    await until(() => isGone(pid), "the coordinator is gone")
    expect(await guard("rm -rf src")).toMatchObject(denied)
    expect(han.pid()).not.toBe(pid)
  })

  it("A gate without a coordinator is asked while one starts that gets on, however long", async () => {
    const held = await lockHolder(han.home, `for (let n = 0; n < 15; n++) { write(home, process.pid, "is at step " + n); await Bun.sleep(200) }`)
    expect(await guard("rm -rf src", { HAN_START_TIMEOUT_MS: "800" })).toMatchObject(denied)
    expect(held.exitCode).toBe(0)
  })

  it("A gate is left, or shut, when the start stands still, and the next ones do not wait as long for it", async () => {
    expect(await guard("ls")).toMatchObject({ code: 0 })
    await stop()
    const held = await lockHolder(han.home, `write(home, process.pid, "counts its toes"); await Bun.sleep(120_000)`)
    const patient = { HAN_START_TIMEOUT_MS: "3000", HAN_HOOK_DEADLINE_MS: "200" }
    const words = (seconds: string) =>
      new RegExp(`no hooks were run; the coordinator \\(process ${held.pid}\\) counts its toes, and has not got on for ${seconds} s`)
    const first = await guard("ls", patient)
    expect([first.code, first.err]).toEqual([2, expect.stringMatching(words("3"))])
    const next = await han.call(["Stop"], payload("Stop"), patient)
    expect([next.code, message(next.out)]).toEqual([0, expect.stringMatching(words("0\\.2"))])
    held.kill("SIGKILL")
    await new Promise((resolve) => held.once("exit", resolve))
    expect(await guard("rm -rf src")).toMatchObject(denied)
  })

  it("A gate without a coordinator is left with the reason when none can be started", async () => {
    const config = join(han.home, "config.json")
    writeFileSync(config, "{ nonsense")
    const { code, out } = await han.call(["Stop"], payload("Stop"))
    expect([code, message(out)]).toEqual([
      0,
      expect.stringMatching(/^han: the coordinator is not running, so no hooks were run; the coordinator could not be started: .*config\.json/)
    ])
    const shut = await guard("ls")
    expect([shut.code, shut.err]).toEqual([2, expect.stringMatching(/could not be started: .*config\.json.*han blocks this event until its hooks can run/)])
    rmSync(config)
    expect(await guard("rm -rf src")).toMatchObject(denied)
  })

  it("A gate is asked at the end of a session, within 1.5 seconds or as long as its entry says", async () => {
    const marks = join(han.folder, "ended")
    const settings = join(han.project, ".claude", "settings.json")
    mkdirSync(join(han.project, ".claude"))
    writeFileSync(settings, JSON.stringify({ hooks: { SessionEnd: [{ hooks: [{ type: "command", command: "han hook run SessionEnd", timeout: 60 }] }] } }))
    expect(await han.call(["SessionEnd"], payload("SessionEnd"), { PIDS: marks })).toMatchObject({ code: 0, err: "" })
    expect(readFileSync(marks, "utf8")).toBe("x\n")
    rmSync(join(han.project, ".claude"), { recursive: true })
    await stop()
    const held = await lockHolder(han.home, `for (let n = 0; ; n++) { write(home, process.pid, "is at step " + n); await Bun.sleep(100) }`)
    const { code, err } = await han.call(["SessionEnd"], payload("SessionEnd"), { PIDS: marks })
    expect([code, err]).toEqual([0, expect.stringMatching(/no hooks were run; the coordinator \(process \d+\) is at step \d+, and the client does not wait/)])
    held.kill("SIGKILL")
    await new Promise((resolve) => held.once("exit", resolve))
  })
})

describe("a closed gate", () => {
  const file = join(han.folder, "market/probe/han-plugin.yml")

  it("A closed gate is shut for its tools alone while nobody can run it", async () => {
    expect(await guard("ls")).toMatchObject({ code: 0, out: "", err: "" })
    await stop()
    const alone = { HAN_HOOK_NO_START: "1" }
    expect(await guard("ls", alone)).toMatchObject({ code: 2, err: expect.stringContaining("han blocks this event until its hooks can run") })
    const read = await han.call(["PreToolUse"], payload("PreToolUse", "", "Read"), alone)
    expect([read.code, message(read.out)]).toEqual([0, expect.stringContaining("the coordinator is not running")])
  })

  it("A closed gate is not opened by a file that cannot be read; explain and test name the file", async () => {
    expect(await guard("ls")).toMatchObject({ code: 0, out: "", err: "" })
    const whole = readFileSync(file, "utf8")
    writeFileSync(file, `${whole}  broken: [\n`)
    const shut = { code: 2, err: expect.stringMatching(/probe guard: it was closed before .*until its file can be read again: .*han-plugin\.yml, line \d+/) }
    expect(await guard("ls")).toMatchObject(shut)
    expect(await han.call(["PreToolUse"], payload("PreToolUse", "", "Read"))).toMatchObject({ code: 0, err: "" })
    for (const [command, code] of [
      ["explain", 0],
      ["test", 1]
    ] as const) {
      const { child, told } = han.start(["hook", command, "PreToolUse", "--tool", "Bash"])
      child.stdin?.end()
      const { out, code: exitCode } = await told
      expect([command, exitCode]).toEqual([command, code])
      expect(out).toMatch(/Problems\n +error +\S*han-plugin\.yml, line \d+/)
      expect(out).toContain("it was closed before")
    }
    await stop()
    expect(await guard("ls", { HAN_HOOK_NO_START: "1" })).toMatchObject({
      code: 2,
      err: expect.stringContaining("han blocks this event until its hooks can run")
    })
    expect(await guard("ls")).toMatchObject(shut)
    writeFileSync(file, whole)
    expect(await guard("ls")).toMatchObject({ code: 0, out: "", err: "" })
    expect(await guard("rm -rf src")).toMatchObject(denied)
  })
})

describe("a gate whose coordinator goes away", () => {
  it("A gate whose coordinator goes away is run again by the next one when it was killed", async () => {
    const pids = join(han.folder, "killed")
    const call = han.start(["hook", "run", "Stop"], { PIDS: pids })
    call.child.stdin?.end(payload("Stop"))
    const runs = () => (existsSync(pids) ? readFileSync(pids, "utf8").trim().split("\n").map(Number) : [])
    await until(() => runs().length === 1, "the gate runs")
    process.kill(han.pid(), "SIGKILL")
    await until(() => runs().length === 2, "the gate runs again")
    expect(runs().map(isGone)).toEqual([true, false])
    call.child.kill("SIGTERM")
    await call.told
    await until(() => runs().every(isGone), "it is ended")
  })

  it("A gate is run again by the next coordinator after a replacement, and not after a request to stop", async () => {
    const pids = join(han.folder, "replaced")
    const runs = () => (existsSync(pids) ? readFileSync(pids, "utf8").trim().split("\n").map(Number) : [])
    const call = han.start(["hook", "run", "Stop"], { PIDS: pids })
    call.child.stdin?.end(payload("Stop"))
    await until(() => runs().length === 1, "the gate runs")
    await stop()
    han.startCoordinator()
    await until(() => runs().length === 2, "the gate runs again")
    await stop()
    const { code, out } = await call.told
    expect([code, message(out)]).toEqual([0, expect.stringMatching(/^han: the coordinator stopped while hooks were running/)])
    expect(runs().every(isGone)).toBe(true)
  })
})
