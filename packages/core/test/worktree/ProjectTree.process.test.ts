import { Buffer } from "node:buffer"
import { chmodSync, mkdirSync, renameSync, rmSync, symlinkSync, unlinkSync, writeFileSync } from "node:fs"
import * as path from "node:path"
import { describe, expect, it } from "@effect/vitest"
import * as Effect from "effect/Effect"
import * as TestClock from "effect/TestClock"
import { put } from "../../../../test/transcriptTree.ts"
import { gitTree, paths, settle } from "../gitTree.ts"

describe("which files count", () => {
  it.scopedLive("A tree has the files that git does not ignore, by rules of every place", () =>
    Effect.gen(function* () {
      const { git, home, looker, repository, root } = yield* gitTree
      repository(root, { "a.ts": "a", ".gitignore": "*.log\n/build/\nout/*\n!out/kept/\n!out/empty/\n", "forced.log": "tracked all the same", "gone.ts": "" })
      put(path.join(home, ".gitconfig"), "[core]\n\texcludesFile = ~/everywhere\n")
      put(path.join(home, "everywhere"), "*.swp\n")
      put(path.join(root, ".git/info/exclude"), "private\n")
      put(path.join(root, "sub/.gitignore"), "!important.log\nlocal\n")
      for (const file of [
        "x.log",
        "x.swp",
        "private",
        "build/x",
        "sub/build/x",
        "out/x",
        "out/kept/x",
        "sub/important.log",
        "sub/other.log",
        "sub/local",
        "local"
      ])
        put(path.join(root, file), "x")
      mkdirSync(path.join(root, "out/empty"))
      mkdirSync(path.join(root, "out/other"))
      git(root, "add", "sub/build")
      unlinkSync(path.join(root, "gone.ts"))
      const { tree } = looker()
      const found = yield* tree(root)
      expect(paths(found)).toEqual([".gitignore", "a.ts", "forced.log", "local", "out/kept/x", "sub/.gitignore", "sub/build/x", "sub/important.log"])
      expect(found.directories).toEqual(["", "out", "out/empty", "out/kept", "sub", "sub/build"])
      expect(found.ignored).toEqual([".git/", "build/", "out/other/", "out/x", "private", "sub/local", "sub/other.log", "x.log", "x.swp"])
      expect(found).toMatchObject({ root, isGit: true, identity: path.join(root, ".git") })
      // What is said of all repositories without any configuration, too.
      rmSync(path.join(home, ".gitconfig"))
      put(path.join(home, ".config/git/ignore"), "a.*\n")
      expect(paths(yield* tree(root))).toContain("x.swp")
      put(path.join(root, "a.new"), "x")
      expect(paths(yield* tree(root))).not.toContain("a.new")
    })
  )

  it.scopedLive("A tree follows folders that ignore themselves, empty folders, and what appears in them", () =>
    Effect.gen(function* () {
      const { looker, repository, root } = yield* gitTree
      repository(root, { "a.ts": "a", ".gitignore": "node_modules\n" })
      put(path.join(root, ".venv/.gitignore"), "*\n")
      put(path.join(root, ".venv/lib/deep/x.py"), "x")
      put(path.join(root, "node_modules/pkg/index.js"), "x")
      mkdirSync(path.join(root, "empty/deeper"), { recursive: true })
      const { tree } = looker()
      yield* settle
      const found = yield* tree(root)
      expect(paths(found)).toEqual([".gitignore", "a.ts"])
      expect(found.directories).toEqual(["", ".venv", "empty", "empty/deeper"])
      put(path.join(root, "empty/deeper/b.ts"), "b")
      put(path.join(root, "node_modules/pkg/other.js"), "x")
      expect(paths(yield* tree(root))).toEqual([".gitignore", "a.ts", "empty/deeper/b.ts"])
      unlinkSync(path.join(root, ".venv/.gitignore"))
      expect(paths(yield* tree(root))).toContain(".venv/lib/deep/x.py")
    })
  )

  it.scopedLive("A folder within a repository has its own tree, and one that the repository ignores belongs to itself", () =>
    Effect.gen(function* () {
      const { git, looker, repository, root } = yield* gitTree
      repository(root, { ".gitignore": "*.log\nmine/\n", "app/.gitignore": "tmp\n", "app/src/a.ts": "a", "other/b.ts": "b" })
      put(path.join(root, "app/src/x.log"), "x")
      put(path.join(root, "app/src/tmp"), "x")
      put(path.join(root, "mine/project/a.ts"), "a")
      put(path.join(root, "mine/project/node_modules/x"), "a")
      const { tree } = looker()
      const app = yield* tree(path.join(root, "app"))
      expect(paths(app)).toEqual([".gitignore", "src/a.ts"])
      expect(app.identity).toBe(`${path.join(root, ".git")}//app`)
      git(root, "worktree", "add", "-q", path.join(root, "../linked"))
      expect((yield* tree(path.join(root, "../linked/app"))).identity).toBe(app.identity)
      const mine = yield* tree(path.join(root, "mine/project"))
      expect(mine).toMatchObject({ isGit: false, directories: [""] })
      expect(paths(mine)).toEqual(["a.ts"])
      // Rules above the root are rules.
      yield* settle
      yield* tree(path.join(root, "app"))
      writeFileSync(path.join(root, ".gitignore"), "*.none\n")
      expect(paths(yield* tree(path.join(root, "app")))).toEqual([".gitignore", "src/a.ts", "src/x.log"])
      expect((yield* tree(path.join(root, "mine/project"))).isGit).toBe(true)
    })
  )

  it.scopedLive("A tree has names of any bytes, with line breaks, quotes and dashes", () =>
    Effect.gen(function* () {
      const { git, looker, repository, root } = yield* gitTree
      repository(root, { ".gitignore": "ignored*\n" })
      const odd = ["-x", "a\nb", "q\"uo'te", " space ", ":(top)y", "\\back", "é", "*", "-d/e"]
      for (const name of odd) put(path.join(root, name), "x")
      for (const name of [":!empty", "-empty", "em\npty", "ignored\nempty"]) mkdirSync(path.join(root, name))
      const bytes = (...parts: ReadonlyArray<string | number>) =>
        Buffer.concat(parts.map((part) => (typeof part === "string" ? Buffer.from(part) : Buffer.from([part]))))
      const raws = [bytes("f", 0xff), bytes("f", 0xfe), bytes("d", 0xff, "/é"), bytes("ignored", 0xff)]
      mkdirSync(bytes(`${root}/d`, 0xff))
      mkdirSync(bytes(`${root}/empty`, 0xff))
      for (const raw of raws) writeFileSync(bytes(`${root}/`, ...[...raw]), raw)
      const { digests, tree } = looker()
      const found = yield* tree(root)
      expect(found.isGit).toBe(true)
      expect(paths(found)).toEqual([".gitignore", ...odd, "d\ufffd/é", "f\ufffd", "f\ufffd"].sort())
      expect(found.files.flatMap(({ raw }) => (raw === null ? [] : [raw.toString("latin1")]))).toEqual(["d\xff/Ã©", "f\xfe", "f\xff"])
      expect(found.directories).toEqual(["", "-d", "-empty", ":!empty", "d\ufffd", "em\npty", "empty\ufffd"].sort())
      const known = yield* digests(root, found.files, { reads: 0 })
      expect(known.size).toBe(found.files.length)
      expect([...known.values()]).not.toContain("gone")
      expect(known.get("f\ufffd?66ff")).not.toBe(known.get("f\ufffd?66fe"))
      git(root, "add", "-A")
      expect(paths(yield* tree(root))).toEqual(paths(found))
    })
  )

  it.scopedLive("A tree follows a git that takes names with other letters for the same", () =>
    Effect.gen(function* () {
      const { git, looker, repository, root } = yield* gitTree
      repository(root, { "README.md": "x", "Source/A.ts": "x" })
      git(root, "config", "core.ignoreCase", "true")
      renameSync(path.join(root, "README.md"), path.join(root, "readme.md"))
      renameSync(path.join(root, "Source"), path.join(root, "source"))
      expect(paths(yield* looker().tree(root))).toEqual(["readme.md", "source/A.ts"])
    })
  )
})

