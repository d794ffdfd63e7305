import { execFileSync } from "node:child_process"
import { existsSync, mkdirSync, readdirSync, readFileSync, writeFileSync } from "node:fs"
import { dirname, join } from "node:path"
import * as Schema from "effect/Schema"
import { afterAll, beforeAll, beforeEach, describe, expect, it } from "vitest"
import { ended, type Machine, machine } from "../HanProcess.ts"
import { HookListShape, strict } from "../Shapes.ts"

const Strings = Schema.Array(Schema.String)
const Changes = Schema.Array(Schema.Struct({ event: Schema.String, type: Schema.String, what: Schema.String, change: Schema.String }))
const InstallShape = Schema.Struct({
  plugins: Schema.Array(Schema.Struct({ plugin: Schema.String, already: Schema.Boolean, message: Schema.String })),
  written: Strings,
  notes: Strings,
  entries: Changes,
  uncalled: Strings
})
const UninstallShape = Schema.Struct({
  plugins: Schema.Array(Schema.Struct({ plugin: Schema.String, message: Schema.String, stillEnabledIn: Strings })),
  written: Strings,
  notes: Strings,
  entries: Changes
})
const GenerateShape = Schema.Struct({
  root: Schema.String,
  file: Schema.String,
  state: Schema.Literal("current", "written", "stale", "broken"),
  entries: Schema.Array(
    Schema.Struct({
      event: Schema.String,
      command: Schema.String,
      matcher: Schema.NullOr(Schema.String),
      async: Schema.Boolean,
      timeoutSeconds: Schema.NullOr(Schema.Number)
    })
  ),
  replaced: Strings,
  problems: Schema.Array(Schema.Unknown)
})

let one: Machine
let market: string
let project: string

const put = (file: string, text: string) => {
  mkdirSync(dirname(file), { recursive: true })
  writeFileSync(file, text)
}
const json = (file: string): unknown => JSON.parse(readFileSync(file, "utf8"))
const putMarket = (folder: string, name: string) => {
  const plugins = ["lint", "test"].map((plugin) => ({ name: plugin, source: `./${plugin}` }))
  put(join(folder, ".claude-plugin/marketplace.json"), JSON.stringify({ name, plugins }))
  for (const { name: plugin } of plugins) put(join(folder, plugin, "han-plugin.yml"), `hooks:\n  ${plugin}:\n    command: touch ${one.directory}/ran\n`)
}

beforeAll(() => {
  one = machine()
})
afterAll(() => one.close())

describe("han plugin install, uninstall", () => {
  beforeEach(() => {
    market = join(one.directory, "market")
    project = join(one.directory, "project")
    putMarket(market, "mine")
    mkdirSync(join(project, ".git"), { recursive: true })
  })

  it("An install from a folder is on at once, says when it was so already, and can be taken out again", async () => {
    const first = await ended(one.startIn(one.directory, ["plugin", "install", "lint", "--from", "./market"]))
    expect([first.code, first.err]).toEqual([0, ""])
    expect(first.out.toString()).toMatch(
      /^lint@mine is on for this user .*\n {2}wrote {2}.*known_marketplaces\.json\n {2}wrote {2}.*settings\.json\nnote {2}nobody calls lint@mine\/lint \(Stop, SubagentStop\): .*`han setup`/
    )
    const list = Schema.decodeUnknownSync(HookListShape)(await one.json("hook", "list", "--project", project))
    expect(list.hooks.map(({ id, trust }) => [id, trust.state])).toEqual([["lint@mine/lint", "trusted"]])
    const again = await one.han("plugin", "install", "lint")
    expect([again.code, again.out.toString()]).toEqual([0, expect.stringMatching(/^Installed already: lint@mine is on/)])
    const removed = await one.han("plugin", "uninstall", "lint")
    expect([removed.code, removed.out.toString()]).toEqual([0, expect.stringMatching(/^lint@mine is removed/)])
    const none = await one.han("plugin", "uninstall", "lint")
    expect([none.code, none.err]).toEqual([1, expect.stringContaining("there is no lint in the user settings")])
    expect(json(join(one.claude, "settings.json"))).toMatchObject({ extraKnownMarketplaces: { mine: {} }, enabledPlugins: {} })
    expect(existsSync(join(one.directory, "ran"))).toBe(false)
  })

  it("An install in a project needs trust, and other scopes are told of", async () => {
    const decoded = Schema.decodeUnknownSync(InstallShape, strict)
    const installed = decoded(await one.json("plugin", "install", "lint", "--from", market, "--scope", "project", "--project", project))
    expect(installed).toMatchObject({
      plugins: [{ plugin: "lint@mine", already: false }],
      notes: expect.arrayContaining([expect.stringContaining("`han trust`")])
    })
    const list = Schema.decodeUnknownSync(HookListShape)(await one.json("hook", "list", "--project", project))
    expect(list.hooks.map(({ trust }) => trust.state)).toEqual(["untrusted"])
    decoded(await one.json("plugin", "install", "lint", "--scope", "local", "--project", project))
    const gone = Schema.decodeUnknownSync(UninstallShape, strict)(await one.json("plugin", "uninstall", "lint", "--scope", "project", "--project", project))
    expect(gone.plugins).toMatchObject([{ plugin: "lint@mine", stillEnabledIn: ["local"] }])
    expect((await one.han("plugin", "uninstall", "lint@mine", "--scope", "local", "--project", project)).code).toBe(0)
  })

  it("An install from a repository needs no coordinator", async () => {
    const origin = join(one.directory, "origin")
    putMarket(origin, "far")
    const git = (...args: ReadonlyArray<string>) => execFileSync("git", ["-c", "user.name=x", "-c", "user.email=x@example.com", "-C", origin, ...args])
    git("init", "--quiet")
    git("add", "--all")
    git("commit", "--quiet", "--message=x")
    const alone = { HAN_HOME: join(one.directory, "none") }
    const { code, err, out } = await one.hanWith(alone, "plugin", "install", "test", "--from", `file://${origin}`)
    expect([code, err, out.toString()]).toEqual([0, "", expect.stringContaining("test@far is on for this user")])
    expect(readdirSync(join(one.claude, "plugins/marketplaces"))).toEqual(["far"])
    expect(json(join(one.claude, "plugins/known_marketplaces.json"))).toMatchObject({ far: { source: { source: "git", url: `file://${origin}` } } })
    expect(existsSync(alone.HAN_HOME)).toBe(false)
  })

  it("An impossible install is refused on one line", async () => {
    const cases = [
      [1, ["lnt", "--from", market], /has no lnt; the nearest are lint\n$/],
      [1, ["lint", "--from", "ext::sh -c true"], /^han: "ext::sh -c true" is no folder, and no address has spaces\n$/],
      [1, ["lint", "--from", "ext::sh"], /would have git run another program/],
      [1, ["lint", "--from", `file://${one.directory}/none`], /cannot be cloned: /],
      [2, [], /the NAME of a plugin is missing/],
      [2, ["lint", "--scope", "managed"], /is not one of user, project, local/]
    ] as const
    for (const [exit, args, why] of cases) {
      const { code, err } = await one.han("plugin", "install", ...args)
      expect([code, err]).toEqual([exit, expect.stringMatching(why)])
    }
  })
})

