import * as Effect from "effect/Effect"
import type { SessionId } from "han-core/Entry"
import { SyncClient } from "han-core/SyncClient"
import { answered } from "../coordinator/CoordinatorClient.ts"
import type { CliEnvironment } from "../environment/CliEnvironment.ts"

/** How far a server has these sessions, by their ids; null when nothing is sent. */
export const sessionSyncs = (ids: ReadonlyArray<SessionId>, host: CliEnvironment) =>
  Effect.gen(function* () {
    if (ids.length === 0) return null
    const found = yield* answered(
      host,
      "states of sync",
      Effect.flatMap(SyncClient, ({ sessions }) => sessions(ids))
    )
    const known = found.filter(({ state }) => state !== "off")
    return known.length === 0 ? null : new Map(known.map((one) => [one.sessionId, one]))
  })
