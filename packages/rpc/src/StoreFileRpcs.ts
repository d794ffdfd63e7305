/** The Rpcs that carry `StoreFiles` over a wire. */

import * as Rpc from "@effect/rpc/Rpc"
import * as RpcGroup from "@effect/rpc/RpcGroup"
import * as Schema from "effect/Schema"
import { StoreError } from "han-core/StoreError"
import { FormerStore, StoreBackup, StoreFileRefused } from "han-core/StoreFiles"
import { Authentication } from "./Authentication.ts"

const error = Schema.Union(StoreFileRefused, StoreError)

/** `StoreFiles`, for the unix socket alone: it writes and removes files as the coordinator's user. */
export class StoreFileRpcs extends RpcGroup.make(
  Rpc.make("StoreFiles.backup", { payload: { path: Schema.String }, success: StoreBackup, error }),
  Rpc.make("StoreFiles.formers", { success: Schema.Array(FormerStore), error }),
  Rpc.make("StoreFiles.removeFormers", { payload: { paths: Schema.Array(Schema.String) }, success: Schema.Array(FormerStore), error })
).middleware(Authentication) {}
