import * as Effect from "effect/Effect"
import type { Session } from "han-core/Session"
import { Sessions } from "han-core/Sessions"
import { distance } from "han-core/unstable/NearNames"
import { answered, firstRows } from "../coordinator/CoordinatorClient.ts"
import type { CliEnvironment } from "../environment/CliEnvironment.ts"
import { CommandFailed } from "../environment/CommandFailed.ts"
import { plainLine } from "../terminal/PlainText.ts"

/** Sessions among which something is looked for that may have been meant. */
const looked = 1000
const named = 3

/** The session of an id, or of the beginning of one. Fails with the nearest ones when there is none. */
export const sessionMeant = (asked: string, host: CliEnvironment) =>
  Effect.gen(function* () {
    const sessions = yield* Sessions
    const found = yield* Effect.either(answered(host, "session", sessions.get(asked)))
    if (found._tag === "Right") return found.right
    const error = found.left
    if (error._tag !== "SessionNotFound" || error.candidates.length > 0 || error.isTooShort) return yield* Effect.fail(error)
    const all = yield* firstRows(looked, (page) => answered(host, "sessions", sessions.list({}, page)))
    const near = nearest(asked, all)
    if (near.length === 0) return yield* Effect.fail(error)
    const shown = near.map(({ displayTitle, id }) => `${id} (${plainLine(displayTitle).slice(0, 40).toWellFormed()})`)
    return yield* Effect.fail(new CommandFailed(`there is no session "${plainLine(asked).slice(0, 200)}"; did you mean ${shown.join(", ")}?`))
  })

/** Finds sessions whose id begins in nearly the same way, then those whose title holds what was asked for. */
export const nearest = (asked: string, sessions: ReadonlyArray<Session>): ReadonlyArray<Session> => {
  const low = asked.toLowerCase().trim()
  if (low === "") return []
  const far = (id: string) => distance(low.slice(0, 60), id.slice(0, low.length))
  const most = Math.max(1, Math.floor(Math.min(low.length, 60) / 4))
  const alike = sessions.filter(({ id }) => far(id) <= most).sort((a, b) => far(a.id) - far(b.id))
  const titled = sessions.filter((session) => !alike.includes(session) && session.displayTitle.toLowerCase().includes(low))
  return [...alike, ...titled].slice(0, named)
}
