import { createPrivateKey } from "node:crypto"
import * as Redacted from "effect/Redacted"
import * as Jose from "jose"
import pg from "pg"
import { afterAll, beforeAll, expect, it } from "vitest"
import { authServer, browser, commandLine, form, issuer, keys, pkce, type Tokens, type Who } from "./authServer.ts"

let server: Awaited<ReturnType<typeof authServer>>
beforeAll(async () => {
  server = await authServer("auth_tokens", {})
})
afterAll(() => server.end())

const session = async (token: string, headers: Record<string, string> = {}) => {
  const response = await fetch(`${server.url}/auth/session`, { headers: { authorization: `Bearer ${token}`, ...headers } })
  return { status: response.status, body: (await response.json()) as Who }
}
const refresh = async (token: string) => {
  const response = await form(server.url, "/auth/token", { grant_type: "refresh_token", refresh_token: token })
  return { status: response.status, body: (await response.json()) as Tokens & { readonly error?: string } }
}
const said = async (text: string, values: ReadonlyArray<unknown> = []) => {
  const client = new pg.Client({ connectionString: server.database.url })
  await client.connect()
  try {
    return (await client.query(text, [...values])).rows
  } finally {
    await client.end()
  }
}

it("AUT-04 A command line signs in by an address of this machine, with its own state and challenge back (RFC 8252 7.3, 8.1; RFC 7636; RFC 9207)", async () => {
  const { challenge, state, verifier } = pkce()
  const redirectUri = "http://127.0.0.1:4567/callback"
  const fields = { redirect_uri: redirectUri, state, code_challenge: challenge, code_challenge_method: "S256", client: "han on a laptop" }
  const shown = await fetch(`${server.url}/auth/sign-in?${new URLSearchParams(fields)}`)
  expect(await shown.text()).toContain("han on a laptop")
  const sent = await form(server.url, "/auth/development", { ...fields, name: "Ada" }, { origin: server.url })
  const back = new URL(sent.headers.get("location") ?? "")
  expect(`${back.origin}${back.pathname}`).toBe(redirectUri)
  expect([back.searchParams.get("state"), back.searchParams.get("iss")]).toEqual([state, server.url])
  const redeem = (more: Record<string, string>) =>
    form(server.url, "/auth/token", { grant_type: "authorization_code", code: back.searchParams.get("code") ?? "", redirect_uri: redirectUri, ...more })
  expect((await redeem({})).status).toBe(400)
  const answer = await redeem({ code_verifier: verifier })
  expect(answer.headers.get("cache-control")).toBe("no-store")
  const tokens = (await answer.json()) as Tokens
  expect(tokens).toMatchObject({ token_type: "Bearer", expires_in: 900 })
  expect((await session(tokens.access_token)).body).toMatchObject({ person: { name: "Ada" }, workspace: { slug: "ada", role: "owner" } })
  // The code comes a second time: whoever has it now has it from somebody.
  expect(await (await redeem({ code_verifier: verifier })).json()).toMatchObject({ error: "invalid_grant" })
  expect((await session(tokens.access_token)).status).toBe(401)
  expect((await refresh(tokens.refresh_token)).body.error).toBe("invalid_grant")
})

it("AUT-04 A code goes to a loopback address with S256 and to nothing else (RFC 8252 7.3, RFC 9700 2.1.1)", async () => {
  const { challenge, state } = pkce()
  const good = { redirect_uri: "http://127.0.0.1:1/", state, code_challenge: challenge, code_challenge_method: "S256" }
  const status = async (more: Record<string, string>) => (await fetch(`${server.url}/auth/sign-in?${new URLSearchParams({ ...good, ...more })}`)).status
  expect(await status({})).toBe(200)
  for (const more of [
    ...[
      "https://evil.example/",
      "http://127.0.0.1.evil.example:1/",
      "http://localhost:1/",
      "http://127.0.0.1/",
      "http://me@127.0.0.1:1/",
      "javascript:alert(1)"
    ].map((redirect_uri) => ({ redirect_uri })),
    { code_challenge_method: "plain" },
    { code_challenge: "short" },
    { state: "" }
  ] as ReadonlyArray<Record<string, string>>)
    expect([more, await status(more)]).toEqual([more, 400])
})

