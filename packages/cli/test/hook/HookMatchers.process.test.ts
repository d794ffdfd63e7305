import { readFileSync } from "node:fs"
import { join } from "node:path"
import { afterAll, beforeAll, describe, expect, it } from "vitest"
import { compiledHan, put, repository } from "../compiledHan.ts"

// What stands behind the colon of an event, through the compiled programs and a real coordinator, with what the client really sends.

const hook = (name: string, event: string, more = "") => `  ${name}:\n    event: ${event}\n    command: echo ${name} >> ../ran\n${more}`

const han = compiledHan(
  [
    hook("compacted", "SessionStart:compact"),
    hook("started", '"SessionStart:startup|resume"'),
    hook("explored", "SubagentStop:Explore"),
    hook("planned", "[Stop, SubagentStop:Plan]"),
    hook("alone", "Stop", "    subagents: false\n"),
    hook("both", "Stop"),
    hook("manifest", '"FileChanged:package.json|a.ts"'),
    hook("any-file", "FileChanged"),
    hook("by-hand", "PreCompact:manual"),
    hook("cleared", "SessionEnd:clear"),
    hook("idle", "Notification:idle_prompt")
  ].join("")
)

interface Input {
  readonly hook_event_name: string
}
/** Calls of the client, as they were recorded. */
const recorded = (name: string): ReadonlyArray<Input> =>
  readFileSync(join(repository, "fixtures/claude-code", name, "hooks.jsonl"), "utf8")
    .trim()
    .split("\n")
    .map((line): Input => JSON.parse(line).input)

const inputs = ["04-subagents", "06-compact", "08-resume-fork", "19-interactive-permissions"].flatMap(recorded)
const sent = (event: string, fields: Readonly<Record<string, string>>): Input => {
  const found = inputs.find((input) => input.hook_event_name === event && Object.entries(fields).every(([name, value]) => Object(input)[name] === value))
  if (found === undefined) throw new Error(`no ${event} with ${JSON.stringify(fields)} was recorded`)
  return found
}

/** The names of the hooks that ran. */
const ranAt = async (input: Input): Promise<ReadonlyArray<string>> => {
  const before = ran().length
  expect(await han.call([input.hook_event_name], `${JSON.stringify({ ...input, cwd: han.project })}\n`)).toMatchObject({ code: 0, err: "" })
  return ran().slice(before).sort()
}
const ran = (): ReadonlyArray<string> => readFileSync(join(han.folder, "ran"), { encoding: "utf8", flag: "a+" }).split("\n").slice(0, -1)

beforeAll(() => {
  han.build()
  han.startCoordinator()
}, 120_000)

afterAll(han.remove)

describe("what the client sends", () => {
  it("Hooks run for the source of SessionStart that they name", async () => {
    expect(await ranAt(sent("SessionStart", { source: "compact" }))).toEqual(["compacted"])
    expect(await ranAt(sent("SessionStart", { source: "startup" }))).toEqual(["started"])
    expect(await ranAt(sent("SessionStart", { source: "resume" }))).toEqual(["started"])
    expect(await ranAt(sent("SessionStart", { source: "fork" }))).toEqual([])
  })

  it("Hooks run for a subagent's type, and Stop means all subagents, those that are named, or none", async () => {
    expect(await ranAt(sent("SubagentStop", { agent_type: "Explore" }))).toEqual(["both", "explored"])
    expect(await ranAt(sent("SubagentStop", { agent_type: "reviewer" }))).toEqual(["both"])
    // The agent that compacts has no type.
    expect(await ranAt(sent("SubagentStop", { agent_type: "" }))).toEqual(["both"])
    expect(await ranAt(sent("Stop", {}))).toEqual(["alone", "both", "planned"])
  })

  it("Hooks run for what made a compaction, and for what a notification is about", async () => {
    expect(await ranAt(sent("PreCompact", { trigger: "manual" }))).toEqual(["by-hand"])
    expect(await ranAt(sent("PreCompact", { trigger: "auto" }))).toEqual([])
    expect(await ranAt(sent("SessionEnd", { reason: "other" }))).toEqual([])
    expect(await ranAt(sent("Notification", { notification_type: "permission_prompt" }))).toEqual([])
  })

  it("Hooks run for the base name of a file", async () => {
    const change = (name: string) => ({ ...sent("Stop", {}), hook_event_name: "FileChanged", file_path: join(han.project, name), event: "change" })
    expect(await ranAt(change("package.json"))).toEqual(["any-file", "manifest"])
    expect(await ranAt(change("src/a.ts"))).toEqual(["any-file", "manifest"])
    expect(await ranAt(change("package_json"))).toEqual(["any-file"])
  })
})

const explained = async (...words: ReadonlyArray<string>): Promise<Readonly<Record<string, string>>> => {
  const plan = await json("hook", "explain", ...words)
  const items: ReadonlyArray<{ readonly hook: string; readonly due: boolean; readonly reason: { readonly code: string; readonly text: string } }> = plan.items
  const ofEvent = items.filter(({ reason }) => reason.code !== "event")
  return Object.fromEntries(ofEvent.map(({ due, hook, reason }) => [hook.replace("probe@local/", ""), due ? `due: ${reason.text}` : reason.text]))
}
const json = async (...words: ReadonlyArray<string>) => JSON.parse((await said(...words, "--json")).out)
const said = async (...words: ReadonlyArray<string>) => {
  const { child, told } = han.start(words)
  child.stdin?.end()
  return await told
}

