import * as Clock from "effect/Clock"
import * as Effect from "effect/Effect"
import * as Layer from "effect/Layer"
import * as Option from "effect/Option"
import * as ApiKey from "han-core/ApiKey"
import { ApiKeys, KeyRefused } from "han-core/Workspaces"
import { Database, storeError } from "../database/Database.ts"
import { createKey } from "./createKey.ts"
import { asOwner, type Find, keyRow, type Owner, principalOf } from "./principal.ts"

/** API keys and their workspaces, in PostgreSQL. */
export const layer: Layer.Layer<ApiKeys, never, Database> = Layer.effect(
  ApiKeys,
  Effect.map(Database, (database) => {
    const ownerOf = finder(database)
    return ApiKeys.of({ authenticate: authenticate(database, ownerOf), create: createKey(database, ownerOf) })
  })
)

/** Owners of keys that are remembered; a key never changes its owner. */
const maxRemembered = 10_000
/** Milliseconds in which a key's use is noted once. */
const noteMs = 60_000

/** Finds the owner of a request before there is one. */
export const finder = (database: typeof Database.Service): Find => {
  const { administer, read: sql } = database
  const known = new Map<string, Owner>()
  return Effect.fnUntraced(function* (kind, name) {
    const have = kind === "key" ? known.get(name) : undefined
    if (have !== undefined) return have
    const [found] = yield* administer(
      "jobs",
      sql<Owner>`SELECT o.no, o.id FROM owner_lookup l JOIN owner o ON o.no = l.no WHERE l.kind = ${kind} AND l.name = ${name}`
    )
    if (found !== undefined && kind === "key") {
      if (known.size >= maxRemembered) known.clear()
      known.set(name, found)
    }
    return found
  })
}

const refused = (code: KeyRefused["code"]) => new KeyRefused({ code })

const authenticate = (database: typeof Database.Service, ownerOf: Find): (typeof ApiKeys.Service)["authenticate"] =>
  Effect.fn("ApiKeys.authenticate")(
    function* (text) {
      const key = ApiKey.parse(text)
      if (Option.isNone(key)) return yield* refused("invalid_key")
      const { keyId } = key.value
      const owner = yield* ownerOf("key", keyId)
      if (owner === undefined) return yield* refused("invalid_key")
      return yield* asOwner(
        database,
        owner.no,
        Effect.gen(function* () {
          const row = yield* keyRow(database.read, owner.no, keyId)
          // Whoever does not have the whole key is told nothing about it.
          if (row === undefined || !ApiKey.hasHash(key.value, row.secret_hash)) return yield* refused("invalid_key")
          const now = yield* Clock.currentTimeMillis
          if (row.revoked_at !== null) return yield* refused("revoked_key")
          if (row.expires_at !== null && row.expires_at <= now) return yield* refused("expired_key")
          if (row.role === null || row.removed_at !== null || row.deleted_at !== null) return yield* refused("not_member")
          if (row.last_used_at === null || row.last_used_at <= now - noteMs)
            yield* database.write`UPDATE api_key SET last_used_at = ${now}
            WHERE owner_no = ${owner.no} AND key_id = ${keyId} AND (last_used_at IS NULL OR last_used_at <= ${now - noteMs})`
          return principalOf(owner, { kind: "key", keyId }, row)
        })
      )
    },
    storeError(database, "authenticate")
  )
