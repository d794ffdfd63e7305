import * as Schema from "effect/Schema"

/** The client's own id of a session: a uuid for Claude Code, any file-name-safe string for other harnesses. */
export const SessionId = Schema.NonEmptyString.pipe(Schema.maxLength(256), Schema.brand("SessionId"))
export type SessionId = typeof SessionId.Type

export const AgentId = Schema.NonEmptyString.pipe(Schema.maxLength(256), Schema.brand("AgentId"))
export type AgentId = typeof AgentId.Type

/** `<machine>/<source>/<session>/<main | agent-ID | han>/<generation>`: the same for the same file on every store. */
export const TranscriptId = Schema.NonEmptyString.pipe(Schema.brand("TranscriptId"))
export type TranscriptId = typeof TranscriptId.Type

/**
 * A file that an agent appends to. The folder it lies in is not part of its identity, for the client moves running sessions.
 * A file whose kept lines were changed or cut off is a new `generation` of the same file, and the old one stays. So is another file of the same session and kind,
 * in another folder.
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

export const transcriptId = (transcript: Transcript): TranscriptId => TranscriptId.make(`${transcriptFileId(transcript)}/${transcript.generation}`)

/** What all generations of one file share. */
export const transcriptFileId = (transcript: Omit<Transcript, "generation">): string =>
  `${transcript.machine}/${transcript.source}/${transcript.sessionId}/${transcript.agentId === null ? transcript.kind : `agent-${transcript.agentId}`}`

/**
 * One line of a transcript, kept verbatim: the only thing that han never derives.
 * `bytes` is the line without its newline; a carriage return, NULs and invalid UTF-8 are as the file had them.
 */
export interface Entry {
  /** 0 for the first line of the file. */
  readonly line: number
  /** Where the line begins in the file, in bytes. */
  readonly offset: number
  readonly bytes: Uint8Array
  /** The content of the file that the line points to, for a harness that keeps large records beside the transcript. */
  readonly payload?: Uint8Array | undefined
}
/** An entry as it goes over the wire. */
export const Entry = Schema.Struct({
  line: Schema.Int,
  offset: Schema.Int,
  bytes: Schema.Uint8ArrayFromBase64,
  payload: Schema.optional(Schema.Uint8ArrayFromBase64)
})

const utf8 = new TextDecoder("utf-8", { ignoreBOM: true })
/** The text of a line, for reading: what is not UTF-8 becomes U+FFFD. */
export const entryText = (entry: Pick<Entry, "bytes">): string => utf8.decode(entry.bytes)
