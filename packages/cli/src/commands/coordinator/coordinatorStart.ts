import { appendFileSync, existsSync } from "node:fs"
import * as Effect from "effect/Effect"
import { socketPath } from "han-core/unstable/CoordinatorSocket"
import { print, run as runAgainst } from "../../coordinator/Asking.ts"
import { connect } from "../../coordinator/Connection.ts"
import { startLogPath } from "../../coordinator/HanHome.ts"
import type { Host } from "../../environment/Host.ts"
import { plainLine } from "../../terminal/PlainText.ts"

export const run = (host: Host): Promise<number> =>
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
const note = (message: string, { home }: Host): void => {
  if (!existsSync(startLogPath(home))) return
  try {
    appendFileSync(startLogPath(home), `han: ${plainLine(message)}\n`)
  } catch {
    // Where it cannot be written is what was wrong, and is in the message that this command ends with.
  }
}
