/**
 * What the user is told when the hooks of an event could not be asked and the agent goes on without them. Loads nothing: it is for programs that an agent waits for.
 */

/** Events that come with every call of a tool or every piece of a message: what is said at each of them would drown the session. */
const frequent: ReadonlySet<string> = new Set([
  "PreToolUse",
  "PostToolUse",
  "PostToolUseFailure",
  "PostToolBatch",
  "PermissionRequest",
  "PermissionDenied",
  "SubagentStart",
  "TaskCreated",
  "TaskCompleted",
  "Notification",
  "MessageDisplay",
  "InstructionsLoaded",
  "ConfigChange",
  "CwdChanged",
  "FileChanged",
  "DirectoryAdded"
])

/** Events at which Claude Code takes standard output for something else than an answer, or refuses JSON. */
const withoutJson: ReadonlySet<string> = new Set(["WorktreeCreate", "PreCompact", "SessionEnd"])
/** The event at which Claude Code prints standard output for the user as it is. */
const printed = "PostCompact"

/** The time in which the same reason is not said again in a session, at events that come often. */
export const quietMs = 60 * 60 * 1000

/** True when it is said at this event only if it is news to the session; at the others, as at the end of a turn, it is said each time. */
export const isFrequent = (event: string | null): boolean => event !== null && frequent.has(event)

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
  event !== null && withoutJson.has(event)
    ? { stdout: "", stderr: `${message}\n` }
    : { stdout: event === printed ? `${message}\n` : answer(message), stderr: "" }
