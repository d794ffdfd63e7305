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
      columns: `owner_no, session_no, bucket, ${activitySums.join(", ")}`,
      suffix: `ON CONFLICT (owner_no, session_no, bucket) DO UPDATE SET ${activitySums.map((column) => `${column} = ${activity}.${column} + excluded.${column}`).join(", ")}`
    },
    [...deltas.byBucket.values()].flatMap(({ bucket, sessionNo, sums }) =>
      activitySums.some((column) => sums[column] !== 0) ? [[owner, sessionNo, bucket, ...activitySums.map((column) => sums[column])]] : []
    )
  )
  const tool = table("tool_sum")
  yield* insertRows(
    sql,
    {
      table: tool,
      columns: "owner_no, session_no, day, name, agent_type, calls",
      suffix: `ON CONFLICT (owner_no, session_no, day, name, agent_type) DO UPDATE SET calls = ${tool}.calls + excluded.calls`
    },
    [...deltas.byTool.values()].flatMap(({ agentType, calls, day, name, sessionNo }) => (calls === 0 ? [] : [[owner, sessionNo, day, name, agentType, calls]]))
  )
  if (deltas.withTasks.size === 0) return
  const touched = [...deltas.withTasks]
  const tasks = yield* tasksOf(sql, owner, table, sql`x.session_no ${anyOf(sql, touched)}`)
  yield* sql`DELETE FROM ${sql.literal(table("task"))} WHERE owner_no = ${owner} AND session_no ${anyOf(sql, touched)}`
  yield* insertRows(
    sql,
    { table: table("task"), columns: "owner_no, session_no, sequence, subject, status, created_at, completed_at" },
    [...tasks].flatMap(([sessionNo, list]) =>
      list.map(
        (task): ReadonlyArray<Value> => [owner, sessionNo, task.sequence, storable(task.subject), storable(task.status), task.createdAt, task.completedAt]
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
        owner,
        chunk.sessionNo,
        id,
        idHash(id),
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
      columns: "owner_no, session_no, id, id_hash, name, reply_to, at, transcript_no, line, hook, passed, duration_ms",
      suffix: "ON CONFLICT DO NOTHING"
    },
    rows
  )
})
