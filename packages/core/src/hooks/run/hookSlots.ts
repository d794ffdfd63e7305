import * as Effect from "effect/Effect"

/** Events that come while an agent works, and make it wait each time. */
const duringWork = new Set(["PreToolUse", "PostToolUse", "PostToolUseFailure", "PostToolBatch", "PermissionRequest", "UserPromptSubmit", "UserPromptExpansion"])

/** Places for commands that run at the same time, of all calls: as many again for what an agent waits for while it works, so that tests at its end hold up no tool. */
export interface HookSlots {
  readonly of: (event: string | null) => Effect.Semaphore
}

export const hookSlots = (slots: number): Effect.Effect<HookSlots> =>
  Effect.zipWith(
    Effect.makeSemaphore(slots),
    Effect.makeSemaphore(slots),
    (atWork, others): HookSlots => ({ of: (event) => (event !== null && duringWork.has(event) ? atWork : others) })
  )
