import type { SqlClient } from "@effect/sql/SqlClient"
import type { SqlError } from "@effect/sql/SqlError"
import * as Effect from "effect/Effect"
import * as Schema from "effect/Schema"
import type { OwnerId } from "han-core/Viewer"
import { Principal, type Via } from "han-core/Workspaces"
import { type Database, OwnerNo } from "../database/Database.ts"

export interface Owner {
  readonly no: number
  readonly id: OwnerId
}

/** Finds the owner to whom a slug, the id of a key, or the hash of an invite's code, leads. */
export type Find = (kind: "slug" | "key" | "invite", name: string) => Effect.Effect<Owner | undefined, SqlError>

/** Runs statements in a transaction of an owner, which sees the owner's rows alone. */
export const asOwner = <A, E>(database: typeof Database.Service, owner: number, effect: Effect.Effect<A, E, OwnerNo>): Effect.Effect<A, E | SqlError> =>
  Effect.provideService(database.transaction(effect), OwnerNo, owner)

/** The stored facts of a person in a workspace. */
export interface PrincipalRow {
  readonly person: string
  readonly scopes: ReadonlyArray<string>
  readonly role: string | null
  readonly removed_at: number | null
  readonly person_name: string | null
  readonly slug: string
  readonly workspace_name: string
  readonly kind: string
  readonly encryption: string
  /** These three in JSON. */
  readonly settings: string
  readonly owners: string
  readonly logins: string
  readonly deleted_at: number | null
}

/** The stored facts of a key, its person and its workspace. */
export interface KeyRow extends PrincipalRow {
  readonly secret_hash: Uint8Array
  readonly expires_at: number | null
  readonly last_used_at: number | null
  readonly revoked_at: number | null
}

/** Reads a key of an owner with all that is known of whoever uses it, in one statement. */
export const keyRow = (sql: SqlClient, owner: number, keyId: string): Effect.Effect<KeyRow | undefined, SqlError> =>
  Effect.map(
    sql<KeyRow>`SELECT k.person, k.secret_hash, k.scopes, k.expires_at, k.last_used_at, k.revoked_at, m.role, m.removed_at, p.name AS person_name,
        w.slug, w.name AS workspace_name, w.kind, w.encryption, w.settings::text AS settings, w.deleted_at,
        (SELECT COALESCE(json_agg(json_build_object('host', o.host, 'owner', o.owner) ORDER BY o.host, o.owner), '[]')::text
          FROM workspace_owner o WHERE o.owner_no = ${owner}) AS owners,
        (SELECT COALESCE(json_agg(json_build_object('host', i.provider, 'login', i.login) ORDER BY i.provider, i.login), '[]')::text
          FROM identity i WHERE i.person = k.person AND i.login <> '') AS logins
      FROM api_key k
      JOIN workspace w ON w.owner_no = ${owner}
      LEFT JOIN member m ON m.owner_no = ${owner} AND m.person = k.person
      LEFT JOIN person p ON p.id = k.person
      WHERE k.owner_no = ${owner} AND k.key_id = ${keyId}`,
    ([row]) => row
  )

/** Reads what is known of a person in the workspace of an owner, in one statement. */
export const memberRow = (sql: SqlClient, owner: number, person: string): Effect.Effect<Omit<PrincipalRow, "scopes"> | undefined, SqlError> =>
  Effect.map(
    sql<Omit<PrincipalRow, "scopes">>`SELECT m.person, m.role, m.removed_at, p.name AS person_name,
        w.slug, w.name AS workspace_name, w.kind, w.encryption, w.settings::text AS settings, w.deleted_at,
        (SELECT COALESCE(json_agg(json_build_object('host', o.host, 'owner', o.owner) ORDER BY o.host, o.owner), '[]')::text
          FROM workspace_owner o WHERE o.owner_no = ${owner}) AS owners,
        (SELECT COALESCE(json_agg(json_build_object('host', i.provider, 'login', i.login) ORDER BY i.provider, i.login), '[]')::text
          FROM identity i WHERE i.person = m.person AND i.login <> '') AS logins
      FROM member m
      JOIN workspace w ON w.owner_no = ${owner}
      JOIN person p ON p.id = m.person
      WHERE m.owner_no = ${owner} AND m.person = ${person}`,
    ([row]) => row
  )

/** The person, the workspace and the rights that a key or a sign-in stands for. */
export const principalOf = (owner: Owner, via: Via, row: PrincipalRow): Principal => {
  const settings: unknown = JSON.parse(row.settings)
  const setting = (name: string, otherwise: boolean) => {
    const value: unknown = typeof settings === "object" && settings !== null ? Reflect.get(settings, name) : undefined
    return typeof value === "boolean" ? value : otherwise
  }
  return decode({
    owner: owner.id,
    person: row.person,
    name: row.person_name,
    role: row.role,
    scopes: row.scopes,
    via,
    workspace: {
      slug: row.slug,
      name: row.workspace_name,
      kind: row.kind,
      owners: JSON.parse(row.owners),
      logins: JSON.parse(row.logins),
      allowPersonal: setting("allowPersonal", false),
      contentAllowed: setting("contentAllowed", true),
      encryption: row.encryption
    }
  })
}
const decode = Schema.decodeUnknownSync(Principal)
