import * as Effect from "effect/Effect"
import { print, run as runAgainst } from "../../coordinator/Asking.ts"
import { probe, shakeHands, stop } from "../../coordinator/Connection.ts"
import { CommandFailed } from "../../environment/CommandFailed.ts"
import type { Host } from "../../environment/Host.ts"

export const run = (host: Host): Promise<number> =>
  runAgainst(
    host,
    Effect.gen(function* () {
      const found = yield* probe(host)
      if (found._tag === "Barred") return yield* Effect.fail(new CommandFailed(found.message))
      if (found._tag === "None") return yield* print(host.out, "no coordinator is running\n")
      const theirs = yield* shakeHands(host)
      yield* stop(host, theirs)
      yield* print(host.out, `the coordinator (process ${theirs.pid}) has stopped\n`)
    })
  )
