/**
 * The database behind a store, for people who look after it.
 *
 * @example
 * ```ts
 * import * as Effect from "effect/Effect"
 * import { StoreInfo } from "han-core/StoreInfo"
 *
 * const logStore = Effect.gen(function* () {
 *   const store = yield* StoreInfo
 *   yield* Effect.logInfo(`${store.engine} ${store.version} at ${store.location}`)
 *   if (store.warning !== null) yield* Effect.logWarning(store.warning)
 * })
 * ```
 */

import * as Context from "effect/Context"
import type * as Effect from "effect/Effect"
import type { RebuildProgress } from "./JournalAdmin.ts"

/** The engine, version and place of a store's database, and the rebuild that it is busy with. */
export class StoreInfo extends Context.Tag("han-core/StoreInfo")<
  StoreInfo,
  {
    readonly engine: "sqlite" | "postgresql"
    /** As the engine states it, e.g. `3.51.3`. */
    readonly version: string
    /** The file, or the server's address without credentials. */
    readonly location: string
    /** A danger of this version of the engine to the data, and what to do, in words; null when there is none. */
    readonly warning: string | null
    /** The progress of the rebuild of read models; null when none is running. */
    readonly rebuilding: Effect.Effect<RebuildProgress | null>
  }
>() {}
