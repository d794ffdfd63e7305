import { chmodSync, existsSync, readFileSync, rmSync, statSync, symlinkSync, writeFileSync } from "node:fs"
import * as path from "node:path"
import { describe, expect, it } from "@effect/vitest"
import * as Effect from "effect/Effect"
import { json } from "../../../../../test/claudeTree.ts"
import { put } from "../../../../../test/transcriptTree.ts"
import { directory, hookTree, putPlugin } from "../../hookTree.ts"

/** A repository that brings a marketplace with a plugin, and switches it on. */
const repository = Effect.gen(function* () {
  const tree = yield* hookTree
  const { hooks, project, putMarket, shared } = tree
  const plugin = path.join(putMarket(path.join(project, "tools"), { own: "sh ./check.sh" }), "plugins/own")
  put(path.join(plugin, "check.sh"), "echo fine\n")
  shared({ extraKnownMarketplaces: { t: directory("./tools") }, enabledPlugins: { "own@t": true } })
  const query = { projectPath: project }
  const stateNow = Effect.map(hooks.list(query), ({ hooks, trust }) => [hooks[0]?.trust.state, trust.decision !== null, trust.outdated])
  const give = Effect.gen(function* () {
    const { trust } = yield* hooks.list(query)
    return yield* hooks.trust({ ...query, digest: trust.digest ?? "" })
  })
  return { ...tree, plugin, query, stateNow, give }
})

