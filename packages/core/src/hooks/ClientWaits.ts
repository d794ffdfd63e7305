import { rowOf } from "./HookEvents.ts"

/** Limits of Claude Code for what it runs at its events. Loads nothing but the table of events: it is for programs that an agent waits for, too. */

/** An entry of Claude Code that may have made a call of han. */
export interface CallingEntry {
  /** Milliseconds; null: it names no `timeout`. */
  readonly timeout: number | null
  /** Claude Code goes on without it. */
  readonly async: boolean
  /** Its command has the option `--async`. */
  readonly flagged: boolean
}

/**
 * The milliseconds that Claude Code waits for a call at an event: the shortest of the entries that may have made it, its own limit where there is none.
 * `environment`: the client's, by which the user may lengthen that limit.
 */
export const waitAt = (
  event: string | null,
  environment: Readonly<Record<string, string | undefined>> = {},
  entries: ReadonlyArray<Pick<CallingEntry, "timeout">> = []
): number => {
  const row = rowOf(event)
  const longer = Number(environment[row?.clientWaitVariable ?? ""]) || 0
  const own = Math.max(row?.clientWait ?? unknownWait, longer)
  return entries.length === 0 ? own : Math.min(...entries.map(({ timeout }) => timeout ?? own))
}
/** Milliseconds that Claude Code waits at most events. */
const unknownWait = 600_000

/**
 * The milliseconds of a wait within which hooks must have ended, so that the answer is told in time: a command past its limit is gone half a second later, and the
 * answer has its way to go. Of less than two seconds half.
 */
export const usableOf = (waitMs: number): number => waitMs - Math.min(Math.max(1000, waitMs / 20), waitMs / 2)

/**
 * Tells whether Claude Code goes on without the answer to a call. The entries that may have made it say so; the call's own option `--async` counts where none of them has it alike.
 * Entries of earlier releases are `async` without the option, or have the option and are waited for.
 */
export const isAsyncCall = (flagged: boolean, entries: ReadonlyArray<CallingEntry>): boolean => {
  const alike = entries.filter((entry) => entry.flagged === flagged)
  return alike.length === 0 ? flagged : alike.every(({ async }) => async)
}

/** False: Claude Code goes on at once at this event, and ends what still runs when it ends itself. */
export const isAwaited = (event: string | null): boolean => rowOf(event)?.isAwaited ?? true
