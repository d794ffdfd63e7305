import * as SqlClient from "@effect/sql/SqlClient"
import type { SqlError } from "@effect/sql/SqlError"
import * as Effect from "effect/Effect"
import { StoreUnusable } from "han-core/StoreError"
import { earlierVersion } from "../earlier/earlierJournal.ts"

/** The column types that the two databases name differently. */
const typesOf = (sql: SqlClient.SqlClient) => ({
  bytes: sql.onDialectOrElse({ pg: () => sql.literal("BYTEA"), orElse: () => sql.literal("BLOB") }),
  serial: sql.onDialectOrElse({
    pg: () => sql.literal("BIGINT GENERATED ALWAYS AS IDENTITY PRIMARY KEY"),
    orElse: () => sql.literal("INTEGER PRIMARY KEY")
  })
})

/**
 * The journal's own tables: the only ones with a history. One list for both databases; a dialect differs only in the types of `typesOf`.
 * A migration that was published never changes. The first one's name tells the file of an earlier, unpublished build, whose first was "journal".
 */
const migrations: ReadonlyArray<{ readonly name: string; readonly run: Effect.Effect<void, SqlError, SqlClient.SqlClient> }> = [
  {
    name: "tenant journal",
    run: Effect.gen(function* () {
      const sql = yield* SqlClient.SqlClient
      const { bytes, serial } = typesOf(sql)
      // The row whose lock makes one owner's appends follow each other, so that sequences are seen in order and without gaps.
      yield* sql`CREATE TABLE owner_head (owner TEXT NOT NULL PRIMARY KEY, sequence BIGINT NOT NULL)`
      // Short numbers for ids that many rows repeat. Primary, so that they outlive a rebuild.
      yield* sql`CREATE TABLE session_key (no ${serial}, owner TEXT NOT NULL, session_id TEXT NOT NULL, UNIQUE (owner, session_id))`
      // "replaced_by": the generation that took the place of this one.
      yield* sql`CREATE TABLE transcript (
        no ${serial},
        owner TEXT NOT NULL,
        id TEXT NOT NULL,
        session_no BIGINT NOT NULL,
        machine TEXT NOT NULL,
        source TEXT NOT NULL,
        kind TEXT NOT NULL,
        agent_id TEXT,
        generation BIGINT NOT NULL,
        lines BIGINT NOT NULL,
        bytes BIGINT NOT NULL,
        file TEXT,
        meta TEXT,
        missing_since BIGINT,
        replaced_by BIGINT,
        UNIQUE (owner, id)
      )`
      yield* sql`CREATE INDEX transcript_session ON transcript (session_no)`
      yield* sql`CREATE TABLE block (
        transcript_no BIGINT NOT NULL,
        first_line BIGINT NOT NULL,
        lines BIGINT NOT NULL,
        owner TEXT NOT NULL,
        sequence BIGINT NOT NULL,
        byte_offset BIGINT NOT NULL,
        size BIGINT NOT NULL,
        codec INTEGER NOT NULL,
        data ${bytes} NOT NULL
      )`
      yield* sql`CREATE UNIQUE INDEX block_line ON block (transcript_no, first_line)`
      yield* sql`CREATE INDEX block_sequence ON block (owner, sequence)`
      yield* sql`CREATE TABLE entry_payload (
        transcript_no BIGINT NOT NULL,
        line BIGINT NOT NULL,
        codec INTEGER NOT NULL,
        data ${bytes} NOT NULL,
        PRIMARY KEY (transcript_no, line)
      )`
      yield* sql`CREATE TABLE tombstone (owner TEXT NOT NULL, session_id TEXT NOT NULL, forgotten_at BIGINT NOT NULL, PRIMARY KEY (owner, session_id))`
      yield* sql`CREATE TABLE directory (owner TEXT NOT NULL, path TEXT NOT NULL, name TEXT, remote TEXT, root TEXT, worktree_of TEXT, default_branch TEXT, probed_at BIGINT NOT NULL, PRIMARY KEY (owner, path))`
      yield* sql`CREATE TABLE tool_output (
        no ${serial},
        owner TEXT NOT NULL,
        id TEXT NOT NULL,
        session_no BIGINT NOT NULL,
        machine TEXT NOT NULL,
        source TEXT NOT NULL,
        name TEXT NOT NULL,
        generation BIGINT NOT NULL,
        kept BIGINT NOT NULL,
        size BIGINT NOT NULL,
        digest TEXT NOT NULL,
        file TEXT,
        UNIQUE (owner, id)
      )`
      yield* sql`CREATE INDEX tool_output_name ON tool_output (session_no, name)`
      yield* sql`CREATE TABLE tool_output_piece (output_no BIGINT NOT NULL, byte_offset BIGINT NOT NULL, codec INTEGER NOT NULL, data ${bytes} NOT NULL, PRIMARY KEY (output_no, byte_offset))`
      yield* sql`CREATE TABLE hook_pass (
        key ${bytes} NOT NULL PRIMARY KEY,
        gate ${bytes} NOT NULL,
        hook TEXT NOT NULL,
        directory TEXT NOT NULL,
        command TEXT NOT NULL,
        files BIGINT NOT NULL,
        duration_ms DOUBLE PRECISION NOT NULL,
        passed_at BIGINT NOT NULL,
        used_at BIGINT,
        uses BIGINT NOT NULL,
        touched_at BIGINT NOT NULL
      )`
      yield* sql`CREATE INDEX hook_pass_gate ON hook_pass (gate)`
      yield* sql`CREATE INDEX hook_pass_passed ON hook_pass (passed_at)`
      yield* sql`CREATE INDEX hook_pass_touched ON hook_pass (touched_at)`
      yield* sql`CREATE TABLE hook_pass_file (gate ${bytes} NOT NULL, mark TEXT NOT NULL, touched_at BIGINT NOT NULL, PRIMARY KEY (gate, mark))`
      yield* sql`CREATE INDEX hook_pass_file_touched ON hook_pass_file (touched_at)`
      yield* sql`CREATE TABLE hook_pass_reads (
        gate ${bytes} NOT NULL,
        tree TEXT NOT NULL,
        codec INTEGER NOT NULL,
        data ${bytes} NOT NULL,
        touched_at BIGINT NOT NULL,
        PRIMARY KEY (gate, tree)
      )`
      yield* sql`CREATE INDEX hook_pass_reads_touched ON hook_pass_reads (touched_at)`
      // Which tables hold the read models of a projection. "filling": they are behind the journal, and are being brought up to it in order.
      yield* sql`CREATE TABLE projection (
        name TEXT NOT NULL PRIMARY KEY,
        version TEXT NOT NULL,
        variant TEXT NOT NULL,
        revision BIGINT NOT NULL,
        filling INTEGER NOT NULL
      )`
      yield* sql`CREATE TABLE projection_cursor (
        name TEXT NOT NULL,
        revision BIGINT NOT NULL,
        owner TEXT NOT NULL,
        sequence BIGINT NOT NULL,
        PRIMARY KEY (name, revision, owner)
      )`
    })
  }
]

