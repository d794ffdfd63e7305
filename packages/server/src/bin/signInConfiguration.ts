import * as Redacted from "effect/Redacted"
import { isLoopback } from "../loopback/isLoopback.ts"
import { type JwtKey, passingKey } from "../team/auth/AccessTokens.ts"
import { github } from "../team/auth/github.ts"
import { oidc } from "../team/auth/oidc.ts"
import type { SignInProvider } from "../team/auth/SignInProvider.ts"

type Environment = Readonly<Record<string, string | undefined>>
/** Notes that a variable is missing or cannot be understood. */
type Blame = (name: string, message: string) => void

/** How people sign in. */
export interface SignInConfiguration {
  readonly providers: ReadonlyArray<SignInProvider>
  readonly development: boolean
  readonly keys: readonly [JwtKey, ...ReadonlyArray<JwtKey>]
}

/** Where the server listens and what people call it. */
interface Place {
  readonly host: string
  readonly publicUrl: URL | undefined
}

/** How people sign in by these variables; undefined when nobody does, and API keys are all. */
export const signInFor = (environment: Environment, blame: Blame, place: Place): SignInConfiguration | undefined => {
  const signup = signupIn(environment, blame)
  const development = developmentIn(environment, blame, place)
  const providers = [githubIn(environment, blame, signup), oidcIn(environment, blame, signup)].filter((provider) => provider !== undefined)
  if (signup?.organisation !== undefined && !environment["HAN_GITHUB_CLIENT_ID"])
    blame("HAN_SIGNUP", "names an organisation of GitHub, and HAN_GITHUB_CLIENT_ID is not set")
  if (signup?.kind === "oidc" && !environment["HAN_OIDC_ISSUER"]) blame("HAN_SIGNUP", "is oidc, and HAN_OIDC_ISSUER is not set")
  const keys = keysIn(environment, blame)
  if (providers.length === 0 && !development) return undefined
  if (providers.length > 0 && place.publicUrl === undefined && !isLoopback(place.host))
    blame("HAN_PUBLIC_URL", "is not set; people come back to it when they have signed in")
  if (providers.length > 0 && keys.length === 0 && !environment["HAN_JWT_KEYS"])
    blame("HAN_JWT_KEYS", `is not set; it signs access tokens. Write NAME:KEY, where KEY is what \`openssl rand -base64 32\` prints`)
  const [first = passingKey(), ...others] = keys
  return { providers, development, keys: [first, ...others] }
}

interface Signup {
  readonly kind: "invite" | "open" | "oidc" | "github"
  readonly organisation?: string
}

const signupIn = (environment: Environment, blame: Blame): Signup | undefined => {
  const value = environment["HAN_SIGNUP"] || "invite"
  if (value === "invite" || value === "open" || value === "oidc") return { kind: value }
  const organisation = /^github:([A-Za-z0-9](?:[A-Za-z0-9-]{0,38}))$/.exec(value)?.[1]
  if (organisation !== undefined) return { kind: "github", organisation }
  blame("HAN_SIGNUP", `"${value}" is not known: write invite, github:ORG, oidc or open`)
  return undefined
}

const developmentIn = (environment: Environment, blame: Blame, { host, publicUrl }: Place): boolean => {
  const value = environment["HAN_DEV_SIGNIN"]
  if (value === undefined || value === "" || value === "0") return false
  if (value !== "1") blame("HAN_DEV_SIGNIN", `"${value}" is not known: write 1, or leave it out`)
  if (publicUrl !== undefined) blame("HAN_DEV_SIGNIN", "lets anybody in, and HAN_PUBLIC_URL says that others come; leave one of them out")
  else if (!isLoopback(host)) blame("HAN_DEV_SIGNIN", `lets anybody in, and others reach HAN_HOST ${host}; listen at 127.0.0.1`)
  return value === "1"
}

/** The variables of a provider, of which either all are set or none. */
const together = (environment: Environment, blame: Blame, names: ReadonlyArray<string>): ReadonlyArray<string> | undefined => {
  const values = names.map((name) => environment[name]?.trim() ?? "")
  if (values.every((value) => value === "")) {
    for (const name of names) if (environment[name] !== undefined && environment[name] !== "") blame(name, "is empty")
    return undefined
  }
  for (const [at, value] of values.entries())
    if (value === "") blame(names[at] ?? "", `is not set or empty, and ${names.find((_, other) => values[other] !== "")} is set`)
  return values.includes("") ? undefined : values
}

