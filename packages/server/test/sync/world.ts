import { randomBytes, randomUUID } from "node:crypto"
import * as FetchHttpClient from "@effect/platform/FetchHttpClient"
import * as HttpClient from "@effect/platform/HttpClient"
import * as HttpClientError from "@effect/platform/HttpClientError"
import * as Context from "effect/Context"
import * as Effect from "effect/Effect"
import * as Layer from "effect/Layer"
import * as Redacted from "effect/Redacted"
import * as Stream from "effect/Stream"
import { DirectoryWriter } from "han-core/Directories"
import { Journal } from "han-core/Journal"
import { Sessions } from "han-core/Sessions"
import { Viewer } from "han-core/Viewer"
import { ApiKeys, Slug, viewerOf } from "han-core/Workspaces"
import * as PgStore from "han-sql/PgStore"
import * as SqliteStore from "han-sql/SqliteStore"
import { createStoreDatabase } from "../../../../test/postgresStore.ts"
import { corpus } from "../../../../test/transcriptFiles.ts"
import { wholeJournal } from "../../../../test/wholeJournal.ts"
import * as Sync from "../../src/sync/Sync.ts"
import { syncRoute } from "../../src/team/SyncRoute.ts"
import * as TeamServer from "../../src/team/TeamServer.ts"

export const remote = "github.com/acme/shop"

/** A team server over a database of its own. */
export const server = Effect.gen(function* () {
  const database = yield* Effect.acquireRelease(
    Effect.promise(() => createStoreDatabase("sync")),
    ({ drop }) => Effect.promise(drop)
  )
  const services = yield* Layer.build(
    TeamServer.layer({ host: "127.0.0.1", port: 0, routes: syncRoute({ rate: { perSecond: 1000, burst: 10_000 } }) }).pipe(
      Layer.provideMerge(PgStore.layer({ url: Redacted.make(database.url), maxWaitMs: 60_000 }))
    )
  )
  return { services, database: database.url, url: Context.get(services, TeamServer.TeamServer).url }
})
export type Server = Effect.Effect.Success<typeof server>

/** A workspace of the server, made with a key for its first person. */
export const workspace = ({ services }: Server, slug = "acme") =>
  Effect.map(
    Context.get(services, ApiKeys).create({
      workspace: Slug.make(slug),
      person: "Ann",
      owners: [{ host: "github.com", owner: "acme" }],
      logins: [],
      scopes: ["sync:write", "read"],
      expiresAt: null,
      encryption: "off"
    }),
    ({ key, principal }) => ({ key, asked: Effect.provide(Context.add(services, Viewer, viewerOf(principal))) })
  )

export const identity = (isNewClient = true) => ({ clientId: randomUUID(), clientSecret: Redacted.make(new Uint8Array(randomBytes(32))), isNewClient })

/** What happens to a request: it goes through; it, or the answer to it, is lost; it arrives twice. */
export type Fate = "through" | "lost" | "answer lost" | "twice"

/** Sends requests on, each to its fate, and keeps the bodies that arrived. */
export const network = (fates: () => Fate, bodies: Array<Uint8Array> = []) =>
  Layer.effect(
    HttpClient.HttpClient,
    Effect.map(HttpClient.HttpClient, (client) =>
      HttpClient.make((request) => {
        const fate = fates()
        const broken = new HttpClientError.RequestError({ request, reason: "Transport", description: fate })
        if (request.body._tag === "Uint8Array") bodies.push(request.body.body)
        if (fate === "lost") return Effect.fail(broken)
        const going = client.execute(request)
        if (fate === "twice") return Effect.zipRight(Effect.scoped(Effect.flatMap(going, ({ text }) => text)), going)
        if (fate === "answer lost") return Effect.zipRight(Effect.scoped(Effect.flatMap(going, ({ text }) => text)), Effect.fail(broken))
        return going
      })
    )
  ).pipe(Layer.provide(FetchHttpClient.layer))

/** A store with a client over it. */
export const client = (
  options: Omit<Sync.SyncOptions, "machine"> & { readonly machine?: string },
  net: Layer.Layer<HttpClient.HttpClient> = FetchHttpClient.layer
) =>
  Effect.gen(function* () {
    const store = yield* Layer.build(SqliteStore.layer({ filename: ":memory:" }))
    return yield* clientOver(store, options, net)
  })

/** A client over a store that is there: as the one of a process that started again. */
export const clientOver = (
  store: Context.Context<Layer.Layer.Success<ReturnType<typeof SqliteStore.layer>>>,
  options: Omit<Sync.SyncOptions, "machine"> & { readonly machine?: string },
  net: Layer.Layer<HttpClient.HttpClient> = FetchHttpClient.layer
) =>
  Effect.map(
    Layer.build(Sync.layer({ interval: "1 day", machine: "test", ...options }).pipe(Layer.provide([Layer.succeedContext(store), net, Viewer.layerLocal]))),
    (sync) => {
      const all = Context.merge(store, sync)
      return { store, all, local: Effect.provide(Context.add(all, Viewer, Viewer.local)) }
    }
  )

/** Sessions of a corpus, in a checkout of `of`. */
export const fill = (seed: number, of: string | null = remote, size: { readonly sessions: number; readonly lines: number } = { sessions: 6, lines: 120 }) =>
  Effect.gen(function* () {
    const journal = yield* wholeJournal
    const { appends } = corpus({ seed, ...size, chaos: true })
    yield* journal.appendAll(appends)
    yield* probed(of)
    return appends
  })

/** Notes a remote of every directory that sessions worked in. */
export const probed = (of: string | null) =>
  Effect.gen(function* () {
    const { note } = yield* DirectoryWriter
    for (const { cwd, machine } of (yield* (yield* Sessions).list({}, { first: 100 })).items.map(({ node }) => node))
      if (cwd !== null) yield* note({ machine, path: cwd }, { remote: of, root: cwd, worktreeOf: null, defaultBranch: "main" })
  })

/** The text of every transcript, by its id. */
export const everything = Effect.gen(function* () {
  const journal = yield* Journal
  const found = new Map<string, string>()
  for (const { id } of yield* journal.transcripts()) {
    const pieces = yield* Stream.runCollect(journal.bytes(id))
    found.set(id, Buffer.concat([...pieces]).toString("utf8"))
  }
  return [...found].toSorted()
})
