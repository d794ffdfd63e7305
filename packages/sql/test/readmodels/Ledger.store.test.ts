import { Layer } from "effect"
import { Viewer } from "han-core/Viewer"
import * as SqliteStore from "han-sql/SqliteStore"
import { freshPgStore } from "../../../../test/postgresStore.ts"
import { ledgerSuite } from "../LedgerSuite.ts"

ledgerSuite("SqliteStore", () => Layer.merge(SqliteStore.layer({ filename: ":memory:" }), Viewer.layerLocal), { runs: 12 })
ledgerSuite("PgStore", () => Layer.merge(freshPgStore(), Viewer.layerLocal), { runs: 3 })
