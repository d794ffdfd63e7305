/** The Rpcs that carry `JournalAdmin` over a wire. */

import * as Rpc from "@effect/rpc/Rpc"
import * as RpcGroup from "@effect/rpc/RpcGroup"
import * as Schema from "effect/Schema"
import { SessionId } from "han-core/Entry"
import { ForgetWhich, Forgotten, RebuildProgress } from "han-core/JournalAdmin"
import { StoreError } from "han-core/StoreError"
import { Authentication } from "./Authentication.ts"

/** `JournalAdmin`, for the unix socket alone: who may do this may remove everything. */
export class JournalAdminRpcs extends RpcGroup.make(
  Rpc.make("JournalAdmin.rebuild", { success: RebuildProgress, error: StoreError, stream: true }),
  Rpc.make("JournalAdmin.forget", { payload: { which: ForgetWhich }, success: Forgotten, error: StoreError }),
  Rpc.make("JournalAdmin.forgettable", { payload: { which: Schema.Struct({ before: Schema.Number }) }, success: Schema.Array(SessionId), error: StoreError })
).middleware(Authentication) {}
