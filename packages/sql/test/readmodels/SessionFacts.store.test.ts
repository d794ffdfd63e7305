import { Layer } from "effect"
import { Viewer } from "han-core/Viewer"
import * as SqliteStore from "han-sql/SqliteStore"
import { suite } from "han-sql/testing"
import { it } from "vitest"
import { freshPgStore } from "../../../../test/postgresStore.ts"

suite({ test: it, name: "SqliteStore", store: () => Layer.merge(SqliteStore.layer({ filename: ":memory:" }), Viewer.layerLocal), parts: ["facts"] })
suite({ test: it, name: "PgStore", store: () => Layer.merge(freshPgStore(), Viewer.layerLocal), parts: ["facts"] })
