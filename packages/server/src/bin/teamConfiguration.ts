import * as Redacted from "effect/Redacted"
import { isLoopback } from "../loopback/isLoopback.ts"
import * as TrustedProxies from "../team/TrustedProxies.ts"
import { type SignInConfiguration, signInFor } from "./signInConfiguration.ts"

export type Environment = Readonly<Record<string, string | undefined>>

/** A variable that is missing or cannot be understood: its name, and what is wrong. */
export interface Fault {
  readonly name: string
  readonly message: string
}

/** Where the database is, for those who ask it. */
export interface DatabaseUrls {
  readonly url: Redacted.Redacted
  readonly jobsUrl?: Redacted.Redacted
  readonly directUrl?: Redacted.Redacted
}

export interface ServeConfiguration {
  /** Undefined: the embedded one. */
  readonly database: DatabaseUrls | undefined
  readonly host: string
  readonly port: number
  readonly publicUrl: URL | undefined
  readonly trustedProxies: TrustedProxies.TrustedProxies
  /** Undefined: nobody signs in, and API keys are all. */
  readonly signIn: SignInConfiguration | undefined
}

export type Read<A> = { readonly _tag: "Read"; readonly configuration: A } | { readonly _tag: "Wrong"; readonly faults: ReadonlyArray<Fault> }

const read = <A>(make: (faults: Array<Fault>) => A): Read<A> => {
  const faults: Array<Fault> = []
  const configuration = make(faults)
  return faults.length > 0 ? { _tag: "Wrong", faults } : { _tag: "Read", configuration }
}

/** The configuration of `serve`. */
export const forServing = (environment: Environment, embedded: boolean): Read<ServeConfiguration> =>
  read((faults) => {
    encryption(environment, faults, true)
    const host = environment["HAN_HOST"] || "127.0.0.1"
    if (/[\s/[\]]/.test(host)) faults.push({ name: "HAN_HOST", message: "write an address or the name of one, without brackets and port" })
    const trustedProxies = TrustedProxies.parse(environment["HAN_TRUSTED_PROXIES"] ?? "")
    if (typeof trustedProxies === "string")
      faults.push({
        name: "HAN_TRUSTED_PROXIES",
        message: `"${trustedProxies}" is no address and no network; write them with commas between: 10.0.0.1,10.1.0.0/16`
      })
    const publicUrl = publicUrlIn(environment, faults)
    return {
      database: databaseFor(environment, embedded, faults),
      host,
      port: portIn(environment, faults),
      publicUrl,
      trustedProxies: typeof trustedProxies === "string" ? TrustedProxies.none : trustedProxies,
      signIn: signInFor(environment, (name, message) => void faults.push({ name, message }), { host, publicUrl })
    }
  })

/** The configuration of commands beside a server: the database alone, undefined for the embedded one. */
export const forAsking = (environment: Environment, embedded: boolean): Read<DatabaseUrls | undefined> =>
  read((faults) => {
    encryption(environment, faults, false)
    return databaseFor(environment, embedded, faults)
  })

/** The configuration of `migrate`: a login that may make tables. */
export const forMigrating = (environment: Environment): Read<DatabaseUrls> =>
  read((faults) => {
    encryption(environment, faults, false)
    const own = urlIn(environment, "HAN_DATABASE_MIGRATE_URL", faults)
    const url = own ?? urlIn(environment, "DATABASE_URL", faults)
    const directUrl = urlIn(environment, "HAN_DATABASE_DIRECT_URL", faults)
    if (url === undefined && faults.length === 0) faults.push({ name: "HAN_DATABASE_MIGRATE_URL", message: `or DATABASE_URL must name the database: ${form}` })
    // The direct one is of the login that serves: it may not make tables.
    return { url: url ?? Redacted.make(""), ...(own === undefined && directUrl !== undefined ? { directUrl } : {}) }
  })

const form = "postgres://user:password@host/database"
const databaseVariables = ["DATABASE_URL", "HAN_DATABASE_JOBS_URL", "HAN_DATABASE_DIRECT_URL"]

const databaseFor = (environment: Environment, embedded: boolean, faults: Array<Fault>): DatabaseUrls | undefined => {
  if (embedded) {
    for (const name of databaseVariables)
      if (environment[name]) faults.push({ name, message: "names a database, and --embedded another one; leave one of them out" })
    return undefined
  }
  const [url, jobsUrl, directUrl] = databaseVariables.map((name) => urlIn(environment, name, faults))
  if (url === undefined) {
    if (!faults.some(({ name }) => name === "DATABASE_URL"))
      faults.push({ name: "DATABASE_URL", message: `is not set; it names the database (${form}). \`--embedded DIR\` takes one of its own, to try it out` })
    return undefined
  }
  return { url, ...(jobsUrl === undefined ? {} : { jobsUrl }), ...(directUrl === undefined ? {} : { directUrl }) }
}

/** Never says the value, which has a password in it. */
const urlIn = (environment: Environment, name: string, faults: Array<Fault>): Redacted.Redacted | undefined => {
  const value = environment[name]
  if (value === undefined || value === "") return undefined
  if (URL.canParse(value) && /^postgres(?:ql)?:$/.test(new URL(value).protocol)) return Redacted.make(value)
  faults.push({ name, message: `is no address of a database; write ${form}` })
  return undefined
}

const portIn = (environment: Environment, faults: Array<Fault>): number => {
  const name = environment["PORT"] ? "PORT" : "HAN_PORT"
  const value = environment[name] || "41957"
  if (!/^\d{1,5}$/.test(value) || Number(value) > 65_535)
    faults.push({ name, message: `"${value}" is no port; write a number up to 65535, 0 for any free one` })
  return Number(value)
}

const publicUrlIn = (environment: Environment, faults: Array<Fault>): URL | undefined => {
  const value = environment["HAN_PUBLIC_URL"]
  if (value === undefined || value === "") return undefined
  const url = URL.canParse(value) ? new URL(value) : undefined
  const isPlain = url !== undefined && url.pathname === "/" && url.search === "" && url.hash === "" && url.username === "" && url.password === ""
  if (url === undefined || !isPlain || !/^https?:$/.test(url.protocol))
    faults.push({ name: "HAN_PUBLIC_URL", message: "write the address that people use, without a path: https://han.example.org" })
  else if (url.protocol === "http:" && !isLoopback(url.hostname))
    faults.push({ name: "HAN_PUBLIC_URL", message: "is http: keys and sessions would go over the network in the clear; write an https address" })
  return url
}

const encryption = (environment: Environment, faults: Array<Fault>, serving: boolean): void => {
  const level = environment["HAN_ENCRYPTION"]
  if (environment["HAN_KEKS"])
    faults.push({ name: "HAN_KEKS", message: "this version does not encrypt yet, so it takes no keys for it; leave HAN_KEKS out, and say HAN_ENCRYPTION=off" })
  else if (level !== undefined && level !== "" && level !== "off")
    faults.push({ name: "HAN_ENCRYPTION", message: `"${level}" is not known; this version knows off alone` })
  else if (serving && level !== "off")
    faults.push({
      name: "HAN_ENCRYPTION",
      message: "is not set; say HAN_ENCRYPTION=off: this version stores sessions as they come, on disks whose encryption is yours"
    })
}
