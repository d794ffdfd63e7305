import { addAssistant, addLegacyCall, addLegacyResult } from "./internal/claudeAssistant.ts"
import { addAttachment } from "./internal/claudeAttachment.ts"
import { addState } from "./internal/claudeState.ts"
import { addSummary, addSystem } from "./internal/claudeSystem.ts"
import { addUser } from "./internal/claudeUser.ts"
import { decodeLine, type Line } from "./internal/decodedLine.ts"
import { envelopeOf } from "./internal/envelope.ts"
import type { Entry, Transcript } from "./journal/Entry.ts"
import type { DecodedLine } from "./journal/SessionEvent.ts"

/**
 * What a line of a Claude Code transcript means, a session's own or a subagent's. Never throws, and never without an event: what it does not know is
 * `Unrecognized`, what is no JSON object `Unreadable`. Equal bytes in one session give equal events.
 */
export const decode = (transcript: Transcript, entry: Entry): DecodedLine => decodeLine(transcript, entry, envelopeOf, addEvents)

const addEvents = (line: Line): void => {
  const { type } = line.record
  switch (type) {
    case "user":
      return addUser(line)
    case "assistant":
      return addAssistant(line)
    case "attachment":
      return addAttachment(line)
    case "system":
      return addSystem(line)
    case "summary":
      return addSummary(line)
    case "tool_use":
      return addLegacyCall(line)
    case "tool_result":
      return addLegacyResult(line)
    default:
      if (typeof type === "string") addState(line, type)
  }
}
