import type * as SqlClient from "@effect/sql/SqlClient"
import type { SqlError } from "@effect/sql/SqlError"
import * as Effect from "effect/Effect"
import { roles, schema } from "../database/pgRoles.ts"
import { currentOwner } from "../database/pgSecurity.ts"

/**
 * Makes the audit logs of workspaces, in PostgreSQL. Nobody writes to them but `audit_append`, which runs as the one whose the tables are, in the transaction of the act, under the
 * row-level security of its owner. What stands there is not changed: rights, and triggers for those who have all of them.
 */
export const auditTables = Effect.fnUntraced(function* (sql: SqlClient.SqlClient): Effect.fn.Return<void, SqlError> {
  // The row whose lock makes the acts of one workspace follow each other.
  yield* sql`CREATE TABLE audit_head (owner_no BIGINT NOT NULL PRIMARY KEY, seq BIGINT NOT NULL, hash BYTEA NOT NULL)`
  // A person who is deleted takes the line here along, and the log stays as it was.
  yield* sql`CREATE TABLE audit_actor (owner_no BIGINT NOT NULL, ref TEXT NOT NULL, person TEXT, PRIMARY KEY (owner_no, ref), UNIQUE (owner_no, person))`
  yield* sql`CREATE TABLE audit_log (
    owner_no BIGINT NOT NULL,
    seq BIGINT NOT NULL,
    at BIGINT NOT NULL,
    actor TEXT,
    action TEXT NOT NULL,
    resource TEXT,
    outcome TEXT NOT NULL,
    detail TEXT NOT NULL,
    prev_hash BYTEA NOT NULL,
    hash BYTEA NOT NULL,
    PRIMARY KEY (owner_no, seq)
  )`
  for (const table of ["audit_head", "audit_actor", "audit_log"]) {
    yield* sql.unsafe(`ALTER TABLE ${table} ENABLE ROW LEVEL SECURITY, FORCE ROW LEVEL SECURITY`)
    yield* sql.unsafe(`CREATE POLICY owner_rows ON ${table} FOR SELECT TO ${roles.app} USING (owner_no = ${currentOwner})`)
    yield* sql.unsafe(`CREATE POLICY appended ON ${table} FOR ALL TO ${roles.owner} USING (owner_no = ${currentOwner})`)
    yield* sql.unsafe(`GRANT SELECT ON ${table} TO ${roles.app}`)
  }
  yield* appendFunction(sql)
  yield* sql.unsafe(
    `CREATE FUNCTION audit_fixed () RETURNS trigger LANGUAGE plpgsql AS $fixed$ BEGIN RAISE EXCEPTION 'an audit log is not changed'; END $fixed$`
  )
  yield* sql.unsafe(`CREATE TRIGGER audit_fixed BEFORE UPDATE OR DELETE ON audit_log FOR EACH ROW EXECUTE FUNCTION audit_fixed()`)
  yield* sql.unsafe(`CREATE TRIGGER audit_kept BEFORE TRUNCATE ON audit_log FOR EACH STATEMENT EXECUTE FUNCTION audit_fixed()`)
})

/** The hash of an entry is SHA-256 over the hash before it and the entry's fields, each with its length in bytes before it and `-` for null, commas between; `auditHash` makes the same. */
const appendFunction = Effect.fnUntraced(function* (sql: SqlClient.SqlClient): Effect.fn.Return<void, SqlError> {
  const signature = "bigint, text, text, text, text, text"
  yield* sql.unsafe(`
    CREATE FUNCTION audit_append (act_at bigint, act_person text, act_action text, act_resource text, act_outcome text, act_detail text) RETURNS bigint
      LANGUAGE plpgsql SECURITY DEFINER SET search_path = ${schema}, pg_temp AS $append$
    DECLARE
      whose bigint := ${currentOwner};
      last_seq bigint;
      last_hash bytea;
      who text;
      made bytea;
    BEGIN
      IF whose IS NULL THEN RAISE EXCEPTION 'an act is of an owner'; END IF;
      INSERT INTO audit_head (owner_no, seq, hash) VALUES (whose, 0, '') ON CONFLICT (owner_no) DO NOTHING;
      SELECT h.seq, h.hash INTO last_seq, last_hash FROM audit_head h WHERE h.owner_no = whose FOR UPDATE;
      IF act_person IS NOT NULL THEN
        SELECT a.ref INTO who FROM audit_actor a WHERE a.owner_no = whose AND a.person = act_person;
        IF who IS NULL THEN
          who := gen_random_uuid()::text;
          INSERT INTO audit_actor (owner_no, ref, person) VALUES (whose, who, act_person);
        END IF;
      END IF;
      SELECT sha256(last_hash || convert_to(string_agg(COALESCE(octet_length(convert_to(part, 'UTF8')) || ':' || part, '-'), ',' ORDER BY place), 'UTF8'))
        INTO made
        FROM unnest(ARRAY[whose::text, (last_seq + 1)::text, act_at::text, who, act_action, act_resource, act_outcome, act_detail]) WITH ORDINALITY AS of (part, place);
      INSERT INTO audit_log (owner_no, seq, at, actor, action, resource, outcome, detail, prev_hash, hash)
        VALUES (whose, last_seq + 1, act_at, who, act_action, act_resource, act_outcome, act_detail, last_hash, made);
      UPDATE audit_head h SET seq = last_seq + 1, hash = made WHERE h.owner_no = whose;
      RETURN last_seq + 1;
    END $append$`)
  yield* sql.unsafe(`REVOKE ALL ON FUNCTION audit_append (${signature}) FROM PUBLIC`)
  yield* sql.unsafe(`GRANT EXECUTE ON FUNCTION audit_append (${signature}) TO ${roles.app}`)
})
