import { hanText } from "../harness/han/hanText.ts"
import { withoutTags } from "../harness/promptParts.ts"
import { commandLine, commandOf } from "../harness/spokenText.ts"
import type { DecodedLine, SessionEvent } from "../journal/SessionEvent.ts"
import { clipped } from "../text/Clip.ts"
import { canonicalJson, cut, isObject, strings } from "../text/json.ts"
import { resultText } from "./resultText.ts"

/** The length of one string of a tool's input that can be found, in UTF-16 units: the beginning of a written file, all of a command. */
const inputEach = 4000
const inputTotal = 64_000
const hanData = 20_000

/** The text of the line that a page shows. */
export const shownText = ({ envelope, events }: DecodedLine): string => {
  const parts: Array<string> = []
  const answered = events.some((event) => event._tag === "Answered" && event.text.trim() !== "")
  const summarized = events.some((event) => event._tag === "CompactionSummarized")
  const recovered = events.some((event) => event._tag !== "Unreadable")
  const asked = events.some((event) => event._tag === "Prompted" && commandOf(events, event) === null)
  const ran = events.some((event) => event._tag === "CommandRun" || event._tag === "CommandPrinted")
  for (const event of events) {
    // What programs put into a prompt is beside what was said.
    if (event._tag === "MetaAdded" && (asked || ran)) continue
    if (asked && (event._tag === "CommandRun" || event._tag === "CommandPrinted")) continue
    if (event._tag === "Prompted" && commandOf(events, event) !== null) continue
    if (event._tag === "ToolCalled" && answered) continue
    if (event._tag === "Compacted" && summarized) continue
    if (event._tag === "Unreadable" && recovered) continue
    // In a result it is a part of the text.
    if (event._tag === "PullRequestLinked" && envelope.type !== "pr-link") continue
    const part = shown(event)
    if (part !== "") parts.push(part)
  }
  return parts.length === 1 ? (parts[0] ?? "") : parts.join("\n")
}

const shown = (event: SessionEvent): string => {
  switch (event._tag) {
    case "Prompted":
      return event.origin === "machine" ? withoutTags(event.text) : event.text
    case "MetaAdded":
      return withoutTags(event.text)
    case "CommandPrinted":
    case "Interrupted":
    case "CompactionSummarized":
    case "Answered":
    case "ToolReturned":
    case "SystemNoted":
    case "Attached":
    case "Summarized":
    case "Unrecognized":
      return event.text
    case "CommandRun":
      return commandLine(event)
    case "ToolCalled":
      return `${event.name} ${headline(event.input)}`.trim()
    case "Compacted":
      return event.trigger === "auto" || event.trigger === "manual" ? `Conversation compacted (${event.trigger})` : "Conversation compacted"
    case "QueueChanged":
      return event.text === "" ? event.operation : event.text
    case "Titled":
      return event.title
    case "PullRequestLinked":
      return event.url
    case "FilesSnapshotted":
      return event.paths.join("\n")
    case "HanNoted":
      return hanText(event)
    case "Unreadable":
      return event.reason
    default:
      return ""
  }
}

/** The part of a tool's input that says what it is about. */
const headlines = ["command", "file_path", "notebook_path", "path", "pattern", "query", "url", "subject", "description", "skill", "prompt"]
const headline = (input: unknown): string => {
  if (!isObject(input)) return ""
  for (const key of headlines) {
    const value = input[key]
    if (typeof value === "string" && value !== "") return clipped(value.split("\n", 1)[0] ?? "", 200)
  }
  return ""
}

export interface FoundText {
  readonly prompt: string
  readonly answer: string
  readonly tool: string
  readonly other: string
}

/** The words by which the line can be found; `isCut`: there are more. `outputs`: texts of the files that it points to. */
export const foundText = ({ events }: DecodedLine, outputs: ReadonlyArray<string>) => {
  let prompt = "",
    answer = "",
    tool = "",
    other = ""
  let isCut = false
  for (const event of events) {
    switch (event._tag) {
      case "Prompted":
        if (event.origin === "machine") other = and(other, event.text)
        else if (commandOf(events, event) === null) prompt = and(prompt, event.text)
        break
      case "CommandRun":
        prompt = and(prompt, commandLine(event))
        break
      case "Answered":
        answer = and(and(answer, event.text), event.thinking)
        break
      case "ToolReturned":
        tool = and(tool, event.text)
        if (event.structured !== null) {
          const more = resultText(event.text, event.structured)
          for (const part of more.parts) tool = and(tool, part)
          isCut ||= more.cut
        }
        break
      case "ToolCalled":
        tool = and(tool, event.name)
        for (const part of strings(event.input, inputEach, inputTotal)) tool = and(tool, part)
        break
      case "HanNoted":
        other = and(other, event.name)
        if (event.data !== null) other = and(other, cut(canonicalJson(event.data), hanData))
        break
      case "QueueChanged":
        other = and(other, event.text)
        break
      case "PullRequestLinked":
        if (events.length === 1) other = and(other, event.url)
        break
      // A list is written by a call on the same line, whose input has its words.
      case "TodosWritten":
      case "Unreadable":
        break
      default:
        other = and(other, shown(event))
    }
  }
  for (const output of outputs) tool = and(tool, output)
  const found = { prompt: filled(prompt), answer: filled(answer), tool: filled(tool), other: filled(other) }
  return found.prompt === "" && found.answer === "" && found.tool === "" && found.other === "" ? null : { text: found, isCut }
}

const and = (text: string, more: string): string => (more === "" ? text : text === "" ? more : `${text}\n${more}`)
const filled = (text: string): string => (text === "" || text.trim() === "" ? "" : text)
