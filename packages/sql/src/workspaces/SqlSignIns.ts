import { createHash, randomUUID } from "node:crypto"
import type { SqlError } from "@effect/sql/SqlError"
import * as Clock from "effect/Clock"
import * as Effect from "effect/Effect"
import * as Layer from "effect/Layer"
import type * as Redacted from "effect/Redacted"
import * as Schema from "effect/Schema"
import { type Grant, GrantRefused, Intent, lifetimes, SignIns } from "han-core/SignIns"
import { PersonId } from "han-core/Viewer"
import { Database, storable, storeError } from "../database/Database.ts"
import * as devices from "./devices.ts"
import { digestOf, isSame, newSecret, parseRefresh, type RefreshToken, refreshText, seal, unseal } from "./secrets.ts"

/** Sign-ins, in PostgreSQL. */
export const layer: Layer.Layer<SignIns, never, Database> = Layer.effect(
  SignIns,
  Effect.map(Database, (database) => {
    const run = inAuth(database)
    return SignIns.of({
      begin: (asked) => run("begin a sign-in", begin(database, asked)),
      take: (asked) => run("take a sign-in back", take(database, asked)),
      open: (person, client) => run("open a session", open(database, person, client)),
      sessionOf: (secret) => run("look for a session", sessionOf(database, secret)),
      issueCode: (asked) => run("issue a code", issueCode(database, asked)),
      redeem: (asked) => Effect.flatten(run("redeem a code", redeem(database, asked))),
      refresh: (token) => Effect.flatten(run("refresh a token", refresh(database, token))),
      beginDevice: (asked) => run("begin a device's sign-in", devices.begin(database, asked)),
      device: (userCode) => run("look for a device", devices.find(database, userCode)),
      decide: (asked) => run("answer a device", devices.decide(database, asked)),
      poll: (deviceCode) =>
        Effect.flatten(
          run(
            "ask for a device",
            devices.poll(database, deviceCode, (person, client) => startGrant(database, { person, client, kind: "device", code: null }))
          )
        ),
      end: (sid) => run("end a sign-in", end(database, sid)),
      endGrant: (token) => run("end a sign-in", endGrant(database, token)),
      endAll: (person) => run("end all sign-ins", endAll(database, person))
    })
  })
)

type Db = typeof Database.Service
/** What a transaction came to: a refusal must not take back what it wrote. */
type Outcome = Effect.Effect<Grant, GrantRefused>

const inAuth =
  (database: Db) =>
  <A>(operation: string, effect: Effect.Effect<A, SqlError>) =>
    database.administer("auth", effect).pipe(storeError(database, operation))

const refused = (code: GrantRefused["code"], replayed = false): Outcome => Effect.fail(new GrantRefused({ code, replayed }))

const begin = Effect.fnUntraced(function* (
  { write: sql }: Db,
  { browser, intent, provider }: Parameters<(typeof SignIns.Service)["begin"]>[0]
): Effect.fn.Return<Redacted.Redacted, SqlError> {
  const now = yield* Clock.currentTimeMillis
  const state = newSecret()
  yield* sql`DELETE FROM oauth_state WHERE expires_at <= ${now}`
  yield* sql`INSERT INTO oauth_state (state, browser, provider, intent, expires_at)
    VALUES (${digestOf(state)}, ${digestOf(browser)}, ${provider}, ${storable(JSON.stringify(intent))}, ${now + 1000 * lifetimes.state})`
  return state
})

const take = Effect.fnUntraced(function* (
  { write: sql }: Db,
  { browser, provider, state }: Parameters<(typeof SignIns.Service)["take"]>[0]
): Effect.fn.Return<Intent | null, SqlError> {
  const now = yield* Clock.currentTimeMillis
  // Whoever else shows it has not used it up for the browser that it was given to.
  const [row] = yield* sql<{ intent: string; expires_at: number }>`DELETE FROM oauth_state
    WHERE state = ${digestOf(state)} AND browser = ${digestOf(browser)} AND provider = ${provider} RETURNING intent, expires_at`
  return row === undefined || row.expires_at <= now ? null : decodeIntent(row.intent)
})
const decodeIntent = Schema.decodeUnknownSync(Schema.parseJson(Intent))

