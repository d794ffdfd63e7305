import * as Fs from "node:fs"
import * as Path from "node:path"
import * as Context from "effect/Context"
import * as Effect from "effect/Effect"
import * as Exit from "effect/Exit"
import * as Layer from "effect/Layer"
import * as Scope from "effect/Scope"
import * as Home from "han-server/Home"
import * as HttpServer from "han-server/unstable/HttpServer"
import { folder } from "../../../test/temporary.ts"
import { type Seen, source } from "../../../test/transportSchema.ts"

export interface Served {
  readonly home: Home.Home
  readonly port: number
  readonly url: string
  readonly token: string
  readonly seen: Seen
  readonly openUrl: Effect.Effect<string>
  /** Ends it in good order, before its scope does. */
  readonly end: Effect.Effect<void>
}

/** The HTTP server of a home of its own, with the schema of the transports' tests. */
export const served = (options: Partial<HttpServer.Options> = {}): Effect.Effect<Served, never, Scope.Scope> =>
  Effect.gen(function* () {
    const home = yield* Home.open(Path.join(yield* folder, "han"))
    const { contextOf, schema, seen } = source()
    const scope = yield* Effect.acquireRelease(Scope.make(), (scope) => Scope.close(scope, Exit.void))
    const services = yield* Layer.buildWithScope(
      HttpServer.layer({ home, port: 0, optional: false, graphql: async () => ({ schema, contextOf }), ...options }),
      scope
    )
    const { openUrl, state } = Context.get(services, HttpServer.HttpServer)
    if (state.state === "off") return yield* Effect.dieMessage(state.reason)
    const token = Fs.readFileSync(home.token, "utf8").trim()
    return { home, port: state.port, url: state.url, token, seen, openUrl: Effect.orDie(openUrl), end: Scope.close(scope, Exit.void) }
  }).pipe(Effect.orDie)
