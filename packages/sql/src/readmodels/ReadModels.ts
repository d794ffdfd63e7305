import * as SqlClient from "@effect/sql/SqlClient"
import type { SqlError } from "@effect/sql/SqlError"
import * as Effect from "effect/Effect"
import type { TableName } from "./Projection.ts"
import { wordsFunction } from "./pgWords.ts"

/** Raise it when the meaning of a line or the shape of a table changes: everything below is then projected anew from the journal. */
export const version = 10

/** The names and the dialect that the statements of a table depend on. */
interface Making {
  /** Its name in the database. */
  readonly table: string
  readonly pg: boolean
  /** For small rows that are only found by their key: SQLite then needs no second tree. */
  readonly byKey: string
  /** The column of a number that the database gives, and its key where that is not the column's own. */
  readonly numbered: string
  readonly numberedKey: string
}
const define = <Table extends string>(definitions: Readonly<Record<Table, (making: Making) => ReadonlyArray<string>>>) => definitions

/** The sums of a quarter of an hour, an hour or a day in time_sum. "active": rows of activity_sum with messages or tool calls, whose sums the next seven are; "begun" and "ended": see `maxPause`. */
export const rolledUp = [
  "active",
  "messages",
  "prompts",
  "prompt_ms",
  "tool_calls",
  "lines_added",
  "lines_removed",
  "file_changes",
  "analysed",
  "score",
  "low",
  "moderate",
  "high",
  "charges",
  "responses",
  "input",
  "output",
  "cache_read",
  "cache_write",
  "cost",
  "begun",
  "ended"
] as const
/** The sums of a model in model_sum. */
export const rolledUpModels = ["charges", "responses", "unpriced", "input", "output", "cache_read", "cache_write", "cost"] as const

/**
 * Quarters of an hour, 20 hours of them, up to which days in UTC of a session count as one stretch of work, which begins in one quarter and ends in one. Every day of every time zone
 * is longer: so a stretch has something in each day that lies within it, and sessions of a day are those whose stretches meet it.
 */
export const maxPause = 80

