import * as Clock from "effect/Clock"
import * as Effect from "effect/Effect"
import type { StoreError } from "../../store/StoreError.ts"
import type { HookCache, HookFile, HookPass, HookPassed } from "../HookCache.ts"

/**
 * The cached passes, for decisions. A cache that fails is one that knows of nothing: then more is run, never less, and what blocks still blocks. Failures are logged.
 */
export interface CachedPasses {
  readonly find: (key: string) => Effect.Effect<HookPass | null>
  readonly use: (key: string) => Effect.Effect<void>
  readonly passedFiles: (gate: string, files: ReadonlyArray<HookFile>) => Effect.Effect<ReadonlySet<string>>
  readonly lastReads: (gate: string, tree: string) => Effect.Effect<ReadonlySet<string> | null>
  /** True when it was stored. */
  readonly record: (passed: HookPassed) => Effect.Effect<boolean>
}

export const cachedPasses = (cache: typeof HookCache.Service): CachedPasses => {
  const or =
    <A>(otherwise: A) =>
    (asked: Effect.Effect<A, StoreError>): Effect.Effect<A> =>
      Effect.catchAll(asked, ({ message }) => Effect.as(Effect.logWarning(`what passed before is not known, so hooks run again: ${message}`), otherwise))
  return {
    find: (key) => or<HookPass | null>(null)(cache.find(key)),
    use: (key) => Effect.asVoid(or<HookPass | null>(null)(Effect.flatMap(Clock.currentTimeMillis, (now) => cache.use(key, now)))),
    passedFiles: (gate, files) => or<ReadonlySet<string>>(new Set())(cache.passedFiles(gate, files)),
    lastReads: (gate, tree) => or<ReadonlySet<string> | null>(null)(cache.lastReads(gate, tree)),
    record: (passed) => or(false)(Effect.as(cache.record(passed), true))
  }
}
