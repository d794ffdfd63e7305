import * as SqlClient from "@effect/sql/SqlClient"
import type { SqlError } from "@effect/sql/SqlError"
import * as Effect from "effect/Effect"
import type { TableName } from "./Projection.ts"

/** Raise it when the meaning of a line or the shape of a table changes: everything below is then projected anew from the journal. */
export const version = 4

export const tables = [
  "session",
  "session_move",
  "message",
  "message_text",
  "tool_call",
  "response",
  "usage_sum",
  "file_change",
  "compaction",
  "todo",
  "summary",
  "problem",
  "cost_state",
  "transcript_state",
  "task",
  "han_event",
  "mood",
  "activity_sum",
  "tool_sum"
] as const
export type Table = (typeof tables)[number]

/** What the journal adds up to. Nothing here is precious. */
export const create = (table: TableName): Effect.Effect<void, SqlError, SqlClient.SqlClient> =>
  Effect.gen(function* () {
    const sql = yield* SqlClient.SqlClient
    const t = (name: Table) => sql.literal(table(name))
    const index = (name: Table, suffix: string) => sql.literal(`${table(name)}_${suffix}`)
    // Small rows that are only found by their key: SQLite then needs no second tree.
    const byKey = sql.onDialectOrElse({ pg: () => sql.literal(""), orElse: () => sql.literal("WITHOUT ROWID") })

    // "state" is SessionState as JSON; the columns beside it are what lists sort and filter by, and sums.
    yield* sql`CREATE TABLE ${t("session")} (
      no BIGINT NOT NULL PRIMARY KEY,
      owner TEXT NOT NULL,
      id TEXT NOT NULL,
      present INTEGER NOT NULL,
      source TEXT NOT NULL,
      machine TEXT NOT NULL,
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
      cost BIGINT NOT NULL
    )`
    yield* sql`CREATE INDEX ${index("session", "recent")} ON ${t("session")} (owner, updated_at, no)`
    yield* sql`CREATE INDEX ${index("session", "id")} ON ${t("session")} (owner, id)`
    yield* sql`CREATE INDEX ${index("session", "family")} ON ${t("session")} (owner, first_uuid, id)`
    // Where sessions stood before lines that came moved them to the front of the list ("before_at": their "updated_at"): a page behind a cursor is one of the list as it was. The
    // newest rows are kept; "id" rises, also after the newest ones were removed.
    yield* sql.onDialectOrElse({
      pg: () =>
        sql`CREATE TABLE ${t("session_move")} (id BIGINT NOT NULL GENERATED ALWAYS AS IDENTITY, owner TEXT NOT NULL, session_no BIGINT NOT NULL, before_at BIGINT NOT NULL, PRIMARY KEY (owner, id))`,
      orElse: () =>
        sql`CREATE TABLE ${t("session_move")} (id INTEGER PRIMARY KEY AUTOINCREMENT, owner TEXT NOT NULL, session_no BIGINT NOT NULL, before_at BIGINT NOT NULL)`
    })

    // "id" rises with time (see messageKey.ts), so that the newest are the last ones. The text is in the entry alone.
    yield* sql.onDialectOrElse({
      pg: () =>
        sql`CREATE TABLE ${t("message")} (id BIGINT NOT NULL, owner TEXT NOT NULL, session_no BIGINT NOT NULL, thread BIGINT NOT NULL, transcript_no BIGINT NOT NULL, line BIGINT NOT NULL, uuid TEXT NOT NULL, kind SMALLINT NOT NULL, PRIMARY KEY (owner, id))`,
      orElse: () =>
        sql`CREATE TABLE ${t("message")} (id INTEGER PRIMARY KEY, owner TEXT NOT NULL, session_no BIGINT NOT NULL, thread BIGINT NOT NULL, transcript_no BIGINT NOT NULL, line BIGINT NOT NULL, uuid TEXT NOT NULL, kind SMALLINT NOT NULL)`
    })
    yield* sql`CREATE UNIQUE INDEX ${index("message", "uuid")} ON ${t("message")} (session_no, uuid)`
    yield* sql`CREATE INDEX ${index("message", "order")} ON ${t("message")} (session_no, id, thread)`
    yield* sql.onDialectOrElse({
      pg: () =>
        Effect.zipRight(
          sql`CREATE TABLE ${t("message_text")} (owner TEXT NOT NULL, id BIGINT NOT NULL, words tsvector NOT NULL, PRIMARY KEY (owner, id))`,
          sql`CREATE INDEX ${index("message_text", "words")} ON ${t("message_text")} USING gin (words)`
        ),
      // The text comes normalised (see words.ts), so the tokenizer only has to split it.
      orElse: () => sql`CREATE VIRTUAL TABLE ${t("message_text")} USING fts5(prompt, answer, tool, other, content='', contentless_delete=1, tokenize='ascii')`
    })

    // "session_no" is the session that made the call, "mark" how that is known (see sighting.ts). Without a name only the result was seen.
    yield* sql`CREATE TABLE ${t("tool_call")} (
      owner TEXT NOT NULL,
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
      is_error INTEGER,
      task_result TEXT,
      PRIMARY KEY (owner, id)
    ) ${byKey}`
    yield* sql`CREATE INDEX ${index("tool_call", "session")} ON ${t("tool_call")} (session_no)`

    yield* sql`CREATE TABLE ${t("response")} (
      owner TEXT NOT NULL,
      message_id TEXT NOT NULL,
      request_id TEXT NOT NULL,
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
      tier TEXT,
      stated_cost BIGINT,
      cost BIGINT,
      PRIMARY KEY (owner, message_id, request_id)
    ) ${byKey}`
    yield* sql`CREATE INDEX ${index("response", "session")} ON ${t("response")} (session_no)`

    // The ledger added up: one row a session, quarter of an hour ("bucket", -1 without a time), model and tier. Days of every time zone are made of these.
    yield* sql`CREATE TABLE ${t("usage_sum")} (
      session_no BIGINT NOT NULL,
      bucket BIGINT NOT NULL,
      model TEXT NOT NULL,
      tier TEXT NOT NULL,
      owner TEXT NOT NULL,
      responses BIGINT NOT NULL,
      unpriced BIGINT NOT NULL,
      input BIGINT NOT NULL,
      output BIGINT NOT NULL,
      cache_read BIGINT NOT NULL,
      cache_write_5m BIGINT NOT NULL,
      cache_write_1h BIGINT NOT NULL,
      web_searches BIGINT NOT NULL,
      cost BIGINT NOT NULL,
      PRIMARY KEY (session_no, bucket, model, tier)
    ) ${byKey}`

    // Changes that no tool call stands for; the others are rows of tool_call.
    yield* sql`CREATE TABLE ${t("file_change")} (owner TEXT NOT NULL, id TEXT NOT NULL, session_no BIGINT NOT NULL, mark SMALLINT NOT NULL, transcript_no BIGINT NOT NULL, line BIGINT NOT NULL, agent_id TEXT, path TEXT NOT NULL, action TEXT NOT NULL, tool_name TEXT NOT NULL, at BIGINT, PRIMARY KEY (owner, id))`
    yield* sql`CREATE INDEX ${index("file_change", "session")} ON ${t("file_change")} (session_no)`

    yield* sql`CREATE TABLE ${t("compaction")} (
      owner TEXT NOT NULL,
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
      PRIMARY KEY (owner, id)
    )`
    yield* sql`CREATE INDEX ${index("compaction", "summary")} ON ${t("compaction")} (owner, summary_id)`
    yield* sql`CREATE INDEX ${index("compaction", "session")} ON ${t("compaction")} (session_no)`
    yield* sql`CREATE TABLE ${t("todo")} (owner TEXT NOT NULL, id TEXT NOT NULL, session_no BIGINT NOT NULL, mark SMALLINT NOT NULL, transcript_no BIGINT NOT NULL, line BIGINT NOT NULL, at BIGINT, todos TEXT NOT NULL, PRIMARY KEY (owner, id))`
    yield* sql`CREATE INDEX ${index("todo", "session")} ON ${t("todo")} (session_no)`
    yield* sql`CREATE TABLE ${t("summary")} (session_no BIGINT NOT NULL, id TEXT NOT NULL, transcript_no BIGINT NOT NULL, line BIGINT NOT NULL, leaf_uuid TEXT, text TEXT NOT NULL, PRIMARY KEY (session_no, id))`
    yield* sql`CREATE TABLE ${t("problem")} (transcript_no BIGINT NOT NULL, kind TEXT NOT NULL, reason TEXT NOT NULL, line BIGINT NOT NULL, byte_offset BIGINT NOT NULL, lines BIGINT NOT NULL, owner TEXT NOT NULL, PRIMARY KEY (transcript_no, kind, reason, line))`
    yield* sql`CREATE INDEX ${index("problem", "kind")} ON ${t("problem")} (owner, kind)`
    yield* sql`CREATE TABLE ${t("cost_state")} (session_no BIGINT NOT NULL PRIMARY KEY, stamp BIGINT NOT NULL, stated TEXT NOT NULL)`
    // "last_at": the time that a line without one takes over.
    yield* sql`CREATE TABLE ${t("transcript_state")} (transcript_no BIGINT NOT NULL PRIMARY KEY, session_no BIGINT NOT NULL, last_at BIGINT, started_at BIGINT, updated_at BIGINT, messages BIGINT NOT NULL)`
    yield* sql`CREATE INDEX ${index("transcript_state", "session")} ON ${t("transcript_state")} (session_no)`

    // Task lists as their calls add up to now.
    yield* sql`CREATE TABLE ${t("task")} (
      session_no BIGINT NOT NULL,
      sequence BIGINT NOT NULL,
      owner TEXT NOT NULL,
      subject TEXT NOT NULL,
      status TEXT NOT NULL,
      created_at BIGINT,
      completed_at BIGINT,
      PRIMARY KEY (session_no, sequence)
    ) ${byKey}`

    // Lines of han's own log. What they say is in the entry; "hook", "passed" and "duration_ms" are of results of hooks.
    yield* sql`CREATE TABLE ${t("han_event")} (
      session_no BIGINT NOT NULL,
      id TEXT NOT NULL,
      owner TEXT NOT NULL,
      name TEXT NOT NULL,
      reply_to TEXT,
      at BIGINT,
      transcript_no BIGINT NOT NULL,
      line BIGINT NOT NULL,
      hook TEXT,
      passed INTEGER,
      duration_ms BIGINT,
      PRIMARY KEY (session_no, id)
    ) ${byKey}`
    yield* sql`CREATE INDEX ${index("han_event", "reply")} ON ${t("han_event")} (session_no, reply_to)`
    yield* sql`CREATE INDEX ${index("han_event", "time")} ON ${t("han_event")} (owner, name, at)`

    // What prompts say of how a human feels; "message_id" is the message's key, scores are integer billionths, whose sums are exact in any order. "level": 0 none, 1 low, 2 moderate, 3 high.
    yield* sql`CREATE TABLE ${t("mood")} (
      session_no BIGINT NOT NULL,
      message_id BIGINT NOT NULL,
      owner TEXT NOT NULL,
      score BIGINT NOT NULL,
      frustration BIGINT NOT NULL,
      level SMALLINT NOT NULL,
      signals TEXT NOT NULL,
      PRIMARY KEY (session_no, message_id)
    ) ${byKey}`

    // What happened in a session in a quarter of an hour ("bucket", -1 without a time).
    yield* sql`CREATE TABLE ${t("activity_sum")} (
      session_no BIGINT NOT NULL,
      bucket BIGINT NOT NULL,
      owner TEXT NOT NULL,
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
      PRIMARY KEY (session_no, bucket)
    ) ${byKey}`
    // Calls of each tool on a day in UTC ("day" since 1970, -1 without a time); "agent_type" is empty for tools that start no subagent.
    yield* sql`CREATE TABLE ${t("tool_sum")} (
      session_no BIGINT NOT NULL,
      day BIGINT NOT NULL,
      name TEXT NOT NULL,
      agent_type TEXT NOT NULL,
      owner TEXT NOT NULL,
      calls BIGINT NOT NULL,
      PRIMARY KEY (session_no, day, name, agent_type)
    ) ${byKey}`
  })
