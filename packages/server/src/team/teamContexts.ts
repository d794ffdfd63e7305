import * as Effect from "effect/Effect"
import type * as Redacted from "effect/Redacted"
import * as Runtime from "effect/Runtime"
import * as Schema from "effect/Schema"
import { type Act, AuditLog } from "han-core/AuditLog"
import { Membership } from "han-core/Membership"
import { Viewer } from "han-core/Viewer"
import { type Principal, viewerOf } from "han-core/Workspaces"
import * as ChangeFeed from "han-graphql/ChangeFeed"
import * as GraphqlContext from "han-graphql/GraphqlContext"
import type { GraphqlRequirements, TeamRequirements } from "han-graphql/GraphqlRequirements"
import { onATeamServer } from "han-graphql/unstable/Access"
import { version } from "han-rpc/Version"
import type { Viewing } from "./Entrance.ts"
import { tokenBuckets } from "./tokenBuckets.ts"

/** Too many codes of invites were tried from one address. */
export class TooManyCodes extends Schema.TaggedError<TooManyCodes>("han-server/TooManyCodes")("TooManyCodes", { message: Schema.String }) {}

/** Codes that one address may try at once, and a second: five a minute. */
const guesses = { burst: 5, perSecond: 5 / 60 }

/** The contexts of requests to a team server: each on behalf of its principal, in the principal's workspace. The feeds of changes are of workspaces. */
export const teamContexts = Effect.gen(function* () {
  const runtime = yield* Effect.runtime<GraphqlRequirements | TeamRequirements>()
  const feeds = ChangeFeed.make(runtime)
  yield* Effect.addFinalizer(() => Effect.promise(() => feeds.close()))
  const host = { version, timeZone: "UTC" }
  const notes = noting(runtime)
  const takeGuess = tokenBuckets(guesses)
  const redeem =
    ({ client, principal }: Viewing) =>
    (code: Redacted.Redacted) =>
      Effect.gen(function* () {
        if ((yield* takeGuess(client)) > 0) return yield* new TooManyCodes({ message: "too many codes were tried from here; wait a minute" })
        return yield* Effect.flatMap(Membership, (membership) => membership.redeem({ id: principal.person, name: principal.name }, code))
      }).pipe(Effect.provide(runtime))
  return {
    contextOf: ({ viewer: viewing }: { readonly viewer: Viewing }) => {
      const { principal } = viewing
      const access = onATeamServer(principal, {
        refused: (field) => notes(principal, { action: "access", resource: field, outcome: "refused", detail: { role: principal.role } }),
        viewed: ({ author, id }) => {
          if (author !== null && author !== principal.person) notes(principal, { action: "session.view", resource: id, outcome: "done", detail: { author } })
        }
      })
      return GraphqlContext.make({ runtime, host, feeds, viewer: viewerOf(principal), access, team: { principal, runtime, redeem: redeem(viewing) } })
    }
  }
})

/** Milliseconds in which the same act of the same person is noted once: a page asks for a session many times. */
const onceMs = 3_600_000
const maxRemembered = 50_000

/** Notes acts that change nothing, each once an hour, without holding up whoever does them. */
const noting = (runtime: Runtime.Runtime<TeamRequirements>) => {
  const noted = new Map<string, number>()
  return (principal: Principal, act: Omit<Act, "person">): void => {
    const key = JSON.stringify([principal.owner, principal.person, act.action, act.resource])
    const now = Date.now()
    const at = noted.get(key)
    if (at !== undefined && now - at < onceMs) return
    if (noted.size >= maxRemembered) noted.clear()
    noted.set(key, now)
    const written = Effect.flatMap(AuditLog, (log) => log.note({ ...act, person: principal.person })).pipe(
      Effect.provideService(Viewer, viewerOf(principal)),
      Effect.tapErrorCause(() => Effect.sync(() => noted.delete(key))),
      Effect.catchAllCause((cause) => Effect.logError("an act could not be noted", cause))
    )
    Runtime.runFork(runtime)(written)
  }
}
