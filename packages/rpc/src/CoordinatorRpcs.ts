/** The Rpcs that carry `Coordinator` over a wire. */

import * as Rpc from "@effect/rpc/Rpc"
import * as RpcGroup from "@effect/rpc/RpcGroup"
import * as Schema from "effect/Schema"
import { StoreError } from "han-core/StoreError"
import { Authentication } from "./Authentication.ts"
import { CoordinatorStatus, DoctorReport, Handshake, HttpOff } from "./Coordinator.ts"

/** `Coordinator`. `handshake` and `stop` keep their names and shapes in every release: a newer client must be able to end an older coordinator. */
export class CoordinatorRpcs extends RpcGroup.make(
  Rpc.make("Coordinator.handshake", { success: Handshake }),
  Rpc.make("Coordinator.status", { success: CoordinatorStatus }),
  Rpc.make("Coordinator.doctor", { success: DoctorReport, error: StoreError }),
  Rpc.make("Coordinator.openUrl", { success: Schema.String, error: HttpOff }),
  Rpc.make("Coordinator.stop")
).middleware(Authentication) {}