describe("other repositories", () => {
  it.scopedLive("Nested repositories and submodules are in a tree as they see themselves, own linked worktrees are not", () =>
    Effect.gen(function* () {
      const { folder, git, looker, repository, root } = yield* gitTree
      const library = repository(path.join(folder, "library"), { "lib.ts": "x", ".gitignore": "*.tmp\n", "deep/x.ts": "x" })
      repository(root, { "a.ts": "a" })
      git(root, "submodule", "--quiet", "add", library, "libs/library")
      put(path.join(root, "libs/library/x.tmp"), "x")
      put(path.join(root, "libs/library/new.ts"), "x")
      repository(path.join(root, "nested"), { "n.ts": "n" })
      repository(path.join(root, "nested/inner"), { "i.ts": "i" })
      repository(path.join(root, "fresh"))
      put(path.join(root, "fresh/f.ts"), "f")
      mkdirSync(path.join(root, "unborn"))
      git(path.join(root, "unborn"), "init", "-q")
      git(root, "worktree", "add", "-q", "-b", "side", path.join(root, ".claude/worktrees/side"))
      git(root, "worktree", "add", "-q", "-b", "other", path.join(root, "nested/other"))
      mkdirSync(path.join(root, "half/.git"), { recursive: true })
      put(path.join(root, "half/h.ts"), "h")
      const { reads, tree } = looker()
      yield* settle
      const found = yield* tree(root)
      const expected = [".gitmodules", "a.ts", "fresh/f.ts", "half/h.ts", "libs/library/.gitignore", "libs/library/deep/x.ts", "libs/library/lib.ts"]
      expect(paths(found)).toEqual([...expected, "libs/library/new.ts", "nested/inner/i.ts", "nested/n.ts"])
      expect(found.ignored).toContain(".claude/worktrees/side/")
      expect(found.ignored).toContain("nested/other/")
      expect(found.directories).toContain("unborn")
      yield* reads(root)
      expect(yield* reads(root)).toBe(0)
      put(path.join(root, "unborn/u.ts"), "u")
      put(path.join(root, "nested/inner/new.ts"), "u")
      put(path.join(root, ".claude/worktrees/side/new.ts"), "u")
      expect(paths(yield* tree(root))).toEqual([...expected, "libs/library/new.ts", "nested/inner/i.ts", "nested/inner/new.ts", "nested/n.ts", "unborn/u.ts"])
      // What is no worktree any more is a folder.
      yield* settle
      yield* tree(root)
      unlinkSync(path.join(root, ".claude/worktrees/side/.git"))
      expect(paths(yield* tree(root))).toContain(".claude/worktrees/side/new.ts")
      // And what is a repository now, is one.
      yield* settle
      yield* tree(root)
      git(path.join(root, "half"), "init", "-q")
      put(path.join(root, "half/.git/info/exclude"), "*.ts\n")
      expect(paths(yield* tree(root))).not.toContain("half/h.ts")
    })
  )

  it.scopedLive("A linked worktree has its own tree, also below the root", () =>
    Effect.gen(function* () {
      const { git, looker, repository, root } = yield* gitTree
      repository(root, { "a.ts": "a" })
      const side = path.join(root, ".claude/worktrees/side")
      git(root, "worktree", "add", "-q", "-b", "side", side)
      const { tree } = looker()
      yield* settle
      const found = yield* tree(side)
      expect(paths(found)).toEqual(["a.ts"])
      expect(found.identity).toBe((yield* tree(root)).identity)
      put(path.join(side, "ignored.txt"), "x")
      put(path.join(root, ".git/info/exclude"), "*.txt\n")
      expect(paths(yield* tree(side))).toEqual(["a.ts"])
      git(side, "add", "-f", "ignored.txt")
      expect(paths(yield* tree(side))).toEqual(["a.ts", "ignored.txt"])
    })
  )

  it.scopedLive("the main worktree within a linked one is another repository", () =>
    Effect.gen(function* () {
      const { folder, git, looker, repository, root } = yield* gitTree
      const main = repository(path.join(folder, "main"), { "a.ts": "a" })
      git(main, "worktree", "add", "-q", "-b", "side", root)
      renameSync(main, path.join(root, "main"))
      git(path.join(root, "main"), "worktree", "repair", root)
      expect(yield* Effect.map(looker().tree(root), paths)).toEqual(["a.ts", "main/a.ts"])
    })
  )

  it.scopedLive("A submodule that was not fetched, and a folder in a tracked file's place, count by the files in them", () =>
    Effect.gen(function* () {
      const { folder, git, looker, repository, root } = yield* gitTree
      const library = repository(path.join(folder, "library"), { "lib.ts": "x" })
      repository(root, { file: "x", ".gitignore": "*.log\n" })
      git(root, "submodule", "--quiet", "add", library, "library")
      git(root, "submodule", "--quiet", "deinit", "-f", "library")
      const { tree } = looker()
      expect(paths(yield* tree(root))).toEqual([".gitignore", ".gitmodules", "file"])
      put(path.join(root, "library/stray.ts"), "x")
      unlinkSync(path.join(root, "file"))
      put(path.join(root, "file/x.ts"), "x")
      put(path.join(root, "file/x.log"), "x")
      expect(paths(yield* tree(root))).toEqual([".gitignore", ".gitmodules", "file/x.ts", "library/stray.ts"])
    })
  )
})

