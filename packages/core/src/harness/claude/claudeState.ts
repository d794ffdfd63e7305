import type { SessionEvent, SessionEventOf } from "../../journal/SessionEvent.ts"
import { array, count, filled, isObject, type JsonObject, number, object, whole } from "../../text/json.ts"
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
  const event: SessionEvent | null =
    state === undefined ? (readers.get(type)?.(record) ?? null) : { _tag: "StateNoted", state: state[0], value: filled(record[state[1]]) }
  if (event !== null) events.push(event)
}

const titled = (by: "model" | "user", title: unknown): SessionEvent | null => (typeof title === "string" ? { _tag: "Titled", by, title } : null)
const logged = (part: "shape" | "blob", id: unknown): SessionEvent => ({ _tag: "RequestLogged", part, id: filled(id), querySource: null, model: null })

/** The reader of each type of line. */
const readers: ReadonlyMap<string, (record: JsonObject) => SessionEvent | null> = new Map<string, (record: JsonObject) => SessionEvent | null>([
  [
    "queue-operation",
    (record) => {
      const operation = filled(record.operation)
      return operation === null ? null : { _tag: "QueueChanged", operation, text: contentText(record.content), reason: filled(record.reason) }
    }
  ],
  ["custom-title", (record) => titled("user", record.customTitle)],
  ["ai-title", (record) => titled("model", record.aiTitle)],
  [
    "file-history-snapshot",
    (record) => {
      const snapshot = object(record.snapshot)
      const paths = Object.keys(object(snapshot?.trackedFileBackups) ?? {})
      return { _tag: "FilesSnapshotted", messageId: filled(record.messageId) ?? filled(snapshot?.messageId), paths, isUpdate: record.isSnapshotUpdate === true }
    }
  ],
  [
    "file-history-delta",
    (record) => {
      const path = filled(record.trackingPath)
      return { _tag: "FilesSnapshotted", messageId: filled(record.messageId), paths: path === null ? [] : [path], isUpdate: true }
    }
  ],
  [
    "last-prompt",
    (record) => ({ _tag: "PromptRemembered", text: filled(record.lastPrompt), leafUuid: filled(record.leafUuid), explicit: record.explicit === true })
  ],
  ["tools-used", (record) => ({ _tag: "ToolsListed", tools: array(record.tools).filter((tool) => typeof tool === "string") })],
  ["progress", (record) => ({ _tag: "Progressed", parentToolUseId: filled(record.parentToolUseID) })],
  [
    "pr-link",
    (record) => {
      const id = whole(record.prNumber),
        url = filled(record.prUrl)
      return id === null || url === null ? null : { _tag: "PullRequestLinked", number: id, url, repository: filled(record.prRepository) }
    }
  ],
  [
    "worktree-state",
    (record) => {
      const into = object(record.worktreeSession)
      return {
        _tag: "WorktreeEntered",
        path: filled(into?.worktreePath),
        name: filled(into?.worktreeName),
        branch: filled(into?.worktreeBranch),
        originalCwd: filled(into?.originalCwd)
      }
    }
  ],
  [
    "relocated",
    (record) => {
      const cwd = filled(record.relocatedCwd)
      return cwd === null ? null : { _tag: "Relocated", cwd }
    }
  ],
  [
    "api-request",
    (record) => ({
      _tag: "RequestLogged",
      part: "request",
      id: filled(record.id),
      querySource: filled(record.querySource),
      model: filled(object(record.params)?.model)
    })
  ],
  ["api-request-shape", (record) => logged("shape", record.shapeHash)],
  ["api-request-blob", (record) => logged("blob", record.hash)],
  [
    "cost-state",
    (record) => ({
      _tag: "CostStated",
      totalCostUsd: number(record.totalCostUSD) ?? 0,
      models: Object.entries(object(record.modelUsage) ?? {}).flatMap(([model, used]) => (isObject(used) ? [statedOf(model, used)] : [])),
      linesAdded: count(record.totalLinesAdded),
      linesRemoved: count(record.totalLinesRemoved),
      durationMs: number(record.totalDuration) ?? 0,
      apiDurationMs: number(record.totalAPIDuration) ?? 0
    })
  ]
])

const statedOf = (model: string, used: JsonObject): SessionEventOf<"CostStated">["models"][number] => ({
  model,
  input: count(used.inputTokens),
  output: count(used.outputTokens),
  cacheRead: count(used.cacheReadInputTokens),
  cacheWrite: count(used.cacheCreationInputTokens),
  costUsd: number(used.costUSD) ?? 0,
  webSearches: count(used.webSearchRequests)
})
