import { execFileSync } from "node:child_process"
import { existsSync, mkdirSync, readdirSync, readFileSync, rmSync, writeFileSync } from "node:fs"
import { createServer } from "node:net"
import * as path from "node:path"
import { describe, expect, it } from "@effect/vitest"
import * as Effect from "effect/Effect"
import * as Layer from "effect/Layer"
import { claudeTree, json } from "../../../../test/claudeTree.ts"
import { put } from "../../../../test/transcriptTree.ts"
import { marketplaceSource } from "../../src/plugins/marketplaceSource.ts"
import * as PluginFiles from "../../src/plugins/PluginFiles.ts"
import { type InstallRequest, install, uninstall } from "../../src/plugins/PluginInstall.ts"
import * as ClaudeFolders from "../../src/settings/ClaudeFolders.ts"

const market = (folder: string, name: string, plugins: ReadonlyArray<Record<string, unknown>>) => {
  put(path.join(folder, ".claude-plugin/marketplace.json"), json({ name, owner: { name: "x" }, plugins }))
  for (const plugin of plugins) {
    if (typeof plugin.source === "string") put(path.join(folder, plugin.source, "han-plugin.yml"), "hooks:\n  run:\n    command: touch /ran\n")
  }
}
const lintAndTest = [
  { name: "lint", source: "./lint", aliases: ["linter"] },
  { name: "test", source: "./test" }
]

const git = (folder: string, ...args: ReadonlyArray<string>) =>
  execFileSync("git", ["-c", "user.name=x", "-c", "user.email=x@example.com", "-C", folder, ...args], { stdio: ["ignore", "pipe", "pipe"] })
const committed = (folder: string) => {
  if (!existsSync(path.join(folder, ".git"))) git(folder, "init", "--quiet", "--initial-branch=main")
  git(folder, "add", "--all")
  git(folder, "commit", "--quiet", "--message=x")
}

const tree = Effect.map(claudeTree, (found) => {
  const { config, project, root } = found
  mkdirSync(project, { recursive: true })
  const files = PluginFiles.layer.pipe(Layer.provide(ClaudeFolders.layer({ folders: [config], managed: [path.join(root, "managed-settings.json")] })))
  const read = (file: string): unknown => (existsSync(file) ? JSON.parse(readFileSync(file, "utf8")) : null)
  const request = (names: ReadonlyArray<string>, more: Partial<InstallRequest>): InstallRequest => ({
    names,
    scope: "user",
    folder: config,
    projectPath: project,
    cwd: root,
    environment: { PATH: process.env.PATH, HOME: root, GIT_DIR: "/nowhere" },
    gitTimeoutMs: 60_000,
    ...more
  })
  return {
    ...found,
    read,
    install: (names: ReadonlyArray<string>, more: Partial<InstallRequest> = {}) => Effect.provide(install(request(names, more)), files),
    uninstall: (names: ReadonlyArray<string>, more: Partial<InstallRequest> = {}) => Effect.provide(uninstall(request(names, more)), files),
    clones: path.join(config, "plugins/marketplaces")
  }
})
const at = expect.stringMatching(/^\d{4}-\d\d-\d\dT\d\d:\d\d:\d\d\.\d{3}Z$/)