const open = Effect.fnUntraced(function* (
  { write: sql }: Db,
  person: PersonId,
  client: string
): Effect.fn.Return<{ readonly sid: string; readonly secret: Redacted.Redacted }, SqlError> {
  const now = yield* Clock.currentTimeMillis
  const sid = randomUUID()
  const secret = newSecret()
  yield* sql`DELETE FROM auth_session WHERE expires_at <= ${now - keptMs}`
  yield* sql`INSERT INTO auth_session (id, person, kind, client, family, created_at, last_used_at, expires_at)
    VALUES (${sid}, ${person}, 'web', ${clientText(client)}, ${digestOf(secret)}, ${now}, ${now}, ${now + 1000 * lifetimes.web})`
  return { sid, secret }
})
/** Milliseconds for which a sign-in that is over stays, so that what is replayed is known. */
const keptMs = 30 * 86_400_000

const maxClient = 200
export const clientText = (client: string): string => storable(client).slice(0, maxClient)

const sessionOf = Effect.fnUntraced(function* ({ read: sql }: Db, secret: Redacted.Redacted): Effect.fn.Return<string | null, SqlError> {
  const now = yield* Clock.currentTimeMillis
  const [row] = yield* sql<{ id: string }>`SELECT id FROM auth_session
    WHERE family = ${digestOf(secret)} AND kind = 'web' AND revoked_at IS NULL AND expires_at > ${now}`
  return row?.id ?? null
})

const issueCode = Effect.fnUntraced(function* (
  { write: sql }: Db,
  { intent, person }: Parameters<(typeof SignIns.Service)["issueCode"]>[0]
): Effect.fn.Return<Redacted.Redacted, SqlError> {
  const now = yield* Clock.currentTimeMillis
  const code = newSecret()
  yield* sql`DELETE FROM auth_code WHERE expires_at <= ${now}`
  yield* sql`INSERT INTO auth_code (code, person, client, challenge, redirect_uri, expires_at)
    VALUES (${digestOf(code)}, ${person}, ${clientText(intent.client)}, ${intent.challenge}, ${intent.redirectUri}, ${now + 1000 * lifetimes.code})`
  return code
})

const redeem = Effect.fnUntraced(function* (
  database: Db,
  { code, redirectUri, verifier }: Parameters<(typeof SignIns.Service)["redeem"]>[0]
): Effect.fn.Return<Outcome, SqlError> {
  const sql = database.write
  const now = yield* Clock.currentTimeMillis
  const hash = digestOf(code)
  // A code is gone when it was tried, whoever tried it: a verifier is not guessed at.
  const [row] = yield* sql<{ person: PersonId; client: string; challenge: string; redirect_uri: string; expires_at: number }>`DELETE FROM auth_code
    WHERE code = ${hash} RETURNING person, client, challenge, redirect_uri, expires_at`
  if (row === undefined) {
    // What was used before has come into other hands: before or now (RFC 6749 4.1.2).
    const ended = yield* sql`UPDATE auth_session SET revoked_at = COALESCE(revoked_at, ${now}) WHERE code = ${hash} RETURNING id`
    return refused("invalid_grant", ended.length > 0)
  }
  const challenge = createHash("sha256").update(verifier).digest("base64url")
  if (row.expires_at <= now || row.redirect_uri !== redirectUri || !isSame(Buffer.from(row.challenge), Buffer.from(challenge))) return refused("invalid_grant")
  return Effect.succeed(yield* startGrant(database, { person: PersonId.make(row.person), client: row.client, kind: "cli", code: hash }))
})