describe("what a repository alone brings", () => {
  it.scoped("A repository's own hooks are reported and not trusted until exactly this content was", () =>
    Effect.gen(function* () {
      const { give, hooks, project, query, stateNow, trustFile } = yield* repository
      const before = yield* hooks.list(query)
      expect(before.hooks).toMatchObject([
        {
          id: "own@t/test",
          command: "sh ./check.sh",
          trust: { state: "untrusted", why: expect.stringMatching(/^only .*settings.json enables it$/) }
        }
      ])
      expect(before.trust).toMatchObject({ digest: expect.stringMatching(/^[0-9a-f]{64}$/), hooks: ["own@t/test"], decision: null, outdated: false })
      expect(existsSync(trustFile)).toBe(false)
      const decision = yield* give
      expect(decision).toMatchObject({ projectPath: project, digest: before.trust.digest, hooks: [{ id: "own@t/test", command: "sh ./check.sh" }] })
      expect(yield* stateNow).toEqual(["trusted", true, false])
      expect(statSync(trustFile).mode & 0o777).toBe(0o600)
      expect(yield* hooks.decisions).toEqual([decision])
      expect(yield* hooks.revoke(`${project}/`)).toBe(true)
      expect(yield* hooks.revoke(project)).toBe(false)
      expect(yield* stateNow).toEqual(["untrusted", false, false])
    })
  )

  it.scoped("A repository's own hooks say which files are not what they were", () =>
    Effect.gen(function* () {
      const { give, hooks, plugin, project, query } = yield* repository
      const changed = Effect.map(hooks.list(query), ({ trust }) => trust.changed)
      const settings = path.join(project, "han.yml")
      put(settings, "plugins:\n  own:\n    hooks:\n      test:\n        before_all: x\n")
      put(path.join(plugin, "old"), "")
      expect(yield* changed).toEqual([])
      yield* give
      expect(yield* changed).toEqual([])
      put(path.join(plugin, "check.sh"), "echo fime\n")
      put(path.join(plugin, "new"), "")
      put(settings, "plugins:\n  own:\n    hooks:\n      test:\n        before_all: y\n")
      rmSync(path.join(plugin, "old"))
      const of = (at: string, change: string) => ({ path: at, change })
      expect(new Set(yield* changed)).toEqual(
        new Set([
          of(settings, "changed"),
          of(path.join(plugin, "check.sh"), "changed"),
          of(path.join(plugin, "new"), "added"),
          of(path.join(plugin, "old"), "removed")
        ])
      )
      yield* give
      expect(yield* changed).toEqual([])
    })
  )

  it.scoped("A repository's own hooks need trust again when one byte of them changed", () =>
    Effect.gen(function* () {
      const { give, plugin, project, shared, stateNow } = yield* repository
      const script = path.join(plugin, "check.sh")
      const changes: ReadonlyArray<() => unknown> = [
        () => writeFileSync(script, "echo fime\n"),
        () => chmodSync(script, 0o755),
        () => put(path.join(plugin, ".hidden/new"), ""),
        () => symlinkSync("check.sh", path.join(plugin, "link")),
        () => putPlugin(plugin, "sh ./check.sh "),
        () => put(path.join(project, "han.yml"), "plugins:\n  own:\n    hooks:\n      test:\n        before_all: x\n"),
        () => put(path.join(project, "han.yml"), "plugins:\n  own:\n    hooks:\n      test:\n        before_all: y\n"),
        () => {
          putPlugin(path.join(project, "tools/more"), "more")
          shared({ extraKnownMarketplaces: { t: directory("./tools") }, enabledPlugins: { "own@t": true, "more@t": true } })
        }
      ]
      for (const change of changes) {
        yield* give
        expect(yield* stateNow).toEqual(["trusted", true, false])
        change()
        expect(yield* stateNow).toEqual(["untrusted", false, true])
      }
      writeFileSync(script, "echo fine\n")
      yield* give
      expect(yield* stateNow).toEqual(["trusted", true, false])
    })
  )

  it.scoped("a file outside of the plugin that a link names is part of it; a folder outside cannot be vouched for", () =>
    Effect.gen(function* () {
      const { give, hooks, plugin, query, root, stateNow } = yield* repository
      const outside = put(path.join(root, "outside/run.sh"), "1")
      symlinkSync(outside, path.join(plugin, "run.sh"))
      yield* give
      expect(yield* stateNow).toEqual(["trusted", true, false])
      writeFileSync(outside, "2")
      expect(yield* stateNow).toEqual(["untrusted", false, true])
      symlinkSync(path.dirname(outside), path.join(plugin, "folder"))
      const list = yield* hooks.list(query)
      expect(list.trust).toMatchObject({ digest: null, hooks: [] })
      expect(list.hooks[0]?.trust).toMatchObject({ state: "untrusted", why: expect.stringContaining("a folder outside of the plugin") })
    })
  )

  it.scoped("Hooks that are not what was shown get no trust", () =>
    Effect.gen(function* () {
      const { hooks, plugin, query, trustFile } = yield* repository
      const { trust } = yield* hooks.list(query)
      put(path.join(plugin, "check.sh"), "curl\n")
      expect(yield* Effect.flip(hooks.trust({ ...query, digest: trust.digest ?? "" }))).toMatchObject({ _tag: "HookContentChanged" })
      expect(yield* Effect.flip(hooks.trust({ ...query, digest: "" }))).toMatchObject({ _tag: "HookContentChanged" })
      expect(existsSync(trustFile)).toBe(false)
    })
  )

  it.scoped("another project with the same content is another decision", () =>
    Effect.gen(function* () {
      const { give, hooks, putMarket, root } = yield* repository
      yield* give
      const second = path.join(root, "second")
      put(path.join(putMarket(path.join(second, "tools"), { own: "sh ./check.sh" }), "plugins/own/check.sh"), "echo fine\n")
      put(path.join(second, ".claude/settings.json"), json({ extraKnownMarketplaces: { t: directory("./tools") }, enabledPlugins: { "own@t": true } }))
      expect((yield* hooks.list({ projectPath: second })).hooks[0]?.trust.state).toBe("untrusted")
    })
  )

  it.scoped("a marketplace of the repository does not stand for one of the person", () =>
    Effect.gen(function* () {
      const { hooks, project, putMarket, query, root, shared, user } = yield* repository
      // The person's own setting counts; what the repository calls the same is not asked.
      user({ extraKnownMarketplaces: { t: directory(putMarket(path.join(root, "mine"), { own: "mine" })) }, enabledPlugins: { "own@t": true } })
      expect((yield* hooks.list(query)).hooks).toMatchObject([{ command: "mine", trust: { state: "trusted" } }])
      // Enabled by the person, but only the repository says where it is.
      user({ enabledPlugins: { "own@t": true } })
      expect((yield* hooks.list(query)).hooks).toMatchObject([{ command: "sh ./check.sh", trust: { state: "untrusted" } }])
      // A list of installed plugins does not make what lies in the repository the person's.
      put(
        path.join(root, "home/.claude/plugins/installed_plugins.json"),
        json({
          version: 2,
          plugins: { "x@t": [{ scope: "project", projectPath: project, installPath: path.join(project, "tools/plugins/own"), version: "1" }] }
        })
      )
      shared({ enabledPlugins: { "x@t": true } })
      user({})
      expect((yield* hooks.list(query)).hooks).toMatchObject([{ id: "x@t/test", trust: { state: "untrusted" } }])
    })
  )

  it.scoped("what Claude Code has installed for the project is trusted, for another project not", () =>
    Effect.gen(function* () {
      const { config, hooks, project, root, shared } = yield* hookTree
      const copy = path.join(config, "plugins/cache/m/lint/1")
      putPlugin(copy, "lint")
      shared({ enabledPlugins: { "lint@m": true } })
      const installedFor = (projectPath: string) =>
        put(
          path.join(config, "plugins/installed_plugins.json"),
          json({ version: 2, plugins: { "lint@m": [{ scope: "project", projectPath, installPath: copy, version: "1" }] } })
        )
      installedFor(project)
      expect((yield* hooks.list({ projectPath: project })).hooks).toMatchObject([{ command: "lint", version: "1", trust: { state: "trusted" } }])
      installedFor(path.join(root, "other"))
      expect((yield* hooks.list({ projectPath: project })).hooks).toMatchObject([{ trust: { state: "untrusted" } }])
    })
  )

  it.scoped("Decisions that others may write, or that are broken, decide nothing", () =>
    Effect.gen(function* () {
      const { give, hooks, query, stateNow, trustFile } = yield* repository
      yield* give
      chmodSync(trustFile, 0o666)
      const list = yield* hooks.list(query)
      expect(list.hooks[0]?.trust.state).toBe("untrusted")
      expect(list.problems).toMatchObject([{ severity: "error", path: trustFile, message: expect.stringContaining("chmod 600") }])
      expect(yield* Effect.flip(give)).toMatchObject({ _tag: "JsonFileUnreadable" })
      chmodSync(trustFile, 0o600)
      expect(yield* stateNow).toEqual(["trusted", true, false])
      const text = readFileSync(trustFile, "utf8")
      writeFileSync(trustFile, text.slice(0, -5))
      expect(yield* stateNow).toEqual(["untrusted", false, false])
      expect(yield* Effect.flip(hooks.decisions)).toMatchObject({ _tag: "JsonFileBroken" })
    })
  )
})
