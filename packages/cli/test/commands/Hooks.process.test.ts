import { mkdirSync, statSync, writeFileSync } from "node:fs"
import { dirname, join } from "node:path"
import * as Schema from "effect/Schema"
import { afterAll, beforeAll, describe, expect, it } from "vitest"
import { ended, type Machine, machine } from "../HanProcess.ts"
import { HookListShape, PluginListShape, PluginValidateShape, strict, TrustListShape } from "../Shapes.ts"

let one: Machine
let project: string

const put = (file: string, text: string) => {
  mkdirSync(dirname(file), { recursive: true })
  writeFileSync(file, text)
}
const market = (folder: string, name: string, file: string) => {
  put(join(folder, ".claude-plugin/marketplace.json"), JSON.stringify({ plugins: [{ name, source: `./${name}`, version: "1.0.0" }] }))
  put(join(folder, name, "han-plugin.yml"), file)
}
const declared = (path: string) => ({ source: { source: "directory", path } })

beforeAll(() => {
  one = machine()
  project = join(one.directory, "project")
  market(
    join(one.directory, "market"),
    "lint",
    "hooks:\n  lint:\n    event: [Stop, 'PostToolUse:Edit|Write']\n    command: npx eslint ${HAN_FILES}\n    dirs_with: [package.json]\n    timeout: 120000\n  bad:\n    command: 5\n"
  )
  put(join(one.directory, "market/lint/hooks/hooks.json"), '{"hooks":{"Stop":[{"hooks":[{"type":"command","command":"han hook run Stop"}]}]}}')
  put(
    join(one.claude, "settings.json"),
    JSON.stringify({ enabledPlugins: { "lint@mine": true, "off@mine": false }, extraKnownMarketplaces: { mine: declared(join(one.directory, "market")) } })
  )
  mkdirSync(join(project, ".git"), { recursive: true })
  market(join(project, "tools"), "own", 'hooks:\n  run:\n    command: "sh x.sh \\e[2K\\u202e"\n')
  put(join(project, "tools/own/x.sh"), "true\n")
  put(join(project, ".claude/settings.json"), JSON.stringify({ enabledPlugins: { "own@here": true }, extraKnownMarketplaces: { here: declared("./tools") } }))
})
afterAll(() => one.close())

const list = async () => Schema.decodeUnknownSync(HookListShape, strict)(await one.json("hook", "list", "--project", project))

