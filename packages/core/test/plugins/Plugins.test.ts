import { existsSync, lstatSync, mkdirSync, readdirSync, readFileSync, rmSync, symlinkSync, writeFileSync } from "node:fs"
import * as path from "node:path"
import { describe, expect, it } from "@effect/vitest"
import * as Effect from "effect/Effect"
import * as Layer from "effect/Layer"
import { claudeTree, json } from "../../../../test/claudeTree.ts"
import { put } from "../../../../test/transcriptTree.ts"
import * as PluginFiles from "../../src/plugins/PluginFiles.ts"
import { categoriesOf, Plugins, statsOf } from "../../src/plugins/Plugins.ts"
import * as ClaudeFolders from "../../src/settings/ClaudeFolders.ts"

const pluginsOf = (folders: ReadonlyArray<string>, managed: ReadonlyArray<string> = []) =>
  Effect.provide(Plugins, PluginFiles.layer.pipe(Layer.provide(ClaudeFolders.layer({ folders, managed }))))
const alpha = { name: "alpha", marketplace: "local-market", scope: "user" } as const
const beta = { name: "beta", marketplace: "local-market", scope: "project" } as const
const gamma = { name: "gamma", marketplace: "local-market", scope: "local" } as const

const market = {
  name: "local-market",
  plugins: [
    { name: "alpha", source: "./plugins/alpha", category: "testing", version: "9.9.9" },
    { name: "beta", source: "./plugins/languages/beta" },
    { name: "gamma", source: { source: "github", repo: "a/b" } },
    { name: "delta", source: "./plugins/delta", version: "3.0.0", category: "testing" },
    "nonsense",
    { source: "./nameless" }
  ]
}

const here = Effect.gen(function* () {
  const tree = yield* claudeTree
  tree.putRecorded("2-installed")
  tree.putMarket(market)
  return { ...tree, plugins: yield* pluginsOf([tree.config]) }
})

