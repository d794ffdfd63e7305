import type { FileChange } from "han-core/FileChange"
import { type ClientHook, type Hook, type HookDefinition, type HookPlugin, inSeconds, takesFiles, triggerText } from "han-core/Hook"
import type { HookPass } from "han-core/HookCache"
import type { HookRun } from "han-core/HookRun"
import type { TrustDecision } from "han-core/Hooks"
import type { Message } from "han-core/Message"
import type { SearchHit } from "han-core/Search"
import type { Agent, Compaction, Session, Summary } from "han-core/Session"
import type { QueueItem, Sent, SessionSync, SyncStatus } from "han-core/SyncClient"
import type { Task, TodoList } from "han-core/Task"
import type { UsageReport, UsageTotals } from "han-core/Usage"
import { isoInstant } from "../terminal/Figures.ts"

/** The JSON that `--json` prints. Instants are ISO 8601 in UTC or null, money is integer nano-dollars; a key is never taken away or given another meaning. */

/** A row of `han sessions --json`. */
export const sessionRow = (session: Session) => ({
  id: session.id,
  title: session.displayTitle,
  project: session.project,
  branch: session.branch,
  model: session.model,
  status: session.status,
  startedAt: isoInstant(session.startedAt),
  updatedAt: isoInstant(session.updatedAt),
  messages: session.messages,
  costNanoUsd: session.costNanoUsd,
  forkOf: session.forkOf,
  subagents: session.subagents
})

/** `session` of `han session ID --json`: the row, and the rest that is known. */
export const sessionFacts = (session: Session) => ({
  ...sessionRow(session),
  source: session.source,
  machine: session.machine,
  firstPrompt: session.firstPrompt,
  cwd: session.cwd,
  repo: session.repo,
  worktree: session.worktree,
  version: session.version,
  permissionMode: session.permissionMode,
  slug: session.slug,
  agentName: session.agentName,
  tag: session.tag,
  team: session.team,
  pullRequest: session.pullRequest,
  link: session.link,
  prompts: session.prompts,
  toolCalls: session.toolCalls,
  toolErrors: session.toolErrors,
  compactions: session.compactions
})

export const agent = (agent: Agent) => ({ ...agent, startedAt: isoInstant(agent.startedAt), updatedAt: isoInstant(agent.updatedAt) })
export const task = (task: Task) => ({
  ...task,
  createdAt: isoInstant(task.createdAt),
  updatedAt: isoInstant(task.updatedAt),
  completedAt: isoInstant(task.completedAt)
})
/** A todo list, a file change, a compaction or a summary: its fields, and when. */
export const dated = <A extends TodoList | FileChange | Compaction | Summary>(fact: A) => ({ ...fact, at: isoInstant(fact.at) })

/** An element of `messages` of `han session ID --json`, and of `han export --format json`. */
export const message = (message: Message) => ({
  id: message.id,
  agentId: message.agentId,
  transcript: message.transcript,
  line: message.line,
  kind: message.kind,
  role: message.role,
  at: isoInstant(message.at),
  text: message.text,
  events: message.events
})

export const searchHit = (hit: SearchHit) => ({
  sessionId: hit.sessionId,
  messageId: hit.messageId,
  at: isoInstant(hit.at),
  role: hit.role,
  excerpt: hit.excerpt,
  score: hit.score
})

export const usageTotals = ({ cacheRead, cacheWrite1h, cacheWrite5m, costNanoUsd, input, output, responses }: UsageTotals) => ({
  input,
  output,
  cacheRead,
  cacheWrite5m,
  cacheWrite1h,
  costNanoUsd,
  responses
})

export const usageReport = (report: UsageReport) => ({
  totals: usageTotals(report.totals),
  rows: report.rows,
  /** Models whose responses have no price; `unpricedResponses` of a row says how many there are, and no cost holds them. */
  unpricedModels: report.unpricedModels,
  unpricedResponses: report.totals.unpricedResponses,
  notIncluded: report.notIncluded
})

