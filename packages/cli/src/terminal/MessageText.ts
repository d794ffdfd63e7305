import type { Message, MessageKind } from "han-core/Message"
import type { SessionEventOf } from "han-core/SessionEvent"
import { dateTime } from "./Figures.ts"
import { plain, plainLine } from "./PlainText.ts"
import type { Style } from "./Style.ts"

/** The parts of a message that its reader is shown. */
export type Shown = Pick<Message, "kind" | "at" | "text" | "events">

const names: Readonly<Record<MessageKind, string>> = {
  prompt: "user",
  machine: "machine",
  command: "command",
  output: "command output",
  interrupt: "interrupted",
  meta: "note to the model",
  compaction: "compaction",
  "tool-result": "result",
  answer: "assistant",
  "tool-call": "assistant",
  system: "system",
  attachment: "attachment",
  summary: "summary",
  queue: "queue",
  title: "title",
  snapshot: "snapshot",
  progress: "progress",
  han: "han",
  unrecognized: "unrecognized line",
  unreadable: "unreadable line"
}
/** The client's bookkeeping, which is not for reading. */
const silent: ReadonlySet<MessageKind> = new Set<MessageKind>(["queue", "title", "snapshot", "progress"])
const spoken: ReadonlySet<MessageKind> = new Set<MessageKind>(["prompt", "answer", "tool-call", "compaction", "summary", "machine"])

export const nameOf = (kind: MessageKind): string => names[kind]

/** The tools that a message calls. */
export const toolCalls = (message: Shown): ReadonlyArray<SessionEventOf<"ToolCalled">> => message.events.filter((event) => event._tag === "ToolCalled")

/** The words that were said beside tool calls. */
export const spokenText = (message: Shown): string => {
  const calls = toolCalls(message)
  if (calls.length === 0) return message.text
  return message.events.flatMap((event) => (event._tag === "Answered" && event.text !== "" ? [event.text] : [])).join("\n\n")
}

const telling = ["command", "file_path", "notebook_path", "path", "pattern", "query", "url", "description", "subject", "skill", "prompt"]

/** Says what a call is about, on one line: the argument that tells most, else all of them. */
export const callSummary = (input: unknown, length = 200): string => {
  if (typeof input !== "object" || input === null) return cut(plainLine(String(input ?? "")), length)
  const entries = new Map<string, unknown>(Object.entries(input))
  for (const key of telling) {
    const value = entries.get(key)
    if (typeof value === "string" && value.trim() !== "") return cut(plainLine(value), length)
  }
  return entries.size === 0 ? "" : cut(plainLine(JSON.stringify(input)), length)
}

const cut = (text: string, length: number): string => (text.length <= length ? text : `${text.slice(0, length - 1).toWellFormed()}…`)

/** Tells whether there is something to show. */
export const isShown = (message: Shown): boolean => !silent.has(message.kind) && (message.text.trim() !== "" || toolCalls(message).length > 0)

/** Tells whether a message is a line of its own beside the conversation: no blank line parts it from another such line. */
export const isOneLine = ({ kind }: Pick<Shown, "kind">): boolean => kind === "han"

/** A message as a block: who and when, then what, indented. Long results are cut to `resultLines` lines, and han's own lines are one line each. */
export const messageBlock = (
  message: Shown,
  options: { readonly style: Style; readonly utc: boolean; readonly resultLines: number; readonly prefix?: string }
): string => {
  const { style } = options
  if (isOneLine(message))
    return `${options.prefix ?? ""}${style.dim(`${dateTime(message.at, options.utc)}  ${nameOf(message.kind)}  ${plainLine(message.text)}`)}\n`
  const failed = message.events.some((event) => event._tag === "ToolReturned" && event.isError)
  const who = failed
    ? style.red(`${nameOf(message.kind)} (error)`)
    : message.kind === "prompt"
      ? style.bold(style.cyan(nameOf(message.kind)))
      : style.bold(nameOf(message.kind))
  const head = `${options.prefix ?? ""}${style.dim(dateTime(message.at, options.utc))}  ${who}\n`
  const said = plain(spokenText(message)).trim()
  const lines = said === "" ? [] : said.split("\n")
  const shown = spoken.has(message.kind) || lines.length <= options.resultLines ? lines : lines.slice(0, options.resultLines)
  const more = lines.length - shown.length
  const body = shown.map((line) => `  ${spoken.has(message.kind) ? line : style.dim(line)}`.trimEnd())
  if (more > 0) body.push(style.dim(`  … ${more} more ${more === 1 ? "line" : "lines"}`))
  for (const call of toolCalls(message)) body.push(`  ${style.green("→")} ${style.bold(plainLine(call.name))} ${callSummary(call.input)}`.trimEnd())
  return `${head}${body.map((line) => `${line}\n`).join("")}`
}
