/**
 * Long outputs of tools, which the client keeps in files beside a transcript, as the journal keeps them.
 *
 * @example
 * ```ts
 * import { outputText, type ToolOutput, toolOutputId } from "han-core/ToolOutput"
 *
 * const described = (output: ToolOutput, bytes: Uint8Array): string => {
 *   const kind = outputText(bytes) === null ? "binary" : "text"
 *   return `${toolOutputId(output)}: ${kind}, ${output.kept} of ${output.size} bytes kept`
 * }
 * ```
 */

import * as Schema from "effect/Schema"
import { SessionId } from "./Entry.ts"

/** The most bytes that the journal keeps of an output: the beginning of a longer file. */
export const maxOutputBytes = 64 << 20
/** The most bytes of an output that a search looks into, from its beginning. */
export const searchedOutputBytes = 1 << 20

/** The id of one generation of an output, `<machine>/<source>/<session>/tool-results/<name>/<generation>`: the same for the same file on every store. */
export const ToolOutputId = Schema.NonEmptyString.pipe(Schema.brand("ToolOutputId"))
export type ToolOutputId = typeof ToolOutputId.Type

/**
 * A file that the client keeps beside a session's transcripts because it is too long for a line, or no text: the output of a command, an image or a document of
 * a tool. It may grow. A file whose kept bytes were changed becomes a new `generation` of the same name, and the old one stays.
 */
export const ToolOutput = Schema.Struct({
  machine: Schema.NonEmptyString,
  source: Schema.NonEmptyString,
  sessionId: SessionId,
  /** The file's name in the folder `tool-results` of its session. */
  name: Schema.NonEmptyString,
  /** 1 for the first. */
  generation: Schema.Int,
  /** Bytes that the journal has. */
  kept: Schema.Int,
  /** Bytes of the file when it was last seen. */
  size: Schema.Int,
  /** Hex SHA-256 of the kept bytes. */
  digest: Schema.String,
  /** The file as it was last seen; null for an output that came from no file of this machine. */
  file: Schema.NullOr(Schema.Struct({ path: Schema.String, root: Schema.String, inode: Schema.Number, mtimeMs: Schema.Number }))
})
export type ToolOutput = typeof ToolOutput.Type

/** The id of an output in its generation. */
export const toolOutputId = (output: Pick<ToolOutput, "machine" | "source" | "sessionId" | "name" | "generation">): ToolOutputId =>
  ToolOutputId.make(`${output.machine}/${output.source}/${output.sessionId}/tool-results/${output.name}/${output.generation}`)

/** Bytes of an output for the journal, beginning at `offset`. Parts come in order, without gaps. `output` describes the output with this part. */
export interface ToolOutputPart {
  readonly output: ToolOutput
  readonly offset: number
  readonly bytes: Uint8Array
}

/**
 * Something about an output that a person should know. `missing`: a line points to a file that was gone before it could be kept · `refused`: a line points to a
 * file outside of its session's folder, which is not read · `cut`: the file is longer than `maxOutputBytes` · `unsearched`: a search does not find words
 * beyond a bound.
 */
export const ToolOutputProblem = Schema.Struct({
  kind: Schema.Literal("missing", "refused", "cut", "unsearched"),
  sessionId: SessionId,
  /** The file's name, or the path that the line names. */
  name: Schema.String,
  /** The transcript and the line that point to the file; null for a problem of the file itself. */
  transcript: Schema.NullOr(Schema.String),
  line: Schema.NullOr(Schema.Int),
  reason: Schema.String
})
export type ToolOutputProblem = typeof ToolOutputProblem.Type

/** Sums over all outputs, older generations included. `problems` has the first 100 of `problemCount`. */
export const ToolOutputTotals = Schema.Struct({
  outputs: Schema.Int,
  bytes: Schema.Int,
  problemCount: Schema.Int,
  problems: Schema.Array(ToolOutputProblem)
})
export type ToolOutputTotals = typeof ToolOutputTotals.Type

/** A part does not begin where the kept bytes end: bytes before it are missing. Nothing was kept of it. */
export class ToolOutputGap extends Schema.TaggedError<ToolOutputGap>("han-core/ToolOutputGap")("ToolOutputGap", {
  output: ToolOutputId,
  expected: Schema.Int,
  received: Schema.Int
}) {
  override get message() {
    return `${this.output}: byte ${this.received} came, byte ${this.expected} is next`
  }
}

/** There is no such output, or its session was forgotten. */
export class ToolOutputNotFound extends Schema.TaggedError<ToolOutputNotFound>("han-core/ToolOutputNotFound")("ToolOutputNotFound", {
  output: Schema.String
}) {
  override get message() {
    return `there is no output "${this.output}"`
  }
}

/**
 * The file in which a line says that its content goes on. `own`: the file belongs to the line's own session; only those are kept. `sessionId`: the session into
 * whose folder the path leads, null when it leads into none.
 */
export interface ToolOutputPointer {
  readonly path: string
  readonly name: string
  readonly own: boolean
  readonly sessionId: string | null
}

/** The first `searchedOutputBytes` of an output as text; null for bytes that are no text, as those of an image or a PDF. */
export const outputText = (bytes: Uint8Array): string | null => {
  const head = bytes.subarray(0, 64 << 10)
  if (head.includes(0) || isPdf(head)) return null
  // A character that the bound cuts in half is left out.
  const text = new TextDecoder().decode(bytes.subarray(0, searchedOutputBytes), { stream: true })
  let unreadable = 0
  for (let at = text.indexOf("\uFFFD"); at !== -1; at = text.indexOf("\uFFFD", at + 1)) unreadable++
  return unreadable > text.length / 10 ? null : text
}

const isPdf = (head: Uint8Array): boolean => head[0] === 0x25 && head[1] === 0x50 && head[2] === 0x44 && head[3] === 0x46
