/**
 * The configuration folders of Claude Code and other harnesses whose transcripts han indexes.
 *
 * @example
 * ```ts
 * import * as Effect from "effect/Effect"
 * import { ConfigDirs } from "han-core/ConfigDirs"
 *
 * const followWork = Effect.gen(function* () {
 *   const dirs = yield* ConfigDirs
 *   const { name, path } = yield* dirs.register("~/.claude-work", "work")
 *   yield* Effect.logInfo(`${path} is followed as ${name}, ${(yield* dirs.list).length} folders in all`)
 * }).pipe(Effect.catchTag("ConfigDirInvalid", ({ message }) => Effect.logError(message)))
 * ```
 */

import * as Context from "effect/Context"
import type * as Effect from "effect/Effect"
import * as Schema from "effect/Schema"
import { JsonFileBroken, JsonFileUnreadable, JsonFileUnwritable } from "../files/JsonFile.ts"
import type { StoreError } from "../store/StoreError.ts"

/** A configuration folder of Claude Code or another harness, whose transcripts are indexed. Its path is absolute. */
export const ConfigDir = Schema.Struct({
  path: Schema.String,
  /** The name that it was registered with, else the folder's own. */
  name: Schema.String,
  /** The harness that writes there: `claude-code` and others. */
  source: Schema.String,
  /** The folder that is meant when none is named. */
  isDefault: Schema.Boolean,
  /** True: `unregister` can take it out. False: it was given at the start, and stays. */
  isRegistered: Schema.Boolean,
  /** The time when it was registered, else when the folder was made, in milliseconds since 1970; null when neither is known. */
  registeredAt: Schema.NullOr(Schema.Number)
})
export type ConfigDir = typeof ConfigDir.Type

/** The path cannot be a configuration folder. `message` says why. */
export class ConfigDirInvalid extends Schema.TaggedError<ConfigDirInvalid>("han-core/ConfigDirInvalid")("ConfigDirInvalid", {
  path: Schema.String,
  message: Schema.String
}) {}

/** The folder was given at the start, not registered, so that it cannot be unregistered. */
export class ConfigDirFixed extends Schema.TaggedError<ConfigDirFixed>("han-core/ConfigDirFixed")("ConfigDirFixed", {
  path: Schema.String,
  isDefault: Schema.Boolean,
  message: Schema.String
}) {}

/** No folder with this path is registered. */
export class ConfigDirNotFound extends Schema.TaggedError<ConfigDirNotFound>("han-core/ConfigDirNotFound")("ConfigDirNotFound", {
  path: Schema.String,
  message: Schema.String
}) {}

/** The configuration file of han could not be read or written; it is as it was. */
export const ConfigFileError = Schema.Union(JsonFileBroken, JsonFileUnreadable, JsonFileUnwritable)
export type ConfigFileError = typeof ConfigFileError.Type

/** The folders under which han looks for transcripts. A `StoreError` means that whoever has the list does not answer. */
export class ConfigDirs extends Context.Tag("han-core/ConfigDirs")<
  ConfigDirs,
  {
    /** All that are followed at the moment, there or not, the default one first. */
    readonly list: Effect.Effect<ReadonlyArray<ConfigDir>, StoreError>
    /**
     * Follows a folder from now on and after every start. `path` is absolute or begins with `~`, and the folder is there. A folder that is known already, by
     * this path or another, is not added again, and takes the new name.
     */
    readonly register: (path: string, name?: string) => Effect.Effect<ConfigDir, ConfigDirInvalid | ConfigFileError | StoreError>
    /** Follows a registered folder no longer. Its transcripts stay in the journal. */
    readonly unregister: (path: string) => Effect.Effect<ConfigDir, ConfigDirInvalid | ConfigDirFixed | ConfigDirNotFound | ConfigFileError | StoreError>
  }
>() {}
