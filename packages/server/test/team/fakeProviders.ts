import { createHash, randomBytes } from "node:crypto"
import * as Jose from "jose"

/** What a provider does instead of what it should. */
export type Script = "ok" | "200-with-error" | "500" | "timeout" | "no-id" | "huge" | "wrong-nonce" | "wrong-audience" | "wrong-key" | "unsigned"

/** A person at a provider. */
export interface Somebody {
  readonly id: number
  readonly login: string
  readonly name: string
  readonly email?: string
  readonly organisations?: ReadonlyArray<string>
}

interface Issued {
  readonly challenge: string | null
  readonly redirectUri: string
  readonly nonce: string | null
  readonly who: Somebody
}

/** Upstream's own words, which nobody else should see. */
export const upstreamWords = "upstream-words-for-nobody"

const base = (who: Somebody) => {
  const state = { script: "ok" as Script, who, verifiers: [] as (string | null)[], open: [] as (() => void)[] }
  const codes = new Map<string, Issued>()
  const authorize = (url: URL): Response => {
    const redirectUri = url.searchParams.get("redirect_uri") ?? ""
    const code = randomBytes(16).toString("hex")
    codes.set(code, { challenge: url.searchParams.get("code_challenge"), redirectUri, nonce: url.searchParams.get("nonce"), who: state.who })
    const to = new URL(redirectUri)
    to.searchParams.set("code", code)
    to.searchParams.set("state", url.searchParams.get("state") ?? "")
    return Response.redirect(to.href, 302)
  }
  /** The code's facts, once, where its verifier is right (RFC 7636 4.6). */
  const redeem = (form: URLSearchParams): Issued | undefined => {
    const code = form.get("code") ?? ""
    const issued = codes.get(code)
    codes.delete(code)
    const verifier = form.get("code_verifier")
    state.verifiers.push(verifier)
    if (issued === undefined || issued.redirectUri !== form.get("redirect_uri")) return undefined
    if (
      issued.challenge !== null &&
      createHash("sha256")
        .update(verifier ?? "")
        .digest("base64url") !== issued.challenge
    )
      return undefined
    return issued
  }
  const failing = (): Response | Promise<Response> | undefined => {
    switch (state.script) {
      case "500":
        return new Response(upstreamWords, { status: 500 })
      case "timeout":
        return new Promise<Response>((resolve) => state.open.push(() => resolve(new Response("late"))))
      case "200-with-error":
        return Response.json({ error: "bad_verification_code", error_description: upstreamWords })
      case "huge":
        return new Response("x".repeat(1_000_000), { headers: { "content-type": "application/json" } })
      default:
        return undefined
    }
  }
  return { state, authorize, redeem, failing }
}

const stopped = (server: ReturnType<typeof Bun.serve>, open: ReadonlyArray<() => void>) => () => {
  for (const end of open) end()
  return server.stop(true)
}

/** A GitHub on loopback: authorize, token with PKCE, user and memberships of organisations. */
export const fakeGithub = (who: Somebody) => {
  const { authorize, failing, redeem, state } = base(who)
  const tokens = new Map<string, Somebody>()
  const server = Bun.serve({
    hostname: "127.0.0.1",
    port: 0,
    fetch: async (request) => {
      const url = new URL(request.url)
      if (url.pathname === "/login/oauth/authorize") return authorize(url)
      const failure = failing()
      if (failure !== undefined) return failure
      if (url.pathname === "/login/oauth/access_token") {
        const form = new URLSearchParams(await request.text())
        const issued = form.get("client_secret") === "github-secret" ? redeem(form) : undefined
        if (issued === undefined) return Response.json({ error: "bad_verification_code" })
        const token = randomBytes(16).toString("hex")
        tokens.set(token, issued.who)
        return Response.json({ access_token: token, token_type: "bearer", scope: "read:user" })
      }
      const person = tokens.get(request.headers.get("authorization")?.replace("Bearer ", "") ?? "")
      if (person === undefined) return Response.json({ message: "Bad credentials" }, { status: 401 })
      if (url.pathname === "/api/v3/user")
        return Response.json({
          ...(state.script === "no-id" ? {} : { id: person.id }),
          login: person.login,
          name: person.name,
          email: person.email,
          avatar_url: "http://plain.example/a.png"
        })
      const organisation = /^\/api\/v3\/user\/memberships\/orgs\/([\w-]+)$/.exec(url.pathname)?.[1]
      return organisation !== undefined && person.organisations?.includes(organisation)
        ? Response.json({ state: "active" })
        : Response.json({ message: "Not Found" }, { status: 404 })
    }
  })
  return { url: new URL(`http://127.0.0.1:${server.port}`), state, stop: stopped(server, state.open) }
}

