import { mkdirSync, rmSync, symlinkSync, utimesSync, writeFileSync } from "node:fs"
import * as path from "node:path"
import { describe, expect, it } from "@effect/vitest"
import * as Effect from "effect/Effect"
import { json } from "../../../../../test/claudeTree.ts"
import { put } from "../../../../../test/transcriptTree.ts"
import { inSeconds } from "../../../src/hooks/Hook.ts"
import type { HookList } from "../../../src/hooks/Hooks.ts"
import { directory, hookTree, putPlugin } from "../../hookTree.ts"

const commands = (list: HookList) => list.hooks.map(({ command, id }) => `${id}: ${command}`).sort()
const states = (list: HookList) =>
  Object.fromEntries(list.plugins.map((plugin) => [`${plugin.name}@${plugin.marketplace}`, plugin.trust?.state ?? (plugin.enabled ? "missing" : "off")]))
const settled = Effect.sleep(150)

describe("where plugins come from", () => {
  it.scoped("Plugins are found in every kind of marketplace, as the client lays it out", () =>
    Effect.gen(function* () {
      const { config, hooks, project, putMarket, root, user } = yield* hookTree
      const market = (name: string) => path.join(config, "plugins/marketplaces", name)
      putMarket(path.join(root, "here"), { live: "live" })
      putMarket(market("github"), { cloned: "clone", installed: "clone" })
      putMarket(market("git"), { versions: "clone" })
      putMarket(path.join(root, "elsewhere"), { noted: "noted" })
      putMarket(path.join(root, "byfile"), { byfile: "byfile" })
      const cache = (...parts: ReadonlyArray<string>) => path.join(config, "plugins/cache", ...parts)
      putPlugin(cache("github/installed/1.2.0"), "installed")
      putPlugin(cache("github/installed/9.9.9"), "not-this-version")
      putPlugin(cache("git/versions/old"), "orphan")
      put(cache("git/versions/old/.orphaned_at"), "1")
      putPlugin(cache("git/versions/new"), "newest")
      // A copy of a directory marketplace is not what runs.
      putPlugin(cache("here/live/unknown"), "copy")
      const source = (kind: string, more: object) => ({ source: { source: kind, ...more }, installLocation: market(kind), lastUpdated: "x" })
      put(
        path.join(config, "plugins/known_marketplaces.json"),
        json({
          github: source("github", { repo: "a/b" }),
          git: source("git", { url: "https://example.test/x.git" }),
          noted: { ...directory(path.join(root, "elsewhere")), installLocation: path.join(root, "elsewhere") }
        })
      )
      put(
        path.join(config, "plugins/installed_plugins.json"),
        json({
          version: 2,
          plugins: {
            "installed@github": [{ scope: "user", installPath: cache("github/installed/1.2.0"), version: "1.2.0" }],
            "live@here": [{ scope: "user", installPath: cache("here/live/unknown"), version: "unknown" }],
            // The folder of a version is found without its path.
            "onlyversion@npm": [{ scope: "user", version: "3" }]
          }
        })
      )
      putPlugin(cache("npm/onlyversion/3"), "version")
      user({
        extraKnownMarketplaces: {
          here: directory(path.join(root, "here")),
          byfile: { source: { source: "file", path: path.join(root, "byfile/.claude-plugin/marketplace.json") } }
        },
        enabledPlugins: Object.fromEntries(
          ["live@here", "cloned@github", "installed@github", "versions@git", "noted@noted", "byfile@byfile", "onlyversion@npm", "gone@nowhere"].map((key) => [
            key,
            true
          ])
        )
      })
      const list = yield* hooks.list({ projectPath: project })
      expect(commands(list)).toEqual([
        "byfile@byfile/test: byfile",
        "cloned@github/test: clone",
        "installed@github/test: installed",
        "live@here/test: live",
        "noted@noted/test: noted",
        "onlyversion@npm/test: version",
        "versions@git/test: newest"
      ])
      expect(list.hooks.every(({ trust }) => trust.state === "trusted")).toBe(true)
      expect(list.plugins.find(({ name }) => name === "installed")).toMatchObject({ version: "1.2.0", scope: "user", hooks: 1 })
      expect(list.problems).toMatchObject([{ severity: "warning", message: expect.stringContaining("claude plugin install gone@nowhere") }])
    })
  )

  it.scoped("the same name in two marketplaces is two plugins; two names of one folder are one", () =>
    Effect.gen(function* () {
      const { hooks, project, putMarket, root, user } = yield* hookTree
      const alias = { name: "alias", source: "./plugins/lint" }
      putMarket(path.join(root, "a"), { lint: "a" }, [alias])
      putMarket(path.join(root, "b"), { lint: "b" })
      const extraKnownMarketplaces = { a: directory(path.join(root, "a")), b: directory(path.join(root, "b")) }
      user({ extraKnownMarketplaces, enabledPlugins: { "lint@a": true, "lint@b": true, "alias@a": true } })
      const list = yield* hooks.list({ projectPath: project })
      expect(commands(list)).toEqual(["lint@a/test: a", "lint@b/test: b"])
      expect(list.plugins.map(({ name, sameAs }) => [name, sameAs])).toEqual([
        ["alias", "lint@a"],
        ["lint", null],
        ["lint", null]
      ])
      expect(list.hooks.find(({ marketplace }) => marketplace === "a")?.aliases).toEqual(["alias"])
      user({ extraKnownMarketplaces, enabledPlugins: { "lint@a": false, "lint@b": true } })
      expect(commands(yield* hooks.list({ projectPath: project }))).toEqual(["lint@b/test: b"])
    })
  )

  it.scoped("A plugin that no manifest names is looked for a few levels deep, and one that leads out is refused", () =>
    Effect.gen(function* () {
      const { hooks, project, putMarket, root, user } = yield* hookTree
      const market = putMarket(path.join(root, "market"), { fine: "fine" }, [
        { name: "up", source: "../outside" },
        { name: "absolute", source: path.join(root, "outside") },
        { name: "linked", source: "./plugins/linked" },
        { name: "within", source: "./plugins/within" }
      ])
      putPlugin(path.join(root, "outside"), "outside")
      symlinkSync(path.join(root, "outside"), path.join(market, "plugins/linked"))
      symlinkSync("fine", path.join(market, "plugins/within"))
      putPlugin(path.join(market, "a/b/deep"), "deep")
      putPlugin(path.join(market, "a/b/c/toodeep"), "too deep")
      put(path.join(market, "odd/.claude-plugin/plugin.json"), json({ name: "named" }))
      putPlugin(path.join(market, "odd"), "named")
      const keys = ["fine", "up", "absolute", "linked", "within", "deep", "toodeep", "named", "missing"]
      user({
        extraKnownMarketplaces: { m: directory(market), "../../x": directory(market) },
        enabledPlugins: { ...Object.fromEntries(keys.map((name) => [`${name}@m`, true])), "../evil@m": true, "x@../../x": true, nothing: true }
      })
      const list = yield* hooks.list({ projectPath: project })
      expect(commands(list)).toEqual(["deep@m/test: deep", "fine@m/test: fine", "named@m/test: named"])
      expect(list.plugins.find(({ name }) => name === "within")?.sameAs).toBe("fine@m")
      expect(list.problems.filter(({ severity }) => severity === "error").map(({ key }) => key)).toEqual([
        "plugins.up.source",
        "plugins.absolute.source",
        "plugins.linked.source"
      ])
      expect(list.problems.filter(({ key }) => key === "enabledPlugins")).toHaveLength(3)
    })
  )
})

