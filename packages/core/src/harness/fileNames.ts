// A leading dot would let a session be named "..", which is a folder that payloads must not come from.
const anySession = /^[^\p{Cc}./\\][^\p{Cc}/\\]{0,255}$/u

/** Tells whether this can be the id of a session of any agent, and of a subagent. */
export const isAnyId = (name: string): boolean => anySession.test(name)

/** The folder in a session's own that the client writes to what is too long for a line, and what is no text. */
export const outputFolder = "tool-results"
/** Tells whether a file in that folder can have this name. */
export const isOutputName = (name: string): boolean => /^[^\p{Cc}/\\]{1,255}$/u.test(name) && name !== "." && name !== ".."
