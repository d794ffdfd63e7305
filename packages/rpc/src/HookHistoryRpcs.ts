/** The Rpcs that carry `HookHistory` over a wire. */

import * as Rpc from "@effect/rpc/Rpc"
import * as RpcGroup from "@effect/rpc/RpcGroup"
import * as Schema from "effect/Schema"
import { HookRunFilter } from "han-core/HookHistory"
import { HookRun } from "han-core/HookRun"
import { StoreError } from "han-core/StoreError"
import { Authentication } from "./Authentication.ts"

/** `HookHistory`: the runs of hooks of all sessions. */
export class HookHistoryRpcs extends RpcGroup.make(
  Rpc.make("HookHistory.runs", {
    payload: { filter: Schema.Struct({ ...HookRunFilter.fields, limit: Schema.Number }) },
    success: Schema.Array(HookRun),
    error: StoreError
  })
).middleware(Authentication) {}
