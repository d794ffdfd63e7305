import { SqlError } from "@effect/sql/SqlError"
import * as Effect from "effect/Effect"
import { isSessionState, type SessionState } from "han-core/unstable/SessionState"
import { damagedRow } from "../database/Database.ts"

/** Reads a state as the database has it; fails with a damaged row for a text that is none. `of` names the row to people. */
export const storedState = (text: string, of: string): Effect.Effect<SessionState, SqlError> => {
  try {
    const state: unknown = JSON.parse(text)
    if (isSessionState(state)) return Effect.succeed(state)
  } catch {
    // No JSON is no state either.
  }
  return Effect.fail(new SqlError({ cause: Object.assign(new Error(`the state of ${of} cannot be read`), { code: damagedRow }) }))
}
