import * as SqliteStore from "han-sql/SqliteStore"
import { suite } from "./StoreSuite.ts"

suite("SqliteStore", () => SqliteStore.layer({ filename: ":memory:" }), { runs: 15 })
