import { mkdirSync, readFileSync, rmSync, writeFileSync } from "node:fs"
import { join } from "node:path"
import { hookKey } from "han-core/unstable/HookKey"
import { afterAll, beforeAll, describe, expect, it } from "vitest"
import { compiledHan, put, type Told, until } from "../compiledHan.ts"

// What the client is told, and what is said of it afterwards, through the compiled programs.

const session = "bbbbbbbb-bbbb-4bbb-8bbb-bbbbbbbbbbbb"
const deny = (command: string) =>
  `case "$(cat)" in *'${command}'*) printf '{"hookSpecificOutput":{"hookEventName":"PreToolUse","permissionDecision":"deny","permissionDecisionReason":"not src"}}';; esac`
const hook = (name: string, event: string, command: string, more = "") => `  ${name}:\n    event: ${event}\n    command: ${JSON.stringify(command)}\n${more}`

const counted = (name: string) => `echo ${name} >> ../${name}.log; test ! -e ../fail || { echo "<${name} $(wc -l < ../${name}.log)>" >&2; exit 2; }`
const han = compiledHan(
  hook("guard", "'PreToolUse:Bash'", deny("rm -rf src")) +
    hook("lint", "Stop", counted("lint")) +
    hook("types", "Stop", counted("types")) +
    hook("missing", "UserPromptSubmit", "no-such-program") +
    hook("failing", "UserPromptSubmit", "echo not today >&2; exit 1") +
    hook("after", "PostToolUse", "echo line 3 is wrong >&2; exit 2", "    sync: false\n") +
    hook("compacted", "PostCompact", "echo never mind >&2; exit 1")
)
const payload = (event: string, more: object = {}): string =>
  `${JSON.stringify({ session_id: session, transcript_path: join(han.folder, "t.jsonl"), cwd: han.project, hook_event_name: event, ...more })}\n`
const tool = (command: string, more: object = {}) => ({ tool_name: "Bash", tool_input: { command }, tool_use_id: "toolu_1", ...more })
const runHan = (...args: ReadonlyArray<string>): Promise<Told> => {
  const { child, told } = han.start(args)
  child.stdin?.end()
  return told
}
/** The body of an answer over HTTP. */
const post = async (event: string, body: string): Promise<string> => {
  const read = (name: string) => readFileSync(join(han.home, name), "utf8").trim()
  const headers = { "content-type": "application/json", authorization: `Bearer ${hookKey(read("token"))}` }
  return (await fetch(`http://127.0.0.1:${read("port")}/hooks/${event}`, { method: "POST", headers, body })).text()
}
interface Run {
  readonly hook: string
  readonly verdict: string
  /** Null while it runs. */
  readonly passed: boolean | null
}
const history = (...args: ReadonlyArray<string>) =>
  (han.json("hook", "history", "--session", session, "--limit", "1000", ...args) as { readonly runs: ReadonlyArray<Run> }).runs

beforeAll(() => {
  han.build()
  mkdirSync(join(han.project, ".git"))
  han.startCoordinator()
}, 120_000)
afterAll(han.remove)

describe("a gate that denies in JSON", () => {
  it("A gate that denies in JSON is denied in the history, among what failed, and in words", async () => {
    const told = await han.call(["PreToolUse"], payload("PreToolUse", tool("rm -rf src")))
    expect([told.code, JSON.parse(told.out).hookSpecificOutput.permissionDecision]).toEqual([0, "deny"])
    expect(await han.call(["PreToolUse"], payload("PreToolUse", tool("ls", { tool_use_id: "toolu_2" })))).toMatchObject({ code: 0, out: "" })
    await until(() => history().filter(({ passed }) => passed !== null).length === 2, "both runs are in the history")
    expect(history().map(({ passed, verdict }) => [verdict, passed])).toEqual([
      ["passed", true],
      ["denied", false]
    ])
    expect(history("--failed").map(({ verdict }) => verdict)).toEqual(["denied"])
    expect((await runHan("hook", "history", "--failed", "--session", session)).out).toMatch(/ denied [\s\S]+ {4}not src\n/)
  })

  it("A gate that denies can be tried by hand, with a payload or its file, and leaves no trace in its session", async () => {
    const before = history().length
    const tried = await runHan("hook", "test", "PreToolUse", "--input", JSON.stringify(tool("rm -rf src", { session_id: session })))
    expect(tried.code).toBe(1)
    expect(tried.out).toContain("Claude Code would deny Bash: not src\n")
    expect(tried.out).toMatch(/denied probe@local\/guard in \. after [^\n]+: not src\n/)
    expect(tried.out).toContain("1 check: 1 denied\n")
    const file = join(han.folder, "payload.json")
    put(file, payload("PreToolUse", tool("ls")))
    const fine = await runHan("hook", "test", "PreToolUse", "--input", file, "--json")
    expect([fine.code, JSON.parse(fine.out).decision]).toEqual([0, "would let Bash go on"])
    for (const [input, why] of [
      ["{", "not one JSON object"],
      [join(han.folder, "none.json"), "cannot be read"],
      [payload("Stop"), 'tells of "Stop", not of PreToolUse']
    ] as const) {
      const wrong = await runHan("hook", "test", "PreToolUse", "--input", input)
      expect([wrong.code, wrong.err]).toEqual([2, expect.stringContaining(why)])
    }
    const both = await runHan("hook", "test", "PreToolUse", "--tool", "Bash", "--input", "{}")
    expect([both.code, both.err]).toEqual([2, expect.stringContaining("not both")])
    expect(history().length).toBe(before)
  })
})

