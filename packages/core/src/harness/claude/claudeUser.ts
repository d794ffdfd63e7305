import type { SessionEvent } from "../../journal/SessionEvent.ts"
import { array, cut, filled, isObject, object, text as string } from "../../text/json.ts"
import { tagged, unwrapped, withoutAnsi } from "../../text/terminal.ts"
import { addUnrecognized, type Line } from "../decodedLine.ts"
import { type AddedBlock, type PromptParts, partsOf } from "../promptParts.ts"
import { commandLine } from "../spokenText.ts"
import { contentText, continuation } from "./claudeContent.ts"
import { changedBy, taskResult } from "./claudeTools.ts"
import { pullRequestIn, pullRequestOf } from "./pullRequest.ts"

/** Longer results are files and listings, whose links say nothing about the session. */
const maxLinkText = 2000

export const addUser = (line: Line): void => {
  const { events, record } = line
  const content = isObject(record.message) ? record.message.content : record.content
  if (!Array.isArray(content) && typeof content !== "string") return addUnrecognized(line)
  if (record.isCompactSummary === true) {
    events.push({ _tag: "CompactionSummarized", text: contentText(content) })
  } else if (typeof content === "string") {
    addSaid(line, [content], array(record.imagePasteIds).length)
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
  if (results === 0 || texts.some((text) => text.trim() !== "")) addSaid(line, texts, images)
}

const addResult = ({ events, record }: Line, toolUseId: unknown, content: unknown, isError: boolean, alone: boolean): void => {
  const text = unwrapped(contentText(content), "tool_use_error")
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
    structured,
    changed: changedBy(structured),
    task: taskResult(structured)
  })
  const pullRequest = pullRequestOf(structured) ?? (text.length < maxLinkText ? pullRequestIn(text) : null)
  if (pullRequest !== null) events.push(pullRequest)
}

const addSaid = (line: Line, texts: ReadonlyArray<string>, images: number): void => {
  const { events, record } = line
  const text = texts.length === 1 ? (texts[0] ?? "") : texts.join("\n")
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
  if (record.isMeta === true) {
    events.push({ _tag: "MetaAdded", text, sourceToolUseId: filled(record.sourceToolUseID) })
    return
  }
  addPrompt(line, texts, { images, permissionMode: filled(record.permissionMode), origin: (notice) => originOf(line, text, source, notice) })
}

/** The parts of several texts, each for itself: a block that breaks off ends with its text. */
export const allParts = (texts: ReadonlyArray<string>): PromptParts => {
  const parts = texts.map(partsOf)
  const [only] = parts
  if (parts.length === 1 && only !== undefined) return only
  const said = parts.map((part) => part.said)
  const spoken = parts.findIndex((part) => part.said.trim() !== "")
  return {
    said: (parts.every(({ added }) => added.length === 0) ? said : said.filter((words) => words.trim() !== "")).join("\n"),
    added: parts.flatMap(({ added }, index) => (spoken >= 0 && index > spoken ? added.map((block) => ({ ...block, leads: false })) : added))
  }
}

/** Takes the texts of one prompt apart: what was asked, and apart from it what programs put into it. `origin` is told whether they are a program's notice and nothing else. */
export const addPrompt = (
  line: Line,
  texts: ReadonlyArray<string>,
  given: {
    readonly images: number
    readonly permissionMode: string | null
    readonly origin: (notice: boolean) => "human" | "sdk" | "queued" | "machine"
  }
): void => {
  const { events, record } = line
  const { images, permissionMode } = given
  const text = texts.length === 1 ? (texts[0] ?? "") : texts.join("\n")
  const { added, said } = allParts(texts)
  const isSilent = said.trim() === ""
  const origin = given.origin(isSilent && added[0] !== undefined && notices.has(added[0].name))
  if (origin === "machine" && !added.some(({ leads, name }) => leads && isCommandTag(name))) {
    events.push({ _tag: "Prompted", origin, text, images, permissionMode })
    return
  }
  const command = commandIn(line, { added, said, text })
  if (command === null && added.length === 0) {
    events.push({ _tag: "Prompted", origin, text: said, images, permissionMode })
    return
  }
  const asks = command?.asks ?? null
  if (command !== null) events.push(...command.events)
  if (asks !== null) events.push({ _tag: "Prompted", origin, text: asks, images, permissionMode })
  const rest = added.filter((block) => command?.blocks.has(block) !== true).map(({ whole }) => whole)
  // What stands behind the call of a command is the command's own text.
  const isBody = command?.called === true && !isSilent
  if (!isSilent && !isBody) events.push({ _tag: "Prompted", origin, text: said, images, permissionMode })
  else if (command === null && images > 0) events.push({ _tag: "Prompted", origin, text: "", images, permissionMode })
  const beside = [...rest, ...(isBody && record.isCommand !== true ? [said] : [])].join("\n")
  if (beside !== "") events.push({ _tag: "MetaAdded", text: beside, sourceToolUseId: filled(record.sourceToolUseID) })
}

