import { createHash, randomBytes, timingSafeEqual } from "node:crypto"
import { createServer, type Server } from "node:http"
import * as Clock from "effect/Clock"
import * as Effect from "effect/Effect"
import * as Schema from "effect/Schema"
import type { Scope } from "effect/Scope"
import * as Credentials from "./Credentials.ts"

/** Nobody is signed in any more: the server said so. */
export class SignedOut extends Schema.TaggedError<SignedOut>("han-server/SignedOut")("SignedOut", { message: Schema.String }) {}

/** The server does not let in, or does not answer as it should; who was signed in still is. */
export class SignInFailed extends Schema.TaggedError<SignInFailed>("han-server/SignInFailed")("SignInFailed", { message: Schema.String }) {}

/** A server, by its address without a slash at the end, and the file with the tokens. */
export interface Place {
  readonly endpoint: string
  readonly file: string
}

const Tokens = Schema.Struct({ access_token: Schema.NonEmptyString, refresh_token: Schema.NonEmptyString, expires_in: Schema.Number })
const Refusal = Schema.Struct({ error: Schema.String, error_description: Schema.optional(Schema.String) })
const Device = Schema.Struct({
  device_code: Schema.NonEmptyString,
  user_code: Schema.NonEmptyString,
  verification_uri: Schema.NonEmptyString,
  expires_in: Schema.Number,
  interval: Schema.Number
})
/** Who is signed in, as the server says. */
export const Session = Schema.Struct({
  person: Schema.Struct({ id: Schema.String, name: Schema.String }),
  workspace: Schema.NullOr(Schema.Struct({ slug: Schema.String, role: Schema.String })),
  workspaces: Schema.Array(Schema.Struct({ slug: Schema.String, personal: Schema.Boolean }))
})
export type Session = typeof Session.Type

const answerMs = 20_000
const maxAnswer = 256 * 1024
/** Milliseconds of an access token that are not used up: the clock may go wrong, and a request takes time. */
const marginMs = 60_000

/** Listens at an address of this machine for the browser that comes back, and tells where to send it first (RFC 8252 7.3). It listens no more when the scope closes. */
export const loopback = (
  { endpoint }: Place,
  client: string
): Effect.Effect<{ readonly url: string; readonly signedIn: Effect.Effect<Credentials.SignIn, SignInFailed> }, SignInFailed, Scope> =>
  Effect.gen(function* () {
    const verifier = randomBytes(32).toString("base64url")
    const state = randomBytes(32).toString("base64url")
    const challenge = createHash("sha256").update(verifier).digest("base64url")
    let told: (back: URLSearchParams) => void = () => {}
    const back = new Promise<URLSearchParams>((resolve) => (told = resolve))
    const { port } = yield* Effect.acquireRelease(
      listening(endpoint, state, (parameters) => told(parameters)),
      ({ server }) =>
        Effect.sync(() => {
          server.close()
          server.closeAllConnections()
        })
    )
    const redirectUri = `http://127.0.0.1:${port}/`
    const asked = new URLSearchParams({ redirect_uri: redirectUri, state, code_challenge: challenge, code_challenge_method: "S256", client })
    const signedIn = Effect.gen(function* () {
      const parameters = yield* Effect.promise(() => back)
      const error = parameters.get("error")
      if (error !== null) return yield* new SignInFailed({ message: "the server did not let you in" })
      return yield* granted(endpoint, {
        grant_type: "authorization_code",
        code: parameters.get("code") ?? "",
        code_verifier: verifier,
        redirect_uri: redirectUri
      })
    })
    return { url: `${endpoint}/auth/sign-in?${asked}`, signedIn }
  })

/** A page that says nothing of what came. */
const pageOf = (text: string) => `<!doctype html><meta charset="utf-8"><title>han</title><p>${text}</p>`
const pageHeaders = {
  "content-type": "text/html; charset=utf-8",
  "content-security-policy": "default-src 'none'",
  "cache-control": "no-store",
  connection: "close"
}

