import * as Effect from "effect/Effect"
import { Journal } from "han-core/Journal"
import { JournalRpcs } from "./JournalRpcs.ts"

export const layer = JournalRpcs.toLayer(
  Effect.map(Journal, (journal) =>
    JournalRpcs.of({
      "Journal.transcripts": (options) => journal.transcripts(options),
      "Journal.outputs": (options) => journal.outputs(options),
      "Journal.outputBytes": ({ id }) => journal.outputBytes(id),
      "Journal.outputTotals": () => journal.outputTotals,
      "Journal.read": ({ id, limit, line }) => journal.read(id, line, limit),
      "Journal.bytes": ({ id }) => journal.bytes(id),
      "Journal.changes": (options) => journal.changes(options),
      "Journal.head": () => journal.head,
      "Journal.totals": () => journal.totals,
      "Journal.rebuild": () => journal.rebuild,
      "Journal.forget": ({ which }) => journal.forget(which),
      "Journal.forgettable": (which) => journal.forgettable(which),
      "Journal.isForgotten": ({ sessionId }) => journal.isForgotten(sessionId)
    })
  )
)
