import { spawn, spawnSync } from "node:child_process"
import { mkdirSync, mkdtempSync, readFileSync, realpathSync, rmSync, writeFileSync } from "node:fs"
import { tmpdir } from "node:os"
import { join } from "node:path"
import { fileURLToPath } from "node:url"
import { hookEvents } from "han-core/Hook"
import { afterAll, beforeAll, describe, expect, it } from "vitest"

// Every event of the client, through the compiled programs, the socket, a real coordinator and a real command.

const repository = fileURLToPath(new URL("../../..", import.meta.url))
const folder = realpathSync(mkdtempSync(join(tmpdir(), "han-")))
const bin = join(folder, "bin")
const project = join(folder, "project")
const claude = join(folder, "claude")
const received = join(folder, "received")
const environment = {
  PATH: process.env["PATH"] ?? "",
  HOME: folder,
  HAN_HOME: join(folder, "han"),
  HAN_PORT: "0",
  CLAUDE_CONFIG_DIR: claude,
  CLAUDE_PROJECT_DIR: project
}
const session = "aaaaaaaa-aaaa-4aaa-8aaa-aaaaaaaaaaaa"

const put = (file: string, text: string) => {
  mkdirSync(join(file, ".."), { recursive: true })
  writeFileSync(file, text)
}

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
const plugin = `hooks:\n${hookEvents
  .filter((event) => event !== "SubagentStop")
  .map((event) => `  at-${event.toLowerCase()}:\n    event: ${event}\n    command: ${JSON.stringify(command)}\n    environment: [RECEIVED]\n`)
  .join("")}`

/** Where the client lets exit code 2 stop something, go on with something, or tell the model why (`claude-code` reference, table of answers). */
const blockable =
  "UserPromptSubmit UserPromptExpansion PreToolUse PostToolUse PostToolUseFailure PostToolBatch Stop SubagentStop TaskCreated TaskCompleted PreCompact PreModelSwitch Elicitation".split(
    " "
  )
const plainIsRead = ["SessionStart", "UserPromptSubmit", "UserPromptExpansion"]
const contextIsRead =
  "SessionStart UserPromptSubmit UserPromptExpansion PreToolUse PostToolUse PostToolUseFailure PostToolBatch Stop SubagentStop SubagentStart".split(" ")

interface Told {
  readonly code: number | null
  readonly out: string
  readonly err: string
}

const call = (args: ReadonlyArray<string>, input: string, more: Readonly<Record<string, string>> = {}): Promise<Told> =>
  new Promise((resolve) => {
    const child = spawn(join(bin, "han"), ["hook", "run", ...args], {
      cwd: project,
      env: { ...environment, RECEIVED: received, ...more },
      stdio: ["pipe", "pipe", "pipe"]
    })
    const out: Array<Buffer> = []
    const err: Array<Buffer> = []
    child.stdout.on("data", (chunk) => out.push(chunk))
    child.stderr.on("data", (chunk) => err.push(chunk))
    child.on("close", (code) => resolve({ code, out: Buffer.concat(out).toString(), err: Buffer.concat(err).toString() }))
    child.stdin.on("error", () => undefined)
    child.stdin.end(input)
  })

const payload = (event: string, what: string, more: object = {}): string =>
  `${JSON.stringify({ session_id: session, transcript_path: join(folder, "t.jsonl"), cwd: project, hook_event_name: event, ...fieldsOf(event), do: what, ...more })}\n`

const tool = { tool_name: "Write", tool_input: { file_path: join(project, "a.txt") }, tool_use_id: "toolu_1" }
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
const history = (): ReadonlyArray<Run> => {
  const { status, stderr, stdout } = spawnSync(join(bin, "han"), ["hook", "history", "--json", "--limit", "1000"], {
    cwd: project,
    env: environment,
    encoding: "utf8",
    maxBuffer: 1 << 26
  })
  if (status !== 0) throw new Error(stderr)
  const { runs } = JSON.parse(stdout) as { readonly runs: ReadonlyArray<Run> }
  return runs
}

