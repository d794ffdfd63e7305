/**
 * Errors of the database, the disk or the far end. Services that read or write the store fail with them.
 *
 * @example
 * ```ts
 * import * as Effect from "effect/Effect"
 * import type { StoreError } from "han-core/StoreError"
 *
 * const retriedWhileBusy = <A, R>(query: Effect.Effect<A, StoreError, R>) =>
 *   Effect.retry(query, { times: 5, while: (error) => error.reason === "busy" })
 * ```
 */

import * as Schema from "effect/Schema"

/**
 * The store could not do `operation`. The database, the disk or the far end is at fault, never the caller.
 * `message` says what is wrong, where, and what to do; a program acts on `reason`.
 */
export class StoreError extends Schema.TaggedError<StoreError>("han-core/StoreError")("StoreError", {
  operation: Schema.String,
  /** `full`: no space · `corrupt`: not a sound database · `busy`: locked by another process · `unreachable`: no answer · `failed`: anything else. */
  reason: Schema.Literal("full", "corrupt", "busy", "unreachable", "failed"),
  message: Schema.String,
  /** Milliseconds after which it is worth trying again, where the store knows. */
  retryAfterMs: Schema.optional(Schema.Int),
  cause: Schema.optional(Schema.Defect)
}) {}

/**
 * The store cannot be opened at all: it is unreadable, corrupt, has no tables for this version yet (`unmigrated`), or was written by a newer han or an earlier build of it
 * (`earlier`). Nothing was changed.
 */
export class StoreUnusable extends Schema.TaggedError<StoreUnusable>("han-core/StoreUnusable")("StoreUnusable", {
  location: Schema.String,
  reason: Schema.Literal("newer", "earlier", "corrupt", "unreadable", "unreachable", "unmigrated"),
  message: Schema.String
}) {}
