// A program with a journal of its own: indexes a configuration folder once, and asks what it found.
import { Effect, Layer, Stream } from "effect"
import { Indexer, layer as layerIndexer } from "han-core/Indexer"
import { Search } from "han-core/Search"
import * as TranscriptFiles from "han-core/TranscriptFiles"
import { Viewer } from "han-core/Viewer"
import * as SqliteStore from "han-sql/SqliteStore"

const [root = "", filename = ":memory:", text = ""] = process.argv.slice(2)

const program = Effect.gen(function* () {
  yield* Stream.runDrain((yield* Indexer).index)
  const page = yield* (yield* Search).messages({ text }, { first: 5 })
  for (const { node } of page.items) console.log(`${node.sessionId} ${node.excerpt}`)
})

const store = SqliteStore.layer({ filename })
const files = TranscriptFiles.layer({ machine: "here", roots: [{ path: root }] })
await Effect.runPromise(Effect.provide(program, layerIndexer.pipe(Layer.provide(files), Layer.provideMerge(store), Layer.merge(Viewer.layerLocal))))
