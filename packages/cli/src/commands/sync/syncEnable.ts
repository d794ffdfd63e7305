import * as Effect from "effect/Effect"
import * as Either from "effect/Either"
import * as Exit from "effect/Exit"
import * as Fiber from "effect/Fiber"
import * as Redacted from "effect/Redacted"
import { SyncClient, type SyncPreview, type SyncStatus } from "han-core/SyncClient"
import type { SyncConfig } from "han-core/SyncConfig"
import { answered, ask, print } from "../../coordinator/CoordinatorClient.ts"
import type { CliEnvironment } from "../../environment/CliEnvironment.ts"
import { BadUsage, CommandFailed } from "../../environment/CommandFailed.ts"
import { byteSize, count, counted } from "../../terminal/Figures.ts"
import { plainLine } from "../../terminal/PlainText.ts"
import { confirmed } from "../../terminal/Question.ts"
import { endpointOf, endpointText } from "./syncEndpoint.ts"
import { badConfiguration, orExitCode } from "./syncExitCode.ts"
import { keyGiven } from "./syncKey.ts"
import { changeSettings, keptFile, putBack, readSettings, type Wanted } from "./syncSettings.ts"

export interface Options {
  readonly endpoint: string | undefined
  readonly key: string | undefined
  readonly yes: boolean
  /** Undefined: as the settings say. */
  readonly includeContent: boolean | undefined
  readonly includePersonal: boolean | undefined
}

/** Repositories that are named before the question; the rest is a number. */
const named = 10

export const run = (options: Options, host: CliEnvironment): Promise<number> =>
  ask(
    host,
    Effect.gen(function* () {
      if (!options.yes && !host.terminal.canAsk)
        return yield* Effect.fail(
          new BadUsage("sync enable: sessions would leave this machine; without a terminal to ask at, --yes is needed. Nothing was changed")
        )
      const settings = yield* readSettings(host)
      const endpoint = yield* endpointMeant(options, settings, host)
      const known = settings.endpoint === endpointText(endpoint) ? settings.apiKey : undefined
      const key = yield* keyGiven(options.key, known, host)
      return yield* connected(endpoint, key, settings, options, host)
    })
  )

const endpointMeant = ({ endpoint }: Options, settings: SyncConfig, host: CliEnvironment): Effect.Effect<URL, BadUsage> => {
  const text = endpoint ?? (host.environment["HAN_SYNC_ENDPOINT"] || settings.endpoint)
  return text === undefined
    ? Effect.fail(new BadUsage("sync enable: --endpoint URL is missing: the address of the server, such as https://han.example"))
    : Either.match(endpointOf(text), {
        onLeft: (reason) =>
          Effect.fail(new BadUsage(`sync enable: the endpoint ${JSON.stringify(text.slice(0, 200))} cannot be used: ${reason}. Nothing was changed`)),
        onRight: Effect.succeed
      })
}

/**
 * Writes the connection down without switching it on, so that the coordinator can ask the server who it is; switches it on when the person wants it. Whatever else happens, an error
 * or Ctrl-C, the file is what it was.
 */
const connected = (endpoint: URL, key: Redacted.Redacted, settings: SyncConfig, options: Options, host: CliEnvironment) =>
  Effect.acquireUseRelease(
    Effect.gen(function* () {
      const before = yield* keptFile(host)
      yield* changeSettings(host, () => wantedOf(endpoint, key, options))
      return { before, settings, written: yield* keptFile(host) }
    }),
    () => decided(endpoint, settings, options, host),
    (kept, exit) =>
      Exit.isSuccess(exit) && exit.value === 0
        ? Effect.void
        : Effect.catchAll(Effect.zipRight(putBack(host, kept), apart(reloaded(host))), ({ message }) =>
            Effect.ignore(print(host.err, `han: ${plainLine(message)}\n`))
          )
  )

const wantedOf = (endpoint: URL, key: Redacted.Redacted, { includeContent, includePersonal }: Options): Wanted => ({
  enabled: false,
  endpoint: endpointText(endpoint),
  apiKey: Redacted.value(key),
  ...(includeContent !== undefined && { includeContent }),
  ...(includePersonal !== undefined && { includePersonal })
})

/** Runs in a fiber of its own, so that its time limit holds also where this one cannot be interrupted. */
const apart = <A, E, R>(effect: Effect.Effect<A, E, R>) => Effect.flatMap(Effect.forkDaemon(Effect.interruptible(effect)), Fiber.join)

const reloaded = (host: CliEnvironment) =>
  answered(
    host,
    "settings of sync",
    Effect.flatMap(SyncClient, ({ reload }) => reload)
  )
const statusOf = (host: CliEnvironment) =>
  answered(
    host,
    "status of sync",
    Effect.flatMap(SyncClient, ({ status }) => status)
  )

/** The exit code; not 0 when the connection is not wanted. */
const decided = (endpoint: URL, settings: SyncConfig, options: Options, host: CliEnvironment) =>
  Effect.gen(function* () {
    yield* reloaded(host)
    const { preview } = yield* SyncClient
    const would = yield* orExitCode(preview)
    const status = yield* statusOf(host)
    if (status.endpointHost !== null && ![endpoint.host, endpoint.hostname].includes(status.endpointHost))
      return yield* Effect.fail(overruled(`it sends to ${plainLine(status.endpointHost)}`))
    yield* print(host.err, consequences(endpoint, would, settings))
    if (!options.yes) {
      yield* print(host.err, "Send them, and what comes? [y/N] ")
      if (!(yield* Effect.promise(() => confirmed()))) {
        yield* print(host.err, "Nothing was changed, and nothing is sent by this.\n")
        return 1
      }
    }
    yield* changeSettings(host, () => ({ enabled: true }))
    yield* reloaded(host)
    const now: SyncStatus = yield* statusOf(host)
    if (!now.enabled) return yield* Effect.fail(overruled("it does not send"))
    yield* print(
      host.out,
      `Connected to ${endpoint.host}, workspace ${plainLine(would.workspace)}. \`han sync status\` shows how it stands, \`han sync disable\` ends it.\n`
    )
    return 0
  })

const overruled = (what: string) =>
  new CommandFailed(
    `the coordinator runs with HAN_SYNC_… in its environment, which overrule the settings: ${what}; \`han coordinator stop\` and start it without them. Nothing was changed`,
    badConfiguration
  )

/** Describes what leaves the machine when the answer is yes. */
const consequences = (endpoint: URL, would: SyncPreview, { enabled, endpoint: former }: SyncConfig): string => {
  const repositories = would.repositories.slice(0, named).map(plainLine)
  const more = would.repositories.length - repositories.length
  const lines = [
    `Sessions of this machine go to ${endpoint.host}, workspace ${plainLine(would.workspace)}:`,
    `  what          ${would.content ? "everything that was said, with secrets masked" : "numbers and names alone, no texts"}`,
    `  repositories  ${repositories.length === 0 ? "none yet" : repositories.join(", ")}${more > 0 ? `, and ${count(more)} more` : ""}`,
    `  now           ${counted(would.sessions, "session")} with ${counted(would.messages, "line")}, ${byteSize(would.bytes)}`
  ]
  if (former !== undefined && former !== endpointText(endpoint))
    lines.push(`This replaces ${plainLine(former)}${enabled === true ? ", which gets nothing more" : ""}; what it has stays there.`)
  return `${lines.join("\n")}\n`
}
