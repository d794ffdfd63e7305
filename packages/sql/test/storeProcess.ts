// Opens the store of a PostgreSQL database as one of many processes: `migrate`: makes its tables first, says "open" and how many sessions it sees; `append`: appends lines of
// sessions of its own for one owner until somebody kills it, and says how many are stored.
import { Effect, type Layer, Redacted } from "effect"
import type { SessionId } from "han-core/Entry"
import type { PriceRow } from "han-core/Pricing"
import { Sessions } from "han-core/Sessions"
import { OwnerId, Viewer } from "han-core/Viewer"
import * as PgStore from "han-sql/PgStore"
import { corpus } from "../../../test/transcriptFiles.ts"
import { wholeJournal } from "../../../test/wholeJournal.ts"

const [mode = "", url = "", prefix = "", prices = "[]"] = process.argv.slice(2)
const rows: ReadonlyArray<PriceRow> = JSON.parse(prices)
const options = { url: Redacted.make(url), maxWaitMs: 60_000, prices: rows }

const append = Effect.gen(function* () {
  const journal = yield* wholeJournal
  for (let round = 0; ; round++) {
    const { appends } = corpus({ seed: 60 + round, sessions: 3, lines: 40, chaos: true })
    for (const { entries, transcript } of appends) {
      const own = { ...transcript, sessionId: `${prefix}${round}-${transcript.sessionId}` as SessionId }
      for (let to = 5; to < entries.length + 5; to += 5) {
        const { appended } = yield* journal.append(own, entries.slice(0, to))
        if (appended > 0) process.stdout.write(`${appended}\n`)
      }
    }
  }
})

const count = Effect.flatMap(Sessions, (sessions) => sessions.count({})).pipe(
  Effect.tap((sessions) => Effect.sync(() => process.stdout.write(`open ${sessions}\n`)))
)

if (mode === "migrate") await Effect.runPromise(PgStore.migrate(options))
const program: Effect.Effect<unknown, unknown, Viewer | Layer.Layer.Success<ReturnType<typeof PgStore.layer>>> = mode === "append" ? append : count
await Effect.runPromise(program.pipe(Effect.provide(PgStore.layer(options)), Effect.provideService(Viewer, { owner: OwnerId.make("acme"), person: null })))
process.exit(0)
