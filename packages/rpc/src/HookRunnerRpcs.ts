/** The Rpcs that carry `HookRunner` over a wire. */

import * as Rpc from "@effect/rpc/Rpc"
import * as RpcGroup from "@effect/rpc/RpcGroup"
import * as Schema from "effect/Schema"
import { HookAnswer } from "han-core/HookAnswer"
import { HookCall, HookCallInvalid, HookPlan, HookProgress } from "han-core/HookCall"
import { HookProjectInvalid } from "han-core/Hooks"
import { StoreError } from "han-core/StoreError"
import { Authentication } from "./Authentication.ts"

const payload = { call: HookCall }
const error = Schema.Union(HookCallInvalid, HookProjectInvalid, StoreError)

/** `HookRunner`: runs hooks on the machine. Whoever hangs up before the answer ends what was started for it. */
export class HookRunnerRpcs extends RpcGroup.make(
  Rpc.make("HookRunner.answer", { payload, success: HookAnswer, error }),
  Rpc.make("HookRunner.run", { payload, success: HookProgress, error, stream: true }),
  Rpc.make("HookRunner.explain", { payload, success: HookPlan, error })
).middleware(Authentication) {}
