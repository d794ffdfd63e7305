import * as Effect from "effect/Effect"
import * as Redacted from "effect/Redacted"
import * as OAuth from "oauth4webapi"
import { answerMs, type Began, bounded, failed, nameOf, ProviderFailed, pictureOf, requestOptions, type SignInProvider } from "./SignInProvider.ts"

export interface OidcOptions {
  readonly issuer: URL
  readonly clientId: string
  readonly clientSecret: Redacted.Redacted
  /** Tells whether those who are not known may come in. */
  readonly admit: boolean
  /** Milliseconds that the issuer may take for an answer; 10,000 if absent. */
  readonly timeoutMs?: number | undefined
}

/** Milliseconds for which what the issuer says of itself is kept. */
const keptMs = 3_600_000

/** The name of an issuer as a provider of accounts. */
export const providerOf = (issuer: URL): string => issuer.href.replace(/\/$/, "")

/** Sign-in by an issuer of OpenID Connect, which says of itself where its endpoints are. An account is the `sub` of its ID token; an address of mail says nothing. */
export const oidc = (options: OidcOptions): SignInProvider => {
  const { clientId, clientSecret, issuer, timeoutMs = answerMs } = options
  const client: OAuth.Client = { client_id: clientId }
  const ours = requestOptions(issuer, timeoutMs)
  let known: { readonly server: OAuth.AuthorizationServer; readonly at: number } | undefined
  const discovered = async (): Promise<OAuth.AuthorizationServer> => {
    if (known !== undefined && Date.now() - known.at < keptMs) return known.server
    const server = await OAuth.processDiscoveryResponse(issuer, await bounded(await OAuth.discoveryRequest(issuer, ours)))
    known = { server, at: Date.now() }
    return server
  }
  const authorize = async ({ nonce, redirectUri, state, verifier }: Began) => {
    const { authorization_endpoint } = await discovered()
    if (authorization_endpoint === undefined) throw new ProviderFailed({ code: "failed", why: "the issuer names no authorization_endpoint" })
    const to = new URL(authorization_endpoint)
    for (const [name, value] of Object.entries({
      client_id: clientId,
      redirect_uri: redirectUri,
      response_type: "code",
      scope: "openid profile",
      state,
      nonce,
      code_challenge: await OAuth.calculatePKCECodeChallenge(verifier),
      code_challenge_method: "S256"
    }))
      to.searchParams.set(name, value)
    return to
  }
  const finish = async ({ nonce, redirectUri, state, verifier }: Began, callback: URL) => {
    const as = await discovered()
    const parameters = OAuth.validateAuthResponse(as, client, callback, state)
    // What both have to know if the issuer says nothing (OpenID Connect Core 9).
    const methods = as.token_endpoint_auth_methods_supported ?? ["client_secret_basic"]
    const secret = (methods.includes("client_secret_basic") ? OAuth.ClientSecretBasic : OAuth.ClientSecretPost)(Redacted.value(clientSecret))
    const response = await bounded(await OAuth.authorizationCodeGrantRequest(as, client, secret, parameters, redirectUri, verifier, ours))
    const tokens = await OAuth.processAuthorizationCodeResponse(as, client, response, { expectedNonce: nonce, requireIdToken: true })
    await OAuth.validateApplicationLevelSignature(as, response, ours)
    const claims = OAuth.getValidatedIdTokenClaims(tokens)
    if (claims === undefined || claims.sub === "") throw new ProviderFailed({ code: "failed", why: "the issuer gave no ID token" })
    return {
      account: {
        provider: providerOf(issuer),
        id: claims.sub,
        login: null,
        name: nameOf(claims["name"], claims["preferred_username"], claims.sub),
        avatarUrl: pictureOf(claims["picture"])
      },
      admit: options.admit
    }
  }
  return {
    name: "oidc",
    title: issuer.hostname,
    authorize: (began) => Effect.tryPromise({ try: () => authorize(began), catch: failed }),
    finish: (began, callback) => Effect.tryPromise({ try: () => finish(began, callback), catch: failed })
  }
}
