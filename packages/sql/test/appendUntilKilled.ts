// Appends a corpus line batch by line batch and says each time that one is stored, until somebody kills it.
import { Effect, Layer } from "effect"
import { Viewer } from "han-core/Viewer"
import * as SqliteStore from "han-sql/SqliteStore"
import { corpus } from "../../../test/transcriptFiles.ts"
import { wholeJournal } from "../../../test/wholeJournal.ts"

const { appends } = corpus({ seed: 45, sessions: 10, lines: 60, chaos: true })
const program = Effect.gen(function* () {
  const journal = yield* wholeJournal
  for (const { entries, transcript } of appends) {
    for (let from = 0; from < entries.length; from += 7) {
      const { appended } = yield* journal.append(transcript, entries.slice(0, from + 7))
      if (appended > 0) process.stdout.write(`${appended}\n`)
    }
  }
})
await Effect.runPromise(Effect.provide(program, Layer.merge(SqliteStore.layer({ filename: process.argv[2] ?? "" }), Viewer.layerLocal)))
