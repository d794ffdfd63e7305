import { mkdirSync, readFileSync, writeFileSync } from "node:fs"
import { dirname, join } from "node:path"
import type { SourceFile } from "han-core/Journal"
import { afterAll, beforeAll, describe, expect, it } from "vitest"
import { answer, at, session, text, user } from "../../../../test/transcriptLines.ts"
import { type Answer, type Asking, open, stores } from "../graphqlAsking.ts"

for (const [name, fresh] of stores)
  describe(`${name}: what is configured on this machine`, () => {
    let asking: Asking
    let project = ""
    const path = (file: string) => join(asking.folder, file)
    const write = (file: string, value: unknown) => {
      mkdirSync(dirname(path(file)), { recursive: true })
      writeFileSync(path(file), typeof value === "string" ? value : `${JSON.stringify(value, null, 2)}\n`)
    }
    const json = (file: string): Answer => JSON.parse(readFileSync(path(file), "utf8"))
    const found = (root: string, inode: number, mtimeMs: number): SourceFile => ({
      path: `${root}/projects/x/${inode}.jsonl`,
      root,
      device: 1,
      inode,
      size: 1,
      mtimeMs,
      headDigest: "",
      tailDigest: ""
    })

    beforeAll(async () => {
      asking = await open(fresh())
      const work = path("work")
      write(".claude/settings.json", {
        enabledPlugins: { "lint@market": true, "docs@market": false },
        permissions: { allow: ["Bash(git *)"], deny: ["WebFetch"] },
        unknown: { kept: true }
      })
      write("work/.claude/settings.json", { enabledPlugins: { "lint@market": true } })
      write("work/.claude/settings.local.json", { enabledPlugins: { "tests@other": false } })
      write("work/.mcp.json", { mcpServers: { files: { command: "serve", args: ["--token", "secret"], env: { KEY: "secret" } } } })
      write(".claude.json", { mcpServers: { web: { type: "http", url: "https://user:pass@mcp.example/x?key=secret" } } })
      write(".claude/CLAUDE.md", "Answer kindly, whoever asks.")
      write("work/CLAUDE.md", "Answer quickly. Use tabs.")
      write("market/.claude-plugin/marketplace.json", { name: "market", plugins: [{ name: "lint", category: "quality", source: "./lint" }] })
      write(".claude/plugins/known_marketplaces.json", {
        market: { source: { source: "directory", path: path("market") }, installLocation: path("market"), lastUpdated: at(0) }
      })
      const file = {
        ...session("here", [
          { ...user("h-1", 0, "Where do we keep answers?"), cwd: work },
          { ...answer("h-2", 1, [text("In a drawer.")], { output: 10, read: 100 }), cwd: work }
        ]),
        source: { file: found(path(".claude"), 1, Date.parse(at(5))) }
      }
      await asking.append(file, { ...session("there", [user("t-1", 2, "elsewhere")]), source: { file: found(path("second"), 2, Date.parse(at(6))) } })
      project = (await asking.ask("{ projects { projectId path } }")).projects.find((one: Answer) => one.path === work).projectId
    })
    afterAll(() => asking.close())

    it("Settings are answered for the user alone and as they hold in a project", async () => {
      const fields = `claudeSettingsFiles { path source type exists } hanConfigFiles { type exists } claudeSettings { userFile projectFile localFile path exists pluginCount mcpServerCount hasPermissions }
        hanConfig { exists hooksEnabled memoryEnabled } mcpServers { id name command url source type argCount hasEnv } permissions { allowList denyList allowedTools deniedTools additionalDirectories } problems { path }`
      const {
        all,
        none,
        settings,
        user: own
      } = await asking.ask(
        `query ($id: String!) { settings(projectId: $id) { ${fields} } user: settings { ${fields} } all: settings(projectId: "") { ${fields} } none: settings(projectId: "nobody") { ${fields} } }`,
        {
          id: project
        }
      )
      expect(settings.claudeSettings).toEqual({
        userFile: path(".claude/settings.json"),
        projectFile: path("work/.claude/settings.json"),
        localFile: path("work/.claude/settings.local.json"),
        path: path(".claude/settings.json"),
        exists: true,
        pluginCount: 3,
        mcpServerCount: 2,
        hasPermissions: true
      })
      expect(settings.claudeSettingsFiles.map((one: Answer) => [one.source, one.exists])).toEqual([
        ["user", true],
        ["project", true],
        ["local", true]
      ])
      expect(settings.permissions).toMatchObject({ allowList: ["Bash(git *)"], denyList: ["WebFetch"], deniedTools: ["WebFetch"] })
      const servers = new Map<string, Answer>(settings.mcpServers.map((one: Answer) => [one.name, one]))
      expect(servers.get("files")).toMatchObject({ command: "serve", source: "project", type: "stdio", argCount: 2, hasEnv: true })
      expect(servers.get("web")).toMatchObject({ command: null, source: "user", type: "http", hasEnv: false })
      expect(JSON.stringify(settings)).not.toMatch(/secret|pass/)
      expect(own.claudeSettings).toMatchObject({ projectFile: null, localFile: null, pluginCount: 2 })
      expect(all).toEqual(own)
      expect(none).toBeNull()
    })

    it("Plugins of every scope are answered, and changes of them are written to the files themselves", async () => {
      const plugins = async (scope = "") =>
        (await asking.ask(`{ plugins${scope} { id name marketplace scope enabled category } }`)).plugins.map(
          (one: Answer) => `${one.name}@${one.marketplace} ${one.scope} ${one.enabled} ${one.category}`
        )
      expect((await plugins()).sort()).toEqual([
        "docs@market USER false null",
        "lint@market PROJECT true quality",
        "lint@market USER true quality",
        "tests@other LOCAL false null"
      ])
      expect(await plugins("(scope: LOCAL)")).toEqual(["tests@other LOCAL false null"])
      expect(
        await asking.ask("{ pluginStats { totalPlugins userPlugins projectPlugins localPlugins enabledPlugins } pluginCategories { category count } }")
      ).toEqual({
        pluginStats: { totalPlugins: 3, userPlugins: 2, projectPlugins: 1, localPlugins: 1, enabledPlugins: 1 },
        pluginCategories: [
          { category: "uncategorized", count: 2 },
          { category: "quality", count: 1 }
        ]
      })
      const { projects } = await asking.ask("{ projects { path plugins { name scope } } }")
      expect(projects.find((one: Answer) => one.path === path("work")).plugins.length).toBe(2)
      const toggled = await asking.ask('mutation { togglePlugin(name: "docs", marketplace: "market", scope: USER, enabled: true) { success message } }')
      expect(toggled.togglePlugin.success).toBe(true)
      expect(json(".claude/settings.json")).toMatchObject({ enabledPlugins: { "lint@market": true, "docs@market": true }, unknown: { kept: true } })
      const removed = await asking.ask('mutation { removePlugin(name: "docs", marketplace: "market", scope: USER) { success message } }')
      expect([removed.removePlugin.success, Object.keys(json(".claude/settings.json").enabledPlugins)]).toEqual([true, ["lint@market"]])
      expect((await asking.ask("{ pluginStats { totalPlugins enabledPlugins } }")).pluginStats).toEqual({ totalPlugins: 2, enabledPlugins: 1 })
      // What cannot be done is an answer that says why, and nothing is changed.
      const before = readFileSync(path(".claude/settings.json"), "utf8")
      for (const change of [
        'togglePlugin(name: "../x", marketplace: "m", scope: USER, enabled: true)',
        'removePlugin(name: "nobody", marketplace: "m", scope: USER)',
        'togglePlugin(name: "lint", marketplace: "market", scope: PROJECT, enabled: false, projectPath: "/nowhere/at/all")'
      ]) {
        const refused: Answer = Object.values(await asking.ask(`mutation { ${change} { success message } }`))[0]
        expect([change, refused.success, refused.message.length > 10]).toEqual([change, false, true])
      }
      write(".claude/settings.json", "{ broken")
      const broken = await asking.ask('mutation { togglePlugin(name: "lint", marketplace: "market", scope: USER, enabled: false) { success message } }')
      expect([broken.togglePlugin.success, broken.togglePlugin.message.includes(path(".claude/settings.json"))]).toEqual([false, true])
      expect(readFileSync(path(".claude/settings.json"), "utf8")).toBe("{ broken")
      expect((await asking.ask("{ settings { problems { path } } }")).settings.problems).toEqual([{ path: path(".claude/settings.json") }])
      write(".claude/settings.json", before)
    })

    it("The memory finds rules, and what was said, by their words", async () => {
      const { memory } = await asking.ask(
        `query ($work: String!) { memory {
          rules { id path content source scope domain projectName projectPath size }
          all: search(query: "answer*", projectPath: "") { answer confidence source layersSearched citations { source layer excerpt author projectPath relevance } }
          ruled: search(query: "tabs", projectPath: $work, layers: ["rules"]) { citations { source layer projectPath excerpt } layersSearched }
          said: search(query: "drawer", projectPath: $work, layers: ["transcripts"]) { citations { source layer author projectPath timestamp } }
          nothing: search(query: "unheard", projectPath: "") { answer confidence source citations { source } }
        } }`,
        { work: path("work") }
      )
      expect(memory.rules.map((rule: Answer) => [rule.path, rule.scope, rule.content, rule.size, rule.projectPath])).toEqual([
        [path(".claude/CLAUDE.md"), "USER", "Answer kindly, whoever asks.", 28, null],
        [path("work/CLAUDE.md"), "PROJECT", "Answer quickly. Use tabs.", 25, path("work")]
      ])
      expect(memory.all).toMatchObject({ layersSearched: ["rules", "transcripts"] })
      expect(memory.all.citations.some((one: Answer) => one.source === "Message:h-1" && one.layer === "transcripts" && one.author === "user")).toBe(true)
      for (const { relevance } of memory.all.citations) expect(relevance > 0 && relevance <= 1).toBe(true)
      expect(memory.ruled).toEqual({
        citations: [{ source: path("work/CLAUDE.md"), layer: "rules", projectPath: path("work"), excerpt: "Answer quickly. Use tabs." }],
        layersSearched: ["rules"]
      })
      expect(memory.said.citations).toEqual([{ source: "Message:h-2", layer: "transcripts", author: "assistant", projectPath: path("work"), timestamp: at(1) }])
      expect(memory.nothing).toMatchObject({ confidence: "none", source: null, citations: [] })
      const { startMemoryQuery } = await asking.ask(
        'mutation { startMemoryQuery(question: "why?", projectPath: "git.example/a", model: "haiku") { success sessionId message } }'
      )
      expect([startMemoryQuery.success, startMemoryQuery.sessionId]).toEqual([false, null])
      expect(startMemoryQuery.message).toContain("model")
    })

    it("Configuration folders are listed and can be registered", async () => {
      mkdirSync(path("second"), { recursive: true })
      const dirs = async () => (await asking.ask("{ configDirs { id path name isDefault sessionCount lastIndexedAt registeredAt } }")).configDirs
      expect(await dirs()).toMatchObject([
        { id: `ConfigDir:${path(".claude")}`, path: path(".claude"), name: ".claude", isDefault: true, sessionCount: 1, lastIndexedAt: at(5) }
      ])
      const register = 'mutation ($path: String!) { registerConfigDir(path: $path, name: "Second") }'
      expect(await asking.ask(register, { path: path("second") })).toEqual({ registerConfigDir: true })
      const [, second] = await dirs()
      expect(second).toMatchObject({ name: "Second", isDefault: false, sessionCount: 1, lastIndexedAt: at(6) })
      expect(Number.isNaN(Date.parse(second.registeredAt))).toBe(false)
      expect(json("config.json").roots).toMatchObject([{ path: path("second"), name: "Second" }])
      expect(await asking.ask('{ session(id: "there") { sourceConfigDir } here: session(id: "here") { sourceConfigDir } }')).toEqual({
        session: { sourceConfigDir: path("second") },
        here: { sourceConfigDir: path(".claude") }
      })
      // 10 × 25 + 100 × 0.5 millionths of a dollar, of which the cache saved 100 × 4.5.
      const { dashboardAnalytics } = await asking.ask(`{ dashboardAnalytics(days: 36500) { costAnalysis { estimatedCostUsd configDirBreakdowns {
        configDirId configDirName estimatedCostUsd cacheSavingsUsd cacheHitRate totalSessions totalMessages modelCount costPerSession
        dailyCostTrend { date costUsd sessionCount } weeklyCostTrend { weekStart costUsd } topSessionsByCost { sessionId costUsd } subscriptionComparisons { tierName }
      } } } }`)
      const [mine, other] = dashboardAnalytics.costAnalysis.configDirBreakdowns.toSorted((a: Answer, b: Answer) => b.estimatedCostUsd - a.estimatedCostUsd)
      expect(mine).toMatchObject({
        configDirId: `ConfigDir:${path(".claude")}`,
        configDirName: ".claude",
        estimatedCostUsd: expect.closeTo(300e-6, 12),
        cacheSavingsUsd: expect.closeTo(450e-6, 12),
        cacheHitRate: 1,
        totalSessions: 1,
        totalMessages: 2,
        modelCount: 1,
        dailyCostTrend: [{ date: "2026-03-11", costUsd: expect.closeTo(300e-6, 12), sessionCount: 1 }],
        weeklyCostTrend: [{ weekStart: "2026-03-09", costUsd: expect.closeTo(300e-6, 12) }],
        topSessionsByCost: [{ sessionId: "here", costUsd: expect.closeTo(300e-6, 12) }]
      })
      expect(other).toMatchObject({ configDirName: "Second", estimatedCostUsd: 0, totalSessions: 1, totalMessages: 1, modelCount: 0 })
      expect(await asking.ask("mutation ($path: String!) { unregisterConfigDir(path: $path) }", { path: path("second") })).toEqual({
        unregisterConfigDir: true
      })
      expect(await dirs()).toHaveLength(1)
      for (const [source, variables, code] of [
        [register, { path: path("missing") }, "ConfigDirInvalid"],
        [register, { path: "relative" }, "ConfigDirInvalid"],
        ["mutation ($path: String!) { unregisterConfigDir(path: $path) }", { path: path(".claude") }, "ConfigDirFixed"],
        ["mutation ($path: String!) { unregisterConfigDir(path: $path) }", { path: path("second") }, "ConfigDirNotFound"]
      ] as const) {
        const [error] = await asking.errors(source, variables)
        expect(error?.extensions["code"]).toBe(code)
      }
    })
  })