describe("without git", () => {
  it.scopedLive("A tree without git has all but folders of version control and node_modules, until a repository is made", () =>
    Effect.gen(function* () {
      const { gitCalls, git, looker, root } = yield* gitTree
      for (const file of ["a.ts", ".gitignore", "node_modules/x", "sub/node_modules/x", ".hg/x", ".svn/x", "sub/.env", "target/x"])
        put(path.join(root, file), "target\n")
      const { reads, tree } = looker()
      yield* settle
      const found = yield* tree(path.join(root, "sub/.."))
      expect(paths(found)).toEqual([".gitignore", "a.ts", "sub/.env", "target/x"])
      expect(found).toMatchObject({ root, isGit: false, identity: root, directories: ["", "sub", "target"] })
      yield* reads(root)
      expect(yield* reads(root)).toBe(0)
      expect(gitCalls()).toEqual([])
      git(root, "init", "-q")
      const now = yield* tree(root)
      expect(paths(now)).toEqual([".gitignore", ".hg/x", ".svn/x", "a.ts", "node_modules/x", "sub/.env", "sub/node_modules/x"])
      expect(now.isGit).toBe(true)
    })
  )

  it.scopedLive("a git that is missing or fails leaves nothing out", () =>
    Effect.gen(function* () {
      const { environment, folder, git, home, looker, repository, root } = yield* gitTree
      repository(root, { "a.ts": "a", ".gitignore": "*.log\nnode_modules\n" })
      put(path.join(root, "x.log"), "x")
      put(path.join(root, "node_modules/x"), "x")
      const all = [".gitignore", "a.ts", "node_modules/x", "x.log"]
      mkdirSync(path.join(folder, "nothing"))
      const missing = looker({ ...environment, PATH: path.join(folder, "nothing") })
      yield* settle
      const found = yield* missing.tree(root)
      expect(paths(found)).toEqual(all)
      expect(found).toMatchObject({ isGit: false, identity: path.join(root, ".git") })
      yield* missing.reads(root)
      expect(yield* missing.reads(root)).toBe(0)
      const failing = put(path.join(folder, "failing/git"), '#!/bin/sh\ncase "$*" in *ls-files*) exit 1;; esac\nexec /usr/bin/env false\n')
      chmodSync(failing, 0o755)
      expect(paths(yield* looker({ ...environment, PATH: `${path.dirname(failing)}:${process.env.PATH}` }).tree(root))).toEqual(all)
      // Files that belong elsewhere.
      const { tree } = looker()
      yield* settle
      expect(paths(yield* tree(root))).toEqual([".gitignore", "a.ts"])
      git(root, "config", "core.worktree", home)
      expect(paths(yield* tree(root))).toEqual(all)
      git(root, "config", "--unset", "core.worktree")
      expect(paths(yield* tree(root))).toEqual([".gitignore", "a.ts"])
      yield* settle
      yield* tree(root)
      writeFileSync(path.join(root, ".git/HEAD"), "broken\n")
      expect(yield* tree(root)).toMatchObject({ isGit: false, identity: root })
      rmSync(path.join(root, ".git"), { recursive: true })
      writeFileSync(path.join(root, ".git"), "gitdir: nowhere\n")
      expect(paths(yield* tree(root))).toEqual(all)
      rmSync(path.join(root, ".git"))
      expect(paths(yield* tree(root))).toEqual([".gitignore", "a.ts", "x.log"])
      rmSync(root, { recursive: true })
      expect(yield* tree(root)).toMatchObject({ files: [], directories: [] })
      put(root, "a file")
      expect(yield* tree(root)).toMatchObject({ files: [], directories: [] })
    })
  )
  it.scoped("a git that failed is asked again after a minute", () =>
    Effect.gen(function* () {
      const { environment, folder, looker, repository, root } = yield* gitTree
      repository(root, { "a.ts": "a", ".gitignore": "*.log\n" })
      put(path.join(root, "x.log"), "x")
      const bin = path.join(folder, "later")
      mkdirSync(bin)
      const { tree } = looker({ ...environment, PATH: bin })
      yield* Effect.promise(() => new Promise((resolve) => setTimeout(resolve, 150)))
      expect(paths(yield* tree(root))).toContain("x.log")
      symlinkSync(path.join(folder, "bin/git"), path.join(bin, "git"))
      yield* TestClock.adjust("59 seconds")
      expect(paths(yield* tree(root))).toContain("x.log")
      yield* TestClock.adjust("1 second")
      expect(paths(yield* tree(root))).toEqual([".gitignore", "a.ts"])
    })
  )
})
