import { rowOf, ruleOf } from "../hooks/HookEvents.ts"

/**
 * The text for the user when the hooks of an event could not be asked and the agent goes on without them. Loads nothing: it is for programs that an agent waits for.
 */

/** The time in which the same reason is not said again in a session, at events that come often. */
export const quietMs = 60 * 60 * 1000

/** True when it is said at this event only if it is news to the session; at the others, as at the end of a turn, it is said each time. */
export const isFrequent = (event: string | null): boolean => rowOf(event)?.isFrequent === true

/** `reason` as the user reads it. */
export const words = (event: string | null, reason: string): string => {
  const text = reason.length <= longest ? reason : `${reason.slice(0, longest - 1).toWellFormed()}…`
  return `han: ${text}${isFrequent(event) ? " (said at most once an hour in a session)" : ""}`
}
const longest = 4000

/** The JSON by which Claude Code shows a text to the user, and not to the model. */
export const answer = (message: string): string => JSON.stringify({ systemMessage: message })

/** The same of a program that ends with exit code 0. */
export const told = (event: string | null, message: string): { readonly stdout: string; readonly stderr: string } =>
  event === null || ruleOf(event).json
    ? { stdout: answer(message), stderr: "" }
    : ruleOf(event).shown
      ? { stdout: `${message}\n`, stderr: "" }
      : { stdout: "", stderr: `${message}\n` }
