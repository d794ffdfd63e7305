import * as Effect from "effect/Effect"
import { rowOf } from "../HookEvents.ts"

/** Places for commands that run at the same time, of all calls: as many again for what an agent waits for while it works, so that tests at its end hold up no tool. */
export interface HookSlots {
  readonly of: (event: string | null) => Effect.Semaphore
}

export const hookSlots = (slots: number): Effect.Effect<HookSlots> =>
  Effect.zipWith(
    Effect.makeSemaphore(slots),
    Effect.makeSemaphore(slots),
    (atWork, others): HookSlots => ({ of: (event) => (rowOf(event)?.slot === "work" ? atWork : others) })
  )
