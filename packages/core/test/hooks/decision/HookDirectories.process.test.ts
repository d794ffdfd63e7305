import { mkdirSync } from "node:fs"
import * as path from "node:path"
import { describe, expect, it } from "@effect/vitest"
import * as Effect from "effect/Effect"
import * as fc from "fast-check"
import { put } from "../../../../../test/transcriptTree.ts"
import { filesIn, hookDirectories } from "../../../src/hooks/decision/hookDirectories.ts"
import type { ProjectTree } from "../../../src/worktree/projectTree.ts"
import { gitTree } from "../../gitTree.ts"

const project = Effect.gen(function* () {
  const { looker, repository, root } = yield* gitTree
  repository(root, { ".gitignore": "node_modules/\n*.log\n.env\n", "package.json": "{}", "tsconfig.json": "{}" })
  for (const file of [
    "packages/a/package.json",
    "packages/a/A.csproj",
    "packages/b.c/package.json",
    "packages/b.c/.env",
    "packages/b/x.log",
    "packages/b/deep/down/pyproject.toml",
    "node_modules/x/package.json",
    "node_modules/.bin/tool",
    ".github/workflows/ci.yml",
    "[odd]"
  ])
    put(path.join(root, file), "x")
  mkdirSync(path.join(root, "empty/tests"), { recursive: true })
  return yield* looker().tree(root)
})

describe("the directories of a hook", () => {
  it.scopedLive("The directories of a hook hold any of its markers", () =>
    Effect.gen(function* () {
      const tree = yield* project
      const of = (...markers: ReadonlyArray<string>) => hookDirectories(tree, markers)
      expect(of()).toEqual([""])
      expect(of("package.json")).toEqual(["", "packages/a", "packages/b.c"])
      expect(of("pyproject.toml", "package.json")).toEqual(["", "packages/a", "packages/b.c", "packages/b/deep/down"])
      expect(of("*.csproj", "*.sln")).toEqual(["packages/a"])
      expect(of("ts*.json")).toEqual([""])
      expect(of("nothing")).toEqual([])
      // Folders, those without any file, and what git ignores: none is looked into that git ignores.
      expect(of("tests")).toEqual(["empty"])
      expect(of("deep")).toEqual(["packages/b"])
      expect(of("node_modules", ".env", "*.log", ".git")).toEqual(["", "packages/b", "packages/b.c"])
      expect(of("tests/", "node_modules/")).toEqual(["", "empty"])
      expect(of("package.json/", "x.log/")).toEqual([])
      expect(of("[odd]")).toEqual([""])
      expect(of("a[")).toEqual([])
    })
  )

  it.scopedLive("a marker with a / is a path from the root, and means the root", () =>
    Effect.gen(function* () {
      const tree = yield* project
      const of = (...markers: ReadonlyArray<string>) => hookDirectories(tree, markers)
      for (const marker of [
        "packages/a/package.json",
        "./package.json",
        "/package.json",
        ".github/workflows/*.yml",
        "*/a/",
        "**/*.toml",
        "node_modules/.bin/tool",
        "packages/*/x.log",
        "packages/b/"
      ])
        expect([marker, of(marker)]).toEqual([marker, [""]])
      for (const marker of [
        "packages/package.json",
        "a/package.json",
        "packages/*/deep/x",
        "*/x.log/",
        "node_modules/*/package.json",
        "../project/package.json",
        "packages/a/package.json/",
        "/",
        "./",
        ""
      ])
        expect([marker, of(marker)]).toEqual([marker, []])
    })
  )
})

describe("the files of a directory", () => {
  it.scopedLive("The files of a directory are those at or below it, by paths from there", () =>
    Effect.gen(function* () {
      const tree = yield* project
      const of = (directory: string) => filesIn(tree, directory).map(({ path }) => path)
      expect(of("packages/b")).toEqual(["deep/down/pyproject.toml"])
      expect(of("packages/b.c")).toEqual(["package.json"])
      expect(of("packages")).toEqual(["a/A.csproj", "a/package.json", "b.c/package.json", "b/deep/down/pyproject.toml"])
      expect(of("")).toEqual(tree.files.map(({ path }) => path))
      expect([of("empty"), of("none"), of("package.json")]).toEqual([[], [], []])
    })
  )

  it("The files of a directory are the same as a look at each file says", () => {
    const name = fc.stringMatching(/^[-./0ab~]{1,5}$/).filter((text) => !/^\/|\/$|\/\//.test(text))
    fc.assert(
      fc.property(fc.uniqueArray(name), name, (names, directory) => {
        const files = [...names].sort().map((path) => ({ path, raw: null }))
        const tree: ProjectTree = { root: "/", files, directories: [], ignored: [], isGit: false, identity: "/" }
        const expected = files.filter(({ path }) => path.startsWith(`${directory}/`)).map(({ path }) => path.slice(directory.length + 1))
        expect(filesIn(tree, directory).map(({ path }) => path)).toEqual(expected)
      })
    )
  })
})
