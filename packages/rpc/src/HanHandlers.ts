/**
 * The server side of `HanRpcs` and `MachineRpcs`: answers them by core's services, whatever layers those come from.
 *
 * @example
 * ```ts
 * import * as RpcSerialization from "@effect/rpc/RpcSerialization"
 * import * as RpcServer from "@effect/rpc/RpcServer"
 * import * as Layer from "effect/Layer"
 * import * as Authentication from "han-rpc/Authentication"
 * import * as HanHandlers from "han-rpc/HanHandlers"
 * import { HanRpcs } from "han-rpc/HanRpcs"
 * import * as SqliteStore from "han-sql/SqliteStore"
 *
 * // Serves a store over HTTP, at `/rpc` of a router. `HanClient.layerHttp` asks it.
 * const server = RpcServer.layerHttpRouter({ group: HanRpcs, path: "/rpc", protocol: "http" }).pipe(
 *   Layer.provide([HanHandlers.layer, Authentication.layerLocal, RpcSerialization.layerNdjson]),
 *   Layer.provide(SqliteStore.layer({ filename: "/home/dev/han.db" }))
 * )
 * ```
 */

import * as Effect from "effect/Effect"
import * as Layer from "effect/Layer"
import * as Stream from "effect/Stream"
import { Indexer } from "han-core/Indexer"
import { handlersOf } from "./Contract.ts"
import { Coordinator } from "./Coordinator.ts"
import { CoordinatorRpcs } from "./CoordinatorRpcs.ts"
import { storeContracts } from "./HanRpcs.ts"
import { machineContracts } from "./MachineRpcs.ts"

/** Answers `HanRpcs` by the services of a store: what a server for several people serves. */
export const layer = handlersOf(storeContracts)

/** A coordinator that is asked in its own process is never unreachable. */
const layerCoordinator = CoordinatorRpcs.toLayer(
  Effect.map(Coordinator, (coordinator) =>
    CoordinatorRpcs.of({
      "Coordinator.handshake": () => Effect.orDie(coordinator.handshake),
      "Coordinator.status": () => Effect.orDie(coordinator.status),
      "Coordinator.doctor": () => coordinator.doctor,
      "Coordinator.openUrl": () => Effect.catchTag(coordinator.openUrl, "CoordinatorUnreachable", Effect.die),
      "Coordinator.stop": () => Effect.orDie(coordinator.stop)
    })
  )
)

/** Progress that nobody reads is dropped, oldest first: a client that stands still must not hold up the pass. The report is last, so it stays. */
const layerUnhurried = Layer.effect(
  Indexer,
  Effect.map(Indexer, (indexer) => ({ ...indexer, index: Stream.buffer(indexer.index, { capacity: 16, strategy: "sliding" }) }))
)

/** Answers `MachineRpcs`: for a unix socket that only its owner can open. */
export const layerMachine = Layer.mergeAll(layer, layerCoordinator, Layer.provide(handlersOf(machineContracts), layerUnhurried))
