import * as Effect from "effect/Effect"
import { StoreFiles } from "han-core/StoreFiles"
import { answered, ask, print } from "../../coordinator/CoordinatorClient.ts"
import type { CliEnvironment } from "../../environment/CliEnvironment.ts"
import { BadUsage } from "../../environment/CommandFailed.ts"
import { byteSize, counted, dateMinute } from "../../terminal/Figures.ts"
import { plainLine } from "../../terminal/PlainText.ts"
import { confirmed } from "../../terminal/Question.ts"

export const run = (options: { readonly yes: boolean }, host: CliEnvironment): Promise<number> =>
  ask(
    host,
    Effect.gen(function* () {
      const files = yield* StoreFiles
      const formers = yield* answered(host, "former stores", files.formers)
      if (formers.length === 0) return yield* print(host.out, "No former store is kept; nothing was removed.\n")
      const listed = formers
        .map(({ bytes, path, writtenAt }) => `${plainLine(path)}  ${byteSize(bytes)}  last written ${dateMinute(writtenAt, false)}\n`)
        .join("")
      yield* print(host.out, listed)
      if (!options.yes) {
        if (!host.terminal.canAsk)
          return yield* Effect.fail(
            new BadUsage(`coordinator prune: ${counted(formers.length, "former store")} would be removed; without a terminal to ask at, --yes is needed`)
          )
        yield* print(host.err, `Remove ${counted(formers.length, "former store")} for good? [y/N] `)
        if (!(yield* Effect.promise(() => confirmed()))) {
          yield* print(host.err, "Nothing was removed.\n")
          return 1
        }
      }
      const gone = yield* files.removeFormers(formers.map(({ path }) => path))
      yield* print(host.out, `${counted(gone.length, "former store")} removed, ${byteSize(gone.reduce((sum, { bytes }) => sum + bytes, 0))} freed.\n`)
      return 0
    })
  )
