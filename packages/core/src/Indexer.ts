import * as Context from "effect/Context"
import type * as Effect from "effect/Effect"
import * as Schema from "effect/Schema"
import type * as Stream from "effect/Stream"
import type { StoreError } from "./StoreError.ts"
import { FileProblem, RootState } from "./Transcripts.ts"
import type { Viewer } from "./Viewer.ts"

/** `transcripts`, `entries`, `unreadable`, `unrecognized` are totals of the journal; `bytesRead`, `appended`, `durationMs` are of this pass. */
export const IndexReport = Schema.Struct({
  transcripts: Schema.Int,
  bytesRead: Schema.Int,
  entries: Schema.Int,
  appended: Schema.Int,
  unreadable: Schema.Int,
  unrecognized: Schema.Int,
  durationMs: Schema.Number,
  /** Files and folders that could not be read in this pass. */
  problems: Schema.Array(FileProblem)
})
export type IndexReport = typeof IndexReport.Type

export const IndexProgress = Schema.Union(
  /** `bytes`: of the files that have something new; `bytesDone` of them are in the journal. */
  Schema.TaggedStruct("Indexing", { files: Schema.Int, filesDone: Schema.Int, bytes: Schema.Int, bytesDone: Schema.Int }),
  Schema.TaggedStruct("Indexed", { report: IndexReport })
)
export type IndexProgress = typeof IndexProgress.Type

export const IndexerStatus = Schema.Struct({
  /** What the pass that is running has done; null between passes. */
  running: Schema.NullOr(Schema.Struct({ files: Schema.Int, filesDone: Schema.Int, bytes: Schema.Int, bytesDone: Schema.Int })),
  following: Schema.Boolean,
  lastPassAt: Schema.NullOr(Schema.Number),
  /** Bytes of transcripts read since the start. */
  bytesRead: Schema.Int,
  roots: Schema.Array(RootState),
  problems: Schema.Array(FileProblem)
})
export type IndexerStatus = typeof IndexerStatus.Type

/** Brings transcripts into the journal. */
export class Indexer extends Context.Tag("han-core/Indexer")<Indexer, {
  /** One pass over every transcript, after the one that is running if any: how far it is, and the report as its last element. */
  readonly index: Stream.Stream<IndexProgress, StoreError, Viewer>
  /** Indexes everything, then follows the transcripts for ever. */
  readonly follow: Effect.Effect<never, StoreError, Viewer>
  readonly status: Effect.Effect<IndexerStatus>
}>() {}