it("AUT-06 An access token of another algorithm, key, issuer, audience, kind, or time is none (RFC 8725 3.1, 3.2, 3.8, 3.9, 3.11; RFC 9068 4)", async () => {
  const tokens = await commandLine(server.url, "Grace")
  expect((await session(tokens.access_token)).status).toBe(200)
  const { kid } = Jose.decodeProtectedHeader(tokens.access_token)
  const claims = Jose.decodeJwt(tokens.access_token)
  expect(kid).toBe("new")
  expect(Object.keys(claims).sort()).toEqual(["aud", "exp", "iat", "iss", "jti", "nbf", "sid", "sub"])
  const privateOf = (seed: Redacted.Redacted<Uint8Array>) =>
    createPrivateKey({ key: Buffer.concat([Buffer.from("302e020100300506032b657004220420", "hex"), Redacted.value(seed)]), format: "der", type: "pkcs8" })
  const signed = (more: Jose.JWTPayload, header: Partial<Jose.JWTHeaderParameters> = {}, seed = keys[0].seed) =>
    new Jose.SignJWT({ ...claims, ...more }).setProtectedHeader({ alg: "EdDSA", kid: "new", typ: "at+jwt", ...header }).sign(privateOf(seed))
  const now = Math.floor(Date.now() / 1000)
  const [header, payload, signature] = tokens.access_token.split(".")
  const unsigned = Buffer.from(JSON.stringify({ alg: "none", typ: "at+jwt", kid: "new" })).toString("base64url")
  const publicKey = Jose.base64url.encode(JSON.stringify(await Jose.exportJWK(privateOf(keys[0].seed))))
  // Both live keys are read, so that one can follow the other.
  expect((await session(await signed({}, { kid: "old" }, keys[1].seed))).status).toBe(200)
  expect((await session(await signed({ exp: now - 20 }))).status).toBe(200)
  const refused: Record<string, string> = {
    "alg none": `${unsigned}.${payload}.`,
    "alg none with a signature": `${unsigned}.${payload}.${signature}`,
    "HS256 with the public key": await new Jose.SignJWT(claims).setProtectedHeader({ alg: "HS256", kid: "new", typ: "at+jwt" }).sign(Buffer.from(publicKey)),
    "another key": await signed({}, {}, AuthSeed),
    "an unknown kid": await signed({}, { kid: "unknown" }),
    "the other's kid": await signed({}, { kid: "old" }),
    "another issuer": await signed({ iss: "https://evil.example" }),
    "another audience": await signed({ aud: `${issuer}/other` }),
    "another kind": await signed({}, { typ: "JWT" }),
    "no sid": await signed({ sid: undefined } as never),
    "a sid of nobody": await signed({ sid: "nobody" }),
    "another person's": await signed({ sub: "somebody-else" }),
    "expired 61 s ago": await signed({ exp: now - 61 }),
    "good in 61 s": await signed({ nbf: now + 61 }),
    "another payload": `${header}.${Buffer.from(JSON.stringify({ ...claims, sub: "x" })).toString("base64url")}.${signature}`,
    "the refresh token": tokens.refresh_token,
    nothing: "x"
  }
  for (const [name, token] of Object.entries(refused)) expect([name, (await session(token)).status]).toEqual([name, 401])
  expect((await refresh(tokens.access_token)).body.error).toBe("invalid_grant")
  expect((await session(tokens.access_token)).status).toBe(200)
})
const AuthSeed = Redacted.make(new Uint8Array(Buffer.alloc(32, "another key of thirty-two bytes!")))

it("AUT-06 An access token is good for a quarter of an hour and half a minute of clocks, and its refresh goes on", async () => {
  const own = await authServer("auth_time", {})
  const tokens = await commandLine(own.url, "Ada")
  const status = async () => (await fetch(`${own.url}/auth/session`, { headers: { authorization: `Bearer ${tokens.access_token}` } })).status
  own.ahead(900_000)
  expect(await status()).toBe(200)
  own.ahead(61_000)
  expect(await status()).toBe(401)
  const next = await form(own.url, "/auth/token", { grant_type: "refresh_token", refresh_token: tokens.refresh_token })
  expect(next.status).toBe(200)
  own.ahead(90 * 86_400_000)
  const late = await form(own.url, "/auth/token", { grant_type: "refresh_token", refresh_token: ((await next.json()) as Tokens).refresh_token })
  expect(late.status).toBe(400)
  await own.end()
})

