import { randomBytes, randomUUID } from "node:crypto"
import type { SqlError } from "@effect/sql/SqlError"
import * as Clock from "effect/Clock"
import * as Effect from "effect/Effect"
import * as Layer from "effect/Layer"
import { type Account, type AccountFacts, AccountNotChanged, AccountRefused, Accounts, type OwnWorkspace } from "han-core/Accounts"
import { type OwnerId, PersonId } from "han-core/Viewer"
import { KeyRefused, KeyScope, Slug } from "han-core/Workspaces"
import { Database, storable, storeError } from "../database/Database.ts"
import { makeWorkspace, newOwner } from "./createKey.ts"
import { asOwner, memberRow, principalOf } from "./principal.ts"

type Db = typeof Database.Service

/** People by their accounts, in PostgreSQL. */
export const layer: Layer.Layer<Accounts, never, Database> = Layer.effect(
  Accounts,
  Effect.map(Database, (database) =>
    Accounts.of({
      enter: (account, { admit }) => enter(database, account, admit).pipe(storeError(database, "let somebody in")),
      principal: (asked) => principal(database, asked).pipe(storeError(database, "find out who asks")),
      person: (sid) =>
        Effect.map(signIn(database, sid), (signed) => ({
          id: signed.person,
          name: signed.name,
          workspaces: signed.places.map(({ personal, slug }): OwnWorkspace => ({ personal, slug }))
        })).pipe(storeError(database, "find out who asks")),
      link: (person, account) => link(database, person, account).pipe(storeError(database, "link an account")),
      createWorkspace: (slug, owner) => createWorkspace(database, slug, owner).pipe(storeError(database, "create a workspace"))
    })
  )
)

const maxName = 200

/** The person of an account; null when it is nobody's. */
const personOf = Effect.fnUntraced(function* (
  { write: sql }: Db,
  { id, provider }: Account
): Effect.fn.Return<{ readonly person: string; readonly name: string; readonly deleted_at: number | null } | null, SqlError> {
  const [row] = yield* sql<{ person: string; name: string; deleted_at: number | null }>`SELECT i.person, p.name, p.deleted_at
    FROM identity i JOIN person p ON p.id = i.person WHERE i.provider = ${provider} AND i.provider_id = ${id}`
  return row ?? null
})

/** The name of a person of whom only an account is known. */
const nameless = ({ id, provider }: Account): string => `${provider}:${id}`.slice(0, maxName)

/** Makes a person with an account; the account's person when somebody else was faster. */
const newPerson = Effect.fnUntraced(function* (database: Db, account: Account, name: string): Effect.fn.Return<string, SqlError> {
  const sql = database.write
  const now = yield* Clock.currentTimeMillis
  const person = randomUUID()
  yield* sql`INSERT INTO person ${sql.insert({ id: person, name: storable(name).slice(0, maxName), created_at: now })}`
  const made =
    yield* sql`INSERT INTO identity (person, provider, provider_id, login, created_at) VALUES (${person}, ${account.provider}, ${account.id}, '', ${now})
    ON CONFLICT (provider, provider_id) DO NOTHING RETURNING person`
  if (made.length > 0) return person
  const other = yield* personOf(database, account)
  return other?.person ?? person
})

const enter = (database: Db, account: AccountFacts, admit: boolean): Effect.Effect<PersonId, AccountRefused | SqlError> =>
  Effect.gen(function* () {
    const person = yield* database.administer(
      "auth",
      Effect.gen(function* () {
        const sql = database.write
        const known = yield* personOf(database, account)
        if (known === null && !admit) return yield* new AccountRefused({ code: "not_known" })
        if (known !== null && known.deleted_at !== null) return yield* new AccountRefused({ code: "closed" })
        const person = known?.person ?? (yield* newPerson(database, account, account.name))
        const login = storable(account.login ?? "")
          .toLowerCase()
          .slice(0, maxName)
        // The name alone, which an operator may have noted, becomes this account's.
        if (login !== "")
          yield* sql`DELETE FROM identity WHERE person = ${person} AND provider = ${account.provider} AND login = ${login} AND provider_id IS NULL`
        yield* sql`UPDATE identity SET login = ${login} WHERE provider = ${account.provider} AND provider_id = ${account.id} AND login <> ${login}`
        yield* sql`UPDATE person SET avatar_url = ${account.avatarUrl} WHERE id = ${person} AND avatar_url IS DISTINCT FROM ${account.avatarUrl}`
        yield* sql`UPDATE person SET name = ${storable(account.name).slice(0, maxName)} WHERE id = ${person} AND name = ${nameless(account)}`
        return PersonId.make(person)
      })
    )
    if (admit) yield* ensureOwnWorkspace(database, person, account)
    return person
  })

/** Gives a person who is in no workspace one of their own. */
const ensureOwnWorkspace = Effect.fnUntraced(function* (database: Db, person: PersonId, account: AccountFacts): Effect.fn.Return<void, SqlError> {
  const sql = database.write
  const places = yield* database.administer("auth", sql`SELECT no FROM person_workspace WHERE person = ${person} LIMIT 1`)
  if (places.length > 0) return
  const stem = (account.login ?? account.name)
    .toLowerCase()
    .replace(/[^a-z0-9]+/g, "-")
    .replace(/^-+|-+$/g, "")
    .slice(0, 50)
    .replace(/-+$/, "")
  for (let slug = Slug.make(stem === "" ? "workspace" : stem); ; slug = Slug.make(`${stem === "" ? "workspace" : stem}-${randomBytes(3).toString("hex")}`))
    if (yield* makeFor(database, slug, "personal", person)) return
})

