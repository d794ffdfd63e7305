import { array, filled, object, whole } from "../../text/json.ts"
import { withoutAnsi } from "../../text/terminal.ts"
import type { Line } from "../decodedLine.ts"
import { contentText, continuation } from "./claudeContent.ts"
import { addCommand } from "./claudeUser.ts"

export const addSystem = (line: Line): void => {
  const { events, record } = line
  const subtype = filled(record.subtype) ?? ""
  if (subtype === "compact_boundary") return addBoundary(line)
  const content = contentText(record.content)
  if (subtype === "local_command") {
    if (!addCommand(line, content)) events.push({ _tag: "CommandPrinted", text: withoutAnsi(content), isError: false })
    return
  }
  events.push({ _tag: "SystemNoted", subtype, text: noteOf(line, subtype, content), level: filled(record.level) })
}

const addBoundary = ({ events, record }: Line): void => {
  const facts = object(record.compactMetadata)
  const trigger = facts?.trigger
  events.push({
    _tag: "Compacted",
    trigger: trigger === "auto" || trigger === "manual" ? trigger : "unknown",
    preTokens: whole(facts?.preTokens),
    postTokens: whole(facts?.postTokens),
    durationMs: whole(facts?.durationMs),
    summaryUuid: filled(object(facts?.preservedSegment)?.anchorUuid) ?? filled(object(facts?.preservedMessages)?.anchorUuid)
  })
}

const noteOf = ({ record }: Line, subtype: string, content: string): string => {
  switch (subtype) {
    case "stop_hook_summary":
      return [...array(record.hookErrors).map(hookText), ...array(record.hookAdditionalContext).map(hookText), filled(record.stopReason), content]
        .filter((part) => part !== null && part !== "")
        .join("\n")
    case "api_error": {
      const error = object(record.error)
      return filled(error?.formatted) ?? filled(error?.message) ?? filled(record.error) ?? content
    }
    case "agents_killed":
      return content === "" ? "The running subagents were stopped" : content
    default:
      return content
  }
}

const hookText = (item: unknown): string | null => {
  const facts = object(item)
  return filled(item) ?? filled(facts?.error) ?? filled(facts?.message) ?? filled(facts?.content) ?? filled(facts?.stderr)
}

/** A summary that an older client wrote: of a conversation, or of what a compaction took away. */
export const addSummary = ({ events, record }: Line): void => {
  const text = filled(record.summary) ?? contentText(record.content)
  const auto = record.auto_compacted === true,
    asked = record.isCompact === true || record.is_compact === true
  const continued = text.includes(continuation)
  if (auto || asked || continued) {
    events.push(
      {
        _tag: "Compacted",
        trigger: auto ? "auto" : asked ? "unknown" : "continuation",
        preTokens: null,
        postTokens: null,
        durationMs: null,
        summaryUuid: null
      },
      { _tag: "CompactionSummarized", text }
    )
  } else {
    events.push({ _tag: "Summarized", text, leafUuid: filled(record.leafUuid) })
  }
}