const githubIn = (environment: Environment, blame: Blame, signup: Signup | undefined): SignInProvider | undefined => {
  const given = together(environment, blame, ["HAN_GITHUB_CLIENT_ID", "HAN_GITHUB_CLIENT_SECRET"])
  const url = webAddress(environment, "HAN_GITHUB_URL", "https://github.com", blame)
  const pkce = environment["HAN_GITHUB_PKCE"] || "on"
  if (pkce !== "on" && pkce !== "off") blame("HAN_GITHUB_PKCE", `"${pkce}" is not known: write on or off`)
  const [clientId, clientSecret] = given ?? []
  if (clientId === undefined || clientSecret === undefined || url === undefined) return undefined
  return github({
    url,
    clientId,
    clientSecret: Redacted.make(clientSecret),
    pkce: pkce === "on",
    admit: signup?.organisation !== undefined ? { organisation: signup.organisation } : signup?.kind === "open" ? "all" : "nobody"
  })
}

const oidcIn = (environment: Environment, blame: Blame, signup: Signup | undefined): SignInProvider | undefined => {
  const given = together(environment, blame, ["HAN_OIDC_ISSUER", "HAN_OIDC_CLIENT_ID", "HAN_OIDC_CLIENT_SECRET"])
  const issuer = given === undefined ? undefined : webAddress(environment, "HAN_OIDC_ISSUER", "", blame)
  const [, clientId, clientSecret] = given ?? []
  if (issuer === undefined || clientId === undefined || clientSecret === undefined) return undefined
  return oidc({ issuer, clientId, clientSecret: Redacted.make(clientSecret), admit: signup?.kind === "open" || signup?.kind === "oidc" })
}

const webAddress = (environment: Environment, name: string, otherwise: string, blame: Blame): URL | undefined => {
  const value = environment[name] || otherwise
  const url = URL.canParse(value) ? new URL(value) : undefined
  if (url === undefined || !/^https?:$/.test(url.protocol) || url.username !== "" || url.search !== "" || url.hash !== "")
    blame(name, "is no address: write https://…")
  else if (url.protocol === "http:" && !isLoopback(url.hostname))
    blame(name, "is http: codes and secrets would go over the network in the clear; write an https address")
  else return url
  return undefined
}

/** Keys as `NAME:KEY`, with a comma between, of which the first signs: two at most, so that one can follow the other. Never says anything of a key. */
const keysIn = (environment: Environment, blame: Blame): ReadonlyArray<JwtKey> => {
  const name = "HAN_JWT_KEYS"
  const entries = (environment[name] ?? "").split(",").filter((entry) => entry.trim() !== "")
  if (entries.length > 2) blame(name, "has more than two keys: one signs, and one of before is still read")
  const keys: Array<JwtKey & { readonly bytes: Buffer }> = []
  for (const [at, entry] of entries.entries()) {
    const [, kid, text] = /^\s*([A-Za-z0-9._-]{1,32}):([A-Za-z0-9+/_-]{43}=?)\s*$/.exec(entry) ?? []
    const bytes = Buffer.from((text ?? "").replaceAll("-", "+").replaceAll("_", "/"), "base64")
    if (kid === undefined || bytes.length !== 32)
      blame(name, `entry ${at + 1} is not NAME:KEY with 32 bytes in base64, as \`openssl rand -base64 32\` prints them`)
    else if (new Set(bytes).size < minDifferent) blame(name, `entry ${at + 1} is no random key: make one with \`openssl rand -base64 32\``)
    else if (keys.some((other) => other.kid === kid || other.bytes.equals(bytes))) blame(name, `entry ${at + 1} has the name or the key of another one`)
    else keys.push({ kid, seed: Redacted.make(new Uint8Array(bytes)), bytes })
  }
  return keys
}
/** Different bytes of 32: random ones have fewer in less than one of 10^15 cases. */
const minDifferent = 12
