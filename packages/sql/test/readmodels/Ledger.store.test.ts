import * as Effect from "effect/Effect"
import * as Layer from "effect/Layer"
import * as Redacted from "effect/Redacted"
import * as PgStore from "han-sql/PgStore"
import * as SqliteStore from "han-sql/SqliteStore"
import { createDatabase } from "../../../../test/postgresDatabase.ts"
import { ledgerSuite } from "../LedgerSuite.ts"

const freshPg = () =>
  Layer.unwrapScoped(
    Effect.map(
      Effect.acquireRelease(
        Effect.promise(() => createDatabase("ledger")),
        (database) => Effect.promise(() => database.drop())
      ),
      ({ url }) => PgStore.layer({ url: Redacted.make(url) })
    )
  )

ledgerSuite("SqliteStore", () => SqliteStore.layer({ filename: ":memory:" }), { runs: 12 })
ledgerSuite("PgStore", freshPg, { runs: 3 })
