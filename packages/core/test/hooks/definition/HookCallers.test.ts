import * as path from "node:path"
import { describe, expect, it } from "@effect/vitest"
import * as Effect from "effect/Effect"
import { json } from "../../../../../test/claudeTree.ts"
import { put } from "../../../../../test/transcriptTree.ts"
import { calledOf, doubleCalls, type HookSituation, neededAt, waitingInVain } from "../../../src/hooks/definition/HookCallers.ts"
import { directory, hookTree } from "../../hookTree.ts"

const entry = (command: string, more: object = {}, handler: object = {}) => ({ ...more, hooks: [{ type: "command", command, ...handler }] })
const request = (event: string) => ({ hooks: [{ type: "http", url: `http://127.0.0.1:41956/hooks/${event}` }] })

/** A plugin of the person with these hooks, and what calls it, as lines. */
const tree = (hooks: string) =>
  Effect.map(hookTree, (found) => {
    const market = path.join(found.root, "market")
    put(path.join(market, ".claude-plugin/marketplace.json"), json({ plugins: [{ name: "p", source: "./p" }] }))
    put(path.join(market, "p/han-plugin.yml"), hooks)
    const user = (settings: object) => found.user({ enabledPlugins: { "p@m": true }, extraKnownMarketplaces: { m: directory(market) }, ...settings })
    const situation = found.hooks.list({ projectPath: found.project })
    const called = Effect.map(situation, (list) =>
      list.hooks.flatMap((hook) =>
        calledOf(hook, list).map(
          ({ by, event, lack }) => `${hook.name} ${event}: ${by.map(({ scope }) => scope).join("+") || "nobody"}${lack === null ? "" : ", but"}`
        )
      )
    )
    user({})
    return { ...found, user, situation, called, plugin: (hooks: object) => put(path.join(market, "p/hooks/hooks.json"), json({ hooks })) }
  })

const guards = "hooks:\n  a:\n    event: ['PreToolUse:Bash|Edit', Stop]\n    command: 'true'\n"

