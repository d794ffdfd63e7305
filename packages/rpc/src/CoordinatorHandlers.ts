import * as Effect from "effect/Effect"
import { Coordinator } from "./Coordinator.ts"
import { CoordinatorRpcs } from "./CoordinatorRpcs.ts"

/** A coordinator that is asked in its own process is never unreachable. */
export const layer = CoordinatorRpcs.toLayer(
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