/** Makes a workspace with its owner. False: the slug is taken. */
const makeFor = Effect.fnUntraced(function* (database: Db, slug: Slug, kind: "personal" | "shared", person: string): Effect.fn.Return<boolean, SqlError> {
  const sql = database.write
  const owner = yield* newOwner(database)
  const now = yield* Clock.currentTimeMillis
  return yield* asOwner(
    database,
    owner.no,
    Effect.gen(function* () {
      if (!(yield* makeWorkspace(sql, owner.no, { workspace: slug, kind, encryption: "off" }, now))) return false
      yield* sql`INSERT INTO member ${sql.insert({ owner_no: owner.no, person, role: "owner", joined_at: now })}`
      return true
    })
  )
})

interface Place extends OwnWorkspace {
  readonly no: number
  readonly owner: OwnerId
}

/** A sign-in that goes on, and where it leads to: the own workspace first, then by name. Notes its use, at most once a minute. */
const signIn = (
  database: Db,
  sid: string
): Effect.Effect<{ readonly person: PersonId; readonly name: string; readonly places: ReadonlyArray<Place> }, KeyRefused | SqlError> =>
  Effect.gen(function* () {
    const sql = database.write
    const now = yield* Clock.currentTimeMillis
    const rows = yield* database.administer(
      "auth",
      Effect.gen(function* () {
        const found = yield* sql<{ person: string; name: string; used: number; no: number | null; personal: boolean; slug: Slug; owner: OwnerId }>`
          SELECT s.person, p.name, s.last_used_at AS used, o.no, w.personal, l.name AS slug, o.id AS owner
          FROM auth_session s JOIN person p ON p.id = s.person
          LEFT JOIN person_workspace w ON w.person = s.person LEFT JOIN owner_lookup l ON l.no = w.no AND l.kind = 'slug' LEFT JOIN owner o ON o.no = l.no
          WHERE s.id = ${sid} AND s.revoked_at IS NULL AND s.expires_at > ${now} AND p.deleted_at IS NULL
          ORDER BY w.personal DESC, l.name COLLATE "C"`
        if (found[0] !== undefined && found[0].used <= now - noteMs) yield* sql`UPDATE auth_session SET last_used_at = ${now} WHERE id = ${sid}`
        return found
      })
    )
    const [first] = rows
    if (first === undefined) return yield* new KeyRefused({ code: "signed_out" })
    const places = rows.flatMap(({ no, owner, personal, slug }) => (no === null ? [] : [{ no, owner, personal, slug }]))
    return { person: PersonId.make(first.person), name: first.name, places }
  })
const noteMs = 60_000

const principal = Effect.fnUntraced(function* (database: Db, { sid, workspace }: Parameters<(typeof Accounts.Service)["principal"]>[0]) {
  const { person, places } = yield* signIn(database, sid)
  // A workspace that is not theirs, and one that is not there, are the same.
  for (const place of places.filter(({ slug }) => workspace === null || slug === workspace)) {
    const row = yield* asOwner(database, place.no, memberRow(database.read, place.no, person))
    if (row !== undefined && row.role !== null && row.removed_at === null && row.deleted_at === null)
      return principalOf({ no: place.no, id: place.owner }, { kind: "session", sid }, { ...row, scopes: KeyScope.literals })
  }
  return yield* new KeyRefused({ code: "not_member" })
})

const notChanged = (message: string) => new AccountNotChanged({ message })

const link = (database: Db, named: string, account: Account): Effect.Effect<PersonId, AccountNotChanged | SqlError> =>
  database.administer(
    "auth",
    Effect.gen(function* () {
      const sql = database.write
      const people = yield* sql<{ id: string }>`SELECT id FROM person WHERE (id = ${storable(named)} OR name = ${storable(named)}) AND deleted_at IS NULL`
      const [person] = people
      if (person === undefined) return yield* notChanged(`nobody is named "${named}"`)
      if (people.length > 1)
        return yield* notChanged(`${people.length} people are named "${named}"; say which by an id: ${people.map(({ id }) => id).join(", ")}`)
      const known = yield* personOf(database, account)
      if (known !== null && known.person !== person.id)
        return yield* notChanged(`${account.provider}:${account.id} is linked to "${known.name}" (${known.person})`)
      if (known !== null) return PersonId.make(person.id)
      const now = yield* Clock.currentTimeMillis
      const made =
        yield* sql`INSERT INTO identity (person, provider, provider_id, login, created_at) VALUES (${person.id}, ${account.provider}, ${account.id}, '', ${now})
        ON CONFLICT DO NOTHING RETURNING person`
      return made.length > 0
        ? PersonId.make(person.id)
        : yield* notChanged(`"${named}" has an account of ${account.provider} that nobody has signed in by yet; let them sign in by it first`)
    })
  )

const createWorkspace = (
  database: Db,
  slug: Slug,
  account: Account
): Effect.Effect<{ readonly person: PersonId; readonly madePerson: boolean }, AccountNotChanged | SqlError> =>
  Effect.gen(function* () {
    const sql = database.write
    const taken = yield* database.administer("auth", sql`SELECT no FROM owner_lookup WHERE kind = 'slug' AND name = ${slug}`)
    if (taken.length > 0) return yield* notChanged(`there is a workspace "${slug}" already`)
    const { madePerson, person } = yield* database.administer(
      "auth",
      Effect.gen(function* () {
        const known = yield* personOf(database, account)
        if (known !== null && known.deleted_at !== null) return yield* notChanged(`the person of ${account.provider}:${account.id} was deleted`)
        return { madePerson: known === null, person: PersonId.make(known?.person ?? (yield* newPerson(database, account, nameless(account)))) }
      })
    )
    if (!(yield* makeFor(database, slug, "shared", person))) return yield* notChanged(`there is a workspace "${slug}" already`)
    return { person, madePerson }
  })
