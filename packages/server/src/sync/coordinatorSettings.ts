import * as Fs from "node:fs"
import * as Path from "node:path"
import * as Effect from "effect/Effect"
import * as Either from "effect/Either"
import * as Option from "effect/Option"
import * as ParseResult from "effect/ParseResult"
import * as Redacted from "effect/Redacted"
import * as Schema from "effect/Schema"
import * as ApiKey from "han-core/ApiKey"
import { type Pattern, patternOf } from "han-core/Privacy"
import { SyncConfig } from "han-core/SyncConfig"
import { isLoopback } from "../loopback/isLoopback.ts"
import * as Credentials from "./Credentials.ts"
import type { SyncSettings } from "./settings.ts"

interface Places {
  readonly configFile: string
  /** The folder of the coordinator: `credentials.json` lies in it. */
  readonly home: string
  readonly environment: Readonly<Record<string, string | undefined>>
}

/** The configuration as it was read, or what is wrong with it. */
type Read = { readonly config: SyncConfig } | { readonly problem: string }

/** The settings of sync as `config.json` and the environment say at this moment; the environment is stronger, and needs no file. */
export const coordinatorSettings = (places: Places): Effect.Effect<SyncSettings> => {
  // Made by this process: nothing was sent as it before, whatever else happens until the first request.
  const made = new Set<string>()
  return Effect.gen(function* () {
    const { configFile, environment } = places
    const found = readConfig(configFile)
    const config = "config" in found ? found.config : {}
    const notices: Array<string> = []
    const home = environment["HOME"] ?? environment["USERPROFILE"]
    const exclude = patterns(config.forceExclude, home)
    const include = patterns(config.forceInclude, home)
    for (const { reason, text } of include.wrong)
      notices.push(`${configFile}: sync.forceInclude: ${JSON.stringify(text)} is no pattern (${reason}), and was left out`)
    const [wrong] = exclude.wrong
    const switched = environment["HAN_SYNC_ENABLED"]
    const endpoint = (environment["HAN_SYNC_ENDPOINT"] || config.endpoint)?.replace(/\/+$/, "")
    const given = environment["HAN_SYNC_API_KEY"] || config.apiKey
    const enabled =
      switched === undefined || switched === ""
        ? config.enabled === true || (config.enabled !== false && environment["HAN_SYNC_ENDPOINT"] !== undefined)
        : /^(1|true|yes|on)$/i.test(switched)
    const said = "problem" in found ? found.problem : undefined
    const problem =
      said ??
      (wrong === undefined
        ? undefined
        : `${configFile}: sync.forceExclude: ${JSON.stringify(wrong.text)} is no pattern (${wrong.reason}); nothing is sent until it is one, for it may mean what must not go`) ??
      endpointProblem(endpoint) ??
      (given !== undefined && Option.isNone(ApiKey.parse(Redacted.make(given))) ? "the API key of sync is cut off or mistyped; copy it again" : undefined)
    const settings = {
      enabled,
      rules: { forceExclude: exclude.good, forceInclude: include.good, includePersonal: config.includePersonal === true },
      includeContent: config.includeContent !== false,
      intervalMs: (config.interval ?? 300) * 1000,
      batchSize: config.batchSize ?? 1000,
      notices
    }
    if (problem !== undefined || endpoint === undefined) return { ...settings, remote: null, problem: problem ?? null }
    const file = Path.join(places.home, "credentials.json")
    const identity = yield* Effect.either(Credentials.identity(file, endpoint, given === undefined ? null : Redacted.make(given)))
    if (Either.isLeft(identity)) return { ...settings, remote: null, problem: identity.left.message }
    const { apiKey, clientId, clientSecret, isNew } = identity.right
    if (isNew) made.add(clientId)
    return { ...settings, problem: null, remote: apiKey === null ? null : { endpoint, apiKey, clientId, clientSecret, isNewClient: made.has(clientId) } }
  })
}

const decode = Schema.decodeUnknownEither(SyncConfig, { onExcessProperty: "error" })

const readConfig = (file: string): Read => {
  let text: string
  try {
    text = Fs.readFileSync(file, "utf8")
  } catch (error) {
    return error instanceof Error && "code" in error && error.code === "ENOENT"
      ? { config: {} }
      : { problem: `${file} cannot be read; check its owner and mode` }
  }
  let value: unknown
  try {
    value = JSON.parse(text)
  } catch {
    return { problem: `${file} is no JSON; nothing is sent until it is` }
  }
  const sync = typeof value === "object" && value !== null && "sync" in value ? value.sync : {}
  const decoded = decode(sync)
  if (Either.isRight(decoded)) return { config: decoded.right }
  const [issue] = ParseResult.ArrayFormatter.formatErrorSync(decoded.left)
  return { problem: `${file}: ${["sync", ...(issue?.path ?? [])].join(".")}: ${issue?.message ?? "is not valid"}; nothing is sent until it is mended` }
}

const patterns = (texts: ReadonlyArray<string> | undefined, home: string | undefined) => {
  const good: Array<Pattern> = []
  const wrong: Array<{ readonly text: string; readonly reason: string }> = []
  for (const text of texts ?? []) {
    const found = patternOf(text, home)
    if (Either.isRight(found)) good.push(found.right)
    else wrong.push({ text, reason: found.left })
  }
  return { good, wrong }
}

/** Says what is wrong with an address: keys and sessions go over the network encrypted, or not over it at all. */
const endpointProblem = (endpoint: string | undefined): string | undefined => {
  if (endpoint === undefined) return undefined
  if (!URL.canParse(endpoint)) return `the endpoint of sync, ${JSON.stringify(endpoint)}, is no address: write https://HOST`
  const { hostname, password, protocol, search, username } = new URL(endpoint)
  if (username !== "" || password !== "" || search !== "") return "the endpoint of sync has a user, a password or a query; write https://HOST"
  if (protocol === "https:" || (protocol === "http:" && isLoopback(hostname))) return undefined
  return `the endpoint of sync, ${JSON.stringify(endpoint)}, is not encrypted; write https://`
}
