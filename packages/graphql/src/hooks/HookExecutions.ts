import { GraphQLObjectType } from "graphql"
import type { SessionId } from "han-core/Entry"
import type { HookRun } from "han-core/HookRun"
import type { Scalar, Where } from "han-core/Where"
import { always, flag, float, id, int, isoOf, listOf, text } from "../context/Field.ts"
import type { GraphqlContext } from "../context/GraphqlContext.ts"
import { connectionType } from "../relay/Connection.ts"
import { conditionsOn, filterType, onFlag, onInt, onText, orderType } from "../relay/Filters.ts"
import { globalId } from "../relay/GlobalId.ts"
import { findsNode, Node } from "../relay/Node.ts"

const columns = {
  orchestrationId: onText("What called it: one id for all hooks of one event."),
  sessionId: onText("The session, by its `sessionId`."),
  taskId: onText("The task that it checked."),
  hookType: onText("The client's event, e.g. `PostToolUse`; null when the log does not say."),
  hookName: onText("The hook."),
  hookSource: onText("The plugin that defines it."),
  directory: onText("Where it ran."),
  durationMs: onInt("Milliseconds that it took; null when nothing told its end."),
  exitCode: onInt("What it ended with; null when the log does not say."),
  passed: onFlag("Whether it let the agent go on as it was; null when nothing told its end."),
  output: onText("What it printed."),
  error: onText("What it complained of."),
  command: onText("What was run."),
  executedAt: onText("When it began, ISO 8601 in UTC."),
  status: onText("`running`, `passed`, `failed` or `abandoned`.")
}
export const HookExecutionFilter = filterType("HookExecutionFilter", "runs of hooks", columns)
export const HookExecutionOrderBy = orderType("HookExecutionOrderBy", columns)
export const hookColumn = (name: string, conditions: Readonly<Record<string, unknown>>): Where<string> => conditionsOn(name, conditions)

export const hookField = (run: HookRun, column: string): Scalar => {
  switch (column) {
    case "orchestrationId":
      return run.orchestrationId
    case "sessionId":
      return run.sessionId
    case "taskId":
      return run.taskId
    case "hookType":
      return run.event
    case "hookName":
      return run.hook
    case "hookSource":
      return run.plugin
    case "directory":
      return run.directory
    case "durationMs":
      return run.durationMs
    case "exitCode":
      return run.exitCode
    case "passed":
      return run.passed
    case "output":
      return run.output
    case "error":
      return run.error
    case "command":
      return run.command
    case "executedAt":
      return isoOf(run.startedAt)
    default:
      return run.status
  }
}

/** An end code that no program gives: the run has not ended, or nobody said how. */
const unknownExit = -1

export const hookExecutionId = (run: HookRun): string => globalId("HookExecution", `${run.sessionId}:${run.id}`)

export const HookExecutionType = new GraphQLObjectType<HookRun, GraphqlContext>({
  name: "HookExecution",
  description: "One run of a hook.",
  interfaces: [Node],
  extensions: findsNode(async (raw, { loaders }: GraphqlContext) => {
    const [sessionId = "", ...id] = raw.split(":")
    return (await loaders.hookRuns.load(sessionId as SessionId)).find((run) => run.id === id.join(":")) ?? null
  }),
  isTypeOf: (source) => typeof source === "object" && source !== null && "exitCode" in source && "orchestrationId" in source,
  fields: {
    id: always(id("`HookExecution:`, the session and the line that tells of the run.", hookExecutionId)),
    orchestrationId: text("What called it: one id for all hooks of one event."),
    sessionId: text("The session that it ran for."),
    taskId: text("The task that it checked."),
    hookType: always(text("The client's event, e.g. `PostToolUse`; empty when the log does not say.", ({ event }) => event ?? "")),
    hookName: always(text("The hook.", ({ hook }) => hook)),
    hookSource: text("The plugin that defines it.", ({ plugin }) => plugin),
    directory: text("Where it ran."),
    durationMs: always(int("Milliseconds that it took; 0 when nothing told its end.", ({ durationMs }) => Math.round(durationMs ?? 0))),
    exitCode: always(int("What it ended with; -1 when the log does not say.", ({ exitCode }) => exitCode ?? unknownExit)),
    passed: always(flag("Whether it let the agent go on as it was; not when it denied, asked or changed something in JSON.", ({ passed }) => passed === true)),
    verdict: text(
      "What the client was told of it: `passed`, `failed`, `blocked`, `broken`, `denied`, `asked`, `deferred`, `stopped`, `changed` or `cancelled`."
    ),
    output: text("What it printed."),
    error: text("What it complained of."),
    command: text("What was run."),
    executedAt: always(text("When it began; empty when the line tells no time.", ({ finishedAt, startedAt }) => isoOf(startedAt ?? finishedAt) ?? "")),
    timestamp: always(text("The same as `executedAt`.", ({ finishedAt, startedAt }) => isoOf(startedAt ?? finishedAt) ?? "")),
    status: text("`running`, `passed`, `failed`, or `abandoned`: nothing told its end, and nothing will."),
    cached: flag("Whether an earlier pass of the same content stood for it.")
  }
})
export const { connection: HookExecutionConnection } = connectionType("HookExecution", HookExecutionType, "runs of hooks")

const HookTypeStat = new GraphQLObjectType({
  name: "HookTypeStat",
  description: "Runs of hooks of one event.",
  fields: { hookType: text("The client's event."), total: int("Runs that ended."), passed: int("Those that passed.") }
})
export const HookStats = new GraphQLObjectType({
  name: "HookStats",
  description: "Runs of hooks that ended, in numbers.",
  fields: {
    totalHooks: int("Runs that ended."),
    passedHooks: int("Those that passed."),
    failedHooks: int("Those that did not."),
    totalDurationMs: int("Milliseconds that they took together."),
    passRate: float("How many passed, in percent; 0 without runs."),
    byHookType: listOf(HookTypeStat, "The same for each of the client's events.")
  }
})

export const hookStatsOf = (runs: ReadonlyArray<HookRun>) => {
  const ended = runs.filter(({ passed }) => passed !== null)
  const passed = ended.filter((run) => run.passed === true).length
  const events = [...new Set(ended.map(({ event }) => event ?? "unknown"))].sort()
  return {
    totalHooks: ended.length,
    passedHooks: passed,
    failedHooks: ended.length - passed,
    totalDurationMs: Math.round(ended.reduce((sum, { durationMs }) => sum + (durationMs ?? 0), 0)),
    passRate: ended.length === 0 ? 0 : (100 * passed) / ended.length,
    byHookType: events.map((hookType) => {
      const ofEvent = ended.filter(({ event }) => (event ?? "unknown") === hookType)
      return { hookType, total: ofEvent.length, passed: ofEvent.filter((run) => run.passed === true).length }
    })
  }
}
