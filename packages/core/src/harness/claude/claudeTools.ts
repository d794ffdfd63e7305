import type { SessionEventOf, TaskWrite, ToolKind } from "../../journal/SessionEvent.ts"
import { array, isObject, object } from "../../text/json.ts"

type Called = SessionEventOf<"ToolCalled">
type Returned = SessionEventOf<"ToolReturned">

const kinds: ReadonlyMap<string, ToolKind> = new Map([
  ...["Write", "Edit", "MultiEdit", "NotebookEdit"].map((name) => [name, "edit"] as const),
  ...["Read", "NotebookRead", "Glob", "Grep", "LS", "LSP"].map((name) => [name, "read"] as const),
  ...["Bash", "BashOutput", "KillBash", "KillShell", "PowerShell", "Monitor"].map((name) => [name, "run"] as const),
  ...["Task", "Agent"].map((name) => [name, "agent"] as const),
  ...["TodoWrite", "TaskCreate", "TaskUpdate", "TaskList", "TaskGet"].map((name) => [name, "task"] as const),
  ...["WebFetch", "WebSearch"].map((name) => [name, "web"] as const)
])

/** Says what a tool of Claude Code does, by its name. */
export const toolKind = (name: string): ToolKind => kinds.get(name) ?? (name.startsWith("mcp__") ? "mcp" : "other")

/** A call with what it means beside its name and its input. */
export const calledTool = (toolUseId: string, name: string, given: unknown): Called => {
  const kind = toolKind(name)
  return {
    _tag: "ToolCalled",
    toolUseId,
    name,
    kind,
    input: given ?? null,
    agentType: kind === "agent" ? agentType(given) : null,
    task: taskWrite(name, given)
  }
}

/** The kind of subagent that a call starts. */
const agentType = (input: unknown): string => (isObject(input) && typeof input.subagent_type === "string" ? input.subagent_type : "general-purpose")

const taskFields = ["subject", "description", "activeForm", "taskId", "status", "owner", "addBlocks", "addBlockedBy"]

/** The fields of a call that make a task; only texts and lists of texts, whatever else the input holds. */
const taskWrite = (name: string, input: unknown): TaskWrite | null => {
  if (name !== "TaskCreate" && name !== "TaskUpdate") return null
  const fields: Record<string, string | ReadonlyArray<string>> = {}
  for (const key of taskFields) {
    const value = isObject(input) ? input[key] : undefined
    if (typeof value === "string" || typeof value === "number") fields[key] = String(value)
    else if (Array.isArray(value)) fields[key] = value.filter((part) => typeof part === "string" || typeof part === "number").map(String)
  }
  return { action: name === "TaskCreate" ? "create" : "update", fields }
}

/** The lines that the `structuredPatch` of a result adds and takes out. Null without one, and for a new file, of which the client writes an empty one. */
export const changedBy = (structured: unknown): Returned["changed"] => {
  const record = object(structured)
  if (record === null || !Array.isArray(record.structuredPatch) || record.type === "create") return null
  let added = 0
  let removed = 0
  for (const part of array(record.structuredPatch)) {
    const lines = object(part)?.lines
    if (!Array.isArray(lines)) return null
    for (const line of array(lines)) {
      if (typeof line !== "string") return null
      if (line.startsWith("+")) added++
      else if (line.startsWith("-")) removed++
    }
  }
  return { added, removed }
}

/** Reads the result of a call that writes a task. */
export const taskResult = (structured: unknown): Returned["task"] => {
  if (!isObject(structured)) return null
  const task = object(structured.task)
  if (task !== null && "id" in task) return { sequence: taskNumber(task.id), success: true }
  return "success" in structured && "taskId" in structured ? { sequence: null, success: structured.success !== false } : null
}

/** Clients count tasks from 1; an id that is no such number is none. */
const taskNumber = (id: unknown): number | null => {
  const number = Number(id)
  return Number.isInteger(number) && number >= 0 && number < 2 ** 31 ? number : null
}