/** Whoever comes with another state, or from another server, is sent away, and the right one is waited for. */
const listening = (endpoint: string, state: string, told: (parameters: URLSearchParams) => void) =>
  Effect.async<{ readonly server: Server; readonly port: number }, SignInFailed>((resume) => {
    const server = createServer((request, response) => {
      const { pathname, searchParams } = new URL(request.url ?? "/", "http://127.0.0.1")
      const issuer = searchParams.get("iss")
      const isOurs =
        pathname === "/" &&
        request.method === "GET" &&
        isSame(searchParams.get("state") ?? "", state) &&
        (issuer === null || issuer === new URL(endpoint).origin)
      response.writeHead(isOurs ? 200 : 400, pageHeaders)
      response.end(pageOf(isOurs ? "You are signed in. You may close this window." : "This did not come from the sign-in that was begun."))
      if (isOurs) told(searchParams)
    })
    server.once("error", ({ message }) => resume(Effect.fail(new SignInFailed({ message: `nothing can listen at 127.0.0.1 (${message}); try --device` }))))
    server.listen(0, "127.0.0.1", () => {
      const address = server.address()
      resume(Effect.succeed({ server, port: address !== null && typeof address === "object" ? address.port : 0 }))
    })
  })

const isSame = (one: string, other: string): boolean => one.length === other.length && timingSafeEqual(Buffer.from(one), Buffer.from(other))

/** Begins a sign-in without a browser of this machine: `code` is to be typed at `url` (RFC 8628). */
export const device = (
  { endpoint }: Place,
  client: string
): Effect.Effect<{ readonly url: string; readonly code: string; readonly signedIn: Effect.Effect<Credentials.SignIn, SignInFailed> }, SignInFailed> =>
  Effect.gen(function* () {
    const { body } = yield* posted(endpoint, "/auth/device", { client })
    const begun = yield* understood(Device, body)
    const poll = (waitMs: number): Effect.Effect<Credentials.SignIn, SignInFailed> =>
      Effect.gen(function* () {
        yield* Effect.sleep(waitMs)
        const answer = yield* Effect.either(
          posted(endpoint, "/auth/token", { grant_type: "urn:ietf:params:oauth:grant-type:device_code", device_code: begun.device_code })
        )
        // Who does not answer now may do so later (RFC 8628 3.5).
        if (answer._tag === "Left") return yield* poll(2 * waitMs)
        const { body: said, status } = answer.right
        if (status === 200) return yield* named(endpoint, said)
        const { error } = yield* understood(Refusal, said)
        if (error === "authorization_pending") return yield* poll(waitMs)
        if (error === "slow_down") return yield* poll(waitMs + 5000)
        return yield* new SignInFailed({
          message:
            error === "access_denied"
              ? "whoever typed the code said no"
              : error === "expired_token"
                ? "nobody typed the code in time; begin again"
                : "the server did not let this machine in"
        })
      })
    return { url: begun.verification_uri, code: begun.user_code, signedIn: poll(1000 * begun.interval) }
  })

/**
 * Gives an access token that is good for a minute at least. Refreshes it if need be, one process after the other, so that no token is used twice. Who cannot be reached says nothing
 * about the sign-in: it stays. Null when nobody is signed in.
 */
export const accessToken = ({ endpoint, file }: Place): Effect.Effect<string | null, Credentials.CredentialsUnusable | SignedOut | SignInFailed> => {
  const good = Effect.gen(function* () {
    const kept = yield* Credentials.signIn(file, endpoint)
    const now = yield* Clock.currentTimeMillis
    return { kept, isGood: kept !== null && kept.expiresAt - marginMs > now }
  })
  return Effect.gen(function* () {
    const first = yield* good
    if (first.kept === null || first.isGood) return first.kept?.accessToken ?? null
    return yield* Credentials.locked(
      file,
      Effect.gen(function* () {
        // Somebody else may have refreshed it meanwhile, or signed out.
        const { isGood, kept } = yield* good
        if (kept === null || isGood) return kept?.accessToken ?? null
        const { body, status } = yield* posted(endpoint, "/auth/token", { grant_type: "refresh_token", refresh_token: kept.refreshToken })
        if (status === 200) {
          const next = yield* kindOf(body, kept.person)
          yield* Credentials.keepSignIn(file, endpoint, next)
          return next.accessToken
        }
        const { error } = yield* understood(Refusal, body)
        if (error !== "invalid_grant") return yield* new SignInFailed({ message: `${endpoint} does not refresh the sign-in now (${error}); try again` })
        yield* Credentials.keepSignIn(file, endpoint, null)
        return yield* new SignedOut({ message: `the sign-in at ${endpoint} has ended; \`han auth login\` begins another` })
      })
    )
  })
}

