/**
 * The passes of hooks by the content that they passed with: a gate that passed need not run again.
 *
 * @example
 * ```ts
 * import * as Effect from "effect/Effect"
 * import { HookCacheAdmin } from "han-core/HookCache"
 *
 * // Lets every gate of a folder run again, and tells how many passes that removed.
 * const clearPasses = (directory: string) =>
 *   Effect.gen(function* () {
 *     const cache = yield* HookCacheAdmin
 *     for (const pass of yield* cache.list({ directory, limit: 20 })) yield* Effect.logInfo(`${pass.hook}: used ${pass.uses} times`)
 *     return yield* cache.clear({ directory })
 *   })
 * ```
 */

import * as Context from "effect/Context"
import type * as Effect from "effect/Effect"
import * as Schema from "effect/Schema"
import type { StoreError } from "../store/StoreError.ts"

/** A file as a hook read it: its path from the hook's directory, and what stands for its content. */
export const HookFile = Schema.Struct({ path: Schema.String, digest: Schema.String })
export type HookFile = typeof HookFile.Type

/**
 * A hook that passed. `gate` stands for what was run and how (command, version, environment, tools, directory); `key` for that and all content that it reads.
 * Both are hex SHA-256.
 */
export const HookPass = Schema.Struct({
  key: Schema.String,
  gate: Schema.String,
  /** `plugin@marketplace/hook` */
  hook: Schema.String,
  /** The folder that it ran in, absolute; the same content in another worktree passes as well. */
  directory: Schema.String,
  command: Schema.String,
  /** The number of files that it reads. */
  files: Schema.Int,
  durationMs: Schema.Number,
  /** Milliseconds since 1970. */
  passedAt: Schema.Number,
  /** When it last stood for a run, and how often it did. */
  usedAt: Schema.NullOr(Schema.Number),
  uses: Schema.Int
})
export type HookPass = typeof HookPass.Type

/** A run that passed, to be kept. */
export interface HookPassed extends Omit<HookPass, "usedAt" | "uses" | "files"> {
  /** All that it reads. */
  readonly reads: ReadonlyArray<HookFile>
  /** The worktree that it ran in. */
  readonly tree: string
  /** It is run for single files: each of these passed by itself. Empty for a hook that checks its directory as a whole. */
  readonly each: ReadonlyArray<HookFile>
  /** All of `reads` has passed now, not only `each`. */
  readonly whole: boolean
}

/** The passes to list or to clear; all without a field. */
export const HookPassFilter = Schema.Struct({
  /** The id of a hook, `plugin@marketplace`, or a plugin's or hook's name. */
  hook: Schema.optional(Schema.String),
  /** Passes in this folder and those below it; absolute. */
  directory: Schema.optional(Schema.String)
})
export type HookPassFilter = typeof HookPassFilter.Type

/**
 * Passes by the content that they passed with; failures are not kept. Nothing of a session is in it. Entries that were not used for 60 days go, and the oldest beyond 50,000.
 * It is on no wire: who could write to it could declare a gate passed.
 */
export class HookCache extends Context.Tag("han-core/HookCache")<
  HookCache,
  {
    /** The pass of exactly this, null without one. Counts as a use. */
    readonly use: (key: string, at: number) => Effect.Effect<HookPass | null, StoreError>
    /** The pass of exactly this, null without one; counts as nothing. */
    readonly find: (key: string) => Effect.Effect<HookPass | null, StoreError>
    /** Those of these files that passed this gate with this very content, by their paths. */
    readonly passedFiles: (gate: string, files: ReadonlyArray<HookFile>) => Effect.Effect<ReadonlySet<string>, StoreError>
    /** The paths of all that the gate read when it last passed as a whole in this worktree; null when it never did. */
    readonly lastReads: (gate: string, tree: string) => Effect.Effect<ReadonlySet<string> | null, StoreError>
    /** Keeps a pass, in the place of an earlier one with the same key. */
    readonly record: (passed: HookPassed) => Effect.Effect<void, StoreError>
  }
>() {}

/** The passes of all gates, for a person who looks through them. */
export class HookCacheAdmin extends Context.Tag("han-core/HookCacheAdmin")<
  HookCacheAdmin,
  {
    /** The newest first. */
    readonly list: (filter: HookPassFilter & { readonly limit: number }) => Effect.Effect<ReadonlyArray<HookPass>, StoreError>
    /** Removes passes, with what passed file by file, and gives their number. */
    readonly clear: (filter: HookPassFilter) => Effect.Effect<number, StoreError>
  }
>() {}
