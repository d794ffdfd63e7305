import * as SqliteStore from "han-sql/SqliteStore"
import { freshPgStore } from "../../../../test/postgresStore.ts"
import { ledgerSuite } from "../LedgerSuite.ts"

const freshPg = () => freshPgStore()

ledgerSuite("SqliteStore", () => SqliteStore.layer({ filename: ":memory:" }), { runs: 12 })
ledgerSuite("PgStore", freshPg, { runs: 3 })
