import { mkdirSync, symlinkSync } from "node:fs"
import * as path from "node:path"
import { describe, expect, it } from "@effect/vitest"
import * as Effect from "effect/Effect"
import * as Layer from "effect/Layer"
import { claudeTree } from "../../../../test/claudeTree.ts"
import { put } from "../../../../test/transcriptTree.ts"
import * as ClaudeFolders from "../../src/settings/ClaudeFolders.ts"
import * as MemoryRules from "../../src/settings/MemoryRules.ts"

const rulesOf = (folders: ReadonlyArray<string>, projectPaths: ReadonlyArray<string>) =>
  Effect.flatMap(MemoryRules.MemoryRules, ({ rules }) => rules({ projectPaths })).pipe(
    Effect.provide(MemoryRules.layer.pipe(Layer.provide(ClaudeFolders.layer({ folders }))))
  )

describe("rules", () => {
  it.scoped("Rules of the user and of projects are read by their domains", () =>
    Effect.gen(function* () {
      const { config, project } = yield* claudeTree
      put(path.join(config, "CLAUDE.md"), "be kind")
      put(path.join(config, "rules/git.md"), "no force")
      put(path.join(project, "CLAUDE.md"), "# Project é")
      put(path.join(project, "CLAUDE.local.md"), "mine")
      put(path.join(project, ".claude/CLAUDE.md"), "more")
      put(path.join(project, ".claude/rules/testing/api.md"), "test the api")
      put(path.join(project, ".claude/rules/style.md"), "")
      put(path.join(project, ".claude/rules/notes.txt"), "no rule")
      const { problems, rules } = yield* rulesOf([config], [project, path.join(project, "none"), `${project}/`])
      expect(problems).toEqual([])
      expect(rules.map(({ content, domain, scope, size, source }) => [source, scope, domain, content, size])).toEqual([
        ["user", "USER", "CLAUDE", "be kind", 7],
        ["user", "USER", "git", "no force", 8],
        ["project", "PROJECT", "CLAUDE", "# Project é", 12],
        ["project", "PROJECT", "CLAUDE", "more", 4],
        ["project", "PROJECT", "style", "", 0],
        ["project", "PROJECT", "testing/api", "test the api", 12],
        ["local", "PROJECT", "CLAUDE.local", "mine", 4]
      ])
      expect(new Set(rules.map((rule) => rule.id)).size).toBe(7)
      expect(rules[2]).toMatchObject({ path: path.join(project, "CLAUDE.md"), projectName: "project", projectPath: project })
      expect(rules[0]).toMatchObject({ projectName: null, projectPath: null })
      expect(yield* rulesOf([config], [project])).toEqual({ problems, rules })
    })
  )

  it.scoped("Rules are read once through links, and circles and broken links are no harm", () =>
    Effect.gen(function* () {
      const { config, project, root } = yield* claudeTree
      put(path.join(root, "shared/deep/team.md"), "team")
      put(path.join(root, "AGENTS.md"), "agents")
      mkdirSync(path.join(project, ".claude/rules"), { recursive: true })
      const link = (target: string, name: string) => symlinkSync(target, path.join(project, name))
      link("../AGENTS.md", "CLAUDE.md")
      link("../../../shared", ".claude/rules/shared")
      link(".", ".claude/rules/self")
      link("../..", ".claude/rules/up")
      link("nowhere.md", ".claude/rules/gone.md")
      symlinkSync("..", path.join(root, "shared/back"))
      symlinkSync(project, path.join(root, "alias"))
      const { problems, rules } = yield* rulesOf([config], [project, path.join(root, "alias")])
      expect(problems).toEqual([])
      expect(rules.filter((rule) => rule.content === "team")).toHaveLength(1)
      expect(rules.find((rule) => rule.domain === "CLAUDE")).toMatchObject({ content: "agents", path: path.join(project, "CLAUDE.md") })
      // The home folder is a project, too.
      put(path.join(config, "CLAUDE.md"), "me")
      put(path.join(config, "rules/one.md"), "one")
      expect((yield* rulesOf([config], [path.dirname(config)])).rules.map((rule) => [rule.scope, rule.domain])).toEqual([
        ["USER", "CLAUDE"],
        ["USER", "one"]
      ])
    })
  )

  it.scoped("Rules that are long are cut between characters, and many are bounded", () =>
    Effect.gen(function* () {
      const { config, project } = yield* claudeTree
      const long = `x${"é".repeat(200_000)}`
      put(path.join(project, "CLAUDE.md"), long)
      const { rules } = yield* rulesOf([config], [project])
      expect(rules[0]?.size).toBe(400_001)
      expect(rules[0]?.content).toBe(long.slice(0, 1 + Math.floor((262_144 - 1) / 2)))
      for (let number = 0; number < 1100; number++) put(path.join(config, `rules/${number}.md`), "x")
      const many = yield* rulesOf([config], [])
      expect(many.rules).toHaveLength(1000)
      expect(many.problems).toEqual([{ path: path.join(config, "rules"), message: expect.stringContaining("the rest was left out") }])
    })
  )

  it.scoped("A deep folder, too much text, and what is no file are problems", () =>
    Effect.gen(function* () {
      const { config, project } = yield* claudeTree
      put(path.join(config, "rules", ...Array.from({ length: 40 }, () => "d"), "deep.md"), "deep")
      put(path.join(config, "rules/top.md"), "top")
      mkdirSync(path.join(project, "CLAUDE.md"), { recursive: true })
      const { problems, rules } = yield* rulesOf([config], [project, "relative"])
      expect(rules.map((rule) => rule.domain)).toEqual(["top"])
      expect(problems.map((problem) => problem.path)).toEqual([path.join(config, "rules"), path.join(project, "CLAUDE.md"), "relative"])
      const block = "y".repeat(1 << 18)
      for (let number = 0; number < 70; number++) put(path.join(project, `.claude/rules/${number}.md`), block)
      const full = yield* rulesOf([], [project])
      expect(full.rules.reduce((sum, rule) => sum + rule.content.length, 0)).toBe(1 << 24)
      expect(full.problems.filter((problem) => problem.message.includes("was left out"))).toHaveLength(6)
    })
  )
})
