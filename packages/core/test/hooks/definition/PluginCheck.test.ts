import { mkdirSync, symlinkSync } from "node:fs"
import * as path from "node:path"
import { fileURLToPath } from "node:url"
import { describe, expect, it } from "@effect/vitest"
import * as Effect from "effect/Effect"
import { put, temporary } from "../../../../../test/transcriptTree.ts"
import { check } from "../../../src/hooks/definition/PluginCheck.ts"
import { inSeconds, takesFiles, triggerText } from "../../../src/hooks/Hook.ts"

const folder = (name: string) => fileURLToPath(new URL(`./plugins/${name}`, import.meta.url))
const said = (name: string) => check(folder(name))

describe("han-plugin.yml", () => {
  it.effect("A command alone runs when the agent and its subagents stop, at the root, whenever", () =>
    Effect.gen(function* () {
      const { hooks, problems } = yield* said("minimal")
      expect(problems).toEqual([])
      expect(hooks).toEqual([
        {
          name: "test",
          command: "npm test",
          beforeAll: null,
          triggers: [
            { event: "Stop", values: null },
            { event: "SubagentStop", values: null }
          ],
          dirsWith: [],
          dirTest: null,
          fileTest: null,
          ifChanged: [],
          dependsOn: [],
          timeout: null,
          idleTimeout: null,
          toolFilter: null,
          environment: [],
          tools: [],
          phase: null,
          sync: false,
          mcp: false,
          tip: null,
          description: null,
          enabled: true,
          cache: true,
          onError: "open",
          line: 2
        }
      ])
    })
  )

  it.effect("Markers, conditions, dependencies, and keys that nobody has published yet are read", () =>
    Effect.gen(function* () {
      const markers = yield* said("markers")
      expect(markers.hooks.map(({ dirsWith }) => dirsWith)).toEqual([
        ["eslint.config.js", ".eslintrc.json"],
        ["*.csproj", "*.sln"],
        [".github/workflows/*.yml"]
      ])
      expect(markers.hooks.map(({ ifChanged }) => ifChanged.length)).toEqual([0, 2, 1])
      expect((yield* said("conditions")).hooks).toMatchObject([
        { dirTest: `grep -q '"typescript"' package.json`, tip: "run it before the tests", description: "Types of the whole package" }
      ])
      expect((yield* said("depends")).hooks[0]?.dependsOn).toEqual([
        { plugin: "playwright-bdd", hook: "generate", optional: true },
        { plugin: "build", hook: "all", optional: false }
      ])
      expect((yield* said("rare")).hooks).toMatchObject([
        {
          toolFilter: ["Edit", "Write"],
          fileTest: 'test -s "$1"',
          sync: true,
          mcp: true,
          enabled: false,
          cache: false,
          onError: "closed",
          environment: ["DATABASE_URL"],
          tools: ["node"],
          phase: "lint"
        }
      ])
      for (const name of ["markers", "conditions", "depends", "rare"]) expect((yield* said(name)).problems).toEqual([])
    })
  )

  it.effect("Events are read with their tools, Stop means subagents, too, and commands may be given files", () =>
    Effect.gen(function* () {
      const { hooks, problems } = yield* said("events")
      expect(hooks.map((hook) => [hook.name, takesFiles(hook), hook.triggers.map(triggerText)])).toEqual([
        ["one", false, ["Stop", "SubagentStop"]],
        ["format", true, ["PostToolUse:Edit|Write"]],
        ["several", true, ["Stop", "PostToolUse:Edit|Write|NotebookEdit", "SubagentStop"]],
        ["session", false, ["SessionStart", "PreToolUse", "SubagentStop"]],
        ["unknown", false, ["Stop", "BeforeLunch", "SubagentStop"]]
      ])
      expect(problems).toMatchObject([{ severity: "warning", line: 17, key: "hooks.unknown.event.1", message: expect.stringContaining("BeforeLunch") }])
    })
  )

  it.effect("Limits are read as seconds, or as milliseconds with a warning where seconds make no sense", () =>
    Effect.gen(function* () {
      const { hooks, problems } = yield* said("limits")
      expect(hooks.map(({ idleTimeout, timeout }) => [inSeconds(timeout), inSeconds(idleTimeout)])).toEqual([
        [120, null],
        [1.5, 30]
      ])
      expect(problems).toMatchObject([{ severity: "warning", line: 4, key: "hooks.act.timeout", message: expect.stringContaining("write 120") }])
    })
  )

  it.effect("A file without hooks, and keys that other parts of han read, are no problem", () =>
    Effect.gen(function* () {
      for (const name of ["empty", "empty-map"]) expect(yield* said(name)).toMatchObject({ hooks: [], problems: [] })
    })
  )

  it.effect("an unknown key is a warning with its line, and nothing is lost for it", () =>
    Effect.gen(function* () {
      const { hooks, problems } = yield* said("unknown")
      expect(hooks.map(({ name }) => name)).toEqual(["lint", "open"])
      expect(problems.map(({ key, line, severity }) => [severity, line, key])).toEqual([
        ["warning", 11, "surprise"],
        ["warning", 4, "hooks.lint.if_chanegd"],
        ["warning", 8, "hooks.lint.depends_on.0.optionl"],
        ["warning", 10, "hooks.open.command"]
      ])
    })
  )

  it.effect("a wrong value is an error with its line, and takes its own hook out alone", () =>
    Effect.gen(function* () {
      const { hooks, problems, root } = yield* said("wrong")
      expect(hooks.map(({ name }) => name)).toEqual(["sound", "last"])
      expect(problems.every(({ path, severity }) => severity === "error" && path === `${root}/han-plugin.yml`)).toBe(true)
      expect(problems.map(({ key, line }) => [line, key])).toEqual([
        [4, "hooks.../escape"],
        [6, "hooks.no-command"],
        [9, "hooks.blank.command"],
        [10, "hooks.scalar"],
        [12, "hooks.number.command"],
        [15, "hooks.markers.dirs_with"],
        [18, "hooks.outside.dirs_with"],
        [21, "hooks.absolute.dirs_with"],
        [24, "hooks.changed.if_changed"],
        [27, "hooks.events.event"],
        [30, "hooks.no-events.event"],
        [33, "hooks.negative.timeout"],
        [36, "hooks.word.timeout"],
        [39, "hooks.flag.sync"],
        [42, "hooks.error.on_error"],
        [45, "hooks.depends.depends_on"],
        [48, "hooks.depends-escape.depends_on"],
        [51, "hooks.loader.environment"],
        [54, "hooks.tool.tools"],
        [57, "hooks.phase.phase"],
        [60, "hooks.glob.if_changed"]
      ])
    })
  )

  it.effect("A file that is none, or would fill the memory, is an error", () =>
    Effect.gen(function* () {
      expect((yield* said("list")).problems).toMatchObject([{ severity: "error", line: 1, key: "hooks" }])
      expect((yield* said("scalar")).problems).toMatchObject([{ severity: "error", line: 1 }])
      expect((yield* said("aliases")).problems).toMatchObject([{ severity: "error", message: expect.stringContaining("alias") }])
    })
  )

  it.scoped("A file that is too long, no UTF-8, no file or a link in a circle is an error", () =>
    Effect.gen(function* () {
      const root = yield* temporary
      const plugin = (name: string) => path.join(root, name)
      put(path.join(plugin("huge"), "han-plugin.yml"), `# ${"x".repeat(2 << 20)}\n`)
      put(path.join(plugin("bytes"), "han-plugin.yml"), new Uint8Array([0x61, 0xff, 0xfe]))
      mkdirSync(path.join(plugin("folder"), "han-plugin.yml"), { recursive: true })
      put(path.join(plugin("circle"), ".claude-plugin/plugin.json"), "{}")
      symlinkSync("han-plugin.yml", path.join(plugin("circle"), "han-plugin.yml"))
      put(path.join(plugin("deep"), "han-plugin.yml"), `hooks: ${"[".repeat(5000)}`)
      put(path.join(plugin("keys"), "han-plugin.yml"), `hooks:\n  ${"- ".repeat(20_000)}`)
      put(path.join(plugin("odd"), "han-plugin.yml"), "hooks:\n  ? [a, b]\n  : c\n")
      put(path.join(plugin("quote"), "han-plugin.yml"), 'hooks:\n  lint:\n    command: "never closed\n  test:\n    command: x\n')
      put(path.join(plugin("twice"), "han-plugin.yml"), "hooks:\n  a: { command: x }\n  a: { command: y }\n")
      for (const [name, words] of [
        ["huge", "longer than"],
        ["bytes", "not UTF-8"],
        ["folder", "is no file"],
        ["circle", "circle"],
        ["deep", "nested too deeply"],
        ["keys", "nested too deeply"],
        ["odd", "must be a text"],
        ["quote", "line 6: Missing closing"],
        ["twice", "line 3: "]
      ] as const) {
        const { hooks, problems } = yield* check(plugin(name))
        expect(hooks).toEqual([])
        expect(problems[0]).toMatchObject({ severity: "error", message: expect.stringContaining(words) })
      }
      expect(yield* Effect.flip(check(plugin("nowhere")))).toMatchObject({ _tag: "PluginFolderInvalid", message: expect.stringContaining("no folder") })
      expect(yield* Effect.flip(check(root))).toMatchObject({ message: expect.stringContaining("han-plugin.yml") })
    })
  )
})

describe("what Claude Code itself runs", () => {
  it.effect("Claude Code's hooks.json and the manifest are read, and what is wrong is left out and said", () =>
    Effect.gen(function* () {
      const { clientHooks, problems } = yield* said("client")
      expect(
        clientHooks.map(({ args, async, condition, event, matcher, timeout, type, what }) => [
          event,
          matcher,
          type,
          what,
          args,
          condition,
          inSeconds(timeout),
          async
        ])
      ).toEqual([
        ["Stop", null, "command", "han hook run client lint", null, null, 300, true],
        ["Stop", null, "agent", "Look at it", null, null, null, false],
        ["PostToolUse", "Edit|Write", "command", "fmt", ["-q"], "Bash(git *)", null, false],
        ["PreToolUse", null, "command", "inline", null, null, null, false]
      ])
      expect(problems.map(({ key }) => key)).toEqual(["hooks.SessionStart", "hooks.SessionEnd.0.hooks.0", "hooks.SessionEnd.1"])
    })
  )
})
