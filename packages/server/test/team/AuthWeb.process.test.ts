import * as Redacted from "effect/Redacted"
import * as AuthRoutes from "han-server/AuthRoutes"
import pg from "pg"
import { afterAll, beforeAll, beforeEach, expect, it } from "vitest"
import { authServer, browser, type Who } from "./authServer.ts"
import { fakeGithub, fakeIssuer, type Somebody, upstreamWords } from "./fakeProviders.ts"

const ada: Somebody = { id: 1815, login: "ada", name: "Ada", email: "ada@example.org", organisations: ["acme"] }
let github: ReturnType<typeof fakeGithub>
let issuer: Awaited<ReturnType<typeof fakeIssuer>>
let server: Awaited<ReturnType<typeof authServer>>

const secret = (text: string) => Redacted.make(text)
const githubProvider = (more: Partial<Parameters<typeof AuthRoutes.githubProvider>[0]> = {}) =>
  AuthRoutes.githubProvider({
    url: github.url,
    clientId: "github-client",
    clientSecret: secret("github-secret"),
    pkce: true,
    admit: "all",
    timeoutMs: 500,
    ...more
  })
const oidcProvider = (admit = true) =>
  AuthRoutes.oidcProvider({ issuer: issuer.url, clientId: "oidc-client", clientSecret: secret("oidc-secret"), admit, timeoutMs: 500 })

beforeAll(async () => {
  github = fakeGithub(ada)
  issuer = await fakeIssuer(ada)
  server = await authServer("auth_web", { providers: [githubProvider(), oidcProvider()] })
})
afterAll(async () => {
  await server.end()
  await github.stop()
  await issuer.stop()
})
beforeEach(() => {
  for (const { state } of [github, issuer]) {
    state.script = "ok"
    state.who = ada
  }
})

const rows = async (text: string): Promise<ReadonlyArray<Record<string, unknown>>> => {
  const client = new pg.Client({ connectionString: server.database.url })
  await client.connect()
  try {
    return (await client.query(text)).rows
  } finally {
    await client.end()
  }
}
const counts = () =>
  rows(
    "SELECT (SELECT COUNT(*) FROM han.person)::int AS people, (SELECT COUNT(*) FROM han.identity)::int AS accounts, (SELECT COUNT(*) FROM han.auth_session)::int AS sessions"
  )
const whoAmI = async (one: ReturnType<typeof browser>, url = server.url) => {
  const response = await one.once(`${url}/auth/session`)
  return { status: response.status, body: (await response.json()) as Who }
}

for (const provider of ["github", "oidc"] as const)
  it(`AUT-01 A browser signs in by ${provider}, once for each state (RFC 9700 2.1.1, 4.7.1; OIDC Core 3.1.3.7)`, async () => {
    const one = browser()
    const { at: back } = await one.follow(`${server.url}/auth/start/${provider}?return_to=/auth/device`, `${server.url}/auth/callback/`)
    const stranger = await browser().once(back)
    expect(stranger.status).toBe(400)
    expect(one.cookies(server.url).has("han-sign-in")).toBe(true)
    const { at, response } = await one.follow(back, `${server.url}/auth/device`)
    expect([at.pathname, response.status]).toEqual(["/auth/device", 303])
    expect(await whoAmI(one)).toMatchObject({ status: 200, body: { person: { name: "Ada" }, workspace: { role: "owner" }, csrf: expect.any(String) } })
    // The cookie of the sign-in is gone; and with it there the state would be used up.
    expect((await one.once(back)).status).toBe(400)
    expect((await one.once(back, { headers: { cookie: `han-sign-in=${"A".repeat(43)}` } })).status).toBe(400)
    expect((provider === "github" ? github : issuer).state.verifiers.at(-1)).toMatch(/^[\w-]{43}$/)
  })

it("AUT-01 A code that was asked for with another challenge, or with none, is denied by its provider and makes nobody (RFC 7636 4.6)", async () => {
  const before = await counts()
  const one = browser()
  const started = await one.once(`${server.url}/auth/start/github`)
  const to = new URL(started.headers.get("location") ?? "")
  expect(to.searchParams.get("code_challenge_method")).toBe("S256")
  to.searchParams.set("code_challenge", "A".repeat(43))
  const { response } = await one.follow(to)
  expect(response.status).toBe(502)
  expect(await counts()).toEqual(before)
})

it("A setting leaves PKCE out for servers that do not know it, and state is all the same needed", async () => {
  const old = await authServer("auth_old", { providers: [githubProvider({ pkce: false })] })
  const one = browser()
  const started = await one.once(`${old.url}/auth/start/github`)
  expect(new URL(started.headers.get("location") ?? "").searchParams.has("code_challenge")).toBe(false)
  const { response } = await one.follow(started.headers.get("location") ?? "")
  expect([response.status, github.state.verifiers.at(-1)]).toEqual([200, null])
  await old.end()
})

it("AUT-02 Somebody with another's address of mail and name, and an account of their own, is a person of their own (ASVS 2.2; OIDC Core 5.7)", async () => {
  const sub = async (who: Somebody) => {
    for (const { state } of [github, issuer]) state.who = who
    const one = browser()
    await one.follow(`${server.url}/auth/start/github`)
    return (await whoAmI(one)).body.person.id
  }
  const victim = await sub(ada)
  expect(await sub({ ...ada, id: 666 })).not.toBe(victim)
  expect(await sub({ ...ada, login: "renamed", email: "other@example.org" })).toBe(victim)
  expect((await rows("SELECT schema_to_xml('han', true, true, '')::text AS dump"))[0]!["dump"]).not.toContain("example.org")
})

