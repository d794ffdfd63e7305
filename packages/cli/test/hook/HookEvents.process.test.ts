import { readFileSync } from "node:fs"
import { join } from "node:path"
import { hookEventNames } from "han-core/HookEvents"
import { afterAll, beforeAll, describe, expect, it } from "vitest"
import { compiledHan, put, repository, type Told } from "../compiledHan.ts"

// Every event of the client, through the compiled programs, the socket, a real coordinator and a real command.

const session = "aaaaaaaa-aaaa-4aaa-8aaa-aaaaaaaaaaaa"

/** What the command does is said in the payload, so that every event has one command for all cases. */
const command = [
  `cat > "$RECEIVED"`,
  `case "$(cat "$RECEIVED")" in`,
  `*'"do":"block"'*) echo "stopped at $HAN_EVENT" >&2; exit 2;;`,
  `*'"do":"fail"'*) echo "broken at $HAN_EVENT"; exit 7;;`,
  `*'"do":"text"'*) echo "plain at $HAN_EVENT";;`,
  `*'"do":"context"'*) printf '{"hookSpecificOutput":{"hookEventName":"%s","additionalContext":"context at %s"}}' "$HAN_EVENT" "$HAN_EVENT";;`,
  `*'"do":"message"'*) printf '{"systemMessage":"message at %s"}' "$HAN_EVENT";;`,
  `esac`
].join("\n")

// What is for Stop is for SubagentStop as well.
const hooks = hookEventNames
  .filter((event) => event !== "SubagentStop")
  .map((event) => `  at-${event.toLowerCase()}:\n    event: ${event}\n    command: ${JSON.stringify(command)}\n    environment: [RECEIVED]\n`)
  .join("")

/** Where the client lets exit code 2 stop something, go on with something, or tell the model why (`claude-code` reference, table of answers). */
const blockable =
  "UserPromptSubmit UserPromptExpansion PreToolUse PostToolUse PostToolUseFailure PostToolBatch Stop SubagentStop TaskCreated TaskCompleted PreCompact PreModelSwitch Elicitation".split(
    " "
  )
const plainIsRead = ["SessionStart", "UserPromptSubmit", "UserPromptExpansion"]
const contextIsRead =
  "SessionStart UserPromptSubmit UserPromptExpansion PreToolUse PostToolUse PostToolUseFailure PostToolBatch Stop SubagentStop SubagentStart".split(" ")

const han = compiledHan(hooks)
const received = join(han.folder, "received")
const call = (args: ReadonlyArray<string>, input: string) => han.call(args, input, { RECEIVED: received })

const payload = (event: string, what: string, more: object = {}): string =>
  `${JSON.stringify({ session_id: session, transcript_path: join(han.folder, "t.jsonl"), cwd: han.project, hook_event_name: event, ...fieldsOf(event), do: what, ...more })}\n`

const tool = { tool_name: "Write", tool_input: { file_path: join(han.project, "a.txt") }, tool_use_id: "toolu_1" }
const fieldsOf = (event: string): object =>
  event.includes("Tool") || event.startsWith("Permission") ? tool : event.endsWith("Stop") ? { stop_hook_active: false, last_assistant_message: "done" } : {}

const tell = (event: string, what: string) => call([event], payload(event, what))

const objectIn = (told: Told): Record<string, unknown> => {
  const value: unknown = JSON.parse(told.out)
  if (typeof value !== "object" || value === null || Array.isArray(value)) throw new Error(`no object: ${told.out}`)
  return { ...value }
}

interface Run {
  readonly event: string
  readonly verdict: string
  readonly exitCode: number | null
}
const history = () => (han.json("hook", "history", "--limit", "1000") as { readonly runs: ReadonlyArray<Run> }).runs

beforeAll(() => {
  han.build()
  const entries = hookEventNames.map((event) => [event, [{ hooks: [{ type: "command", command: `han hook run ${event}` }] }]])
  put(join(han.project, ".claude/settings.json"), JSON.stringify({ hooks: Object.fromEntries(entries) }))
  han.startCoordinator()
}, 120_000)

afterAll(han.remove)

