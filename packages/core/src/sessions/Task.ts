/**
 * The task list that an agent keeps in a session, and the todo list of older clients.
 *
 * @example
 * ```ts
 * import * as Effect from "effect/Effect"
 * import type { SessionId } from "han-core/Entry"
 * import { SessionDetails } from "han-core/SessionDetails"
 * import type { Task } from "han-core/Task"
 *
 * const line = ({ activeForm, sequence, status, subject }: Task): string =>
 *   status === "in_progress" ? `#${sequence} ${activeForm ?? subject} …` : `#${sequence} ${subject} (${status})`
 *
 * const openTasks = (id: SessionId) =>
 *   Effect.gen(function* () {
 *     const tasks = yield* (yield* SessionDetails).tasks([id])
 *     return (tasks.get(id) ?? []).filter(({ status }) => status !== "completed").map(line)
 *   })
 * ```
 */

import * as Schema from "effect/Schema"
import { SessionId } from "../journal/Entry.ts"
import type { TaskWrite } from "../journal/SessionEvent.ts"

/**
 * A task of the list that a session and its subagents share. `status` is the client's own word. Times are milliseconds since 1970; null where no line tells
 * them.
 */
export class Task extends Schema.Class<Task>("han-core/Task")({
  sessionId: SessionId,
  /** The client's own number of the task, from 1. */
  sequence: Schema.Int,
  subject: Schema.String,
  description: Schema.NullOr(Schema.String),
  activeForm: Schema.NullOr(Schema.String),
  status: Schema.String,
  owner: Schema.NullOr(Schema.String),
  blocks: Schema.Array(Schema.String),
  blockedBy: Schema.Array(Schema.String),
  createdAt: Schema.NullOr(Schema.Number),
  updatedAt: Schema.NullOr(Schema.Number),
  completedAt: Schema.NullOr(Schema.Number),
  /** The id of the tool call that made it. */
  callId: Schema.NullOr(Schema.String),
  /** The id of the line with that call; null when it was not asked for. */
  messageId: Schema.NullOr(Schema.String)
}) {}

/** Copies of the tasks with `messageId` filled by `lineOf`, which is asked with `callId`. */
export const withMessages = (tasks: ReadonlyArray<Task>, lineOf: (callId: string) => string | null): ReadonlyArray<Task> =>
  tasks.map((task) => new Task({ ...task, messageId: task.callId === null ? null : lineOf(task.callId) }, { disableValidation: true }))

/** The todo list as it was last written, in the order of its items. `status` is the client's own word. */
export class TodoList extends Schema.Class<TodoList>("han-core/TodoList")({
  sessionId: SessionId,
  at: Schema.NullOr(Schema.Number),
  todos: Schema.Array(Schema.Struct({ content: Schema.String, status: Schema.String, activeForm: Schema.NullOr(Schema.String) }))
}) {}

/** A tool call that creates or changes a task, with its result. */
export interface TaskCall extends TaskWrite {
  readonly id: string
  /** Null for a line without any time. */
  readonly at: number | null
  /** Null while there is no result. */
  readonly result: {
    readonly isError: boolean
    /** The number that the client gave to a created task. */
    readonly sequence: number | null
    readonly success: boolean
  } | null
}

/**
 * Folds calls, in the order in which they were made, into the task list, in the order of numbers. A refused create makes no task. A create takes the next
 * number when its result is not known yet or does not say one. An update of a task that was never created does nothing; one that a subagent's clock puts before
 * the create counts.
 */
export const fold = (sessionId: SessionId, calls: ReadonlyArray<TaskCall>): ReadonlyArray<Task> => {
  const tasks = new Map<number, Task>()
  let last = 0
  for (const { action, at, fields, id, result } of calls) {
    const subject = string(fields["subject"])
    if (action !== "create" || subject === null || result?.isError === true) continue
    const sequence = result?.sequence ?? last + 1
    last = Math.max(last, sequence)
    if (tasks.has(sequence)) continue
    tasks.set(
      sequence,
      new Task(
        {
          sessionId,
          sequence,
          subject,
          description: string(fields["description"]),
          activeForm: string(fields["activeForm"]),
          status: "pending",
          owner: null,
          blocks: [],
          blockedBy: [],
          createdAt: at,
          updatedAt: at,
          completedAt: null,
          callId: id,
          messageId: null
        },
        { disableValidation: true }
      )
    )
  }
  for (const { action, at, fields, result } of calls) {
    if (action !== "update" || (result !== null && (result.isError || !result.success))) continue
    const sequence = Number(fields["taskId"])
    const task = tasks.get(sequence)
    if (task === undefined) continue
    const status = string(fields["status"])
    if (status === "deleted") {
      tasks.delete(sequence)
      continue
    }
    tasks.set(
      sequence,
      new Task(
        {
          ...task,
          subject: string(fields["subject"]) ?? task.subject,
          description: string(fields["description"]) ?? task.description,
          activeForm: string(fields["activeForm"]) ?? task.activeForm,
          owner: string(fields["owner"]) ?? task.owner,
          status: status ?? task.status,
          completedAt: status === null ? task.completedAt : status === "completed" ? at : null,
          updatedAt: at,
          blocks: union(task.blocks, fields["addBlocks"]),
          blockedBy: union(task.blockedBy, fields["addBlockedBy"])
        },
        { disableValidation: true }
      )
    )
  }
  return [...tasks.values()].sort((a, b) => a.sequence - b.sequence)
}

const string = (value: unknown): string | null => (typeof value === "string" ? value : null)
const union = (have: ReadonlyArray<string>, more: unknown): ReadonlyArray<string> => (Array.isArray(more) ? [...new Set([...have, ...more.map(String)])] : have)