describe("han plugin generate-hooks", () => {
  it("The generator writes hooks, checks them, and goes through a marketplace", async () => {
    const plugins = join(one.directory, "plugins")
    put(join(plugins, "a/han-plugin.yml"), "hooks:\n  a:\n    command: x\n    event: PostToolUse:Edit|Write\n    sync: false\n")
    put(join(plugins, "b/han-plugin.yml"), "hooks: {}\n")
    const check = await one.han("plugin", "generate-hooks", join(plugins, "a"), "--check")
    expect([check.code, check.out.toString(), existsSync(join(plugins, "a/hooks"))]).toEqual([
      1,
      expect.stringMatching(/^stale +.*hooks\.json is not what/),
      false
    ])
    const written = await ended(one.startIn(join(plugins, "a"), ["plugin", "generate-hooks", "--json"]))
    expect(Schema.decodeUnknownSync(GenerateShape, strict)(JSON.parse(written.out.toString()))).toMatchObject({
      state: "written",
      entries: [{ event: "PostToolUse", matcher: "Edit|Write", async: true, timeoutSeconds: null }]
    })
    expect(json(join(plugins, "a/hooks/hooks.json"))).toEqual({
      hooks: { PostToolUse: [{ matcher: "Edit|Write", hooks: [{ type: "command", command: "han hook run PostToolUse --async", async: true }] }] }
    })
    const all = await one.han("plugin", "generate-hooks", plugins, "--all", "--check")
    expect([all.code, all.out.toString()]).toEqual([0, expect.stringMatching(/\n2 plugins: 2 as they were, 0 written\n$/)])
    put(join(plugins, "c/han-plugin.yml"), "hooks:\n  c:\n    command: 5\n")
    put(join(plugins, "d/han-plugin.yml"), "hooks:\n  d:\n    command: x\n")
    put(join(plugins, "e/han-plugin.yml"), "hooks: {}\n")
    put(join(plugins, "e/hooks/hooks.json"), "{")
    const mixed = await one.han("plugin", "generate-hooks", plugins, "--all")
    expect([mixed.code, mixed.out.toString()]).toEqual([
      1,
      expect.stringMatching(/broken .*\n[\s\S]*written .*\n[\s\S]*failed .*, line 1[\s\S]*\n5 plugins: 2 as they were, 1 written, 2 not as they should be\n$/)
    ])
    const list = Schema.decodeUnknownSync(Schema.Struct({ plugins: Schema.Array(Schema.Struct({ state: Schema.String })) }))(
      JSON.parse((await one.han("plugin", "generate-hooks", plugins, "--all", "--json")).out.toString())
    )
    expect(list.plugins.map(({ state }) => state)).toEqual(["current", "current", "broken", "current", "failed"])
    const none = await one.han("plugin", "generate-hooks", one.claude)
    expect([none.code, none.err]).toEqual([1, expect.stringContaining("has no han-plugin.yml")])
  })
})
