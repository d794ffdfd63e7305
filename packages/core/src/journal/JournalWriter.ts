/**
 * Writes to the journal: entries with their read models, the outputs of tools, and which files are gone.
 *
 * @example
 * ```ts
 * import * as Effect from "effect/Effect"
 * import type { Entry, Transcript } from "han-core/Entry"
 * import { JournalWriter } from "han-core/JournalWriter"
 *
 * // Stores lines that came from elsewhere. The same lines again are skipped; lines with a gap before them are refused.
 * const store = (transcript: Transcript, entries: ReadonlyArray<Entry>) =>
 *   Effect.flatMap(JournalWriter, (writer) => writer.append(transcript, entries)).pipe(
 *     Effect.map(({ appended }) => appended),
 *     Effect.catchTag("EntryGap", (gap) => Effect.as(Effect.logWarning(gap.message), 0))
 *   )
 * ```
 */

import * as Context from "effect/Context"
import type * as Effect from "effect/Effect"
import * as Schema from "effect/Schema"
import type { StoreError } from "../store/StoreError.ts"
import type { Viewer } from "../store/Viewer.ts"
import { type Entry, type SessionId, type Transcript, TranscriptId } from "./Entry.ts"
import type { SourceFile } from "./Journal.ts"
import type { ToolOutputGap, ToolOutputPart } from "./ToolOutput.ts"

/** Facts that are kept beside the entries of a transcript. */
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

/** A session that was forgotten, and when: milliseconds since 1970. */
export interface ForgottenSession {
  readonly sessionId: SessionId
  readonly at: number
}

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

/** The only place that writes entries. A process that owns the database has it; it is on no wire. */
export class JournalWriter extends Context.Tag("han-core/JournalWriter")<
  JournalWriter,
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
    /** Notes that these transcripts' files are gone. Nothing is deleted. */
    readonly markMissing: (ids: ReadonlyArray<TranscriptId>, at: number) => Effect.Effect<void, StoreError, Viewer>
    /** Notes that these sessions were forgotten in another store, of which this one is a copy: what comes of them is not stored. Removes nothing. */
    readonly noteForgotten: (sessions: ReadonlyArray<ForgottenSession>) => Effect.Effect<void, StoreError, Viewer>
  }
>() {}
