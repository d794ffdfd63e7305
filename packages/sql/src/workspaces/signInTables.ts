import type * as SqlClient from "@effect/sql/SqlClient"
import type { SqlError } from "@effect/sql/SqlError"
import * as Effect from "effect/Effect"
import { roles, schema } from "../database/pgRoles.ts"
import { currentOwner } from "../database/pgSecurity.ts"

/**
 * Makes the tables of sign-ins, in PostgreSQL. They are of no owner: who asks, and for which, is what they tell. `han_auth` alone reads and writes them; it sees people and their accounts,
 * to which workspaces they lead, and nothing in these. Secrets are kept as their SHA-256. Times are milliseconds since 1970.
 */
export const signInTables = Effect.fnUntraced(function* (sql: SqlClient.SqlClient): Effect.fn.Return<void, SqlError> {
  // One line for each sign-in, and the tokens that follow each other in it: its family. "family": of a browser the secret of its cookie, of a command line the part of its tokens that
  // stays. "refresh": of the token that is good now. "previous", "previous_until", "successor": of the one before, until when it may still come, and the token that was given for it,
  // which is encrypted with the one before. "code": of the code that began it. "kind": the way in.
  yield* sql`CREATE TABLE auth_session (
    id TEXT NOT NULL PRIMARY KEY,
    person TEXT NOT NULL,
    kind TEXT NOT NULL CHECK (kind IN ('web', 'cli', 'device')),
    client TEXT NOT NULL,
    family BYTEA NOT NULL UNIQUE,
    refresh BYTEA,
    previous BYTEA,
    previous_until BIGINT,
    successor BYTEA,
    code BYTEA UNIQUE,
    created_at BIGINT NOT NULL,
    last_used_at BIGINT NOT NULL,
    expires_at BIGINT NOT NULL,
    revoked_at BIGINT
  )`
  yield* sql`CREATE INDEX auth_session_person ON auth_session (person)`
  yield* sql`CREATE INDEX auth_session_expires ON auth_session (expires_at)`
  yield* sql`CREATE TABLE oauth_state (
    state BYTEA NOT NULL PRIMARY KEY,
    browser BYTEA NOT NULL,
    provider TEXT NOT NULL,
    intent TEXT NOT NULL,
    expires_at BIGINT NOT NULL
  )`
  yield* sql`CREATE TABLE auth_code (
    code BYTEA NOT NULL PRIMARY KEY,
    person TEXT NOT NULL,
    client TEXT NOT NULL,
    challenge TEXT NOT NULL,
    redirect_uri TEXT NOT NULL,
    expires_at BIGINT NOT NULL
  )`
  // "person", "approved": null while nobody has said anything.
  yield* sql`CREATE TABLE device_code (
    code BYTEA NOT NULL PRIMARY KEY,
    user_code BYTEA NOT NULL UNIQUE,
    client TEXT NOT NULL,
    address TEXT NOT NULL,
    person TEXT,
    approved BOOLEAN,
    wait_ms BIGINT NOT NULL,
    polled_at BIGINT,
    asked_at BIGINT NOT NULL,
    expires_at BIGINT NOT NULL
  )`
  for (const table of ["oauth_state", "auth_code", "device_code"]) yield* sql`CREATE INDEX ${sql(`${table}_expires`)} ON ${sql(table)} (expires_at)`
  yield* personWorkspaces(sql)
  for (const table of ["auth_session", "oauth_state", "auth_code", "device_code"]) {
    yield* sql.unsafe(`ALTER TABLE ${table} ENABLE ROW LEVEL SECURITY, FORCE ROW LEVEL SECURITY`)
    yield* openToAuth(sql, table, "SELECT, INSERT, UPDATE, DELETE")
  }
  yield* openToAuth(sql, "person", "SELECT, INSERT, UPDATE")
  yield* openToAuth(sql, "identity", "SELECT, INSERT, UPDATE, DELETE")
  yield* openToAuth(sql, "owner_lookup", "SELECT")
  yield* openToAuth(sql, "person_workspace", "SELECT")
  yield* sql.unsafe(`GRANT SELECT ON owner, han_migration TO ${roles.auth}`)
})

/** Which workspaces a person is in, in a table of no owner: those of owners are found by their owner alone. It follows `member` by itself, whoever writes that. */
const personWorkspaces = Effect.fnUntraced(function* (sql: SqlClient.SqlClient): Effect.fn.Return<void, SqlError> {
  yield* sql`CREATE TABLE person_workspace (person TEXT NOT NULL, no BIGINT NOT NULL, personal BOOLEAN NOT NULL, PRIMARY KEY (person, no))`
  yield* sql`CREATE INDEX person_workspace_no ON person_workspace (no)`
  // Those of before: their tables show rows to those alone who ask for an owner, and to the one whose they are when he says so.
  for (const table of ["member", "workspace"]) yield* sql.unsafe(`ALTER TABLE ${table} NO FORCE ROW LEVEL SECURITY`)
  yield* sql`INSERT INTO person_workspace SELECT m.person, m.owner_no, w.kind = 'personal' FROM member m JOIN workspace w ON w.owner_no = m.owner_no WHERE m.removed_at IS NULL`
  for (const table of ["member", "workspace"]) yield* sql.unsafe(`ALTER TABLE ${table} FORCE ROW LEVEL SECURITY`)
  yield* sql.unsafe(`ALTER TABLE person_workspace ENABLE ROW LEVEL SECURITY, FORCE ROW LEVEL SECURITY`)
  yield* sql.unsafe(`CREATE POLICY owner_rows ON person_workspace FOR ALL TO ${roles.app} USING (no = ${currentOwner})`)
  yield* sql.unsafe(`GRANT SELECT, INSERT, DELETE ON person_workspace TO ${roles.app}`)
  yield* sql.unsafe(`CREATE FUNCTION follow_member() RETURNS trigger LANGUAGE plpgsql SET search_path = ${schema} AS $$
    BEGIN
      IF TG_OP = 'DELETE' THEN
        DELETE FROM person_workspace WHERE person = OLD.person AND no = OLD.owner_no;
      ELSIF NEW.removed_at IS NOT NULL THEN
        DELETE FROM person_workspace WHERE person = NEW.person AND no = NEW.owner_no;
      ELSE
        INSERT INTO person_workspace SELECT NEW.person, NEW.owner_no, w.kind = 'personal' FROM workspace w WHERE w.owner_no = NEW.owner_no ON CONFLICT DO NOTHING;
      END IF;
      RETURN NULL;
    END $$`)
  yield* sql`CREATE TRIGGER follow_member AFTER INSERT OR DELETE OR UPDATE OF removed_at ON member FOR EACH ROW EXECUTE FUNCTION follow_member()`
})

const openToAuth = (sql: SqlClient.SqlClient, table: string, rights: string) =>
  Effect.zipRight(
    sql.unsafe(`CREATE POLICY sign_in ON ${table} FOR ALL TO ${roles.auth} USING (true)`),
    sql.unsafe(`GRANT ${rights} ON ${table} TO ${roles.auth}`)
  )
