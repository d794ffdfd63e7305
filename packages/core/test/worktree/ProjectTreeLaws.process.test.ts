import { chmodSync, lstatSync, mkdirSync, readdirSync, renameSync, rmSync, symlinkSync, writeFileSync } from "node:fs"
import * as path from "node:path"
import { describe, expect, it } from "@effect/vitest"
import * as Effect from "effect/Effect"
import * as fc from "fast-check"
import { runs } from "../../../../test/runs.ts"
import { gitTree, paths, settle } from "../gitTree.ts"

const names = ["a", "b", "c.log", "d.ts"] as const
const places = ["", "x", "x/y", "z"] as const
const place = fc.tuple(fc.constantFrom(...places), fc.constantFrom(...names)).map(([folder, name]) => path.join(folder, name))
const folder = fc.constantFrom("x", "x/y", "z", "x/y/w")
const text = fc.constantFrom("1", "2", "3")
const rules = fc.constantFrom("*.log\n", "!c.log\n", "x/\n", "/z\n", "*\n!*.ts\n!*/\n", "a\n", "")

/** Something that happens to a folder; where it cannot, nothing does. */
const change = fc.oneof(
  { weight: 4, arbitrary: fc.record({ kind: fc.constant("write" as const), at: place, text }) },
  { weight: 2, arbitrary: fc.record({ kind: fc.constant("rewrite" as const), at: place, text, next: text }) },
  { weight: 2, arbitrary: fc.record({ kind: fc.constant("rename" as const), at: fc.oneof(place, folder), to: fc.oneof(place, folder) }) },
  { weight: 2, arbitrary: fc.record({ kind: fc.constant("delete" as const), at: fc.oneof(place, folder) }) },
  { weight: 2, arbitrary: fc.record({ kind: fc.constant("mkdir" as const), at: folder }) },
  { weight: 2, arbitrary: fc.record({ kind: fc.constant("symlink" as const), at: place, to: fc.constantFrom("a", "../a", "x", "x/y", ".", "nowhere") }) },
  {
    weight: 3,
    arbitrary: fc.record({
      kind: fc.constant("rules" as const),
      at: fc.constantFrom(".gitignore", "x/.gitignore", "x/y/.gitignore", ".git/info/exclude"),
      text: rules
    })
  },
  { weight: 1, arbitrary: fc.record({ kind: fc.constant("chmod" as const), at: place, mode: fc.constantFrom(0o644, 0o755) }) },
  { weight: 1, arbitrary: fc.record({ kind: fc.constant("track" as const), at: place }) },
  { weight: 1, arbitrary: fc.record({ kind: fc.constant("untrack" as const), at: place }) },
  { weight: 1, arbitrary: fc.record({ kind: fc.constant("repository" as const), at: folder }) }
)
type Change = typeof change extends fc.Arbitrary<infer A> ? A : never

/** `quiet`: all is still for a while before, so that the last look is kept. */
const step = fc.record({ change, quiet: fc.boolean() })

const statsOf = (root: string, at: string) => {
  try {
    return lstatSync(path.join(root, at))
  } catch {
    return null
  }
}
const isFolder = (root: string, at: string): boolean => statsOf(root, at)?.isDirectory() === true
const isThere = (root: string, at: string): boolean => statsOf(root, at) !== null

const apply = (root: string, git: (directory: string, ...argv: ReadonlyArray<string>) => string, change: Change): void => {
  const at = path.join(root, change.at)
  try {
    switch (change.kind) {
      case "write":
      case "rules":
        return writeFileSync(at, change.text)
      case "rewrite":
        writeFileSync(at, change.text)
        return writeFileSync(at, change.next)
      case "rename":
        return renameSync(at, path.join(root, change.to))
      case "delete":
        return rmSync(at, { recursive: true })
      case "mkdir":
        mkdirSync(at, { recursive: true })
        return
      case "symlink":
        return symlinkSync(change.to, at)
      case "chmod":
        return chmodSync(at, change.mode)
      case "track":
        git(root, "add", "-f", change.at)
        return
      case "untrack":
        git(root, "rm", "-q", "--cached", change.at)
        return
      case "repository":
        if (isFolder(root, change.at)) git(at, "init", "-q")
        return
    }
  } catch {
    // It could not happen.
  }
}

describe("a kept answer", () => {
  it.scopedLive(
    "A kept answer is what a look at everything would say, whatever happened",
    () =>
      Effect.gen(function* () {
        const { folder, git, looker, repository } = yield* gitTree
        let made = 0
        yield* Effect.promise(() =>
          fc.assert(
            fc.asyncProperty(fc.array(step, { minLength: 1, maxLength: 10 }), (steps) =>
              Effect.gen(function* () {
                const root = repository(path.join(folder, `project${made++}`), { a: "1", "x/b": "1", "x/y/c.log": "1", ".gitignore": "*.log\n" })
                const kept = looker()
                yield* kept.all(root)
                for (const { change, quiet } of steps) {
                  if (quiet) {
                    yield* settle
                    yield* kept.all(root)
                    expect(yield* kept.reads(root)).toBe(0)
                  }
                  apply(root, git, change)
                  const { digests, tree } = yield* looker().all(root)
                  expect(yield* kept.all(root)).toEqual({ digests, tree })
                  // What git itself lists, where it knows better than to list folders.
                  const listed = new Set(git(root, "ls-files", "-z", "--cached", "--others", "--exclude-standard").split("\0"))
                  const files = [...listed].filter((name) => name !== "" && !isFolder(root, name) && isThere(root, name)).sort()
                  if ([...listed].every((name) => name === "" || !isFolder(root, name))) expect(paths(tree)).toEqual(files)
                  else expect(paths(tree)).toEqual(expect.arrayContaining(files))
                }
                expect(readdirSync(root)).toContain(".git")
              }).pipe(Effect.runPromise)
            ),
            { numRuns: runs(25, 8) }
          )
        )
      }),
    180_000
  )
})
