import type { SqlError } from "@effect/sql/SqlError"
import * as Clock from "effect/Clock"
import * as Effect from "effect/Effect"
import type * as Redacted from "effect/Redacted"
import { type DeviceRequest, type Grant, GrantRefused, lifetimes, type SignIns } from "han-core/SignIns"
import { PersonId } from "han-core/Viewer"
import { type Database, storable } from "../database/Database.ts"
import { digestOf, newSecret, newUserCode, userCodeDigest } from "./secrets.ts"

type Db = Pick<typeof Database.Service, "write">
type Asked<Name extends keyof typeof SignIns.Service> = (typeof SignIns.Service)[Name] extends (asked: infer A) => unknown ? A : never

const maxText = 200

/** Makes the two codes of a device. */
export const begin = Effect.fnUntraced(function* (
  { write: sql }: Db,
  { address, client }: Asked<"beginDevice">
): Effect.fn.Return<{ readonly deviceCode: Redacted.Redacted; readonly userCode: string }, SqlError> {
  const now = yield* Clock.currentTimeMillis
  yield* sql`DELETE FROM device_code WHERE expires_at <= ${now - forgottenMs}`
  for (;;) {
    const deviceCode = newSecret()
    const userCode = newUserCode()
    const made = yield* sql`INSERT INTO device_code (code, user_code, client, address, wait_ms, asked_at, expires_at)
      VALUES (${digestOf(deviceCode)}, ${userCodeDigest(userCode)}, ${storable(client).slice(0, maxText)}, ${storable(address).slice(0, maxText)},
        ${1000 * lifetimes.deviceInterval}, ${now}, ${now + 1000 * lifetimes.device}) ON CONFLICT (user_code) DO NOTHING RETURNING asked_at`
    if (made.length > 0) return { deviceCode, userCode }
  }
})
/** Milliseconds for which a code that expired is still told from one that never was. */
const forgottenMs = 3_600_000

/** Finds who waits with a code and has no answer yet. */
export const find = Effect.fnUntraced(function* ({ write: sql }: Db, userCode: string): Effect.fn.Return<DeviceRequest | null, SqlError> {
  const now = yield* Clock.currentTimeMillis
  const [row] = yield* sql<{ client: string; address: string; asked_at: number }>`SELECT client, address, asked_at FROM device_code
    WHERE user_code = ${userCodeDigest(userCode)} AND approved IS NULL AND expires_at > ${now}`
  return row === undefined ? null : { client: row.client, address: row.address, askedAt: row.asked_at }
})

/** Notes what a person said, once. */
export const decide = Effect.fnUntraced(function* ({ write: sql }: Db, { approve, person, userCode }: Asked<"decide">): Effect.fn.Return<boolean, SqlError> {
  const now = yield* Clock.currentTimeMillis
  const rows = yield* sql`UPDATE device_code SET person = ${person}, approved = ${approve}
    WHERE user_code = ${userCodeDigest(userCode)} AND approved IS NULL AND expires_at > ${now} RETURNING asked_at`
  return rows.length > 0
})

interface Waiting {
  readonly client: string
  readonly person: string | null
  readonly approved: boolean | null
  readonly wait_ms: number
  readonly polled_at: number | null
  readonly expires_at: number
}

/** Tells a device what its person said. A code is gone with the answer that ends the waiting. */
export const poll = Effect.fnUntraced(function* (
  { write: sql }: Db,
  deviceCode: Redacted.Redacted,
  start: (person: PersonId, client: string) => Effect.Effect<Grant, SqlError>
): Effect.fn.Return<Effect.Effect<Grant, GrantRefused>, SqlError> {
  const now = yield* Clock.currentTimeMillis
  const hash = digestOf(deviceCode)
  const [row] = yield* sql<Waiting>`SELECT client, person, approved, wait_ms, polled_at, expires_at FROM device_code WHERE code = ${hash} FOR UPDATE`
  if (row === undefined) return refused("invalid_grant")
  if (row.expires_at <= now) return refused("expired_token")
  if (row.polled_at !== null && now < row.polled_at + row.wait_ms) {
    yield* sql`UPDATE device_code SET wait_ms = wait_ms + 5000, polled_at = ${now} WHERE code = ${hash}`
    return refused("slow_down")
  }
  if (row.approved === null || row.person === null) {
    yield* sql`UPDATE device_code SET polled_at = ${now} WHERE code = ${hash}`
    return refused("authorization_pending")
  }
  yield* sql`DELETE FROM device_code WHERE code = ${hash}`
  return row.approved ? Effect.succeed(yield* start(PersonId.make(row.person), row.client)) : refused("access_denied")
})

const refused = (code: GrantRefused["code"]): Effect.Effect<Grant, GrantRefused> => Effect.fail(new GrantRefused({ code, replayed: false }))
