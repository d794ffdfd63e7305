import * as SqliteStore from "han-sql/SqliteStore"
import { freshPgStore } from "../../../../test/postgresStore.ts"
import { suite } from "../ToolOutputSuite.ts"

suite("SqliteStore", () => SqliteStore.layer({ filename: ":memory:" }))

suite("PgStore", () => freshPgStore())
