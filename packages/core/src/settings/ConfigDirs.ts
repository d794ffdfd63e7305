import * as Context from "effect/Context"
import type * as Effect from "effect/Effect"
import * as Schema from "effect/Schema"
import { JsonFileBroken, JsonFileUnreadable, JsonFileUnwritable } from "../files/JsonFile.ts"
import type { StoreError } from "../store/StoreError.ts"

/** A configuration folder of Claude Code, or of another harness, whose transcripts are indexed. */
export const ConfigDir = Schema.Struct({
  path: Schema.String,
  /** The name it was registered with; the folder's own if it has none. */
  name: Schema.String,
  /** The harness that writes there: `claude-code` and others. */
  source: Schema.String,
  /** The one that is meant when none is named. */
  isDefault: Schema.Boolean,
  /** Whether `unregister` can take it out: what was given at the start cannot. */
  isRegistered: Schema.Boolean,
  /** Milliseconds since 1970: when it was registered, or made when that is not written down; null when neither is known. */
  registeredAt: Schema.NullOr(Schema.Number)
})
export type ConfigDir = typeof ConfigDir.Type

/** This cannot be a configuration folder. `message` says why. */
export class ConfigDirInvalid extends Schema.TaggedError<ConfigDirInvalid>("han-core/ConfigDirInvalid")("ConfigDirInvalid", {
  path: Schema.String,
  message: Schema.String
}) {}

/** A folder that is followed because it was given at the start, not registered. */
export class ConfigDirFixed extends Schema.TaggedError<ConfigDirFixed>("han-core/ConfigDirFixed")("ConfigDirFixed", {
  path: Schema.String,
  isDefault: Schema.Boolean,
  message: Schema.String
}) {}

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
     * Follows a folder from now on and after every start: an absolute path, or one from `~`, of a folder that is there. One that is known already,
     * under this name of the folder or another, stays the one it is, and takes the new name.
     */
    readonly register: (path: string, name?: string) => Effect.Effect<ConfigDir, ConfigDirInvalid | ConfigFileError | StoreError>
    /** Follows a registered folder no longer. Its transcripts stay in the journal. */
    readonly unregister: (path: string) => Effect.Effect<ConfigDir, ConfigDirInvalid | ConfigDirFixed | ConfigDirNotFound | ConfigFileError | StoreError>
  }
>() {}
