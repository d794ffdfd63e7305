import { contentText, continuation } from "./claudeContent.ts"
import { addUnrecognized, type Line } from "./decodedLine.ts"
import { array, cut, filled, isObject, object, text as string } from "./json.ts"
import { pullRequestIn, pullRequestOf } from "./pullRequest.ts"
import { tagged, withoutAnsi } from "./terminal.ts"

/** Longer results are files and listings, whose links say nothing about the session. */
const longestLinkText = 2000

export const addUser = (line: Line): void => {
  const { events, record } = line
  const content = isObject(record.message) ? record.message.content : record.content
  if (!Array.isArray(content) && typeof content !== "string") return addUnrecognized(line)
  if (record.isCompactSummary === true) {
    events.push({ _tag: "CompactionSummarized", text: contentText(content) })
  } else if (typeof content === "string") {
    addSaid(line, content, array(record.imagePasteIds).length)
  } else {
    addBlocks(line, content)
  }
}

const addBlocks = (line: Line, content: ReadonlyArray<unknown>): void => {
  const texts: Array<string> = []
  let images = 0,
    results = 0
  for (const block of content) {
    if (typeof block === "string") texts.push(block)
    if (!isObject(block)) continue
    if (block.type === "tool_result") results++
    else if (block.type === "image") images++
    else if (typeof block.text === "string") texts.push(block.text)
  }
  if (results > 0) {
    for (const block of content)
      if (isObject(block) && block.type === "tool_result") addResult(line, block.tool_use_id, block.content, block.is_error === true, results === 1)
  }
  const said = texts.join("\n")
  if (results === 0 || said.trim() !== "") addSaid(line, said, images)
}

const addResult = ({ events, record }: Line, toolUseId: unknown, content: unknown, isError: boolean, alone: boolean): void => {
  const text = contentText(content)
  // A result of no call is nothing but text for the model.
  if (typeof toolUseId !== "string") {
    events.push({ _tag: "MetaAdded", text, sourceToolUseId: null })
    return
  }
  // The client's record of a result does not say which of several it is about.
  const structured = alone ? (record.toolUseResult ?? null) : null
  events.push({
    _tag: "ToolReturned",
    toolUseId,
    text,
    isError,
    hasImage: Array.isArray(content) && content.some((block) => isObject(block) && block.type === "image"),
    denied: typeof record.toolDenialKind === "string",
    structured
  })
  const pullRequest = pullRequestOf(structured) ?? (text.length < longestLinkText ? pullRequestIn(text) : null)
  if (pullRequest !== null) events.push(pullRequest)
}

const addSaid = (line: Line, text: string, images: number): void => {
  const { events, record } = line
  const source = string(record.promptSource)
  if (source === null && record.isMeta !== true && cut(text, 400).includes(continuation)) {
    events.push(
      { _tag: "Compacted", trigger: "continuation", preTokens: null, postTokens: null, durationMs: null, summaryUuid: null },
      { _tag: "CompactionSummarized", text }
    )
    return
  }
  if (source === null && text.startsWith("[Request interrupted by user")) {
    events.push({ _tag: "Interrupted", text, forToolUse: text.startsWith("[Request interrupted by user for tool use") })
    return
  }
  if (record.isMeta === true || isReminder(text)) {
    events.push({ _tag: "MetaAdded", text, sourceToolUseId: filled(record.sourceToolUseID) })
    return
  }
  if (addCommand(line, text)) return
  events.push({ _tag: "Prompted", origin: originOf(line, text, source), text, images, permissionMode: filled(record.permissionMode) })
}

const isReminder = (text: string): boolean =>
  text.startsWith("<") && (text.startsWith("<local-command-caveat>") || (text.startsWith("<system-reminder>") && text.trimEnd().endsWith("</system-reminder>")))

/** Says whether the text is a command's or what one printed. */
export const addCommand = ({ events, record }: Line, text: string): boolean => {
  if (record.isCommand === true) {
    const [name = "", ...rest] = text.trim().split(/\s+/)
    events.push({ _tag: "CommandRun", name, args: filled(record.args) ?? rest.join(" "), shell: false })
    return true
  }
  const from = text.search(/\S/)
  if (text.charCodeAt(from) !== 60) return false
  if (text.startsWith("<command-name>", from) || text.startsWith("<command-message>", from)) {
    const name = (tagged(text, "command-name") ?? tagged(text, "command-message") ?? "").trim()
    events.push({ _tag: "CommandRun", name: name.startsWith("/") ? name : `/${name}`, args: (tagged(text, "command-args") ?? "").trim(), shell: false })
  } else if (text.startsWith("<bash-input>", from)) {
    events.push({ _tag: "CommandRun", name: (tagged(text, "bash-input") ?? "").trim(), args: "", shell: true })
  } else if (!text.startsWith("<local-command-std", from) && !text.startsWith("<bash-std", from)) {
    return false
  }
  for (const command of ["local-command", "bash"]) {
    const out = tagged(text, `${command}-stdout`),
      err = tagged(text, `${command}-stderr`)
    if (out === null && err === null) continue
    const printed = [out, err].filter((part) => part !== null && part !== "").join("\n")
    events.push({ _tag: "CommandPrinted", text: withoutAnsi(printed), isError: (out === null || out === "") && err !== null && err !== "" })
  }
  return true
}

const originOf = ({ record, transcript }: Line, text: string, source: string | null): "human" | "sdk" | "machine" => {
  const kind = filled(object(record.origin)?.kind)
  if ((kind !== null && kind !== "human") || source === "system" || record.turnOrigin === "task_notification" || record.turnOrigin === "system")
    return "machine"
  if (source === "typed" || kind === "human") return "human"
  if (source === "sdk") return "sdk"
  if (text.startsWith("<task-notification>") || text.startsWith("<teammate-message") || text.startsWith("Another Claude session sent a message:"))
    return "machine"
  // What a subagent is asked was written by the model that started it.
  if (transcript.kind === "agent" || record.isSidechain === true) return "machine"
  return typeof record.entrypoint === "string" && record.entrypoint.startsWith("sdk") ? "sdk" : "human"
}
