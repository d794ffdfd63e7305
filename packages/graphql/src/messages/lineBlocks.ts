import type { SessionId } from "han-core/Entry"
import { bareResult, bareText, type MessageKind, saidIn } from "han-core/Message"
import type { MessageLine } from "han-core/Messages"
import type { SessionEventOf, ToolKind } from "han-core/SessionEvent"
import { filled, isObject, type JsonObject, recordOf } from "./lineRecord.ts"

export interface TextSource {
  readonly type: "TEXT"
  readonly text: string
}
export interface ThinkingSource {
  readonly type: "THINKING"
  readonly thinking: string
  readonly signature: string | null
}
export interface ToolUseSource {
  readonly type: "TOOL_USE"
  readonly toolCallId: string
  readonly name: string
  readonly kind: ToolKind
  readonly input: unknown
  readonly sessionId: SessionId
}
export interface ToolResultSource {
  readonly type: "TOOL_RESULT"
  readonly toolCallId: string
  readonly content: string
  readonly isError: boolean
  readonly hasImage: boolean
}
export interface ImageSource {
  readonly type: "IMAGE"
  readonly mediaType: string
  readonly dataUrl: string
}
export type BlockSource = TextSource | ThinkingSource | ToolUseSource | ToolResultSource | ImageSource

const known = new WeakMap<MessageLine, ReadonlyArray<BlockSource>>()

/** The content of a line in its order. A line whose content is no list of blocks is one block of its text; blocks of unknown kinds are left out. */
export const blocksOf = (line: MessageLine): ReadonlyArray<BlockSource> => {
  let blocks = known.get(line)
  if (blocks === undefined) {
    blocks = read(line)
    known.set(line, blocks)
  }
  return blocks
}

const read = (line: MessageLine): ReadonlyArray<BlockSource> => {
  const content = contentOf(recordOf(line))
  if (!Array.isArray(content)) return fromEvents(line)
  const blocks = content.flatMap((block, index) => blockOf(line, block, index))
  const { kind } = line.message
  // Their words stand between tags of the client.
  if (kind === "command" || kind === "output") return [...textOf(line), ...blocks.filter(({ type }) => type !== "TEXT")]
  return written.has(kind) ? blocks.flatMap((block) => shownBlock(line, block)) : blocks
}

/** Kinds of lines into which programs put blocks of their own. */
const written: ReadonlySet<MessageKind> = new Set<MessageKind>(["prompt", "machine", "meta", "tool-result"])

/** A block without what programs put into it; nothing when it is all theirs. What a program alone wrote is shown without its tags. */
const shownBlock = ({ message: { events, kind } }: MessageLine, block: BlockSource): ReadonlyArray<BlockSource> => {
  if (block.type !== "TEXT") return [block]
  const isAsked = kind === "prompt" || (kind === "tool-result" && events.some(({ _tag }) => _tag === "Prompted"))
  const text = isAsked ? saidIn(block.text) : bareText(block.text)
  return text.trim() === "" && block.text.trim() !== "" ? [] : [{ ...block, text }]
}

const contentOf = (record: JsonObject): unknown => {
  const { attachment, content, message } = record
  if (isObject(message) && (Array.isArray(message["content"]) || typeof message["content"] === "string")) return message["content"]
  // What was typed while the model was busy.
  return isObject(attachment) && attachment["type"] === "queued_command" ? attachment["prompt"] : content
}

const textOf = ({ message }: MessageLine): ReadonlyArray<BlockSource> => (message.text === "" ? [] : [{ type: "TEXT", text: message.text }])

