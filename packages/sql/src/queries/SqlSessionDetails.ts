import type { SqlError } from "@effect/sql/SqlError"
import * as Effect from "effect/Effect"
import * as Layer from "effect/Layer"
import type { SessionId } from "han-core/Entry"
import * as HanTask from "han-core/HanTask"
import * as HookRun from "han-core/HookRun"
import { SessionDetails } from "han-core/SessionDetails"
import { Viewer } from "han-core/Viewer"
import { Database, storeError } from "../database/Database.ts"
import { Models } from "../readmodels/Models.ts"
import { agentConversations } from "./agentConversations.ts"
import * as details from "./details.ts"
import { eventsOf, hookRunsOf } from "./hanEvents.ts"

/** Details of several sessions at once, over either database. */
export const layer: Layer.Layer<SessionDetails, never, Database | Models> = Layer.effect(
  SessionDetails,
  Effect.gen(function* () {
    const database = yield* Database
    const models = yield* Models
    const of =
      <A>(operation: string, read: (reading: details.Reading, ids: ReadonlyArray<SessionId>) => Effect.Effect<ReadonlyMap<SessionId, A>, SqlError>) =>
      (ids: ReadonlyArray<SessionId>) =>
        ids.length === 0
          ? Effect.succeed(new Map<SessionId, A>())
          : Effect.flatMap(Viewer, ({ owner }) => read({ sql: database.read, table: models.table, owner }, ids)).pipe(
              storeError(database.location, operation),
              Effect.withSpan(`SessionDetails.${operation}`)
            )
    const fromEvents = <A>(names: ReadonlyArray<string>, add: (events: ReadonlyArray<HookRun.HanEvent>) => ReadonlyArray<A>) =>
      Effect.fnUntraced(function* (reading: details.Reading, ids: ReadonlyArray<SessionId>) {
        const events = yield* eventsOf(reading, ids, names)
        return new Map([...events].map(([id, list]) => [id, add(list)] as const))
      })
    return SessionDetails.of({
      tasks: of("tasks", details.tasks),
      todos: of(
        "todos",
        Effect.fnUntraced(function* (reading, ids) {
          const lists = yield* details.todos(reading, ids)
          return new Map([...lists].flatMap(([id, [newest]]) => (newest === undefined ? [] : [[id, newest] as const])))
        })
      ),
      fileChanges: of("fileChanges", details.fileChanges),
      fileChangeCounts: of("fileChangeCounts", details.fileChangeCounts),
      compactions: of("compactions", details.compactions),
      agents: of("agents", details.agents),
      agentConversations: (ids) =>
        ids.length === 0
          ? Effect.succeed(new Map())
          : Effect.flatMap(Viewer, ({ owner }) => agentConversations({ sql: database.read, table: models.table, owner }, ids)).pipe(
              storeError(database.location, "agentConversations"),
              Effect.withSpan("SessionDetails.agentConversations")
            ),
      moods: of("moods", details.moods),
      roots: of("roots", details.roots),
      hookRuns: of("hookRuns", hookRunsOf),
      validations: of("validations", fromEvents(["hook_validation_cache"], HookRun.validationsOf)),
      hanTasks: of("hanTasks", fromEvents(["task_start", "task_update", "task_complete", "task_fail"], HanTask.tasksOf))
    })
  })
)
