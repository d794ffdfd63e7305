// A read model of one's own beside the built-in ones: how often each shell command was run. It is filled in the transaction that stores the lines,
// and anew when its version changes or the journal is rebuilt.
import * as SqlClient from "@effect/sql/SqlClient"
import { Effect, Layer, Stream } from "effect"
import { Indexer, layer as layerIndexer } from "han-core/Indexer"
import * as TranscriptFiles from "han-core/TranscriptFiles"
import { Viewer } from "han-core/Viewer"
import { type Projection, Projections } from "han-sql/Projection"
import * as SqliteStore from "han-sql/SqliteStore"

const shellCommands: Projection = {
  name: "shell_commands",
  version: 1,
  tables: ["shell_command"],
  create: (table) =>
    Effect.gen(function* () {
      const sql = yield* SqlClient.SqlClient
      // A call is one row, wherever forks copied it to: the same events give the same table however often and in whatever order they come.
      yield* sql`CREATE TABLE ${sql(table("shell_command"))} (owner_no BIGINT NOT NULL, call TEXT NOT NULL, command TEXT NOT NULL, PRIMARY KEY (owner_no, call))`
    }),
  apply: (events, { ownerNo, table }) =>
    Effect.gen(function* () {
      const sql = yield* SqlClient.SqlClient
      const rows = events.flatMap(({ event }) =>
        event._tag === "ToolCalled" && event.name === "Bash" ? [{ owner_no: ownerNo, call: event.toolUseId, command: commandOf(event.input) }] : []
      )
      if (rows.length > 0) yield* sql`INSERT INTO ${sql(table("shell_command"))} ${sql.insert(rows)} ON CONFLICT DO NOTHING`
    })
}

const commandOf = (input: unknown): string =>
  typeof input === "object" && input !== null && "command" in input ? (String(input.command).trim().split(/\s+/, 1)[0] ?? "") : ""

const [root = "", filename = ":memory:"] = process.argv.slice(2)

const program = Effect.gen(function* () {
  yield* Stream.runDrain((yield* Indexer).index)
  const rows = yield* (yield* Projections).query(shellCommands, (table, ownerNo) =>
    Effect.flatMap(
      SqlClient.SqlClient,
      (sql) =>
        sql<{
          command: string
          times: number
        }>`SELECT command, COUNT(*) AS times FROM ${sql(table("shell_command"))} WHERE owner_no = ${ownerNo} GROUP BY command ORDER BY times DESC, command`
    )
  )
  for (const { command, times } of rows) console.log(`${times} ${command}`)
})

const store = SqliteStore.layer({ filename, projections: [shellCommands] })
const files = TranscriptFiles.layer({ machine: "here", roots: [{ path: root }] })
await Effect.runPromise(Effect.provide(program, layerIndexer.pipe(Layer.provide(files), Layer.provideMerge(store), Layer.merge(Viewer.layerLocal))))
