/**
 * Reads the journal: every transcript verbatim, and its changes as they are committed.
 *
 * @example
 * ```ts
 * import * as Effect from "effect/Effect"
 * import * as Stream from "effect/Stream"
 * import { Journal } from "han-core/Journal"
 *
 * // Handles what was committed since `after`, then all that comes. `remember` keeps the sequence for the next start.
 * const follow = (after: number, remember: (sequence: number) => Effect.Effect<void>) =>
 *   Effect.gen(function* () {
 *     const journal = yield* Journal
 *     yield* Stream.runForEach(journal.changes({ after }), ({ decoded, sequence }) =>
 *       Effect.zipRight(Effect.logInfo(decoded.flatMap(({ events }) => events.map(({ _tag }) => _tag)).join(", ")), remember(sequence))
 *     )
 *   })
 * ```
 */

import * as Context from "effect/Context"
import type * as Effect from "effect/Effect"
import * as Schema from "effect/Schema"
import type * as Stream from "effect/Stream"
import type { StoreError } from "../store/StoreError.ts"
import type { Viewer } from "../store/Viewer.ts"
import { Entry, type SessionId, Transcript, TranscriptId } from "./Entry.ts"
import { DecodedLine } from "./SessionEvent.ts"
import type { ToolOutput, ToolOutputId, ToolOutputNotFound, ToolOutputTotals } from "./ToolOutput.ts"

/** The file of a transcript as the indexer last saw it. A second look at the same `device, inode, size, mtimeMs` needs no read. */
export const SourceFile = Schema.Struct({
  path: Schema.String,
  /** The configuration folder it was found under. */
  root: Schema.String,
  device: Schema.Number,
  inode: Schema.Number,
  /** Bytes of the file at that look, a half-written last line included. */
  size: Schema.Int,
  mtimeMs: Schema.Number,
  /** Digest of the first `min(4096, read bytes)` kept bytes, and of the last ones before the cursor: hex SHA-256. */
  headDigest: Schema.String,
  tailDigest: Schema.String
})
export type SourceFile = typeof SourceFile.Type

/** A transcript as the journal has it. */
export const TranscriptInfo = Schema.Struct({
  id: TranscriptId,
  transcript: Transcript,
  /** The position of the next line. */
  lines: Schema.Int,
  /** The read cursor: the byte at which the next line begins in the file. */
  bytes: Schema.Int,
  /** Null for a transcript that came from no file of this machine. */
  file: Schema.NullOr(SourceFile),
  /** The text of the file of facts beside a subagent's transcript (`.meta.json`); null without one. */
  meta: Schema.NullOr(Schema.String),
  /** The person whose transcript it is; null on a machine with one person. */
  author: Schema.NullOr(Schema.String),
  /** When the source file was found to be gone; null while it is there. The entries stay. */
  missingSince: Schema.NullOr(Schema.Number),
  /**
   * The generation that took its place, for lines that their file no longer holds: search, sessions and everything else but the ledger show what the newer one says.
   * Null while it holds. Several generations hold where several files have one session's id.
   */
  replacedBy: Schema.NullOr(Schema.Int)
})
export type TranscriptInfo = typeof TranscriptInfo.Type

/** The lines that one transaction added to one transcript. */
export const JournalChange = Schema.Struct({
  /** Increases with every change of an owner; hand the last one to `changes({ after })` to go on from there. */
  sequence: Schema.Int,
  id: TranscriptId,
  transcript: Transcript,
  entries: Schema.Array(Entry),
  decoded: Schema.Array(DecodedLine)
})
export type JournalChange = typeof JournalChange.Type

/** Totals of the journal and its read models, of distinct things: a line that a fork copied counts once, where it was written. */
export const JournalTotals = Schema.Struct({
  /** Files, subagents' included; generations that another one took the place of do not count. */
  transcripts: Schema.Int,
  bytes: Schema.Int,
  entries: Schema.Int,
  unreadable: Schema.Int,
  unrecognized: Schema.Int,
  sessions: Schema.Int,
  subagents: Schema.Int,
  forks: Schema.Int,
  toolCalls: Schema.Int,
  toolErrors: Schema.Int,
  compactions: Schema.Int,
  tasks: Schema.Struct({ created: Schema.Int, completed: Schema.Int }),
  filesTouched: Schema.Int,
  apiResponses: Schema.Int
})
export type JournalTotals = typeof JournalTotals.Type

/** There is no such transcript, or it was forgotten. */
export class TranscriptNotFound extends Schema.TaggedError<TranscriptNotFound>("han-core/TranscriptNotFound")("TranscriptNotFound", {
  transcript: Schema.String
}) {
  override get message() {
    return `there is no transcript "${this.transcript}"`
  }
}

/** All entries, and what is projected from them: what was written, and what is being written. */
export class Journal extends Context.Tag("han-core/Journal")<
  Journal,
  {
    /** Every output, or those of one session, in the order in which they came. */
    readonly outputs: (options?: { readonly sessionId?: SessionId | undefined }) => Effect.Effect<ReadonlyArray<ToolOutput>, StoreError, Viewer>
    /** The kept bytes of an output, in order. */
    readonly outputBytes: (id: ToolOutputId) => Stream.Stream<Uint8Array, ToolOutputNotFound | StoreError, Viewer>
    /** Totals of the kept outputs, and what is wrong with some of them. */
    readonly outputTotals: Effect.Effect<ToolOutputTotals, StoreError, Viewer>
    /** Every transcript, or those of one session, in the order in which they came. */
    readonly transcripts: (options?: { readonly sessionId?: SessionId | undefined }) => Effect.Effect<ReadonlyArray<TranscriptInfo>, StoreError, Viewer>
    /** Entries from `line` on, at most `limit`, in order. */
    readonly read: (id: TranscriptId, line: number, limit: number) => Effect.Effect<ReadonlyArray<Entry>, TranscriptNotFound | StoreError, Viewer>
    /** The transcript byte for byte as it was written, up to its last newline. */
    readonly bytes: (id: TranscriptId) => Stream.Stream<Uint8Array, TranscriptNotFound | StoreError, Viewer>
    /**
     * The changes that were committed after sequence `after` (0: all; absent: none), then those that are committed from now on. At least once,
     * in order for each transcript. `live: false` ends at the present.
     */
    readonly changes: (options?: {
      readonly after?: number | undefined
      readonly live?: boolean | undefined
    }) => Stream.Stream<JournalChange, StoreError, Viewer>
    /** The sequence of the last change; 0 for an empty journal. */
    readonly head: Effect.Effect<number, StoreError, Viewer>
    /** Totals of all that the viewer has. */
    readonly totals: Effect.Effect<JournalTotals, StoreError, Viewer>
    /** True when entries of this session are refused because it was forgotten. */
    readonly isForgotten: (sessionId: SessionId) => Effect.Effect<boolean, StoreError, Viewer>
  }
>() {}
