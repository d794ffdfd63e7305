import type { SqlError } from "@effect/sql/SqlError"
import * as Effect from "effect/Effect"
import * as Layer from "effect/Layer"
import { Membership } from "han-core/Membership"
import { answer, Database, type OwnerNo } from "../database/Database.ts"
import * as changes from "./membershipChanges.ts"
import { facts, invites, keys, members, people } from "./membershipRows.ts"
import { finder } from "./SqlApiKeys.ts"

/** Workspaces as their people see and change them, in PostgreSQL. */
export const layer: Layer.Layer<Membership, never, Database> = Layer.effect(
  Membership,
  Effect.map(Database, (database) => {
    const ask = <A>(operation: string, effect: Effect.Effect<A, SqlError, OwnerNo>) =>
      effect.pipe(answer(database, operation), Effect.withSpan(`Membership.${operation}`))
    return Membership.of({
      facts: ask("facts", facts(database)),
      people: (ids) => ask("people", people(database, ids)),
      members: ask("members", members(database)),
      invites: ask("invites", invites(database)),
      keys: (of) => ask("keys", keys(database, of)),
      createInvite: changes.createInvite(database),
      revokeInvite: changes.revokeInvite(database),
      redeem: changes.redeem(database, finder(database)),
      changeRole: changes.changeRole(database),
      remove: changes.remove(database),
      createKey: changes.createKey(database),
      revokeKey: changes.revokeKey(database),
      changeSettings: changes.changeSettings(database)
    })
  })
)
