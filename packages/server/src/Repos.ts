import { execFile } from "node:child_process"
import * as Fs from "node:fs/promises"
import * as Path from "node:path"
import * as Clock from "effect/Clock"
import * as Effect from "effect/Effect"
import * as Layer from "effect/Layer"
import * as Schedule from "effect/Schedule"
import * as Schema from "effect/Schema"
import { Directories, type DirectoryFacts, DirectoryWriter } from "han-core/Directories"
import { Journal } from "han-core/Journal"
import { canonicalRemote } from "han-core/Remote"
import type { StoreError } from "han-core/StoreError"
import { gitEnvironment } from "han-core/unstable/GitEnvironment"
import type { Viewer } from "han-core/Viewer"

/** There is no git on this machine's PATH. */
export class GitMissing extends Schema.TaggedError<GitMissing>("han-server/GitMissing")("GitMissing", {}) {
  override get message() {
    return "there is no git on the PATH: sessions are shown without their repository until it is installed and the coordinator started again"
  }
}

const timeoutMs = 5000
const batch = 20
/** The pause before the next look while much comes in, which asks git more than once about what is on its way. */
const pauseMs = 4000
/** The pause between looks whether something came in, each of which reads one row. */
const lookMs = 500
/** When nothing came in for so long, what there is is looked up at once. */
const quietMs = 100

/** The state of the look-up. */
export interface Progress {
  /** The end of the journal when there was nothing left to look up. */
  settled: number
  /** It looks nothing up any more. */
  ended: boolean
}

export const progress = (): Progress => ({ settled: -1, ended: false })

/** True while there are directories whose repository is not known yet but will be soon. */
export const isLookingUp = (state: Progress): Effect.Effect<boolean, StoreError, Directories | Journal | Viewer> =>
  Effect.gen(function* () {
    if (state.ended) return false
    const journal = yield* Journal
    const known = yield* Directories
    return (yield* journal.head) !== state.settled && (yield* known.unprobed(1)).length > 0
  })

/**
 * Looks up the repository of each directory that sessions worked in, once, in the background. `environment` is git's; what would point it to another repository
 * (`GIT_DIR` and the like) is left out. Where there is no git it gives up, and says so in the log.
 */
export const layer = (options: {
  readonly environment: Readonly<Record<string, string | undefined>>
  readonly progress?: Progress | undefined
}): Layer.Layer<never, never, Directories | DirectoryWriter | Journal | Viewer> =>
  Layer.scopedDiscard(
    Effect.gen(function* () {
      const known = yield* Directories
      const { note } = yield* DirectoryWriter
      const look = probe(options.environment)
      const journal = yield* Journal
      const state = options.progress ?? progress()
      let before = -1
      let lookedAt = 0
      const round = Effect.gen(function* () {
        const head = yield* journal.head
        if (head === state.settled) return yield* Effect.sleep(lookMs)
        const now = yield* Clock.currentTimeMillis
        if (head !== before && now - lookedAt < pauseMs) {
          before = head
          return yield* Effect.sleep(quietMs)
        }
        lookedAt = now
        before = head
        const directories = yield* known.unprobed(batch)
        yield* Effect.forEach(directories, (directory) => Effect.flatMap(look(directory.path), (facts) => note(directory, facts)), {
          concurrency: 2,
          discard: true
        })
        if (directories.length === 0) state.settled = head
        else if (directories.length === batch) yield* Effect.sleep(50)
      })
      yield* Effect.forever(round).pipe(
        Effect.tapError((error) => Effect.logWarning(error.message)),
        Effect.retry({ while: (error) => error._tag !== "GitMissing", schedule: Schedule.spaced("1 minute") }),
        Effect.ignore,
        Effect.ensuring(
          Effect.sync(() => {
            state.ended = true
          })
        ),
        Effect.forkScoped
      )
    })
  )

/** Asks git about a directory. It never prompts, never runs a hook, and is ended after five seconds. */
export const probe = (environment: Readonly<Record<string, string | undefined>>) => {
  const env = gitEnvironment(environment)
  return (directory: string): Effect.Effect<DirectoryFacts, GitMissing> =>
    Effect.gen(function* () {
      const there = yield* Effect.promise(() =>
        Fs.stat(directory).then(
          (found) => found.isDirectory(),
          () => false
        )
      )
      if (!there) return nothing
      const root = yield* git(["-C", directory, "rev-parse", "--show-toplevel"], env)
      if (root === null) return nothing
      const remote = yield* git(["-C", directory, "config", "--get", "remote.origin.url"], env)
      // `origin/main`; only where a clone noted it.
      const head = yield* git(["-C", directory, "symbolic-ref", "--short", "refs/remotes/origin/HEAD"], env)
      const common = yield* git(["-C", directory, "rev-parse", "--path-format=absolute", "--git-common-dir"], env)
      const main = common === null || Path.basename(common) !== ".git" ? null : Path.dirname(common)
      return {
        remote: remote === null ? null : canonicalRemote(remote),
        root,
        worktreeOf: main === root ? null : main,
        defaultBranch: head === null ? null : head.replace(/^origin\//, "")
      }
    })
}

const nothing: DirectoryFacts = { remote: null, root: null, worktreeOf: null, defaultBranch: null }

/** The first line that git prints; null when it fails, is too slow, or prints nothing. */
const git = (argv: ReadonlyArray<string>, env: Record<string, string>): Effect.Effect<string | null, GitMissing> =>
  Effect.async((resume) => {
    const child = execFile("git", [...argv], { env, timeout: timeoutMs, killSignal: "SIGKILL", maxBuffer: 65_536, windowsHide: true }, (error, stdout) => {
      if (error !== null && "code" in error && error.code === "ENOENT") return resume(Effect.fail(new GitMissing()))
      const line = stdout.split("\n", 1)[0]?.replace(/\r$/, "") ?? ""
      resume(Effect.succeed(error !== null || line === "" ? null : line))
    })
    child.stdin?.end()
    return Effect.sync(() => child.kill("SIGKILL"))
  })
