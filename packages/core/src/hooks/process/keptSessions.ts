import { execFile } from "node:child_process"
import { readFile } from "node:fs/promises"
import * as Cache from "effect/Cache"
import * as Duration from "effect/Duration"
import * as Effect from "effect/Effect"
import type { HookCall } from "../HookCall.ts"

/** The client's option with which it writes no transcript. Neither what it tells a hook nor the hook's environment says so: only its own command line does. */
const unkept = "--no-session-persistence"
const processId = /^[1-9]\d{0,9}$/

/** Says of each call whether its session may be written down. Each client is looked at once; of one that cannot be looked at, and over HTTP, it may. */
export const keptSessions = Effect.map(
  Cache.make({
    capacity: 1000,
    timeToLive: Duration.infinity,
    lookup: (clientSession: string) => Effect.map(argumentsOf(clientSession.slice(0, clientSession.indexOf("/"))), keepsSession)
  }),
  (known) =>
    (environment: HookCall["environment"], sessionId: string | null): Effect.Effect<boolean> => {
      const client = environment["CLAUDE_PID"] ?? ""
      return sessionId === null || !processId.test(client) ? Effect.succeed(true) : Effect.uninterruptible(known.get(`${client}/${sessionId}`))
    }
)

const keepsSession = (words: ReadonlyArray<string>): boolean => {
  const end = words.indexOf("--")
  return !(end < 0 ? words : words.slice(0, end)).includes(unkept)
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
