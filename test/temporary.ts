import * as Fs from "node:fs"
import * as Os from "node:os"
import * as Path from "node:path"
import * as Effect from "effect/Effect"

/** A folder that goes with the scope. */
export const folder = Effect.acquireRelease(
  Effect.sync(() => Fs.mkdtempSync(Path.join(Os.tmpdir(), "han-"))),
  (path) => Effect.sync(() => Fs.rmSync(path, { recursive: true, force: true }))
)

export const mode = (path: string): string => (Fs.statSync(path).mode & 0o777).toString(8)

/** A `git` that answers from a table of directories, in a folder for the PATH. */
export const fakeGit = (path: string, repos: Readonly<Record<string, { readonly root: string; readonly remote: string | null }>>): string => {
  const bin = Path.join(path, "bin")
  Fs.mkdirSync(bin)
  const cases = Object.entries(repos).flatMap(([directory, { remote, root }]) => [
    `  "-C ${directory} rev-parse --show-toplevel") echo "${root}" ;;`,
    ...(remote === null ? [] : [`  "-C ${directory} config --get remote.origin.url") echo "${remote}" ;;`])
  ])
  Fs.writeFileSync(Path.join(bin, "git"), `#!/bin/sh\ncase "$*$GIT_DIR" in\n${cases.join("\n")}\n  *) exit 128 ;;\nesac\n`, { mode: 0o755 })
  return bin
}
