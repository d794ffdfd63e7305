import { mkdirSync, mkdtempSync, realpathSync, rmSync, writeFileSync } from "node:fs"
import { tmpdir } from "node:os"
import * as path from "node:path"
import * as Context from "effect/Context"
import * as Effect from "effect/Effect"
import * as Layer from "effect/Layer"
import * as Stream from "effect/Stream"
import { transcriptFileId } from "han-core/Entry"
import * as Indexer from "han-core/Indexer"
import * as TranscriptFiles from "han-core/TranscriptFiles"
import type { Transcripts } from "han-core/Transcripts"
import { Viewer } from "han-core/Viewer"
import * as SqliteStore from "han-sql/SqliteStore"
import { type JournalServices, wholeJournal } from "./wholeJournal.ts"

/** A folder of its own for one test, removed with its scope. */
export const temporary = Effect.acquireRelease(
  Effect.sync(() => realpathSync(mkdtempSync(path.join(tmpdir(), "han-indexer-")))),
  (folder) => Effect.sync(() => rmSync(folder, { recursive: true, force: true }))
)

export const put = (file: string, text: string | Uint8Array): string => {
  mkdirSync(path.dirname(file), { recursive: true })
  writeFileSync(file, text)
  return file
}

export const session = (number: number): string => `11111111-1111-4111-8111-${String(number).padStart(12, "0")}`

/** One line as a client writes it, of any length. */
export const line = (text: string): string =>
  `${JSON.stringify({ type: "user", uuid: text.slice(0, 40), timestamp: "2026-03-01T10:00:01.000Z", message: { role: "user", content: text } })}\n`

export interface ArchiveOptions extends Partial<TranscriptFiles.TranscriptFilesOptions> {
  readonly filename?: string
  /** What stands between the indexer and its sources. */
  readonly around?: (layer: Layer.Layer<Transcripts | JournalServices>) => Layer.Layer<Transcripts | JournalServices>
}

/** An indexer over real files and a real store, with questions that tests ask. */
export const archive = Effect.fn(function* (root: string, options: ArchiveOptions = {}) {
  const sources: Layer.Layer<Transcripts | JournalServices> = Layer.merge(
    TranscriptFiles.layer({ machine: "m", roots: [{ path: root }], debounceMs: 10, pollMs: 50, maxRestMs: 20, ...options }),
    Layer.orDie(SqliteStore.layer({ filename: options.filename ?? ":memory:" }))
  )
  const context = yield* Layer.build(Indexer.layer.pipe(Layer.provideMerge((options.around ?? ((layer) => layer))(sources)), Layer.merge(Viewer.layerLocal)))
  const built = Context.get(context, Indexer.Indexer)
  const indexer = { ...built, status: Effect.orDie(built.status) }
  const { follow } = Context.get(context, Indexer.IndexerFollow)
  const journal = yield* Effect.provide(wholeJournal, context)
  const run = <A, E>(effect: Effect.Effect<A, E, Viewer>) => Effect.orDie(Effect.provideService(effect, Viewer, Viewer.local))

  const pass = run(Stream.runCollect(indexer.index)).pipe(
    Effect.map((progress) => {
      const last = [...progress].at(-1)
      if (last?._tag !== "Indexed") throw new Error("a pass ends with its report")
      return last.report
    })
  )
  /** Every generation of every file, by the end of its identity: the text that was kept. */
  const kept = run(
    Effect.gen(function* () {
      const all: Record<string, Array<string>> = {}
      for (const { id, transcript } of yield* journal.transcripts()) {
        const pieces = [...(yield* Stream.runCollect(journal.bytes(id)))]
        const name = transcriptFileId(transcript).split("/").slice(-2).join("/")
        all[name] = [...(all[name] ?? []), Buffer.concat(pieces).toString("latin1")]
      }
      return all
    })
  )
  const infos = run(journal.transcripts())
  return { indexer, follow, journal, run, pass, kept, infos }
})

/** Waits until it is so; after a time that no working machine needs, fails with what it saw last. */
export const eventually = <A>(look: Effect.Effect<A>, holds: (value: A) => boolean): Effect.Effect<A> =>
  Effect.gen(function* () {
    const deadline = Date.now() + 20_000
    for (;;) {
      const value = yield* look
      if (holds(value)) return value
      if (Date.now() > deadline) throw new Error(`still not so: ${JSON.stringify(value).slice(0, 4000)}`)
      yield* Effect.sleep(10)
    }
  })
