/**
 * Sign-in for a team server: the pages and paths under `/auth`.
 *
 * @example
 * ```ts
 * import * as Layer from "effect/Layer"
 * import * as Effect from "effect/Effect"
 * import * as Redacted from "effect/Redacted"
 * import { accessTokens, authRoutes, githubProvider } from "han-server/AuthRoutes"
 * import * as TeamServer from "han-server/TeamServer"
 * import * as PgStore from "han-sql/PgStore"
 *
 * const publicUrl = new URL("https://han.example.org")
 * const secret = (name: string) => Redacted.make(process.env[name] ?? "")
 * const seed = Redacted.make(new Uint8Array(Buffer.from(process.env.JWT_SEED ?? "", "base64")))
 * const routes = authRoutes({
 *   publicUrl,
 *   tokens: accessTokens([{ kid: "k1", seed }], publicUrl.origin),
 *   providers: [
 *     githubProvider({ url: new URL("https://github.com"), clientId: "Iv1.0", clientSecret: secret("GITHUB_SECRET"), pkce: true, admit: "nobody" })
 *   ],
 *   development: false
 * })
 * const server = TeamServer.layer({ host: "127.0.0.1", port: 41957, publicUrl, routes })
 *
 * await Effect.runPromise(Layer.launch(Layer.provide(server, PgStore.layer({ url: secret("DATABASE_URL") }))))
 * ```
 */

import * as HttpRouter from "@effect/platform/HttpRouter"
import * as HttpServerRequest from "@effect/platform/HttpServerRequest"
import * as HttpServerResponse from "@effect/platform/HttpServerResponse"
import * as Effect from "effect/Effect"
import * as Redacted from "effect/Redacted"
import { type AccountFacts, Accounts } from "han-core/Accounts"
import { type Intent, lifetimes, SignIns } from "han-core/SignIns"
import type { ApiKeys } from "han-core/Workspaces"
import * as AccessTokens from "./AccessTokens.ts"
import { asJson, asking, asPage, form, json, type Limiter, limiter, originHere, query, refuse } from "./answers.ts"
import { type Authentication, authenticate, signInOf } from "./authenticate.ts"
import { cookieIn, cookieNames, csrfOf, derived, withCookie } from "./browser.ts"
import { deviceRoutes } from "./deviceRoutes.ts"
import { github } from "./github.ts"
import { Html, hidden, html, page } from "./html.ts"
import { fieldsOf, intentIn } from "./intent.ts"
import { oidc } from "./oidc.ts"
import type { Began, ProviderFailed, SignInProvider } from "./SignInProvider.ts"
import { tokenRoute } from "./tokenRoute.ts"

export interface AuthOptions extends Authentication {
  readonly providers: ReadonlyArray<SignInProvider>
  /** Lets anybody in by a name that they type: on this machine alone, and never together with `publicUrl`. */
  readonly development: boolean
  /** Attempts of one address in a minute; 10 if absent. */
  readonly perMinute?: number | undefined
}

/** Signs access tokens with the first of these keys, and reads those of all. */
export const accessTokens = AccessTokens.make
/** Sign-in by GitHub. */
export const githubProvider = github
/** Sign-in by an issuer of OpenID Connect. */
export const oidcProvider = oidc

type Needed = Accounts | ApiKeys | SignIns

/** The routes. Each attempt to sign in, and each refused token, counts towards what an address may do in a minute; what goes on as it should does not. */
export const authRoutes = (options: AuthOptions): HttpRouter.HttpRouter<never, Needed> => {
  const perMinute = options.perMinute ?? 10
  const limit = limiter({ burst: perMinute, perSecond: perMinute / 60 })
  return HttpRouter.empty.pipe(
    HttpRouter.get("/auth/sign-in", asPage(signInPage(options))),
    HttpRouter.get("/auth/done", asPage(Effect.succeed(page("You are signed in", html`<p>You may close this window.</p>`)))),
    HttpRouter.get("/auth/start/:provider", asPage(start(options, limit))),
    HttpRouter.get("/auth/callback/:provider", asPage(callback(options, limit))),
    HttpRouter.post("/auth/development", asPage(development(options, limit))),
    HttpRouter.get("/auth/session", asJson(whoAmI(options))),
    HttpRouter.post("/auth/logout", asJson(logout(options, false))),
    HttpRouter.post("/auth/revoke-all", asJson(logout(options, true))),
    HttpRouter.concat(tokenRoute(options, limit)),
    HttpRouter.concat(deviceRoutes(options, limit))
  )
}

