import * as Reactivity from "@effect/experimental/Reactivity"
import { PgClient } from "@effect/sql-pg"
import { expect, it } from "@effect/vitest"
import * as Effect from "effect/Effect"
import * as Fiber from "effect/Fiber"
import * as Redacted from "effect/Redacted"
import * as TestServices from "effect/TestServices"
import { createDatabase } from "../../../../test/postgresDatabase.ts"
import { wholeStatements } from "../../src/database/wholeStatements.ts"

const database = Effect.acquireRelease(
  Effect.promise(() => createDatabase("interrupted")),
  ({ drop }) => Effect.promise(drop)
)

it.scoped("a statement that is interrupted ends no other statement, in and out of transactions", () =>
  Effect.gen(function* () {
    const { url } = yield* database
    const client = yield* PgClient.make({ url: Redacted.make(url), maxConnections: 2 })
    const sql = yield* wholeStatements(client)
    const sleep = sql`SELECT pg_sleep(0.002)`
    for (let round = 0; round < 60; round++) {
      const interrupted = yield* Effect.fork(round % 2 === 0 ? sleep : sql.withTransaction(Effect.zipRight(sleep, sleep)))
      // A cancellation would wait for a connection behind these, and come when the interrupted statement is long over.
      const others = yield* Effect.fork(
        Effect.all(
          Array.from({ length: 12 }, () => Effect.zipRight(sleep, sql`SELECT 1 AS n`)),
          { concurrency: 12 }
        )
      )
      yield* TestServices.provideLive(Effect.sleep(`${round % 5} millis`))
      yield* Fiber.interrupt(interrupted)
      expect(yield* Fiber.join(others)).toEqual(Array.from({ length: 12 }, () => [{ n: 1 }]))
    }
  }).pipe(Effect.provide(Reactivity.layer))
)
