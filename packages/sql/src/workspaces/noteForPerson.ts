import type { SqlError } from "@effect/sql/SqlError"
import * as Effect from "effect/Effect"
import type { Act } from "han-core/AuditLog"
import type { PersonId } from "han-core/Viewer"
import type { Database } from "../database/Database.ts"
import { audit } from "./audit.ts"
import { asOwner } from "./principal.ts"

/**
 * Notes what a person did that is of no workspace, in the logs of all workspaces in which they are. To be called when it is done: it was done by another role than the one that writes
 * logs, and cannot be of one transaction with them.
 */
export const noteForPerson = Effect.fnUntraced(function* (
  database: typeof Database.Service,
  act: Act & { readonly person: PersonId }
): Effect.fn.Return<void, SqlError> {
  const { read, write } = database
  const places = yield* database.administer("auth", read<{ no: number }>`SELECT no FROM person_workspace WHERE person = ${act.person} ORDER BY no`)
  yield* Effect.forEach(places, ({ no }) => asOwner(database, no, audit(write, act)), { discard: true })
})
