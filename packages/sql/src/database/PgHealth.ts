import * as Context from "effect/Context"
import type * as Effect from "effect/Effect"
import type { StoreError, StoreUnusable } from "han-core/StoreError"

/** How the connections of a store in PostgreSQL are. */
export class PgHealth extends Context.Tag("han-sql/PgHealth")<
  PgHealth,
  {
    /** Asks the database, within five seconds, whether it answers and has the tables of this version. */
    readonly check: Effect.Effect<void, StoreUnusable>
    /**
     * How this process learns of other processes' appends. `notifications`: at once, by LISTEN, which a notification has proved since the connection was made. `looking`: by a look
     * every five seconds.
     */
    readonly announcements: Effect.Effect<"notifications" | "looking">
    /** Connections of the pool that are in use now, and operations that wait for one. */
    readonly pool: Effect.Effect<{ readonly max: number; readonly inUse: number; readonly waiting: number }>
    /** Blocks of the journal that the serving read models lack, of all owners together. */
    readonly fillLag: Effect.Effect<number, StoreError>
  }
>() {}
