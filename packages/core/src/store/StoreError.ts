import * as Schema from "effect/Schema"

/**
 * The store could not do `operation`. The database, the disk or the far end is at fault, never the caller.
 * `message` says what is wrong, where, and what to do; `reason` is what a program can act on.
 */
export class StoreError extends Schema.TaggedError<StoreError>("han-core/StoreError")("StoreError", {
  operation: Schema.String,
  /** `full`: no space · `corrupt`: not a sound database · `busy`: locked by another process · `unreachable`: no answer · `failed`: anything else. */
  reason: Schema.Literal("full", "corrupt", "busy", "unreachable", "failed"),
  message: Schema.String,
  cause: Schema.optional(Schema.Defect)
}) {}

/** The store cannot be opened at all: its file is unreadable, corrupt, or written by a newer han. Nothing was changed. */
export class StoreUnusable extends Schema.TaggedError<StoreUnusable>("han-core/StoreUnusable")("StoreUnusable", {
  location: Schema.String,
  reason: Schema.Literal("newer", "corrupt", "unreadable", "unreachable"),
  message: Schema.String
}) {}
