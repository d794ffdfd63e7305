import { chmodSync, linkSync, mkdirSync, mkdtempSync, realpathSync, rmSync, symlinkSync, writeFileSync } from "node:fs"
import { tmpdir } from "node:os"
import { join } from "node:path"
import type { ClientHook } from "han-core/Hook"
import { afterAll, describe, expect, it } from "vitest"
import { commandWords } from "../../src/command-line/ShellWords.ts"
import { programWarnings } from "../../src/hook/HookPrograms.ts"
import { machine } from "../HanProcess.ts"

describe("the words of a command", () => {
  const variables = { HOME: "/home/me", DIR: "/a b" }
  it.each([
    ["han hook run Stop", ["han", "hook", "run", "Stop"]],
    ["  '/a b/han'  hook run", ["/a b/han", "hook", "run"]],
    ['"$DIR"/han hook', ["/a b/han", "hook"]],
    ['"$' + "{DIR}/x\\\"y\" 'it'\\''s'", ['/a b/x"y', "it's"]],
    ["/a\\ b/han hook", ["/a b/han", "hook"]],
    ["~/bin/han x~", ["/home/me/bin/han", "x~"]],
    ["A=1 B='x y' exec env C=2 han hook", ["han", "hook"]],
    ["han hook run Stop; rm -f x", ["han", "hook", "run", "Stop"]],
    ["han hook >/dev/null 2>&1", ["han", "hook"]],
    ["han | tee log", ["han"]],
    ["exit 2", []],
    ["[ -f x ] && han", []],
    ["test -f x || exit 2", []],
    ["$(which han) hook", []],
    ["$UNKNOWN/han hook", []],
    ["han $UNKNOWN", ["han"]],
    ["'unfinished", []],
    ["", []]
  ])("The command %s is cut into its words", (command, words) => expect(commandWords(command, variables)).toEqual(words))
})

describe("what hook entries call", () => {
  const folder = realpathSync(mkdtempSync(join(tmpdir(), "han-programs-")))
  afterAll(() => rmSync(folder, { recursive: true, force: true }))
  const program = (...names: ReadonlyArray<string>) => {
    const path = join(folder, ...names)
    mkdirSync(join(path, ".."), { recursive: true })
    writeFileSync(path, "#!/bin/sh\n")
    chmodSync(path, 0o755)
    return path
  }
  const own = program("own", "han")
  const other = program("other place", "han")
  program("bin", "npx")
  program("bin", "lint")
  program("bin", "node")
  program("project", "node_modules", ".bin", "installed")
  linkSync(own, join(folder, "bin", "linked"))
  symlinkSync(own, join(folder, "bin", "han"))
  writeFileSync(join(folder, "text"), "")
  const host = {
    path: [join(folder, "bin")],
    environment: { HOME: folder },
    executable: own
  }
  const warnings = (what: string, more: Partial<ClientHook> = {}, [port]: readonly [number | null | undefined] = [7]) =>
    programWarnings(
      [
        {
          event: "Stop",
          matcher: null,
          type: "command",
          what,
          args: null,
          condition: null,
          timeout: null,
          async: false,
          plugin: null,
          scope: "user",
          file: "/s.json",
          ...more
        }
      ],
      { host, projectPath: join(folder, "project"), port }
    )

  it.each([
    [`${own} hook run Stop`],
    ["han hook run Stop"],
    ["~/own/han hook run Stop"],
    ["lint --fix"],
    ["a=1; exit 2"],
    ["npx eslint ."],
    ["npx --no-install installed"],
    ["node ../text"]
  ])("The program of the entry is there: %s", (command) => expect(warnings(command)).toEqual([]))

  it.each([
    ["/gone/han hook run Stop", `/gone/han, which is gone; \`han setup\` corrects that`],
    [`'${folder}/old place/han' hook run Stop`, `${folder}/old place/han, which is gone; \`han setup\` corrects that`],
    [`"$HOME/gone" x`, `${folder}/gone, which is gone; correct or remove what calls it`],
    ["$CLAUDE_PROJECT_DIR/check.sh", `${folder}/project/check.sh, which is gone`],
    ["./check.sh", `${folder}/project/check.sh, which is gone`],
    [`${folder}/text`, `${folder}/text, which cannot be run`],
    ["gone-from-path --x", "gone-from-path, which is not on the PATH of this shell"],
    ["node scripts/gone.mjs", `${folder}/project/scripts/gone.mjs, which node is to run and which is gone`],
    ["npx --no missing", "npx missing, which finds no missing in"],
    ["bunx han hook run Stop", "bunx han, and bunx is not on the PATH"],
    [`'${other}' hook run Stop`, `${other}, which is another han than this one (${own}); \`han setup\` corrects that`]
  ])("The missing program of the entry is told of: %s", (command, words) => {
    expect(warnings(command)).toHaveLength(1)
    expect(warnings(command)[0]).toMatch(/^\/s\.json: 1 hook entry \(Stop\) of Claude Code calls /)
    expect(warnings(command)[0]).toContain(words)
  })

  it("Missing files are told of with arguments that need no shell, in a plugin, and at a port where nobody answers", () => {
    expect(warnings("/gone/a b", { args: ["x"] })[0]).toContain("/gone/a b, which is gone")
    expect(warnings("$CLAUDE_PLUGIN_ROOT/run.sh", { plugin: "a@b", file: join(folder, "plugin", "hooks", "hooks.json") })[0]).toContain(
      join(folder, "plugin", "run.sh")
    )
    const http = { type: "http" }
    expect(warnings("http://127.0.0.1:7/hooks/Stop", http)).toEqual([])
    expect(warnings("http://127.0.0.1:8/hooks/Stop", http)[0]).toContain("port 8, but the coordinator takes requests at 7")
    expect(warnings("http://127.0.0.1:8/hooks/Stop", http, [null])[0]).toContain("where no coordinator takes requests")
    expect([warnings("http://127.0.0.1:8/hooks/Stop", http, [undefined]), warnings("https://example.org/hooks/Stop", http)]).toEqual([[], []])
    expect(warnings("is it good?", { type: "prompt" })).toEqual([])
  })
})

