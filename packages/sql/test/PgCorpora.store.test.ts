import { Layer } from "effect"
import { Viewer } from "han-core/Viewer"
import { suite } from "han-sql/testing"
import { it } from "vitest"
import { freshPgStore } from "../../../test/postgresStore.ts"
import { runs } from "../../../test/runs.ts"
import { recorded } from "./recordedCases.ts"

suite({ test: it, name: "PgStore", store: () => Layer.merge(freshPgStore(), Viewer.layerLocal), parts: ["corpora"], runs: runs(4, 2), also: recorded })
