/** The Rpcs that carry `Hooks` over a wire. */

import * as Rpc from "@effect/rpc/Rpc"
import * as RpcGroup from "@effect/rpc/RpcGroup"
import * as Schema from "effect/Schema"
import { HookContentChanged, HookList, HookProjectInvalid, HookQuery, TrustDecision, TrustFileError } from "han-core/Hooks"
import { StoreError } from "han-core/StoreError"
import { Authentication } from "./Authentication.ts"

/** `Hooks`: what plugins and settings define, and what the person of the machine trusts. */
export class HookRpcs extends RpcGroup.make(
  Rpc.make("Hooks.list", { payload: { query: HookQuery }, success: HookList, error: Schema.Union(HookProjectInvalid, StoreError) }),
  Rpc.make("Hooks.trust", {
    payload: { query: Schema.Struct({ ...HookQuery.fields, digest: Schema.String }) },
    success: TrustDecision,
    error: Schema.Union(HookProjectInvalid, HookContentChanged, TrustFileError, StoreError)
  }),
  Rpc.make("Hooks.revoke", { payload: { projectPath: Schema.String }, success: Schema.Boolean, error: Schema.Union(TrustFileError, StoreError) }),
  Rpc.make("Hooks.decisions", { success: Schema.Array(TrustDecision), error: Schema.Union(TrustFileError, StoreError) })
).middleware(Authentication) {}
