import { Layer } from "effect"
import { Viewer } from "han-core/Viewer"
import { register, suite } from "han-sql/testing"
import { it } from "vitest"
import { freshPgStore } from "../../../test/postgresStore.ts"
import { runs } from "../../../test/runs.ts"
import { recordedCases } from "./recordedCases.ts"

const of = { test: it, name: "PgStore", store: () => Layer.merge(freshPgStore(), Viewer.layerLocal), runs: runs(4, 2) }
suite({ ...of, parts: ["store", "transcripts"] })
register(of, recordedCases)