describe("from a folder", () => {
  it.scoped("A plugin from a folder is declared, known and on, and the second time nothing changes", () =>
    Effect.gen(function* () {
      const { config, files, install, read, root } = yield* tree
      const folder = path.join(root, "market")
      market(folder, "mine", lintAndTest)
      put(files.settings, '{\n  // mine\n  "model": "x"\n}\n')
      const report = yield* install(["lint", "test@mine"], { from: "market" })
      expect(report.plugins.map(({ already, plugin }) => [plugin, already])).toEqual([
        ["lint@mine", false],
        ["test@mine", false]
      ])
      expect(report.written).toEqual([files.known, files.settings])
      const source = { source: "directory", path: folder }
      expect(readFileSync(files.settings, "utf8")).toContain("// mine")
      expect(JSON.parse(readFileSync(files.settings, "utf8").replace("// mine", ""))).toEqual({
        model: "x",
        extraKnownMarketplaces: { mine: { source } },
        enabledPlugins: { "lint@mine": true, "test@mine": true }
      })
      expect(read(files.known)).toEqual({ mine: { source, installLocation: folder, lastUpdated: at } })
      const again = yield* install(["lint"], { from: folder })
      expect([again.written, again.plugins.map(({ already }) => already)]).toEqual([[], [true]])
      const known = yield* install(["linter"])
      expect(known.plugins).toMatchObject([{ plugin: "lint@mine", already: true }])
      expect(readdirSync(config).sort()).toEqual(["plugins", "settings.json"])
    })
  )

  it.scoped("A plugin in a project is named from its root, and not run before it is trusted", () =>
    Effect.gen(function* () {
      const { files, install, project, read, root } = yield* tree
      market(path.join(project, "tools"), "here", lintAndTest)
      const report = yield* install(["lint"], { from: path.join(project, "tools"), scope: "project" })
      expect(report.notes).toEqual([expect.stringContaining("`han trust`")])
      expect(read(files.project)).toEqual({
        extraKnownMarketplaces: { here: { source: { source: "directory", path: "./tools" } } },
        enabledPlugins: { "lint@here": true }
      })
      expect(read(files.settings)).toBe(null)
      expect((yield* install(["lint"], { from: path.join(project, "tools"), scope: "project" })).written).toEqual([])
      market(path.join(root, "market"), "mine", lintAndTest)
      const far = yield* install(["lint"], { from: path.join(root, "market"), scope: "project" })
      expect(far.notes).toEqual([expect.stringContaining("`han trust`"), expect.stringContaining("other people")])
      expect(yield* Effect.flip(install(["lint"], { from: "market", scope: "local", projectPath: path.join(root, "none") }))).toMatchObject({
        _tag: "PluginPlaceUnclear"
      })
    })
  )

  it.scoped("A plugin is found in what settings declare or Claude Code has noted, and several places are told", () =>
    Effect.gen(function* () {
      const { files, install, project, read, root } = yield* tree
      market(path.join(project, "tools"), "here", lintAndTest)
      put(files.project, json({ extraKnownMarketplaces: { here: { source: { source: "directory", path: "./tools" } } } }))
      yield* install(["lint"])
      // What a repository may name from its root is an absolute path in settings that hold everywhere.
      expect(read(files.settings)).toMatchObject({ extraKnownMarketplaces: { here: { source: { path: path.join(project, "tools") } } } })
      market(path.join(root, "market"), "mine", lintAndTest)
      yield* install(["test"], { from: "market" })
      expect(yield* Effect.flip(install(["lint"]))).toMatchObject({
        _tag: "PluginNotOffered",
        near: ["lint@mine", "lint@here"].sort(),
        message: expect.stringContaining("several marketplaces have lint")
      })
      expect((yield* install(["lint@mine"])).plugins).toMatchObject([{ plugin: "lint@mine", already: false }])
    })
  )

  it.scoped("a name that is not there is answered with near ones, and nothing is written for the others", () =>
    Effect.gen(function* () {
      const { files, install, read, root } = yield* tree
      market(path.join(root, "market"), "mine", [...lintAndTest, { name: "typescript", source: "./ts" }])
      const error = yield* Effect.flip(install(["lint", "typscript"], { from: "market" }))
      expect(error).toMatchObject({
        _tag: "PluginNotOffered",
        near: ["typescript"],
        message: expect.stringContaining("has no typscript; the nearest are typescript")
      })
      expect([read(files.settings), read(files.known)]).toEqual([null, null])
      expect((yield* Effect.flip(install(["lint"]))).message).toContain("no marketplace is known here; name one: --from")
      yield* install(["lint"], { from: "market" })
      expect((yield* Effect.flip(install(["tst"]))).message).toContain("the nearest are test@mine")
    })
  )

  it.scoped("A mistake in a marketplace is said, and nothing is written", () =>
    Effect.gen(function* () {
      const { files, install, read, root } = yield* tree
      const refused = (from: string, name = "lint") => Effect.map(Effect.flip(install([name], { from })), ({ message }) => message)
      mkdirSync(path.join(root, "empty"))
      expect(yield* refused("empty")).toContain("has no .claude-plugin/marketplace.json")
      expect(yield* refused("nowhere")).toContain('"nowhere" is no folder that is there')
      put(path.join(root, "broken/.claude-plugin/marketplace.json"), '{\n"name": ')
      expect(yield* refused("broken")).toContain("marketplace.json, line 2")
      for (const name of ["../up", "a/b", ".hidden", "", "a b"]) {
        market(path.join(root, "named"), name, lintAndTest)
        expect(yield* refused("named")).toMatch(/is no name of a marketplace|has no name/)
      }
      market(path.join(root, "out"), "out", [{ name: "lint", source: "../market/lint" }])
      expect(yield* refused("out")).toContain("leads out of its marketplace")
      put(path.join(root, "gone/.claude-plugin/marketplace.json"), json({ name: "gone", plugins: [{ name: "lint", source: "./lint" }] }))
      expect(yield* refused("gone")).toContain("is not there")
      expect([read(files.settings), read(files.known)]).toEqual([null, null])
      market(path.join(root, "market"), "mine", lintAndTest)
      market(path.join(root, "other"), "mine", lintAndTest)
      yield* install(["lint"], { from: "market" })
      expect(yield* refused("other", "test")).toContain(`has another marketplace mine already, from ${path.join(root, "market")}`)
      put(files.settings, '{\n"a" 1}')
      expect(yield* refused("market")).toContain(`${files.settings}, line 2`)
    })
  )

  it.scoped("A plugin that lies elsewhere is switched on, and what is missing is said", () =>
    Effect.gen(function* () {
      const { install, root } = yield* tree
      market(path.join(root, "market"), "mine", [{ name: "far", source: { source: "github", repo: "a/b" } }])
      expect((yield* install(["far"], { from: "market" })).notes).toEqual([
        "far lies elsewhere (a/b): Claude Code fetches it; until then han knows none of its hooks, and `han setup` is to be run again after that"
      ])
    })
  )

  it.scoped("A plugin that an administrator has switched off stays off", () =>
    Effect.gen(function* () {
      const { install, root } = yield* tree
      market(path.join(root, "market"), "mine", lintAndTest)
      put(path.join(root, "managed-settings.json"), json({ enabledPlugins: { "lint@mine": false } }))
      expect(yield* Effect.flip(install(["lint"], { from: "market" }))).toMatchObject({ _tag: "PluginManaged" })
    })
  )
})

