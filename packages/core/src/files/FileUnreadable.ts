import * as Schema from "effect/Schema"

/** A file or a folder that could not be read: it is not there, this process may not read it, or the system refused. `message` says which and what to do. */
export class FileUnreadable extends Schema.TaggedError<FileUnreadable>("han-core/FileUnreadable")("FileUnreadable", {
  path: Schema.String,
  reason: Schema.Literal("missing", "denied", "failed"),
  message: Schema.String
}) {}