const signInPage = ({ development, providers, publicUrl }: AuthOptions) =>
  Effect.gen(function* () {
    yield* originHere(publicUrl)
    const intent = yield* intentIn(yield* query)
    const fields = fieldsOf(intent)
    const links = providers.map(
      ({ name, title }) => html`<p><a href="/auth/start/${name}?${new URLSearchParams(fields).toString()}">Sign in with ${title}</a></p>`
    )
    const own = html`<form method="post" action="/auth/development">${hidden(fields)}<p><label>Name <input name="name" required maxlength="60" autofocus></label> <button>Sign in</button></p></form><p>This server is for development: anybody on this machine signs in by a name.</p>`
    const whose = intent.kind === "cli" ? html`<p>${intent.client} on this machine asks to be signed in. Go on if you have just started that.</p>` : html``
    return page("Sign in", html`${whose}${links}${development ? own : new Html("")}`)
  })

const providerOf = ({ providers }: AuthOptions) =>
  Effect.flatMap(HttpRouter.params, ({ provider }) => {
    const found = providers.find(({ name }) => name === provider)
    return found === undefined ? Effect.fail(refuse(404, "not_found", "nobody signs in by that here")) : Effect.succeed(found)
  })

const began = (origin: string, provider: SignInProvider, browser: Redacted.Redacted, state: Redacted.Redacted): Began => ({
  state: Redacted.value(state),
  verifier: derived(browser, "verifier"),
  nonce: derived(browser, "nonce"),
  redirectUri: `${origin}/auth/callback/${provider.name}`
})

/** Tells the log why a provider did not tell who it is, and the person that it did not. */
const told =
  (provider: SignInProvider) =>
  <A>(effect: Effect.Effect<A, ProviderFailed>) =>
    Effect.catchTag(effect, "ProviderFailed", ({ code, why }) =>
      Effect.zipRight(
        Effect.annotateLogs(Effect.logWarning("a sign-in failed"), { provider: provider.name, code, why }),
        code === "denied"
          ? refuse(403, "access_denied", `${provider.title} says that the sign-in was not allowed`)
          : refuse(502, "server_error", `${provider.title} did not say who you are; try again in a minute`)
      )
    )

const start = (options: AuthOptions, limit: Limiter) =>
  Effect.gen(function* () {
    yield* limit
    const origin = yield* originHere(options.publicUrl)
    const provider = yield* providerOf(options)
    const intent = yield* intentIn(yield* query)
    const browser = Redacted.make(Buffer.from(crypto.getRandomValues(new Uint8Array(32))).toString("base64url"))
    const state = yield* Effect.flatMap(SignIns, (signIns) => signIns.begin({ provider: provider.name, browser, intent }))
    const to = yield* told(provider)(provider.authorize(began(origin, provider, browser, state)))
    return withCookie(HttpServerResponse.redirect(to, noStore), origin, cookieNames(origin).signIn, Redacted.value(browser), lifetimes.state)
  })
const noStore = { status: 303, headers: { "cache-control": "no-store" } } as const

