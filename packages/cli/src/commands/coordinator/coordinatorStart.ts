import { appendFileSync, existsSync } from "node:fs"
import * as Effect from "effect/Effect"
import { socketPath } from "han-core/unstable/CoordinatorSocket"
import { connect } from "../../coordinator/Connection.ts"
import { print, run as runAgainst } from "../../coordinator/CoordinatorClient.ts"
import { startLogPath } from "../../coordinator/HanHome.ts"
import type { CliEnvironment } from "../../environment/CliEnvironment.ts"
import { plainLine } from "../../terminal/PlainText.ts"

export const run = (host: CliEnvironment): Promise<number> =>
  runAgainst(
    host,
    connect(host).pipe(
      Effect.tapError(({ message }) => Effect.sync(() => note(message, host))),
      Effect.flatMap(({ theirs: { pid, version } }) =>
        print(host.out, `the coordinator is running: han ${version}, process ${pid}, ${socketPath(host.home)}\n`)
      )
    )
  )

/** Hooks that may start none tell why the last one could not be. */
const note = (message: string, { home }: CliEnvironment): void => {
  if (!existsSync(startLogPath(home))) return
  try {
    appendFileSync(startLogPath(home), `han: ${plainLine(message)}\n`)
  } catch {
    // Where it cannot be written is what was wrong, and is in the message that this command ends with.
  }
}
