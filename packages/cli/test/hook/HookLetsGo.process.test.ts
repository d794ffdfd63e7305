import { chmodSync, existsSync, mkdirSync, readdirSync, rmSync, writeFileSync } from "node:fs"
import { join } from "node:path"
import { hookEventNames, ruleOf } from "han-core/HookEvents"
import { isFrequent, told } from "han-core/unstable/UnaskedGates"
import { afterEach, beforeEach, describe, expect, it } from "vitest"
import { whyNotStarted } from "../../src/hook/FailOpen.ts"
import { answering, failure, type Place, peer, place, says } from "../HookPeer.ts"

// What the user is told when a gate could not be asked: what the client shows of a hook that ends with 0 is `systemMessage` on stdout, and nothing else.

let here: Place
beforeEach(() => {
  here = place()
})
afterEach(() => here.remove())

const call = async (
  event: string,
  more: { readonly session?: string; readonly environment?: Readonly<Record<string, string>>; readonly args?: ReadonlyArray<string> } = {}
) => {
  const input = JSON.stringify({ session_id: more.session ?? "s", hook_event_name: event })
  const { code, err, out } = await here.run(["hook", "run", ...(more.args ?? [event])], input, more.environment)
  expect(code).toBe(0)
  return { err, out: out.toString(), message: out.length === 0 ? undefined : String(JSON.parse(out.toString()).systemMessage) }
}
const notRunning = /^han: the coordinator is not running, so no hooks were run; `han coordinator start` starts it/

describe("a hook that lets go", () => {
  it("A hook that lets go says so at each turn's end, and hourly at frequent events, until an answer comes", async () => {
    for (const _ of [1, 2]) expect((await call("Stop")).message).toMatch(notRunning)
    expect((await call("PostToolUse")).message).toMatch(/starts it \(said at most once an hour in a session\)$/)
    for (const event of ["PostToolUse", "PreToolUse"]) expect(await call(event)).toEqual({ err: "", out: "", message: undefined })
    expect((await call("PostToolUse", { session: "t" })).message).toMatch(notRunning)
    // Another reason is news.
    const other = await peer(here.socket, answering(failure({ _tag: "Fail", error: { _tag: "StoreError", message: "out of order" } })))
    expect((await call("PostToolUse")).message).toMatch(/^han: out of order/)
    other.close()
    // As a coordinator does when it starts.
    rmSync(join(here.home, "told"), { recursive: true })
    expect((await call("PreToolUse")).message).toMatch(notRunning)
  })

  it("A hook that lets go says so in JSON where that is read, else on standard error, and keeps what was said", async () => {
    for (const event of ["PreCompact", "WorktreeCreate", "SessionEnd"])
      expect(await call(event)).toMatchObject({ out: "", err: expect.stringMatching(notRunning) })
    expect(told("PostCompact", "x")).toEqual({ stdout: "x\n", stderr: "" })
    for (const event of ["SessionStart", "UserPromptSubmit", "SubagentStop", "Elicitation"]) expect((await call(event)).message).toMatch(notRunning)
    for (const event of hookEventNames) expect([event, told(event, "x").stdout !== ""]).toEqual([event, ruleOf(event).json || ruleOf(event).shown])
    expect(["Stop", "SubagentStop", "SessionStart", "UserPromptSubmit", null].map(isFrequent)).toEqual([false, false, false, false, false])
    const other = await peer(here.socket, answering(says('{"decision":"block","reason":"no"}')))
    expect((await call("Stop")).out).toBe('{"decision":"block","reason":"no"}')
    other.close()
  })

  it("A hook that lets go tells why a coordinator cannot be started, and why the last one was not", async () => {
    const log = join(here.home, "logs", "coordinator-start.log")
    mkdirSync(join(here.home, "logs"))
    writeFileSync(log, "han coordinator 1 is running\nstopping (SIGTERM)\n")
    expect((await call("Stop")).message).toMatch(notRunning)
    writeFileSync(log, `${"x".repeat(9000)}\nhan: config.json is broken\n`)
    expect((await call("Stop")).message).toContain("no hooks were run; its last start failed: config.json is broken; `han coordinator start` starts it")
    for (const harmless of ["han: warning: an old SQLite", "han: coordinator.log cannot be written (x); going on without a log"]) {
      writeFileSync(log, `${harmless}\n`)
      expect((await call("Stop")).message).toMatch(notRunning)
    }
    // A file is in the way of the home, as a disk would be that is only read.
    const file = join(here.directory, "file")
    writeFileSync(file, "")
    expect((await call("Stop", { environment: { HAN_HOME: join(file, "han") } })).message).toMatch(/cannot be reached|cannot be written/)
    expect(readdirSync(here.home).filter((name) => name.startsWith(".attempt"))).toEqual([])
  })

  it("A hook that lets go says why the coordinator that it starts cannot be started", async () => {
    writeFileSync(join(here.home, "config.json"), "{ nonsense")
    for (const _ of [1, 2]) {
      const { message } = await call("Stop", { environment: { HAN_HOOK_NO_START: "0" } })
      expect(message).toMatch(/^han: the coordinator is not running, so no hooks were run; the coordinator could not be started: .*config\.json/)
    }
    expect((await call("Stop")).message).toMatch(/its last start failed: .*config\.json.*; `han coordinator start` starts it$/)
    expect([whyNotStarted(here.home, true), whyNotStarted(here.home, false)]).toEqual([
      undefined,
      expect.stringMatching(/^its last start failed: .*config\.json/)
    ])
  })

  it("A hook that lets go does not take the broken input of an agent for a person's call", async () => {
    const invalid = failure({ _tag: "Fail", error: { _tag: "HookCallInvalid", message: "what came on standard input is not one JSON object" } })
    const { close, frames } = await peer(here.socket, answering(invalid))
    const { code, out } = await here.run(["hook", "run", "biome", "lint"], '{"session_id":"s","hook_ev', { CLAUDE_PROJECT_DIR: here.directory })
    expect([code, JSON.parse(out.toString())]).toEqual([0, { systemMessage: "han: what came on standard input is not one JSON object" }])
    expect(frames).toMatchObject([{ tag: "HookRunner.answer" }])
    close()
  })

  it("A hook that lets go says it each time when that cannot be noted", async () => {
    const folder = join(here.directory, "tmp")
    mkdirSync(folder)
    writeFileSync(join(here.home, "told"), "")
    // Of others, who may write there.
    const shared = join(folder, `han-told-${process.getuid?.() ?? ""}`)
    mkdirSync(shared)
    chmodSync(shared, 0o777)
    const environment = { TMPDIR: folder }
    for (const _ of [1, 2]) expect((await call("PostToolUse", { environment })).message).toMatch(notRunning)
    chmodSync(shared, 0o700)
    expect((await call("PostToolUse", { environment })).message).toMatch(notRunning)
    expect((await call("PostToolUse", { environment })).message).toBeUndefined()
    expect(existsSync(join(shared, readdirSync(shared)[0] ?? ""))).toBe(true)
  })
})
