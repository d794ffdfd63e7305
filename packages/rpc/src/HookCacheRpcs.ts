import * as Rpc from "@effect/rpc/Rpc"
import * as RpcGroup from "@effect/rpc/RpcGroup"
import * as Schema from "effect/Schema"
import { HookFile, HookPass, HookPassFilter } from "han-core/HookCache"
import { StoreError } from "han-core/StoreError"
import { Authentication } from "./Authentication.ts"

const Paths = Schema.ReadonlySet(Schema.String)
const Files = Schema.Array(HookFile)
const { files: _files, usedAt: _usedAt, uses: _uses, ...passed } = HookPass.fields

export class HookCacheRpcs extends RpcGroup.make(
  Rpc.make("HookCache.use", { payload: { key: Schema.String, at: Schema.Number }, success: Schema.NullOr(HookPass), error: StoreError }),
  Rpc.make("HookCache.find", { payload: { key: Schema.String }, success: Schema.NullOr(HookPass), error: StoreError }),
  Rpc.make("HookCache.passedFiles", { payload: { gate: Schema.String, files: Files }, success: Paths, error: StoreError }),
  Rpc.make("HookCache.lastReads", { payload: { gate: Schema.String, tree: Schema.String }, success: Schema.NullOr(Paths), error: StoreError }),
  Rpc.make("HookCache.record", {
    payload: { passed: Schema.Struct({ ...passed, reads: Files, tree: Schema.String, each: Files, whole: Schema.Boolean }) },
    error: StoreError
  }),
  Rpc.make("HookCache.list", {
    payload: { filter: Schema.Struct({ ...HookPassFilter.fields, limit: Schema.NonNegativeInt }) },
    success: Schema.Array(HookPass),
    error: StoreError
  }),
  Rpc.make("HookCache.clear", { payload: { filter: HookPassFilter }, success: Schema.Int, error: StoreError })
).middleware(Authentication) {}