/** For calls and results on lines of their own, as older clients wrote them, and for what was saved of a damaged line. */
const fromEvents = (line: MessageLine): ReadonlyArray<BlockSource> => {
  const { events, sessionId } = line.message
  if (!events.some(({ _tag }) => _tag === "ToolCalled" || _tag === "ToolReturned" || _tag === "Answered")) return textOf(line)
  return events.flatMap((event): ReadonlyArray<BlockSource> => {
    switch (event._tag) {
      case "Answered":
        return [
          ...(event.thinking === "" ? [] : [{ type: "THINKING", thinking: event.thinking, signature: null } as const]),
          ...(event.text === "" ? [] : [{ type: "TEXT", text: event.text } as const])
        ]
      case "ToolCalled":
        return [callBlock(event, sessionId)]
      case "ToolReturned":
        return [{ type: "TOOL_RESULT", toolCallId: event.toolUseId, content: event.text, isError: event.isError, hasImage: event.hasImage }]
      case "Prompted":
      case "Interrupted":
        return event.text === "" ? [] : [{ type: "TEXT", text: event.text }]
      case "MetaAdded":
        return event.text === "" ? [] : [{ type: "TEXT", text: bareText(event.text) }]
      default:
        return []
    }
  })
}

const blockOf = ({ message }: MessageLine, block: unknown, index: number): ReadonlyArray<BlockSource> => {
  if (typeof block === "string") return [{ type: "TEXT", text: block }]
  if (!isObject(block)) return []
  switch (block["type"]) {
    case "text":
      return typeof block["text"] === "string" ? [{ type: "TEXT", text: block["text"] }] : []
    case "thinking":
      return typeof block["thinking"] === "string" ? [{ type: "THINKING", thinking: block["thinking"], signature: filled(block["signature"]) }] : []
    case "tool_use":
      return callsOf(message, filled(block["id"]) ?? `${message.id}:${index}`)
    case "tool_result":
      return [resultOf(block)]
    case "image":
      return imageOf(block["source"])
    default:
      return []
  }
}

/** The calls of that id, which for a call without one is the id under which the journal knows it. */
const callsOf = ({ events, sessionId }: MessageLine["message"], id: string): ReadonlyArray<BlockSource> =>
  events.flatMap((event) => (event._tag === "ToolCalled" && event.toolUseId === id ? [callBlock(event, sessionId)] : []))

const callBlock = ({ input, kind, name, toolUseId }: SessionEventOf<"ToolCalled">, sessionId: SessionId): BlockSource => ({
  type: "TOOL_USE",
  toolCallId: toolUseId,
  name,
  kind,
  input: input ?? {},
  sessionId
})

const resultOf = ({ content, is_error: isError, tool_use_id: callId }: JsonObject): BlockSource => {
  const text = bareResult(resultText(content))
  // A result of no call is nothing but text.
  if (typeof callId !== "string") return { type: "TEXT", text }
  const hasImage = Array.isArray(content) && content.some((part) => isObject(part) && part["type"] === "image")
  return { type: "TOOL_RESULT", toolCallId: callId, content: text, isError: isError === true, hasImage }
}

/** A result's text, or those of its parts, one to a line. */
export const resultText = (content: unknown): string => {
  if (typeof content === "string") return content
  if (!Array.isArray(content)) return ""
  const parts: Array<string> = []
  for (const part of content) {
    const text = isObject(part) ? part[part["type"] === "tool_reference" ? "tool_name" : "text"] : part
    if (typeof text === "string") parts.push(text)
  }
  return parts.join("\n")
}

const imageOf = (source: unknown): ReadonlyArray<BlockSource> => {
  if (!isObject(source)) return []
  const data = filled(source["data"]),
    stated = filled(source["media_type"]),
    url = filled(source["url"])
  if (data !== null) {
    const mediaType = stated ?? "image/png"
    return [{ type: "IMAGE", mediaType, dataUrl: `data:${mediaType};base64,${data}` }]
  }
  return url === null ? [] : [{ type: "IMAGE", mediaType: stated ?? mediaTypeOf(url), dataUrl: url }]
}

const endings = new Map([
  ["png", "image/png"],
  ["jpg", "image/jpeg"],
  ["jpeg", "image/jpeg"],
  ["gif", "image/gif"],
  ["webp", "image/webp"],
  ["svg", "image/svg+xml"]
])
const mediaTypeOf = (url: string): string => {
  const own = /^data:([^;,]+)/.exec(url)?.[1]
  return own ?? endings.get(/\.(\w+)(?:[?#]|$)/.exec(url)?.[1]?.toLowerCase() ?? "") ?? "image/*"
}