/** The statements that make each table and its indexes. Every row can be projected again from the journal. */
const definitions = define({
  // "present": it has lines; "listed": lines that make a session (makesSession). "state" is SessionState as JSON; the columns beside it are what lists sort and filter by, and sums.
  session: ({ pg, table }) => [
    `CREATE TABLE ${table} (
      owner_no BIGINT NOT NULL,
      no BIGINT NOT NULL,
      id TEXT NOT NULL,
      present INTEGER NOT NULL,
      listed INTEGER NOT NULL,
      source TEXT NOT NULL,
      machine TEXT NOT NULL,
      author TEXT,
      state TEXT NOT NULL,
      cwd TEXT,
      project TEXT,
      first_uuid TEXT,
      mark_kind TEXT,
      mark_session TEXT,
      started_at BIGINT,
      updated_at BIGINT NOT NULL,
      messages BIGINT NOT NULL,
      prompts BIGINT NOT NULL,
      tool_calls BIGINT NOT NULL,
      tool_errors BIGINT NOT NULL,
      compactions BIGINT NOT NULL,
      responses BIGINT NOT NULL,
      unpriced BIGINT NOT NULL,
      input BIGINT NOT NULL,
      output BIGINT NOT NULL,
      cache_read BIGINT NOT NULL,
      cache_write_5m BIGINT NOT NULL,
      cache_write_1h BIGINT NOT NULL,
      cost BIGINT NOT NULL,
      PRIMARY KEY (owner_no, no)
    )`,
    `CREATE INDEX ${table}_recent ON ${table} (owner_no, updated_at, no)`,
    `CREATE INDEX ${table}_id ON ${table} (owner_no, id)`,
    `CREATE INDEX ${table}_family ON ${table} (owner_no, first_uuid, id)`,
    ...(pg ? [`CREATE INDEX ${table}_unlisted ON ${table} (owner_no, no) WHERE listed = 0`] : [])
  ],
  // Where sessions stood before lines that came moved them to the front of the list ("before_at": their "updated_at"): a page behind a cursor is one of the list as it was. The
  // newest rows are kept; "id" rises, also after the newest ones were removed.
  session_move: ({ pg, table }) => [
    `CREATE TABLE ${table} (
      owner_no BIGINT NOT NULL,
      id ${pg ? "BIGINT NOT NULL GENERATED ALWAYS AS IDENTITY" : "INTEGER PRIMARY KEY AUTOINCREMENT"},
      session_no BIGINT NOT NULL,
      before_at BIGINT NOT NULL${pg ? ", PRIMARY KEY (owner_no, id)" : ""}
    )`
  ],
  // "id" rises with time (see messageKey.ts), so that the newest are the last ones. "uuid_hash": see idHash.ts; a line is one row of a session, for rows are looked for
  // before they are written, by one writer of an owner at a time. The text is in the entry alone.
  message: ({ pg, table }) => [
    `CREATE TABLE ${table} (
      owner_no BIGINT NOT NULL,
      id ${pg ? "BIGINT NOT NULL" : "INTEGER PRIMARY KEY"},
      session_no BIGINT NOT NULL,
      thread BIGINT NOT NULL,
      transcript_no BIGINT NOT NULL,
      line BIGINT NOT NULL,
      uuid_hash BIGINT NOT NULL,
      uuid TEXT NOT NULL,
      kind SMALLINT NOT NULL${pg ? ",\n      words tsvector,\n      PRIMARY KEY (owner_no, id)" : ""}
    )`,
    `CREATE INDEX ${table}_uuid ON ${table} (owner_no, session_no, uuid_hash)`,
    `CREATE INDEX ${table}_order ON ${table} (owner_no, session_no, id, thread)`,
    ...(pg ? [`CREATE INDEX ${table}_words ON ${table} USING gin (words)`, ...wordsFunction(table)] : [])
  ],
  // SQLite's words; on PostgreSQL they stand in "message". The text comes normalised (see words.ts), so the tokenizer only has to split it. Pieces of the index are merged sixteen
  // at a time, not four: a cold index spends a tenth less, a search a quarter of a millisecond more. (Tables that were made before keep what they have until they are filled anew.)
  message_text: ({ pg, table }) =>
    pg
      ? []
      : [
          `CREATE VIRTUAL TABLE ${table} USING fts5(prompt, answer, tool, other, content='', contentless_delete=1, tokenize='ascii')`,
          `INSERT INTO ${table} (${table}, rank) VALUES ('automerge', 16)`,
          `INSERT INTO ${table} (${table}, rank) VALUES ('crisismerge', 32)`
        ],
  // Where lines point to files beside their transcript ("kind", see messageWords.ts; "message_id": the message's key), so that words of a file that comes later are found, too.
  // "path" and "other_session" of a file that is not the session's own.
  output_ref: ({ byKey, table }) => [
    `CREATE TABLE ${table} (
      owner_no BIGINT NOT NULL,
      session_no BIGINT NOT NULL,
      message_id BIGINT NOT NULL,
      name TEXT NOT NULL,
      kind SMALLINT NOT NULL,
      transcript_no BIGINT NOT NULL,
      line BIGINT NOT NULL,
      path TEXT,
      other_session TEXT,
      PRIMARY KEY (owner_no, session_no, name, kind, message_id)
    ) ${byKey}`
  ],
  // Calls and responses are found by random ids, and there are more of them than of anything but messages: rows in the order in which they come, and a short hash of
  // the id as index ("id_hash", see idHash.ts), cost a fraction of the pages that rows in the order of their ids do. An id is in one row, for rows are looked for
  // before they are written, by one writer of an owner at a time.
  // "session_no" is the session that made the call, "mark" how that is known (see provenance.ts). Without a name only the result was seen.
  tool_call: ({ numbered, numberedKey, table }) => [
    `CREATE TABLE ${table} (
      owner_no BIGINT NOT NULL,
      ${numbered},
      id_hash BIGINT NOT NULL,
      id TEXT NOT NULL,
      session_no BIGINT NOT NULL,
      mark SMALLINT NOT NULL,
      transcript_no BIGINT NOT NULL,
      line BIGINT NOT NULL,
      agent_id TEXT,
      name TEXT,
      agent_type TEXT,
      at BIGINT,
      path TEXT,
      action TEXT,
      lines_added BIGINT,
      lines_removed BIGINT,
      task_input TEXT,
      result_transcript_no BIGINT,
      result_line BIGINT,
      result_at BIGINT,
      patch_added BIGINT,
      patch_removed BIGINT,
      is_error INTEGER,
      task_result TEXT${numberedKey}
    )`,
    `CREATE INDEX ${table}_id ON ${table} (owner_no, id_hash)`,
    `CREATE INDEX ${table}_session ON ${table} (owner_no, session_no)`,
    // A session's task list is added up again whenever one of these comes, and there may be a hundred thousand others.
    `CREATE INDEX ${table}_task ON ${table} (owner_no, session_no) WHERE task_input IS NOT NULL`
  ],
  // What identifies a response: "message_id" and "request_id" as the vendor gave them, or its place where these do not tell (see responseIds.ts); "id_hash" is of
  // "message_id". "part": see ResponseMetered. "garbled": its record states what cannot be; "unsure": it may be a part or a copy of another.
  response: ({ numbered, numberedKey, table }) => [
    `CREATE TABLE ${table} (
      owner_no BIGINT NOT NULL,
      ${numbered},
      id_hash BIGINT NOT NULL,
      message_id TEXT NOT NULL,
      request_id TEXT NOT NULL,
      part SMALLINT NOT NULL,
      session_no BIGINT NOT NULL,
      mark SMALLINT NOT NULL,
      transcript_no BIGINT NOT NULL,
      line BIGINT NOT NULL,
      model TEXT NOT NULL,
      at BIGINT,
      input BIGINT NOT NULL,
      output BIGINT NOT NULL,
      cache_read BIGINT NOT NULL,
      cache_write_5m BIGINT NOT NULL,
      cache_write_1h BIGINT NOT NULL,
      web_searches BIGINT NOT NULL,
      terms TEXT NOT NULL,
      garbled SMALLINT NOT NULL,
      unsure SMALLINT NOT NULL,
      stated_cost BIGINT,
      cost BIGINT${numberedKey}
    )`,
    `CREATE INDEX ${table}_id ON ${table} (owner_no, id_hash)`,
    `CREATE INDEX ${table}_session ON ${table} (owner_no, session_no)`
  ],
  // The ledger added up: one row a session, quarter of an hour ("bucket", -1 without a time), model and terms. Days of every time zone are made of these. "charges" are
  // responses and their parts; "terms": surcharges as JSON, empty for none.
  usage_sum: ({ byKey, table }) => [
    `CREATE TABLE ${table} (
      owner_no BIGINT NOT NULL,
      session_no BIGINT NOT NULL,
      bucket BIGINT NOT NULL,
      model TEXT NOT NULL,
      terms TEXT NOT NULL,
      charges BIGINT NOT NULL,
      responses BIGINT NOT NULL,
      unpriced BIGINT NOT NULL,
      garbled BIGINT NOT NULL,
      unsure BIGINT NOT NULL,
      input BIGINT NOT NULL,
      output BIGINT NOT NULL,
      cache_read BIGINT NOT NULL,
      cache_write_5m BIGINT NOT NULL,
      cache_write_1h BIGINT NOT NULL,
      web_searches BIGINT NOT NULL,
      cost BIGINT NOT NULL,
      PRIMARY KEY (owner_no, session_no, bucket, model, terms)
    ) ${byKey}`
  ],
  // Changes that no tool call stands for; the others are rows of tool_call.
  file_change: ({ table }) => [
    `CREATE TABLE ${table} (owner_no BIGINT NOT NULL, id TEXT NOT NULL, session_no BIGINT NOT NULL, mark SMALLINT NOT NULL, transcript_no BIGINT NOT NULL, line BIGINT NOT NULL, agent_id TEXT, path TEXT NOT NULL, action TEXT NOT NULL, tool_name TEXT NOT NULL, at BIGINT, PRIMARY KEY (owner_no, id))`,
    `CREATE INDEX ${table}_session ON ${table} (owner_no, session_no)`
  ],
  compaction: ({ table }) => [
    `CREATE TABLE ${table} (
      owner_no BIGINT NOT NULL,
      id TEXT NOT NULL,
      session_no BIGINT NOT NULL,
      mark SMALLINT NOT NULL,
      transcript_no BIGINT NOT NULL,
      line BIGINT NOT NULL,
      at BIGINT,
      trigger_name TEXT NOT NULL,
      pre_tokens BIGINT,
      post_tokens BIGINT,
      duration_ms BIGINT,
      summary_id TEXT,
      summary TEXT,
      PRIMARY KEY (owner_no, id)
    )`,
    `CREATE INDEX ${table}_summary ON ${table} (owner_no, summary_id)`,
    `CREATE INDEX ${table}_session ON ${table} (owner_no, session_no)`
  ],
  todo: ({ table }) => [
    `CREATE TABLE ${table} (owner_no BIGINT NOT NULL, id TEXT NOT NULL, session_no BIGINT NOT NULL, mark SMALLINT NOT NULL, transcript_no BIGINT NOT NULL, line BIGINT NOT NULL, at BIGINT, todos TEXT NOT NULL, PRIMARY KEY (owner_no, id))`,
    `CREATE INDEX ${table}_session ON ${table} (owner_no, session_no)`
  ],
  summary: ({ table }) => [
    `CREATE TABLE ${table} (owner_no BIGINT NOT NULL, session_no BIGINT NOT NULL, id TEXT NOT NULL, transcript_no BIGINT NOT NULL, line BIGINT NOT NULL, leaf_hash BIGINT, leaf_uuid TEXT, text TEXT NOT NULL, PRIMARY KEY (owner_no, session_no, id))`
  ],
  problem: ({ table }) => [
    `CREATE TABLE ${table} (owner_no BIGINT NOT NULL, transcript_no BIGINT NOT NULL, kind TEXT NOT NULL, reason TEXT NOT NULL, line BIGINT NOT NULL, byte_offset BIGINT NOT NULL, lines BIGINT NOT NULL, PRIMARY KEY (owner_no, transcript_no, kind, reason, line))`,
    `CREATE INDEX ${table}_kind ON ${table} (owner_no, kind)`
  ],
  cost_state: ({ table }) => [
    `CREATE TABLE ${table} (owner_no BIGINT NOT NULL, session_no BIGINT NOT NULL, stamp BIGINT NOT NULL, stated TEXT NOT NULL, PRIMARY KEY (owner_no, session_no))`
  ],
  // "last_at": the time that a line without one takes over; "last_key": of the message before the next one; "told": what its lines say of the session, as JSON of
  // SessionState, for a transcript that says something.
  transcript_state: ({ table }) => [
    `CREATE TABLE ${table} (owner_no BIGINT NOT NULL, transcript_no BIGINT NOT NULL, session_no BIGINT NOT NULL, last_at BIGINT, started_at BIGINT, updated_at BIGINT, messages BIGINT NOT NULL, last_key BIGINT, told TEXT, PRIMARY KEY (owner_no, transcript_no))`,
    `CREATE INDEX ${table}_session ON ${table} (owner_no, session_no)`
  ],
  // Task lists as their calls add up to now.
  task: ({ byKey, table }) => [
    `CREATE TABLE ${table} (
      owner_no BIGINT NOT NULL,
      session_no BIGINT NOT NULL,
      sequence BIGINT NOT NULL,
      subject TEXT NOT NULL,
      status TEXT NOT NULL,
      created_at BIGINT,
      completed_at BIGINT,
      PRIMARY KEY (owner_no, session_no, sequence)
    ) ${byKey}`
  ],
  // Lines of han's own log; "id_hash" is their message's "uuid_hash". What they say is in the entry; "hook", "passed" and "duration_ms" are of results of hooks.
  han_event: ({ byKey, table }) => [
    `CREATE TABLE ${table} (
      owner_no BIGINT NOT NULL,
      session_no BIGINT NOT NULL,
      id TEXT NOT NULL,
      id_hash BIGINT NOT NULL,
      name TEXT NOT NULL,
      reply_to TEXT,
      at BIGINT,
      transcript_no BIGINT NOT NULL,
      line BIGINT NOT NULL,
      hook TEXT,
      passed INTEGER,
      duration_ms BIGINT,
      PRIMARY KEY (owner_no, session_no, id)
    ) ${byKey}`,
    `CREATE INDEX ${table}_reply ON ${table} (owner_no, session_no, reply_to)`,
    `CREATE INDEX ${table}_time ON ${table} (owner_no, name, at)`
  ],
  // What prompts say of how a human feels; "message_id" is the message's key, scores are integer billionths, whose sums are exact in any order. "level": 0 none, 1 low, 2 moderate, 3 high.
  mood: ({ byKey, table }) => [
    `CREATE TABLE ${table} (
      owner_no BIGINT NOT NULL,
      session_no BIGINT NOT NULL,
      message_id BIGINT NOT NULL,
      score BIGINT NOT NULL,
      frustration BIGINT NOT NULL,
      level SMALLINT NOT NULL,
      signals TEXT NOT NULL,
      PRIMARY KEY (owner_no, session_no, message_id)
    ) ${byKey}`
  ],
  // What happened in a session in a quarter of an hour ("bucket", -1 without a time).
  activity_sum: ({ byKey, table }) => [
    `CREATE TABLE ${table} (
      owner_no BIGINT NOT NULL,
      session_no BIGINT NOT NULL,
      bucket BIGINT NOT NULL,
      messages BIGINT NOT NULL,
      prompts BIGINT NOT NULL,
      prompt_ms BIGINT NOT NULL,
      tool_calls BIGINT NOT NULL,
      lines_added BIGINT NOT NULL,
      lines_removed BIGINT NOT NULL,
      file_changes BIGINT NOT NULL,
      analysed BIGINT NOT NULL,
      score BIGINT NOT NULL,
      low BIGINT NOT NULL,
      moderate BIGINT NOT NULL,
      high BIGINT NOT NULL,
      PRIMARY KEY (owner_no, session_no, bucket)
    ) ${byKey}`
  ],
  // Calls of each tool on a day in UTC ("day" since 1970, -1 without a time); "agent_type" is empty for tools that start no subagent.
  tool_sum: ({ byKey, table }) => [
    `CREATE TABLE ${table} (
      owner_no BIGINT NOT NULL,
      session_no BIGINT NOT NULL,
      day BIGINT NOT NULL,
      name TEXT NOT NULL,
      agent_type TEXT NOT NULL,
      calls BIGINT NOT NULL,
      PRIMARY KEY (owner_no, session_no, day, name, agent_type)
    ) ${byKey}`
  ],
  // The next three are PostgreSQL's alone: a file of one person is added up as it is read (docs/decisions/0023-metrics-roll-ups.md). They hold what activity_sum and usage_sum hold,
  // of all sessions of an owner together; rollUps.ts keeps them.
  // "unit" and "slot": which quarter of an hour, hour or day in UTC since 1970 (`units` of rollUps.ts).
  time_sum: ({ pg, table }) =>
    pg
      ? [
          `CREATE TABLE ${table} (owner_no BIGINT NOT NULL, unit SMALLINT NOT NULL, slot BIGINT NOT NULL, ${rolledUp.map((column) => `${column} BIGINT NOT NULL`).join(", ")}, PRIMARY KEY (owner_no, unit, slot)) WITH (fillfactor = 70)`
        ]
      : [],
  model_sum: ({ pg, table }) =>
    pg
      ? [
          `CREATE TABLE ${table} (owner_no BIGINT NOT NULL, unit SMALLINT NOT NULL, slot BIGINT NOT NULL, model TEXT NOT NULL, ${rolledUpModels.map((column) => `${column} BIGINT NOT NULL`).join(", ")}, PRIMARY KEY (owner_no, unit, slot, model)) WITH (fillfactor = 70)`
        ]
      : [],
  // The quarters of an hour with something of a session in them, a row for each day in UTC: the first and the last one, and the last one of the days before. "hours0" to "hours3":
  // the hours with messages or tool calls as bits, where hours begin so many quarters before the full ones. "counted": 1 unless only forks tell of the session; "alone": 1 when the session has no other day.
  session_day: ({ pg, table }) =>
    pg
      ? [
          `CREATE TABLE ${table} (
      owner_no BIGINT NOT NULL,
      session_no BIGINT NOT NULL,
      day BIGINT NOT NULL,
      first_bucket BIGINT NOT NULL,
      last_bucket BIGINT NOT NULL,
      previous_bucket BIGINT,
      hours0 INTEGER NOT NULL,
      hours1 INTEGER NOT NULL,
      hours2 INTEGER NOT NULL,
      hours3 INTEGER NOT NULL,
      counted SMALLINT NOT NULL,
      alone SMALLINT NOT NULL,
      PRIMARY KEY (owner_no, session_no, day)
    ) WITH (fillfactor = 80)`,
          `CREATE INDEX ${table}_day ON ${table} (owner_no, day)`,
          `CREATE INDEX ${table}_again ON ${table} (owner_no, first_bucket) INCLUDE (previous_bucket, counted) WHERE first_bucket - previous_bucket > ${maxPause}`
        ]
      : []
})

export type Table = keyof typeof definitions
export const tables = Object.keys(definitions) as ReadonlyArray<Table>

export const create = (table: TableName): Effect.Effect<void, SqlError, SqlClient.SqlClient> =>
  Effect.gen(function* () {
    const sql = yield* SqlClient.SqlClient
    const dialect = sql.onDialectOrElse({
      pg: () => ({ pg: true, byKey: "", numbered: "no BIGINT GENERATED BY DEFAULT AS IDENTITY", numberedKey: ",\n      PRIMARY KEY (owner_no, no)" }),
      orElse: () => ({ pg: false, byKey: "WITHOUT ROWID", numbered: "no INTEGER PRIMARY KEY", numberedKey: "" })
    })
    for (const name of tables) for (const statement of definitions[name]({ table: table(name), ...dialect })) yield* sql.unsafe(statement)
  })
