import * as SqliteStore from "han-sql/SqliteStore"
import { suite } from "./StoreSuite.ts"
import { suite as transcriptsSuite } from "./TranscriptsSuite.ts"

const fresh = () => SqliteStore.layer({ filename: ":memory:" })
suite("SqliteStore", fresh, { runs: 15 })
transcriptsSuite("SqliteStore", fresh, { runs: 20 })
