import * as Effect from "effect/Effect"
import * as Either from "effect/Either"
import { print } from "../../coordinator/CoordinatorClient.ts"
import { report } from "../../coordinator/Report.ts"
import type { CliEnvironment } from "../../environment/CliEnvironment.ts"
import { CommandFailed } from "../../environment/CommandFailed.ts"
import type { OutputClosed } from "../../environment/Output.ts"
import { toJson } from "../../terminal/PlainText.ts"
import { endpointOf, endpointText } from "../sync/syncEndpoint.ts"
import { badConfiguration, keyRefused } from "../sync/syncExitCode.ts"
import { readSettings } from "../sync/syncSettings.ts"

/** Asks the team server, on behalf of whoever the key is of. Fails with what the server says is wrong. */
export type AskServer = <A>(query: string, variables?: Readonly<Record<string, unknown>>) => Effect.Effect<A, CommandFailed>

const setting = (host: CliEnvironment, name: string): string | undefined => host.environment[name] || undefined

const missing = (what: string, variable: string) =>
  new CommandFailed(`${what} is not known; \`han sync enable\` connects to a team server, or set ${variable}`, badConfiguration)

/** The server and the key of sync: those of the environment, else of config.json. */
const connection = Effect.fnUntraced(function* (host: CliEnvironment) {
  const settings = yield* readSettings(host)
  const endpoint = setting(host, "HAN_SYNC_ENDPOINT") ?? settings.endpoint
  const key = setting(host, "HAN_SYNC_API_KEY") ?? settings.apiKey
  if (endpoint === undefined) return yield* Effect.fail(missing("the team server", "HAN_SYNC_ENDPOINT"))
  if (key === undefined) return yield* Effect.fail(missing("the key", "HAN_SYNC_API_KEY"))
  const url = endpointOf(endpoint)
  if (Either.isLeft(url)) return yield* Effect.fail(new CommandFailed(`the endpoint of the team server: ${url.left}`, badConfiguration))
  return { url: `${endpointText(url.right)}/graphql`, key }
})

interface Answer {
  readonly data?: unknown
  readonly errors?: ReadonlyArray<{ readonly message: string; readonly extensions?: { readonly code?: string } }>
}

const asking =
  (host: CliEnvironment, { key, url }: { readonly url: string; readonly key: string }): AskServer =>
  <A>(query: string, variables: Readonly<Record<string, unknown>> = {}) =>
    Effect.gen(function* () {
      const { status, text } = yield* Effect.tryPromise({
        try: async () => {
          const answer = await fetch(url, {
            method: "POST",
            redirect: "error",
            headers: { "content-type": "application/json", authorization: `Bearer ${key}` },
            body: JSON.stringify({ query, variables }),
            signal: AbortSignal.timeout(host.answerTimeoutMs)
          })
          return { status: answer.status, text: await answer.text() }
        },
        catch: () => new CommandFailed(`${url} does not answer; check the network, and that the server runs`)
      })
      const answer = yield* Effect.try({
        try: (): Answer => JSON.parse(text),
        catch: () => new CommandFailed(`what answers at ${url} is no team server of han (status ${status})`, badConfiguration)
      })
      const [error] = answer.errors ?? []
      if (error !== undefined)
        return yield* Effect.fail(
          new CommandFailed(`the team server: ${error.message}`, status === 401 || status === 403 || error.extensions?.code === "NotAllowed" ? keyRefused : 1)
        )
      return answer.data as A
    })

/** Runs a command against the team server. */
export const atServer = async (host: CliEnvironment, program: (ask: AskServer) => Effect.Effect<string, CommandFailed | OutputClosed>): Promise<number> => {
  const done = await Effect.runPromise(
    Effect.either(
      Effect.gen(function* () {
        const text = yield* program(asking(host, yield* connection(host)))
        yield* print(host.out, text)
      })
    )
  )
  return Either.isLeft(done) ? report(host, done.left) : 0
}

/** The output of `--json`. */
export const asJson = (value: object): string => `${toJson(value)}\n`
