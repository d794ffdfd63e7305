import * as Effect from "effect/Effect"
import { SyncClient, type SyncStatus } from "han-core/SyncClient"
import { answered, ask, print } from "../../coordinator/CoordinatorClient.ts"
import type { CliEnvironment } from "../../environment/CliEnvironment.ts"
import * as JsonShapes from "../../export/JsonShapes.ts"
import { byteSize, counted, dateTime } from "../../terminal/Figures.ts"
import { plainLine, toJson } from "../../terminal/PlainText.ts"
import { exitCodeOf, orExitCode, partly, triedAgain } from "./syncExitCode.ts"

export interface Options {
  readonly verify: boolean
  readonly utc: boolean
  readonly json: boolean
}

/** The exit code says how it stands; 0 also when sync is off. */
export const run = (options: Options, host: CliEnvironment): Promise<number> =>
  ask(
    host,
    Effect.gen(function* () {
      const client = yield* SyncClient
      // What the comparison finds is part of the status.
      const verified = options.verify ? yield* orExitCode(client.verify) : undefined
      const status = yield* answered(host, "status of sync", client.status)
      if (options.json) {
        const sessions = yield* answered(host, "sessions", client.sessions())
        yield* print(host.out, `${toJson({ ...JsonShapes.syncStatus(status, sessions), ...(verified !== undefined && { verified }) })}\n`)
      } else yield* print(host.out, statusText(status, verified, options.utc))
      if (status.state === "DISABLED") return 0
      return exitCodeOf(status.state) || (status.quarantined > 0 ? partly : verified?.same === false ? triedAgain : 0)
    })
  )

const words: Readonly<Record<SyncStatus["state"], string>> = {
  DISABLED: "nothing is sent",
  IDLE: "all that may be sent is there, or waits for its time",
  SYNCING: "sending",
  BACKING_OFF: "a request failed and is tried again",
  OFFLINE: "the server cannot be reached; it is tried again",
  PAUSED_AUTH: "paused: the server refuses the key",
  PAUSED_PLAN: "paused: the workspace's plan takes no more",
  PAUSED_CONFIG: "paused: a setting is wrong, or the server does not understand this version of han"
}

const statusText = (status: SyncStatus, verified: { readonly same: boolean } | undefined, utc: boolean): string => {
  const { endpointHost, lastError, workspace } = status
  const at = (time: number | null) => (time === null ? null : dateTime(time, utc))
  const lines: ReadonlyArray<readonly [string, string | null]> = [
    ["sync", status.enabled ? "on" : "off: `han sync enable` connects this machine to a server"],
    ["server", endpointHost === null ? null : `${endpointHost}${workspace === null ? "" : `, workspace ${workspace}`}`],
    ["state", words[status.state]],
    [
      "waiting",
      status.queueSize === 0
        ? null
        : `${counted(status.pendingMessages, "line")} of ${counted(status.pendingSessions, "session")}${status.oldestPendingAt === null ? "" : `, the oldest since ${at(status.oldestPendingAt)}`}`
    ],
    ["refused", status.quarantined === 0 ? null : `${counted(status.quarantined, "transcript")}; \`han sync queue\` says why`],
    ["sent", status.enabled || status.totals.messages > 0 ? `${counted(status.totals.messages, "line")}, ${byteSize(status.totals.bytes)}` : null],
    ["may be sent", status.enabled ? counted(status.eligibleSessions, "session") : null],
    ["stay here", status.excluded.length === 0 ? null : status.excluded.map(({ count, reason }) => `${counted(count, "session")} (${reason})`).join(", ")],
    ["last success", at(status.lastSuccessAt)],
    ["last attempt", at(status.lastAttemptAt)],
    ["next attempt", at(status.nextAttemptAt)],
    [
      "last error",
      lastError === null
        ? null
        : `${lastError.code}: ${lastError.message} (${at(lastError.at)}${status.attempts === 0 ? "" : `, ${counted(status.attempts, "failed attempt")}`})`
    ],
    [
      "compared",
      verified === undefined
        ? null
        : verified.same
          ? "the server has what is noted here"
          : "the server has other lines than noted here; what is missing is sent again"
    ],
    ...status.notices.map((notice) => ["notice", notice] as const)
  ]
  return lines.flatMap(([name, value]) => (value === null ? [] : [`${name.padEnd(12)}  ${plainLine(value)}\n`])).join("")
}
