import { hostname } from "node:os"
import * as Effect from "effect/Effect"
import * as SignInClient from "han-server/unstable/SignInClient"
import { print, run as runAlone } from "../../coordinator/CoordinatorClient.ts"
import type { CliEnvironment } from "../../environment/CliEnvironment.ts"
import { CommandFailed } from "../../environment/CommandFailed.ts"
import { plainLine } from "../../terminal/PlainText.ts"
import { opened } from "../open.ts"
import { madeHome, placeMeant } from "./authPlace.ts"

export interface Options {
  readonly endpoint: string | undefined
  readonly device: boolean
}

/** As long as the server waits. */
const patience = "15 minutes"

/** Asks no coordinator: a sign-in is a person's and not the machine's. */
export const run = ({ device, endpoint }: Options, host: CliEnvironment): Promise<number> =>
  runAlone(
    host,
    Effect.scoped(
      Effect.gen(function* () {
        const place = yield* placeMeant(endpoint, "auth login", host)
        yield* madeHome(host)
        const client = `han ${host.version} on ${hostname()}`
        const signedIn = device ? yield* byDevice(place, client, host) : yield* byBrowser(place, client, host)
        const kept = yield* Effect.timeoutFail(signedIn, {
          duration: patience,
          onTimeout: () => new CommandFailed("nobody came back from the browser; begin again, or try --device")
        })
        yield* SignInClient.keep(place, kept)
        yield* print(host.out, `Signed in to ${place.endpoint} as ${plainLine(kept.person)}.\n`)
      })
    )
  )

const byDevice = (place: SignInClient.Place, client: string, host: CliEnvironment) =>
  Effect.gen(function* () {
    const { code, signedIn, url } = yield* SignInClient.device(place, client)
    yield* print(host.err, `Open ${plainLine(url)} in a browser, sign in, and type this code:\n\n    ${plainLine(code)}\n\n`)
    return signedIn
  })

const byBrowser = (place: SignInClient.Place, client: string, host: CliEnvironment) =>
  Effect.gen(function* () {
    const { signedIn, url } = yield* SignInClient.loopback(place, client)
    yield* print(host.err, `Sign in in the browser; if none opens, open this address in one of this machine:\n\n    ${url}\n\n`)
    if (host.terminal.canAsk) yield* Effect.catchAll(opened(url), ({ message }) => print(host.err, `han: ${plainLine(message)}\n`))
    return signedIn
  })
