import type * as SqlClient from "@effect/sql/SqlClient"
import type { SqlError } from "@effect/sql/SqlError"
import * as Effect from "effect/Effect"
import { roles } from "../database/pgRoles.ts"
import { currentOwner, protect } from "../database/pgSecurity.ts"

/**
 * Makes the tables of workspaces and their people, in PostgreSQL. An owner of rows is a workspace. Times are milliseconds since 1970.
 *
 * A slug, and the id of a key, is of one owner in the whole database and leads to it, while every key of a table of owners begins with the owner. So they stand in `owner_lookup`,
 * which is of no owner: `han_jobs` reads all of it, to find out whose a request is; `han_app` reads and writes the lines of its own owner alone.
 */
export const workspaceTables = Effect.fnUntraced(function* (sql: SqlClient.SqlClient): Effect.fn.Return<void, SqlError> {
  yield* sql`CREATE TABLE owner_lookup (kind TEXT NOT NULL, name TEXT NOT NULL, no BIGINT NOT NULL, PRIMARY KEY (kind, name))`
  yield* sql`CREATE INDEX owner_lookup_no ON owner_lookup (no)`
  // "encryption": fixed when the workspace is made. "settings": what its people may change; what is not in it is as `SqlApiKeys` says.
  yield* sql`CREATE TABLE workspace (
    owner_no BIGINT NOT NULL PRIMARY KEY,
    slug TEXT NOT NULL,
    name TEXT NOT NULL,
    kind TEXT NOT NULL CHECK (kind IN ('personal', 'shared')),
    plan TEXT NOT NULL,
    encryption TEXT NOT NULL,
    settings JSONB NOT NULL,
    created_at BIGINT NOT NULL,
    deleted_at BIGINT
  )`
  // Whose repositories belong to the workspace. "verified_by": the person who proved it; null where the operator of the server said so.
  yield* sql`CREATE TABLE workspace_owner (
    owner_no BIGINT NOT NULL,
    host TEXT NOT NULL,
    owner TEXT NOT NULL,
    verified_at BIGINT,
    verified_by TEXT,
    PRIMARY KEY (owner_no, host, owner)
  )`
  yield* memberTables(sql)
  yield* protect(sql, ["workspace", "workspace_owner", "member", "api_key", "sync_client"])
  yield* lookupRules(sql)
  yield* peopleTables(sql)
})

const memberTables = Effect.fnUntraced(function* (sql: SqlClient.SqlClient): Effect.fn.Return<void, SqlError> {
  // Who left stays, with "removed_at": what they wrote bears their name.
  yield* sql`CREATE TABLE member (
    owner_no BIGINT NOT NULL,
    person TEXT NOT NULL,
    role TEXT NOT NULL CHECK (role IN ('owner', 'admin', 'member', 'viewer', 'analyst')),
    joined_at BIGINT NOT NULL,
    removed_at BIGINT,
    PRIMARY KEY (owner_no, person)
  )`
  yield* sql`CREATE TABLE api_key (
    owner_no BIGINT NOT NULL,
    key_id TEXT NOT NULL,
    person TEXT NOT NULL,
    name TEXT NOT NULL,
    secret_hash BYTEA NOT NULL,
    scopes TEXT[] NOT NULL,
    created_at BIGINT NOT NULL,
    expires_at BIGINT,
    last_used_at BIGINT,
    revoked_at BIGINT,
    PRIMARY KEY (owner_no, key_id)
  )`
  yield* sql`CREATE INDEX api_key_person ON api_key (owner_no, person)`
  // A machine is one person's. A client that lost its id gets another one, in the same line.
  yield* sql`CREATE TABLE sync_client (
    owner_no BIGINT NOT NULL,
    client_id TEXT NOT NULL,
    person TEXT NOT NULL,
    machine TEXT NOT NULL,
    version TEXT,
    first_seen BIGINT NOT NULL,
    last_seen BIGINT NOT NULL,
    PRIMARY KEY (owner_no, machine)
  )`
  yield* sql`CREATE INDEX sync_client_id ON sync_client (owner_no, client_id)`
})

const lookupRules = Effect.fnUntraced(function* (sql: SqlClient.SqlClient): Effect.fn.Return<void, SqlError> {
  yield* closed(sql, "owner_lookup")
  yield* sql.unsafe(`CREATE POLICY owner_rows ON owner_lookup FOR ALL TO ${roles.app} USING (no = ${currentOwner})`)
  yield* sql.unsafe(`CREATE POLICY all_rows ON owner_lookup FOR SELECT TO ${roles.jobs} USING (true)`)
  yield* sql.unsafe(`GRANT SELECT, INSERT, DELETE ON owner_lookup TO ${roles.app}`)
  yield* sql.unsafe(`GRANT SELECT ON owner_lookup TO ${roles.jobs}`)
})

/**
 * A person may be in many workspaces, and is of none. The rule: whoever asks for an owner sees those who are or were members of that owner's workspace, and what they are called
 * elsewhere, and may add a person. Without an owner nobody is seen.
 */
const peopleTables = Effect.fnUntraced(function* (sql: SqlClient.SqlClient): Effect.fn.Return<void, SqlError> {
  yield* sql`CREATE TABLE person (id TEXT NOT NULL PRIMARY KEY, name TEXT NOT NULL, avatar_url TEXT, created_at BIGINT NOT NULL, deleted_at BIGINT)`
  // "provider": `github.com`, or whoever else tells who somebody is. "provider_id": their number of the person, by which alone anybody signs in; null while only a name, which may pass
  // to somebody else, is known.
  yield* sql`CREATE TABLE identity (
    person TEXT NOT NULL,
    provider TEXT NOT NULL,
    provider_id TEXT,
    login TEXT NOT NULL,
    created_at BIGINT NOT NULL,
    PRIMARY KEY (person, provider, login),
    UNIQUE (provider, provider_id)
  )`
  for (const [table, person] of [
    ["person", "person.id"],
    ["identity", "identity.person"]
  ] as const) {
    yield* closed(sql, table)
    const isMember = `EXISTS (SELECT 1 FROM member m WHERE m.owner_no = ${currentOwner} AND m.person = ${person})`
    yield* sql.unsafe(`CREATE POLICY members ON ${table} FOR SELECT TO ${roles.app} USING (${isMember})`)
    yield* sql.unsafe(`CREATE POLICY added ON ${table} FOR INSERT TO ${roles.app} WITH CHECK (${table === "person" ? "true" : isMember})`)
    yield* sql.unsafe(`GRANT SELECT, INSERT ON ${table} TO ${roles.app}`)
  }
})

/** Shows the rows of a table to nobody, its owner included. */
const closed = (sql: SqlClient.SqlClient, table: string) => sql.unsafe(`ALTER TABLE ${table} ENABLE ROW LEVEL SECURITY, FORCE ROW LEVEL SECURITY`)
