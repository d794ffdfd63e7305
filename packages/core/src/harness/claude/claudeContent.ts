import { isObject, text } from "../../text/json.ts"

/** A message's content as text: itself, or the texts of its blocks, one to a line; a tool that was looked up is its name. */
export const contentText = (content: unknown): string => {
  if (typeof content === "string") return content
  if (!Array.isArray(content)) return ""
  const parts: Array<string> = []
  for (const block of content) {
    if (typeof block === "string") parts.push(block)
    else if (isObject(block)) {
      const part = text(block.type === "tool_reference" ? block.tool_name : block.text)
      if (part !== null) parts.push(part)
    }
  }
  return parts.join("\n")
}

/** Lines of a text as an editor counts them: a newline at the end begins no further one. */
export const countLines = (value: string): number => {
  if (value === "") return 0
  let lines = value.endsWith("\n") ? 0 : 1
  for (let at = value.indexOf("\n"); at >= 0; at = value.indexOf("\n", at + 1)) lines++
  return lines
}

/** An older client said so in words where newer ones set a flag. */
export const continuation = "This session is being continued from a previous conversation"