/** The definition of a hook; limits in seconds, null where han's own hold. */
export const hookDefinition = (hook: HookDefinition) => ({
  name: hook.name,
  command: hook.command,
  takesFiles: takesFiles(hook),
  beforeAll: hook.beforeAll,
  events: hook.triggers.map(triggerText),
  dirsWith: hook.dirsWith,
  dirTest: hook.dirTest,
  fileTest: hook.fileTest,
  ifChanged: hook.ifChanged,
  dependsOn: hook.dependsOn,
  timeoutSeconds: inSeconds(hook.timeout),
  idleTimeoutSeconds: inSeconds(hook.idleTimeout),
  toolFilter: hook.toolFilter,
  environment: hook.environment,
  tools: hook.tools,
  phase: hook.phase,
  sync: hook.sync,
  mcp: hook.mcp,
  tip: hook.tip,
  description: hook.description,
  enabled: hook.enabled,
  cache: hook.cache,
  onError: hook.onError,
  line: hook.line
})

/** An element of `hooks` of `han hook list --json`. */
export const hook = (hook: Hook) => ({
  id: hook.id,
  plugin: hook.plugin,
  marketplace: hook.marketplace,
  version: hook.version,
  aliases: hook.aliases,
  ...hookDefinition(hook),
  root: hook.root,
  file: hook.file,
  changedBy: hook.changedBy,
  disabledBy: hook.disabledBy,
  trust: hook.trust
})

/** The commands that Claude Code itself runs; without plugin and scope in `han plugin validate --json`. */
export const clientHook = <A extends Partial<ClientHook> & Pick<ClientHook, "timeout">>({ timeout, ...rest }: A) => ({
  ...rest,
  timeoutSeconds: inSeconds(timeout)
})

/** An element of `plugins` of `han plugin list --json`. */
export const hookPlugin = (plugin: HookPlugin) => ({ ...plugin })

/** An element of `decisions` of `han trust --list --json`. */
export const trustDecision = (decision: TrustDecision) => ({ ...decision, trustedAt: isoInstant(decision.trustedAt) })

/** An element of `runs` of `han hook history --json`. */
export const hookRun = (run: HookRun, flaky: boolean) => ({
  ...run,
  status: run.status,
  startedAt: isoInstant(run.startedAt),
  finishedAt: isoInstant(run.finishedAt),
  flaky
})

/** An element of `passes` of `han cache list --json`. */
export const hookPass = (pass: HookPass) => ({ ...pass, passedAt: isoInstant(pass.passedAt), usedAt: isoInstant(pass.usedAt) })

/** `sync` of a session in `han sessions --json` and `han session ID --json`. */
export const sessionSync = ({ lastAckAt, lines, reason, state, syncedLines }: SessionSync) => ({
  state,
  reason,
  lines,
  syncedLines,
  lastAckAt: isoInstant(lastAckAt)
})

/** `han sync status --json`: as GraphQL's `SyncStatus`, and how far each session is. */
export const syncStatus = (status: SyncStatus, sessions: ReadonlyArray<SessionSync>) => ({
  ...status,
  oldestPendingAt: isoInstant(status.oldestPendingAt),
  lastAttemptAt: isoInstant(status.lastAttemptAt),
  lastSuccessAt: isoInstant(status.lastSuccessAt),
  nextAttemptAt: isoInstant(status.nextAttemptAt),
  lastError: status.lastError === null ? null : { ...status.lastError, at: isoInstant(status.lastError.at) },
  sessions: Object.fromEntries(
    sessions.map(({ lastAckAt, lastSyncedLine, lines, sessionId }) => [sessionId, { lastSyncedLine, lines, lastAckAt: isoInstant(lastAckAt) }])
  )
})

/** An element of `items` of `han sync queue --json`. */
export const queueItem = (item: QueueItem) => ({ ...item, enqueuedAt: isoInstant(item.enqueuedAt), nextAttemptAt: isoInstant(item.nextAttemptAt) })

/** `han sync all --json`, `han sync session ID --json`. */
export const sent = ({ bytes, requests, sent, sessions }: Sent) => ({ sent, sessions, bytes, requests })
