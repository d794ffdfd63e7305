import { Layer } from "effect"
import { Viewer } from "han-core/Viewer"
import * as SqliteStore from "han-sql/SqliteStore"
import { register, suite } from "han-sql/testing"
import { it } from "vitest"
import { runs } from "../../../test/runs.ts"
import { recorded, recordedCases } from "./recordedCases.ts"

const of = {
  test: it,
  name: "SqliteStore",
  store: () => Layer.merge(SqliteStore.layer({ filename: ":memory:" }), Viewer.layerLocal),
  runs: runs(15, 4),
  also: recorded
}
suite({ ...of, parts: ["corpora", "store", "transcripts"] })
register(of, recordedCases)
