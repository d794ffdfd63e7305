import type * as SqlClient from "@effect/sql/SqlClient"
import type { SqlError } from "@effect/sql/SqlError"
import * as Effect from "effect/Effect"
import { endsRun, hookFactsOf } from "han-core/HookRun"
import * as Message from "han-core/Message"
import { anyOf, insertRows, storable, type Value } from "../database/Database.ts"
import { idHash } from "../database/idHash.ts"
import { type ActivityDelta, type Chunks, type Deltas, noActivity } from "./chunk.ts"
import { tasksOf } from "./tasks.ts"

const activitySums = Object.keys(noActivity()) as ReadonlyArray<keyof ActivityDelta>

/** Adds what the chunks changed to the sums that metrics are made of. */
export const projectActivity = Effect.fnUntraced(function* (sql: SqlClient.SqlClient, chunks: Chunks, deltas: Deltas): Effect.fn.Return<void, SqlError> {
  const [{ owner, table }] = chunks
  const activity = table("activity_sum")
  yield* insertRows(
    sql,
    {
      table: activity,
      columns: `session_no, bucket, owner, ${activitySums.join(", ")}`,
      suffix: `ON CONFLICT (session_no, bucket) DO UPDATE SET ${activitySums.map((column) => `${column} = ${activity}.${column} + excluded.${column}`).join(", ")}`
    },
    [...deltas.byBucket.values()].flatMap(({ bucket, sessionNo, sums }) =>
      activitySums.some((column) => sums[column] !== 0) ? [[sessionNo, bucket, owner, ...activitySums.map((column) => sums[column])]] : []
    )
  )
  const tool = table("tool_sum")
  yield* insertRows(
    sql,
    {
      table: tool,
      columns: "session_no, day, name, agent_type, owner, calls",
      suffix: `ON CONFLICT (session_no, day, name, agent_type) DO UPDATE SET calls = ${tool}.calls + excluded.calls`
    },
    [...deltas.byTool.values()].flatMap(({ agentType, calls, day, name, sessionNo }) => (calls === 0 ? [] : [[sessionNo, day, name, agentType, owner, calls]]))
  )
  if (deltas.withTasks.size === 0) return
  const touched = [...deltas.withTasks]
  const tasks = yield* tasksOf(sql, table, sql`x.session_no ${anyOf(sql, touched)}`)
  yield* sql`DELETE FROM ${sql.literal(table("task"))} WHERE session_no ${anyOf(sql, touched)}`
  yield* insertRows(
    sql,
    { table: table("task"), columns: "session_no, sequence, owner, subject, status, created_at, completed_at" },
    [...tasks].flatMap(([sessionNo, list]) =>
      list.map(
        (task): ReadonlyArray<Value> => [sessionNo, task.sequence, owner, storable(task.subject), storable(task.status), task.createdAt, task.completedAt]
      )
    )
  )
})

/** The lines of han's own log. */
export const projectHanEvents = Effect.fnUntraced(function* (sql: SqlClient.SqlClient, chunks: Chunks): Effect.fn.Return<void, SqlError> {
  const [{ owner, table }] = chunks
  const rows: Array<ReadonlyArray<Value>> = []
  for (const chunk of chunks) {
    if (chunk.transcript.kind !== "han") continue
    for (const [index, decoded] of chunk.decoded.entries()) {
      const event = decoded.events.find((one) => one._tag === "HanNoted")
      if (event === undefined) continue
      const end = endsRun(event.name) ? hookFactsOf(event.data) : null
      const id = storable(Message.idOf(chunk.transcript, decoded, chunk.entries[index]!))
      rows.push([
        chunk.sessionNo,
        id,
        idHash(id),
        owner,
        storable(event.name),
        event.replyTo === null ? null : storable(event.replyTo),
        decoded.envelope.at,
        chunk.no,
        decoded.line,
        end === null || end.hook === null ? null : storable(end.hook),
        end === null ? null : Number(end.passed),
        end === null || end.durationMs === null ? null : Math.trunc(end.durationMs)
      ])
    }
  }
  yield* insertRows(
    sql,
    {
      table: table("han_event"),
      columns: "session_no, id, id_hash, owner, name, reply_to, at, transcript_no, line, hook, passed, duration_ms",
      suffix: "ON CONFLICT DO NOTHING"
    },
    rows
  )
})
