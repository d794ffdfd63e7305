import { spawn } from "node:child_process"
import { mkdirSync, readFileSync, writeFileSync } from "node:fs"
import { join } from "node:path"
import { afterAll, beforeAll, describe, expect, it } from "vitest"
import { compiledHan, put } from "../compiledHan.ts"
import { ended } from "../HanProcess.ts"

const built = compiledHan("  none:\n    command: exit 0\n")
const program = join(built.folder, "bin", "han")
const standard = ["SessionStart", "PostToolUse", "Stop", "SubagentStop"]
const guards =
  "hooks:\n  guard:\n    event: PreToolUse:Bash\n    command: echo no rm >&2; exit 2\n  words:\n    event: UserPromptSubmit\n    command: echo no words >&2; exit 2\n"
const homes: Array<{ readonly asked: (args: ReadonlyArray<string>) => Promise<unknown> }> = []

interface Entry {
  readonly command: string
}

/** A person's home in which nothing of han was done yet, with a marketplace and a project beside it. */
const fresh = (name: string, hooks = guards, path = process.env["PATH"] ?? "") => {
  const home = join(built.folder, name)
  const [claude, project, market] = [join(home, "claude"), join(home, "project"), join(home, "market")]
  const settings = join(claude, "settings.json")
  const environment = { PATH: path, HOME: home, HAN_HOME: join(home, "han"), HAN_PORT: "0", CLAUDE_CONFIG_DIR: claude }
  mkdirSync(join(project, ".git"), { recursive: true })
  put(join(market, ".claude-plugin/marketplace.json"), JSON.stringify({ name: "mine", plugins: [{ name: "ship", source: "./ship" }] }))
  put(join(market, "ship/han-plugin.yml"), hooks)
  const ran = async (command: string, args: ReadonlyArray<string>, input: string, cwd: string, more: object = {}) => {
    const child = spawn(command, args, { cwd, env: { ...environment, ...more }, stdio: ["pipe", "pipe", "pipe"] })
    child.stdin.end(input)
    const { code, err, out } = await ended(child)
    return { code, err, out: out.toString() }
  }
  const asked = (args: ReadonlyArray<string>, cwd = project) => ran(program, args, "", cwd)
  const han = async (...args: ReadonlyArray<string>): Promise<string> => {
    const { code, err, out } = await asked(args)
    if (code !== 0) throw new Error(`han ${args.join(" ")} ended with ${code}: ${err}${out}`)
    return out
  }
  const groups = (): Readonly<Record<string, ReadonlyArray<{ readonly hooks: ReadonlyArray<Entry>; readonly matcher?: string }>>> =>
    JSON.parse(readFileSync(settings, "utf8")).hooks ?? {}
  const commandsAt = (event: string): ReadonlyArray<string> => (groups()[event] ?? []).flatMap((group) => group.hooks.map(({ command }) => command))
  /** As the client does: everything that its settings have for the event. */
  const happens = (event: string, more: object = {}) => {
    const input = `${JSON.stringify({ session_id: "s-1", cwd: project, hook_event_name: event, ...more })}\n`
    return Promise.all(commandsAt(event).map((command) => ran("/bin/sh", ["-c", command], input, project, { CLAUDE_PROJECT_DIR: project, CLAUDECODE: "1" })))
  }
  homes.push({ asked })
  return {
    home,
    project,
    market,
    settings,
    asked,
    han,
    groups,
    commandsAt,
    happens,
    install: (...more: ReadonlyArray<string>) => han("plugin", "install", "ship", "--from", market, ...more),
    bash: () => happens("PreToolUse", { tool_name: "Bash", tool_input: { command: "rm -rf src" }, tool_use_id: "t-1" })
  }
}

beforeAll(() => built.build(), 300_000)
afterAll(async () => {
  for (const one of homes) await one.asked(["coordinator", "stop"])
  built.remove()
})

type Home = ReturnType<typeof fresh>
const steps: Readonly<Record<string, (one: Home) => Promise<string>>> = {
  setup: (one) => one.han("setup"),
  install: (one) => one.install(),
  "install in the project": (one) => one.install("--scope", "project"),
  trust: (one) => one.han("trust", "--yes")
}