const callback = (options: AuthOptions, limit: Limiter) =>
  Effect.gen(function* () {
    yield* limit
    const origin = yield* originHere(options.publicUrl)
    const provider = yield* providerOf(options)
    const { headers, url } = yield* HttpServerRequest.HttpServerRequest
    const here = new URL(url, origin)
    const cookie = cookieNames(origin).signIn
    const value = cookieIn(headers["cookie"], cookie)
    const states = here.searchParams.getAll("state")
    const again = refuse(400, "invalid_request", "this sign-in is over, or was begun in another browser; begin again")
    if (value === undefined || states.length !== 1 || states[0] === undefined) return yield* again
    const [browser, state] = [Redacted.make(value), Redacted.make(states[0])]
    const signIns = yield* SignIns
    const intent = yield* signIns.take({ provider: provider.name, browser, state })
    if (intent === null) return yield* again
    // The part behind the origin is the browser's; what stands before it is ours.
    const back = new URL(`${here.pathname}${here.search}`, origin)
    const { account, admit } = yield* told(provider)(provider.finish(began(origin, provider, browser, state), back))
    return withCookie(yield* entered(origin, account, admit, intent), origin, cookie, "", 0)
  })

/** Lets somebody in whose account is certain, and sends the browser on. */
const entered = Effect.fnUntraced(function* (origin: string, account: AccountFacts, admit: boolean, intent: Intent) {
  const accounts = yield* Accounts
  const signIns = yield* SignIns
  const { headers } = yield* HttpServerRequest.HttpServerRequest
  const person = yield* Effect.catchTag(accounts.enter(account, { admit }), "AccountRefused", ({ code, message }) =>
    Effect.zipRight(
      Effect.annotateLogs(Effect.logInfo("a sign-in was turned away"), { provider: account.provider, account: account.id, code }),
      refuse(403, "access_denied", message)
    )
  )
  if (intent.kind === "web") {
    const { secret } = yield* signIns.open(person, headers["user-agent"] ?? "a browser")
    return withCookie(HttpServerResponse.redirect(intent.returnTo, noStore), origin, cookieNames(origin).session, Redacted.value(secret), lifetimes.web)
  }
  const code = yield* signIns.issueCode({ person, intent })
  const to = new URL(intent.redirectUri)
  // "iss": so that a command line that has several servers knows whose code it is (RFC 9207).
  for (const [name, value] of Object.entries({ code: Redacted.value(code), state: intent.state, iss: origin })) to.searchParams.set(name, value)
  return HttpServerResponse.redirect(to, noStore)
})

const development = (options: AuthOptions, limit: Limiter) =>
  Effect.gen(function* () {
    yield* limit
    const origin = yield* originHere(options.publicUrl)
    const { headers } = yield* HttpServerRequest.HttpServerRequest
    if (!options.development || options.publicUrl !== undefined) return yield* refuse(404, "not_found", "nobody signs in by that here")
    if (headers["origin"] !== origin) return yield* refuse(403, "forged_request", "the form was not one of this server")
    const fields = yield* form
    const name = (fields.get("name") ?? "").trim()
    if (name === "" || name.length > 60) return yield* refuse(400, "invalid_request", "write a name of up to 60 letters")
    const account = { provider: "development", id: name.toLowerCase(), login: null, name, avatarUrl: null }
    return yield* entered(origin, account, true, yield* intentIn(fields))
  })

const whoAmI = (options: AuthOptions) =>
  Effect.gen(function* () {
    const ask = yield* asking
    const { secret, sid } = yield* signInOf(options)(ask)
    const accounts = yield* Accounts
    const { id, name, workspaces } = yield* accounts.person(sid)
    // Somebody who is in no workspace is signed in all the same.
    const chosen = yield* Effect.catchTag(authenticate(options)(ask), "KeyRefused", () => Effect.succeed(null))
    return json({
      person: { id, name },
      sid,
      workspace: chosen === null ? null : { slug: chosen.workspace.slug, role: chosen.role },
      workspaces,
      ...(secret === null ? {} : { csrf: csrfOf(secret) })
    })
  })

/** Ends the sign-in that asks, or all of its person. */
const logout = (options: AuthOptions, all: boolean) =>
  Effect.gen(function* () {
    const origin = yield* originHere(options.publicUrl)
    const { sid } = yield* signInOf(options)(yield* asking)
    const [accounts, signIns] = [yield* Accounts, yield* SignIns]
    const ended = all ? yield* signIns.endAll((yield* accounts.person(sid)).id) : yield* Effect.as(signIns.end(sid), 1)
    return withCookie(json({ ended }), origin, cookieNames(origin).session, "", 0)
  })
