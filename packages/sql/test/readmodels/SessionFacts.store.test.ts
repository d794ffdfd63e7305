import * as Effect from "effect/Effect"
import * as Layer from "effect/Layer"
import * as Redacted from "effect/Redacted"
import * as PgStore from "han-sql/PgStore"
import * as SqliteStore from "han-sql/SqliteStore"
import { createDatabase } from "../../../../test/postgresDatabase.ts"
import { sessionFactsSuite } from "../SessionFactsSuite.ts"

const freshPg = () =>
  Layer.unwrapScoped(
    Effect.map(
      Effect.acquireRelease(
        Effect.promise(() => createDatabase("session_facts")),
        (database) => Effect.promise(() => database.drop())
      ),
      ({ url }) => PgStore.layer({ url: Redacted.make(url) })
    )
  )

sessionFactsSuite("SqliteStore", () => SqliteStore.layer({ filename: ":memory:" }))
sessionFactsSuite("PgStore", freshPg)
