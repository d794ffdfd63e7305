import { readFileSync } from "node:fs"
import { join } from "node:path"
import { afterAll, beforeAll, describe, expect, it } from "vitest"
import { compiledHan, repository } from "./compiledHan.ts"

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
  it("a source of SessionStart", async () => {
    expect(await ranAt(sent("SessionStart", { source: "compact" }))).toEqual(["compacted"])
    expect(await ranAt(sent("SessionStart", { source: "startup" }))).toEqual(["started"])
    expect(await ranAt(sent("SessionStart", { source: "resume" }))).toEqual(["started"])
    expect(await ranAt(sent("SessionStart", { source: "fork" }))).toEqual([])
  })

  it("a type of a subagent; Stop means all of them, those that are named, or none", async () => {
    expect(await ranAt(sent("SubagentStop", { agent_type: "Explore" }))).toEqual(["both", "explored"])
    expect(await ranAt(sent("SubagentStop", { agent_type: "reviewer" }))).toEqual(["both"])
    // The agent that compacts has no type.
    expect(await ranAt(sent("SubagentStop", { agent_type: "" }))).toEqual(["both"])
    expect(await ranAt(sent("Stop", {}))).toEqual(["alone", "both", "planned"])
  })

  it("what made a compaction, and what a notification is about", async () => {
    expect(await ranAt(sent("PreCompact", { trigger: "manual" }))).toEqual(["by-hand"])
    expect(await ranAt(sent("PreCompact", { trigger: "auto" }))).toEqual([])
    expect(await ranAt(sent("SessionEnd", { reason: "other" }))).toEqual([])
    expect(await ranAt(sent("Notification", { notification_type: "permission_prompt" }))).toEqual([])
  })

  it("the base name of a file", async () => {
    const change = (name: string) => ({ ...sent("Stop", {}), hook_event_name: "FileChanged", file_path: join(han.project, name), event: "change" })
    expect(await ranAt(change("package.json"))).toEqual(["any-file", "manifest"])
    expect(await ranAt(change("src/a.ts"))).toEqual(["any-file", "manifest"])
    expect(await ranAt(change("package_json"))).toEqual(["any-file"])
  })
})
