import type { HookAnswer } from "han-core/HookAnswer"
import { plainLine } from "../terminal/PlainText.ts"

type Fields = Readonly<Record<string, unknown>>

/** Says what Claude Code would do because of an answer, a line for each thing; `tool` is the one that the event is about, null for an event without. */
export const decisionText = (event: string, tool: string | null, { exitCode, stderr, stdout }: HookAnswer): string => {
  const what = tool ?? event
  const json = objectIn(stdout)
  const specific = fieldsOf(json?.["hookSpecificOutput"])
  const request = fieldsOf(specific["decision"])
  const lines: Array<string> = []
  const say = (words: string, reason?: unknown) => lines.push(`${words}${typeof reason === "string" && reason !== "" ? `: ${plainLine(reason)}` : ""}`)
  const permission = specific["permissionDecision"]
  if (exitCode === 2) say(blocking(event, what), stderr)
  else if (permission === "deny") say(`would deny ${what}`, specific["permissionDecisionReason"])
  else if (request["behavior"] === "deny") say(`would deny ${what}`, request["message"])
  else if (json?.["decision"] === "block") say(blocking(event, what), json["reason"])
  else if (specific["action"] === "decline" || specific["action"] === "cancel") say(`would ${specific["action"]} it`)
  else if (permission === "ask") say(`would ask before ${what}`, specific["permissionDecisionReason"])
  else if (permission === "defer") say(`would put ${what} off`, specific["permissionDecisionReason"])
  else if (permission === "allow" || request["behavior"] === "allow") say(`would allow ${what} without asking`, specific["permissionDecisionReason"])
  const input = specific["updatedInput"] ?? request["updatedInput"]
  if (input !== undefined) say(`would change the input of ${what}`, JSON.stringify(input))
  if (json?.["continue"] === false) say("would end the turn", json["stopReason"])
  if (lines.length === 0) {
    const goesOn = (event === "Stop" || event === "SubagentStop") && specific["additionalContext"] !== undefined
    say(goesOn ? "would send the agent on" : `would let ${what} go on`, goesOn ? specific["additionalContext"] : undefined)
  }
  return lines.join("\n")
}

/** Says what a block does at this event. */
const blocking = (event: string, what: string): string => {
  switch (event) {
    case "PreToolUse":
      return `would deny ${what}`
    case "Stop":
    case "SubagentStop":
      return "would send the agent on"
    case "UserPromptSubmit":
    case "UserPromptExpansion":
      return "would erase the prompt"
    case "PostToolUse":
    case "PostToolUseFailure":
      return `would tell the agent after ${what}`
    default:
      return `would block ${what}`
  }
}

const fieldsOf = (value: unknown): Fields => (typeof value === "object" && value !== null && !Array.isArray(value) ? { ...value } : {})

const objectIn = (text: string): Fields | null => {
  if (!text.startsWith("{")) return null
  try {
    return fieldsOf(JSON.parse(text))
  } catch {
    return null
  }
}