/** An issuer of OpenID Connect on loopback: discovery, authorize, token, keys. */
export const fakeIssuer = async (who: Somebody) => {
  const { authorize, failing, redeem, state } = base(who)
  const [key, other] = await Promise.all([Jose.generateKeyPair("RS256"), Jose.generateKeyPair("RS256")])
  const jwk = { ...(await Jose.exportJWK(key.publicKey)), kid: "one", alg: "RS256", use: "sig" }
  const idToken = ({ nonce, who: person }: Issued) => {
    const issuer = `http://127.0.0.1:${server.port}`
    const audience = state.script === "wrong-audience" ? "somebody-else" : "oidc-client"
    const claims = { nonce: state.script === "wrong-nonce" ? "another" : (nonce ?? ""), name: person.name, email: person.email, email_verified: true }
    const now = Math.floor(Date.now() / 1000)
    if (state.script === "unsigned")
      return new Jose.UnsecuredJWT(claims)
        .setIssuer(issuer)
        .setAudience(audience)
        .setSubject(String(person.id))
        .setIssuedAt(now)
        .setExpirationTime(now + 300)
        .encode()
    return new Jose.SignJWT(claims)
      .setProtectedHeader({ alg: "RS256", kid: "one" })
      .setIssuer(issuer)
      .setAudience(audience)
      .setSubject(String(person.id))
      .setIssuedAt(now)
      .setExpirationTime(now + 300)
      .sign(state.script === "wrong-key" ? other.privateKey : key.privateKey)
  }
  const server: Bun.Server<undefined> = Bun.serve({
    hostname: "127.0.0.1",
    port: 0,
    fetch: async (request) => {
      const url = new URL(request.url)
      const issuer = url.origin
      if (url.pathname === "/authorize") return authorize(url)
      if (url.pathname === "/jwks") return Response.json({ keys: [jwk] })
      if (url.pathname === "/.well-known/openid-configuration")
        return Response.json({
          issuer,
          authorization_endpoint: `${issuer}/authorize`,
          token_endpoint: `${issuer}/token`,
          jwks_uri: `${issuer}/jwks`,
          response_types_supported: ["code"],
          subject_types_supported: ["public"],
          id_token_signing_alg_values_supported: ["RS256"]
        })
      const failure = failing()
      if (failure !== undefined) return failure
      // Both parts are encoded as in a form before they are put together (RFC 6749 2.3.1).
      const [, basic = ""] = /^Basic (.+)$/.exec(request.headers.get("authorization") ?? "") ?? []
      const issued =
        decodeURIComponent(Buffer.from(basic, "base64").toString()) === "oidc-client:oidc-secret"
          ? redeem(new URLSearchParams(await request.text()))
          : undefined
      if (issued === undefined) return Response.json({ error: "invalid_grant", error_description: upstreamWords }, { status: 400 })
      return Response.json({ access_token: "unused", token_type: "Bearer", id_token: await idToken(issued) })
    }
  })
  return { url: new URL(`http://127.0.0.1:${server.port}`), state, stop: stopped(server, state.open) }
}