describe("from a repository", () => {
  it.scoped("A repository is cloned to where Claude Code keeps it, without its history, and runs nothing", () =>
    Effect.gen(function* () {
      const { clones, files, install, read, root } = yield* tree
      const origin = path.join(root, "origin")
      market(origin, "far", lintAndTest)
      committed(origin)
      put(path.join(origin, "lint/new"), "x")
      committed(origin)
      const ran = path.join(root, "ran")
      const hook = put(path.join(root, "hooks/post-checkout"), `#!/bin/sh\ntouch '${ran}'\n`)
      execFileSync("chmod", ["755", hook])
      // What this user's git does elsewhere.
      put(path.join(root, ".gitconfig"), `[core]\n\thooksPath = ${path.dirname(hook)}\n[init]\n\ttemplateDir = ${root}\n`)
      const url = `file://${origin}`
      const report = yield* install(["lint"], { from: url })
      const location = path.join(clones, "far")
      expect(report.written).toEqual([files.known, files.settings, location])
      expect(read(files.known)).toEqual({ far: { source: { source: "git", url }, installLocation: location, lastUpdated: at } })
      expect(read(files.settings)).toEqual({ extraKnownMarketplaces: { far: { source: { source: "git", url } } }, enabledPlugins: { "lint@far": true } })
      expect([existsSync(path.join(location, "lint/new")), readdirSync(clones), existsSync(ran)]).toEqual([true, ["far"], false])
      expect(git(location, "rev-list", "--count", "HEAD").toString().trim()).toBe("1")
    })
  )

  it.scoped("The copy that is here is used while it has what is asked for, then a new one takes its place", () =>
    Effect.gen(function* () {
      const { clones, install, root } = yield* tree
      const origin = path.join(root, "origin")
      market(origin, "far", lintAndTest)
      committed(origin)
      const from = `file://${origin}`
      yield* install(["lint"], { from })
      const mark = put(path.join(clones, "far/mark"), "")
      yield* install(["test"], { from })
      expect(existsSync(mark)).toBe(true)
      market(origin, "far", [...lintAndTest, { name: "newer", source: "./newer" }])
      committed(origin)
      expect((yield* install(["newer"], { from })).plugins).toMatchObject([{ plugin: "newer@far", already: false }])
      expect([existsSync(mark), readdirSync(clones)]).toEqual([false, ["far"]])
      const error = yield* Effect.flip(install(["newest"], { from }))
      expect([error.message, readdirSync(clones)]).toEqual([expect.stringContaining("the nearest are newer"), ["far"]])
      rmSync(path.join(clones, "far"), { recursive: true })
      expect((yield* install(["lint"], { from })).plugins).toMatchObject([{ already: true }])
      expect(readdirSync(clones)).toEqual(["far"])
    })
  )

  it.scoped("a folder that is in the way stays, and so does another marketplace of that name", () =>
    Effect.gen(function* () {
      const { clones, files, install, read, root } = yield* tree
      market(path.join(root, "origin"), "far", lintAndTest)
      committed(path.join(root, "origin"))
      const from = `file://${root}/origin`
      const mine = put(path.join(clones, "far/mine"), "x")
      expect((yield* Effect.flip(install(["lint"], { from }))).message).toContain(`${path.dirname(mine)} is in the way`)
      put(files.known, json({ far: { source: { source: "github", repo: "a/b" }, installLocation: path.dirname(mine) } }))
      expect((yield* Effect.flip(install(["lint"], { from }))).message).toContain("has another marketplace far already, from a/b")
      expect([existsSync(mine), readdirSync(clones), read(files.settings)]).toEqual([true, ["far"], null])
    })
  )

  it.scoped("Nothing stays of a repository that cannot be cloned, or is no marketplace", () =>
    Effect.gen(function* () {
      const { clones, files, install, read, root } = yield* tree
      const refused = (from: string) => Effect.map(Effect.flip(install(["lint"], { from })), ({ message }) => message)
      expect(yield* refused(`file://${root}/none`)).toMatch(/^file:.*none cannot be cloned: .*does not (exist|appear)/)
      put(path.join(root, "plain/README"), "x")
      committed(path.join(root, "plain"))
      expect(yield* refused(`file://${root}/plain`)).toBe(
        `file://${root}/plain is no marketplace: it has no .claude-plugin/marketplace.json; nothing was written`
      )
      market(path.join(root, "up"), "../../up", lintAndTest)
      committed(path.join(root, "up"))
      expect(yield* refused(`file://${root}/up`)).toContain("is no name of a marketplace")
      expect([readdirSync(clones), read(files.settings), read(files.known)]).toEqual([[], null, null])
    })
  )

  it.scopedLive("A repository that does not answer is given up, with all that git started", () =>
    Effect.gen(function* () {
      const { clones, install } = yield* tree
      let ended = 0
      const server = createServer((socket) =>
        socket
          .on("error", () => undefined)
          .on("close", () => ended++)
          .resume()
      )
      const port = yield* Effect.acquireRelease(
        Effect.async<number>((resume) => {
          server.listen(0, "127.0.0.1", () => {
            const address = server.address()
            resume(Effect.succeed(typeof address === "object" && address !== null ? address.port : 0))
          })
        }),
        () => Effect.promise(() => new Promise((done) => server.close(done)))
      )
      const error = yield* Effect.flip(install(["lint"], { from: `https://127.0.0.1:${port}/x.git`, gitTimeoutMs: 1500 }))
      expect(error.message).toBe(`https://127.0.0.1:${port}/x.git cannot be cloned: it did not answer within 1.5 s; nothing was written`)
      while (ended === 0) yield* Effect.sleep(10)
      expect(readdirSync(clones)).toEqual([])
    })
  )
})

