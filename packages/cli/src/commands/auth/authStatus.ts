import * as Effect from "effect/Effect"
import * as SignInClient from "han-server/unstable/SignInClient"
import { print, run as runAlone } from "../../coordinator/CoordinatorClient.ts"
import type { CliEnvironment } from "../../environment/CliEnvironment.ts"
import { plainLine, toJson } from "../../terminal/PlainText.ts"
import { madeHome, placeMeant, tokenFile } from "./authPlace.ts"

export interface Options {
  readonly endpoint: string | undefined
  readonly json: boolean
}

/** What is known of one server. `reachable`: null where nobody is signed in, so that nobody was asked. */
interface Standing {
  readonly endpoint: string
  readonly signedIn: boolean
  readonly reachable: boolean | null
  readonly person: string | null
  readonly workspaces: ReadonlyArray<string>
  readonly message: string | null
}

export const run = ({ endpoint, json }: Options, host: CliEnvironment): Promise<number> =>
  runAlone(
    host,
    Effect.gen(function* () {
      yield* madeHome(host)
      const file = tokenFile(host)
      const endpoints = endpoint === undefined ? yield* SignInClient.places(file) : [(yield* placeMeant(endpoint, "auth status", host)).endpoint]
      const all = yield* Effect.forEach(endpoints, (one) => standing({ endpoint: one, file }))
      if (json) yield* print(host.out, `${toJson({ servers: all })}\n`)
      else if (all.length === 0) yield* print(host.out, "Nobody is signed in to a team server. `han auth login --endpoint URL` signs in.\n")
      else yield* print(host.out, all.map((one) => `${inWords(one)}\n`).join(""))
      return all.some(({ reachable, signedIn }) => signedIn && reachable === true) ? 0 : 1
    })
  )

const nobody = { signedIn: false, reachable: null, person: null, workspaces: [], message: null }

const standing = (place: SignInClient.Place) =>
  SignInClient.session(place).pipe(
    Effect.map(
      (session): Standing =>
        session === null
          ? { endpoint: place.endpoint, ...nobody }
          : {
              endpoint: place.endpoint,
              signedIn: true,
              reachable: true,
              person: session.person.name,
              workspaces: session.workspaces.map(({ slug }) => slug),
              message: null
            }
    ),
    Effect.catchTags({
      SignedOut: ({ message }) => Effect.succeed<Standing>({ endpoint: place.endpoint, ...nobody, reachable: true, message }),
      SignInFailed: ({ message }) => Effect.succeed<Standing>({ endpoint: place.endpoint, ...nobody, signedIn: true, reachable: false, message })
    })
  )

const inWords = ({ endpoint, message, person, signedIn, workspaces }: Standing): string => {
  if (message !== null) return plainLine(message)
  if (!signedIn) return `${endpoint}: nobody is signed in`
  return `${endpoint}: ${plainLine(person ?? "")}, ${workspaces.length === 0 ? "in no workspace" : `in ${workspaces.map(plainLine).join(", ")}`}`
}
