import type { MessageLine } from "han-core/Messages"
import { eventOf, recordOf } from "./lineRecord.ts"

const hanTypes = new Map([
  ["hook_run", "HookRunMessage"],
  ["hook_result", "HookResultMessage"],
  ["hook_check_state", "HookCheckStateMessage"],
  ["hook_reference", "HookReferenceMessage"],
  ["hook_validation", "HookValidationMessage"],
  ["hook_script", "HookScriptMessage"],
  ["hook_datetime", "HookDatetimeMessage"],
  ["hook_file_change", "HookFileChangeMessage"],
  ["hook_validation_cache", "HookValidationCacheMessage"],
  ["queue_operation", "QueueOperationMessage"],
  ["mcp_tool_call", "McpToolCallMessage"],
  ["mcp_tool_result", "McpToolResultMessage"],
  ["exposed_tool_call", "ExposedToolCallMessage"],
  ["exposed_tool_result", "ExposedToolResultMessage"],
  ["memory_query", "MemoryQueryMessage"],
  ["memory_learn", "MemoryLearnMessage"],
  ["sentiment_analysis", "SentimentAnalysisMessage"]
])

/** The name of the object type that shows this line. */
export const messageTypeName = (line: MessageLine): string => {
  switch (line.message.kind) {
    case "prompt":
    case "machine":
      return olderName(line) ?? "RegularUserMessage"
    case "meta":
      return olderName(line) ?? "MetaUserMessage"
    case "output":
      return "MetaUserMessage"
    case "command":
      return "CommandUserMessage"
    case "interrupt":
      return "InterruptUserMessage"
    case "tool-result":
      return "ToolResultUserMessage"
    case "compaction":
    case "summary":
      return "SummaryMessage"
    case "answer":
    case "tool-call":
      return "AssistantMessage"
    case "system":
      return "SystemMessage"
    case "snapshot":
      return "FileHistorySnapshotMessage"
    case "queue":
      return "QueueOperationMessage"
    case "han":
      return hanTypes.get(eventOf(line, "HanNoted")?.name ?? "") ?? "UnknownEventMessage"
    default:
      return "UnknownEventMessage"
  }
}

/** Older lines say by a flag what newer ones say in words. Looked for in the text first, so that other lines are not parsed for it. */
const olderName = (line: MessageLine): string | null =>
  hasFlag(line, "isCommand") ? "CommandUserMessage" : hasFlag(line, "isInterrupt") ? "InterruptUserMessage" : null

export const hasFlag = (line: MessageLine, name: string): boolean => line.raw.includes(`"${name}"`) && recordOf(line)[name] === true
