import * as Effect from "effect/Effect"
import type { Intent } from "han-core/SignIns"
import { type Refused, refuse } from "./answers.ts"

/** A page of this server: one slash, so that no other host is meant, and no letter that browsers read as one. */
const ownPath = /^\/(?![/\\])[\x21-\x5b\x5d-\x7e]*$/
const maxText = 500

/** What a sign-in is for, by the parameters of an address or a form. A `redirect_uri` is an address of this machine at which a command line listens (RFC 8252 7.3). */
export const intentIn = (fields: URLSearchParams): Effect.Effect<Intent, Refused> => {
  const redirectUri = fields.get("redirect_uri")
  if (redirectUri === null) {
    const returnTo = fields.get("return_to") ?? ""
    return Effect.succeed({ kind: "web", returnTo: returnTo.length <= maxText && ownPath.test(returnTo) ? returnTo : "/auth/done" })
  }
  const state = fields.get("state") ?? ""
  const challenge = fields.get("code_challenge") ?? ""
  if (!isOfCommandLine(redirectUri)) return refuse(400, "invalid_request", "redirect_uri is no address of a command line: http://127.0.0.1:PORT/…")
  if (state === "" || state.length > maxText) return refuse(400, "invalid_request", "state is missing or too long")
  if (fields.get("code_challenge_method") !== "S256" || !/^[\w-]{43}$/.test(challenge))
    return refuse(400, "invalid_request", "a code_challenge with the method S256 is needed")
  return Effect.succeed({ kind: "cli", redirectUri, state, challenge, client: (fields.get("client") ?? "han").slice(0, 100) })
}

const isOfCommandLine = (text: string): boolean => {
  const url = text.length <= maxText && URL.canParse(text) ? new URL(text) : undefined
  return (
    url !== undefined &&
    url.protocol === "http:" &&
    /^(?:127\.0\.0\.1|\[::1\])$/.test(url.hostname) &&
    url.port !== "" &&
    url.username === "" &&
    url.password === "" &&
    url.hash === ""
  )
}

/** The same as parameters, for the next page. */
export const fieldsOf = (intent: Intent): Record<string, string> =>
  intent.kind === "web"
    ? { return_to: intent.returnTo }
    : { redirect_uri: intent.redirectUri, state: intent.state, code_challenge: intent.challenge, code_challenge_method: "S256", client: intent.client }
