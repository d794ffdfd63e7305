import * as Rpc from "@effect/rpc/Rpc"
import * as RpcGroup from "@effect/rpc/RpcGroup"
import * as Schema from "effect/Schema"
import { HookRunFilter, mostHookRuns } from "han-core/HookHistory"
import { HookRun } from "han-core/HookRun"
import { StoreError } from "han-core/StoreError"
import { Authentication } from "./Authentication.ts"

export class HookHistoryRpcs extends RpcGroup.make(
  Rpc.make("HookHistory.runs", {
    payload: { filter: Schema.Struct({ ...HookRunFilter.fields, limit: Schema.Int.pipe(Schema.between(1, mostHookRuns)) }) },
    success: Schema.Array(HookRun),
    error: StoreError
  })
).middleware(Authentication) {}
