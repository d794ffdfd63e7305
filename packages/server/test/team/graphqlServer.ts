import * as Context from "effect/Context"
import * as Effect from "effect/Effect"
import * as Exit from "effect/Exit"
import * as Layer from "effect/Layer"
import * as Redacted from "effect/Redacted"
import * as Scope from "effect/Scope"
import { type Client, createClient } from "graphql-ws"
import { type Append, JournalWriter } from "han-core/JournalWriter"
import { type PersonId, Viewer } from "han-core/Viewer"
import { ApiKeys, type CreatedKey, type KeyRequest, Slug, viewerOf } from "han-core/Workspaces"
import { type GraphqlRouteOptions, graphqlRoute } from "han-server/GraphqlRoute"
import * as TeamServer from "han-server/TeamServer"
import * as PgStore from "han-sql/PgStore"
import { createStoreDatabase } from "../../../../test/postgresStore.ts"

/** What a test reads of an answer: it has the shape of its question. */
export type Answer = ReturnType<typeof JSON.parse>

/** A person of a workspace, with a key. */
export interface Someone extends CreatedKey {
  readonly text: string
}

/** A team server in this process, over a database of its own. */
export interface GraphqlServer {
  readonly url: string
  readonly databaseUrl: string
  readonly run: <A, E>(effect: Effect.Effect<A, E, PgStore.PgServices>) => Promise<A>
  readonly someone: (workspace: string, name: string, more?: Partial<KeyRequest>) => Promise<Someone>
  /** Writes sessions as somebody's sync would. */
  readonly append: (who: Someone, ...appends: ReadonlyArray<Append>) => Promise<void>
  /** The status and the text of an answer. */
  readonly post: (
    key: string | null,
    query: string,
    variables?: Readonly<Record<string, unknown>>
  ) => Promise<{ readonly status: number; readonly text: string }>
  /** The answer, its errors included. */
  readonly ask: (key: string | null, query: string, variables?: Readonly<Record<string, unknown>>) => Promise<Answer>
  /** A WebSocket of somebody; it is opened when it is first asked for something. */
  readonly socket: (token: string, closed?: (code: number, reason: string) => void) => Client
  readonly close: () => Promise<void>
}

export const graphqlServer = async (name: string, options: GraphqlRouteOptions = {}): Promise<GraphqlServer> => {
  const database = await createStoreDatabase(name)
  const scope = Effect.runSync(Scope.make())
  const store = PgStore.layer({ url: Redacted.make(database.url), maxWaitMs: 60_000 })
  const server = Layer.unwrapScoped(Effect.map(graphqlRoute(options), (graphql) => TeamServer.layer({ host: "127.0.0.1", port: 0, graceMs: 100, ...graphql })))
  const services = await Effect.runPromise(Layer.buildWithScope(Layer.provideMerge(server, store), scope))
  const { url } = Context.get(services, TeamServer.TeamServer)
  const run: GraphqlServer["run"] = (effect) => Effect.runPromise(Effect.provide(effect, services))
  const post: GraphqlServer["post"] = async (key, query, variables = {}) => {
    const answer = await fetch(`${url}/graphql`, {
      method: "POST",
      headers: { "content-type": "application/json", ...(key !== null && { authorization: `Bearer ${key}` }) },
      body: JSON.stringify({ query, variables })
    })
    return { status: answer.status, text: await answer.text() }
  }
  return {
    url,
    databaseUrl: database.url,
    run,
    someone: async (workspace, person, more = {}) => {
      const created = await run(
        Effect.flatMap(ApiKeys, (keys) =>
          keys.create({
            workspace: Slug.make(workspace),
            person,
            owners: [{ host: "github.com", owner: workspace }],
            logins: [],
            scopes: ["sync:write", "read", "manage"],
            expiresAt: null,
            encryption: "off",
            ...more
          })
        )
      )
      return { ...created, text: Redacted.value(created.key) }
    },
    append: async ({ principal }, ...appends) => {
      for (const append of appends)
        await run(Effect.flatMap(JournalWriter, (journal) => journal.appendAll([append])).pipe(Effect.provideService(Viewer, viewerOf(principal))))
    },
    post,
    ask: async (...asked) => JSON.parse((await post(...asked)).text),
    socket: (token, closed) =>
      createClient({
        url: `${url.replace("http", "ws")}/graphql`,
        connectionParams: { token },
        retryAttempts: 0,
        on: {
          closed: (event) => {
            const { code, reason } = event as CloseEvent
            closed?.(code, reason)
          }
        }
      }),
    close: async () => {
      await Effect.runPromise(Scope.close(scope, Exit.void))
      await database.drop()
    }
  }
}

export const idOf = ({ principal }: Someone): PersonId => principal.person
