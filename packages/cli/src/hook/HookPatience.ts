import { effortMs, isAlive, read } from "han-core/unstable/StartingFile"
import { coordinatorEffortMs } from "../coordinator/LockHolder.ts"
import { isInVain } from "../coordinator/VainWait.ts"

/** Work of a process that is more than a timer's. */
const minEffortMs = 5

/**
 * The further time, in milliseconds, for which the hook waits for a coordinator that listens and says nothing, asked each time when the last answer is used up: ten times the deadline, and again
 * as long as it works, or is ending and gets on with that; nothing when another hook has waited in vain a moment ago, or after `until`.
 */
export const hookPatience = (home: string, deadlineMs: number, until: number): (() => Promise<number>) => {
  let before: number | undefined
  return async () => {
    const left = until - Date.now()
    if (left <= 0 || (before === undefined && isInVain(home))) return 0
    const starting = read(home)
    const effort = (starting !== undefined && isAlive(starting) ? effortMs(starting.pid) : coordinatorEffortMs(home)) ?? 0
    const gotOn = before === undefined || effort - before >= minEffortMs
    before = effort
    return gotOn ? Math.min(left, 10 * deadlineMs) : 0
  }
}