describe("doctor", () => {
  it("The doctor names the missing programs of all settings, one line each, with a coordinator and without", async () => {
    const here = machine()
    const project = join(here.directory, "my project")
    mkdirSync(join(project, ".claude"), { recursive: true })
    const settings = (file: string, ...commands: ReadonlyArray<readonly [string, string]>) =>
      writeFileSync(
        file,
        JSON.stringify({ hooks: Object.fromEntries(commands.map(([event, command]) => [event, [{ hooks: [{ type: "command", command }] }]])) })
      )
    settings(join(here.claude, "settings.json"), ["Stop", "'/gone one/han' hook run Stop"], ["PostToolUse", "'/gone one/han' hook run PostToolUse"])
    settings(join(project, ".claude", "settings.json"), ["Stop", "/gone/two"])
    settings(join(project, ".claude", "settings.local.json"), ["Stop", "/gone/three"])
    const doctor = async (...args: ReadonlyArray<string>) => {
      const child = here.startIn(project, ["doctor", ...args])
      child.stdin?.end()
      const { ended } = await import("../HanProcess.ts")
      return (await ended(child)).out.toString()
    }
    const text = await doctor()
    for (const gone of ["/gone/two", "/gone/three"]) expect(text.split("\n").filter((line) => line.includes(gone))).toHaveLength(1)
    expect(text).toContain("start       the first entry calls nobody: it ends with exit code 127")
    expect(text).toContain("2 hook entries (Stop, PostToolUse) of Claude Code call /gone one/han, which is gone; `han setup` corrects that")
    expect(JSON.parse(await doctor("--json")).warnings.filter((one: string) => one.includes("is gone"))).toHaveLength(3)
    await here.han("coordinator", "stop")
    writeFileSync(join(here.home, "config.json"), "{ nonsense")
    expect(await doctor()).toMatch(/coordinator +not reached: .*\n(?:.*\n)*warning +.*\/gone\/two, which is gone/)
    expect(JSON.parse(await doctor("--json")).warnings).toHaveLength(3)
    rmSync(join(here.home, "config.json"))
    await here.close()
  })
})
