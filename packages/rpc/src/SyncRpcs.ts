/** The Rpcs that carry `SyncClient` over a wire. */

import * as Rpc from "@effect/rpc/Rpc"
import * as RpcGroup from "@effect/rpc/RpcGroup"
import * as Schema from "effect/Schema"
import { SessionId } from "han-core/Entry"
import { StoreError } from "han-core/StoreError"
import { ForgetOutcome } from "han-core/Sync"
import { QueueItem, Sent, SessionSync, SyncPreview, SyncStatus, SyncStopped } from "han-core/SyncClient"
import { Authentication } from "./Authentication.ts"

const error = Schema.Union(SyncStopped, StoreError)

/** `SyncClient`, for the unix socket alone: it sends what lies on the machine. */
export class SyncRpcs extends RpcGroup.make(
  Rpc.make("SyncClient.status", { success: SyncStatus, error: StoreError }),
  Rpc.make("SyncClient.statusChanges", { success: SyncStatus, error: StoreError, stream: true }),
  Rpc.make("SyncClient.queue", { success: Schema.Array(QueueItem), error: StoreError }),
  Rpc.make("SyncClient.sessions", { payload: { ids: Schema.optional(Schema.Array(SessionId)) }, success: Schema.Array(SessionSync), error: StoreError }),
  Rpc.make("SyncClient.sync", { payload: { of: Schema.Struct({ sessionId: Schema.optional(SessionId) }) }, success: Sent, error }),
  Rpc.make("SyncClient.verify", { success: Schema.Struct({ same: Schema.Boolean }), error }),
  Rpc.make("SyncClient.preview", { success: SyncPreview, error }),
  Rpc.make("SyncClient.dryRun", { success: Schema.Uint8ArrayFromBase64, error, stream: true }),
  Rpc.make("SyncClient.forget", { payload: { ids: Schema.Array(SessionId) }, success: Schema.Array(ForgetOutcome), error }),
  Rpc.make("SyncClient.sessionEnded", { error: StoreError }),
  Rpc.make("SyncClient.reload", { error: StoreError })
).middleware(Authentication) {}
