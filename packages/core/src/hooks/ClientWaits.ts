/** Limits of Claude Code for what it runs at its events. Loads nothing: it is for programs that an agent waits for, too. */

/** Milliseconds, of an entry that names no `timeout` of its own. `environment`: the client's, which may lengthen the end of a session. */
export const waitAt = (event: string | null, environment: Readonly<Record<string, string | undefined>> = {}): number => {
  const longer = event === "SessionEnd" ? Number(environment["CLAUDE_CODE_SESSIONEND_HOOKS_TIMEOUT_MS"]) || 0 : 0
  return Math.max(waits[event ?? ""] ?? 600_000, longer)
}
const waits: Readonly<Record<string, number>> = { UserPromptSubmit: 30_000, PreModelSwitch: 30_000, MessageDisplay: 10_000, SessionEnd: 1500 }

/**
 * The milliseconds of a wait within which hooks must have ended, so that the answer is told in time: a command past its limit is gone half a second later, and the
 * answer has its way to go. Of less than two seconds half.
 */
export const usableOf = (waitMs: number): number => waitMs - Math.min(Math.max(1000, waitMs / 20), waitMs / 2)

/** Claude Code goes on without waiting for these, and ends what still runs of them when it ends itself. */
export const isAwaited = (event: string | null): boolean => event === null || !unawaited.has(event)
const unawaited: ReadonlySet<string> = new Set(["InstructionsLoaded", "CwdChanged", "StopFailure"])
