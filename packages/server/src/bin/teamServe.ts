import * as HttpRouter from "@effect/platform/HttpRouter"
import * as Context from "effect/Context"
import * as Deferred from "effect/Deferred"
import * as Effect from "effect/Effect"
import * as Layer from "effect/Layer"
import type * as Scope from "effect/Scope"
import { redactor } from "han-core/Redaction"
import type { StoreUnusable } from "han-core/StoreError"
import { version } from "han-rpc/Version"
import * as PgStore from "han-sql/PgStore"
import * as Log from "../home/Log.ts"
import { isLoopback } from "../loopback/isLoopback.ts"
import { accessTokens, authRoutes } from "../team/auth/AuthRoutes.ts"
import { authenticate } from "../team/auth/authenticate.ts"
import * as EmbeddedPostgres from "../team/EmbeddedPostgres.ts"
import { graphqlRoute } from "../team/GraphqlRoute.ts"
import { syncRoute } from "../team/SyncRoute.ts"
import * as TeamServer from "../team/TeamServer.ts"
import { onSignals } from "./signals.ts"
import type { SignInConfiguration } from "./signInConfiguration.ts"
import type { DatabaseUrls, Environment, ServeConfiguration } from "./teamConfiguration.ts"

/** Serves until a signal comes, or the embedded database ends. Its log is lines of JSON on the standard output. Succeeds with the exit code. */
export const serve = (configuration: ServeConfiguration, embedded: string | undefined, environment: Environment) =>
  Effect.scoped(
    Effect.gen(function* () {
      const stopping = yield* Deferred.make<string>()
      yield* onSignals(stopping)
      const broken = yield* Deferred.make<string>()
      const database = configuration.database ?? (yield* ownDatabase(embedded ?? "", broken))
      const { host, port, publicUrl, signIn, trustedProxies } = configuration
      const ways = signIn === undefined ? undefined : waysIn(signIn, publicUrl)
      const services = yield* Layer.build(
        Layer.unwrapScoped(
          Effect.map(graphqlRoute({ authenticate: ways?.authenticate }), ({ routes, sockets }) => {
            const all = HttpRouter.concat(syncRoute(), HttpRouter.concat(routes, ways?.routes ?? HttpRouter.empty))
            return TeamServer.layer({ host, port, publicUrl, trustedProxies, routes: all, sockets })
          })
        ).pipe(Layer.provide(PgStore.layer(database)))
      )
      const { url } = Context.get(services, TeamServer.TeamServer)
      yield* Effect.annotateLogs(Effect.logInfo("listening"), {
        url,
        version,
        pid: process.pid,
        ...(publicUrl === undefined ? {} : { publicUrl: publicUrl.origin })
      })
      if (!isLoopback(host) && publicUrl?.protocol !== "https:")
        yield* Effect.logWarning(
          `others reach ${host}, and HAN_PUBLIC_URL names no https address: keys and sessions go over the network in the clear, unless a proxy in front encrypts`
        )
      return yield* Effect.raceFirst(
        Effect.flatMap(Deferred.await(stopping), (signal) => Effect.as(Effect.annotateLogs(Effect.logInfo("stopping"), { signal }), 0)),
        Effect.flatMap(Deferred.await(broken), (said) => Effect.as(Effect.annotateLogs(Effect.logError("the embedded PostgreSQL ended"), { said }), 1))
      )
    })
  ).pipe(Effect.provide(layerLog(environment)))

/** The pages on which people sign in, and who they are from then on. */
const waysIn = (signIn: SignInConfiguration, publicUrl: URL | undefined) => {
  const options = { ...signIn, publicUrl, tokens: accessTokens(signIn.keys, publicUrl?.origin ?? localIssuer) }
  return { routes: authRoutes(options), authenticate: authenticate(options) }
}
/** Who issues tokens of a server that has no address of its own. */
const localIssuer = "urn:han:local"

/** The embedded database, with tables of this version. */
const ownDatabase = (
  folder: string,
  broken: Deferred.Deferred<string>
): Effect.Effect<DatabaseUrls, EmbeddedPostgres.EmbeddedUnusable | StoreUnusable, Scope.Scope> =>
  Effect.gen(function* () {
    const { ended, url } = yield* EmbeddedPostgres.start(folder)
    yield* Effect.forkScoped(Effect.flatMap(ended, (said) => Deferred.succeed(broken, said)))
    yield* PgStore.migrate({ url })
    yield* Effect.annotateLogs(Effect.logWarning("the database is the embedded one, for trying out: back up what you want to keep"), { folder })
    return { url }
  })

/** Without what the environment keeps secret, and whatever else looks like a secret. */
const layerLog = (environment: Environment) =>
  Log.layerLines(
    (line) => void process.stdout.write(line),
    redactor(Object.fromEntries(Object.entries(environment).flatMap(([name, value]) => (value === undefined ? [] : [[name, value]])))).text
  )
