import type { SqlClient } from "@effect/sql/SqlClient"
import type { SqlError } from "@effect/sql/SqlError"
import * as Effect from "effect/Effect"
import * as PubSub from "effect/PubSub"
import type { Append, EntryGap } from "han-core/JournalWriter"
import type { PriceTable } from "han-core/Pricing"
import type { Database, OwnerNo } from "../database/Database.ts"
import { PendingWords } from "../readmodels/pendingWords.ts"
import type { ReadModelTables } from "../readmodels/ReadModelTables.ts"
import { isReplacing, replaceTranscripts } from "../readmodels/replace.ts"
import { appendEntries, type Prepared } from "./appendEntries.ts"

/** A store as its writers see it. */
export interface Store {
  readonly database: typeof Database.Service
  readonly models: typeof ReadModelTables.Service
  readonly prices: PriceTable
}

/** Appends in the transaction that is open, with all that is projected from the lines. Gives the number of lines that were new. */
export const appendWithin = Effect.fnUntraced(function* (
  { database, models, prices }: Store,
  owner: number,
  author: string | null,
  prepared: ReadonlyArray<Prepared>
): Effect.fn.Return<number, SqlError | EntryGap, SqlClient | OwnerNo> {
  // Made anew when the transaction is run again.
  const words = new PendingWords()
  const { chunks, step } = yield* appendEntries(database.write, prices, owner, author, prepared, words)
  const [first, ...rest] = chunks
  // Also without lines: a session is there as soon as its file is.
  if (first !== undefined) yield* models.apply(owner, step, ({ take }) => take([first, ...rest]))
  yield* words.insert(database.write)
  if (prepared.some(isReplacing)) {
    yield* models.level(owner)
    yield* replaceTranscripts(database.write, models, owner, prepared, prices)
  }
  return chunks.reduce((sum, chunk) => sum + chunk.entries.length, 0)
})

/** Runs a transaction that appends; one that replaces generations not beside a rebuild, which may have taken them up. */
export const appending = <A, E, R>({ models, prices }: Store, replacing: boolean, effect: Effect.Effect<A, E, R>) =>
  replacing ? models.maintain(Effect.zipLeft(models.write(effect), models.rebuildOthers(prices))) : models.write(effect)

/** Tells whoever follows these sessions, here and in other processes, that they grew. */
export const announceAppended = Effect.fnUntraced(function* ({ database, models }: Store, owner: number, appends: ReadonlyArray<Append>) {
  yield* database.announce(owner)
  yield* PubSub.publishAll(
    models.committed,
    appends.map(({ transcript }) => ({ owner, sessionId: transcript.sessionId }))
  )
})
