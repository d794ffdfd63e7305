import * as Effect from "effect/Effect"
import { probe, shakeHands, stop } from "../../coordinator/Connection.ts"
import { print, run as runAgainst } from "../../coordinator/CoordinatorClient.ts"
import type { CliEnvironment } from "../../environment/CliEnvironment.ts"
import { CommandFailed } from "../../environment/CommandFailed.ts"

export const run = (host: CliEnvironment): Promise<number> =>
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
