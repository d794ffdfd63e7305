import * as Context from "effect/Context"
import type * as Effect from "effect/Effect"
import type { RebuildProgress } from "./JournalAdmin.ts"

/** The database of a store, for people who look after it. */
export class StoreInfo extends Context.Tag("han-core/StoreInfo")<
  StoreInfo,
  {
    readonly engine: "sqlite" | "postgresql"
    readonly version: string
    /** The file, or the server's address without credentials. */
    readonly location: string
    /** Why this version of the engine is a danger to the data, and what to do, in words; null when it is none. */
    readonly warning: string | null
    /** The progress of the rebuild of a projection; null when none is running. */
    readonly rebuilding: Effect.Effect<RebuildProgress | null>
  }
>() {}
