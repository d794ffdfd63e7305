import type { FileChange } from "han-core/FileChange"
import * as Pricing from "han-core/Pricing"
import type { Agent, Session } from "han-core/Session"
import type { SessionSync } from "han-core/SyncClient"
import type { Task, TodoList } from "han-core/Task"
import type { UsageReport } from "han-core/Usage"
import { count, counted, dateTime } from "./Figures.ts"
import { plainLine } from "./PlainText.ts"
import { shortId } from "./SessionNames.ts"
import type { Style } from "./Style.ts"
import { syncWords } from "./SyncWords.ts"
import { padEnd } from "./Width.ts"

export interface SessionParts {
  readonly session: Session
  readonly agents: ReadonlyArray<Agent>
  readonly tasks: ReadonlyArray<Task>
  readonly todos: ReadonlyArray<TodoList>
  readonly files: ReadonlyArray<FileChange>
  readonly usage: UsageReport
  /** Absent when nothing is sent. */
  readonly sync?: SessionSync | undefined
}
interface Options {
  readonly style: Style
  readonly utc: boolean
  readonly terminal: { readonly output: boolean }
}

/** The header of a session, shown before its messages: facts, tasks, files, subagents, usage. */
export const sessionHeader = (parts: SessionParts, options: Options): string => {
  const { style } = options
  const sections: ReadonlyArray<readonly [string, ReadonlyArray<string>]> = [
    ["Tasks", taskLines(parts, style)],
    ["Files", fileLines(parts.files, style)],
    [
      "Subagents",
      parts.agents.map((agent) =>
        plainLine([agent.id, agent.type, agent.description, counted(agent.messages, "message")].filter((part) => part !== null).join("  "))
      )
    ],
    ["Usage", usageLines(parts.usage)]
  ]
  return (
    `${style.bold(plainLine(parts.session.displayTitle))}\n${factLines(parts, options)
      .map((line) => `  ${line}\n`)
      .join("")}` +
    sections
      .filter(([, lines]) => lines.length > 0)
      .map(([title, lines]) => `\n${style.bold(title)}\n${lines.map((line) => `  ${line}\n`).join("")}`)
      .join("")
  )
}

const factLines = ({ session, sync }: SessionParts, { style, terminal, utc }: Options): ReadonlyArray<string> => {
  const link = session.link
  const facts: ReadonlyArray<readonly [string, string | null]> = [
    ["session", session.id],
    ["status", session.status],
    ["project", session.project === null ? session.cwd : session.cwd === null ? session.project : `${session.project}  ${session.cwd}`],
    ["repository", session.repo],
    ["branch", session.branch],
    ["model", session.model],
    ["client", session.version === null ? session.source : `${session.source} ${session.version}`],
    ["started", session.startedAt === null ? null : dateTime(session.startedAt, utc)],
    ["updated", session.updatedAt === null ? null : dateTime(session.updatedAt, utc)],
    ["began as", link === null ? null : `${link.kind} of ${shortId(link.sessionId, terminal)}`],
    ["sync", sync === undefined ? null : `${syncWords(sync)}, ${count(sync.syncedLines)} of ${counted(sync.lines, "line")} sent`],
    ["pull request", session.pullRequest?.url ?? null],
    [
      "messages",
      `${count(session.messages)} (${counted(session.prompts, "prompt")}, ${counted(session.toolCalls, "tool call")}, ${counted(session.toolErrors, "tool error")}, ${counted(session.compactions, "compaction")})`
    ]
  ]
  return facts.flatMap(([name, value]) => (value === null ? [] : [`${style.dim(padEnd(name, 12))}  ${plainLine(value)}`]))
}

const taskLines = ({ tasks, todos }: SessionParts, style: Style): ReadonlyArray<string> => {
  if (tasks.length > 0) return tasks.map(({ sequence, status, subject }) => `${mark(status, style)} #${sequence} ${plainLine(subject)}`)
  return (todos[0]?.todos ?? []).map(({ content, status }) => `${mark(status, style)} ${plainLine(content)}`)
}

const mark = (status: string, style: Style): string =>
  status === "completed" ? style.green("✔") : status === "in_progress" ? style.yellow("▸") : status === "pending" ? "☐" : `☐ (${plainLine(status)})`

/** A line a file, with all its changes added up. */
const fileLines = (changes: ReadonlyArray<FileChange>, style: Style): ReadonlyArray<string> => {
  const files = new Map<string, { action: string; added: number; removed: number }>()
  for (const { action, linesAdded, linesRemoved, path } of changes) {
    const have = files.get(path)
    files.set(path, {
      action: have?.action === "created" && action === "modified" ? "created" : action,
      added: (have?.added ?? 0) + linesAdded,
      removed: (have?.removed ?? 0) + linesRemoved
    })
  }
  return [...files].map(
    ([path, { action, added, removed }]) => `${padEnd(action, 8)}  ${style.green(`+${count(added)}`)} ${style.red(`-${count(removed)}`)}  ${plainLine(path)}`
  )
}

const usageLines = ({ notIncluded, rows, totals, unpricedModels }: UsageReport): ReadonlyArray<string> =>
  totals.responses === 0
    ? []
    : [
        ...rows.map(
          (row) =>
            `${plainLine(row.label)}: ${row.unpricedResponses > 0 && row.costNanoUsd === 0 ? "cost unknown" : Pricing.formatUsd(row.costNanoUsd)}, ` +
            `${counted(row.responses, "response")}, ${count(row.input)} input, ${count(row.output)} output, ${count(row.cacheRead)} cache read, ${count(row.cacheWrite5m + row.cacheWrite1h)} cache write`
        ),
        ...(rows.length > 1 ? [`total: ${Pricing.formatUsd(totals.costNanoUsd)}`] : []),
        ...(unpricedModels.length > 0 ? [`no price is known for ${plainLine(unpricedModels.join(", "))}`] : []),
        ...notIncluded.map((what) => `not included: ${plainLine(what)}`)
      ]
