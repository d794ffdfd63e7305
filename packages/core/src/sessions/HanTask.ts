/**
 * Work that agents announce and account for in han's own log.
 *
 * @example
 * ```ts
 * import * as Effect from "effect/Effect"
 * import type { HanTask } from "han-core/HanTask"
 * import { Metrics } from "han-core/Metrics"
 *
 * const failures = (tasks: ReadonlyArray<HanTask>): ReadonlyArray<string> =>
 *   tasks.filter(({ status }) => status === "failed").map(({ description, notes }) => `${description}: ${notes ?? "no reason given"}`)
 *
 * const failuresSince = (since: number) => Effect.map(Effect.flatMap(Metrics, (metrics) => metrics.hanTasks({ since })), failures)
 * ```
 */

import * as Schema from "effect/Schema"
import type { HanEvent } from "../hooks/HookRun.ts"
import { SessionId } from "../journal/Entry.ts"
import { number, object, text, whole } from "../text/json.ts"

/**
 * A piece of work that an agent announced and accounted for in han's log (`task_start`, `task_update`, `task_complete`, `task_fail`). Times are milliseconds
 * since 1970; null for everything that the agent did not say.
 */
export class HanTask extends Schema.Class<HanTask>("han-core/HanTask")({
  id: Schema.String,
  sessionId: SessionId,
  description: Schema.String,
  /** The agent's own word, e.g. `fix`, `implement`, `refactor`, `research`. */
  type: Schema.String,
  status: Schema.Literal("active", "completed", "failed"),
  outcome: Schema.NullOr(Schema.String),
  /** 0 to 1, by the agent's own estimate. */
  confidence: Schema.NullOr(Schema.Number),
  notes: Schema.NullOr(Schema.String),
  filesModified: Schema.Array(Schema.String),
  testsAdded: Schema.NullOr(Schema.Number),
  startedAt: Schema.NullOr(Schema.Number),
  completedAt: Schema.NullOr(Schema.Number),
  /** The duration that the agent stated; else whole seconds from start to end. */
  durationSeconds: Schema.NullOr(Schema.Number)
}) {}

/** Folds the events of one session, in their order, into tasks. A task that was ended without an announcement counts. Events of other names are passed over. */
export const tasksOf = (events: ReadonlyArray<HanEvent>): ReadonlyArray<HanTask> => {
  const tasks = new Map<string, HanTask>()
  for (const event of events) {
    if (!event.name.startsWith("task_")) continue
    const data = object(event.data) ?? {}
    const id = text(data["task_id"])
    if (id === null) continue
    const have = tasks.get(id) ?? blank(id, event)
    const failed = event.name === "task_fail"
    if (event.name === "task_start") {
      tasks.set(
        id,
        make({ ...have, description: text(data["description"]) ?? have.description, type: text(data["task_type"]) ?? have.type, startedAt: event.at })
      )
    } else if (event.name === "task_update") {
      tasks.set(id, make({ ...have, notes: text(data["notes"]) ?? have.notes }))
    } else if (failed || event.name === "task_complete") {
      const outcome = failed ? "failed" : (text(data["outcome"]) ?? "unknown")
      const files = data["files_modified"]
      const stated = number(data["duration_seconds"])
      tasks.set(
        id,
        make({
          ...have,
          status: outcome === "failed" || outcome === "failure" ? "failed" : "completed",
          outcome,
          confidence: number(data["confidence"]),
          notes: text(data["notes"]) ?? text(data["reason"]) ?? have.notes,
          filesModified: Array.isArray(files) ? files.filter((file) => typeof file === "string") : [],
          testsAdded: whole(data["tests_added"]),
          completedAt: event.at,
          durationSeconds: stated ?? (event.at === null || have.startedAt === null ? null : Math.max(0, Math.round((event.at - have.startedAt) / 1000)))
        })
      )
    }
  }
  return [...tasks.values()]
}

const make = (fields: ConstructorParameters<typeof HanTask>[0]): HanTask => new HanTask(fields, { disableValidation: true })
const blank = (id: string, { at, sessionId }: HanEvent): HanTask =>
  make({
    id,
    sessionId,
    description: "Unknown task",
    type: "unknown",
    status: "active",
    outcome: null,
    confidence: null,
    notes: null,
    filesModified: [],
    testsAdded: null,
    startedAt: at,
    completedAt: null,
    durationSeconds: null
  })
