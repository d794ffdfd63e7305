import * as Effect from "effect/Effect"
import * as Layer from "effect/Layer"
import * as Redacted from "effect/Redacted"
import * as PgStore from "han-sql/PgStore"
import { createDatabase } from "../../../test/postgresDatabase.ts"
import { runs } from "../../../test/runs.ts"
import { suite } from "./StoreSuite.ts"
import { suite as transcriptsSuite } from "./TranscriptsSuite.ts"

// A database for each store that the suite makes, on the one server of the run.
const fresh = () =>
  Layer.unwrapScoped(
    Effect.map(
      Effect.acquireRelease(
        Effect.promise(() => createDatabase("store")),
        (database) => Effect.promise(() => database.drop())
      ),
      ({ url }) => PgStore.layer({ url: Redacted.make(url) })
    )
  )

suite("PgStore", fresh, { runs: runs(4, 2) })
transcriptsSuite("PgStore", fresh, { runs: runs(5, 2) })
