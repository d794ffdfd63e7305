import * as Effect from "effect/Effect"
import { HookCacheAdmin } from "han-core/HookCache"
import { answered, ask, print } from "../../coordinator/CoordinatorClient.ts"
import type { CliEnvironment } from "../../environment/CliEnvironment.ts"
import { BadUsage } from "../../environment/CommandFailed.ts"
import { inFull } from "../../environment/WorkingDirectory.ts"
import { type CacheChoice, cacheFilter, filterText, isNoFolder } from "../../hook/CacheFilter.ts"
import { count, counted } from "../../terminal/Figures.ts"
import { confirmed } from "../../terminal/Question.ts"

export interface Options extends CacheChoice {
  readonly yes: boolean
}

/** The question does not count further than that. */
const most = 1000

export const run = (options: Options, host: CliEnvironment): Promise<number> =>
  ask(
    host,
    Effect.gen(function* () {
      const cache = yield* HookCacheAdmin
      const filter = cacheFilter(options)
      const found = (yield* answered(host, "passes of hooks", cache.list({ ...filter, limit: most + 1 }))).length
      if (found === 0 && options.project !== undefined) yield* isNoFolder(inFull(options.project))
      if (found === 0) return yield* print(host.out, `No pass${filterText(filter)} is kept; nothing was removed.\n`)
      if (!options.yes) {
        const many = found > most ? `more than ${count(most)} passes` : counted(found, "pass", "passes")
        if (!host.terminal.canAsk) {
          return yield* Effect.fail(new BadUsage(`cache clear: ${many}${filterText(filter)} would be removed; without a terminal to ask at, --yes is needed`))
        }
        yield* print(host.err, `Remove ${many}${filterText(filter)}? Those hooks run again when they are next due. [y/N] `)
        if (!(yield* Effect.promise(() => confirmed()))) {
          yield* print(host.err, "Nothing was removed.\n")
          return 1
        }
      }
      const gone = yield* cache.clear(filter)
      yield* print(host.out, `${counted(gone, "pass", "passes")} removed.\n`)
      return 0
    })
  )
