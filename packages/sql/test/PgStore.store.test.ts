import { freshPgStore } from "../../../test/postgresStore.ts"
import { runs } from "../../../test/runs.ts"
import { suite } from "./StoreSuite.ts"
import { suite as transcriptsSuite } from "./TranscriptsSuite.ts"

const fresh = () => freshPgStore()

suite("PgStore", fresh, { runs: runs(4, 2) })
transcriptsSuite("PgStore", fresh, { runs: runs(5, 2) })
