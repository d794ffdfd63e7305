// Imports nothing, so that a command line can name the kinds without loading schemas.

/** The literals of `MessageKind`. */
export const messageKinds = [
  "prompt",
  "machine",
  "command",
  "output",
  "interrupt",
  "meta",
  "compaction",
  "tool-result",
  "answer",
  "tool-call",
  "system",
  "attachment",
  "summary",
  "queue",
  "title",
  "snapshot",
  "progress",
  "han",
  "unrecognized",
  "unreadable"
] as const

/** The literals of `MessageRole`. */
export const messageRoles = ["user", "assistant", "system"] as const
