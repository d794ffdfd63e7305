import { chmodSync, existsSync, mkdirSync, readFileSync, rmSync, statSync, symlinkSync, writeFileSync } from "node:fs"
import { dirname, join } from "node:path"
import * as Schema from "effect/Schema"
import { hookKey } from "han-core/unstable/HookKey"
import { afterAll, beforeAll, beforeEach, describe, expect, it } from "vitest"
import { type Machine, machine, sourceMachine } from "../HanProcess.ts"
import { strict } from "../Shapes.ts"

const Entry = Schema.Struct({
  event: Schema.String,
  type: Schema.Literal("command", "http"),
  what: Schema.String,
  change: Schema.Literal("added", "changed", "removed", "kept")
})
const SetupShape = Schema.Struct({
  file: Schema.String,
  written: Schema.Boolean,
  dryRun: Schema.Boolean,
  entries: Schema.Array(Entry),
  notes: Schema.Array(Schema.String)
})
const decoded = Schema.decodeUnknownSync(SetupShape, strict)
const standard = ["SessionStart", "PostToolUse", "Stop", "SubagentStop"]

let one: Machine
let settings: string

const put = (file: string, text: string, mode = 0o644) => {
  mkdirSync(dirname(file), { recursive: true })
  writeFileSync(file, text)
  chmodSync(file, mode)
}
const text = () => readFileSync(settings, "utf8")
const setup = async (...args: ReadonlyArray<string>) => decoded(await one.json("setup", ...args))
const hook = (name: string, ...events: ReadonlyArray<string>) => `  ${name}:\n    command: "true"\n    event: [${events.join(", ")}]\n`

beforeAll(() => {
  one = machine()
  settings = join(one.claude, "settings.json")
})
beforeEach(() => rmSync(settings, { force: true }))
afterAll(() => one.close())

