import { createHash, randomBytes } from "node:crypto"
import * as HttpRouter from "@effect/platform/HttpRouter"
import * as Context from "effect/Context"
import * as Effect from "effect/Effect"
import * as Exit from "effect/Exit"
import * as Layer from "effect/Layer"
import * as Logger from "effect/Logger"
import * as Redacted from "effect/Redacted"
import * as Scope from "effect/Scope"
import * as AuthRoutes from "han-server/AuthRoutes"
import { syncRoute } from "han-server/SyncRoute"
import * as TeamServer from "han-server/TeamServer"
import * as PgStore from "han-sql/PgStore"
import { movedClock } from "../../../../test/clock.ts"
import { createStoreDatabase } from "../../../../test/postgresStore.ts"

export const issuer = "urn:han:local"
export const seedOf = (byte: string) => Redacted.make(new Uint8Array(createHash("sha256").update(byte).digest()))
export const keys = [
  { kid: "new", seed: seedOf("new") },
  { kid: "old", seed: seedOf("old") }
] as const

/** A team server on a database of its own, with a clock that can be moved; what it logs is kept. */
export const authServer = async (name: string, options: Partial<AuthRoutes.AuthOptions>) => {
  const database = await createStoreDatabase(name)
  const { ahead, clock } = movedClock()
  const routes = AuthRoutes.authRoutes({
    publicUrl: undefined,
    tokens: AuthRoutes.accessTokens(keys, issuer),
    providers: [],
    development: true,
    perMinute: 100_000,
    ...options
  })
  const lines: Array<string> = []
  const kept = Logger.replace(
    Logger.defaultLogger,
    Logger.map(Logger.jsonLogger, (line) => void lines.push(line))
  )
  const scope = await Effect.runPromise(Scope.make())
  const services = await Effect.runPromise(
    TeamServer.layer({ host: "127.0.0.1", port: 0, publicUrl: options.publicUrl, routes: HttpRouter.concat(syncRoute(), routes) }).pipe(
      Layer.provideMerge(PgStore.layer({ url: Redacted.make(database.url), maxWaitMs: 60_000 })),
      Layer.provide(kept),
      Layer.buildWithScope(scope),
      Effect.withClock(clock)
    )
  )
  const { url } = Context.get(services, TeamServer.TeamServer)
  return {
    url,
    database,
    log: () => lines.join("\n"),
    ahead,
    /** Asks the services themselves. */
    ask: <A, E>(effect: Effect.Effect<A, E, PgStore.PgServices>) => Effect.runPromise(Effect.withClock(Effect.provide(effect, services), clock)),
    end: async () => {
      await Effect.runPromise(Scope.close(scope, Exit.void))
      await database.drop()
    }
  }
}

/** A browser: it keeps cookies by host and follows redirects as far as it is let. */
export const browser = (headers: Readonly<Record<string, string>> = {}) => {
  const jar = new Map<string, Map<string, string>>()
  const cookiesOf = (url: URL) => {
    const own = jar.get(url.host) ?? new Map<string, string>()
    jar.set(url.host, own)
    return own
  }
  const once = async (address: string | URL, init: RequestInit = {}): Promise<Response> => {
    const url = new URL(address)
    const own = cookiesOf(url)
    const cookie = [...own].map(([name, value]) => `${name}=${value}`).join("; ")
    const response = await fetch(url, { redirect: "manual", ...init, headers: { ...headers, ...(cookie !== "" && { cookie }), ...init.headers } })
    for (const line of response.headers.getSetCookie()) {
      const [, name = "", value = ""] = /^([^=]+)=([^;]*)/.exec(line) ?? []
      if (/max-age=0/i.test(line)) own.delete(name)
      else own.set(name, value)
    }
    return response
  }
  /** Goes on while it is sent on, and not to `stop`. */
  const follow = async (address: string | URL, stop = "\0"): Promise<{ readonly response: Response; readonly at: URL }> => {
    let at = new URL(address)
    for (;;) {
      const response = await once(at)
      const to = response.headers.get("location")
      if (to === null) return { response, at }
      at = new URL(to, at)
      if (at.href.startsWith(stop)) return { response, at }
    }
  }
  const post = (address: string | URL, fields: Readonly<Record<string, string>>, more: Readonly<Record<string, string>> = {}) =>
    once(address, {
      method: "POST",
      body: new URLSearchParams(fields).toString(),
      headers: { "content-type": "application/x-www-form-urlencoded", origin: new URL(address).origin, ...more }
    })
  return { once, follow, post, cookies: (url: string) => cookiesOf(new URL(url)) }
}

/** What a command line makes for itself. */
export const pkce = () => {
  const verifier = randomBytes(32).toString("base64url")
  return { verifier, challenge: createHash("sha256").update(verifier).digest("base64url"), state: randomBytes(16).toString("base64url") }
}

export const form = (url: string, path: string, fields: Readonly<Record<string, string>>, headers: Readonly<Record<string, string>> = {}) =>
  fetch(`${url}${path}`, {
    method: "POST",
    redirect: "manual",
    body: new URLSearchParams(fields).toString(),
    headers: { "content-type": "application/x-www-form-urlencoded", ...headers }
  })

export interface Tokens {
  readonly access_token: string
  readonly refresh_token: string
  readonly token_type: string
  readonly expires_in: number
}

/** Signs a command line in as somebody of the development's names. */
export const commandLine = async (url: string, name: string): Promise<Tokens> => {
  const { challenge, state, verifier } = pkce()
  const redirectUri = "http://127.0.0.1:1/callback"
  const fields = { redirect_uri: redirectUri, state, code_challenge: challenge, code_challenge_method: "S256", client: "a test" }
  const sent = await form(url, "/auth/development", { ...fields, name }, { origin: url })
  const back = new URL(sent.headers.get("location") ?? "http://none/")
  const answer = await form(url, "/auth/token", {
    grant_type: "authorization_code",
    code: back.searchParams.get("code") ?? "",
    code_verifier: verifier,
    redirect_uri: redirectUri
  })
  return (await answer.json()) as Tokens
}

/** What `/auth/session` says of who asks. */
export interface Who {
  readonly person: { readonly id: string; readonly name: string }
  readonly sid: string
  readonly workspace: { readonly slug: string; readonly role: string } | null
  readonly workspaces: ReadonlyArray<{ readonly slug: string; readonly personal: boolean }>
  readonly csrf: string
}
