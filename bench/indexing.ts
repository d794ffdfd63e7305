// Cold index of 213 MB on SQLite and PostgreSQL, against the floor of the same run.
import { mkdtempSync, rmSync, statSync } from "node:fs"
import { tmpdir } from "node:os"
import { join } from "node:path"
import pg from "pg"
import { startPostgres } from "../test/postgres.ts"
import { standardCorpus } from "./Corpora.ts"
import { floor } from "./floor.ts"
import { indexOnce, type Outcome } from "./IndexOnce.ts"
import { machine, megabytes, percentile, row } from "./Measure.ts"

const rounds = 3
const of = standardCorpus()
const folder = mkdtempSync(join(tmpdir(), "han-bench-"))
const speed = (outcome: Outcome) => of.bytes / 1e6 / outcome.seconds
const note = (outcome: Outcome, databaseBytes: number) =>
  `${(outcome.report.entries / outcome.seconds).toFixed(0)} lines/s; database ${(databaseBytes / of.bytes).toFixed(2)} × transcripts; peak memory ${megabytes(outcome.peakBytes)} MB`

try {
  console.log(machine())
  const floors: Array<number> = []
  const outcomes: Array<Outcome> = []
  let databaseBytes = 0
  // By turns, so that whatever else the machine does meets both.
  for (let round = 0; round < rounds; round++) {
    floors.push(floor(of).megabytesPerSecond)
    const filename = join(folder, `han-${round}.db`)
    outcomes.push(await indexOnce("sqlite", filename, of.path))
    databaseBytes = statSync(filename).size
    rmSync(filename)
  }
  const bare = percentile(floors, 0.5)
  const outcome = outcomes.toSorted((a, b) => a.seconds - b.seconds)[Math.floor(rounds / 2)]
  if (outcome === undefined) throw new Error("nothing was measured")
  row("floor: bare loop, SQLite", `${bare.toFixed(1)} MB/s`, `${megabytes(of.bytes)} MB, ${outcome.report.entries} lines`)
  row("cold index, SQLite", `${speed(outcome).toFixed(1)} MB/s = ${(speed(outcome) / bare).toFixed(2)} × floor`, note(outcome, databaseBytes))

  const server = await startPostgres({ durable: true })
  const client = new pg.Client({ connectionString: server.url })
  await client.connect()
  try {
    const onPostgres = await indexOnce("postgres", server.url, of.path)
    const { rows } = await client.query("SELECT pg_database_size(current_database())::float8 AS bytes")
    row("cold index, PostgreSQL", `${speed(onPostgres).toFixed(1)} MB/s = ${(speed(onPostgres) / bare).toFixed(2)} × floor`, note(onPostgres, rows[0].bytes))
  } finally {
    await client.end()
    await server.stop()
  }
} finally {
  rmSync(folder, { recursive: true, force: true })
}
