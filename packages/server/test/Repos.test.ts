import * as Fs from "node:fs"
import * as Path from "node:path"
import { assert, it } from "@effect/vitest"
import * as Effect from "effect/Effect"
import { fakeGit, folder } from "../../../test/temporary.ts"
import { probe } from "../src/Repos.ts"

it.scopedLive("git says what a directory is; one that is gone or no repository is nothing", () =>
  Effect.gen(function* () {
    const path = yield* folder
    for (const name of ["repo", "local", "plain"]) Fs.mkdirSync(Path.join(path, name))
    const bin = fakeGit(path, {
      [Path.join(path, "repo")]: { root: path, remote: "https://me:secret@github.com/owner/name.git" },
      [Path.join(path, "local")]: { root: Path.join(path, "local"), remote: null }
    })
    // The variable would lead git astray.
    const look = probe({ PATH: `${bin}:/bin:/usr/bin`, GIT_DIR: "/elsewhere", ABSENT: undefined })
    assert.deepStrictEqual(yield* look(Path.join(path, "repo")), { remote: "github.com/owner/name", root: path, worktreeOf: null, defaultBranch: null })
    assert.deepStrictEqual(yield* look(Path.join(path, "local")), { remote: null, root: Path.join(path, "local"), worktreeOf: null, defaultBranch: null })
    assert.deepStrictEqual(yield* look(Path.join(path, "plain")), { remote: null, root: null, worktreeOf: null, defaultBranch: null })
    assert.deepStrictEqual(yield* look(Path.join(path, "gone")), { remote: null, root: null, worktreeOf: null, defaultBranch: null })
    const missing = yield* Effect.flip(probe({ PATH: Path.join(path, "plain") })(Path.join(path, "repo")))
    assert.strictEqual(missing._tag, "GitMissing")
  })
)
