/**
 * The directories that sessions worked in, and the facts that git tells about them.
 *
 * @example
 * ```ts
 * import * as Effect from "effect/Effect"
 * import { Directories, type Directory, type DirectoryFacts, DirectoryWriter } from "han-core/Directories"
 *
 * const probeAll = (ask: (directory: Directory) => Effect.Effect<DirectoryFacts>) =>
 *   Effect.gen(function* () {
 *     const directories = yield* Directories
 *     const writer = yield* DirectoryWriter
 *     for (const directory of yield* directories.unprobed(100)) yield* writer.note(directory, yield* ask(directory))
 *   })
 * ```
 */

import * as Context from "effect/Context"
import type * as Effect from "effect/Effect"
import * as Schema from "effect/Schema"
import type * as Stream from "effect/Stream"
import type { StoreError } from "../store/StoreError.ts"
import type { Viewer } from "../store/Viewer.ts"

/** A directory of a machine: the same path may be another directory elsewhere. */
export const Directory = Schema.Struct({ machine: Schema.String, path: Schema.String })
export type Directory = typeof Directory.Type

/** One text for a directory: the value of `SessionField` "directory". */
export const directoryKey = ({ machine, path }: Directory): string => `${machine}:${path}`

/** The facts of git about a directory. Null for those that git does not tell; all are null for a directory that is gone. */
export interface DirectoryFacts {
  /** `host/owner/name` of the remote `origin`, without credentials. */
  readonly remote: string | null
  /** The top of the working tree. */
  readonly root: string | null
  /** The top of the main working tree when the directory lies in another one; null in the main one. */
  readonly worktreeOf: string | null
  readonly defaultBranch: string | null
}

/** The directories that sessions of the viewer worked in, with the facts that were noted of them. */
export class Directories extends Context.Tag("han-core/Directories")<
  Directories,
  {
    /** At most `limit` directories that git was never asked about, the one with the latest activity first. */
    readonly unprobed: (limit: number) => Effect.Effect<ReadonlyArray<Directory>, StoreError, Viewer>
    /** Directories of the viewer that were noted in the process of the store, from now on. */
    readonly noted: Stream.Stream<Directory, StoreError, Viewer>
  }
>() {}

/** Notes facts of directories. A process that owns the database has it; it is on no wire. */
export class DirectoryWriter extends Context.Tag("han-core/DirectoryWriter")<
  DirectoryWriter,
  {
    /** Notes what git says about a directory; a null never replaces a known fact. */
    readonly note: (directory: Directory, facts: DirectoryFacts) => Effect.Effect<void, StoreError, Viewer>
  }
>() {}
