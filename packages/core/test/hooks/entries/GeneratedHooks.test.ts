import { existsSync, mkdirSync, readFileSync, statSync, symlinkSync } from "node:fs"
import * as path from "node:path"
import { describe, expect, it } from "@effect/vitest"
import * as Effect from "effect/Effect"
import { json } from "../../../../../test/claudeTree.ts"
import { put, temporary } from "../../../../../test/transcriptTree.ts"
import { generate, pluginFoldersBelow } from "../../../src/hooks/entries/GeneratedHooks.ts"

/** A plugin with this `han-plugin.yml`, and this `hooks/hooks.json` if there is one. */
const plugin = (yml: string, hooks?: string) =>
  Effect.map(temporary, (root) => {
    put(path.join(root, "han-plugin.yml"), yml)
    const file = path.join(root, "hooks/hooks.json")
    if (hooks !== undefined) put(file, hooks)
    return { root, file, text: () => readFileSync(file, "utf8"), value: (): unknown => JSON.parse(readFileSync(file, "utf8")) }
  })
const write = (root: string) => generate(root, { check: false })
const check = (root: string) => generate(root, { check: true })
const call = (event: string, more: object = {}) => ({ type: "command", command: `han hook run ${event}`, ...more })

describe("hooks.json of a han-plugin.yml", () => {
  it.scoped("Any number of hooks at an event gets one entry, at Stop and SubagentStop where none is named", () =>
    Effect.gen(function* () {
      const { file, root, value } = yield* plugin("hooks:\n  a:\n    command: x\n  b:\n    command: y\n    event: [Stop, PostToolUse]\n")
      expect((yield* check(root)).state).toBe("stale")
      expect(existsSync(file)).toBe(false)
      expect(yield* write(root)).toMatchObject({ root, file, state: "written", replaced: [], problems: [] })
      expect(value()).toEqual({
        hooks: { PostToolUse: [{ hooks: [call("PostToolUse")] }], Stop: [{ hooks: [call("Stop")] }], SubagentStop: [{ hooks: [call("SubagentStop")] }] }
      })
      const before = statSync(file).ino
      expect([(yield* write(root)).state, (yield* check(root)).state, statSync(file).ino]).toEqual(["current", "current", before])
    })
  )

  it.scoped("An entry has a matcher of all tools where all hooks name tools", () =>
    Effect.gen(function* () {
      const matchers = (yml: string) =>
        Effect.flatMap(plugin(yml), ({ root }) => Effect.map(write(root), ({ entries }) => entries.map(({ event, matcher }) => [event, matcher])))
      const hook = (name: string, event: string, filter = "") => `  ${name}:\n    command: x\n    event: "${event}"\n${filter}`
      expect(yield* matchers(`hooks:\n${hook("a", "PostToolUse:Edit|Write")}${hook("b", "PostToolUse:Write|Bash")}`)).toEqual([
        ["PostToolUse", "Edit|Write|Bash"]
      ])
      expect(yield* matchers(`hooks:\n${hook("a", "PostToolUse:Edit")}${hook("b", "PostToolUse")}`)).toEqual([["PostToolUse", null]])
      expect(yield* matchers(`hooks:\n${hook("a", "PreToolUse", "    tool_filter: [Bash]\n")}`)).toEqual([["PreToolUse", "Bash"]])
      expect(yield* matchers(`hooks:\n${hook("a", "PreToolUse:Edit|Bash", "    tool_filter: [Bash]\n")}`)).toEqual([["PreToolUse", "Bash"]])
      expect(yield* matchers(`hooks:\n${hook("a", "PreToolUse:Edit", "    tool_filter: [Bash]\n")}`)).toEqual([])
      expect(yield* matchers(`hooks:\n${hook("a", "SessionStart", "    tool_filter: [Bash]\n")}`)).toEqual([["SessionStart", null]])
    })
  )

  it.scoped("An entry has a matcher for a source, agents and files to watch, and patterns with a filter", () =>
    Effect.gen(function* () {
      const generated = (yml: string) =>
        Effect.flatMap(plugin(`hooks:\n${yml}`), ({ root, value }) => Effect.map(write(root), ({ problems }) => ({ value: value(), problems })))
      const hook = (name: string, event: string, more = "") => `  ${name}:\n    command: x\n    event: "${event}"\n${more}`
      const entries = (event: string, matcher: string | null) => ({ [event]: [{ ...(matcher === null ? {} : { matcher }), hooks: [call(event)] }] })
      expect((yield* generated(`${hook("a", "SessionStart:compact")}${hook("b", "SessionStart:resume|compact")}`)).value).toEqual({
        hooks: entries("SessionStart", "compact|resume")
      })
      expect((yield* generated(`${hook("a", "SessionStart:compact")}${hook("b", "SessionStart")}`)).value).toEqual({ hooks: entries("SessionStart", null) })
      expect((yield* generated(hook("a", "SubagentStop:Explore"))).value).toEqual({ hooks: entries("SubagentStop", "Explore") })
      expect((yield* generated(hook("a", "Stop", "    subagents: false\n"))).value).toEqual({ hooks: entries("Stop", null) })
      expect(yield* generated(hook("a", "FileChanged:package.json|a.ts"))).toEqual({
        value: { hooks: entries("FileChanged", "package.json|a.ts") },
        problems: []
      })
      // The names stay, or nobody watches the files; what stands behind them lets in what others have watched.
      const mixed = yield* generated(`${hook("a", "FileChanged:a.ts")}${hook("b", "FileChanged")}`)
      expect(mixed.value).toEqual({ hooks: entries("FileChanged", "a.ts|.*") })
      expect(mixed.problems).toMatchObject([{ severity: "warning", line: 7, message: expect.stringContaining("none is watched") }])
      expect((yield* generated(hook("a", "PreToolUse:mcp__.*", "    tool_filter: [mcp__a__read]\n"))).value).toEqual({
        hooks: entries("PreToolUse", "mcp__a__read")
      })
    })
  )

  it.scoped("An entry is asynchronous where every hook says `sync: false` itself", () =>
    Effect.gen(function* () {
      const isAsync = (...syncs: ReadonlyArray<string>) =>
        Effect.flatMap(
          plugin(`hooks:\n${syncs.map((sync, index) => `  h${index}:\n    command: x\n    event: PostToolUse\n${sync}`).join("")}`),
          ({ root, value }) => Effect.map(write(root), () => value())
        )
      const said = "    sync: false\n"
      expect(yield* isAsync(said, said)).toEqual({ hooks: { PostToolUse: [{ hooks: [call("PostToolUse --async", { async: true })] }] } })
      for (const syncs of [[said, ""], [""], ["    sync: true\n"], [said, "    sync: true\n"]]) {
        expect(yield* isAsync(...syncs)).toEqual({ hooks: { PostToolUse: [{ hooks: [call("PostToolUse")] }] } })
      }
    })
  )

  it.scoped("An entry has a limit where all hooks have one and it is more than Claude Code waits anyway", () =>
    Effect.gen(function* () {
      const timeouts = (event: string, ...seconds: ReadonlyArray<number | null>) =>
        Effect.flatMap(
          plugin(
            `hooks:\n${seconds.map((one, index) => `  h${index}:\n    command: x\n    event: ${event}\n${one === null ? "" : `    timeout: ${one}\n`}`).join("")}`
          ),
          ({ root }) => Effect.map(write(root), ({ entries }) => entries.find((entry) => entry.event === event)?.timeoutSeconds)
        )
      expect(yield* timeouts("Stop", 900, 1200)).toBe(1230)
      expect(yield* timeouts("Stop", 900, null)).toBe(null)
      // Other plugins' gates are run by the same entry.
      expect(yield* timeouts("Stop", 5)).toBe(null)
      expect(yield* timeouts("SessionEnd", 5.5)).toBe(36)
      expect(yield* timeouts("UserPromptSubmit", 5)).toBe(35)
    })
  )

  it.scoped("entries of earlier forms are replaced, others stay to the byte", () =>
    Effect.gen(function* () {
      const reference = '{ "type" : "command","command": "han hook reference rules.md" }'
      const { root, text, value } = yield* plugin(
        "hooks:\n  lint:\n    command: x\n    event: Stop\n",
        `{
  "description": "d",
  "hooks": {
    "SessionStart": [ { "hooks": [ ${reference} ] } ],
    "Stop": [
      { "hooks": [ { "type": "command", "command": "han hook run lint lint --async", "async": true } ] },
      { "hooks": [ { "type": "command", "command": "echo" }, { "type": "command", "command": "han hook dispatch Stop --all" } ] }
    ],
    "PreToolUse": [ { "matcher": "Bash", "hooks": [ { "type": "command", "command": "han hook dispatch PreToolUse" } ] } ]
  }
}
`
      )
      expect((yield* write(root)).replaced).toEqual(["han hook run lint lint --async", "han hook dispatch Stop --all", "han hook dispatch PreToolUse"])
      expect(value()).toEqual({
        description: "d",
        hooks: {
          SessionStart: [{ hooks: [{ type: "command", command: "han hook reference rules.md" }] }],
          Stop: [{ hooks: [{ type: "command", command: "echo" }] }, { hooks: [call("Stop")] }],
          SubagentStop: [{ hooks: [call("SubagentStop")] }]
        }
      })
      expect(text()).toContain(`"SessionStart": [ { "hooks": [ ${reference} ] } ]`)
      expect((yield* check(root)).state).toBe("current")
    })
  )

  it.scoped("a plugin without hooks needs no file; entries of hooks that are gone go, too", () =>
    Effect.gen(function* () {
      const none = yield* plugin("hooks: {}\n")
      expect((yield* write(none.root)).state).toBe("current")
      expect(existsSync(none.file)).toBe(false)
      const gone = yield* plugin("hooks: {}\n", json({ hooks: { Stop: [{ hooks: [call("Stop")] }] } }))
      expect((yield* write(gone.root)).state).toBe("written")
      expect(gone.value()).toEqual({ hooks: {} })
      expect((yield* check(gone.root)).state).toBe("current")
    })
  )

  it.scoped("The generator never writes WorktreeCreate, nor an event that Claude Code does not know", () =>
    Effect.gen(function* () {
      const { root } = yield* plugin("hooks:\n  a:\n    command: x\n    event: [WorktreeCreate, Lunch, Setup]\n")
      const { entries, problems } = yield* write(root)
      expect(entries.map(({ event }) => event)).toEqual(["Setup"])
      expect(problems.map(({ severity, message }) => [severity, message])).toEqual([
        ["warning", expect.stringContaining("names WorktreeCreate, for which no entry is written")],
        ["warning", expect.stringContaining("Lunch")]
      ])
    })
  )

  it.scoped("An error in han-plugin.yml, or in hooks.json, leaves the file unwritten", () =>
    Effect.gen(function* () {
      const wrong = yield* plugin("hooks:\n  a:\n    command: 5\n  b:\n    command: x\n")
      expect(yield* write(wrong.root)).toMatchObject({ state: "broken", problems: [{ severity: "error", line: 3 }] })
      const unread = yield* plugin("hooks: [\n")
      expect(yield* write(unread.root)).toMatchObject({ state: "broken", problems: [{ severity: "error" }] })
      expect([existsSync(wrong.file), existsSync(unread.file)]).toEqual([false, false])
      const broken = yield* plugin("hooks:\n  a:\n    command: x\n", '{\n"hooks": {')
      for (const way of [write, check]) {
        expect(yield* Effect.flip(way(broken.root))).toMatchObject({ _tag: "JsonFileBroken", line: 2, message: expect.stringContaining(broken.file) })
      }
      const folder = yield* temporary
      expect(yield* Effect.flip(write(folder))).toMatchObject({ _tag: "PluginFolderInvalid", message: expect.stringContaining("has no han-plugin.yml") })
      expect(yield* Effect.flip(write(path.join(folder, "none")))).toMatchObject({ _tag: "PluginFolderInvalid" })
    })
  )

  it.scoped("The generator finds the plugins below a folder", () =>
    Effect.gen(function* () {
      const root = yield* temporary
      for (const name of ["plugins/b", "plugins/a/x", "plugins/a/x/within", "node_modules/n", ".hidden/h"])
        put(path.join(root, name, "han-plugin.yml"), "hooks: {}\n")
      mkdirSync(path.join(root, "plugins/none"))
      symlinkSync(root, path.join(root, "plugins/again"))
      expect(yield* pluginFoldersBelow(root)).toEqual([path.join(root, "plugins/a/x"), path.join(root, "plugins/b")])
      expect(yield* Effect.flip(pluginFoldersBelow(path.join(root, "plugins/none")))).toMatchObject({ message: expect.stringContaining("holds no plugin") })
    })
  )
})
