import type { Buffer } from "node:buffer"
import { execFile } from "node:child_process"
import * as Data from "effect/Data"
import * as Effect from "effect/Effect"
import type { Work } from "../files/keptReads.ts"
import { gitEnvironment } from "./GitEnvironment.ts"

export interface GitCall {
  /** The directory that git works in. */
  readonly directory: string
  readonly argv: ReadonlyArray<string>
  readonly input?: Uint8Array
  /** Exit codes that are answers; 0 if absent. */
  readonly codes?: ReadonlyArray<number>
}

/** It ended with another code, could not be started, or took more than 30 seconds. */
export class GitFailed extends Data.TaggedError("GitFailed") {}

/** Gives the bytes that git printed. */
export type Git = (call: GitCall, work: Work) => Effect.Effect<Buffer, GitFailed>

const timeoutMs = 30_000
const maxBytes = 1_000_000_000

/** Calls git in this environment, without what would point it to another repository (`GIT_DIR` and the like). It never prompts, and runs no other program. */
export const gitCalls = (environment: Readonly<Record<string, string | undefined>>): Git => {
  const env = gitEnvironment(environment)
  return ({ argv, codes = [0], directory, input }, work) =>
    Effect.async((resume) => {
      work.reads++
      const options = { env, encoding: "buffer" as const, timeout: timeoutMs, killSignal: "SIGKILL" as const, maxBuffer: maxBytes, windowsHide: true }
      const child = execFile("git", ["-C", directory, ...quiet, ...argv], options, (error, stdout) => {
        const code = error === null ? 0 : typeof error.code === "number" ? error.code : null
        const answered = code !== null && error?.killed !== true && codes.includes(code)
        resume(answered ? Effect.succeed(stdout) : Effect.fail(new GitFailed()))
      })
      // It may end without having read all of it.
      child.stdin?.on("error", () => {})
      child.stdin?.end(input)
      return Effect.sync(() => child.kill("SIGKILL"))
    })
}

const quiet = ["-c", "core.fsmonitor=false", "-c", "core.hooksPath=/dev/null"]
