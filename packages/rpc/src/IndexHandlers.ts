import * as Effect from "effect/Effect"
import * as Stream from "effect/Stream"
import { Indexer } from "han-core/Indexer"
import { IndexRpcs } from "./IndexRpcs.ts"

export const layer = IndexRpcs.toLayer(
  Effect.map(Indexer, (indexer) =>
    IndexRpcs.of({
      // Progress that nobody reads is dropped, oldest first: a client that stands still must not hold up the pass. The report is last, so it stays.
      "Indexer.index": () => Stream.buffer(indexer.index, { capacity: 16, strategy: "sliding" }),
      "Indexer.status": () => indexer.status
    })
  )
)
