/** The Rpcs that carry `Metrics` over a wire. */

import * as Rpc from "@effect/rpc/Rpc"
import * as RpcGroup from "@effect/rpc/RpcGroup"
import * as Schema from "effect/Schema"
import { HanTask } from "han-core/HanTask"
import { FileValidation } from "han-core/HookRun"
import {
  AgentActivity,
  CompactionActivity,
  DayActivity,
  HookActivity,
  HourActivity,
  MetricsScope,
  ModelActivity,
  MoodActivity,
  SessionActivity,
  TaskActivity,
  ToolActivity
} from "han-core/Metrics"
import { StoreError } from "han-core/StoreError"
import { Authentication } from "./Authentication.ts"

const of = <const Name extends string, A, I, Scope extends Schema.Schema.AnyNoContext = typeof MetricsScope>(
  name: Name,
  success: Schema.Schema<A, I>,
  scope: Scope | typeof MetricsScope = MetricsScope
) => Rpc.make(`Metrics.${name}`, { payload: { scope: scope as Scope }, success, error: StoreError })

const TimeZone = Schema.Struct({ ...MetricsScope.fields, timeZone: Schema.String })

/** `Metrics`: sums of days, models, sessions, tools and more. */
export class MetricsRpcs extends RpcGroup.make(
  of("days", Schema.Array(DayActivity), Schema.Struct({ ...TimeZone.fields, by: Schema.optional(Schema.Literal("day", "week", "month")) })),
  of("hours", Schema.Array(HourActivity), TimeZone),
  of("models", Schema.Array(ModelActivity), Schema.Struct({ ...MetricsScope.fields, daysIn: Schema.optional(Schema.String) })),
  of("sessions", Schema.Array(SessionActivity)),
  of("sessionCount", Schema.Int),
  of("tools", Schema.Array(ToolActivity)),
  of("agents", Schema.Array(AgentActivity)),
  of("hooks", Schema.Array(HookActivity)),
  of("compactions", CompactionActivity),
  of("tasks", Schema.Array(TaskActivity)),
  of("hanTasks", Schema.Array(HanTask)),
  of("validations", Schema.Array(FileValidation)),
  of("moods", MoodActivity)
).middleware(Authentication) {}