describe("what people are told", () => {
  it("An explanation says why a matcher did not match", async () => {
    expect(await explained("SessionStart:startup")).toEqual({
      compacted: "it is for SessionStart:compact, this one is startup",
      started: expect.stringMatching(/^due: (?!.*only at)/)
    })
    expect(await explained("SubagentStop:Explore")).toMatchObject({
      explored: expect.stringMatching(/^due/),
      planned: "it is for SubagentStop:Plan, this one is Explore"
    })
    expect(await explained("FileChanged:src/a.ts")).toMatchObject({ manifest: expect.stringMatching(/^due/) })
    expect(await explained("FileChanged", "--file", "b.ts")).toMatchObject({ manifest: "it is for FileChanged:package.json|a.ts, this one is b.ts" })
    expect((await said("hook", "explain", "SessionStart:clear")).out).toContain("because  it is for SessionStart:startup|resume, this one is clear\n")
  })

  it("An explanation says what has to be so, where nobody said what it is about", async () => {
    expect(await explained("SessionStart")).toEqual({
      compacted: expect.stringMatching(/^due: .*; only at SessionStart:compact$/),
      started: expect.stringMatching(/^due: .*; only at SessionStart:startup\|resume$/)
    })
    expect((await explained("Stop"))["alone"]).toMatch(/^due: (?!.*only at)/)
  })

  it("A value that the event does not have is refused with the reason", async () => {
    for (const [words, text] of [
      [["hook", "explain", "Stop:Edit"], "where Claude Code tells nothing that could be compared"],
      [["hook", "test", "SessionStart:lunch"], "source is one of startup, resume, clear, compact, fork"],
      [["hook", "explain", "SessionStart:startup|resume"], "names several"],
      [["hook", "explain", "PreToolUse:Bash", "--tool", "Edit"], "not both"]
    ] as const) {
      expect(await said(...words)).toMatchObject({ code: 2, out: "", err: expect.stringContaining(text) })
    }
  })

  it("The list says what the hooks are for", async () => {
    const { hooks } = await json("hook", "list")
    const events = Object.fromEntries(hooks.map(({ events, name }: { readonly events: ReadonlyArray<string>; readonly name: string }) => [name, events]))
    expect(events).toMatchObject({
      compacted: ["SessionStart:compact"],
      explored: ["SubagentStop:Explore"],
      planned: ["Stop", "SubagentStop:Plan"],
      alone: ["Stop"],
      both: ["Stop", "SubagentStop"],
      manifest: ["FileChanged:package.json|a.ts"]
    })
    expect((await said("hook", "list")).out).toContain("SessionStart:compact")
    const named = async (event: string) => (await json("hook", "list", "--event", event)).hooks.map(({ name }: { readonly name: string }) => name)
    expect(await named("SessionStart")).toEqual(["compacted", "started"])
    expect(await named("SessionStart:startup")).toEqual(["started"])
  })

  it("A mistake in a plugin is told with its line, and entries have what their hooks are for as matchers", async () => {
    const plugin = join(han.folder, "other")
    put(join(plugin, "han-plugin.yml"), "hooks:\n  gate:\n    command: x\n    event: Stop:Edit\n")
    const refused = await said("plugin", "validate", plugin)
    expect(refused).toMatchObject({ code: 1, out: expect.stringContaining('han-plugin.yml, line 4: hooks.gate.event has "Edit" behind Stop') })
    expect((await said("plugin", "generate-hooks", plugin)).code).toBe(1)
    put(
      join(plugin, "han-plugin.yml"),
      `hooks:\n${hook("a", "SessionStart:compact")}${hook("b", "SubagentStop:Explore")}${hook("c", "FileChanged:package.json|a.ts")}`
    )
    expect((await said("plugin", "validate", plugin)).code).toBe(0)
    expect((await said("plugin", "generate-hooks", plugin)).code).toBe(0)
    const { hooks } = JSON.parse(readFileSync(join(plugin, "hooks/hooks.json"), "utf8"))
    const entry = (event: string, matcher: string) => [{ matcher, hooks: [{ type: "command", command: `han hook run ${event}` }] }]
    expect(hooks).toEqual({
      SessionStart: entry("SessionStart", "compact"),
      SubagentStop: entry("SubagentStop", "Explore"),
      FileChanged: entry("FileChanged", "package.json|a.ts")
    })
  })
})

describe("han setup", () => {
  it("The setup has the client watch the files of hooks at FileChanged, those of other entries included", async () => {
    expect((await said("setup")).code).toBe(0)
    const settings = join(han.folder, "claude/settings.json")
    const entries = (event: string) => JSON.parse(readFileSync(settings, "utf8")).hooks[event]
    expect(entries("FileChanged")).toEqual([
      { matcher: ".*|a.ts|package.json", hooks: [{ type: "command", command: expect.stringMatching(/ hook run FileChanged$/) }] }
    ])
    expect(entries("SessionStart")).toEqual([{ hooks: [expect.objectContaining({ type: "command" })] }])
    expect((await said("setup")).out).toContain("nothing was changed")
    expect((await said("setup", "--uninstall")).code).toBe(0)
    expect(JSON.parse(readFileSync(settings, "utf8")).hooks).toBeUndefined()
  })
})
