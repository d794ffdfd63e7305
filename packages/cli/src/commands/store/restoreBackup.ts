import * as Effect from "effect/Effect"
import { connect, probe } from "../../coordinator/Connection.ts"
import { print, run as runAgainst } from "../../coordinator/CoordinatorClient.ts"
import { findProgram } from "../../coordinator/CoordinatorProgram.ts"
import { report } from "../../coordinator/Report.ts"
import type { CliEnvironment } from "../../environment/CliEnvironment.ts"
import { inFull } from "../../environment/WorkingDirectory.ts"
import { inForeground } from "../coordinator/coordinatorServe.ts"

/**
 * The coordinator's program does it, under the coordinator's lock. That ends the running one by itself: the next hook of an agent would start one that somebody stopped before, so
 * nobody could be told to.
 */
export const run = async ({ file }: { readonly file: string }, host: CliEnvironment): Promise<number> => {
  const before = await Effect.runPromise(probe(host))
  const code = await restored(inFull(file), host)
  if (before._tag !== "Listening") return code
  const again = await runAgainst(
    host,
    Effect.flatMap(connect(host), ({ started, theirs }) => (started ? print(host.out, `the coordinator runs again (process ${theirs.pid})\n`) : Effect.void))
  )
  return code === 0 ? again : code
}

const restored = async (file: string, host: CliEnvironment): Promise<number> => {
  try {
    if (host.executable !== undefined) return await inForeground(findProgram(host), ["restore-backup", file], host)
    const { run } = await import("han-server/unstable/restoreBackup")
    return await run([file])
  } catch (error) {
    return report(host, error)
  }
}
