import * as Effect from "effect/Effect"
import * as Redacted from "effect/Redacted"
import * as Schema from "effect/Schema"
import { Accounts } from "han-core/Accounts"
import { SignIns } from "han-core/SignIns"
import type { StoreError } from "han-core/StoreError"
import { ApiKeys, KeyRefused, type Principal, Slug } from "han-core/Workspaces"
import type { AccessTokens } from "./AccessTokens.ts"
import { cookieIn, cookieNames, isCsrfOf, originOf } from "./browser.ts"

/** A request, or a WebSocket, that wants to be let in. */
export interface Asking {
  readonly headers: Headers
  /** Of a request; of one without it is taken to change something, unless it becomes a WebSocket. */
  readonly method?: string | undefined
  /** `token` and `workspace` of a WebSocket's `connection_init`. */
  readonly token?: string | undefined
  readonly workspace?: string | undefined
  /** What a form of a page sends along; otherwise the header `han-csrf` has it. */
  readonly csrf?: string | undefined
}

export interface Authentication {
  readonly tokens: AccessTokens
  /** The address that people use. */
  readonly publicUrl: URL | undefined
}

type Refusable<A> = Effect.Effect<A, KeyRefused | StoreError, Accounts | ApiKeys | SignIns>

/**
 * Tells who asks: by an API key, which is of one workspace, or by an access token or the cookie of a browser, whose person chooses one with the header `han-workspace`. What is in
 * `Authorization` counts alone where there is any. A cookie comes by itself, so that a browser has to prove that a page of this server asks.
 */
export const authenticate =
  ({ publicUrl, tokens }: Authentication) =>
  (asking: Asking): Refusable<Principal> =>
    Effect.gen(function* () {
      const credential = credentialOf(asking)
      if (credential?.startsWith("han_")) return yield* Effect.flatMap(ApiKeys, (keys) => keys.authenticate(Redacted.make(credential)))
      const workspace = yield* workspaceOf(asking)
      const accounts = yield* Accounts
      if (credential !== undefined) {
        const { person, sid } = yield* tokens.verify(Redacted.make(credential))
        const principal = yield* accounts.principal({ sid, workspace })
        return principal.person === person ? principal : yield* new KeyRefused({ code: "invalid_token" })
      }
      const { sid } = yield* browserSession(publicUrl, asking)
      return yield* accounts.principal({ sid, workspace })
    })

/** The sign-in that a request is of, whichever workspace it means: by an access token or a cookie. */
export const signInOf =
  ({ publicUrl, tokens }: Authentication) =>
  (asking: Asking): Refusable<{ readonly sid: string; readonly secret: Redacted.Redacted | null }> =>
    Effect.gen(function* () {
      const credential = credentialOf(asking)
      if (credential === undefined) return yield* browserSession(publicUrl, asking)
      const { person, sid } = yield* tokens.verify(Redacted.make(credential))
      const found = yield* Effect.flatMap(Accounts, (accounts) => accounts.person(sid))
      return found.id === person ? { sid, secret: null } : yield* new KeyRefused({ code: "invalid_token" })
    })

const credentialOf = ({ headers, token }: Asking): string | undefined => {
  const authorization = headers.get("authorization")
  // Another scheme is no cookie either: whoever sends it means it.
  return token ?? (authorization === null ? undefined : (/^Bearer +(\S+)$/i.exec(authorization)?.[1] ?? ""))
}

const workspaceOf = ({ headers, workspace }: Asking): Effect.Effect<Slug | null, KeyRefused> => {
  const named = workspace ?? headers.get("han-workspace")
  if (named === null) return Effect.succeed(null)
  return Schema.is(Slug)(named) ? Effect.succeed(named) : Effect.fail(new KeyRefused({ code: "not_member" }))
}

const reading = new Set(["GET", "HEAD"])

/** The session of the browser's cookie. What a browser sends by itself to change something, or to open a WebSocket, has to say that it comes from here. */
export const browserSession = (
  publicUrl: URL | undefined,
  { csrf, headers, method }: Asking
): Effect.Effect<{ readonly sid: string; readonly secret: Redacted.Redacted }, KeyRefused | StoreError, SignIns> =>
  Effect.gen(function* () {
    const origin = originOf(publicUrl, headers.get("host"))
    const value = origin === null ? undefined : cookieIn(headers.get("cookie"), cookieNames(origin).session)
    if (value === undefined) return yield* new KeyRefused({ code: "signed_out" })
    const secret = Redacted.make(value)
    const isSocket = headers.get("upgrade")?.toLowerCase() === "websocket"
    const changes = !isSocket && !reading.has(method ?? "")
    if ((isSocket || changes) && headers.get("origin") !== origin) return yield* new KeyRefused({ code: "forged_request" })
    if (changes && !isCsrfOf(secret, csrf ?? headers.get("han-csrf"))) return yield* new KeyRefused({ code: "forged_request" })
    const sid = yield* Effect.flatMap(SignIns, (signIns) => signIns.sessionOf(secret))
    return sid === null ? yield* new KeyRefused({ code: "signed_out" }) : { sid, secret }
  })
