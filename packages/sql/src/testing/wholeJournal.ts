import * as Effect from "effect/Effect"
import { Journal } from "han-core/Journal"
import { JournalAdmin } from "han-core/JournalAdmin"
import { type Append, JournalWriter } from "han-core/JournalWriter"

export type JournalServices = Journal | JournalWriter | JournalAdmin

/** The journal as the process that owns its database has it: reads, writes and administration. */
export const wholeJournal = Effect.all([Journal, JournalWriter, JournalAdmin]).pipe(
  Effect.map(([journal, writer, admin]) => ({ ...journal, ...writer, ...admin }))
)

/** Appends each in a transaction of its own. */
export const appendAll = (appends: ReadonlyArray<Append>) =>
  Effect.flatMap(wholeJournal, (journal) => Effect.forEach(appends, (append) => journal.appendAll([append]), { discard: true }))
