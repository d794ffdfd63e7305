import { spawn } from "node:child_process"
import * as Effect from "effect/Effect"

export interface GitCloneOptions {
  readonly url: string
  /** A folder that is not there yet. */
  readonly into: string
  readonly timeoutMs: number
  readonly environment: Readonly<Record<string, string | undefined>>
}

/**
 * The newest commit of a repository, without its history. Asks nobody anything, runs nothing of the repository and no hook of this machine, and uses no other
 * protocol than https, ssh and file. Fails with the reason. What is in `into` after a failure is for the caller to remove.
 */
export const gitClone = ({ environment, into, timeoutMs, url }: GitCloneOptions): Effect.Effect<void, string> =>
  Effect.timeoutFail(
    Effect.async<void, string>((resume) => {
      const child = spawn("git", [...settings, "clone", "--quiet", "--depth=1", "--no-tags", "--no-recurse-submodules", "--template=", "--", url, into], {
        stdio: ["ignore", "ignore", "pipe"],
        env: environmentOf(environment),
        // A group of its own, for git has children that would go on without it.
        detached: true
      })
      let said = ""
      child.stderr.setEncoding("utf8").on("data", (chunk: string) => {
        said = (said + chunk).slice(-maxSaid)
      })
      child.once("error", (error) =>
        resume(Effect.fail("code" in error && error.code === "ENOENT" ? "there is no program `git` on PATH; install it" : error.message))
      )
      child.once("close", (code, signal) =>
        resume(code === 0 ? Effect.void : Effect.fail(lastWords(said) ?? `git ended with ${signal ?? `exit code ${code}`}`))
      )
      return Effect.async<void>((ended) => {
        if (child.exitCode !== null || child.signalCode !== null || child.pid === undefined) return ended(Effect.void)
        child.once("close", () => ended(Effect.void))
        try {
          process.kill(-child.pid, "SIGKILL")
        } catch {
          child.kill("SIGKILL")
        }
      })
    }),
    { duration: timeoutMs, onTimeout: () => `it did not answer within ${timeoutMs / 1000} s` }
  )

const maxSaid = 4000

const settings = ["core.hooksPath=/dev/null", "core.askPass=", "core.fsmonitor=false", "credential.interactive=false", "submodule.recurse=false"].flatMap(
  (one) => ["-c", one]
)

/** Variables that would lead git to another repository than the one that is made. */
const misleading =
  "GIT_DIR GIT_WORK_TREE GIT_INDEX_FILE GIT_OBJECT_DIRECTORY GIT_ALTERNATE_OBJECT_DIRECTORIES GIT_COMMON_DIR GIT_NAMESPACE GIT_PREFIX GIT_CONFIG"

const environmentOf = (environment: GitCloneOptions["environment"]): Record<string, string | undefined> => ({
  GIT_SSH_COMMAND: "ssh -o BatchMode=yes",
  ...Object.fromEntries(Object.entries(environment).filter(([name]) => !misleading.split(" ").includes(name))),
  GIT_ALLOW_PROTOCOL: "https:ssh:file",
  GIT_TERMINAL_PROMPT: "0",
  GIT_ASKPASS: "",
  SSH_ASKPASS: "",
  SSH_ASKPASS_REQUIRE: "never",
  GCM_INTERACTIVE: "never"
})

/** The reason that git gave; hints come after it. */
const lastWords = (said: string): string | null => {
  const lines = said
    .split("\n")
    .map((line) => line.trim())
    .filter((line) => line !== "")
  return lines.find((line) => line.startsWith("fatal: "))?.slice("fatal: ".length) ?? lines.at(-1) ?? null
}