describe("who calls", () => {
  it.scoped("The callers of a gate are nobody, a scope, a plugin's own file, or one hook alone", () =>
    Effect.gen(function* () {
      const { called, local, managed, plugin, shared, user } = yield* tree(guards)
      const calls = (event: string) => ({ hooks: { [event]: [entry(`han hook run ${event}`)] } })
      expect(yield* called).toEqual(["a PreToolUse: nobody, but", "a Stop: nobody, but", "a SubagentStop: nobody, but"])
      user(calls("Stop"))
      shared(calls("PreToolUse"))
      expect(yield* called).toEqual(["a PreToolUse: project", "a Stop: user", "a SubagentStop: nobody, but"])
      local(calls("PreToolUse"))
      put(managed, json(calls("SubagentStop")))
      expect(yield* called).toEqual(["a PreToolUse: project+local", "a Stop: user", "a SubagentStop: managed"])
      shared({})
      local({})
      plugin({ PreToolUse: [entry("npx -y han hook run p a")], Stop: [entry("han hook run p other")] })
      expect(yield* called).toEqual(["a PreToolUse: user", "a Stop: user", "a SubagentStop: managed"])
    })
  )

  it.scoped("A gate's callers depend on matchers, conditions, requests and async entries of others", () =>
    Effect.gen(function* () {
      const { called, situation, user } = yield* tree(guards)
      const pre = (...entries: ReadonlyArray<object>) => user({ hooks: { PreToolUse: entries, Stop: [request("Stop")], SubagentStop: [request("Stop")] } })
      pre(entry("han hook run PreToolUse", { matcher: "Bash" }))
      expect(yield* called).toEqual(["a PreToolUse: user, but", "a Stop: user", "a SubagentStop: nobody, but"])
      expect(waitingInVain(yield* situation)[0]).toMatch(
        /^nobody calls p@m\/a \(PreToolUse\): the entry for PreToolUse in .*settings\.json is for Bash, not for Edit; `han setup`/
      )
      pre(entry("han hook run PreToolUse", { matcher: "Bash" }), entry("han hook run PreToolUse", { matcher: "^Ed.*" }))
      expect((yield* called)[0]).toBe("a PreToolUse: user+user")
      pre(entry("han hook run PreToolUse", {}, { if: "Bash(git *)" }))
      expect((yield* called)[0]).toBe("a PreToolUse: nobody, but")
      pre(entry("han hook run Stop"))
      expect((yield* called)[0]).toBe("a PreToolUse: nobody, but")
      pre(entry("han", {}, { args: ["hook", "run", "PreToolUse"] }))
      expect((yield* called)[0]).toBe("a PreToolUse: user")
    })
  )

  it.scoped("Nobody calls a gate where the client's hooks are off, left out, or for managed entries alone", () =>
    Effect.gen(function* () {
      const { called, config, local, managed, situation, user } = yield* tree("hooks:\n  a:\n    event: PreToolUse\n    command: 'true'\n")
      const hooks = { PreToolUse: [entry("han hook run PreToolUse")] }
      user({ hooks })
      expect(yield* called).toEqual(["a PreToolUse: user"])
      local({ disableAllHooks: true })
      expect(yield* called).toEqual(["a PreToolUse: nobody, but"])
      expect(waitingInVain(yield* situation)).toEqual([expect.stringContaining("disableAllHooks is on in")])
      local({})
      put(managed, json({ allowManagedHooksOnly: true }))
      expect(yield* called).toEqual(["a PreToolUse: nobody, but"])
      put(managed, "{}")
      const file = path.join(config, "settings.json")
      const text = json({ enabledPlugins: { "p@m": true }, extraKnownMarketplaces: { m: directory(path.join(config, "../../market")) }, hooks })
      put(file, `// mine\n${text}`)
      expect(yield* called).toEqual(["a PreToolUse: nobody, but"])
      const { client, problems } = yield* situation
      expect(client.ignored).toMatchObject([{ severity: "error", path: file, line: 1, message: expect.stringContaining("line 1, column 1: a comment") }])
      expect(problems).toEqual(client.ignored)
      // In a file that does not count, it switches nothing off either.
      put(managed, '{"disableAllHooks": true,}')
      put(file, text)
      expect(yield* called).toEqual(["a PreToolUse: user"])
    })
  )

  it.scoped("Files that have to be watched, and events that no entry can call, are told", () =>
    Effect.gen(function* () {
      const hooks = (...events: ReadonlyArray<string>) => events.map((event, index) => `  h${index}:\n    event: ['${event}']\n    command: 'true'\n`).join("")
      const { called, situation, user } = yield* tree(`hooks:\n${hooks("FileChanged:.env|go.mod", "FileChanged", "WorktreeCreate", "MessageDisplay")}`)
      const needed = Effect.map(situation, (list) => [...neededAt(list, () => false)])
      // One that names no file is for those that others have watched.
      expect(yield* needed).toEqual([["FileChanged", [".env", "go.mod", ".*"]]])
      user({ hooks: { FileChanged: [entry("han hook run FileChanged", { matcher: ".env" })] } })
      expect(yield* called).toEqual(["h0 FileChanged: user, but", "h1 FileChanged: user", "h2 WorktreeCreate: nobody, but", "h3 MessageDisplay: nobody, but"])
      user({ hooks: { FileChanged: [entry("han hook run FileChanged", { matcher: "go.mod|.env" })] } })
      expect((yield* called)[0]).toBe("h0 FileChanged: user")
    })
  )
})

describe("double calls", () => {
  const at = (what: string, matcher: string | null = null, type = "command") => ({
    event: "PreToolUse",
    file: "f",
    what,
    matcher,
    type,
    args: null,
    condition: null
  })
  const events = (...entries: ReadonlyArray<ReturnType<typeof at>>) => doubleCalls(entries).map(({ entries }) => entries.length)
  it("A double call is two commands, or a command and a request, not the same command or another tool", () => {
    const han = at("han hook run PreToolUse")
    expect(events(han, at("/x/han hook run PreToolUse"))).toEqual([2])
    expect(events(han, at("http://127.0.0.1:1/hooks/PreToolUse", null, "http"))).toEqual([2])
    expect(events(han, han, at("han hook run p a"), at("say hi"))).toEqual([])
    expect(events(at("han hook run PreToolUse", "Bash"), at("/x/han hook run PreToolUse", "Edit|Write"))).toEqual([])
    expect(events(at("han hook run PreToolUse", "Bash|Edit"), at("/x/han hook run PreToolUse", "Edit"))).toEqual([2])
    expect(doubleCalls([han, at("/x/han hook run PreToolUse")], [{ path: "f" }])).toEqual([])
  })

  it("A situation without hooks needs nothing", () => {
    const none: HookSituation = { hooks: [], clientHooks: [], client: { disabledBy: null, managedOnlyBy: null, ignored: [] } }
    expect([waitingInVain(none), [...neededAt(none, () => true)]]).toEqual([[], []])
  })
})
