import * as Effect from "effect/Effect"
import * as SignInClient from "han-server/unstable/SignInClient"
import { print, run as runAlone } from "../../coordinator/CoordinatorClient.ts"
import type { CliEnvironment } from "../../environment/CliEnvironment.ts"
import { madeHome, placeMeant } from "./authPlace.ts"

export const run = ({ endpoint }: { readonly endpoint: string | undefined }, host: CliEnvironment): Promise<number> =>
  runAlone(
    host,
    Effect.gen(function* () {
      const place = yield* placeMeant(endpoint, "auth logout", host)
      yield* madeHome(host)
      const knows = yield* SignInClient.logout(place)
      yield* print(
        host.out,
        knows === null
          ? `Nobody is signed in to ${place.endpoint}.\n`
          : knows
            ? `Signed out of ${place.endpoint}.\n`
            : `The tokens are gone from this machine. ${place.endpoint} could not be told; there the sign-in ends when it is not used for 90 days.\n`
      )
    })
  )
