import { GraphQLObjectType, GraphQLString } from "graphql"
import { workOf } from "han-core/Analytics"
import type { SessionId } from "han-core/Entry"
import type { HanTask } from "han-core/HanTask"
import type { Task } from "han-core/Task"
import type { Scalar, Where } from "han-core/Where"
import { always, field, float, id, int, isoOf, listOf, text } from "../context/Field.ts"
import type { GraphqlContext } from "../context/GraphqlContext.ts"
import { connectionType } from "../relay/Connection.ts"
import { TaskStatus, TaskType } from "../relay/Enums.ts"
import { conditionsOn, filterType, onFloat, onInt, onText, orderType } from "../relay/Filters.ts"
import { globalId, rawIdOf } from "../relay/GlobalId.ts"
import { findsNode, Node } from "../relay/Node.ts"

const nativeColumns = {
  id: onText("The task, by its `id`."),
  sessionId: onText("The session, by its `sessionId`."),
  subject: onText("What is to be done, in a line."),
  status: onText("`pending`, `in_progress` or `completed`."),
  owner: onText("The agent that took it; null when none did."),
  createdAt: onText("When it was made, ISO 8601 in UTC."),
  updatedAt: onText("When it was last changed, ISO 8601 in UTC."),
  completedAt: onText("When it was done, ISO 8601 in UTC; null before."),
  lineNumber: onInt("The client's own number of it, from 1.")
}
export const NativeTaskFilter = filterType("NativeTaskFilter", "tasks", nativeColumns)
export const NativeTaskOrderBy = orderType("NativeTaskOrderBy", nativeColumns)

type Conditions = Readonly<Record<string, unknown>>
export const nativeTaskColumn = (name: string, conditions: Conditions): Where<string> =>
  conditionsOn(name, conditions, (value) => (name === "id" && typeof value === "string" ? globalId("NativeTask", rawIdOf("NativeTask", value)) : value))

export const nativeTaskId = (task: Pick<Task, "sessionId" | "sequence">): string => globalId("NativeTask", `${task.sessionId}:${task.sequence}`)

export const nativeTaskField = (task: Task, column: string): Scalar => {
  switch (column) {
    case "id":
      return nativeTaskId(task)
    case "sessionId":
      return task.sessionId
    case "subject":
      return task.subject
    case "status":
      return task.status
    case "owner":
      return task.owner
    case "createdAt":
      return isoOf(task.createdAt)
    case "updatedAt":
      return isoOf(task.updatedAt)
    case "completedAt":
      return isoOf(task.completedAt)
    default:
      return task.sequence
  }
}

export const NativeTaskType: GraphQLObjectType<Task, GraphqlContext> = new GraphQLObjectType<Task, GraphqlContext>({
  name: "NativeTask",
  description: "One task of the list that the agent keeps with the client's own tools.",
  interfaces: [Node],
  extensions: findsNode(async (raw, { loaders }: GraphqlContext) => {
    const colon = Math.max(0, raw.lastIndexOf(":"))
    return (await loaders.tasks.load(raw.slice(0, colon) as SessionId)).find((task) => String(task.sequence) === raw.slice(colon + 1)) ?? null
  }),
  isTypeOf: (source) => typeof source === "object" && source !== null && "sequence" in source,
  fields: {
    id: always(id("`NativeTask:`, the session and the client's number of it.", nativeTaskId)),
    subject: always(text("What is to be done, in a line.")),
    description: text("What is to be done."),
    status: always(text("`pending`, `in_progress` or `completed`.")),
    activeForm: text("The subject while it is being done."),
    owner: text("The agent that took it."),
    blocks: listOf(GraphQLString, "Numbers of tasks that wait for this one."),
    blockedBy: listOf(GraphQLString, "Numbers of tasks that this one waits for."),
    createdAt: always(text("When it was made; empty when the line tells no time.", ({ createdAt }) => isoOf(createdAt) ?? "")),
    updatedAt: always(text("When it was last changed.", ({ createdAt, updatedAt }) => isoOf(updatedAt ?? createdAt) ?? "")),
    completedAt: text("When it was done.", ({ completedAt }) => isoOf(completedAt)),
    sessionId: always(text("The session that it belongs to.")),
    messageId: always(text("The line that made it, by its uuid; empty for one that is no longer there.", ({ messageId }) => messageId ?? ""))
  }
})

const columns = {
  id: onText("The task, by its `id`."),
  sessionId: onText("The session, by its `sessionId`."),
  taskId: onText("The agent's own id of it."),
  description: onText("What it is about."),
  taskType: onText("What kind of work, in the agent's word."),
  outcome: onText("How it ended, in the agent's word; null before."),
  confidence: onFloat("How sure the agent was, from 0 to 1."),
  testsAdded: onInt("Tests that the agent says it added."),
  startedAt: onText("When it was announced, ISO 8601 in UTC."),
  completedAt: onText("When it was accounted for, ISO 8601 in UTC; null before.")
}
export const TaskFilter = filterType("TaskFilter", "tasks", columns)
export const TaskOrderBy = orderType("TaskOrderBy", columns)
export const hanTaskColumn = (name: string, conditions: Conditions): Where<string> =>
  conditionsOn(name, conditions, (value) => (name === "id" && typeof value === "string" ? globalId("Task", rawIdOf("Task", value)) : value))

export const hanTaskId = (task: HanTask): string => globalId("Task", `${task.sessionId}:${task.id}`)
export const hanTaskField = (task: HanTask, column: string): Scalar => {
  switch (column) {
    case "id":
      return hanTaskId(task)
    case "sessionId":
      return task.sessionId
    case "taskId":
      return task.id
    case "description":
      return task.description
    case "taskType":
      return task.type
    case "outcome":
      return task.outcome
    case "confidence":
      return task.confidence
    case "testsAdded":
      return task.testsAdded
    case "startedAt":
      return isoOf(task.startedAt)
    default:
      return isoOf(task.completedAt)
  }
}

export const HanTaskType = new GraphQLObjectType<HanTask, GraphqlContext>({
  name: "Task",
  description: "A piece of work that an agent announced and accounted for through han.",
  fields: {
    id: always(id("`Task:`, the session and `taskId`.", hanTaskId)),
    taskId: always(text("The agent's own id of it.", (task) => task.id)),
    description: always(text("What it is about.")),
    taskType: always(text("What kind of work, in the agent's word.", ({ type }) => type)),
    type: field(TaskType, "What kind of work.", ({ type }) => workOf(type)),
    status: always(field(TaskStatus, "Where it stands.", ({ status }) => status.toUpperCase())),
    outcome: text("How it ended, in the agent's word."),
    confidence: float("How sure the agent was, from 0 to 1."),
    notes: text("What the agent noted, or why it failed."),
    filesModified: listOf(GraphQLString, "Files that the agent says it changed."),
    testsAdded: int("Tests that the agent says it added."),
    startedAt: always(text("When it was announced; empty when the line tells no time.", ({ startedAt }) => isoOf(startedAt) ?? "")),
    completedAt: text("When it was accounted for.", ({ completedAt }) => isoOf(completedAt)),
    durationSeconds: int("Whole seconds that it took.", ({ durationSeconds }) => (durationSeconds === null ? null : Math.round(durationSeconds)))
  }
})
export const { connection: HanTaskConnection } = connectionType("Task", HanTaskType, "tasks")
