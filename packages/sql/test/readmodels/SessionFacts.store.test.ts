import { Layer } from "effect"
import { Viewer } from "han-core/Viewer"
import * as SqliteStore from "han-sql/SqliteStore"
import { freshPgStore } from "../../../../test/postgresStore.ts"
import { sessionFactsSuite } from "../SessionFactsSuite.ts"

sessionFactsSuite("SqliteStore", () => Layer.merge(SqliteStore.layer({ filename: ":memory:" }), Viewer.layerLocal))
sessionFactsSuite("PgStore", () => Layer.merge(freshPgStore(), Viewer.layerLocal))
