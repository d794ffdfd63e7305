import * as Context from "effect/Context"
import type * as Effect from "effect/Effect"
import * as Schema from "effect/Schema"
import type * as Stream from "effect/Stream"
import type { StoreError } from "../store/StoreError.ts"
import type { Viewer } from "../store/Viewer.ts"
import { Entry, type SessionId, Transcript, TranscriptId } from "./Entry.ts"
import { DecodedLine } from "./SessionEvent.ts"
import type { ToolOutput, ToolOutputGap, ToolOutputId, ToolOutputNotFound, ToolOutputPart, ToolOutputTotals } from "./ToolOutput.ts"

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
  /** Where the next line begins in the file: the read cursor. */
  bytes: Schema.Int,
  /** Null for a transcript that came from no file of this machine. */
  file: Schema.NullOr(SourceFile),
  /** The text of the file of facts beside a subagent's transcript (`.meta.json`); null without one. */
  meta: Schema.NullOr(Schema.String),
  /** When the source file was found to be gone; null while it is there. The entries stay. */
  missingSince: Schema.NullOr(Schema.Number),
  /**
   * The generation that took its place, for lines that their file no longer holds: search, sessions and everything else but the ledger show what the newer one says.
   * Null while it holds. Several generations hold where several files have one session's id.
   */
  replacedBy: Schema.NullOr(Schema.Int)
})
export type TranscriptInfo = typeof TranscriptInfo.Type

/** What one transaction added to one transcript. */
export const JournalChange = Schema.Struct({
  /** Increases with every change of an owner; hand the last one to `changes({ after })` to go on from there. */
  sequence: Schema.Int,
  id: TranscriptId,
  transcript: Transcript,
  entries: Schema.Array(Entry),
  decoded: Schema.Array(DecodedLine)
})
export type JournalChange = typeof JournalChange.Type

/** What the journal and its read models hold: distinct things; what a fork copied is counted once, where it was made. */
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

export const RebuildProgress = Schema.Struct({ projection: Schema.String, entries: Schema.Int, total: Schema.Int })
export type RebuildProgress = typeof RebuildProgress.Type

/** Entries of a transcript come in order: these begin behind the line that comes next. */
export class EntryGap extends Schema.TaggedError<EntryGap>("han-core/EntryGap")("EntryGap", {
  transcript: TranscriptId,
  expected: Schema.Int,
  received: Schema.Int
}) {
  override get message() {
    return `${this.transcript}: line ${this.received} came, line ${this.expected} is next`
  }
}

/** There is no such transcript, or it was forgotten. */
export class TranscriptNotFound extends Schema.TaggedError<TranscriptNotFound>("han-core/TranscriptNotFound")("TranscriptNotFound", {
  transcript: Schema.String
}) {
  override get message() {
    return `there is no transcript "${this.transcript}"`
  }
}

/** What is kept beside the entries of a transcript. */
export interface AppendSource {
  readonly file?: SourceFile | undefined
  /** The text of the file of facts beside a subagent's transcript. */
  readonly meta?: string | undefined
  /** Older generations of this transcript that this one takes the place of: from then on, what they said is only in the journal, and in the ledger, for it was paid. */
  readonly replaces?: ReadonlyArray<number> | undefined
}
/** Entries of one transcript, on their way into the journal. */
export interface Append {
  readonly transcript: Transcript
  readonly entries: ReadonlyArray<Entry>
  readonly source?: AppendSource | undefined
}

/** All entries, and what is projected from them. The only place that writes. */
export class Journal extends Context.Tag("han-core/Journal")<
  Journal,
  {
    /**
     * Stores entries of one transcript and all that is projected from them in one transaction; entries already stored are skipped.
     * `file` and `meta` are kept beside them when given, also without entries. Entries of a forgotten session are not stored. With `replaces` it waits for a rebuild
     * that is running.
     */
    readonly append: (
      transcript: Transcript,
      entries: ReadonlyArray<Entry>,
      source?: AppendSource
    ) => Effect.Effect<{ readonly appended: number }, EntryGap | StoreError, Viewer>
    /** The same for several transcripts in one transaction, in the order given: all or none. Many small transactions cost more than one. */
    readonly appendAll: (appends: ReadonlyArray<Append>) => Effect.Effect<{ readonly appended: number }, EntryGap | StoreError, Viewer>
    /**
     * Keeps these bytes of outputs, in one transaction; bytes that are kept already are skipped. What is searched of them is found at once, whether the lines that point to them
     * came before or come later. Outputs of a forgotten session are not kept.
     */
    readonly keepOutputs: (parts: ReadonlyArray<ToolOutputPart>) => Effect.Effect<void, ToolOutputGap | StoreError, Viewer>
    /** Every output, or those of one session, in the order in which they came. */
    readonly outputs: (options?: { readonly sessionId?: SessionId | undefined }) => Effect.Effect<ReadonlyArray<ToolOutput>, StoreError, Viewer>
    /** The kept bytes of an output, in order. */
    readonly outputBytes: (id: ToolOutputId) => Stream.Stream<Uint8Array, ToolOutputNotFound | StoreError, Viewer>
    readonly outputTotals: Effect.Effect<ToolOutputTotals, StoreError, Viewer>
    /** Every transcript, or those of one session, in the order in which they came. */
    readonly transcripts: (options?: { readonly sessionId?: SessionId | undefined }) => Effect.Effect<ReadonlyArray<TranscriptInfo>, StoreError, Viewer>
    /** Notes that these transcripts' files are gone. Nothing is deleted. */
    readonly markMissing: (ids: ReadonlyArray<TranscriptId>, at: number) => Effect.Effect<void, StoreError, Viewer>
    /** Entries from `line` on, at most `limit`, in order. */
    readonly read: (id: TranscriptId, line: number, limit: number) => Effect.Effect<ReadonlyArray<Entry>, TranscriptNotFound | StoreError, Viewer>
    /** The transcript byte for byte as it was written, up to its last newline. */
    readonly bytes: (id: TranscriptId) => Stream.Stream<Uint8Array, TranscriptNotFound | StoreError, Viewer>
    /**
     * What was committed after sequence `after` (0: everything; absent: only what comes), then what is committed from now on. At least once,
     * in order for each transcript. `live: false` ends at the present.
     */
    readonly changes: (options?: {
      readonly after?: number | undefined
      readonly live?: boolean | undefined
    }) => Stream.Stream<JournalChange, StoreError, Viewer>
    /** The sequence of the last change; 0 for an empty journal. */
    readonly head: Effect.Effect<number, StoreError, Viewer>
    readonly totals: Effect.Effect<JournalTotals, StoreError, Viewer>
    /** Projects the whole journal anew beside the read models in use, then swaps them. Reads and appends go on meanwhile. */
    readonly rebuild: Stream.Stream<RebuildProgress, StoreError>
    /**
     * Removes sessions for good: entries, outputs, read models, full text. Their transcripts are not indexed again. `before`: all sessions whose last line is older; one whose lines tell no time is none of them.
     */
    readonly forget: (
      which: { readonly sessionIds: ReadonlyArray<SessionId> } | { readonly before: number }
    ) => Effect.Effect<{ readonly sessions: number; readonly entries: number }, StoreError, Viewer>
    /** The sessions that `forget` would remove. */
    readonly forgettable: (which: { readonly before: number }) => Effect.Effect<ReadonlyArray<SessionId>, StoreError, Viewer>
    /** Whether entries of this session are refused because it was forgotten. */
    readonly isForgotten: (sessionId: SessionId) => Effect.Effect<boolean, StoreError, Viewer>
  }
>() {}