describe("several entries for one event", () => {
  it("Several entries for one event run each gate once, and tell of it once, again and again", async () => {
    writeFileSync(join(han.folder, "fail"), "")
    const log = (name: string) => readFileSync(join(han.folder, `${name}.log`), "utf8").split("\n").length - 1
    for (let event = 1; event <= 12; event++) {
      const input = payload("Stop", { stop_hook_active: false, last_assistant_message: "done" })
      const other = `${JSON.stringify(Object.fromEntries(Object.entries(JSON.parse(input)).reverse()))}`
      const answers = await Promise.all([
        han.call(["Stop"], input),
        han.call(["Stop"], other, { CLAUDE_PLUGIN_ROOT: join(han.folder, "market/probe") }),
        han.call(["probe", event % 2 === 0 ? "lint" : "types"], input),
        ...(event % 3 === 0 ? [post("Stop", input.trim())] : [])
      ])
      const said = answers.map((answer) => (typeof answer === "string" ? answer : answer.err))
      const told = said.flatMap((text) => [...text.matchAll(/<(\w+ \d+)>/g)].map(([, what]) => what)).sort()
      expect(told).toEqual([`lint ${event}`, `types ${event}`])
      expect([log("lint"), log("types")]).toEqual([event, event])
    }
    rmSync(join(han.folder, "fail"))
    expect(await post("Stop", payload("Stop", { stop_hook_active: false }))).toBe("")
  }, 60_000)
})

describe("what the event has no other place for", () => {
  it("a missing program and a plain failure erase no prompt: the user is told", async () => {
    const told = await han.call(["UserPromptSubmit"], payload("UserPromptSubmit", { prompt: "hello" }))
    expect([told.code, told.err]).toEqual([0, ""])
    const json = JSON.parse(told.out)
    expect(Object.keys(json)).toEqual(["systemMessage"])
    expect(json.systemMessage).toContain("not today")
    expect(json.systemMessage).toContain("no-such-program: command not found")
  })

  it("a gate that nobody waits for tells the agent and the user in JSON", async () => {
    const told = await han.call(["PostToolUse", "--async"], payload("PostToolUse", tool("ls", { tool_use_id: "toolu_3" })))
    expect([told.code, told.err]).toEqual([0, ""])
    const { hookSpecificOutput, systemMessage, ...rest } = JSON.parse(told.out)
    expect(rest).toEqual({})
    expect(hookSpecificOutput).toEqual({ hookEventName: "PostToolUse", additionalContext: expect.stringContaining("line 3 is wrong") })
    expect(systemMessage).toContain("probe after")
  })

  it("an entry with `async: true` that lacks the flag, and one with the flag that is waited for, are what the client makes of them", async () => {
    const entry = (command: string, more: object) => ({ hooks: { PostToolUse: [{ hooks: [{ type: "command", command, ...more }] }] } })
    const file = join(han.folder, "market/probe/hooks/hooks.json")
    const call = (word: ReadonlyArray<string>, id: string) => han.call(["PostToolUse", ...word], payload("PostToolUse", tool("ls", { tool_use_id: id })))
    put(file, JSON.stringify(entry("han hook run PostToolUse", { async: true })))
    expect(await call([], "toolu_4")).toMatchObject({ code: 0, err: "" })
    put(file, JSON.stringify(entry("han hook run PostToolUse --async", {})))
    expect(await call(["--async"], "toolu_5")).toMatchObject({ code: 2, out: "" })
    rmSync(file)
  })

  it("PostCompact prints words, and no JSON", async () => {
    const { code, err, out } = await han.call(["PostCompact"], payload("PostCompact", { trigger: "auto", compact_summary: "x" }))
    expect([code, err]).toEqual([0, ""])
    expect(out).toMatch(/^PostCompact cannot be blocked\.[\s\S]+never mind/)
  })
})