describe("what a source may be", () => {
  const git = (url: string) => ({ kind: "git", url, source: { source: "git", url } })
  it.each([
    "https://example.com/a/b.git",
    "https://example.com:8443/a",
    "ssh://git@example.com/a.git",
    "ssh://example.com:22/a",
    "file:///a/b",
    "git@example.com:a/b.git",
    "example.com:a"
  ])("The text %s is a source", (text) => expect(marketplaceSource(text, "/")).toMatchObject({ _tag: "Right", right: git(text) }))
  it("A repository on GitHub is a source by its short name", () => {
    const right = { kind: "git", url: "https://github.com/owner/repo.git", source: { source: "github", repo: "owner/repo" } }
    expect(marketplaceSource("owner/repo", "/")).toMatchObject({ _tag: "Right", right })
    expect(marketplaceSource("owner/repo.git", "/")).toMatchObject({ _tag: "Right", right })
  })
  it.each([
    "ext::sh -c true",
    "ext::true",
    "fd::17",
    "http://example.com/a",
    "git://example.com/a",
    "https://user:secret@example.com/a",
    "https://token@example.com/a",
    "https://-x/a",
    "ssh://-oProxyCommand=x/a",
    "-oProxyCommand=x:a",
    "--upload-pack=x",
    "git@example.com:-x",
    "https://example.com/a b",
    "https://example.com/a#main",
    "file://host/a",
    "owner/../repo",
    "/nowhere/at/all",
    "./nowhere",
    "a\nb",
    ""
  ])("The text %j is not a source", (text) => {
    const found = marketplaceSource(text, "/nowhere")
    expect(found._tag).toBe("Left")
    expect(JSON.stringify(found)).not.toContain("secret")
  })
})

