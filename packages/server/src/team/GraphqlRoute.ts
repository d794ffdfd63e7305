/**
 * `/graphql` for a team server: POST, server-sent events and WebSockets, each request on behalf of whoever it shows itself to be.
 *
 * @example
 * ```ts
 * import * as Effect from "effect/Effect"
 * import * as Layer from "effect/Layer"
 * import * as Redacted from "effect/Redacted"
 * import { graphqlRoute } from "han-server/GraphqlRoute"
 * import * as TeamServer from "han-server/TeamServer"
 * import * as PgStore from "han-sql/PgStore"
 *
 * const server = Layer.unwrapScoped(Effect.map(graphqlRoute(), (graphql) => TeamServer.layer({ host: "127.0.0.1", port: 41957, ...graphql })))
 * const store = PgStore.layer({ url: Redacted.make(process.env.DATABASE_URL ?? "") })
 *
 * await Effect.runPromise(Layer.launch(Layer.provide(server, store)))
 * ```
 */

import * as HttpRouter from "@effect/platform/HttpRouter"
import * as HttpServerRequest from "@effect/platform/HttpServerRequest"
import * as HttpServerResponse from "@effect/platform/HttpServerResponse"
import * as Effect from "effect/Effect"
import * as Runtime from "effect/Runtime"
import type * as EffectScope from "effect/Scope"
import { GraphQLError } from "graphql"
import type { ApiKeys } from "han-core/Workspaces"
import * as Execution from "han-graphql/Execution"
import * as GraphqlHttp from "han-graphql/GraphqlHttp"
import type { GraphqlRequirements, TeamRequirements } from "han-graphql/GraphqlRequirements"
import * as GraphqlSocket from "han-graphql/GraphqlSocket"
import { machine } from "han-graphql/Machine"
import { makeSchema } from "han-graphql/Schema"
import * as Defect from "../home/Defect.ts"
import { type Asking, type Authenticate, answerOf, byApiKey, entrance, type Refusal, type Viewing } from "./Entrance.ts"
import { graphqlSockets } from "./graphqlSockets.ts"
import * as OpenConnections from "./openConnections.ts"
import type { TeamSockets } from "./TeamServer.ts"
import { teamContexts } from "./teamContexts.ts"

/** Who is let in, and the limits of each person. */
export interface GraphqlRouteOptions<R = never> {
  /** `byApiKey` if absent. */
  readonly authenticate?: Authenticate<R> | undefined
  /** Connections that one person keeps open, WebSockets and streams of events together; 40 if absent. */
  readonly maxConnections?: number | undefined
  /** Subscriptions of one person at the same time, in this process; 500 if absent. */
  readonly maxSubscriptions?: number | undefined
  /** Milliseconds between two looks at whether open connections still may be; 2,500 if absent. */
  readonly lookMs?: number | undefined
}

/** The route, for `TeamServer.layer`. */
export interface GraphqlRoute {
  readonly routes: HttpRouter.HttpRouter
  readonly sockets: TeamSockets<unknown>
}

type Requirements = ApiKeys | GraphqlRequirements | TeamRequirements

/** Makes the route over the services of a store. Its subscriptions end when the scope closes. */
export const graphqlRoute = <R = never>(options: GraphqlRouteOptions<R> = {}): Effect.Effect<GraphqlRoute, never, EffectScope.Scope | R | Requirements> =>
  Effect.gen(function* () {
    const runtime = yield* Effect.runtime<R | Requirements>()
    const watched = OpenConnections.make()
    const contexts = yield* teamContexts
    const execution = Execution.make<Viewing>({
      schema: makeSchema({ machine }),
      contextOf: contexts.contextOf,
      joinedAs: ({ principal }) => OpenConnections.rightsOf(principal),
      admit: admission(watched, options),
      onDefect: (defect, id) => Runtime.runFork(runtime)(Effect.annotateLogs(Effect.logError("a field died", Defect.inWords(defect)), { id }))
    })
    const authenticate: Authenticate<R | ApiKeys> = options.authenticate ?? byApiKey
    const letIn = entrance((asking) => Effect.provide(authenticate(asking), runtime))
    const http = GraphqlHttp.make({ execution, maxStreams: 10_000 })
    const sockets = graphqlSockets({
      watched,
      maxConnections: options.maxConnections ?? 40,
      letIn: (asking) => Runtime.runPromise(runtime)(Effect.either(letIn(asking))),
      graphqlOf: (viewerOf) =>
        GraphqlSocket.make({
          execution,
          viewerOf,
          refusal: "`token` of connection_init is missing, or no API key of this server that is good",
          maxOperations: 100,
          onDefect: (defect) => Runtime.runFork(runtime)(Effect.logError("a WebSocket died", Defect.inWords(defect)))
        })
    })
    yield* Effect.addFinalizer(() => Effect.sync(() => http.close()))
    yield* watched.look.pipe(Effect.delay(options.lookMs ?? 2500), Effect.forever, Effect.forkScoped)
    const closeAll = () => {
      sockets.closeAll()
      http.close()
    }
    return {
      routes: HttpRouter.empty.pipe(HttpRouter.post("/graphql", posted(letIn, http))),
      sockets: { ...sockets, closeAll }
    }
  })

const posted = (letIn: (asking: Asking) => Effect.Effect<Viewing, Refusal>, http: GraphqlHttp.GraphqlHttp<Viewing>) =>
  Effect.gen(function* () {
    const request = yield* HttpServerRequest.HttpServerRequest
    const source = request.source
    if (!(source instanceof Request)) return yield* Effect.dieMessage("a request that did not come over HTTP")
    const ended = new AbortController()
    const client = request.remoteAddress._tag === "Some" ? request.remoteAddress.value : ""
    const response = yield* letIn({ headers: source.headers, client }).pipe(
      Effect.flatMap((viewing) =>
        Effect.promise(() => http.handle(source, { ...viewing, endStream: () => ended.abort() }, AbortSignal.any([source.signal, ended.signal])))
      ),
      Effect.catchAll((refusal) => Effect.succeed(answerOf(refusal)))
    )
    return HttpServerResponse.raw(response, { status: response.status })
  })

/** Holds people to their number of subscriptions, and watches over the streams that have no WebSocket. */
const admission = (watched: OpenConnections.OpenConnections, { maxConnections = 40, maxSubscriptions = 500 }: GraphqlRouteOptions<unknown>) => {
  const counts = new Map<string, number>()
  return (viewing: Viewing): GraphQLError | (() => void) => {
    const person = OpenConnections.personOf(viewing.principal)
    const count = counts.get(person) ?? 0
    if (count >= maxSubscriptions) return tooMany(`you have ${maxSubscriptions} subscriptions already; end some`)
    if (viewing.endStream !== undefined && watched.of(viewing.principal) >= maxConnections)
      return tooMany(`you have ${maxConnections} connections open already; close some`)
    counts.set(person, count + 1)
    const release = viewing.endStream === undefined ? () => {} : watched.hold(viewing, viewing.endStream)
    return () => {
      release()
      const left = (counts.get(person) ?? 1) - 1
      if (left === 0) counts.delete(person)
      else counts.set(person, left)
    }
  }
}

const tooMany = (message: string) => new GraphQLError(message, { extensions: { code: "TooMany" } })