beforeAll(() => {
  const built = spawnSync("node", [join(repository, "scripts/build-binary.mjs"), bin], { encoding: "utf8" })
  if (built.status !== 0) throw new Error(built.stderr)
  put(join(project, "a.txt"), "")
  put(join(folder, "market/.claude-plugin/marketplace.json"), JSON.stringify({ name: "local", plugins: [{ name: "probe", source: "./probe" }] }))
  put(join(folder, "market/probe/han-plugin.yml"), plugin)
  put(
    join(claude, "settings.json"),
    JSON.stringify({
      extraKnownMarketplaces: { local: { source: { source: "directory", path: join(folder, "market") } } },
      enabledPlugins: { "probe@local": true }
    })
  )
  const started = spawnSync(join(bin, "han"), ["coordinator", "start"], { env: environment, encoding: "utf8" })
  if (started.status !== 0) throw new Error(started.stderr)
}, 120_000)

afterAll(() => {
  spawnSync(join(bin, "han"), ["coordinator", "stop"], { env: environment })
  rmSync(folder, { recursive: true, force: true })
})

describe.each(hookEvents.map((event) => ({ event })))("$event", ({ event }) => {
  it("gets the payload to the byte, and passes in silence", async () => {
    const input = payload(event, "nothing", { text: 'ünïcode \u2028 \\ "quoted"' })
    expect(await call([event], input)).toEqual({ code: 0, out: "", err: "" })
    expect(readFileSync(received, "utf8")).toBe(input)
  })

  it("blocks by exit code 2 where the client can be blocked, and tells the user elsewhere", async () => {
    for (const [what, text] of [
      ["block", `stopped at ${event}`],
      ["fail", `broken at ${event}`]
    ] as const) {
      const told = await tell(event, what)
      if (blockable.includes(event)) {
        expect(told).toMatchObject({ code: 2, out: "" })
        expect(told.err).toContain(text)
      } else if (told.code === 0) {
        expect(`${told.out}${told.err}`).toContain(text)
        if (event === "SessionEnd" || told.out === "") expect(told.out).toBe("")
        else expect(objectIn(told)).toEqual({ systemMessage: expect.stringContaining(text) })
      } else {
        expect(told).toMatchObject({ code: 2, out: "" })
        expect(told.err).toContain(text)
      }
    }
  })

  it("says plain text only where the model reads it", async () => {
    const told = await tell(event, "text")
    expect([told.code, told.err]).toEqual([0, ""])
    expect(told.out.trim()).toBe(plainIsRead.includes(event) || event === "PreCompact" || event === "WorktreeCreate" ? `plain at ${event}` : "")
  })

  it("hands on context where the model reads it, and what the user is told", async () => {
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
  it("are in the history, each with how it ended", () => {
    const runs = history()
    for (const event of hookEvents) {
      const of = runs.filter((run) => run.event === event)
      expect(of.filter(({ verdict }) => verdict === "passed").length, event).toBeGreaterThanOrEqual(3)
      expect(of.filter(({ exitCode, verdict }) => verdict === "blocked" && exitCode === 2).length, event).toBe(1)
      expect(of.filter(({ exitCode, verdict }) => verdict === "failed" && exitCode === 7).length, event).toBe(1)
    }
  })

  it("are answered with what the client really sends", async () => {
    const fixtures = ["01-basic", "04-subagents", "06-compact", "13-tasks", "18-plugins"].flatMap((name) =>
      readFileSync(join(repository, "fixtures/claude-code", name, "hooks.jsonl"), "utf8")
        .trim()
        .split("\n")
        .map((line) => JSON.parse(line) as { readonly input: { readonly hook_event_name: string } })
    )
    const first = new Map(fixtures.map(({ input }) => [input.hook_event_name, input]))
    expect(first.size).toBeGreaterThan(10)
    for (const [event, input] of first) {
      const text = `${JSON.stringify({ ...input, cwd: project })}\n`
      expect(await call([event], text), event).toEqual({ code: 0, out: "", err: "" })
      expect(readFileSync(received, "utf8")).toBe(text)
    }
  })
})
