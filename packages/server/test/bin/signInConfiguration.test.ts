import { expect, it } from "vitest"
import { accountIn } from "../../src/bin/accountNames.ts"
import { forServing } from "../../src/bin/teamConfiguration.ts"

const key = (byte: number) => Buffer.from(Array.from({ length: 32 }, (_, at) => (at * 37 + byte) % 256)).toString("base64")
const good = { DATABASE_URL: "postgres://u:p@127.0.0.1:1/d", HAN_ENCRYPTION: "off" }
const github = {
  ...good,
  HAN_PUBLIC_URL: "https://han.example.org",
  HAN_GITHUB_CLIENT_ID: "Iv1.0",
  HAN_GITHUB_CLIENT_SECRET: "hunter2-secret",
  HAN_JWT_KEYS: `k1:${key(1)}`
}
const oidc = {
  ...good,
  HAN_PUBLIC_URL: "https://han.example.org",
  HAN_OIDC_ISSUER: "https://id.example.org",
  HAN_OIDC_CLIENT_ID: "han",
  HAN_OIDC_CLIENT_SECRET: "hunter2-secret",
  HAN_JWT_KEYS: `k1:${key(1)}`
}

type Variables = Readonly<Record<string, string>>
const read = (variables: Variables) => forServing(variables, false)
const faults = (variables: Variables) => {
  const told = read(variables)
  return told._tag === "Wrong" ? told.faults.map(({ name }) => name) : []
}
const signIn = (variables: Variables) => {
  const told = read(variables)
  return told._tag === "Read" ? told.configuration.signIn : undefined
}

it("Nobody signs in without a provider, and by each that is configured", () => {
  expect(signIn(good)).toBeUndefined()
  expect(signIn(github)).toMatchObject({ providers: [{ name: "github" }], development: false, keys: [{ kid: "k1" }] })
  expect(signIn({ ...oidc, ...github, HAN_SIGNUP: "oidc" })?.providers.map(({ name }) => name)).toEqual(["github", "oidc"])
  expect(signIn({ ...github, HAN_JWT_KEYS: `new:${key(2)},old:${key(1)}` })?.keys.map(({ kid }) => kid)).toEqual(["new", "old"])
  expect(signIn({ ...good, HAN_DEV_SIGNIN: "1" })).toMatchObject({ providers: [], development: true, keys: [{ kid: expect.stringMatching(/^passing-/) }] })
})

it("What is missing or weak about signing in has the name of its variable, and no value is said", () => {
  const cases: ReadonlyArray<readonly [string, Variables]> = [
    ["HAN_GITHUB_CLIENT_SECRET", { ...github, HAN_GITHUB_CLIENT_SECRET: "" }],
    ["HAN_GITHUB_CLIENT_SECRET", { ...github, HAN_GITHUB_CLIENT_SECRET: "  " }],
    ["HAN_GITHUB_CLIENT_ID", { ...github, HAN_GITHUB_CLIENT_ID: "" }],
    ["HAN_GITHUB_URL", { ...github, HAN_GITHUB_URL: "http://github.example.org" }],
    ["HAN_GITHUB_PKCE", { ...github, HAN_GITHUB_PKCE: "maybe" }],
    ["HAN_OIDC_CLIENT_SECRET", { ...oidc, HAN_OIDC_CLIENT_SECRET: "" }],
    ["HAN_OIDC_ISSUER", { ...oidc, HAN_OIDC_ISSUER: "http://id.example.org" }],
    ["HAN_OIDC_ISSUER", { ...oidc, HAN_OIDC_ISSUER: "id.example.org" }],
    ["HAN_JWT_KEYS", { ...github, HAN_JWT_KEYS: "" }],
    ["HAN_JWT_KEYS", { ...github, HAN_JWT_KEYS: "k1:hunter2-secret" }],
    ["HAN_JWT_KEYS", { ...github, HAN_JWT_KEYS: key(1) }],
    ["HAN_JWT_KEYS", { ...github, HAN_JWT_KEYS: `k1:${Buffer.alloc(32).toString("base64")}` }],
    ["HAN_JWT_KEYS", { ...github, HAN_JWT_KEYS: `k1:${key(1)},k1:${key(2)}` }],
    ["HAN_JWT_KEYS", { ...github, HAN_JWT_KEYS: `k1:${key(1)},k2:${key(1)}` }],
    ["HAN_JWT_KEYS", { ...github, HAN_JWT_KEYS: `a:${key(1)},b:${key(2)},c:${key(3)}` }],
    ["HAN_PUBLIC_URL", { ...github, HAN_PUBLIC_URL: "", HAN_HOST: "0.0.0.0" }],
    ["HAN_PUBLIC_URL", { ...github, HAN_PUBLIC_URL: "http://han.example.org" }],
    ["HAN_SIGNUP", { ...github, HAN_SIGNUP: "everybody" }],
    ["HAN_SIGNUP", { ...github, HAN_SIGNUP: "oidc" }],
    ["HAN_SIGNUP", { ...oidc, HAN_SIGNUP: "github:acme" }],
    ["HAN_DEV_SIGNIN", { ...good, HAN_DEV_SIGNIN: "yes" }],
    ["HAN_DEV_SIGNIN", { ...good, HAN_DEV_SIGNIN: "1", HAN_PUBLIC_URL: "https://han.example.org" }],
    ["HAN_DEV_SIGNIN", { ...good, HAN_DEV_SIGNIN: "1", HAN_PUBLIC_URL: "http://127.0.0.1:1" }],
    ["HAN_DEV_SIGNIN", { ...good, HAN_DEV_SIGNIN: "1", HAN_HOST: "0.0.0.0" }]
  ]
  for (const [name, variables] of cases) {
    expect([name, ...faults(variables)]).toEqual([name, name])
    expect(JSON.stringify(read(variables))).not.toContain("hunter2")
  }
  expect([...faults(github), ...faults({ ...github, HAN_SIGNUP: "github:acme" }), ...faults({ ...oidc, HAN_SIGNUP: "open" })]).toEqual([])
})

it("An account is a provider and its number there, and a name of GitHub's is none", () => {
  expect(accountIn("github:1815", {})).toEqual({ provider: "github.com", id: "1815" })
  expect(accountIn("github:1815", { HAN_GITHUB_URL: "https://github.example.org" })).toEqual({ provider: "github.example.org", id: "1815" })
  expect(accountIn("oidc:a|b", { HAN_OIDC_ISSUER: "https://id.example.org/" })).toEqual({ provider: "https://id.example.org", id: "a|b" })
  for (const text of ["github:ada", "oidc:x", "mail:ada@example.org", "1815", "github:"]) expect([text, typeof accountIn(text, {})]).toEqual([text, "string"])
})
