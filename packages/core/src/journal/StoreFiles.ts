/**
 * The files of a machine's store: copies of it for safekeeping, and the former ones that it was made of.
 *
 * @example
 * ```ts
 * import * as Effect from "effect/Effect"
 * import { StoreFiles } from "han-core/StoreFiles"
 *
 * // A copy for each day; one that is there already is not overwritten.
 * const daily = Effect.gen(function* () {
 *   const { bytes, lines } = yield* (yield* StoreFiles).backup(`/mnt/backups/han-${new Date().toISOString().slice(0, 10)}.db`)
 *   yield* Effect.logInfo(`${lines} lines in ${bytes} bytes`)
 * })
 * ```
 */

import * as Context from "effect/Context"
import type * as Effect from "effect/Effect"
import * as Schema from "effect/Schema"
import type { StoreError } from "../store/StoreError.ts"

/** A copy of the whole store in one file, and what is in it. */
export const StoreBackup = Schema.Struct({ path: Schema.String, bytes: Schema.Int, sessions: Schema.Int, transcripts: Schema.Int, lines: Schema.Int })
export type StoreBackup = typeof StoreBackup.Type

/** A former store, in whose place another one is now. Times are milliseconds since 1970. */
export const FormerStore = Schema.Struct({ path: Schema.String, bytes: Schema.Int, writtenAt: Schema.Number })
export type FormerStore = typeof FormerStore.Type

/** A file cannot be made or removed. `message` says why, and what to do. */
export class StoreFileRefused extends Schema.TaggedError<StoreFileRefused>("han-core/StoreFileRefused")("StoreFileRefused", {
  path: Schema.String,
  message: Schema.String
}) {}

/** The files of the store of this machine. Only its coordinator's own unix socket gives it. */
export class StoreFiles extends Context.Tag("han-core/StoreFiles")<
  StoreFiles,
  {
    /** Copies the store, as it is now, into a new file that only its owner can read. `path` is absolute. Reads and writes go on meanwhile. */
    readonly backup: (path: string) => Effect.Effect<StoreBackup, StoreFileRefused | StoreError>
    /** The former stores that are kept. */
    readonly formers: Effect.Effect<ReadonlyArray<FormerStore>, StoreFileRefused | StoreError>
    /** Removes former stores, by the paths that `formers` gave, and gives those that were removed. Refused while the store is made anew. */
    readonly removeFormers: (paths: ReadonlyArray<string>) => Effect.Effect<ReadonlyArray<FormerStore>, StoreFileRefused | StoreError>
  }
>() {}
