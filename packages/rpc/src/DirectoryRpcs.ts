/** The Rpcs that carry `Directories` over a wire. */

import * as Rpc from "@effect/rpc/Rpc"
import * as RpcGroup from "@effect/rpc/RpcGroup"
import * as Schema from "effect/Schema"
import { Directory } from "han-core/Directories"
import { StoreError } from "han-core/StoreError"
import { Authentication } from "./Authentication.ts"

/** `Directories`: the directories that git is still to be asked about, and those that it was asked about just now. */
export class DirectoryRpcs extends RpcGroup.make(
  Rpc.make("Directories.unprobed", { payload: { limit: Schema.Int }, success: Schema.Array(Directory), error: StoreError }),
  Rpc.make("Directories.noted", { success: Directory, error: StoreError, stream: true })
).middleware(Authentication) {}