describe("in any order every trusted gate is called once", () => {
  const orders = [
    ["setup", "install"],
    ["install", "setup"],
    ["setup", "install in the project", "trust"],
    ["install in the project", "setup", "trust"],
    ["install in the project", "trust", "setup"]
  ] as const
  it.each(orders.map((order) => [order.join(", "), order] as const))("Every trusted gate is called once in the order %s", async (name, order) => {
    const one = fresh(name.replaceAll(/\W+/g, "-"))
    const said: Array<string> = []
    for (const step of order) said.push((await steps[step]?.(one)) ?? "")
    expect(Object.keys(one.groups()).sort()).toEqual([...standard, "PreToolUse", "UserPromptSubmit"].sort())
    for (const event of Object.keys(one.groups())) expect(one.commandsAt(event)).toEqual([`${program} hook run ${event}`])
    await one.han("coordinator", "start")
    expect(await one.bash()).toEqual([{ code: 2, err: expect.stringContaining("no rm"), out: "" }])
    expect(await one.happens("UserPromptSubmit", { prompt: "hello" })).toMatchObject([{ code: 2, err: expect.stringContaining("no words") }])
    // That hooks run is said by the step from which on they do, and by none before.
    expect(said.slice(0, -1).filter((text) => text.includes("han runs their hooks"))).toEqual([])
    expect(await one.han("setup")).toContain("nothing was changed")
    const list = JSON.parse(await one.han("hook", "list", "--json"))
    expect(list.hooks.flatMap((hook: { calls: ReadonlyArray<{ why: string | null }> }) => hook.calls.map(({ why }) => why))).toEqual([null, null])
  })
})

describe("what nobody calls", () => {
  it("Install, list, explain, test, doctor and SessionStart say what nobody calls; setup and uninstall mend it", async () => {
    const one = fresh("told")
    expect(await one.install()).toMatch(/note {2}nobody calls ship@mine\/guard \(PreToolUse\), ship@mine\/words \(UserPromptSubmit\): .*`han setup`/)
    expect(await one.han("hook", "list")).toMatch(/ship@mine\/guard +trusted +PreToolUse:Bash +nobody /)
    expect(await one.han("hook", "explain", "PreToolUse", "--tool", "Bash")).toMatch(
      /guard.*: would run, but nobody calls it\n(?:.*\n)*? +called +by nobody: .*`han setup`/
    )
    const test = await one.asked(["hook", "test", "PreToolUse", "--tool", "Bash"])
    expect([test.code, test.out]).toEqual([1, expect.stringContaining("note  nobody calls ship@mine/guard (PreToolUse)")])
    expect(await one.han("doctor")).toMatch(
      /\nHooks\n {2}called +at no event: `han setup`.*\n {2}not called +nobody calls ship@mine\/guard .*\n(?:.*\n)*? {2}start +\d+ ms /
    )
    // An entry for one event alone: the session begins, and the user is told of the others.
    writeFileSync(
      one.settings,
      JSON.stringify({
        ...JSON.parse(readFileSync(one.settings, "utf8")),
        hooks: { SessionStart: [{ hooks: [{ type: "command", command: `${program} hook run SessionStart` }] }] }
      })
    )
    const [first, again] = [await one.happens("SessionStart", { source: "startup" }), await one.happens("SessionStart", { source: "compact" })]
    expect(first.map(({ code, out }) => [code, JSON.parse(out).systemMessage])).toEqual([
      [0, expect.stringMatching(/han: nobody calls ship@mine\/guard \(PreToolUse\).*`han setup` adds what is missing/)]
    ])
    expect(again).toEqual([{ code: 0, err: "", out: "" }])
    const doctor = JSON.parse(await one.han("doctor", "--json")).hooks
    expect(doctor).toMatchObject({ calls: [{ event: "SessionStart", scope: "user" }], doubles: [], ignored: [], start: { fault: null } })
    expect([doctor.uncalled, doctor.start.milliseconds > 0]).toEqual([[expect.stringContaining("ship@mine/guard (PreToolUse)")], true])

    await one.han("setup", "--event", "SessionEnd")
    expect(Object.keys(one.groups()).sort()).toEqual([...standard, "PreToolUse", "SessionEnd", "UserPromptSubmit"].sort())
    expect(await one.han("hook", "explain", "PreToolUse", "--tool", "Bash")).toContain(`would run\n`)
    expect(await one.han("plugin", "uninstall", "ship")).toContain("Claude Code need not call han any more at PreToolUse, UserPromptSubmit")
    // What was asked for stays, also when it is set up again.
    await one.han("setup")
    expect(Object.keys(one.groups()).sort()).toEqual([...standard, "SessionEnd"].sort())
  })

  it("A gate of a project loses its entries when trust is taken back", async () => {
    const one = fresh("revoked")
    await one.han("setup")
    await one.install("--scope", "project")
    expect(one.commandsAt("PreToolUse")).toEqual([])
    expect(await one.han("trust", "--yes")).toContain("Claude Code calls han from now on at PreToolUse, UserPromptSubmit")
    // From anywhere: the project stays trusted.
    expect((await one.asked(["setup"], one.home)).out).toContain("nothing was changed")
    expect(await one.han("trust", "--revoke")).toContain("need not call han any more at PreToolUse")
    expect(one.commandsAt("PreToolUse")).toEqual([])
  })

  it("a plugin's own hooks.json calls for all, and only for what its matcher names", async () => {
    const own = JSON.stringify({
      hooks: {
        PreToolUse: [{ matcher: "Bash", hooks: [{ type: "command", command: "han hook run PreToolUse" }] }],
        UserPromptSubmit: [{ matcher: "x", hooks: [{ type: "command", command: "han hook run ship words" }] }],
        Stop: [{ hooks: [{ type: "command", command: "han hook run Stop" }] }]
      }
    })
    const one = fresh("own", guards, `${join(built.folder, "bin")}:${process.env["PATH"]}`)
    put(join(one.market, "ship/hooks/hooks.json"), own)
    await one.han("setup")
    expect(await one.install()).toContain("han runs their hooks from Claude Code's next start on")
    expect([one.commandsAt("PreToolUse"), one.commandsAt("UserPromptSubmit")]).toEqual([[], []])
    put(join(one.market, "ship/han-plugin.yml"), `${guards}  edits:\n    event: PreToolUse:Edit\n    command: exit 0\n`)
    expect(await one.han("hook", "list")).toMatch(
      /note {2}nobody calls ship@mine\/edits \(PreToolUse\): the entry for PreToolUse in .*hooks\.json is for Bash, not for Edit/
    )
    expect(await one.han("setup")).toContain("PreToolUse")
    expect(one.commandsAt("PreToolUse")).toEqual([`${program} hook run PreToolUse`])
    // An entry whose program is not to be found calls nobody.
    const other = fresh("own-without-han")
    put(join(other.market, "ship/hooks/hooks.json"), own)
    await other.han("setup")
    await other.install()
    expect([other.commandsAt("PreToolUse"), other.commandsAt("UserPromptSubmit")]).toEqual([
      [`${program} hook run PreToolUse`],
      [`${program} hook run UserPromptSubmit`]
    ])
    expect(await other.han("setup")).toMatch(/note {2}2 entries call han at Stop: .*settings\.json, `han hook run Stop` of .*hooks\.json/)
  })

  it("A gate of FileChanged has its files watched", async () => {
    const one = fresh("watch", "hooks:\n  env:\n    event: ['FileChanged:.env|package.json']\n    command: exit 0\n")
    await one.install()
    await one.han("setup")
    expect(one.groups()["FileChanged"]).toEqual([{ matcher: ".env|package.json", hooks: [{ type: "command", command: `${program} hook run FileChanged` }] }])
    expect(JSON.parse(await one.han("hook", "list", "--json")).hooks[0].calls).toMatchObject([{ event: "FileChanged", why: null }])
  })
})

