import * as SqliteStore from "han-sql/SqliteStore"
import { freshPgStore } from "../../../../test/postgresStore.ts"
import { sessionFactsSuite } from "../SessionFactsSuite.ts"

const freshPg = () => freshPgStore()

sessionFactsSuite("SqliteStore", () => SqliteStore.layer({ filename: ":memory:" }))
sessionFactsSuite("PgStore", freshPg)
