import { mkdirSync, utimesSync, writeFileSync } from "node:fs"
import * as path from "node:path"
import { describe, expect, it } from "@effect/vitest"
import * as Effect from "effect/Effect"
import * as Layer from "effect/Layer"
import { claudeTree, json } from "../../../../test/claudeTree.ts"
import { put } from "../../../../test/transcriptTree.ts"
import * as ClaudeFolders from "../../src/settings/ClaudeFolders.ts"
import { ClaudeSettings } from "../../src/settings/ClaudeSettings.ts"
import * as ClaudeSettingsFiles from "../../src/settings/ClaudeSettingsFiles.ts"

const settingsOf = (folders: ReadonlyArray<string>, managed: ReadonlyArray<string> = []) =>
  Effect.provide(ClaudeSettings, ClaudeSettingsFiles.layer.pipe(Layer.provide(ClaudeFolders.layer({ folders, managed }))))

const here = Effect.gen(function* () {
  const tree = yield* claudeTree
  tree.putRecorded("2-installed")
  return { ...tree, settings: yield* settingsOf([tree.config]) }
})

describe("a summary of settings", () => {
  it.scoped("A summary of settings names the files of all scopes, there or not, with their times", () =>
    Effect.gen(function* () {
      const { config, files, project, root } = yield* here
      const managed = put(path.join(root, "etc/managed-settings.json"), json({ permissions: { deny: ["WebFetch"] } }))
      const part = put(path.join(root, "etc/managed-settings.d/a.json"), "{}")
      const at = new Date("2026-03-01T10:00:00Z")
      utimesSync(files.settings, at, at)
      const summary = yield* (yield* settingsOf([config], [managed])).summary({ projectPath: project })
      expect(summary.problems).toEqual([])
      expect(summary.claudeSettingsFiles.map(({ lastModified, ...file }) => ({ ...file, at: lastModified !== null }))).toEqual(
        [
          ["user", "User", files.settings],
          ["project", "Project", files.project],
          ["local", "Local", files.local],
          ["managed", "Managed", managed],
          ["managed", "Managed", part]
        ].map(([source, sourceLabel, file]) => ({ path: file, source, sourceLabel, type: "claude", exists: true, at: true }))
      )
      expect(summary.claudeSettings).toEqual({
        path: files.settings,
        exists: true,
        lastModified: at.getTime(),
        userFile: files.settings,
        projectFile: files.project,
        localFile: files.local,
        pluginCount: 3,
        mcpServerCount: 0,
        hasPermissions: true
      })
      const none = yield* (yield* settingsOf([path.join(root, "none")])).summary({ projectPath: path.join(root, "none") })
      expect(none.claudeSettingsFiles.map((file) => [file.source, file.exists, file.lastModified])).toEqual([
        ["user", false, null],
        ["project", false, null],
        ["local", false, null]
      ])
      expect(none.claudeSettings).toMatchObject({
        path: path.join(root, "none/settings.json"),
        exists: false,
        userFile: null,
        projectFile: null,
        pluginCount: 0,
        hasPermissions: false
      })
      expect(none.problems).toEqual([])
    })
  )

  it.scoped("A summary of settings has the permissions of all scopes, and what the client noted for the project", () =>
    Effect.gen(function* () {
      const { config, files, project, settings } = yield* here
      put(files.settings, json({ permissions: { allow: ["Bash(git *)", 5], additionalDirectories: ["/shared"], defaultMode: "plan" } }))
      put(files.project, json({ permissions: { allow: ["Bash(git *)", "Read"], deny: ["WebFetch"], ask: ["Bash(rm *)"] } }))
      put(`${config}.json`, json({ projects: { [project]: { allowedTools: ["Edit"] }, "/else": { allowedTools: ["Other"] } } }))
      expect((yield* settings.summary({ projectPath: project })).permissions).toEqual({
        allowList: ["Bash(git *)", "Read"],
        denyList: ["WebFetch"],
        askList: ["Bash(rm *)"],
        allowedTools: ["Bash(git *)", "Read", "Edit"],
        deniedTools: ["WebFetch"],
        additionalDirectories: ["/shared"]
      })
      expect((yield* settings.summary({})).permissions).toMatchObject({ allowList: ["Bash(git *)"], denyList: [], allowedTools: ["Bash(git *)"] })
    })
  )

  it.scoped("A summary of settings has the MCP servers of every place, and no secrets", () =>
    Effect.gen(function* () {
      const { config, files, project, settings } = yield* here
      const secret = "hunter2"
      const state = put(
        `${config}.json`,
        json({
          mcpServers: {
            local: { type: "stdio", command: "npx", args: ["-y", secret], env: { TOKEN: secret } },
            remote: { type: "sse", url: `https://me:${secret}@mcp.example/sse?key=${secret}&plain#${secret}`, headers: { Authorization: secret } }
          },
          projects: { [project]: { mcpServers: { mine: { command: "mine", env: {} } } }, "/else": { mcpServers: { mine: { url: "http://127.0.0.1:1/mcp" } } } }
        })
      )
      const shared = put(path.join(project, ".mcp.json"), json({ mcpServers: { shared: { command: "node", args: [1, 2, 3] }, broken: "?" } }))
      put(files.settings, json({ mcpServers: { odd: { command: "odd" } } }))
      const summary = yield* settings.summary({ projectPath: project })
      const plain = { command: null, url: null, type: "stdio", argCount: 0, hasEnv: false, projectPath: null }
      expect(summary.mcpServers).toEqual([
        { ...plain, id: `${files.settings}##odd`, name: "odd", source: "user", command: "odd" },
        { ...plain, id: `${state}##local`, name: "local", source: "user", command: "npx", argCount: 2, hasEnv: true },
        { ...plain, id: `${state}##remote`, name: "remote", source: "user", type: "sse", url: "https://mcp.example/sse?key=***&plain" },
        { ...plain, id: `${state}#${project}#mine`, name: "mine", source: "local", command: "mine", projectPath: project },
        { ...plain, id: `${shared}#${project}#shared`, name: "shared", source: "project", command: "node", argCount: 3, projectPath: project }
      ])
      expect(summary.claudeSettings.mcpServerCount).toBe(5)
      expect(JSON.stringify(summary)).not.toContain(secret)
      const all = yield* settings.summary({})
      expect(all.mcpServers.map((server) => [server.name, server.projectPath])).toEqual([
        ["odd", null],
        ["local", null],
        ["remote", null],
        ["mine", project],
        ["mine", "/else"]
      ])
      expect(new Set(all.mcpServers.map((server) => server.id)).size).toBe(5)
    })
  )

  it.scoped("A summary of settings finds the client's state in a folder that was chosen for it, and beside the usual one", () =>
    Effect.gen(function* () {
      const { config, root } = yield* here
      const chosen = path.join(root, "chosen")
      put(path.join(chosen, ".claude.json"), json({ mcpServers: { one: { command: "one" } } }))
      put(`${config}.json`, json({ mcpServers: { two: { command: "two" } } }))
      const names = (folders: ReadonlyArray<string>) =>
        Effect.flatMap(settingsOf(folders), (settings) => Effect.map(settings.summary({}), (summary) => summary.mcpServers.map((server) => server.name)))
      expect(yield* names([chosen, config])).toEqual(["one", "two"])
      put(path.join(config, ".claude.json"), json({ mcpServers: { three: { command: "three" } } }))
      expect(yield* names([config])).toEqual(["three"])
    })
  )
})

