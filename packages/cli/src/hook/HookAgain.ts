import type { HookCall } from "han-core/HookCall"
import { socketPath } from "han-core/unstable/CoordinatorSocket"
import { isAlive, read } from "han-core/unstable/StartingFile"
import { isInVain, noteInVain, notInVain } from "../coordinator/VainWait.ts"
import { whyNotStarted } from "./FailOpen.ts"
import { ask, type HookReply, type Unanswered } from "./HookConnection.ts"
import { hookPatience } from "./HookPatience.ts"

export interface AskedAgain {
  readonly home: string
  readonly call: HookCall
  readonly first: Unanswered
  readonly deadlineMs: number
  /** The time by which the client must be answered; milliseconds since 1970. */
  readonly until: number
  /** False: only a coordinator that somebody else starts is waited for. */
  readonly mayStart: boolean
}

/** The time for whoever ends a coordinator to start the next one. */
const changeMs = 1500
/** The whole wait for one that starts and gets on, when another hook waited in vain a moment ago. */
const briefMs = 10_000
/** Calls over which a coordinator may break down: it would do so again. */
const maxLost = 1
/** Calls that a killed coordinator may take and drop until the system has closed its socket. */
const maxDropped = 4
const pauseMs = 50

/**
 * Waits for a coordinator and asks it, because the first call was not answered: one that is not there, or was killed, is started, by one hook for all who wait; one that ends is
 * waited for when another takes its place. As long as that gets on it is waited for until `until`; one that stands still for HAN_START_TIMEOUT_MS (ten seconds) is given up, and for a while each
 * further hook bears that no longer than its deadline (one second). Whoever hangs thus holds up one call of a tool now and then, and not each for the ten minutes that the client allows.
 */
export const askAgain = (asked: AskedAgain): Promise<HookReply> =>
  // Whatever goes wrong here, the gate is left or shut as if nobody had tried.
  waited(asked).catch((error: unknown) => ({ ...asked.first, reason: `${asked.first.reason}; ${error instanceof Error ? error.message : String(error)}` }))

const waited = async (asked: AskedAgain): Promise<HookReply> => {
  const { call, deadlineMs, first, home, until } = asked
  const begun = Date.now()
  const brief = isInVain(home)
  const vain = (reply: Unanswered): Unanswered => {
    const waitedMs = Date.now() - begun
    if (first.why === "silent" || waitedMs >= deadlineMs) noteInVain(home, waitedMs)
    return reply
  }
  if (first.why === "silent") return vain(first)
  let reply: HookReply = first
  for (let lost = 0, dropped = 0; ; ) {
    if (reply._tag === "Answered") notInVain(home)
    if (reply._tag === "Answered" || reply.why === "final" || reply.why === "silent") return reply
    if (reply.why === "lost" || reply.why === "ended" ? ++lost > maxLost : ++dropped > maxDropped) return vain(reply)
    const failed: string | undefined = await somebodyListens(asked, reply.why === "ended", brief)
    if (failed !== undefined) return vain({ ...first, reason: `${first.reason}; ${failed}` })
    if (dropped > 1) await new Promise((resolve) => setTimeout(resolve, pauseMs))
    reply = await ask(socketPath(home), call, deadlineMs, hookPatience(home, deadlineMs, until))
  }
}

/** Undefined when somebody does; else why not. */
const somebodyListens = async ({ deadlineMs, home, mayStart, until }: AskedAgain, isEnding: boolean, brief: boolean): Promise<string | undefined> => {
  const barred = whyNotStarted(home, mayStart)
  if (barred !== undefined && !isEnding && !isStarting(home)) return barred
  const { awaitListener } = await import("../coordinator/CoordinatorWait.ts")
  return awaitListener({
    until: brief ? Math.min(until, Date.now() + briefMs) : until,
    ...(brief ? { stillMs: deadlineMs } : {}),
    choice: barred !== undefined || isEnding ? { onlyOthers: changeMs } : {}
  })
}

const isStarting = (home: string): boolean => {
  const found = read(home)
  return found !== undefined && isAlive(found)
}