describe("settings that Claude Code leaves out", () => {
  it("Comments in settings are told with line and column, their bytes stay, and the client does not call", async () => {
    const one = fresh("comment")
    await one.install()
    const source = readFileSync(one.settings, "utf8").replace("{\n", "{\n  // mine\n")
    writeFileSync(one.settings, source)
    const where = `${one.settings}, line 2, column 3: a comment. Claude Code reads strict JSON and leaves this whole file out`
    const said = await one.han("setup")
    expect(said).toContain(where)
    expect(said).toContain("Claude Code runs none of it before")
    expect(said).not.toContain("takes it up at once")
    expect(readFileSync(one.settings, "utf8")).toContain("{\n  // mine\n")
    for (const text of [await one.han("hook", "list"), await one.han("doctor")]) expect(text).toContain(where)
    expect(await one.han("hook", "list")).toMatch(/note {2}nobody calls ship@mine\/guard .*, which Claude Code leaves out/)
    await one.han("setup", "--uninstall")
    expect(readFileSync(one.settings, "utf8")).toBe(source)
    // A comma too many is the same.
    writeFileSync(one.settings, '{\n  "model": "x",\n}\n')
    expect(await one.han("setup", "--dry-run")).toContain("settings.json, line 2, column 15: a comma before the end")
  })

  it("A project's disableAllHooks is told as the reason that nobody calls", async () => {
    const one = fresh("off")
    await one.han("setup")
    await one.install()
    put(join(one.project, ".claude/settings.local.json"), JSON.stringify({ disableAllHooks: true }))
    expect(await one.han("hook", "list")).toMatch(/note {2}nobody calls ship@mine\/guard .*disableAllHooks is on in .*settings\.local\.json/)
    expect(one.commandsAt("PreToolUse")).toHaveLength(1)
  })
})

it("plugin validate warns of several entries for one event", async () => {
  const one = fresh("validate")
  const folder = join(one.market, "ship")
  const entry = (command: string) => ({ hooks: [{ type: "command", command }] })
  put(join(folder, "hooks/hooks.json"), JSON.stringify({ hooks: { PreToolUse: [entry("han hook run PreToolUse"), entry("npx han hook run PreToolUse")] } }))
  expect(await one.han("plugin", "validate", folder)).toMatch(/warning {2}.*2 entries call han at PreToolUse/)
})
