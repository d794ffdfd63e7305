import { Layer } from "effect"
import { Viewer } from "han-core/Viewer"
import { freshPgStore } from "../../../test/postgresStore.ts"
import { runs } from "../../../test/runs.ts"
import { suite } from "./StoreSuite.ts"
import { suite as transcriptsSuite } from "./TranscriptsSuite.ts"

const fresh = () => Layer.merge(freshPgStore(), Viewer.layerLocal)

suite("PgStore", fresh, { runs: runs(4, 2) })
transcriptsSuite("PgStore", fresh, { runs: runs(5, 2) })
