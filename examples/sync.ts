// Two stores over loopback: what one program indexes into SQLite arrives in another's PostgreSQL, line by line and each once.
import { randomBytes, randomUUID } from "node:crypto"
import { FetchHttpClient } from "@effect/platform"
import { Effect, Either, Layer, Logger, LogLevel, Redacted, Stream } from "effect"
import { Indexer, layer as layerIndexer } from "han-core/Indexer"
import { patternOf } from "han-core/Privacy"
import { Sessions } from "han-core/Sessions"
import { SyncClient } from "han-core/SyncClient"
import * as TranscriptFiles from "han-core/TranscriptFiles"
import { Viewer } from "han-core/Viewer"
import { ApiKeys, Slug, viewerOf } from "han-core/Workspaces"
import * as Sync from "han-server/Sync"
import { syncRoute } from "han-server/SyncRoute"
import { layer as layerServer, TeamServer } from "han-server/TeamServer"
import * as PgStore from "han-sql/PgStore"
import * as SqliteStore from "han-sql/SqliteStore"

const [root = "", filename = "", url = ""] = process.argv.slice(2)

/** What the receiving end has; its people have keys, and each key is of one workspace. */
const server = Effect.gen(function* () {
  const keys = yield* ApiKeys
  const asked = { workspace: Slug.make("acme"), person: "Ann", owners: [], logins: [], expiresAt: null, encryption: "off" } as const
  const { key, principal } = yield* keys.create({ ...asked, scopes: ["sync:write", "read"] })
  return { key, endpoint: (yield* TeamServer).url, viewer: viewerOf(principal) }
})

const program = Effect.gen(function* () {
  const { endpoint, key, viewer } = yield* server
  const received = Effect.flatMap(Sessions, (sessions) => sessions.count({})).pipe(Effect.provideService(Viewer, viewer))
  // A sender keeps its id and its secret outside its store: with them it goes on where it was after a loss.
  const identity = { clientId: randomUUID(), clientSecret: Redacted.make(new Uint8Array(randomBytes(32))), isNewClient: true }
  const remote = { endpoint, apiKey: key, ...identity }
  // Sessions go by the repository that they worked in; of a directory without one a person has to say it.
  const rules = { forceInclude: [Either.getOrThrow(patternOf("/home"))], forceExclude: [], includePersonal: false }
  const sender = Sync.layer({ remote, rules, machine: "here" }).pipe(Layer.provide([FetchHttpClient.layer, Viewer.layerLocal]))
  const files = TranscriptFiles.layer({ machine: "here", roots: [{ path: root }] })
  const local = Layer.merge(sender, layerIndexer.pipe(Layer.provide(files))).pipe(Layer.provideMerge(SqliteStore.layer({ filename })))
  const sent = Effect.gen(function* () {
    yield* Stream.runDrain((yield* Indexer).index)
    const sync = yield* SyncClient
    yield* sync.sync({})
    return (yield* sync.status).eligibleSessions
  }).pipe(Effect.provide(local), Effect.provide(Viewer.layerLocal))
  console.log("sent", yield* sent, "received", yield* received)
})

const store = PgStore.layer({ url: Redacted.make(url) })
await Effect.runPromise(PgStore.migrate({ url: Redacted.make(url) }))
const serving = layerServer({ host: "127.0.0.1", port: 0, routes: syncRoute() }).pipe(Layer.provideMerge(store))
await Effect.runPromise(Effect.provide(program, Layer.provideMerge(serving, Logger.minimumLogLevel(LogLevel.Error))))
