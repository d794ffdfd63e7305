import { execFileSync } from "node:child_process"
import { appendFileSync, chmodSync, mkdirSync, readFileSync, renameSync, symlinkSync, unlinkSync, writeFileSync } from "node:fs"
import * as path from "node:path"
import { describe, expect, it } from "@effect/vitest"
import * as Effect from "effect/Effect"
import { put } from "../../../../test/transcriptTree.ts"
import { gitTree, paths, settle } from "../gitTree.ts"

describe("what is kept", () => {
  it.scopedLive("A second look reads nothing, and one change is one call of git", () =>
    Effect.gen(function* () {
      const { git, gitCalls, home, looker, repository, root } = yield* gitTree
      repository(root, { "a.ts": "a", "sub/b.ts": "b", ".gitignore": "node_modules\ndist/\n" })
      put(path.join(root, "node_modules/x/y"), "x")
      put(path.join(root, "dist/x"), "x")
      mkdirSync(path.join(root, "empty"))
      const { reads, tree } = looker()
      yield* settle
      yield* reads(root)
      expect(gitCalls()).toEqual(["config", "ls-files", "check-ignore"])
      const again = (change: () => void, calls: ReadonlyArray<string>) =>
        Effect.gen(function* () {
          yield* settle
          yield* reads(root)
          yield* reads(root)
          gitCalls()
          expect(yield* reads(root)).toBe(0)
          expect(gitCalls()).toEqual([])
          change()
          yield* tree(root)
          expect(gitCalls()).toEqual(calls)
        })
      const file = (name: string) => path.join(root, name)
      yield* again(() => put(file("sub/new.ts"), "x"), ["ls-files"])
      yield* again(() => renameSync(file("a.ts"), file("sub/a.ts")), ["ls-files"])
      yield* again(() => unlinkSync(file("sub/new.ts")), ["ls-files"])
      yield* again(() => symlinkSync("sub", file("link")), ["ls-files"])
      yield* again(() => git(root, "add", "-A"), ["ls-files"])
      yield* again(() => put(file("empty/x"), "x"), ["ls-files"])
      // The content of a file is no matter of the tree.
      yield* again(() => appendFileSync(file("sub/a.ts"), "x"), [])
      yield* again(() => put(file("node_modules/x/z"), "x"), [])
      yield* again(() => mkdirSync(file("another")), ["ls-files", "check-ignore"])
      yield* again(() => appendFileSync(file(".gitignore"), "x\n"), ["ls-files", "check-ignore"])
      yield* again(() => put(file(".git/info/exclude"), "y\n"), ["ls-files", "check-ignore"])
      yield* again(() => put(path.join(home, ".config/git/ignore"), "z\n"), ["ls-files", "check-ignore"])
      yield* again(() => put(path.join(home, ".gitconfig"), "[a]\nb=c\n"), ["config", "ls-files", "check-ignore"])
    })
  )

  it.scopedLive("A tree follows files that the configuration includes, or may include", () =>
    Effect.gen(function* () {
      const { git, home, looker, repository, root } = yield* gitTree
      repository(root, { "a.ts": "a" })
      for (const name of ["x", "y"]) put(path.join(root, name), "x")
      put(path.join(home, ".gitconfig"), '[include]\n\tpath = more\n[includeIf "onbranch:side"]\n\tpath = ~/side\n')
      put(path.join(home, "more"), `[core]\n\texcludesFile = ${path.join(home, "ignore-x")}\n`)
      put(path.join(home, "ignore-x"), "x\n")
      put(path.join(home, "ignore-y"), "y\n")
      const { tree } = looker()
      const look = Effect.map(Effect.zipRight(settle, Effect.zipRight(tree(root), tree(root))), paths)
      expect(yield* look).toEqual(["a.ts", "y"])
      put(path.join(home, "side"), `[core]\n\texcludesFile = ${path.join(home, "ignore-y")}\n`)
      expect(yield* look).toEqual(["a.ts", "y"])
      git(root, "symbolic-ref", "HEAD", "refs/heads/side")
      expect(paths(yield* tree(root))).toEqual(["a.ts", "x"])
      yield* look
      put(path.join(home, "side"), "")
      expect(paths(yield* tree(root))).toEqual(["a.ts", "y"])
      yield* look
      put(path.join(home, "more"), "")
      expect(paths(yield* tree(root))).toEqual(["a.ts", "x", "y"])
    })
  )

  it.scopedLive("looks at the same time share what they read, and each sees what was there before it began", () =>
    Effect.gen(function* () {
      const { gitCalls, looker, repository, root } = yield* gitTree
      repository(root, { "a.ts": "a" })
      const { tree } = looker()
      yield* settle
      const looks = yield* Effect.all(
        Array.from({ length: 20 }, () => tree(root)),
        { concurrency: "unbounded" }
      )
      expect(new Set(looks).size).toBe(1)
      expect(gitCalls()).toEqual(["config", "ls-files"])
      // The first is under way when each of these begins.
      const later = yield* Effect.all(
        Array.from({ length: 20 }, (_, at) =>
          Effect.gen(function* () {
            yield* Effect.sleep(at)
            put(path.join(root, `new${at}.ts`), "x")
            return paths(yield* tree(root)).includes(`new${at}.ts`)
          })
        ),
        { concurrency: "unbounded" }
      )
      expect(later).toEqual(later.map(() => true))
      expect(gitCalls().length).toBeLessThanOrEqual(20)
    })
  )

  it.scopedLive("At most fifty trees are kept", () =>
    Effect.gen(function* () {
      const { looker, root } = yield* gitTree
      const { tree } = looker()
      const reads = (name: number) =>
        Effect.gen(function* () {
          const work = { reads: 0 }
          yield* tree(path.join(root, String(name)), work)
          return work.reads
        })
      for (let at = 0; at < 51; at++) put(path.join(root, `${at}/x`), "x")
      yield* settle
      for (let at = 0; at < 51; at++) yield* reads(at)
      expect(yield* reads(50)).toBe(0)
      expect(yield* reads(0)).toBe(1)
    })
  )

  it.scopedLive("no program of the repository is run, and nothing is written", () =>
    Effect.gen(function* () {
      const { git, looker, repository, root } = yield* gitTree
      repository(root, { "a.ts": "a" })
      const evil = put(path.join(root, "../evil"), `#!/bin/sh\ntouch '${root}/ran'\n`)
      chmodSync(evil, 0o755)
      git(root, "config", "core.fsmonitor", evil)
      for (const hook of ["post-index-change", "fsmonitor-watchman"]) symlinkSync(evil, path.join(root, ".git/hooks", hook))
      const index = execFileSync("sha256sum", [path.join(root, ".git/index")], { encoding: "utf8" })
      writeFileSync(path.join(root, "a.ts"), readFileSync(path.join(root, "a.ts")))
      expect(paths(yield* looker().tree(root))).toEqual(["a.ts"])
      expect(paths(yield* looker().tree(root))).toEqual(["a.ts"])
      expect(execFileSync("sha256sum", [path.join(root, ".git/index")], { encoding: "utf8" })).toBe(index)
    })
  )
})