describe("hooks", () => {
  it("The hook list shows what runs, what Claude Code runs, what is not trusted, and what is wrong", async () => {
    const found = await list()
    expect(found.hooks).toMatchObject([
      {
        id: "lint@mine/lint",
        version: "1.0.0",
        events: ["Stop", "PostToolUse:Edit|Write", "SubagentStop"],
        takesFiles: true,
        timeoutSeconds: 120,
        dirsWith: ["package.json"],
        trust: { state: "trusted" }
      },
      { id: "own@here/run", trust: { state: "untrusted" } }
    ])
    expect(found.clientHooks).toMatchObject([{ plugin: "lint@mine", scope: "user", what: "han hook run Stop", event: "Stop" }])
    expect(found.problems.map(({ key, line, severity }) => [severity, line, key])).toEqual([
      ["warning", 6, "hooks.lint.timeout"],
      ["error", 8, "hooks.bad.command"]
    ])
    const { out } = await one.han("hook", "list", "--project", project)
    expect(out.toString()).toMatch(/^HOOK +STATE +EVENTS +CALLED BY +WHERE +COMMAND\nlint@mine\/lint +trusted /)
    expect(out.toString()).toContain("`han trust` allows exactly this")
    expect(out.toString()).toMatch(/error {2}.*han-plugin\.yml, line 8: hooks\.bad\.command is 5; it must be a text/)
    // What would run is shown to the letter, and steers nothing.
    expect(out.toString()).toContain("sh x.sh \\u{1b}[2K\\u{202e}")
    expect(out.toString()).not.toMatch(/[\u001b\u202e]/)
  })

  it("The hook list narrows to an event, a folder of the project, and a variable's project", async () => {
    const folder = join(project, "src/deep")
    mkdirSync(folder, { recursive: true })
    const json = async (environment: Readonly<Record<string, string>>, directory: string, ...args: ReadonlyArray<string>) => {
      const { code, err, out } = await ended(one.startIn(directory, ["hook", "list", "--json", ...args], environment))
      expect([code, err]).toEqual([0, ""])
      return Schema.decodeUnknownSync(HookListShape, strict)(JSON.parse(out.toString()))
    }
    const within = await json({}, folder, "--event", "PostToolUse")
    expect([within.projectPath, within.hooks.map(({ id }) => id), within.clientHooks]).toEqual([project, ["lint@mine/lint"], []])
    expect((await json({ CLAUDE_PROJECT_DIR: project }, one.directory)).projectPath).toBe(project)
    const other = await json({ CLAUDE_CONFIG_DIR: join(one.directory, "unknown") }, project)
    expect(other.problems.some(({ message }) => message.includes("no configuration folder that han knows"))).toBe(true)
    const wrong = await one.han("hook", "list", "--event", "Lunch")
    expect([wrong.code, wrong.err]).toEqual([2, expect.stringContaining('"Lunch" is no event')])
    const nowhere = await one.han("hook", "list", "--project", join(one.directory, "nowhere"))
    expect([nowhere.code, nowhere.err]).toEqual([1, expect.stringMatching(/^han: ".*nowhere" is no folder/)])
  })

  it("The plugin list shows plugins with state, scope, hooks and trust", async () => {
    const { plugins } = Schema.decodeUnknownSync(PluginListShape, strict)(await one.json("plugin", "list", "--project", project))
    expect(plugins.map(({ enabled, hooks, name, scope, trust }) => [name, enabled, scope, hooks, trust?.state ?? null])).toEqual([
      ["lint", true, "user", 1, "trusted"],
      ["off", false, "user", 0, null],
      ["own", true, "project", 1, "untrusted"]
    ])
    expect((await one.han("plugin", "list", "--project", project)).out.toString()).toMatch(
      /^PLUGIN +VERSION +STATE +BY +HOOKS +CLIENT +FOLDER\nlint@mine +1\.0\.0 +trusted +user/
    )
  })

  it("The exit code of plugin validate says whether everything counts, without a coordinator", async () => {
    const alone = { HAN_HOME: join(one.directory, "none") }
    const bad = await one.hanWith(alone, "plugin", "validate", join(one.directory, "market/lint"), "--json")
    expect(bad.code).toBe(1)
    expect(Schema.decodeUnknownSync(PluginValidateShape, strict)(JSON.parse(bad.out.toString()))).toMatchObject({ valid: false, hooks: [{ name: "lint" }] })
    const good = await one.hanWith(alone, "plugin", "validate", join(project, "tools/own"))
    expect([good.code, good.out.toString()]).toEqual([0, expect.stringContaining("1 hook, 0 run by Claude Code itself, 0 errors, 0 warnings")])
    const none = await one.hanWith(alone, "plugin", "validate", project)
    expect([none.code, none.err]).toEqual([1, expect.stringContaining("holds no plugin")])
    expect(statSync(alone.HAN_HOME, { throwIfNoEntry: false })).toBeUndefined()
  })

  it("The command trust shows, asks, keeps, lists and forgets", async () => {
    const asked = await one.han("trust", "--project", project)
    expect([asked.code, asked.err]).toEqual([2, expect.stringContaining("--yes is needed")])
    expect(asked.out.toString()).toContain("sh x.sh \\u{1b}[2K")
    expect((await list()).trust.decision).toBeNull()
    const given = await one.han("trust", "--yes", "--project", project)
    expect([given.code, given.out.toString()]).toEqual([0, expect.stringContaining("Trusted: 1 hook")])
    expect((await list()).hooks.map(({ trust }) => trust.state)).toEqual(["trusted", "trusted"])
    expect(statSync(join(one.home, "trust.json")).mode & 0o777).toBe(0o600)
    expect((await one.han("trust", "--project", project)).out.toString()).toContain("is trusted since")
    const { decisions } = Schema.decodeUnknownSync(TrustListShape, strict)(await one.json("trust", "--list"))
    expect(decisions).toMatchObject([{ projectPath: project, hooks: [{ id: "own@here/run" }] }])
    expect((await one.han("trust", "--list")).out.toString()).toContain(project)
    put(join(project, "tools/own/x.sh"), "trve\n")
    put(join(project, "tools/own/new.sh"), "")
    expect((await list()).trust).toMatchObject({ decision: null, outdated: true })
    const again = (await one.han("trust", "--project", project)).out.toString()
    const own = join(project, "tools/own")
    expect(again).toContain(`(they are not what was trusted before):\n  Since then:\n    new      ${join(own, "new.sh")}\n    changed  ${join(own, "x.sh")}\n`)
    expect(again).not.toContain("gone")
    expect((await one.han("trust", "--revoke", "--project", project)).out.toString()).toContain("is not trusted any more")
    expect((await one.han("trust", "--revoke", "--project", project)).out.toString()).toContain("There was no decision")
    expect((await one.han("trust", "--list")).out.toString()).toBe("No repository was trusted.\n")
    expect((await one.han("trust", "--project", one.directory)).out.toString()).toContain("asks for a decision")
  })
})
