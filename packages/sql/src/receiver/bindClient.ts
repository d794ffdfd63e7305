import * as Clock from "effect/Clock"
import * as Effect from "effect/Effect"
import { SyncRefused } from "han-core/SyncReceiver"
import type { Principal } from "han-core/Workspaces"
import { type Database, OwnerNo, storable } from "../database/Database.ts"

/** A client and the machines that it names; it knows one, in practice. */
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
export const bindClient = Effect.fnUntraced(function* (database: typeof Database.Service, { clientId, machines, principal: { person } }: Client) {
  const owner = yield* OwnerNo
  const now = yield* Clock.currentTimeMillis
  const sql = database.write
  // Of a client that names no machine its id is all that is known.
  const names = (machines.length === 0 ? [clientId] : machines).map((name) => storable(name))
  const id = (machine: string) => storable(names.length === 1 ? clientId : `${clientId}/${machine}`)
  yield* database.transaction(
    Effect.gen(function* () {
      const rows = yield* sql<{ client_id: string; person: string; machine: string; last_seen: number }>`
        SELECT client_id, person, machine, last_seen FROM sync_client
        WHERE owner_no = ${owner} AND (client_id = ANY(${`{${names.map((name) => JSON.stringify(id(name))).join(",")}}`}::text[])
          OR machine = ANY(${`{${names.map((name) => JSON.stringify(name)).join(",")}}`}::text[]))`
      if (rows.some((row) => row.person !== person))
        return yield* new SyncRefused({
          code: "client_taken",
          message: "this client, or its machine, is another person's in this workspace; give this one an id of its own"
        })
      for (const machine of names) {
        const known = rows.find((row) => row.machine === machine && row.client_id === id(machine))
        if (known !== undefined && known.last_seen > now - noteMs) continue
        const written = yield* sql`
          INSERT INTO sync_client (owner_no, client_id, person, machine, first_seen, last_seen) VALUES (${owner}, ${id(machine)}, ${person}, ${machine}, ${now}, ${now})
          ON CONFLICT (owner_no, machine) DO UPDATE SET client_id = excluded.client_id, last_seen = excluded.last_seen
            WHERE sync_client.owner_no = ${owner} AND sync_client.person = excluded.person RETURNING 1 AS written`
        // Somebody else came first, at the same moment.
        if (written.length === 0)
          return yield* new SyncRefused({ code: "client_taken", message: "this machine is another person's in this workspace; give this one an id of its own" })
      }
    })
  )
})