describe("which settings hold", () => {
  it.scoped("Managed settings beat local, project and user ones, and what no person enables is not trusted", () =>
    Effect.gen(function* () {
      const { hooks, local, managed, project, putMarket, root, shared, user } = yield* hookTree
      const names = ["a", "b", "c", "d", "e", "f"]
      const market = putMarket(path.join(root, "m"), Object.fromEntries(names.map((name) => [name, name])))
      const enabledPlugins = (says: Readonly<Record<string, boolean>>) => Object.fromEntries(Object.entries(says).map(([name, on]) => [`${name}@m`, on]))
      user({ extraKnownMarketplaces: { m: directory(market) }, enabledPlugins: enabledPlugins({ a: true, b: true, c: false, e: true }) })
      shared({ enabledPlugins: enabledPlugins({ b: false, c: true, d: true, e: false }) })
      local({ enabledPlugins: enabledPlugins({ e: true, f: true }) })
      put(managed, json({ enabledPlugins: enabledPlugins({ f: true }) }))
      const list = yield* hooks.list({ projectPath: project })
      expect(states(list)).toEqual({ "a@m": "trusted", "b@m": "off", "c@m": "untrusted", "d@m": "untrusted", "e@m": "trusted", "f@m": "trusted" })
      expect(list.plugins.map(({ scope }) => scope)).toEqual(["user", "project", "project", "project", "local", "managed"])
      put(managed, json({ enabledPlugins: enabledPlugins({ a: false }) }))
      expect(states(yield* hooks.list({ projectPath: project }))).toMatchObject({ "a@m": "off", "f@m": "untrusted" })
    })
  )

  it.scoped("Several configuration folders are read with the default one first, or only the one that is asked for", () =>
    Effect.gen(function* () {
      const { config, project, putMarket, root, serviceOf, user } = yield* hookTree
      const work = path.join(root, "work")
      const market = putMarket(path.join(root, "m"), { a: "a", b: "b" })
      const extraKnownMarketplaces = { m: directory(market) }
      user({ extraKnownMarketplaces, enabledPlugins: { "a@m": true } })
      put(path.join(work, "settings.json"), json({ extraKnownMarketplaces, enabledPlugins: { "a@m": false, "b@m": true } }))
      const hooks = yield* serviceOf([config, work])
      expect(commands(yield* hooks.list({ projectPath: project }))).toEqual(["a@m/test: a", "b@m/test: b"])
      expect(commands(yield* hooks.list({ projectPath: project, folder: work }))).toEqual(["b@m/test: b"])
      const unknown = yield* hooks.list({ projectPath: project, folder: path.join(project, "evil") })
      expect(commands(unknown)).toEqual(["a@m/test: a"])
      expect(unknown.problems).toMatchObject([{ message: expect.stringContaining("no configuration folder that han knows") }])
      expect(yield* (yield* serviceOf([])).list({ projectPath: project })).toMatchObject({ hooks: [], plugins: [], problems: [] })
    })
  )

  it.scoped("han.yml and han-config.yml change hooks, the nearest file last", () =>
    Effect.gen(function* () {
      const { config, hooks, project, putMarket, root, user } = yield* hookTree
      user({
        extraKnownMarketplaces: { m: directory(putMarket(path.join(root, "m"), { lint: "plugin", other: "other" })) },
        enabledPlugins: { "lint@m": true, "other@m": true }
      })
      put(path.join(config, "han.yml"), "plugins:\n  lint@m:\n    hooks:\n      test: { command: mine, timeout: 5, dirs_with: [x] }\n")
      const first = yield* hooks.list({ projectPath: project })
      expect(first.hooks[0]).toMatchObject({ command: "mine", dirsWith: ["x"], trust: { state: "trusted" }, changedBy: [path.join(config, "han.yml")] })
      // A repository may say when and where, and switch off.
      put(path.join(project, "han.yml"), "plugins:\n  lint:\n    hooks:\n      test: { timeout: 7, if_changed: ['*.ts'] }\n  other:\n    enabled: false\n")
      const second = yield* hooks.list({ projectPath: project })
      expect(second.hooks[0]).toMatchObject({ command: "mine", ifChanged: ["*.ts"], trust: { state: "trusted" } })
      expect(inSeconds(second.hooks[0]?.timeout ?? null)).toBe(7)
      expect(second.hooks[1]).toMatchObject({ enabled: false, disabledBy: path.join(project, "han.yml") })
      // What it would run is another thing.
      for (const change of ["command: theirs", "before_all: setup", "dir_test: probe"]) {
        put(path.join(project, "han-config.yml"), `lint:\n  test:\n    ${change}\n`)
        const third = yield* hooks.list({ projectPath: project })
        expect(third.hooks[0]?.trust).toEqual({ state: "untrusted", why: `${path.join(project, "han-config.yml")} changes what it runs` })
        expect(third.trust.hooks).toEqual(["lint@m/test"])
      }
      put(path.join(project, "han-config.yml"), "lint:\n  tset:\n    enabled: false\n  test:\n    comand: x\n    timeout: soon\n")
      const fourth = yield* hooks.list({ projectPath: project })
      expect(fourth.problems.map(({ key, line, severity }) => [severity, line, key])).toEqual([
        ["warning", 5, "lint.test.comand"],
        ["error", 6, "lint.test.timeout"],
        ["warning", 2, "lint.tset"]
      ])
      put(path.join(project, "han-config.yml"), "plugins:\n  other:\n    enabled: true\n")
      expect((yield* hooks.list({ projectPath: project })).hooks[1]).toMatchObject({ enabled: true, trust: { state: "untrusted" } })
      put(path.join(config, "han.yml"), "hooks:\n  enabled: false\n")
      put(path.join(project, "han.yml"), "hooks:\n  enabled: true\n")
      expect((yield* hooks.list({ projectPath: project })).hooks.map(({ disabledBy, enabled }) => [enabled, disabledBy])).toEqual([
        [false, path.join(config, "han.yml")],
        [false, path.join(config, "han.yml")]
      ])
    })
  )

  it.scoped("A broken file hides nothing but itself, and a project that is none is an error", () =>
    Effect.gen(function* () {
      const { hooks, local, project, putMarket, root, shared, user } = yield* hookTree
      const market = putMarket(path.join(root, "m"), { good: "good", bad: "bad" })
      user({ extraKnownMarketplaces: { m: directory(market) }, enabledPlugins: { "good@m": true, "bad@m": true } })
      writeFileSync(path.join(market, "plugins/bad/han-plugin.yml"), 'hooks:\n  a: "')
      shared({})
      writeFileSync(local({}), "{")
      put(path.join(project, "han.yml"), "]")
      const list = yield* hooks.list({ projectPath: project })
      expect(commands(list)).toEqual(["good@m/test: good"])
      expect(list.problems.map((problem) => [problem.severity, path.basename(problem.path), typeof problem.line])).toEqual([
        ["error", "settings.local.json", "number"],
        ["error", "han.yml", "number"],
        ["error", "han-plugin.yml", "number"]
      ])
      for (const projectPath of ["relative", path.join(root, "nowhere"), path.join(project, "README"), "/a\0b"]) {
        expect(yield* Effect.flip(hooks.list({ projectPath }))).toMatchObject({ _tag: "HookProjectInvalid" })
      }
      const linked = path.join(root, "linked")
      symlinkSync(project, linked)
      expect((yield* hooks.list({ projectPath: `${linked}/` })).projectPath).toBe(project)
    })
  )

  it.scoped("Hooks that Claude Code runs from settings and plugins are listed with their scope", () =>
    Effect.gen(function* () {
      const { hooks, project, putMarket, root, shared, user } = yield* hookTree
      const market = putMarket(path.join(root, "m"), { a: "a" })
      const entry = (command: string) => ({ hooks: { Stop: [{ hooks: [{ type: "command", command }] }] } })
      user({ extraKnownMarketplaces: { m: directory(market) }, enabledPlugins: { "a@m": true }, ...entry("of the user") })
      shared(entry("of the project"))
      put(path.join(market, "plugins/a/hooks/hooks.json"), json(entry("of the plugin")))
      expect((yield* hooks.list({ projectPath: project })).clientHooks.map(({ plugin, scope, what }) => [plugin, scope, what])).toEqual([
        [null, "user", "of the user"],
        [null, "project", "of the project"],
        ["a@m", "user", "of the plugin"]
      ])
    })
  )
})

