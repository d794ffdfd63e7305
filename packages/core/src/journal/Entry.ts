/**
 * Transcripts and their lines, as the journal keeps them, and the ids that name them.
 *
 * @example
 * ```ts
 * import { type Entry, entryText, SessionId, type Transcript, transcriptId } from "han-core/Entry"
 *
 * const transcript: Transcript = {
 *   machine: "laptop",
 *   source: "claude-code",
 *   sessionId: SessionId.make("5b701211-d820-4a2b-a533-715b28c0132f"),
 *   kind: "main",
 *   agentId: null,
 *   generation: 1
 * }
 * const entry: Entry = { line: 0, offset: 0, bytes: new TextEncoder().encode('{"type":"user"}') }
 *
 * transcriptId(transcript) // "laptop/claude-code/5b701211-d820-4a2b-a533-715b28c0132f/main/1"
 * entryText(entry) // '{"type":"user"}'
 * ```
 */

import * as Schema from "effect/Schema"

/** The harness's own id of a session, 1 to 256 characters: a uuid for Claude Code, any string that is safe in a file name for others. */
export const SessionId = Schema.NonEmptyString.pipe(Schema.maxLength(256), Schema.brand("SessionId"))
export type SessionId = typeof SessionId.Type

/** The harness's own id of a subagent, 1 to 256 characters. */
export const AgentId = Schema.NonEmptyString.pipe(Schema.maxLength(256), Schema.brand("AgentId"))
export type AgentId = typeof AgentId.Type

/** The id of one generation of a transcript, `<machine>/<source>/<session>/<main | agent-ID | han>/<generation>`: the same for the same file on every store. */
export const TranscriptId = Schema.NonEmptyString.pipe(Schema.brand("TranscriptId"))
export type TranscriptId = typeof TranscriptId.Type

/**
 * A file that an agent appends to. Its folder is not part of its identity, for the client moves running sessions. A file whose kept lines were changed or cut
 * off becomes a new `generation`, and the old one stays. Another file of the same session and kind in another folder is a new generation, too.
 */
export const Transcript = Schema.Struct({
  /** The machine that wrote it. */
  machine: Schema.NonEmptyString,
  /** The harness: `claude-code`, `omp`, …, or `han` for lines that han writes itself. */
  source: Schema.NonEmptyString,
  sessionId: SessionId,
  kind: Schema.Literal("main", "agent", "han"),
  /** Set for `kind: "agent"`, the transcript of a subagent. */
  agentId: Schema.NullOr(AgentId),
  /** 1 for the first. */
  generation: Schema.Int
})
export type Transcript = typeof Transcript.Type

/** The id of a transcript in its generation. */
export const transcriptId = (transcript: Transcript): TranscriptId => TranscriptId.make(`${transcriptFileId(transcript)}/${transcript.generation}`)

/** The part of the id that all generations of one file share: `transcriptId` without the generation. */
export const transcriptFileId = (transcript: Omit<Transcript, "generation">): string =>
  `${transcript.machine}/${transcript.source}/${transcript.sessionId}/${transcript.agentId === null ? transcript.kind : `agent-${transcript.agentId}`}`

/**
 * One line of a transcript, verbatim: `bytes` is the line without its newline. A carriage return, NULs and invalid UTF-8 are as the file had them.
 */
export interface Entry {
  /** 0 for the first line of the file. */
  readonly line: number
  /** The byte of the file at which the line begins. */
  readonly offset: number
  readonly bytes: Uint8Array
  /** The content of the file that the line points to, for a harness that keeps large records beside the transcript. */
  readonly payload?: Uint8Array | undefined
}
/** The schema of an entry as it goes over the wire, bytes in base64. */
export const Entry = Schema.Struct({
  line: Schema.Int,
  offset: Schema.Int,
  bytes: Schema.Uint8ArrayFromBase64,
  payload: Schema.optional(Schema.Uint8ArrayFromBase64)
})

const utf8 = new TextDecoder("utf-8", { ignoreBOM: true })
/** The line as text. Bytes that are no UTF-8 become U+FFFD. */
export const entryText = (entry: Pick<Entry, "bytes">): string => utf8.decode(entry.bytes)