it("AUT-07 Twenty refreshes at once over HTTP are of one family, and every caller's tokens are good (RFC 9700 4.14.2)", async () => {
  const tokens = await commandLine(server.url, "Ada")
  const all = await Promise.all(Array.from({ length: 20 }, () => refresh(tokens.refresh_token)))
  expect(all.map(({ status }) => status)).toEqual(Array.from({ length: 20 }, () => 200))
  expect(new Set(all.map(({ body }) => body.refresh_token)).size).toBe(1)
  const who = await Promise.all(all.map(({ body }) => session(body.access_token)))
  expect(new Set(who.map(({ body, status }) => `${status} ${body.sid}`)).size).toBe(1)
  expect((await refresh(all[7]!.body.refresh_token)).status).toBe(200)
})

it("AUT-08 A logout, the end of all sign-ins, and the end of a membership hold from the next request on (ASVS 3.3.1, 3.3.3)", async () => {
  const [one, two, other] = [await commandLine(server.url, "Alan"), await commandLine(server.url, "Alan"), await commandLine(server.url, "Kurt")]
  const post = (path: string, token: string) => fetch(`${server.url}${path}`, { method: "POST", headers: { authorization: `Bearer ${token}` } })
  expect(await (await post("/auth/logout", one.access_token)).json()).toEqual({ ended: 1 })
  expect([(await session(one.access_token)).status, (await session(two.access_token)).status]).toEqual([401, 200])
  expect((await refresh(one.refresh_token)).status).toBe(400)
  const three = await commandLine(server.url, "Alan")
  const { body } = await session(two.access_token)
  expect(body.workspace).toEqual({ slug: "alan", role: "owner" })
  await said("UPDATE han.member SET removed_at = 1 WHERE person = $1", [body.person.id])
  expect((await session(two.access_token)).body).toMatchObject({ workspace: null, workspaces: [] })
  expect(await (await post("/auth/revoke-all", two.access_token)).json()).toEqual({ ended: 2 })
  expect([(await session(two.access_token)).status, (await session(three.access_token)).status, (await session(other.access_token)).status]).toEqual([
    401, 401, 200
  ])
  await form(server.url, "/auth/revoke", { token: other.refresh_token })
  expect((await session(other.access_token)).status).toBe(401)
})

it("AUT-11 Headers by which a proxy might say who asks change nothing, and a workspace that is named is one's own or none", async () => {
  const [ada, grace] = [await commandLine(server.url, "Ada"), await commandLine(server.url, "Grace")]
  const graces = (await session(grace.access_token)).body
  const plain = await session(ada.access_token)
  const forged = {
    "x-user-id": graces.person.id,
    "x-user": "Grace",
    "x-org-id": "grace",
    "x-forwarded-for": "1.2.3.4",
    "x-forwarded-user": "grace",
    forwarded: "for=1.2.3.4",
    "x-forwarded-host": "evil.example"
  }
  expect(await session(ada.access_token, forged)).toEqual(plain)
  const slugs = graces.workspaces.map(({ slug }) => slug)
  for (const slug of [...slugs, "not-there", "Not A Slug", "../x"])
    expect((await session(ada.access_token, { "han-workspace": slug })).body.workspace).toBeNull()
  const bare = await fetch(`${server.url}/auth/session`, { headers: forged })
  expect(bare.status).toBe(401)
})

it("AUT-09 An API key is no sign-in, and a sign-in is no API key for sync", async () => {
  const tokens = await commandLine(server.url, "Ada")
  const sync = await fetch(`${server.url}/api/sync`, {
    method: "POST",
    body: "{}",
    headers: { "content-type": "application/json", authorization: `Bearer ${tokens.access_token}` }
  })
  expect(sync.status).toBe(401)
})

/** What a page's form would send: its hidden fields. */
const hiddenIn = (page: string) =>
  Object.fromEntries([...page.matchAll(/type="hidden" name="([^"]+)" value="([^"]*)"/g)].map(([, name, value]) => [name ?? "", value ?? ""]))

