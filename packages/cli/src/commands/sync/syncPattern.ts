import * as Effect from "effect/Effect"
import * as Either from "effect/Either"
import { patternOf } from "han-core/Privacy"
import { SyncClient } from "han-core/SyncClient"
import { answered, ask, print } from "../../coordinator/CoordinatorClient.ts"
import { report } from "../../coordinator/Report.ts"
import type { CliEnvironment } from "../../environment/CliEnvironment.ts"
import { BadUsage } from "../../environment/CommandFailed.ts"
import { plainLine } from "../../terminal/PlainText.ts"
import { changeSettings } from "./syncSettings.ts"

export interface Options {
  readonly pattern: string
  readonly list: "forceInclude" | "forceExclude"
}

export const run = async ({ list, pattern }: Options, host: CliEnvironment): Promise<number> => {
  const text = pattern.trim()
  const meant = patternOf(text, host.environment["HOME"])
  if (Either.isLeft(meant))
    return report(
      host,
      new BadUsage(
        `sync ${list === "forceInclude" ? "include" : "exclude"}: ${JSON.stringify(text.slice(0, 200))} is no pattern: ${meant.left}. A directory begins with / or ~. Nothing was changed`
      )
    )
  const other = list === "forceInclude" ? "forceExclude" : "forceInclude"
  const written = await Effect.runPromise(
    Effect.either(
      changeSettings(host, (current) => {
        const rest = current[other]?.filter((one) => one.trim() !== text)
        return {
          ...(current[list]?.some((one) => one.trim() === text) !== true && { [list]: [...(current[list] ?? []), text] }),
          ...(rest !== undefined && rest.length !== current[other]?.length && { [other]: rest })
        }
      })
    )
  )
  if (written._tag === "Left") return report(host, written.left)
  return ask(
    host,
    Effect.gen(function* () {
      const { reload } = yield* SyncClient
      yield* answered(host, "settings of sync", reload)
      const what = `${meant.right.kind === "directory" ? "Sessions in" : "Sessions of"} ${plainLine(text)}`
      if (!written.right) return yield* print(host.out, `${what}: that is said already.\n`)
      yield* print(
        host.out,
        list === "forceExclude"
          ? `${what} stay on this machine. What a server has of them stays there.\n`
          : `${what} go where sync sends to, unless a pattern excludes them. Sync itself is switched on by \`han sync enable\`.\n`
      )
    })
  )
}
