import { execFile } from "node:child_process"
import { readFile } from "node:fs/promises"
import * as Effect from "effect/Effect"
import type { HookCall } from "../HookCall.ts"

/** The client's option with which it writes no transcript. Neither what it tells a hook nor the hook's environment says so: only its own command line does. */
const unkept = "--no-session-persistence"
const mostKnown = 1000
const processId = /^[1-9]\d{0,9}$/

/** Says of each call whether its session may be written down. Each client is looked at once; of one that cannot be looked at, and over HTTP, it may. */
export const keptSessions = () => {
  const known = new Map<string, boolean>()
  return (environment: HookCall["environment"], sessionId: string | null): Effect.Effect<boolean> => {
    const client = environment["CLAUDE_PID"] ?? ""
    if (sessionId === null || !processId.test(client)) return Effect.succeed(true)
    const key = `${client}/${sessionId}`
    const before = known.get(key)
    if (before !== undefined) return Effect.succeed(before)
    return Effect.map(argumentsOf(client), (words) => {
      const end = words.indexOf("--")
      const isKept = !(end < 0 ? words : words.slice(0, end)).includes(unkept)
      if (known.size >= mostKnown) known.clear()
      known.set(key, isKept)
      return isKept
    })
  }
}

/** The words that a program was started with; none of one that is gone, or another user's. */
const argumentsOf = (client: string): Effect.Effect<ReadonlyArray<string>> =>
  process.platform === "linux"
    ? Effect.promise(() =>
        readFile(`/proc/${client}/cmdline`, "utf8").then(
          (text) => text.split("\0"),
          () => []
        )
      )
    : process.platform === "win32"
      ? Effect.succeed([])
      : Effect.async((resume) => {
          execFile("ps", ["-ww", "-o", "args=", "-p", client], { timeout: 1000 }, (error, text) =>
            resume(Effect.succeed(error === null ? text.trim().split(/\s+/) : []))
          )
        })
