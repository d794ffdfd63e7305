import * as Effect from "effect/Effect"
import * as Redacted from "effect/Redacted"
import * as OAuth from "oauth4webapi"
import { answerMs, type Began, bounded, failed, nameOf, ProviderFailed, pictureOf, requestOptions, type SignInProvider } from "./SignInProvider.ts"

export interface GithubOptions {
  /** `https://github.com`, or the address of an Enterprise server. */
  readonly url: URL
  readonly clientId: string
  readonly clientSecret: Redacted.Redacted
  /** False for servers that do not know PKCE. */
  readonly pkce: boolean
  /** Who may come in of those who are not known: all, nobody, or the members of an organisation. */
  readonly admit: "all" | "nobody" | { readonly organisation: string }
  /** Milliseconds that GitHub may take for an answer; 10,000 if absent. */
  readonly timeoutMs?: number | undefined
}

/** Sign-in by GitHub. An account is its number there; its addresses of mail are not asked for. */
export const github = (options: GithubOptions): SignInProvider => {
  const { clientId, clientSecret, pkce, url } = options
  const origin = url.origin
  const client: OAuth.Client = { client_id: clientId }
  const server = (issuer: string): OAuth.AuthorizationServer => ({
    issuer,
    authorization_endpoint: `${origin}/login/oauth/authorize`,
    token_endpoint: `${origin}/login/oauth/access_token`
  })
  const scope = typeof options.admit === "object" ? "read:user read:org" : "read:user"
  const finish = async ({ redirectUri, state, verifier }: Began, callback: URL) => {
    // GitHub names itself in either way, or not at all.
    const as = server(callback.searchParams.get("iss") === origin ? origin : `${origin}/login/oauth`)
    const parameters = OAuth.validateAuthResponse(as, client, callback, state)
    const ours = requestOptions(url, options.timeoutMs ?? answerMs)
    const secret = OAuth.ClientSecretPost(Redacted.value(clientSecret))
    const response = await bounded(await OAuth.authorizationCodeGrantRequest(as, client, secret, parameters, redirectUri, pkce ? verifier : OAuth.nopkce, ours))
    await lookForError(response.clone())
    const { access_token } = await OAuth.processAuthorizationCodeResponse(as, client, response)
    const account = await ask(options, access_token, "/user")
    if (!("id" in account) || typeof account.id !== "number" || !Number.isSafeInteger(account.id) || !("login" in account) || typeof account.login !== "string")
      throw new ProviderFailed({ code: "failed", why: "GitHub's /user has no id and login" })
    return {
      account: {
        provider: url.host,
        id: String(account.id),
        login: account.login,
        name: nameOf("name" in account ? account.name : null, account.login),
        avatarUrl: pictureOf("avatar_url" in account ? account.avatar_url : null)
      },
      admit: typeof options.admit === "object" ? await isMember(options, options.admit.organisation, access_token) : options.admit === "all"
    }
  }
  return {
    name: "github",
    title: "GitHub",
    authorize: ({ redirectUri, state, verifier }) =>
      Effect.promise(async () => {
        const to = new URL(`${origin}/login/oauth/authorize`)
        to.search = new URLSearchParams({
          client_id: clientId,
          redirect_uri: redirectUri,
          response_type: "code",
          scope,
          state,
          ...(pkce && { code_challenge: await OAuth.calculatePKCECodeChallenge(verifier), code_challenge_method: "S256" })
        }).toString()
        return to
      }),
    finish: (began, callback) => Effect.tryPromise({ try: () => finish(began, callback), catch: failed })
  }
}

/** GitHub answers 200 to what it refuses, and says so in the body. */
const lookForError = async (response: Response): Promise<void> => {
  const body: unknown = await response.json().catch(() => null)
  if (typeof body === "object" && body !== null && "error" in body)
    throw new ProviderFailed({ code: "failed", why: `GitHub answered ${response.status} with the error ${String(body.error).slice(0, 100)}` })
}

const ask = async (options: GithubOptions, token: string, path: string): Promise<object> => {
  const response = await bounded(await askRaw(options, token, path))
  const body: unknown = response.status === 200 ? await response.json() : null
  if (typeof body !== "object" || body === null) throw new ProviderFailed({ code: "failed", why: `GitHub's ${path} answered ${response.status}` })
  return body
}

const askRaw = ({ timeoutMs, url }: GithubOptions, token: string, path: string): Promise<Response> => {
  const api = url.hostname === "github.com" ? "https://api.github.com" : `${url.origin}/api/v3`
  return fetch(`${api}${path}`, {
    headers: { authorization: `Bearer ${token}`, accept: "application/vnd.github+json", "user-agent": "han-server" },
    redirect: "error",
    signal: AbortSignal.timeout(timeoutMs ?? answerMs)
  })
}

const isMember = async (options: GithubOptions, organisation: string, token: string): Promise<boolean> => {
  const response = await bounded(await askRaw(options, token, `/user/memberships/orgs/${encodeURIComponent(organisation)}`))
  if (response.status === 403 || response.status === 404) return false
  const body: unknown = response.status === 200 ? await response.json() : null
  if (typeof body !== "object" || body === null) throw new ProviderFailed({ code: "failed", why: `GitHub's memberships answered ${response.status}` })
  return "state" in body && body.state === "active"
}