describe("han's own configuration", () => {
  it.scoped("Han's own configuration is on where nothing is said, and the strongest file wins", () =>
    Effect.gen(function* () {
      const { config, project, settings } = yield* here
      const nothing = yield* settings.summary({ projectPath: project })
      expect(nothing.hanConfig).toEqual({
        path: path.join(config, "han.yml"),
        exists: false,
        lastModified: null,
        rootFile: null,
        directoryFile: null,
        hooksEnabled: true,
        metricsEnabled: true,
        memoryEnabled: true,
        pluginConfigCount: 0
      })
      put(path.join(config, "han.yml"), "# mine\nhooks:\n  enabled: false\nmetrics: {enabled: false}\nplugins:\n  rust:\n    lint: {enabled: true}\n  go: {}\n")
      put(path.join(project, ".claude/han.yml"), "hooks:\n  enabled: true\n")
      put(path.join(project, ".claude/han.local.yml"), "")
      const rootFile = put(path.join(project, "han.yml"), "memory:\n  enabled: false\nplugins:\n  rust: {}\n  python: {}\n")
      const directoryFile = put(path.join(project, "han-config.yml"), "hooks:\n  lint:\n    enabled: false\n")
      const summary = yield* settings.summary({ projectPath: project })
      expect(summary.problems).toEqual([])
      expect(summary.hanConfigFiles.map((file) => [file.source, file.type, file.exists])).toEqual([
        ["user", "han", true],
        ["project", "han", true],
        ["local", "han", true],
        ["root", "han", true],
        ["directory", "han", true]
      ])
      expect(summary.hanConfig).toMatchObject({
        path: path.join(config, "han.yml"),
        exists: true,
        rootFile,
        directoryFile,
        hooksEnabled: true,
        metricsEnabled: false,
        memoryEnabled: false,
        pluginConfigCount: 3
      })
      expect((yield* settings.summary({})).hanConfig).toMatchObject({ hooksEnabled: false, memoryEnabled: true, pluginConfigCount: 2, rootFile: null })
    })
  )

  it.scoped("A configuration that is broken is said to be so, with its place", () =>
    Effect.gen(function* () {
      const { config, project, settings } = yield* here
      const broken = put(path.join(config, "han.yml"), "hooks:\n  enabled: true\n bad: [\n")
      const list = put(path.join(project, ".claude/han.yml"), "- a\n- b\n")
      const odd = put(path.join(project, "han.yml"), "hooks: {enabled: 'no'}\nmetrics: {enabled: false}\n")
      const bomb = put(
        path.join(project, "han-config.yml"),
        `a0: &a0 [x,x,x,x,x,x,x,x,x]\n${Array.from({ length: 12 }, (_, n) => `a${n + 1}: &a${n + 1} [${Array.from({ length: 9 }, () => `*a${n}`).join(",")}]`).join("\n")}\n`
      )
      const { hanConfig, problems } = yield* settings.summary({ projectPath: project })
      expect(problems.map((problem) => problem.path)).toEqual([broken, list, odd, bomb])
      expect(problems.map((problem) => problem.message)).toEqual([
        expect.stringMatching(/han\.yml:3: /),
        expect.stringContaining("names with values are expected"),
        expect.stringContaining('hooks.enabled is "no"; it must be true or false'),
        expect.stringContaining("alias")
      ])
      expect(hanConfig).toMatchObject({ hooksEnabled: true, metricsEnabled: false, path: broken, exists: true })
    })
  )
})

