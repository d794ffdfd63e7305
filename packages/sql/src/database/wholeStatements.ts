import * as Reactivity from "@effect/experimental/Reactivity"
import * as SqlClient from "@effect/sql/SqlClient"
import type { Connection } from "@effect/sql/SqlConnection"
import { PgClient } from "@effect/sql-pg"
import * as Effect from "effect/Effect"

/**
 * A client over the same pool whose statements run to their end once they were sent: an interruption takes effect after them. The driver would cancel a statement by the number of
 * its connection's process, and a cancellation that arrives late ends the next statement on that connection, which is somebody else's.
 */
export const wholeStatements = (client: PgClient.PgClient): Effect.Effect<SqlClient.SqlClient> => {
  // An interrupted wait for a connection would never give it back.
  const acquirer = Effect.map(Effect.uninterruptible(client.reserve), whole)
  return Effect.provide(
    SqlClient.make({ acquirer, transactionAcquirer: acquirer, compiler: PgClient.makeCompiler(), spanAttributes: [["db.system.name", "postgresql"]] }),
    Reactivity.layer
  )
}

const whole = (connection: Connection): Connection => ({
  execute: (...given) => Effect.uninterruptible(connection.execute(...given)),
  executeRaw: (...given) => Effect.uninterruptible(connection.executeRaw(...given)),
  // A cursor is closed by its scope, and cancels nothing.
  executeStream: (...given) => connection.executeStream(...given),
  executeValues: (...given) => Effect.uninterruptible(connection.executeValues(...given)),
  executeUnprepared: (...given) => Effect.uninterruptible(connection.executeUnprepared(...given))
})
