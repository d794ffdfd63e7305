/** The Rpcs that carry `Indexer` over a wire. */

import * as Rpc from "@effect/rpc/Rpc"
import * as RpcGroup from "@effect/rpc/RpcGroup"
import { IndexerStatus, IndexProgress } from "han-core/Indexer"
import { StoreError } from "han-core/StoreError"
import { NotTakenFiles } from "han-core/Transcripts"
import { Authentication } from "./Authentication.ts"

/** `Indexer`: a pass on request. Following is the coordinator's own business. */
export class IndexRpcs extends RpcGroup.make(
  Rpc.make("Indexer.index", { success: IndexProgress, error: StoreError, stream: true }),
  Rpc.make("Indexer.status", { success: IndexerStatus, error: StoreError }),
  Rpc.make("Indexer.notTaken", { success: NotTakenFiles, error: StoreError })
).middleware(Authentication) {}