it("AUT-05 A device is let in by whoever types its code, sees who asks and says yes, as that person and nobody else (RFC 8628 3.1 to 3.5, 5.4)", async () => {
  const own = await authServer("auth_device", {})
  const begin = async () =>
    (await (await form(own.url, "/auth/device", { client: `han on <b>"host"</b>` })).json()) as {
      device_code: string
      user_code: string
      verification_uri: string
      interval: number
      expires_in: number
    }
  const poll = async (device_code: string) => {
    const response = await form(own.url, "/auth/token", { grant_type: "urn:ietf:params:oauth:grant-type:device_code", device_code })
    return (await response.json()) as Partial<Tokens> & { error?: string }
  }
  const device = await begin()
  expect(device).toMatchObject({ verification_uri: `${own.url}/auth/device`, expires_in: 900, interval: 5 })
  expect(device.verification_uri).not.toContain(device.user_code)
  expect((await poll(device.device_code)).error).toBe("authorization_pending")
  expect((await poll(device.device_code)).error).toBe("slow_down")
  const bob = browser()
  expect((await bob.once(`${own.url}/auth/device`)).headers.get("location")).toBe("/auth/sign-in?return_to=/auth/device")
  await bob.post(`${own.url}/auth/development`, { name: "Bob", return_to: "/auth/device" })
  const asked = hiddenIn(await (await bob.once(`${own.url}/auth/device`)).text())
  // Without the page's token nobody's browser says yes for them.
  expect((await bob.post(`${own.url}/auth/device/decide`, { user_code: device.user_code, answer: "yes", csrf: "x" })).status).toBe(403)
  expect(
    (await bob.post(`${own.url}/auth/device/decide`, { ...asked, user_code: device.user_code, answer: "yes" }, { origin: "https://evil.example" })).status
  ).toBe(403)
  const shown = await (await bob.post(`${own.url}/auth/device/check`, { ...asked, user_code: device.user_code.toLowerCase() })).text()
  expect(shown).toContain("han on &lt;b&gt;&quot;host&quot;&lt;/b&gt;")
  expect(shown).toContain("127.0.0.1")
  expect(shown).toContain("Bob")
  expect((await poll(device.device_code)).error).toBe("slow_down")
  expect((await bob.post(`${own.url}/auth/device/decide`, { ...hiddenIn(shown), answer: "yes" })).status).toBe(200)
  own.ahead(60_000)
  const tokens = await poll(device.device_code)
  const who = await (await fetch(`${own.url}/auth/session`, { headers: { authorization: `Bearer ${tokens.access_token}` } })).json()
  expect(who).toMatchObject({ person: { name: "Bob" } })
  expect((await poll(device.device_code)).error).toBe("invalid_grant")
  const denied = await begin()
  expect((await bob.post(`${own.url}/auth/device/decide`, { ...asked, user_code: denied.user_code, answer: "no" })).status).toBe(200)
  expect((await poll(denied.device_code)).error).toBe("access_denied")
  const late = await begin()
  own.ahead(901_000)
  expect((await poll(late.device_code)).error).toBe("expired_token")
  await own.end()
})

it("AUT-05 The sixth wrong code of an address in a minute is not looked at any more (RFC 8628 5.1)", async () => {
  const own = await authServer("auth_guess", {})
  const one = browser()
  await one.post(`${own.url}/auth/development`, { name: "Mallory" })
  const asked = hiddenIn(await (await one.once(`${own.url}/auth/device`)).text())
  const guess = () => one.post(`${own.url}/auth/device/check`, { ...asked, user_code: "BBBB-BBBB" })
  const statuses: Array<number> = []
  for (let at = 0; at < 6; at++) statuses.push((await guess()).status)
  expect(statuses).toEqual([400, 400, 400, 400, 400, 429])
  expect(Number((await guess()).headers.get("retry-after"))).toBeGreaterThan(0)
  own.ahead(60_000)
  expect((await guess()).status).toBe(400)
  await own.end()
})

it("An address has ten attempts in a minute, is told when there is another, and what goes on as it should costs nothing (ASVS 2.2.1)", async () => {
  const own = await authServer("auth_rate", { perMinute: 10 })
  const tokens = await commandLine(own.url, "Ada")
  const statuses: Array<number> = []
  for (let at = 0; at < 11; at++) statuses.push((await form(own.url, "/auth/token", { grant_type: "refresh_token", refresh_token: "wrong" })).status)
  expect(statuses).toEqual([...Array.from({ length: 9 }, () => 400), 429, 429])
  const refused = await form(own.url, "/auth/device", { client: "han" })
  expect(refused.status).toBe(429)
  expect(Number(refused.headers.get("retry-after"))).toBeGreaterThan(0)
  let token = tokens.refresh_token
  for (let at = 0; at < 12; at++)
    token = ((await (await form(own.url, "/auth/token", { grant_type: "refresh_token", refresh_token: token })).json()) as Tokens).refresh_token
  expect(token).toMatch(/^hanr\./)
  await own.end()
})
