import type { SqlError } from "@effect/sql/SqlError"
import * as Clock from "effect/Clock"
import * as Effect from "effect/Effect"
import * as Schema from "effect/Schema"
import { Invite, KeyFacts, Member, Person, WorkspaceFacts } from "han-core/Membership"
import type { PersonId } from "han-core/Viewer"
import { anyOf, type Database, OwnerNo } from "../database/Database.ts"

type Db = typeof Database.Service
type Asked<A> = Effect.fn.Return<A, SqlError, OwnerNo>

const decoded = <A, I>(schema: Schema.Schema<A, I>) => {
  const decode = Schema.decodeUnknownSync(schema)
  return (row: unknown): A => decode(row)
}
const asFacts = decoded(WorkspaceFacts)
const asPerson = decoded(Person)
const asMember = decoded(Member)
const asInvite = decoded(Invite)
const asKey = decoded(KeyFacts)

/** The workspace of the transaction's owner. */
export const facts = Effect.fnUntraced(function* ({ read: sql }: Db): Asked<WorkspaceFacts> {
  const owner = yield* OwnerNo
  const [row] = yield* sql<{ readonly settings: string; readonly owners: string }>`
    SELECT w.slug, w.name, w.kind, w.plan, w.encryption, w.settings::text AS settings,
      (SELECT COALESCE(json_agg(json_build_object('host', o.host, 'owner', o.owner) ORDER BY o.host, o.owner), '[]')::text
        FROM workspace_owner o WHERE o.owner_no = ${owner}) AS owners
    FROM workspace w WHERE w.owner_no = ${owner}`
  const settings: Partial<WorkspaceFacts> = JSON.parse(row?.settings ?? "{}")
  const { allowPersonal = false, contentAllowed = true } = settings
  return asFacts({ ...row, owners: JSON.parse(row?.owners ?? "[]"), allowPersonal, contentAllowed })
})

export const people = Effect.fnUntraced(function* ({ read: sql }: Db, ids: ReadonlyArray<PersonId>): Asked<ReadonlyMap<PersonId, Person>> {
  const owner = yield* OwnerNo
  const rows = yield* sql`
    SELECT p.id, p.name, p.avatar_url AS "avatarUrl" FROM person p JOIN member m ON m.owner_no = ${owner} AND m.person = p.id WHERE p.id ${anyOf(sql, ids)}`
  return new Map(rows.map(asPerson).map((person) => [person.id, person]))
})

interface MemberRow {
  readonly id: string
  readonly name: string
  readonly avatar_url: string | null
  readonly role: string
  readonly joined_at: number
}
const memberOf = ({ avatar_url, id, joined_at, name, role }: MemberRow): Member =>
  asMember({ person: { id, name, avatarUrl: avatar_url }, role, joinedAt: joined_at })

export const members = Effect.fnUntraced(function* ({ read: sql }: Db): Asked<ReadonlyArray<Member>> {
  const owner = yield* OwnerNo
  const rows = yield* sql<MemberRow>`
    SELECT p.id, p.name, p.avatar_url, m.role, m.joined_at FROM member m JOIN person p ON p.id = m.person
    WHERE m.owner_no = ${owner} AND m.removed_at IS NULL ORDER BY p.name, p.id`
  return rows.map(memberOf)
})

/** A member of the transaction's owner; undefined for whoever is none. */
export const memberIn = Effect.fnUntraced(function* ({ read: sql }: Db, person: PersonId): Asked<Member | undefined> {
  const owner = yield* OwnerNo
  const [row] = yield* sql<MemberRow>`
    SELECT p.id, p.name, p.avatar_url, m.role, m.joined_at FROM member m JOIN person p ON p.id = m.person
    WHERE m.owner_no = ${owner} AND m.person = ${person} AND m.removed_at IS NULL`
  return row === undefined ? undefined : memberOf(row)
})

export const invites = Effect.fnUntraced(function* ({ read: sql }: Db): Asked<ReadonlyArray<Invite>> {
  const owner = yield* OwnerNo
  const now = yield* Clock.currentTimeMillis
  const rows = yield* sql`
    SELECT id, role, created_by AS "createdBy", created_at AS "createdAt", expires_at AS "expiresAt" FROM invite
    WHERE owner_no = ${owner} AND used_at IS NULL AND revoked_at IS NULL AND expires_at > ${now} ORDER BY created_at DESC, id`
  return rows.map(asInvite)
})

export const keys = Effect.fnUntraced(function* ({ read: sql }: Db, of: PersonId | null): Asked<ReadonlyArray<KeyFacts>> {
  const owner = yield* OwnerNo
  const rows = yield* sql`
    SELECT key_id AS "keyId", name, person, scopes, created_at AS "createdAt", expires_at AS "expiresAt", last_used_at AS "lastUsedAt", revoked_at AS "revokedAt" FROM api_key
    WHERE owner_no = ${owner} AND (${of}::text IS NULL OR person = ${of}) ORDER BY created_at DESC, key_id`
  return rows.map(asKey)
})
