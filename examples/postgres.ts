// The same store on PostgreSQL, for many owners: the layer is the only line that differs.
import { Effect, Layer, Redacted, Stream } from "effect"
import { Indexer, layer as layerIndexer } from "han-core/Indexer"
import { Sessions } from "han-core/Sessions"
import * as TranscriptFiles from "han-core/TranscriptFiles"
import { OwnerId, Viewer } from "han-core/Viewer"
import * as PgStore from "han-sql/PgStore"

const [root = "", url = ""] = process.argv.slice(2)

const as = (owner: string) => Effect.provideService(Viewer, { owner: OwnerId.make(owner), person: null })
const program = Effect.gen(function* () {
  yield* Stream.runDrain((yield* Indexer).index).pipe(as("alice"))
  const sessions = yield* Sessions
  console.log("alice", yield* sessions.count({}).pipe(as("alice")))
  console.log("bob", yield* sessions.count({}).pipe(as("bob")))
})

const store = PgStore.layer({ url: Redacted.make(url) })
const files = TranscriptFiles.layer({ machine: "here", roots: [{ path: root }] })
// Once for a database and each version of han; a login with fewer rights is enough from then on.
await Effect.runPromise(PgStore.migrate({ url: Redacted.make(url) }))
await Effect.runPromise(Effect.provide(program, layerIndexer.pipe(Layer.provide(files), Layer.provideMerge(store))))