describe("what is listed", () => {
  it.scoped("The list has the plugins of every scope, as Claude Code wrote them down", () =>
    Effect.gen(function* () {
      const { config, plugins, project } = yield* here
      const cache = "/home/dev/.claude/plugins/cache/local-market"
      const common = { marketplace: "local-market", enabled: true, managed: null }
      expect(yield* plugins.list({})).toEqual({
        problems: [],
        plugins: [
          {
            ...common,
            id: `user:${config}:alpha@local-market`,
            name: "alpha",
            scope: "user",
            category: "testing",
            version: "1.0.0",
            installPath: `${cache}/alpha/1.0.0`,
            folder: config,
            projectPath: null
          },
          {
            ...common,
            id: `project:${project}:beta@local-market`,
            name: "beta",
            scope: "project",
            category: "languages",
            version: "0.2.0",
            installPath: `${cache}/beta/0.2.0`,
            folder: null,
            projectPath: project
          },
          {
            ...common,
            id: `local:${project}:gamma@local-market`,
            name: "gamma",
            scope: "local",
            category: null,
            version: "unknown",
            installPath: `${cache}/gamma/unknown`,
            folder: null,
            projectPath: project
          }
        ]
      })
      expect(statsOf((yield* plugins.list({})).plugins)).toEqual({ total: 3, enabled: 3, user: 1, project: 1, local: 1 })
      expect(categoriesOf((yield* plugins.list({})).plugins)).toEqual([
        { category: "languages", count: 1 },
        { category: "testing", count: 1 },
        { category: "uncategorized", count: 1 }
      ])
      expect((yield* plugins.list({ scope: "local" })).plugins.map((plugin) => plugin.name)).toEqual(["gamma"])
      expect((yield* plugins.list({ projectPaths: [] })).plugins.map((plugin) => plugin.name)).toEqual(["alpha"])
    })
  )

  it.scoped("The list has plugins that are only enabled, only installed, or have a list of versions", () =>
    Effect.gen(function* () {
      const { files, plugins, project, root } = yield* here
      put(files.settings, json({ enabledPlugins: { "delta@local-market": ["^3.0.0"], "epsilon@nowhere": false, "zeta@nowhere": [] } }))
      const other = path.join(root, "other")
      put(path.join(other, ".claude/settings.json"), json({ enabledPlugins: { "alpha@local-market": true } }))
      const { plugins: found, problems } = yield* plugins.list({ projectPaths: [other, `${other}/`, project] })
      expect(problems).toEqual([])
      expect(found.map((plugin) => [plugin.name, plugin.scope, plugin.enabled, plugin.version, plugin.installPath !== null, plugin.projectPath])).toEqual([
        ["alpha", "user", false, "1.0.0", true, null],
        ["alpha", "project", true, "9.9.9", false, other],
        ["beta", "project", true, "0.2.0", true, project],
        ["delta", "user", true, "3.0.0", false, null],
        ["epsilon", "user", false, null, false, null],
        ["gamma", "local", true, "unknown", true, project],
        ["zeta", "user", false, null, false, null]
      ])
      expect(new Set(found.map((plugin) => plugin.id)).size).toBe(found.length)
      const listed = (yield* plugins.list({ projectPaths: [other, project] })).plugins
      expect(statsOf(listed)).toEqual({ total: 6, enabled: 4, user: 4, project: 2, local: 1 })
      // However many projects name it, a plugin is one.
      const again = listed.map((plugin) => ({ ...plugin, id: `${plugin.id} again`, projectPath: "/elsewhere", category: null, version: "9" }))
      expect(statsOf([...listed, ...again])).toEqual(statsOf(listed))
      expect(categoriesOf([...again, ...listed])).toEqual(categoriesOf(listed))
      expect(statsOf(listed.map((plugin) => ({ ...plugin, managed: plugin.name === "alpha" ? false : plugin.managed }))).enabled).toBe(3)
    })
  )

  it.scoped("The list reads the older form of installed plugins, and declared or cloned marketplaces", () =>
    Effect.gen(function* () {
      const { config, files, plugins, root } = yield* here
      put(files.installed, json({ version: 1, plugins: { "alpha@local-market": { version: "0.1.0", installPath: "/old", installedAt: "x", isLocal: true } } }))
      rmSync(files.known)
      const settings = {
        extraKnownMarketplaces: { "local-market": { source: { source: "directory", path: path.join(root, "market") } } },
        enabledPlugins: { "one@cloned": true }
      }
      put(files.settings, json(settings))
      put(path.join(config, "plugins/marketplaces/cloned/.claude-plugin/marketplace.json"), json({ plugins: [{ name: "one", category: "tools" }] }))
      expect((yield* plugins.list({})).plugins).toMatchObject([
        { name: "alpha", enabled: false, version: "0.1.0", installPath: "/old", category: "testing" },
        { name: "one", enabled: true, category: "tools" }
      ])
    })
  )

  it.scoped("Several configuration folders are listed, each with its own plugins", () =>
    Effect.gen(function* () {
      const { config, root } = yield* here
      const work = path.join(root, "work")
      put(path.join(work, "settings.json"), json({ enabledPlugins: { "alpha@local-market": false } }))
      const both = yield* pluginsOf([config, work, `${config}/`])
      const { plugins } = yield* both.list({ scope: "user" })
      expect(plugins.map((plugin) => [plugin.folder, plugin.enabled])).toEqual([
        [config, true],
        [work, false]
      ])
    })
  )

  it.scoped("An administrator's decision comes first", () =>
    Effect.gen(function* () {
      const { config, root } = yield* here
      const managed = put(path.join(root, "etc/managed-settings.json"), json({ enabledPlugins: { "alpha@local-market": true, "forced@local-market": true } }))
      const part = put(path.join(root, "etc/managed-settings.d/10-off.json"), json({ enabledPlugins: { "alpha@local-market": false } }))
      const plugins = yield* pluginsOf([config], [managed])
      expect((yield* plugins.list({ scope: "user" })).plugins.map(({ enabled, managed, name }) => [name, enabled, managed])).toEqual([
        ["alpha", false, false],
        ["forced", true, true]
      ])
      const error = yield* Effect.flip(plugins.toggle({ ...alpha, enabled: true }))
      expect(error).toMatchObject({ _tag: "PluginManaged", file: part, message: expect.stringContaining(`is off for everybody by ${part}`) })
    })
  )

  it.scoped("The home folder as a project has one file with the user", () =>
    Effect.gen(function* () {
      const { config, plugins } = yield* here
      const { plugins: found } = yield* plugins.list({ projectPaths: [path.dirname(config)] })
      expect(found.map((plugin) => plugin.scope)).toEqual(["user"])
    })
  )

  it.scoped("a broken file is said to be so and hides no other one", () =>
    Effect.gen(function* () {
      const { files, plugins, root } = yield* here
      writeFileSync(files.project, "{ broken")
      writeFileSync(path.join(root, "market/.claude-plugin/marketplace.json"), "[]")
      put(files.settings, json({ enabledPlugins: { "../../evil@m": true, plain: true, "a@b@c": true, "alpha@local-market": true, "alpha@../..": true } }))
      const { plugins: found, problems } = yield* plugins.list({})
      expect(found.map((plugin) => [plugin.name, plugin.enabled, plugin.category])).toEqual([
        ["alpha", true, null],
        ["beta", false, null],
        ["gamma", true, null]
      ])
      expect(problems.map((problem) => path.relative(root, problem.path)).sort()).toEqual([
        ...Array.from({ length: 4 }, () => "home/.claude/settings.json"),
        "market/.claude-plugin/marketplace.json",
        "project/.claude/settings.json"
      ])
      writeFileSync(files.installed, '{"version": 2, "plugins": {"alpha@local-market": "?", "beta@local-market": [null, 5, {}]}}')
      expect((yield* plugins.list({ projectPaths: ["relative"] })).plugins.map((plugin) => plugin.name)).toEqual(["alpha", "beta"])
    })
  )

  it.scoped("A file with too many plugins is listed up to a bound, and the rest is told of", () =>
    Effect.gen(function* () {
      const { files, plugins } = yield* here
      put(files.project, json({ enabledPlugins: Object.fromEntries(Array.from({ length: 30_000 }, (_, number) => [`p@m${number}`, true])) }))
      const { plugins: found, problems } = yield* plugins.list({ scope: "project" })
      expect(found).toHaveLength(10_000)
      expect(problems).toEqual([{ path: files.project, message: expect.stringContaining("only the first 10000 of 30001") }])
    })
  )

  it.scoped("An empty machine has an empty list", () =>
    Effect.gen(function* () {
      const { root } = yield* claudeTree
      const plugins = yield* pluginsOf([path.join(root, "none")])
      expect(yield* plugins.list({})).toEqual({ plugins: [], problems: [] })
      expect(statsOf((yield* plugins.list({})).plugins)).toEqual({ total: 0, enabled: 0, user: 0, project: 0, local: 0 })
      expect(categoriesOf((yield* (yield* pluginsOf([])).list({})).plugins)).toEqual([])
    })
  )
})

