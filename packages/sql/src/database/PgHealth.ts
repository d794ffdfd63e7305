import * as Context from "effect/Context"
import type * as Effect from "effect/Effect"
import type { StoreUnusable } from "han-core/StoreError"

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
  }
>() {}
