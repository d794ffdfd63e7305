import type * as Pg from "pg"

/** The schema with the store's tables. Every transaction names it, so that nothing of another schema is ever meant. */
export const schema = "han"

/**
 * The roles of the database, none of which may pass by row-level security. `han_owner` owns the tables, `han_app` reads and writes one owner's rows, `han_jobs` sees how far
 * owners are, `han_auth` reads and writes sign-ins, `han_words` searches words, `han_migrate` may become `han_owner`.
 */
export const roles = { owner: "han_owner", app: "han_app", jobs: "han_jobs", auth: "han_auth", words: "han_words", migrate: "han_migrate" } as const

/** Advisory lock of a migration: one at a time in a database. ("han" as bytes.) */
export const migrationLock = 0x68616e

/**
 * Makes the roles that are not there, and lets the login become them. Roles are the server's, not the database's: two databases that are migrated at once make them at once.
 * None inherits: a policy for a role is a policy for those who inherit from it.
 * A login without the right to make roles finds them made by somebody who has it.
 */
export const makeRoles = async (client: Pg.Client): Promise<void> => {
  for (const role of Object.values(roles)) {
    await atOnce(
      client,
      `DO $$ BEGIN IF NOT EXISTS (SELECT 1 FROM pg_roles WHERE rolname = '${role}') THEN CREATE ROLE ${role} NOLOGIN NOINHERIT NOBYPASSRLS; END IF; END $$`
    )
  }
  for (const [role, member] of [
    [roles.owner, roles.migrate],
    [roles.jobs, roles.migrate],
    [roles.words, roles.migrate],
    [roles.words, roles.owner]
  ] as const) {
    await grant(client, role, member)
  }
  const { rows } = await client.query<{ login: string }>("SELECT session_user AS login")
  for (const role of Object.values(roles)) if (rows[0]!.login !== role) await grant(client, role, rows[0]!.login)
}

const grant = async (client: Pg.Client, role: string, member: string): Promise<void> => {
  const { rows } = await client.query<{ has: boolean }>("SELECT pg_has_role($1, $2, 'MEMBER') AS has", [member, role])
  if (rows[0]!.has) return
  await atOnce(client, `GRANT ${role} TO "${member.replaceAll('"', '""')}"`)
}

/** Runs a statement that another session may run at the same moment: one of them finds it done. */
const atOnce = async (client: Pg.Client, statement: string): Promise<void> => {
  for (let left = 10; ; left--) {
    try {
      await client.query(statement)
      return
    } catch (error) {
      const code = typeof error === "object" && error !== null && "code" in error ? error.code : undefined
      // duplicate_object, unique_violation; "tuple concurrently updated" has no code of its own.
      if (left === 0 || (code !== "42710" && code !== "23505" && !/concurrently updated/.test(String(error)))) throw error
    }
  }
}