describe("what is changed", () => {
  it.scoped("A change writes exactly what Claude Code itself does when it disables, enables and uninstalls", () =>
    Effect.gen(function* () {
      const { now, plugins, putRecorded, recordedAt, files } = yield* here
      putRecorded("3-after-session")
      expect(yield* plugins.toggle({ ...alpha, enabled: false })).toEqual({
        written: [files.settings],
        message: `alpha@local-market is off for this user (${files.settings})`
      })
      expect(now()).toEqual(recordedAt("4-disabled"))
      expect((yield* plugins.toggle({ ...alpha, enabled: false })).written).toEqual([])
      yield* plugins.toggle({ ...alpha, enabled: true })
      expect(now()).toEqual(recordedAt("3-after-session"))
      putRecorded("5-updated")
      expect((yield* plugins.remove(alpha)).written).toEqual([files.settings, files.installed])
      expect(now()).toEqual(recordedAt("6-uninstalled"))
      yield* plugins.remove(beta)
      yield* plugins.remove(gamma)
      const { known: _, settings: __, ...rest } = recordedAt("7-marketplace-removed")
      expect(now()).toMatchObject(rest)
      expect(yield* Effect.flip(plugins.remove(alpha))).toMatchObject({
        _tag: "PluginNotFound",
        message: expect.stringContaining("there is no alpha@local-market")
      })
    })
  )

  it.scoped("A change finds the only project that has the plugin, and does not guess between several", () =>
    Effect.gen(function* () {
      const { files, plugins, project, root } = yield* here
      yield* plugins.toggle({ ...beta, enabled: false })
      yield* plugins.toggle({ ...gamma, enabled: false })
      expect([readFileSync(files.project, "utf8"), readFileSync(files.local, "utf8")]).toEqual([
        json({ enabledPlugins: { "beta@local-market": false } }),
        json({ enabledPlugins: { "gamma@local-market": false } })
      ])
      const unknown = yield* Effect.flip(plugins.toggle({ ...alpha, scope: "project", enabled: true }))
      expect(unknown).toMatchObject({ _tag: "PluginPlaceUnclear", message: expect.stringContaining("no project is known to have it") })
      const list = JSON.parse(readFileSync(files.installed, "utf8"))
      const other = path.join(root, "other")
      list.plugins["beta@local-market"].push({ scope: "project", projectPath: other, installPath: "/x", version: "1" })
      put(files.installed, json(list))
      const several = yield* Effect.flip(plugins.remove(beta))
      expect(several).toMatchObject({ _tag: "PluginPlaceUnclear", message: expect.stringContaining(`${project}, ${other}`) })
      expect(yield* Effect.flip(plugins.toggle({ ...beta, projectPath: other, enabled: true }))).toMatchObject({
        message: `${other} is no folder: no settings were made there`
      })
      expect(existsSync(other)).toBe(false)
      const third = path.join(root, "third")
      put(path.join(third, ".claude/settings.local.json"), json({ enabledPlugins: { "new@m": true } }))
      const known = { name: "new", marketplace: "m", scope: "local", projectPaths: [other, third, project] } as const
      expect((yield* plugins.toggle({ ...known, enabled: false })).written).toEqual([path.join(third, ".claude/settings.local.json")])
      // A broken file of another project is in the way only where it may be the one.
      const fourth = put(path.join(root, "fourth/.claude/settings.local.json"), "{")
      const more = { ...known, projectPaths: [path.join(root, "fourth"), third] }
      expect((yield* plugins.toggle({ ...more, enabled: true })).written).toEqual([path.join(third, ".claude/settings.local.json")])
      expect(yield* Effect.flip(plugins.toggle({ ...more, name: "nowhere", enabled: true }))).toMatchObject({ _tag: "JsonFileBroken", path: fourth })
      // What is left of a project that is gone can still be removed.
      expect((yield* plugins.remove({ ...beta, projectPath: `${other}/` })).written).toEqual([files.installed])
      expect(JSON.parse(readFileSync(files.installed, "utf8")).plugins["beta@local-market"]).toMatchObject([{ projectPath: project }])
      mkdirSync(other)
      yield* plugins.toggle({ ...beta, projectPath: other, enabled: true })
      expect(readFileSync(path.join(other, ".claude/settings.json"), "utf8")).toBe(json({ enabledPlugins: { "beta@local-market": true } }))
    })
  )

  it.scoped("A change goes to the configuration folder that has the plugin, else to the default one", () =>
    Effect.gen(function* () {
      const { config, files, root } = yield* here
      const folders = ["work", "home2"].map((name) => path.join(root, name))
      const [work = "", second = ""] = folders
      for (const folder of folders) put(path.join(folder, "settings.json"), json({ enabledPlugins: { "shared@m": true } }))
      put(path.join(work, "settings.json"), json({ enabledPlugins: { "mine@m": true, "shared@m": true } }))
      const plugins = yield* pluginsOf([config, work, second])
      const toggle = (name: string, folder?: string) => plugins.toggle({ name, marketplace: "m", scope: "user", enabled: false, folder })
      expect((yield* toggle("mine")).written).toEqual([path.join(work, "settings.json")])
      expect((yield* toggle("new")).written).toEqual([files.settings])
      expect((yield* plugins.toggle({ ...alpha, enabled: false })).written).toEqual([files.settings])
      expect(yield* Effect.flip(toggle("shared"))).toMatchObject({ _tag: "PluginPlaceUnclear", message: expect.stringContaining(`${work}, ${second}`) })
      expect((yield* toggle("shared", second)).written).toEqual([path.join(second, "settings.json")])
      expect(yield* Effect.flip(toggle("shared", "/etc"))).toMatchObject({ message: expect.stringContaining("/etc is no configuration folder") })
    })
  )

  it.scoped("a list of versions stays when the plugin is switched on", () =>
    Effect.gen(function* () {
      const { files, plugins } = yield* here
      const text = put(files.settings, '{"enabledPlugins":{"alpha@local-market":["^1.0.0"]}}')
      expect((yield* plugins.toggle({ ...alpha, enabled: true })).written).toEqual([])
      yield* plugins.toggle({ ...alpha, enabled: false })
      expect(readFileSync(text, "utf8")).toBe('{"enabledPlugins":{"alpha@local-market":false}}')
    })
  )

  it.scoped("A removal changes the older form of installed plugins as well", () =>
    Effect.gen(function* () {
      const { files, plugins } = yield* here
      put(files.installed, json({ version: 1, plugins: { "alpha@local-market": { version: "1" }, "other@m": { version: "2" } } }))
      yield* plugins.remove(alpha)
      expect(readFileSync(files.installed, "utf8")).toBe(json({ version: 1, plugins: { "other@m": { version: "2" } } }))
    })
  )

  it.scoped("names that would lead elsewhere are refused", () =>
    Effect.gen(function* () {
      const { now, plugins } = yield* here
      const before = now()
      for (const name of ["", "..", "../x", "a/b", "a\\b", "a b", ".hidden", "a@b", "a\u0000", "a\n", "a\u202e", "x".repeat(129)]) {
        expect(yield* Effect.flip(plugins.toggle({ ...alpha, name, enabled: true }))).toMatchObject({ _tag: "PluginNameInvalid" })
        expect(yield* Effect.flip(plugins.remove({ ...alpha, marketplace: name }))).toMatchObject({ _tag: "PluginNameInvalid" })
      }
      for (const projectPath of ["", "project", "../x", "/tmp/\u0000"])
        expect(yield* Effect.flip(plugins.toggle({ ...beta, projectPath, enabled: true }))).toMatchObject({ _tag: "PluginPlaceUnclear" })
      expect(now()).toEqual(before)
    })
  )

  it.scoped("A broken file is never written, nor the other one without it", () =>
    Effect.gen(function* () {
      const { files, now, plugins } = yield* here
      for (const file of [files.settings, files.installed]) {
        const good = readFileSync(file, "utf8")
        writeFileSync(file, `${good.slice(0, -3)},,`)
        const before = now()
        expect(yield* Effect.flip(plugins.remove(alpha))).toMatchObject({ _tag: "JsonFileBroken", path: file })
        expect(now()).toEqual(before)
        writeFileSync(file, good)
      }
      writeFileSync(files.settings, '{"enabledPlugins": ["alpha@local-market"]}')
      expect(yield* Effect.flip(plugins.toggle({ ...alpha, enabled: true }))).toMatchObject({ _tag: "JsonFileBroken", line: 1, column: 20 })
      expect(readFileSync(files.settings, "utf8")).toBe('{"enabledPlugins": ["alpha@local-market"]}')
    })
  )

  it.scopedLive("Many changes at once all arrive, through a link, with comments kept", () =>
    Effect.gen(function* () {
      const { config, files, plugins, root } = yield* here
      rmSync(files.settings)
      const target = put(path.join(root, "dotfiles/settings.json"), '// mine\n{\n\t"model": "opus", // for now\n}\n')
      symlinkSync(target, files.settings)
      const names = Array.from({ length: 40 }, (_, number) => `p${number}`)
      yield* Effect.forEach(names, (name) => plugins.toggle({ name, marketplace: "m", scope: "user", enabled: true }), { concurrency: "unbounded" })
      expect(lstatSync(files.settings).isSymbolicLink()).toBe(true)
      expect((yield* plugins.list({ scope: "user" })).plugins.map((plugin) => plugin.name)).toEqual(["alpha", ...names].sort())
      expect(readFileSync(target, "utf8").startsWith('// mine\n{\n\t"model": "opus", // for now\n\t"enabledPlugins": {\n\t\t"p')).toBe(true)
      yield* Effect.forEach(names, (name) => plugins.remove({ name, marketplace: "m", scope: "user" }), { concurrency: "unbounded" })
      expect(readFileSync(target, "utf8")).toBe('// mine\n{\n\t"model": "opus", // for now\n\t"enabledPlugins": {},\n}\n')
      expect(readdirSync(config).sort()).toEqual(["plugins", "settings.json"])
    })
  )
})
