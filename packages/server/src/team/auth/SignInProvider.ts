import * as Data from "effect/Data"
import type * as Effect from "effect/Effect"
import type { AccountFacts } from "han-core/Accounts"
import * as OAuth from "oauth4webapi"

/** A sign-in at a provider, as it was begun: what goes there and comes back, and what stays here. */
export interface Began {
  readonly state: string
  /** Of PKCE (RFC 7636). */
  readonly verifier: string
  /** Of the ID token of OpenID Connect. */
  readonly nonce: string
  readonly redirectUri: string
}

/** Whoever tells who somebody is. */
export interface SignInProvider {
  /** In addresses: `github`, `oidc`. */
  readonly name: string
  /** For people. */
  readonly title: string
  /** The address to which the browser goes. */
  readonly authorize: (began: Began) => Effect.Effect<URL, ProviderFailed>
  /** Tells who came back, and whether somebody new may come in so. */
  readonly finish: (began: Began, callback: URL) => Effect.Effect<{ readonly account: AccountFacts; readonly admit: boolean }, ProviderFailed>
}

/**
 * The provider does not tell who it is. `denied`: the person said no, or may not · `failed`: it does not answer, or not what it should. `why` is for the log of this server; nothing of it
 * is for the browser, for the provider has written it.
 */
export class ProviderFailed extends Data.TaggedError("ProviderFailed")<{ readonly code: "denied" | "failed"; readonly why: string }> {}

/** Milliseconds that a provider may take for an answer. */
export const answerMs = 10_000
const maxAnswerBytes = 256 * 1024

export const failed = (cause: unknown): ProviderFailed => {
  if (cause instanceof ProviderFailed) return cause
  const code = typeof cause === "object" && cause !== null && "code" in cause && typeof cause.code === "string" ? ` (${cause.code})` : ""
  const denied = cause instanceof OAuth.AuthorizationResponseError && cause.error === "access_denied"
  return new ProviderFailed({ code: denied ? "denied" : "failed", why: `${cause instanceof Error ? cause.message : String(cause)}${code}`.slice(0, 500) })
}

/** The options of requests to a provider: http is for this machine alone. */
export const requestOptions = (url: URL, timeoutMs: number) => ({
  [OAuth.allowInsecureRequests]: url.protocol === "http:",
  signal: () => AbortSignal.timeout(timeoutMs)
})

/** The text of an answer, not more of it than anybody should send. */
export const bounded = async (response: Response): Promise<Response> => {
  const reader = response.body?.getReader()
  const chunks: Array<Uint8Array> = []
  let size = 0
  for (let piece = await reader?.read(); piece !== undefined && !piece.done; piece = await reader?.read()) {
    size += piece.value.length
    if (size > maxAnswerBytes) {
      await reader?.cancel()
      throw new ProviderFailed({ code: "failed", why: `an answer has more than ${maxAnswerBytes} bytes` })
    }
    chunks.push(piece.value)
  }
  return new Response(Buffer.concat(chunks), { status: response.status, headers: response.headers })
}

/** A text of a provider, for a name that people see. */
export const nameOf = (...texts: ReadonlyArray<unknown>): string => {
  for (const text of texts) if (typeof text === "string" && text.trim() !== "") return text.trim().slice(0, 200)
  return "somebody"
}

/** An address of a picture; null for what is none that a page should load. */
export const pictureOf = (url: unknown): string | null =>
  typeof url === "string" && url.length < 2000 && URL.canParse(url) && new URL(url).protocol === "https:" ? url : null
