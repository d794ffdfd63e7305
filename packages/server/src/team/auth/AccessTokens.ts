import { createPrivateKey, createPublicKey, randomBytes, randomUUID } from "node:crypto"
import * as Clock from "effect/Clock"
import * as Effect from "effect/Effect"
import * as Redacted from "effect/Redacted"
import { PersonId } from "han-core/Viewer"
import { KeyRefused } from "han-core/Workspaces"
import * as Jose from "jose"

/** A key that signs access tokens: its name, and the 32 bytes of an Ed25519 private key. */
export interface JwtKey {
  readonly kid: string
  readonly seed: Redacted.Redacted<Uint8Array>
}

/** The sign-in that an access token is of. */
export interface AccessClaims {
  readonly sid: string
  readonly person: PersonId
}

/** Makes and reads access tokens. */
export interface AccessTokens {
  readonly sign: (claims: AccessClaims) => Effect.Effect<string>
  /** Reads a token that this server made, for itself, and that has not expired. What its person may do stands nowhere in it: that is looked up for each request. */
  readonly verify: (token: Redacted.Redacted) => Effect.Effect<AccessClaims, KeyRefused>
}

/** Seconds that an access token is good for. */
export const accessSeconds = 900
/** Seconds by which clocks may differ. */
const toleranceSeconds = 30
const algorithm = "EdDSA"
const type = "at+jwt"

/** Signs with the first key, and reads tokens of all. */
export const make = (keys: readonly [JwtKey, ...ReadonlyArray<JwtKey>], issuer: string): AccessTokens => {
  const audience = `${issuer}/api`
  const pairs = new Map(keys.map(({ kid, seed }) => [kid, pairOf(Redacted.value(seed))]))
  const [first] = keys
  const signing = pairs.get(first.kid)!
  const invalid = new KeyRefused({ code: "invalid_token" })
  return {
    sign: ({ person, sid }) =>
      Effect.flatMap(Clock.currentTimeMillis, (now) =>
        Effect.promise(() => {
          const at = Math.floor(now / 1000)
          return new Jose.SignJWT({ sid })
            .setProtectedHeader({ alg: algorithm, kid: first.kid, typ: type })
            .setIssuer(issuer)
            .setAudience(audience)
            .setSubject(person)
            .setJti(randomUUID())
            .setIssuedAt(at)
            .setNotBefore(at)
            .setExpirationTime(at + accessSeconds)
            .sign(signing.privateKey)
        })
      ),
    verify: (token) =>
      Effect.gen(function* () {
        const now = yield* Clock.currentTimeMillis
        const { payload } = yield* Effect.tryPromise({
          try: () =>
            Jose.jwtVerify(
              Redacted.value(token),
              ({ kid }) => {
                const pair = kid === undefined ? undefined : pairs.get(kid)
                if (pair === undefined) throw new Error("no such key")
                return pair.publicKey
              },
              {
                algorithms: [algorithm],
                typ: type,
                issuer,
                audience,
                requiredClaims: ["iss", "aud", "sub", "sid", "jti", "iat", "nbf", "exp"],
                clockTolerance: toleranceSeconds,
                currentDate: new Date(now)
              }
            ),
          catch: () => invalid
        })
        const { sid, sub } = payload
        if (typeof sid !== "string" || sub === undefined || sub === "") return yield* invalid
        return { sid, person: PersonId.make(sub) }
      })
  }
}

/** A key that is good as long as the process runs: what it signed is refused behind a restart, and refreshed. */
export const passingKey = (): JwtKey => ({ kid: `passing-${randomBytes(4).toString("hex")}`, seed: Redacted.make(new Uint8Array(randomBytes(32))) })

/** An Ed25519 private key as DER has nothing but these bytes before its own (RFC 8410). */
const derPrefix = Buffer.from("302e020100300506032b657004220420", "hex")

const pairOf = (seed: Uint8Array) => {
  const privateKey = createPrivateKey({ key: Buffer.concat([derPrefix, seed]), format: "der", type: "pkcs8" })
  return { privateKey, publicKey: createPublicKey(privateKey) }
}
