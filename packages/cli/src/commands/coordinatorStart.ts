import * as Effect from "effect/Effect"
import { print, run as runAgainst } from "../Asking.ts"
import { connect } from "../Connection.ts"
import { socketPath } from "../HanHome.ts"
import type { Host } from "../Host.ts"

export const run = (host: Host): Promise<number> =>
  runAgainst(
    host,
    Effect.flatMap(connect(host), ({ theirs: { pid, version } }) =>
      print(host.out, `the coordinator is running: han ${version}, process ${pid}, ${socketPath(host.home)}\n`)
    )
  )