describe("uninstalling", () => {
  it.scoped("An uninstall takes a plugin out of one scope, and says where it is still on", () =>
    Effect.gen(function* () {
      const { files, install, read, root, uninstall } = yield* tree
      market(path.join(root, "market"), "mine", lintAndTest)
      yield* install(["lint", "test"], { from: "market" })
      yield* install(["lint"], { scope: "project" })
      const report = yield* uninstall(["lint"])
      expect(report).toMatchObject({ plugins: [{ plugin: "lint@mine", stillEnabledIn: ["project"] }], written: [files.settings] })
      expect(read(files.settings)).toMatchObject({ extraKnownMarketplaces: { mine: expect.anything() }, enabledPlugins: { "test@mine": true } })
      expect(yield* Effect.flip(uninstall(["lint"]))).toMatchObject({
        _tag: "PluginNotOffered",
        message: expect.stringContaining("it is in the scope project: --scope project")
      })
      expect((yield* uninstall(["lint@mine"], { scope: "project" })).plugins).toMatchObject([{ stillEnabledIn: [] }])
      expect(read(files.project)).toMatchObject({ enabledPlugins: {} })
      expect((yield* Effect.flip(uninstall(["tests"]))).message).toContain("they have test@mine")
    })
  )

  it.scoped("An uninstall takes out a plugin that Claude Code installed", () =>
    Effect.gen(function* () {
      const { files, putRecorded, read, uninstall } = yield* tree
      putRecorded("2-installed")
      expect((yield* uninstall(["alpha"])).written).toEqual([files.settings, files.installed])
      expect(JSON.stringify(read(files.installed))).not.toContain("alpha@")
      expect((yield* uninstall(["beta"], { scope: "project" })).plugins).toMatchObject([{ plugin: "beta@local-market" }])
    })
  )

  it.scoped("A plugin whose name several share must be said exactly, and none is taken out", () =>
    Effect.gen(function* () {
      const { files, read, uninstall } = yield* tree
      put(files.settings, json({ enabledPlugins: { "a@x": true, "a@y": true, "b@x": true } }))
      const error = yield* Effect.flip(uninstall(["b", "a"]))
      expect(error).toMatchObject({ _tag: "PluginNotOffered", near: ["a@x", "a@y"] })
      expect(read(files.settings)).toMatchObject({ enabledPlugins: { "b@x": true } })
      writeFileSync(files.settings, "{")
      expect((yield* Effect.flip(uninstall(["b"]))).message).toContain(`${files.settings}, line 1`)
    })
  )
})
