import * as Schema from "effect/Schema"
import { SessionId } from "./Entry.ts"

/** Bytes of an output that are kept; of a longer file the beginning. */
export const mostOutputBytes = 64 << 20
/** Bytes of an output that can be searched, from its beginning. */
export const searchedOutputBytes = 1 << 20

/** `<machine>/<source>/<session>/tool-results/<name>/<generation>`: the same for the same file on every store. */
export const ToolOutputId = Schema.NonEmptyString.pipe(Schema.brand("ToolOutputId"))
export type ToolOutputId = typeof ToolOutputId.Type

/**
 * A file that the client keeps beside a session's transcripts because it is too long for a line, or no text: what a command printed, an image or a document that a tool gave.
 * It may grow; a file whose kept bytes were changed is a new `generation` of the same name, and the old one stays.
 */
export const ToolOutput = Schema.Struct({
  machine: Schema.NonEmptyString,
  source: Schema.NonEmptyString,
  sessionId: SessionId,
  /** Of the file, in the folder `tool-results` of its session's. */
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

export const toolOutputId = (output: Pick<ToolOutput, "machine" | "source" | "sessionId" | "name" | "generation">): ToolOutputId =>
  ToolOutputId.make(`${output.machine}/${output.source}/${output.sessionId}/tool-results/${output.name}/${output.generation}`)

/** Some bytes of an output, on their way into the journal. Parts come in order; `output` is as it is with this part. */
export interface ToolOutputPart {
  readonly output: ToolOutput
  readonly offset: number
  readonly bytes: Uint8Array
}

/**
 * Something that a person should know about outputs. `missing`: a line points to a file that was gone before it could be kept · `refused`: a line points to a file outside of
 * its session's folder, which is not read · `cut`: the file is longer than what is kept of it · `unsearched`: words beyond a bound are not found by a search.
 */
export const ToolOutputProblem = Schema.Struct({
  kind: Schema.Literal("missing", "refused", "cut", "unsearched"),
  sessionId: SessionId,
  /** The file's name, or the path that the line names. */
  name: Schema.String,
  /** The transcript and the line that point to it; null where it is about the file. */
  transcript: Schema.NullOr(Schema.String),
  line: Schema.NullOr(Schema.Int),
  reason: Schema.String
})
export type ToolOutputProblem = typeof ToolOutputProblem.Type

/** All outputs, older generations included; `problems`: the first 100 of `problemCount`. */
export const ToolOutputTotals = Schema.Struct({
  outputs: Schema.Int,
  bytes: Schema.Int,
  problemCount: Schema.Int,
  problems: Schema.Array(ToolOutputProblem)
})
export type ToolOutputTotals = typeof ToolOutputTotals.Type

/** Bytes of an output come in order: these begin behind the ones that come next. */
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
 * Where a line says that what it holds goes on. `own`: whether it is a file of its own session; only those are kept. `sessionId`: the session in whose folder the path leads, null
 * when it leads into none.
 */
export interface ToolOutputPointer {
  readonly path: string
  readonly name: string
  readonly own: boolean
  readonly sessionId: string | null
}

/** The beginning of an output as text for a search; null for what is no text. */
export const outputText = (bytes: Uint8Array): string | null => {
  const head = bytes.subarray(0, 64 << 10)
  if (head.includes(0) || isPdf(head)) return null
  // What the bound cuts in half is left out.
  const text = new TextDecoder().decode(bytes.subarray(0, searchedOutputBytes), { stream: true })
  let unreadable = 0
  for (let at = text.indexOf("\uFFFD"); at !== -1; at = text.indexOf("\uFFFD", at + 1)) unreadable++
  return unreadable > text.length / 10 ? null : text
}

const isPdf = (head: Uint8Array): boolean => head[0] === 0x25 && head[1] === 0x50 && head[2] === 0x44 && head[3] === 0x46
