/**
 * The files of transcripts as the indexer sees them: which there are, their lines, and their changes.
 *
 * @example
 * ```ts
 * import * as Effect from "effect/Effect"
 * import * as Stream from "effect/Stream"
 * import { Transcripts } from "han-core/Transcripts"
 *
 * // The number of complete lines of every transcript.
 * const countLines = Effect.gen(function* () {
 *   const transcripts = yield* Transcripts
 *   const { files } = yield* transcripts.list
 *   return yield* Effect.forEach(files, (file) =>
 *     Stream.runFold(transcripts.read(file, { line: 0, offset: 0 }), 0, (lines, { entries }) => lines + entries.length)
 *   )
 * })
 * ```
 */

import * as Context from "effect/Context"
import type * as Effect from "effect/Effect"
import * as Schema from "effect/Schema"
import type * as Stream from "effect/Stream"
import type { FileUnreadable } from "../files/FileUnreadable.ts"
import type { Entry, Transcript } from "./Entry.ts"
import type { SourceFile } from "./Journal.ts"
import type { ToolOutput } from "./ToolOutput.ts"

/** A file on disk as one look at its directory shows it. Nothing of it has been read. */
export type FileLook = Omit<SourceFile, "headDigest" | "tailDigest">

/** A file that is a transcript. */
export interface TranscriptFile extends FileLook {
  readonly transcript: Omit<Transcript, "generation">
  /** The file of facts beside a subagent's transcript; null when there is none. */
  readonly meta: { readonly path: string; readonly size: number; readonly mtimeMs: number } | null
}

/** A tool's output that the client wrote to a file in its session's folder, which has at most one of each name. */
export interface OutputFile extends FileLook, Pick<ToolOutput, "machine" | "source" | "sessionId" | "name"> {}

/** Something that cannot be read, with what to do about it. The rest goes on. */
export const FileProblem = Schema.Struct({ path: Schema.String, message: Schema.String })
export type FileProblem = typeof FileProblem.Type

/** A `.jsonl` file or folder that is no transcript, and why. `known`: the client is known to write it for itself, so nothing is missing. */
export const NotTaken = Schema.Struct({ path: Schema.String, reason: Schema.String, known: Schema.Boolean })
export type NotTaken = typeof NotTaken.Type

/** `count`: all of them; `files`: the first 100, those that are not known before the others, each in the order of their paths. */
export const NotTakenFiles = Schema.Struct({ count: Schema.Int, files: Schema.Array(NotTaken) })
export type NotTakenFiles = typeof NotTakenFiles.Type

/** `watching`: changes are told by the system · `polling`: it cannot tell, so the folder is looked at again and again · `missing`: not there (yet) · `unreadable`: `message` says why. */
export const RootState = Schema.Struct({
  path: Schema.String,
  state: Schema.Literal("watching", "polling", "missing", "unreadable", "idle"),
  message: Schema.NullOr(Schema.String)
})
export type RootState = typeof RootState.Type

/** Some complete lines of a file, in order. */
export interface LineBatch {
  readonly entries: ReadonlyArray<Entry>
  /** The byte at which the line after the last one begins. */
  readonly end: number
}

/** The files of transcripts, and their changes. */
export class Transcripts extends Context.Tag("han-core/Transcripts")<
  Transcripts,
  {
    /** The folders that are looked under, as they are now. Cheap enough to be asked all the time. */
    readonly roots: Effect.Effect<ReadonlyArray<RootState>>
    /** Every transcript file there is, and what stood in the way of seeing more. Reads directories, and once the first line of a file whose place and name do not say its session. */
    readonly list: Effect.Effect<{
      readonly files: ReadonlyArray<TranscriptFile>
      readonly outputs: ReadonlyArray<OutputFile>
      readonly problems: ReadonlyArray<FileProblem>
      readonly roots: ReadonlyArray<RootState>
      /** Files that are named as a transcript and are none, below `projects` and in the other folders of a root. */
      readonly notTaken: NotTakenFiles
    }>
    /** One file again; null when it is gone or no transcript. */
    readonly stat: (path: string) => Effect.Effect<TranscriptFile | null, FileUnreadable>
    /** True when a tool's output may be at that path, by its names alone. */
    readonly isOutput: (path: string) => Effect.Effect<boolean>
    /** One output again; null when it is gone or none. */
    readonly outputAt: (path: string) => Effect.Effect<OutputFile | null, FileUnreadable>
    /** `length` bytes at `offset` of what `file` states, fewer at its end or when it was cut off; fails as `missing` when another file has taken its place. */
    readonly outputBytes: (file: OutputFile, offset: number, length: number) => Effect.Effect<Uint8Array, FileUnreadable>
    /** `length` bytes at `offset`, fewer at the end of the file. */
    readonly bytesAt: (path: string, offset: number, length: number) => Effect.Effect<Uint8Array, FileUnreadable>
    /**
     * The complete lines from byte `offset` on, the first of them line number `line`, up to the size that `file` states, in batches of bounded size;
     * memory is bounded by the longest line. A half-written last line is left for later. Ends where the file was cut off meanwhile;
     * fails as `missing` when another file has taken its place.
     */
    readonly read: (file: TranscriptFile, from: { readonly line: number; readonly offset: number }) => Stream.Stream<LineBatch, FileUnreadable>
    /** Paths worth another look, coalesced for each path, at the trailing edge of a burst; `null` means look at everything: the first element, once changes are noticed. New folders and roots are noticed. */
    readonly changes: Stream.Stream<ReadonlyArray<string> | null>
  }
>() {}
