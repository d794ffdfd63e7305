/** The Rpcs that carry `Usage` over a wire. */

import * as Rpc from "@effect/rpc/Rpc"
import * as RpcGroup from "@effect/rpc/RpcGroup"
import * as Schema from "effect/Schema"
import { SessionId } from "han-core/Entry"
import { ProjectNotFound } from "han-core/Project"
import { SessionNotFound } from "han-core/Session"
import { StoreError } from "han-core/StoreError"
import { Reconciliation, UsageQuery, UsageReport } from "han-core/Usage"
import { Authentication } from "./Authentication.ts"

/** `Usage`: tokens and money. */
export class UsageRpcs extends RpcGroup.make(
  Rpc.make("Usage.report", { payload: { query: UsageQuery }, success: UsageReport, error: Schema.Union(SessionNotFound, ProjectNotFound, StoreError) }),
  Rpc.make("Usage.reconcile", {
    payload: { options: Schema.Struct({ sessionId: Schema.optional(SessionId), since: Schema.optional(Schema.Number) }) },
    success: Schema.Array(Reconciliation),
    error: Schema.Union(SessionNotFound, StoreError)
  })
).middleware(Authentication) {}