describe("the work of a second look", () => {
  it.scopedLive("A second look reads nothing when nothing changed, and one file when one did", () =>
    Effect.gen(function* () {
      const { hooks, project, putMarket, root, shared, user } = yield* hookTree
      const many = Object.fromEntries(Array.from({ length: 40 }, (_, number) => [`p${number}`, `run ${number}`]))
      const market = putMarket(path.join(root, "m"), many)
      const enabledPlugins = Object.fromEntries(Object.keys(many).map((name) => [`${name}@m`, true]))
      user({ extraKnownMarketplaces: { m: directory(market) }, enabledPlugins })
      const theirs = putMarket(path.join(project, "tools"), { own: "own" })
      put(path.join(theirs, "plugins/own/scripts/a.sh"), "a")
      shared({ extraKnownMarketplaces: { t: directory("./tools") }, enabledPlugins: { "own@t": true } })
      put(path.join(project, "han.yml"), "plugins: {}\n")
      yield* settled
      const first = yield* hooks.list({ projectPath: project })
      expect(first.hooks).toHaveLength(41)
      expect(first.read).toBeGreaterThan(41)
      const second = yield* hooks.list({ projectPath: project })
      expect(second).toEqual({ ...first, read: 0 })
      const changed = putPlugin(path.join(market, "plugins/p7"), "another")
      yield* settled
      const third = yield* hooks.list({ projectPath: project })
      expect([third.read, third.hooks.find(({ plugin }) => plugin === "p7")?.command]).toEqual([1, "another"])
      // The same length and an old date do not hide a change.
      writeFileSync(changed, `hooks:\n  test:\n    command: notherx\n`)
      utimesSync(changed, 1, 1)
      expect((yield* hooks.list({ projectPath: project })).hooks.find(({ plugin }) => plugin === "p7")?.command).toBe("notherx")
      rmSync(changed)
      expect((yield* hooks.list({ projectPath: project })).hooks).toHaveLength(40)
      mkdirSync(changed)
      expect((yield* hooks.list({ projectPath: project })).problems).toMatchObject([{ path: changed, message: expect.stringContaining("no file") }])
    })
  )

  it.scoped("A file that was written twice in a row is read anew, though it was read in between", () =>
    Effect.gen(function* () {
      const { hooks, project, putMarket, root, user } = yield* hookTree
      const market = putMarket(path.join(root, "m"), { p: "x" })
      user({ extraKnownMarketplaces: { m: directory(market) }, enabledPlugins: { "p@m": true } })
      for (let round = 0; round < 30; round++) {
        putPlugin(path.join(market, "plugins/p"), `run-${String(round).padStart(2, "0")}`)
        expect((yield* hooks.list({ projectPath: project })).hooks[0]?.command).toBe(`run-${String(round).padStart(2, "0")}`)
      }
    })
  )
})
