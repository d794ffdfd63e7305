import type { SqlError } from "@effect/sql/SqlError"
import * as Effect from "effect/Effect"
import * as Layer from "effect/Layer"
import type { SessionId } from "han-core/Entry"
import * as HanTask from "han-core/HanTask"
import * as HookRun from "han-core/HookRun"
import { SessionDetails } from "han-core/SessionDetails"
import type { StoreError } from "han-core/StoreError"
import type { Viewer } from "han-core/Viewer"
import type { Database } from "../database/Database.ts"
import type { ReadModelTables } from "../readmodels/ReadModelTables.ts"
import { agentConversations } from "./agentConversations.ts"
import * as details from "./details.ts"
import { eventsOf, hookRunsOf } from "./hanEvents.ts"
import { onBehalf, type Reader, type Reading, reader } from "./reader.ts"

/** Details of several sessions at once, over either database. */
export const make = Effect.map(reader, (read) =>
  SessionDetails.of({
    tasks: asked(read, "tasks", details.tasks),
    todos: asked(read, "todos", newestTodos),
    fileChanges: asked(read, "fileChanges", details.fileChanges),
    fileChangeCounts: asked(read, "fileChangeCounts", details.fileChangeCounts),
    compactions: asked(read, "compactions", details.compactions),
    agents: asked(read, "agents", details.agents),
    agentConversations: asked(read, "agentConversations", agentConversations),
    moods: asked(read, "moods", details.moods),
    roots: asked(read, "roots", details.roots),
    hookRuns: asked(read, "hookRuns", hookRunsOf),
    validations: asked(read, "validations", fromEvents(["hook_validation_cache"], HookRun.validationsOf)),
    hanTasks: asked(read, "hanTasks", fromEvents(["task_start", "task_update", "task_complete", "task_fail"], HanTask.tasksOf))
  })
)

export const layer: Layer.Layer<SessionDetails, never, Database | ReadModelTables> = Layer.effect(SessionDetails, make)

/** Asks nothing for no ids. */
const asked =
  <Id extends string, A>(read: Reader, operation: string, ask: (reading: Reading, ids: ReadonlyArray<Id>) => Effect.Effect<ReadonlyMap<Id, A>, SqlError>) =>
  (ids: ReadonlyArray<Id>): Effect.Effect<ReadonlyMap<Id, A>, StoreError, Viewer> =>
    ids.length === 0
      ? Effect.succeed(new Map())
      : Effect.flatMap(onBehalf(read), (reading) => ask(reading, ids)).pipe(read.answer(operation), Effect.withSpan(`SessionDetails.${operation}`))

const newestTodos = (reading: Reading, ids: ReadonlyArray<SessionId>) =>
  Effect.map(details.todos(reading, ids), (lists) => new Map([...lists].flatMap(([id, [newest]]) => (newest === undefined ? [] : [[id, newest] as const]))))

const fromEvents =
  <A>(names: ReadonlyArray<string>, add: (events: ReadonlyArray<HookRun.HanEvent>) => ReadonlyArray<A>) =>
  (reading: Reading, ids: ReadonlyArray<SessionId>) =>
    Effect.map(eventsOf(reading, ids, names), (events) => new Map([...events].map(([id, list]) => [id, add(list)] as const)))
