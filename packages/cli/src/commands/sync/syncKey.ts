import * as Effect from "effect/Effect"
import * as Option from "effect/Option"
import * as Redacted from "effect/Redacted"
import * as ApiKey from "han-core/ApiKey"
import { print } from "../../coordinator/CoordinatorClient.ts"
import type { CliEnvironment } from "../../environment/CliEnvironment.ts"
import type { CommandFailed } from "../../environment/CommandFailed.ts"
import { BadUsage } from "../../environment/CommandFailed.ts"
import type { OutputClosed } from "../../environment/Output.ts"
import { secret } from "../../terminal/Question.ts"

/** Far more than a key has. */
const maxInput = 4096

/**
 * The key to connect with: of the command line, of standard input for `-`, of HAN_SYNC_API_KEY, the one that is there already, or what a person types. No message has anything of it.
 */
export const keyGiven = (
  given: string | undefined,
  known: string | undefined,
  host: CliEnvironment
): Effect.Effect<Redacted.Redacted, BadUsage | OutputClosed | CommandFailed> =>
  Effect.gen(function* () {
    const fromEnvironment = host.environment["HAN_SYNC_API_KEY"]
    if (given === "-") return yield* checked(yield* Effect.promise(input), "on standard input")
    if (given !== undefined) {
      yield* print(host.err, "han: warning: other programs of this machine can read a key on a command line; --key - reads it from standard input\n")
      return yield* checked(given, "behind --key")
    }
    if (fromEnvironment !== undefined && fromEnvironment !== "") return yield* checked(fromEnvironment, "in HAN_SYNC_API_KEY")
    if (known !== undefined) return Redacted.make(known)
    if (!host.terminal.canAsk)
      return yield* Effect.fail(new BadUsage("sync enable: a key is missing; --key - reads it from standard input, or set HAN_SYNC_API_KEY"))
    // The terminal hides what is typed before the question stands there: nobody is faster than that.
    const answer = secret()
    yield* Effect.tapErrorCause(print(host.err, "API key (it is not shown): "), () => Effect.sync(() => process.stdin.setRawMode(false)))
    const typed = yield* Effect.promise(() => answer)
    yield* print(host.err, "\n")
    if (typed === null) return yield* Effect.fail(new BadUsage("sync enable: no key was given; nothing was changed"))
    return yield* checked(typed, "that was typed")
  })

const checked = (text: string, where: string) => {
  const key = Redacted.make(text.trim())
  return Option.isSome(ApiKey.parse(key))
    ? Effect.succeed(key)
    : Effect.fail(
        new BadUsage(
          `sync enable: the key ${where} is cut off or mistyped; it has the form han_…_…_…, as \`han-server keys create\` printed it. Nothing was changed`
        )
      )
}

const input = async (): Promise<string> => {
  let text = ""
  for await (const chunk of process.stdin) {
    text += String(chunk)
    if (text.length > maxInput) break
  }
  return text
}
