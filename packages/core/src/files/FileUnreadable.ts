/**
 * The error of a file or folder that cannot be read.
 *
 * @example
 * ```ts
 * import * as Effect from "effect/Effect"
 * import type { FileUnreadable } from "han-core/FileUnreadable"
 *
 * const nullWhenMissing = <A, R>(read: Effect.Effect<A, FileUnreadable, R>) =>
 *   Effect.catchIf(
 *     read,
 *     (error) => error.reason === "missing",
 *     () => Effect.succeed(null)
 *   )
 * ```
 */

import * as Schema from "effect/Schema"

/**
 * A file or folder could not be read: it is not there (`missing`), this process may not read it (`denied`), or the system refused. `message` says what to do.
 */
export class FileUnreadable extends Schema.TaggedError<FileUnreadable>("han-core/FileUnreadable")("FileUnreadable", {
  path: Schema.String,
  reason: Schema.Literal("missing", "denied", "failed"),
  message: Schema.String
}) {}
