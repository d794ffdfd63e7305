import { Layer } from "effect"
import { Viewer } from "han-core/Viewer"
import * as SqliteStore from "han-sql/SqliteStore"
import { freshPgStore } from "../../../../test/postgresStore.ts"
import { suite } from "../ToolOutputSuite.ts"

suite("SqliteStore", () => Layer.merge(SqliteStore.layer({ filename: ":memory:" }), Viewer.layerLocal), { runs: 6 })
suite("PgStore", () => Layer.merge(freshPgStore(), Viewer.layerLocal), { runs: 6 })
