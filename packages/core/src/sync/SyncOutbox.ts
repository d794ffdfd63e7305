/**
 * What a sender of sync remembers: how far the receiver has each transcript, and what is wrong with some. What waits is always the difference to the journal.
 *
 * @example
 * ```ts
 * import * as Effect from "effect/Effect"
 * import { SyncOutbox } from "han-core/unstable/SyncOutbox"
 *
 * const waitingLines = Effect.flatMap(SyncOutbox, (outbox) =>
 *   Effect.map(outbox.transcripts({ pending: true }), (transcripts) => transcripts.reduce((sum, { lines, acked }) => sum + lines - (acked?.lines ?? 0), 0))
 * )
 * ```
 */

import * as Context from "effect/Context"
import type * as Effect from "effect/Effect"
import type { Transcript, TranscriptId } from "../journal/Entry.ts"
import type { StoreError } from "../store/StoreError.ts"
import type { Viewer } from "../store/Viewer.ts"

/** How far the receiver has a transcript. `chain` is the chain behind `lines`. */
export interface Acked {
  readonly generationId: string
  readonly lines: number
  readonly chain: string
  /** False once a line of it was sent without its words. */
  readonly whole: boolean
  /** The generation at the receiver whose lines were sent without their words, and go again in this one. */
  readonly takesPlaceOf: string | null
  /** Milliseconds since 1970; null while nothing of it was sent. */
  readonly at: number | null
}

/** `waiting`: it is tried again at `nextAttemptAt` · `quarantined`: it stays at home until a person does something. */
export interface OutboxProblem {
  readonly code: string
  readonly message: string
  readonly state: "waiting" | "quarantined"
  readonly attempts: number
  readonly at: number
  readonly nextAttemptAt: number | null
}

/** A transcript of the journal with what decides about it. */
export interface OutboxTranscript {
  readonly no: number
  readonly id: TranscriptId
  readonly transcript: Transcript
  readonly lines: number
  readonly meta: string | null
  /** The generations that it takes the place of. */
  readonly replaces: ReadonlyArray<number>
  readonly acked: Acked | null
  readonly problem: OutboxProblem | null
  /** Milliseconds since 1970 of its session's last line; 0 without one. */
  readonly updatedAt: number
  readonly cwd: string | null
  /** The facts of git about `cwd`; null while git was not asked. */
  readonly directory: {
    readonly remote: string | null
    readonly root: string | null
    readonly name: string | null
    readonly worktreeOf: string | null
    readonly defaultBranch: string | null
  } | null
}

/** The memory of a remote. Times are milliseconds since 1970. */
export interface OutboxRemote {
  /** The receiver may have more of this client than is remembered here: of what is not known here it has to be asked first. */
  readonly adopting: boolean
  /** Some lines were sent without their words. */
  readonly wordless: boolean
  readonly lastSuccessAt: number | null
  readonly messages: number
  readonly bytes: number
}

/** The memory of a sender. A process that owns the database has it; it is on no wire. */
export class SyncOutbox extends Context.Tag("han-core/SyncOutbox")<
  SyncOutbox,
  {
    /**
     * Begins to send to this endpoint as this client. Another endpoint or client than before forgets the positions of the former. `isNewClient`: nobody ever sent as it, so that there is
     * nothing to adopt.
     */
    readonly open: (remote: {
      readonly endpoint: string
      readonly clientId: string
      readonly isNewClient: boolean
    }) => Effect.Effect<OutboxRemote, StoreError, Viewer>
    /** To whom the positions belong; null while nothing was opened. */
    readonly remote: Effect.Effect<{ readonly endpoint: string; readonly clientId: string } | null, StoreError, Viewer>
    /** Transcripts with lines that the receiver does not have (`pending`), or all; the session with the oldest last line first. Reads no lines. */
    readonly transcripts: (which: { readonly pending: boolean }) => Effect.Effect<ReadonlyArray<OutboxTranscript>, StoreError, Viewer>
    /** How much was appended behind a sequence of the journal, and where it ends now. Reads no lines. */
    readonly grown: (after: number) => Effect.Effect<{ readonly sequence: number; readonly bytes: number }, StoreError, Viewer>
    /** Notes positions, and that there is no problem with these any more. */
    readonly acked: (positions: ReadonlyArray<{ readonly no: number } & Omit<Acked, "at">>, at: number | null) => Effect.Effect<void, StoreError, Viewer>
    /** Notes a problem, or with null that there is none. */
    readonly noteProblem: (no: number, problem: OutboxProblem | null) => Effect.Effect<void, StoreError, Viewer>
    /** Notes a request that succeeded, and what it carried. */
    readonly noteSent: (
      endpoint: string,
      sent: { readonly at: number; readonly messages: number; readonly bytes: number }
    ) => Effect.Effect<void, StoreError, Viewer>
  }
>() {}
