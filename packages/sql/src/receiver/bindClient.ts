import type { SqlClient } from "@effect/sql/SqlClient"
import * as Clock from "effect/Clock"
import * as Effect from "effect/Effect"
import { SyncRefused } from "han-core/SyncReceiver"
import type { Principal } from "han-core/Workspaces"
import { anyOf, type Database, OwnerNo, storable } from "../database/Database.ts"
import { lockOwner } from "../database/lockOwner.ts"

/** A client and the machines that it writes for: at least one, and no more in practice. */
interface Client {
  readonly principal: Principal
  readonly clientId: string
  readonly machines: ReadonlyArray<string>
}

/** Milliseconds after which a client's visit is noted again: one that has nothing new writes nothing. */
const noteMs = 3_600_000

/**
 * Binds a client and its machines to the person who comes with them first; fails when they are another person's. A machine whose client lost its memory comes with a new id, which
 * takes the place of the former.
 */
export const bindClient = Effect.fnUntraced(function* (database: typeof Database.Service, client: Client) {
  const owner = yield* OwnerNo
  const now = yield* Clock.currentTimeMillis
  const sql = database.write
  yield* database.transaction(
    Effect.gen(function* () {
      if ((yield* unbound(sql, owner, client, now)).length === 0) return
      // Whoever comes at the same moment is seen when it is this one's turn.
      yield* lockOwner(sql, owner)
      for (const machine of yield* unbound(sql, owner, client, now))
        yield* sql`
          INSERT INTO sync_client (owner_no, client_id, person, machine, first_seen, last_seen)
          VALUES (${owner}, ${storable(client.clientId)}, ${client.principal.person}, ${storable(machine)}, ${now}, ${now})
          ON CONFLICT (owner_no, machine) DO UPDATE SET client_id = excluded.client_id, last_seen = excluded.last_seen WHERE sync_client.owner_no = ${owner}`
    })
  )
})

/** The machines that are not noted yet as this client's, or not lately. Fails when they, or the client, are another person's. */
const unbound = Effect.fnUntraced(function* (sql: SqlClient, owner: number, { clientId, machines, principal }: Client, now: number) {
  const rows = yield* sql<{ client_id: string; person: string; machine: string; last_seen: number }>`
    SELECT client_id, person, machine, last_seen FROM sync_client
    WHERE owner_no = ${owner} AND (client_id = ${storable(clientId)} OR machine ${anyOf(sql, machines)})`
  if (rows.some(({ person }) => person !== principal.person))
    return yield* new SyncRefused({
      code: "client_taken",
      message: "this client, or its machine, is another person's in this workspace; give this one an id of its own"
    })
  return machines.filter((machine) => !rows.some((row) => row.machine === machine && row.client_id === clientId && row.last_seen > now - noteMs))
})