describe("broken and hostile files", () => {
  it.scoped("Broken and hostile files are problems, and hide nothing else", () =>
    Effect.gen(function* () {
      const { config, files, project, settings } = yield* here
      writeFileSync(files.settings, '{"permissions": {"allow": ["Read"]},')
      put(files.project, json({ permissions: { allow: "Read", deny: { a: 1 } }, mcpServers: [1], enabledPlugins: null }))
      put(files.local, '{"__proto__": {"permissions": {"allow": ["Everything"]}}, "permissions": {"allow": ["Edit"]}} // fine')
      mkdirSync(`${config}.json`)
      put(path.join(project, ".mcp.json"), "null")
      const summary = yield* settings.summary({ projectPath: project })
      expect(summary.problems.map((problem) => problem.path)).toEqual([files.settings, `${config}.json`, path.join(project, ".mcp.json")])
      expect(summary.problems[0]?.message).toContain("line 1, column")
      expect(summary.permissions).toMatchObject({ allowList: ["Edit"], denyList: [] })
      expect(summary.claudeSettings).toMatchObject({ userFile: files.settings, exists: true, pluginCount: 0, mcpServerCount: 0 })
      expect((yield* settings.summary({ projectPath: "../x" })).problems).toContainEqual({ path: "../x", message: expect.stringContaining("no absolute path") })
    })
  )

  it.scoped("A large state file with many projects gives those of the one that is asked for", () =>
    Effect.gen(function* () {
      const { config, project, settings } = yield* here
      const projects = Object.fromEntries(Array.from({ length: 20_000 }, (_, n) => [`/work/p${n}`, { history: ["x".repeat(400)], allowedTools: [] }]))
      put(`${config}.json`, JSON.stringify({ projects: { ...projects, [project]: { mcpServers: { mine: { command: "x" } } } } }))
      expect((yield* settings.summary({ projectPath: project })).mcpServers.map((server) => server.name)).toEqual(["mine"])
    })
  )
})