describe("han setup", () => {
  it("The setup writes, says what, changes nothing the second time, and takes it out to the byte", async () => {
    const before = '{\n  // mine\n  "hooks": {"Stop": [{"hooks": [{"type": "command", "command": "say done"}]}],},\n\t"model": "x"\n}\n'
    put(settings, before)
    const dry = await setup("--dry-run")
    expect([dry.written, dry.dryRun, dry.entries.map(({ event }) => event), text()]).toEqual([false, true, standard, before])
    const first = await one.han("setup")
    expect([first.code, first.err]).toEqual([0, ""])
    expect(first.out.toString()).toMatch(
      new RegExp(`^Wrote to ${settings}:\n\nEVENT +CHANGE +TYPE +WHAT\nSessionStart +added +command +\\S*/han hook run SessionStart\n`)
    )
    expect(text()).toContain(`"command": "${one.program} hook run Stop"`)
    const after = text()
    const second = await one.han("setup")
    const has = `${settings} has all 4 entries of han already; nothing was changed.\n\nnote  ${settings}, line 2, column 3: a comment. `
    expect([second.code, second.out.toString(), text()]).toEqual([0, expect.stringContaining(has), after])
    expect((await setup()).entries.map(({ change }) => change)).toEqual(["kept", "kept", "kept", "kept"])
    const dryOut = await one.han("setup", "--uninstall", "--dry-run")
    expect([dryOut.out.toString(), text()]).toEqual([expect.stringMatching(/^Would take 4 entries out of /), after])
    const out = await one.han("setup", "--uninstall")
    expect([out.code, out.out.toString(), text()]).toEqual([0, expect.stringMatching(/^Took 4 entries out of /), before])
    expect((await one.han("setup", "--uninstall")).out.toString()).toBe(`${settings} has nothing of han; nothing was changed.\n`)
  })

  it("The setup makes the file when there is none, and removes it again", async () => {
    const { entries, file, written } = await setup("--event", "SessionEnd,PreToolUse", "--event", "Stop")
    expect([file, written, entries.map(({ event }) => event)]).toEqual([settings, true, [...standard, "SessionEnd", "PreToolUse"]])
    expect(JSON.parse(text()).hooks.SessionEnd).toEqual([{ hooks: [{ type: "command", command: `${one.program} hook run SessionEnd`, timeout: 60 }] }])
    // Nothing that was asked for once is taken away.
    expect((await setup()).written).toBe(false)
    expect((await setup("--uninstall")).entries).toHaveLength(6)
    expect(existsSync(settings)).toBe(false)
  })

  it("The setup adds the events of the person's own plugins, and none that only an untrusted project asks for", async () => {
    const market = (folder: string, name: string, hooks: string) => {
      put(join(folder, ".claude-plugin/marketplace.json"), JSON.stringify({ name, plugins: [{ name: "p", source: "./p" }] }))
      put(join(folder, "p/han-plugin.yml"), `hooks:\n${hooks}`)
      return { [name]: { source: { source: "directory", path: folder } } }
    }
    const mine = market(join(one.directory, "mine"), "mine", hook("a", "PreToolUse", "Stop") + hook("b", "WorktreeCreate") + hook("c", "MessageDisplay"))
    const project = join(one.directory, "project")
    const theirs = market(join(project, "tools"), "theirs", hook("d", "PreCompact"))
    put(settings, JSON.stringify({ enabledPlugins: { "p@mine": true }, extraKnownMarketplaces: mine }))
    put(join(project, ".claude/settings.json"), JSON.stringify({ enabledPlugins: { "p@theirs": true }, extraKnownMarketplaces: theirs }))
    const { code, out } = await one.hanWith({ CLAUDE_PROJECT_DIR: project }, "setup", "--json")
    const { entries, notes } = decoded(JSON.parse(out.toString()))
    expect([code, entries.map(({ event }) => event)]).toEqual([0, [...standard, "PreToolUse"]])
    expect(notes).toEqual([
      expect.stringMatching(/^nobody calls p@mine\/b \(WorktreeCreate\): WorktreeCreate is not possible/),
      expect.stringMatching(/^nobody calls p@mine\/c \(MessageDisplay\): .*`han setup --event MessageDisplay`/),
      expect.stringMatching(/^1 hook of .* is not trusted, and not run: `han trust`/)
    ])
    const asked = await setup("--event", "MessageDisplay")
    expect(asked.entries.filter(({ change }) => change === "added").map((entry) => entry.event)).toEqual(["MessageDisplay"])
  })

  it("The option --http is refused, and what an earlier version wrote for it is taken out again", async () => {
    const request = { type: "http", url: "http://127.0.0.1:41956/hooks/Stop", headers: { Authorization: `Bearer ${hookKey("secret")}` } }
    put(settings, JSON.stringify({ hooks: { Stop: [{ hooks: [{ type: "command", command: `${one.program} hook run Stop` }, request] }] } }), 0o600)
    const before = text()
    const refused = await one.han("setup", "--http")
    expect([refused.code, refused.err, text()]).toEqual([2, expect.stringContaining("Claude Code waits for both"), before])
    const { entries } = await setup()
    expect(entries[0]).toEqual({ event: "Stop", type: "http", what: request.url, change: "removed" })
    expect([text().includes("http"), statSync(settings).mode & 0o777]).toEqual([false, 0o600])
  })

  it("The setup needs no coordinator, and starts none", async () => {
    const nowhere = { HAN_HOME: join(one.directory, "x".repeat(150)) }
    const { code, err, out } = await one.hanWith(nowhere, "setup", "--event", "PreToolUse")
    expect([code, err, out.toString()]).toEqual([0, "", expect.not.stringContaining("note")])
    expect(Object.keys(JSON.parse(text()).hooks)).toEqual([...standard, "PreToolUse"])
    const out2 = await one.hanWith(nowhere, "setup", "--uninstall")
    expect([out2.code, existsSync(settings)]).toEqual([0, false])
  })

  it("a broken file is refused with its line, and left as it is", async () => {
    put(settings, '{\n  "hooks": {\n    "Stop" []\n  }\n}\n')
    const before = text()
    for (const args of [[], ["--dry-run"], ["--uninstall"], ["--json"]]) {
      const { code, err } = await one.han("setup", ...args)
      expect([code, err]).toEqual([1, `han: ${settings}, line 3, column 12: a colon is expected. Correct it there; nothing was changed\n`])
    }
    expect(text()).toBe(before)
    put(settings, '{"hooks":\n[]}')
    const list = await one.han("setup")
    expect([list.code, list.err, text()]).toEqual([1, expect.stringContaining(`${settings}, line 2`), '{"hooks":\n[]}'])
  })

  it("a link of a folder of dotfiles stays, and what it names is written", async () => {
    const target = join(one.directory, "dotfiles/settings.json")
    put(target, "{}\n")
    symlinkSync(target, settings)
    await setup()
    expect(readFileSync(target, "utf8")).toContain("hook run Stop")
    await setup("--uninstall")
    expect([readFileSync(target, "utf8"), existsSync(settings)]).toEqual(["{}\n", true])
  })

  it("The setup calls han by its name where PATH has it, but not by that of a project's packages", async () => {
    // As npm installs it: the compiled program must itself be the one that PATH has.
    const one = sourceMachine()
    const program = async (...folders: ReadonlyArray<string>) => {
      const { out } = await one.hanWith({ PATH: [...folders, one.environment.PATH].join(":") }, "setup", "--dry-run", "--json")
      return decoded(JSON.parse(out.toString())).entries[0]?.what
    }
    const bin = join(one.directory, "bin")
    const packages = join(one.directory, "p/node_modules/.bin")
    put(join(packages, "han"), "#!/bin/sh\n", 0o755)
    put(join(bin, "han"), "", 0o644)
    expect(await program(packages, bin)).toBe(`${one.program} hook run SessionStart`)
    chmodSync(join(bin, "han"), 0o755)
    expect(await program(packages, bin)).toBe("han hook run SessionStart")
    await one.close()
  })

  it("an older entry is corrected", async () => {
    put(settings, JSON.stringify({ hooks: { Stop: [{ hooks: [{ type: "command", command: "'/old place/han' hook run Stop", timeout: 900 }] }] } }))
    expect((await setup()).entries.find(({ event }) => event === "Stop")).toEqual({
      event: "Stop",
      type: "command",
      what: `${one.program} hook run Stop`,
      change: "changed"
    })
    expect(JSON.parse(text()).hooks.Stop).toEqual([{ hooks: [{ type: "command", command: `${one.program} hook run Stop`, timeout: 900 }] }])
  })

  it("An impossible setup is refused with the reason", async () => {
    const wrong = [
      [["--event", "WorktreeCreate"], "leave the making of worktrees"],
      [["--event", "Lunch"], '"Lunch" is no event of Claude Code'],
      [["--uninstall", "--event", "Stop"], "--uninstall takes out everything"],
      [["now"], "one word too many"]
    ] as const
    for (const [args, why] of wrong) {
      const { code, err } = await one.han("setup", ...args)
      expect([code, err]).toEqual([2, expect.stringContaining(why)])
    }
    expect(existsSync(settings)).toBe(false)
  })
})
