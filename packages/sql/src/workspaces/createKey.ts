import { randomUUID } from "node:crypto"
import type { SqlError } from "@effect/sql/SqlError"
import * as Clock from "effect/Clock"
import * as Effect from "effect/Effect"
import * as ApiKey from "han-core/ApiKey"
import type { Act, AuditAction } from "han-core/AuditLog"
import { OwnerId } from "han-core/Viewer"
import { type ApiKeys, type CreatedKey, KeyNotMade, type KeyRequest, type KeyScope } from "han-core/Workspaces"
import { arrayOf, type Database, storable, storeError } from "../database/Database.ts"
import { audit } from "./audit.ts"
import { asOwner, type Find, keyRow, type Owner, principalOf } from "./principal.ts"

type Sql = (typeof Database.Service)["write"]

/** Makes keys, with the workspaces and people that they need. All that belongs to one key is made in one transaction. */
export const createKey = (database: typeof Database.Service, find: Find): (typeof ApiKeys.Service)["create"] => {
  const sql = database.write
  const attempt = Effect.fnUntraced(function* (request: KeyRequest): Effect.fn.Return<CreatedKey | null, KeyNotMade | SqlError> {
    const found = yield* find("slug", request.workspace)
    const owner = found ?? (yield* newOwner(database))
    return yield* asOwner(
      database,
      owner.no,
      Effect.gen(function* () {
        const now = yield* Clock.currentTimeMillis
        const madeWorkspace = found === undefined
        if (madeWorkspace && !(yield* makeWorkspace(sql, owner.no, wanted(request), now))) return null
        const { madePerson, person } = yield* personOf(sql, owner.no, request, madeWorkspace, now)
        for (const { host, owner: name } of request.owners)
          yield* sql`INSERT INTO workspace_owner ${sql.insert({ owner_no: owner.no, host, owner: name, verified_at: now, verified_by: null })} ON CONFLICT DO NOTHING`
        for (const { host, login } of request.logins)
          yield* sql`INSERT INTO identity ${sql.insert({ person, provider: host, provider_id: null, login, created_at: now })} ON CONFLICT DO NOTHING`
        const key = yield* storeKey(sql, owner.no, person, { ...request, name: `key of ${new Date(now).toISOString().slice(0, 10)}` }, now)
        if (madeWorkspace) yield* audit(sql, byOperator("workspace.create", request.workspace))
        if (madePerson) yield* audit(sql, byOperator("member.join", person))
        yield* audit(sql, byOperator("key.create", key.keyId, { scopes: request.scopes.join(","), person }))
        const row = yield* keyRow(sql, owner.no, key.keyId)
        return { key: key.text, keyId: key.keyId, principal: principalOf(owner, { kind: "key", keyId: key.keyId }, row!), madeWorkspace, madePerson }
      })
    )
  })
  return Effect.fn("ApiKeys.create")(
    function* (request) {
      // Who finds the slug taken by somebody who was faster finds the workspace the next time.
      for (;;) {
        const made = yield* attempt(request)
        if (made !== null) return made
      }
    },
    storeError(database, "create an API key")
  )
}

const byOperator = (action: AuditAction, resource: string, detail: Act["detail"] = {}): Act => ({ person: null, action, resource, outcome: "done", detail })

export const newOwner = Effect.fnUntraced(function* (database: typeof Database.Service): Effect.fn.Return<Owner, SqlError> {
  const id = OwnerId.make(`workspace-${randomUUID()}`)
  return { no: yield* database.ownerNo(id, true), id }
})

const wanted = ({ encryption, owners, workspace }: KeyRequest): NewWorkspace => ({
  workspace,
  encryption,
  kind: owners.length === 0 ? "personal" : "shared"
})

/** A workspace that is to be made. */
interface NewWorkspace extends Pick<KeyRequest, "workspace" | "encryption"> {
  readonly kind: "personal" | "shared"
}

/** False: the slug is taken. */
export const makeWorkspace = Effect.fnUntraced(function* (
  sql: Sql,
  owner: number,
  { encryption, kind, workspace }: NewWorkspace,
  now: number
): Effect.fn.Return<boolean, SqlError> {
  const taken = yield* sql`INSERT INTO owner_lookup ${sql.insert({ kind: "slug", name: workspace, no: owner })} ON CONFLICT DO NOTHING RETURNING no`
  if (taken.length === 0) return false
  const settings = JSON.stringify({ allowPersonal: kind === "personal", contentAllowed: true })
  yield* sql`INSERT INTO workspace (owner_no, slug, name, kind, plan, encryption, settings, created_at)
    VALUES (${owner}, ${workspace}, ${workspace}, ${kind}, 'self-hosted', ${encryption}, ${settings}::jsonb, ${now})`
  return true
})

/** The person of that name in the workspace, made if need be. */
const personOf = Effect.fnUntraced(function* (
  sql: Sql,
  owner: number,
  request: KeyRequest,
  madeWorkspace: boolean,
  now: number
): Effect.fn.Return<{ readonly person: string; readonly madePerson: boolean }, KeyNotMade | SqlError> {
  // Two who make keys for one workspace follow each other, so that a person is made once.
  const [workspace] = yield* sql<{ kind: string; deleted_at: number | null }>`SELECT kind, deleted_at FROM workspace WHERE owner_no = ${owner} FOR UPDATE`
  if (workspace === undefined || workspace.deleted_at !== null) return yield* notMade(`the workspace "${request.workspace}" was deleted`)
  const name = storable(request.person)
  const namesakes = yield* sql<{ person: string; removed_at: number | null }>`
    SELECT m.person, m.removed_at FROM member m JOIN person p ON p.id = m.person WHERE m.owner_no = ${owner} AND p.name = ${name}`
  const here = namesakes.filter(({ removed_at }) => removed_at === null)
  if (here.length > 1) return yield* notMade(`the workspace "${request.workspace}" has ${here.length} members named "${name}"`)
  if (here[0] !== undefined) return { person: here[0].person, madePerson: false }
  if (namesakes.length > 0) return yield* notMade(`"${name}" has left the workspace "${request.workspace}"`)
  if (workspace.kind === "personal" && !madeWorkspace)
    return yield* notMade(`the workspace "${request.workspace}" is one person's own; name that person, or another workspace with --owner`)
  const person = randomUUID()
  yield* sql`INSERT INTO person ${sql.insert({ id: person, name, created_at: now })}`
  yield* sql`INSERT INTO member ${sql.insert({ owner_no: owner, person, role: madeWorkspace ? "owner" : "member", joined_at: now })}`
  return { person, madePerson: true }
})

const notMade = (message: string) => new KeyNotMade({ message })

/** Makes a key of a person, in the transaction of its owner. */
export const storeKey = Effect.fnUntraced(function* (
  sql: Sql,
  owner: number,
  person: string,
  { expiresAt, name, scopes }: { readonly name: string; readonly scopes: ReadonlyArray<KeyScope>; readonly expiresAt: number | null },
  now: number
): Effect.fn.Return<ApiKey.ApiKey, SqlError> {
  const key = yield* ApiKey.make
  yield* sql`INSERT INTO owner_lookup ${sql.insert({ kind: "key", name: key.keyId, no: owner })}`
  yield* sql`INSERT INTO api_key (owner_no, key_id, person, name, secret_hash, scopes, created_at, expires_at)
    VALUES (${owner}, ${key.keyId}, ${person}, ${storable(name)}, ${ApiKey.hashOf(key)}, ${arrayOf(scopes)}::text[], ${now}, ${expiresAt})`
  return key
})
