import { randomBytes, randomUUID } from "node:crypto"
import * as FetchHttpClient from "@effect/platform/FetchHttpClient"
import { assert, describe, it } from "@effect/vitest"
import * as Context from "effect/Context"
import * as Effect from "effect/Effect"
import * as Layer from "effect/Layer"
import * as Redacted from "effect/Redacted"
import * as Stream from "effect/Stream"
import { DirectoryWriter } from "han-core/Directories"
import { Journal } from "han-core/Journal"
import { Sessions } from "han-core/Sessions"
import { SyncClient } from "han-core/SyncClient"
import { Usage } from "han-core/Usage"
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

const remote = "github.com/acme/shop"

/** A team server with one workspace and a key for it. */
const server = Effect.gen(function* () {
  const database = yield* Effect.acquireRelease(
    Effect.promise(() => createStoreDatabase("sync")),
    ({ drop }) => Effect.promise(drop)
  )
  const services = yield* Layer.build(
    TeamServer.layer({ host: "127.0.0.1", port: 0, routes: syncRoute }).pipe(
      Layer.provideMerge(PgStore.layer({ url: Redacted.make(database.url), maxWaitMs: 60_000 }))
    )
  )
  const { key, principal } = yield* Context.get(services, ApiKeys).create({
    workspace: Slug.make("acme"),
    person: "Ann",
    owners: [{ host: "github.com", owner: "acme" }],
    logins: [],
    scopes: ["sync:write", "read"],
    expiresAt: null,
    encryption: "off"
  })
  return { services, key, viewer: viewerOf(principal), url: Context.get(services, TeamServer.TeamServer).url }
})

const identity = () => ({ clientId: randomUUID(), clientSecret: Redacted.make(new Uint8Array(randomBytes(32))), isNewClient: true })

/** A client with a store of its own. */
const client = (url: string, apiKey: Redacted.Redacted, as: ReturnType<typeof identity>, store = SqliteStore.layer({ filename: ":memory:" })) =>
  Layer.build(
    Sync.layer({ remote: { endpoint: url, apiKey, ...as }, machine: "test" }).pipe(
      Layer.provideMerge(store),
      Layer.provide([FetchHttpClient.layer, Viewer.layerLocal])
    )
  )

const fill = (seed: number) =>
  Effect.gen(function* () {
    const journal = yield* wholeJournal
    const { appends } = corpus({ seed, sessions: 6, lines: 120, chaos: true })
    yield* journal.appendAll(appends)
    const { note } = yield* DirectoryWriter
    for (const { cwd, machine } of (yield* (yield* Sessions).list({}, { first: 50 })).items.map(({ node }) => node))
      if (cwd !== null) yield* note({ machine, path: cwd }, { remote, root: cwd, worktreeOf: null, defaultBranch: "main" })
    return appends
  })

const everything = Effect.gen(function* () {
  const journal = yield* Journal
  const found = new Map<string, string>()
  for (const { id } of yield* journal.transcripts()) {
    const pieces = yield* Stream.runCollect(journal.bytes(id))
    found.set(id, Buffer.concat([...pieces]).toString("utf8"))
  }
  return found
})

describe("a client and a team server", () => {
  it.scopedLive(
    "Every line of every session arrives once, and a second run sends nothing",
    () =>
      Effect.gen(function* () {
        const { key, services, url, viewer } = yield* server
        const here = yield* client(url, key, identity())
        const local = Effect.provide(Context.add(here, Viewer, Viewer.local))
        yield* fill(3).pipe(local)
        const { status, sync, verify } = Context.get(here, SyncClient)
        yield* sync({}).pipe(local)
        const sent = yield* everything.pipe(local)
        const received = yield* everything.pipe(Effect.provide(Context.add(services, Viewer, viewer)))
        assert.deepStrictEqual([...received].toSorted(), [...sent].toSorted())
        assert.deepStrictEqual((yield* sync({}).pipe(local)).sent, 0)
        assert.isTrue((yield* verify.pipe(local)).same)
        const now = yield* status.pipe(local)
        const lines = [...sent.values()].reduce((sum, text) => sum + text.split("\n").length - 1, 0)
        assert.deepStrictEqual([now.state, now.pendingMessages, now.totals.messages, now.workspace], ["IDLE", 0, lines, "acme"])
        const [own, theirs] = [
          yield* Effect.flatMap(Usage, (usage) => usage.report({ by: "session" })).pipe(local),
          yield* Effect.flatMap(Usage, (usage) => usage.report({ by: "session" })).pipe(Effect.provide(Context.add(services, Viewer, viewer)))
        ]
        assert.deepStrictEqual(theirs, own)
      }),
    120_000
  )
})