const startGrant = Effect.fnUntraced(function* (
  { write: sql }: Db,
  { client, code, kind, person }: { readonly person: PersonId; readonly client: string; readonly kind: "cli" | "device"; readonly code: Uint8Array | null }
): Effect.fn.Return<Grant, SqlError> {
  const now = yield* Clock.currentTimeMillis
  const sid = randomUUID()
  const token: RefreshToken = { family: newSecret(), once: newSecret() }
  yield* sql`DELETE FROM auth_session WHERE expires_at <= ${now - keptMs}`
  yield* sql`INSERT INTO auth_session (id, person, kind, client, family, refresh, code, created_at, last_used_at, expires_at)
    VALUES (${sid}, ${person}, ${kind}, ${client}, ${digestOf(token.family)}, ${digestOf(token.once)}, ${code}, ${now}, ${now}, ${now + 1000 * lifetimes.idle})`
  return { sid, person, refreshToken: refreshText(token) }
})

interface Family {
  readonly id: string
  readonly person: string
  readonly refresh: Uint8Array
  readonly previous: Uint8Array | null
  readonly previous_until: number | null
  readonly successor: Uint8Array | null
  readonly created_at: number
  readonly expires_at: number
  readonly revoked_at: number | null
}

const refresh = Effect.fnUntraced(function* ({ write: sql }: Db, text: Redacted.Redacted): Effect.fn.Return<Outcome, SqlError> {
  const token = parseRefresh(text)
  if (token === null) return refused("invalid_grant")
  const { family, once } = token
  const now = yield* Clock.currentTimeMillis
  // Those who come at once follow each other.
  const [row] = yield* sql<Family>`SELECT id, person, refresh, previous, previous_until, successor, created_at, expires_at, revoked_at
    FROM auth_session WHERE family = ${digestOf(family)} AND refresh IS NOT NULL FOR UPDATE`
  if (row === undefined || row.revoked_at !== null || row.expires_at <= now) return refused("invalid_grant")
  const grant = (next: Redacted.Redacted): Grant => ({ sid: row.id, person: PersonId.make(row.person), refreshToken: refreshText({ family, once: next }) })
  const hash = digestOf(once)
  if (isSame(row.refresh, hash)) {
    const next = newSecret()
    const expires = Math.min(now + 1000 * lifetimes.idle, row.created_at + 1000 * lifetimes.grant)
    yield* sql`UPDATE auth_session SET refresh = ${digestOf(next)}, previous = ${hash}, previous_until = ${now + 1000 * lifetimes.predecessor},
      successor = ${seal(once, next)}, last_used_at = ${now}, expires_at = ${expires} WHERE id = ${row.id}`
    return Effect.succeed(grant(next))
  }
  if (isSame(row.previous, hash) && row.successor !== null && now <= (row.previous_until ?? 0)) return Effect.succeed(grant(unseal(once, row.successor)))
  // Whoever has the part that stays has had a token of this family: one of the two who use it has stolen it.
  yield* end({ write: sql }, row.id)
  return refused("invalid_grant", true)
})

const end = Effect.fnUntraced(function* ({ write: sql }: Pick<Db, "write">, sid: string): Effect.fn.Return<void, SqlError> {
  const now = yield* Clock.currentTimeMillis
  yield* sql`UPDATE auth_session SET revoked_at = ${now} WHERE id = ${sid} AND revoked_at IS NULL`
})

const endGrant = Effect.fnUntraced(function* ({ write: sql }: Db, text: Redacted.Redacted): Effect.fn.Return<void, SqlError> {
  const token = parseRefresh(text)
  if (token === null) return
  const now = yield* Clock.currentTimeMillis
  yield* sql`UPDATE auth_session SET revoked_at = ${now} WHERE family = ${digestOf(token.family)} AND revoked_at IS NULL`
})

const endAll = Effect.fnUntraced(function* ({ write: sql }: Db, person: PersonId): Effect.fn.Return<number, SqlError> {
  const now = yield* Clock.currentTimeMillis
  yield* sql`DELETE FROM auth_code WHERE person = ${person}`
  yield* sql`DELETE FROM device_code WHERE person = ${person}`
  return (yield* sql`UPDATE auth_session SET revoked_at = ${now} WHERE person = ${person} AND revoked_at IS NULL RETURNING id`).length
})
