import * as Effect from "effect/Effect"
import * as Either from "effect/Either"
import * as StartingFile from "han-core/unstable/StartingFile"
import { version } from "han-rpc/Version"
import type { CliEnvironment } from "../environment/CliEnvironment.ts"
import { CommandFailed } from "../environment/CommandFailed.ts"
import { thisEnvironment } from "../environment/ThisEnvironment.ts"
import { probe } from "./Connection.ts"
import { awaitStart, type StartChoice } from "./CoordinatorStart.ts"

export interface ListenerWait {
  /** Milliseconds since 1970. */
  readonly until: number
  /** Milliseconds that a start may stand still; HAN_START_TIMEOUT_MS if absent. */
  readonly stillMs?: number
  readonly choice: StartChoice
}

/** Waits until a coordinator of this program's home listens. Undefined when one does, else the reason why none did. */
export const awaitListener = async ({ choice, stillMs, until }: ListenerWait): Promise<string | undefined> => {
  try {
    const machine = thisEnvironment(version)
    const host = { ...machine, startTimeoutMs: stillMs ?? machine.startTimeoutMs, terminal: { ...machine.terminal, progress: false } }
    const listens = Effect.map(probe(host), ({ _tag }) => _tag === "Listening")
    const inTime = Effect.timeoutFail(awaitStart(host, listens, choice), { duration: Math.max(0, until - Date.now()), onTimeout: () => tooLate(host) })
    const end = await Effect.runPromise(Effect.either(inTime))
    return Either.isRight(end) ? undefined : end.left.message
  } catch (error) {
    return error instanceof Error ? error.message : String(error)
  }
}

const tooLate = ({ home }: CliEnvironment) => {
  const found = StartingFile.read(home)
  const where = found === undefined ? "is being started" : `(process ${found.pid}) ${found.step}`
  return new CommandFailed(`the coordinator ${where}, and the client does not wait for this hook any longer`)
}
