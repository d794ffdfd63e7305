import { randomBytes, randomUUID } from "node:crypto"
import * as Fs from "node:fs"
import * as Effect from "effect/Effect"
import * as Either from "effect/Either"
import * as Redacted from "effect/Redacted"
import * as Schema from "effect/Schema"
import type * as Scope from "effect/Scope"
import { take } from "../home/Lock.ts"

/** The identity of a client for a server, by its address. `clientSecret` is 32 bytes in base64. */
const Credential = Schema.Struct({
  workspace: Schema.NullOr(Schema.String),
  clientId: Schema.NonEmptyString,
  clientSecret: Schema.String,
  apiKey: Schema.NullOr(Schema.String)
})
/** The tokens of a person who is signed in at a server. `expiresAt`: of the access token, in milliseconds since 1970. */
export const SignIn = Schema.Struct({
  person: Schema.String,
  accessToken: Schema.NonEmptyString,
  expiresAt: Schema.Int,
  refreshToken: Schema.NonEmptyString
})
export type SignIn = typeof SignIn.Type

const File = Schema.Struct({
  version: Schema.Literal(1),
  endpoints: Schema.Record({ key: Schema.String, value: Credential }),
  signIns: Schema.optional(Schema.Record({ key: Schema.String, value: SignIn }))
})
type File = typeof File.Type

/** The file cannot be read or written, or is not what it should be. `message` names it and says what to do. */
export class CredentialsUnusable extends Schema.TaggedError<CredentialsUnusable>("han-server/CredentialsUnusable")("CredentialsUnusable", {
  message: Schema.String
}) {}

const decode = Schema.decodeUnknownEither(Schema.parseJson(File), { onExcessProperty: "preserve" })

const read = (path: string): Effect.Effect<File, CredentialsUnusable> =>
  Effect.suspend(() => {
    let text: string
    try {
      text = Fs.readFileSync(path, "utf8")
    } catch (error) {
      if (error instanceof Error && "code" in error && error.code === "ENOENT") return Effect.succeed({ version: 1, endpoints: {} } as const)
      return new CredentialsUnusable({ message: `${path} cannot be read; check its owner and mode` })
    }
    const found = decode(text)
    return Either.isRight(found)
      ? Effect.succeed(found.right)
      : new CredentialsUnusable({ message: `${path} is not what han wrote; move it away, and what was sent goes again under a new id` })
  })

/** Written whole or not at all, and readable by its owner alone. */
const write = (path: string, file: File): Effect.Effect<void, CredentialsUnusable> =>
  Effect.try({
    try: () => {
      const beside = `${path}.${process.pid}`
      const descriptor = Fs.openSync(beside, "w", 0o600)
      try {
        Fs.writeSync(descriptor, `${JSON.stringify(file, null, 2)}\n`)
        Fs.fsyncSync(descriptor)
      } finally {
        Fs.closeSync(descriptor)
      }
      Fs.chmodSync(beside, 0o600)
      Fs.renameSync(beside, path)
    },
    catch: () => new CredentialsUnusable({ message: `${path} cannot be written; check the folder's owner and mode, and the space on the disk` })
  })

/**
 * Runs `effect` while no other process changes the file: an exclusive transaction of SQLite in a file beside it, which the system takes back when the process dies. Fails when others
 * take longer than half a minute.
 */
export const locked = <A, E, R>(path: string, effect: Effect.Effect<A, E, R>): Effect.Effect<A, E | CredentialsUnusable, Exclude<R, Scope.Scope>> =>
  Effect.scoped(
    Effect.gen(function* () {
      const lock = `${path}.lock`
      const refused = (message: string) => new CredentialsUnusable({ message })
      for (let waited = 0; !(yield* Effect.mapError(take(lock), ({ message }) => refused(message))); waited += lockPauseMs) {
        if (waited >= lockPatienceMs) return yield* refused(`another han has held ${lock} for ${lockPatienceMs / 1000} s; end it, and try again`)
        yield* Effect.sleep(lockPauseMs)
      }
      return yield* effect
    })
  ) as Effect.Effect<A, E | CredentialsUnusable, Exclude<R, Scope.Scope>>
const lockPauseMs = 20
const lockPatienceMs = 30_000

/** The sign-in at a server; null when nobody is signed in there. */
export const signIn = (path: string, endpoint: string): Effect.Effect<SignIn | null, CredentialsUnusable> =>
  Effect.map(read(path), ({ signIns }) => signIns?.[endpoint] ?? null)

/** The servers at which somebody is signed in. */
export const signedInAt = (path: string): Effect.Effect<ReadonlyArray<string>, CredentialsUnusable> =>
  Effect.map(read(path), ({ signIns }) => Object.keys(signIns ?? {}))

/** Keeps a sign-in, or with null forgets it, and leaves whatever else is in the file. To be called by whoever holds the lock. */
export const keepSignIn = (path: string, endpoint: string, kept: SignIn | null): Effect.Effect<void, CredentialsUnusable> =>
  Effect.flatMap(read(path), (file) => {
    const { [endpoint]: _, ...others } = file.signIns ?? {}
    return write(path, { ...file, signIns: kept === null ? others : { ...others, [endpoint]: kept } })
  })

/** The identity of a client for a server. */
export interface Identity {
  readonly clientId: string
  readonly clientSecret: Redacted.Redacted<Uint8Array>
  readonly apiKey: Redacted.Redacted | null
  /** It was made now: nobody ever sent as it. */
  readonly isNew: boolean
}

/** The identity for an endpoint, made and written when there is none: before anything is sent under it. A key that is given is kept with it. */
export const identity = (path: string, endpoint: string, apiKey: Redacted.Redacted | null): Effect.Effect<Identity, CredentialsUnusable> =>
  locked(path, changedIdentity(path, endpoint, apiKey))

const changedIdentity = (path: string, endpoint: string, apiKey: Redacted.Redacted | null) =>
  Effect.gen(function* () {
    const file = yield* read(path)
    const known = file.endpoints[endpoint]
    const key = apiKey === null ? (known?.apiKey ?? null) : Redacted.value(apiKey)
    const next = known ?? { workspace: null, clientId: randomUUID(), clientSecret: randomBytes(32).toString("base64"), apiKey: null }
    if (known === undefined || known.apiKey !== key) yield* write(path, { ...file, endpoints: { ...file.endpoints, [endpoint]: { ...next, apiKey: key } } })
    return {
      clientId: next.clientId,
      clientSecret: Redacted.make(new Uint8Array(Buffer.from(next.clientSecret, "base64"))),
      apiKey: key === null ? null : Redacted.make(key),
      isNew: known === undefined
    }
  })