/** Keeps a sign-in. */
export const keep = ({ endpoint, file }: Place, signIn: Credentials.SignIn) => Credentials.locked(file, Credentials.keepSignIn(file, endpoint, signIn))

/** The servers at which somebody is signed in. */
export const places = (file: string): Effect.Effect<ReadonlyArray<string>, Credentials.CredentialsUnusable> => Credentials.signedInAt(file)

/** Ends the sign-in at the server, and forgets it here; also when the server cannot be reached, which then does not know. Gives whether it knows; null when nobody was signed in. */
export const logout = ({ endpoint, file }: Place): Effect.Effect<boolean | null, Credentials.CredentialsUnusable> =>
  Credentials.locked(
    file,
    Effect.gen(function* () {
      const kept = yield* Credentials.signIn(file, endpoint)
      if (kept === null) return null
      const told = yield* Effect.either(posted(endpoint, "/auth/revoke", { token: kept.refreshToken }))
      yield* Credentials.keepSignIn(file, endpoint, null)
      return told._tag === "Right" && told.right.status === 200
    })
  )

/** Asks the server who is signed in. */
export const session = (place: Place): Effect.Effect<Session | null, Credentials.CredentialsUnusable | SignedOut | SignInFailed> =>
  Effect.flatMap(accessToken(place), (token) => (token === null ? Effect.succeed(null) : asked(place.endpoint, token)))

const asked = (endpoint: string, token: string): Effect.Effect<Session, SignedOut | SignInFailed> =>
  Effect.gen(function* () {
    const { body, status } = yield* answered(endpoint, "/auth/session", { headers: { authorization: `Bearer ${token}` } })
    if (status === 401) return yield* new SignedOut({ message: `${endpoint} does not know this sign-in any more; \`han auth login\` begins another` })
    return yield* understood(Session, body)
  })

const granted = (endpoint: string, fields: Readonly<Record<string, string>>): Effect.Effect<Credentials.SignIn, SignInFailed> =>
  Effect.gen(function* () {
    const { body, status } = yield* posted(endpoint, "/auth/token", fields)
    return status === 200 ? yield* named(endpoint, body) : yield* new SignInFailed({ message: `${endpoint} did not take the code that it gave; try again` })
  })

/** The tokens of an answer, with the name of whose they are. */
const named = (endpoint: string, body: unknown): Effect.Effect<Credentials.SignIn, SignInFailed> =>
  Effect.gen(function* () {
    const tokens = yield* kindOf(body, "")
    const { person } = yield* Effect.mapError(asked(endpoint, tokens.accessToken), ({ message }) => new SignInFailed({ message }))
    return { ...tokens, person: person.name }
  })

const kindOf = (body: unknown, person: string): Effect.Effect<Credentials.SignIn, SignInFailed> =>
  Effect.zipWith(understood(Tokens, body), Clock.currentTimeMillis, ({ access_token, expires_in, refresh_token }, now) => ({
    person,
    accessToken: access_token,
    refreshToken: refresh_token,
    expiresAt: now + Math.floor(1000 * expires_in)
  }))

const understood = <A, I>(schema: Schema.Schema<A, I>, body: unknown): Effect.Effect<A, SignInFailed> =>
  Effect.mapError(
    Schema.decodeUnknown(schema)(body),
    () => new SignInFailed({ message: "the server does not answer as a team server of han; check its address, and update han" })
  )

interface Answer {
  readonly status: number
  readonly body: unknown
}

const posted = (endpoint: string, path: string, fields: Readonly<Record<string, string>>) =>
  answered(endpoint, path, {
    method: "POST",
    headers: { "content-type": "application/x-www-form-urlencoded" },
    body: new URLSearchParams(fields).toString()
  })

const answered = (endpoint: string, path: string, init: RequestInit): Effect.Effect<Answer, SignInFailed> =>
  Effect.tryPromise({
    try: async () => {
      const response = await fetch(`${endpoint}${path}`, { ...init, redirect: "error", signal: AbortSignal.timeout(answerMs) })
      const text = (await response.text()).slice(0, maxAnswer)
      return { status: response.status, body: JSON.parse(text) as unknown }
    },
    catch: () => new SignInFailed({ message: `${endpoint} cannot be reached, or is no team server; who was signed in still is` })
  })