for (const [provider, scripts] of [
  ["github", ["200-with-error", "500", "timeout", "no-id", "huge"]],
  ["oidc", ["500", "timeout", "huge", "wrong-nonce", "wrong-audience", "wrong-key", "unsigned"]]
] as const)
  for (const script of scripts)
    it(`AUT-03 A ${provider} that answers with ${script} is told of in our words, and nothing is made (ASVS 7.4.1)`, async () => {
      const before = await counts()
      ;(provider === "github" ? github : issuer).state.script = script
      const { response } = await browser().follow(`${server.url}/auth/start/${provider}`)
      expect(response.status).toBe(502)
      expect(response.headers.get("content-security-policy")).toContain("default-src 'none'")
      const text = await response.text()
      expect(text).toContain("did not say who you are")
      expect(text).not.toContain(upstreamWords)
      expect(await counts()).toEqual(before)
    })

it("Without a setting only those come in who are known, and of the others no row is made; an organisation's members come in where it is named", async () => {
  const invited = await authServer("auth_invite", { providers: [githubProvider({ admit: "nobody" }), oidcProvider(false)], development: false })
  for (const provider of ["github", "oidc"]) {
    const { response } = await browser().follow(`${invited.url}/auth/start/${provider}`)
    expect(response.status).toBe(403)
    expect(await response.text()).toContain("ask for an invite")
  }
  await invited.end()
  const ours = await authServer("auth_org", { providers: [githubProvider({ admit: { organisation: "acme" } })] })
  expect((await browser().follow(`${ours.url}/auth/start/github`)).response.status).toBe(200)
  github.state.who = { ...ada, id: 9, organisations: ["other"] }
  expect((await browser().follow(`${ours.url}/auth/start/github`)).response.status).toBe(403)
  await ours.end()
})

it("A cookie is for one host, https and no script, and what a browser changes by it takes its own page's token and origin (ASVS 3.4, 4.2.2; RFC 9700 4.7)", async () => {
  const origin = "https://han.example.org"
  const secure = await authServer("auth_https", { providers: [githubProvider()], publicUrl: new URL(origin), development: false })
  const one = browser()
  const started = await one.once(`${secure.url}/auth/start/github`)
  expect(started.headers.getSetCookie().join()).toMatch(/^__Host-han-sign-in=[\w-]{43}; Max-Age=600; Path=\/; HttpOnly; Secure; SameSite=Lax$/)
  const asked = new URL(started.headers.get("location") ?? "")
  expect(asked.searchParams.get("redirect_uri")).toBe(`${origin}/auth/callback/github`)
  const granted = await fetch(asked, { redirect: "manual" })
  const back = new URL(granted.headers.get("location") ?? "")
  const signed = await one.once(`${secure.url}${back.pathname}${back.search}`)
  expect(signed.headers.getSetCookie().join("\n")).toMatch(/^__Host-han=[\w-]{43}; Max-Age=2592000; Path=\/; HttpOnly; Secure; SameSite=Lax$/m)
  const { body } = await whoAmI(one, secure.url)
  const logout = (headers: Record<string, string>) => one.once(`${secure.url}/auth/logout`, { method: "POST", headers })
  for (const headers of [
    {},
    { origin },
    { "han-csrf": body.csrf },
    { origin: "https://evil.example", "han-csrf": body.csrf },
    { origin, "han-csrf": "A".repeat(43) },
    { origin: "null", "han-csrf": body.csrf }
  ])
    expect((await logout(headers as Record<string, string>)).status).toBe(403)
  expect((await whoAmI(one, secure.url)).status).toBe(200)
  expect((await logout({ origin, "han-csrf": body.csrf })).status).toBe(200)
  expect((await whoAmI(one, secure.url)).status).toBe(401)
  await secure.end()
})

it("Somebody goes on after the sign-in to a page of this server and to nothing else (RFC 9700 4.11)", async () => {
  for (const elsewhere of ["//evil.example", "/\\evil.example", "https://evil.example", "/a\nb", ""]) {
    const one = browser()
    const { at } = await one.follow(`${server.url}/auth/start/github?return_to=${encodeURIComponent(elsewhere)}`)
    expect(at.href).toBe(`${server.url}/auth/done`)
  }
})

it("A host by another name, which anybody could have given this machine, is not answered (DNS rebinding)", async () => {
  for (const path of ["/auth/sign-in", "/auth/start/github", "/auth/device"])
    expect((await fetch(`${server.url}${path}`, { headers: { host: "rebound.example:80" } })).status).toBe(421)
})

it("The page for development puts no text of an address into its HTML as it came, and takes forms of its own alone", async () => {
  const nasty = `"><script>alert(1)</script>`
  const query = new URLSearchParams({
    redirect_uri: "http://127.0.0.1:9/",
    state: nasty,
    code_challenge: "A".repeat(43),
    code_challenge_method: "S256",
    client: nasty
  })
  const response = await fetch(`${server.url}/auth/sign-in?${query}`)
  expect(await response.text()).not.toContain("<script")
  expect(response.headers.get("content-security-policy")).toMatch(/default-src 'none'.*frame-ancestors 'none'/)
  expect((await browser().post(`${server.url}/auth/development`, { name: "Mallory" }, { origin: "https://evil.example" })).status).toBe(403)
})
