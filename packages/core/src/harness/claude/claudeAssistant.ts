import { array, canonicalJson, filled, isObject, type JsonObject, object, text as string } from "../../text/json.ts"
import { lineDiff } from "../../text/lineDiff.ts"
import { type Line, lineId } from "../decodedLine.ts"
import { countLines } from "./claudeContent.ts"
import { calledTool, changedBy, taskResult } from "./claudeTools.ts"
import { addUsage } from "./claudeUsage.ts"
import { pullRequestIn } from "./pullRequest.ts"

/** The name that the client gives for what it writes in the model's place. */
const synthetic = "<synthetic>"

export const addAssistant = (line: Line): void => {
  const { events, record } = line
  const message = object(record.message)
  const content = message === null ? record.content : message.content
  const said: Array<string> = [],
    thought: Array<string> = []
  if (typeof content === "string") said.push(content)
  const blocks = array(content)
  for (const block of blocks) {
    if (typeof block === "string") said.push(block)
    else if (!isObject(block)) continue
    else if (block.type === "text" && typeof block.text === "string") said.push(block.text)
    else if (block.type === "thinking" && typeof block.thinking === "string") thought.push(block.thinking)
  }
  const messageId = filled(message?.id),
    requestId = filled(record.requestId),
    named = filled(message?.model)
  const model = named === synthetic ? null : named
  events.push({
    _tag: "Answered",
    messageId,
    requestId,
    model,
    text: said.join("\n"),
    thinking: thought.join("\n"),
    stopReason: filled(message?.stop_reason),
    apiError: filled(record.error) ?? (record.isApiErrorMessage === true ? "unknown" : null)
  })
  for (let index = 0; index < blocks.length; index++) {
    const block = blocks[index]
    if (!isObject(block) || block.type !== "tool_use") continue
    const id = filled(block.id)
    addCall(line, id ?? `${lineId(line)}:${index}`, id, block.name, block.input)
  }
  const usage = object(message?.usage) ?? object(record.usage)
  if (named !== synthetic && usage !== null) addUsage(line, { messageId, requestId, model: model ?? "unknown" }, usage)
}

/** A call and what follows from it. `ownId`: null when the call was given none, so that no result can name it. */
const addCall = ({ events }: Line, toolUseId: string, ownId: string | null, called: unknown, given: unknown): void => {
  const name = filled(called) ?? "unknown"
  events.push(calledTool(toolUseId, name, given))
  const input = object(given)
  if (input === null) return
  switch (name) {
    case "Write":
    case "Edit":
    case "MultiEdit":
    case "NotebookEdit": {
      const path = filled(input.file_path) ?? filled(input.notebook_path)
      if (path !== null)
        events.push({
          _tag: "FileChanged",
          path,
          action: name === "Write" ? "created" : "modified",
          toolName: name,
          toolUseId: ownId,
          ...changedLines(name, input)
        })
      return
    }
    case "TodoWrite":
      if (Array.isArray(input.todos)) events.push({ _tag: "TodosWritten", toolUseId: ownId, todos: input.todos.flatMap(todo) })
      return
    case "TeamCreate": {
      const team = filled("team_name" in input ? input.team_name : "teamName" in input ? input.teamName : input.name)
      if (team !== null) events.push({ _tag: "TeamJoined", name: team })
    }
  }
}

const changedLines = (name: string, input: JsonObject): { readonly linesAdded: number; readonly linesRemoved: number } => {
  if (name === "Write") return { linesAdded: countLines(string(input.content) ?? ""), linesRemoved: 0 }
  // A replaced cell does not say what it was before.
  if (name === "NotebookEdit") return { linesAdded: input.edit_mode === "insert" ? countLines(string(input.new_source) ?? "") : 0, linesRemoved: 0 }
  let linesAdded = 0,
    linesRemoved = 0
  for (const edit of name === "Edit" ? [input] : array(input.edits)) {
    if (!isObject(edit)) continue
    const { added, removed } = lineDiff(string(edit.old_string) ?? "", string(edit.new_string) ?? "")
    linesAdded += added
    linesRemoved += removed
  }
  return { linesAdded, linesRemoved }
}

const todo = (item: unknown): ReadonlyArray<{ readonly content: string; readonly status: string; readonly activeForm: string | null }> => {
  const content = string(object(item)?.content)
  return !isObject(item) || content === null ? [] : [{ content, status: string(item.status) ?? "pending", activeForm: filled(item.activeForm) }]
}

/** A call on a line of its own, as older clients wrote it. */
export const addLegacyCall = (line: Line): void => {
  const { record } = line
  const id = filled(record.toolUseId) ?? filled(record.tool_use_id) ?? filled(record.id)
  addCall(line, id ?? lineId(line), id, record.name, record.input)
}

export const addLegacyResult = (line: Line): void => {
  const { events, record } = line
  const { result } = record
  const text = typeof result === "string" ? result : canonicalJson(result)
  const id = filled("toolUseId" in record ? record.toolUseId : record.tool_use_id)
  const structured = typeof result === "string" ? null : (result ?? null)
  events.push({
    _tag: "ToolReturned",
    toolUseId: id ?? lineId(line),
    text,
    isError: record.is_error === true || record.isError === true,
    hasImage: false,
    denied: false,
    structured,
    changed: changedBy(structured),
    task: taskResult(structured)
  })
  const pullRequest = pullRequestIn(text)
  if (pullRequest !== null) events.push(pullRequest)
}
