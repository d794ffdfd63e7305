import { Layer } from "effect"
import { Viewer } from "han-core/Viewer"
import * as SqliteStore from "han-sql/SqliteStore"
import { runs } from "../../../test/runs.ts"
import { suite } from "./StoreSuite.ts"
import { suite as transcriptsSuite } from "./TranscriptsSuite.ts"

const fresh = () => Layer.merge(SqliteStore.layer({ filename: ":memory:" }), Viewer.layerLocal)
suite("SqliteStore", fresh, { runs: runs(15, 3) })
transcriptsSuite("SqliteStore", fresh, { runs: runs(20, 5) })
