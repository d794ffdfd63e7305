import * as Effect from "effect/Effect"
import * as Layer from "effect/Layer"
import * as Redacted from "effect/Redacted"
import * as PgStore from "han-sql/PgStore"
import * as SqliteStore from "han-sql/SqliteStore"
import { createDatabase } from "../../../../test/postgresDatabase.ts"
import { suite } from "../ToolOutputSuite.ts"

suite("SqliteStore", () => SqliteStore.layer({ filename: ":memory:" }))

// A database for each store that the suite makes, on the one server of the run.
suite("PgStore", () =>
  Layer.unwrapScoped(
    Effect.map(
      Effect.acquireRelease(
        Effect.promise(() => createDatabase("outputs")),
        (database) => Effect.promise(() => database.drop())
      ),
      ({ url }) => PgStore.layer({ url: Redacted.make(url) })
    )
  ))
