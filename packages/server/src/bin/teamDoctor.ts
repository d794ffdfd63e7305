import * as Effect from "effect/Effect"
import * as Either from "effect/Either"
import * as PgStore from "han-sql/PgStore"
import { PgHealth } from "han-sql/unstable/PgHealth"
import type { SignInConfiguration } from "./signInConfiguration.ts"
import type { DatabaseUrls } from "./teamConfiguration.ts"

const line = (good: boolean, text: string) => Effect.sync(() => void process.stdout.write(`${good ? "ok  " : "FAIL"}  ${text}\n`))

/** Looks at whatever a server needs, and says how it stands. Gives the exit code. */
export const doctor = (urls: DatabaseUrls, signIn: SignInConfiguration | undefined) =>
  Effect.gen(function* () {
    let failures = 0
    const look = (what: string, told: Either.Either<unknown, { readonly message: string }>) => {
      if (Either.isLeft(told)) failures++
      return line(Either.isRight(told), Either.isRight(told) ? what : `${what}: ${told.left.message}`)
    }
    yield* line(true, "the variables can be understood")
    const check = Effect.flatMap(PgHealth, (health) => health.check).pipe(Effect.provide(PgStore.layer({ ...urls, maxConnections: 2 })))
    yield* look("the database answers, and has the tables of this version", yield* Effect.either(check))
    if (signIn === undefined) yield* line(true, "nobody signs in: API keys let people in")
    for (const provider of signIn?.providers ?? []) {
      const began = { state: "s", verifier: "v".repeat(43), nonce: "n", redirectUri: "http://127.0.0.1/" }
      const told = yield* Effect.either(Effect.mapError(provider.authorize(began), ({ why }) => ({ message: why })))
      yield* look(`people sign in by ${provider.title}`, told)
    }
    if (signIn?.development) yield* line(true, "anybody on this machine signs in by a name: for development")
    return failures === 0 ? 0 : 1
  })