/** The names of the migrations that this version knows, in their order. */
export const migrationNames: ReadonlyArray<string> = migrations.map(({ name }) => name)

/** Brings the journal's tables to this version. Fails, and changes nothing, when a newer han wrote them. */
export const run = (location: string): Effect.Effect<void, StoreUnusable | SqlError, SqlClient.SqlClient> =>
  Effect.gen(function* () {
    const sql = yield* SqlClient.SqlClient
    yield* Effect.gen(function* () {
      yield* sql`CREATE TABLE IF NOT EXISTS han_migration (id INTEGER NOT NULL PRIMARY KEY, name TEXT NOT NULL)`
      yield* sql.onDialectOrElse({ pg: () => sql`LOCK TABLE han_migration IN EXCLUSIVE MODE`, orElse: () => Effect.void })
      const done = yield* sql<{ id: number; name: string }>`SELECT id, name FROM han_migration ORDER BY id`
      if (earlierVersion(done.map(({ name }) => name)) !== null) return yield* earlier(sql, location)
      const last = done.at(-1)?.id ?? 0
      if (last > migrations.length) {
        return yield* new StoreUnusable({
          location,
          reason: "newer",
          message: `${location} was written by a newer han (journal version ${last}, this one knows ${migrations.length}); update han, nothing was changed`
        })
      }
      for (const [index, migration] of migrations.entries()) {
        if (index < last) continue
        yield* migration.run
        yield* sql`INSERT INTO han_migration ${sql.insert({ id: index + 1, name: migration.name })}`
      }
    }).pipe(sql.withTransaction)
  })

const earlier = (sql: SqlClient.SqlClient, location: string) =>
  new StoreUnusable({
    location,
    reason: "earlier",
    message: `${location} was written by an earlier build of han, whose tables are others; ${sql.onDialectOrElse({
      pg: () => "make a new database for this one",
      orElse: () => "the coordinator makes it anew when it starts (`han coordinator start`)"
    })}; nothing was changed`
  })
