import * as Effect from "effect/Effect"
import { type SyncState, SyncStopped } from "han-core/SyncClient"
import { CommandFailed } from "../../environment/CommandFailed.ts"

/** The exit codes of `han sync`, beside 0: what was not sent is tried again · a setting, the plan or this version of han stands in the way · the key is refused · some was refused. */
export const triedAgain = 1
export const badConfiguration = 2
export const keyRefused = 3
export const partly = 4

/** The exit code for the state that sending stopped in. */
export const exitCodeOf = (state: SyncState): number => {
  switch (state) {
    case "IDLE":
    case "SYNCING":
      return 0
    case "BACKING_OFF":
    case "OFFLINE":
      return triedAgain
    case "DISABLED":
    case "PAUSED_CONFIG":
    case "PAUSED_PLAN":
      return badConfiguration
    case "PAUSED_AUTH":
      return keyRefused
  }
}

/** Ends the command with the exit code of the reason when sending stopped before it was done. */
export const orExitCode = <A, E, R>(effect: Effect.Effect<A, E | SyncStopped, R>): Effect.Effect<A, Exclude<E, SyncStopped> | CommandFailed, R> =>
  Effect.mapError(effect, (error) =>
    error instanceof SyncStopped ? new CommandFailed(error.message, exitCodeOf(error.state) || triedAgain) : (error as Exclude<E, SyncStopped>)
  )
