import type { SessionEventOf } from "../../journal/SessionEvent.ts"
import { array, count, filled, isObject, number, object, whole } from "../../text/json.ts"
import type { Line } from "../decodedLine.ts"
import { contentText } from "./claudeContent.ts"

type State = SessionEventOf<"StateNoted">["state"]

/** State lines: what they set, and the field that says to what. */
const states = new Map<string, readonly [State, string]>([
  ["mode", ["mode", "mode"]],
  ["permission-mode", ["permission-mode", "permissionMode"]],
  ["agent-name", ["agent-name", "agentName"]],
  ["agent-color", ["agent-color", "agentColor"]],
  ["agent-setting", ["agent-setting", "agentSetting"]],
  ["tag", ["tag", "tag"]],
  ["atis-latch", ["latch", "atis"]]
])

/** Lines that are no part of the conversation. Adds nothing for a kind that is not one of them, or that lacks what makes it one. */
export const addState = ({ events, record }: Line, type: string): void => {
  const state = states.get(type)
  if (state !== undefined) {
    events.push({ _tag: "StateNoted", state: state[0], value: filled(record[state[1]]) })
    return
  }
  switch (type) {
    case "queue-operation": {
      const operation = filled(record.operation)
      if (operation !== null) events.push({ _tag: "QueueChanged", operation, text: contentText(record.content), reason: filled(record.reason) })
      return
    }
    case "custom-title":
    case "ai-title": {
      const title = type === "ai-title" ? record.aiTitle : record.customTitle
      if (typeof title === "string") events.push({ _tag: "Titled", by: type === "ai-title" ? "model" : "user", title })
      return
    }
    case "file-history-snapshot": {
      const snapshot = object(record.snapshot)
      const paths = Object.keys(object(snapshot?.trackedFileBackups) ?? {})
      events.push({
        _tag: "FilesSnapshotted",
        messageId: filled(record.messageId) ?? filled(snapshot?.messageId),
        paths,
        isUpdate: record.isSnapshotUpdate === true
      })
      return
    }
    case "file-history-delta": {
      const path = filled(record.trackingPath)
      events.push({ _tag: "FilesSnapshotted", messageId: filled(record.messageId), paths: path === null ? [] : [path], isUpdate: true })
      return
    }
    case "last-prompt":
      events.push({ _tag: "PromptRemembered", text: filled(record.lastPrompt), leafUuid: filled(record.leafUuid), explicit: record.explicit === true })
      return
    case "tools-used":
      events.push({ _tag: "ToolsListed", tools: array(record.tools).filter((tool) => typeof tool === "string") })
      return
    case "progress":
      events.push({ _tag: "Progressed", parentToolUseId: filled(record.parentToolUseID) })
      return
    case "pr-link": {
      const id = whole(record.prNumber),
        url = filled(record.prUrl)
      if (id !== null && url !== null) events.push({ _tag: "PullRequestLinked", number: id, url, repository: filled(record.prRepository) })
      return
    }
    case "worktree-state": {
      const into = object(record.worktreeSession)
      events.push({
        _tag: "WorktreeEntered",
        path: filled(into?.worktreePath),
        name: filled(into?.worktreeName),
        branch: filled(into?.worktreeBranch),
        originalCwd: filled(into?.originalCwd)
      })
      return
    }
    case "relocated": {
      const cwd = filled(record.relocatedCwd)
      if (cwd !== null) events.push({ _tag: "Relocated", cwd })
      return
    }
    case "api-request":
      events.push({
        _tag: "RequestLogged",
        part: "request",
        id: filled(record.id),
        querySource: filled(record.querySource),
        model: filled(object(record.params)?.model)
      })
      return
    case "api-request-shape":
      events.push({ _tag: "RequestLogged", part: "shape", id: filled(record.shapeHash), querySource: null, model: null })
      return
    case "api-request-blob":
      events.push({ _tag: "RequestLogged", part: "blob", id: filled(record.hash), querySource: null, model: null })
      return
    case "cost-state":
      events.push({
        _tag: "CostStated",
        totalCostUsd: number(record.totalCostUSD) ?? 0,
        models: Object.entries(object(record.modelUsage) ?? {}).flatMap(([model, used]) =>
          isObject(used)
            ? [
                {
                  model,
                  input: count(used.inputTokens),
                  output: count(used.outputTokens),
                  cacheRead: count(used.cacheReadInputTokens),
                  cacheWrite: count(used.cacheCreationInputTokens),
                  costUsd: number(used.costUSD) ?? 0,
                  webSearches: count(used.webSearchRequests)
                }
              ]
            : []
        ),
        linesAdded: count(record.totalLinesAdded),
        linesRemoved: count(record.totalLinesRemoved),
        durationMs: number(record.totalDuration) ?? 0,
        apiDurationMs: number(record.totalAPIDuration) ?? 0
      })
  }
}
