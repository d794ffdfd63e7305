import { assert, describe, it } from "@effect/vitest"
import * as Effect from "effect/Effect"
import * as Redacted from "effect/Redacted"
import { JournalWriter } from "han-core/JournalWriter"
import { OwnerId, Viewer } from "han-core/Viewer"
import pg from "pg"
import { vi } from "vitest"
import { createStoreDatabase } from "../../../test/postgresStore.ts"
import { lines, transcript } from "../../../test/transcriptFiles.ts"
import * as PgStore from "../src/PgStore.ts"

const line = (index: number) => ({
  type: "user",
  uuid: `live-${index}`,
  timestamp: new Date(Date.UTC(2026, 8, 1) + index * 1000).toISOString(),
  message: { role: "user", content: `a line of work ${index}` }
})

/** The statements of `act`, of whatever runs in this process beside it, too. */
const counted = <A, E, R>(act: Effect.Effect<A, E, R>) =>
  Effect.acquireUseRelease(
    Effect.sync(() => vi.spyOn(pg.Client.prototype, "query")),
    (spy) => Effect.map(act, () => spy.mock.calls.length),
    (spy) => Effect.sync(() => spy.mockRestore())
  )

describe("what an append costs on PostgreSQL", () => {
  it.scopedLive(
    "A line more takes at most 20 statements, the beginning and the end of the transaction among them",
    () =>
      Effect.gen(function* () {
        const database = yield* Effect.acquireRelease(
          Effect.promise(() => createStoreDatabase("append")),
          ({ drop }) => Effect.promise(drop)
        )
        const costs = yield* Effect.gen(function* () {
          const journal = yield* JournalWriter
          const append = (index: number) => journal.append(transcript("live"), lines(Array.from({ length: index + 1 }, (_, at) => line(at))))
          for (let index = 0; index < 3; index++) yield* append(index)
          // Looks of the background come once in five seconds: the cheapest of several has none of them.
          return yield* Effect.forEach([3, 4, 5, 6, 7], (index) => counted(append(index)))
        }).pipe(
          Effect.provideService(Viewer, { owner: OwnerId.make("acme"), person: null }),
          Effect.provide(PgStore.layer({ url: Redacted.make(database.url) }))
        )
        assert.isAtMost(Math.min(...costs), 20)
        assert.isAbove(Math.min(...costs), 5)
      }),
    60_000
  )
})
