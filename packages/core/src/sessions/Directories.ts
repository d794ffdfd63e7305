import * as Context from "effect/Context"
import type * as Effect from "effect/Effect"
import type * as Stream from "effect/Stream"
import type { StoreError } from "../store/StoreError.ts"
import type { Viewer } from "../store/Viewer.ts"

/** Facts that git tells about a directory. Null for what it does not tell, and for a directory that is gone. */
export interface DirectoryFacts {
  /** `host/owner/name` of the remote `origin`, without credentials. */
  readonly remote: string | null
  /** The top of the working tree. */
  readonly root: string | null
  /** The top of the main working tree, in another one; null in the main one. */
  readonly worktreeOf: string | null
  readonly defaultBranch: string | null
}

/** The directories that sessions worked in, and what is known of them. */
export class Directories extends Context.Tag("han-core/Directories")<
  Directories,
  {
    /** Directories that git was never asked about, those with the latest activity first. */
    readonly unprobed: (limit: number) => Effect.Effect<ReadonlyArray<string>, StoreError, Viewer>
    /** Directories of the viewer that were noted in the process of the store, from now on. */
    readonly noted: Stream.Stream<string, StoreError, Viewer>
  }
>() {}

/** Notes facts of directories. A process that owns the database has it; it is on no wire. */
export class DirectoryWriter extends Context.Tag("han-core/DirectoryWriter")<
  DirectoryWriter,
  {
    /** Notes what git says about a directory; a null never replaces a known fact. */
    readonly note: (directory: string, facts: DirectoryFacts) => Effect.Effect<void, StoreError, Viewer>
  }
>() {}
