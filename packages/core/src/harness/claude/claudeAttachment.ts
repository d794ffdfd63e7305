import { clipped } from "../../text/Clip.ts"
import { array, canonicalJson, filled, isObject, type JsonObject, object } from "../../text/json.ts"
import { addUnrecognized, type Line } from "../decodedLine.ts"
import { contentText } from "./claudeContent.ts"
import { addPrompt } from "./claudeUser.ts"

export const addAttachment = (line: Line): void => {
  const { events } = line
  const attachment = object(line.record.attachment)
  const kind = filled(attachment?.type)
  if (attachment === null || kind === null) return addUnrecognized(line)
  if (kind === "queued_command") {
    addPrompt(line, textsOf(attachment.prompt), {
      images: array(attachment.prompt).filter((block) => isObject(block) && block.type === "image").length,
      permissionMode: null,
      origin: (notice) => (isHuman(attachment) && !notice ? "queued" : "machine")
    })
  } else {
    events.push({ _tag: "Attached", kind, text: noteOf(kind, attachment) })
  }
}

/** One text for each block of text. */
const textsOf = (prompt: unknown): ReadonlyArray<string> => {
  const texts = array(prompt).flatMap((block) => (typeof block === "string" ? [block] : isObject(block) && typeof block.text === "string" ? [block.text] : []))
  return texts.length > 0 ? texts : [contentText(prompt)]
}

const isHuman = (attachment: JsonObject): boolean => {
  const origin = filled(object(attachment.origin)?.kind),
    mode = filled(attachment.commandMode)
  return (origin === null || origin === "human") && mode !== "task-notification"
}

const lines = (...parts: ReadonlyArray<string | null>): string => [...new Set(parts)].filter((part) => part !== null && part.trim() !== "").join("\n")

const noteOf = (kind: string, attachment: JsonObject): string => {
  switch (kind) {
    case "file":
    case "already_read_file":
    case "edited_text_file":
      return filled(attachment.filename) ?? ""
    case "directory":
      return filled(attachment.path) ?? ""
    case "nested_memory":
      return filled(attachment.path) ?? ""
    case "instructions":
      return lines(...array(attachment.files).map((file) => filled(object(file)?.path)))
    case "agent_mention":
      return filled(attachment.agentType) ?? ""
    case "plan_mode":
    case "plan_mode_exit":
      return filled(attachment.planFilePath) ?? ""
    case "output_style":
      return filled(attachment.style) ?? ""
    case "goal_status":
      return filled(attachment.condition) ?? ""
    case "read_truncation_notice":
      return filled(attachment.banner) ?? ""
    case "unknown_command_fallback":
      return filled(attachment.commandName) === null ? "" : `/${attachment.commandName}`
    case "structured_output":
      return clipped(canonicalJson(attachment.data), 4000)
    case "hook_blocking_error":
      return lines(filled(object(attachment.blockingError)?.blockingError) ?? filled(attachment.blockingError))
    case "hook_permission_decision":
      return lines(filled(attachment.decision), filled(attachment.message))
    case "hook_deferred_tool":
      return lines(filled(attachment.toolName), filled(object(attachment.toolInput)?.command))
    case "hook_cancelled":
      return lines(filled(attachment.command), attachment.timedOut === true ? "timed out" : "cancelled")
    default:
      return kind.startsWith("hook_") || kind === "async_hook_response"
        ? lines(
            Array.isArray(attachment.content) ? contentText(attachment.content) : (filled(attachment.content) ?? filled(attachment.stdout)),
            filled(attachment.message),
            filled(attachment.stderr)
          )
        : ""
  }
}
