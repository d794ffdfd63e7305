// One cold pass over a corpus, in a process of its own: `IndexOnce.ts sqlite FILE CORPUS` or `postgres URL CORPUS`. Prints what it took as JSON.

import { fileURLToPath } from "node:url"
import * as Effect from "effect/Effect"
import * as Layer from "effect/Layer"
import * as Redacted from "effect/Redacted"
import * as Stream from "effect/Stream"
import * as Indexer from "han-core/Indexer"
import type { Journal } from "han-core/Journal"
import type { JournalWriter } from "han-core/JournalWriter"
import type { StoreUnusable } from "han-core/StoreError"
import * as TranscriptFiles from "han-core/TranscriptFiles"
import { Viewer } from "han-core/Viewer"
import * as PgStore from "han-sql/PgStore"
import * as SqliteStore from "han-sql/SqliteStore"
import { asStartedByHan, peakMemory } from "./Measure.ts"

export interface Outcome {
  readonly seconds: number
  readonly report: Indexer.IndexReport
  readonly peakBytes: number
}

/** Indexes `corpus` into an empty store, in a process of its own. */
export const indexOnce = async (store: "sqlite" | "postgres", location: string, corpus: string): Promise<Outcome> => {
  const child = Bun.spawn([process.execPath, "--conditions=han-source", fileURLToPath(import.meta.url), store, location, corpus], {
    env: { ...process.env, ...asStartedByHan },
    stdout: "pipe",
    stderr: "inherit"
  })
  const said = await new Response(child.stdout).text()
  if ((await child.exited) !== 0) throw new Error(`indexing ${corpus} failed`)
  return JSON.parse(said)
}

const storeAt = (store: string, location: string): Layer.Layer<Journal | JournalWriter, StoreUnusable> =>
  store === "postgres"
    ? Layer.unwrapEffect(Effect.as(PgStore.migrate({ url: Redacted.make(location) }), PgStore.layer({ url: Redacted.make(location) })))
    : SqliteStore.layer({ filename: location })

const main = (store: string, location: string, corpus: string) =>
  Effect.gen(function* () {
    const indexer = yield* Indexer.Indexer
    const began = performance.now()
    const last = yield* Stream.runLast(indexer.index)
    const seconds = (performance.now() - began) / 1000
    if (last._tag === "None" || last.value._tag !== "Indexed") return yield* Effect.dieMessage("the pass ended without a report")
    return { seconds, report: last.value.report, peakBytes: peakMemory() } satisfies Outcome
  }).pipe(
    Effect.provide(Indexer.layer.pipe(Layer.provide(TranscriptFiles.layer({ machine: "bench", roots: [{ path: corpus }] })))),
    Effect.provide(storeAt(store, location)),
    Effect.provide(Viewer.layerLocal)
  )

if (import.meta.main) {
  const [store = "", location = "", corpus = ""] = process.argv.slice(2)
  console.log(JSON.stringify(await Effect.runPromise(main(store, location, corpus))))
}
