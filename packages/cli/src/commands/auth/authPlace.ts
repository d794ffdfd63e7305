import { mkdirSync } from "node:fs"
import { join } from "node:path"
import * as Effect from "effect/Effect"
import * as Either from "effect/Either"
import type { Place } from "han-server/unstable/SignInClient"
import type { CliEnvironment } from "../../environment/CliEnvironment.ts"
import { BadUsage, CommandFailed } from "../../environment/CommandFailed.ts"
import { endpointOf, endpointText } from "../sync/syncEndpoint.ts"
import { readSettings } from "../sync/syncSettings.ts"

/** The file with the tokens. */
export const tokenFile = (host: CliEnvironment): string => join(host.home, "credentials.json")

/** Makes HAN_HOME, for its owner alone, where it is not there yet. */
export const madeHome = (host: CliEnvironment): Effect.Effect<void, CommandFailed> =>
  Effect.try({
    try: () => void mkdirSync(host.home, { recursive: true, mode: 0o700 }),
    catch: (cause) => new CommandFailed(`${host.home} cannot be made: ${cause instanceof Error ? cause.message : String(cause)}`)
  })

/** The server that is meant: the one that is given, else that of the environment, else the one that is synced with. */
export const placeMeant = (given: string | undefined, command: string, host: CliEnvironment): Effect.Effect<Place, BadUsage | CommandFailed> =>
  Effect.gen(function* () {
    const text = given ?? (host.environment["HAN_SYNC_ENDPOINT"] || (yield* readSettings(host)).endpoint)
    if (text === undefined)
      return yield* Effect.fail(new BadUsage(`${command}: --endpoint URL is missing: the address of the server, such as https://han.example`))
    return yield* Either.match(endpointOf(text), {
      onLeft: (reason) => Effect.fail(new BadUsage(`${command}: the endpoint ${JSON.stringify(text.slice(0, 200))} cannot be used: ${reason}`)),
      onRight: (url) => Effect.succeed({ endpoint: endpointText(url), file: tokenFile(host) })
    })
  })
