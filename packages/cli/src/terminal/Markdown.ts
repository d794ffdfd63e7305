import type { Session } from "han-core/Session"
import { dateTime } from "./Figures.ts"
import { isOneLine, isShown, nameOf, type Shown, spokenText, toolCalls } from "./MessageText.ts"
import { plain, plainLine } from "./PlainText.ts"

/** A fenced block around any text: the fence is longer than every run of backticks in it. */
export const fenced = (text: string, language = ""): string => {
  const longest = Math.max(0, ...[...text.matchAll(/`+/g)].map(([run]) => run.length))
  const fence = "`".repeat(Math.max(3, longest + 1))
  return `${fence}${language}\n${text}\n${fence}\n`
}

/** Text on one line in which nothing is markup. */
export const escaped = (text: string): string => plainLine(text).replace(/[\\`*_{}[\]<>#|~]/g, "\\$&")

export const markdownHeader = (session: Session, options: { readonly utc: boolean; readonly agent?: string | undefined }): string => {
  const facts: ReadonlyArray<readonly [string, string | null]> = [
    ["session", session.id],
    ["subagent", options.agent ?? null],
    ["project", session.project],
    ["directory", session.cwd],
    ["branch", session.branch],
    ["model", session.model],
    ["started", session.startedAt === null ? null : dateTime(session.startedAt, options.utc)],
    ["last activity", session.updatedAt === null ? null : dateTime(session.updatedAt, options.utc)],
    ["fork of", session.forkOf]
  ]
  return `# ${escaped(session.displayTitle)}\n\n${facts.flatMap(([name, value]) => (value === null ? [] : [`- ${name}: ${escaped(value)}\n`])).join("")}`
}

const prose = new Set(["prompt", "answer", "tool-call", "compaction", "summary"])

/** A message as a section, han's own lines as a line each; empty for one that is not for reading. */
export const markdownMessage = (message: Shown, utc: boolean): string => {
  if (!isShown(message)) return ""
  const when = message.at === null ? "" : ` · ${dateTime(message.at, utc)}`
  if (isOneLine(message)) return `\n*${nameOf(message.kind)}${when} · ${escaped(message.text).trim()}*\n`
  const said = plain(spokenText(message)).trim()
  const body = said === "" ? "" : `${prose.has(message.kind) ? `${said}\n` : fenced(said)}\n`
  const calls = toolCalls(message).map((call) => `**${escaped(call.name)}**\n\n${fenced(plain(JSON.stringify(call.input, null, 2) ?? ""), "json")}\n`)
  return `\n## ${nameOf(message.kind)}${when}\n\n${body}${calls.join("")}`
}