/** Says whether the text is a command's or what one printed. */
export const addCommand = (line: Line, text: string): boolean => {
  const command = commandIn(line, { ...partsOf(text), text })
  if (command === null) return false
  line.events.push(...command.events)
  return true
}

const isCommandTag = (name: string): boolean => /^(?:command|bash|local-command)-(?!notification|caveat)/.test(name)
const notices: ReadonlySet<string> = new Set([
  "task-notification",
  "agent-notification",
  "background-task-notification",
  "bash-notification",
  "teammate-message"
])

/**
 * Commands of the client that set it up or show something: what stands behind their names is a value, and nobody is asked for anything. The client writes their name
 * before anything else.
 */
const settingCommands: ReadonlySet<string> = new Set(
  (
    "add-dir advisor agents allowed-tools background bashes branch cd clear color config context copy cost doctor effort exit export extra-usage fast fork help hooks " +
    "ide keybindings login logout mcp memory model output-style permissions plugin plugins privacy-settings quit reload-plugins release-notes rename resume rewind " +
    "sandbox session skills stats status statusline tag tasks terminal-setup theme todos upgrade usage vim voice"
  ).split(" ")
)

interface Command {
  readonly events: ReadonlyArray<SessionEvent>
  /** The blocks that it was made of. */
  readonly blocks: ReadonlySet<AddedBlock>
  /** The prompt that it is, for a slash command with words. */
  readonly asks: string | null
  /** True when the model gets a text of the command's own. */
  readonly called: boolean
}

/** The command that the text begins with, or what one printed; null for any other text. */
const commandIn = ({ record }: Line, { added, said, text }: PromptParts & { readonly text: string }): Command | null => {
  const blocks = added.filter(({ leads, name }) => leads && isCommandTag(name))
  const events: Array<SessionEvent> = []
  let asks: string | null = null
  let called = false
  const of = (name: string): string | null => {
    const block = blocks.find((one) => one.name === name)
    return block === undefined ? null : (tagged(block.whole, name) ?? "")
  }
  const run = (name: string, args: string, isSetting: boolean) => {
    const event = { _tag: "CommandRun", name, args, shell: false } as const
    events.push(event)
    if (args !== "" && !isSetting) asks = commandLine(event)
  }
  const named = blocks.find(({ name }) => name === "command-name" || name === "command-message")
  const input = of("bash-input")
  if (named !== undefined) {
    const name = (of("command-name") ?? of("command-message") ?? "").trim()
    called = named.name === "command-message"
    run(name.startsWith("/") ? name : `/${name}`, (of("command-args") ?? "").trim(), !called && settingCommands.has(name.replace(/^\//, "")))
  } else if (input !== null) {
    events.push({ _tag: "CommandRun", name: input.trim(), args: "", shell: true })
  } else if (record.isCommand === true) {
    const [name = "", ...rest] = (blocks.length === 0 ? said : text).trim().split(/\s+/)
    called = true
    run(name, filled(record.args) ?? rest.join(" "), settingCommands.has(name.replace(/^\//, "")))
  }
  for (const kind of ["local-command", "bash"]) {
    const out = of(`${kind}-stdout`),
      err = of(`${kind}-stderr`)
    if (out === null && err === null) continue
    const printed = [out, err].filter((part) => part !== null && part !== "").join("\n")
    events.push({ _tag: "CommandPrinted", text: withoutAnsi(printed), isError: (out === null || out === "") && err !== null && err !== "" })
  }
  return events.length === 0 ? null : { events, blocks: new Set(blocks), asks, called }
}

const originOf = ({ record, transcript }: Line, text: string, source: string | null, notice: boolean): "human" | "sdk" | "machine" => {
  const kind = filled(object(record.origin)?.kind)
  if ((kind !== null && kind !== "human") || source === "system" || record.turnOrigin === "task_notification" || record.turnOrigin === "system")
    return "machine"
  if (source === "typed" || kind === "human") return "human"
  if (source === "sdk") return "sdk"
  if (notice || text.startsWith("Another Claude session sent a message:")) return "machine"
  // What a subagent is asked was written by the model that started it.
  if (transcript.kind === "agent" || record.isSidechain === true) return "machine"
  return typeof record.entrypoint === "string" && record.entrypoint.startsWith("sdk") ? "sdk" : "human"
}
