import { execFileSync } from "node:child_process"
import { chmodSync, existsSync, mkdirSync, readFileSync, rmSync } from "node:fs"
import * as path from "node:path"
import * as Effect from "effect/Effect"
import { put, temporary } from "../../../test/transcriptTree.ts"
import type { Work } from "../src/files/keptReads.ts"
import { fileDigests } from "../src/worktree/fileDigests.ts"
import { type ProjectTree, projectTrees } from "../src/worktree/projectTree.ts"

const realGit = (process.env.PATH ?? "")
  .split(path.delimiter)
  .map((folder) => path.join(folder, "git"))
  .find((file) => existsSync(file))

/** A folder with a home and a git of its own, which notes how it is called. */
export const gitTree = Effect.gen(function* () {
  const folder = yield* temporary
  const home = path.join(folder, "home")
  const calls = path.join(folder, "calls")
  mkdirSync(home)
  const program = put(path.join(folder, "bin/git"), `#!/bin/sh\necho "$*" >> '${calls}'\nexec '${realGit}' "$@"\n`)
  chmodSync(program, 0o755)
  const environment = { PATH: `${path.dirname(program)}${path.delimiter}${process.env.PATH}`, HOME: home, GIT_DIR: "/nowhere" }
  const git = (directory: string, ...argv: ReadonlyArray<string>): string =>
    execFileSync("git", ["-c", "user.name=a", "-c", "user.email=a@example.test", "-c", "protocol.file.allow=always", ...argv], {
      cwd: directory,
      env: { PATH: process.env.PATH, HOME: home },
      encoding: "utf8",
      stdio: ["ignore", "pipe", "pipe"]
    })
  /** A repository with these files, committed. */
  const repository = (at: string, files: Readonly<Record<string, string>> = {}): string => {
    mkdirSync(at, { recursive: true })
    git(at, "init", "-q", "-b", "main")
    for (const [file, text] of Object.entries(files)) put(path.join(at, file), text)
    git(at, "add", "-A", "-f")
    git(at, "commit", "-q", "--allow-empty", "-m", "x")
    return at
  }
  /** The calls of git since the last question, without what they have in common. */
  const gitCalls = (): ReadonlyArray<string> => {
    if (!existsSync(calls)) return []
    const lines = readFileSync(calls, "utf8").split("\n")
    rmSync(calls)
    return lines.flatMap((line) => / (config|ls-files|check-ignore) /.exec(line)?.[1] ?? [])
  }
  return { folder, home, environment, git, repository, gitCalls, root: path.join(folder, "project"), looker: (env = environment) => lookerOf(env) }
})

export type Environment = Readonly<Record<string, string | undefined>>

/** Trees and digests of one instance, with how much the last look had to read. */
export const lookerOf = (environment: Environment) => {
  const trees = projectTrees({ environment })
  const digests = fileDigests()
  return {
    tree: (root: string, work: Work = { reads: 0 }): Effect.Effect<ProjectTree> => trees(root, work),
    /** A look that nothing can have changed for. */
    reads: (root: string): Effect.Effect<number> =>
      Effect.gen(function* () {
        const work = { reads: 0 }
        const tree = yield* trees(root, work)
        yield* digests(tree.root, tree.files, work)
        return work.reads
      }),
    digests,
    /** All that it says of a root. */
    all: (root: string) =>
      Effect.gen(function* () {
        const tree = yield* trees(root, { reads: 0 })
        return { tree, digests: [...(yield* digests(tree.root, tree.files, { reads: 0 }))].sort() }
      })
  }
}

export const paths = (tree: ProjectTree): ReadonlyArray<string> => tree.files.map(({ path }) => path)

/** Until a change can no longer be missed because it came too soon. */
export const settle = Effect.sleep(150)