describe.each(hookEventNames.map((event) => ({ event })))("$event", ({ event }) => {
  it("A gate gets the payload to the byte, and passes in silence", async () => {
    const input = payload(event, "nothing", { text: 'ünïcode \u2028 \\ "quoted"' })
    expect(await call([event], input)).toEqual({ code: 0, signal: null, out: "", err: "" })
    expect(readFileSync(received, "utf8")).toBe(input)
  })

  it("A gate blocks by exit code 2 where the client can be blocked, and tells the user elsewhere", async () => {
    for (const [what, text] of [
      ["block", `stopped at ${event}`],
      ["fail", `broken at ${event}`]
    ] as const) {
      const told = await tell(event, what)
      if (what === "fail" && event.startsWith("UserPrompt")) {
        expect([told.code, told.err]).toEqual([0, ""])
        expect(objectIn(told)).toEqual({ systemMessage: expect.stringContaining(text) })
      } else if (blockable.includes(event)) {
        expect(told).toMatchObject({ code: 2, out: "" })
        expect(told.err).toContain(text)
      } else if (told.code === 0) {
        expect(`${told.out}${told.err}`).toContain(text)
        if (event === "PostCompact") expect([told.out.startsWith("PostCompact cannot be blocked."), told.err]).toEqual([true, ""])
        else if (event === "SessionEnd" || told.out === "") expect(told.out).toBe("")
        else expect(objectIn(told)).toEqual({ systemMessage: expect.stringContaining(text) })
      } else {
        expect(told).toMatchObject({ code: 2, out: "" })
        expect(told.err).toContain(text)
      }
    }
  })

  it("A gate's plain text is handed on only where the model reads it", async () => {
    const told = await tell(event, "text")
    expect([told.code, told.err]).toEqual([0, ""])
    expect(told.out.trim()).toBe(plainIsRead.includes(event) || event === "PreCompact" || event === "WorktreeCreate" ? `plain at ${event}` : "")
  })

  it("A gate's context is handed on where the model reads it, and so is its message to the user", async () => {
    const told = await tell(event, "context")
    if (contextIsRead.includes(event)) {
      expect([told.code, told.err]).toEqual([0, ""])
      expect(objectIn(told)).toEqual({ hookSpecificOutput: { hookEventName: event, additionalContext: `context at ${event}` } })
    } else if (event !== "PreCompact" && event !== "PostModelSwitch") expect(told.out).not.toContain("additionalContext")
    const message = await tell(event, "message")
    expect(`${message.out}${message.err}`).toContain(event === "WorktreeCreate" && message.out === "" && message.err === "" ? "" : `message at ${event}`)
  })
})

describe("all of them", () => {
  it("All events are in the history, each with how it ended", () => {
    const runs = history()
    for (const event of hookEventNames) {
      const of = runs.filter((run) => run.event === event)
      expect(of.filter(({ verdict }) => verdict === "passed").length, event).toBeGreaterThanOrEqual(3)
      expect(of.filter(({ exitCode, verdict }) => verdict === "blocked" && exitCode === 2).length, event).toBe(1)
      expect(of.filter(({ exitCode, verdict }) => verdict === "failed" && exitCode === 7).length, event).toBe(1)
    }
  })

  it("All events are answered with what the client really sends", async () => {
    const fixtures = ["01-basic", "04-subagents", "06-compact", "13-tasks", "18-plugins"].flatMap((name) =>
      readFileSync(join(repository, "fixtures/claude-code", name, "hooks.jsonl"), "utf8")
        .trim()
        .split("\n")
        .map((line) => JSON.parse(line) as { readonly input: { readonly hook_event_name: string } })
    )
    const first = new Map(fixtures.map(({ input }) => [input.hook_event_name, input]))
    expect(first.size).toBeGreaterThan(10)
    for (const [event, input] of first) {
      const text = `${JSON.stringify({ ...input, cwd: han.project })}\n`
      expect(await call([event], text), event).toEqual({ code: 0, signal: null, out: "", err: "" })
      expect(readFileSync(received, "utf8")).toBe(text)
    }
  })
})
