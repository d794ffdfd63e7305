import type { Entry, Transcript } from "../../journal/Entry.ts"
import type { DecodedLine } from "../../journal/SessionEvent.ts"
import { decodeLine, type Line } from "../decodedLine.ts"
import { envelopeOf } from "../envelope.ts"
import type { Harness } from "../Harness.ts"
import { addAssistant, addLegacyCall, addLegacyResult } from "./claudeAssistant.ts"
import { addAttachment } from "./claudeAttachment.ts"
import { claudeFolders, identifyFile } from "./claudeFolders.ts"
import { addState } from "./claudeState.ts"
import { addSummary, addSystem } from "./claudeSystem.ts"
import { toolKind } from "./claudeTools.ts"
import { claudeCounters } from "./claudeUsage.ts"
import { addUser } from "./claudeUser.ts"

/**
 * Says what a line of a Claude Code transcript means, a session's own or a subagent's. Never throws, and never without an event: what it does not know is
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

/** Claude Code: transcripts of sessions and subagents below `~/.claude/projects`. */
export const claudeCode: Harness = {
  source: "claude-code",
  folders: claudeFolders,
  identify: identifyFile,
  decode,
  toolKind,
  counters: claudeCounters
}
