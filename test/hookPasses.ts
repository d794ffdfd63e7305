import * as Effect from "effect/Effect"
import * as Layer from "effect/Layer"
import { HookCache } from "han-core/HookCache"
import * as SqliteStore from "han-sql/SqliteStore"

/** Writes to the cache of hooks in a database that no process has open: nothing on a wire could. */
export const writePasses = <A, E>(filename: string, write: (cache: typeof HookCache.Service) => Effect.Effect<A, E>): Promise<A> =>
  Effect.runPromise(Effect.provide(Effect.flatMap(HookCache, write), Layer.orDie(SqliteStore.layer({ filename }))))
