/** The Rpcs that carry `HookCacheAdmin` over a wire. */

import * as Rpc from "@effect/rpc/Rpc"
import * as RpcGroup from "@effect/rpc/RpcGroup"
import * as Schema from "effect/Schema"
import { HookPass, HookPassFilter } from "han-core/HookCache"
import { StoreError } from "han-core/StoreError"
import { Authentication } from "./Authentication.ts"

/** `HookCacheAdmin`, for the unix socket alone. `HookCache` itself is on no wire: who could write to it could declare a gate passed. */
export class HookCacheAdminRpcs extends RpcGroup.make(
  Rpc.make("HookCacheAdmin.list", {
    payload: { filter: Schema.Struct({ ...HookPassFilter.fields, limit: Schema.NonNegativeInt }) },
    success: Schema.Array(HookPass),
    error: StoreError
  }),
  Rpc.make("HookCacheAdmin.clear", { payload: { filter: HookPassFilter }, success: Schema.Int, error: StoreError })
).middleware(Authentication) {}
